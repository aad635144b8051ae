/* SPDX-License-Identifier: MPL-2.0 */
/* Whether all that one rule is about is what another is about (cover.h). */
#include "cover.h"

/* Classes are in order, and each stands for itself. */
static bool
classes_within(const struct cover_list *a, const struct cover_list *b)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		while (k < b->n && b->v[k] < a->v[i])
			k++;
		if (k == b->n || b->v[k] != a->v[i])
			return false;
	}
	return true;
}

static bool
atoms_within(const struct cover *c, const struct cover_list *a, const struct cover_list *b)
{
	if (c->real)
		return classes_within(a, b);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct cover_atom *atom = &c->atoms.v[a->v[i]];
		bool found = false;

		for (unsigned w = 0; w < atom->n_within && !found; w++)
			for (uint32_t k = 0; k < b->n && !found; k++)
				found = atom->within[w] == b->v[k];
		if (!found)
			return false;
	}
	return true;
}

static struct pset
side_set(struct arena *arena, const struct cover_side *s, unsigned fam)
{
	struct pset set = pset_none((enum net_family)fam);

	for (uint32_t i = 0; i < s->n_nets; i++)
		if (s->nets[i].fam == fam)
			pset_push_prefix(arena, &set, s->nets[i]);
	pset_close(&set);
	return set;
}

static bool
remotes_within(const struct cover *c, struct arena *arena, const struct cover_side *a,
    const struct cover_side *b, unsigned proto)
{
	bool all = true;

	for (unsigned fam = NET_V4; fam <= NET_V6; fam += NET_V6 - NET_V4) {
		struct pset p = side_set(arena, a, fam), q = side_set(arena, b, fam);

		if (!pset_subset(&p, &q))
			return false;
		if ((proto == LANG_ICMP && fam == NET_V6) || (proto == LANG_ICMP6 && fam == NET_V4))
			continue;
		all = all && pset_is_all(&q);
	}
	return all || c->real || atoms_within(c, &a->atoms, &b->atoms);
}

bool
cover_within(struct cover *c, uint32_t a, uint32_t b, enum lang_side dir)
{
	const struct rule *r = c->rules[a].rule, *s = c->rules[b].rule;
	struct arena arena = { 0 };
	struct portset p, q;
	bool within;

	if (r->proto != s->proto ||
	    !atoms_within(c, &c->side[dir][a].atoms, &c->side[dir][b].atoms))
		return false;
	p = lint_items(&arena, r);
	q = lint_items(&arena, s);
	within = portset_subset(&p, &q) &&
	    remotes_within(c, &arena, &c->side[!dir][a], &c->side[!dir][b], r->proto);
	arena_free(&arena);
	return within;
}
