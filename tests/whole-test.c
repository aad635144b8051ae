/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Targets and ports that the scanner reads at once (whole.c) against the same text read
 * token by token, as source files are: the same verdict, tree, places and canonical text.
 * Sentences are put together from what nearly all rules hold and from what comes close.
 */
#include "compiler/lang/rule.h"
#include "grammar/parse.h"
#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SENTENCES 200000

#define PICK(list) (list)[random_below(BASE_COUNT(list))]

static bool
one_in(uint32_t n)
{
	return random_below(n) == 0;
}

/* --- sentences ---------------------------------------------------------------------- */

/* What may stand behind a keyword: a space, nearly always. */
static void
add_gap(struct buf *b)
{
	static const char *const odd[] = { "  ", "\t", "\n", "", "\xc2\xa0", " (" };

	buf_str(b, one_in(60) ? PICK(odd) : " ");
}

static void
add_keyword(struct buf *b, const char *lower, const char *upper)
{
	buf_str(b, one_in(2) ? lower : upper);
}

static void
add_address(struct buf *b)
{
	static const char *const odd[] = {
		"0.0.0.0", "255.255.255.255", "1.2.3.4567", "01.2.3.4", "1.2.3", "1.2.3.4.5",
		"1.2.3.256", "1..2.3", "1.2.3.4x", "1.2.3.4-", "999.1.1.1", "1.2.3.4\"", "::", "1::",
		"::1", "2001:DB8::1", "1::ALLOW", "1::B", "fe80::1%eth0", "::ffff:1.2.3.4", "::ffff:102:304",
		"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "12345::1", "1::2::3", ":1", "1:", "0:0:0:0:0:0:0:1",
		"fe80:0:0:1:0:0:0:1", "00fe::1", "abc", "", "to", "1::g",
	};

	if (one_in(8))
		buf_str(b, PICK(odd));
	else if (one_in(2))
		buf_printf(b, "%u.%u.%u.%u", random_below(256), random_below(256), random_below(256),
		    random_below(256));
	else
		buf_printf(b, "fd%02x:%x::%x", random_below(256), random_below(65536),
		    random_below(65536));
}

static void
add_length(struct buf *b)
{
	static const char *const odd[] = {
		"/0", "/024", "/33", "/128", "/129", "/1x", "/", "", " /24", "/24/24", "/1000", "/00",
	};

	if (one_in(6))
		buf_str(b, PICK(odd));
	else
		buf_printf(b, "/%u", random_below(33));
}

static void
add_uuid(struct buf *b)
{
	static const char *const odd[] = {
		"930896AF-bf8c-48d4-885c-6573a94b1853", "930896af-bf8c-48d4-885c-6573a94b185",
		"930896af-bf8c-48d4-885c-6573a94b18533", "930896afbf8c48d4885c6573a94b1853", "vm0",
		"priority-bf8c-48d4-885c-6573a94b1853", "930896af-bf8c-48d4-885c-6573a94b1853-", "\"x\"",
	};

	if (one_in(8))
		buf_str(b, PICK(odd));
	else
		buf_printf(b, "%08x-bf8c-48d4-885c-6573a94b1853", (unsigned)random_u64());
}

static void
add_string(struct buf *b)
{
	static const char *const strings[] = {
		"\"a\"", "\"b\"", "\"a b\"", "\"www\"", "\"\"", "\"from\"", "\"(\"", "\"\xc3\xa9\"",
		"\"\xe2\x80\xa8\"", "\"\n\"", "\"=\"", "\" OR \"", "www", "a-b", "to-do", "from", "5",
		"ip 10.0.0.1", "port 80", "\"a\\\"b\"", "\"\\u0041\"", "\"\\x\"", "\"open", "\"a\"b",
	};

	buf_str(b, strings[random_below(one_in(4) ? BASE_COUNT(strings) : 10)]);
}

static void
add_target(struct buf *b)
{
	static const char *const equals[] = { "=", " =", "= ", "  = ", " =  ", "\t= ", " == " };

	switch (random_below(4)) {
	case 0:
		add_keyword(b, "ip", "IP");
		add_gap(b);
		add_address(b);
		break;
	case 1:
		add_keyword(b, "subnet", "SUBNET");
		add_gap(b);
		add_address(b);
		add_length(b);
		break;
	case 2:
		add_keyword(b, "vm", "VM");
		add_gap(b);
		add_uuid(b);
		break;
	default:
		add_keyword(b, "tag", "TAG");
		add_gap(b);
		add_string(b);
		if (one_in(2))
			break;
		buf_str(b, one_in(10) ? PICK(equals) : " = ");
		add_string(b);
	}
}

static void
add_side(struct buf *b)
{
	static const char *const odd[] = {
		"OR", " OR", "OR ", "  OR ", " Or ", " AND ", ", ", " ", ") OR (", " OR\n", " or  ",
		" OR any OR ", " ORx ",
	};
	uint32_t n = 1 + random_below(5);
	bool list = n > 1 ? !one_in(40) : one_in(10);

	if (one_in(12)) {
		buf_str(b, one_in(2) ? "any" : "all vms");
		return;
	}
	if (list)
		buf_char(b, '(');
	while (n--) {
		add_target(b);
		if (n)
			buf_str(b, one_in(60) ? PICK(odd) : one_in(2) ? " OR " : " or ");
	}
	if (list && !one_in(60))
		buf_char(b, ')');
}

static void
add_ports(struct buf *b)
{
	static const char *const odd[] = { "0", "65536", "080", "99999999999", "80-90", "all", "8x", "",
		"\"80\"", "80,90", "80 - 90", "80)", "(80" };
	static const char *const joints[] = { "AND", " AND", "  AND ", " OR ", ", ", " And ",
		" AND all AND " };
	uint32_t n = 1 + random_below(4);
	bool list = n > 1 ? !one_in(40) : one_in(10);

	if (list)
		buf_char(b, '(');
	while (n--) {
		add_keyword(b, "port", "PORT");
		add_gap(b);
		if (one_in(12))
			buf_str(b, PICK(odd));
		else
			buf_printf(b, "%u", 1 + random_below(65535));
		if (n)
			buf_str(b, one_in(40) ? PICK(joints) : one_in(2) ? " AND " : " and ");
	}
	if (list && !one_in(60))
		buf_char(b, ')');
}

static void
add_sentence(struct buf *b)
{
	static const char *const ends[] = { "", "", "", " PRIORITY 5", " priority 101", " ", "x", " TO" };

	add_keyword(b, "from", "FROM");
	add_gap(b);
	add_side(b);
	add_gap(b);
	add_keyword(b, "to", "TO");
	add_gap(b);
	add_side(b);
	add_gap(b);
	add_keyword(b, "allow", "BLOCK");
	add_gap(b);
	add_keyword(b, "tcp", "UDP");
	add_gap(b);
	add_ports(b);
	buf_str(b, PICK(ends));
	if (one_in(200))
		b->p[random_below((uint32_t)b->n)] = '\0';
}

/* --- both readings ------------------------------------------------------------------- */

/* A tree and its rule in full; empty after an error, of which each is told the same. */
static void
write_tree(struct buf *out, const struct ast_rule *r)
{
	static const struct rule_fields fields = { .version = { "1", 1 } };
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct rule *rule;

	ast_dump(out, r);
	rule = rule_make(&arena, &diags, r, &fields, (struct lang_opts){ 0 });
	if (rule) {
		buf_slice(out, rule->text);
		rule_write_serialized(out, rule);
	}
	diag_print_all(out, &diags, false);
	arena_free(&arena);
}

static bool
read_both(struct parse *px, const struct src *src, struct buf *at_once, struct buf *tokens)
{
	struct arena arena = { 0 };
	struct diags a = { .arena = &arena }, t = { .arena = &arena };
	struct ast_rule *r = parse_sentence(px, &arena, &a, src, (struct lang_opts){ 0 });
	struct parse_file *f = parse_source(px, &arena, &t, src, (struct lang_opts){ 0 });
	bool good = r && !a.errors;

	at_once->n = tokens->n = 0;
	if (good)
		write_tree(at_once, r);
	if (f->rules.n == 1 && !t.errors)
		write_tree(tokens, f->rules.v[0]);
	arena_free(&arena);
	return good;
}

static void
same_at_once(void **state)
{
	struct parse *px = parse_new();
	struct buf text = { 0 }, at_once = { 0 }, tokens = { 0 };
	unsigned good = 0;

	(void)state;
	random_start(1);
	for (unsigned i = 0; i < SENTENCES; i++) {
		struct src src = { .name = { "rule", 4 } };

		text.n = 0;
		add_sentence(&text);
		src.text = buf_view(&text);
		good += read_both(px, &src, &at_once, &tokens);
		if (slice_eq(buf_view(&at_once), buf_view(&tokens)))
			continue;
		fprintf(stderr, "%.*s\n--- at once\n%.*s\n--- token by token\n%.*s\n", (int)text.n, text.p,
		    (int)at_once.n, at_once.p, (int)tokens.n, tokens.p);
		fail();
	}
	print_message("%u of %u sentences are right\n", good, SENTENCES);
	assert_true(good > SENTENCES / 20 && good < SENTENCES - SENTENCES / 20);
	buf_free(&text);
	buf_free(&at_once);
	buf_free(&tokens);
	parse_free(px);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
