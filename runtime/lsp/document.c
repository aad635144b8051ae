/* SPDX-License-Identifier: MPL-2.0 */
/* Open documents: their text, places in it, and what the linter says of it. */
#include <stdlib.h>

#include "../../compiler/base/text.h"
#include "lsp_int.h"

/* --- the list -------------------------------------------------------------------------- */

struct lsp_document *
lsp_find(struct lsp *s, struct slice uri)
{
	for (uint32_t i = 0; i < s->n_documents; i++)
		if (slice_is(uri, s->documents[i]->uri))
			return s->documents[i];
	return NULL;
}

static void
forget(struct lsp_document *d)
{
	if (d->looked) {
		lint_done(&d->lint);
		input_done(&d->in);
	}
	d->looked = false;
	arena_reset(&d->arena);
	memset(&d->lines, 0, sizeof(d->lines));
}

struct lsp_document *
lsp_open(struct lsp *s, struct slice uri, struct slice text)
{
	struct lsp_document *d = lsp_find(s, uri);

	if (!d) {
		if (s->n_documents == LSP_MAX_DOCUMENTS)
			return NULL;
		d = base_alloc(sizeof(*d));
		memset(d, 0, sizeof(*d));
		d->uri = base_alloc(uri.n + 1);
		memcpy(d->uri, uri.p, uri.n);
		d->uri[uri.n] = '\0';
		s->documents[s->n_documents++] = d;
	}
	forget(d);
	d->text.n = 0;
	/* An empty text has a place, too. */
	buf_room(&d->text, text.n + 1);
	buf_slice(&d->text, text);
	return d;
}

void
lsp_close(struct lsp *s, struct lsp_document *d)
{
	for (uint32_t i = 0; i < s->n_documents; i++)
		if (s->documents[i] == d)
			s->documents[i] = s->documents[--s->n_documents];
	forget(d);
	arena_free(&d->arena);
	buf_free(&d->text);
	free(d->uri);
	free(d);
}

/* --- looking ---------------------------------------------------------------------------- */

/*
 * The name that messages and derived UUIDs have: the file's, without the folders, which
 * are nobody's business here.
 */
static struct slice
name_of(const struct lsp_document *d)
{
	const char *slash = strrchr(d->uri, '/');

	return slice_of(slash && slash[1] ? slash + 1 : d->uri);
}

static void
find_lines(struct lsp_document *d)
{
	*vec_push(&d->arena, &d->lines) = 0;
	for (uint32_t i = 0; i < d->text.n; i++)
		if (d->text.p[i] == '\n')
			*vec_push(&d->arena, &d->lines) = i + 1;
}

void
lsp_look(struct lsp *s, struct lsp_document *d)
{
	forget(d);
	d->diags = (struct diags){ .arena = &d->arena };
	find_lines(d);
	input_init(&d->in, &d->arena, &d->diags, (struct lang_opts){ 0 });
	d->in.keep_trees = true;
	input_read_text(&d->in, name_of(d), buf_view(&d->text));
	lint_init(&d->lint, &d->arena);
	lint_add(&d->lint, &d->in, 0, 0, NULL);
	lint_add_diags(&d->lint, &d->diags);
	lint_run(&d->lint, lsp_inventory(s));
	d->looked = true;
}

bool
lsp_is_here(const struct lsp_document *d, const struct src *src)
{
	return src && src->text.p == d->text.p;
}

/* --- places ----------------------------------------------------------------------------- */

static uint32_t
line_of(const struct lsp_document *d, uint32_t off)
{
	uint32_t low = 0, high = d->lines.n;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (d->lines.v[middle] <= off)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct lsp_position
lsp_position(const struct lsp *s, const struct lsp_document *d, uint32_t off)
{
	struct lsp_position p = { 0 };
	struct slice line;

	if (off > d->text.n)
		off = (uint32_t)d->text.n;
	p.line = line_of(d, off);
	line = (struct slice){ d->text.p + d->lines.v[p.line], off - d->lines.v[p.line] };
	p.unit = (uint32_t)(s->utf8 ? line.n : text_len16(line));
	return p;
}

uint32_t
lsp_offset(const struct lsp *s, const struct lsp_document *d, struct lsp_position p)
{
	struct slice text = buf_view(&d->text);
	uint32_t units = 0;
	size_t i, end;

	if (p.line >= d->lines.n)
		return (uint32_t)text.n;
	i = d->lines.v[p.line];
	end = p.line + 1 < d->lines.n ? d->lines.v[p.line + 1] - 1 : text.n;
	while (i < end && units < p.unit) {
		size_t before = i;
		uint32_t cp = text_decode(text, &i);

		units += s->utf8 ? (uint32_t)(i - before) : cp != TEXT_BAD && cp > 0xffff ? 2 : 1;
	}
	return (uint32_t)i;
}

/* A whole number that is not negative; the largest there is for what is more. */
static bool
read_number(const json_t *v, uint32_t *out)
{
	double d = json_number_value(v);

	if (!json_is_number(v) || !(d >= 0))
		return false;
	*out = d >= UINT32_MAX ? UINT32_MAX : (uint32_t)d;
	return true;
}

bool
lsp_read_position(const json_t *params, const char *name, struct lsp_position *out)
{
	const json_t *p = json_object_get(params, name);

	return read_number(json_object_get(p, "line"), &out->line) &&
	    read_number(json_object_get(p, "character"), &out->unit);
}

static void
write_position(struct buf *out, struct lsp_position p)
{
	buf_printf(out, "{\"line\":%u,\"character\":%u}", p.line, p.unit);
}

void
lsp_write_range(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    struct span at)
{
	buf_str(out, "{\"start\":");
	write_position(out, lsp_position(s, d, at.off));
	buf_str(out, ",\"end\":");
	write_position(out, lsp_position(s, d, at.off + at.len));
	buf_char(out, '}');
}

void
lsp_write_location(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    struct span at)
{
	buf_str(out, "{\"uri\":");
	text_json(out, slice_of(d->uri));
	buf_str(out, ",\"range\":");
	lsp_write_range(out, s, d, at);
	buf_char(out, '}');
}

/* --- findings ---------------------------------------------------------------------------- */

static void
write_related(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    const struct diag *g)
{
	bool any = false;

	for (const struct diag_related *r = g->related; r; r = r->next) {
		if (!lsp_is_here(d, r->src))
			continue;
		buf_str(out, any ? "," : ",\"relatedInformation\":[");
		any = true;
		buf_str(out, "{\"location\":");
		lsp_write_location(out, s, d, r->at);
		buf_str(out, ",\"message\":");
		text_json(out, slice_of(r->text));
		buf_char(out, '}');
	}
	if (any)
		buf_char(out, ']');
}

void
lsp_write_finding(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    const struct lint_finding *f)
{
	static const int severity[] = { [DIAG_ERROR] = 1, [DIAG_WARNING] = 2, [DIAG_NOTE] = 3 };
	struct span at = lsp_is_here(d, f->d.src) ? f->d.at : (struct span){ 0, 0 };
	struct buf text = { 0 };

	buf_str(&text, f->d.text);
	if (f->d.help)
		buf_printf(&text, "\n%s", f->d.help);
	buf_str(out, "{\"range\":");
	lsp_write_range(out, s, d, at);
	buf_printf(out, ",\"severity\":%d,\"code\":\"%s\",\"source\":\"fwrule\",\"message\":",
	    severity[f->d.severity], f->d.code);
	text_json(out, buf_view(&text));
	write_related(out, s, d, &f->d);
	buf_char(out, '}');
	buf_free(&text);
}
