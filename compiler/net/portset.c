/* SPDX-License-Identifier: MPL-2.0 */
/* Port sets: the algebra of rangeset_int.h over 16-bit numbers. */
#include "portset.h"

static unsigned
portset_varying(const struct port_range *v, size_t n)
{
	unsigned diff = 0;

	for (size_t i = 1; i < n; i++)
		diff |= (unsigned)(v[i].first ^ v[0].first);
	return diff ? 32 - (unsigned)__builtin_clz(diff) : 0;
}

static inline unsigned
portset_digit(uint16_t port, unsigned shift)
{
	return port >> shift & 0xff;
}

#define RS(name) portset_##name
#define RS_SET portset
#define RS_RANGE port_range
#define RS_ELEM uint16_t
#define RS_LESS(a, b) ((a) < (b))
#define RS_NEXT(e) ((uint16_t)((e) + 1))
#define RS_PREV(e) ((uint16_t)((e) - 1))
#define RS_FIRST(s) 0
#define RS_LAST(s) UINT16_MAX
#include "rangeset_int.h"

uint32_t
portset_size(const struct portset *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += (uint32_t)(s->v[i].last - s->v[i].first) + 1;
	return n;
}
