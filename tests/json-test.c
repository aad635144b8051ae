/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The reader of plain JSON against jansson's own: what it reads is the same value and
 * ends at the same place; it reads all that is plain, and nothing that jansson refuses.
 */
#include "compiler/base/json.h"
#include "compiler/base/text.h"

#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FLAGS                                                                  \
	(JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | JSON_DISABLE_EOF_CHECK)

/* Was it read?  It must be as jansson has it; plain: it must be read. */
static bool
check(struct slice text, bool plain)
{
	json_error_t error;
	json_t *theirs = json_loadb(text.p, text.n, FLAGS, &error), *ours;
	size_t at = 0;
	bool read;

	ours = json_read_plain(text, &at);
	read = ours != NULL;
	if (ours && !theirs)
		fail_msg("read, but %s: %.*s", error.text, (int)text.n, text.p);
	if (ours && at != (size_t)error.position)
		fail_msg("ends at %zu, not %d: %.*s", at, error.position, (int)text.n, text.p);
	if (ours && !json_equal(ours, theirs))
		fail_msg("another value: %.*s", (int)text.n, text.p);
	if (ours) {
		struct buf a = { 0 }, b = { 0 };

		/* json_equal does not look at the order of members. */
		json_write(&a, ours);
		json_write(&b, theirs);
		assert_true(slice_eq(buf_view(&a), buf_view(&b)));
		buf_free(&a);
		buf_free(&b);
	} else {
		assert_int_equal(at, 0);
		if (plain)
			fail_msg("not read: %.*s", (int)text.n, text.p);
	}
	json_decref(ours);
	json_decref(theirs);
	return read;
}

static void
test_texts(void **state)
{
	static const char *const plain[] = {
		"{}", "[]", "[ ]", "{ }", "[0]", "[1,22 , 333]", "[123456789012345]", "[true,false,null]",
		"{\"a\":1}", "[\"\"]", "[\"a\\\"\\\\\\/\\b\\f\\n\\r\\tb\"]",
		"{\"a\":{\"b\":[{}]} , \"c\" : \"\xc3\xbc\xf0\x9f\x98\x80\"}", "[1]tail", "{}{}",
	};
	static const char *const odd[] = {
		"", "1", "\"a\"", "true", "nul", "[", "]", "{", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"",
		"{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "[01]", "[-1]",
		"[1.5]", "[1e3]", "[1x]", "[truex]", "[tru]", "[nullnull]", "[True]", "[\"a]", "[\"a\\\"]",
		"[\"\\x\"]", "[\"\\u0041\"]", "[\"\\ud800\"]", "[\"a\nb\"]", "[\"\x01\"]", "[\"\xff\"]",
		"[\"\xed\xa0\x80\"]", "[\"\xc0\x80\"]", "[\"\xf4\x90\x80\x80\"]", "[\"\xe2\x82\"]",
		"{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"a\":2}", "{\"\\n\":1}", "{\"\\n\":1,\"\\n\":2}",
		"{\"\\t\":1,\"\\n\":2}", "[1234567890123456]", "[1", "[true", "[\"a\"", "\xef\xbb\xbf[]",
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(plain); i++)
		check(slice_of(plain[i]), true);
	for (size_t i = 0; i < BASE_COUNT(odd); i++)
		check(slice_of(odd[i]), false);
	assert_false(check((struct slice){ "[\"a\0b\"]", 7 }, false));
	assert_false(check((struct slice){ "[\0]", 3 }, false));
}

static void
write_string(struct buf *out)
{
	static const char *const part[] = {
		"a", "rule", "FROM tag ", "\\\"", "\\\\", "\\/", "\\n", "\xc3\xbc", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", " ", "0", "{", "]", ",",
	};

	buf_char(out, '"');
	for (uint32_t n = random_below(6); n > 0; n--)
		buf_str(out, part[random_below(BASE_COUNT(part))]);
	buf_char(out, '"');
}

static void
write_space(struct buf *out)
{
	if (random_below(4) == 0)
		buf_char(out, " \t\r\n"[random_below(4)]);
}

/* What json_read_plain must take. */
static void
write_value(struct buf *out, unsigned depth)
{
	static const char *const word[] = { "true", "false", "null" };
	uint32_t kind = depth == 0 ? random_below(2) : random_below(5), n = random_below(4);

	write_space(out);
	if (kind == 0 || (kind == 1 && n)) {
		bool object = kind == 0;

		/* More members than the reader remembers the keys of, too. */
		n = random_below(depth > 3 ? 1 : random_below(8) ? 4 : 20);
		buf_char(out, object ? '{' : '[');
		for (uint32_t i = 0; i < n; i++) {
			buf_str(out, i ? "," : "");
			if (object)
				buf_printf(out, "\"key %u\":", i);
			write_value(out, depth + 1);
		}
		write_space(out);
		buf_char(out, object ? '}' : ']');
	} else if (kind <= 2) {
		write_string(out);
	} else if (kind == 3) {
		buf_uint(out, random_u64() % 1000000000000000 >> random_below(50));
	} else {
		buf_str(out, word[random_below(3)]);
	}
	write_space(out);
}

/* Some bytes put in, taken out, replaced or copied from elsewhere. */
static void
damage(struct buf *b)
{
	static const char odd[] = "\"\\{}[]:,u0-.e1 \n\t\x01\x7f\x80\xc3\xed\xff";

	for (uint32_t n = 1 + random_below(3); n > 0 && b->n > 1; n--) {
		size_t at = random_below((uint32_t)b->n), from = random_below((uint32_t)b->n);

		switch (random_below(4)) {
		case 0:
			b->p[at] = odd[random_below(sizeof(odd))];
			break;
		case 1:
			memmove(b->p + at, b->p + at + 1, --b->n - at);
			break;
		case 2:
			b->p[at] = b->p[from];
			break;
		default:
			b->n = at;
		}
	}
}

static void
test_random(void **state)
{
	struct buf b = { 0 };
	unsigned read = 0, broken = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		b.n = 0;
		write_value(&b, 0);
		if (b.p[0] == '{' || b.p[0] == '[')
			read += check(buf_view(&b), true);
		for (int k = 0; k < 3; k++) {
			damage(&b);
			broken += !check(buf_view(&b), false);
		}
	}
	printf("# %u read, %u refused\n", read, broken);
	assert_true(read > 5000 && broken > 5000);
	buf_free(&b);
}

/* Nested as deep as it reads, and deeper: then it is jansson's, to 2,048. */
static void
test_depth(void **state)
{
	static char text[2 * 3000];

	(void)state;
	for (size_t depth = 1; depth < 3000; depth += depth < 70 ? 1 : 500) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		check((struct slice){ text, 2 * depth }, depth <= 60);
	}
}

/* Indented, slowly. */
static void
indent(struct buf *out, const json_t *v, int level)
{
	bool object = json_is_object(v);
	const char *key;
	json_t *member;
	size_t i = 0;

	if ((!object && !json_is_array(v)) || (json_object_size(v) == 0 && json_array_size(v) == 0)) {
		json_write(out, v);
		return;
	}
	buf_char(out, object ? '{' : '[');
	json_object_foreach((json_t *)v, key, member) {
		buf_printf(out, "%s\n%*s", i++ ? "," : "", 2 * (level + 1), "");
		text_json(out, slice_of(key));
		buf_str(out, ": ");
		indent(out, member, level + 1);
	}
	json_array_foreach(v, i, member) {
		buf_printf(out, "%s\n%*s", i ? "," : "", 2 * (level + 1), "");
		indent(out, member, level + 1);
	}
	buf_printf(out, "\n%*s%c", 2 * level, "", object ? '}' : ']');
}

static void
test_indent(void **state)
{
	struct buf b = { 0 }, got = { 0 }, want = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		json_t *v;

		b.n = got.n = want.n = 0;
		write_value(&b, 0);
		v = json_loadb(b.p, b.n, FLAGS | JSON_DECODE_ANY, NULL);
		/* Written anew, with spaces that do not count. */
		b.n = 0;
		json_write(&b, v);
		write_space(&b);
		json_indent(&got, buf_view(&b));
		indent(&want, v, 0);
		assert_true(slice_eq(buf_view(&got), buf_view(&want)));
		json_decref(v);
		/* What is no JSON: it ends, within the text. */
		damage(&b);
		json_indent(&got, buf_view(&b));
	}
	buf_free(&b);
	buf_free(&got);
	buf_free(&want);
}

/* Strings with surrogates and with what looks like their escapes. */
static void
test_surrogates(void **state)
{
	static const char *const part[] = { "\xed\xa0\x80", "\xed\xbf\xbf", "\\ud800", "\\", "\"",
		"u", "d9", "\x01", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "800", "\n" };
	static const char *const spelled[] = { "\\ud800", "\\udfff", "\\ud800", "\\", "\"", "u", "d9",
		"\x01", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "800", "\n" };
	struct buf text = { 0 }, want = { 0 }, json = { 0 }, got = { 0 };

	(void)state;
	for (int i = 0; i < 5000; i++) {
		json_t *v;

		text.n = want.n = got.n = json.n = 0;
		for (uint32_t n = random_below(8); n > 0; n--) {
			uint32_t k = random_below(BASE_COUNT(part));

			buf_str(&text, part[k]);
			buf_str(&want, spelled[k]);
		}
		text_json(&json, buf_view(&text));
		json_spell_surrogates(&got, buf_view(&json));
		v = json_loadb(got.p, got.n, FLAGS | JSON_DECODE_ANY, NULL);
		assert_non_null(v);
		assert_true(slice_eq(json_slice(v), buf_view(&want)));
		json_decref(v);
	}
	buf_free(&text);
	buf_free(&want);
	buf_free(&json);
	buf_free(&got);
}

/* What text_json writes, a code point at a time. */
static void
write_slowly(struct buf *out, struct slice s)
{
	static const char *const short_form[] = { ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",
		['\f'] = "\\f", ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\" };

	buf_char(out, '"');
	for (size_t i = 0; i < s.n;) {
		size_t at = i;
		uint32_t cp = text_decode(s, &i);

		if (cp < BASE_COUNT(short_form) && short_form[cp])
			buf_str(out, short_form[cp]);
		else if (cp < ' ' || text_is_surrogate(cp))
			buf_printf(out, "\\u%04x", cp);
		else
			buf_add(out, s.p + at, i - at);
	}
	buf_char(out, '"');
}

/* Texts of all lengths, plain, of quotes, of all there is; each in memory of just its size. */
static void
test_written(void **state)
{
	static const char *const part[] = {
		"\"", "\\", "\n", "\x01", "\x1f", " ", "!", "#", "[", "]", "\x7f", "\xc3\xbc", "\xf0\x9f\x98\x80",
		"\xed\xa0\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", "\xe2\x82\xac",
	};
	struct buf text = { 0 }, got = { 0 }, want = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint32_t kind = random_below(4);
		char *p;

		text.n = got.n = want.n = 0;
		for (uint32_t n = random_below(40); n > 0; n--)
			if (kind == 0 || random_below(kind * 4))
				buf_char(&text, (char)('a' + random_below(26)));
			else if (random_below(20))
				buf_str(&text, part[random_below(BASE_COUNT(part))]);
			else
				buf_char(&text, (char)random_below(128));
		p = memcpy(malloc(text.n + 1), text.n ? text.p : "", text.n);
		p = realloc(p, text.n ? text.n : 1);
		text_json(&got, (struct slice){ p, text.n });
		write_slowly(&want, buf_view(&text));
		if (!slice_eq(buf_view(&got), buf_view(&want)))
			fail_msg("%.*s, not %.*s", (int)got.n, got.p, (int)want.n, want.p);
		free(p);
	}
	buf_free(&text);
	buf_free(&got);
	buf_free(&want);
}

/* As JavaScript writes them: whole ones up to 2^53 digit by digit, the others the shortest. */
static void
test_numbers(void **state)
{
	static const struct { double v; const char *text; } numbers[] = {
		{ 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -1, "-1" }, { 10, "10" }, { 123456, "123456" },
		{ -987654321, "-987654321" }, { 1e15, "1000000000000000" },
		{ 9007199254740991, "9007199254740991" }, { 9007199254740992, "9007199254740992" },
		{ -9007199254740994, "-9007199254740994" }, { 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" }, { 0.1, "0.1" }, { 1.5, "1.5" }, { -2.25, "-2.25" }, { 1e-7, "1e-7" },
		{ 123456789.125, "123456789.125" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(numbers); i++) {
		out.n = 0;
		json_write_number(&out, numbers[i].v);
		if (!slice_is(buf_view(&out), numbers[i].text))
			fail_msg("%.*s, not %s", (int)out.n, out.p, numbers[i].text);
	}
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_indent), cmocka_unit_test(test_surrogates),
		cmocka_unit_test(test_written), cmocka_unit_test(test_numbers),
	};

	random_start(20261125);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
