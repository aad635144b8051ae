/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Many disjoint rectangles (addresses x keys, region.h) as few products of a set
 * of addresses and a set of keys: what a person can read.
 *
 * One axis is swept; at every point of it the rectangles that hold the point make
 * a set on the other axis, and points with the same set belong together.  So the
 * result depends on the points only, not on how they were cut.  Both axes are
 * tried and the shorter list, counted in prefixes and ranges, is kept.
 *
 * Cost: n log n and the size of the result.  Where that would be more than
 * JOIN_MAX ranges on both axes, each rectangle becomes a product of its own.
 */
#ifndef FWR_FILTER_JOIN_H
#define FWR_FILTER_JOIN_H

#include "../net/portset.h"
#include "../net/pset.h"

#define JOIN_MAX 4000000

/* All ends are included. */
struct join_rect {
	struct addr lo, hi;
	uint16_t klo, khi;
};

struct join_product {
	struct pset addrs;
	struct portset keys;
};

struct join {
	VEC(struct join_product) list;  /* disjoint, in order of first key, then first address */
};

/* The rectangles, of one family, must not overlap.  All of the result is in arena. */
void join_rects(struct arena *arena, enum net_family fam, const struct join_rect *rects,
    uint32_t n, struct join *out);

#endif
