/* SPDX-License-Identifier: MPL-2.0 */
/* The canonical sentence. */
#include "../base/text.h"

#include "rule.h"

/* Characters that the canonical text writes as an escape. */
static bool
escaped_as_code(uint32_t cp)
{
	return cp < 0x20 || cp == 0x7f || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
	    cp == 0x180e || (cp >= 0x2000 && cp <= 0x200d) || cp == 0x2028 || cp == 0x2029 ||
	    cp == 0x202f || cp == 0x205f || cp == 0x2060 || cp == 0x3000 || cp == 0xfeff;
}

/* Bytes that begin or are a character of which the above may be true. */
static const bool special[256] = {
	[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, ['('] = true, [')'] = true,
	[0x7f] = true, [0xc2] = true, [0xe1] = true, [0xe2] = true, [0xe3] = true, [0xed] = true,
	[0xef] = true,
};

static void
escape(struct buf *out, struct slice s, bool source)
{
	static const char letter[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
		['\r'] = 'r' };
	char *plain_text = buf_room(out, s.n);
	size_t i, from;

	/* Most have nothing special, and are short. */
	for (i = 0; i < s.n && !special[(unsigned char)s.p[i]]; i++)
		plain_text[i] = s.p[i];
	out->n += i;
	from = i;
	while (i < s.n) {
		size_t at = i;
		uint32_t cp;
		bool plain, code;

		if (!special[(unsigned char)s.p[i]]) {
			i++;
			continue;
		}
		cp = text_decode(s, &i);
		plain = cp == '"' || cp == '\\' || (!source && (cp == '(' || cp == ')'));
		code = escaped_as_code(cp) || (source && text_is_surrogate(cp));
		if (!plain && !code)
			continue;
		buf_add(out, s.p + from, at - from);
		from = i;
		buf_char(out, '\\');
		if (cp < sizeof(letter) && letter[cp])
			buf_char(out, letter[cp]);
		else if (code)
			buf_printf(out, "u%04X", cp);
		else
			buf_char(out, (char)cp);
	}
	if (from < s.n)
		buf_add(out, s.p + from, s.n - from);
}

void
rule_escape(struct buf *out, struct slice s)
{
	escape(out, s, false);
}

void
rule_escape_source(struct buf *out, struct slice s)
{
	escape(out, s, true);
}

static void
write_tag(struct buf *out, const struct rule_tag *t)
{
	buf_str(out, "tag \"");
	rule_escape(out, t->key);
	if (t->has_value) {
		buf_str(out, "\" = \"");
		rule_escape(out, t->value);
	}
	buf_char(out, '"');
}

static void
write_side(struct buf *out, const struct rule_side *s, const struct slice *prefix)
{
	unsigned n = s->n_ips + s->n_subnets + s->n_tags + s->n_vms, left = n;

	if (s->any || s->vmall) {
		buf_str(out, s->any ? "any" : "all vms");
		return;
	}
	if (n > 1)
		buf_char(out, '(');
#define BETWEEN() (--left ? buf_str(out, " OR ") : (void)0)
	for (unsigned i = 0; i < s->n_ips; i++) {
		buf_str(out, "ip ");
		buf_slice(out, *prefix++);
		BETWEEN();
	}
	for (unsigned i = 0; i < s->n_subnets; i++) {
		buf_str(out, "subnet ");
		buf_slice(out, *prefix++);
		BETWEEN();
	}
	for (unsigned i = 0; i < s->n_tags; i++) {
		write_tag(out, &s->tags[i]);
		BETWEEN();
	}
	for (unsigned i = 0; i < s->n_vms; i++) {
		buf_str(out, "vm ");
		buf_uuid(out, s->vms[i]);
		BETWEEN();
	}
#undef BETWEEN
	if (n > 1)
		buf_char(out, ')');
}

static bool
has_range(const struct rule *r)
{
	for (unsigned i = 0; i < r->n_items; i++)
		if (r->items[i].range)
			return true;
	return false;
}

static void
write_ports(struct buf *out, const struct rule *r)
{
	if (r->all) {
		buf_str(out, " PORT all");
		return;
	}
	if (has_range(r)) {
		buf_str(out, " PORTS ");
		for (unsigned i = 0; i < r->n_items; i++) {
			if (i)
				buf_str(out, ", ");
			buf_uint(out, r->items[i].a);
			if (r->items[i].range) {
				buf_str(out, " - ");
				buf_uint(out, r->items[i].b);
			}
		}
		return;
	}
	buf_str(out, r->n_items > 1 ? " (" : " ");
	for (unsigned i = 0; i < r->n_items; i++) {
		buf_str(out, i ? " AND PORT " : "PORT ");
		buf_uint(out, r->items[i].a);
	}
	if (r->n_items > 1)
		buf_char(out, ')');
}

static void
write_types(struct buf *out, const struct rule *r)
{
	if (r->all) {
		buf_str(out, " TYPE all");
		return;
	}
	buf_str(out, r->n_items > 1 ? " (" : " ");
	for (unsigned i = 0; i < r->n_items; i++) {
		buf_str(out, i ? " AND TYPE " : "TYPE ");
		buf_uint(out, r->items[i].a);
		if (r->items[i].b != LANG_ANY_CODE) {
			buf_str(out, " CODE ");
			buf_uint(out, r->items[i].b);
		}
	}
	if (r->n_items > 1)
		buf_char(out, ')');
}

void
rule_write_text(struct buf *out, const struct rule *r, const struct slice *from,
    const struct slice *to)
{
	buf_str(out, "FROM ");
	write_side(out, &r->side[LANG_FROM], from);
	buf_str(out, " TO ");
	write_side(out, &r->side[LANG_TO], to);
	buf_str(out, r->action == LANG_ALLOW ? " ALLOW " : " BLOCK ");
	buf_str(out, lang_proto_name[r->proto]);
	if (lang_has_ports(r->proto))
		write_ports(out, r);
	else if (lang_has_types(r->proto))
		write_types(out, r);
	if (r->priority) {
		buf_str(out, " PRIORITY ");
		buf_uint(out, r->priority);
	}
}
