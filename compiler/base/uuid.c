/* SPDX-License-Identifier: MPL-2.0 */
/* Text forms are our own, strict and fast; making new UUIDs is libuuid's. */
#include "uuid.h"

#include <uuid/uuid.h>

/* Where the text of byte i stands. */
static const unsigned char place[16] = {
	0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34,
};

/* A digit's value; what is no lower-case digit has the upper bits set. */
static const unsigned char nibble[256] = {
	[0 ... 255] = 0xf0,
	['0'] = 0,  ['1'] = 1,  ['2'] = 2,  ['3'] = 3,  ['4'] = 4,  ['5'] = 5,
	['6'] = 6,  ['7'] = 7,  ['8'] = 8,  ['9'] = 9,  ['a'] = 10, ['b'] = 11,
	['c'] = 12, ['d'] = 13, ['e'] = 14, ['f'] = 15,
};

bool
uuid_read(struct slice s, struct uuid *out)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned bad = 0;

	if (s.n != UUID_TEXT || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
		return false;
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++) {
		unsigned hi = nibble[p[place[i]]], lo = nibble[p[place[i] + 1]];

		bad |= hi | lo;
		out->b[i] = (uint8_t)(hi << 4 | lo);
	}
	return bad < 16;
}

/* The two digits of a byte. */
#define PAIR(high, low) { (high), (low) }
#define PAIRS(h) PAIR(h, '0'), PAIR(h, '1'), PAIR(h, '2'), PAIR(h, '3'), PAIR(h, '4'), \
	PAIR(h, '5'), PAIR(h, '6'), PAIR(h, '7'), PAIR(h, '8'), PAIR(h, '9'), PAIR(h, 'a'), \
	PAIR(h, 'b'), PAIR(h, 'c'), PAIR(h, 'd'), PAIR(h, 'e'), PAIR(h, 'f')
static const char digits[256][2] = {
	PAIRS('0'), PAIRS('1'), PAIRS('2'), PAIRS('3'), PAIRS('4'), PAIRS('5'), PAIRS('6'),
	PAIRS('7'), PAIRS('8'), PAIRS('9'), PAIRS('a'), PAIRS('b'), PAIRS('c'), PAIRS('d'),
	PAIRS('e'), PAIRS('f'),
};

void
uuid_write(char *out, struct uuid u)
{
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++)
		memcpy(out + place[i], digits[u.b[i]], 2);
	out[8] = out[13] = out[18] = out[23] = '-';
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
