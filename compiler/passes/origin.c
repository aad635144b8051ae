/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which rules a part of a shared entry stands for.
 *
 * The entry's addresses are in order and disjoint, so a prefix of a source meets
 * a run of them.  They are taken in blocks; each block lists the sources that meet
 * it, up to MANY.  A part looks through the blocks its addresses are in and keeps
 * what it really has packets in common with; one with a full block keeps all of
 * the entry's rules.
 *
 * Time: the prefixes of the sources times the logarithm of the entry's addresses,
 * and MANY at most for each block.
 */
#include <stdlib.h>

#include "../net/pset.h"
#include "tree_int.h"

#define BLOCK 16                /* addresses */
#define MANY 256                /* sources of a block */

struct block {
	VEC(const struct policy_entry *) source;
};

struct origin {
	struct arena *scratch;
	const struct policy_entry *e;
	enum net_family fam;
	struct block *block;
	uint32_t n_blocks;
	uint32_t *next;                 /* the next block that is not full, itself included */
};

/* --- the index --------------------------------------------------------------------- */

static uint32_t
next_open(struct origin *o, uint32_t b)
{
	while (o->next[b] != b) {
		o->next[b] = o->next[o->next[b]];
		b = o->next[b];
	}
	return b;
}

/* The first of the entry's addresses that does not end before a. */
static uint32_t
find_addr(const struct policy_entry *e, struct addr a)
{
	uint32_t lo = 0, hi = e->n_addrs;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (addr_less(prefix_last(e->addrs[mid]), a))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
add_to_blocks(struct origin *o, const struct policy_entry *source, struct addr first,
    struct addr last)
{
	uint32_t lo = find_addr(o->e, first), hi = lo;

	if (lo == o->e->n_addrs || addr_less(last, prefix_first(o->e->addrs[lo])))
		return;
	hi = find_addr(o->e, last);
	if (hi == o->e->n_addrs || addr_less(last, prefix_first(o->e->addrs[hi])))
		hi--;
	for (uint32_t b = next_open(o, lo / BLOCK); b <= hi / BLOCK; b = next_open(o, b + 1)) {
		struct block *k = &o->block[b];

		if (k->source.n && k->source.v[k->source.n - 1] == source)
			continue;
		*vec_push(o->scratch, &k->source) = source;
		if (k->source.n == MANY)
			o->next[b] = b + 1;
	}
}

struct origin *
origin_new(struct arena *scratch, const struct policy_entry *e, enum net_family fam)
{
	struct origin *o;

	if (e->n_rules < 2 || !e->sources || e->any)
		return NULL;
	o = arena_zero(scratch, sizeof(*o));
	o->scratch = scratch;
	o->e = e;
	o->fam = fam;
	o->n_blocks = e->n_addrs / BLOCK + 1;
	o->block = arena_zero(scratch, o->n_blocks * sizeof(*o->block));
	o->next = arena_alloc(scratch, (o->n_blocks + 1) * sizeof(*o->next));
	for (uint32_t i = 0; i <= o->n_blocks; i++)
		o->next[i] = i;
	for (uint32_t i = 0; i < e->n_sources; i++) {
		const struct policy_entry *s = e->sources[i];

		if (s->any)
			add_to_blocks(o, s, family_first(fam), family_last(fam));
		for (uint32_t k = 0; k < s->n_addrs; k++)
			if (s->addrs[k].fam == fam)
				add_to_blocks(o, s, prefix_first(s->addrs[k]),
				    prefix_last(s->addrs[k]));
	}
	return o;
}

/* --- a part's rules ------------------------------------------------------------------ */

static bool
addrs_meet(const struct policy_entry *part, const struct policy_entry *s, enum net_family fam)
{
	if (s->any || part->any)
		return true;
	for (uint32_t i = 0; i < part->n_addrs; i++) {
		struct addr first = prefix_first(part->addrs[i]);
		struct addr last = prefix_last(part->addrs[i]);
		uint32_t lo = 0, hi = s->n_addrs;

		/* A source's addresses are in order, too, IPv4's before IPv6's. */
		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;

			if (s->addrs[mid].fam < fam || (s->addrs[mid].fam == fam &&
			    addr_less(prefix_last(s->addrs[mid]), first)))
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < s->n_addrs && s->addrs[lo].fam == fam &&
		    !addr_less(last, prefix_first(s->addrs[lo])))
			return true;
	}
	return false;
}

struct rule_list {
	VEC(const struct rule *) rule;
};

static int
by_uuid(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

/* Adds the rules of a block that have packets in common with the part; false if it is full. */
static bool
add_rules(struct origin *o, uint32_t b, const struct policy_entry *part, struct rule_list *out)
{
	const struct block *k = &o->block[b];

	for (uint32_t i = 0; i < k->source.n && k->source.n < MANY; i++)
		if (items_overlap(part, k->source.v[i]) && addrs_meet(part, k->source.v[i], o->fam))
			*vec_push(o->scratch, &out->rule) = k->source.v[i]->rule;
	return k->source.n < MANY;
}

void
origin_narrow(struct origin *o, struct arena *keep, struct policy_entry *part)
{
	struct rule_list rules = { 0 };
	uint32_t n = 0, b, last = UINT32_MAX;

	for (uint32_t i = 0; i < part->n_addrs; i++) {
		b = find_addr(o->e, prefix_first(part->addrs[i])) / BLOCK;
		if (b != last && !add_rules(o, b, part, &rules))
			return;
		last = b;
	}
	/* Of an entry with all addresses that is one block. */
	if (part->any && !add_rules(o, 0, part, &rules))
		return;
	/* Lines that no rule names, cut out of those of others: all of these are meant. */
	if (rules.rule.n == 0)
		return;
	qsort(rules.rule.v, rules.rule.n, sizeof(*rules.rule.v), by_uuid);
	for (uint32_t i = 0; i < rules.rule.n; i++)
		if (n == 0 || rules.rule.v[n - 1] != rules.rule.v[i])
			rules.rule.v[n++] = rules.rule.v[i];
	part->rules = memcpy(arena_alloc(keep, n * sizeof(*rules.rule.v)), rules.rule.v,
	    n * sizeof(*rules.rule.v));
	part->n_rules = n;
	part->rule = rules.rule.v[0];
}
