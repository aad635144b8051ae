/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What sets and lists have in common (runtime/index/meet.c) against arrays of flags: sets of
 * all sizes, dense and far apart, several of them a condition, by ranges and in pieces.
 */
#include "runtime/index/query_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/random.h"

#include <cmocka.h>

#define NUMBERS 60000
#define CONDS 4

static bool has[NUMBERS];               /* by all conditions so far */

/* Random elements, by a chance that differs between stretches; marks whose bits count. */
static uint32_t
some_set(struct store *st, bool *in, unsigned bits)
{
	uint32_t *v = malloc(NUMBERS * sizeof(*v)), n = 0, set, every = 1;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		if (random_below(4000) == 0 || i == 0)
			every = 1u << random_below(14);
		if (random_below(every))
			continue;
		v[n] = i << 4 | (1 + random_below(15));
		in[i] |= (v[n++] & bits) != 0;
	}
	set = set_build(st, v, n);
	free(v);
	return set;
}

static void
some_list(struct query_list *l, bool *in)
{
	uint32_t every = 1u << random_below(10);

	l->n = 0;
	for (uint32_t i = 0; i < NUMBERS; i++)
		if (random_below(every) == 0) {
			query_list_add(l, i);
			in[i] = true;
		}
}

static void
compare(struct query_meet *m)
{
	struct query_list out = { 0 };
	uint32_t from = random_below(2) ? 0 : random_below(NUMBERS), at = from;
	uint32_t to = random_below(2) ? UINT32_MAX : from + random_below(NUMBERS);
	uint32_t most = 1 + random_below(random_below(2) ? 5 : 3000), got;

	query_meet_begin(m, from, to);
	do {
		out.n = 0;
		got = query_meet_next(m, &out, most);
		assert_int_equal(got, out.n);
		assert_true(got <= most);
		for (uint32_t i = 0; i < got; i++, at++) {
			while (at < NUMBERS && !has[at])
				at++;
			assert_int_equal(out.v[i], at);
		}
	} while (got == most);
	for (; at < NUMBERS && at < to; at++)
		assert_false(has[at]);
	assert_true(at <= to || at == from);
	free(out.v);
}

static void
test_meet(void **state)
{
	static bool in[NUMBERS];
	static struct index ix;
	struct query_list lists[CONDS] = { { 0 } };

	(void)state;
	random_start(5);
	for (unsigned round = 0; round < 150; round++) {
		struct index_reader rd = { .ix = &ix };
		struct query_meet m = { .alike = random_below(2) };
		unsigned conds = random_below(2) ? 2 : 1 + random_below(CONDS);

		store_init(&ix.store);
		memset(has, true, sizeof(has));
		for (unsigned c = 0; c < conds; c++) {
			struct query_source s[3];
			uint32_t n = random_below(3) ? 1 : 1 + random_below(3);

			memset(in, false, sizeof(in));
			for (uint32_t i = 0; i < n; i++) {
				s[i].kind = SOURCE_SET;
				s[i].bits = random_below(3) ? SET_BITS : 1 + random_below(15);
				s[i].set = some_set(&ix.store, in, s[i].bits);
			}
			if (random_below(4) == 0) {
				memset(in, false, sizeof(in));
				some_list(&lists[c], in);
				query_meet_add_list(&m, &lists[c]);
			} else {
				assert_true(query_meet_add(&m, &rd, s, n));
			}
			for (uint32_t i = 0; i < NUMBERS; i++)
				has[i] &= in[i];
		}
		for (unsigned i = 0; i < 4; i++)
			compare(&m);
		assert_false(store_is_corrupt(&ix.store));
		store_free_all(&ix.store);
	}
	for (unsigned c = 0; c < CONDS; c++)
		free(lists[c].v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_meet) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
