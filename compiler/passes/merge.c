/* SPDX-License-Identifier: MPL-2.0 */
/*
 * -O1: the entries of one rule and direction become one, with the smallest list
 * of prefixes that covers exactly their addresses and the smallest list of ports
 * or types.
 *
 * Within one protocol, direction, priority and action the order of lines does
 * not matter unless they carry their rule's tag: all decide the same.  With tags,
 * an entry joins an earlier one of its rule only if nothing of another rule that
 * stands between them has packets in common with it.
 */
#include <stdlib.h>

#include "../net/pset.h"
#include "passes_int.h"

/* --- addresses ---------------------------------------------------------------------- */

struct both {
	struct pset v4, v6;
	bool any;
	uint32_t n_targets;
};

static void
begin_both(struct both *b)
{
	*b = (struct both){ .v4 = pset_none(NET_V4), .v6 = pset_none(NET_V6) };
}

static void
push_entry(struct arena *a, struct both *b, const struct policy_entry *e)
{
	b->n_targets++;
	b->any |= e->any;
	for (uint32_t i = 0; i < e->n_addrs; i++) {
		if (e->addrs[i].fam == NET_V4 && e->proto != LANG_ICMP6)
			pset_push_prefix(a, &b->v4, e->addrs[i]);
		else if (e->addrs[i].fam == NET_V6 && e->proto != LANG_ICMP)
			pset_push_prefix(a, &b->v6, e->addrs[i]);
	}
}

static void
finish_both(struct arena *a, struct both *b, struct prefix **out, uint32_t *n)
{
	struct pset_walk w;
	struct prefix p;
	uint64_t total;

	*out = NULL;
	*n = 0;
	if (b->any)
		return;
	pset_close(&b->v4);
	pset_close(&b->v6);
	total = pset_prefix_count(&b->v4) + pset_prefix_count(&b->v6);
	*out = arena_alloc(a, total * sizeof(**out));
	for (w = pset_walk(&b->v4); pset_walk_next(&w, &p);)
		(*out)[(*n)++] = p;
	for (w = pset_walk(&b->v6); pset_walk_next(&w, &p);)
		(*out)[(*n)++] = p;
}

static void
set_merged(struct policy_entry *e, const struct merged *m)
{
	e->target = POLICY_MERGED;
	e->any = m->any;
	e->addrs = m->addrs;
	e->n_addrs = m->n_addrs;
	e->n_targets = m->n_targets;
	e->all_items = m->all_items;
	e->items = m->items;
	e->n_items = m->n_items;
	e->first = m->n_addrs ? m->addrs[0].a : addr_v4(0);
}

static bool
is_empty(const struct policy_entry *e)
{
	return !e->any && e->n_addrs == 0;
}

/* --- order --------------------------------------------------------------------------- */

static int
by_place(const void *a, const void *b)
{
	const struct policy_entry *x = a, *y = b;
	int c;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	c = addr_cmp(x->first, y->first);
	return c ? c : uuid_cmp(x->rule->uuid, y->rule->uuid);
}

/* --- without tags: all of a rule and side -------------------------------------------- */

/*
 * The entries of one rule and side are the same whatever the VM, but may stand
 * several times when several targets name it; so the first VM's are merged and
 * kept.
 */
static void
merge_rule(struct passes *ps, const struct policy_entry *e, uint32_t n, struct merged *m)
{
	struct both b;

	begin_both(&b);
	for (uint32_t i = 0; i < n; i++)
		push_entry(&ps->scratch, &b, &e[i]);
	m->done = true;
	m->any = b.any;
	m->n_targets = n / e->times;
	finish_both(ps->keep, &b, &m->addrs, &m->n_addrs);
	m->all_items = e->all_items;
	items_shrink(ps->keep, e->proto, e->items, e->n_items, &m->items, &m->n_items);
	arena_reset(&ps->scratch);
}

static int
by_rule(const void *a, const void *b)
{
	const struct policy_entry *const *x = a, *const *y = b;

	if ((*x)->number != (*y)->number)
		return (*x)->number < (*y)->number ? -1 : 1;
	if ((*x)->side != (*y)->side)
		return (int)(*x)->side - (int)(*y)->side;
	return *x < *y ? -1 : *x > *y;
}

static void
merge_all(struct passes *ps, struct policy *p)
{
	uint32_t n = p->entries.n, kept = 0;
	const struct policy_entry **order = arena_alloc(ps->arena, n * sizeof(*order));
	struct policy_entry *run = arena_alloc(ps->arena, n * sizeof(*run)), *out;

	for (uint32_t i = 0; i < n; i++)
		order[i] = &p->entries.v[i];
	qsort(order, n, sizeof(*order), by_rule);
	out = arena_alloc(ps->arena, n * sizeof(*out));
	for (uint32_t i = 0, k; i < n; i = k) {
		const struct policy_entry *e = order[i];
		struct merged *m = &ps->merged[e->number][e->side];

		for (k = i; k < n && order[k]->number == e->number && order[k]->side == e->side; k++)
			run[k - i] = *order[k];
		if (!m->done)
			merge_rule(ps, run, k - i, m);
		out[kept] = *e;
		set_merged(&out[kept], m);
		if (!is_empty(&out[kept]))
			kept++;
	}
	qsort(out, kept, sizeof(*out), by_place);
	p->entries.v = out;
	p->entries.n = p->entries.cap = kept;
}

/* --- with tags ------------------------------------------------------------------------ */

/* An entry being gathered, at its place in the order. */
struct open {
	struct policy_entry entry;
	struct both set;
	VEC(struct policy_entry *) parts;
};

static bool
addrs_overlap(const struct policy_entry *x, const struct policy_entry *y)
{
	if (x->any || y->any)
		return true;
	for (uint32_t i = 0; i < x->n_addrs; i++)
		for (uint32_t k = 0; k < y->n_addrs; k++)
			if (prefix_contains(x->addrs[i], y->addrs[k]) ||
			    prefix_contains(y->addrs[k], x->addrs[i]))
				return true;
	return false;
}

static bool
may_join(struct open *opens, uint32_t at, uint32_t n, const struct policy_entry *e)
{
	for (uint32_t i = at + 1; i < n; i++) {
		if (!items_overlap(&opens[i].entry, e))
			continue;
		for (uint32_t k = 0; k < opens[i].parts.n; k++)
			if (addrs_overlap(opens[i].parts.v[k], e))
				return false;
	}
	return true;
}

static int
by_addrs(const void *a, const void *b)
{
	const struct policy_entry *x = a, *y = b;

	for (uint32_t i = 0; i < x->n_addrs && i < y->n_addrs; i++) {
		int c = prefix_cmp(x->addrs[i], y->addrs[i]);

		if (c)
			return c;
	}
	return x->n_addrs < y->n_addrs ? -1 : x->n_addrs > y->n_addrs;
}

/* Entries of one rule that stand in one place come in the order of the VMs; here in none. */
static struct policy_entry *
without_vm_order(struct passes *ps, const struct policy *p)
{
	struct policy_entry *e = arena_alloc(ps->arena, p->entries.n * sizeof(*e));

	memcpy(e, p->entries.v, p->entries.n * sizeof(*e));
	for (uint32_t i = 0, k; i < p->entries.n; i = k) {
		for (k = i + 1; k < p->entries.n && e[k].number == e[i].number &&
		    e[k].rank == e[i].rank && addr_cmp(e[k].first, e[i].first) == 0; k++)
			;
		if (k - i > 1)
			qsort(e + i, k - i, sizeof(*e), by_addrs);
	}
	return e;
}

static bool
same_block(const struct policy_entry *x, const struct policy_entry *y)
{
	return policy_standing(x) == policy_standing(y);
}

static void
merge_tagged(struct passes *ps, struct policy *p)
{
	struct open *opens = arena_alloc(ps->arena, p->entries.n * sizeof(*opens));
	struct policy_entry *out = arena_alloc(ps->arena, p->entries.n * sizeof(*out));
	struct policy_entry *entries = without_vm_order(ps, p);
	uint32_t n = 0, block = 0, kept = 0;

	for (uint32_t i = 0; i < p->entries.n; i++) {
		struct policy_entry *e = &entries[i];
		uint32_t at;

		if (block < n && !same_block(&opens[block].entry, e))
			block = n;
		for (at = n; at > block; at--)
			if (opens[at - 1].entry.number == e->number)
				break;
		if (at == block || !may_join(opens, at - 1, n, e)) {
			memset(&opens[n], 0, sizeof(*opens));
			opens[n].entry = *e;
			begin_both(&opens[n].set);
			at = ++n;
		}
		push_entry(ps->arena, &opens[at - 1].set, e);
		*vec_push(ps->arena, &opens[at - 1].parts) = e;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct merged m = { .any = opens[i].set.any,
			.n_targets = opens[i].set.n_targets / opens[i].entry.times,
			.all_items = opens[i].entry.all_items };

		finish_both(ps->arena, &opens[i].set, &m.addrs, &m.n_addrs);
		items_shrink(ps->arena, opens[i].entry.proto, opens[i].entry.items,
		    opens[i].entry.n_items, &m.items, &m.n_items);
		out[kept] = opens[i].entry;
		set_merged(&out[kept], &m);
		if (!is_empty(&out[kept]))
			kept++;
	}
	p->entries.v = out;
	p->entries.n = p->entries.cap = kept;
}

void
pass_merge(struct passes *ps, struct policy *p)
{
	if (p->entries.n == 0)
		return;
	if (ps->tags)
		merge_tagged(ps, p);
	else
		merge_all(ps, p);
	passes_leave_added(ps, p);
}
