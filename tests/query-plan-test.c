/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The planner starts from the most selective condition, whichever that is: what a
 * question costs is bound by the fewest rules that any one of its conditions has.
 */
#include "compiler/input/input.h"
#include "runtime/index/query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RULES 4000
#define OWNER "00000000-0000-4000-8000-0000000000aa"
#define VM "00000000-0000-4000-8000-0000000000bb"

/*
 * All rules have the owner, the protocol and the network; every 20th has the tag, every
 * 200th the VM; one, the address.
 */
static void
add_rule(struct buf *out, unsigned i)
{
	buf_printf(out, "@uuid 00000000-0000-4000-8000-%012x\n@owner " OWNER "\n@enabled\n"
	    "FROM (subnet 10.0.0.0/8 OR ip %s) TO (tag every", i, i == 7 ? "172.16.0.1" : "192.0.2.1");
	if (i % 20 == 0)
		buf_str(out, " OR tag some");
	if (i % 200 == 0)
		buf_str(out, " OR vm " VM);
	buf_str(out, ") ALLOW tcp PORT 80\n");
}

static const struct {
	const char *params;
	uint32_t rules;                 /* found */
	uint64_t collected, checked, sought;    /* at most */
} questions[] = {
	/* One condition: just what it has, and no rule is looked at. */
	{ "{\"ip\":\"172.16.0.1\"}", 1, 1, 0, 0 },
	{ "{\"vm\":\"" VM "\"}", 20, 20, 0, 0 },
	{ "{\"tag\":\"some\"}", 200, 200, 0, 0 },
	{ "{\"subnet\":\"10.0.0.0/8\"}", RULES, RULES, 0, 0 },
	/* The rare one first, however it is named and whatever comes with it. */
	{ "{\"subnet\":\"10.0.0.0/8\",\"ip\":\"172.16.0.1\"}", 1, 1, 1, 2 },
	{ "{\"ip\":\"172.16.0.1\",\"owner_uuid\":\"" OWNER "\",\"tag\":\"every\","
	  "\"protocol\":\"tcp\",\"action\":\"allow\",\"log\":false}", 1, 1, 1, 2 },
	{ "{\"vm\":\"" VM "\",\"owner_uuid\":\"" OWNER "\",\"tag\":\"every\"}", 20, 20, 20, 21 },
	{ "{\"tag\":\"some\",\"owner_uuid\":\"" OWNER "\",\"protocol\":\"tcp\"}", 200, 200, 0, 420 },
	/* About as rare: both sets are read and no rule is looked at. */
	{ "{\"vm\":\"" VM "\",\"tag\":\"some\"}", 20, 220, 0, 220 },
	/* Flags alone are checked beside the numbers. */
	{ "{\"vm\":\"" VM "\",\"protocol\":\"tcp\",\"enabled\":true}", 20, 20, 0, 21 },
	/* Nothing has it, so nothing is done. */
	{ "{\"subnet\":\"10.0.0.0/8\",\"ip\":\"172.16.0.2\"}", 0, 0, 0, 0 },
	{ "{\"protocol\":\"udp\",\"tag\":\"every\"}", 0, 0, 0, 0 },
	{ "{\"wildcard\":\"other\",\"tag\":\"every\"}", 0, 0, 0, 0 },
	/* contains and within estimate too. */
	{ "{\"subnet\":\"0.0.0.0/0\",\"match\":\"within\",\"vm\":\"" VM "\"}", 20, 20, 20, 21 },
	{ "{\"ip\":\"10.1.1.1\",\"match\":\"contains\",\"vm\":\"" VM "\"}", 20, 20, 20, 21 },
	/* Counting one set reads its size; prefixes that contain an address or overlap one, theirs. */
	{ "{\"owner_uuid\":\"" OWNER "\",\"count\":true}", RULES, 0, 0, 0 },
	{ "{\"ip\":\"10.1.1.1\",\"match\":\"contains\",\"count\":true}", RULES, 0, 0, 0 },
	{ "{\"subnet\":\"0.0.0.0/0\",\"match\":\"overlaps\",\"count\":true}", RULES, 0, 0, 0 },
	/* Who wants a page gets it without the rest, whatever has to hold of it. */
	{ "{\"owner_uuid\":\"" OWNER "\",\"limit\":10}", 10, 0, 0, 11 },
	{ "{\"limit\":10}", 10, 0, 0, 0 },
	{ "{\"owner_uuid\":\"" OWNER "\",\"tag\":\"every\",\"limit\":7,\"offset\":3}", 10, 0, 0, 40 },
	{ "{\"owner_uuid\":\"" OWNER "\",\"tag\":\"some\",\"limit\":10}", 10, 0, 0, 40 },
	{ "{\"tag\":\"every\",\"protocol\":\"tcp\",\"port\":80,\"limit\":10}", 10, 0, 10, 11 },
	/* An order of its own needs all. */
	{ "{\"owner_uuid\":\"" OWNER "\",\"limit\":10,\"sort\":\"-uuid\"}", RULES, RULES, 0, 0 },
};

static struct index *
make_index(void)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct buf text = { 0 };
	struct input in;
	struct index *ix;

	for (unsigned i = 0; i < RULES; i++)
		add_rule(&text, i);
	input_init(&in, &arena, &diags, (struct lang_opts){ 0 });
	input_read_text(&in, slice_of("rules"), buf_view(&text));
	assert_int_equal(diags.errors, 0);
	ix = index_build(in.rules.v, in.rules.n);
	input_done(&in);
	buf_free(&text);
	arena_free(&arena);
	return ix;
}

static void
test_costs(void **state)
{
	struct index *ix = make_index();
	struct index_reader *rd = index_reader_new(ix);
	struct query_answer a = { 0 };
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(questions); i++) {
		struct src src = { .name = slice_of("params"),
			.text = slice_of(questions[i].params) };
		json_t *params = json_read_all(&src, &diags);
		struct query_errors errors;
		struct query q;

		query_read(&q, params, &arena, &errors);
		assert_int_equal(errors.list.n, 0);
		index_begin(rd);
		assert_true(query_run(rd, &q, &a));
		index_end(rd);
		if (a.total != questions[i].rules || a.cost.collected > questions[i].collected ||
		    a.cost.checked > questions[i].checked || a.cost.sought > questions[i].sought)
			fail_msg("%s: %u rules, %llu collected, %llu checked, %llu sought",
			    questions[i].params, a.total, (unsigned long long)a.cost.collected,
			    (unsigned long long)a.cost.checked,
			    (unsigned long long)a.cost.sought);
		json_decref(params);
	}
	query_answer_free(&a);
	index_reader_free(rd);
	index_free(ix);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_costs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
