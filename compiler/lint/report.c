/* SPDX-License-Identifier: MPL-2.0 */
/* The order of findings, their places, and the forms text, json and jsonl. */
#include "report_int.h"

#include <stdlib.h>

#include "../base/text.h"

const struct lint_form lint_forms[] = {
	{ "text", lint_write_text },
	{ "json", lint_write_json },
	{ "jsonl", lint_write_jsonl },
	{ "sarif", lint_write_sarif },
	{ "junit", lint_write_junit },
	{ "github", lint_write_github },
	{ "gitlab", lint_write_gitlab },
};
const size_t lint_form_count = BASE_COUNT(lint_forms);

const struct lint_form *
lint_form_find(const char *name)
{
	for (size_t i = 0; i < lint_form_count; i++)
		if (strcmp(lint_forms[i].name, name) == 0)
			return &lint_forms[i];
	return NULL;
}

/* --- places --------------------------------------------------------------------------- */

struct slice
lint_path(struct slice name)
{
	while (name.n > 2 && name.p[0] == '.' && name.p[1] == '/') {
		name.p += 2;
		name.n -= 2;
	}
	return name;
}

struct lint_place
lint_place(const struct src *src, struct span at)
{
	struct lint_place p = { 0 };

	if (!src)
		return p;
	if (src->outer) {
		at = (struct span){ src->outer_at.off, src->outer_at.len };
		src = src->outer;
	}
	p.file = lint_path(src->name);
	if (!src->text.p)
		return p;
	p.has_lines = true;
	src_position(src, at.off, &p.line, &p.column, NULL);
	src_position(src, at.off + at.len, &p.end_line, &p.end_column, NULL);
	return p;
}

/* --- order ---------------------------------------------------------------------------- */

static int
cmp_slice(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

static int
cmp_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_place(const void *x, const void *y)
{
	const struct lint_finding *a = x, *b = y;
	const struct src *s = a->d.src, *t = b->d.src;
	int c;

	if (!s || !t)
		return (s != NULL) - (t != NULL);
	if ((c = cmp_slice(s->outer ? s->outer->name : s->name,
	    t->outer ? t->outer->name : t->name)) != 0 ||
	    (c = cmp_number(s->outer_at.off, t->outer_at.off)) != 0 ||
	    (c = cmp_number(a->d.at.off, b->d.at.off)) != 0 ||
	    (c = strcmp(a->d.code, b->d.code)) != 0)
		return c;
	return strcmp(a->d.text, b->d.text);
}

static int
by_print(const void *x, const void *y)
{
	const struct lint_finding *const *a = x, *const *b = y;
	int c = cmp_number((*a)->print, (*b)->print);

	return c ? c : cmp_number((uintptr_t)*a, (uintptr_t)*b);
}

void
lint_sort(struct lint *l)
{
	struct lint_finding **order;
	uint32_t same = 0;
	uint64_t last = 0;

	if (l->found.n == 0)
		return;
	qsort(l->found.v, l->found.n, sizeof(*l->found.v), by_place);
	order = arena_alloc(&l->scratch, l->found.n * sizeof(struct lint_finding *));
	for (uint32_t i = 0; i < l->found.n; i++)
		order[i] = &l->found.v[i];
	qsort(order, l->found.n, sizeof(*order), by_print);
	for (uint32_t i = 0; i < l->found.n; i++) {
		same = i && order[i]->print == last ? same + 1 : 0;
		last = order[i]->print;
		order[i]->print += same * 0x9e3779b97f4a7c15u;
	}
	arena_reset(&l->scratch);
}

/* --- text ----------------------------------------------------------------------------- */

static void
count(struct buf *out, uint32_t n, const char *what, bool *any)
{
	if (n)
		buf_printf(out, "%s%u %s%s", *any ? ", " : "", n, what, n == 1 ? "" : "s");
	*any |= n > 0;
}

void
lint_write_text(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	uint32_t n[3] = { 0 }, safe = 0, unsafe = 0;
	bool any = false;

	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];

		diag_print(out, &f->d, opts->colour);
		n[f->d.severity]++;
		safe += f->fix && f->fix->safe;
		unsafe += f->fix && !f->fix->safe;
	}
	if (l->found.n == 0)
		return;
	count(out, n[DIAG_ERROR], "error", &any);
	count(out, n[DIAG_WARNING], "warning", &any);
	count(out, n[DIAG_NOTE], "note", &any);
	if (safe)
		buf_printf(out, "; --fix mends %u", safe);
	if (unsafe)
		buf_printf(out, "; --fix --unsafe mends %u%s", unsafe, safe ? " more" : "");
	buf_char(out, '\n');
}

/* --- JSON ----------------------------------------------------------------------------- */

void
lint_json_member(struct buf *out, const char *key, const char *text)
{
	if (!text)
		return;
	buf_printf(out, ",\"%s\":", key);
	text_json(out, slice_of(text));
}

static void
write_place(struct buf *out, const struct src *src, struct span at)
{
	struct lint_place p = lint_place(src, at);

	if (!p.file.n)
		return;
	buf_str(out, ",\"file\":");
	text_json(out, p.file);
	if (p.has_lines)
		buf_printf(out, ",\"line\":%u,\"column\":%u,\"endLine\":%u,\"endColumn\":%u",
		    p.line, p.column, p.end_line, p.end_column);
}

static void
write_related(struct buf *out, const struct lint_finding *f)
{
	const struct diag_related *r = f->d.related;

	if (!r)
		return;
	buf_str(out, ",\"related\":[");
	for (; r; r = r->next) {
		buf_str(out, "{\"message\":");
		text_json(out, slice_of(r->text));
		write_place(out, r->src, r->at);
		buf_str(out, r->next ? "}," : "}");
	}
	buf_char(out, ']');
}

static void
write_fix(struct buf *out, const struct lint_fix *fix)
{
	if (!fix)
		return;
	buf_str(out, ",\"fix\":{\"description\":");
	text_json(out, slice_of(fix->what));
	buf_printf(out, ",\"safe\":%s,\"edits\":[", fix->safe ? "true" : "false");
	for (uint32_t i = 0; i < fix->n; i++) {
		const struct lint_edit *e = &fix->edits[i];

		buf_printf(out, "%s{\"offset\":%u,\"length\":%u,\"text\":", i ? "," : "", e->at.off,
		    e->at.len);
		text_json(out, e->text);
		write_place(out, e->src, e->at);
		buf_char(out, '}');
	}
	buf_str(out, "]}");
}

static void
write_finding(struct buf *out, const struct lint_finding *f)
{
	buf_printf(out, "{\"code\":\"%s\"", f->d.code);
	lint_json_member(out, "name", f->check ? f->check->name : NULL);
	lint_json_member(out, "severity", diag_severity_name(f->d.severity));
	lint_json_member(out, "message", f->d.text);
	lint_json_member(out, "help", f->d.help);
	lint_json_member(out, "field", f->d.field);
	write_place(out, f->d.src, f->d.at);
	if (f->d.src && f->d.src->within.n) {
		buf_str(out, ",\"where\":");
		text_json(out, f->d.src->within);
	}
	if (f->rule) {
		buf_str(out, ",\"uuid\":\"");
		buf_uuid(out, f->rule->uuid);
		buf_char(out, '"');
	}
	write_related(out, f);
	write_fix(out, f->fix);
	buf_printf(out, ",\"fingerprint\":\"%016llx\"}", (unsigned long long)f->print);
}

void
lint_write_json(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	(void)opts;
	buf_str(out, "[");
	for (uint32_t i = 0; i < l->found.n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		write_finding(out, &l->found.v[i]);
	}
	buf_str(out, l->found.n ? "\n]\n" : "]\n");
}

void
lint_write_jsonl(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	(void)opts;
	for (uint32_t i = 0; i < l->found.n; i++) {
		write_finding(out, &l->found.v[i]);
		buf_char(out, '\n');
	}
}
