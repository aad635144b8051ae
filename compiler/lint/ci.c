/* SPDX-License-Identifier: MPL-2.0 */
/* Findings for the pages of CI systems: JUnit XML, GitHub's commands, GitLab's code quality. */
#include "../base/text.h"
#include "report_int.h"

/* --- JUnit ---------------------------------------------------------------------------- */

static void
write_where(struct buf *out, const struct lint_place *p)
{
	buf_slice(out, p->file);
	if (p->has_lines)
		buf_printf(out, ":%u:%u", p->line, p->column);
}

static void
write_case(struct buf *out, const struct lint_finding *f)
{
	struct lint_place p = lint_place(f->d.src, f->d.at);
	struct buf name = { 0 }, text = { 0 };

	buf_printf(&name, "%s ", f->d.code);
	write_where(&name, &p);
	buf_str(out, "    <testcase");
	text_xml_attribute(out, "name", buf_view(&name));
	text_xml_attribute(out, "classname", slice_of(f->check ? f->check->name : "syntax"));
	buf_str(out, " time=\"0\">\n      <failure");
	text_xml_attribute(out, "message", slice_of(f->d.text));
	text_xml_attribute(out, "type", slice_of(diag_severity_name(f->d.severity)));
	buf_char(out, '>');
	diag_print(&text, &f->d, false);
	text_xml(out, buf_view(&text));
	buf_str(out, "</failure>\n    </testcase>\n");
	buf_free(&name);
	buf_free(&text);
}

/* A case for each finding, which fails, and one for each file without any. */
void
lint_write_junit(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	struct buf cases = { 0 };
	uint32_t n = l->found.n;

	for (uint32_t i = 0; i < l->found.n; i++)
		write_case(&cases, &l->found.v[i]);
	for (uint32_t k = 0; k < opts->n_files; k++) {
		struct slice file = lint_path(slice_of(opts->files[k]));
		bool clean = true;

		for (uint32_t i = 0; i < l->found.n && clean; i++) {
			const struct diag *d = &l->found.v[i].d;

			clean = !slice_eq(lint_place(d->src, d->at).file, file);
		}
		if (!clean)
			continue;
		n++;
		buf_str(&cases, "    <testcase");
		text_xml_attribute(&cases, "name", file);
		buf_str(&cases, " classname=\"clean\" time=\"0\"/>\n");
	}
	buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites tests=\"%u\" failures=\"%u\" errors=\"0\" time=\"0\">\n"
	    "  <testsuite name=\"fwrule check\" tests=\"%u\" failures=\"%u\" errors=\"0\" "
	    "skipped=\"0\" time=\"0\">\n", n, l->found.n, n, l->found.n);
	buf_slice(out, buf_view(&cases));
	buf_str(out, "  </testsuite>\n</testsuites>\n");
	buf_free(&cases);
}

/* --- GitHub --------------------------------------------------------------------------- */

/* The escapes of workflow commands; in a property , and : as well. */
static void
write_command(struct buf *out, struct slice s, bool property)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			buf_printf(out, "%%%02X", (unsigned char)c);
		else
			buf_char(out, c);
	}
}

void
lint_write_github(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	static const char *const names[] = { "error", "warning", "notice" };

	(void)opts;
	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];
		struct lint_place p = lint_place(f->d.src, f->d.at);

		buf_printf(out, "::%s ", names[f->d.severity]);
		if (p.file.n) {
			buf_str(out, "file=");
			write_command(out, p.file, true);
			buf_char(out, ',');
		}
		if (p.has_lines)
			buf_printf(out, "line=%u,col=%u,endLine=%u,endColumn=%u,", p.line, p.column,
			    p.end_line, p.end_column);
		buf_printf(out, "title=%s::", f->d.code);
		write_command(out, slice_of(f->d.text), false);
		if (f->d.help) {
			buf_str(out, "%0A");
			write_command(out, slice_of(f->d.help), false);
		}
		buf_char(out, '\n');
	}
}

/* --- GitLab --------------------------------------------------------------------------- */

void
lint_write_gitlab(struct buf *out, const struct lint *l, const struct lint_report_opts *opts)
{
	static const char *const names[] = { "major", "minor", "info" };

	(void)opts;
	buf_char(out, '[');
	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];
		struct lint_place p = lint_place(f->d.src, f->d.at);

		buf_str(out, i ? ",\n{\"description\":" : "\n{\"description\":");
		text_json(out, slice_of(f->d.text));
		buf_printf(out, ",\"check_name\":\"%s\",\"fingerprint\":\"%016llx\","
		    "\"severity\":\"%s\",\"location\":{\"path\":", f->d.code,
		    (unsigned long long)f->print, names[f->d.severity]);
		text_json(out, p.file);
		buf_printf(out, ",\"lines\":{\"begin\":%u}}}", p.has_lines ? p.line : 1);
	}
	buf_str(out, l->found.n ? "\n]\n" : "]\n");
}
