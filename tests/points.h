/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses and keys to look at in tests: all edges, and one step to either side of them. */
#ifndef FWR_TESTS_POINTS_H
#define FWR_TESTS_POINTS_H

#include "compiler/net/pset.h"

static inline bool
addr_in(struct addr a, struct addr lo, struct addr hi)
{
	return addr_cmp(lo, a) <= 0 && addr_cmp(a, hi) <= 0;
}

struct points {
	struct arena *arena;
	unsigned fam;
	VEC(struct addr) addr;
	VEC(uint16_t) key;
};

static inline void
add_addr(struct points *p, struct addr a)
{
	struct addr some[3] = { a, a, a };

	if (addr_cmp(a, family_first(p->fam)) != 0)
		some[1] = addr_prev(a);
	if (addr_cmp(a, family_last(p->fam)) != 0)
		some[2] = addr_next(a);
	for (int i = 0; i < 3; i++) {
		bool there = false;

		for (uint32_t k = 0; k < p->addr.n && !there; k++)
			there = addr_cmp(p->addr.v[k], some[i]) == 0;
		if (!there)
			*vec_push(p->arena, &p->addr) = some[i];
	}
}

static inline void
add_key(struct points *p, uint16_t key)
{
	for (int by = -1; by <= 1; by++) {
		uint16_t k = (uint16_t)(key + by);
		bool there = false;

		for (uint32_t i = 0; i < p->key.n && !there; i++)
			there = p->key.v[i] == k;
		if (!there)
			*vec_push(p->arena, &p->key) = k;
	}
}

static inline void
points_start(struct points *p, struct arena *arena, unsigned fam)
{
	memset(p, 0, sizeof(*p));
	p->arena = arena;
	p->fam = fam;
	add_addr(p, family_first(fam));
	add_addr(p, family_last(fam));
	add_key(p, 0);
}

#endif
