/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Addresses and prefixes as values: one 128-bit form for both families.
 *
 * An IPv4 address is held as ::ffff:a.b.c.d and its prefix length counts from
 * the top of the 128 bits (so /24 is 120), which makes every algorithm below
 * family-blind.  The family is kept beside the bits because an IPv6 address
 * written ::ffff:102:304 is not the IPv4 address 1.2.3.4.
 *
 * Texts are checked strictly; no function here allocates.
 */
#ifndef FWR_NET_ADDR_H
#define FWR_NET_ADDR_H

#include "../base/base.h"

enum net_family { NET_V4 = 4, NET_V6 = 6 };

/* Longest text of a prefix, "/128" included, without a NUL. */
#define NET_TEXT_MAX 43

struct addr {
	uint64_t hi, lo;                /* big-endian halves: hi is the first 64 bits */
};

struct prefix {
	struct addr a;                  /* may have host bits; see prefix_mask */
	uint8_t len;                    /* 0..128; IPv4: 96..128 */
	uint8_t fam;                    /* enum net_family */
};

#define NET_V4_BASE 96
#define NET_V4_LO ((uint64_t)0xffff << 32)

static inline struct addr
addr_v4(uint32_t host_order)
{
	return (struct addr){ 0, NET_V4_LO | host_order };
}

/* 0.0.0.0 and 255.255.255.255 */
static inline bool
addr_v4_is_no_host(struct addr a)
{
	return (uint32_t)(a.lo + 1) <= 1;
}

static inline int
addr_cmp(struct addr a, struct addr b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

/* Order and equality without branches, for the loops of the sets. */
static inline bool
addr_less(struct addr a, struct addr b)
{
	return (a.hi < b.hi) | ((a.hi == b.hi) & (a.lo < b.lo));
}

static inline bool
addr_eq(struct addr a, struct addr b)
{
	return ((a.hi ^ b.hi) | (a.lo ^ b.lo)) == 0;
}

/* The neighbours; they wrap around at the ends of the 128 bits. */
static inline struct addr
addr_next(struct addr a)
{
	a.lo++;
	a.hi += a.lo == 0;
	return a;
}

static inline struct addr
addr_prev(struct addr a)
{
	a.hi -= a.lo == 0;
	a.lo--;
	return a;
}

/* The netmask of a length of 0..128. */
static inline struct addr
addr_mask(unsigned len)
{
	struct addr m;

	m.hi = len == 0 ? 0 : len >= 64 ? UINT64_MAX : UINT64_MAX << (64 - len);
	m.lo = len <= 64 ? 0 : len >= 128 ? UINT64_MAX : UINT64_MAX << (128 - len);
	return m;
}

static inline struct addr
addr_and(struct addr a, struct addr b)
{
	return (struct addr){ a.hi & b.hi, a.lo & b.lo };
}

static inline struct addr
addr_or_not(struct addr a, struct addr mask)
{
	return (struct addr){ a.hi | ~mask.hi, a.lo | ~mask.lo };
}

/* First and last address of a prefix, host bits ignored. */
static inline struct addr
prefix_first(struct prefix p)
{
	return addr_and(p.a, addr_mask(p.len));
}

static inline struct addr
prefix_last(struct prefix p)
{
	return addr_or_not(p.a, addr_mask(p.len));
}

static inline struct prefix
prefix_mask(struct prefix p)
{
	p.a = prefix_first(p);
	return p;
}

static inline bool
prefix_has_host_bits(struct prefix p)
{
	return addr_cmp(p.a, prefix_first(p)) != 0;
}

/* The length people write: 0..32 or 0..128. */
static inline unsigned
prefix_bits(struct prefix p)
{
	return p.fam == NET_V4 ? p.len - NET_V4_BASE : p.len;
}

/* Family first (IPv4 before IPv6), then bits with host bits, then length. */
static inline int
prefix_cmp(struct prefix a, struct prefix b)
{
	int c;

	if (a.fam != b.fam)
		return a.fam < b.fam ? -1 : 1;
	c = addr_cmp(a.a, b.a);
	return c ? c : (int)a.len - (int)b.len;
}

/* Does p contain all of q?  Never across families. */
static inline bool
prefix_contains(struct prefix p, struct prefix q)
{
	struct addr m = addr_mask(p.len);

	return p.fam == q.fam && p.len <= q.len &&
	    addr_cmp(addr_and(p.a, m), addr_and(q.a, m)) == 0;
}

/* --- text --------------------------------------------------------------- */

/*
 * Strict readers of one whole text: four decimal groups without leading zeros;
 * RFC 4291 without an embedded IPv4 part, at most four digits a group, "::"
 * for at least one group.  Either case of hex digits.
 */
bool addr_read_v4(struct slice s, struct addr *out);
bool addr_read_v6(struct slice s, struct addr *out);
/*
 * The same as a subnet's address may be spelled: IPv4 groups with leading zeros
 * (decimal), IPv6 groups of any length up to ffff, "::" for no group at all, and
 * at most 40 characters, as the reference has it.
 */
#define NET_LOOSE_MAX 40
bool addr_read_v4_loose(struct slice s, struct addr *out);
bool addr_read_v6_loose(struct slice s, struct addr *out);
/*
 * The strict readers for text that goes on: where the address that starts at p
 * ends, at most at `end`, or NULL.  Whether what follows may stand there is the
 * caller's to judge.
 */
const char *addr_scan_v4(const char *p, const char *end, struct addr *out);
const char *addr_scan_v6(const char *p, const char *end, struct addr *out);
/*
 * As addr_scan_v4, without a branch that depends on the digits, inside a longer text: 17
 * bytes from p on and 3 before it can be read.  NUL ends it as any other character.
 */
const char *addr_scan_v4_in(const char *p, struct addr *out);
/* Either family, strict, as a host prefix. */
bool addr_read(struct slice s, struct prefix *out);
/* "ADDR/LEN", strict address, length without a sign; host bits are kept. */
bool prefix_read(struct slice s, struct prefix *out);

/*
 * Canonical text: dotted quad, or RFC 5952 with hexadecimal groups throughout
 * (the rule language has no embedded dotted quad).  Writes at most
 * NET_TEXT_MAX bytes and returns how many; no NUL.
 */
size_t addr_write(char *out, struct addr a, unsigned fam);
size_t prefix_write(char *out, struct prefix p);        /* always with /LEN */
void buf_addr(struct buf *b, struct prefix p);          /* the address alone */
void buf_prefix(struct buf *b, struct prefix p);

#endif
