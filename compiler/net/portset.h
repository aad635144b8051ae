/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Port sets: sets of numbers 0..65535, which are ports or ICMP's type * 256 +
 * code, held as ranges in order with gaps between them.  That is the smallest
 * list of ranges, too: v[0] .. v[n - 1].
 *
 * The operations, their costs and who owns what are those of pset.h, by the
 * same code; a set of zeros is empty.
 */
#ifndef FWR_NET_PORTSET_H
#define FWR_NET_PORTSET_H

#include "../base/base.h"

struct port_range {
	uint16_t first, last;
};

struct portset {
	struct port_range *v;
	uint32_t n, cap;
};

/* Building; see pset_push and pset_add.  first <= last. */
void portset_reserve(struct arena *a, struct portset *s, size_t n);

static inline void
portset_push(struct arena *a, struct portset *s, uint16_t first, uint16_t last)
{
	*vec_push(a, s) = (struct port_range){ first, last };
}

void portset_close(struct portset *s);
void portset_add(struct arena *a, struct portset *s, uint16_t first, uint16_t last);

void portset_copy(struct arena *a, struct portset *out, const struct portset *x);
void portset_union(struct arena *a, struct portset *out, const struct portset *x,
    const struct portset *y);
void portset_intersect(struct arena *a, struct portset *out, const struct portset *x,
    const struct portset *y);
void portset_minus(struct arena *a, struct portset *out, const struct portset *x,
    const struct portset *y);
void portset_complement(struct arena *a, struct portset *out, const struct portset *x);

static inline bool
portset_is_empty(const struct portset *s)
{
	return s->n == 0;
}

static inline bool
portset_is_all(const struct portset *s)
{
	return s->n == 1 && s->v[0].first == 0 && s->v[0].last == UINT16_MAX;
}

bool portset_has(const struct portset *s, uint16_t port);
bool portset_has_range(const struct portset *s, uint16_t first, uint16_t last);
bool portset_equal(const struct portset *x, const struct portset *y);
bool portset_subset(const struct portset *x, const struct portset *y);
bool portset_overlaps(const struct portset *x, const struct portset *y);
bool portset_find_outside(const struct portset *x, const struct portset *y, uint16_t *out);
bool portset_find_common(const struct portset *x, const struct portset *y, uint16_t *out);
uint32_t portset_size(const struct portset *s);         /* 0 to 65536 */

#endif
