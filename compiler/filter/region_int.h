/* SPDX-License-Identifier: MPL-2.0 */
/* What the ways of looking at lists of rectangles share (region.h). */
#ifndef FWR_FILTER_REGION_INT_H
#define FWR_FILTER_REGION_INT_H

#include "region.h"

/* A box in compressed coordinates; ends excluded. */
struct region_rect {
	uint32_t x0, x1, y0, y1;
};

/* Lists over common compressed coordinates: x are the keys and y the addresses. */
struct region_grid {
	struct addr first, last;
	const struct region_list *list[2];
	struct region_rect *rect[2];    /* by box */
	uint32_t lists;
	struct addr *addr;              /* where intervals begin, ascending; addr[0] is first */
	uint32_t *key;
	uint32_t n_addr, n_key;
	/* Intervals that the rectangles span, summed: the cost of cutting that axis into slabs. */
	uint64_t key_spans, addr_spans;
	bool swapped;                   /* x are the addresses and y the keys */
};

void region_grid_make(struct region_grid *g, struct arena *arena);
void region_grid_swap(struct region_grid *g);

enum region_equal { REGION_EQUAL, REGION_DIFFERENT, REGION_GIVEN_UP };

/*
 * Do the two lists of an unswapped grid decide alike everywhere?  If not, x and
 * y are a point where they do not.
 */
enum region_equal region_equal(const struct region_grid *g, uint32_t *x, uint32_t *y);

#endif
