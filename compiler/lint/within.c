/* SPDX-License-Identifier: MPL-2.0 */
/* Whether all that one rule is about is what another is about (cover.h). */
#include "../net/pset.h"
#include "cover.h"

static bool
atoms_within(const struct cover *c, const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct cover_atom *atom = &c->atoms.v[a[i]];
		bool found = false;

		for (unsigned w = 0; w < atom->n_within && !found; w++)
			for (uint32_t k = 0; k < m && !found; k++)
				found = atom->within[w] == b[k];
		if (!found)
			return false;
	}
	return true;
}

static struct pset
side_set(struct arena *arena, const struct rule *r, enum lang_side side, unsigned fam)
{
	const struct rule_side *s = &r->side[side];
	struct pset set = pset_none((enum net_family)fam);

	if ((r->proto == LANG_ICMP && fam == NET_V6) || (r->proto == LANG_ICMP6 && fam == NET_V4))
		return set;
	if (s->any)
		pset_push(arena, &set, family_first(fam), family_last(fam));
	for (unsigned i = 0; i < s->n_ips; i++)
		if (s->ips[i].fam == fam)
			pset_push_prefix(arena, &set, s->ips[i]);
	for (unsigned i = 0; i < s->n_subnets; i++)
		if (s->subnets[i].fam == fam)
			pset_push_prefix(arena, &set, s->subnets[i]);
	pset_close(&set);
	return set;
}

static bool
remotes_within(struct cover *c, struct arena *arena, const struct rule *a, const struct rule *b,
    enum lang_side side)
{
	uint32_t x[LANG_MAX_TARGETS], y[LANG_MAX_TARGETS];
	uint32_t n = cover_atoms(c, a, side, x), m = cover_atoms(c, b, side, y);
	bool all = true;

	for (unsigned fam = NET_V4; fam <= NET_V6; fam += NET_V6 - NET_V4) {
		struct pset p = side_set(arena, a, side, fam), q = side_set(arena, b, side, fam);

		if (!pset_subset(&p, &q))
			return false;
		if ((a->proto == LANG_ICMP && fam == NET_V6) ||
		    (a->proto == LANG_ICMP6 && fam == NET_V4))
			continue;
		all = all && pset_is_all(&q);
	}
	return all || atoms_within(c, x, n, y, m);
}

bool
cover_within(struct cover *c, uint32_t a, uint32_t b, enum lang_side dir)
{
	const struct rule *r = c->rules[a].rule, *s = c->rules[b].rule;
	uint32_t x[LANG_MAX_TARGETS], y[LANG_MAX_TARGETS];
	uint32_t n = cover_atoms(c, r, dir, x), m = cover_atoms(c, s, dir, y);
	struct arena arena = { 0 };
	struct portset p = lint_items(&arena, r), q = lint_items(&arena, s);
	bool within = r->proto == s->proto && portset_subset(&p, &q) &&
	    atoms_within(c, x, n, y, m) && remotes_within(c, &arena, r, s, !dir);

	arena_free(&arena);
	return within;
}
