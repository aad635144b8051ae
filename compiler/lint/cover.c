/* SPDX-License-Identifier: MPL-2.0 */
/* Taking ports and asking whether others have them (cover.h). */
#include "cover.h"

#include <stdlib.h>

#include "../filter/region.h"

/* --- taking --------------------------------------------------------------------------- */

uint32_t
cover_seg_from(const struct cover_pair *p, unsigned port)
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

/* Have all of the ports two rules already? */
static bool
taken_twice(const struct cover_pair *p, uint32_t k, unsigned first, unsigned last)
{
	for (; k < p->n && p->seg[k].first <= first && p->seg[k].other != COVER_NONE; k++) {
		if (p->seg[k].last >= last)
			return true;
		first = p->seg[k].last + 1u;
	}
	return false;
}

static void
pair_take(struct cover *c, struct cover_pair *p, unsigned first, unsigned last, uint32_t rule)
{
	uint32_t from = cover_seg_from(p, first), to = from;
	struct segs out = { 0 };
	unsigned at = first;

	if (taken_twice(p, from, first, last))
		return;
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
	portset_add(c->arena, &p->taken, (uint16_t)first, (uint16_t)last);
}

static void
note_in_bucket(struct cover *c, struct cover_bucket *b, const struct portset *items,
    unsigned action, uint32_t level)
{
	const struct cover_atom *a = &c->atoms.v[b->atom];
	struct cover_near *near = &c->near[a->owner];
	uint32_t number = (uint32_t)(b - c->buckets.v);

	if (portset_is_empty(&b->taken[action])) {
		if (a->kind == COVER_VM)
			*vec_push(c->arena, &near->of[b->kind][action].vms) = number;
		else
			*vec_push(c->arena, &near->of[b->kind][action].others) = number;
	}
	if (b->recent_level != level)
		b->recent.n = 0;
	b->recent_level = level;
	for (uint32_t i = 0; i < items->n; i++) {
		uint16_t first = items->v[i].first, last = items->v[i].last;

		portset_add(c->arena, &b->taken[action], first, last);
		portset_add(c->arena, &b->recent, first, last);
		portset_add(c->arena, &near->of[b->kind][action].taken, first, last);
	}
}

void
cover_take(struct cover *c, uint32_t rule, enum lang_side dir, uint32_t level)
{
	const struct cover_uses *uses = &c->uses[dir][rule];
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, c->rules[rule].rule);
	uint32_t last = COVER_NONE;

	for (uint32_t u = 0; u < uses->n; u++) {
		struct cover_pair *p = &c->pairs[c->use_pair[uses->first + u]];

		for (uint32_t i = 0; i < items.n; i++)
			pair_take(c, p, items.v[i].first, items.v[i].last, rule);
		if (p->bucket != last)
			note_in_bucket(c, &c->buckets.v[p->bucket], &items, c->rules[rule].rule->action,
			    level);
		last = p->bucket;
	}
	arena_free(&arena);
}

void
cover_take_ports(struct cover *c, uint32_t rule, enum lang_side dir)
{
	const struct cover_uses *uses = &c->uses[dir][rule];
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, c->rules[rule].rule);
	uint32_t last = COVER_NONE;

	for (uint32_t u = 0; u < uses->n; u++) {
		struct cover_pair *p = &c->pairs[c->use_pair[uses->first + u]];

		for (uint32_t i = 0; i < items.n; i++)
			portset_add(c->arena, &p->taken, items.v[i].first, items.v[i].last);
		if (p->bucket != last)
			note_in_bucket(c, &c->buckets.v[p->bucket], &items, c->rules[rule].rule->action,
			    COVER_NONE);
		last = p->bucket;
	}
	arena_free(&arena);
}

void
cover_clear(struct cover *c)
{
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		c->pairs[i].n = c->pairs[i].taken.n = 0;
		c->pairs[i].mark = 0;
	}
	for (uint32_t i = 0; i < c->buckets.n; i++) {
		struct cover_bucket *b = &c->buckets.v[i];

		b->taken[0].n = b->taken[1].n = b->recent.n = 0;
		b->recent_level = COVER_NONE;
	}
	memset(c->near, 0, (c->owner_numbers.n + 1) * sizeof(*c->near));
}

/* --- holders -------------------------------------------------------------------------- */

static void
add_holder(struct cover_holders *h, struct cover_pair *p)
{
	if (p && p->taken.n)
		h->v[h->n++] = p;
}

static void
find_in_bucket(const struct cover_class *q, const struct cover_bucket *b, struct cover_holders *h)
{
	unsigned from = q->at.fam == NET_V4 ? NET_V4_BASE : 0;
	int part = q->at.fam == NET_V4 ? 1 : 2;

	for (unsigned len = from; len <= q->at.len && b->at[part] < b->at[part + 1]; len++) {
		struct cover_remote r = { addr_and(q->at.a, addr_mask(len)), q->at.fam, (uint8_t)len };

		if (b->lens[len >> 6] >> (len & 63) & 1)
			add_holder(h, cover_find_pair(q->c, b, &r));
	}
	for (uint32_t i = 0; i < q->n_far && b->at[0] < b->at[1]; i++) {
		struct cover_remote r = { { 0, q->far[i] }, 0, 0 };

		add_holder(h, cover_find_pair(q->c, b, &r));
	}
}

void
cover_find_holders(const struct cover_class *q, struct cover_holders *h)
{
	h->n = 0;
	for (uint32_t i = 0; i < q->n_near; i++) {
		const struct cover_bucket *b = cover_bucket_at(q->c, q->near[i], q->dir,
		    q->c->rules[q->rule].rule->proto);

		if (b)
			find_in_bucket(q, b, h);
	}
}

static uint32_t
other_than(const struct cover_seg *s, uint32_t rule)
{
	return s->rule != rule ? s->rule : s->other;
}

static bool
wins(const struct cover *c, uint32_t rule, uint32_t over)
{
	return rule != COVER_NONE && (over == COVER_NONE || c->rank[rule] < c->rank[over]);
}

uint32_t
cover_winner(const struct cover_class *q, const struct cover_holders *h, unsigned port,
    unsigned *end)
{
	uint32_t winner = COVER_NONE;

	for (uint32_t i = 0; i < h->n; i++) {
		const struct cover_pair *p = h->v[i];
		uint32_t k = cover_seg_from(p, port), rule;

		if (k == p->n)
			continue;
		if (p->seg[k].first > port) {
			if (p->seg[k].first - 1u < *end)
				*end = p->seg[k].first - 1u;
			continue;
		}
		if (p->seg[k].last < *end)
			*end = p->seg[k].last;
		rule = other_than(&p->seg[k], q->rule);
		if (wins(q->c, rule, winner))
			winner = rule;
	}
	return winner;
}

/* The last port of those from `port` on that are others' in a pair; below it if it is not. */
static unsigned
others_until(const struct cover_class *q, const struct cover_pair *p, unsigned port)
{
	uint32_t lo = 0, hi = p->taken.n;

	if (p->mark == q->rule + 1) {
		uint32_t k = cover_seg_from(p, port);

		return k < p->n && p->seg[k].first <= port && other_than(&p->seg[k], q->rule) !=
		    COVER_NONE ? p->seg[k].last + 1u : port;
	}
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (p->taken.v[mid].last < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->taken.n && p->taken.v[lo].first <= port ? p->taken.v[lo].last + 1u : port;
}

/* The first port of the range, from `at` on, that no holder has; behind it: none. */
static unsigned
first_free(const struct cover_class *q, const struct cover_holders *h, unsigned at, unsigned last)
{
	while (at <= last) {
		unsigned next = at;

		for (uint32_t i = 0; i < h->n && next <= last; i++) {
			unsigned until = others_until(q, h->v[i], at);

			next = until > next ? until : next;
		}
		if (next == at)
			return at;
		at = next;
	}
	return last + 1;
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

static bool
enough_inside(const struct cover_class *q)
{
	struct addr sum = { 0, 0 };
	uint32_t from, to;

	if (q->at.len == 128)
		return false;
	for (uint32_t i = 0; i < q->n_near; i++) {
		const struct cover_bucket *b = cover_bucket_at(q->c, q->near[i], q->dir,
		    q->c->rules[q->rule].rule->proto);

		if (!b)
			continue;
		cover_inner_range(q, b, &from, &to);
		if (from < to)
			sum = plus(sum, plus(minus(q->c->mass[to - 1], q->c->mass[from]),
			    cover_size(&q->c->pairs[to - 1].remote)));
	}
	return !addr_less(sum, cover_size(&q->at));
}

static int
by_source_rank(const void *x, const void *y, void *rank)
{
	const struct region_box *a = x, *b = y;
	const uint32_t *r = rank;

	return r[a->source] < r[b->source] ? -1 : r[a->source] > r[b->source];
}

/* More than those together are not laid open. */
#define BOXES_MAX 8192

static void
add_boxes(const struct cover_class *q, const struct cover_pair *p, const struct portset *items,
    struct region_list *list)
{
	struct prefix net = { p->remote.a, p->remote.len, p->remote.fam };

	if (!p->remote.fam || p->remote.len < q->at.len)
		net = (struct prefix){ q->at.a, q->at.len, q->at.fam };
	for (uint32_t i = 0; i < items->n; i++)
		for (uint32_t k = cover_seg_from(p, items->v[i].first); k < p->n &&
		    p->seg[k].first <= items->v[i].last && list->box.n <= BOXES_MAX; k++) {
			uint32_t rule = other_than(&p->seg[k], q->rule);

			if (rule != COVER_NONE)
				*vec_push(&q->c->scratch, &list->box) = (struct region_box){
					.lo = prefix_first(net), .hi = prefix_last(net),
					.klo = p->seg[k].first, .khi = p->seg[k].last,
					.outcome = rule, .source = rule,
				};
		}
}

static bool
collect_boxes(const struct cover_class *q, const struct portset *items, struct region_list *list)
{
	struct cover_holders *h = arena_alloc(&q->c->scratch, sizeof(*h));
	uint32_t from, to;

	cover_find_holders(q, h);
	for (uint32_t i = 0; i < h->n; i++)
		add_boxes(q, h->v[i], items, list);
	for (uint32_t i = 0; i < q->n_near; i++) {
		const struct cover_bucket *b = cover_bucket_at(q->c, q->near[i], q->dir,
		    q->c->rules[q->rule].rule->proto);

		if (!b)
			continue;
		cover_inner_range(q, b, &from, &to);
		if (!cover_spend(q->c, to - from))
			return false;
		for (; from < to; from++)
			add_boxes(q, &q->c->pairs[from], items, list);
	}
	return list->box.n <= BOXES_MAX &&
	    cover_spend(q->c, (uint64_t)list->box.n * (list->box.n < 256 ? list->box.n : 256));
}

enum cover_answer
cover_lay_open(const struct cover_class *q, const struct portset *items, cover_cell_fn *fn,
    void *context)
{
	struct prefix net = { q->at.a, q->at.len, q->at.fam };
	struct region_decision d = { 0 };
	struct region_list list = { 0 };
	enum cover_answer answer = COVER_YES;

	if (!collect_boxes(q, items, &list))
		return COVER_UNKNOWN;
	if (list.box.n)
		qsort_r(list.box.v, list.box.n, sizeof(*list.box.v), by_source_rank, q->c->rank);
	region_decide(&q->c->scratch, prefix_first(net), prefix_last(net), &list, &d);
	for (uint32_t i = 0; i < d.slab.n && answer == COVER_YES; i++) {
		const struct region_slab *s = &d.slab.v[i];
		struct portset keys = { 0 };

		portset_push(&q->c->scratch, &keys, s->klo, s->khi);
		portset_intersect(&q->c->scratch, &keys, &keys, items);
		for (uint32_t k = 0; k < s->n && !portset_is_empty(&keys) && answer == COVER_YES; k++)
			if (!fn(context, s->cell[k].box ? s->cell[k].box->source : COVER_NONE,
			    s->cell[k].lo, keys.v[0].first))
				answer = COVER_NO;
	}
	return answer;
}

/* --- points --------------------------------------------------------------------------- */

struct addr
cover_point(const struct cover_class *q, int i)
{
	struct addr mask = addr_mask(q->at.len);
	uint64_t mix = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1);
	struct addr host = { mix, mix * 0xbf58476d1ce4e5b9u };

	if (i < 2)
		host = i ? (struct addr){ UINT64_MAX, UINT64_MAX } : (struct addr){ 0, 0 };
	return (struct addr){ (q->at.a.hi & mask.hi) | (host.hi & ~mask.hi),
		(q->at.a.lo & mask.lo) | (host.lo & ~mask.lo) };
}

uint32_t
cover_decider(const struct cover_class *q, struct addr addr, unsigned key)
{
	struct cover_class point = *q;
	struct cover_holders h;
	unsigned end = key;

	point.at.a = addr;
	point.at.len = 128;
	cover_find_holders(&point, &h);
	return cover_winner(&point, &h, key, &end);
}

/* A few addresses answer for nearly all prefixes that are not covered. */
static bool
some_point_free(const struct cover_class *q, unsigned key)
{
	for (int i = 0; i < COVER_POINTS; i++)
		if (cover_decider(q, cover_point(q, i), key) == COVER_NONE)
			return true;
	return false;
}

/* --- asking --------------------------------------------------------------------------- */

unsigned
cover_families(const struct cover_remote *r, enum lang_proto proto, unsigned out[2])
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

void
cover_class_of(struct cover *c, uint32_t rule, enum lang_side dir, const struct cover_pair *p,
    unsigned fam, struct cover_class *q)
{
	const struct cover_atom *near = &c->atoms.v[c->buckets.v[p->bucket].atom], *far;

	q->c = c;
	q->rule = rule;
	q->dir = dir;
	q->n_near = near->n_within;
	memcpy(q->near, near->within, near->n_within * sizeof(*q->near));
	q->n_far = 0;
	q->at = p->remote;
	if (p->remote.fam == 0) {
		far = &c->atoms.v[p->remote.a.lo];
		q->n_far = far->n_within;
		memcpy(q->far, far->within, far->n_within * sizeof(*q->far));
		q->at = (struct cover_remote){ family_first(fam), (uint8_t)fam,
			fam == NET_V4 ? NET_V4_BASE : 0 };
	}
}

/* The ports that no holder has. */
static struct portset
left_over(const struct cover_class *q, const struct cover_holders *h, const struct portset *items)
{
	struct portset left = { 0 };

	for (uint32_t i = 0; i < items->n; i++) {
		unsigned at = items->v[i].first;

		while ((at = first_free(q, h, at, items->v[i].last)) <= items->v[i].last) {
			unsigned end = items->v[i].last;

			for (uint32_t k = 0; k < h->n; k++) {
				uint32_t s = cover_seg_from(h->v[k], at);

				for (; s < h->v[k]->n && h->v[k]->seg[s].first <= end; s++)
					if (other_than(&h->v[k]->seg[s], q->rule) != COVER_NONE)
						end = h->v[k]->seg[s].first - 1u;
			}
			portset_push(&q->c->scratch, &left, (uint16_t)at, (uint16_t)end);
			at = end + 1;
		}
	}
	return left;
}

static bool
is_decided(void *context, uint32_t rule, struct addr addr, unsigned key)
{
	(void)context;
	(void)addr;
	(void)key;
	return rule != COVER_NONE;
}

static enum cover_answer
ask_class(const struct cover_class *q, const struct portset *items)
{
	struct cover_holders h;
	struct portset left;
	uint32_t i = 0;

	cover_find_holders(q, &h);
	while (i < items->n && first_free(q, &h, items->v[i].first, items->v[i].last) >
	    items->v[i].last)
		i++;
	if (i == items->n)
		return COVER_YES;
	if (!enough_inside(q))
		return COVER_NO;
	left = left_over(q, &h, items);
	if (some_point_free(q, left.v[0].first))
		return COVER_NO;
	return cover_lay_open(q, &left, is_decided, NULL);
}

typedef enum cover_answer class_fn(const struct cover_class *q, const struct portset *items,
    void *context);

/* Until one is no; unknown if one is that, and none is no. */
static enum cover_answer
each_class(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items,
    class_fn *fn, void *context)
{
	const struct cover_uses *uses = &c->uses[dir][rule];
	enum cover_answer all = uses->n ? COVER_YES : COVER_NO, one;

	cover_begin(c);
	for (uint32_t u = 0; u < uses->n; u++)
		c->pairs[c->use_pair[uses->first + u]].mark = rule + 1;
	for (uint32_t u = 0; u < uses->n && all != COVER_NO; u++) {
		const struct cover_pair *p = &c->pairs[c->use_pair[uses->first + u]];
		unsigned fams[2];
		unsigned n = cover_families(&p->remote, (enum lang_proto)c->rules[rule].rule->proto,
		    fams);

		for (unsigned i = 0; i < n && all != COVER_NO; i++) {
			struct cover_class q;

			cover_class_of(c, rule, dir, p, fams[i], &q);
			one = fn(&q, items, context);
			all = one == COVER_YES ? all : one;
			arena_reset(&c->scratch);
		}
	}
	return all;
}

static enum cover_answer
ask_one(const struct cover_class *q, const struct portset *items, void *context)
{
	(void)context;
	return ask_class(q, items);
}

enum cover_answer
cover_ask(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items)
{
	return each_class(c, rule, dir, items, ask_one, NULL);
}

/* --- naming --------------------------------------------------------------------------- */

void
cover_name_rule(struct cover_result *res, uint32_t rule)
{
	for (uint32_t i = 0; i < res->n; i++)
		if (res->rules[i] == rule)
			return;
	if (res->n < COVER_RULES_MAX)
		res->rules[res->n++] = rule;
	else
		res->more = true;
}

static bool
name_cell(void *context, uint32_t rule, struct addr addr, unsigned key)
{
	struct cover_result *res = context;

	(void)addr;
	(void)key;
	if (rule != COVER_NONE)
		cover_name_rule(res, rule);
	return !res->more;
}

static enum cover_answer
name_class(const struct cover_class *q, const struct portset *items, void *context)
{
	struct cover_result *res = context;
	struct portset left = { 0 };
	struct cover_holders h;

	cover_find_holders(q, &h);
	for (uint32_t i = 0; i < items->n; i++)
		for (unsigned at = items->v[i].first; at <= items->v[i].last && !res->more;) {
			unsigned end = items->v[i].last;
			uint32_t rule = cover_winner(q, &h, at, &end);

			if (rule != COVER_NONE)
				cover_name_rule(res, rule);
			else
				portset_push(&q->c->scratch, &left, (uint16_t)at, (uint16_t)end);
			at = end + 1;
		}
	if (!portset_is_empty(&left) && !res->more)
		cover_lay_open(q, &left, name_cell, res);
	return res->more ? COVER_NO : COVER_YES;
}

void
cover_name(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items,
    struct cover_result *res)
{
	each_class(c, rule, dir, items, name_class, res);
}
