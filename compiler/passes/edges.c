/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A lower bound from where the ports change.
 *
 * Take two neighbouring ports, and an address whose outcome is u at the first and v at the
 * second.  The lines that decide there are not both for both ports, or the earlier of
 * them would decide twice.  So either a line with the outcome u ends between the
 * ports, or one with v begins there.  For all addresses together that takes as many lines
 * as a smallest set of ends (u) and beginnings (v) that meets each pair (u, v): mostly
 * one, or two where some addresses change one way and some the other.  A line has
 * two ends; so half of the sum over all neighbours is a lower bound.
 *
 * Time: the ranges of the functions at each change, up to WORK_MAX; then 1 is counted.
 */
#include <stdlib.h>

#include "share_int.h"

#define WORK_MAX (1 << 22)

struct run {
	uint16_t first;
	uint32_t function;
};

/* A bit for each pair of outcomes, [u] with bits v. */
struct changes {
	uint8_t to[OUT_COUNT];
};

static int
by_first(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (int)x->first - (int)y->first;
}

static unsigned
said(const struct problem *pb, unsigned outcome)
{
	return outcome == OUT_DEFAULT && pb->side == LANG_TO ? OUT_BLOCK : outcome;
}

/* The changes between two functions; the steps that it took. */
static uint64_t
find_changes(struct problem *pb, uint32_t f, uint32_t g, struct changes *out)
{
	struct pieces a = share_pieces(pb, f), b = share_pieces(pb, g);
	struct pieces_walk x = { a.list.v, a.list.n }, y = { b.list.v, b.list.n };
	struct addr at = family_first(pb->fam), end = family_last(pb->fam), last, other;
	uint64_t steps = 0;

	memset(out, 0, sizeof(*out));
	for (;; at = addr_next(last), steps++) {
		unsigned u = said(pb, pieces_outcome(&x, at, pb->fam, &last));
		unsigned v = said(pb, pieces_outcome(&y, at, pb->fam, &other));

		if (addr_less(other, last))
			last = other;
		if (u != v)
			out->to[u] |= (uint8_t)(1u << v);
		if (addr_eq(last, end))
			break;
	}
	arena_reset(&pb->ps->each);
	return steps;
}

/* The smallest number of ends and beginnings; no line says OUT_DEFAULT. */
static unsigned
count_ends(const struct changes *c)
{
	unsigned least = OUT_COUNT;

	for (unsigned ends = 0; ends < 1u << OUT_DEFAULT; ends++)
		for (unsigned begins = 0; begins < 1u << OUT_DEFAULT; begins++) {
			unsigned n = (unsigned)__builtin_popcount(ends) +
			    (unsigned)__builtin_popcount(begins);
			bool all = true;

			for (unsigned u = 0; u < OUT_COUNT && all; u++)
				all = ends >> u & 1 || (c->to[u] & ~begins) == 0;
			if (all && n < least)
				least = n;
		}
	return least;
}

uint64_t
share_lines_for_edges(struct problem *pb)
{
	struct run *run;
	struct changes c;
	uint64_t sum = 0, work = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < pb->functions.n && lang_has_ports(pb->proto); i++)
		n += pb->functions.v[i].items.n;
	run = arena_alloc(pb->scratch, n * sizeof(*run));
	n = 0;
	for (uint32_t i = 0; i < pb->functions.n && lang_has_ports(pb->proto); i++)
		for (uint32_t k = 0; k < pb->functions.v[i].items.n; k++)
			run[n++] = (struct run){ pb->functions.v[i].items.v[k].first, i };
	if (n > 1)
		qsort(run, n, sizeof(*run), by_first);
	for (uint32_t i = 1; i < n; i++) {
		if (work > WORK_MAX) {
			sum++;
			continue;
		}
		work += find_changes(pb, run[i - 1].function, run[i].function, &c) + 1;
		sum += count_ends(&c);
	}
	return (sum + 1) / 2;
}
