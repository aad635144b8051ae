/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Prefix sets: sets of addresses of one family, held as ranges in address
 * order with gaps between them (see rangeset_int.h, which has the algebra).
 *
 * Ranges rather than a trie or a list of prefixes, because every set has one
 * form only, a host or a prefix costs 32 bytes whatever its length, a range
 * a-b costs no more, all operations are a walk over two vectors, and a set
 * without holes in it (most of those a rule names) is one vector entry.  The
 * smallest list of prefixes follows from the ranges alone (pset_walk).
 *
 * Ownership: a set's ranges are in the arena that its operations were given;
 * nothing is freed before the arena is.  A set may be operand and result at
 * once, its room is used again and grows by doubling.  A copy of the struct
 * shares the ranges: it is good for reading until the original is next changed.
 * A set of zeros with the family filled in is empty.  Both operands of an
 * operation must be of one family, and the result is of that one.
 */
#ifndef FWR_NET_PSET_H
#define FWR_NET_PSET_H

#include "addr.h"

struct addr_range {
	struct addr first, last;
};

struct pset {
	struct addr_range *v;
	uint32_t n, cap;
	uint8_t fam;                    /* enum net_family */
};

static inline struct pset
pset_none(enum net_family fam)
{
	return (struct pset){ .fam = (uint8_t)fam };
}

/* First and last address of a family: IPv4's are those of ::ffff:0:0/96. */
static inline struct addr
family_first(unsigned fam)
{
	return fam == NET_V4 ? addr_v4(0) : (struct addr){ 0, 0 };
}

static inline struct addr
family_last(unsigned fam)
{
	return fam == NET_V4 ? addr_v4(UINT32_MAX) : (struct addr){ UINT64_MAX, UINT64_MAX };
}

/* --- building ----------------------------------------------------------- */

/* Room for n ranges altogether, so that adding up to there moves nothing. */
void pset_reserve(struct arena *a, struct pset *s, size_t n);

/*
 * In any order, overlapping or not: push all, then close, which sorts if it has
 * to (linear) and makes the set one.  Between the first push and close only
 * these may be called.  first <= last, both of the set's family; a prefix's host
 * bits are ignored.
 */
static inline void
pset_push(struct arena *a, struct pset *s, struct addr first, struct addr last)
{
	struct addr_range *r = s->n ? &s->v[s->n - 1] : NULL;

	/* What comes in order and leaves no gap takes no room. */
	if (r && !addr_less(first, r->first) && !addr_less(addr_next(r->last), first)) {
		r->last = addr_less(r->last, last) ? last : r->last;
		return;
	}
	*vec_push(a, s) = (struct addr_range){ first, last };
}

static inline void
pset_push_prefix(struct arena *a, struct pset *s, struct prefix p)
{
	pset_push(a, s, prefix_first(p), prefix_last(p));
}

void pset_close(struct pset *s);

/* Adds to a set that stays one: the cost is a search and moving what lies behind. */
void pset_add(struct arena *a, struct pset *s, struct addr first, struct addr last);

static inline void
pset_add_prefix(struct arena *a, struct pset *s, struct prefix p)
{
	pset_add(a, s, prefix_first(p), prefix_last(p));
}

/* --- algebra ------------------------------------------------------------ */

void pset_copy(struct arena *a, struct pset *out, const struct pset *x);
void pset_union(struct arena *a, struct pset *out, const struct pset *x,
    const struct pset *y);
void pset_intersect(struct arena *a, struct pset *out, const struct pset *x,
    const struct pset *y);
void pset_minus(struct arena *a, struct pset *out, const struct pset *x,
    const struct pset *y);
/* All addresses of x's family that are not in x. */
void pset_complement(struct arena *a, struct pset *out, const struct pset *x);

/* --- questions: nothing is allocated ------------------------------------ */

static inline bool
pset_is_empty(const struct pset *s)
{
	return s->n == 0;
}

bool pset_is_all(const struct pset *s);
bool pset_has(const struct pset *s, struct addr a);
/* Are all of [first, last], or of p, in s? */
bool pset_has_range(const struct pset *s, struct addr first, struct addr last);
bool pset_has_prefix(const struct pset *s, struct prefix p);
bool pset_equal(const struct pset *x, const struct pset *y);
bool pset_subset(const struct pset *x, const struct pset *y);   /* is x within y? */
bool pset_overlaps(const struct pset *x, const struct pset *y);

/*
 * Witnesses: the lowest address of x that is not in y, or that is in both.  False
 * if there is none.  (A non-empty set's lowest is v[0].first.)
 */
bool pset_find_outside(const struct pset *x, const struct pset *y, struct addr *out);
bool pset_find_common(const struct pset *x, const struct pset *y, struct addr *out);

/* A number of addresses, 0 to 2^128: over * 2^128 + hi * 2^64 + lo. */
struct addr_count {
	uint64_t over, hi, lo;
};

#define ADDR_COUNT_TEXT_MAX 39          /* decimal digits of 2^128 */

struct addr_count pset_size(const struct pset *s);
/* Decimal, without a NUL; returns how many bytes. */
size_t addr_count_write(char *out, struct addr_count c);

/* --- the smallest list of prefixes -------------------------------------- */

/*
 *	for (struct pset_walk w = pset_walk(s); pset_walk_next(&w, &p);)
 *
 * gives the prefixes in address order.  No list of prefixes for the set is
 * shorter: each prefix is the largest that lies in the set and starts where it
 * does, and a prefix of any list lies within one range.
 */
struct pset_walk {
	const struct addr_range *v;
	uint32_t n;                     /* ranges from *v on */
	struct addr at;                 /* first address of *v that is still to come */
	uint8_t fam;
};

struct pset_walk pset_walk(const struct pset *s);
bool pset_walk_next(struct pset_walk *w, struct prefix *out);
/* How many the walk gives; a few instructions for each range. */
uint64_t pset_prefix_count(const struct pset *s);
/* The same list as an array in the arena; *n is its length (NULL for none). */
struct prefix *pset_prefixes(struct arena *a, const struct pset *s, size_t *n);

#endif
