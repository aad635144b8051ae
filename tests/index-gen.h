/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random rules and questions that meet: all values come from small pools, with the
 * edges among them (/0, /32, /128, host bits, v4-mapped addresses, odd tags).
 */
#ifndef FWR_TESTS_INDEX_GEN_H
#define FWR_TESTS_INDEX_GEN_H

#include "compiler/input/input.h"
#include "tests/random.h"

static const char *const gen_v4[] = { "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1", "0.0.0.1",
	"255.255.255.254", "192.168.1.7", "1.2.3.4", "11.0.0.0" };
static const char *const gen_v6[] = { "::", "::1", "fd00::1", "fd00::2", "fd00:1::1",
	"::ffff:102:304", "::ffff:a00:1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
static const char *const gen_net4[] = { "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24",
	"10.0.0.0/31", "10.0.0.1/32", "10.0.0.2/32", "10.1.0.0/16", "128.0.0.0/1", "0.0.0.0/32",
	"255.255.255.255/32", "192.168.0.0/16", "10.0.0.128/25", "1.2.3.4/32" };
static const char *const gen_net6[] = { "::/0", "fd00::/8", "fd00::/64", "fd00::1/128", "::/128",
	"::ffff:0:0/96", "::ffff:a00:0/104", "8000::/1", "fd00:1::/32" };
static const char *const gen_host_bits[] = { "10.0.0.1/8", "10.0.0.255/24", "fd00::1/64",
	"192.168.1.7/16", "255.0.0.0/0" };
static const char *const gen_tag[] = { "www", "db", "foo,other", "*", "(((", "=", "a=b", "&", "|",
	"\xc3\xa9", "a b", "WWW" };
static const char *const gen_value[] = { "1", "2", "true", "x,y", "=", "" };

#define GEN_PICK(list) ((list)[random_below(BASE_COUNT(list))])

/* The nth UUID of a kind; spread over all first bytes. */
static inline void
gen_uuid(struct buf *out, unsigned kind, uint32_t n)
{
	buf_printf(out, "%08x-0000-4000-8000-%06x%06x", n * 2654435761u ^ kind, kind, n);
}

static inline void
gen_target(struct buf *out, int family)
{
	bool six = family == 6 || (family == 0 && random_below(2));

	switch (random_below(7)) {
	case 0:
	case 1:
		buf_printf(out, "ip %s", six ? GEN_PICK(gen_v6) : GEN_PICK(gen_v4));
		break;
	case 2:
	case 3:
		if (family == 0 && random_below(6) == 0)
			buf_printf(out, "subnet %s", GEN_PICK(gen_host_bits));
		else
			buf_printf(out, "subnet %s", six ? GEN_PICK(gen_net6) : GEN_PICK(gen_net4));
		break;
	case 4:
	case 5:
		buf_printf(out, "tag \"%s\"", GEN_PICK(gen_tag));
		if (random_below(2))
			buf_printf(out, " = \"%s\"", GEN_PICK(gen_value));
		break;
	default:
		buf_str(out, "vm ");
		gen_uuid(out, 2, random_below(8));
	}
}

static inline void
gen_side(struct buf *out, bool must_affect, int family)
{
	uint32_t n = 1 + random_below(3);

	if (random_below(6) == 0) {
		buf_str(out, must_affect || random_below(2) ? "all vms" : "any");
		return;
	}
	buf_char(out, '(');
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			buf_str(out, " OR ");
		gen_target(out, family);
	}
	if (must_affect) {
		buf_str(out, " OR vm ");
		gen_uuid(out, 2, random_below(8));
	}
	buf_char(out, ')');
}

/* A rule of source text with the given number of UUID. */
static inline void
gen_rule_text(struct buf *out, uint32_t uuid)
{
	static const char *const ports[] = { "PORT 80", "(PORT 22 AND PORT 443)", "PORTS 79 - 81",
		"PORTS 1 - 65535", "PORT all" };
	uint32_t proto = random_below(6);
	int family = proto == 2 ? 4 : proto == 3 ? 6 : 0;
	bool first = random_below(2);

	buf_str(out, "@uuid ");
	gen_uuid(out, 0, uuid);
	if (random_below(4)) {
		buf_str(out, "\n@owner ");
		gen_uuid(out, 1, random_below(5));
	} else {
		buf_str(out, "\n@global");
	}
	buf_str(out, random_below(3) ? "\n@enabled" : "\n@disabled");
	if (random_below(3) == 0)
		buf_str(out, "\n@log");
	if (random_below(3) == 0)
		buf_printf(out, "\n@description \"d%u\"", random_below(4));
	buf_printf(out, "\n@version \"%u.1\"\nFROM ", random_below(1000));
	gen_side(out, first, family);
	buf_str(out, " TO ");
	gen_side(out, !first, family);
	buf_str(out, random_below(2) ? " ALLOW " : " BLOCK ");
	if (proto < 2)
		buf_str(out, proto ? "esp" : "ah");
	else if (proto < 4)
		buf_printf(out, "%s (TYPE 8 AND TYPE 3 CODE 1)", proto == 2 ? "icmp" : "icmp6");
	else
		buf_printf(out, "%s %s", proto == 4 ? "tcp" : "udp", GEN_PICK(ports));
	if (random_below(3) == 0)
		buf_printf(out, " PRIORITY %u", random_below(101));
	buf_char(out, '\n');
}

/* The rule in a fresh input's arena. */
static inline struct rule *
gen_rule(struct input *in, uint32_t uuid)
{
	struct buf text = { 0 };
	struct rule *r;

	input_forget(in);
	gen_rule_text(&text, uuid);
	input_read_text(in, slice_of("rule"), buf_view(&text));
	if (in->rules.n != 1) {
		struct buf why = { 0 };

		diag_print_all(&why, in->diags, false);
		fwrite(why.p, 1, why.n, stderr);
		abort();
	}
	r = in->rules.v[0];
	buf_free(&text);
	return r;
}

#endif
