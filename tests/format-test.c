/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random source files, with comments, blank lines and attributes wherever they may
 * stand, through the formatter: the rules stay the same with all they have, every
 * comment is there once and in order, and formatting again changes nothing.  And
 * unified diffs, applied by a plain reading of them.
 */
#include "compiler/format/format.h"

#include "compiler/base/text.h"
#include "compiler/format/unified.h"
#include "compiler/input/input.h"
#include "tests/random.h"
#include "tests/sentence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FILES 3000
#define DIFFS 3000

#define PICK(list) (list)[random_below(BASE_COUNT(list))]

/* cmocka's own cuts long texts. */
static void
failed(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fail();
}

static bool
one_in(uint32_t n)
{
	return random_below(n) == 0;
}

/* --- random files ------------------------------------------------------------------ */

struct file {
	struct buf text;
	unsigned comments;
};

static void
add_blanks(struct buf *b)
{
	static const char *const blanks[] = {
		"", "", "", "\n", "\n", "\n\n\n", "  \n", "\t\r\n\n", "\xc2\xa0\n", "\f\n",
	};

	buf_str(b, PICK(blanks));
}

/* A comment with its own mark, and the end of its line. */
static void
add_comment(struct file *f)
{
	static const char *const odd[] = {
		"", " plain words", "# twice", " \"open", " @owner nobody", " FROM any TO all vms",
		" ) OR (", " \xc3\xa9 \xf0\x9f\x98\x80", " behind  \t ", "\\",
	};

	buf_printf(&f->text, "#~%u~", f->comments++);
	buf_str(&f->text, PICK(odd));
	buf_str(&f->text, one_in(8) ? "\r\n" : "\n");
}

/* Something between two tokens, which is at least a space. */
static void
add_gap(struct file *f, struct slice space)
{
	buf_slice(&f->text, space);
	if (!one_in(5))
		return;
	for (uint32_t n = random_below(3); n > 0; n--) {
		buf_str(&f->text, one_in(2) ? "\n" : "  ");
		add_comment(f);
		add_blanks(&f->text);
	}
}

/* A random sentence, with comments at its spaces and parentheses. */
static void
add_sentence(struct file *f, bool comments)
{
	struct sentence_opts o = { .surrogates = one_in(4) };
	struct buf s = { 0 };
	bool quoted = false;

	sentence_random(&s, random_u64(), &o);
	for (size_t i = 0; i < s.n;) {
		size_t at = i;
		uint32_t cp = text_decode(buf_view(&s), &i);
		struct slice c = { s.p + at, i - at };

		if (quoted && cp == '\\') {
			i++;
			c.n++;
		}
		quoted ^= cp == '"';
		if (comments && !quoted && text_is_space(cp)) {
			add_gap(f, c);
			continue;
		}
		buf_slice(&f->text, c);
		if (comments && !quoted && (cp == '(' || cp == ')' || cp == ','))
			add_gap(f, (struct slice){ " ", 1 });
	}
	buf_free(&s);
}

static void
add_attribute(struct file *f, bool standing)
{
	static const char *const attributes[] = {
		"@owner 930896af-bf8c-48d4-885c-6573a94b1853", "@global", "@enabled", "@disabled",
		"@log", "@description some words", "@description", "@description \"a \\\"b\\\" (c) # d\"",
		"@created_by  ops ", "@created_by \"\\ud800 \\u0007\"", "@version 1.2",
		"@version \"a b\"", "@\tlog", "@version 5#6",
	};
	static const char *const uuid[] = {
		"@uuid 5c3ea269-75b8-42fa-badc-956684fb4d4e",
	};
	const char *text = standing || !one_in(12) ? PICK(attributes) : PICK(uuid);

	buf_str(&f->text, text);
	if (one_in(5)) {
		buf_str(&f->text, "   ");
		add_comment(f);
	} else {
		buf_str(&f->text, one_in(6) ? " \r\n" : "\n");
	}
}

static void
add_default(struct file *f)
{
	if (one_in(2)) {
		buf_str(&f->text, "@default ");
		add_attribute(f, true);
		return;
	}
	buf_str(&f->text, "@default\n");
	for (uint32_t n = random_below(4); n > 0; n--)
		if (one_in(4))
			add_comment(f);
		else
			add_attribute(f, true);
	buf_char(&f->text, '\n');
}

static void
make_file(struct file *f)
{
	bool comments = !one_in(4);

	f->text.n = 0;
	f->comments = 0;
	for (uint32_t n = random_below(8); n > 0; n--) {
		add_blanks(&f->text);
		while (one_in(3))
			add_comment(f);
		add_blanks(&f->text);
		if (one_in(6))
			add_default(f);
		while (one_in(2)) {
			add_attribute(f, false);
			if (one_in(5))
				add_comment(f);
		}
		add_sentence(f, comments);
		buf_str(&f->text, one_in(4) ? "  " : "\n");
		if (one_in(3))
			add_comment(f);
	}
}

/* --- what a file means ------------------------------------------------------------- */

/* All rules, serialized; the first error's text if there is one. */
static const char *
meaning(struct arena *arena, struct slice text, struct buf *out)
{
	struct diags diags = { .arena = arena };
	struct input in;

	out->n = 0;
	input_init(&in, arena, &diags, (struct lang_opts){ 0 });
	input_read_text(&in, slice_of("site.fwrule"), text);
	for (uint32_t i = 0; i < in.rules.n; i++) {
		rule_write_serialized(out, in.rules.v[i]);
		buf_char(out, '\n');
	}
	input_done(&in);
	return diags.errors ? diags.list.v[0].text : NULL;
}

static void
format(struct arena *arena, struct slice text, struct buf *out)
{
	struct src src = { .name = slice_of("site.fwrule"), .text = text };
	struct diags diags = { .arena = arena };
	struct parse *px = parse_new();
	bool good;

	out->n = 0;
	good = format_source(out, px, arena, &diags, &src);
	parse_free(px);
	if (!good)
		failed("not formatted: %s in %.*s", diags.list.v[0].text, (int)text.n, text.p);
}

static void
check_comments(const struct file *f, struct slice got)
{
	unsigned next = 0, number;

	for (size_t i = 0; i + 2 < got.n; i++) {
		char copy[12] = { 0 };

		if (got.p[i] != '#' || got.p[i + 1] != '~')
			continue;
		memcpy(copy, got.p + i + 2, got.n - i - 2 < 11 ? got.n - i - 2 : 11);
		number = (unsigned)strtoul(copy, NULL, 10);
		if (number != next)
			failed("comment %u where %u was due:\n%.*s\n--- of\n%.*s", number, next,
			    (int)got.n, got.p, (int)f->text.n, f->text.p);
		next++;
	}
	if (next != f->comments)
		failed("%u comments of %u:\n%.*s", next, f->comments, (int)got.n, got.p);
}

static void
test_random_files(void **state)
{
	struct buf before = { 0 }, after = { 0 }, once = { 0 }, twice = { 0 };
	struct file f = { 0 };
	unsigned good = 0;

	(void)state;
	for (int i = 0; i < FILES; i++) {
		struct arena arena = { 0 };

		make_file(&f);
		if (meaning(&arena, buf_view(&f.text), &before) == NULL) {
			const char *error;

			good++;
			format(&arena, buf_view(&f.text), &once);
			error = meaning(&arena, buf_view(&once), &after);
			if (error || !slice_eq(buf_view(&before), buf_view(&after)))
				failed("%s:\n%.*s--- of\n%.*s\n--- means\n%.*s--- instead of\n%.*s",
				    error ? error : "differs", (int)once.n, once.p, (int)f.text.n,
				    f.text.p, (int)after.n, after.p, (int)before.n, before.p);
			check_comments(&f, buf_view(&once));
			format(&arena, buf_view(&once), &twice);
			if (!slice_eq(buf_view(&once), buf_view(&twice)))
				failed("changed again:\n%.*s--- of\n%.*s\n--- of\n%.*s",
				    (int)twice.n, twice.p, (int)once.n, once.p, (int)f.text.n,
				    f.text.p);
		}
		arena_free(&arena);
	}
	printf("# %u of %d files without an error\n", good, FILES);
	assert_true(good > FILES / 4);
	buf_free(&before);
	buf_free(&after);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&f.text);
}

/* --- diffs ------------------------------------------------------------------------- */

static struct slice
take_line(struct slice *s)
{
	const char *nl = memchr(s->p, '\n', s->n);
	struct slice line = { s->p, nl ? (size_t)(nl - s->p) + 1 : s->n };

	s->p += line.n;
	s->n -= line.n;
	return line;
}

/* Applies a diff to `from`; every context and every count must be right. */
static void
apply(struct slice diff, struct slice from, struct buf *out)
{
	unsigned a, an, b, bn, at = 0;

	take_line(&diff);
	take_line(&diff);
	while (diff.n) {
		struct slice head = take_line(&diff);
		unsigned have_a = 0, have_b = 0;
		char text[80];

		snprintf(text, sizeof(text), "%.*s", (int)head.n, head.p);
		an = bn = 1;
		if (sscanf(text, "@@ -%u,%u +%u,%u @@", &a, &an, &b, &bn) != 4 &&
		    sscanf(text, "@@ -%u +%u,%u @@", &a, &b, &bn) != 3) {
			an = bn = 1;
			if (sscanf(text, "@@ -%u,%u +%u @@", &a, &an, &b) != 3)
				assert_int_equal(sscanf(text, "@@ -%u +%u @@", &a, &b), 2);
		}
		for (; at + 1 < a + (an == 0); at++)
			buf_slice(out, take_line(&from));
		while (have_a < an || have_b < bn) {
			struct slice line = take_line(&diff), body = { line.p + 1, line.n - 1 };

			if (diff.n && diff.p[0] == '\\') {
				take_line(&diff);
				body.n--;
			}
			if (line.p[0] != '+') {
				assert_true(slice_eq(take_line(&from), body));
				have_a++;
				at++;
			}
			if (line.p[0] != '-') {
				buf_slice(out, body);
				have_b++;
			}
			assert_non_null(memchr(" +-", line.p[0], 3));
		}
		assert_int_equal(have_a, an);
		assert_int_equal(have_b, bn);
	}
	buf_slice(out, from);
}

static void
random_lines(struct buf *b, uint32_t n, uint32_t words)
{
	for (; n > 0; n--)
		buf_printf(b, "line %u\n", random_below(words));
	if (one_in(4) && b->n)
		b->n--;
}

static void
change_lines(struct buf *out, struct slice text, uint32_t words)
{
	while (text.n) {
		struct slice line = take_line(&text);

		if (one_in(8))
			continue;
		if (one_in(8))
			random_lines(out, random_below(4), words);
		if (out->n && out->p[out->n - 1] != '\n')
			buf_char(out, '\n');
		buf_slice(out, line);
	}
}

static void
test_diffs(void **state)
{
	struct buf a = { 0 }, b = { 0 }, diff = { 0 }, got = { 0 };

	(void)state;
	for (int i = 0; i < DIFFS; i++) {
		struct arena scratch = { 0 };
		/* Few words: hardly a line stands once; many: nearly all do. */
		uint32_t words = one_in(2) ? 4 : 400, n = i % 100 == 0 ? 2000 : random_below(60);

		a.n = b.n = diff.n = got.n = 0;
		random_lines(&a, n, words);
		if (one_in(10))
			random_lines(&b, random_below(1500), words);
		else
			change_lines(&b, buf_view(&a), words);
		unified_diff(&diff, &scratch, slice_of("a"), slice_of("b"), buf_view(&a),
		    buf_view(&b));
		if (slice_eq(buf_view(&a), buf_view(&b)))
			assert_int_equal(diff.n, 0);
		else
			apply(buf_view(&diff), buf_view(&a), &got);
		if (diff.n)
			assert_true(slice_eq(buf_view(&got), buf_view(&b)));
		arena_free(&scratch);
	}
	buf_free(&a);
	buf_free(&b);
	buf_free(&diff);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_files),
		cmocka_unit_test(test_diffs),
	};

	random_start(20261125);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
