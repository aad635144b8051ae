/* SPDX-License-Identifier: MPL-2.0 */
/* Rules as FWAPI stores them in Moray (spec 2). */
#include "../base/text.h"
#include "backend_int.h"

static void
key(struct buf *out, const char *side, const char *kind)
{
	buf_printf(out, ",\"%s%s\":[", side, kind);
}

static void
write_prefixes(struct buf *out, const char *side, const char *kind, const struct prefix *p,
    unsigned n, bool hosts)
{
	if (n == 0)
		return;
	key(out, side, kind);
	for (unsigned i = 0; i < n; i++) {
		buf_str(out, i ? ",\"" : "\"");
		if (hosts)
			buf_addr(out, p[i]);
		else
			buf_prefix(out, p[i]);
		buf_char(out, '"');
	}
	buf_char(out, ']');
}

/* "key=value=N": N is the key's length, for either may hold `=`. */
static void
write_tags(struct buf *out, const char *side, const struct rule_side *s)
{
	struct buf text = { 0 };

	if (s->n_tags == 0)
		return;
	key(out, side, "tags");
	for (unsigned i = 0; i < s->n_tags; i++) {
		text.n = 0;
		buf_slice(&text, s->tags[i].key);
		buf_char(&text, '=');
		if (s->tags[i].has_value)
			buf_slice(&text, s->tags[i].value);
		buf_char(&text, '=');
		buf_uint(&text, text_len16(s->tags[i].key));
		if (i)
			buf_char(out, ',');
		text_json(out, buf_view(&text));
	}
	buf_char(out, ']');
	buf_free(&text);
	key(out, side, "tagkeys");
	for (unsigned i = 0; i < s->n_tags; i++) {
		if (i && slice_eq(s->tags[i].key, s->tags[i - 1].key))
			continue;
		if (i)
			buf_char(out, ',');
		text_json(out, s->tags[i].key);
	}
	buf_char(out, ']');
}

static void
write_side(struct buf *out, const char *side, const struct rule_side *s)
{
	if (s->any || s->vmall) {
		key(out, side, "wildcards");
		buf_str(out, s->any ? "\"any\"]" : "\"vmall\"]");
	}
	write_prefixes(out, side, "ips", s->ips, s->n_ips, true);
	write_prefixes(out, side, "subnets", s->subnets, s->n_subnets, false);
	write_tags(out, side, s);
	if (s->n_vms) {
		key(out, side, "vms");
		for (unsigned i = 0; i < s->n_vms; i++) {
			buf_str(out, i ? ",\"" : "\"");
			buf_uuid(out, s->vms[i]);
			buf_char(out, '"');
		}
		buf_char(out, ']');
	}
}

static bool
all_ports(const struct rule *r)
{
	for (unsigned i = 0; i < r->n_items; i++)
		if (r->items[i].a == 1 && r->items[i].b == 65535)
			return true;
	return r->all;
}

static void
write_items(struct buf *out, const struct rule *r)
{
	if (lang_has_ports(r->proto)) {
		buf_str(out, ",\"ports\":[");
		if (all_ports(r))
			buf_str(out, "\"[1,65535]\"");
		for (unsigned i = 0; i < r->n_items && !all_ports(r); i++)
			buf_printf(out, "%s\"[%u,%u]\"", i ? "," : "", r->items[i].a, r->items[i].b);
		buf_char(out, ']');
	} else if (lang_has_types(r->proto)) {
		buf_str(out, ",\"types\":[");
		if (r->all)
			buf_str(out, "\"all\"");
		for (unsigned i = 0; i < r->n_items; i++)
			if (r->items[i].b == LANG_ANY_CODE)
				buf_printf(out, "%s\"%u\"", i ? "," : "", r->items[i].a);
			else
				buf_printf(out, "%s\"%u:%u\"", i ? "," : "", r->items[i].a, r->items[i].b);
		buf_char(out, ']');
	}
}

static const char *
bool_text(enum rule_bool b)
{
	static const char *const text[] = { "false", "true", "\"false\"", "\"true\"" };

	return text[b];
}

void
moray_write_record(struct buf *out, const struct rule *r)
{
	buf_str(out, "{\"bucket\":\"fwapi_rules\",\"key\":\"");
	buf_uuid(out, r->uuid);
	buf_printf(out, "\",\"value\":{\"action\":\"%s\",\"enabled\":%s,\"log\":%s",
	    lang_action_name[r->action], bool_text(r->enabled), bool_text(r->log));
	buf_printf(out, ",\"objectclass\":\"fwrule\",\"priority\":%u,\"protocol\":\"%s\",\"uuid\":\"",
	    r->priority, lang_proto_name[r->proto]);
	buf_uuid(out, r->uuid);
	buf_str(out, "\",\"version\":");
	text_json(out, r->version);
	buf_str(out, ",\"_v\":3");
	if (r->has_description) {
		buf_str(out, ",\"description\":");
		text_json(out, r->description);
	}
	if (r->has_owner) {
		buf_str(out, ",\"owner_uuid\":\"");
		buf_uuid(out, r->owner);
		buf_char(out, '"');
	}
	write_items(out, r);
	write_side(out, "from", &r->side[LANG_FROM]);
	write_side(out, "to", &r->side[LANG_TO]);
	buf_str(out, "}}");
}

void
moray_write(struct buf *out, struct rule *const *rules, uint32_t n, const struct backend_opts *o)
{
	(void)o;
	for (uint32_t i = 0; i < n; i++) {
		moray_write_record(out, rules[i]);
		buf_char(out, '\n');
	}
}
