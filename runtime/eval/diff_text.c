/* SPDX-License-Identifier: MPL-2.0 */
/* Changes in words, as a Markdown table, and as JSON. */
#include "../../compiler/base/text.h"
#include "diff.h"

#define SHOWN 12                        /* prefixes, ranges, rules: more are only counted */

const char *const diff_kind_code[] = {
	[DIFF_ALLOWED] = "allowed", [DIFF_BLOCKED] = "blocked", [DIFF_UNDECIDED] = "undecided",
	[DIFF_STATE] = "state",
};
const char *const diff_kind_text[] = {
	[DIFF_ALLOWED] = "newly allowed", [DIFF_BLOCKED] = "newly blocked",
	[DIFF_UNDECIDED] = "no longer decided", [DIFF_STATE] = "state keeping changes",
};
const char *const diff_fate_name[] = {
	[DIFF_SAME] = "unchanged", [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed",
	[DIFF_ENABLED] = "enabled", [DIFF_DISABLED] = "disabled", [DIFF_CHANGED] = "changed",
};
const char *const diff_by_code[] = {
	[DIFF_RULES] = "RULE", [DIFF_DEFAULT] = "DEFAULT_POLICY", [DIFF_NO_LINE] = "NO_LINE",
	[DIFF_FIREWALL_OFF] = "VM_FIREWALL_OFF",
};

/* --- what the formats share -------------------------------------------------------------- */

static void
write_proto(struct buf *out, const struct diff_change *c)
{
	const char *name = ipf_proto_name(c->proto);

	if (c->other_proto)
		buf_str(out, "other protocols");
	else if (name)
		buf_str(out, c->proto == IPF_ICMP6 ? "icmp6" : name);
	else
		buf_printf(out, "protocol %u", c->proto);
}

static bool
has_types(const struct diff_change *c)
{
	return !c->other_proto && (c->proto == IPF_ICMP || c->proto == IPF_ICMP6);
}

static bool
has_keys(const struct diff_change *c)
{
	return !c->other_proto && (filter_has_ports(c->proto) || has_types(c));
}

/* Every address that the protocol can have? */
static bool
is_any(const struct diff_change *c)
{
	bool v4 = pset_is_all(&c->addrs[0]), v6 = pset_is_all(&c->addrs[1]);

	return !c->other_proto && c->proto == IPF_ICMP ? v4
	    : !c->other_proto && c->proto == IPF_ICMP6 ? v6 : v4 && v6;
}

/* A stretch of keys as people name it: a range of types, or one type with its codes. */
struct stretch {
	bool types;                     /* a to b are whole types */
	uint16_t type, a, b;            /* else codes of type */
};

struct stretches {
	const struct portset *s;
	uint32_t i, at;                 /* at: the next key of range i, or 0 to begin it */
};

static bool
next_stretch(struct stretches *w, struct stretch *out)
{
	uint32_t first, last, end;

	if (w->i == w->s->n)
		return false;
	first = w->at > w->s->v[w->i].first ? w->at : w->s->v[w->i].first;
	last = w->s->v[w->i].last;
	if ((first & 255) == 0 && (last - first >= 255)) {
		end = ((last + 1) & ~255u) - 1;
		*out = (struct stretch){ true, 0, (uint16_t)(first >> 8), (uint16_t)(end >> 8) };
	} else {
		end = (first | 255) < last ? first | 255 : last;
		*out = (struct stretch){ false, (uint16_t)(first >> 8), first & 255, end & 255 };
	}
	w->at = end + 1;
	w->i += end == last;
	if (end == last)
		w->at = 0;
	return true;
}

static void
write_types(struct buf *out, const struct portset *s)
{
	struct stretches w = { s, 0, 0 };
	struct stretch t;
	uint32_t n = 0, more = 0;

	while (next_stretch(&w, &t)) {
		if (n++ >= SHOWN) {
			more++;
			continue;
		}
		buf_str(out, n > 1 ? ", " : "");
		buf_printf(out, "%u", t.types ? t.a : t.type);
		if (!t.types)
			buf_printf(out, " code %u", t.a);
		if (t.a != t.b)
			buf_printf(out, "-%u", t.b);
	}
	if (more)
		buf_printf(out, " and %u more", more);
}

/* "ports 22, 80-90", "all types"; nothing where there are neither. */
static void
write_keys(struct buf *out, const struct diff_change *c)
{
	const struct portset *s = &c->keys;
	const char *what = has_types(c) ? "type" : "port";
	bool one = s->n == 1 && (has_types(c) ? s->v[0].first >> 8 == s->v[0].last >> 8
	    : s->v[0].first == s->v[0].last);

	if (!has_keys(c))
		return;
	if (portset_is_all(s)) {
		buf_printf(out, "all %ss", what);
		return;
	}
	buf_printf(out, one ? "%s " : "%ss ", what);
	if (has_types(c)) {
		write_types(out, s);
		return;
	}
	for (uint32_t i = 0; i < s->n && i < SHOWN; i++) {
		buf_printf(out, i ? ", %u" : "%u", s->v[i].first);
		if (s->v[i].first != s->v[i].last)
			buf_printf(out, "-%u", s->v[i].last);
	}
	if (s->n > SHOWN)
		buf_printf(out, " and %u more", s->n - SHOWN);
}

/* An address alone, or a prefix. */
static void
write_prefix(struct buf *out, struct prefix p)
{
	if (p.len == 128)
		buf_addr(out, p);
	else
		buf_prefix(out, p);
}

/* At most SHOWN prefixes altogether; n counts those written, more the others. */
static void
write_prefixes(struct buf *out, const struct pset *s, uint64_t *n, uint64_t *more)
{
	struct pset_walk w = pset_walk(s);
	struct prefix p;

	for (; *n < SHOWN && pset_walk_next(&w, &p); ++*n) {
		buf_str(out, *n ? ", " : "");
		write_prefix(out, p);
	}
	for (; *n == SHOWN && pset_walk_next(&w, &p); ++*more)
		;
}

/* "10.0.0.0/8, 2001:db8::1"; where that is shorter, all but what is not in the set. */
static void
write_addrs(struct buf *out, const struct diff_change *c)
{
	uint64_t n = 0, more = 0;

	if (is_any(c)) {
		buf_str(out, "any");
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct arena arena = { 0 };
		struct pset without = pset_none(i ? NET_V6 : NET_V4);

		pset_complement(&arena, &without, &c->addrs[i]);
		if (c->addrs[i].n && without.n &&
		    pset_prefix_count(&without) + 1 < pset_prefix_count(&c->addrs[i])) {
			uint64_t own = 0, more_own = 0;

			buf_printf(out, "%sall %s but ", n ? ", " : "", i ? "IPv6" : "IPv4");
			write_prefixes(out, &without, &own, &more_own);
			if (more_own)
				buf_printf(out, " and %llu more", (unsigned long long)more_own);
			buf_str(out, i == 0 && c->addrs[1].n ? "; " : "");
		} else {
			write_prefixes(out, &c->addrs[i], &n, &more);
		}
		arena_free(&arena);
	}
	if (more)
		buf_printf(out, " and %llu more", (unsigned long long)more);
}

static const char *
packets_text(const struct diff_change *c)
{
	return c->packets == DIFF_OPENING ? ", opening a connection"
	    : c->packets == DIFF_NOT_OPENING ? ", not opening a connection" : "";
}

/* "blocked by the default policy", "passed keeping state"; rules are the caller's. */
static void
write_side(struct buf *out, const struct diff_change *c, const struct diff_side *s)
{
	static const char *const verdict[] = { "left undecided", "passed", "blocked" };

	if (s->by == DIFF_NO_LINE) {
		buf_str(out, "left to the kernel's setting: no line matches");
		return;
	}
	buf_str(out, verdict[s->verdict]);
	if (s->state)
		buf_str(out, ", keeping state,");
	else if (c->kind == DIFF_STATE)
		buf_str(out, " without state");
	buf_str(out, s->by == DIFF_DEFAULT ? " by the default policy"
	    : s->by == DIFF_FIREWALL_OFF ? ", for the firewall is off" : " by");
}

/* --- words ------------------------------------------------------------------------------- */

static void
write_rules(struct buf *out, const struct diff_rule *r, uint32_t n, const char *before)
{
	for (uint32_t i = 0; i < n && i < SHOWN; i++) {
		buf_printf(out, "%s rule ", before);
		buf_uuid(out, r[i].rule->uuid);
		buf_printf(out, " (%s): ", diff_fate_name[r[i].fate]);
		text_visible(out, r[i].rule->text);
		buf_char(out, '\n');
	}
	if (n > SHOWN)
		buf_printf(out, "%s %u more\n", before, n - SHOWN);
}

static void
write_side_text(struct buf *out, const char *when, const struct diff_change *c,
    const struct diff_side *s)
{
	buf_printf(out, "    %s: ", when);
	write_side(out, c, s);
	if (s->by != DIFF_RULES) {
		buf_char(out, '\n');
	} else if (s->n_rules == 1) {
		write_rules(out, s->rules, 1, "");
	} else {
		buf_char(out, '\n');
		write_rules(out, s->rules, s->n_rules, "        ");
	}
	write_rules(out, s->blockers, s->n_blockers, "        because of");
}

void
diff_write_text(struct buf *out, const struct diff_change *c, uint32_t n)
{
	for (; n; n--, c++) {
		buf_printf(out, "  %s: ", diff_kind_text[c->kind]);
		write_proto(out, c);
		buf_str(out, c->dir == IPF_IN ? " in from " : " out to ");
		write_addrs(out, c);
		if (has_keys(c)) {
			buf_str(out, "; ");
			write_keys(out, c);
		}
		buf_printf(out, "%s\n", packets_text(c));
		write_side_text(out, "was", c, &c->was);
		write_side_text(out, "now", c, &c->now);
	}
}

/* --- Markdown ---------------------------------------------------------------------------- */

/*
 * Text of others inside a cell: whatever might mean something to Markdown or HTML
 * becomes a character reference.
 */
static void
write_cell_text(struct buf *out, struct slice s)
{
	struct buf seen = { 0 };

	text_visible(&seen, s);
	buf_str(out, "<code>");
	for (size_t i = 0; i < seen.n; i++) {
		unsigned char ch = (unsigned char)seen.p[i];

		if (ch < 0x80 && strchr("\\`*_[]<>!|~&@:$^", ch))
			buf_printf(out, "&#%u;", ch);
		else
			buf_char(out, (char)ch);
	}
	buf_str(out, "</code>");
	buf_free(&seen);
}

static void
write_cell_rules(struct buf *out, const struct diff_rule *r, uint32_t n, const char *before)
{
	for (uint32_t i = 0; i < n && i < SHOWN; i++) {
		buf_printf(out, "<br>%s%s `", before, diff_fate_name[r[i].fate]);
		buf_uuid(out, r[i].rule->uuid);
		buf_str(out, "` ");
		write_cell_text(out, r[i].rule->text);
	}
	if (n > SHOWN)
		buf_printf(out, "<br>%s%u more", before, n - SHOWN);
}

static void
write_cell_side(struct buf *out, const struct diff_change *c, const struct diff_side *s)
{
	buf_str(out, " | ");
	write_side(out, c, s);
	write_cell_rules(out, s->rules, s->n_rules, "");
	write_cell_rules(out, s->blockers, s->n_blockers, "because of ");
}

void
diff_write_markdown(struct buf *out, const struct diff_change *c, uint32_t n)
{
	buf_str(out, "| Change | Packets | Remote addresses | Ports, types | Was | Now |\n"
	    "| --- | --- | --- | --- | --- | --- |\n");
	for (; n; n--, c++) {
		buf_printf(out, "| %s | ", diff_kind_text[c->kind]);
		write_proto(out, c);
		buf_printf(out, " %s%s | ", c->dir == IPF_IN ? "in" : "out", packets_text(c));
		write_addrs(out, c);
		buf_str(out, " | ");
		write_keys(out, c);
		write_cell_side(out, c, &c->was);
		write_cell_side(out, c, &c->now);
		buf_str(out, " |\n");
	}
}

/* --- JSON -------------------------------------------------------------------------------- */

static void
write_json_keys(struct buf *out, const struct diff_change *c)
{
	struct stretches w = { &c->keys, 0, 0 };
	const char *mark = "";
	struct stretch t;

	if (!has_keys(c))
		return;
	if (!has_types(c)) {
		buf_str(out, ",\"ports\":[");
		for (uint32_t i = 0; i < c->keys.n; i++)
			buf_printf(out, "%s{\"start\":%u,\"end\":%u}", i ? "," : "",
			    c->keys.v[i].first, c->keys.v[i].last);
		buf_char(out, ']');
		return;
	}
	buf_str(out, ",\"types\":[");
	for (; next_stretch(&w, &t); mark = ",")
		if (t.types)
			buf_printf(out, "%s{\"start\":%u,\"end\":%u}", mark, t.a, t.b);
		else
			buf_printf(out, "%s{\"start\":%u,\"end\":%u,\"codes\":{\"start\":%u,"
			    "\"end\":%u}}", mark, t.type, t.type, t.a, t.b);
	buf_char(out, ']');
}

static void
write_json_rules(struct buf *out, const char *name, const struct diff_rule *r, uint32_t n)
{
	buf_printf(out, ",\"%s\":[", name);
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? ",{\"uuid\":\"" : "{\"uuid\":\"");
		buf_uuid(out, r[i].rule->uuid);
		buf_printf(out, "\",\"fate\":\"%s\",\"rule\":", diff_fate_name[r[i].fate]);
		text_json(out, r[i].rule->text);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
write_json_side(struct buf *out, const char *name, const struct diff_side *s)
{
	static const char *const verdict[] = { "none", "pass", "block" };

	buf_printf(out, ",\"%s\":{\"verdict\":\"%s\",\"state\":%s,\"decidedBy\":\"%s\"", name,
	    verdict[s->verdict], s->state ? "true" : "false", diff_by_code[s->by]);
	write_json_rules(out, "rules", s->rules, s->n_rules);
	if (s->n_blockers)
		write_json_rules(out, "stateBecauseOf", s->blockers, s->n_blockers);
	buf_char(out, '}');
}

static void
write_json_change(struct buf *out, const struct diff_change *c)
{
	static const char *const packets[] = { "all", "opening", "notOpening" };
	const char *mark = "";
	struct prefix p;

	buf_printf(out, "{\"change\":\"%s\",\"direction\":\"%s\",\"protocol\":\"",
	    diff_kind_code[c->kind], c->dir == IPF_IN ? "in" : "out");
	if (c->other_proto)
		buf_str(out, "other");
	else
		write_proto(out, c);
	buf_printf(out, "\",\"packets\":\"%s\",\"addresses\":[", packets[c->packets]);
	for (int i = 0; i < 2; i++)
		for (struct pset_walk w = pset_walk(&c->addrs[i]); pset_walk_next(&w, &p); mark = ",") {
			buf_printf(out, "%s\"", mark);
			write_prefix(out, p);
			buf_char(out, '"');
		}
	buf_char(out, ']');
	write_json_keys(out, c);
	write_json_side(out, "was", &c->was);
	write_json_side(out, "now", &c->now);
	buf_char(out, '}');
}

void
diff_write_json(struct buf *out, const struct diff_change *c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? ",\n  " : "\n  ");
		write_json_change(out, &c[i]);
	}
}

/* --- the report -------------------------------------------------------------------------- */

struct uuids {
	const struct uuid *v;
	uint32_t n;
};

static void
write_uuids(struct buf *out, struct uuids u, const char *quote, const char *between)
{
	for (uint32_t i = 0; i < u.n; i++) {
		buf_str(out, i ? between : "");
		buf_str(out, quote);
		buf_uuid(out, u.v[i]);
		buf_str(out, quote);
	}
}

static void
report_json(struct buf *out, const struct diff *d)
{
	buf_str(out, "{\"groups\":[");
	for (uint32_t i = 0; i < d->groups.n; i++) {
		const struct diff_group *g = &d->groups.v[i];

		buf_str(out, i ? ",\n{\"vms\":[" : "\n{\"vms\":[");
		write_uuids(out, (struct uuids){ g->vms.v, g->vms.n }, "\"", ",");
		buf_str(out, "],\"changes\":[");
		buf_slice(out, g->body);
		buf_str(out, "]}");
	}
	buf_str(out, "],\n\"onlyOld\":[");
	write_uuids(out, (struct uuids){ d->only_old.v, d->only_old.n }, "\"", ",");
	buf_str(out, "],\"onlyNew\":[");
	write_uuids(out, (struct uuids){ d->only_new.v, d->only_new.n }, "\"", ",");
	buf_str(out, "]}\n");
}

static void
report_words(struct buf *out, const struct diff *d, bool markdown)
{
	const char *quote = markdown ? "`" : "";
	struct {
		const char *text;
		struct uuids vms;
	} only[] = {
		{ "Not compared, not there any more", { d->only_old.v, d->only_old.n } },
		{ "Not compared, not there before", { d->only_new.v, d->only_new.n } },
	};

	for (uint32_t i = 0; i < d->groups.n; i++) {
		const struct diff_group *g = &d->groups.v[i];

		buf_printf(out, "%s%s", i ? "\n" : "", markdown ? "**" : "");
		if (g->vms.n > 1)
			buf_printf(out, "%u VMs", g->vms.n);
		else
			buf_str(out, "VM");
		buf_str(out, markdown ? "** " : " ");
		write_uuids(out, (struct uuids){ g->vms.v, g->vms.n }, quote, ", ");
		buf_str(out, markdown ? "\n\n" : "\n");
		buf_slice(out, g->body);
	}
	for (int i = 0; i < 2; i++) {
		if (only[i].vms.n == 0)
			continue;
		buf_printf(out, "%s%s: VM ", out->n ? "\n" : "", only[i].text);
		write_uuids(out, only[i].vms, quote, ", ");
		buf_char(out, '\n');
	}
	if (out->n == 0 && markdown)
		buf_str(out, "No traffic changes.\n");
}

void
diff_write(struct buf *out, const struct diff *d, enum diff_format format)
{
	if (format == DIFF_JSON)
		report_json(out, d);
	else
		report_words(out, d, format == DIFF_MARKDOWN);
}
