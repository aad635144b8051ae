/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Building a filter line, one call for each part that the grammar knows.  Values
 * are checked where they are read: ipf cuts what is out of range to a byte or
 * lets it carry over, and what a line then means nobody meant.
 */
#include "ipfast_int.h"

/* Digits to a number; past UINT32_MAX it stays there. */
static uint32_t
read_number(struct slice s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n && v <= UINT32_MAX; i++)
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static bool
is_number(struct slice s)
{
	return s.n && s.p[0] >= '0' && s.p[0] <= '9' && s.p[s.n - 1] >= '0' &&
	    s.p[s.n - 1] <= '9' && !memchr(s.p, '-', s.n);
}

/* --- the line ----------------------------------------------------------- */

/* Parts that must go together; they may stand far apart, so this comes last. */
static void
check_parts(struct ipf_reader *rd)
{
	const struct ipf_line *l = &rd->line;
	bool ports = l->sport.op != IPF_PORT_ANY || l->dport.op != IPF_PORT_ANY;
	bool has_ports = l->proto_kind == IPF_PROTO_TCPUDP ||
	    (l->proto_kind == IPF_PROTO_ONE && (l->proto == IPF_TCP || l->proto == IPF_UDP));

	if (ports && !has_ports)
		ipfast_report(rd, needs_proto, l->dport.op ? l->dport.at : l->sport.at, "port",
		    "tcp, udp or tcp/udp");
	if (l->has_flags && !(l->proto_kind == IPF_PROTO_ONE && l->proto == IPF_TCP))
		ipfast_report(rd, needs_proto, rd->flags_at, "flags", "tcp");
}

/* An IPv4 file has icmp and an IPv6 file ipv6-icmp, as a rule. */
static void
guess_family(struct ipf_reader *rd)
{
	unsigned fam = rd->line.proto == IPF_ICMP ? NET_V4
	    : rd->line.proto == IPF_ICMP6 ? NET_V6 : 0;

	if (rd->line.proto_kind == IPF_PROTO_ONE && fam && !rd->fam_guess)
		rd->fam_guess = fam;
}

void
ipfast_line_done(struct ipf_reader *rd)
{
	struct ipf_file *f = rd->file;
	struct ipf_line *l = &rd->line;
	uint32_t list = l->group ? l->group : l->dir;

	if (rd->diags->errors == rd->errors_before)
		check_parts(rd);
	if (rd->insert && rd->insert_at <= f->groups.v[list].lines.n)
		diag_help(rd->diags, ipfast_report(rd, insert, rd->insert_span, rd->insert_at,
		    f->groups.v[list].lines.n), "move the line to its place and leave out @%u",
		    rd->insert_at);
	if (rd->diags->errors != rd->errors_before) {
		rd->failed = true;
		return;
	}
	guess_family(rd);
	*vec_push(rd->arena, &f->groups.v[list].lines) = f->lines.n;
	*vec_push(rd->arena, &f->lines) = *l;
}

void
ipfast_line_failed(struct ipf_reader *rd)
{
	rd->failed = true;
}

void
ipfast_insert(struct ipf_reader *rd, struct ipf_token at, struct ipf_token number)
{
	rd->insert = true;
	rd->insert_at = read_number(ipf_token_text(number));
	rd->insert_span = (struct span){ at.off, number.off + number.n - at.off };
}

void
ipfast_action(struct ipf_reader *rd, enum ipf_action action)
{
	rd->line.action = (uint8_t)action;
}

void
ipfast_dir(struct ipf_reader *rd, enum ipf_dir dir)
{
	rd->line.dir = (uint8_t)dir;
}

void
ipfast_log(struct ipf_reader *rd)
{
	rd->line.log = true;
}

void
ipfast_quick(struct ipf_reader *rd)
{
	rd->line.quick = true;
}

/* --- protocol ----------------------------------------------------------- */

void
ipfast_proto(struct ipf_reader *rd, struct ipf_token name)
{
	struct slice text = ipf_token_text(name);
	const char *near;
	struct diag *d;
	int number;

	if (slice_is(text, "tcp/udp") || slice_is(text, "tcp-udp")) {
		rd->line.proto_kind = IPF_PROTO_TCPUDP;
		return;
	}
	number = ipf_proto_number(text);
	if (number < 0) {
		d = ipfast_report(rd, bad_proto, ipf_token_span(name), (int)text.n, text.p);
		near = ipfname_near_proto(text);
		if (near)
			diag_help(rd->diags, d, "did you mean %s?", near);
		else
			diag_help(rd->diags, d, "a protocol may be written as its number");
		return;
	}
	rd->line.proto_kind = IPF_PROTO_ONE;
	rd->line.proto = (uint8_t)number;
}

void
ipfast_proto_number(struct ipf_reader *rd, struct ipf_token number)
{
	uint32_t v = read_number(ipf_token_text(number));

	if (v > 255)
		ipfast_report(rd, bad_proto, ipf_token_span(number), (int)number.n, number.p);
	rd->line.proto_kind = IPF_PROTO_ONE;
	rd->line.proto = (uint8_t)v;
}

/* --- addresses ---------------------------------------------------------- */

static struct ipf_addr *
side_addr(struct ipf_reader *rd)
{
	return rd->side == IPF_SRC ? &rd->line.src : &rd->line.dst;
}

void
ipfast_side(struct ipf_reader *rd, enum ipf_side side)
{
	rd->side = side;
}

void
ipfast_all(struct ipf_reader *rd, struct ipf_token t)
{
	for (int side = IPF_SRC; side <= IPF_DST; side++) {
		rd->side = (enum ipf_side)side;
		ipfast_any(rd, t);
	}
}

void
ipfast_any(struct ipf_reader *rd, struct ipf_token t)
{
	*side_addr(rd) = (struct ipf_addr){ .any = true, .at = ipf_token_span(t) };
}

void
ipfast_not(struct ipf_reader *rd, struct ipf_token t)
{
	struct ipf_addr *a = side_addr(rd);

	a->not = true;
	a->at = (struct span){ t.off, a->at.off + a->at.len - t.off };
}

static void
bad_addr(struct ipf_reader *rd, struct ipf_token t)
{
	ipfast_report(rd, bad_addr, ipf_token_span(t), (int)t.n, t.p);
}

/* The address before a slash; false after a diagnostic. */
static bool
read_addr(struct ipf_reader *rd, struct ipf_token t, struct ipf_addr *out)
{
	const char *slash = memchr(t.p, '/', t.n);
	struct slice text = { t.p, slash ? (size_t)(slash - t.p) : t.n };
	bool v6 = memchr(text.p, ':', text.n) != NULL;

	out->at = ipf_token_span(t);
	out->p = (struct prefix){ .len = 128, .fam = v6 ? NET_V6 : NET_V4 };
	if (!(v6 ? addr_read_v6(text, &out->p.a) : addr_read_v4(text, &out->p.a))) {
		bad_addr(rd, t);
		return false;
	}
	return ipfast_family(rd, out->p.fam, out->at, v6 ? "an IPv6 address" : "an IPv4 address");
}

/* A netmask to a length of 0..32, or -1. */
static int
mask_bits(struct slice s)
{
	struct addr a;
	uint64_t m = 0;
	int bits = 0;

	if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'x') {
		for (size_t i = 2; i < s.n && m <= UINT32_MAX; i++) {
			unsigned c = (unsigned char)s.p[i] | 0x20;

			if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
				return -1;
			m = m << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
		}
	} else if (addr_read_v4(s, &a)) {
		m = (uint32_t)a.lo;
	} else {
		return -1;
	}
	if (m > UINT32_MAX)
		return -1;
	while (bits < 32 && m >> (31 - bits) & 1)
		bits++;
	return bits == 32 || (uint32_t)(m << bits) == 0 ? bits : -1;
}

static void
set_mask(struct ipf_reader *rd, struct ipf_addr *a, struct slice mask)
{
	int bits = a->p.fam == NET_V4 ? mask_bits(mask) : -1;

	if (bits >= 0) {
		a->p.len = (uint8_t)(NET_V4_BASE + bits);
		return;
	}
	diag_help(rd->diags, ipfast_report(rd, bad_mask, a->at, (int)mask.n, mask.p),
	    a->p.fam == NET_V4 ? "a netmask here is ones and then zeros, such as 255.255.255.0"
	    : "an IPv6 prefix is written ADDRESS/LENGTH");
}

void
ipfast_address(struct ipf_reader *rd, struct ipf_token t)
{
	struct ipf_addr *a = side_addr(rd);
	const char *slash = memchr(t.p, '/', t.n);
	struct slice length;
	unsigned most;

	if (!read_addr(rd, t, a) || !slash)
		return;
	length = (struct slice){ slash + 1, (size_t)(t.p + t.n - slash - 1) };
	if (memchr(length.p, '.', length.n) || memchr(length.p, 'x', length.n)) {
		set_mask(rd, a, length);
		return;
	}
	most = a->p.fam == NET_V4 ? 32 : 128;
	if (length.n > 3 || !is_number(length) || read_number(length) > most) {
		ipfast_report(rd, bad_length, a->at, (int)t.n, t.p, most == 32 ? 4u : 6u, most);
		return;
	}
	a->p.len = (uint8_t)(128 - most + read_number(length));
}

void
ipfast_masked(struct ipf_reader *rd, struct ipf_token t, struct ipf_token mask)
{
	struct ipf_addr *a = side_addr(rd);

	if (memchr(t.p, '/', t.n)) {
		bad_addr(rd, t);
		return;
	}
	if (!read_addr(rd, t, a))
		return;
	a->at.len = mask.off + mask.n - a->at.off;
	set_mask(rd, a, ipf_token_text(mask));
}

/* --- ports, flags, ICMP ------------------------------------------------- */

static uint16_t
read_port(struct ipf_reader *rd, struct ipf_token t)
{
	struct slice text = ipf_token_text(t);
	bool number = is_number(text);
	struct diag *d;
	int service;

	if (number && read_number(text) <= 65535)
		return (uint16_t)read_number(text);
	d = ipfast_report(rd, bad_port, ipf_token_span(t), (int)t.n, t.p);
	service = number ? -1 : ipfname_service(text);
	if (service >= 0)
		diag_help(rd->diags, d, "names are not looked up: %.*s is usually %d", (int)t.n,
		    t.p, service);
	else if (!number)
		diag_help(rd->diags, d, "names are not looked up: write the number");
	return 0;
}

void
ipfast_ports(struct ipf_reader *rd, enum ipf_compare op, struct ipf_token a, struct ipf_token b)
{
	struct ipf_port *port = rd->side == IPF_SRC ? &rd->line.sport : &rd->line.dport;

	port->op = (uint8_t)op;
	port->a = read_port(rd, a);
	port->b = b.p == a.p ? port->a : read_port(rd, b);
	port->at = (struct span){ a.off, b.off + b.n - a.off };
}

void
ipfast_port(struct ipf_reader *rd, enum ipf_compare op, struct ipf_token a)
{
	ipfast_ports(rd, op, a, a);
}

static uint8_t
read_flags(struct ipf_reader *rd, struct ipf_token t)
{
	/* ipf's order: IPF_TH_FIN is the first, IPF_TH_CWR the last. */
	static const char letters[] = "FSRPAUEC";
	struct slice text = ipf_token_text(t);
	unsigned v = 0;

	if (is_number(text)) {
		v = read_number(text);
	} else {
		for (size_t i = 0; i < text.n; i++) {
			const char *at = strchr(letters, text.p[i]);

			v |= at && text.p[i] ? 1u << (at - letters) : 256;
		}
	}
	if (v > 255)
		diag_help(rd->diags, ipfast_report(rd, bad_flags, ipf_token_span(t), (int)t.n, t.p),
		    "the letters are %s", letters);
	return (uint8_t)v;
}

void
ipfast_flags(struct ipf_reader *rd, struct ipf_token keyword, const struct ipf_token *set,
    const struct ipf_token *mask)
{
	/* Without a mask ipf looks at the six flags of old. */
	const uint8_t all = IPF_TH_FIN | IPF_TH_SYN | IPF_TH_RST | IPF_TH_PUSH | IPF_TH_ACK |
	    IPF_TH_URG;

	rd->flags_at = ipf_token_span(keyword);
	rd->line.has_flags = true;
	rd->line.flags = set ? read_flags(rd, *set) : 0;
	rd->line.flags_mask = mask ? read_flags(rd, *mask) : all;
}

void
ipfast_type(struct ipf_reader *rd, struct ipf_token keyword, struct ipf_token type)
{
	struct slice text = ipf_token_text(type);
	struct ipf_line *l = &rd->line;
	bool is_icmp = l->proto_kind == IPF_PROTO_ONE &&
	    (l->proto == IPF_ICMP || l->proto == IPF_ICMP6);
	unsigned fam = l->proto == IPF_ICMP6 ? NET_V6 : NET_V4;
	const char *near;
	int v;

	rd->type_at = ipf_token_span(keyword);
	if (!is_icmp) {
		ipfast_report(rd, needs_proto, rd->type_at, "icmp-type", "icmp or ipv6-icmp");
		return;
	}
	if (!ipfast_family(rd, fam, rd->type_at, fam == NET_V4 ? "a type of icmp"
	    : "a type of ipv6-icmp"))
		return;
	v = is_number(text) ? (int)(read_number(text) & INT32_MAX) : ipfname_type(text, fam);
	l->has_type = true;
	l->type = (uint8_t)v;
	if (v < 0 || v > 255) {
		struct diag *d = ipfast_report(rd, bad_type, ipf_token_span(type), (int)text.n,
		    text.p);

		near = ipfname_near_type(text, fam);
		if (near)
			diag_help(rd->diags, d, "did you mean %s?", near);
	}
}

void
ipfast_code(struct ipf_reader *rd, struct ipf_token code)
{
	struct slice text = ipf_token_text(code);
	int v = is_number(text) ? (int)(read_number(text) & INT32_MAX)
	    : rd->line.proto == IPF_ICMP ? ipfname_code(text) : -1;

	rd->line.has_code = true;
	rd->line.code = (uint8_t)v;
	if (v < 0 || v > 255)
		ipfast_report(rd, bad_code, ipf_token_span(code), (int)text.n, text.p);
}

/* --- keep --------------------------------------------------------------- */

static void
keep(struct ipf_reader *rd, struct ipf_keep *which, struct ipf_token t)
{
	if (which->on)
		ipfast_report(rd, twice, ipf_token_span(t), "keep", (int)t.n, t.p);
	which->on = 1;
	rd->keep = which;
}

void
ipfast_keep_state(struct ipf_reader *rd, struct ipf_token t)
{
	keep(rd, &rd->line.state, t);
}

void
ipfast_keep_frags(struct ipf_reader *rd, struct ipf_token t)
{
	keep(rd, &rd->line.frags, t);
}

void
ipfast_keep_option(struct ipf_reader *rd, struct ipf_token name, const struct ipf_token *number,
    const struct ipf_token *second)
{
	static const struct {
		const char *name;
		uint16_t option;
		int least, most;        /* numbers behind it */
		bool frags;             /* also for keep frags */
	} table[] = {
		{ "strict", IPF_KEEP_STRICT, 0, 0, true },
		{ "newisn", IPF_KEEP_NEWISN, 0, 0, false },
		{ "no-icmp-err", IPF_KEEP_NO_ICMP_ERR, 0, 0, false },
		{ "sync", IPF_KEEP_SYNC, 0, 0, false },
		{ "limit", IPF_KEEP_LIMIT, 1, 1, false },
		{ "age", IPF_KEEP_AGE, 1, 2, true },
	};
	bool is_state = rd->keep == &rd->line.state;
	struct slice text = ipf_token_text(name);
	int numbers = (number != NULL) + (second != NULL);
	uint32_t a = number ? read_number(ipf_token_text(*number)) : 0;
	uint32_t b = second ? read_number(ipf_token_text(*second)) : 0;

	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		if (!slice_is(text, table[i].name) || (!is_state && !table[i].frags) ||
		    numbers < table[i].least || numbers > table[i].most)
			continue;
		if (rd->keep->options & table[i].option)
			ipfast_report(rd, twice, ipf_token_span(name), "option", (int)text.n,
			    text.p);
		rd->keep->options |= table[i].option;
		if (table[i].option == IPF_KEEP_LIMIT)
			rd->keep->limit = a;
		if (table[i].option == IPF_KEEP_AGE) {
			rd->keep->age = a;
			rd->keep->age_back = b;
		}
		return;
	}
	ipfast_report(rd, bad_option, ipf_token_span(name), (int)text.n, text.p,
	    is_state ? "state" : "frags");
}

/* --- groups and tags ---------------------------------------------------- */

static const char *
dir_name(unsigned dir)
{
	return dir == IPF_IN ? "in" : "out";
}

static bool
check_name(struct ipf_reader *rd, struct ipf_token name)
{
	if (name.n <= IPF_GROUP_NAME_MAX)
		return true;
	ipfast_report(rd, group_name, ipf_token_span(name), (int)name.n, name.p,
	    IPF_GROUP_NAME_MAX);
	return false;
}

static void
wrong_direction(struct ipf_reader *rd, const struct ipf_group *g, struct ipf_token name)
{
	struct diag *d = ipfast_report(rd, group_dir, ipf_token_span(name), (int)name.n, name.p,
	    dir_name(g->dir), dir_name(rd->line.dir));

	diag_relate(rd->diags, d, rd->file->src, g->at, "its head");
	diag_help(rd->diags, d, "a group serves one direction: use another name for the other");
}

void
ipfast_head(struct ipf_reader *rd, struct ipf_token name)
{
	struct slice text = ipf_token_text(name);
	uint32_t g;

	if (!check_name(rd, name))
		return;
	if (slice_is(text, "0")) {
		ipfast_report(rd, group_zero, ipf_token_span(name));
		return;
	}
	rd->groups_before = rd->file->groups.n;
	g = ipfgroup_find(rd, text);
	if (!g)
		g = ipfgroup_add(rd, text, ipf_token_span(name), (enum ipf_dir)rd->line.dir);
	else if (rd->file->groups.v[g].dir != rd->line.dir)
		wrong_direction(rd, &rd->file->groups.v[g], name);
	rd->line.head = g;
}

void
ipfast_group(struct ipf_reader *rd, struct ipf_token name)
{
	struct slice text = ipf_token_text(name);
	uint32_t g;

	if (!check_name(rd, name) || slice_is(text, "0"))
		return;                 /* group 0 is the main list */
	g = ipfgroup_find(rd, text);
	if (rd->line.head && g >= rd->groups_before)
		g = 0;                  /* the line itself is its first head */
	if (g && rd->file->groups.v[g].dir != rd->line.dir)
		wrong_direction(rd, &rd->file->groups.v[g], name);
	/* A line that was given up may have been its head. */
	if (!g && !rd->failed)
		diag_help(rd->diags, ipfast_report(rd, group_unknown, ipf_token_span(name),
		    (int)text.n, text.p), "a line with head %.*s must come before the lines of the "
		    "group", (int)text.n, text.p);
	rd->line.group = g;
}

void
ipfast_tag(struct ipf_reader *rd)
{
	rd->line.tag.on = true;
}

void
ipfast_tag_item(struct ipf_reader *rd, struct ipf_token name, const struct ipf_token *value)
{
	struct ipf_tag *tag = &rd->line.tag;
	struct slice text = ipf_token_text(name);
	bool *on;

	if (slice_is(text, "uuid") && value) {
		on = &tag->has_uuid;
		if (!uuid_read(ipf_token_text(*value), &tag->uuid))
			ipfast_report(rd, bad_uuid, ipf_token_span(*value), (int)value->n,
			    value->p);
	} else if (slice_is(text, "cfwlog") && !value) {
		on = &tag->cfwlog;
	} else {
		diag_help(rd->diags, ipfast_report(rd, bad_tag, ipf_token_span(name), (int)text.n,
		    text.p), "known are uuid=UUID and cfwlog");
		return;
	}
	if (*on)
		ipfast_report(rd, twice, ipf_token_span(name), "tag", (int)text.n, text.p);
	*on = true;
}
