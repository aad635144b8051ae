/* SPDX-License-Identifier: MPL-2.0 */
/* Findings as SARIF 2.1.0 (OASIS), for code scanning. */
#include "../base/text.h"
#include "report_int.h"

#define BASE "\"uriBaseId\":\"%SRCROOT%\""

/* A path as a relative reference: all but RFC 3986's unreserved characters and / escaped. */
static void
write_uri(struct buf *out, struct slice path)
{
	buf_char(out, '"');
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c && strchr("-._~/", c)))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	buf_char(out, '"');
}

static void
write_artifact(struct buf *out, struct slice file)
{
	buf_str(out, "\"artifactLocation\":{\"uri\":");
	write_uri(out, file);
	/* An absolute path is relative to nothing. */
	if (file.n && file.p[0] != '/')
		buf_str(out, "," BASE);
	buf_char(out, '}');
}

static void
write_region(struct buf *out, const char *key, const struct lint_place *p)
{
	buf_printf(out, "\"%s\":{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,"
	    "\"endColumn\":%u}", key, p->line, p->column, p->end_line, p->end_column);
}

/* {"physicalLocation":...; the caller closes it. */
static void
write_location(struct buf *out, const struct lint_place *p)
{
	buf_str(out, "{\"physicalLocation\":{");
	write_artifact(out, p->file);
	if (p->has_lines) {
		buf_char(out, ',');
		write_region(out, "region", p);
	}
	buf_char(out, '}');
}

static void
write_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":{\"text\":", key);
	text_json(out, slice_of(text));
	buf_char(out, '}');
}

static void
write_check(struct buf *out, enum lint_id id)
{
	const struct lint_check *c = &lint_table[id];
	struct buf page = { 0 };

	buf_printf(out, "{\"id\":\"%s\",\"name\":\"%s\",", c->code, c->name);
	write_text(out, "shortDescription", c->text);
	buf_char(out, ',');
	write_text(out, "fullDescription", c->page);
	lint_write_page(&page, id);
	buf_str(out, ",\"help\":{\"text\":");
	text_json(out, slice_of(c->page));
	buf_str(out, ",\"markdown\":");
	text_json(out, buf_view(&page));
	buf_printf(out, "},\"defaultConfiguration\":{\"level\":\"%s\"}}",
	    diag_severity_name((enum diag_severity)c->severity));
	buf_free(&page);
}

/* Codes of errors of reading, each once, behind the checks. */
struct codes {
	struct arena arena;
	VEC(const char *) list;
};

static uint32_t
code_index(struct codes *codes, const struct lint_finding *f)
{
	if (f->check)
		return (uint32_t)(f->check - lint_table);
	for (uint32_t i = 0; i < codes->list.n; i++)
		if (strcmp(codes->list.v[i], f->d.code) == 0)
			return LINT_COUNT + i;
	*vec_push(&codes->arena, &codes->list) = f->d.code;
	return LINT_COUNT + codes->list.n - 1;
}

static void
write_rules(struct buf *out, const struct lint *l, struct codes *codes)
{
	for (uint32_t i = 0; i < l->found.n; i++)
		code_index(codes, &l->found.v[i]);
	for (int i = 0; i < LINT_COUNT; i++) {
		buf_str(out, i ? ",\n" : "\n");
		write_check(out, (enum lint_id)i);
	}
	for (uint32_t i = 0; i < codes->list.n; i++)
		buf_printf(out, ",\n{\"id\":\"%s\",\"shortDescription\":{\"text\":\"an error of "
		    "reading; doc/diagnostics.md lists them\"}}", codes->list.v[i]);
}

static void
write_related(struct buf *out, const struct lint_finding *f)
{
	unsigned id = 0;

	for (const struct diag_related *r = f->d.related; r; r = r->next) {
		struct lint_place p = lint_place(r->src, r->at);

		if (!p.file.n)
			continue;
		buf_str(out, id ? "," : ",\"relatedLocations\":[");
		write_location(out, &p);
		buf_printf(out, ",\"id\":%u,", ++id);
		write_text(out, "message", r->text);
		buf_char(out, '}');
	}
	if (id)
		buf_char(out, ']');
}

static void
write_fix(struct buf *out, const struct lint_fix *fix)
{
	if (!fix || fix->n == 0)
		return;
	buf_str(out, ",\"fixes\":[{");
	write_text(out, "description", fix->what);
	buf_str(out, ",\"artifactChanges\":[{");
	write_artifact(out, lint_place(fix->edits[0].src, fix->edits[0].at).file);
	buf_str(out, ",\"replacements\":[");
	for (uint32_t i = 0; i < fix->n; i++) {
		struct lint_place p = lint_place(fix->edits[i].src, fix->edits[i].at);

		buf_str(out, i ? ",{" : "{");
		write_region(out, "deletedRegion", &p);
		buf_str(out, ",\"insertedContent\":{\"text\":");
		text_json(out, fix->edits[i].text);
		buf_str(out, "}}");
	}
	buf_str(out, "]}]}]");
}

static void
write_result(struct buf *out, struct codes *codes, const struct lint_finding *f)
{
	struct lint_place p = lint_place(f->d.src, f->d.at);
	struct buf text = { 0 };

	buf_printf(out, "{\"ruleId\":\"%s\",\"ruleIndex\":%u,\"level\":\"%s\","
	    "\"message\":{\"text\":", f->d.code, code_index(codes, f),
	    diag_severity_name(f->d.severity));
	buf_str(&text, f->d.text);
	if (f->d.help)
		buf_printf(&text, "\n%s", f->d.help);
	text_json(out, buf_view(&text));
	buf_free(&text);
	buf_char(out, '}');
	if (p.file.n) {
		buf_str(out, ",\"locations\":[");
		write_location(out, &p);
		buf_str(out, "}]");
	}
	write_related(out, f);
	write_fix(out, f->fix);
	buf_printf(out, ",\"partialFingerprints\":{\"fwrule/v1\":\"%016llx\"}}",
	    (unsigned long long)f->print);
}

void
lint_write_sarif(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	struct codes codes = { 0 };

	buf_str(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
	    "\"version\":\"2.1.0\",\n\"runs\":[{\"tool\":{\"driver\":{\"name\":\"fwrule\","
	    "\"version\":");
	text_json(out, slice_of(opts->version));
	buf_str(out, ",\"rules\":[");
	write_rules(out, l, &codes);
	buf_str(out, "\n]}},\n\"columnKind\":\"unicodeCodePoints\",\n\"results\":[");
	for (uint32_t i = 0; i < l->found.n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		write_result(out, &codes, &l->found.v[i]);
	}
	buf_str(out, l->found.n ? "\n]}]}\n" : "]}]}\n");
	arena_free(&codes.arena);
}
