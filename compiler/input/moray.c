/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A stored rule (spec 2, Moray records) back into a rule.  The record is written
 * out as a sentence and goes through the parser, so that nothing unchecked comes
 * in this way.
 */
#include "input.h"

#include <stdio.h>
#include <stdlib.h>

#include "../base/text.h"

struct moray {
	struct input *in;
	const json_t *value;
	const struct src *src;
	struct buf text;                /* the sentence */
	unsigned targets;               /* of the side being written */
	int version;                    /* _v */
	bool failed;
};

static void
refuse(struct moray *m, const char *what)
{
	struct diag *d;

	if (m->failed)
		return;
	m->failed = true;
	d = diag_add(m->in->diags, DIAG_moray_record, m->src, (struct span){ 0, 0 }, what);
	d->field = "rule";
}

static void
next_target(struct moray *m, const char *kind)
{
	if (m->targets++)
		buf_str(&m->text, " OR ");
	buf_str(&m->text, kind);
}

static bool
plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
		    (s.p[i] >= 'A' && s.p[i] <= 'Z') || memchr("-_.:/", s.p[i], 5)))
			return false;
	return s.n > 0;
}

/* The member D + kind as a list of strings; a lone string counts as a list of one. */
static const json_t *
member(struct moray *m, const char *side, const char *kind, size_t *n)
{
	char key[32];
	const json_t *v;

	snprintf(key, sizeof(key), "%s%s", side, kind);
	v = json_object_get(m->value, key);
	*n = !v || json_is_null(v) ? 0 : json_is_array(v) ? json_array_size(v) : 1;
	return v;
}

static struct slice
element(struct moray *m, const json_t *list, size_t i)
{
	const json_t *v = json_is_array(list) ? json_array_get(list, i) : list;

	if (!json_is_string(v)) {
		refuse(m, "a target is not a string");
		return (struct slice){ "", 0 };
	}
	return json_slice(v);
}

static void
write_plain(struct moray *m, const char *side, const char *kind, const char *word)
{
	size_t n;
	const json_t *list = member(m, side, kind, &n);

	for (size_t i = 0; i < n; i++) {
		struct slice s = element(m, list, i);

		if (!plain(s))
			refuse(m, "a target is neither an address, a prefix nor a UUID");
		next_target(m, word);
		buf_slice(&m->text, s);
	}
}

/* Splits "key=value=N", N being the key's length in UTF-16 units. */
static bool
split_tag(struct slice s, struct slice *key, struct slice *value)
{
	size_t end = s.n, units = 0, want = 0, i = 0;

	while (end > 0 && s.p[end - 1] >= '0' && s.p[end - 1] <= '9')
		end--;
	if (end == s.n || s.n - end > 6 || end == 0 || s.p[end - 1] != '=')
		return false;
	for (size_t k = end; k < s.n; k++)
		want = want * 10 + (size_t)(s.p[k] - '0');
	end--;
	while (i < end && units < want) {
		uint32_t cp = text_decode(s, &i);

		units += cp >= 0x10000 && cp != TEXT_BAD ? 2 : 1;
	}
	if (units != want || i >= end || s.p[i] != '=')
		return false;
	*key = (struct slice){ s.p, i };
	*value = (struct slice){ s.p + i + 1, end - i - 1 };
	return true;
}

/* _v 1 holds the text as it stood in the sentence, escapes and all. */
static void
write_string(struct moray *m, struct slice s)
{
	buf_char(&m->text, '"');
	if (m->version == 1)
		buf_slice(&m->text, s);
	else
		rule_escape(&m->text, s);
	buf_char(&m->text, '"');
}

static void
write_tags(struct moray *m, const char *side)
{
	size_t n;
	const json_t *list = member(m, side, "tags", &n);

	for (size_t i = 0; i < n; i++) {
		struct slice s = element(m, list, i), key, value = { "", 0 };

		if (!split_tag(s, &key, &value)) {
			if (s.n && memchr(s.p, '=', s.n))
				refuse(m, "a tag is not of the form key=value=length");
			key = s;
		}
		next_target(m, "tag ");
		write_string(m, key);
		if (value.n) {
			buf_str(&m->text, " = ");
			write_string(m, value);
		}
	}
}

static void
write_side(struct moray *m, const char *side)
{
	size_t n, at;
	const json_t *list = member(m, side, "wildcards", &n);

	if (n > 1)
		refuse(m, "a side has more than one wildcard");
	if (n == 1) {
		struct slice w = element(m, list, 0);

		if (slice_is(w, "any"))
			buf_str(&m->text, "any");
		else if (slice_is(w, "vmall"))
			buf_str(&m->text, "all vms");
		else
			refuse(m, "a wildcard is neither any nor vmall");
	}
	at = m->text.n;
	m->targets = 0;
	buf_char(&m->text, '(');
	write_plain(m, side, "ips", "ip ");
	write_plain(m, side, "subnets", "subnet ");
	write_tags(m, side);
	write_plain(m, side, "vms", "vm ");
	buf_char(&m->text, ')');
	if (n && m->targets)
		refuse(m, "a side has a wildcard and other targets");
	if (!n && !m->targets)
		refuse(m, "a side has no targets");
	if (n)
		m->text.n = at;
}

/* "[a,b]" */
static bool
read_interval(struct slice s, unsigned *a, unsigned *b)
{
	char copy[16];
	int used = 0;

	if (s.n >= sizeof(copy))
		return false;
	memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return sscanf(copy, "[%5u,%5u]%n", a, b, &used) == 2 && (size_t)used == s.n;
}

static void
write_ports(struct moray *m)
{
	size_t n;
	const json_t *list = member(m, "", "ports", &n);
	bool ranges = false;

	if (n == 0)
		refuse(m, "ports are missing");
	for (size_t i = 0; i < n; i++) {
		unsigned a, b;

		if (!read_interval(element(m, list, i), &a, &b)) {
			refuse(m, "a port is not of the form [start,end]");
			return;
		}
		if (a == 1 && b == 65535) {
			buf_str(&m->text, " PORT all");
			return;
		}
		ranges |= a != b;
	}
	buf_str(&m->text, ranges ? " PORTS " : " (");
	for (size_t i = 0; i < n; i++) {
		unsigned a = 0, b = 0;

		read_interval(element(m, list, i), &a, &b);
		if (ranges)
			buf_printf(&m->text, a == b ? "%s%u" : "%s%u - %u", i ? ", " : "", a, b);
		else
			buf_printf(&m->text, "%sPORT %u", i ? " AND " : "", a);
	}
	if (!ranges)
		buf_char(&m->text, ')');
}

static void
write_types(struct moray *m)
{
	size_t n;
	const json_t *list = member(m, "", "types", &n);

	if (n == 0)
		refuse(m, "types are missing");
	if (n == 1 && slice_is(element(m, list, 0), "all")) {
		buf_str(&m->text, " TYPE all");
		return;
	}
	buf_str(&m->text, " (");
	for (size_t i = 0; i < n; i++) {
		struct slice s = element(m, list, i);
		const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
		size_t head = colon ? (size_t)(colon - s.p) : s.n;

		for (size_t k = 0; k < s.n; k++)
			if (k != head && (s.p[k] < '0' || s.p[k] > '9'))
				refuse(m, "a type is not a number or type:code");
		buf_printf(&m->text, "%sTYPE %.*s", i ? " AND " : "", (int)head, s.p);
		if (colon)
			buf_printf(&m->text, " CODE %.*s", (int)(s.n - head - 1), colon + 1);
	}
	buf_char(&m->text, ')');
}

static void
write_sentence(struct moray *m)
{
	struct slice action = { 0 }, proto = { 0 };
	const json_t *priority = json_object_get(m->value, "priority");
	int p = -1;

	if (!json_get_slice(m->value, "action", &action) ||
	    !(slice_is(action, "allow") || slice_is(action, "block")))
		refuse(m, "action is neither allow nor block");
	json_get_slice(m->value, "protocol", &proto);
	for (int i = 0; i < LANG_PROTOS; i++)
		if (slice_is(proto, lang_proto_name[i]))
			p = i;
	if (p < 0)
		refuse(m, "protocol is none of tcp, udp, icmp, icmp6, ah and esp");
	if (m->failed)
		return;
	buf_str(&m->text, "FROM ");
	write_side(m, "from");
	buf_str(&m->text, " TO ");
	write_side(m, "to");
	buf_printf(&m->text, " %s %s", slice_is(action, "allow") ? "ALLOW" : "BLOCK",
	    lang_proto_name[p]);
	if (lang_has_ports(p))
		write_ports(m);
	else if (lang_has_types(p))
		write_types(m);
	if (priority && !json_is_null(priority)) {
		if (!json_is_number(priority) || !(json_number_value(priority) >= 0 &&
		    json_number_value(priority) <= LANG_MAX_PRIORITY))
			refuse(m, "priority is not a number from 0 to 100");
		else if (json_number_value(priority) > 0)
			buf_printf(&m->text, " PRIORITY %d", (int)json_number_value(priority));
	}
}

static const char *const copied[] = {
	"uuid", "owner_uuid", "enabled", "log", "version", "description", "created_by",
};

struct rule *
input_moray(struct input *in, const json_t *value, struct slice within)
{
	struct src src = { .name = slice_of("record"), .within = within };
	const json_t *v = json_object_get(value, "_v");
	struct moray m = { .in = in, .value = value };
	struct rule *rule = NULL;
	json_t *payload;

	m.src = memcpy(arena_alloc(in->diags->arena, sizeof(src)), &src, sizeof(src));
	m.version = json_is_number(v) ? (int)json_number_value(v) : 1;
	write_sentence(&m);
	if (!m.failed) {
		payload = json_object();
		for (size_t i = 0; i < BASE_COUNT(copied); i++)
			if ((v = json_object_get(value, copied[i])) != NULL && !json_is_null(v))
				json_object_set(payload, copied[i], (json_t *)v);
		json_object_set_new(payload, "rule", json_stringn_nocheck(m.text.p, m.text.n));
		rule = input_payload(in, payload, within);
		json_arena_drop(payload);
	}
	buf_free(&m.text);
	return rule;
}
