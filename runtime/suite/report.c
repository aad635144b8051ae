/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What became of expectations: in words, as TAP (version 13, which every harness
 * reads), as JUnit's XML, which most CI systems show, and as JSON.
 */
#include "../../compiler/base/text.h"
#include "suite.h"

struct report {
	struct buf *out;
	const struct suite *suites;
	uint32_t n;
	bool coverage;
	uint32_t passed, failed, broken;
};

static bool
holds(const struct suite_case *c)
{
	return c->n_failed == 0;
}

/* --- what is told of a failure -------------------------------------------------------- */

static void
write_vm(struct buf *out, const struct vm *vm)
{
	buf_str(out, "VM ");
	if (vm->alias.n) {
		text_visible(out, vm->alias);
		buf_str(out, " (");
	}
	buf_uuid(out, vm->uuid);
	if (vm->alias.n)
		buf_char(out, ')');
}

#define SHOWN 3                 /* rules that would match */

/* Rules that would match but for something: what an expectation often hoped for. */
static void
write_would(struct buf *out, const struct explain *e, const char *indent)
{
	uint32_t shown = 0;

	for (uint32_t i = 0; i < e->findings.n && shown < SHOWN; i++) {
		const struct explain_finding *f = &e->findings.v[i];
		const char *mark = " ";

		if (f->standing != EVAL_WOULD)
			continue;
		shown++;
		buf_printf(out, "%srule ", indent);
		buf_uuid(out, f->rule->uuid);
		buf_str(out, " would match, but");
		for (size_t k = 0; k < eval_reason_count; k++)
			if (f->reasons & eval_reason_table[k].bit) {
				buf_printf(out, "%s%s", mark, eval_reason_table[k].text);
				mark = ", and ";
			}
		buf_char(out, '\n');
	}
}

/* The packet, the VM, who decides and by which line; each line behind an indent. */
static void
write_failure(struct buf *out, const struct suite_case *c, const char *indent)
{
	const struct explain *e = c->why;
	const struct ipf_line *line = e->result.line;

	buf_str(out, indent);
	write_vm(out, e->c.vm);
	buf_str(out, ": ");
	filter_packet_text(out, &e->c.packet);
	buf_str(out, ": ");
	filter_outcome_text(out, &e->result.outcome);
	buf_char(out, '\n');
	for (uint32_t i = 0; i < e->findings.n && e->findings.v[i].standing == EVAL_DECIDES; i++) {
		const struct rule *r = e->findings.v[i].rule;

		buf_printf(out, "%sby rule ", indent);
		buf_uuid(out, r->uuid);
		buf_str(out, ": ");
		text_visible(out, r->text);
		if (r->added)
			buf_printf(out, "  (added: %s)", r->added);
		buf_char(out, '\n');
	}
	if (e->by != EXPLAIN_RULE)
		buf_printf(out, "%s%s\n", indent, explain_by_text(e));
	if (line && e->by != EXPLAIN_FIREWALL_OFF) {
		buf_printf(out, "%s%s:%u: ", indent, eval_file_name(e->c.packet.fam), line->number);
		text_visible(out, (struct slice){ e->file.src.text.p + line->at.off,
		    line->at.len });
		buf_char(out, '\n');
	}
	if (e->by == EXPLAIN_DEFAULT || e->by == EXPLAIN_NO_LINE)
		write_would(out, e, indent);
	if (c->n_failed > 1)
		buf_printf(out, "%sand at %u more of the %u VMs it is about\n", indent,
		    c->n_failed - 1, c->n_vms);
}

static void
write_where(struct buf *out, const struct suite *s, const struct suite_case *c)
{
	text_visible(out, s->src->name);
	if (c)
		buf_printf(out, ":%u", c->line);
}

/* --- coverage ------------------------------------------------------------------------- */

/* The rules of all suites, each UUID once, touched if any suite touches it. */
struct covered {
	struct arena arena;
	VEC(struct suite_rule) rules;
	uint32_t touched, disabled;
};

static void
cover(const struct report *r, struct covered *c)
{
	struct strmap at = { 0 };

	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < r->n; i++)
		for (uint32_t k = 0; k < r->suites[i].rules.n; k++) {
			const struct suite_rule *s = &r->suites[i].rules.v[k];
			uint32_t *slot = strmap_put(&c->arena, &at, (struct slice){
				(const char *)s->rule->uuid.b, sizeof(s->rule->uuid.b) });

			if (*slot == UINT32_MAX) {
				*slot = c->rules.n;
				*vec_push(&c->arena, &c->rules) = *s;
			}
			c->rules.v[*slot].touched |= s->touched;
		}
	for (uint32_t i = 0; i < c->rules.n; i++) {
		c->touched += c->rules.v[i].touched;
		c->disabled += !rule_is_true(c->rules.v[i].rule->enabled);
	}
}

static void
write_coverage(struct report *r, const char *indent)
{
	struct covered c;

	cover(r, &c);
	buf_printf(r->out, "%stested: %u of %u rules", indent, c.touched, c.rules.n);
	if (c.disabled)
		buf_printf(r->out, ", of which %u %s disabled", c.disabled,
		    c.disabled == 1 ? "is" : "are");
	buf_char(r->out, '\n');
	for (uint32_t i = 0; i < c.rules.n; i++) {
		if (c.rules.v[i].touched)
			continue;
		buf_printf(r->out, "%s  not tested: rule ", indent);
		buf_uuid(r->out, c.rules.v[i].rule->uuid);
		buf_str(r->out, ": ");
		text_visible(r->out, c.rules.v[i].rule->text);
		if (!rule_is_true(c.rules.v[i].rule->enabled))
			buf_str(r->out, "  (disabled)");
		buf_char(r->out, '\n');
	}
	arena_free(&c.arena);
}

static void
write_coverage_json(struct report *r)
{
	struct covered c;
	bool more = false;

	cover(r, &c);
	buf_printf(r->out, ",\"coverage\":{\"rules\":%u,\"tested\":%u,\"notTested\":[", c.rules.n,
	    c.touched);
	for (uint32_t i = 0; i < c.rules.n; i++) {
		if (c.rules.v[i].touched)
			continue;
		buf_str(r->out, more ? ",{\"uuid\":\"" : "{\"uuid\":\"");
		buf_uuid(r->out, c.rules.v[i].rule->uuid);
		buf_str(r->out, "\",\"rule\":");
		text_json(r->out, c.rules.v[i].rule->text);
		buf_printf(r->out, ",\"enabled\":%s}",
		    rule_is_true(c.rules.v[i].rule->enabled) ? "true" : "false");
		more = true;
	}
	buf_str(r->out, "]}");
	arena_free(&c.arena);
}

/* --- words ---------------------------------------------------------------------------- */

static void
write_text(struct report *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct suite *s = &r->suites[i];

		for (uint32_t k = 0; k < s->cases.n; k++) {
			const struct suite_case *c = &s->cases.v[k];

			if (holds(c))
				continue;
			write_where(r->out, s, c);
			buf_str(r->out, ": FAILED: ");
			text_visible(r->out, c->text);
			buf_char(r->out, '\n');
			write_failure(r->out, c, "    ");
		}
		if (s->broken) {
			write_where(r->out, s, NULL);
			buf_str(r->out, ": BROKEN: see the messages\n");
		}
	}
	buf_printf(r->out, "%u %s, %u failed", r->passed + r->failed,
	    r->passed + r->failed == 1 ? "expectation" : "expectations", r->failed);
	if (r->broken)
		buf_printf(r->out, ", %u %s could not be tested in full", r->broken,
		    r->broken == 1 ? "file" : "files");
	buf_char(r->out, '\n');
	if (r->coverage)
		write_coverage(r, "");
}

/* --- TAP ------------------------------------------------------------------------------ */

/* A description has no newline, and its # would begin a directive. */
static void
tap_text(struct buf *out, struct slice s)
{
	struct buf visible = { 0 };

	text_visible(&visible, s);
	for (size_t i = 0; i < visible.n; i++) {
		if (visible.p[i] == '#' || visible.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, visible.p[i]);
	}
	buf_free(&visible);
}

static void
write_tap(struct report *r)
{
	uint32_t number = 0;

	buf_printf(r->out, "TAP version 13\n1..%u\n", r->passed + r->failed + r->broken);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct suite *s = &r->suites[i];

		for (uint32_t k = 0; k < s->cases.n; k++) {
			const struct suite_case *c = &s->cases.v[k];

			buf_printf(r->out, "%sok %u - ", holds(c) ? "" : "not ", ++number);
			tap_text(r->out, s->src->name);
			buf_printf(r->out, ":%u ", c->line);
			tap_text(r->out, c->text);
			buf_char(r->out, '\n');
			if (holds(c))
				continue;
			buf_str(r->out, "  ---\n  why: |\n");
			write_failure(r->out, c, "    ");
			buf_str(r->out, "  ...\n");
		}
		if (s->broken) {
			buf_printf(r->out, "not ok %u - ", ++number);
			tap_text(r->out, s->src->name);
			buf_str(r->out, " can be tested in full\n");
		}
	}
	if (r->coverage)
		write_coverage(r, "# ");
}

/* --- JUnit ---------------------------------------------------------------------------- */

static void
write_junit_case(struct report *r, const struct suite *s, const struct suite_case *c)
{
	struct buf text = { 0 };

	buf_str(r->out, "    <testcase");
	text_xml_attribute(r->out, "name", c->text);
	text_xml_attribute(r->out, "classname", s->src->name);
	buf_printf(r->out, " time=\"0\"");
	if (holds(c)) {
		buf_str(r->out, "/>\n");
		return;
	}
	write_failure(&text, c, "");
	buf_str(r->out, ">\n      <failure");
	text_xml_attribute(r->out, "message", (struct slice){ text.p,
	    (size_t)((char *)memchr(text.p, '\n', text.n) - text.p) });
	buf_str(r->out, " type=\"policy\">");
	text_xml(r->out, s->src->name);
	buf_printf(r->out, ":%u&#10;", c->line);
	text_xml(r->out, buf_view(&text));
	buf_str(r->out, "</failure>\n    </testcase>\n");
	buf_free(&text);
}

static void
write_junit(struct report *r)
{
	buf_printf(r->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	for (uint32_t i = 0; i < r->n; i++) {
		const struct suite *s = &r->suites[i];
		uint32_t failed = 0;

		for (uint32_t k = 0; k < s->cases.n; k++)
			failed += !holds(&s->cases.v[k]);
		buf_str(r->out, "  <testsuite");
		text_xml_attribute(r->out, "name", s->src->name);
		buf_printf(r->out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\" "
		    "time=\"0\">\n", s->cases.n + s->broken, failed, s->broken);
		for (uint32_t k = 0; k < s->cases.n; k++)
			write_junit_case(r, s, &s->cases.v[k]);
		if (s->broken) {
			buf_str(r->out, "    <testcase name=\"can be tested in full\"");
			text_xml_attribute(r->out, "classname", s->src->name);
			buf_str(r->out, " time=\"0\">\n      <error message=\"see the messages on "
			    "standard error\" type=\"input\"/>\n    </testcase>\n");
		}
		buf_str(r->out, "  </testsuite>\n");
	}
	buf_str(r->out, "</testsuites>\n");
}

/* --- JSON ----------------------------------------------------------------------------- */

static void
write_json_case(struct report *r, const struct suite_case *c)
{
	buf_printf(r->out, "{\"line\":%u,\"text\":", c->line);
	text_json(r->out, c->text);
	buf_printf(r->out, ",\"holds\":%s,\"vms\":%u,\"failed\":%u", holds(c) ? "true" : "false",
	    c->n_vms, c->n_failed);
	if (!holds(c)) {
		buf_str(r->out, ",\"why\":");
		explain_write_json(r->out, c->why);
		r->out->n--;            /* its newline */
	}
	buf_char(r->out, '}');
}

static void
write_json(struct report *r)
{
	buf_printf(r->out, "{\"passed\":%u,\"failed\":%u,\"files\":[", r->passed, r->failed);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct suite *s = &r->suites[i];

		buf_str(r->out, i ? ",{\"file\":" : "{\"file\":");
		text_json(r->out, s->src->name);
		buf_printf(r->out, ",\"broken\":%s,\"expectations\":[",
		    s->broken ? "true" : "false");
		for (uint32_t k = 0; k < s->cases.n; k++) {
			if (k)
				buf_char(r->out, ',');
			write_json_case(r, &s->cases.v[k]);
		}
		buf_str(r->out, "]}");
	}
	buf_char(r->out, ']');
	if (r->coverage)
		write_coverage_json(r);
	buf_str(r->out, "}\n");
}

void
suite_write(struct buf *out, const struct suite *suites, uint32_t n, enum suite_format format,
    bool coverage)
{
	struct report r = { .out = out, .suites = suites, .n = n, .coverage = coverage };

	for (uint32_t i = 0; i < n; i++) {
		r.broken += suites[i].broken;
		for (uint32_t k = 0; k < suites[i].cases.n; k++)
			if (holds(&suites[i].cases.v[k]))
				r.passed++;
			else
				r.failed++;
	}
	switch (format) {
	case SUITE_TEXT:
		write_text(&r);
		break;
	case SUITE_TAP:
		write_tap(&r);
		break;
	case SUITE_JUNIT:
		write_junit(&r);
		break;
	case SUITE_JSON:
		write_json(&r);
	}
}
