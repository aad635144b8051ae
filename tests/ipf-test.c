/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The reader of ipf.conf: what each construct becomes, limits, every file of the
 * corpus.  ipf-diag-test.c has the diagnostics.
 */
#include "compiler/base/json.h"

#include "tests/ipf-doc.h"
#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

		snprintf(text, sizeof(text), dst ? "pass in from any to %s"
		    : "pass in from %s to any", table[i / 2].text);
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
		{ "icmp all icmp-type squench", 4, 4, -1 },
		{ "icmp all icmp-type redir", 4, 5, -1 },
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

/* Words of the language in any order, some run together: no crash, and no good nonsense. */
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
