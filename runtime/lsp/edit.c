/* SPDX-License-Identifier: MPL-2.0 */
/* What changes a document: its layout, and the fixes of findings. */
#include "../../compiler/base/text.h"
#include "../../compiler/format/format.h"
#include "lsp_int.h"

#define FIX_ALL "source.fixAll.fwrule"

static void
write_edit(struct buf *out, const struct lsp *s, const struct lsp_document *d, struct span at,
    struct slice text)
{
	buf_str(out, "{\"range\":");
	lsp_write_range(out, s, d, at);
	buf_str(out, ",\"newText\":");
	text_json(out, text);
	buf_char(out, '}');
}

/* The edit leaves the lines at both ends alone that stay as they are. */
static void
write_difference(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    struct slice text)
{
	struct slice old = buf_view(&d->text);
	size_t start = 0, end = 0, least = old.n < text.n ? old.n : text.n;

	while (start < least && old.p[start] == text.p[start])
		start++;
	while (start && old.p[start - 1] != '\n')
		start--;
	while (end < least - start && old.p[old.n - 1 - end] == text.p[text.n - 1 - end])
		end++;
	while (end && old.p[old.n - end - 1] != '\n')
		end--;
	if (start == old.n && start == text.n)
		return;
	write_edit(out, s, d, (struct span){ (uint32_t)start, (uint32_t)(old.n - end - start) },
	    text.n ? (struct slice){ text.p + start, text.n - end - start } : text);
}

/* A document with errors stays as it is: its findings say why. */
void
lsp_format(struct lsp_call *c)
{
	struct diags diags = { .arena = &c->s->scratch };
	struct buf text = { 0 };

	buf_char(c->out, '[');
	if (c->doc && input_is_source(buf_view(&c->doc->text))) {
		struct src src = { .name = slice_of(c->doc->uri), .text = buf_view(&c->doc->text) };

		if (format_source(&text, c->s->px, &c->s->scratch, &diags, &src))
			write_difference(c->out, c->s, c->doc, buf_view(&text));
	}
	buf_char(c->out, ']');
	buf_free(&text);
}

static bool
all_here(const struct lsp_document *d, const struct lint_fix *fix)
{
	for (uint32_t i = 0; i < fix->n; i++)
		if (!lsp_is_here(d, fix->edits[i].src))
			return false;
	return fix->n > 0;
}

static void
write_action(struct lsp_call *c, const struct lint_finding *f)
{
	const struct lint_fix *fix = f->fix;
	struct buf *out = c->out, title = { 0 };

	buf_printf(&title, "%s (%s%s)", fix->what, f->d.code, fix->safe ? "" : ", changes meaning");
	buf_str(out, "{\"title\":");
	text_json(out, buf_view(&title));
	buf_printf(out, ",\"kind\":\"quickfix\",\"isPreferred\":%s,\"diagnostics\":[",
	    fix->safe ? "true" : "false");
	lsp_write_finding(out, c->s, c->doc, f);
	buf_str(out, "],\"edit\":{\"changes\":{");
	text_json(out, slice_of(c->doc->uri));
	buf_str(out, ":[");
	for (uint32_t i = 0; i < fix->n; i++) {
		if (i)
			buf_char(out, ',');
		write_edit(out, c->s, c->doc, fix->edits[i].at, fix->edits[i].text);
	}
	buf_str(out, "]}}}");
	buf_free(&title);
}

static void
write_fix_all(struct lsp_call *c, bool first)
{
	struct buf *out = c->out, text = { 0 };

	if (lsp_fix_all(c->s, c->doc, &text)) {
		buf_str(out, first ? "{" : ",{");
		buf_str(out, "\"title\":\"mend all that is safe to mend\",\"kind\":\"" FIX_ALL
		    "\",\"edit\":{\"changes\":{");
		text_json(out, slice_of(c->doc->uri));
		buf_str(out, ":[");
		write_difference(out, c->s, c->doc, buf_view(&text));
		buf_str(out, "]}}}");
	}
	buf_free(&text);
}

/* Is a kind of actions asked for: itself, or what it is a part of?  Always, if none is. */
static bool
wanted(const json_t *context, const char *name, bool unasked)
{
	const json_t *only = json_object_get(context, "only"), *kind;
	size_t i;

	if (!json_is_array(only))
		return unasked;
	json_array_foreach((json_t *)(uintptr_t)only, i, kind) {
		struct slice k = json_is_string(kind) ? json_slice(kind) : slice_of("?");

		if (k.n <= strlen(name) && memcmp(k.p, name, k.n) == 0 &&
		    (k.n == 0 || name[k.n] == '.' || name[k.n] == '\0'))
			return true;
	}
	return false;
}

static void
write_fixes(struct lsp_call *c, struct lsp_position from, struct lsp_position to)
{
	uint32_t first = lsp_offset(c->s, c->doc, from), last = lsp_offset(c->s, c->doc, to);
	const struct lint *l = &c->doc->lint;
	bool any = false;

	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];

		if (!f->fix || !lsp_is_here(c->doc, f->d.src) || !all_here(c->doc, f->fix) ||
		    f->d.at.off > last || f->d.at.off + f->d.at.len < first)
			continue;
		if (any)
			buf_char(c->out, ',');
		any = true;
		write_action(c, f);
	}
}

void
lsp_actions(struct lsp_call *c)
{
	const json_t *range = json_object_get(c->params, "range");
	const json_t *context = json_object_get(c->params, "context");
	struct lsp_position from, to;
	size_t empty;

	buf_char(c->out, '[');
	empty = c->out->n;
	if (c->doc && wanted(context, "quickfix", true) &&
	    lsp_read_position(range, "start", &from) && lsp_read_position(range, "end", &to))
		write_fixes(c, from, to);
	if (c->doc && wanted(context, FIX_ALL, false))
		write_fix_all(c, c->out->n == empty);
	buf_char(c->out, ']');
}
