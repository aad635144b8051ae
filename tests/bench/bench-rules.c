/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CPU seconds of fwrule's own part of reading rules, start-up and reading the file
 * not counted, after some rules to warm up, as the reference gets.
 *
 * usage: bench-rules MODE FILE REPEATS [LINES]
 *   parse     a sentence a line to its tree
 *   rule      a sentence a line to the checked rule and its canonical text
 *   payload   a JSON payload a line to the serialized rule as JSON
 * Prints for each repeat: the seconds, how many rules, the bytes of output.
 */
#include "compiler/base/json.h"
#include "compiler/input/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WARM_UP 5000
#define KEPT 1000               /* rules kept at a time; the reference keeps none */

struct bench {
	struct arena arena, scratch, diag_arena;
	struct diags diags;
	struct input in;
	struct buf out;
	size_t rules, bytes;
};

typedef void bench_line(struct bench *b, struct slice line);

static struct ast_rule *
read_sentence(struct bench *b, struct src *src, struct slice line)
{
	*src = (struct src){ .name = { "rule", 4 }, .text = line };
	return parse_sentence(b->in.px, &b->scratch, &b->diags, src, (struct lang_opts){ 0 });
}

static void
bench_parse(struct bench *b, struct slice line)
{
	struct src src;

	b->bytes += read_sentence(b, &src, line) ? line.n : 0;
}

static void
bench_rule(struct bench *b, struct slice line)
{
	static const struct rule_fields fields = { .version = { "1", 1 } };
	struct src src;
	struct ast_rule *ast = read_sentence(b, &src, line);
	struct rule *r = ast ? rule_make(&b->arena, &b->diags, ast, &fields,
	    (struct lang_opts){ 0 }) : NULL;

	b->bytes += r ? r->text.n : 0;
}

static void
bench_payload(struct bench *b, struct slice line)
{
	struct src src = { .name = { "payload", 7 }, .text = line };
	struct rule *r;
	json_t *v;

	json_arena_begin(&b->scratch);
	v = json_read_all(&src, &b->diags);
	r = v ? input_object(&b->in, v, (struct slice){ "", 0 }) : NULL;
	json_arena_drop(v);
	json_arena_end();
	if (!r)
		return;
	b->out.n = 0;
	rule_write_serialized(&b->out, r);
	b->bytes += b->out.n;
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All lines once.  A rule lives as long as some others; what made it is forgotten at once. */
static double
run_once(struct bench *b, struct slice text, size_t lines, bench_line *one)
{
	double start = cpu_seconds();
	const char *p = text.p, *end = text.p + text.n;

	b->rules = b->bytes = 0;
	for (; p < end && b->rules < lines; b->rules++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (!stop)
			stop = end;
		one(b, (struct slice){ p, (size_t)(stop - p) });
		arena_reset(&b->scratch);
		arena_reset(&b->in.scratch);
		arena_reset(&b->diag_arena);
		if (b->rules % KEPT == 0)
			arena_reset(&b->arena);
		p = stop + 1;
	}
	arena_reset(&b->arena);
	return cpu_seconds() - start;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bench_line *one;
	} modes[] = {
		{ "parse", bench_parse }, { "rule", bench_rule }, { "payload", bench_payload },
	};
	struct bench b = { 0 };
	struct src *src;
	bench_line *one = NULL;
	size_t lines = argc > 4 ? strtoul(argv[4], NULL, 10) : SIZE_MAX;
	struct arena file = { 0 };

	for (size_t i = 0; i < BASE_COUNT(modes); i++)
		if (argc > 3 && strcmp(argv[1], modes[i].name) == 0)
			one = modes[i].one;
	if (!one) {
		fprintf(stderr, "usage: bench-rules parse|rule|payload FILE REPEATS [LINES]\n");
		return 2;
	}
	json_arena_install();
	b.diags.arena = &b.diag_arena;
	input_init(&b.in, &b.arena, &b.diags, (struct lang_opts){ 0 });
	if ((src = input_file(&file, &b.diags, argv[2])) == NULL) {
		fprintf(stderr, "bench-rules: cannot read %s\n", argv[2]);
		return 2;
	}
	run_once(&b, src->text, WARM_UP, one);
	for (int i = atoi(argv[3]); i > 0; i--) {
		double seconds = run_once(&b, src->text, lines, one);

		printf("%.6f %zu %zu\n", seconds, b.rules, b.bytes);
	}
	if (b.diags.errors) {
		fprintf(stderr, "bench-rules: %u rules are wrong\n", b.diags.errors);
		return 1;
	}
	return 0;
}
