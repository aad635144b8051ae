/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What becomes of a packet: cases written by hand, among them everything that
 * ipfilter does in its own way (spec 3, compiler/filter/filter.h).
 */
#include "compiler/filter/filter.h"

#include "tests/ipf-doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct doc_packet {
	const char *dir;                /* "in" or "out" */
	const char *proto;
	const char *remote;             /* NULL: 9.9.9.9 or 9::9 */
	const char *local;              /* NULL: 7.7.7.7 or 7::7 */
	int port, sport;
	const char *flags;              /* NULL: S */
	int type, code;
	bool fragment;
};

static struct addr
addr_of(const char *text)
{
	struct prefix p;

	assert_true(addr_read(slice_of(text), &p));
	return p.a;
}

static struct filter_packet
packet_of(const struct doc_packet *d, unsigned fam)
{
	struct filter_packet p = {
		.dir = strcmp(d->dir, "in") == 0 ? IPF_IN : IPF_OUT,
		.fam = (uint8_t)fam,
		.proto = (uint8_t)ipf_proto_number(slice_of(d->proto)),
		.remote = addr_of(d->remote ? d->remote : fam == NET_V4 ? "9.9.9.9" : "9::9"),
		.local = addr_of(d->local ? d->local : fam == NET_V4 ? "7.7.7.7" : "7::7"),
		.dport = (uint16_t)d->port, .sport = (uint16_t)d->sport,
		.type = (uint8_t)d->type, .code = (uint8_t)d->code,
		.later_fragment = d->fragment,
	};
	static const char letters[] = "FSRPAUEC";

	for (const char *f = d->flags ? d->flags : "S"; *f; f++)
		p.tcp_flags |= (uint8_t)(1 << (strchr(letters, *f) - letters));
	return p;
}

/* want: the outcome's text, then the line that decides (0: none) and how many were looked at. */
struct test_case {
	unsigned fam;
	const char *file;
	struct doc_packet packet;
	const char *want;
	unsigned line, visited;
};

#define FALLBACKS                                                              \
	"block in all\n"                                                       \
	"pass out quick proto tcp from any to any flags S/SA keep state\n"     \
	"pass out proto tcp from any to any\n"                                 \
	"pass out proto udp from any to any keep state\n"                      \
	"pass out quick proto icmp from any to any keep state\n"               \
	"pass out proto icmp from any to any\n"

#define IN(p, ...) { .dir = "in", .proto = p, ##__VA_ARGS__ }
#define OUT(p, ...) { .dir = "out", .proto = p, ##__VA_ARGS__ }
#define TCP_IN(...) IN("tcp", ##__VA_ARGS__)
#define TCP_OUT(...) OUT("tcp", ##__VA_ARGS__)
#define ICMP_IN(t) IN("icmp", .type = t)
#define ICMP6_IN(t) IN("ipv6-icmp", .type = t)

static const struct test_case cases[] = {
	/* Quick ends, else the last decides, else nothing. */
	{ 4, "", TCP_IN(), "no match", 0, 0 },
	{ 4, "pass out all\n", TCP_IN(), "no match", 0, 0 },
	{ 4, "pass in all\nblock in all\n", TCP_IN(), "block", 2, 2 },
	{ 4, "pass in quick all\nblock in all\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "block in all\npass in quick all\nblock in all\n", TCP_IN(), "pass", 2, 2 },
	{ 4, "block in all\npass in proto udp all\n", TCP_IN(), "block", 1, 2 },
	{ 4, "pass in all keep frags keep state\n", TCP_IN(),
	    "pass, keep state, keep frags", 1, 1 },
	{ 4, "block in all keep frags keep state\n", TCP_IN(), "block", 1, 1 },
	{ 4, "pass in all keep state (strict, limit 3)\n", TCP_IN(),
	    "pass, keep state (strict, limit 3)", 1, 1 },
	{ 4, "pass in all set-tag(uuid=382d3efc-040a-a66c-2695-1a4f33756168, cfwlog)\n", TCP_IN(),
	    "pass, tag 382d3efc-040a-a66c-2695-1a4f33756168 cfwlog", 1, 1 },
	{ 4, "block in all set-tag(cfwlog)\n", TCP_IN(), "block, tag cfwlog", 1, 1 },

	/* The fallbacks. */
	{ 4, FALLBACKS, TCP_IN(), "block", 1, 1 },
	{ 4, FALLBACKS, TCP_OUT(), "pass, keep state", 2, 1 },
	{ 4, FALLBACKS, TCP_OUT(.flags = "SA"), "pass", 3, 5 },
	{ 4, FALLBACKS, TCP_OUT(.flags = "A"), "pass", 3, 5 },
	{ 4, FALLBACKS, TCP_OUT(.flags = "SU"), "pass, keep state", 2, 1 },
	{ 4, FALLBACKS, OUT("udp"), "pass, keep state", 4, 5 },
	{ 4, FALLBACKS, OUT("icmp", .type = 8), "pass, keep state", 5, 4 },
	{ 4, FALLBACKS, OUT("icmp", .type = 11), "pass", 6, 5 },
	{ 4, FALLBACKS, OUT("esp"), "no match", 0, 5 },

	/* Addresses: the source of what comes in, the destination of what goes out. */
	{ 4, "pass in from 9.9.9.9 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "pass in from 9.9.9.8 to any\n", TCP_IN(), "no match", 0, 1 },
	{ 4, "pass in from any to 7.7.7.7\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "pass in from any to 9.9.9.9\n", TCP_IN(), "no match", 0, 1 },
	{ 4, "pass out from any to 9.9.9.9\n", TCP_OUT(), "pass", 1, 1 },
	{ 4, "pass out from 7.7.7.0/24 to any\n", TCP_OUT(), "pass", 1, 1 },
	{ 4, "pass out from 9.9.9.9 to any\n", TCP_OUT(), "no match", 0, 1 },
	{ 4, "pass in from ! 9.9.9.9 to any\n", TCP_IN(), "no match", 0, 1 },
	{ 4, "pass in from ! 9.9.9.8 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "pass in from ! any to any\n", TCP_IN(), "no match", 0, 1 },
	{ 4, "pass in from 9.9.9.255/24 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "pass in from 1.2.3.4/0 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 6, "pass in from 9::/64 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 6, "pass in from 9::1/64 to any\n", TCP_IN(), "no match", 0, 1 },
	{ 6, "pass in from ! 9::1/64 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 6, "pass in from 9::9/128 to any\n", TCP_IN(), "pass", 1, 1 },
	{ 6, "pass in from ::1/0 to any\n", TCP_IN(), "no match", 0, 1 },

	/* Protocols. */
	{ 4, "pass in proto ah all\n", IN("ah"), "pass", 1, 1 },
	{ 6, "pass in proto ah all\n", IN("ah"), "no match", 0, 1 },
	{ 6, "pass in proto 51 all\n", IN("ah"), "no match", 0, 1 },
	{ 6, "pass in all\n", IN("ah"), "pass", 1, 1 },
	{ 6, "pass in proto esp all\n", IN("esp"), "pass", 1, 1 },
	{ 4, "pass in proto tcp/udp all\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "pass in proto tcp/udp all\n", IN("udp"), "pass", 1, 1 },
	{ 4, "pass in proto tcp/udp all\n", IN("esp"), "no match", 0, 1 },

	/* Flags. */
	{ 4, "pass in proto tcp all flags S\n", TCP_IN(), "pass", 1, 1 },
	{ 4, "pass in proto tcp all flags S\n", TCP_IN(.flags = "SU"), "no match", 0, 1 },
	{ 4, "pass in proto tcp all flags S\n", TCP_IN(.flags = "SEC"), "pass", 1, 1 },
	{ 4, "pass in proto tcp all flags /SA\n", TCP_IN(.flags = "F"), "pass", 1, 1 },
	{ 4, "pass in proto tcp all flags F/S\n", TCP_IN(.flags = "F"), "no match", 0, 1 },

	/* ICMP. */
	{ 4, "pass in proto icmp all icmp-type 3\n", ICMP_IN(3), "pass", 1, 1 },
	{ 4, "pass in proto icmp all icmp-type 3\n", ICMP_IN(4), "no match", 0, 1 },
	{ 4, "pass in proto icmp all icmp-type 3 code 1\n",
	    IN("icmp", .type = 3, .code = 1), "pass", 1, 1 },
	{ 4, "pass in proto icmp all icmp-type 3 code 1\n", ICMP_IN(3), "no match", 0, 1 },
	{ 4, "pass in proto icmp all icmp-type 3 code 0\n", ICMP_IN(3), "pass", 1, 1 },

	/* State that cannot be kept: a quick line does not match, another one blocks. */
	{ 4, "pass in quick proto icmp all keep state\nblock in all\n", ICMP_IN(8),
	    "pass, keep state", 1, 1 },
	{ 4, "pass in quick proto icmp all keep state\nblock in all\n", ICMP_IN(13),
	    "pass, keep state", 1, 1 },
	{ 4, "pass in quick proto icmp all keep state\nblock in all\n", ICMP_IN(15),
	    "pass, keep state", 1, 1 },
	{ 4, "pass in quick proto icmp all keep state\nblock in all\n", ICMP_IN(17),
	    "pass, keep state", 1, 1 },
	{ 4, "pass in quick proto icmp all keep state\nblock in all\n", ICMP_IN(0), "block", 2, 2 },
	{ 4, "pass in quick proto icmp all icmp-type 11 keep state\n", ICMP_IN(11),
	    "no match", 0, 1 },
	{ 4, "block in quick proto icmp all keep state\npass in all\n", ICMP_IN(3), "pass", 2, 2 },
	{ 4, "block in quick proto icmp all keep state\npass in all\n", ICMP_IN(8), "block", 1, 1 },
	{ 4, "pass in quick all keep state\n", ICMP_IN(3), "no match", 0, 1 },
	{ 4, "pass in quick all keep state\n", IN("esp"), "pass, keep state", 1, 1 },
	{ 4, "pass in proto icmp all keep state\n", ICMP_IN(3), "block", 1, 1 },
	{ 4, "pass in proto icmp all keep state\n", ICMP_IN(8), "pass, keep state", 1, 1 },
	{ 4, "pass in all\nblock in proto icmp all keep state\n", ICMP_IN(3), "block", 2, 2 },
	{ 6, "pass in quick all keep state\n", ICMP6_IN(128), "pass, keep state", 1, 1 },
	{ 6, "pass in quick all keep state\n", ICMP6_IN(130), "pass, keep state", 1, 1 },
	{ 6, "pass in quick all keep state\n", ICMP6_IN(139), "pass, keep state", 1, 1 },
	{ 6, "pass in quick all keep state\n", ICMP6_IN(129), "no match", 0, 1 },
	{ 6, "pass in quick all keep state\n", ICMP6_IN(135), "no match", 0, 1 },
	{ 6, "pass in quick all keep state\n", ICMP6_IN(8), "no match", 0, 1 },

	/* Later fragments: nothing to look at, no state. */
	{ 4, "pass in quick proto tcp from any to any port = 80\n",
	    TCP_IN(.port = 80, .fragment = true), "no match", 0, 1 },
	{ 4, "pass in quick proto tcp from any port >= 0 to any\n", TCP_IN(.fragment = true),
	    "no match", 0, 1 },
	{ 4, "pass in quick proto tcp all flags S/SA\n", TCP_IN(.fragment = true),
	    "no match", 0, 1 },
	{ 4, "pass in quick proto icmp all icmp-type 0\n", IN("icmp", .fragment = true),
	    "no match", 0, 1 },
	{ 4, "pass in quick proto tcp all keep frags\n", TCP_IN(.fragment = true),
	    "pass, keep frags", 1, 1 },
	{ 4, "pass in quick proto tcp all keep state\nblock in all\n", TCP_IN(.fragment = true),
	    "block", 2, 2 },

	/* Groups: looked at only behind their head. */
	{ 4, "block in proto udp all head a\npass in quick all group a\n", TCP_IN(),
	    "no match", 0, 1 },
	{ 4, "block in all head a\npass in quick all group a\nblock in all\n", TCP_IN(),
	    "pass", 2, 2 },
	{ 4, "block in all head a\npass in all group a\n", TCP_IN(), "pass", 2, 2 },
	{ 4, "block in all head a\npass in all group a\nblock in quick all\n", TCP_IN(),
	    "block", 3, 3 },
	{ 4, "block in all head a\npass in proto udp all group a\n", TCP_IN(), "block", 1, 2 },
	/* A quick head. */
	{ 4, "block in quick all head a\npass in quick all group a\npass in all\n", TCP_IN(),
	    "pass", 2, 2 },
	{ 4, "block in quick all head a\npass in quick proto udp all group a\npass in all\n",
	    TCP_IN(), "block", 1, 2 },
	{ 4, "block in quick all head a\npass in all\n", TCP_IN(), "block", 1, 1 },
	/* Its verdict gives way to a line without quick, and the walk goes on. */
	{ 4, "block in quick all head a\npass in all group a\n", TCP_IN(), "pass", 2, 2 },
	{ 4, "block in quick all head a\npass in all group a\nblock in proto tcp all\n", TCP_IN(),
	    "block", 3, 3 },
	/* Its own state, if the group had nothing to say. */
	{ 4, "pass in quick all keep state head a\nblock in quick proto udp all group a\n"
	    "pass in all\n", TCP_IN(), "pass, keep state", 1, 2 },
	{ 4, "pass in quick all keep state head a\nblock in quick proto udp all group a\n"
	    "pass in all\n", ICMP_IN(3), "pass", 3, 3 },
	{ 4, "pass in quick all keep state head a\nblock in quick proto icmp all group a\n"
	    "pass in all\n", ICMP_IN(3), "block", 2, 2 },
	{ 4, "pass in all\nblock in quick all keep state head a\nblock in all group a\n",
	    ICMP_IN(3), "block", 3, 3 },
	{ 4, "pass in all keep frags\nblock in quick all keep state head a\n", ICMP_IN(3),
	    "pass, keep frags", 1, 2 },
	/* A line in the group whose state is refused leaves the head's verdict. */
	{ 4, "block in quick all head a\npass in quick all keep state group a\npass in all\n",
	    ICMP_IN(3), "block", 1, 2 },
	{ 4, "block in all head a\npass in quick all keep state group a\n", ICMP_IN(3),
	    "block", 1, 2 },
	/* Within each other; several heads. */
	{ 4, "block in all head a\nblock in proto tcp all head b group a\n"
	    "pass in quick from 9.9.9.9 to any group b\npass in quick all group a\n", TCP_IN(),
	    "pass", 3, 3 },
	{ 4, "block in all head a\nblock in proto tcp all head b group a\n"
	    "pass in quick from 1.1.1.1 to any group b\npass in quick all group a\n", TCP_IN(),
	    "pass", 4, 4 },
	{ 4, "block in quick all head a\nblock in quick proto tcp all head b group a\n"
	    "pass in quick from 1.1.1.1 to any group b\npass in quick all group a\n", TCP_IN(),
	    "block", 2, 3 },
	{ 4, "block in proto udp all head a\nblock in proto tcp all head a\n"
	    "pass in from 9.9.9.9 to any group a\n", TCP_IN(), "pass", 3, 3 },
	{ 4, "pass out all head a\nblock out quick from any to 9.9.9.9 group a\n", TCP_OUT(),
	    "block", 2, 2 },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < BASE_COUNT(cases); i++) {
		const struct test_case *c = &cases[i];
		struct filter_packet p = packet_of(&c->packet, c->fam);
		struct filter_result r;
		struct buf got = { 0 };
		struct doc d;

		doc_read(&d, slice_of(c->file), c->fam);
		assert_string_equal(d.printed.p, "");
		filter_eval(&d.file, &p, &r, NULL);
		filter_outcome_text(&got, &r.outcome);
		buf_printf(&got, " by %u after %u of\n%s", r.line ? r.line->number : 0, r.visited,
		    c->file);
		buf_char(&got, '\0');
		{
			struct buf want = { 0 };

			buf_printf(&want, "%s by %u after %u of\n%s", c->want, c->line, c->visited,
			    c->file);
			buf_char(&want, '\0');
			assert_string_equal(got.p, want.p);
			buf_free(&want);
		}
		buf_free(&got);
		doc_free(&d);
	}
}

/* --- comparisons -------------------------------------------------------- */

static void
test_comparisons(void **state)
{
	/* Of the ports 0 1 2 3 4 5 6 65535 those that match. */
	static const int port[] = { 0, 1, 2, 3, 4, 5, 6, 65535 };
	static const struct {
		const char *text, *match;
	} table[] = {
		{ "= 3", "...x...." }, { "!= 3", "xxx.xxxx" }, { "< 3", "xxx....." },
		{ "<= 3", "xxxx...." }, { "> 3", "....xxxx" }, { ">= 3", "...xxxxx" },
		{ "2 : 4", "..xxx..." }, { "2 >< 4", "...x...." }, { "2 <> 4", "xx...xxx" },
		{ "4 : 2", "........" }, { "4 >< 2", "........" }, { "4 <> 2", "xxxxxxxx" },
		{ "3 : 3", "...x...." }, { "3 >< 4", "........" }, { "3 <> 3", "xxx.xxxx" },
		{ "< 0", "........" }, { ">= 0", "xxxxxxxx" }, { "> 65535", "........" },
		{ "<= 65535", "xxxxxxxx" }, { "0 <> 65535", "........" },
		{ "0 : 65535", "xxxxxxxx" }, { "!= 0", ".xxxxxxx" }, { "!= 65535", "xxxxxxx." },
	};

	(void)state;
	for (size_t i = 0; i < 2 * BASE_COUNT(table); i++) {
		bool dst = i & 1;
		char text[100], got[9] = "";
		struct doc d;

		snprintf(text, sizeof(text), dst ? "pass in proto udp from any to any port %s\n"
		    : "pass in proto udp from any port %s to any\n", table[i / 2].text);
		doc_read(&d, slice_of(text), 4);
		for (size_t k = 0; k < BASE_COUNT(port); k++) {
			struct doc_packet dp = IN("udp", .port = dst ? port[k] : 77,
				.sport = dst ? 77 : port[k]);
			struct filter_packet p = packet_of(&dp, 4);
			struct filter_result r;

			filter_eval(&d.file, &p, &r, NULL);
			got[k] = r.outcome.verdict == FILTER_PASS ? 'x' : '.';
		}
		assert_string_equal(got, table[i / 2].match);
		doc_free(&d);
	}
}

/* --- trace -------------------------------------------------------------- */

static void
test_trace(void **state)
{
	static const char *const file =
	    "pass in proto udp all\n"
	    "pass in quick all keep state head a\n"
	    "block in quick from 1.1.1.1 to any group a\n"
	    "block in quick from any to 1.1.1.1 group a\n"
	    "block in quick all keep state group a\n"
	    "block in proto icmp all icmp-type 4\n"
	    "block in proto icmp all icmp-type 3 code 1\n"
	    "block in proto tcp/udp from any to any port = 3\n"
	    "pass in quick proto icmp all icmp-type unreach\n"
	    "block in all\n";
	static const struct {
		unsigned line, why, depth;
		bool left;
	} want[] = {
		{ 1, FILTER_PROTO, 0, false }, { 2, FILTER_MATCHED, 0, false },
		{ 3, FILTER_SRC, 1, false }, { 4, FILTER_DST, 1, false },
		{ 5, FILTER_NO_STATE, 1, false }, { 2, FILTER_NO_STATE, 0, true },
		{ 6, FILTER_TYPE, 0, false }, { 7, FILTER_CODE, 0, false },
		{ 8, FILTER_PROTO, 0, false }, { 9, FILTER_MATCHED, 0, false },
	};
	struct doc_packet dp = ICMP_IN(3);
	struct filter_packet p = packet_of(&dp, 4);
	struct filter_trace trace = { 0 };
	struct filter_result r;
	struct doc d;

	(void)state;
	doc_read(&d, slice_of(file), 4);
	assert_string_equal(d.printed.p, "");
	trace.arena = &d.arena;
	filter_eval(&d.file, &p, &r, &trace);
	assert_int_equal(trace.steps.n, BASE_COUNT(want));
	for (size_t i = 0; i < BASE_COUNT(want); i++) {
		const struct filter_step *s = &trace.steps.v[i];

		assert_int_equal(d.file.lines.v[s->line].number, want[i].line);
		assert_int_equal(s->why, want[i].why);
		assert_int_equal(s->depth, want[i].depth);
		assert_int_equal(s->left, want[i].left);
	}
	assert_int_equal(r.line->number, 9);
	assert_int_equal(r.visited, 9);
	doc_free(&d);
}

/* What a single line says about a packet that it does not match. */
static void
test_why(void **state)
{
	static const struct {
		unsigned fam;
		const char *line;
		struct doc_packet packet;
		enum filter_why why;
	} table[] = {
		{ 6, "pass in proto ah all\n", IN("ah"), FILTER_AH },
		{ 6, "pass in from 9::1/64 to any\n", TCP_IN(), FILTER_HOST_BITS },
		{ 6, "pass out from any to 9::1/64\n", TCP_OUT(), FILTER_HOST_BITS },
		{ 4, "pass in proto tcp from any port = 1 to any\n", TCP_IN(), FILTER_SPORT },
		{ 4, "pass in proto tcp from any to any port = 1\n", TCP_IN(), FILTER_DPORT },
		{ 4, "pass in proto tcp all flags S/SA\n", TCP_IN(.flags = "A"), FILTER_FLAGS },
		{ 4, "pass in proto tcp all flags S/SA\n", TCP_IN(.fragment = true),
		    FILTER_FRAGMENT },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		struct filter_packet p = packet_of(&table[i].packet, table[i].fam);
		struct filter_trace trace = { 0 };
		struct filter_result r;
		struct doc d;

		doc_read(&d, slice_of(table[i].line), table[i].fam);
		trace.arena = &d.arena;
		filter_eval(&d.file, &p, &r, &trace);
		assert_int_equal(trace.steps.n, 1);
		assert_int_equal(trace.steps.v[0].why, table[i].why);
		doc_free(&d);
	}
	for (unsigned why = FILTER_MATCHED; why <= FILTER_CODE; why++)
		assert_true(strlen(filter_why_text(why)) > 3);
}

/* --- words -------------------------------------------------------------- */

static void
test_never(void **state)
{
	static const struct {
		unsigned fam;
		const char *line, *never;
	} table[] = {
		{ 4, "pass in all\n", NULL },
		{ 4, "pass in proto ah all\n", NULL },
		{ 6, "pass in proto ah all\n", "proto ah never matches in IPv6" },
		{ 6, "pass in from 9::1/64 to any\n",
		    "an IPv6 prefix with bits right of its mask never matches" },
		{ 6, "pass in from ! 9::1/64 to any\n", NULL },
		{ 6, "pass in from ! ::/0 to any\n", "the address excludes all addresses" },
		{ 6, "pass in from ! ::1/0 to any\n", NULL },
		{ 4, "pass in from ! any to any\n", "the address excludes all addresses" },
		{ 4, "pass in from any to ! 1.2.3.4/0\n", "the address excludes all addresses" },
		{ 4, "pass in proto tcp from any to any port 4 : 2\n", "no port is in this range" },
		{ 4, "pass in proto tcp from any port 4 >< 5 to any\n",
		    "no port is in this range" },
		{ 4, "pass in proto tcp from any to any port < 0\n", "no port is in this range" },
		{ 4, "pass in proto tcp from any to any port 0 <> 65535\n",
		    "no port is in this range" },
		{ 4, "pass in proto tcp all flags F/S\n",
		    "flags are asked for that the mask leaves out" },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		const char *got;
		struct doc d;

		doc_read(&d, slice_of(table[i].line), table[i].fam);
		assert_string_equal(d.printed.p, "");
		got = filter_never(&d.file.lines.v[0], table[i].fam);
		assert_string_equal(got ? got : "", table[i].never ? table[i].never : "");
		doc_free(&d);
	}
}

static void
test_packet_text(void **state)
{
	static const struct {
		unsigned fam;
		struct doc_packet packet;
		const char *text;
	} table[] = {
		{ 4, TCP_IN("1.2.3.4", "0.0.0.0", .port = 80),
		    "tcp in from 1.2.3.4 to port 80, flags S" },
		{ 4, TCP_IN("1.2.3.4", "10.0.0.1", .port = 80, .sport = 9, .flags = "SA"),
		    "tcp in from 1.2.3.4 port 9 to 10.0.0.1 port 80, flags SA" },
		{ 4, TCP_OUT("1.2.3.4", "0.0.0.0", .port = 80, .flags = ""),
		    "tcp out to 1.2.3.4 port 80, no flags" },
		{ 4, OUT("udp", "1.2.3.4", "0.0.0.0", .port = 80, .sport = 9),
		    "udp out from port 9 to 1.2.3.4 port 80" },
		{ 4, OUT("udp", "1.2.3.4", "10.0.0.1", .port = 80),
		    "udp out from 10.0.0.1 to 1.2.3.4 port 80" },
		{ 4, IN("icmp", "1.2.3.4", "0.0.0.0", .type = 8),
		    "icmp in from 1.2.3.4, type 8 code 0" },
		{ 6, OUT("ipv6-icmp", "::1", "::", .type = 128, .code = 3),
		    "ipv6-icmp out to ::1, type 128 code 3" },
		{ 6, IN("99", "::1", "::"), "protocol 99 in from ::1" },
		{ 4, IN("esp", "1.2.3.4", "10.0.0.1"), "esp in from 1.2.3.4 to 10.0.0.1" },
		{ 4, TCP_IN("1.2.3.4", "0.0.0.0", .port = 80, .fragment = true),
		    "tcp in from 1.2.3.4, a later fragment" },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		struct filter_packet p = packet_of(&table[i].packet, table[i].fam);
		struct buf got = { 0 };

		filter_packet_text(&got, &p);
		buf_char(&got, '\0');
		assert_string_equal(got.p, table[i].text);
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_packet_text),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
