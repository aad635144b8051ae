/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The shortest list of lines for one dimension: addresses with an outcome each.
 *
 * A line is a prefix with an outcome; the most specific line that covers an
 * address decides.  Draves, King, Venkatachary and Zill, "Constructing Optimal IP
 * Routing Tables" (1999), here as dynamic programming over the binary tree of
 * prefixes with its chains compressed: for each node and each outcome it may
 * inherit, the fewest lines that put everything below it right.  Two things are
 * added: an address may fall through to what stands below the list, and some
 * outcomes cannot be written as a line.
 *
 * Time and memory are linear in the prefixes, after sorting.
 */
#ifndef FWR_PASSES_ORTC_H
#define FWR_PASSES_ORTC_H

#include "../net/addr.h"

enum outcome {
	OUT_STATE,                      /* pass and keep state */
	OUT_PASS,
	OUT_BLOCK,
	OUT_DEFAULT,                    /* what the file's fallback lines do */
	OUT_COUNT
};

/* What an address must come to, and what it comes to if it falls through. */
struct ortc_label {
	uint8_t want, fall;
};

struct ortc_prefix {
	struct prefix p;
	struct ortc_label label;
};

struct ortc_line {
	struct prefix p;
	uint8_t outcome;
	uint16_t height;                /* lines of lesser height must stand before it */
};

#define ORTC_NEVER ((uint64_t)1 << 40)  /* more lines than there can be: impossible */

/*
 * list is disjoint and in address order, of one family; rest is the label of all
 * other addresses.  An outcome of OUT_DEFAULT can only be had by falling through.
 * Returns how many lines are needed and adds them.
 */
struct ortc_lines {
	VEC(struct ortc_line) list;
};
uint64_t ortc_solve(struct arena *scratch, const struct ortc_prefix *list, uint32_t n,
    enum net_family fam, struct ortc_label rest, struct arena *out, struct ortc_lines *lines);
/* The same number without the lines, and without memory. */
uint64_t ortc_count(const struct ortc_prefix *list, uint32_t n, enum net_family fam,
    struct ortc_label rest);

#endif
