/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading and writing addresses.  Own code because these run once a target of
 * every rule: libcidr reads too much (octal, short forms, nine groups) and
 * allocates; see doc/performance.md for the figures and tests/net-test.c, which
 * holds this file against libcidr, inet_pton and inet_ntop.
 */
#include "addr.h"

#include <endian.h>

/* --- reading ------------------------------------------------------------ */

/* The scanners return where the address that starts at p ends, or NULL. */
static inline const char *
scan_v4(const char *p, const char *end, bool loose, struct addr *out)
{
	uint32_t v = 0;

	for (int group = 0; group < 4; group++) {
		const char *start = p;
		uint32_t g = 0;

		while (p < end && *p >= '0' && *p <= '9' && p - start < 3)
			g = g * 10 + (uint32_t)(*p++ - '0');
		if (p == start || g > 255 || (!loose && p - start > 1 && *start == '0'))
			return NULL;
		v = v << 8 | g;
		if (group < 3 && (p == end || *p++ != '.'))
			return NULL;
	}
	*out = addr_v4(v);
	return p;
}

/* A digit's value with HEX set, or 0. */
#define HEX 0x10
static const unsigned char hex_value[256] = {
	['0'] = HEX + 0,  ['1'] = HEX + 1,  ['2'] = HEX + 2,  ['3'] = HEX + 3,
	['4'] = HEX + 4,  ['5'] = HEX + 5,  ['6'] = HEX + 6,  ['7'] = HEX + 7,
	['8'] = HEX + 8,  ['9'] = HEX + 9,  ['a'] = HEX + 10, ['b'] = HEX + 11,
	['c'] = HEX + 12, ['d'] = HEX + 13, ['e'] = HEX + 14, ['f'] = HEX + 15,
	['A'] = HEX + 10, ['B'] = HEX + 11, ['C'] = HEX + 12, ['D'] = HEX + 13,
	['E'] = HEX + 14, ['F'] = HEX + 15,
};

static inline unsigned
hex_of(const char *p)
{
	return hex_value[(unsigned char)*p];
}

/* One group, which has a digit; NULL if its length or its value is too large. */
static inline const char *
scan_group(const char *p, const char *end, bool loose, uint16_t *group)
{
	const char *start = p;
	uint32_t g = 0;

	/* Four digits are the rule, so they are read at once. */
	if (end - p >= 4) {
		unsigned a = hex_of(p), b = hex_of(p + 1), c = hex_of(p + 2), d = hex_of(p + 3);

		if (a & b & c & d & HEX) {
			g = (a & 15) << 12 | (b & 15) << 8 | (c & 15) << 4 | (d & 15);
			p += 4;
		}
	}
	for (; p < end && hex_of(p) != 0; p++) {
		g = g << 4 | (hex_of(p) & 15);
		if (g > 0xffff)
			return NULL;
	}
	*group = (uint16_t)g;
	return loose || p - start <= 4 ? p : NULL;
}

static inline const char *
scan_v6(const char *p, const char *end, bool loose, struct addr *out)
{
	uint16_t group[8];
	int n = 0, gap = -1;

	if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
		gap = 0;
		p += 2;
	}
	while (p < end && hex_of(p) != 0) {
		if (n == 8)
			return NULL;
		p = scan_group(p, end, loose, &group[n++]);
		if (!p)
			return NULL;
		if (p == end || *p != ':')
			break;
		p++;
		if (p < end && *p == ':') {
			if (gap >= 0)
				return NULL;
			gap = n;
			p++;
		} else if (p == end || hex_of(p) == 0) {
			return NULL;
		}
	}
	if (gap < 0 ? n != 8 : n > (loose ? 8 : 7))
		return NULL;
	if (gap >= 0) {
		int tail = n - gap;

		memmove(group + 8 - tail, group + gap, (size_t)tail * sizeof(*group));
		memset(group + gap, 0, (size_t)(8 - n) * sizeof(*group));
	}
	out->hi = (uint64_t)group[0] << 48 | (uint64_t)group[1] << 32 |
	    (uint64_t)group[2] << 16 | group[3];
	out->lo = (uint64_t)group[4] << 48 | (uint64_t)group[5] << 32 |
	    (uint64_t)group[6] << 16 | group[7];
	return p;
}

/* Which of 8 bytes are no digits: a bit each, the first byte's lowest. */
static inline unsigned
no_digits(const char *p)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7f;
	uint64_t x;

	memcpy(&x, p, 8);
	x = le64toh(x) ^ 0x3030303030303030;            /* a digit is its value now */
	x = (((x & low) + 0x7676767676767676) | x) & ~low;
	return (unsigned)(x * 0x0002040810204081 >> 56);
}

const char *
addr_scan_v4_in(const char *p, struct addr *out)
{
	static const uint32_t least[4] = { 0, 0, 10, 100 };
	unsigned stops = no_digits(p) | no_digits(p + 8) << 8 | 1U << 16, from = 0, bad = 0;
	uint32_t v = 0;

	for (int group = 0; group < 4; group++) {
		unsigned stop = (unsigned)__builtin_ctz(stops), n = stop - from;
		uint32_t last, g;

		/* The three bytes before the stop, those of them that are digits of the group. */
		memcpy(&last, p + (int)stop - 3, 4);
		last = le32toh(last) << 8 & -(uint32_t)1 << ((32 - 8 * n) & 31);
		g = (last >> 8 & 15) * 100 + (last >> 16 & 15) * 10 + (last >> 24 & 15);
		bad |= (n - 1 > 2) | (g > 255) | (g < least[n & 3]) | (group < 3 && p[stop] != '.');
		v = v << 8 | (g & 0xff);
		stops &= stops - 1;
		stops |= 1U << 16;
		from = stop + 1;
	}
	*out = addr_v4(v);
	return bad ? NULL : p + from - 1;
}

const char *
addr_scan_v4(const char *p, const char *end, struct addr *out)
{
	return scan_v4(p, end, false, out);
}

const char *
addr_scan_v6(const char *p, const char *end, struct addr *out)
{
	return scan_v6(p, end, false, out);
}

/* Did a scanner read the whole text? */
static inline bool
is_whole(const char *stop, struct slice s)
{
	return stop != NULL && stop == s.p + s.n;
}

bool
addr_read_v4(struct slice s, struct addr *out)
{
	return is_whole(scan_v4(s.p, s.p + s.n, false, out), s);
}

bool
addr_read_v6(struct slice s, struct addr *out)
{
	return is_whole(scan_v6(s.p, s.p + s.n, false, out), s);
}

bool
addr_read_v4_loose(struct slice s, struct addr *out)
{
	return is_whole(scan_v4(s.p, s.p + s.n, true, out), s);
}

bool
addr_read_v6_loose(struct slice s, struct addr *out)
{
	return s.n <= NET_LOOSE_MAX && is_whole(scan_v6(s.p, s.p + s.n, true, out), s);
}

bool
addr_read(struct slice s, struct prefix *out)
{
	bool v6 = s.n && memchr(s.p, ':', s.n) != NULL;

	out->fam = v6 ? NET_V6 : NET_V4;
	out->len = 128;
	return v6 ? addr_read_v6(s, &out->a) : addr_read_v4(s, &out->a);
}

bool
prefix_read(struct slice s, struct prefix *out)
{
	const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
	const char *end = s.p + s.n, *p;
	unsigned len = 0, max;

	if (!slash || !addr_read((struct slice){ s.p, (size_t)(slash - s.p) }, out))
		return false;
	p = slash + 1;
	if (p == end || end - p > 3)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		len = len * 10 + (unsigned)(*p - '0');
	}
	max = out->fam == NET_V4 ? 32 : 128;
	if (len > max)
		return false;
	out->len = (uint8_t)(128 - max + len);
	return true;
}

/* --- writing ------------------------------------------------------------ */

/*
 * The decimal digits of a byte and how many they are.  All four are copied at once, and
 * what comes next is written over those that are too many.
 */
#define ONE(n) { '0' + (n) % 10, 0, 0, 1 }
#define TWO(n) { '0' + (n) / 10, '0' + (n) % 10, 0, 2 }
#define THREE(n) { '0' + (n) / 100, '0' + (n) / 10 % 10, '0' + (n) % 10, 3 }
#define TEN(of, n) of(n), of(n + 1), of(n + 2), of(n + 3), of(n + 4), of(n + 5), of(n + 6), \
	of(n + 7), of(n + 8), of(n + 9)
static const char decimal[256][4] = {
	TEN(ONE, 0), TEN(TWO, 10), TEN(TWO, 20), TEN(TWO, 30), TEN(TWO, 40), TEN(TWO, 50),
	TEN(TWO, 60), TEN(TWO, 70), TEN(TWO, 80), TEN(TWO, 90), TEN(THREE, 100),
	TEN(THREE, 110), TEN(THREE, 120), TEN(THREE, 130), TEN(THREE, 140), TEN(THREE, 150),
	TEN(THREE, 160), TEN(THREE, 170), TEN(THREE, 180), TEN(THREE, 190), TEN(THREE, 200),
	TEN(THREE, 210), TEN(THREE, 220), TEN(THREE, 230), TEN(THREE, 240), THREE(250),
	THREE(251), THREE(252), THREE(253), THREE(254), THREE(255),
};

static inline char *
write_dec(char *p, unsigned v)          /* 0..255 */
{
	memcpy(p, decimal[v], 4);
	return p + decimal[v][3];
}

/* 0..ffff without leading zeros; four digits are written, as in write_dec. */
static inline char *
write_hex(char *p, unsigned v)
{
	static const char digit[] = "0123456789abcdef";
	unsigned n = 1 + (v >= 0x10) + (v >= 0x100) + (v >= 0x1000), left = v << (16 - 4 * n);

	p[0] = digit[left >> 12 & 15];
	p[1] = digit[left >> 8 & 15];
	p[2] = digit[left >> 4 & 15];
	p[3] = digit[left & 15];
	return p + n;
}

/*
 * RFC 5952, section 4.2: the longest run of two or more zero groups, the first of
 * equals.  A bit of `from` says that a run of *length groups begins there.
 */
static unsigned
longest_run(unsigned zero, unsigned *length)
{
	unsigned from = zero, longer;

	*length = 1;
	while ((longer = from & zero >> *length) != 0) {
		from = longer;
		++*length;
	}
	return *length > 1 ? (unsigned)__builtin_ctz(from) : 8;
}

static char *
write_v6(char *p, struct addr a)
{
	unsigned group[8], zero = 0, best, length;

	for (unsigned i = 0; i < 8; i++) {
		group[i] = (unsigned)((i < 4 ? a.hi : a.lo) >> (48 - 16 * (i & 3))) & 0xffff;
		zero |= (unsigned)(group[i] == 0) << i;
	}
	best = longest_run(zero, &length);
	for (unsigned i = 0; i < 8;) {
		if (i == best) {
			*p++ = ':';
			*p++ = ':';
			i += length;
			continue;
		}
		if (i && i != best + length)
			*p++ = ':';
		p = write_hex(p, group[i++]);
	}
	return p;
}

size_t
addr_write(char *out, struct addr a, unsigned fam)
{
	char *p = out;

	if (fam == NET_V6)
		return (size_t)(write_v6(p, a) - out);
	for (int shift = 24; shift >= 0; shift -= 8) {
		p = write_dec(p, (unsigned)(a.lo >> shift) & 0xff);
		if (shift)
			*p++ = '.';
	}
	return (size_t)(p - out);
}

size_t
prefix_write(char *out, struct prefix p)
{
	char *q = out + addr_write(out, p.a, p.fam);

	*q++ = '/';
	memcpy(q, decimal[prefix_bits(p)], 3);
	return (size_t)(q + decimal[prefix_bits(p)][3] - out);
}

void
buf_addr(struct buf *b, struct prefix p)
{
	b->n += addr_write(buf_room(b, NET_TEXT_MAX), p.a, p.fam);
}

void
buf_prefix(struct buf *b, struct prefix p)
{
	b->n += prefix_write(buf_room(b, NET_TEXT_MAX), p);
}
