/* SPDX-License-Identifier: MPL-2.0 */
/* Taking ports and asking who took them (cover.h). */
#include "cover.h"

#include <stdlib.h>

#include "../filter/region.h"
#include "../net/pset.h"

/* --- ports of a pair ------------------------------------------------------------------ */

/* The first segment that ends at or behind a port. */
static uint32_t
seg_from(const struct cover_pair *p, unsigned port)
{
	uint32_t lo = 0, hi = p->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (p->seg[mid].last < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Replaces the segments from..to by those of list. */
static void
splice(struct cover *c, struct cover_pair *p, uint32_t from, uint32_t to,
    const struct cover_seg *list, uint32_t n)
{
	uint32_t all = p->n - (to - from) + n;

	if (all > p->cap) {
		struct cover_seg *more;

		p->cap = p->cap ? all * 2 : all;
		more = arena_alloc(c->arena, p->cap * sizeof(*more));
		if (p->n)
			memcpy(more, p->seg, p->n * sizeof(*more));
		p->seg = more;
	}
	memmove(p->seg + from + n, p->seg + to, (p->n - to) * sizeof(*p->seg));
	memcpy(p->seg + from, list, n * sizeof(*list));
	p->n = all;
}

struct segs {
	VEC(struct cover_seg) v;
};

static void
push_seg(struct arena *a, struct segs *s, unsigned first, unsigned last, uint32_t rule,
    uint32_t other)
{
	if (first <= last)
		*vec_push(a, &s->v) = (struct cover_seg){ (uint16_t)first, (uint16_t)last, rule,
			other };
}

static void
pair_take(struct cover *c, struct cover_pair *p, unsigned first, unsigned last, uint32_t rule)
{
	uint32_t from = seg_from(p, first), to = from;
	struct segs out = { 0 };
	unsigned at = first;

	for (; to < p->n && p->seg[to].first <= last; to++) {
		const struct cover_seg *s = &p->seg[to];
		unsigned lo = s->first > first ? s->first : first;
		unsigned hi = s->last < last ? s->last : last;

		if (at < lo)
			push_seg(&c->scratch, &out, at, lo - 1u, rule, COVER_NONE);
		if (s->first < lo)
			push_seg(&c->scratch, &out, s->first, lo - 1u, s->rule, s->other);
		push_seg(&c->scratch, &out, lo, hi, s->rule,
		    s->other == COVER_NONE && s->rule != rule ? rule : s->other);
		if (s->last > hi)
			push_seg(&c->scratch, &out, hi + 1u, s->last, s->rule, s->other);
		at = hi + 1u;
	}
	push_seg(&c->scratch, &out, at, last, rule, COVER_NONE);
	splice(c, p, from, to, out.v.v, out.v.n);
	arena_reset(&c->scratch);
}

void
cover_take(struct cover *c, uint32_t rule, enum lang_side dir)
{
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, c->rules[rule].rule);

	for (uint32_t u = c->first_use[dir][rule]; u < c->first_use[dir][rule + 1]; u++)
		for (uint32_t i = 0; i < items.n; i++)
			pair_take(c, &c->pairs[c->use_pair[u]], items.v[i].first, items.v[i].last, rule);
	arena_free(&arena);
}

void
cover_clear(struct cover *c)
{
	for (uint32_t i = 0; i < c->n_pairs; i++)
		c->pairs[i].n = 0;
}

void
cover_forget(struct cover *c, uint32_t rule, enum lang_side dir)
{
	for (uint32_t u = c->first_use[dir][rule]; u < c->first_use[dir][rule + 1]; u++)
		c->pairs[c->use_pair[u]].n = 0;
}

/* --- finding pairs -------------------------------------------------------------------- */

static int
cmp_remote(const struct cover_remote *a, const struct cover_remote *b)
{
	int d = addr_cmp(a->a, b->a);

	return d ? d : (int)a->len - (int)b->len;
}

/* In a sorted part of the pairs, the first that is not before r. */
static uint32_t
lower_bound(const struct cover *c, uint32_t lo, uint32_t hi, const struct cover_remote *r)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cmp_remote(&c->pairs[mid].remote, r) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct cover_pair *
find_pair(struct cover *c, const struct cover_bucket *b, const struct cover_remote *r)
{
	int fam = r->fam == 0 ? 0 : r->fam == NET_V4 ? 1 : 2;
	uint32_t at = lower_bound(c, b->at[fam], b->at[fam + 1], r);

	if (at == b->at[fam + 1] || cmp_remote(&c->pairs[at].remote, r) != 0)
		return NULL;
	return &c->pairs[at];
}

/* A pair that is asked about, for one family of it. */
struct question {
	struct cover *c;
	uint32_t rule;                  /* which itself does not count */
	enum lang_side dir;
	uint32_t atom;
	struct cover_remote remote;     /* a prefix: of length 0 where an atom is meant */
	uint32_t remote_atom;           /* or COVER_NONE */
	const struct portset *items;
};

typedef bool pair_fn(void *context, struct cover_pair *p);

static bool
each_length(const struct question *q, const struct cover_bucket *b, pair_fn *fn, void *context)
{
	int fam = q->remote.fam == NET_V4 ? 1 : 2;

	if (b->at[fam] == b->at[fam + 1])
		return false;
	for (unsigned len = q->remote.fam == NET_V4 ? NET_V4_BASE : 0; len <= q->remote.len; len++) {
		struct cover_remote r = { addr_and(q->remote.a, addr_mask(len)), q->remote.fam,
			(uint8_t)len };
		struct cover_pair *p;

		if (!(b->lens[len >> 6] >> (len & 63) & 1))
			continue;
		if ((p = find_pair(q->c, b, &r)) != NULL && p->n && fn(context, p))
			return true;
	}
	return false;
}

static struct cover_bucket *
bucket_at(const struct question *q, uint32_t atom)
{
	uint32_t n = q->c->bucket_of[atom * 2 * LANG_PROTOS + q->dir * LANG_PROTOS +
	    q->c->rules[q->rule].rule->proto];

	return n == UINT32_MAX ? NULL : &q->c->buckets.v[n];
}

/* The pairs that hold the one that is asked about. */
static bool
each_holder(const struct question *q, pair_fn *fn, void *context)
{
	const struct cover_atom *a = &q->c->atoms.v[q->atom];

	for (unsigned i = 0; i < a->n_within; i++) {
		const struct cover_bucket *b = bucket_at(q, a->within[i]);
		const struct cover_atom *far;

		if (!b)
			continue;
		if (each_length(q, b, fn, context))
			return true;
		if (q->remote_atom == COVER_NONE)
			continue;
		far = &q->c->atoms.v[q->remote_atom];
		for (unsigned k = 0; k < far->n_within; k++) {
			struct cover_remote r = { { 0, far->within[k] }, 0, 0 };
			struct cover_pair *p = find_pair(q->c, b, &r);

			if (p && p->n && fn(context, p))
				return true;
		}
	}
	return false;
}

/* --- who decides ---------------------------------------------------------------------- */

/* Pieces as they were seen, and then ports in order, each with the rule that wins there. */
struct painting {
	const struct question *q;
	struct segs pieces, s;
};

static uint32_t
other_than(const struct cover_seg *s, uint32_t rule)
{
	return s->rule != rule ? s->rule : s->other;
}

static int
by_port(const void *a, const void *b)
{
	return (int)*(const uint32_t *)a - (int)*(const uint32_t *)b;
}

static int
by_rank(const void *x, const void *y, void *rank)
{
	const struct cover_seg *a = x, *b = y;
	const uint32_t *r = rank;

	return r[a->rule] < r[b->rule] ? -1 : r[a->rule] > r[b->rule];
}

/* The first interval from i on that is free; paths are halved on the way. */
static uint32_t
next_free(uint32_t *next, uint32_t i)
{
	while (next[i] != i)
		i = next[i] = next[next[i]];
	return i;
}

static uint32_t
edge_at(const uint32_t *edge, uint32_t n, uint32_t port)
{
	uint32_t lo = 0;

	while (lo < n) {
		uint32_t mid = (lo + n) / 2;

		if (edge[mid] < port)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

/* Who wins first paints first, and each interval between edges is painted once. */
static void
paint(struct painting *p)
{
	struct arena *a = &p->q->c->scratch;
	uint32_t n = p->pieces.v.n, edges = 0, *edge, *next, *owner;

	if (n == 0)
		return;
	edge = arena_alloc(a, 2 * n * sizeof(*edge));
	for (uint32_t i = 0; i < n; i++) {
		edge[edges++] = p->pieces.v.v[i].first;
		edge[edges++] = p->pieces.v.v[i].last + 1u;
	}
	qsort(edge, edges, sizeof(*edge), by_port);
	next = arena_alloc(a, (edges + 1) * sizeof(*next));
	owner = memset(arena_alloc(a, edges * sizeof(*owner)), 0xff, edges * sizeof(*owner));
	for (uint32_t i = 0; i <= edges; i++)
		next[i] = i;
	qsort_r(p->pieces.v.v, n, sizeof(*p->pieces.v.v), by_rank, p->q->c->rank);
	for (uint32_t i = 0; i < n; i++) {
		const struct cover_seg *s = &p->pieces.v.v[i];
		uint32_t to = edge_at(edge, edges, s->last + 1u);
		uint32_t at = next_free(next, edge_at(edge, edges, s->first));

		for (; at < to; at = next_free(next, at)) {
			owner[at] = s->rule;
			next[at] = at + 1;
		}
	}
	for (uint32_t i = 0; i + 1 < edges; i++)
		if (owner[i] != UINT32_MAX && edge[i] < edge[i + 1])
			push_seg(a, &p->s, edge[i], edge[i + 1] - 1, owner[i], COVER_NONE);
}

static bool
paint_pair(void *context, struct cover_pair *pair)
{
	struct painting *p = context;
	const struct portset *items = p->q->items;

	for (uint32_t i = 0; i < items->n; i++) {
		uint32_t k = seg_from(pair, items->v[i].first);

		for (; k < pair->n && pair->seg[k].first <= items->v[i].last; k++) {
			const struct cover_seg *s = &pair->seg[k];
			uint32_t rule = other_than(s, p->q->rule);
			unsigned lo = s->first > items->v[i].first ? s->first : items->v[i].first;
			unsigned hi = s->last < items->v[i].last ? s->last : items->v[i].last;

			p->q->c->work++;
			if (rule != COVER_NONE)
				push_seg(&p->q->c->scratch, &p->pieces, lo, hi, rule, COVER_NONE);
		}
	}
	return p->q->c->work > COVER_WORK;
}

/* The ports that nobody has painted. */
static struct portset
left_over(const struct painting *p)
{
	struct arena *a = &p->q->c->scratch;
	struct portset taken = { 0 }, left = { 0 };

	portset_reserve(a, &taken, p->s.v.n);
	for (uint32_t i = 0; i < p->s.v.n; i++)
		portset_push(a, &taken, p->s.v.v[i].first, p->s.v.v[i].last);
	portset_close(&taken);
	portset_minus(a, &left, p->q->items, &taken);
	return left;
}

static void
note_rule(struct cover_result *res, uint32_t rule)
{
	for (uint32_t i = 0; i < res->n; i++)
		if (res->rules[i] == rule)
			return;
	if (res->n < COVER_RULES_MAX)
		res->rules[res->n++] = rule;
	else
		res->more = true;
}

static void
note_decider(struct cover *c, const struct question *q, struct cover_result *res, uint32_t rule,
    struct addr addr, unsigned key)
{
	note_rule(res, rule);
	if (res->differs || c->rules[rule].rule->action == c->rules[q->rule].rule->action)
		return;
	res->differs = true;
	res->atom = q->atom;
	res->decider = rule;
	res->remote = q->remote_atom == COVER_NONE ? q->remote
	    : (struct cover_remote){ { 0, q->remote_atom }, 0, 0 };
	res->addr = addr;
	res->key = (uint16_t)key;
}

/* --- prefixes within a prefix --------------------------------------------------------- */

static struct addr
minus(struct addr x, struct addr y)
{
	return (struct addr){ x.hi - y.hi - (x.lo < y.lo), x.lo - y.lo };
}

static struct addr
plus(struct addr x, struct addr y)
{
	struct addr s = { x.hi + y.hi, x.lo + y.lo };

	s.hi += s.lo < x.lo;
	return s;
}

/* 2^bits in the units of cover.mass. */
static struct addr
size_of(const struct cover_remote *r)
{
	unsigned bits = 128u - r->len;

	if (r->fam == NET_V6)
		bits = bits > 8 ? bits - 8 : 0;
	return bits < 64 ? (struct addr){ 0, (uint64_t)1 << bits }
	    : (struct addr){ (uint64_t)1 << (bits - 64), 0 };
}

/* The pairs of a bucket whose prefixes lie within q's, but not that itself. */
static void
inner_range(const struct question *q, const struct cover_bucket *b, uint32_t *from, uint32_t *to)
{
	int fam = q->remote.fam == NET_V4 ? 1 : 2;
	struct cover_remote first = q->remote, last = q->remote;

	first.len = (uint8_t)(q->remote.len + 1);
	last.a = addr_or_not(last.a, addr_mask(last.len));
	last.len = 129;
	*from = lower_bound(q->c, b->at[fam], b->at[fam + 1], &first);
	*to = lower_bound(q->c, b->at[fam], b->at[fam + 1], &last);
}

static bool
enough_inside(const struct question *q)
{
	const struct cover_atom *a = &q->c->atoms.v[q->atom];
	struct addr sum = { 0, 0 };
	uint32_t from, to;

	if (q->remote.len == 128)
		return false;
	for (unsigned i = 0; i < a->n_within; i++) {
		const struct cover_bucket *b = bucket_at(q, a->within[i]);

		if (!b)
			continue;
		inner_range(q, b, &from, &to);
		if (from < to)
			sum = plus(sum, plus(minus(q->c->mass[to - 1], q->c->mass[from]),
			    size_of(&q->c->pairs[to - 1].remote)));
	}
	return !addr_less(sum, size_of(&q->remote));
}

static int
by_source_rank(const void *x, const void *y, void *rank)
{
	const struct region_box *a = x, *b = y;
	const uint32_t *r = rank;

	return r[a->source] < r[b->source] ? -1 : r[a->source] > r[b->source];
}

static void
add_box(const struct question *q, struct region_list *list, struct prefix net, unsigned first,
    unsigned last, uint32_t rule)
{
	*vec_push(&q->c->scratch, &list->box) = (struct region_box){
		.lo = prefix_first(net), .hi = prefix_last(net), .klo = (uint16_t)first,
		.khi = (uint16_t)last, .outcome = rule, .source = rule,
	};
}

static void
add_boxes(const struct question *q, const struct cover_pair *p, struct region_list *list)
{
	struct prefix net = { p->remote.a, p->remote.len, p->remote.fam };

	for (uint32_t i = 0; i < q->items->n; i++)
		for (uint32_t k = seg_from(p, q->items->v[i].first);
		    k < p->n && p->seg[k].first <= q->items->v[i].last; k++) {
			uint32_t rule = other_than(&p->seg[k], q->rule);

			q->c->work++;
			if (rule != COVER_NONE)
				add_box(q, list, net, p->seg[k].first, p->seg[k].last, rule);
		}
}

/* Is a slab, for ports that are asked about, decided at every address?  Notes by whom. */
static bool
slab_decided(const struct question *q, const struct region_slab *s, struct cover_result *res)
{
	struct portset keys = { 0 }, both = { 0 };

	portset_push(&q->c->scratch, &keys, s->klo, s->khi);
	portset_intersect(&q->c->scratch, &both, &keys, q->items);
	if (portset_is_empty(&both))
		return true;
	for (uint32_t i = 0; i < s->n; i++)
		if (!s->cell[i].box)
			return false;
	for (uint32_t i = 0; i < s->n; i++)
		note_decider(q->c, q, res, s->cell[i].box->source, s->cell[i].lo, both.v[0].first);
	return true;
}

static uint32_t
count_inside(const struct question *q)
{
	const struct cover_atom *a = &q->c->atoms.v[q->atom];
	uint32_t from, to, n = 0;

	for (unsigned i = 0; i < a->n_within; i++) {
		const struct cover_bucket *b = bucket_at(q, a->within[i]);

		if (b) {
			inner_range(q, b, &from, &to);
			n += to - from;
		}
	}
	return n;
}

/*
 * Who decides at each address of the prefix, those who hold it and those within it
 * taken together; false if somewhere nobody does.
 */
static bool
decided_everywhere(const struct question *q, const struct segs *holders, struct cover_result *res)
{
	const struct cover_atom *a = &q->c->atoms.v[q->atom];
	struct prefix net = { q->remote.a, q->remote.len, q->remote.fam };
	struct region_decision d = { 0 };
	struct region_list list = { 0 };
	uint32_t from, to;

	for (uint32_t i = 0; i < holders->v.n; i++)
		add_box(q, &list, net, holders->v.v[i].first, holders->v.v[i].last,
		    holders->v.v[i].rule);
	for (unsigned i = 0; i < a->n_within; i++) {
		const struct cover_bucket *b = bucket_at(q, a->within[i]);

		if (!b)
			continue;
		inner_range(q, b, &from, &to);
		q->c->work += to - from;
		for (; from < to && q->c->work <= COVER_WORK; from++)
			add_boxes(q, &q->c->pairs[from], &list);
	}
	if (q->c->work > COVER_WORK || list.box.n == 0)
		return false;
	qsort_r(list.box.v, list.box.n, sizeof(*list.box.v), by_source_rank, q->c->rank);
	region_decide(&q->c->scratch, prefix_first(net), prefix_last(net), &list, &d);
	for (uint32_t i = 0; i < d.slab.n; i++)
		if (!slab_decided(q, &d.slab.v[i], res))
			return false;
	return true;
}

/* --- asking --------------------------------------------------------------------------- */

struct point {
	const struct question *q;
	uint16_t key;
	uint32_t winner;                /* who decides there, of those seen */
};

static bool
take_point(void *context, struct cover_pair *p)
{
	struct point *point = context;
	const uint32_t *rank = point->q->c->rank;
	uint32_t k = seg_from(p, point->key), rule;

	if (k == p->n || p->seg[k].first > point->key)
		return false;
	rule = other_than(&p->seg[k], point->q->rule);
	if (rule != COVER_NONE && (point->winner == COVER_NONE || rank[rule] < rank[point->winner]))
		point->winner = rule;
	return false;
}

#define POINTS 8

/* Some addresses of the prefix, its ends first. */
static struct addr
point_of(const struct question *q, int i)
{
	struct addr mask = addr_mask(q->remote.len);
	uint64_t mix = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1);
	struct addr host = { mix, mix * 0xbf58476d1ce4e5b9u };

	if (i < 2)
		host = i ? (struct addr){ UINT64_MAX, UINT64_MAX } : (struct addr){ 0, 0 };
	return (struct addr){ (q->remote.a.hi & mask.hi) | (host.hi & ~mask.hi),
		(q->remote.a.lo & mask.lo) | (host.lo & ~mask.lo) };
}

/* Who decides at one address and port; where an atom is asked about, by addresses only. */
static uint32_t
decider_at(const struct question *q, struct addr addr, unsigned key, bool atoms)
{
	struct point point = { q, (uint16_t)key, COVER_NONE };
	struct question at = *q;

	at.remote.a = addr;
	at.remote.len = 128;
	if (!atoms)
		at.remote_atom = COVER_NONE;
	each_holder(&at, take_point, &point);
	return point.winner;
}

/*
 * Is some address of the prefix free, for a port that is left over?  A few are tried,
 * which answers for nearly all prefixes that are not covered.
 */
static bool
some_point_free(const struct question *q, unsigned key)
{
	for (int i = 0; i < POINTS; i++)
		if (decider_at(q, point_of(q, i), key, false) == COVER_NONE)
			return true;
	return false;
}

/* Notes a rule, and a packet that it decides, if a few tries show one. */
static void
note_at_points(const struct question *q, const struct cover_seg *s, struct cover_result *res)
{
	note_rule(res, s->rule);
	for (int i = 0; i < POINTS && !res->differs; i++)
		if (decider_at(q, point_of(q, i), s->first, true) == s->rule) {
			note_decider(q->c, q, res, s->rule, point_of(q, i), s->first);
			return;
		}
}

/* Where others hold a prefix, and more than that lie within it, a few addresses are tried. */
#define INSIDE_MAX 64

static bool
decide(const struct question *q, const struct painting *p, struct cover_result *res)
{
	struct portset left = left_over(p);
	bool differs = false;
	uint32_t inside;

	if (q->c->work > COVER_WORK || (!portset_is_empty(&left) && (!enough_inside(q) ||
	    some_point_free(q, left.v[0].first))))
		return false;
	for (uint32_t i = 0; i < p->s.v.n; i++)
		differs |= q->c->rules[p->s.v.v[i].rule].rule->action !=
		    q->c->rules[q->rule].rule->action;
	inside = count_inside(q);
	if (!portset_is_empty(&left) || (inside && inside <= INSIDE_MAX))
		return decided_everywhere(q, &p->s, res);
	for (uint32_t i = 0; i < p->s.v.n; i++)
		if (inside && differs)
			note_at_points(q, &p->s.v.v[i], res);
		else
			note_decider(q->c, q, res, p->s.v.v[i].rule, q->remote.a, p->s.v.v[i].first);
	return true;
}

static bool
ask_family(const struct question *q, struct cover_result *res)
{
	struct painting p = { .q = q };
	bool decided;

	each_holder(q, paint_pair, &p);
	paint(&p);
	decided = decide(q, &p, res);
	arena_reset(&q->c->scratch);
	return decided;
}

/* The families a remote end may have: both, for an atom, unless the protocol has one. */
static unsigned
families(const struct cover_remote *r, enum lang_proto proto, unsigned out[2])
{
	unsigned n = 0;

	if (r->fam) {
		out[n++] = r->fam;
		return n;
	}
	if (proto != LANG_ICMP6)
		out[n++] = NET_V4;
	if (proto != LANG_ICMP)
		out[n++] = NET_V6;
	return n;
}

static bool
each_question(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items,
    bool (*fn)(const struct question *q, void *context), void *context)
{
	for (uint32_t u = c->first_use[dir][rule]; u < c->first_use[dir][rule + 1]; u++) {
		const struct cover_pair *p = &c->pairs[c->use_pair[u]];
		unsigned fams[2];
		unsigned n = families(&p->remote, (enum lang_proto)c->rules[rule].rule->proto, fams);

		for (unsigned i = 0; i < n; i++) {
			struct question q = {
				.c = c, .rule = rule, .dir = dir, .items = items,
				.atom = c->buckets.v[p->bucket].atom, .remote = p->remote,
				.remote_atom = COVER_NONE,
			};

			if (p->remote.fam == 0) {
				q.remote_atom = (uint32_t)p->remote.a.lo;
				q.remote = (struct cover_remote){ family_first(fams[i]),
					(uint8_t)fams[i], fams[i] == NET_V4 ? NET_V4_BASE : 0 };
			}
			if (!fn(&q, context))
				return false;
		}
	}
	return true;
}

static bool
ask_one(const struct question *q, void *context)
{
	return ask_family(q, context);
}

bool
cover_ask(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items,
    struct cover_result *res)
{
	if (c->first_use[dir][rule] == c->first_use[dir][rule + 1])
		return false;
	return each_question(c, rule, dir, items, ask_one, res);
}

/* --- meeting -------------------------------------------------------------------------- */

struct meeting {
	const struct question *q;
	cover_fn *fn;
	void *context;
};

static bool
meet_pair(void *context, struct cover_pair *pair)
{
	const struct meeting *m = context;
	const struct portset *items = m->q->items;
	unsigned shown = 0;

	for (uint32_t i = 0; i < items->n; i++)
		for (uint32_t k = seg_from(pair, items->v[i].first);
		    k < pair->n && pair->seg[k].first <= items->v[i].last && shown < 4; k++) {
			const uint32_t both[2] = { pair->seg[k].rule, pair->seg[k].other };

			for (int b = 0; b < 2; b++)
				if (both[b] != COVER_NONE && both[b] != m->q->rule && ++shown &&
				    m->fn(m->context, both[b]))
					return true;
		}
	return false;
}

static bool
meet_one(const struct question *q, void *context)
{
	struct meeting *m = context;

	m->q = q;
	return !each_holder(q, meet_pair, m);
}

bool
cover_each(struct cover *c, uint32_t rule, enum lang_side dir, cover_fn *fn, void *context)
{
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, c->rules[rule].rule);
	struct meeting m = { .fn = fn, .context = context };
	bool stopped = !each_question(c, rule, dir, &items, meet_one, &m);

	arena_free(&arena);
	return stopped;
}
