/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Building the tree.  Each function takes what one grammar action has seen; the
 * value checks of spec 1 stand here, next to what they check.
 */
#include "ast.h"

#include <ctype.h>
#include <inttypes.h>

#include "../base/text.h"
#include "../base/uuid.h"

static struct span
span_join(struct span a, struct span b)
{
	return (struct span){ a.off, b.off + b.len - a.off };
}

static inline struct slice
text_of(const struct ast_builder *b, struct span t)
{
	return (struct slice){ b->text + t.off, t.len };
}

#define TEXT_ARGS(s) (int)(s).n, (s).p

static struct diag *
report(struct ast_builder *b, enum diag_id id, struct span at, struct slice x)
{
	struct diag *d = diag_add(b->diags, id, b->src, at, TEXT_ARGS(x));

	d->field = "rule";
	return d;
}

/* Refuses a feature that came with a later version than is allowed. */
static bool
allowed(struct ast_builder *b, unsigned version, const char *name, struct span at)
{
	struct diag *d;

	if (b->opts.max_version == 0 || b->opts.max_version >= version)
		return true;
	d = diag_add(b->diags, DIAG_feature, b->src, at, name);
	d->field = "rule";
	diag_help(b->diags, d, "rule version %u is needed; the highest allowed here is %u", version,
	    b->opts.max_version);
	return false;
}

/* --- targets ------------------------------------------------------------ */

void
ast_begin(struct ast_builder *b, struct span from)
{
	b->rule = arena_zero(b->arena, sizeof(*b->rule));
	b->rule->src = b->src;
	b->rule->span.off = from.off;
	b->side = LANG_FROM;
}

/* The targets of one side are complete; next is TO, or the action. */
void
ast_side_done(struct ast_builder *b, struct span next)
{
	struct ast_side *s = &b->rule->side[b->side];

	if (s->targets.n) {
		s->span.off = s->targets.v[0].span.off;
		s->span.len = next.off - s->span.off;
	}
	b->side = LANG_TO;
}

static struct ast_target *
add_target(struct ast_builder *b, enum ast_kind kind, struct span span)
{
	struct ast_target *t = vec_push(b->arena, &b->rule->side[b->side].targets);

	memset(t, 0, sizeof(*t));
	t->kind = (uint8_t)kind;
	t->span = span;
	return t;
}

void
ast_wildcard(struct ast_builder *b, enum ast_kind kind, struct span at,
    struct span last)
{
	add_target(b, kind, span_join(at, last));
}

static bool
has_upper_case(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'F')
			return true;
	return false;
}

/*
 * The reference has no token for upper-case digits, so what is no address even
 * with them is a syntax error there and here.
 */
static void
report_v6(struct ast_builder *b, enum diag_id id, struct span at, struct slice text)
{
	bool upper = has_upper_case(text);
	struct diag *d = report(b, upper ? DIAG_upper_case_v6 : id, at, text);

	d->is_syntax = upper;
	diag_help(b->diags, d, upper ? "the digits a to f are in lower case" : "it has eight groups "
	    "of one to four hexadecimal digits, or fewer and :: once");
}

void
ast_ip(struct ast_builder *b, enum net_family fam, struct span kw, struct span addr)
{
	struct ast_target *t = add_target(b, AST_IP, span_join(kw, addr));
	struct diag *d;

	t->text = text_of(b, addr);
	t->prefix.len = 128;
	t->prefix.fam = (uint8_t)fam;
	t->canonical = fam == NET_V4;
	if (fam == NET_V6) {
		if (allowed(b, 3, "IPv6", addr) && !addr_read_v6(t->text, &t->prefix.a))
			report_v6(b, DIAG_ipv6_invalid, addr, t->text);
		return;
	}
	if (!addr_read_v4(t->text, &t->prefix.a)) {
		d = report(b, DIAG_ipv4_invalid, addr, t->text);
		if (addr_read_v4_loose(t->text, &t->prefix.a))
			diag_help(b->diags, d, "write the groups without leading zeros");
		else
			diag_help(b->diags, d, "each of the four groups is a number from 0 to 255");
	} else if (addr_v4_is_no_host(t->prefix.a)) {
		d = report(b, DIAG_ipv4_invalid, addr, t->text);
		diag_help(b->diags, d, "it stands for no single host; \"any\" matches every address");
	}
}

/* "/ 1 to 3 digits" as the scanner has it. */
static unsigned
read_length(struct slice s)
{
	unsigned v = 0;

	for (size_t i = 1; i < s.n; i++)
		v = v * 10 + (unsigned)(s.p[i] - '0');
	return v;
}

void
ast_subnet(struct ast_builder *b, enum net_family fam, struct span kw, struct span addr,
    struct span len)
{
	struct ast_target *t = add_target(b, AST_SUBNET, span_join(kw, len));
	struct slice a = text_of(b, addr), l = text_of(b, len);
	struct span at = span_join(addr, len);
	unsigned bits = read_length(l), max = 32;
	bool good;
	struct addr unused;
	char *typed;

	/* What was typed without the whitespace before the slash. */
	if (a.p + a.n == l.p) {
		t->text = (struct slice){ a.p, a.n + l.n };
	} else {
		typed = arena_alloc(b->arena, a.n + l.n);
		memcpy(typed, a.p, a.n);
		memcpy(typed + a.n, l.p, l.n);
		t->text = (struct slice){ typed, a.n + l.n };
	}
	t->prefix.fam = (uint8_t)fam;
	if (fam == NET_V6) {
		max = 128;
		if (!allowed(b, 3, "IPv6", at))
			return;
		good = addr_read_v6_loose(a, &t->prefix.a);
		t->loose = !addr_read_v6(a, &unused);
	} else {
		good = addr_read_v4_loose(a, &t->prefix.a);
		t->loose = !addr_read_v4(a, &unused);
	}
	if (!good) {
		report_v6(b, DIAG_subnet_addr, at, t->text);
		return;
	}
	t->canonical = fam == NET_V4 && !t->loose && (l.n == 2 || l.p[1] != '0');
	if (bits > max) {
		diag_help(b->diags, report(b, DIAG_subnet_len, at, t->text),
		    "the length of an %s prefix is at most %u", fam == NET_V6 ? "IPv6" : "IPv4", max);
		return;
	}
	t->prefix.len = (uint8_t)(128 - max + bits);
	if (b->opts.enforce_subnet_mask && prefix_has_host_bits(t->prefix)) {
		char text[NET_TEXT_MAX];
		size_t n = prefix_write(text, prefix_mask(t->prefix));

		diag_help(b->diags, report(b, DIAG_subnet_host_bits, at, t->text),
		    "the network is %.*s", (int)n, text);
	}
}

void
ast_vm(struct ast_builder *b, struct span kw, struct span uuid)
{
	struct ast_target *t = add_target(b, AST_VM, span_join(kw, uuid));
	struct diag *d;

	t->text = text_of(b, uuid);
	if (!uuid_read(t->text, &t->vm)) {
		d = report(b, DIAG_uuid_invalid, uuid, t->text);
		diag_help(b->diags, d, "a UUID is 8-4-4-4-12 hexadecimal digits in lower case");
	}
}

static unsigned
hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)p[i] | 0x20;

		v = v << 4 | (c >= 'a' ? c - 'a' + 10 : c - '0');
	}
	return v;
}

/* The scanner has checked the escapes; a pair of surrogates is one character. */
static struct slice
unescape(struct ast_builder *b, const char *p, size_t n)
{
	char *out = arena_alloc(b->arena, n), *q = out;
	const char *end = p + n;

	while (p < end) {
		static const char letter[] = { ['b'] = '\b', ['f'] = '\f', ['n'] = '\n',
			['r'] = '\r', ['t'] = '\t' };
		uint32_t cp;

		if (*p != '\\') {
			*q++ = *p++;
			continue;
		}
		p++;
		if (*p != 'u') {
			unsigned char c = (unsigned char)*p++;

			*q++ = c < sizeof(letter) && letter[c] ? letter[c] : (char)c;
			continue;
		}
		cp = hex4(p + 1);
		p += 5;
		if (cp >= 0xd800 && cp <= 0xdbff && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
			unsigned low = hex4(p + 2);

			if (low >= 0xdc00 && low <= 0xdfff) {
				cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
				p += 6;
			}
		}
		q += text_encode(q, cp);
	}
	return (struct slice){ out, (size_t)(q - out) };
}

static struct slice
string_of(struct ast_builder *b, struct slice s)
{
	if (s.p[0] != '"')
		return s;
	if (!memchr(s.p, '\\', s.n))
		return (struct slice){ s.p + 1, s.n - 2 };
	return unescape(b, s.p + 1, s.n - 2);
}

bool
ast_escapes_good(struct slice s)
{
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] != '\\')
			continue;
		i++;
		if (s.p[i] == 'u') {
			for (int k = 1; k <= 4; k++)
				if (i + (size_t)k + 1 >= s.n || !isxdigit((unsigned char)s.p[i + (size_t)k]))
					return false;
			i += 4;
		} else if (!s.p[i] || !strchr("\"\\/()bfnrt", s.p[i])) {
			return false;
		}
	}
	return true;
}

bool
ast_string(struct ast_builder *b, struct slice quoted, struct slice *out)
{
	if (!ast_escapes_good(quoted))
		return false;
	*out = string_of(b, quoted);
	return true;
}

void
ast_named_vm(struct ast_builder *b, struct span kw, struct span name)
{
	struct ast_target *t = add_target(b, AST_VM, span_join(kw, name));

	t->text = string_of(b, text_of(b, name));
}

void
ast_tag(struct ast_builder *b, struct span kw, struct span key,
    const struct span *value)
{
	struct ast_target *t = add_target(b, AST_TAG, span_join(kw, value ? *value : key));

	t->text = string_of(b, text_of(b, key));
	if (value) {
		t->has_value = true;
		t->value = string_of(b, text_of(b, *value));
	}
}

/* --- action, protocol, ports, types ------------------------------------- */

void
ast_action(struct ast_builder *b, enum lang_action action, struct span kw)
{
	b->rule->action = (uint8_t)action;
	b->rule->action_span = kw;
}

void
ast_proto(struct ast_builder *b, enum lang_proto proto, struct span kw)
{
	b->rule->proto = (uint8_t)proto;
	b->rule->proto_span = kw;
	if (proto == LANG_AH || proto == LANG_ESP) {
		b->rule->all = true;
		allowed(b, 4, proto == LANG_AH ? "AH" : "ESP", kw);
	}
}

/* After the whole list of types. */
void
ast_types_done(struct ast_builder *b)
{
	if (b->rule->proto == LANG_ICMP6)
		allowed(b, 3, "IPv6", b->rule->proto_span);
}

/* After the whole list of PORTS, even of one port. */
void
ast_ports_done(struct ast_builder *b)
{
	b->rule->ports = true;
	allowed(b, 2, "port ranges", b->rule->items_span);
}

/* Decimal digits only, any leading zeros; false if above max. */
static bool
read_number(struct slice s, unsigned max, unsigned *out)
{
	unsigned v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

static void
add_item(struct ast_builder *b, unsigned first, unsigned last, bool range, struct span at)
{
	struct lang_item *i = vec_push(b->arena, &b->rule->items);
	struct span *all = &b->rule->items_span;

	i->a = (uint16_t)first;
	i->b = (uint16_t)last;
	i->range = range;
	*vec_push(b->arena, &b->rule->item_spans) = at;
	if (b->rule->items.n == 1)
		*all = at;
	else
		all->len = at.off + at.len - all->off;
}

static bool
read_port(struct ast_builder *b, struct slice s, struct span at, unsigned *out)
{
	struct diag *d;

	if (read_number(s, 65535, out) && *out >= 1)
		return true;
	d = report(b, DIAG_port_invalid, at, s);
	if (s.n == 0)
		diag_help(b->diags, d, "a range has a number on either side of its hyphen");
	else if (memchr(s.p, '-', s.n) && s.n > 1)
		diag_help(b->diags, d, "for a range write PORTS %.*s", TEXT_ARGS(s));
	else
		diag_help(b->diags, d, "a port is a number from 1 to 65535");
	return false;
}

void
ast_port(struct ast_builder *b, struct span n)
{
	unsigned port = 0;

	read_port(b, text_of(b, n), n, &port);
	add_item(b, port, port, false, n);
}

static void
add_range(struct ast_builder *b, struct slice first, struct slice last, struct span at)
{
	unsigned lo = 0, hi = 0;
	struct diag *d;

	if (read_port(b, first, at, &lo) && read_port(b, last, at, &hi) && hi < lo) {
		d = diag_add(b->diags, DIAG_range_reversed, b->src, at, TEXT_ARGS(last),
		    TEXT_ARGS(first));
		d->field = "rule";
		diag_help(b->diags, d, "write %.*s - %.*s", TEXT_ARGS(last), TEXT_ARGS(first));
	}
	add_item(b, lo, hi, true, at);
}

void
ast_range(struct ast_builder *b, struct span first, const struct span *last)
{
	struct slice s = text_of(b, first);
	const char *hyphen = memchr(s.p, '-', s.n);
	unsigned port = 0;

	if (last) {
		add_range(b, s, text_of(b, *last), span_join(first, *last));
	} else if (!hyphen) {
		read_port(b, s, first, &port);
		add_item(b, port, port, false, first);
	} else if (memchr(hyphen + 1, '-', s.n - (size_t)(hyphen + 1 - s.p))) {
		diag_help(b->diags, report(b, DIAG_range_invalid, first, s),
		    "a range has one hyphen; commas stand between several");
	} else {
		size_t at = (size_t)(hyphen - s.p);

		add_range(b, (struct slice){ s.p, at },
		    (struct slice){ hyphen + 1, s.n - at - 1 }, first);
	}
}

static unsigned
read_type(struct ast_builder *b, struct span t, enum diag_id id)
{
	unsigned v = 0;

	if (!read_number(text_of(b, t), 255, &v))
		diag_help(b->diags, report(b, id, t, text_of(b, t)),
		    "an ICMP %s is a number from 0 to 255", id == DIAG_type_invalid ? "type" : "code");
	return v;
}

void
ast_type(struct ast_builder *b, struct span type)
{
	add_item(b, read_type(b, type, DIAG_type_invalid), LANG_ANY_CODE, false, type);
}

void
ast_code(struct ast_builder *b, struct span code)
{
	struct ast_rule *r = b->rule;
	struct span *at = &r->item_spans.v[r->item_spans.n - 1];

	r->items.v[r->items.n - 1].b = (uint16_t)read_type(b, code, DIAG_code_invalid);
	at->len = code.off + code.len - at->off;
	r->items_span.len = code.off + code.len - r->items_span.off;
}

void
ast_all(struct ast_builder *b, struct span all)
{
	b->rule->all = true;
	b->rule->items_span = all;
	if (lang_has_types(b->rule->proto))
		allowed(b, 3, "all ICMP types", all);
}

/* --- priority and end --------------------------------------------------- */

void
ast_check_priority(struct ast_builder *b, struct span level)
{
	unsigned v;

	if (!read_number(text_of(b, level), LANG_MAX_PRIORITY, &v))
		diag_help(b->diags,
		    report(b, DIAG_priority_invalid, level, text_of(b, level)),
		    "a priority level is a number from 0 to %d", LANG_MAX_PRIORITY);
}

void
ast_priority(struct ast_builder *b, struct span kw, struct span level)
{
	unsigned v = 0;

	read_number(text_of(b, level), LANG_MAX_PRIORITY, &v);
	b->rule->has_priority = true;
	b->rule->priority = (uint8_t)v;
	b->rule->priority_span = span_join(kw, level);
	allowed(b, 4, "priority levels", kw);
}

void
ast_end(struct ast_builder *b)
{
	struct ast_rule *r = b->rule;
	struct span last = r->has_priority ? r->priority_span
	    : r->items_span.len ? r->items_span : r->proto_span;

	r->span.len = last.off + last.len - r->span.off;
}

/* --- printing ----------------------------------------------------------- */

static void
write_target(struct buf *out, const struct ast_target *t)
{
	static const char *const open[] = {
		[AST_ANY] = "[\"wildcard\",\"any\"]", [AST_ALL_VMS] = "[\"wildcard\",\"vmall\"]",
		[AST_IP] = "[\"ip\",", [AST_SUBNET] = "[\"subnet\",", [AST_TAG] = "[\"tag\",",
		[AST_VM] = "[\"vm\",",
	};

	buf_str(out, open[t->kind]);
	if (t->kind == AST_ANY || t->kind == AST_ALL_VMS)
		return;
	if (t->has_value)
		buf_char(out, '[');
	text_json(out, t->text);
	if (t->has_value) {
		buf_char(out, ',');
		text_json(out, t->value);
		buf_char(out, ']');
	}
	buf_char(out, ']');
}

static void
write_side(struct buf *out, const char *name, const struct ast_side *s)
{
	buf_printf(out, "\"%s\":[", name);
	for (uint32_t i = 0; i < s->targets.n; i++) {
		if (i)
			buf_char(out, ',');
		write_target(out, &s->targets.v[i]);
	}
	buf_str(out, "],");
}

static void
write_item(struct buf *out, const struct lang_item *i, bool ports)
{
	if (ports && i->range)
		buf_printf(out, "{\"start\":%u,\"end\":%u}", i->a, i->b);
	else if (ports || i->b == LANG_ANY_CODE)
		buf_uint(out, i->a);
	else
		buf_printf(out, "\"%u:%u\"", i->a, i->b);
}

void
ast_write_parsed(struct buf *out, const struct ast_rule *r)
{
	buf_char(out, '{');
	write_side(out, "from", &r->side[LANG_FROM]);
	write_side(out, "to", &r->side[LANG_TO]);
	buf_printf(out, "\"action\":\"%s\",\"protocol\":{\"name\":\"%s\",\"targets\":[",
	    lang_action_name[r->action], lang_proto_name[r->proto]);
	if (r->all)
		buf_str(out, "\"all\"");
	for (uint32_t i = 0; i < r->items.n; i++) {
		if (i)
			buf_char(out, ',');
		write_item(out, &r->items.v[i], lang_has_ports(r->proto));
	}
	buf_str(out, "]}");
	if (r->has_priority)
		buf_printf(out, ",\"priority\":%u", r->priority);
	buf_char(out, '}');
}

static void
dump_place(struct buf *out, const struct ast_rule *r, struct span at)
{
	/* What is not there has no place. */
	buf_printf(out, "[%" PRIu64 ",%u]", at.len ? r->src->before.bytes + at.off : 0, at.len);
}

static void
dump_span(struct buf *out, const struct ast_rule *r, const char *key, struct span at)
{
	buf_printf(out, ",\"%s\":", key);
	dump_place(out, r, at);
}

void
ast_dump(struct buf *out, const struct ast_rule *r)
{
	buf_str(out, "{\"rule\":");
	ast_write_parsed(out, r);
	dump_span(out, r, "span", r->span);
	for (int s = 0; s < 2; s++) {
		buf_printf(out, ",\"%s\":[", lang_side_name[s]);
		for (uint32_t i = 0; i < r->side[s].targets.n; i++) {
			if (i)
				buf_char(out, ',');
			dump_place(out, r, r->side[s].targets.v[i].span);
		}
		buf_char(out, ']');
	}
	dump_span(out, r, "action", r->action_span);
	dump_span(out, r, "protocol", r->proto_span);
	dump_span(out, r, "items", r->items_span);
	if (r->has_priority)
		dump_span(out, r, "priority", r->priority_span);
	buf_str(out, "}\n");
}
