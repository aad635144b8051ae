/* SPDX-License-Identifier: MPL-2.0 */
/*
 * How a list of lines is best split into groups.
 *
 * Ways to do it: by covering prefixes, by intervals of ports or by ICMP types,
 * into children that come one behind the other, each with its copy of the lines
 * that reach into it; or, where copies would be too many, into parts behind each
 * other which are about addresses or about ports, each to be split by itself.
 *
 * What a way costs, in quarters of visits.  Packets are taken to fall on all lines
 * alike.  One that ends in a list of n lines meets half of them, or what a tree
 * over them comes to (visits()); one that ends in the k-th child meets k heads
 * before.  A line more in the file costs as much as LINE_PRICE visits by single
 * lines' packets.  With that a list of about a dozen lines is not worth splitting.
 * Of the ways that pay now, the one is taken that promises the fewest visits when
 * all is done (foresee()).
 *
 * The covering prefixes come from the binary tree of the lines' prefixes: from
 * its leaves up, what has gathered a quarter of the lines becomes a child.  So a
 * child may lie within a later one, and however crooked the tree is, no child has
 * much more than half of the lines unless they are all of one prefix.
 *
 * Time: n log n for n lines.
 */
#include <stdlib.h>

#include "tree_int.h"

#define LINE_PRICE 8
#define WAYS 4                  /* children aimed at */
#define CHILD_MIN 4             /* lines */
#define FEW 12                  /* lines that no tree is better for */
#define LAST_LIST 6             /* lines of a list that is not split further, about */
#define MISFITS 3               /* lines of a part that have to be copied, at most */
#define MISFIT_LINES 32         /* lines of a part for each of them */

/* --- cost ------------------------------------------------------------------------ */

static unsigned
log2_floor(uint64_t n)
{
	return n ? 63 - (unsigned)__builtin_clzll(n) : 0;
}

/* Quarters of visits that a list of n lines comes to, as it is or split further. */
static uint64_t
visits(uint64_t n)
{
	return n <= FEW ? 2 * n : 9 + 5 * log2_floor(n);
}

static uint64_t
cost_flat(uint64_t n)
{
	return 2 * n * n;
}

static uint64_t
cost_of(const struct cut_problem *pb, const struct cut *c)
{
	uint64_t rest = c->rest.line.n, cost = rest * (4 * c->n + visits(rest));
	int64_t lines = c->added + c->n * (1 + (int64_t)pb->more);

	for (uint32_t i = 0; i < c->n; i++) {
		uint64_t n = c->child[i].list.line.n;

		cost += n * (4 * (i + 1) + visits(n));
	}
	return lines > 0 ? cost + 4 * LINE_PRICE * (uint64_t)lines : cost;
}

/* --- children -------------------------------------------------------------------- */

/* A way to cut: for each line the child that it lies in, or NOWHERE. */
struct plan {
	const struct cut_problem *pb;
	uint8_t *in;
	uint32_t n;
	struct tree_region region[CUT_MAX];
	uint32_t narrow;                /* lines that lie in less than the region */
	uint32_t crossing;              /* of those, the ones that reach across an edge */
	uint32_t distinct;              /* and places among those */
};

#define NOWHERE UINT8_MAX

static bool
overlaps(const struct tree_line *l, const struct tree_region *r)
{
	return l->first <= r->last && l->last >= r->first &&
	    (prefix_contains(r->p, l->p) || prefix_contains(l->p, r->p));
}

/* Every child's lines in their order, up to the first that matches all of it. */
static void
fill_child(const struct plan *pl, uint32_t number, struct cut_child *child)
{
	const struct tree_list *from = pl->pb->list;

	memset(child, 0, sizeof(*child));
	child->region = pl->region[number];
	for (uint32_t i = 0; i < from->line.n; i++) {
		const struct tree_line *l = from->line.v[i];

		/* Packets of an earlier child do not come here. */
		if (pl->in[i] < number || (pl->in[i] != number && !overlaps(l, &child->region)))
			continue;
		if (tree_covers(l, &child->region)) {
			child->all = l;
			return;
		}
		*vec_push(pl->pb->arena, &child->list.line) = l;
	}
}

/* Does all of the line that is in the region lie in children that follow one another? */
static bool
within_children(const struct plan *pl, const struct tree_line *l)
{
	const struct tree_region *all = &pl->pb->region;
	uint32_t at = l->first < all->first ? all->first : l->first;
	uint32_t last = l->last > all->last ? all->last : l->last;

	for (uint32_t i = 0; i < pl->n; i++) {
		const struct tree_region *r = &pl->region[i];

		if (at >= r->first && at <= r->last &&
		    (r->p.len == all->p.len || prefix_contains(r->p, l->p)))
			at = r->last + 1u;
	}
	return at > last;
}

static void
drop_child(struct plan *pl, uint32_t number)
{
	for (uint32_t i = 0; i < pl->pb->list->line.n; i++)
		if (pl->in[i] == number)
			pl->in[i] = NOWHERE;
		else if (pl->in[i] != NOWHERE && pl->in[i] > number)
			pl->in[i]--;
	for (uint32_t i = number + 1; i < pl->n; i++)
		pl->region[i - 1] = pl->region[i];
	pl->n--;
}

static void
fill(struct plan *pl, struct cut *out)
{
	const struct tree_list *from = pl->pb->list;

	memset(out, 0, sizeof(*out));
	out->how = CUT_CHILDREN;
	for (uint32_t i = 0; i < pl->n; ) {
		fill_child(pl, i, &out->child[i]);
		if (pl->pb->all_needed && !out->child[i].all) {
			/* What stood in it may now be met in the others. */
			drop_child(pl, i);
			i = 0;
		} else {
			i++;
		}
	}
	out->n = pl->n;
	for (uint32_t i = 0; i < from->line.n; i++)
		if (pl->in[i] == NOWHERE && !within_children(pl, from->line.v[i]))
			*vec_push(pl->pb->arena, &out->rest.line) = from->line.v[i];
	out->added = (int64_t)out->rest.line.n - from->line.n;
	for (uint32_t i = 0; i < out->n; i++)
		out->added += out->child[i].list.line.n;
}

static uint32_t
threshold(uint32_t n)
{
	uint32_t t = (n + WAYS - 1) / WAYS;

	return t < CHILD_MIN ? CHILD_MIN : t;
}

/* --- by prefix ------------------------------------------------------------------- */

struct place {
	const struct tree_line *line;
	uint32_t number;
};

static int
by_prefix(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = prefix_cmp(x->line->p, y->line->p);

	return c ? c : x->number < y->number ? -1 : x->number > y->number;
}

static unsigned
common_bits(struct addr a, struct addr b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo == b.lo ? 128 : 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo);
}

static bool
has_bit(struct addr a, unsigned bit)
{
	return bit < 64 ? a.hi >> (63 - bit) & 1 : a.lo >> (127 - bit) & 1;
}

/* The first place from lo on, of those that share `bit` bits, whose next one is set. */
static uint32_t
find_half(const struct place *v, uint32_t lo, uint32_t hi, unsigned bit)
{
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (has_bit(v[mid].line->p.a, bit))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Makes children of v[lo .. hi) where enough lines gather; returns how many are left. */
static uint32_t
gather(struct plan *pl, const struct place *v, uint32_t lo, uint32_t hi, uint32_t enough)
{
	struct prefix top;
	uint32_t own = lo, mid, left;
	unsigned len;

	if (hi - lo < enough)
		return hi - lo;
	top = v[lo].line->p;
	len = common_bits(top.a, v[hi - 1].line->p.a);
	top.len = (uint8_t)(len < top.len ? len : top.len);
	top = prefix_mask(top);
	while (own < hi && v[own].line->p.len == top.len)
		own++;
	mid = find_half(v, own, hi, top.len);
	left = own - lo;
	if (own < hi) {
		left += gather(pl, v, own, mid, enough);
		left += gather(pl, v, mid, hi, enough);
	}
	if (left < enough || top.len == pl->pb->region.p.len || pl->n == CUT_MAX)
		return left;
	for (uint32_t i = lo; i < hi; i++)
		if (pl->in[v[i].number] == NOWHERE)
			pl->in[v[i].number] = (uint8_t)pl->n;
	pl->region[pl->n++] = (struct tree_region){ top, pl->pb->region.first,
		pl->pb->region.last };
	return 0;
}

static void
plan_prefixes(struct plan *pl)
{
	const struct tree_list *from = pl->pb->list;
	struct place *v = arena_alloc(pl->pb->arena, from->line.n * sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < from->line.n; i++)
		if (from->line.v[i]->p.len > pl->pb->region.p.len)
			v[n++] = (struct place){ from->line.v[i], i };
	qsort(v, n, sizeof(*v), by_prefix);
	for (uint32_t i = 0; i < n; i++)
		pl->distinct += i == 0 || prefix_cmp(v[i].line->p, v[i - 1].line->p) != 0;
	pl->narrow = n;
	gather(pl, v, 0, n, threshold(n));
}

/* --- by number -------------------------------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
	const struct tree_line *x = ((const struct place *)a)->line;
	const struct tree_line *y = ((const struct place *)b)->line;
	uint32_t p = ((const struct place *)a)->number, q = ((const struct place *)b)->number;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last < y->last ? -1 : 1;
	return p < q ? -1 : p > q;
}

static void
add_interval(struct plan *pl, const struct place *v, uint32_t lo, uint32_t hi, uint16_t first,
    uint16_t last)
{
	const struct tree_region *all = &pl->pb->region;

	if (pl->n == CUT_MAX || (first <= all->first && last >= all->last))
		return;
	for (uint32_t i = lo; i < hi; i++)
		if (v[i].line->last <= last)
			pl->in[v[i].number] = (uint8_t)pl->n;
		else
			pl->crossing++;
	pl->region[pl->n++] = (struct tree_region){ all->p, first, last };
}

/*
 * Intervals of ports with enough lines each: they end where no line reaches
 * across, or else at twice as many lines.
 */
static void
cut_ports(struct plan *pl, const struct place *v, uint32_t n, uint32_t enough)
{
	for (uint32_t lo = 0, hi; lo < n; lo = hi) {
		uint16_t last = v[lo].line->last, first = v[lo].line->first;

		for (hi = lo + 1; hi < n; hi++) {
			const struct tree_line *l = v[hi].line;

			if (hi - lo >= enough && l->first > last)
				break;
			if (hi - lo >= 2 * enough && l->first > v[hi - 1].line->first) {
				last = (uint16_t)(l->first - 1);
				break;
			}
			last = l->last > last ? l->last : last;
		}
		if (hi - lo >= enough)
			add_interval(pl, v, lo, hi, first, last);
	}
}

/* A head can name one ICMP type only, so each that has enough lines is a child. */
static void
cut_types(struct plan *pl, const struct place *v, uint32_t n, uint32_t enough)
{
	for (uint32_t lo = 0, hi; lo < n; lo = hi) {
		unsigned type = v[lo].line->first >> 8;

		for (hi = lo + 1; hi < n && v[hi].line->first >> 8 == type; hi++)
			;
		if (hi - lo >= enough)
			add_interval(pl, v, lo, hi, (uint16_t)(type << 8),
			    (uint16_t)(type << 8 | 255));
	}
}

static void
plan_keys(struct plan *pl)
{
	const struct tree_list *from = pl->pb->list;
	const struct tree_region *all = &pl->pb->region;
	struct place *v = arena_alloc(pl->pb->arena, from->line.n * sizeof(*v));
	bool types = lang_has_types(pl->pb->proto);
	uint32_t n = 0;

	for (uint32_t i = 0; i < from->line.n; i++)
		if (from->line.v[i]->first > all->first || from->line.v[i]->last < all->last)
			v[n++] = (struct place){ from->line.v[i], i };
	qsort(v, n, sizeof(*v), by_key);
	for (uint32_t i = 0; i < n; i++)
		pl->distinct += i == 0 || v[i].line->first != v[i - 1].line->first ||
		    v[i].line->last != v[i - 1].line->last;
	pl->narrow = n;
	if (types)
		cut_types(pl, v, n, threshold(n) / 2);
	else
		cut_ports(pl, v, n, threshold(n));
}

/* --- parts ------------------------------------------------------------------------- */

/*
 * Takes lines as long as few of them are narrow in the other way than most: those
 * would have to be copied.  Then the next part begins.  Returns what the parts
 * come to, in quarters of visits of each packet.
 */
static uint64_t
find_parts(const struct cut_problem *pb, struct cut *out)
{
	const struct tree_region *all = &pb->region;
	uint32_t n = pb->list->line.n, start = 0, prefixes = 0, keys = 0;
	uint64_t sum = 0;

	memset(out, 0, sizeof(*out));
	out->how = CUT_PARTS;
	for (uint32_t i = 0; i < n; i++) {
		const struct tree_line *l = pb->list->line.v[i];
		bool any_address = l->p.len <= all->p.len;
		bool any_key = l->first <= all->first && l->last >= all->last;
		uint32_t p = prefixes + any_address, k = keys + any_key, misfits = p < k ? p : k;

		if (misfits <= MISFITS && misfits * MISFIT_LINES <= i - start) {
			prefixes = p;
			keys = k;
			continue;
		}
		*vec_push(pb->arena, &out->part_end) = i;
		sum += visits(i - start);
		start = i;
		prefixes = any_address;
		keys = any_key;
	}
	*vec_push(pb->arena, &out->part_end) = n;
	return sum + visits(n - start);
}

/* --- the choice ---------------------------------------------------------------------- */

/*
 * Quarters of visits of each packet when the children are split further in the
 * same way: the lines that are not narrow get into every last list, so these can only be as
 * many as there are lines to spare.
 */
static uint64_t
foresee(const struct plan *pl)
{
	uint64_t wide = pl->pb->list->line.n - pl->narrow + pl->crossing;
	uint64_t lists = pl->narrow / LAST_LIST + 1;

	if (lists > pl->distinct)
		lists = pl->distinct;
	if (wide * lists <= pl->pb->spare)
		return 5 * log2_floor(lists) + visits(pl->narrow / lists) + 2 * wide;
	lists = pl->pb->spare / wide;
	return lists < 2 ? UINT64_MAX
	    : 5 * log2_floor(lists) + 2 * (pl->narrow / lists + wide);
}

void
cut_choose(const struct cut_problem *pb, struct cut *out)
{
	static void (*const plans[])(struct plan *) = { plan_prefixes, plan_keys };
	uint32_t n = pb->list->line.n;
	struct cut *way = arena_alloc(pb->arena, sizeof(*way));
	uint64_t best = 2 * (uint64_t)n, each;

	memset(out, 0, sizeof(*out));
	out->how = CUT_FLAT;
	if (n <= CHILD_MIN)
		return;
	for (size_t i = 0; i < BASE_COUNT(plans); i++) {
		struct plan pl = { .pb = pb };

		pl.in = memset(arena_alloc(pb->arena, n), NOWHERE, n);
		plans[i](&pl);
		fill(&pl, way);
		if (way->n == 0 || way->added > (int64_t)pb->spare ||
		    cost_of(pb, way) >= cost_flat(n))
			continue;
		each = foresee(&pl);
		if (each >= best)
			continue;
		best = each;
		*out = *way;
	}
	if (pb->may_part && n > FEW && find_parts(pb, way) < best && way->part_end.n > 1)
		*out = *way;
}
