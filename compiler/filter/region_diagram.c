/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Equality of two lists of rectangles by decision diagrams.
 *
 * A list is a function of the bits of a compressed key and then of those of a
 * compressed address.  Written as a reduced ordered decision diagram (Bryant,
 * "Graph-Based Algorithms for Boolean Function Manipulation", 1986, here with
 * outcomes at the leaves), in which equal functions are the same node, two lists
 * are equal if their roots are the same node.
 *
 * The first box decides, so the diagram of a list is the first half's where that
 * is defined and else the second half's: halves of halves, down to single
 * boxes, and with what was combined before looked up.  Where thousands of
 * addresses without ports cross thousands of ports without addresses, which the
 * sweep must walk crossing by crossing, all ports with the same outcome share
 * one node for the addresses below them, and the cost stays n log^2 n.
 */
#include "region_int.h"

#include <stdlib.h>

#define NODES_MAX ((uint32_t)1 << 24)
#define CACHE_MAX ((uint32_t)1 << 22)
#define LEAF 255
#define UNDEFINED 0                     /* the node of no decision */

struct node {
	uint32_t lo, hi;                /* of a leaf: the outcome, and 0 */
	uint8_t level;                  /* bits of the function's argument, or LEAF */
	bool total;                     /* decides everywhere */
};

struct combined {
	uint32_t a, b, result;          /* a 0: free */
};

struct diagram {
	const struct region_grid *grid;
	unsigned key_bits, addr_bits;
	struct node *node;
	uint32_t n, cap;
	uint32_t *slot, slots;          /* nodes by content; 0: free (not UNDEFINED) */
	struct combined *cache;
	uint32_t cached;                /* size of the cache, which forgets */
	bool full;
};

/* --- nodes -------------------------------------------------------------- */

static uint32_t
mix(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u + c;

	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
	return (uint32_t)(h >> 32);
}

static void
grow(struct diagram *d)
{
	free(d->slot);
	d->slots = d->slots ? 2 * d->slots : 1 << 12;
	d->slot = base_alloc(d->slots * sizeof(*d->slot));
	memset(d->slot, 0, d->slots * sizeof(*d->slot));
	for (uint32_t i = 1; i < d->n; i++) {
		uint32_t at = mix(d->node[i].lo, d->node[i].hi, d->node[i].level) & (d->slots - 1);

		while (d->slot[at])
			at = (at + 1) & (d->slots - 1);
		d->slot[at] = i;
	}
	d->cap = d->slots / 2;
	d->node = base_grow(d->node, d->cap * sizeof(*d->node));

	if (d->cached == CACHE_MAX)
		return;
	/* The cache grows along, empty. */
	free(d->cache);
	d->cached = d->slots;
	d->cache = base_alloc(d->cached * sizeof(*d->cache));
	memset(d->cache, 0, d->cached * sizeof(*d->cache));
}

static uint32_t
make_node(struct diagram *d, unsigned level, uint32_t lo, uint32_t hi)
{
	uint32_t at;

	if (level != LEAF && lo == hi)
		return lo;
	if (d->n == d->cap) {
		if (d->n >= NODES_MAX) {
			d->full = true;
			return UNDEFINED;
		}
		grow(d);
	}
	at = mix(lo, hi, level) & (d->slots - 1);
	while (d->slot[at]) {
		const struct node *n = &d->node[d->slot[at]];

		if (n->lo == lo && n->hi == hi && n->level == level)
			return d->slot[at];
		at = (at + 1) & (d->slots - 1);
	}
	d->node[d->n] = (struct node){ lo, hi, (uint8_t)level,
		level == LEAF || (d->node[lo].total && d->node[hi].total) };
	d->slot[at] = d->n;
	return d->n++;
}

/* --- functions ---------------------------------------------------------- */

/*
 * inside for arguments of lo to hi (excluded), UNDEFINED elsewhere, of an
 * argument of so many bits; levels count from base.
 */
static uint32_t
make_interval(struct diagram *d, unsigned base, unsigned bits, uint32_t lo, uint32_t hi,
    uint32_t inside)
{
	uint32_t half, left = UNDEFINED, right = UNDEFINED;

	if (lo == 0 && hi == (uint32_t)1 << bits)
		return inside;
	half = (uint32_t)1 << (bits - 1);
	if (lo < half)
		left = make_interval(d, base, bits - 1, lo, hi < half ? hi : half, inside);
	if (hi > half)
		right = make_interval(d, base, bits - 1, lo > half ? lo - half : 0, hi - half,
		    inside);
	return make_node(d, base + bits, left, right);
}

/* The last interval stands also for the coordinates that fill up to a power of two. */
static uint32_t
fill_up(uint32_t end, uint32_t n, unsigned bits)
{
	return end == n ? (uint32_t)1 << bits : end;
}

static uint32_t
make_box(struct diagram *d, const struct region_rect *r, uint32_t outcome)
{
	uint32_t x1 = fill_up(r->x1, d->grid->n_key, d->key_bits);
	uint32_t y1 = fill_up(r->y1, d->grid->n_addr, d->addr_bits);
	uint32_t f = make_node(d, LEAF, outcome, 0);

	f = make_interval(d, 0, d->addr_bits, r->y0, y1, f);
	return make_interval(d, d->addr_bits, d->key_bits, r->x0, x1, f);
}

/* a where it decides, else b. */
static uint32_t
combine(struct diagram *d, uint32_t a, uint32_t b)
{
	struct node na, nb;
	uint32_t at, lo, hi;
	unsigned level;

	if (a == UNDEFINED || a == b)
		return b;
	if (b == UNDEFINED || d->node[a].total || d->full)
		return a;
	at = mix(a, b, 0) & (d->cached - 1);
	if (d->cache[at].a == a && d->cache[at].b == b)
		return d->cache[at].result;
	na = d->node[a];
	nb = d->node[b];
	/* A leaf b decides everywhere, so it stands above no level. */
	level = nb.level == LEAF || na.level > nb.level ? na.level : nb.level;
	lo = combine(d, na.level == level ? na.lo : a, nb.level == level ? nb.lo : b);
	hi = combine(d, na.level == level ? na.hi : a, nb.level == level ? nb.hi : b);
	lo = make_node(d, level, lo, hi);
	/* The cache may have grown meanwhile. */
	d->cache[mix(a, b, 0) & (d->cached - 1)] = (struct combined){ a, b, lo };
	return lo;
}

static uint32_t
make_list(struct diagram *d, unsigned which, uint32_t from, uint32_t to)
{
	uint32_t half = from + (to - from) / 2, a, b;

	if (from == to || d->full)
		return UNDEFINED;
	if (to - from == 1)
		return make_box(d, &d->grid->rect[which][from],
		    d->grid->list[which]->box.v[from].outcome);
	a = make_list(d, which, from, half);
	b = make_list(d, which, half, to);
	return combine(d, a, b);
}

/* --- comparing ---------------------------------------------------------- */

static unsigned
bits_for(uint32_t n)
{
	unsigned bits = 0;

	while ((uint32_t)1 << bits < n)
		bits++;
	return bits;
}

/* The coordinates of one point where the functions a and b differ. */
static void
find_point(const struct diagram *d, uint32_t a, uint32_t b, uint32_t *x, uint32_t *y)
{
	uint64_t point = 0;

	for (unsigned level = d->key_bits + d->addr_bits; level > 0; level--) {
		const struct node *na = &d->node[a], *nb = &d->node[b];
		bool in_a = na->level == level, in_b = nb->level == level;
		bool hi = (in_a ? na->lo : a) == (in_b ? nb->lo : b);

		if (in_a)
			a = hi ? na->hi : na->lo;
		if (in_b)
			b = hi ? nb->hi : nb->lo;
		point = point << 1 | hi;
	}
	*x = (uint32_t)(point >> d->addr_bits);
	*y = (uint32_t)point & (((uint32_t)1 << d->addr_bits) - 1);
	if (*x >= d->grid->n_key)
		*x = d->grid->n_key - 1;
	if (*y >= d->grid->n_addr)
		*y = d->grid->n_addr - 1;
}

enum region_equal
region_equal(const struct region_grid *g, uint32_t *x, uint32_t *y)
{
	struct diagram d = {
		.grid = g, .key_bits = bits_for(g->n_key), .addr_bits = bits_for(g->n_addr),
		.n = 1,
	};
	uint32_t a, b;

	grow(&d);
	d.node[UNDEFINED] = (struct node){ 0, 0, LEAF, false };
	a = make_list(&d, 0, 0, g->list[0]->box.n);
	b = make_list(&d, 1, 0, g->list[1]->box.n);
	if (!d.full && a != b)
		find_point(&d, a, b, x, y);
	free(d.node);
	free(d.slot);
	free(d.cache);
	return d.full ? REGION_GIVEN_UP : a == b ? REGION_EQUAL : REGION_DIFFERENT;
}
