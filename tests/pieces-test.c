/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Source files read in pieces against the same files read whole: the same trees and the
 * same diagnostics, to the byte, wherever the pieces end.  And the memory that it takes.
 */
#include "compiler/base/text.h"
#include "grammar/parse.h"
#include "tests/random.h"
#include "tests/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

#define FILES 1500
#define LARGE ((size_t)64 << 20)        /* bytes of a file, and what reading it may take */
#define LARGE_MEMORY ((size_t)8 << 20)

#define PICK(list) (list)[random_below(BASE_COUNT(list))]

static const struct slice name = { "file", 4 };

/* --- a text that is handed out a few bytes at a time ------------------------------- */

struct text {
	struct slice left;
	size_t at_most;
};

static ssize_t
read_text(void *context, char *p, size_t n)
{
	struct text *t = context;

	if (n > t->at_most)
		n = t->at_most;
	if (n > t->left.n)
		n = t->left.n;
	memcpy(p, t->left.p, n);
	t->left.p += n;
	t->left.n -= n;
	return (ssize_t)n;
}

/* --- both ways of reading ---------------------------------------------------------- */

/* Everything that is said of a file. */
struct told {
	struct arena arena, scratch;
	struct diags diags;
	struct buf text;
};

static void
take_tree(void *context, const struct ast_rule *r)
{
	struct told *t = context;

	ast_dump(&t->text, r);
}

static void
tell_diagnostics(struct told *t)
{
	for (uint32_t i = 0; i < t->diags.list.n; i++) {
		diag_write_json(&t->text, &t->diags.list.v[i]);
		buf_char(&t->text, '\n');
	}
	diag_print_all(&t->text, &t->diags, false);
	buf_char(&t->text, '\0');
}

static void
told_free(struct told *t)
{
	arena_free(&t->arena);
	arena_free(&t->scratch);
	buf_free(&t->text);
}

static void
read_whole(struct parse *px, struct told *t, struct slice text)
{
	struct src src = { .name = name, .text = text };
	struct parse_file *f;

	*t = (struct told){ .diags.arena = &t->arena };
	f = parse_source(px, &t->arena, &t->diags, &src, (struct lang_opts){ 0 });
	for (uint32_t i = 0; i < f->rules.n; i++)
		ast_dump(&t->text, f->rules.v[i]);
	tell_diagnostics(t);
}

static void
read_pieces(struct parse *px, struct told *t, struct slice text, size_t size, size_t at_most)
{
	struct text from = { text, at_most };
	struct parse_pieces in = { name, read_text, &from, size };

	*t = (struct told){ .diags.arena = &t->arena };
	parse_each(px, &t->scratch, &t->diags, &in, (struct lang_opts){ 0 }, take_tree, t);
	tell_diagnostics(t);
}

/* --- random files, right and wrong ------------------------------------------------- */

static void
add_sentence(struct buf *b)
{
	struct sentence_opts o = { 0 };
	size_t from = b->n, n;

	sentence_random(b, random_u64(), &o);
	n = b->n - from;
	switch (random_below(8)) {
	case 0:
		b->n = from + random_below((uint32_t)n);
		while (b->n > from && ((unsigned char)b->p[b->n - 1] & 0x80))
			b->n--;
		break;
	case 1:
		from += random_below((uint32_t)n);
		if ((unsigned char)b->p[from] < 0x80)
			b->p[from] = PICK("\"\\()-,/%#@0aF. \n");
		break;
	default:
		break;
	}
}

static void
add_something(struct buf *b)
{
	static const char *const odd[] = {
		"@owner x", "@", "@default @enabled false # why", "@x \"open", "# a comment",
		"#", "# FROM any", "FROM", "from", "FROMAGE", "PRIORITY 500", "PRIORITY", "500",
		"\xc2\xa0", "\xf0\x9f\x98\x80", "\"\xc3\xa9", "\\", "%", ")", "(", "\f", "\t\t",
		"# \xe2\x80\xa8 \xf0\x9f\x98\x80", "tag from", "to-do", "\"", "1.2.3.4567",
	};

	if (random_below(3))
		add_sentence(b);
	else
		buf_str(b, PICK(odd));
	if (random_below(10))
		buf_str(b, random_below(8) ? "\n" : PICK(((const char *const[]){ " ", "\r\n", "\n\n" })));
}

static void
same_in_pieces(void **state)
{
	struct parse *px = parse_new();
	struct buf b = { 0 };

	(void)state;
	random_start(1);
	for (unsigned i = 0; i < FILES; i++) {
		uint64_t seed = random_state;
		uint32_t n = 1 + random_below(i % 10 == 0 ? 200 : 20);
		struct told whole, pieces;

		b.n = 0;
		while (n--)
			add_something(&b);
		read_whole(px, &whole, buf_view(&b));
		read_pieces(px, &pieces, buf_view(&b), 1 + random_below(3000), 1 + random_below(1000));
		if (strcmp(whole.text.p, pieces.text.p) != 0) {
			fprintf(stderr, "TEST_SEED=%llu\n%.*s\n--- whole\n%s--- in pieces\n%s",
			    (unsigned long long)seed, (int)b.n, b.p, whole.text.p, pieces.text.p);
			fail();
		}
		told_free(&whole);
		told_free(&pieces);
	}
	buf_free(&b);
	parse_free(px);
}

/* --- what ends the reading ----------------------------------------------------------- */

static void
bad_bytes(void **state)
{
	static const char good[] = "FROM any TO all vms ALLOW tcp PORT 80\n";
	struct parse *px = parse_new();
	struct told t;
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_str(&b, good);
	buf_str(&b, "# \xff\n");
	read_pieces(px, &t, buf_view(&b), 512, 100);
	assert_int_equal(t.diags.errors, 1);
	assert_int_equal(t.diags.list.v[0].id, DIAG_not_utf8);
	assert_non_null(strstr(t.text.p, "file:101:3: error"));
	told_free(&t);
	b.n -= 2;
	buf_str(&b, "\xe2\x82");                /* the end cuts a character */
	read_pieces(px, &t, buf_view(&b), 512, 100);
	assert_int_equal(t.diags.errors, 1);
	assert_non_null(strstr(t.text.p, "file:101:3: error"));
	told_free(&t);
	buf_free(&b);
	parse_free(px);
}

/* --- memory --------------------------------------------------------------------------- */

struct large {
	size_t left, rules, wrong;
	char line[256];
	size_t n, at;
};

/* Rules without end, every tenth of them wrong. */
static ssize_t
read_large(void *context, char *p, size_t n)
{
	struct large *l = context;
	size_t done = 0;

	while (done < n && l->left) {
		size_t part;

		if (l->at == l->n) {
			bool wrong = ++l->rules % 10 == 0;

			l->wrong += wrong;
			l->at = 0;
			l->n = (size_t)snprintf(l->line, sizeof(l->line), "FROM ip 10.0.0.%zu TO tag "
			    "\"role\" = \"number %zu\" ALLOW %s PORT %zu\n", l->rules % 250 + 1, l->rules,
			    wrong ? "icmp" : "tcp", l->rules % 65535 + 1);
			l->left = l->left > l->n ? l->left - l->n : 0;
		}
		part = l->n - l->at < n - done ? l->n - l->at : n - done;
		memcpy(p + done, l->line + l->at, part);
		l->at += part;
		done += part;
	}
	return (ssize_t)done;
}

static void
count_tree(void *context, const struct ast_rule *r)
{
	(void)r;
	++*(size_t *)context;
}

static size_t
memory_used(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (size_t)u.ru_maxrss * 1024;
}

static void
bounded_memory(void **state)
{
	struct parse *px = parse_new();
	struct large from = { .left = LARGE };
	struct parse_pieces in = { name, read_large, &from, PARSE_PIECE };
	struct told t = { .diags.arena = &t.arena };
	size_t trees = 0, before = memory_used(), took;

	(void)state;
	parse_each(px, &t.scratch, &t.diags, &in, (struct lang_opts){ 0 }, count_tree, &trees);
	took = memory_used() - before;
	assert_int_equal(trees, from.rules - from.wrong);
	assert_int_equal(t.diags.errors, from.wrong);
	print_message("%zu rules, %zu bytes of memory\n", from.rules, took);
#ifndef __SANITIZE_ADDRESS__            /* which keeps what was freed */
	assert_true(took < LARGE_MEMORY);
#endif
	told_free(&t);
	parse_free(px);
}

static ssize_t
read_quote(void *context, char *p, size_t n)
{
	bool *begun = context;

	memset(p, 'x', n);
	if (!*begun)
		*p = '"';
	*begun = true;
	return (ssize_t)n;
}

/* A quoted string without end, of a file without end. */
static void
endless_sentence(void **state)
{
	struct parse *px = parse_new();
	bool begun = false;
	struct parse_pieces in = { name, read_quote, &begun, PARSE_PIECE };
	struct told t = { .diags.arena = &t.arena };
	size_t trees = 0;

	(void)state;
	parse_each(px, &t.scratch, &t.diags, &in, (struct lang_opts){ 0 }, count_tree, &trees);
	assert_int_equal(trees, 0);
	assert_int_equal(t.diags.list.n, 1);
	assert_int_equal(t.diags.list.v[0].id, DIAG_too_long);
	told_free(&t);
	parse_free(px);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded_memory),       /* first: it looks at the most ever used */
		cmocka_unit_test(same_in_pieces),
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(endless_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
