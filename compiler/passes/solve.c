/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The shortest list for one function over another (ortc.h).
 *
 * Both are runs of addresses in order, so what is to be said where is one walk over
 * them, and already in the order that ortc.h wants.  Each pair is counted once.
 */
#include "share_int.h"

#define KNOWN_MAX 64            /* functions of which all pairs are kept */

struct labels {
	struct arena *arena;            /* the context's `each` */
	unsigned fam;
	enum outcome rest;
	VEC(struct ortc_prefix) list;
};

static struct pieces
make_pieces(struct arena *a, const struct function *f)
{
	uint32_t at[OUT_DEFAULT] = { 0 };
	struct pieces out = { 0 };

	for (;;) {
		int first = -1;

		for (int o = 0; o < OUT_DEFAULT; o++)
			if (at[o] < f->set[o].n && (first < 0 || addr_less(f->set[o].v[at[o]].first,
			    f->set[first].v[at[first]].first)))
				first = o;
		if (first < 0)
			return out;
		*vec_push(a, &out.list) = (struct piece){ f->set[first].v[at[first]],
			(uint8_t)first };
		at[first]++;
	}
}

/* Kept where there are few functions, which are looked at again and again. */
struct pieces
share_pieces(struct problem *pb, uint32_t number)
{
	struct function *f;

	if (number == SHARE_NONE)
		return (struct pieces){ 0 };
	f = &pb->functions.v[number];
	if (pb->functions.n > KNOWN_MAX)
		return make_pieces(&pb->ps->each, f);
	if (f->pieces.list.n == 0)
		f->pieces = make_pieces(pb->scratch, f);
	return f->pieces;
}

static void
add_label(struct labels *out, struct addr_range r, unsigned want, unsigned fall)
{
	struct pset one = { &r, 1, 1, (uint8_t)out->fam };
	struct ortc_label label = { (uint8_t)(want == OUT_DEFAULT ? out->rest : want),
		(uint8_t)(fall == OUT_DEFAULT ? out->rest : fall) };
	struct prefix p;

	for (struct pset_walk w = pset_walk(&one); pset_walk_next(&w, &p);)
		*vec_push(out->arena, &out->list) = (struct ortc_prefix){ p, label };
}

unsigned
pieces_outcome(struct pieces_walk *w, struct addr at, unsigned fam, struct addr *last)
{
	while (w->n && addr_less(w->v->at.last, at)) {
		w->v++;
		w->n--;
	}
	if (w->n == 0) {
		*last = family_last(fam);
		return OUT_DEFAULT;
	}
	if (addr_less(at, w->v->at.first)) {
		*last = addr_prev(w->v->at.first);
		return OUT_DEFAULT;
	}
	*last = w->v->at.last;
	return w->v->outcome;
}

static void
add_labels(struct labels *out, struct pieces f, struct pieces base)
{
	struct pieces_walk x = { f.list.v, f.list.n }, y = { base.list.v, base.list.n };
	struct addr_range r = { family_first(out->fam), { 0, 0 } };
	struct addr end = family_last(out->fam), other;

	for (;; r.first = addr_next(r.last)) {
		unsigned want = pieces_outcome(&x, r.first, out->fam, &r.last);
		unsigned fall = pieces_outcome(&y, r.first, out->fam, &other);

		if (addr_less(other, r.last))
			r.last = other;
		if (want != OUT_DEFAULT || fall != OUT_DEFAULT)
			add_label(out, r, want, fall);
		if (addr_eq(r.last, end))
			return;
	}
}

static struct labels
labels_of(struct problem *pb, uint32_t f, uint32_t base)
{
	struct labels out = { .arena = &pb->ps->each, .fam = pb->fam,
		.rest = pb->side == LANG_TO ? OUT_BLOCK : OUT_DEFAULT };

	add_labels(&out, share_pieces(pb, f), share_pieces(pb, base));
	return out;
}

static uint64_t
count(struct problem *pb, uint32_t f, uint32_t base)
{
	struct labels l = labels_of(pb, f, base);
	struct ortc_label rest = { (uint8_t)l.rest, (uint8_t)l.rest };
	uint64_t n = ortc_count(l.list.v, l.list.n, pb->fam, rest);

	arena_reset(&pb->ps->each);
	return n;
}

uint64_t
share_count(struct problem *pb, uint32_t f, uint32_t base)
{
	uint32_t n = pb->functions.n, *known;
	uint64_t lines;

	if (n > KNOWN_MAX)
		return count(pb, f, base);
	if (!pb->known) {
		size_t size = n * (n + 1) * sizeof(*pb->known);

		pb->known = memset(arena_alloc(pb->scratch, size), 0xff, size);
	}
	known = &pb->known[f * (n + 1) + (base == SHARE_NONE ? n : base)];
	if (*known != UINT32_MAX)
		return *known < UINT32_MAX - 1 ? *known : ORTC_NEVER;
	lines = count(pb, f, base);
	*known = lines < UINT32_MAX - 1 ? (uint32_t)lines : UINT32_MAX - 1;
	return lines;
}

void
share_solve(struct problem *pb, uint32_t f, uint32_t base, struct ortc_lines *lines)
{
	struct labels l = labels_of(pb, f, base);
	struct ortc_label rest = { (uint8_t)l.rest, (uint8_t)l.rest };

	ortc_solve(l.arena, l.list.v, l.list.n, pb->fam, rest, l.arena, lines);
}
