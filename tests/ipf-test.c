/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The reader of ipf.conf: what each construct becomes, the exact text of every
 * diagnostic, limits, and every file of the corpus.
 */
#include "compiler/base/json.h"
#include "grammar/ipfast.h"

#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct doc {
	struct arena arena;
	struct diags diags;
	struct src src;
	struct ipf_file file;
	struct buf printed;
	bool good;
};

static void
doc_read(struct doc *d, struct slice text, unsigned fam)
{
	memset(d, 0, sizeof(*d));
	d->diags.arena = &d->arena;
	d->src = (struct src){ .name = slice_of("f"), .text = text };
	d->good = ipf_read(&d->arena, &d->diags, &d->src, fam, &d->file);
	diag_print_all(&d->printed, &d->diags, false);
	buf_char(&d->printed, '\0');
}

static void
doc_free(struct doc *d)
{
	buf_free(&d->printed);
	arena_free(&d->arena);
}

/* A file of one line that must be good; the newline is added. */
static const struct ipf_line *
one_line(struct doc *d, const char *text, unsigned fam)
{
	struct arena *a = &d->arena;

	memset(d, 0, sizeof(*d));
	d->diags.arena = a;
	d->src = (struct src){
		.name = slice_of("f"), .text = slice_of(arena_printf(a, "%s\n", text)),
	};
	d->good = ipf_read(a, &d->diags, &d->src, fam, &d->file);
	diag_print_all(&d->printed, &d->diags, false);
	buf_char(&d->printed, '\0');
	assert_string_equal(d->printed.p, "");
	assert_true(d->good);
	assert_int_equal(d->file.lines.n, 1);
	return &d->file.lines.v[0];
}

/* --- constructs --------------------------------------------------------- */

static void
test_whole_line(void **state)
{
	const char *text = "pass in quick proto tcp from 10.0.0.0/8 to any port = 80 keep frags "
	    "keep state set-tag(uuid=382d3efc-040a-a66c-2695-1a4f33756168, cfwlog)";
	struct doc d;
	const struct ipf_line *l = one_line(&d, text, 0);
	char uuid[UUID_TEXT];

	(void)state;
	assert_int_equal(l->number, 1);
	assert_int_equal(l->at.off, 0);
	assert_int_equal(l->at.len, strlen(text));
	assert_int_equal(l->action, IPF_PASS);
	assert_int_equal(l->dir, IPF_IN);
	assert_true(l->quick);
	assert_false(l->log);
	assert_int_equal(l->proto_kind, IPF_PROTO_ONE);
	assert_int_equal(l->proto, IPF_TCP);
	assert_false(l->src.any);
	assert_int_equal(l->src.p.a.lo, NET_V4_LO | 0x0a000000);
	assert_int_equal(l->src.p.len, NET_V4_BASE + 8);
	assert_memory_equal(text + l->src.at.off, "10.0.0.0/8", l->src.at.len);
	assert_true(l->dst.any);
	assert_int_equal(l->sport.op, IPF_PORT_ANY);
	assert_int_equal(l->dport.op, IPF_PORT_EQ);
	assert_int_equal(l->dport.a, 80);
	assert_memory_equal(text + l->dport.at.off, "80", 2);
	assert_true(l->state.on);
	assert_true(l->frags.on);
	assert_int_equal(l->state.options, 0);
	assert_true(l->tag.on);
	assert_true(l->tag.has_uuid);
	assert_true(l->tag.cfwlog);
	uuid_write(uuid, l->tag.uuid);
	assert_memory_equal(uuid, "382d3efc-040a-a66c-2695-1a4f33756168", UUID_TEXT);
	assert_int_equal(l->head, 0);
	assert_int_equal(l->group, 0);
	assert_int_equal(d.file.fam, NET_V4);
	doc_free(&d);
}

static void
test_plain(void **state)
{
	struct doc d;
	const struct ipf_line *l = one_line(&d, "block\tout log body first level local0.info all "
	    "# why", 0);

	(void)state;
	assert_int_equal(l->action, IPF_BLOCK);
	assert_int_equal(l->dir, IPF_OUT);
	assert_true(l->log);
	assert_false(l->quick);
	assert_int_equal(l->proto_kind, IPF_PROTO_ANY);
	assert_true(l->src.any && l->dst.any);
	assert_false(l->state.on || l->frags.on || l->tag.on);
	assert_int_equal(l->at.len, strlen("block\tout log body first level local0.info all"));
	assert_int_equal(l->comment.len, 0);
	assert_int_equal(d.file.fam, 0);
	doc_free(&d);
}

static void
test_protocols(void **state)
{
	static const struct {
		const char *name;
		int kind, proto;
	} table[] = {
		{ "tcp", IPF_PROTO_ONE, 6 }, { "udp", IPF_PROTO_ONE, 17 },
		{ "tcp/udp", IPF_PROTO_TCPUDP, 0 }, { "tcp-udp", IPF_PROTO_TCPUDP, 0 },
		{ "icmp", IPF_PROTO_ONE, 1 }, { "ipv6-icmp", IPF_PROTO_ONE, 58 },
		{ "icmpv6", IPF_PROTO_ONE, 58 }, { "esp", IPF_PROTO_ONE, 50 },
		{ "ah", IPF_PROTO_ONE, 51 }, { "gre", IPF_PROTO_ONE, 47 },
		{ "0", IPF_PROTO_ONE, 0 }, { "255", IPF_PROTO_ONE, 255 },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		char text[80];
		struct doc d;
		const struct ipf_line *l;

		snprintf(text, sizeof(text), "pass in proto %s all", table[i].name);
		l = one_line(&d, text, 0);
		assert_int_equal(l->proto_kind, table[i].kind);
		assert_int_equal(l->proto, table[i].proto);
		doc_free(&d);
	}
	assert_int_equal(ipf_proto_number(slice_of("esp")), 50);
	assert_int_equal(ipf_proto_number(slice_of("58")), 58);
	assert_int_equal(ipf_proto_number(slice_of("256")), -1);
	assert_int_equal(ipf_proto_number(slice_of("5x")), -1);
	assert_int_equal(ipf_proto_number(slice_of("x")), -1);
	assert_int_equal(ipf_proto_number(slice_of("")), -1);
	assert_string_equal(ipf_proto_name(58), "ipv6-icmp");
	assert_null(ipf_proto_name(99));
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *text, *prefix;
		bool any, not;
	} table[] = {
		{ "any", "", true, false }, { "! any", "", true, true },
		{ "1.2.3.4", "1.2.3.4/32", false, false },
		{ "!1.2.3.4", "1.2.3.4/32", false, true },
		{ "1.2.3.4/0", "1.2.3.4/0", false, false },
		{ "1.2.3.4/32", "1.2.3.4/32", false, false },
		{ "1.2.3.4/255.255.0.0", "1.2.3.4/16", false, false },
		{ "1.2.3.4/0.0.0.0", "1.2.3.4/0", false, false },
		{ "1.2.3.4/0xffffff00", "1.2.3.4/24", false, false },
		{ "1.2.3.4 mask 255.255.255.255", "1.2.3.4/32", false, false },
		{ "! 1.2.3.4 netmask 0xFE000000", "1.2.3.4/7", false, true },
		{ "fe80::1", "fe80::1/128", false, false },
		{ "!2001:db8::/32", "2001:db8::/32", false, true },
		{ "::/0", "::/0", false, false },
		{ "::ffff:102:304/128", "::ffff:102:304/128", false, false },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8/128", false, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * BASE_COUNT(table); i++) {
		bool dst = i & 1;
		const struct ipf_addr *a;
		char text[120], got[NET_TEXT_MAX + 1];
		struct doc d;

		snprintf(text, sizeof(text), dst ? "pass in from any to %s" : "pass in from %s to any",
		    table[i / 2].text);
		a = dst ? &one_line(&d, text, 0)->dst : &one_line(&d, text, 0)->src;
		assert_int_equal(a->any, table[i / 2].any);
		assert_int_equal(a->not, table[i / 2].not);
		assert_int_equal(a->at.len, strlen(table[i / 2].text));
		if (!a->any) {
			got[prefix_write(got, a->p)] = '\0';
			assert_string_equal(got, table[i / 2].prefix);
			assert_int_equal(d.file.fam, a->p.fam);
		}
		doc_free(&d);
	}
}

static void
test_ports(void **state)
{
	static const struct {
		const char *text;
		int op, a, b;
	} table[] = {
		{ "= 0", IPF_PORT_EQ, 0, 0 }, { "eq 65535", IPF_PORT_EQ, 65535, 65535 },
		{ "!= 3", IPF_PORT_NE, 3, 3 }, { "ne 3", IPF_PORT_NE, 3, 3 },
		{ "< 3", IPF_PORT_LT, 3, 3 }, { "lt 3", IPF_PORT_LT, 3, 3 },
		{ "<= 3", IPF_PORT_LE, 3, 3 }, { "le 3", IPF_PORT_LE, 3, 3 },
		{ "> 3", IPF_PORT_GT, 3, 3 }, { "gt 3", IPF_PORT_GT, 3, 3 },
		{ ">= 3", IPF_PORT_GE, 3, 3 }, { "ge 3", IPF_PORT_GE, 3, 3 },
		{ "3 : 5", IPF_PORT_RANGE, 3, 5 }, { "3:5", IPF_PORT_RANGE, 3, 5 },
		{ "3 >< 5", IPF_PORT_INSIDE, 3, 5 }, { "3><5", IPF_PORT_INSIDE, 3, 5 },
		{ "3 <> 5", IPF_PORT_OUTSIDE, 3, 5 }, { "=3", IPF_PORT_EQ, 3, 3 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * BASE_COUNT(table); i++) {
		bool dst = i & 1;
		const struct ipf_port *p, *other;
		const struct ipf_line *l;
		char text[120];
		struct doc d;

		snprintf(text, sizeof(text), dst ? "pass in proto udp from any to any port %s"
		    : "pass in proto tcp/udp from any port %s to any", table[i / 2].text);
		l = one_line(&d, text, 0);
		p = dst ? &l->dport : &l->sport;
		other = dst ? &l->sport : &l->dport;
		assert_int_equal(p->op, table[i / 2].op);
		assert_int_equal(p->a, table[i / 2].a);
		assert_int_equal(p->b, table[i / 2].b);
		assert_int_equal(other->op, IPF_PORT_ANY);
		doc_free(&d);
	}
}

static void
test_flags(void **state)
{
	static const struct {
		const char *text;
		int value, mask;
	} table[] = {
		{ "S/SA", 0x02, 0x12 }, { "S", 0x02, 0x3f }, { "/SA", 0, 0x12 },
		{ "A/A", 0x10, 0x10 }, { "FSRPAUEC/FSRPAUEC", 255, 255 }, { "2/18", 2, 18 },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		char text[120];
		struct doc d;
		const struct ipf_line *l;

		snprintf(text, sizeof(text), "pass out proto tcp all flags %s", table[i].text);
		l = one_line(&d, text, 0);
		assert_true(l->has_flags);
		assert_int_equal(l->flags, table[i].value);
		assert_int_equal(l->flags_mask, table[i].mask);
		doc_free(&d);
	}
}

static void
test_icmp(void **state)
{
	static const struct {
		const char *text;
		int fam, type, code;
	} table[] = {
		{ "icmp all icmp-type 8", 4, 8, -1 }, { "icmp all icmp-type echo", 4, 8, -1 },
		{ "icmp all icmp-type echorep code 0", 4, 0, 0 },
		{ "icmp all icmp-type unreach code port-unr", 4, 3, 3 },
		{ "icmp all icmp-type 255 code 255", 4, 255, 255 },
		{ "icmp all icmp-type squench", 4, 4, -1 }, { "icmp all icmp-type redir", 4, 5, -1 },
		{ "1 all icmp-type maskrep", 4, 18, -1 },
		{ "ipv6-icmp all icmp-type echo", 6, 128, -1 },
		{ "ipv6-icmp all icmp-type 1 code 4", 6, 1, 4 },
		{ "58 all icmp-type toobig", 6, 2, -1 },
		{ "icmpv6 all icmp-type neighadvert", 6, 136, -1 },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		char text[120];
		struct doc d;
		const struct ipf_line *l;

		snprintf(text, sizeof(text), "pass out proto %s", table[i].text);
		l = one_line(&d, text, 0);
		assert_true(l->has_type);
		assert_int_equal(l->type, table[i].type);
		assert_int_equal(l->has_code, table[i].code >= 0);
		if (l->has_code)
			assert_int_equal(l->code, table[i].code);
		assert_int_equal(d.file.fam, table[i].fam);
		doc_free(&d);
	}
}

static void
test_keep(void **state)
{
	struct doc d;
	const struct ipf_line *l;

	(void)state;
	l = one_line(&d, "pass in all keep state (strict, newisn, no-icmp-err, sync, limit 100, "
	    "age 10/20) keep frag (strict)", 0);
	assert_int_equal(l->state.options, IPF_KEEP_STRICT | IPF_KEEP_NEWISN |
	    IPF_KEEP_NO_ICMP_ERR | IPF_KEEP_SYNC | IPF_KEEP_LIMIT | IPF_KEEP_AGE);
	assert_int_equal(l->state.limit, 100);
	assert_int_equal(l->state.age, 10);
	assert_int_equal(l->state.age_back, 20);
	assert_int_equal(l->frags.options, IPF_KEEP_STRICT);
	doc_free(&d);

	l = one_line(&d, "pass in all keep state(age 5)", 0);
	assert_int_equal(l->state.age, 5);
	assert_int_equal(l->state.age_back, 0);
	assert_false(l->frags.on);
	doc_free(&d);

	l = one_line(&d, "pass in all set-tag(cfwlog)", 0);
	assert_true(l->tag.cfwlog && !l->tag.has_uuid);
	doc_free(&d);
}

static void
test_groups(void **state)
{
	const char *text =
	    "block in all head 100\n"
	    "pass out all head o\n"
	    "pass in quick proto tcp all keep state head a-b.c group 100\n"
	    "pass in from 1.1.1.1 to any group a-b.c\n"
	    "pass out all group o set-tag(cfwlog)\n"
	    "block in proto udp all head 100\n"
	    "pass in all group 0\n"
	    "pass in all group 100\n";
	struct doc d;
	const struct ipf_group *g;

	(void)state;
	doc_read(&d, slice_of(text), 0);
	assert_string_equal(d.printed.p, "");
	assert_int_equal(d.file.groups.n, 5);
	g = d.file.groups.v;
	assert_int_equal(g[IPF_IN].lines.n, 3);
	assert_int_equal(g[IPF_IN].lines.v[2], 6);
	assert_int_equal(g[IPF_OUT].lines.n, 1);
	assert_true(slice_is(g[2].name, "100") && slice_is(g[3].name, "o") &&
	    slice_is(g[4].name, "a-b.c"));
	assert_int_equal(g[2].lines.n, 2);
	assert_int_equal(g[2].lines.v[1], 7);
	assert_int_equal(g[4].lines.v[0], 3);
	assert_int_equal(d.file.lines.v[0].head, 2);
	assert_int_equal(d.file.lines.v[5].head, 2);
	assert_int_equal(d.file.lines.v[2].group, 2);
	assert_int_equal(d.file.lines.v[2].head, 4);
	assert_int_equal(d.file.lines.v[4].group, 3);
	doc_free(&d);
}

static void
test_insert(void **state)
{
	struct doc d;

	(void)state;
	/* As a listing numbers them: each list by itself. */
	doc_read(&d, slice_of("@1 pass in all\n@2 pass in all\n@1 block out all\n"), 0);
	assert_string_equal(d.printed.p, "");
	assert_int_equal(d.file.lines.n, 3);
	doc_free(&d);
}

static void
test_comments(void **state)
{
	const char *text =
	    "# head\n"
	    "\n"
	    "# one\n"
	    "# two\n"
	    "pass in all   # here\n"
	    "pass in all\n"
	    "\n"
	    "pass in all\n"
	    "# three\r\n"
	    "\n"
	    "pass in all\r\n"
	    "# four\n"
	    "pass in all\n";
	static const struct {
		const char *comment;
		unsigned number;
	} want[] = {
		{ "# one\n# two", 5 }, { "# one\n# two", 6 }, { "", 8 }, { "# three\r", 11 },
		{ "# four", 13 },
	};
	struct doc d;

	(void)state;
	doc_read(&d, slice_of(text), 0);
	assert_string_equal(d.printed.p, "");
	assert_int_equal(d.file.lines.n, BASE_COUNT(want));
	for (size_t i = 0; i < BASE_COUNT(want); i++) {
		const struct ipf_line *l = &d.file.lines.v[i];

		assert_int_equal(l->number, want[i].number);
		assert_int_equal(l->comment.len, strlen(want[i].comment));
		assert_memory_equal(text + l->comment.off, want[i].comment, l->comment.len);
		assert_int_equal(l->at.len, strlen("pass in all"));
	}
	doc_free(&d);
}

/* --- families ----------------------------------------------------------- */

static void
test_family(void **state)
{
	static const struct {
		const char *text;
		unsigned given, fam;
	} table[] = {
		{ "block in all\n", 0, 0 }, { "block in all\n", 6, 6 },
		{ "pass out proto icmp all\n", 0, 4 }, { "pass out proto ipv6-icmp all\n", 0, 6 },
		{ "pass in proto icmp all\nblock in from ::1 to any\n", 0, 6 },
		{ "pass in proto icmp all\n", 6, 6 }, { "", 0, 0 }, { "# nothing\n", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		struct doc d;

		doc_read(&d, slice_of(table[i].text), table[i].given);
		assert_string_equal(d.printed.p, "");
		assert_true(d.good);
		assert_int_equal(d.file.fam, table[i].fam);
		doc_free(&d);
	}
}

/* --- diagnostics -------------------------------------------------------- */

/* The line of the message and, where there is one, of the help. */
static const struct {
	const char *text, *want;
} errors[] = {
	{ "pass in all", "f:1:12: error: the last line does not end in a newline [E0606]\n"
	    "help: put a newline at the end of the file\n" },
	{ "# x", "f:1:4: error: the last line does not end in a newline [E0606]\n"
	    "help: put a newline at the end of the file\n" },
	{ "\n \n\t\n", "f:1:1: error: the file holds only blank lines, which ipf takes for a "
	    "syntax error [E0607]\nhelp: an empty file loads, and so does one with a comment\n" },
	{ "pass in\n", "f:1:8: error: expected log, quick, proto, all or from, found the end of "
	    "the line [E0601]\n" },
	{ "pass all\n", "f:1:6: error: expected in or out, found all [E0601]\n" },
	{ "permit in all\n", "f:1:1: error: expected pass, block or @, found \"permit\" [E0601]\n"
	    "help: a line is: pass|block in|out [quick] [proto P] all | from ADDRESS [port] to "
	    "ADDRESS [port] ...\n" },
	{ "blok in all\n", "f:1:1: error: expected pass, block or @, found \"blok\" [E0601]\n"
	    "help: did you mean block?\n" },
	{ "pass in quick log all\n", "f:1:15: error: expected proto, all or from, found log "
	    "[E0601]\nhelp: the order is: pass|block in|out log quick proto\n" },
	{ "pass in all keep stat\n", "f:1:18: error: expected state or frags, found \"stat\" "
	    "[E0601]\nhelp: did you mean state?\n" },
	{ "pass in all head a keep state\n", "f:1:20: error: expected group, set-tag or the end of "
	    "the line, found keep [E0601]\nhelp: the order is: flags, icmp-type, keep, head, group, "
	    "set-tag\n" },
	{ "pass in from 10/8 to any\n", "f:1:14: error: expected any, an address or !, found \"10\" "
	    "[E0601]\nhelp: an address is written with all its parts: 10.0.0.0/8\n" },
	{ "pass in from gw to any\n", "f:1:14: error: expected any, an address or !, found \"gw\" "
	    "[E0601]\nhelp: names are not looked up: write the address\n" },
	{ "pass in from any to any port\n", "f:1:29: error: expected =, !=, <, <=, >, >=, a number "
	    "or a word, found the end of the line [E0601]\n" },
	{ "pass in all pass in all\n", "f:1:13: error: expected flags, icmp-type, keep, head, "
	    "group, set-tag or the end of the line, found pass [E0601]\n" },
	{ "pass in all;\n", "f:1:12: error: unexpected character \";\" [E0602]\n"
	    "help: the end of the line ends a rule\n" },
	{ "pass in \\\nall\n", "f:1:9: error: unexpected character \"\\\" [E0602]\n"
	    "help: a rule stands on one line\n"
	    "f:2:1: error: expected pass, block or @, found all [E0601]\n"
	    "help: a line is: pass|block in|out [quick] [proto P] all | from ADDRESS [port] to "
	    "ADDRESS [port] ...\n" },
	{ "pass in from $x to any\n", "f:1:14: error: unexpected character \"$\" [E0602]\n"
	    "help: variables are not read: write their values\n" },
	{ "pass in from fe80::1%eth0 to any\n", "f:1:21: error: unexpected character \"%\" "
	    "[E0602]\nhelp: an address has no zone index here\n" },
	{ "pass in \xc3\xa9 all\n", "f:1:9: error: unexpected character \"\xc3\xa9\" [E0602]\n" },
	{ "pass in \x1b all\n", "f:1:9: error: unexpected character \"\\u001b\" [E0602]\n" },
	{ "pass in on le0 all\n", "f:1:9: error: \"on\" is not evaluated here: a packet's interface "
	    "is not known [E0603]\n" },
	{ "pass in quick on le0 all\n", "f:1:15: error: \"on\" is not evaluated here: a packet's "
	    "interface is not known [E0603]\n" },
	{ "pass in all with opt lsrr\n", "f:1:13: error: \"with\" is not evaluated here: this part "
	    "of a packet is not looked at [E0603]\n" },
	{ "block return-rst in all\n", "f:1:7: error: \"return-rst\" is not evaluated here: an "
	    "answer to the sender is no part of a verdict [E0603]\n" },
	{ "auth in all\n", "f:1:1: error: \"auth\" is not evaluated here: its verdict is found "
	    "elsewhere [E0603]\n" },
	{ "call fr_x in all\n", "f:1:1: error: \"call\" is not evaluated here: its verdict is found "
	    "elsewhere [E0603]\n" },
	{ "count in all\n", "f:1:1: error: \"count\" is not evaluated here: as an action it decides "
	    "nothing by itself [E0603]\n" },
	{ "skip 3 in all\n", "f:1:1: error: \"skip\" is not evaluated here: lines that are jumped "
	    "over are not followed [E0603]\n" },
	{ "log in all\n", "f:1:1: error: \"log\" is not evaluated here: as an action it decides "
	    "nothing [E0603]\n" },
	{ "pass in to le1 all\n", "f:1:9: error: \"to\" is not evaluated here: where a packet is "
	    "sent is no part of its verdict [E0603]\n" },
	{ "pass in quick fastroute all\n", "f:1:15: error: \"fastroute\" is not evaluated here: "
	    "where a packet is sent is no part of its verdict [E0603]\n" },
	{ "pass in tos 8 all\n", "f:1:9: error: \"tos\" is not evaluated here: this part of a "
	    "packet is not looked at [E0603]\n" },
	{ "pass in from <thishost> to any\n", "f:1:14: error: \"<thishost>\" is not evaluated here: "
	    "the addresses of a host are not known [E0603]\n" },
	{ "pass in from pool/13 to any\n", "f:1:14: error: \"pool\" is not evaluated here: pools "
	    "are not known [E0603]\n" },
	{ "pass in from (1.1.1.1, 2.2.2.2) to any\n", "f:1:14: error: \"(\" is not evaluated here: "
	    "write one line for each member of the list [E0603]\n" },
	{ "pass in proto udp from any to any port = (1,2)\n", "f:1:42: error: \"(\" is not "
	    "evaluated here: write one line for each member of the list [E0603]\n" },
	{ "pass in from 1.2.3 to any\n", "f:1:14: error: address \"1.2.3\" is invalid [E0608]\n" },
	{ "pass in from 01.2.3.4 to any\n",
	    "f:1:14: error: address \"01.2.3.4\" is invalid [E0608]\n" },
	{ "pass in from 1::2::3 to any\n", "f:1:14: error: address \"1::2::3\" is invalid "
	    "[E0608]\n" },
	{ "pass in from 1.2.3.4/8 mask 255.0.0.0 to any\n",
	    "f:1:14: error: address \"1.2.3.4/8\" is invalid [E0608]\n" },
	{ "pass in from 1.2.3.4/33 to any\n", "f:1:14: error: the prefix length of \"1.2.3.4/33\" "
	    "is invalid: an IPv4 address has 32 bits [E0609]\n" },
	{ "pass in from ::1/129 to any\n", "f:1:14: error: the prefix length of \"::1/129\" is "
	    "invalid: an IPv6 address has 128 bits [E0609]\n" },
	{ "pass in from 1.2.3.4/2a to any\n", "f:1:14: error: the prefix length of \"1.2.3.4/2a\" "
	    "is invalid: an IPv4 address has 32 bits [E0609]\n" },
	{ "pass in from 1.2.3.4/255.0.255.0 to any\n", "f:1:14: error: netmask \"255.0.255.0\" is "
	    "not supported [E0610]\nhelp: a netmask here is ones and then zeros, such as "
	    "255.255.255.0\n" },
	{ "pass in from 1.2.3.4/0x1ffffffff to any\n", "f:1:14: error: netmask \"0x1ffffffff\" is "
	    "not supported [E0610]\nhelp: a netmask here is ones and then zeros, such as "
	    "255.255.255.0\n" },
	{ "pass in from fe80::1 mask 255.0.0.0 to any\n", "f:1:14: error: netmask \"255.0.0.0\" is "
	    "not supported [E0610]\nhelp: an IPv6 prefix is written ADDRESS/LENGTH\n" },
	{ "pass in from 1.1.1.1 to any\npass in from ::1 to any\n", "f:2:14: error: an IPv6 address "
	    "in a file for IPv4 [E0611]\nnote: this made it a file for IPv4\n"
	    "help: IPv4 lines belong in ipf.conf, IPv6 lines in ipf6.conf\n" },
	{ "pass in proto ipv6-icmp all icmp-type 1\npass in proto icmp all icmp-type 1\n",
	    "f:2:24: error: a type of icmp in a file for IPv6 [E0611]\nnote: this made it a file "
	    "for IPv6\nhelp: IPv4 lines belong in ipf.conf, IPv6 lines in ipf6.conf\n" },
	{ "pass in proto tpc all\n", "f:1:15: error: unknown protocol \"tpc\" [E0612]\n"
	    "help: did you mean tcp?\n" },
	{ "pass in proto wireguard all\n", "f:1:15: error: unknown protocol \"wireguard\" "
	    "[E0612]\nhelp: a protocol may be written as its number\n" },
	{ "pass in proto 256 all\n", "f:1:15: error: unknown protocol \"256\" [E0612]\n" },
	{ "pass in proto tcp from any to any port = 65536\n",
	    "f:1:42: error: port \"65536\" is not a number from 0 to 65535 [E0613]\n" },
	{ "pass in proto tcp from any to any port = ssh\n", "f:1:42: error: port \"ssh\" is not a "
	    "number from 0 to 65535 [E0613]\nhelp: names are not looked up: ssh is usually 22\n" },
	{ "pass in proto tcp from any to any port 1 : x\n", "f:1:44: error: port \"x\" is not a "
	    "number from 0 to 65535 [E0613]\nhelp: names are not looked up: write the number\n" },
	{ "pass in proto icmp all icmp-type ecco\n", "f:1:34: error: unknown ICMP type \"ecco\" "
	    "[E0614]\nhelp: did you mean echo?\n" },
	{ "pass in proto icmp all icmp-type 256\n", "f:1:34: error: unknown ICMP type \"256\" "
	    "[E0614]\n" },
	{ "pass in proto ipv6-icmp all icmp-type squench\n",
	    "f:1:39: error: unknown ICMP type \"squench\" [E0614]\n" },
	{ "pass in proto icmp all icmp-type 3 code 256\n", "f:1:41: error: unknown ICMP code "
	    "\"256\" [E0615]\n" },
	{ "pass in proto ipv6-icmp all icmp-type 1 code port-unr\n", "f:1:46: error: unknown ICMP "
	    "code \"port-unr\" [E0615]\n" },
	{ "pass in from any to any port = 80\n", "f:1:32: error: port goes only with proto tcp, udp "
	    "or tcp/udp [E0616]\n" },
	{ "pass in proto udp all flags S\n", "f:1:23: error: flags goes only with proto tcp "
	    "[E0616]\n" },
	{ "pass in proto udp all icmp-type 8\n", "f:1:23: error: icmp-type goes only with proto "
	    "icmp or ipv6-icmp [E0616]\n" },
	{ "pass in proto tcp all flags SX\n", "f:1:29: error: TCP flags \"SX\" are invalid "
	    "[E0617]\nhelp: the letters are FSRPAUEC\n" },
	{ "pass in proto tcp all flags 2/256\n", "f:1:31: error: TCP flags \"256\" are invalid "
	    "[E0617]\nhelp: the letters are FSRPAUEC\n" },
	{ "pass in all keep state (fast)\n", "f:1:25: error: \"fast\" is no option of keep state "
	    "[E0618]\n" },
	{ "pass in all keep state (limit)\n", "f:1:25: error: \"limit\" is no option of keep state "
	    "[E0618]\n" },
	{ "pass in all keep frags (sync)\n", "f:1:25: error: \"sync\" is no option of keep frags "
	    "[E0618]\n" },
	{ "pass in all keep state keep state\n", "f:1:29: error: keep state stands twice "
	    "[E0619]\n" },
	{ "pass in all keep state (sync, sync)\n", "f:1:31: error: option sync stands twice "
	    "[E0619]\n" },
	{ "pass in all set-tag(cfwlog, cfwlog)\n", "f:1:29: error: tag cfwlog stands twice "
	    "[E0619]\n" },
	{ "pass in all head a234567890123456\n", "f:1:18: error: group name \"a234567890123456\" is "
	    "longer than 15 characters [E0620]\n" },
	{ "pass in all head 0\n", "f:1:18: error: group 0 is the main list and has no head "
	    "[E0621]\n" },
	{ "pass in all group a\n", "f:1:19: error: no line above heads group \"a\" [E0622]\n"
	    "help: a line with head a must come before the lines of the group\n" },
	{ "pass in all head a group a\n", "f:1:26: error: group \"a\" stands within itself "
	    "[E0624]\n" },
	{ "pass in all head a\npass out all group a\n", "f:2:20: error: group \"a\" is for packets "
	    "going in, not out [E0623]\nnote: its head\nhelp: a group serves one direction: use "
	    "another name for the other\n" },
	{ "pass in all head a\npass out all head a\n", "f:2:19: error: group \"a\" is for packets "
	    "going in, not out [E0623]\nnote: its head\nhelp: a group serves one direction: use "
	    "another name for the other\n" },
	{ "pass in all head a\npass in all head b group a\npass in all head a group b\n",
	    "f:1:18: error: group \"a\" stands within itself [E0624]\n" },
	{ "pass in all set-tag(log=1)\n", "f:1:21: error: unknown tag \"log\" [E0627]\n"
	    "help: known are uuid=UUID and cfwlog\n" },
	{ "pass in all set-tag(uuid)\n", "f:1:21: error: unknown tag \"uuid\" [E0627]\n"
	    "help: known are uuid=UUID and cfwlog\n" },
	{ "pass in all set-tag(uuid=382d3efc)\n", "f:1:26: error: UUID \"382d3efc\" is invalid "
	    "[E0628]\n" },
	{ "pass in all\n@1 pass in all\n", "f:2:1: error: the line would go before others: @1, and "
	    "1 stand above it [E0629]\nhelp: move the line to its place and leave out @1\n" },
	/* It goes on, one syntax error a line, and a head on a bad line is not missed below. */
	{ "pass in on le0 all head a\npass in all group a\nblock x x x\npass in all\n",
	    "f:1:9: error: \"on\" is not evaluated here: a packet's interface is not known [E0603]\n"
	    "f:3:7: error: expected in or out, found \"x\" [E0601]\n" },
};

/* Of the printed diagnostics the lines with texts: no excerpts, no indentation, no places of notes. */
static void
strip(struct buf *out, const char *printed)
{
	while (*printed) {
		size_t n = strcspn(printed, "\n") + 1;
		const char *note = memmem(printed, n, "note: ", 6);

		if (strncmp(printed, "f:", 2) == 0)
			buf_add(out, printed, n);
		else if (strncmp(printed, "      help: ", 12) == 0)
			buf_add(out, printed + 6, n - 6);
		else if (strncmp(printed, "      f:", 8) == 0 && note)
			buf_add(out, note, n - (size_t)(note - printed));
		printed += n;
	}
	buf_char(out, '\0');
}

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < BASE_COUNT(errors); i++) {
		struct buf got = { 0 };
		struct doc d;

		doc_read(&d, slice_of(errors[i].text), 0);
		assert_false(d.good);
		strip(&got, d.printed.p);
		assert_string_equal(got.p, errors[i].want);
		buf_free(&got);
		doc_free(&d);
	}
}

static void
test_caret(void **state)
{
	struct doc d;

	(void)state;
	doc_read(&d, slice_of("# x\npass in proto tcp from any to any port = www\n"), 0);
	assert_string_equal(d.printed.p,
	    "f:2:42: error: port \"www\" is not a number from 0 to 65535 [E0613]\n"
	    "    2 | pass in proto tcp from any to any port = www\n"
	    "      |                                          ^~~\n"
	    "      help: names are not looked up: www is usually 80\n");
	doc_free(&d);
}

/* --- limits ------------------------------------------------------------- */

static void
fill(struct buf *b, const char *before, char c, size_t n, const char *after)
{
	buf_str(b, before);
	memset(buf_room(b, n), c, n);
	b->n += n;
	buf_str(b, after);
}

static void
test_lines_long(void **state)
{
	static const struct {
		size_t comment, line;   /* bytes without newline */
		const char *code;
	} table[] = {
		{ 8191, 100, NULL }, { 8192, 100, "W0650" }, { 20000, 100, "W0650" },
		{ 100, 8191, NULL }, { 100, 8192, "E0605" },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		struct buf text = { 0 };
		struct doc d;

		fill(&text, "#", 'x', table[i].comment - 1, "\n");
		fill(&text, "pass in all", ' ', table[i].line - 11, "\n");
		doc_read(&d, buf_view(&text), 0);
		assert_int_equal(d.diags.list.n, table[i].code != NULL);
		if (table[i].code)
			assert_string_equal(d.diags.list.v[0].code, table[i].code);
		assert_int_equal(d.good, !table[i].code || table[i].code[0] == 'W');
		buf_free(&text);
		doc_free(&d);
	}
}

static void
test_file_large(void **state)
{
	struct buf text = { 0 };
	struct doc d;

	(void)state;
	fill(&text, "", '\n', IPF_FILE_MAX + 1, "");
	doc_read(&d, buf_view(&text), 0);
	assert_false(d.good);
	assert_int_equal(d.diags.list.n, 1);
	assert_string_equal(d.diags.list.v[0].text,
	    "the file is 67108865 bytes long, and at most 67108864 are read");
	buf_free(&text);
	doc_free(&d);
}

static void
nest(struct buf *text, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		buf_printf(text, "pass in all head g%u", i);
		if (i)
			buf_printf(text, " group g%u", i - 1);
		buf_char(text, '\n');
	}
}

static void
test_nesting(void **state)
{
	struct buf text = { 0 };
	struct doc d;

	(void)state;
	nest(&text, IPF_NESTING_MAX);
	doc_read(&d, buf_view(&text), 0);
	assert_string_equal(d.printed.p, "");
	doc_free(&d);

	/* One more, reached last through a group that was walked before from higher up. */
	buf_printf(&text, "pass in all head x group g%u\n", IPF_NESTING_MAX - 1);
	doc_read(&d, buf_view(&text), 0);
	assert_int_equal(d.diags.errors, 1);
	assert_string_equal(d.diags.list.v[0].code, "E0625");
	doc_free(&d);

	text.n = 0;
	nest(&text, 100000);
	doc_read(&d, buf_view(&text), 0);
	assert_string_equal(d.diags.list.v[0].code, "E0625");
	doc_free(&d);

	text.n = 0;
	buf_str(&text, "pass in all head z\npass in all head y group z\n");
	nest(&text, IPF_NESTING_MAX);
	buf_printf(&text, "pass in all head z group g%u\n", IPF_NESTING_MAX - 2);
	doc_read(&d, buf_view(&text), 0);
	assert_int_equal(d.diags.errors, 1);
	assert_string_equal(d.diags.list.v[0].code, "E0625");
	doc_free(&d);
	buf_free(&text);
}

/* Ten heads a level for the same next group: each is small, their product is not. */
static void
test_visits(void **state)
{
	struct buf text = { 0 };
	struct doc d;

	(void)state;
	for (unsigned level = 0; level < 8; level++)
		for (unsigned i = 0; i < 10; i++) {
			buf_printf(&text, "pass in all head g%u", level);
			if (level)
				buf_printf(&text, " group g%u", level - 1);
			buf_char(&text, '\n');
		}
	doc_read(&d, buf_view(&text), 0);
	assert_int_equal(d.diags.errors, 1);
	assert_string_equal(d.diags.list.v[0].code, "E0626");
	buf_free(&text);
	doc_free(&d);
}

/* A file of errors ends the reading soon, and in bounded memory. */
static void
test_many_errors(void **state)
{
	struct buf text = { 0 };
	struct doc d;

	(void)state;
	for (unsigned i = 0; i < 1000000; i++)
		buf_str(&text, "x\n");
	doc_read(&d, buf_view(&text), 0);
	assert_false(d.good);
	assert_int_equal(d.diags.list.n, DIAG_LIMIT);
	assert_true(d.arena.used < text.n + (4 << 20));
	buf_free(&text);
	doc_free(&d);
}

/* --- corpus ------------------------------------------------------------- */

/* Lines that are neither blank nor comments. */
static uint32_t
count_rules(struct slice text)
{
	uint32_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if ((i == 0 || text.p[i - 1] == '\n') && text.p[i] != '\n' && text.p[i] != '#')
			n++;
	return n;
}

static void
check_corpus_file(const char *name, struct slice text)
{
	unsigned fam = strstr(name, "ipf6.conf") ? NET_V6 : NET_V4;
	struct doc d;

	doc_read(&d, text, fam);
	assert_string_equal(d.printed.p, "");
	assert_true(d.good);
	assert_int_equal(d.file.lines.n, count_rules(text));
	for (uint32_t i = 0; i < d.file.lines.n; i++) {
		const struct ipf_line *l = &d.file.lines.v[i];
		bool fallback = !l->tag.on && !l->frags.on;

		/* Every line stands under its rule's comment or the fallbacks'. */
		assert_true(l->comment.len > 8);
		assert_memory_equal(text.p + l->comment.off, fallback ? "# fwadm " : "# rule=",
		    fallback ? 8 : 7);
	}
	doc_free(&d);
}

static void
test_corpus(void **state)
{
	const char *folder = getenv("FWRULE_CORPUS");
	char path[4096];
	char *line = NULL;
	size_t cap = 0, files = 0;
	ssize_t n;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/hosts.jsonl", folder ? folder : "tests/corpus");
	f = fopen(path, "r");
	if (!f) {
		print_message("# no %s: set FWRULE_CORPUS\n", path);
		skip();
	}
	while ((n = getline(&line, &cap, f)) > 0) {
		struct slice text = { line, (size_t)n };
		json_t *host = json_loadb(text.p, text.n, 0, NULL), *value;
		const char *name;

		assert_non_null(host);
		json_object_foreach(json_object_get(json_object_get(host, "want"), "files"), name,
		    value) {
			if (!json_is_string(value))
				continue;
			check_corpus_file(name, (struct slice){ json_string_value(value),
			    json_string_length(value) });
			files++;
		}
		json_decref(host);
	}
	free(line);
	fclose(f);
	print_message("# %zu files\n", files);
	assert_true(files >= 400);
}

/* --- any input ---------------------------------------------------------- */

/* Words of the language in any order, cut and joined at random: no crash, and no good file of nonsense. */
static void
test_any_input(void **state)
{
	static const char *const word[] = {
		"pass", "block", "in", "out", "quick", "log", "proto", "tcp", "udp", "icmp", "all",
		"from", "to", "any", "1.2.3.4", "10.0.0.0/8", "::1", "port", "=", "80", ":", "keep",
		"state", "frags", "head", "group", "a", "set-tag", "(", ")", "uuid", ",", "cfwlog",
		"flags", "S/SA", "!", "mask", "\n", "\n", "#", "@", "1", "/", "\xff", "<>", ";",
	};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf text = { 0 };
		struct doc d;

		for (uint32_t n = random_below(40); n; n--) {
			buf_str(&text, word[random_below(BASE_COUNT(word))]);
			if (random_below(8))
				buf_char(&text, ' ');
		}
		doc_read(&d, buf_view(&text), 0);
		assert_int_equal(d.good, d.diags.errors == 0);
		assert_true(d.diags.errors || d.file.lines.n <= text.n / 8);
		buf_free(&text);
		doc_free(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_line),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_insert),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_caret),
		cmocka_unit_test(test_lines_long),
		cmocka_unit_test(test_file_large),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_visits),
		cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_any_input),
	};

	random_start(20240611);
	return cmocka_run_group_tests_name("ipf", tests, NULL, NULL);
}
