/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Prefix sets against oracles that know nothing of ranges: a bit for each
 * element of a small universe, laid at several places of both families'
 * address spaces; for sets of any addresses a binary trie, which is also ORTC's
 * way to the smallest list (Draves et al., 1999, with one verdict); and a search
 * through all lists of prefixes of a universe of 16.
 */
#include "compiler/net/pset.h"

#include "tests/random.h"
#include "tests/trie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Sorted, disjoint, with gaps, within the family. */
static void
check_form(const struct pset *s)
{
	u128 from = number_of(family_first(s->fam));

	for (uint32_t i = 0; i < s->n; i++) {
		assert_true(number_of(s->v[i].first) >= from);
		assert_true(number_of(s->v[i].last) >= number_of(s->v[i].first));
		from = number_of(s->v[i].last) + 2;
		assert_true(from > 1 || i + 1 == s->n);
	}
	assert_true(s->n == 0 || number_of(s->v[s->n - 1].last) <=
	    number_of(family_last(s->fam)));
	assert_true(s->n <= s->cap);
}

/* --- a bit for each element --------------------------------------------- */

#define ELEMENTS 256

struct bits {
	uint64_t w[ELEMENTS / 64];
};

static bool
bit(const struct bits *b, unsigned e)
{
	return b->w[e / 64] >> (e % 64) & 1;
}

/* Where a universe of `n` elements lies: each is a block of 2^shift addresses. */
struct place {
	const char *name;
	uint8_t fam;
	unsigned n, shift;
	u128 base;
};

static unsigned
make_places(struct place *p, unsigned n, unsigned log)
{
	u128 v4 = number_of(addr_v4(0)), top = ~(u128)0;
	const struct place all[] = {
		{ "all of IPv4", NET_V4, n, 32 - log, v4 },
		{ "all of IPv6", NET_V6, n, 128 - log, 0 },
		{ "first hosts of IPv4", NET_V4, n, 0, v4 },
		{ "last hosts of IPv4", NET_V4, n, 0, v4 + UINT32_MAX - (n - 1) },
		{ "first hosts of IPv6", NET_V6, n, 0, 0 },
		{ "last hosts of IPv6", NET_V6, n, 0, top - (n - 1) },
		{ "IPv6 across the halves", NET_V6, n, 62, (u128)0x20010db8 << 96 },
		{ "IPv4's place in IPv6", NET_V6, n, 32 - log, v4 },
	};

	memcpy(p, all, sizeof(all));
	return BASE_COUNT(all);
}

#define PLACES 8

static struct addr_range
block(const struct place *p, unsigned first, unsigned last)
{
	u128 from = p->base + ((u128)first << p->shift);
	u128 to = p->base + ((u128)last << p->shift) + (((u128)1 << p->shift) - 1);

	return (struct addr_range){ addr_of(from), addr_of(to) };
}

/* The set of the bits' elements, made from pieces that overlap and come in any order. */
static struct pset
set_of(struct arena *a, const struct place *p, const struct bits *b)
{
	struct pset s = pset_none(p->fam);

	for (unsigned e = 0; e < p->n; e++) {
		unsigned stop = e;

		if (!bit(b, e))
			continue;
		while (stop + 1 < p->n && bit(b, stop + 1) && random_below(4))
			stop++;
		for (unsigned copies = 1 + random_below(2); copies; copies--) {
			unsigned from = e + random_below(stop - e + 1);
			struct addr_range r = block(p, copies == 1 ? e : from, stop);

			pset_push(a, &s, r.first, r.last);
		}
		if (random_below(2))
			e = stop;
	}
	for (uint32_t i = s.n; i > 1; i--) {
		uint32_t j = random_below(i);
		struct addr_range t = s.v[i - 1];

		s.v[i - 1] = s.v[j];
		s.v[j] = t;
	}
	pset_close(&s);
	return s;
}

/* Exactly the elements of b, and not a part of any other block. */
static void
check_bits(const struct place *p, const struct pset *s, const struct bits *b)
{
	struct bits got = { { 0 } };
	u128 mask = ((u128)1 << p->shift) - 1;

	check_form(s);
	assert_int_equal(s->fam, p->fam);
	for (uint32_t i = 0; i < s->n; i++) {
		u128 from = number_of(s->v[i].first) - p->base;
		u128 to = number_of(s->v[i].last) - p->base;

		assert_true((from & mask) == 0 && (to & mask) == mask);
		assert_true(from <= to && to >> p->shift < p->n);
		for (unsigned e = (unsigned)(from >> p->shift); e <= to >> p->shift; e++)
			got.w[e / 64 % BASE_COUNT(got.w)] |= (uint64_t)1 << (e % 64);
	}
	if (memcmp(&got, b, sizeof(got)) != 0)
		fail_msg("%s: the result holds other elements", p->name);
}

enum { UNION, INTERSECT, MINUS, OPERATIONS };

static void (*const operation[OPERATIONS])(struct arena *, struct pset *,
    const struct pset *, const struct pset *) = { pset_union, pset_intersect, pset_minus };

static struct bits
expected(int op, const struct bits *x, const struct bits *y)
{
	struct bits z;

	for (unsigned i = 0; i < BASE_COUNT(z.w); i++)
		z.w[i] = op == UNION ? x->w[i] | y->w[i]
		    : op == INTERSECT ? x->w[i] & y->w[i] : x->w[i] & ~y->w[i];
	return z;
}

/* A copy with room to spare, or none, filled behind its end with what must not be read. */
static struct pset
copy_of(struct arena *a, const struct pset *s, size_t room)
{
	struct pset t = pset_none(s->fam);

	pset_reserve(a, &t, s->n + room);
	if (t.cap)
		memset(t.v, 0x55, t.cap * sizeof(*t.v));
	pset_copy(a, &t, s);
	return t;
}

/* One operation into a fresh set, a used one, and into each operand. */
static void
check_operation(struct arena *a, const struct place *p, int op, const struct pset *x,
    const struct pset *y, const struct bits *want)
{
	static const size_t room[] = { 0, 3, 300 };
	struct pset out = pset_none(p->fam), x2, y2;

	operation[op](a, &out, x, y);
	check_bits(p, &out, want);
	operation[op](a, &out, x, y);
	check_bits(p, &out, want);
	for (unsigned i = 0; i < BASE_COUNT(room); i++) {
		out = copy_of(a, y, room[i]);
		operation[op](a, &out, x, y);
		check_bits(p, &out, want);
		x2 = copy_of(a, x, room[i]);
		operation[op](a, &x2, &x2, y);
		check_bits(p, &x2, want);
		y2 = copy_of(a, y, room[i]);
		operation[op](a, &y2, x, &y2);
		check_bits(p, &y2, want);
	}
}

static void
check_same_operand(struct arena *a, const struct place *p, const struct pset *x,
    const struct bits *b)
{
	struct bits none = { { 0 } };

	for (int op = 0; op < OPERATIONS; op++) {
		struct pset out = pset_none(p->fam), same = copy_of(a, x, 1);

		operation[op](a, &out, x, x);
		check_bits(p, &out, op == MINUS ? &none : b);
		operation[op](a, &same, &same, &same);
		check_bits(p, &same, op == MINUS ? &none : b);
	}
}

/* The lowest element of b, or -1. */
static int
lowest(const struct place *p, const struct bits *b)
{
	for (unsigned e = 0; e < p->n; e++)
		if (bit(b, e))
			return (int)e;
	return -1;
}

static void
check_witness(const struct place *p, bool found, struct addr a, const struct bits *among)
{
	int e = lowest(p, among);

	assert_int_equal(found, e >= 0);
	if (found)
		assert_true(addr_eq(a, block(p, (unsigned)e, (unsigned)e).first));
}

static void
check_questions(const struct place *p, const struct pset *x, const struct pset *y,
    const struct bits *bx, const struct bits *by)
{
	struct bits common = expected(INTERSECT, bx, by), outside = expected(MINUS, bx, by);
	struct addr a = { 0, 0 };
	bool found;

	found = pset_find_outside(x, y, &a);
	check_witness(p, found, a, &outside);
	found = pset_find_common(x, y, &a);
	check_witness(p, found, a, &common);
	assert_int_equal(pset_subset(x, y), lowest(p, &outside) < 0);
	assert_int_equal(pset_overlaps(x, y), lowest(p, &common) >= 0);
	assert_int_equal(pset_equal(x, y), memcmp(bx, by, sizeof(*bx)) == 0);
}

static void
check_pair(struct arena *a, const struct place *p, const struct bits *bx,
    const struct bits *by)
{
	struct pset x = set_of(a, p, bx), y = set_of(a, p, by);

	check_bits(p, &x, bx);
	for (int op = 0; op < OPERATIONS; op++) {
		struct bits want = expected(op, bx, by);

		check_operation(a, p, op, &x, &y, &want);
	}
	check_questions(p, &x, &y, bx, by);
}

/* Complement, size, membership and ranges, of one set. */
static void
check_one(struct arena *a, const struct place *p, const struct bits *b)
{
	struct pset x = set_of(a, p, b), whole = pset_none(p->fam), c = pset_none(p->fam);
	struct addr_range r;
	struct bits not = { { 0 } };
	u128 size = 0;
	struct addr_count n = pset_size(&x);

	for (unsigned e = 0; e < p->n; e++) {
		struct addr_range one = block(p, e, e);

		not.w[e / 64] |= (uint64_t)!bit(b, e) << (e % 64);
		size += (u128)bit(b, e) << p->shift;
		assert_int_equal(pset_has(&x, one.first), bit(b, e));
		assert_int_equal(pset_has(&x, one.last), bit(b, e));
		assert_int_equal(pset_has_range(&x, one.first, one.last), bit(b, e));
	}
	for (int i = 0; i < 40; i++) {
		unsigned from = random_below(p->n), to = from + random_below(p->n - from), e = from;

		while (e <= to && bit(b, e))
			e++;
		r = (struct addr_range){ block(p, from, from).last, block(p, to, to).first };
		if (from < to)
			assert_int_equal(pset_has_range(&x, r.first, r.last), e > to);
	}
	assert_true(((u128)n.hi << 64 | n.lo) == size);
	assert_int_equal(n.over, size == 0 && lowest(p, b) >= 0);
	pset_complement(a, &c, &x);
	check_form(&c);
	assert_false(pset_overlaps(&c, &x));
	r = block(p, 0, p->n - 1);
	pset_add(a, &whole, r.first, r.last);
	pset_intersect(a, &c, &c, &whole);
	check_bits(p, &c, &not);
	pset_complement(a, &c, &c);
	pset_intersect(a, &c, &c, &whole);
	assert_true(pset_equal(&c, &x));
	check_same_operand(a, p, &x, b);
}

static void
test_pairs_of_three_bits(void **state)
{
	struct arena a = { 0 };
	struct place places[PLACES];
	unsigned n = make_places(places, 8, 3);

	(void)state;
	for (unsigned i = 0; i < n; i++)
		for (unsigned x = 0; x < 256; x++)
			for (unsigned y = 0; y < 256; y++) {
				struct bits bx = { { x } }, by = { { y } };

				check_pair(&a, &places[i], &bx, &by);
				arena_reset(&a);
			}
	arena_free(&a);
}

static void
test_sets_of_four_bits(void **state)
{
	struct arena a = { 0 };
	struct place places[PLACES];
	unsigned n = make_places(places, 16, 4);

	(void)state;
	for (unsigned i = 0; i < n; i++)
		for (unsigned x = 0; x < 65536; x += i < 2 ? 1 : 7) {
			struct bits b = { { x } };

			check_one(&a, &places[i], &b);
			arena_reset(&a);
		}
	arena_free(&a);
}

/* Dense, sparse, or in runs. */
static struct bits
random_bits(unsigned n)
{
	struct bits b = { { 0 } };
	uint32_t rare = 1 + random_below(40);
	bool on = random_below(2);

	for (unsigned e = 0; e < n; e++) {
		if (random_below(rare) == 0)
			on = !on;
		b.w[e / 64] |= (uint64_t)on << (e % 64);
	}
	return b;
}

static void
test_random_of_eight_bits(void **state)
{
	struct arena a = { 0 };
	struct place places[PLACES];
	unsigned n = make_places(places, 256, 8);

	(void)state;
	for (int i = 0; i < 8000; i++) {
		const struct place *p = &places[random_below(n)];
		struct bits bx = random_bits(256), by = random_bits(256);

		if (random_below(4) == 0)
			by = expected((int)random_below(OPERATIONS), &bx, &by);
		check_pair(&a, p, &bx, &by);
		check_one(&a, p, &bx);
		arena_reset(&a);
	}
	arena_free(&a);
}

/* Adding one range after the other to a set that stays one. */
static void
test_add(void **state)
{
	struct arena a = { 0 };
	struct place places[PLACES];
	unsigned n = make_places(places, 256, 8);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		const struct place *p = &places[random_below(n)];
		struct pset s = pset_none(p->fam);
		struct bits b = { { 0 } };

		for (unsigned steps = random_below(60); steps; steps--) {
			unsigned from = random_below(256), to = from + random_below(8);
			struct addr_range r;

			to = to > 255 ? 255 : to;
			r = block(p, from, to);
			pset_add(&a, &s, r.first, r.last);
			for (unsigned e = from; e <= to; e++)
				b.w[e / 64] |= (uint64_t)1 << (e % 64);
			check_bits(p, &s, &b);
		}
		arena_reset(&a);
	}
	arena_free(&a);
}

/* --- the smallest list: by search --------------------------------------- */

/* least[set]: the fewest prefixes whose union is a set of 16 elements, by breadth first. */
static void
search_least(unsigned char *least)
{
	static uint16_t queue[65536];
	unsigned from = 0, to = 0;

	memset(least, 0xff, 65536);
	least[0] = 0;
	queue[to++] = 0;
	for (; from < to; from++)
		for (unsigned size = 1; size <= 16; size *= 2)
			for (unsigned at = 0; at < 16; at += size) {
				unsigned next = queue[from] | ((1u << size) - 1) << at;

				if (least[next] == 0xff) {
					least[next] = (unsigned char)(least[queue[from]] + 1);
					queue[to++] = (uint16_t)next;
				}
			}
	assert_int_equal(to, 65536);
}

/* The walk's list covers the set exactly, in order; returns its length. */
static size_t
check_list(struct arena *a, const struct pset *s)
{
	struct pset back = pset_none(s->fam);
	struct prefix p, *list;
	size_t n = 0, length;
	struct addr last = { 0, 0 };

	for (struct pset_walk w = pset_walk(s); pset_walk_next(&w, &p); n++) {
		assert_int_equal(p.fam, s->fam);
		assert_true(p.len <= 128 && (s->fam == NET_V6 || p.len >= NET_V4_BASE));
		assert_false(prefix_has_host_bits(p));
		assert_true(n == 0 || addr_less(last, p.a));
		last = prefix_last(p);
		assert_true(pset_has_prefix(s, p));
		pset_push_prefix(a, &back, p);
	}
	pset_close(&back);
	assert_true(pset_equal(s, &back));
	assert_int_equal(n, pset_prefix_count(s));
	list = pset_prefixes(a, s, &length);
	assert_int_equal(length, n);
	for (struct pset_walk w = pset_walk(s); pset_walk_next(&w, &p); list++)
		assert_int_equal(prefix_cmp(p, *list), 0);
	return n;
}

static void
test_smallest_by_search(void **state)
{
	static unsigned char least[65536];
	struct arena a = { 0 };
	struct place places[PLACES];
	unsigned n = make_places(places, 16, 4);

	(void)state;
	search_least(least);
	for (unsigned i = 0; i < n; i++)
		for (unsigned x = 0; x < 65536; x++) {
			struct bits b = { { x } };
			struct pset s = set_of(&a, &places[i], &b);

			assert_int_equal(check_list(&a, &s), least[x]);
			arena_reset(&a);
		}
	arena_free(&a);
}

/* --- any addresses ------------------------------------------------------ */

struct family {
	unsigned fam, bits;
	u128 base;
};

static struct family
family_of(unsigned fam)
{
	return (struct family){ fam, fam == NET_V4 ? 32 : 128,
		fam == NET_V4 ? number_of(addr_v4(0)) : 0 };
}

/* Near the edges of the family and of its halves, near each other, or anywhere. */
static u128
random_element(const struct family *f, u128 near)
{
	u128 all = f->bits == 128 ? ~(u128)0 : ((u128)1 << f->bits) - 1, v;
	u128 any = (u128)random_u64() << 64 | random_u64();

	switch (random_below(6)) {
	case 0:
		v = random_below(4);
		break;
	case 1:
		v = all - random_below(4);
		break;
	case 2:
		v = ((u128)random_below(5) << (f->bits / 2)) - random_below(3);
		break;
	case 3:
		v = (u128)0xffff << 32;         /* where IPv4 is mapped to */
		v += random_below(3) - (u128)1;
		break;
	case 4:
		return near + random_below(64);
	default:
		v = any;
		break;
	}
	return f->base + (v & all);
}

static void
random_set(struct arena *a, const struct family *f, unsigned max, struct pset *s,
    struct node *root)
{
	u128 near = f->base, end = number_of(family_last(f->fam));

	*s = pset_none((enum net_family)f->fam);
	for (unsigned n = random_below(max + 1); n; n--) {
		u128 first = random_element(f, near), last = first;

		first = first > end ? end : first;
		if (random_below(3) == 0) {
			last = random_below(3) ? first + random_below(100)
			    : random_element(f, first);
			last = last > end || last < first ? first : last;
			pset_push(a, s, addr_of(first), addr_of(last));
		} else {
			unsigned len = random_below(8) ? f->bits - random_below(f->bits / 3)
			    : random_below(f->bits + 1);
			struct prefix p = { addr_of(first), (uint8_t)(128 - f->bits + len),
				(uint8_t)f->fam };
			u128 host = len == f->bits ? 0
			    : (((u128)1 << (f->bits - len - 1)) << 1) - 1;

			pset_push_prefix(a, s, p);
			first &= ~host;
			last = first | host;
		}
		trie_add(a, root, f->base, f->bits, first, last);
		near = last + 1;
	}
	pset_close(s);
}

static void
check_trie(struct arena *a, const struct family *f, const struct pset *s,
    const struct node *root)
{
	struct list list = { { 0 } };
	struct prefix p;
	uint32_t i = 0;
	u128 size = 0;
	struct addr_count count = pset_size(s);

	check_form(s);
	check_list(a, s);
	trie_list(a, root, f->base, f->bits, f->fam, &list);
	for (struct pset_walk w = pset_walk(s); pset_walk_next(&w, &p); i++) {
		assert_true(i < list.p.n);
		assert_int_equal(prefix_cmp(p, list.p.v[i]), 0);
		size += p.len ? (u128)1 << (128 - p.len) : 0;
	}
	assert_int_equal(i, list.p.n);
	assert_true(((u128)count.hi << 64 | count.lo) == size);
	assert_int_equal(count.over, root->full && f->bits == 128);
	assert_int_equal(pset_is_all(s), root->full);
	assert_int_equal(pset_is_empty(s), list.p.n == 0);
}

/* z is right at both sides of every edge of x, y and z, so it is right everywhere. */
static void
check_edges(int op, const struct family *f, const struct pset *z, const struct pset *edges,
    const struct node *x, const struct node *y)
{
	u128 lo = number_of(family_first(f->fam)), hi = number_of(family_last(f->fam));

	for (uint32_t i = 0; i < edges->n; i++) {
		u128 at[4] = {
			number_of(edges->v[i].first) - 1, number_of(edges->v[i].first),
			number_of(edges->v[i].last), number_of(edges->v[i].last) + 1,
		};

		for (int j = 0; j < 4; j++) {
			bool in_x, in_y, want;

			if (at[j] < lo || at[j] > hi)
				continue;
			in_x = trie_has(x, at[j] - f->base, f->bits);
			in_y = trie_has(y, at[j] - f->base, f->bits);
			want = op == UNION ? in_x || in_y : in_x && (op == MINUS ? !in_y : in_y);
			assert_int_equal(pset_has(z, addr_of(at[j])), want);
		}
	}
}

static void
test_random_sets(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct family f = family_of(random_below(2) ? NET_V4 : NET_V6);
		struct node rx = { 0 }, ry = { 0 };
		unsigned max = i % 100 ? 60 : 3000;
		struct pset x, y;

		random_set(&a, &f, max, &x, &rx);
		random_set(&a, &f, random_below(2) ? max : 3, &y, &ry);
		check_trie(&a, &f, &x, &rx);
		for (int op = 0; op < OPERATIONS; op++) {
			struct pset z = pset_none((enum net_family)f.fam), in = copy_of(&a, &x, 0);

			operation[op](&a, &z, &x, &y);
			check_form(&z);
			check_edges(op, &f, &z, &x, &rx, &ry);
			check_edges(op, &f, &z, &y, &rx, &ry);
			check_edges(op, &f, &z, &z, &rx, &ry);
			operation[op](&a, &in, &in, &y);
			assert_true(pset_equal(&in, &z));
		}
		arena_reset(&a);
	}
	arena_free(&a);
}

/*
 * Many at once, so that sorting goes through all its levels; the elements differ
 * in some bits only, wherever those are.
 */
static void
test_close_many(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct pset s = pset_none(NET_V6), t = s;
		unsigned shift = random_below(120), spread = 1 + random_below(64);
		u128 base = (u128)random_u64() << 64 | random_u64();
		struct addr *all = arena_alloc(&a, 20000 * sizeof(*all));

		for (int j = 0; j < 20000; j++) {
			all[j] = addr_of(base ^ (u128)(random_u64() >> (64 - spread)) << shift);
			pset_push(&a, &s, all[j], all[j]);
		}
		pset_close(&s);
		check_form(&s);
		for (int j = 0; j < 20000; j++)
			assert_true(pset_has(&s, all[j]));
		for (uint32_t j = s.n; j > 0; j--)
			pset_push(&a, &t, s.v[j - 1].first, s.v[j - 1].last);
		pset_close(&t);
		assert_true(pset_equal(&s, &t));
		/* Nothing else: not more than were pushed. */
		assert_true(pset_size(&s).hi == 0 && pset_size(&s).lo <= 20000);
		arena_reset(&a);
	}
	arena_free(&a);
}

/* --- by hand ------------------------------------------------------------ */

static void
check_count_text(struct addr_count c, const char *want)
{
	char text[ADDR_COUNT_TEXT_MAX + 1];

	text[addr_count_write(text, c)] = '\0';
	assert_string_equal(text, want);
}

static void
test_count_text(void **state)
{
	(void)state;
	check_count_text((struct addr_count){ 0, 0, 0 }, "0");
	check_count_text((struct addr_count){ 0, 0, 10 }, "10");
	check_count_text((struct addr_count){ 0, 0, UINT64_MAX }, "18446744073709551615");
	check_count_text((struct addr_count){ 0, 0, (uint64_t)10 << 32 }, "42949672960");
	check_count_text((struct addr_count){ 0, 1, 0 }, "18446744073709551616");
	check_count_text((struct addr_count){ 0, UINT64_MAX, UINT64_MAX },
	    "340282366920938463463374607431768211455");
	check_count_text((struct addr_count){ 1, 0, 0 },
	    "340282366920938463463374607431768211456");
}

static void
test_ends(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (unsigned fam = NET_V4; fam <= NET_V6; fam += 2) {
		struct pset none = pset_none((enum net_family)fam);
		struct pset all = none, one = none, c = none;
		struct prefix p;
		struct pset_walk w;
		size_t n;

		assert_true(pset_is_empty(&none));
		assert_int_equal(pset_prefix_count(&none), 0);
		pset_prefixes(&a, &none, &n);
		assert_int_equal(n, 0);
		assert_true(pset_subset(&none, &none));
		pset_complement(&a, &all, &none);
		assert_true(pset_is_all(&all));
		w = pset_walk(&all);
		assert_true(pset_walk_next(&w, &p));
		assert_int_equal(prefix_bits(p), 0);
		assert_false(pset_walk_next(&w, &p));
		assert_int_equal(pset_prefix_count(&all), 1);
		check_count_text(pset_size(&all), fam == NET_V4 ? "4294967296"
		    : "340282366920938463463374607431768211456");
		pset_complement(&a, &c, &all);
		assert_true(pset_is_empty(&c));
		/* Without its last address: one prefix of each length. */
		pset_add(&a, &one, family_last(fam), family_last(fam));
		pset_complement(&a, &one, &one);
		assert_int_equal(pset_prefix_count(&one), fam == NET_V4 ? 32 : 128);
		assert_false(pset_has(&one, family_last(fam)));
		assert_true(pset_has(&one, family_first(fam)));
		assert_false(pset_has_prefix(&all, (struct prefix){ family_first(fam), 128,
		    fam == NET_V4 ? NET_V6 : NET_V4 }));
	}
	arena_free(&a);
}

/* A small set against a huge one must not cost, or make, a huge one. */
static void
test_small_against_huge(void **state)
{
	struct arena a = { 0 }, b = { 0 }, before;
	struct pset huge = pset_none(NET_V4), small = pset_none(NET_V4), out = small;

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++)
		pset_push(&a, &huge, addr_v4(i * 3), addr_v4(i * 3 + 1));
	pset_close(&huge);
	assert_int_equal(huge.n, 1000000);
	pset_add(&b, &small, addr_v4(1500000), addr_v4(1500005));
	pset_intersect(&b, &out, &huge, &small);
	assert_int_equal(out.n, 2);
	pset_intersect(&b, &out, &small, &huge);
	assert_int_equal(out.n, 2);
	pset_minus(&b, &out, &small, &huge);
	assert_int_equal(out.n, 2);
	assert_true(b.used < 16384);
	/* In place, where there is room. */
	pset_reserve(&a, &huge, 1000002);
	before = a;
	pset_add(&a, &huge, addr_v4(1500002), addr_v4(1500002));
	assert_int_equal(huge.n, 999999);
	pset_minus(&a, &huge, &huge, &small);
	assert_int_equal(huge.n, 999998);
	assert_int_equal(a.used, before.used);
	assert_ptr_equal(a.at, before.at);
	arena_free(&a);
	arena_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs_of_three_bits),
		cmocka_unit_test(test_sets_of_four_bits),
		cmocka_unit_test(test_random_of_eight_bits),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_smallest_by_search),
		cmocka_unit_test(test_random_sets),
		cmocka_unit_test(test_close_many),
		cmocka_unit_test(test_count_text),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_small_against_huge),
	};

	random_start(20240612);
	return cmocka_run_group_tests_name("pset", tests, NULL, NULL);
}
