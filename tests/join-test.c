/* SPDX-License-Identifier: MPL-2.0 */
/* Rectangles joined to products, against a grid of points, and however they are cut. */
#include "compiler/filter/join.h"

#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SIDE 14

/* The points of the grid stand for addresses and keys that have the families' ends among them. */
static struct addr
grid_addr(enum net_family fam, unsigned i)
{
	struct addr a = family_first(fam);

	if (i >= SIDE / 2) {
		a = family_last(fam);
		a.lo -= SIDE - 1 - i;
		return a;
	}
	a.lo += i;
	return a;
}

static uint16_t
grid_key(unsigned i)
{
	return (uint16_t)(i < SIDE / 2 ? i : 65535 - (SIDE - 1 - i));
}

struct grid {
	bool set[SIDE][SIDE];           /* address, key */
	struct join_rect rects[SIDE * SIDE];
	uint32_t n;
};

/* Cuts the set into rectangles, at random, but never across the gap in the grid's middle. */
static void
cut(struct grid *g, enum net_family fam)
{
	bool left[SIDE][SIDE];

	memcpy(left, g->set, sizeof(left));
	g->n = 0;
	for (unsigned a = 0; a < SIDE; a++)
		for (unsigned k = 0; k < SIDE; k++) {
			unsigned wide = 1, high = 1;
			bool fits = true;

			if (!left[a][k])
				continue;
			while ((k + wide) % (SIDE / 2) && left[a][k + wide] && random_below(4))
				wide++;
			while ((a + high) % (SIDE / 2) && fits && random_below(4)) {
				for (unsigned i = 0; i < wide; i++)
					fits = fits && left[a + high][k + i];
				high += fits;
			}
			for (unsigned i = 0; i < high * wide; i++)
				left[a + i / wide][k + i % wide] = false;
			g->rects[g->n++] = (struct join_rect){
				grid_addr(fam, a), grid_addr(fam, a + high - 1),
				grid_key(k), grid_key(k + wide - 1),
			};
		}
	for (uint32_t i = g->n; i > 1; i--) {
		uint32_t k = random_below(i);
		struct join_rect r = g->rects[k];

		g->rects[k] = g->rects[i - 1];
		g->rects[i - 1] = r;
	}
}

static void
fill(struct grid *g)
{
	memset(g, 0, sizeof(*g));
	for (uint32_t n = random_below(8); n; n--) {
		unsigned a = random_below(SIDE), b = random_below(SIDE);
		unsigned k = random_below(SIDE), m = random_below(SIDE);
		bool on = random_below(4) != 0;

		for (unsigned i = a; i <= b; i++)
			for (unsigned j = k; j <= m; j++)
				g->set[i][j] = on;
	}
}

static void
check(const struct grid *g, enum net_family fam, const struct join *j)
{
	for (unsigned a = 0; a < SIDE; a++)
		for (unsigned k = 0; k < SIDE; k++) {
			unsigned met = 0;

			for (uint32_t i = 0; i < j->list.n; i++)
				met += pset_has(&j->list.v[i].addrs, grid_addr(fam, a)) &&
				    portset_has(&j->list.v[i].keys, grid_key(k));
			assert_int_equal(met, g->set[a][k]);
		}
	for (uint32_t i = 0; i < j->list.n; i++) {
		assert_int_equal(j->list.v[i].addrs.fam, fam);
		assert_true(j->list.v[i].addrs.n > 0 && j->list.v[i].keys.n > 0);
	}
}

static void
same(const struct join *x, const struct join *y)
{
	assert_int_equal(x->list.n, y->list.n);
	for (uint32_t i = 0; i < x->list.n; i++) {
		assert_true(pset_equal(&x->list.v[i].addrs, &y->list.v[i].addrs));
		assert_true(portset_equal(&x->list.v[i].keys, &y->list.v[i].keys));
	}
}

static void
test_grid(void **state)
{
	struct arena arena = { 0 };
	struct grid g;
	struct join one, two;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		enum net_family fam = i & 1 ? NET_V6 : NET_V4;

		fill(&g);
		cut(&g, fam);
		join_rects(&arena, fam, g.rects, g.n, &one);
		check(&g, fam, &one);
		cut(&g, fam);
		join_rects(&arena, fam, g.rects, g.n, &two);
		same(&one, &two);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

/* What a rule adds comes back as the rule has it: addresses x ports. */
static void
test_product(void **state)
{
	static const char *const addrs[] = { "10.0.0.0/8", "192.0.2.0/24", "198.51.100.7/32" };
	static const uint16_t keys[] = { 22, 80, 443 };
	struct arena arena = { 0 };
	struct join_rect rects[9];
	struct join j;

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		struct prefix p;

		assert_true(prefix_read(slice_of(addrs[i % 3]), &p));
		rects[i] = (struct join_rect){ prefix_first(p), prefix_last(p), keys[i / 3],
			keys[i / 3] };
	}
	join_rects(&arena, NET_V4, rects, 9, &j);
	assert_int_equal(j.list.n, 1);
	assert_int_equal(pset_prefix_count(&j.list.v[0].addrs), 3);
	assert_int_equal(j.list.v[0].keys.n, 3);
	join_rects(&arena, NET_V4, rects, 0, &j);
	assert_int_equal(j.list.n, 0);
	arena_free(&arena);
}

/* Two rules, one within the other: each stays in one piece. */
static void
test_nested(void **state)
{
	struct arena arena = { 0 };
	struct join_rect rects[2] = {
		{ addr_v4(0), addr_v4(UINT32_MAX), 80, 80 },
		{ addr_v4(0x0a000000), addr_v4(0x0affffff), 22, 22 },
	};
	struct join j;

	(void)state;
	join_rects(&arena, NET_V4, rects, 2, &j);
	assert_int_equal(j.list.n, 2);
	assert_int_equal(j.list.v[0].keys.v[0].first, 22);
	assert_int_equal(pset_prefix_count(&j.list.v[0].addrs), 1);
	assert_true(pset_is_all(&j.list.v[1].addrs));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_product),
		cmocka_unit_test(test_nested),
	};

	random_start(11);
	return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
