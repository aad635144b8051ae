/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lists in layers, for protocols with ports.
 *
 * The ports fall into runs in which one function holds.  A layer is a function over a
 * stretch of runs, written as what differs from the layer below, each of its lines
 * for all ports of the stretch; layers nest, the narrower one stands first.  So what
 * neighbouring ports have in common is said once, and a port in between that has
 * nothing to do with them is an exception.
 *
 * Which stretches get which layer is found by dynamic programming over intervals of
 * runs and the function below, from the lines that each function needs over each
 * other one (ortc.h).  Of lists that are made in this way, with these functions, it
 * is the shortest.
 *
 * Cost: the cube of the runs, and the ranges of all functions times their number; where
 * that would be too much for the lines there are, nothing is looked for.
 */
#include <stdlib.h>

#include "share_int.h"

#define RUNS_MAX 96
#define FUNCTIONS_MAX 48
#define RANGES_A_LINE 48                /* compared, for each line there is by now */
#define STEPS_A_LINE 4000               /* of the dynamic programming */
#define IMPOSSIBLE (UINT32_MAX / 4)
#define NOTHING UINT8_MAX               /* of an interval: its first run stays as it is */

struct run {
	uint16_t first, last;
	uint8_t function;
};

struct choice {
	uint32_t cost;
	uint8_t what;
};

struct stack {
	struct problem *pb;
	uint32_t n_runs, n_functions;   /* the function of that number is nothing at all */
	struct run *run;
	uint32_t *over;                 /* lines of a function over another one */
	/*
	 * By first and last run and the function below.  bare: the fewest lines if no
	 * layer covers the interval as a whole, and where the first layer ends; covered:
	 * if one does, and which function it is.
	 */
	struct choice *bare, *covered;
};

/* --- a function over another ----------------------------------------------------- */

static void
solve_all(struct stack *s)
{
	for (uint32_t f = 0; f < s->n_functions; f++)
		for (uint32_t g = 0; g <= s->n_functions; g++) {
			uint64_t n = f == g ? 0 : share_count(s->pb, f,
			    g < s->n_functions ? g : SHARE_NONE);

			s->over[f * (s->n_functions + 1) + g] = n < IMPOSSIBLE ? (uint32_t)n
			    : IMPOSSIBLE;
		}
}

/* --- the choice ----------------------------------------------------------------- */

static uint32_t
over(const struct stack *s, uint32_t f, uint32_t g)
{
	return s->over[f * (s->n_functions + 1) + g];
}

static size_t
place(const struct stack *s, uint32_t i, uint32_t j, uint32_t g)
{
	return ((size_t)i * s->n_runs + j) * (s->n_functions + 1) + g;
}

/* Runs i to j over g, the better way. */
static uint32_t
cost_of(const struct stack *s, uint32_t i, uint32_t j, uint32_t g)
{
	size_t at;

	if (i > j)
		return 0;
	at = place(s, i, j, g);
	return s->bare[at].cost < s->covered[at].cost ? s->bare[at].cost : s->covered[at].cost;
}

static uint32_t
sum(uint32_t a, uint32_t b)
{
	return a + b < IMPOSSIBLE ? a + b : IMPOSSIBLE;
}

static void
choose_bare(struct stack *s, uint32_t i, uint32_t j, uint32_t g)
{
	struct choice best = { IMPOSSIBLE, NOTHING };

	if (over(s, s->run[i].function, g) == 0)
		best.cost = cost_of(s, i + 1, j, g);
	for (uint32_t k = i; k < j; k++) {
		uint32_t cost = sum(s->covered[place(s, i, k, g)].cost, cost_of(s, k + 1, j, g));

		if (cost < best.cost)
			best = (struct choice){ cost, (uint8_t)k };
	}
	s->bare[place(s, i, j, g)] = best;
}

static void
choose_cover(struct stack *s, uint32_t i, uint32_t j, uint32_t g)
{
	struct choice best = { IMPOSSIBLE, 0 };

	for (uint32_t h = 0; h < s->n_functions; h++) {
		uint32_t cost = h == g ? best.cost
		    : sum(over(s, h, g), s->bare[place(s, i, j, h)].cost);

		if (cost < best.cost)
			best = (struct choice){ cost, (uint8_t)h };
	}
	s->covered[place(s, i, j, g)] = best;
}

static void
choose_all(struct stack *s)
{
	for (uint32_t n = 0; n < s->n_runs; n++)
		for (uint32_t i = 0; i + n < s->n_runs; i++) {
			for (uint32_t g = 0; g <= s->n_functions; g++)
				choose_bare(s, i, i + n, g);
			for (uint32_t g = 0; g <= s->n_functions; g++)
				choose_cover(s, i, i + n, g);
		}
}

/* --- what came out -------------------------------------------------------------- */

/* Adds the layers of runs i to j over g, the narrower before the wider. */
static void
collect(const struct stack *s, uint32_t i, uint32_t j, uint32_t g, bool bare, struct layers *out)
{
	while (i <= j) {
		size_t at = place(s, i, j, g);
		bool whole = !bare && s->covered[at].cost < s->bare[at].cost;
		uint32_t end = whole ? j : s->bare[at].what, h;

		bare = false;
		if (end == NOTHING) {
			i++;
			continue;
		}
		h = s->covered[place(s, i, end, g)].what;
		collect(s, i, end, h, true, out);
		*vec_push(s->pb->scratch, &out->list) = (struct layer){ h,
			g < s->n_functions ? g : SHARE_NONE, s->run[i].first, s->run[end].last };
		i = end + 1;
	}
}

static int
by_first(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (int)x->first - (int)y->first;
}

static bool
find_runs(struct stack *s)
{
	struct problem *pb = s->pb;
	uint32_t n = 0;

	for (uint32_t f = 0; f < s->n_functions; f++)
		n += pb->functions.v[f].items.n;
	if (n > RUNS_MAX)
		return false;
	s->run = arena_alloc(pb->scratch, n * sizeof(*s->run));
	for (uint32_t f = 0; f < s->n_functions; f++)
		for (uint32_t i = 0; i < pb->functions.v[f].items.n; i++) {
			const struct port_range *r = &pb->functions.v[f].items.v[i];

			s->run[s->n_runs++] = (struct run){ r->first, r->last, (uint8_t)f };
		}
	qsort(s->run, n, sizeof(*s->run), by_first);
	return n > 1;
}

/* Is what there may be to gain worth the time? */
static bool
is_worth(const struct stack *s, uint64_t lines)
{
	uint64_t ranges = 0, least = 0, m = s->n_runs, f = s->n_functions;

	for (uint32_t i = 0; i < f; i++) {
		const struct function *of = &s->pb->functions.v[i];

		for (int o = 0; o < OUT_DEFAULT; o++)
			ranges += of->set[o].n;
		least = of->alone > least ? of->alone : least;
	}
	return lines > least && 2 * ranges * f <= RANGES_A_LINE * lines &&
	    m * m * f * (m / 3 + f) / 2 <= STEPS_A_LINE * lines;
}

uint64_t
layers_find(struct problem *pb, uint64_t lines, struct layers *out)
{
	struct stack s = { .pb = pb, .n_functions = pb->functions.n };
	size_t cells;

	if (!lang_has_ports(pb->proto) || pb->functions.n < 2 || pb->functions.n > FUNCTIONS_MAX ||
	    !find_runs(&s) || !is_worth(&s, lines))
		return lines;
	s.over = arena_alloc(pb->scratch, s.n_functions * (s.n_functions + 1) * sizeof(*s.over));
	solve_all(&s);
	cells = place(&s, s.n_runs, 0, 0);
	s.bare = arena_alloc(pb->scratch, cells * sizeof(*s.bare));
	s.covered = arena_alloc(pb->scratch, cells * sizeof(*s.covered));
	choose_all(&s);
	if (cost_of(&s, 0, s.n_runs - 1, s.n_functions) >= lines)
		return lines;
	collect(&s, 0, s.n_runs - 1, s.n_functions, false, out);
	return cost_of(&s, 0, s.n_runs - 1, s.n_functions);
}
