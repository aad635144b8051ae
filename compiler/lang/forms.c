/* SPDX-License-Identifier: MPL-2.0 */
/* The serialized and the raw form of a rule (spec 2). */
#include "../base/text.h"

#include "rule.h"

/* Both write where there is room, and return what follows. */
static inline char *
put(char *to, const char *text)
{
	size_t n = strlen(text);

	memcpy(to, text, n);
	return to + n;
}

static inline char *
put_bool(char *to, enum rule_bool b)
{
	static const struct { char text[8]; unsigned n; } word[] = {
		{ "false", 5 }, { "true", 4 }, { "\"false\"", 7 }, { "\"true\"", 6 },
	};

	memcpy(to, word[b].text, sizeof(word[b].text));
	return to + word[b].n;
}

static void
write_bool(struct buf *out, enum rule_bool b)
{
	out->n += (size_t)(put_bool(buf_room(out, 8), b) - (out->p + out->n));
}

static void
write_uuid(struct buf *out, struct uuid u)
{
	buf_char(out, '"');
	buf_uuid(out, u);
	buf_char(out, '"');
}

#define MEMBERS_ROOM 128        /* for what stands between two texts of a rule */

void
rule_write_before_text(struct buf *out, const struct rule *r)
{
	char *from, *to;

	if (r->has_created_by) {
		buf_str(out, "\"created_by\":");
		text_json(out, r->created_by);
		buf_char(out, ',');
	}
	if (r->has_description) {
		buf_str(out, "\"description\":");
		text_json(out, r->description);
		buf_char(out, ',');
	}
	to = from = buf_room(out, MEMBERS_ROOM);
	to = put_bool(put(to, "\"enabled\":"), r->enabled);
	if (!r->has_owner)
		to = put(to, ",\"global\":true");
	to = put_bool(put(to, ",\"log\":"), r->log);
	if (r->has_owner) {
		to = put(to, ",\"owner_uuid\":\"");
		uuid_write(to, r->owner);
		to = put(to + UUID_TEXT, "\"");
	}
	out->n += (size_t)(put(to, ",\"rule\":") - from);
}

void
rule_write_after_text(struct buf *out, const struct rule *r)
{
	char *from, *to;

	to = from = buf_room(out, MEMBERS_ROOM);
	to = put(to, ",\"uuid\":\"");
	uuid_write(to, r->uuid);
	out->n += (size_t)(put(to + UUID_TEXT, "\",\"version\":") - from);
	text_json(out, r->version);
}

void
rule_write_members(struct buf *out, const struct rule *r)
{
	rule_write_before_text(out, r);
	text_json(out, r->text);
	rule_write_after_text(out, r);
}

void
rule_write_serialized(struct buf *out, const struct rule *r)
{
	buf_char(out, '{');
	rule_write_members(out, r);
	buf_char(out, '}');
}

bool
rule_is_field(const char *name)
{
	static const char *const fields[] = { "created_by", "description", "enabled", "global", "log",
		"owner_uuid", "rule", "uuid", "version" };

	for (size_t i = 0; i < BASE_COUNT(fields); i++)
		if (strcmp(name, fields[i]) == 0)
			return true;
	return false;
}

static void
write_prefixes(struct buf *out, const char *key, const struct prefix *p, unsigned n, bool hosts)
{
	buf_printf(out, ",\"%s\":[", key);
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

static void
write_side(struct buf *out, const char *key, const struct rule_side *s)
{
	buf_printf(out, "\"%s\":{\"wildcards\":[%s]", key,
	    s->any ? "\"any\"" : s->vmall ? "\"vmall\"" : "");
	write_prefixes(out, "ips", s->ips, s->n_ips, true);
	write_prefixes(out, "subnets", s->subnets, s->n_subnets, false);
	buf_str(out, ",\"tags\":[");
	for (unsigned i = 0; i < s->n_tags; i++) {
		if (i)
			buf_char(out, ',');
		if (s->tags[i].has_value)
			buf_char(out, '[');
		text_json(out, s->tags[i].key);
		if (s->tags[i].has_value) {
			buf_char(out, ',');
			text_json(out, s->tags[i].value);
			buf_char(out, ']');
		}
	}
	buf_str(out, "],\"vms\":[");
	for (unsigned i = 0; i < s->n_vms; i++) {
		if (i)
			buf_char(out, ',');
		write_uuid(out, s->vms[i]);
	}
	buf_str(out, "]}");
}

/* ports: numbers, ranges as objects; types: strings, with ":code". */
static void
write_items(struct buf *out, const struct rule *r)
{
	bool ports = lang_has_ports(r->proto);

	if (!ports && !lang_has_types(r->proto))
		return;
	buf_str(out, ports ? ",\"ports\":[" : ",\"types\":[");
	if (r->all)
		buf_str(out, "\"all\"");
	for (unsigned i = 0; i < r->n_items; i++) {
		const struct lang_item *it = &r->items[i];

		if (i)
			buf_char(out, ',');
		if (ports && it->range)
			buf_printf(out, "{\"start\":%u,\"end\":%u}", it->a, it->b);
		else if (ports)
			buf_uint(out, it->a);
		else if (it->b == LANG_ANY_CODE)
			buf_printf(out, "\"%u\"", it->a);
		else
			buf_printf(out, "\"%u:%u\"", it->a, it->b);
	}
	buf_char(out, ']');
}

void
rule_write_raw(struct buf *out, const struct rule *r)
{
	buf_printf(out, "{\"action\":\"%s\",\"enabled\":", lang_action_name[r->action]);
	write_bool(out, r->enabled);
	buf_str(out, ",\"log\":");
	write_bool(out, r->log);
	buf_char(out, ',');
	write_side(out, "from", &r->side[LANG_FROM]);
	buf_printf(out, ",\"priority\":%u,\"protocol\":\"%s\",", r->priority,
	    lang_proto_name[r->proto]);
	write_side(out, "to", &r->side[LANG_TO]);
	buf_str(out, ",\"uuid\":");
	write_uuid(out, r->uuid);
	buf_str(out, ",\"version\":");
	text_json(out, r->version);
	if (r->has_owner) {
		buf_str(out, ",\"owner_uuid\":");
		write_uuid(out, r->owner);
	}
	write_items(out, r);
	if (r->has_created_by) {
		buf_str(out, ",\"created_by\":");
		text_json(out, r->created_by);
	}
	if (r->has_description) {
		buf_str(out, ",\"description\":");
		text_json(out, r->description);
	}
	buf_char(out, '}');
}
