/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The printer over tree and comments.  A rule is cut into pieces, which are never
 * broken; between two of them comments may stand.  Where a comment stands inside
 * of what becomes one piece it goes before that piece, so comments keep their
 * order.  Cost: linear.
 */
#include "format.h"

#include "../base/text.h"
#include "../lang/rule.h"

#define INDENT_PART 4
#define INDENT_ENTRY 8

/* Places are offsets into the source. */
struct piece {
	uint32_t begin, until;          /* comments before `until` are written before it */
	uint32_t text, n;               /* in writer.words */
	uint8_t indent, comment_indent;
	bool fresh;                     /* begins a line */
};

struct writer {
	struct buf *out;
	struct arena *scratch;
	const struct src *src;
	const struct parse_file *file;
	uint32_t line;                  /* the next of file->lines */
	uint32_t done;                  /* where in the source what was written last ends */
	bool begun;                     /* something was written */
	bool after_comment;             /* a comment was written last: the line is full */
	struct buf words;
	VEC(struct piece) pieces;
};

static uint32_t
span_end(struct span s)
{
	return s.off + s.len;
}

/* --- comments ---------------------------------------------------------------------- */

/* Does something stand before it on its line? */
static bool
is_trailing(const struct writer *w, uint32_t off)
{
	struct slice text = w->src->text;
	size_t i = off;

	while (i && text.p[i - 1] != '\n')
		i--;
	while (i < off)
		if (!text_is_space(text_decode(text, &i)))
			return true;
	return false;
}

static void
write_comment(struct writer *w, struct span at)
{
	while (at.len && strchr(" \t\r\v\f", w->src->text.p[at.off + at.len - 1]))
		at.len--;
	buf_add(w->out, w->src->text.p + at.off, at.len);
	w->after_comment = true;
}

static const struct parse_line *
next_comment(const struct writer *w, uint32_t until)
{
	const struct parse_line *l = w->line < w->file->lines.n ? &w->file->lines.v[w->line] : NULL;

	return l && l->span.off < until ? l : NULL;
}

/* Is there a comment in the rule from here on? */
static bool
has_comment(const struct writer *w, uint32_t from, uint32_t to)
{
	for (uint32_t i = w->line; i < w->file->lines.n; i++)
		if (w->file->lines.v[i].span.off >= from)
			return w->file->lines.v[i].span.off < to;
	return false;
}

static void
new_line(struct writer *w, unsigned indent)
{
	if (w->begun)
		buf_char(w->out, '\n');
	for (unsigned i = 0; i < indent; i++)
		buf_char(w->out, ' ');
	w->begun = true;
	w->after_comment = false;
}

/* --- what stands at the top of a file -------------------------------------------------- */

static void
begin_top(struct writer *w, uint32_t off)
{
	bool blank = w->begun && parse_blank_between(w->src, w->done, off);

	if (blank)
		buf_char(w->out, '\n');
	new_line(w, 0);
}

static void
top_comment(struct writer *w, const struct parse_line *l)
{
	if (w->begun && !w->after_comment && is_trailing(w, l->span.off))
		buf_str(w->out, "  ");
	else
		begin_top(w, l->span.off);
	write_comment(w, l->span);
}

static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
		    s.p[i], 65))
			return false;
	return true;
}

void
format_attribute(struct buf *out, struct slice name, struct slice value)
{
	bool text = slice_is(name, "description") || slice_is(name, "created_by");

	buf_char(out, '@');
	buf_slice(out, name);
	if (text || !is_plain(value)) {
		buf_str(out, " \"");
		rule_escape_source(out, value);
		buf_char(out, '"');
	} else if (value.n) {
		buf_char(out, ' ');
		buf_slice(out, value);
	}
}

static void
top_attribute(struct writer *w, const struct parse_line *l)
{
	begin_top(w, l->span.off);
	if (l->is_default)
		buf_str(w->out, "@default ");
	format_attribute(w->out, l->name, l->value);
	if (l->comment.len) {
		buf_str(w->out, "  ");
		write_comment(w, l->comment);
		w->after_comment = false;
	}
}

/* --- words ----------------------------------------------------------------------------- */

static void
word_string(struct buf *b, struct slice s)
{
	buf_char(b, '"');
	rule_escape_source(b, s);
	buf_char(b, '"');
}

static void
word_target(struct buf *b, const struct ast_target *t)
{
	switch (t->kind) {
	case AST_ANY:
		buf_str(b, "any");
		break;
	case AST_ALL_VMS:
		buf_str(b, "all vms");
		break;
	case AST_IP:
		buf_str(b, "ip ");
		buf_addr(b, t->prefix);
		break;
	case AST_SUBNET:
		buf_str(b, "subnet ");
		buf_prefix(b, t->prefix);
		break;
	case AST_VM:
		buf_str(b, "vm ");
		buf_uuid(b, t->vm);
		break;
	default:
		buf_str(b, "tag ");
		word_string(b, t->text);
		if (t->has_value) {
			buf_str(b, " = ");
			word_string(b, t->value);
		}
	}
}

static bool
is_ports_list(const struct ast_rule *r)
{
	for (uint32_t i = 0; i < r->items.n; i++)
		if (r->items.v[i].range)
			return true;
	return false;
}

static void
word_item(struct buf *b, const struct ast_rule *r, const struct lang_item *i)
{
	if (lang_has_types(r->proto))
		buf_str(b, "TYPE ");
	else if (!is_ports_list(r))
		buf_str(b, "PORT ");
	buf_uint(b, i->a);
	if (lang_has_types(r->proto) && i->b != LANG_ANY_CODE) {
		buf_str(b, " CODE ");
		buf_uint(b, i->b);
	} else if (i->range) {
		buf_str(b, " - ");
		buf_uint(b, i->b);
	}
}

static void
word_action(struct buf *b, const struct ast_rule *r)
{
	buf_str(b, r->action == LANG_ALLOW ? "ALLOW " : "BLOCK ");
	buf_str(b, lang_proto_name[r->proto]);
}

static void
word_side(struct buf *b, const struct ast_rule *r, unsigned side)
{
	const struct ast_side *s = &r->side[side];

	buf_str(b, side == LANG_FROM ? "FROM " : "TO ");
	if (s->targets.n > 1)
		buf_char(b, '(');
	for (uint32_t i = 0; i < s->targets.n; i++) {
		if (i)
			buf_str(b, " OR ");
		word_target(b, &s->targets.v[i]);
	}
	if (s->targets.n > 1)
		buf_char(b, ')');
}

/* Action, protocol and their list. */
static void
word_what(struct buf *b, const struct ast_rule *r)
{
	bool ports = is_ports_list(r), many = r->items.n > 1 && !ports;

	word_action(b, r);
	if (r->all && (lang_has_ports(r->proto) || lang_has_types(r->proto)))
		buf_str(b, lang_has_ports(r->proto) ? " PORT all" : " TYPE all");
	if (r->items.n)
		buf_str(b, ports ? " PORTS " : many ? " (" : " ");
	for (uint32_t i = 0; i < r->items.n; i++) {
		if (i)
			buf_str(b, ports ? ", " : " AND ");
		word_item(b, r, &r->items.v[i]);
	}
	if (many)
		buf_char(b, ')');
}

/* --- pieces ---------------------------------------------------------------------------- */

/* Begins a piece; its words are what is added to w->words until the next. */
static struct piece *
piece_begin(struct writer *w, uint32_t begin, uint32_t until, unsigned indent)
{
	struct piece *p = vec_push(w->scratch, &w->pieces);

	*p = (struct piece){ .begin = begin, .until = until, .indent = (uint8_t)indent,
		.comment_indent = (uint8_t)indent, .text = (uint32_t)w->words.n, .fresh = true };
	return p;
}

static void
piece_end(struct writer *w, struct piece *p)
{
	p->n = (uint32_t)(w->words.n - p->text);
}

static size_t
piece_width(const struct writer *w, const struct piece *p)
{
	return p->indent + text_width((struct slice){ w->words.p + p->text, p->n });
}

static void
piece_drop(struct writer *w)
{
	w->words.n = w->pieces.v[--w->pieces.n].text;
}

/* The first place from `at` on that is neither space nor comment. */
static uint32_t
skip_space(const struct writer *w, size_t at)
{
	struct slice text = w->src->text;

	while (at < text.n) {
		size_t next = at;

		if (text.p[at] == '#') {
			const char *nl = memchr(text.p + at, '\n', text.n - at);

			next = nl ? (size_t)(nl - text.p) : text.n;
		} else if (!text_is_space(text_decode(text, &next))) {
			break;
		}
		at = next;
	}
	return (uint32_t)at;
}

/* A closing parenthesis on a line of its own. */
static void
piece_close(struct writer *w, uint32_t at)
{
	struct piece *p = piece_begin(w, at, at, INDENT_PART);

	p->comment_indent = INDENT_ENTRY;
	buf_char(&w->words, ')');
	piece_end(w, p);
}

static void
pieces_of_side(struct writer *w, const struct ast_rule *r, unsigned side)
{
	const struct ast_side *s = &r->side[side];
	unsigned indent = side == LANG_FROM ? 0 : INDENT_PART;
	uint32_t begin = side == LANG_FROM ? r->span.off : span_end(r->side[LANG_FROM].span);
	uint32_t last = span_end(s->targets.v[s->targets.n - 1].span);
	uint32_t close = skip_space(w, last);
	struct piece *p = piece_begin(w, begin, last, indent);

	word_side(&w->words, r, side);
	piece_end(w, p);
	if (s->targets.n == 1 ||
	    (piece_width(w, p) <= FORMAT_WIDTH && !has_comment(w, begin, close)))
		return;
	piece_drop(w);
	p = piece_begin(w, begin, begin, indent);
	buf_str(&w->words, side == LANG_FROM ? "FROM (" : "TO (");
	piece_end(w, p);
	for (uint32_t i = 0; i < s->targets.n; i++) {
		const struct ast_target *t = &s->targets.v[i];

		p = piece_begin(w, t->span.off, span_end(t->span), INDENT_ENTRY);
		if (i)
			buf_str(&w->words, "OR ");
		word_target(&w->words, t);
		piece_end(w, p);
	}
	piece_close(w, close);
}

/* Where the list of ports or types ends, or the protocol if there is none. */
static uint32_t
items_end(const struct ast_rule *r)
{
	return span_end(r->items_span.len ? r->items_span : r->proto_span);
}

/* The same with the parenthesis that closes a list of several. */
static uint32_t
list_end(const struct writer *w, const struct ast_rule *r)
{
	uint32_t end = items_end(r), close = skip_space(w, end);

	if (r->items.n > 1 && close < w->src->text.n && w->src->text.p[close] == ')')
		return close + 1;
	return end;
}

static void
pieces_of_items(struct writer *w, const struct ast_rule *r)
{
	bool ports = is_ports_list(r);
	struct piece *p = piece_begin(w, r->action_span.off, span_end(r->proto_span), INDENT_PART);

	word_action(&w->words, r);
	buf_str(&w->words, ports ? " PORTS" : " (");
	piece_end(w, p);
	for (uint32_t i = 0; i < r->items.n; i++) {
		struct span at = r->item_spans.v[i];

		p = piece_begin(w, at.off, span_end(at), INDENT_ENTRY);
		if (i && !ports)
			buf_str(&w->words, "AND ");
		word_item(&w->words, r, &r->items.v[i]);
		if (ports && i + 1 < r->items.n)
			buf_char(&w->words, ',');
		piece_end(w, p);
	}
	if (!ports)
		piece_close(w, list_end(w, r) - (list_end(w, r) > items_end(r)));
}

static void
pieces_of_what(struct writer *w, const struct ast_rule *r)
{
	struct piece *p = piece_begin(w, r->action_span.off, items_end(r), INDENT_PART);
	size_t priority = r->has_priority ? strlen(" PRIORITY 100") : 0;

	word_what(&w->words, r);
	piece_end(w, p);
	if (r->items.n > 1 && (piece_width(w, p) + priority > FORMAT_WIDTH ||
	    has_comment(w, span_end(r->proto_span), list_end(w, r)))) {
		piece_drop(w);
		pieces_of_items(w, r);
	}
	if (!r->has_priority)
		return;
	p = piece_begin(w, r->priority_span.off, span_end(r->priority_span), INDENT_PART);
	buf_printf(&w->words, "PRIORITY %u", r->priority);
	p->fresh = r->items.n > 1 && is_ports_list(r) && w->pieces.v[w->pieces.n - 2].indent ==
	    INDENT_ENTRY;
	piece_end(w, p);
}

/* --- a rule ---------------------------------------------------------------------------- */

static uint32_t
rule_end(const struct writer *w, const struct ast_rule *r)
{
	return r->has_priority ? span_end(r->priority_span) : list_end(w, r);
}

/* All of it as one piece, if it fits and no comment stands in it. */
static bool
piece_of_rule(struct writer *w, const struct ast_rule *r)
{
	const struct ast_side *from = &r->side[LANG_FROM];
	uint32_t first = from->targets.n > 1 ? r->span.off : span_end(from->targets.v[0].span);
	struct piece *p = piece_begin(w, r->span.off, first, 0);

	word_side(&w->words, r, LANG_FROM);
	buf_char(&w->words, ' ');
	word_side(&w->words, r, LANG_TO);
	buf_char(&w->words, ' ');
	word_what(&w->words, r);
	if (r->has_priority)
		buf_printf(&w->words, " PRIORITY %u", r->priority);
	piece_end(w, p);
	if (piece_width(w, p) <= FORMAT_WIDTH && !has_comment(w, first, rule_end(w, r)))
		return true;
	piece_drop(w);
	return false;
}

/* Comments before a piece: behind the piece before it if they stood so. */
static void
comments_before(struct writer *w, const struct piece *p, bool first)
{
	const struct parse_line *l;

	while ((l = next_comment(w, p->until)) != NULL) {
		if (!first && !w->after_comment && l->span.off < p->begin &&
		    is_trailing(w, l->span.off))
			buf_str(w->out, "  ");
		else
			new_line(w, p->comment_indent);
		write_comment(w, l->span);
		w->line++;
	}
}

static void
write_pieces(struct writer *w)
{
	for (uint32_t i = 0; i < w->pieces.n; i++) {
		const struct piece *p = &w->pieces.v[i];

		comments_before(w, p, i == 0);
		if (i == 0 || p->fresh || w->after_comment)
			new_line(w, p->indent);
		else
			buf_char(w->out, ' ');
		buf_add(w->out, w->words.p + p->text, p->n);
	}
}

static void
top_rule(struct writer *w, const struct ast_rule *r)
{
	w->pieces.n = 0;
	w->words.n = 0;
	if (!piece_of_rule(w, r)) {
		pieces_of_side(w, r, LANG_FROM);
		pieces_of_side(w, r, LANG_TO);
		pieces_of_what(w, r);
	}
	if (w->begun && parse_blank_between(w->src, w->done, r->span.off))
		buf_char(w->out, '\n');
	write_pieces(w);
	w->done = rule_end(w, r);
}

/* --- a file ---------------------------------------------------------------------------- */

static void
write_file(struct writer *w)
{
	const struct parse_line *l;

	for (uint32_t i = 0; i <= w->file->rules.n; i++) {
		const struct ast_rule *r = i < w->file->rules.n ? w->file->rules.v[i] : NULL;

		while ((l = next_comment(w, r ? r->span.off : UINT32_MAX)) != NULL) {
			if (l->name.n)
				top_attribute(w, l);
			else
				top_comment(w, l);
			w->done = span_end(l->span);
			w->line++;
		}
		if (r)
			top_rule(w, r);
	}
	if (w->begun)
		buf_char(w->out, '\n');
}

bool
format_source(struct buf *out, struct parse *px, struct arena *scratch, struct diags *diags,
    const struct src *src)
{
	uint32_t errors = diags->errors;
	struct writer w = { .out = out, .scratch = scratch, .src = src };

	w.file = parse_source(px, scratch, diags, src, (struct lang_opts){ 0 });
	if (diags->errors != errors)
		return false;
	write_file(&w);
	buf_free(&w.words);
	return true;
}
