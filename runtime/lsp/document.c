/* SPDX-License-Identifier: MPL-2.0 */
/* Open documents: their text, places in it, and what the linter says of it. */
#include <stdlib.h>

#include "../../compiler/base/text.h"
#include "../../compiler/lint/project.h"
#include "../../compiler/lint/report.h"
#include "lsp_int.h"

/* Rounds of fixes; a text that still changes then is left as it is. */
#define MAX_ROUNDS 50

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

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
	    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The path of a file: URI of this machine, in arena; NULL: it is none. */
static const char *
path_of(struct arena *arena, const char *uri)
{
	static const char *const starts[] = { "file:///", "file://localhost/" };
	char *path = NULL;
	size_t n = 0;

	for (size_t i = 0; i < BASE_COUNT(starts) && !path; i++)
		if (strncmp(uri, starts[i], strlen(starts[i])) == 0) {
			uri += strlen(starts[i]) - 1;
			path = arena_alloc(arena, strlen(uri) + 1);
		}
	for (; path && *uri; uri++) {
		int high = *uri == '%' ? hex_digit(uri[1]) : -1;
		int low = high < 0 ? -1 : hex_digit(uri[2]);

		if (low >= 0)
			uri += 2;
		path[n++] = low >= 0 ? (char)(high << 4 | low) : *uri;
	}
	if (path)
		path[n] = '\0';
	return path;
}

static void
read_config(struct lsp_document *d)
{
	const char *path = path_of(&d->arena, d->uri);

	lint_config_init(&d->config, &d->arena);
	path = path ? lint_project_find(&d->arena, path) : NULL;
	if (path)
		lint_project_read(&d->config, &d->arena, &d->diags, path);
}

/* VMs are no part of the document: what is wrong with them stands elsewhere. */
static void
drop_vms(struct lsp_document *d)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->lint.found.n; i++)
		if (!d->lint.found.v[i].check || lsp_is_here(d, d->lint.found.v[i].d.src))
			d->lint.found.v[kept++] = d->lint.found.v[i];
	d->lint.found.n = kept;
}

void
lsp_look(struct lsp *s, struct lsp_document *d)
{
	const struct inventory *inv = lsp_inventory(s);

	forget(d);
	d->diags = (struct diags){ .arena = &d->arena };
	find_lines(d);
	read_config(d);
	input_init(&d->in, &d->arena, &d->diags, (struct lang_opts){ 0 });
	d->in.keep_trees = true;
	input_read_text(&d->in, name_of(d), buf_view(&d->text));
	lint_init(&d->lint, &d->arena);
	d->lint.config = d->config;
	d->lint.vms = inv ? s->host.lint.vms : NULL;
	lint_add(&d->lint, &d->in, 0, 0, &d->config);
	lint_add_diags(&d->lint, &d->diags);
	lint_run(&d->lint, inv);
	drop_vms(d);
	lint_sort(&d->lint);
	d->looked = true;
}

bool
lsp_fix_all(struct lsp *s, const struct lsp_document *d, struct buf *out)
{
	struct lsp_document work = { .uri = d->uri };
	uint32_t rounds = 0, applied = 1;

	buf_slice(&work.text, buf_view(&d->text));
	for (; applied && rounds < MAX_ROUNDS; rounds++) {
		bool alone = true;

		lsp_look(s, &work);
		out->n = 0;
		applied = 0;
		if (work.lint.sources.n && work.diags.errors <= d->diags.errors)
			applied = lint_apply_fixes(&work.lint,
			    work.lint.sources.v[0].source->src, false, &alone, out);
		if (applied) {
			forget(&work);
			work.text.n = 0;
			buf_slice(&work.text, buf_view(out));
		}
	}
	forget(&work);
	arena_free(&work.arena);
	buf_free(&work.text);
	return rounds > 1 && applied == 0;
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

	/* What is wrong with the project's file has no place here. */
	if (f->d.src && !lsp_is_here(d, f->d.src))
		buf_printf(&text, "%.*s: ", (int)f->d.src->name.n, f->d.src->name.p);
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
