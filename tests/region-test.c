/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The sweep and the diagrams of region.h on random rectangles, against the walk
 * through the list at every edge.
 */
#include "compiler/filter/region_int.h"

#include "tests/points.h"
#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint16_t
random_key(void)
{
	static const uint16_t far[] = { 0, 1, 255, 256, 65534, 65535 };

	return (uint16_t)(random_below(4) ? random_below(12) : far[random_below(6)]);
}

enum shape { MIXED, WIDE_KEYS, WIDE_ADDRS, SHAPES };

static struct addr
random_end(unsigned fam)
{
	struct addr a = random_below(8) ? family_first(fam) : family_last(fam);

	a.lo += random_below(8) ? random_below(20) : 0;
	if (addr_cmp(a, family_last(fam)) > 0 || addr_cmp(a, family_first(fam)) < 0)
		a = family_last(fam);
	return a;
}

static void
random_boxes(struct arena *arena, unsigned fam, enum shape shape, struct region_list *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t n = random_below(40); n; n--) {
		struct addr a = random_end(fam), b = random_end(fam);
		uint16_t k = random_key(), m = random_key();
		struct region_box *box = vec_push(arena, &out->box);

		*box = (struct region_box){
			.lo = addr_cmp(a, b) < 0 ? a : b, .hi = addr_cmp(a, b) < 0 ? b : a,
			.klo = k < m ? k : m, .khi = k < m ? m : k,
			.outcome = random_below(3), .source = n,
		};
		if (shape == WIDE_KEYS || random_below(6) == 0) {
			box->klo = 0;
			box->khi = REGION_KEY_MAX;
		}
		if (shape == WIDE_ADDRS || random_below(6) == 0) {
			box->lo = family_first(fam);
			box->hi = family_last(fam);
		}
	}
}

static void
points_of_boxes(struct points *p, const struct region_list *l)
{
	for (uint32_t i = 0; i < l->box.n; i++) {
		add_addr(p, l->box.v[i].lo);
		add_addr(p, l->box.v[i].hi);
		add_key(p, l->box.v[i].klo);
		add_key(p, l->box.v[i].khi);
	}
}

/* The decision is a partition without needless cuts and says what the list says. */
static void
check_decision(const struct points *p, const struct region_list *list, struct arena *arena)
{
	struct addr first = family_first(p->fam), last = family_last(p->fam);
	struct region_decision d;

	region_decide(arena, first, last, list, &d);
	for (uint32_t i = 0; i < d.slab.n; i++) {
		const struct region_slab *s = &d.slab.v[i], *next = s + 1;
		bool same = i + 1 < d.slab.n && s->n == next->n;

		assert_true(s->klo <= s->khi);
		assert_int_equal(s->klo, i ? d.slab.v[i - 1].khi + 1 : 0);
		assert_int_equal(i + 1 < d.slab.n || s->khi == REGION_KEY_MAX, true);
		assert_int_equal(addr_cmp(s->cell[0].lo, first), 0);
		assert_int_equal(addr_cmp(s->cell[s->n - 1].hi, last), 0);
		for (uint32_t c = 0; c + 1 < s->n; c++) {
			assert_int_equal(addr_cmp(addr_next(s->cell[c].hi), s->cell[c + 1].lo), 0);
			assert_ptr_not_equal(s->cell[c].box, s->cell[c + 1].box);
		}
		for (uint32_t c = 0; same && c < s->n; c++)
			same = s->cell[c].box == next->cell[c].box &&
			    addr_cmp(s->cell[c].lo, next->cell[c].lo) == 0;
		assert_false(same);
	}
	for (uint32_t k = 0; k < p->key.n; k++) {
		const struct region_slab *s = d.slab.v;
		uint32_t c = 0;

		while (s->khi < p->key.v[k])
			s++;
		for (uint32_t a = 0; a < p->addr.n; a++) {
			for (c = 0; !addr_in(p->addr.v[a], s->cell[c].lo, s->cell[c].hi); c++)
				assert_true(c + 1 < s->n);
			assert_ptr_equal(s->cell[c].box,
			    region_find(list, p->addr.v[a], p->key.v[k]));
		}
	}
}

struct diffs {
	struct arena *arena;
	VEC(struct region_diff) list;
};

static bool
keep_diff(void *arg, const struct region_diff *d)
{
	struct diffs *ds = arg;

	*vec_push(ds->arena, &ds->list) = *d;
	return true;
}

static bool
stop_at_once(void *arg, const struct region_diff *d)
{
	(void)d;
	++*(int *)arg;
	return false;
}

static const struct region_diff *
find_diff(const struct diffs *ds, struct addr a, uint16_t key)
{
	const struct region_diff *found = NULL;

	for (uint32_t i = 0; i < ds->list.n; i++) {
		const struct region_diff *d = &ds->list.v[i];

		if (!addr_in(a, d->lo, d->hi) || key < d->klo || key > d->khi)
			continue;
		assert_null(found);             /* disjoint */
		found = d;
	}
	return found;
}

static void
check_compare(const struct points *p, const struct region_list *a, const struct region_list *b,
    struct arena *arena)
{
	struct addr first = family_first(p->fam), last = family_last(p->fam);
	struct diffs ds = { .arena = arena };
	int calls = 0;
	bool same;

	same = region_compare(arena, first, last, a, b, keep_diff, &ds);
	assert_int_equal(same, ds.list.n == 0);
	assert_int_equal(region_compare(arena, first, last, a, b, stop_at_once, &calls), same);
	assert_int_equal(calls, !same);
	for (uint32_t i = 0; i < p->addr.n; i++)
		for (uint32_t k = 0; k < p->key.n; k++) {
			const struct region_box *x = region_find(a, p->addr.v[i], p->key.v[k]);
			const struct region_box *y = region_find(b, p->addr.v[i], p->key.v[k]);
			const struct region_diff *d = find_diff(&ds, p->addr.v[i], p->key.v[k]);
			bool differ = x && y ? x->outcome != y->outcome : x != y;

			assert_int_equal(d != NULL, differ);
			if (d) {
				assert_ptr_equal(d->a, x);
				assert_ptr_equal(d->b, y);
			}
		}
}

/* The ways that stop at one difference; x and y are the first list's and the second's boxes. */
static void
check_differ(const struct points *p, const struct region_list *a, const struct region_list *b,
    struct arena *arena)
{
	struct addr first = family_first(p->fam), last = family_last(p->fam);
	struct region_grid g = { .first = first, .last = last, .list = { a, b }, .lists = 2 };
	struct region_diff one;
	bool differ = false;
	uint32_t x, y;

	for (uint32_t i = 0; i < p->addr.n; i++)
		for (uint32_t k = 0; k < p->key.n; k++) {
			const struct region_box *va = region_find(a, p->addr.v[i], p->key.v[k]);
			const struct region_box *vb = region_find(b, p->addr.v[i], p->key.v[k]);

			differ |= va && vb ? va->outcome != vb->outcome : va != vb;
		}
	region_grid_make(&g, arena);
	assert_int_equal(region_equal(&g, &x, &y), differ ? REGION_DIFFERENT : REGION_EQUAL);
	if (differ) {
		const struct region_box *va = region_find(a, g.addr[y], (uint16_t)g.key[x]);
		const struct region_box *vb = region_find(b, g.addr[y], (uint16_t)g.key[x]);

		assert_true(va && vb ? va->outcome != vb->outcome : va != vb);
	}
	assert_int_equal(region_differ(arena, first, last, a, b, &one), differ);
	if (!differ)
		return;
	for (int i = 0; i < 4; i++) {
		struct addr at = i & 1 ? one.lo : one.hi;
		uint16_t key = i & 2 ? one.klo : one.khi;

		assert_ptr_equal(one.a, region_find(a, at, key));
		assert_ptr_equal(one.b, region_find(b, at, key));
	}
	assert_true(one.a && one.b ? one.a->outcome != one.b->outcome : one.a != one.b);
}

static void
test_regions(void **state)
{
	(void)state;
	for (int round = 0; round < 3000; round++) {
		unsigned fam = random_below(2) ? NET_V4 : NET_V6;
		enum shape shape = (enum shape)random_below(SHAPES);
		struct arena arena = { 0 };
		struct region_list a, b;
		struct points p;

		random_boxes(&arena, fam, shape, &a);
		random_boxes(&arena, fam, shape, &b);
		if (random_below(3) == 0) {
			/* Nearly the same. */
			b.box.n = 0;
			for (uint32_t i = 0; i < a.box.n; i++)
				if (random_below(20))
					*vec_push(&arena, &b.box) = a.box.v[i];
		}
		points_start(&p, &arena, fam);
		points_of_boxes(&p, &a);
		points_of_boxes(&p, &b);
		check_decision(&p, &a, &arena);
		check_compare(&p, &a, &b, &arena);
		check_differ(&p, &a, &b, &arena);
		arena_free(&arena);
	}
}

static void
push_host(struct arena *arena, struct region_list *to, uint32_t host)
{
	struct addr at = addr_v4(0x0a000000 + host);

	*vec_push(arena, &to->box) = (struct region_box){ at, at, 0, REGION_KEY_MAX, 0, host };
}

static void
push_port(struct arena *arena, struct region_list *to, uint32_t port)
{
	*vec_push(arena, &to->box) = (struct region_box){ family_first(NET_V4),
		family_last(NET_V4), (uint16_t)port, (uint16_t)port, 1, port };
}

/*
 * Addresses without ports, then ports without addresses: lists that are not
 * swept but made into diagrams.  b has each kind in reverse, which makes no
 * difference, and in some rounds one box that does.
 */
static void
test_crossed(void **state)
{
	enum { N = 300 };

	(void)state;
	for (int changed = -1; changed < 4; changed++) {
		struct addr first = family_first(NET_V4), last = family_last(NET_V4);
		struct region_list a = { 0 }, b = { 0 };
		struct arena arena = { 0 };
		struct diffs ds = { .arena = &arena };
		struct region_diff one;
		struct points p;

		for (uint32_t i = 0; i < N; i++) {
			push_host(&arena, &a, 3 * i);
			push_host(&arena, &b, 3 * (N - 1 - i));
		}
		for (uint32_t i = 0; i < N; i++) {
			push_port(&arena, &a, 7 * i);
			push_port(&arena, &b, 7 * (N - 1 - i));
		}
		if (changed == 0)
			b.box.v[N / 3].outcome = 2;
		else if (changed == 1)
			b.box.v[N + N / 2].khi++;
		else if (changed == 2)
			b.box.n--;
		else if (changed == 3)
			b.box.v[N - 1].hi.lo++;
		assert_int_equal(region_compare(&arena, first, last, &a, &b, keep_diff, &ds),
		    changed < 0);
		assert_int_equal(region_differ(&arena, first, last, &a, &b, &one), changed >= 0);
		points_start(&p, &arena, NET_V4);
		if (changed >= 0) {
			const struct region_diff *d = find_diff(&ds, one.lo, one.klo);

			assert_non_null(d);
			add_addr(&p, d->lo);
			add_addr(&p, d->hi);
			add_key(&p, d->klo);
			add_key(&p, d->khi);
		}
		check_differ(&p, &a, &b, &arena);
		arena_free(&arena);
	}
}

/* More points than 32 bits count: the difference lies at the far end of both axes. */
static void
test_crossed_large(void **state)
{
	enum { HOSTS = 40000, PORTS = 32768 };
	struct addr first = family_first(NET_V4), last = family_last(NET_V4);
	struct region_list a = { 0 }, b = { 0 };
	struct arena arena = { 0 };
	struct region_diff one;
	struct addr at;

	(void)state;
	for (uint32_t i = 0; i < HOSTS; i++) {
		push_host(&arena, &a, 3 * i);
		push_host(&arena, &b, 3 * i);
	}
	for (uint32_t i = 0; i < PORTS; i++) {
		push_port(&arena, &a, 2 * i);
		push_port(&arena, &b, 2 * i);
	}
	assert_false(region_differ(&arena, first, last, &a, &b, &one));
	at = b.box.v[HOSTS - 1].lo;
	b.box.v[HOSTS - 1].khi = (2 * (PORTS - 1)) - 1;
	assert_true(region_differ(&arena, first, last, &a, &b, &one));
	assert_int_equal(addr_cmp(one.lo, at), 0);
	assert_int_equal(addr_cmp(one.hi, at), 0);
	assert_true(one.klo >= 2 * (PORTS - 1));
	assert_ptr_equal(one.a, region_find(&a, one.lo, one.klo));
	assert_ptr_equal(one.b, region_find(&b, one.lo, one.klo));
	arena_free(&arena);
}

/* Blocks and other boxes: what is left decides as all of them did. */
static void
test_thin(void **state)
{
	struct arena arena = { 0 };
	uint64_t before = 0, after = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		unsigned fam = random_below(2) ? NET_V4 : NET_V6;
		struct points p = { .arena = &arena, .fam = fam };
		struct region_list list, thin = { 0 };

		random_boxes(&arena, fam, (enum shape)random_below(SHAPES), &list);
		for (uint32_t n = random_below(60); n; n--) {
			struct prefix block = { random_end(fam), (uint8_t)(123 + random_below(6)),
				(uint8_t)fam };
			uint16_t k = random_key(), m = random_key();

			*vec_push(&arena, &list.box) = (struct region_box){
				prefix_first(block), prefix_last(block), k < m ? k : m,
				k < m ? m : k, random_below(3), 100 + n };
		}
		points_of_boxes(&p, &list);
		for (uint32_t i = 0; i < list.box.n; i++)
			*vec_push(&arena, &thin.box) = list.box.v[i];
		region_thin(&thin);
		before += list.box.n;
		after += thin.box.n;
		for (uint32_t a = 0; a < p.addr.n; a++)
			for (uint32_t k = 0; k < p.key.n; k++) {
				const struct region_box *x = region_find(&list, p.addr.v[a], p.key.v[k]);
				const struct region_box *y = region_find(&thin, p.addr.v[a], p.key.v[k]);

				assert_int_equal(!x, !y);
				if (x)
					assert_memory_equal(x, y, sizeof(*x));
			}
		arena_reset(&arena);
	}
	print_message("%llu of %llu boxes are left\n", (unsigned long long)after,
	    (unsigned long long)before);
	assert_in_range(after, before / 10, before * 9 / 10);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_crossed),
		cmocka_unit_test(test_crossed_large),
		cmocka_unit_test(test_thin),
	};

	random_start(20240613);
	return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
