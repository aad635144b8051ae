/* SPDX-License-Identifier: MPL-2.0 */
/* Text forms are our own, strict and fast; making new UUIDs is libuuid's. */
#include "uuid.h"

#include <uuid/uuid.h>

/* Bit i: a hyphen stands before byte i. */
#define HYPHENS (1u << 4 | 1u << 6 | 1u << 8 | 1u << 10)

static const signed char nibble[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

bool
uuid_read(struct slice s, struct uuid *out)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.n != UUID_TEXT)
		return false;
	for (unsigned i = 0; i < 16; i++) {
		int hi, lo;

		if ((HYPHENS >> i & 1) && *p++ != '-')
			return false;
		hi = nibble[*p++];
		lo = nibble[*p++];
		if (!hi || !lo)
			return false;
		out->b[i] = (uint8_t)((hi - 1) << 4 | (lo - 1));
	}
	return true;
}

void
uuid_write(char *out, struct uuid u)
{
	static const char digit[] = "0123456789abcdef";

	for (unsigned i = 0; i < 16; i++) {
		if (HYPHENS >> i & 1)
			*out++ = '-';
		*out++ = digit[u.b[i] >> 4];
		*out++ = digit[u.b[i] & 15];
	}
}

void
buf_uuid(struct buf *b, struct uuid u)
{
	uuid_write(buf_room(b, UUID_TEXT), u);
	b->n += UUID_TEXT;
}

struct uuid
uuid_random(void)
{
	struct uuid u;

	uuid_generate_random(u.b);
	return u;
}

struct uuid
uuid_of_name(struct uuid space, struct slice name)
{
	struct uuid u;

	uuid_generate_sha1(u.b, space.b, name.p, name.n);
	return u;
}
