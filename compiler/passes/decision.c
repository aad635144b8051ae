/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Entries of one protocol and side as a decision: intervals of numbers, and for
 * each the function from addresses to outcomes that its active entries make.
 *
 * Cost: for each different set of active entries, their address sets.  Rules can be
 * such that this is the square of their number; so there is a limit, and past it not
 * all of the decision is known.
 */
#include <stdlib.h>

#include "../base/hash.h"
#include "share_int.h"

/* --- numbers ------------------------------------------------------------------ */

struct port_range
share_item_range(enum lang_proto proto, const struct lang_item *it)
{
	if (lang_has_ports(proto))
		return (struct port_range){ it->a, it->b };
	if (it->b == LANG_ANY_CODE)
		return (struct port_range){ (uint16_t)(it->a << 8), (uint16_t)(it->a << 8 | 255) };
	return (struct port_range){ (uint16_t)(it->a << 8 | it->b),
		(uint16_t)(it->a << 8 | it->b) };
}

struct lang_item *
share_items_of(struct problem *pb, struct arena *a, const struct portset *s, uint32_t *n)
{
	VEC(struct lang_item) list = { 0 };

	*n = 0;
	if (portset_is_all(s))
		return NULL;
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t at = s->v[i].first, last = s->v[i].last;

		if (lang_has_ports(pb->proto)) {
			*vec_push(a, &list) = (struct lang_item){ (uint16_t)at, (uint16_t)last,
				at != last };
			continue;
		}
		while (at <= last) {
			bool whole = (at & 255) == 0 && at + 255 <= last;

			*vec_push(a, &list) = (struct lang_item){ (uint16_t)(at >> 8),
				whole ? LANG_ANY_CODE : (uint16_t)(at & 255), false };
			at += whole ? 256 : 1;
		}
	}
	*n = list.n;
	return list.v;
}

uint32_t
share_count_items(struct problem *pb, const struct portset *s)
{
	uint32_t n;

	share_items_of(pb, pb->scratch, s, &n);
	return n ? n : 1;
}

/* --- the decision ------------------------------------------------------------- */

enum outcome
share_outcome(const struct policy_entry *e)
{
	if (e->action == LANG_BLOCK)
		return OUT_BLOCK;
	return e->keep_state ? OUT_STATE : OUT_PASS;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Where intervals of numbers begin: 0 and behind each edge. */
static uint32_t *
cuts(struct problem *pb, uint32_t *n_out)
{
	VEC(uint32_t) cut = { 0 };
	uint32_t n = 0;

	*vec_push(pb->scratch, &cut) = 0;
	for (uint32_t i = 0; i < pb->n; i++)
		for (unsigned k = 0; k < pb->e[i].n_items; k++) {
			struct port_range r = share_item_range(pb->proto, &pb->e[i].items[k]);

			*vec_push(pb->scratch, &cut) = r.first;
			*vec_push(pb->scratch, &cut) = r.last + 1u;
		}
	if (cut.n > 1)
		qsort(cut.v, cut.n, sizeof(*cut.v), by_number);
	for (uint32_t i = 0; i < cut.n; i++)
		if (cut.v[i] < 65536 && (n == 0 || cut.v[n - 1] != cut.v[i]))
			cut.v[n++] = cut.v[i];
	*n_out = n;
	return cut.v;
}

uint32_t
share_find_cut(const uint32_t *cut, uint32_t n, uint32_t at)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (cut[mid] < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
activate(struct problem *pb, struct active *slabs, const uint32_t *cut, uint32_t n_cut,
    uint32_t entry, struct port_range r)
{
	for (uint32_t s = share_find_cut(cut, n_cut, r.first); s < n_cut && cut[s] <= r.last; s++) {
		struct active *a = &slabs[s];

		if (a->entries.n == 0 || a->entries.v[a->entries.n - 1] != entry)
			*vec_push(pb->scratch, &a->entries) = entry;
	}
}

/* The results of one set of active entries, until they are known to be new. */
struct evaluation {
	struct problem *pb;
	struct arena arena;
	struct function f;
	uint64_t ranges;                /* of all sets that were looked at */
};

/*
 * First match.  Runs of entries with one outcome count as one, but with tags,
 * where each line has its own.
 */
static void
evaluate(struct evaluation *ev, const struct active *a)
{
	struct problem *pb = ev->pb;
	struct function *f = &ev->f;
	struct pset covered = pset_none(pb->fam), run = pset_none(pb->fam);
	uint32_t n = a->entries.n, all = n;

	/* Coming in, what blocks at the end only says what the file's end says. */
	while (!pb->ps->tags && pb->side == LANG_TO && n > 0 &&
	    share_outcome(&pb->e[a->entries.v[n - 1]]) == OUT_BLOCK)
		n--;
	memset(f, 0, sizeof(*f));
	for (int o = 0; o < OUT_DEFAULT; o++)
		f->set[o] = pset_none(pb->fam);
	for (uint32_t i = 0, start; i < n;) {
		enum outcome o = share_outcome(&pb->e[a->entries.v[i]]);

		run.n = 0;
		for (start = i; i < n && share_outcome(&pb->e[a->entries.v[i]]) == o; i++) {
			const struct pset *s = &pb->addrs[a->entries.v[i]];

			if (pb->ps->tags && i > start)
				break;
			if (!pset_subset(s, &covered))
				pb->reached[a->entries.v[i]] = pb->named[a->entries.v[i]] = true;
			for (uint32_t k = 0; k < s->n; k++)
				pset_push(&ev->arena, &run, s->v[k].first, s->v[k].last);
		}
		pset_close(&run);
		pset_minus(&ev->arena, &run, &run, &covered);
		pset_union(&ev->arena, &f->set[o], &f->set[o], &run);
		pset_union(&ev->arena, &covered, &covered, &run);
		ev->ranges += covered.n + run.n + 1;
	}
	for (uint32_t i = n; i < all; i++)
		if (!pset_subset(&pb->addrs[a->entries.v[i]], &covered))
			pb->named[a->entries.v[i]] = true;
	/* Coming in, everything else is blocked anyway. */
	if (pb->side == LANG_TO)
		f->set[OUT_BLOCK].n = 0;
}

static uint64_t
hash_function(const struct function *f)
{
	uint64_t h = 0;

	for (int o = 0; o < OUT_DEFAULT; o++) {
		h = (h + f->set[o].n + 1) * 0x9e3779b97f4a7c15;
		for (uint32_t i = 0; i < f->set[o].n; i++) {
			const struct addr_range *r = &f->set[o].v[i];

			h = (h ^ r->first.hi ^ r->last.lo) * 0x9e3779b97f4a7c15;
			h = (h ^ h >> 32 ^ r->first.lo ^ r->last.hi) * 0x9e3779b97f4a7c15;
		}
	}
	return h;
}

static bool
same_function(const struct function *f, const struct function *g)
{
	for (int o = 0; o < OUT_DEFAULT; o++)
		if (!pset_equal(&f->set[o], &g->set[o]))
			return false;
	return true;
}

/* The number of the function that was evaluated; known has the first one of each hash. */
static uint32_t
intern_function(struct evaluation *ev, struct strmap *known)
{
	struct problem *pb = ev->pb;
	uint64_t hash = hash_function(&ev->f);
	uint32_t *at = strmap_put(pb->scratch, known, arena_slice(pb->scratch,
	    (struct slice){ (const char *)&hash, sizeof(hash) }));
	struct function *f;

	for (uint32_t i = *at; i < pb->functions.n; i = pb->functions.v[i].same_hash)
		if (same_function(&pb->functions.v[i], &ev->f))
			return i;
	f = vec_push(pb->scratch, &pb->functions);
	*f = (struct function){ .same_hash = *at };
	for (int o = 0; o < OUT_DEFAULT; o++) {
		f->set[o] = pset_none(pb->fam);
		pset_copy(pb->scratch, &f->set[o], &ev->f.set[o]);
		ev->ranges += f->set[o].n;
	}
	*at = pb->functions.n - 1;
	return *at;
}

/* How many ranges may be looked at before it is given up. */
static uint64_t
limit_of(const struct problem *pb)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < pb->n; i++)
		n += pb->addrs[i].n;
	return pb->ps->limits->ranges + pb->ps->limits->ranges_each * n;
}

/* What blocks at the end, coming in, is not needed; of all else it is not known. */
static void
give_up(struct problem *pb)
{
	bool last = !pb->ps->tags && pb->side == LANG_TO;

	share_note(pb, true, "too much to decide together: only what is plain is joined or left out");
	pb->whole = false;
	for (uint32_t i = pb->n; i > 0; i--) {
		last = last && pb->e[i - 1].action == LANG_BLOCK;
		pb->reached[i - 1] = !last;
		pb->named[i - 1] = true;
	}
}

/* How often an entry lies in an interval, or more than `most`. */
static uint64_t
count_active(const struct problem *pb, const uint32_t *cut, uint32_t n, uint64_t most)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < pb->n && sum <= most; i++) {
		if (pb->e[i].all_items)
			sum += n;
		for (unsigned k = 0; k < pb->e[i].n_items; k++) {
			struct port_range r = share_item_range(pb->proto, &pb->e[i].items[k]);

			sum += share_find_cut(cut, n, r.last + 1u) - share_find_cut(cut, n, r.first);
		}
	}
	return sum;
}

uint32_t
share_slabs(struct problem *pb, uint32_t **cut, struct active **slabs)
{
	uint32_t n;

	*cut = cuts(pb, &n);
	if (count_active(pb, *cut, n, pb->ps->limits->active) > pb->ps->limits->active)
		return 0;
	*slabs = arena_zero(pb->scratch, n * sizeof(**slabs));
	for (uint32_t i = 0; i < pb->n; i++) {
		if (pset_is_empty(&pb->addrs[i]))
			continue;
		if (pb->e[i].all_items)
			activate(pb, *slabs, *cut, n, i, (struct port_range){ 0, UINT16_MAX });
		for (unsigned k = 0; k < pb->e[i].n_items; k++)
			activate(pb, *slabs, *cut, n, i,
			    share_item_range(pb->proto, &pb->e[i].items[k]));
	}
	return n;
}

void
share_note(const struct problem *pb, bool shortened, const char *text)
{
	passes_add_note(pb->ps, (struct passes_note){ "share", pb->fam, pb->side, pb->proto,
	    shortened, text });
}

void
share_decide(struct problem *pb)
{
	struct strmap by_active = { 0 }, by_content = { 0 };
	struct evaluation ev = { .pb = pb };
	struct active *slabs;
	uint32_t *cut, n_cut = share_slabs(pb, &cut, &slabs);
	uint64_t limit = limit_of(pb);

	pb->n_slabs = n_cut;
	pb->cut = cut;
	pb->slabs = slabs;
	pb->stamp = arena_zero(pb->scratch, pb->n * sizeof(*pb->stamp));
	pb->whole = true;
	if (n_cut == 0)
		give_up(pb);
	for (uint32_t s = 0; s < n_cut && pb->whole; s++) {
		struct slice key = { (const char *)slabs[s].entries.v,
			slabs[s].entries.n * sizeof(uint32_t) };
		uint32_t *at = strmap_put(pb->scratch, &by_active, key);
		uint32_t last = s + 1 < n_cut ? cut[s + 1] - 1 : UINT16_MAX;

		if (*at == UINT32_MAX) {
			evaluate(&ev, &slabs[s]);
			*at = intern_function(&ev, &by_content);
			arena_reset(&ev.arena);
		}
		portset_push(pb->scratch, &pb->functions.v[*at].items, (uint16_t)cut[s],
		    (uint16_t)last);
		if (ev.ranges > limit)
			give_up(pb);
	}
	arena_free(&ev.arena);
	for (uint32_t i = 0; i < pb->functions.n; i++) {
		portset_close(&pb->functions.v[i].items);
		pb->functions.v[i].lines_of_items =
		    share_count_items(pb, &pb->functions.v[i].items);
	}
}
