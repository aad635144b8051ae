/* SPDX-License-Identifier: MPL-2.0 */
/* The linter: the examples in its table do what the table says; the corpus. */
#include "../compiler/lint/special.h"
#include "lint-world.h"

static bool
fires(const char *text, const struct lint_check *check)
{
	struct world w;
	bool found = false;

	world_init(&w, text);
	world_run(&w, NULL);
	for (uint32_t i = 0; i < w.lint.found.n; i++)
		found |= w.lint.found.v[i].check == check;
	world_free(&w);
	return found;
}

static void
test_table(void **state)
{
	(void)state;
	for (int i = 0; i < LINT_COUNT; i++) {
		const struct lint_check *c = &lint_table[i];

		assert_true(lint_find(slice_of(c->code)) == (enum lint_id)i);
		assert_true(lint_find(slice_of(c->name)) == (enum lint_id)i);
		if (i)
			assert_true(strcmp(lint_table[i - 1].code, c->code) < 0);
		if (!c->bad)
			continue;
		if (!fires(c->bad, c))
			fail_msg("%s does not fire on its example", c->code);
		if (fires(c->good, c))
			fail_msg("%s fires on what comes close", c->code);
	}
}

/* A block of the registries by each of its prefixes, and by an address; others, and mixed ones. */
static void
test_special(void **state)
{
	static const struct {
		const char *at, *block;
		bool is_private, is_public;
	} known[] = {
		{ "10.9.8.7", "10.0.0.0/8", true, false },
		{ "127.0.0.1", "127.0.0.0/8", false, false },
		{ "192.0.0.1", "192.0.0.0/29", true, false },
		{ "192.0.0.9", "192.0.0.9/32", false, true },
		{ "192.0.0.99", "192.0.0.0/24", false, false },
		{ "192.0.0.0/28", NULL, false, true },
		{ "192.0.2.0/25", "192.0.2.0/24", false, true }, { "192.0.1.1", NULL, false, true },
		{ "198.19.255.255", "198.18.0.0/15", true, false },
		{ "255.255.255.255", "255.255.255.255/32", false, false },
		{ "255.255.255.254", "240.0.0.0/4", false, false },
		{ "0.0.0.0/0", NULL, false, true },
		{ "::", "::/128", false, false }, { "::1", "::1/128", false, false },
		{ "64:ff9b::1", "64:ff9b::/96", false, true }, { "::/0", NULL, false, true },
		{ "64:ff9b:1:2::", "64:ff9b:1::/48", true, false },
		{ "100::1", "100::/64", false, false },
		{ "100:0:0:1::1", "100:0:0:1::/64", false, false },
		{ "2001::5", "2001::/32", false, true },
		{ "2001:1::2", "2001:1::2/128", false, true },
		{ "2001:2::2", "2001:2::/48", true, false },
		{ "2001:1::4", "2001::/23", false, false },
		{ "2001:4:112::2", "2001:4:112::/48", false, true },
		{ "2001:2f::", "2001:20::/28", false, true },
		{ "2001:3f::", "2001:30::/28", false, true },
		{ "2001:db8:7::/48", "2001:db8::/32", false, true },
		{ "2002:1::", "2002::/16", false, true },
		{ "3fff:fff::", "3fff::/20", false, true }, { "3fff:1000::", NULL, false, true },
		{ "5f00::1", "5f00::/16", true, false }, { "fdff::1", "fc00::/7", true, false },
		{ "fe80::1", "fe80::/10", false, false }, { "fec0::1", "fec0::/10", false, false },
		{ "ff01::1", "ff01::/16", false, false }, { "ff02::1", "ff00::/8", false, false },
		{ "2600::1", NULL, false, true },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(known); i++) {
		const struct special *s;
		struct prefix p;

		assert_true(prefix_read(slice_of(known[i].at), &p) ||
		    addr_read(slice_of(known[i].at), &p));
		s = special_find(p);
		if (known[i].block)
			assert_string_equal(s ? s->prefix : "none", known[i].block);
		else
			assert_null(s);
		assert_int_equal(special_is_private(s), known[i].is_private);
		assert_int_equal(special_is_public(s), known[i].is_public);
	}
}

/* --- the corpus ------------------------------------------------------------------------ */

/* A line's payload without its UUID, enabled, so that all of them may stand together. */
static bool
payload_of(const char *line, struct buf *out)
{
	struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct src src = { .name = { "corpus", 6 }, .text = slice_of(line) };
	json_t *all, *payload;

	diags.arena = &arena;
	all = json_read_all(&src, &diags);
	payload = json_object_get(all, "payload");
	out->n = 0;
	if (json_is_object(payload)) {
		json_object_del(payload, "uuid");
		json_object_set_new(payload, "enabled", json_true());
		json_write(out, payload);
		buf_char(out, '\n');
	}
	json_decref(all);
	arena_free(&arena);
	return out->n > 0;
}

static uint32_t
check_text(struct slice text, uint32_t *rules)
{
	struct lint_report_opts opts = { .version = "0" };
	struct world w;
	struct buf out = { 0 };
	uint32_t found;

	memset(&w, 0, sizeof(w));
	w.diags.arena = &w.arena;
	input_init(&w.in, &w.arena, &w.diags, (struct lang_opts){ 0 });
	w.in.keep_trees = true;
	lint_init(&w.lint, &w.arena);
	input_read_text(&w.in, slice_of("corpus.jsonl"), text);
	world_run(&w, NULL);
	for (size_t i = 0; i < lint_form_count; i++) {
		out.n = 0;
		lint_forms[i].write(&out, &w.lint, &opts);
		assert_true(out.n > 0 || w.lint.found.n == 0);
	}
	buf_free(&out);
	found = w.lint.found.n;
	*rules = w.lint.rules.n;
	world_free(&w);
	return found;
}

/* The rules of the corpus, good and bad, one by one and as one set. */
static void
test_corpus(void **state)
{
	const char *folder = getenv("FWRULE_CORPUS");
	struct buf path = { 0 }, all = { 0 }, one = { 0 };
	uint32_t single = 0, rules = 0, n, together;
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	(void)state;
	buf_printf(&path, "%s/rules.jsonl", folder ? folder : "tests/corpus");
	buf_char(&path, '\0');
	f = fopen(path.p, "r");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		if (payload_of(line, &one)) {
			single += check_text(buf_view(&one), &n);
			rules += n;
			buf_slice(&all, buf_view(&one));
		}
	fclose(f);
	together = check_text(buf_view(&all), &n);
	printf("# %u rules: %u findings one by one, %u together\n", rules, single, together);
	assert_true(rules > 500);
	assert_int_equal(n, rules);
	assert_true(together > single);
	free(line);
	buf_free(&path);
	buf_free(&all);
	buf_free(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
