/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The sweep.  Both axes are treated alike: a key is an address of a small number.
 *
 * The set across the sweep is known by a sum: that of f(hi + 1) - f(lo) over its
 * intervals, f being a keyed hash.  Where two intervals meet, the middle terms
 * cancel, so equal sets have equal sums however they are cut; and that two others
 * have equal sums of 128 bits does not happen.
 */
#include "join.h"

#include <stdlib.h>

#include "../base/hash.h"

enum axis { ADDRS, KEYS };

struct box {
	struct addr lo[2], hi[2];       /* by enum axis */
	uint32_t before, behind;        /* among those that the sweep is in; NONE: the end */
};

#define NONE UINT32_MAX

struct edge {
	struct addr at;                 /* for an end the first place behind it */
	uint32_t box;
	bool end;
};

struct sum {
	uint64_t half[2];
};

struct class {
	struct pset along, across;
};

struct sweep {
	struct arena *arena;
	struct box *box;
	uint32_t n;
	enum axis along, across;
	uint32_t active;                /* the first of them */
	struct sum sum;
	struct strmap known;            /* sum -> class */
	VEC(struct class) classes;
	size_t ranges;                  /* of all classes, before neighbours are joined */
};

/* --- sums -------------------------------------------------------------------------------- */

/* end: at is the last place, and what is meant is the one behind it. */
static struct sum
place_sum(struct addr at, bool end)
{
	struct {
		struct addr at;
		uint64_t lane;
	} key = { addr_next(at), 0 };
	struct sum s;
	bool wrapped = end && addr_eq(key.at, (struct addr){ 0, 0 });

	if (!end)
		key.at = at;
	for (int i = 0; i < 2; i++) {
		key.lane = (uint64_t)i << 1 | wrapped;
		s.half[i] = hash_bytes(&key, sizeof(key));
	}
	return s;
}

static void
add_sum(struct sweep *s, const struct box *b, bool remove)
{
	struct sum lo = place_sum(b->lo[s->across], false), hi = place_sum(b->hi[s->across], true);

	for (int i = 0; i < 2; i++) {
		uint64_t d = hi.half[i] - lo.half[i];

		s->sum.half[i] += remove ? -d : d;
	}
}

/* --- the sweep --------------------------------------------------------------------------- */

static void
take_edge(struct sweep *s, const struct edge *e)
{
	struct box *b = &s->box[e->box];

	add_sum(s, b, e->end);
	if (!e->end) {
		b->before = NONE;
		b->behind = s->active;
		if (s->active != NONE)
			s->box[s->active].before = e->box;
		s->active = e->box;
		return;
	}
	if (b->before != NONE)
		s->box[b->before].behind = b->behind;
	else
		s->active = b->behind;
	if (b->behind != NONE)
		s->box[b->behind].before = b->before;
}

static void
add_stretch(struct sweep *s, struct addr lo, struct addr hi)
{
	struct slice sum = { (const char *)&s->sum, sizeof(s->sum) };
	const uint32_t *known = strmap_get(&s->known, sum);
	uint32_t at = known ? *known : s->classes.n;
	struct class *c;

	if (!known) {
		*strmap_put(s->arena, &s->known, arena_slice(s->arena, sum)) = at;
		c = vec_push(s->arena, &s->classes);
		/* The family counts for prefixes only. */
		*c = (struct class){ pset_none(NET_V6), pset_none(NET_V6) };
		for (uint32_t i = s->active; i != NONE && s->ranges <= JOIN_MAX;
		    i = s->box[i].behind, s->ranges++)
			pset_push(s->arena, &c->across, s->box[i].lo[s->across],
			    s->box[i].hi[s->across]);
		pset_close(&c->across);
	}
	c = &s->classes.v[at];
	pset_push(s->arena, &c->along, lo, hi);
	s->ranges++;
}

static int
by_place(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	int c = addr_cmp(x->at, y->at);

	if (c)
		return c;
	return x->box < y->box ? -1 : x->box > y->box;
}

/* False if the result would be too large. */
static bool
sweep(struct sweep *s)
{
	struct edge *edge = arena_alloc(s->arena, 2 * (size_t)s->n * sizeof(*edge));
	struct addr top = { UINT64_MAX, UINT64_MAX };
	uint32_t n = 0, k;

	for (uint32_t i = 0; i < s->n; i++) {
		struct addr hi = s->box[i].hi[s->along];

		edge[n++] = (struct edge){ s->box[i].lo[s->along], i, false };
		if (!addr_eq(hi, top))
			edge[n++] = (struct edge){ addr_next(hi), i, true };
	}
	if (n)
		qsort(edge, n, sizeof(*edge), by_place);
	s->active = NONE;
	for (uint32_t i = 0; i < n; i = k) {
		for (k = i; k < n && addr_eq(edge[k].at, edge[i].at); k++)
			take_edge(s, &edge[k]);
		if (s->active != NONE)
			add_stretch(s, edge[i].at, k < n ? addr_prev(edge[k].at) : top);
		if (s->ranges > JOIN_MAX)
			return false;
	}
	for (uint32_t i = 0; i < s->classes.n; i++)
		pset_close(&s->classes.v[i].along);
	return true;
}

/* --- the result -------------------------------------------------------------------------- */

static uint64_t
to_product(struct arena *arena, enum net_family fam, const struct pset *addrs,
    const struct pset *keys, struct join *out)
{
	struct join_product *p = vec_push(arena, &out->list);

	*p = (struct join_product){ .addrs = *addrs };
	p->addrs.fam = (uint8_t)fam;
	for (uint32_t i = 0; i < keys->n; i++)
		portset_push(arena, &p->keys, (uint16_t)keys->v[i].first.lo,
		    (uint16_t)keys->v[i].last.lo);
	return pset_prefix_count(&p->addrs) + p->keys.n;
}

static bool
join_along(struct arena *arena, enum net_family fam, struct box *box, uint32_t n,
    enum axis along, struct join *out, uint64_t *size)
{
	struct sweep s = { .arena = arena, .box = box, .n = n, .along = along,
		.across = along == ADDRS ? KEYS : ADDRS };
	bool good = sweep(&s);

	*size = 0;
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < s.classes.n && good; i++) {
		const struct class *c = &s.classes.v[i];

		*size += to_product(arena, fam, along == ADDRS ? &c->along : &c->across,
		    along == ADDRS ? &c->across : &c->along, out);
	}
	return good;
}

static void
one_by_one(struct arena *arena, enum net_family fam, const struct join_rect *rects, uint32_t n,
    struct join *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < n; i++) {
		struct join_product *p = vec_push(arena, &out->list);

		*p = (struct join_product){ .addrs = pset_none(fam) };
		pset_push(arena, &p->addrs, rects[i].lo, rects[i].hi);
		portset_push(arena, &p->keys, rects[i].klo, rects[i].khi);
	}
}

static int
by_first(const void *a, const void *b)
{
	const struct join_product *x = a, *y = b;

	if (x->keys.v[0].first != y->keys.v[0].first)
		return x->keys.v[0].first < y->keys.v[0].first ? -1 : 1;
	return addr_cmp(x->addrs.v[0].first, y->addrs.v[0].first);
}

void
join_rects(struct arena *arena, enum net_family fam, const struct join_rect *rects, uint32_t n,
    struct join *out)
{
	struct box *box = arena_alloc(arena, n * sizeof(*box));
	struct join by[2];
	uint64_t size[2];
	bool good[2];

	for (uint32_t i = 0; i < n; i++)
		box[i] = (struct box){
			{ rects[i].lo, { 0, rects[i].klo } }, { rects[i].hi, { 0, rects[i].khi } },
			NONE, NONE,
		};
	for (int along = ADDRS; along <= KEYS; along++)
		good[along] = join_along(arena, fam, box, n, (enum axis)along, &by[along],
		    &size[along]);
	if (good[KEYS] && (!good[ADDRS] || size[KEYS] <= size[ADDRS]))
		*out = by[KEYS];
	else if (good[ADDRS])
		*out = by[ADDRS];
	else
		one_by_one(arena, fam, rects, n, out);
	if (out->list.n)
		qsort(out->list.v, out->list.n, sizeof(*out->list.v), by_first);
}
