/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ipf takes a quick line whose state cannot be added for one that did not match
 * (spec 3).  So a block line keeps no state, where it means nothing; and a pass
 * line of ICMP keeps it only for the types that can have one.  What remains of
 * such a line follows it without state.
 */
#include "passes_int.h"

static const uint8_t stateful[2][4] = { { 8, 13, 15, 17 }, { 128, 130, 139, 0 } };

/* Adds a copy of e with these items, if there are any. */
static void
add_part(struct passes *ps, struct policy *out, const struct policy_entry *e,
    const struct lang_item *items, uint32_t n, bool all, bool state)
{
	struct policy_entry *part;

	if (n == 0 && !all)
		return;
	part = vec_push(ps->arena, &out->entries);
	*part = *e;
	part->keep_state = state;
	part->all_items = all;
	part->n_items = (uint16_t)n;
	part->items = n ? memcpy(arena_alloc(ps->arena, n * sizeof(*items)), items,
	    n * sizeof(*items)) : NULL;
}

static void
split(struct passes *ps, struct policy *out, const struct policy_entry *e)
{
	struct lang_item *with = arena_alloc(ps->arena, (e->n_items + 4u) * sizeof(*with));
	struct lang_item *without = arena_alloc(ps->arena, (e->n_items + 1u) * sizeof(*without));
	const uint8_t *types = stateful[e->proto == LANG_ICMP6];
	uint32_t n_with = 0, n_without = 0;

	if (e->all_items) {
		for (unsigned i = 0; i < 4 && types[i]; i++)
			with[n_with++] = (struct lang_item){ types[i], LANG_ANY_CODE, false };
	}
	for (unsigned i = 0; i < e->n_items; i++)
		if (policy_icmp_state(e->proto, e->items[i].a))
			with[n_with++] = e->items[i];
		else
			without[n_without++] = e->items[i];
	add_part(ps, out, e, with, n_with, false, true);
	add_part(ps, out, e, without, n_without, e->all_items, false);
}

void
pass_state(struct passes *ps, struct policy *p)
{
	struct policy out = { .vm = p->vm };

	for (uint32_t i = 0; i < p->entries.n; i++) {
		const struct policy_entry *e = &p->entries.v[i];

		if (e->keep_state && e->action == LANG_ALLOW && lang_has_types(e->proto))
			split(ps, &out, e);
		else
			add_part(ps, &out, e, e->items, e->n_items, e->all_items,
			    e->keep_state && e->action == LANG_ALLOW);
	}
	p->entries.v = out.entries.v;
	p->entries.n = out.entries.n;
	p->entries.cap = out.entries.cap;
}
