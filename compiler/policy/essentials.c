/* SPDX-License-Identifier: MPL-2.0 */
#include "essentials.h"

#include "../../grammar/parse.h"

/* UUIDs are fixed, so that files, tags and logs name these rules the same everywhere. */
static const struct {
	const char *uuid, *text;
} table[] = {
	{ "3b0f9d5c-4890-5e00-8000-7f6d1c8a2e01", "FROM any TO all vms ALLOW icmp6 "
	    "(TYPE 1 AND TYPE 2 AND TYPE 3 AND TYPE 4 AND TYPE 133 AND TYPE 135 AND TYPE 136)" },
	{ "3b0f9d5c-4890-5e00-8000-7f6d1c8a2e02",
	    "FROM subnet fe80::/10 TO all vms ALLOW icmp6 (TYPE 130 AND TYPE 134)" },
};

static struct rule *
make(struct arena *arena, struct parse *px, const char *uuid, const char *text)
{
	struct rule_fields fields = { .version = slice_of("rfc4890"), .enabled = RULE_TRUE };
	struct lang_opts opts = { 0 };
	struct diags diags = { .arena = arena };
	struct src src = { .name = slice_of("<rfc4890>"), .text = slice_of(text) };
	struct rule *r;

	uuid_read(slice_of(uuid), &fields.uuid);
	r = rule_make(arena, &diags, parse_sentence(px, arena, &diags, &src, opts), &fields, opts);
	r->priority = RULE_FIRST;
	r->added = "ICMPv6 essentials (RFC 4890)";
	return r;
}

struct rule *const *
essentials_add(struct arena *arena, struct rule *const *rules, uint32_t *n)
{
	struct rule **all = arena_alloc(arena, (*n + BASE_COUNT(table)) * sizeof(*all));
	struct parse *px = parse_new();

	if (*n)
		memcpy(all, rules, *n * sizeof(*all));
	for (size_t i = 0; i < BASE_COUNT(table); i++)
		all[(*n)++] = make(arena, px, table[i].uuid, table[i].text);
	parse_free(px);
	return all;
}

bool
essentials_read(struct slice name, bool *on)
{
	*on = slice_is(name, "rfc4890");
	return *on || slice_is(name, "none");
}
