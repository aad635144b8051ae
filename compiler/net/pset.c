/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Prefix sets: the algebra of rangeset_int.h over addresses, sizes, and the
 * smallest list of prefixes.
 */
#include "pset.h"

/* --- the algebra -------------------------------------------------------- */

static unsigned
bit_length(struct addr a)
{
	if (a.hi)
		return 128 - (unsigned)__builtin_clzll(a.hi);
	return a.lo ? 64 - (unsigned)__builtin_clzll(a.lo) : 0;
}

static unsigned
pset_varying(const struct addr_range *v, size_t n)
{
	struct addr diff = { 0, 0 };

	for (size_t i = 1; i < n; i++) {
		diff.hi |= v[i].first.hi ^ v[0].first.hi;
		diff.lo |= v[i].first.lo ^ v[0].first.lo;
	}
	return bit_length(diff);
}

static inline unsigned
pset_digit(struct addr a, unsigned shift)
{
	if (shift >= 64)
		return a.hi >> (shift - 64) & 0xff;
	if (shift > 56)
		return (a.hi << (64 - shift) | a.lo >> shift) & 0xff;
	return a.lo >> shift & 0xff;
}

#define RS(name) pset_##name
#define RS_SET pset
#define RS_RANGE addr_range
#define RS_ELEM struct addr
#define RS_LESS(a, b) addr_less(a, b)
#define RS_NEXT(e) addr_next(e)
#define RS_PREV(e) addr_prev(e)
#define RS_FIRST(s) family_first((s)->fam)
#define RS_LAST(s) family_last((s)->fam)
#include "rangeset_int.h"

bool
pset_is_all(const struct pset *s)
{
	return s->n == 1 && addr_eq(s->v[0].first, family_first(s->fam)) &&
	    addr_eq(s->v[0].last, family_last(s->fam));
}

bool
pset_has_prefix(const struct pset *s, struct prefix p)
{
	return p.fam == s->fam && pset_has_range(s, prefix_first(p), prefix_last(p));
}

/* --- size --------------------------------------------------------------- */

static inline struct addr
addr_minus(struct addr a, struct addr b)
{
	return (struct addr){ a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo };
}

struct addr_count
pset_size(const struct pset *s)
{
	struct addr_count c = { 0, 0, 0 };

	for (uint32_t i = 0; i < s->n; i++) {
		struct addr d = addr_minus(s->v[i].last, s->v[i].first);

		/* Only the range of all IPv6 addresses counts 2^128. */
		if ((d.hi & d.lo) == UINT64_MAX)
			return (struct addr_count){ 1, 0, 0 };
		d = addr_next(d);
		c.lo += d.lo;
		c.hi += d.hi + (c.lo < d.lo);
	}
	return c;
}

size_t
addr_count_write(char *out, struct addr_count c)
{
	uint32_t limb[5] = {
		(uint32_t)c.over,
		(uint32_t)(c.hi >> 32), (uint32_t)c.hi,
		(uint32_t)(c.lo >> 32), (uint32_t)c.lo,
	};
	char digits[ADDR_COUNT_TEXT_MAX], *p = digits + sizeof(digits);
	size_t n;
	bool more;

	do {
		uint64_t rest = 0;

		more = false;
		for (int i = 0; i < 5; i++) {
			rest = rest << 32 | limb[i];
			limb[i] = (uint32_t)(rest / 10);
			rest %= 10;
			more |= limb[i] != 0;
		}
		*--p = (char)('0' + rest);
	} while (more);
	n = (size_t)(digits + sizeof(digits) - p);
	memcpy(out, p, n);
	return n;
}

/* --- the smallest list -------------------------------------------------- */

struct pset_walk
pset_walk(const struct pset *s)
{
	struct pset_walk w = { s->v, s->n, { 0, 0 }, s->fam };

	if (s->n)
		w.at = s->v[0].first;
	return w;
}

/* Number of low bits of a that are zero; 128 for zero. */
static inline unsigned
low_zeros(struct addr a)
{
	if (a.lo)
		return (unsigned)__builtin_ctzll(a.lo);
	return a.hi ? 64 + (unsigned)__builtin_ctzll(a.hi) : 128;
}

bool
pset_walk_next(struct pset_walk *w, struct prefix *out)
{
	struct addr left, last;
	unsigned bits, most;

	if (w->n == 0)
		return false;
	/* As large as the start's alignment and what is left allow. */
	left = addr_minus(w->v->last, w->at);
	bits = low_zeros(w->at);
	most = (left.hi & left.lo) == UINT64_MAX ? 128 : bit_length(addr_next(left)) - 1;
	if (bits > most)
		bits = most;
	*out = (struct prefix){ w->at, (uint8_t)(128 - bits), w->fam };
	last = addr_or_not(w->at, addr_mask(128 - bits));
	if (!addr_eq(last, w->v->last))
		w->at = addr_next(last);
	else if (--w->n)
		w->at = (++w->v)->first;
	return true;
}

static unsigned
one_bits(struct addr a)
{
	return (unsigned)(__builtin_popcountll(a.hi) + __builtin_popcountll(a.lo));
}

/*
 * The prefixes of a range [first, stop) are the one bits of two numbers.  Let
 * `mid` be the address within it that has the most low zero bits: first climbs
 * up to it by ever larger prefixes, one for each bit of mid - first, and from
 * there they get smaller again, one for each bit of stop - mid.
 */
uint64_t
pset_prefix_count(const struct pset *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		struct addr first = s->v[i].first, stop = addr_next(s->v[i].last), mid;
		struct addr diff = { first.hi ^ stop.hi, first.lo ^ stop.lo };
		unsigned top = bit_length(diff);

		/* stop = 2^128 reads as 0, and then mid is 2^128 also. */
		mid = (stop.hi | stop.lo) == 0 ? stop
		    : addr_and(stop, addr_mask(128 - (top - 1)));
		n += first.hi | first.lo | mid.hi | mid.lo
		    ? one_bits(addr_minus(mid, first)) + one_bits(addr_minus(stop, mid))
		    : 1;
	}
	return n;
}

struct prefix *
pset_prefixes(struct arena *a, const struct pset *s, size_t *n)
{
	struct pset_walk w = pset_walk(s);
	struct prefix *list;
	size_t i = 0;

	*n = (size_t)pset_prefix_count(s);
	list = *n ? arena_alloc(a, *n * sizeof(*list)) : NULL;
	while (i < *n && pset_walk_next(&w, &list[i]))
		i++;
	return list;
}
