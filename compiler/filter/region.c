/* SPDX-License-Identifier: MPL-2.0 */
/* The sweep of region.h. */
#include "region.h"

#include <stdlib.h>

#define NONE UINT32_MAX

/* A box in compressed coordinates: x is the axis that is cut into slabs; ends excluded. */
struct rect {
	uint32_t x0, x1, y0, y1;
};

struct side {
	const struct region_list *list;
	struct rect *rect;
	uint64_t *active;               /* which boxes cross the slab; low numbers first */
	uint32_t words;
	uint32_t *begin, *end;          /* boxes by x0 and by x1 */
	uint32_t begun, ended;          /* how far these have been used */
	uint32_t *owner;                /* of each cell of the slab: a box or NONE */
};

/* A diff or cell of a slab in compressed coordinates, for joining with its neighbours. */
struct piece {
	uint32_t y0, y1;
	uint32_t a, b;                  /* boxes or NONE */
};

struct sweep {
	struct arena *arena;
	struct addr first, last;
	struct addr *addr;              /* where intervals begin, ascending; addr[0] is first */
	uint32_t *key;
	uint32_t n_addr, n_key;
	bool by_key;                    /* x is the key */

	struct side side[2];
	uint32_t sides;
	uint32_t *bounds;               /* for each y: rectangles of the slab that begin or end there */
	uint64_t *bound;                /* its non-zero entries */
	uint32_t words;
	uint32_t *cell_at;              /* y of each cell of the slab, and one past the last */
	uint32_t *cell_of;              /* the cell that begins at y */
	uint32_t cells;
	uint32_t *next;                 /* union-find: the first free cell from here on */

	VEC(struct piece) now, before;
	uint32_t before_x;              /* where the slabs of before began */
};

/* --- coordinates -------------------------------------------------------- */

static int
compare_addr(const void *a, const void *b)
{
	return addr_cmp(*(const struct addr *)a, *(const struct addr *)b);
}

static void
collect_addrs(struct sweep *s)
{
	uint32_t n = 1, boxes = 0, kept = 0;

	for (uint32_t i = 0; i < s->sides; i++)
		boxes += s->side[i].list->box.n;
	s->addr = arena_alloc(s->arena, (2 * (size_t)boxes + 1) * sizeof(*s->addr));
	s->addr[0] = s->first;
	for (uint32_t i = 0; i < s->sides; i++)
		for (uint32_t j = 0; j < s->side[i].list->box.n; j++) {
			const struct region_box *b = &s->side[i].list->box.v[j];

			if (addr_cmp(b->lo, s->first) != 0)
				s->addr[n++] = b->lo;
			if (addr_cmp(b->hi, s->last) != 0)
				s->addr[n++] = addr_next(b->hi);
		}
	qsort(s->addr, n, sizeof(*s->addr), compare_addr);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || addr_cmp(s->addr[i], s->addr[kept - 1]) != 0)
			s->addr[kept++] = s->addr[i];
	s->n_addr = kept;
}

static uint32_t
find_addr(const struct sweep *s, struct addr a)
{
	uint32_t lo = 0, n = s->n_addr;

	while (n > 1) {
		uint32_t half = n / 2;

		if (addr_cmp(s->addr[lo + half], a) <= 0)
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
collect_keys(struct sweep *s, struct key_ranks *k)
{
	uint32_t n = 0;

	memset(k->bit, 0, sizeof(k->bit));
	k->bit[0] = 1;
	for (uint32_t i = 0; i < s->sides; i++)
		for (uint32_t j = 0; j < s->side[i].list->box.n; j++) {
			const struct region_box *b = &s->side[i].list->box.v[j];
			uint32_t end = (uint32_t)b->khi + 1;

			k->bit[b->klo / 64] |= (uint64_t)1 << b->klo % 64;
			if (end <= REGION_KEY_MAX)
				k->bit[end / 64] |= (uint64_t)1 << end % 64;
		}
	for (uint32_t w = 0; w < BASE_COUNT(k->bit); w++) {
		k->rank[w] = n;
		n += (uint32_t)__builtin_popcountll(k->bit[w]);
	}
	s->n_key = n;
	s->key = arena_alloc(s->arena, n * sizeof(*s->key));
	n = 0;
	for (uint32_t w = 0; w < BASE_COUNT(k->bit); w++)
		for (uint64_t bits = k->bit[w]; bits; bits &= bits - 1)
			s->key[n++] = w * 64 + (uint32_t)__builtin_ctzll(bits);
}

static uint32_t
find_key(const struct key_ranks *k, uint32_t key)
{
	uint64_t below = k->bit[key / 64] & (((uint64_t)1 << key % 64) - 1);

	return k->rank[key / 64] + (uint32_t)__builtin_popcountll(below);
}

/* Rectangles with the keys as x, and the cost of cutting either axis. */
static void
compress(struct sweep *s, uint64_t *cost_key, uint64_t *cost_addr)
{
	struct key_ranks *k = arena_alloc(s->arena, sizeof(*k));

	collect_addrs(s);
	collect_keys(s, k);
	*cost_key = *cost_addr = 0;
	for (uint32_t i = 0; i < s->sides; i++) {
		struct side *side = &s->side[i];

		side->rect = arena_alloc(s->arena, (side->list->box.n + 1) * sizeof(*side->rect));
		for (uint32_t j = 0; j < side->list->box.n; j++) {
			const struct region_box *b = &side->list->box.v[j];
			struct rect *r = &side->rect[j];

			r->x0 = find_key(k, b->klo);
			r->x1 = b->khi == REGION_KEY_MAX ? s->n_key : find_key(k, b->khi + 1u);
			r->y0 = find_addr(s, b->lo);
			r->y1 = addr_cmp(b->hi, s->last) == 0 ? s->n_addr
			    : find_addr(s, addr_next(b->hi));
			*cost_key += r->x1 - r->x0;
			*cost_addr += r->y1 - r->y0;
		}
	}
}

static void
swap_axes(struct sweep *s)
{
	for (uint32_t i = 0; i < s->sides; i++)
		for (uint32_t j = 0; j < s->side[i].list->box.n; j++) {
			struct rect r = s->side[i].rect[j];

			s->side[i].rect[j] = (struct rect){ r.y0, r.y1, r.x0, r.x1 };
		}
}

/* --- preparing ---------------------------------------------------------- */

/* The numbers of the rectangles in order of x0, or of x1: a counting sort. */
static uint32_t *
order_by(struct sweep *s, const struct side *side, bool by_end, uint32_t n_x)
{
	uint32_t n = side->list->box.n;
	uint32_t *order = arena_alloc(s->arena, (n + 1) * sizeof(*order));
	uint32_t *at = arena_zero(s->arena, (n_x + 2) * sizeof(*at));

	for (uint32_t i = 0; i < n; i++)
		at[(by_end ? side->rect[i].x1 : side->rect[i].x0) + 1]++;
	for (uint32_t x = 1; x <= n_x + 1; x++)
		at[x] += at[x - 1];
	for (uint32_t i = 0; i < n; i++)
		order[at[by_end ? side->rect[i].x1 : side->rect[i].x0]++] = i;
	return order;
}

static void
prepare(struct sweep *s, bool key_only)
{
	uint64_t cost_key, cost_addr;
	uint32_t n_x, n_y;

	compress(s, &cost_key, &cost_addr);
	s->by_key = key_only || cost_key <= cost_addr;
	if (!s->by_key)
		swap_axes(s);
	n_x = s->by_key ? s->n_key : s->n_addr;
	n_y = s->by_key ? s->n_addr : s->n_key;
	s->words = n_y / 64 + 1;
	s->bounds = arena_zero(s->arena, ((size_t)n_y + 1) * sizeof(*s->bounds));
	s->bound = arena_zero(s->arena, s->words * sizeof(*s->bound));
	s->cell_at = arena_alloc(s->arena, ((size_t)n_y + 1) * sizeof(*s->cell_at));
	s->cell_of = arena_alloc(s->arena, ((size_t)n_y + 1) * sizeof(*s->cell_of));
	s->next = arena_alloc(s->arena, ((size_t)n_y + 1) * sizeof(*s->next));
	/* A slab begins at its first y and ends at n_y, whatever crosses it. */
	s->bounds[0] = 1;
	s->bound[0] = 1;
	for (uint32_t i = 0; i < s->sides; i++) {
		struct side *side = &s->side[i];

		side->words = side->list->box.n / 64 + 1;
		side->active = arena_zero(s->arena, side->words * sizeof(*side->active));
		side->begin = order_by(s, side, false, n_x);
		side->end = order_by(s, side, true, n_x);
		side->owner = arena_alloc(s->arena, ((size_t)n_y + 1) * sizeof(*side->owner));
	}
}

/* --- one slab ----------------------------------------------------------- */

static void
add_bound(struct sweep *s, uint32_t y)
{
	if (s->bounds[y]++ == 0)
		s->bound[y / 64] |= (uint64_t)1 << y % 64;
}

static void
drop_bound(struct sweep *s, uint32_t y)
{
	if (--s->bounds[y] == 0)
		s->bound[y / 64] &= ~((uint64_t)1 << y % 64);
}

/* Moves on to the slab that begins at x. */
static void
advance(struct sweep *s, struct side *side, uint32_t x)
{
	uint32_t n = side->list->box.n;

	for (; side->ended < n && side->rect[side->end[side->ended]].x1 == x; side->ended++) {
		uint32_t i = side->end[side->ended];

		side->active[i / 64] &= ~((uint64_t)1 << i % 64);
		drop_bound(s, side->rect[i].y0);
		drop_bound(s, side->rect[i].y1);
	}
	for (; side->begun < n && side->rect[side->begin[side->begun]].x0 == x; side->begun++) {
		uint32_t i = side->begin[side->begun];

		side->active[i / 64] |= (uint64_t)1 << i % 64;
		add_bound(s, side->rect[i].y0);
		add_bound(s, side->rect[i].y1);
	}
}

static void
cut_cells(struct sweep *s, uint32_t n_y)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < s->words; w++)
		for (uint64_t bits = s->bound[w]; bits; bits &= bits - 1) {
			uint32_t y = w * 64 + (uint32_t)__builtin_ctzll(bits);

			if (y == n_y)
				break;
			s->cell_at[n] = y;
			s->cell_of[y] = n++;
		}
	s->cells = n;
	s->cell_at[n] = n_y;
	s->cell_of[n_y] = n;
}

static uint32_t
free_cell(uint32_t *next, uint32_t c)
{
	while (next[c] != c) {
		next[c] = next[next[c]];
		c = next[c];
	}
	return c;
}

static void
paint(struct sweep *s, struct side *side)
{
	uint32_t left = s->cells;

	for (uint32_t c = 0; c <= s->cells; c++)
		s->next[c] = c;
	for (uint32_t c = 0; c < s->cells; c++)
		side->owner[c] = NONE;
	for (uint32_t w = 0; w < side->words && left; w++)
		for (uint64_t bits = side->active[w]; bits && left; bits &= bits - 1) {
			uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
			uint32_t end = s->cell_of[side->rect[i].y1];
			uint32_t c = free_cell(s->next, s->cell_of[side->rect[i].y0]);

			for (; c < end; c = free_cell(s->next, c)) {
				side->owner[c] = i;
				s->next[c] = c + 1;
				left--;
			}
		}
}

/* --- slabs into rectangles ---------------------------------------------- */

static uint32_t
outcome_of(const struct side *side, uint32_t owner)
{
	return side->list->box.v[owner].outcome;
}

static bool
differs(const struct sweep *s, uint32_t a, uint32_t b)
{
	if (a == NONE || b == NONE)
		return a != b;
	return outcome_of(&s->side[0], a) != outcome_of(&s->side[1], b);
}

/* The slab's cells as pieces: those on which two sides differ, or all of one side. */
static void
gather(struct sweep *s)
{
	s->now.n = 0;
	for (uint32_t c = 0; c < s->cells; c++) {
		uint32_t a = s->side[0].owner[c];
		uint32_t b = s->sides == 2 ? s->side[1].owner[c] : NONE;
		struct piece *last = s->now.n ? &s->now.v[s->now.n - 1] : NULL;

		if (s->sides == 2 && !differs(s, a, b))
			continue;
		if (last && last->y1 == s->cell_at[c] && last->a == a && last->b == b)
			last->y1 = s->cell_at[c + 1];
		else
			*vec_push(s->arena, &s->now) = (struct piece){
				s->cell_at[c], s->cell_at[c + 1], a, b,
			};
	}
}

static bool
same_pieces(const struct sweep *s)
{
	return s->now.n == s->before.n && (s->now.n == 0 ||
	    memcmp(s->now.v, s->before.v, s->now.n * sizeof(*s->now.v)) == 0);
}

/* The last address before compressed coordinate y. */
static struct addr
addr_end(const struct sweep *s, uint32_t y)
{
	return y == s->n_addr ? s->last : addr_prev(s->addr[y]);
}

static uint16_t
key_end(const struct sweep *s, uint32_t y)
{
	return (uint16_t)(y == s->n_key ? REGION_KEY_MAX : s->key[y] - 1);
}

static const struct region_box *
box_of(const struct side *side, uint32_t owner)
{
	return owner == NONE ? NULL : &side->list->box.v[owner];
}

/* What to do with the pieces of slabs from x0 to x1; false stops. */
typedef bool (*flush_fn)(struct sweep *s, uint32_t x0, uint32_t x1, void *arg);

static bool
run(struct sweep *s, flush_fn flush, void *arg)
{
	uint32_t n_x = s->by_key ? s->n_key : s->n_addr;
	uint32_t n_y = s->by_key ? s->n_addr : s->n_key;

	for (uint32_t x = 0; x < n_x; x++) {
		for (uint32_t i = 0; i < s->sides; i++)
			advance(s, &s->side[i], x);
		cut_cells(s, n_y);
		for (uint32_t i = 0; i < s->sides; i++)
			paint(s, &s->side[i]);
		gather(s);
		if (x > 0 && !same_pieces(s)) {
			if (!flush(s, s->before_x, x, arg))
				return false;
			s->before_x = x;
		}
		if (x == 0 || s->before_x == x) {
			struct piece *v = s->before.v;
			uint32_t cap = s->before.cap;

			s->before.v = s->now.v;
			s->before.n = s->now.n;
			s->before.cap = s->now.cap;
			s->now.v = v;
			s->now.cap = cap;
		}
	}
	return flush(s, s->before_x, n_x, arg);
}

/* --- comparing ---------------------------------------------------------- */

struct compare {
	region_diff_fn fn;
	void *arg;
	bool same;
};

static bool
flush_diffs(struct sweep *s, uint32_t x0, uint32_t x1, void *arg)
{
	struct compare *c = arg;

	for (uint32_t i = 0; i < s->before.n; i++) {
		const struct piece *p = &s->before.v[i];
		uint32_t k0 = s->by_key ? x0 : p->y0, k1 = s->by_key ? x1 : p->y1;
		uint32_t a0 = s->by_key ? p->y0 : x0, a1 = s->by_key ? p->y1 : x1;
		struct region_diff d = {
			.lo = s->addr[a0], .hi = addr_end(s, a1),
			.klo = (uint16_t)s->key[k0], .khi = key_end(s, k1),
			.a = box_of(&s->side[0], p->a), .b = box_of(&s->side[1], p->b),
		};

		c->same = false;
		if (!c->fn(c->arg, &d))
			return false;
	}
	return true;
}

bool
region_compare(struct arena *scratch, struct addr first, struct addr last,
    const struct region_list *a, const struct region_list *b, region_diff_fn fn, void *arg)
{
	struct sweep s = {
		.arena = scratch, .first = first, .last = last, .sides = 2,
		.side = { { .list = a }, { .list = b } },
	};
	struct compare c = { fn, arg, true };

	prepare(&s, false);
	run(&s, flush_diffs, &c);
	return c.same;
}

/* --- laying open -------------------------------------------------------- */

struct lay {
	struct arena *arena;
	struct region_decision *out;
};

static bool
flush_slab(struct sweep *s, uint32_t x0, uint32_t x1, void *arg)
{
	struct lay *lay = arg;
	struct region_cell *cell = arena_alloc(lay->arena, s->before.n * sizeof(*cell));

	for (uint32_t i = 0; i < s->before.n; i++)
		cell[i] = (struct region_cell){
			s->addr[s->before.v[i].y0], addr_end(s, s->before.v[i].y1),
			box_of(&s->side[0], s->before.v[i].a),
		};
	*vec_push(lay->arena, &lay->out->slab) = (struct region_slab){
		(uint16_t)s->key[x0], key_end(s, x1), cell, s->before.n,
	};
	return true;
}

void
region_decide(struct arena *arena, struct addr first, struct addr last,
    const struct region_list *list, struct region_decision *out)
{
	struct arena scratch = { 0 };
	struct sweep s = {
		.arena = &scratch, .first = first, .last = last, .sides = 1,
		.side = { { .list = list } },
	};
	struct lay lay = { arena, out };

	memset(out, 0, sizeof(*out));
	prepare(&s, true);
	run(&s, flush_slab, &lay);
	arena_free(&scratch);
}

const struct region_box *
region_find(const struct region_list *list, struct addr a, uint16_t key)
{
	for (uint32_t i = 0; i < list->box.n; i++) {
		const struct region_box *b = &list->box.v[i];

		if (addr_cmp(b->lo, a) <= 0 && addr_cmp(a, b->hi) <= 0 && b->klo <= key &&
		    key <= b->khi)
			return b;
	}
	return NULL;
}
