/* SPDX-License-Identifier: MPL-2.0 */
/* Compressed coordinates: the intervals between all edges of rectangles, numbered. */
#include "region_int.h"

#include <stdlib.h>

static int
compare_addr(const void *a, const void *b)
{
	return addr_cmp(*(const struct addr *)a, *(const struct addr *)b);
}

static void
collect_addrs(struct region_grid *g, struct arena *arena)
{
	size_t boxes = 0;
	uint32_t n = 1, kept = 0;

	for (uint32_t i = 0; i < g->lists; i++)
		boxes += g->list[i]->box.n;
	g->addr = arena_alloc(arena, (2 * boxes + 1) * sizeof(*g->addr));
	g->addr[0] = g->first;
	for (uint32_t i = 0; i < g->lists; i++)
		for (uint32_t j = 0; j < g->list[i]->box.n; j++) {
			const struct region_box *b = &g->list[i]->box.v[j];

			if (addr_cmp(b->lo, g->first) != 0)
				g->addr[n++] = b->lo;
			if (addr_cmp(b->hi, g->last) != 0)
				g->addr[n++] = addr_next(b->hi);
		}
	qsort(g->addr, n, sizeof(*g->addr), compare_addr);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || addr_cmp(g->addr[i], g->addr[kept - 1]) != 0)
			g->addr[kept++] = g->addr[i];
	g->n_addr = kept;
}

static uint32_t
find_addr(const struct region_grid *g, struct addr a)
{
	uint32_t lo = 0, n = g->n_addr;

	while (n > 1) {
		uint32_t half = n / 2;

		if (addr_cmp(g->addr[lo + half], a) <= 0)
			lo += half;
		n -= half;
	}
	return lo;
}

/* Keys are few enough for a bit each: rank[w] counts the bits before word w. */
struct key_ranks {
	uint64_t bit[(REGION_KEY_MAX + 64) / 64];
	uint32_t rank[(REGION_KEY_MAX + 64) / 64];
};

static void
collect_keys(struct region_grid *g, struct key_ranks *k, struct arena *arena)
{
	uint32_t n = 0;

	memset(k->bit, 0, sizeof(k->bit));
	k->bit[0] = 1;
	for (uint32_t i = 0; i < g->lists; i++)
		for (uint32_t j = 0; j < g->list[i]->box.n; j++) {
			const struct region_box *b = &g->list[i]->box.v[j];
			uint32_t end = (uint32_t)b->khi + 1;

			k->bit[b->klo / 64] |= (uint64_t)1 << b->klo % 64;
			if (end <= REGION_KEY_MAX)
				k->bit[end / 64] |= (uint64_t)1 << end % 64;
		}
	for (uint32_t w = 0; w < BASE_COUNT(k->bit); w++) {
		k->rank[w] = n;
		n += (uint32_t)__builtin_popcountll(k->bit[w]);
	}
	g->n_key = n;
	g->key = arena_alloc(arena, n * sizeof(*g->key));
	n = 0;
	for (uint32_t w = 0; w < BASE_COUNT(k->bit); w++)
		for (uint64_t bits = k->bit[w]; bits; bits &= bits - 1)
			g->key[n++] = w * 64 + (uint32_t)__builtin_ctzll(bits);
}

static uint32_t
find_key(const struct key_ranks *k, uint32_t key)
{
	uint64_t below = k->bit[key / 64] & (((uint64_t)1 << key % 64) - 1);

	return k->rank[key / 64] + (uint32_t)__builtin_popcountll(below);
}

void
region_grid_make(struct region_grid *g, struct arena *arena)
{
	struct key_ranks *k = arena_alloc(arena, sizeof(*k));

	collect_addrs(g, arena);
	collect_keys(g, k, arena);
	for (uint32_t i = 0; i < g->lists; i++) {
		uint32_t n = g->list[i]->box.n;

		g->rect[i] = arena_alloc(arena, n * sizeof(*g->rect[i]));
		for (uint32_t j = 0; j < n; j++) {
			const struct region_box *b = &g->list[i]->box.v[j];
			struct region_rect *r = &g->rect[i][j];

			r->x0 = find_key(k, b->klo);
			r->x1 = b->khi == REGION_KEY_MAX ? g->n_key : find_key(k, b->khi + 1u);
			r->y0 = find_addr(g, b->lo);
			r->y1 = addr_cmp(b->hi, g->last) == 0 ? g->n_addr
			    : find_addr(g, addr_next(b->hi));
			g->key_spans += r->x1 - r->x0;
			g->addr_spans += r->y1 - r->y0;
		}
	}
}

void
region_grid_swap(struct region_grid *g)
{
	for (uint32_t i = 0; i < g->lists; i++)
		for (uint32_t j = 0; j < g->list[i]->box.n; j++) {
			struct region_rect r = g->rect[i][j];

			g->rect[i][j] = (struct region_rect){ r.y0, r.y1, r.x0, r.x1 };
		}
	g->swapped = !g->swapped;
}
