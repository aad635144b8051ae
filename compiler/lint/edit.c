/* SPDX-License-Identifier: MPL-2.0 */
/* Fixes as edits of source text, and small things about parts of rules. */
#include "lint_int.h"

struct lint_fix *
lint_fix(struct lint *l, struct lint_finding *f, const struct lint_rule *rule, bool safe,
    const char *fmt, ...)
{
	struct lint_fix *fix;
	va_list ap;

	if (!f || !rule->source)
		return NULL;
	fix = arena_zero(l->arena, sizeof(*fix));
	fix->safe = safe;
	va_start(ap, fmt);
	fix->what = arena_vprintf(l->arena, NULL, fmt, ap);
	va_end(ap);
	f->fix = fix;
	return fix;
}

static void
add_edit(struct lint *l, struct lint_fix *fix, const struct src *src, struct span at,
    struct slice text)
{
	if ((fix->n & (fix->n - 1)) == 0) {
		/* Full at each power of two. */
		struct lint_edit *more = arena_alloc(l->arena,
		    (fix->n ? fix->n * 2 : 1) * sizeof(*more));

		if (fix->n)
			memcpy(more, fix->edits, fix->n * sizeof(*more));
		fix->edits = more;
	}
	fix->edits[fix->n++] = (struct lint_edit){ src, at, arena_slice(l->arena, text) };
}

void
lint_edit(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule, struct span at,
    struct slice text)
{
	if (fix)
		add_edit(l, fix, rule->ast->src, at, text);
}

static struct span
between(uint32_t from, uint32_t to)
{
	return (struct span){ from, to > from ? to - from : 0 };
}

static uint32_t
end_of(struct span at)
{
	return at.off + at.len;
}

/* Takes out all words of a gap but its comments. */
static void
edit_gap(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule, struct span gap)
{
	const char *text = rule->ast->src->text.p;
	uint32_t at = gap.off, end = end_of(gap);

	while (at < end) {
		uint32_t from = at;

		if (text[at] == '#') {
			while (at < end && text[at] != '\n')
				at++;
			continue;
		}
		while (at < end && !strchr("# \t\r\n", text[at]))
			at++;
		if (at > from)
			lint_edit(l, fix, rule, between(from, at), (struct slice){ 0 });
		at += at == from;
	}
}

void
lint_edit_member(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule,
    const struct span *list, uint32_t n, uint32_t i)
{
	const char *text = rule->ast->src->text.p;
	struct span gap;

	if (n < 2 || !fix)
		return;
	gap = i ? between(end_of(list[i - 1]), list[i].off) : between(end_of(list[0]), list[1].off);
	if (memchr(text + gap.off, '#', gap.len)) {
		if (i == 0)
			lint_edit(l, fix, rule, list[i], (struct slice){ 0 });
		edit_gap(l, fix, rule, gap);
		if (i)
			lint_edit(l, fix, rule, list[i], (struct slice){ 0 });
	} else if (i) {
		lint_edit(l, fix, rule, between(gap.off, end_of(list[i])), (struct slice){ 0 });
	} else {
		lint_edit(l, fix, rule, between(list[0].off, list[1].off), (struct slice){ 0 });
	}
}

/* A span with the blanks before it on its line, and the line's end if nothing follows. */
static struct span
whole_line(struct slice text, struct span at)
{
	uint32_t from = at.off, to = end_of(at);

	while (from > 0 && (text.p[from - 1] == ' ' || text.p[from - 1] == '\t'))
		from--;
	if (from > 0 && text.p[from - 1] != '\n')
		return at;
	while (to < text.n && (text.p[to] == ' ' || text.p[to] == '\t' || text.p[to] == '\r'))
		to++;
	if (to < text.n && text.p[to] != '\n')
		return between(from, to);
	return between(from, to + (to < text.n));
}

void
lint_edit_line(struct lint *l, struct lint_fix *fix, const struct src *src, struct span at)
{
	add_edit(l, fix, src, whole_line(src->text, at), (struct slice){ 0 });
}

/* A rule's span, with the parenthesis that closes its ports, which the tree leaves out. */
static struct span
whole_rule(const struct ast_rule *ast)
{
	struct slice text = ast->src->text;
	uint32_t end = end_of(ast->span), at = end;

	while (at < text.n && (strchr(" \t\r\n", text.p[at]) || text.p[at] == '#'))
		if (text.p[at] == '#')
			while (at < text.n && text.p[at] != '\n')
				at++;
		else
			at++;
	return between(ast->span.off, at < text.n && text.p[at] == ')' ? at + 1 : end);
}

void
lint_edit_remove(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule)
{
	const struct src *src = rule->ast->src;

	if (!fix)
		return;
	fix->removes_rule = true;
	for (uint32_t i = rule->own_line; i < rule->own_end; i++) {
		const struct parse_line *line = &rule->source->file->lines.v[i];

		if (line->name.n)
			lint_edit(l, fix, rule, whole_line(src->text, line->span),
			    (struct slice){ 0 });
	}
	lint_edit(l, fix, rule, whole_line(src->text, whole_rule(rule->ast)), (struct slice){ 0 });
}

/* --- parts of rules ------------------------------------------------------------------- */

struct portset
lint_items(struct arena *arena, const struct rule *r)
{
	struct portset s = { 0 };

	portset_reserve(arena, &s, r->all ? 1 : r->n_items);
	if (r->all)
		portset_push(arena, &s, 0, UINT16_MAX);
	for (unsigned i = 0; i < r->n_items && !r->all; i++) {
		const struct lang_item *t = &r->items[i];

		if (!lang_has_types((enum lang_proto)r->proto))
			portset_push(arena, &s, t->a, t->b);
		else if (t->b == LANG_ANY_CODE)
			portset_push(arena, &s, (uint16_t)(t->a << 8),
			    (uint16_t)(t->a << 8 | 0xff));
		else
			portset_push(arena, &s, (uint16_t)(t->a << 8 | t->b),
			    (uint16_t)(t->a << 8 | t->b));
	}
	portset_close(&s);
	return s;
}

bool
lint_holds_link(const struct rule_side *side)
{
	static const struct prefix link = { { 0xfe80000000000000, 0 }, 10, NET_V6 };

	for (unsigned i = 0; i < side->n_subnets; i++)
		if (prefix_contains(side->subnets[i], link))
			return true;
	return side->any;
}

void
lint_write_key(struct buf *out, enum lang_proto proto, unsigned key)
{
	buf_str(out, lang_proto_name[proto]);
	if (lang_has_ports(proto))
		buf_printf(out, " port %u", key);
	else if (lang_has_types(proto))
		buf_printf(out, " type %u code %u", key >> 8, key & 0xff);
}

void
lint_write_tag(struct buf *out, const struct rule_tag *tag)
{
	buf_str(out, "tag \"");
	rule_escape(out, tag->key);
	buf_char(out, '"');
	if (!tag->has_value)
		return;
	buf_str(out, " = \"");
	rule_escape(out, tag->value);
	buf_char(out, '"');
}
