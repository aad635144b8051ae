/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Searching rules: our side of the measurement (query.sh runs it beside PostgreSQL).
 *
 *   query-bench run QUESTIONS FILE RULES...    reads, builds, saves to FILE, opens, answers
 *   query-bench grow QUESTIONS FILE RULES...   the same as one row of a table
 *   query-bench floor RULES malloc|arena       libjansson alone
 */
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "compiler/input/input.h"
#include "tests/bench/query.h"
#include "tests/random.h"

/* Of this process, for what takes seconds: the machine has other work. */
static double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Of this process, in bytes. */
static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all = 0, here = 0;

	if (!f || fscanf(f, "%lu %lu", &all, &here) != 2)
		here = 0;
	if (f)
		fclose(f);
	return (double)here * 4096;
}

/* What PostgreSQL is asked for, too: a number; UUIDs as text, in order; whole rules as JSON. */
enum way { COUNT, UUIDS, RULES, WAYS };

/* One question in one way; returns its rows. */
static uint32_t
answer(struct index_reader *rd, struct question *k, enum way way, struct query_answer *a,
    struct buf *out)
{
	uint32_t number;

	out->n = 0;
	index_begin(rd);
	if (k->by_uuid) {
		a->found.n = a->total = 0;
		if (index_find(rd, k->uuid, &number)) {
			a->total = 1;
			if (!a->found.cap)
				a->found.v = base_alloc(sizeof(uint32_t) * (a->found.cap = 64));
			a->found.v[a->found.n++] = number;
		}
	} else {
		k->q.count = way == COUNT;
		if (!query_run(rd, &k->q, a))
			abort();
	}
	for (uint32_t i = 0; way == UUIDS && i < a->found.n; i++) {
		index_prefetch(rd, a->found.v, a->found.n, i, INDEX_HEAD);
		buf_uuid(out, index_record(rd, a->found.v[i])->uuid);
		buf_char(out, '\n');
	}
	if (way == RULES && !query_write(out, rd, &k->q, a))
		abort();
	index_end(rd);
	return a->total;
}

/*
 * Of PASSES after one that warms up the least for each question, because the machine
 * has other work.  Kinds that end in "-once" are asked once each, so that no answer is in
 * a cache.
 */
static void
measure_way(struct index_reader *rd, struct question *q, uint32_t n, const char *kind,
    enum way way, struct times *t)
{
	struct query_answer a = { 0 };
	struct buf out = { 0 };
	int passes = strstr(kind, "-once") ? 1 : PASSES;

	times_room(t, n);
	for (int pass = passes == 1; pass <= passes; pass++) {
		t->n = 0;
		for (uint32_t i = 0; i < n; i++) {
			double start;

			if (strcmp(q[i].kind, kind) != 0)
				continue;
			start = now();
			t->rows[t->n] = answer(rd, &q[i], way, &a, &out);
			times_least(t, pass <= 1, now() - start);
		}
	}
	buf_free(&out);
	query_answer_free(&a);
}

static void
measure(struct index *ix, struct question *q, uint32_t n)
{
	static const char *const name[] = { "count", "uuids", "rules" };
	struct index_reader *rd = index_reader_new(ix);
	struct times t = { 0 };

	for (size_t i = 0; i < BASE_COUNT(kinds); i++)
		for (int way = 0; way < WAYS; way++) {
			measure_way(rd, q, n, kinds[i], way, &t);
			report("ours", kinds[i], name[way], &t, 0);
		}
	free(t.v);
	free(t.rows);
	index_reader_free(rd);
}

enum { INSERT, REPLACE, REMOVE, CHANGES };

/* Random rules out, in again, and once more in their own place. */
static void
measure_changes(struct index *ix, struct rule *const *rules, uint32_t n,
    struct times t[CHANGES])
{
	uint32_t many = n < 20000 ? n : 20000;

	for (int k = 0; k < CHANGES; k++)
		times_room(&t[k], many);
	for (uint32_t i = 0; i < many; i++) {
		struct rule *r = rules[random_below(n)];
		double at[CHANGES + 1];

		at[0] = now();
		index_remove(ix, r->uuid);
		at[1] = now();
		index_put(ix, r);
		at[2] = now();
		index_put(ix, r);
		at[3] = now();
		t[REMOVE].v[i] = at[1] - at[0];
		t[INSERT].v[i] = at[2] - at[1];
		t[REPLACE].v[i] = at[3] - at[2];
		for (int k = 0; k < CHANGES; k++)
			t[k].rows[t[k].n++] = 1;
	}
}

/* --- from lines to answers ------------------------------------------------------------- */

struct built {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	struct index *ix;
	double read, build, save, open; /* microseconds, the first two of CPU */
	double bytes, resident, text;   /* a rule */
};

static bool
build(struct built *b, const char *file, char **rules, int n)
{
	struct index_stats st;
	double before;

	b->diags.arena = &b->scratch;
	input_init(&b->in, &b->arena, &b->diags, (struct lang_opts){ 0 });
	b->read = cpu_now();
	for (int i = 0; i < n; i++)
		input_read(&b->in, rules[i]);
	b->read = cpu_now() - b->read;
	if (b->diags.errors || !b->in.rules.n)
		return false;
	for (uint32_t i = 0; i < b->in.rules.n; i++)
		b->text += (double)b->in.rules.v[i]->text.n / b->in.rules.n;
	malloc_trim(0);
	before = resident();
	b->build = cpu_now();
	b->ix = index_build(b->in.rules.v, b->in.rules.n);
	b->build = cpu_now() - b->build;
	malloc_trim(0);
	b->resident = (resident() - before) / b->in.rules.n;
	index_get_stats(b->ix, &st);
	b->bytes = (double)st.memory / b->in.rules.n;
	b->save = now();
	if (!index_save(b->ix, file, &b->diags))
		return false;
	b->save = now() - b->save;
	b->open = 1e9;
	for (int i = 0; i < 10; i++) {
		before = now();
		index_free(index_open(file, &b->diags));
		if (now() - before < b->open)
			b->open = now() - before;
	}
	return true;
}

static void
built_free(struct built *b)
{
	index_free(b->ix);
	input_done(&b->in);
	arena_free(&b->arena);
	arena_free(&b->scratch);
}

static int
run(const char *questions, const char *file, char **rules, int n_rules)
{
	struct arena arena = { 0 };
	struct times t[CHANGES] = { { 0 } };
	struct built b = { 0 };
	uint32_t n;
	struct question *q = read_questions(questions, &arena, &n);

	if (!build(&b, file, rules, n_rules))
		return 1;
	printf("lines\t%u\t%.0f\n", b.in.rules.n, b.in.rules.n / b.read * 1e6);
	printf("build\t%.2f\n", b.build / 1e6);
	printf("memory\t%.0f\t%.0f\t%.0f\n", b.bytes, b.resident, b.text);
	printf("save\t%.2f\n", b.save / 1e6);
	printf("open\t%.3f\n", b.open / 1e3);
	measure(b.ix, q, n);
	measure_changes(b.ix, b.in.rules.v, b.in.rules.n, t);
	report("ours", "change", "insert", &t[INSERT], 0);
	report("ours", "change", "replace", &t[REPLACE], 0);
	report("ours", "change", "remove", &t[REMOVE], 0);
	built_free(&b);
	arena_free(&arena);
	return 0;
}

static void
print_pair(struct times *t)
{
	qsort(t->v, t->n, sizeof(*t->v), double_cmp);
	printf(" %.2f / %.1f |", t->v[t->n / 2], t->v[(size_t)t->n * 99 / 100]);
}

/* A row of a table that shows how all of it grows. */
static int
grow(const char *questions, const char *file, char **rules, int n_rules)
{
	static const char *const shown[] = { "exact-ip-once", "contains", "overlaps" };
	struct arena arena = { 0 };
	struct times t = { 0 }, changes[CHANGES] = { { 0 } };
	struct index_reader *rd;
	struct built b = { 0 };
	uint32_t n;
	struct question *q = read_questions(questions, &arena, &n);

	if (!build(&b, file, rules, n_rules))
		return 1;
	printf("| %u | %.0f | %.2f | %.0f | %.3f |", b.in.rules.n, b.in.rules.n / b.read * 1e6,
	    b.build / 1e6, b.bytes, b.open / 1e3);
	rd = index_reader_new(b.ix);
	for (size_t i = 0; i < BASE_COUNT(shown); i++) {
		measure_way(rd, q, n, shown[i], COUNT, &t);
		print_pair(&t);
		if (i)
			printf(" %.0f |", mean(t.rows, t.n));
	}
	index_reader_free(rd);
	measure_changes(b.ix, b.in.rules.v, b.in.rules.n, changes);
	print_pair(&changes[INSERT]);
	printf("\n");
	built_free(&b);
	return 0;
}

/* libjansson alone: every line to a tree and away, in the allocator of the process. */
static int
jansson_floor(const char *rules, bool arenas)
{
	struct arena arena = { 0 }, text = { 0 };
	struct diags diags = { .arena = &text };
	struct src *src = input_file(&text, &diags, rules);
	double start = cpu_now();
	uint32_t n = 0;
	const char *p, *end;

	if (!src)
		return 1;
	if (arenas)
		json_arena_install();
	for (p = src->text.p, end = p + src->text.n; p < end; n++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		json_t *v;

		json_arena_begin(&arena);
		v = json_loadb(p, (size_t)(nl - p), JSON_REJECT_DUPLICATES, NULL);
		json_arena_drop(v);
		json_arena_end();
		arena_reset(&arena);
		p = nl + 1;
	}
	printf("floor\t%s\t%.0f\n", arenas ? "arena" : "malloc", n / (cpu_now() - start) * 1e6);
	arena_free(&arena);
	arena_free(&text);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "floor") == 0)
		return jansson_floor(argv[2], strcmp(argv[3], "arena") == 0);
	if (argc < 5)
		return 2;
	json_arena_install();
	return (argv[1][0] == 'r' ? run : grow)(argv[2], argv[3], argv + 4, argc - 4);
}
