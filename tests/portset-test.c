/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Port sets against a bit for each port.  The algebra is that of prefix sets
 * (rangeset_int.h), which tests/pset-test.c goes through exhaustively; here it is
 * held to its 16-bit universe and that universe's ends.
 */
#include "compiler/net/portset.h"

#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PORTS 65536

struct bits {
	bool in[PORTS];
};

static void
check_bits(const struct portset *s, const struct bits *b)
{
	static struct bits got;
	uint32_t size = 0, runs = 0;

	memset(&got, 0, sizeof(got));
	for (uint32_t i = 0; i < s->n; i++) {
		assert_true(s->v[i].first <= s->v[i].last);
		assert_true(i == 0 || s->v[i].first > s->v[i - 1].last + 1);
		memset(got.in + s->v[i].first, true, (size_t)(s->v[i].last - s->v[i].first) + 1);
	}
	assert_memory_equal(got.in, b->in, sizeof(got.in));
	for (uint32_t e = 0; e < PORTS; e++) {
		size += b->in[e];
		runs += b->in[e] && (e == 0 || !b->in[e - 1]);
	}
	assert_int_equal(portset_size(s), size);
	assert_int_equal(s->n, runs);
	assert_int_equal(portset_is_all(s), size == PORTS);
	assert_int_equal(portset_is_empty(s), size == 0);
}

static void
random_set(struct arena *a, struct portset *s, struct bits *b)
{
	uint32_t spread = random_below(3) ? 200 : PORTS;
	uint32_t base = random_below(3) ? random_below(PORTS) : random_below(2) ? 0 : PORTS - 100;

	memset(b, 0, sizeof(*b));
	*s = (struct portset){ 0 };
	for (uint32_t n = random_below(random_below(10) ? 20 : 2000); n; n--) {
		uint32_t first = (base + random_below(spread)) % PORTS;
		uint32_t last = first + (random_below(2) ? 0 : random_below(random_below(9) ? 8
		    : PORTS));

		last = last >= PORTS ? PORTS - 1 : last;
		portset_push(a, s, (uint16_t)first, (uint16_t)last);
		memset(b->in + first, true, last - first + 1);
	}
	portset_close(s);
	check_bits(s, b);
}

enum { UNION, INTERSECT, MINUS, OPERATIONS };

static void (*const operation[OPERATIONS])(struct arena *, struct portset *,
    const struct portset *, const struct portset *) = {
	portset_union, portset_intersect, portset_minus,
};

static void
expect(int op, const struct bits *x, const struct bits *y, struct bits *z)
{
	for (uint32_t e = 0; e < PORTS; e++)
		z->in[e] = op == UNION ? x->in[e] || y->in[e]
		    : op == INTERSECT ? x->in[e] && y->in[e] : x->in[e] && !y->in[e];
}

/* The lowest port of b, or -1. */
static int
lowest(const struct bits *b)
{
	const bool *p = memchr(b->in, true, sizeof(b->in));

	return p ? (int)(p - b->in) : -1;
}

static void
check_questions(const struct portset *x, const struct portset *y, const struct bits *bx,
    const struct bits *by)
{
	static struct bits z;
	uint16_t e = 0;

	expect(MINUS, bx, by, &z);
	assert_int_equal(portset_find_outside(x, y, &e) ? e : -1, lowest(&z));
	assert_int_equal(portset_subset(x, y), lowest(&z) < 0);
	expect(INTERSECT, bx, by, &z);
	assert_int_equal(portset_find_common(x, y, &e) ? e : -1, lowest(&z));
	assert_int_equal(portset_overlaps(x, y), lowest(&z) >= 0);
	assert_int_equal(portset_equal(x, y), memcmp(bx, by, sizeof(*bx)) == 0);
	for (int i = 0; i < 50; i++) {
		uint16_t first = (uint16_t)random_u64(), last = (uint16_t)(first + random_below(3));

		if (x->n && random_below(2))
			first = last = x->v[random_below(x->n)].last;
		last = last < first ? first : last;
		assert_int_equal(portset_has(x, first), bx->in[first]);
		assert_int_equal(portset_has_range(x, first, last),
		    memchr(bx->in + first, false, (size_t)(last - first) + 1) == NULL);
	}
}

static void
test_random(void **state)
{
	static struct bits bx, by, want;
	struct arena a = { 0 };

	(void)state;
	for (int i = 0; i < 1500; i++) {
		struct portset x, y, z = { 0 }, copy;

		random_set(&a, &x, &bx);
		random_set(&a, &y, &by);
		check_questions(&x, &y, &bx, &by);
		for (int op = 0; op < OPERATIONS; op++) {
			expect(op, &bx, &by, &want);
			operation[op](&a, &z, &x, &y);
			check_bits(&z, &want);
			copy = (struct portset){ 0 };
			portset_copy(&a, &copy, &x);
			operation[op](&a, &copy, &copy, &y);
			check_bits(&copy, &want);
			portset_copy(&a, &copy, &y);
			operation[op](&a, &copy, &x, &copy);
			check_bits(&copy, &want);
		}
		for (uint32_t e = 0; e < PORTS; e++)
			want.in[e] = !bx.in[e];
		portset_complement(&a, &z, &x);
		check_bits(&z, &want);
		portset_complement(&a, &z, &z);
		assert_true(portset_equal(&z, &x));
		arena_reset(&a);
	}
	arena_free(&a);
}

static void
test_ends(void **state)
{
	static struct bits b;
	struct arena a = { 0 };
	struct portset s = { 0 };

	(void)state;
	memset(&b, 0, sizeof(b));
	portset_add(&a, &s, UINT16_MAX, UINT16_MAX);
	portset_add(&a, &s, 0, 0);
	b.in[0] = b.in[UINT16_MAX] = true;
	check_bits(&s, &b);
	portset_complement(&a, &s, &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[0].first, 1);
	assert_int_equal(s.v[0].last, 65534);
	portset_add(&a, &s, 0, UINT16_MAX);
	assert_true(portset_is_all(&s));
	assert_int_equal(portset_size(&s), 65536);
	portset_complement(&a, &s, &s);
	assert_true(portset_is_empty(&s));
	/* ICMP types and codes: all codes of types 3 and 4 are neighbours, 8:0 stands alone. */
	portset_reserve(&a, &s, 3);
	portset_add(&a, &s, 8 * 256, 8 * 256);
	portset_add(&a, &s, 4 * 256, 4 * 256 + 255);
	portset_add(&a, &s, 3 * 256, 3 * 256 + 255);
	assert_int_equal(s.n, 2);
	assert_int_equal(portset_size(&s), 513);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_ends),
	};

	random_start(20240613);
	return cmocka_run_group_tests_name("portset", tests, NULL, NULL);
}
