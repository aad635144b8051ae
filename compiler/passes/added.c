/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What rules that the compiler added have decided before (rule.added): types in the
 * other rules' entries that no packet reaches.  A host that has its own rule for
 * neighbour discovery would else have lines twice, and ipf refuses the second with a
 * message.  Cost: nothing without such rules, else entries times those of them.
 */
#include "passes_int.h"

static bool
is_added(const struct policy_entry *e)
{
	return e->rule->added != NULL;
}

/* Does an entry have all addresses of another?  Both are of a protocol of one family. */
static bool
has_addrs(const struct policy_entry *over, const struct policy_entry *e)
{
	bool all = !e->any;

	if (over->any)
		return true;
	for (uint32_t i = 0; i < e->n_addrs && all; i++) {
		all = false;
		for (uint32_t k = 0; k < over->n_addrs && !all; k++)
			all = prefix_contains(over->addrs[k], e->addrs[i]);
	}
	return all;
}

static bool
has_item(const struct policy_entry *over, const struct lang_item *item)
{
	for (unsigned i = 0; i < over->n_items; i++)
		if (over->items[i].a == item->a && (over->items[i].b == LANG_ANY_CODE ||
		    over->items[i].b == item->b))
			return true;
	return over->all_items;
}

/* The items of e that an added entry leaves it; false if there are none left. */
static bool
leave(struct passes *ps, const struct policy *p, struct policy_entry *e)
{
	struct lang_item *items = arena_alloc(ps->arena, (e->n_items + 1u) * sizeof(*items));
	uint16_t n = 0;

	for (unsigned i = 0; i < e->n_items; i++) {
		bool reached = true;

		for (uint32_t k = 0; k < p->entries.n && reached; k++) {
			const struct policy_entry *over = &p->entries.v[k];

			reached = !(is_added(over) && over->proto == e->proto &&
			    over->side == e->side && has_addrs(over, e) &&
			    has_item(over, &e->items[i]));
		}
		if (reached)
			items[n++] = e->items[i];
	}
	e->items = items;
	e->n_items = n;
	return n != 0;
}

void
passes_leave_added(struct passes *ps, struct policy *p)
{
	struct policy out = { .vm = p->vm };
	bool some = false;

	for (uint32_t i = 0; i < p->entries.n; i++)
		some |= is_added(&p->entries.v[i]);
	if (!some)
		return;
	for (uint32_t i = 0; i < p->entries.n; i++) {
		struct policy_entry e = p->entries.v[i];

		if (is_added(&e) || !lang_has_types(e.proto) || e.all_items || leave(ps, p, &e))
			*vec_push(ps->arena, &out.entries) = e;
	}
	p->entries.v = out.entries.v;
	p->entries.n = out.entries.n;
	p->entries.cap = out.entries.cap;
}
