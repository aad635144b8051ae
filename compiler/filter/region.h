/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Decisions in two dimensions: lists of rectangles (addresses x keys) of which
 * the first that holds a point decides.  A key is a port, or ICMP type * 256 +
 * code.  Two lists are compared, or one is laid open as disjoint regions, over
 * all points and not samples.
 *
 * How: the coordinates are compressed, one axis is cut into slabs at every edge
 * of a rectangle, and within a slab the rectangles that cross it are painted in
 * their order onto the intervals of the other axis, each interval once
 * (union-find over what is still free).  What crosses a slab is kept in bitmaps
 * in order of priority and of place, so a slab costs what crosses it, plus a
 * scan of n/64 words: sorting aside, the whole costs the sum over rectangles of
 * the slabs they span.  That sum is known beforehand for either axis, and the
 * cheaper one is cut.  Where it is large on both (many rectangles wide one way
 * cross many wide the other way), equality is decided by decision diagrams
 * instead (region_diagram.c), which costs n log^2 n; only listing the
 * differences, or all regions, of such lists comes near n^2.
 */
#ifndef FWR_FILTER_REGION_H
#define FWR_FILTER_REGION_H

#include "../net/addr.h"

#define REGION_KEY_MAX 65535

/* All ends are included. */
struct region_box {
	struct addr lo, hi;
	uint16_t klo, khi;
	uint32_t outcome;               /* the caller's; equal numbers are equal outcomes */
	uint32_t source;                /* the caller's: the line or rule it comes from */
};

/* The first box that holds a point decides it. */
struct region_list {
	VEC(struct region_box) box;
};

/*
 * Takes boxes out that never decide, for earlier ones of the same or wider blocks of
 * addresses hold all that they hold: not all such boxes, but those that are found at the
 * cost of a few searches each.
 */
void region_thin(struct region_list *list);

/* --- comparing ---------------------------------------------------------- */

/* Points on which two lists decide differently, each by one box; NULL: by none. */
struct region_diff {
	struct addr lo, hi;
	uint16_t klo, khi;
	const struct region_box *a, *b;
};

/* Returns false to stop. */
typedef bool (*region_diff_fn)(void *arg, const struct region_diff *d);

/*
 * Calls fn for disjoint rectangles that are together all points between first
 * and last on which the outcomes of a and b differ (deciding by no box is an
 * outcome of its own).  Returns true if there were none.  Allocates from
 * scratch, whose content may be dropped afterwards.
 */
bool region_compare(struct arena *scratch, struct addr first, struct addr last,
    const struct region_list *a, const struct region_list *b, region_diff_fn fn, void *arg);

/* Is there a difference?  Then one of them, not always the first, is in *one. */
bool region_differ(struct arena *scratch, struct addr first, struct addr last,
    const struct region_list *a, const struct region_list *b, struct region_diff *one);

/* --- laying open -------------------------------------------------------- */

struct region_cell {
	struct addr lo, hi;
	const struct region_box *box;   /* NULL: none */
};

/* For keys klo to khi: cells in address order, without gaps, neighbours differing. */
struct region_slab {
	uint16_t klo, khi;
	const struct region_cell *cell;
	uint32_t n;
};

struct region_decision {
	VEC(struct region_slab) slab;   /* in order of keys, without gaps, neighbours differing */
};

/* The list as disjoint regions, in arena. */
void region_decide(struct arena *arena, struct addr first, struct addr last,
    const struct region_list *list, struct region_decision *out);

/* The box that decides a point, or NULL: the plain walk, for tests and for single packets. */
const struct region_box *region_find(const struct region_list *list, struct addr a,
    uint16_t key);

#endif
