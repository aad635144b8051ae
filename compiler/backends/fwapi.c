/* SPDX-License-Identifier: MPL-2.0 */
/* FWAPI JSON (spec 2): serialized rules, with the parsed members asked for. */
#include "../base/text.h"
#include "backend_int.h"

static const struct {
	const char *name;
	unsigned bit;
} parsed_field[] = {
	{ "parsed.action", BACKEND_PARSED_ACTION },
	{ "parsed.ports", BACKEND_PARSED_PORTS },
	{ "parsed.protocol", BACKEND_PARSED_PROTOCOL },
	{ "parsed.tags", BACKEND_PARSED_TAGS },
};

unsigned
backend_parsed_field(struct slice name)
{
	for (size_t i = 0; i < BASE_COUNT(parsed_field); i++)
		if (slice_is(name, parsed_field[i].name))
			return parsed_field[i].bit;
	return 0;
}

static void
write_ports(struct buf *out, const struct rule *r)
{
	buf_str(out, "\"ports\":[");
	if (r->all)
		buf_str(out, "\"all\"");
	for (unsigned i = 0; i < r->n_items; i++) {
		if (i)
			buf_char(out, ',');
		if (r->items[i].range)
			buf_printf(out, "{\"start\":%u,\"end\":%u}", r->items[i].a, r->items[i].b);
		else
			buf_uint(out, r->items[i].a);
	}
	buf_char(out, ']');
}

/* Tags are sorted by key, and a bare key has swallowed its values. */
static void
write_tags(struct buf *out, const char *key, const struct rule_side *s)
{
	buf_printf(out, "\"%s\":{", key);
	for (unsigned i = 0; i < s->n_tags;) {
		const struct rule_tag *t = &s->tags[i];

		if (i)
			buf_char(out, ',');
		text_json(out, t->key);
		buf_printf(out, ":{\"all\":%s,\"values\":[", t->has_value ? "false" : "true");
		for (unsigned first = i; i < s->n_tags && slice_eq(s->tags[i].key, t->key); i++) {
			if (!s->tags[i].has_value)
				continue;
			if (i > first)
				buf_char(out, ',');
			text_json(out, s->tags[i].value);
		}
		buf_str(out, "]}");
	}
	buf_char(out, '}');
}

static void
write_parsed(struct buf *out, const struct rule *r, unsigned parsed)
{
	bool more = false;

#define BETWEEN() (more ? buf_char(out, ',') : (void)0, more = true)
	buf_str(out, ",\"parsed\":{");
	if (parsed & BACKEND_PARSED_ACTION) {
		BETWEEN();
		buf_printf(out, "\"action\":\"%s\"", lang_action_name[r->action]);
	}
	if ((parsed & BACKEND_PARSED_PORTS) && lang_has_ports(r->proto)) {
		BETWEEN();
		write_ports(out, r);
	}
	if (parsed & BACKEND_PARSED_PROTOCOL) {
		BETWEEN();
		buf_printf(out, "\"protocol\":\"%s\"", lang_proto_name[r->proto]);
	}
	if (parsed & BACKEND_PARSED_TAGS) {
		BETWEEN();
		write_tags(out, "fromtags", &r->side[LANG_FROM]);
		buf_char(out, ',');
		write_tags(out, "totags", &r->side[LANG_TO]);
	}
#undef BETWEEN
	buf_char(out, '}');
}

void
fwapi_write_rule(struct buf *out, const struct rule *r, unsigned parsed)
{
	buf_char(out, '{');
	rule_write_members(out, r);
	if (parsed)
		write_parsed(out, r, parsed);
	buf_char(out, '}');
}

void
fwapi_write(struct buf *out, struct rule *const *rules, uint32_t n, const struct backend_opts *o)
{
	buf_char(out, '[');
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		fwapi_write_rule(out, rules[i], o->parsed);
	}
	buf_str(out, n ? "\n]\n" : "]\n");
}
