/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Boxes that never decide, as far as that is seen at once.
 *
 * Most boxes are blocks of addresses: of a power of two, and aligned.  Of each block the
 * keys are kept that boxes so far hold on all of it.  A box is idle if the keys of its own
 * block and of those around it together are all of its own keys.
 *
 * Cost: for each box a search for each size that blocks have.
 */
#include "region.h"

#include "../base/hash.h"
#include "../net/portset.h"

#define KEYS_MAX 1024           /* ranges of keys that are kept of a block */
#define LENGTHS 129

struct thin {
	struct arena arena;
	struct strmap known;            /* block -> its keys */
	VEC(struct portset) keys;
	bool used[LENGTHS];             /* lengths that blocks so far have */
};

/* The length of the prefix that a box's addresses are, or -1. */
static int
block_length(const struct region_box *b)
{
	struct addr diff = { b->lo.hi ^ b->hi.hi, b->lo.lo ^ b->hi.lo };
	struct addr more = addr_next(diff);

	if ((diff.hi & more.hi) | (diff.lo & more.lo) | (b->lo.hi & diff.hi) |
	    (b->lo.lo & diff.lo))
		return -1;
	if (diff.hi)
		return __builtin_clzll(diff.hi);
	return diff.lo ? 64 + __builtin_clzll(diff.lo) : 128;
}

/* The number of the block of that length around an address; with `add` it is made. */
static const uint32_t *
find_block(struct thin *t, struct addr a, unsigned len, bool add)
{
	uint64_t key[3] = { a.hi & addr_mask(len).hi, a.lo & addr_mask(len).lo, len };
	struct slice s = { (const char *)key, sizeof(key) };
	uint32_t *at;

	if (!add)
		return strmap_get(&t->known, s);
	at = strmap_put(&t->arena, &t->known, arena_slice(&t->arena, s));
	if (*at == UINT32_MAX) {
		*at = t->keys.n;
		*vec_push(&t->arena, &t->keys) = (struct portset){ 0 };
	}
	return at;
}

/* Moves *at behind the range of s that it is in. */
static bool
pass_keys(const struct portset *s, uint32_t *at)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->v[mid].last < *at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n || s->v[lo].first > *at)
		return false;
	*at = s->v[lo].last + 1u;
	return true;
}

static bool
is_idle(struct thin *t, const struct region_box *b, unsigned len)
{
	const struct portset *around[LENGTHS];
	uint32_t at = b->klo, n = 0;
	bool moved = true;

	for (unsigned l = 0; l <= len; l++) {
		const uint32_t *number = t->used[l] ? find_block(t, b->lo, l, false) : NULL;

		if (number)
			around[n++] = &t->keys.v[*number];
	}
	while (moved && at <= b->khi) {
		moved = false;
		for (uint32_t i = 0; i < n && at <= b->khi; i++)
			moved |= pass_keys(around[i], &at);
	}
	return at > b->khi;
}

void
region_thin(struct region_list *list)
{
	struct thin t = { 0 };
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->box.n; i++) {
		const struct region_box b = list->box.v[i];
		int len = block_length(&b);

		if (len >= 0 && is_idle(&t, &b, (unsigned)len))
			continue;
		if (len >= 0) {
			uint32_t number = *find_block(&t, b.lo, (unsigned)len, true);
			struct portset *s = &t.keys.v[number];

			t.used[len] = true;
			if (s->n < KEYS_MAX)
				portset_add(&t.arena, s, b.klo, b.khi);
		}
		list->box.v[kept++] = b;
	}
	list->box.n = kept;
	arena_free(&t.arena);
}
