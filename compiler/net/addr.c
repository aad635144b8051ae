/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading and writing addresses.  Own code because these run once a target of
 * every rule: libcidr reads too much (octal, short forms, nine groups) and
 * allocates; see doc/performance.md for the figures and tests/net-test.c, which
 * holds this file against libcidr, inet_pton and inet_ntop.
 */
#include "addr.h"

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

static char *
write_dec(char *p, unsigned v)          /* 0..255 */
{
	if (v >= 100) {
		*p++ = (char)('0' + v / 100);
		v %= 100;
		*p++ = (char)('0' + v / 10);
	} else if (v >= 10) {
		*p++ = (char)('0' + v / 10);
	}
	*p++ = (char)('0' + v % 10);
	return p;
}

static char *
write_hex(char *p, unsigned v)          /* 0..ffff, no leading zeros */
{
	static const char digit[] = "0123456789abcdef";

	if (v >= 0x1000)
		*p++ = digit[v >> 12];
	if (v >= 0x100)
		*p++ = digit[v >> 8 & 15];
	if (v >= 0x10)
		*p++ = digit[v >> 4 & 15];
	*p++ = digit[v & 15];
	return p;
}

/* RFC 5952, section 4.2: the longest run of two or more zero groups, the first of equals. */
static char *
write_v6(char *p, struct addr a)
{
	unsigned group[8], best = 8, best_len = 1;

	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)((i < 4 ? a.hi : a.lo) >> (48 - 16 * (i & 3))) & 0xffff;
	for (unsigned i = 0, run; i < 8; i += run + 1) {
		for (run = 0; i + run < 8 && group[i + run] == 0; run++)
			;
		if (run > best_len) {
			best = i;
			best_len = run;
		}
	}
	for (unsigned i = 0; i < 8;) {
		if (i == best) {
			*p++ = ':';
			*p++ = ':';
			i += best_len;
			continue;
		}
		if (i && i != best + best_len)
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
	q = write_dec(q, prefix_bits(p));
	return (size_t)(q - out);
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
