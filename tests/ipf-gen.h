/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random files of ipf.conf whose lines get in each other's way: few addresses,
 * few ports, every comparison, groups under quick heads and others.
 */
#ifndef FWR_TESTS_IPF_GEN_H
#define FWR_TESTS_IPF_GEN_H

#include "compiler/base/base.h"
#include "compiler/net/addr.h"
#include "tests/random.h"

struct gen {
	unsigned fam;
	uint32_t lines;
	bool groups;
	bool people;                    /* also local addresses, source ports, many flags */
	bool tags;
};

struct gen_group {
	unsigned dir, depth;
};

static inline void
gen_addr(struct buf *out, unsigned fam)
{
	static const char *const v4[] = {
		"10.0.0.0/30", "10.0.0.1", "10.0.0.2", "10.0.0.0/29", "10.0.0.3/31", "10.0.0.4/30",
		"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "255.255.255.255", "0.0.0.0",
		"255.255.255.254/31", "10.0.0.5/255.255.255.254", "10.0.0.7",
	};
	static const char *const v6[] = {
		"2001:db8::/126", "2001:db8::1", "2001:db8::2", "2001:db8::/125", "2001:db8::3/127",
		"2001:db8::4/126", "::/0", "::/1", "8000::/1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::", "::1/64", "::/64",
		"2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64", "::ffff:a00:1",
	};

	if (random_below(8) == 0)
		buf_str(out, "! ");
	buf_str(out, fam == NET_V4 ? v4[random_below(BASE_COUNT(v4))]
	    : v6[random_below(BASE_COUNT(v6))]);
}

static inline uint32_t
gen_port(void)
{
	static const uint16_t far[] = { 0, 1, 255, 256, 65534, 65535 };

	return random_below(4) ? random_below(12) : far[random_below(BASE_COUNT(far))];
}

static inline void
gen_ports(struct buf *out)
{
	static const char *const one[] = { "=", "!=", "<", "<=", ">", ">=" };
	static const char *const two[] = { ":", "><", "<>" };

	if (random_below(2))
		buf_printf(out, " port %s %u", random_below(2) ? "=" : one[random_below(6)],
		    gen_port());
	else
		buf_printf(out, " port %u %s %u", gen_port(), two[random_below(3)], gen_port());
}

static inline void
gen_flags(struct buf *out, bool people)
{
	static const char *const some[] = { "S/SA", "S", "/SA", "A/A", "R/R", "SA/SA", "F/FSA" };

	buf_printf(out, " flags %s", people ? some[random_below(BASE_COUNT(some))] : "S/SA");
}

static inline void
gen_types(struct buf *out, unsigned fam)
{
	static const uint8_t v4[] = { 8, 0, 3, 11, 13, 17, 255 };
	static const uint8_t v6[] = { 128, 129, 130, 139, 1, 0, 255 };

	buf_printf(out, " icmp-type %u", fam == NET_V4 ? v4[random_below(7)] : v6[random_below(7)]);
	if (random_below(2))
		buf_printf(out, " code %u", random_below(3) ? random_below(3) : 255);
}

static inline void
gen_keep(struct buf *out, bool people)
{
	if (random_below(2))
		buf_str(out, " keep frags");
	if (random_below(2))
		return;
	buf_str(out, " keep state");
	if (people && random_below(4) == 0)
		buf_str(out, random_below(2) ? " (strict)" : " (limit 5, age 3/4)");
}

static inline void
gen_tag(struct buf *out)
{
	buf_printf(out, " set-tag(uuid=00000000-0000-4000-8000-00000000000%u%s)", random_below(3),
	    random_below(3) ? "" : ", cfwlog");
}

/* One line without its newline, in direction dir; groups are the caller's. */
static inline void
gen_line(struct buf *out, const struct gen *g, unsigned dir)
{
	static const char *const proto[] = { "tcp", "udp", "tcp/udp", "esp", "ah", "47" };
	uint32_t p = random_below(12);
	bool in = dir == 0;
	bool ports = p < 6, icmp = p == 6 || p == 7;

	buf_printf(out, "%s %s%s", random_below(2) ? "pass" : "block", in ? "in" : "out",
	    random_below(3) ? " quick" : "");
	if (p < 9)
		buf_printf(out, " proto %s", icmp ? g->fam == NET_V4 ? "icmp" : "ipv6-icmp"
		    : proto[ports ? p / 2 : 3 + random_below(3)]);
	for (int side = 0; side < 2; side++) {
		bool remote = (side == 0) == in;

		buf_str(out, side ? " to " : " from ");
		if (remote ? random_below(3) != 0 : g->people && random_below(8) == 0)
			gen_addr(out, g->fam);
		else
			buf_str(out, "any");
		if (ports && (side ? random_below(3) != 0 : g->people && random_below(8) == 0))
			gen_ports(out);
	}
	if (ports && p / 2 == 0 && random_below(3) == 0)
		gen_flags(out, g->people);
	if (icmp && random_below(3))
		gen_types(out, g->fam);
	gen_keep(out, g->people);
}

static inline void
gen_file(struct buf *out, const struct gen *g)
{
	struct gen_group group[64];
	uint32_t groups = 0;

	for (uint32_t i = 0; i < g->lines; i++) {
		uint32_t in = groups && random_below(3) ? 1 + random_below(groups) : 0;
		unsigned dir = in ? group[in - 1].dir : random_below(2);
		unsigned depth = in ? group[in - 1].depth : 0;

		gen_line(out, g, dir);
		if (g->groups && groups < BASE_COUNT(group) && depth < 4 && random_below(4) == 0) {
			/* Sometimes a group gets another head, if that makes no loop. */
			if (groups && random_below(4) == 0 && group[groups - 1].dir == dir &&
			    in != groups && group[groups - 1].depth == depth + 1) {
				buf_printf(out, " head g%u", groups);
			} else {
				group[groups++] = (struct gen_group){ dir, depth + 1 };
				buf_printf(out, " head g%u", groups);
			}
		}
		if (in)
			buf_printf(out, " group g%u", in);
		if (g->tags && random_below(2))
			gen_tag(out);
		buf_char(out, '\n');
	}
}

#endif
