/* SPDX-License-Identifier: MPL-2.0 */
/* The sweep of region.h. */
#include "region_int.h"

#define NONE UINT32_MAX
/* Slabs a rectangle may span on average before diagrams are asked first. */
#define SPANS_MAX 64

struct side {
	const struct region_list *list;
	const struct region_rect *rect;
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
	struct region_grid *grid;       /* x is the axis that is cut into slabs */
	uint32_t n_x, n_y;
	struct side side[2];
	uint32_t sides;
	uint32_t *bounds;               /* how many rectangles of the slab have an edge at y */
	uint64_t *bound;                /* its non-zero entries */
	uint32_t words;
	uint32_t *cell_at;              /* y of each cell of the slab, and one past the last */
	uint32_t *cell_of;              /* the cell that begins at y */
	uint32_t cells;
	uint32_t *next;                 /* union-find: the first free cell from here on */

	VEC(struct piece) now, before;
	uint32_t before_x;              /* where the slabs of before began */
};

/* --- preparing ---------------------------------------------------------- */

/* The numbers of the rectangles in order of x0, or of x1: a counting sort. */
static uint32_t *
order_by(struct sweep *s, const struct side *side, bool by_end)
{
	uint32_t n = side->list->box.n;
	uint32_t *order = arena_alloc(s->arena, ((size_t)n + 1) * sizeof(*order));
	uint32_t *at = arena_zero(s->arena, ((size_t)s->n_x + 2) * sizeof(*at));

	for (uint32_t i = 0; i < n; i++)
		at[(by_end ? side->rect[i].x1 : side->rect[i].x0) + 1]++;
	for (uint32_t x = 1; x <= s->n_x + 1; x++)
		at[x] += at[x - 1];
	for (uint32_t i = 0; i < n; i++)
		order[at[by_end ? side->rect[i].x1 : side->rect[i].x0]++] = i;
	return order;
}

static void
prepare(struct sweep *s, struct arena *arena, struct region_grid *g)
{
	s->arena = arena;
	s->grid = g;
	s->sides = g->lists;
	s->n_x = g->swapped ? g->n_addr : g->n_key;
	s->n_y = g->swapped ? g->n_key : g->n_addr;
	s->words = s->n_y / 64 + 1;
	s->bounds = arena_zero(arena, ((size_t)s->n_y + 1) * sizeof(*s->bounds));
	s->bound = arena_zero(arena, s->words * sizeof(*s->bound));
	s->cell_at = arena_alloc(arena, ((size_t)s->n_y + 1) * sizeof(*s->cell_at));
	s->cell_of = arena_alloc(arena, ((size_t)s->n_y + 1) * sizeof(*s->cell_of));
	s->next = arena_alloc(arena, ((size_t)s->n_y + 1) * sizeof(*s->next));
	/* A slab begins at its first y and ends at n_y, whatever crosses it. */
	s->bounds[0] = 1;
	s->bound[0] = 1;
	for (uint32_t i = 0; i < s->sides; i++) {
		struct side *side = &s->side[i];

		side->list = g->list[i];
		side->rect = g->rect[i];
		side->words = side->list->box.n / 64 + 1;
		side->active = arena_zero(arena, side->words * sizeof(*side->active));
		side->begin = order_by(s, side, false);
		side->end = order_by(s, side, true);
		side->owner = arena_alloc(arena, ((size_t)s->n_y + 1) * sizeof(*side->owner));
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
cut_cells(struct sweep *s)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < s->words; w++)
		for (uint64_t bits = s->bound[w]; bits; bits &= bits - 1) {
			uint32_t y = w * 64 + (uint32_t)__builtin_ctzll(bits);

			if (y == s->n_y)
				break;
			s->cell_at[n] = y;
			s->cell_of[y] = n++;
		}
	s->cells = n;
	s->cell_at[n] = s->n_y;
	s->cell_of[s->n_y] = n;
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
addr_end(const struct region_grid *g, uint32_t y)
{
	return y == g->n_addr ? g->last : addr_prev(g->addr[y]);
}

static uint16_t
key_end(const struct region_grid *g, uint32_t y)
{
	return (uint16_t)(y == g->n_key ? REGION_KEY_MAX : g->key[y] - 1);
}

static const struct region_box *
box_of(const struct side *side, uint32_t owner)
{
	return owner == NONE ? NULL : &side->list->box.v[owner];
}

static void
swap_pieces(struct sweep *s)
{
	struct piece *v = s->before.v;
	uint32_t cap = s->before.cap;

	s->before.v = s->now.v;
	s->before.n = s->now.n;
	s->before.cap = s->now.cap;
	s->now.v = v;
	s->now.cap = cap;
}

/* What to do with the pieces of slabs from x0 to x1; false stops. */
typedef bool (*flush_fn)(struct sweep *s, uint32_t x0, uint32_t x1, void *arg);

static bool
run(struct sweep *s, flush_fn flush, void *arg)
{
	for (uint32_t x = 0; x < s->n_x; x++) {
		for (uint32_t i = 0; i < s->sides; i++)
			advance(s, &s->side[i], x);
		cut_cells(s);
		for (uint32_t i = 0; i < s->sides; i++)
			paint(s, &s->side[i]);
		gather(s);
		if (x > 0 && !same_pieces(s)) {
			if (!flush(s, s->before_x, x, arg))
				return false;
			s->before_x = x;
		}
		if (s->before_x == x)
			swap_pieces(s);
	}
	return flush(s, s->before_x, s->n_x, arg);
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
	const struct region_grid *g = s->grid;
	struct compare *c = arg;

	for (uint32_t i = 0; i < s->before.n; i++) {
		const struct piece *p = &s->before.v[i];
		uint32_t k0 = g->swapped ? p->y0 : x0, k1 = g->swapped ? p->y1 : x1;
		uint32_t a0 = g->swapped ? x0 : p->y0, a1 = g->swapped ? x1 : p->y1;
		struct region_diff d = {
			.lo = g->addr[a0], .hi = addr_end(g, a1),
			.klo = (uint16_t)g->key[k0], .khi = key_end(g, k1),
			.a = box_of(&s->side[0], p->a), .b = box_of(&s->side[1], p->b),
		};

		c->same = false;
		if (!c->fn(c->arg, &d))
			return false;
	}
	return true;
}

/* Would cutting into slabs cost more than diagrams do? */
static bool
is_crossed(const struct region_grid *g)
{
	uint64_t spans = g->key_spans < g->addr_spans ? g->key_spans : g->addr_spans;
	uint64_t boxes = g->list[0]->box.n + (uint64_t)g->list[1]->box.n;

	return spans > boxes * SPANS_MAX;
}

static bool
sweep(struct arena *scratch, struct region_grid *g, region_diff_fn fn, void *arg)
{
	struct compare c = { fn, arg, true };
	struct sweep s = { 0 };

	if (g->addr_spans < g->key_spans)
		region_grid_swap(g);
	prepare(&s, scratch, g);
	run(&s, flush_diffs, &c);
	return c.same;
}

bool
region_compare(struct arena *scratch, struct addr first, struct addr last,
    const struct region_list *a, const struct region_list *b, region_diff_fn fn, void *arg)
{
	struct region_grid g = { .first = first, .last = last, .list = { a, b }, .lists = 2 };
	uint32_t x, y;

	region_grid_make(&g, scratch);
	if (is_crossed(&g) && region_equal(&g, &x, &y) == REGION_EQUAL)
		return true;
	return sweep(scratch, &g, fn, arg);
}

static bool
keep_one(void *arg, const struct region_diff *d)
{
	*(struct region_diff *)arg = *d;
	return false;
}

bool
region_differ(struct arena *scratch, struct addr first, struct addr last,
    const struct region_list *a, const struct region_list *b, struct region_diff *one)
{
	struct region_grid g = { .first = first, .last = last, .list = { a, b }, .lists = 2 };
	enum region_equal equal = REGION_GIVEN_UP;
	uint32_t x, y;

	region_grid_make(&g, scratch);
	if (is_crossed(&g))
		equal = region_equal(&g, &x, &y);
	if (equal == REGION_GIVEN_UP)
		return !sweep(scratch, &g, keep_one, one);
	if (equal == REGION_EQUAL)
		return false;
	*one = (struct region_diff){
		.lo = g.addr[y], .hi = addr_end(&g, y + 1),
		.klo = (uint16_t)g.key[x], .khi = key_end(&g, x + 1),
		.a = region_find(a, g.addr[y], (uint16_t)g.key[x]),
		.b = region_find(b, g.addr[y], (uint16_t)g.key[x]),
	};
	return true;
}

/* --- laying open -------------------------------------------------------- */

struct lay {
	struct arena *arena;
	struct region_decision *out;
};

static bool
flush_slab(struct sweep *s, uint32_t x0, uint32_t x1, void *arg)
{
	const struct region_grid *g = s->grid;
	struct lay *lay = arg;
	struct region_cell *cell = arena_alloc(lay->arena, s->before.n * sizeof(*cell));

	for (uint32_t i = 0; i < s->before.n; i++)
		cell[i] = (struct region_cell){
			g->addr[s->before.v[i].y0], addr_end(g, s->before.v[i].y1),
			box_of(&s->side[0], s->before.v[i].a),
		};
	*vec_push(lay->arena, &lay->out->slab) = (struct region_slab){
		(uint16_t)g->key[x0], key_end(g, x1), cell, s->before.n,
	};
	return true;
}

void
region_decide(struct arena *arena, struct addr first, struct addr last,
    const struct region_list *list, struct region_decision *out)
{
	struct region_grid g = { .first = first, .last = last, .list = { list }, .lists = 1 };
	struct arena scratch = { 0 };
	struct lay lay = { arena, out };
	struct sweep s = { 0 };

	memset(out, 0, sizeof(*out));
	region_grid_make(&g, &scratch);
	prepare(&s, &scratch, &g);
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
