/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Entries of one protocol and side as a decision: intervals of numbers, and for
 * each the function from addresses to outcomes that its active entries make.
 *
 * Cost: for each different set of active entries, their address sets.
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
	qsort(cut.v, cut.n, sizeof(*cut.v), by_number);
	for (uint32_t i = 0; i < cut.n; i++)
		if (cut.v[i] < 65536 && (n == 0 || cut.v[n - 1] != cut.v[i]))
			cut.v[n++] = cut.v[i];
	*n_out = n;
	return cut.v;
}

struct active {
	VEC(uint32_t) entries;
};

static uint32_t
find_cut(const uint32_t *cut, uint32_t n, uint32_t at)
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
	for (uint32_t s = find_cut(cut, n_cut, r.first); s < n_cut && cut[s] <= r.last; s++) {
		struct active *a = &slabs[s];

		if (a->entries.n == 0 || a->entries.v[a->entries.n - 1] != entry)
			*vec_push(pb->scratch, &a->entries) = entry;
	}
}

/*
 * First match.  Runs of entries with one outcome count as one, but with tags,
 * where each line has its own.
 */
static void
evaluate(struct problem *pb, const struct active *a, struct function *f)
{
	struct pset covered = pset_none(pb->fam), run = pset_none(pb->fam);
	uint32_t n = a->entries.n, all = n;

	/* Coming in, what blocks at the end only says what the file's end says. */
	while (!pb->ps->tags && pb->side == LANG_TO && n > 0 &&
	    share_outcome(&pb->e[a->entries.v[n - 1]]) == OUT_BLOCK)
		n--;
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
				pset_push(pb->scratch, &run, s->v[k].first, s->v[k].last);
		}
		pset_close(&run);
		pset_minus(pb->scratch, &run, &run, &covered);
		pset_union(pb->scratch, &f->set[o], &f->set[o], &run);
		pset_union(pb->scratch, &covered, &covered, &run);
	}
	for (uint32_t i = n; i < all; i++)
		if (!pset_subset(&pb->addrs[a->entries.v[i]], &covered))
			pb->named[a->entries.v[i]] = true;
	/* Coming in, everything else is blocked anyway. */
	if (pb->side == LANG_TO)
		f->set[OUT_BLOCK].n = 0;
}

static struct slice
function_key(struct problem *pb, const struct function *f)
{
	struct buf key = { 0 };
	struct slice s;

	for (int o = 0; o < OUT_DEFAULT; o++) {
		buf_add(&key, &f->set[o].n, sizeof(f->set[o].n));
		buf_add(&key, f->set[o].v, f->set[o].n * sizeof(*f->set[o].v));
	}
	s = arena_slice(pb->scratch, buf_view(&key));
	buf_free(&key);
	return s;
}

static uint32_t
intern_function(struct problem *pb, struct strmap *known, const struct active *a)
{
	struct function f = { 0 };
	uint32_t *at;

	evaluate(pb, a, &f);
	at = strmap_put(pb->scratch, known, function_key(pb, &f));
	if (*at == UINT32_MAX) {
		*at = pb->functions.n;
		*vec_push(pb->scratch, &pb->functions) = f;
	}
	return *at;
}

void
share_decide(struct problem *pb)
{
	struct strmap by_active = { 0 }, by_content = { 0 };
	uint32_t n_cut, *cut = cuts(pb, &n_cut);
	struct active *slabs = arena_zero(pb->scratch, n_cut * sizeof(*slabs));

	for (uint32_t i = 0; i < pb->n; i++) {
		if (pset_is_empty(&pb->addrs[i]))
			continue;
		if (pb->e[i].all_items)
			activate(pb, slabs, cut, n_cut, i, (struct port_range){ 0, UINT16_MAX });
		for (unsigned k = 0; k < pb->e[i].n_items; k++)
			activate(pb, slabs, cut, n_cut, i,
			    share_item_range(pb->proto, &pb->e[i].items[k]));
	}
	for (uint32_t s = 0; s < n_cut; s++) {
		struct slice key = { (const char *)slabs[s].entries.v,
			slabs[s].entries.n * sizeof(uint32_t) };
		uint32_t *at = strmap_put(pb->scratch, &by_active, key);
		uint32_t last = s + 1 < n_cut ? cut[s + 1] - 1 : UINT16_MAX;

		if (*at == UINT32_MAX)
			*at = intern_function(pb, &by_content, &slabs[s]);
		portset_push(pb->scratch, &pb->functions.v[*at].items, (uint16_t)cut[s],
		    (uint16_t)last);
	}
	for (uint32_t i = 0; i < pb->functions.n; i++) {
		portset_close(&pb->functions.v[i].items);
		pb->functions.v[i].lines_of_items =
		    share_count_items(pb, &pb->functions.v[i].items);
	}
}
