/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which rules a part of a shared entry stands for.
 *
 * The entry's addresses are in order and disjoint, and so are its ports or types.
 * So a prefix, or an interval of ports, of a source meets a run of them.  Whichever
 * there are more of, addresses or ports, are taken in blocks; each block lists the
 * sources that meet it, up to MANY.  A part looks through the blocks it is in and
 * keeps what it really has packets in common with; one with a full block keeps all
 * of the entry's rules.
 *
 * Time: the prefixes or intervals of the sources times the logarithm of the
 * entry's, and MANY at most for each block.
 */
#include <stdlib.h>

#include "../net/pset.h"
#include "tree_int.h"

#define BLOCK 16                /* addresses, or intervals of ports */
#define MANY 256                /* sources of a block */

struct block {
	VEC(const struct policy_entry *) source;
};

struct origin {
	struct arena *scratch;
	const struct policy_entry *e;
	enum net_family fam;
	bool by_item;                   /* blocks are of items, not of addresses */
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

/* Of ports, or of types * 256 + code. */
static void
item_ends(const struct origin *o, const struct lang_item *it, uint32_t *first, uint32_t *last)
{
	bool any_code = it->b == LANG_ANY_CODE;

	*first = it->a;
	*last = it->b;
	if (lang_has_types(o->e->proto)) {
		*first = (uint32_t)it->a << 8 | (any_code ? 0 : it->b);
		*last = (uint32_t)it->a << 8 | (any_code ? 255 : it->b);
	}
}

/* The first of the entry's items that does not end before the number. */
static uint32_t
find_item(const struct origin *o, uint32_t number)
{
	uint32_t lo = 0, hi = o->e->n_items, first, last;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		item_ends(o, &o->e->items[mid], &first, &last);
		if (last < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The source meets numbers lo to hi of what the blocks are made of; nothing if lo > hi. */
static void
add_to_blocks(struct origin *o, const struct policy_entry *source, uint32_t lo, uint32_t hi)
{
	if (lo > hi)
		return;
	for (uint32_t b = next_open(o, lo / BLOCK); b <= hi / BLOCK && b < o->n_blocks;
	    b = next_open(o, b + 1)) {
		struct block *k = &o->block[b];

		if (k->source.n && k->source.v[k->source.n - 1] == source)
			continue;
		*vec_push(o->scratch, &k->source) = source;
		if (k->source.n == MANY)
			o->next[b] = b + 1;
	}
}

static void
add_addrs(struct origin *o, const struct policy_entry *source, struct addr first,
    struct addr last)
{
	uint32_t lo = find_addr(o->e, first), hi = find_addr(o->e, last);

	/* One that starts behind the last address is not met. */
	if (hi == o->e->n_addrs || addr_less(last, prefix_first(o->e->addrs[hi]))) {
		if (hi == 0)
			return;
		hi--;
	}
	add_to_blocks(o, source, lo, hi);
}

static void
add_items(struct origin *o, const struct policy_entry *source)
{
	uint32_t first, last, own = 0, end, lo, hi;

	if (source->all_items)
		add_to_blocks(o, source, 0, o->e->n_items - 1u);
	for (unsigned i = 0; i < source->n_items; i++) {
		item_ends(o, &source->items[i], &first, &last);
		lo = find_item(o, first);
		hi = find_item(o, last);
		if (hi < o->e->n_items)
			item_ends(o, &o->e->items[hi], &own, &end);
		if (hi == o->e->n_items || own > last) {
			if (hi == 0)
				continue;
			hi--;
		}
		add_to_blocks(o, source, lo, hi);
	}
}

static void
add_source(struct origin *o, const struct policy_entry *s)
{
	if (o->by_item) {
		add_items(o, s);
		return;
	}
	if (s->any)
		add_addrs(o, s, family_first(o->fam), family_last(o->fam));
	for (uint32_t k = 0; k < s->n_addrs; k++)
		if (s->addrs[k].fam == o->fam)
			add_addrs(o, s, prefix_first(s->addrs[k]), prefix_last(s->addrs[k]));
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
	o->by_item = e->n_items > e->n_addrs;
	o->n_blocks = (o->by_item ? e->n_items : e->n_addrs) / BLOCK + 1;
	o->block = arena_zero(scratch, o->n_blocks * sizeof(*o->block));
	o->next = arena_alloc(scratch, (o->n_blocks + 1) * sizeof(*o->next));
	for (uint32_t i = 0; i <= o->n_blocks; i++)
		o->next[i] = i;
	for (uint32_t i = 0; i < e->n_sources; i++)
		add_source(o, e->sources[i]);
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

/* The block that the part's i-th address or item is in. */
static uint32_t
block_of(const struct origin *o, const struct policy_entry *part, uint32_t i)
{
	uint32_t first, last;

	if (!o->by_item)
		return find_addr(o->e, prefix_first(part->addrs[i])) / BLOCK;
	item_ends(o, &part->items[i], &first, &last);
	return find_item(o, first) / BLOCK;
}

void
origin_narrow(struct origin *o, struct arena *keep, struct policy_entry *part)
{
	struct rule_list rules = { 0 };
	uint32_t n = o->by_item ? part->n_items : part->n_addrs, b, last = UINT32_MAX;

	/* Of an entry that has all addresses, that is one block. */
	if (!o->by_item && part->any && !add_rules(o, 0, part, &rules))
		return;
	for (uint32_t i = 0; i < n; i++) {
		b = block_of(o, part, i);
		if (b != last && !add_rules(o, b, part, &rules))
			return;
		last = b;
	}
	n = 0;
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
