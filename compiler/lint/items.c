/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of the ports or types of one rule, and of the version of the language it needs. */
#include "lint_int.h"

/* --- the clause of ports ---------------------------------------------------------------- */

/* PORT 1, (PORT 1 AND PORT 2) or PORTS 1, 2, from its first byte; false if comments are in it. */
static bool
find_clause(const struct ast_rule *ast, struct span *out)
{
	struct slice text = ast->src->text;
	uint32_t from = ast->proto_span.off + ast->proto_span.len;
	uint32_t to = ast->items_span.off + ast->items_span.len;

	while (from < to && strchr(" \t\r\n", text.p[from]))
		from++;
	if (text.p[from] == '(') {
		while (to < text.n && strchr(" \t\r\n", text.p[to]))
			to++;
		if (to == text.n || text.p[to++] != ')')
			return false;
	}
	*out = (struct span){ from, to - from };
	return !memchr(text.p + from, '#', to - from);
}

static void
fix_clause(struct lint *l, struct lint_finding *f, const struct lint_rule *r, struct slice text)
{
	struct span at;

	if (find_clause(r->ast, &at))
		lint_edit(l, lint_fix(l, f, r, true, "write %.*s", SLICE_ARGS(text)), r, at, text);
}

/* --- repeated ------------------------------------------------------------------------- */

/* Is all of a in b? */
static bool
within(const struct lang_item *a, const struct lang_item *b, bool types)
{
	if (types)
		return a->a == b->a && (b->b == LANG_ANY_CODE || a->b == b->b);
	return b->a <= a->a && a->b <= b->b;
}

static void
write_range(struct buf *out, unsigned first, unsigned last)
{
	buf_printf(out, first == last ? "%u" : "%u - %u", first, last);
}

static void
report_overlap(struct lint *l, const struct lint_rule *r, uint32_t i, uint32_t k)
{
	const struct ast_rule *ast = r->ast;
	const struct lang_item *a = &ast->items.v[i], *b = &ast->items.v[k];
	bool types = lang_has_types((enum lang_proto)ast->proto), inside = within(a, b, types);
	const struct span *spans = ast->item_spans.v;
	const char *text = ast->src->text.p;
	struct lint_finding *f;
	struct lint_fix *fix;
	struct buf joined = { 0 };

	f = lint_report(l, r, LINT_item_repeated, spans[i], "%s %.*s %s %.*s",
	    types ? "type" : "port", (int)spans[i].len, text + spans[i].off,
	    !inside ? "overlaps" : within(b, a, types) ? "repeats" : "lies within",
	    (int)spans[k].len, text + spans[k].off);
	lint_relate(l, f, r, spans[k], "the other");
	if (inside) {
		fix = lint_fix(l, f, r, true, "remove it");
	} else {
		write_range(&joined, a->a < b->a ? a->a : b->a, a->b > b->b ? a->b : b->b);
		fix = lint_fix(l, f, r, true, "write %.*s", (int)joined.n, joined.p);
	}
	/* Edits stand in order. */
	if (!inside && k < i)
		lint_edit(l, fix, r, spans[k], buf_view(&joined));
	lint_edit_member(l, fix, r, spans, ast->items.n, i);
	buf_free(&joined);
}

static void
check_repeated(struct lint *l, const struct lint_rule *r)
{
	const struct ast_rule *ast = r->ast;
	bool types = lang_has_types((enum lang_proto)ast->proto);

	for (uint32_t i = 0; i < ast->items.n; i++)
		for (uint32_t k = 0; k < ast->items.n; k++) {
			const struct lang_item *a = &ast->items.v[i], *b = &ast->items.v[k];
			bool inside = within(a, b, types), same = inside && within(b, a, types);

			if (k == i || (same && k > i))
				continue;
			/* Of two that overlap in part the second is reported. */
			if (!inside && (types || within(b, a, false) || k > i || a->b < b->a ||
			    b->b < a->a))
				continue;
			report_overlap(l, r, i, k);
			break;
		}
}

/* --- versions ------------------------------------------------------------------------- */

static struct lint_finding *
need(struct lint *l, const struct lint_rule *r, struct span at, unsigned version,
    const char *what)
{
	unsigned allowed = r->config->fwrule_version;
	struct lint_finding *f;

	if (!allowed || version <= allowed)
		return NULL;
	f = lint_report(l, r, LINT_newer_version, at,
	    "%s: version %u of the language has it, and %u is allowed", what, version, allowed);
	if (version == 2)
		lint_help(l, f, "single ports are written (PORT 80 AND PORT 443)");
	return f;
}

/* As single ports, if an old version has room for them. */
static void
fix_ranges(struct lint *l, struct lint_finding *f, const struct lint_rule *r)
{
	struct portset items = lint_items(&l->scratch, r->rule);
	struct buf text = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < items.n && n <= LANG_MAX_ITEMS_OLD; i++) {
		const struct port_range *k = &items.v[i];

		for (unsigned p = k->first; p <= k->last && n <= LANG_MAX_ITEMS_OLD; p++)
			buf_printf(&text, n++ ? " AND PORT %u" : "(PORT %u", p);
	}
	buf_char(&text, ')');
	if (f && n == 1)
		fix_clause(l, f, r, (struct slice){ text.p + 1, text.n - 2 });
	else if (f && n <= LANG_MAX_ITEMS_OLD)
		fix_clause(l, f, r, buf_view(&text));
	buf_free(&text);
}

/* PRIORITY 0 says what is so without it. */
static void
fix_priority(struct lint *l, struct lint_finding *f, const struct lint_rule *r)
{
	struct span at = r->ast->priority_span;
	const char *text = r->ast->src->text.p;

	if (!f || r->ast->priority != 0 || memchr(text + at.off, '#', at.len))
		return;
	while (at.off && (text[at.off - 1] == ' ' || text[at.off - 1] == '\t')) {
		at.off--;
		at.len++;
	}
	lint_edit(l, lint_fix(l, f, r, true, "remove it"), r, at, (struct slice){ 0 });
}

static void
check_version(struct lint *l, const struct lint_rule *r)
{
	const struct ast_rule *ast = r->ast;
	bool v6 = false;

	if (!r->config->fwrule_version)
		return;
	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < ast->side[s].targets.n && !v6; i++) {
			const struct ast_target *t = &ast->side[s].targets.v[i];

			v6 = (t->kind == AST_IP || t->kind == AST_SUBNET) &&
			    t->prefix.fam == NET_V6;
			if (v6)
				need(l, r, t->span, 3, "an IPv6 address");
		}
	if (ast->ports)
		fix_ranges(l, need(l, r, ast->items_span, 2, "PORTS"), r);
	if (ast->proto == LANG_ICMP6)
		need(l, r, ast->proto_span, 3, "icmp6");
	if (ast->all && lang_has_types((enum lang_proto)ast->proto))
		need(l, r, ast->items_span, 3, "TYPE all");
	if (ast->proto == LANG_AH || ast->proto == LANG_ESP)
		need(l, r, ast->proto_span, 4, "ah and esp");
	if (ast->has_priority)
		fix_priority(l, need(l, r, ast->priority_span, 4, "PRIORITY"), r);
	if (ast->items.n > LANG_MAX_ITEMS_OLD)
		need(l, r, ast->items_span, 4, "more than 8 ports or types");
}

/* --- near the limit -------------------------------------------------------------------- */

/* As ranges, if that is shorter and the language may have them. */
static void
fix_length(struct lint *l, struct lint_finding *f, const struct lint_rule *r)
{
	struct portset items = lint_items(&l->scratch, r->rule);
	struct buf text = { 0 };

	if (!f || items.n >= r->ast->items.n || r->config->fwrule_version == 1)
		return;
	buf_str(&text, "PORTS ");
	for (uint32_t i = 0; i < items.n; i++) {
		buf_str(&text, i ? ", " : "");
		write_range(&text, items.v[i].first, items.v[i].last);
	}
	fix_clause(l, f, r, buf_view(&text));
	buf_free(&text);
}

static void
check_near_limit(struct lint *l, const struct lint_rule *r)
{
	bool types = lang_has_types((enum lang_proto)r->ast->proto);
	struct lint_finding *f;

	if (r->ast->items.n < r->config->near_limit)
		return;
	f = lint_report(l, r, LINT_near_limit, r->ast->items_span,
	    "%u %s, and a rule has at most %d", r->ast->items.n, types ? "types" : "ports",
	    LANG_MAX_ITEMS);
	lint_help(l, f, "they can be split over several rules");
	if (!types)
		fix_length(l, f, r);
}

void
lint_check_items(struct lint *l, const struct lint_rule *r)
{
	check_repeated(l, r);
	check_version(l, r);
	check_near_limit(l, r);
}
