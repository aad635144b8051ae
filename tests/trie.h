/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The oracle for sets of addresses: a binary trie over 128-bit numbers that knows
 * nothing of ranges.  Joining two full halves into a full node is ORTC's way to
 * the smallest list (Draves et al., 1999) where there is one verdict.
 */
#ifndef FWR_TESTS_TRIE_H
#define FWR_TESTS_TRIE_H

#include "compiler/net/addr.h"

typedef unsigned __int128 u128;

static inline u128
number_of(struct addr a)
{
	return (u128)a.hi << 64 | a.lo;
}

static inline struct addr
addr_of(u128 v)
{
	return (struct addr){ (uint64_t)(v >> 64), (uint64_t)v };
}

struct node {
	struct node *kid[2];
	bool full;
};

/* Adds [first, last] below a node that stands for the 2^bits addresses from `at`. */
static inline void
trie_add(struct arena *a, struct node *n, u128 at, unsigned bits, u128 first, u128 last)
{
	u128 half = bits ? (u128)1 << (bits - 1) : 0;
	u128 end = bits == 128 ? ~(u128)0 : at + (((u128)1 << bits) - 1);

	if (n->full || last < at || first > end)
		return;
	if (first <= at && end <= last) {
		n->full = true;
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (!n->kid[i])
			n->kid[i] = arena_zero(a, sizeof(*n));
		trie_add(a, n->kid[i], at + (i ? half : 0), bits - 1, first, last);
	}
	n->full = n->kid[0]->full && n->kid[1]->full;
}

static inline bool
trie_has(const struct node *n, u128 e, unsigned bits)
{
	while (n && !n->full)
		n = bits ? n->kid[e >> --bits & 1] : NULL;
	return n != NULL;
}

struct list {
	VEC(struct prefix) p;
};

static inline void
trie_list(struct arena *a, const struct node *n, u128 at, unsigned bits, unsigned fam,
    struct list *out)
{
	if (!n)
		return;
	if (n->full) {
		*vec_push(a, &out->p) = (struct prefix){ addr_of(at), (uint8_t)(128 - bits),
			(uint8_t)fam };
		return;
	}
	if (bits == 0)
		return;
	trie_list(a, n->kid[0], at, bits - 1, fam, out);
	trie_list(a, n->kid[1], at + ((u128)1 << (bits - 1)), bits - 1, fam, out);
}

#endif
