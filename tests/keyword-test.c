/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Keywords stand in two places, as patterns of the scanner and in lang.c's sorted
 * list, and the scanner numbers the list in a third.  All three must agree.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../grammar/parse_int.h"
#include "grammar/rule.h"

static const struct {
	const char *word;
	int token;
} expected[] = {
	{ "ah", AH }, { "all", ALL }, { "allow", ALLOW }, { "and", AND }, { "any", ANY },
	{ "block", BLOCK }, { "code", CODE }, { "esp", ESP }, { "from", FROM }, { "icmp", ICMP },
	{ "icmp6", ICMP6 }, { "ip", IP }, { "or", OR }, { "port", PORT }, { "ports", PORTS },
	{ "priority", PRIORITY }, { "subnet", SUBNET }, { "tag", TAG }, { "tcp", TCP },
	{ "to", TO }, { "type", TYPE }, { "udp", UDP }, { "vm", VM }, { "vms", VMS },
};

/* The first token of a text, and in *length how much of the text it took. */
static int
scan(const char *text, uint32_t *length)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct src src = { .name = slice_of("test"), .text = slice_of(text) };
	struct parse px = { .b = { .arena = &arena, .diags = &diags, .src = &src } };
	void *scanner = rule_scanner_new(&px);
	char copy[64] = { 0 };
	RULE_YYSTYPE value;
	int token;

	memcpy(copy, text, strlen(text));
	px.b.text = copy;
	px.b.end = copy + strlen(text);
	rule_scan_text(scanner, copy, strlen(text) + 2, false);
	token = rule_scan(&value, scanner);
	*length = value.tok.len;
	rule_scanner_free(scanner);
	arena_free(&arena);
	return token;
}

static void
check(const char *text, int token, size_t length)
{
	uint32_t n;
	int got = scan(text, &n);

	if (got != token || n != length)
		fail_msg("\"%s\": token %d of %u bytes, not %d of %zu", text, got, n, token, length);
}

static void
variants(const char *word, int token)
{
	size_t n = strlen(word);
	char upper[16] = { 0 }, mixed[16] = { 0 }, text[32];

	for (size_t i = 0; i < n; i++) {
		upper[i] = (char)toupper((unsigned char)word[i]);
		mixed[i] = i == 0 ? upper[i] : word[i];
	}
	check(word, token, n);
	check(upper, token, n);
	check(mixed, WORD, n);
	/* A hyphen ends a keyword, a letter, a digit or an underscore does not. */
	snprintf(text, sizeof(text), "%s-x", word);
	check(text, token, n);
	snprintf(text, sizeof(text), "%s-x", upper);
	check(text, token, n);
	snprintf(text, sizeof(text), "%s-x", mixed);
	check(text, WORD, n + 2);
	snprintf(text, sizeof(text), "%s_", word);
	check(text, WORD, n + 1);
	snprintf(text, sizeof(text), "%sz9", word);
	check(text, WORD, n + 2);
	snprintf(text, sizeof(text), "x-%s", word);
	check(text, WORD, n + 2);
}

static void
test_scanner(void **state)
{
	(void)state;
	for (size_t i = 0; i < BASE_COUNT(expected); i++)
		variants(expected[i].word, expected[i].token);
}

static void
test_list(void **state)
{
	(void)state;
	assert_int_equal(lang_keywords, BASE_COUNT(expected));
	for (size_t i = 0; i < lang_keywords; i++) {
		assert_string_equal(lang_keyword[i], expected[i].word);
		assert_int_equal(lang_keyword_find(slice_of(lang_keyword[i])), i);
		if (i > 0)
			assert_true(strcmp(lang_keyword[i - 1], lang_keyword[i]) < 0);
	}
	assert_int_equal(lang_keyword_find(slice_of("From")), -1);
	assert_int_equal(lang_keyword_find(slice_of("froms")), -1);
	assert_int_equal(lang_keyword_find(slice_of("")), -1);
}

static void
test_nearest(void **state)
{
	static const struct {
		const char *typed, *meant;
	} slip[] = {
		{ "From", "from" }, { "ALOW", "allow" }, { "priorty", "priority" }, { "tpc", "tcp" },
		{ "subent", "subnet" }, { "vmss", "vms" }, { "BLOK", "block" }, { "imcp", "icmp" },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(slip); i++) {
		const char *near = lang_nearest_keyword(slice_of(slip[i].typed));

		assert_non_null(near);
		assert_string_equal(near, slip[i].meant);
	}
	assert_null(lang_nearest_keyword(slice_of("elephant")));
	assert_null(lang_nearest_keyword(slice_of("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_scanner),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
