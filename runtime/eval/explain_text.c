/* SPDX-License-Identifier: MPL-2.0 */
/* An explanation in words, and as JSON. */
#include "../../compiler/base/text.h"
#include "explain.h"

#define SHOWN 10                        /* rules of one standing, in words */

static const struct eval_name by_table[] = {
	[EXPLAIN_RULE] = { "RULE", "by a rule", 0 },
	[EXPLAIN_DEFAULT] = { "DEFAULT_POLICY", "no rule matches: the default policy", 0 },
	[EXPLAIN_NO_LINE] = { "NO_LINE", "no rule and no line of the default policy matches: the "
	    "kernel's setting decides", 0 },
	[EXPLAIN_FIREWALL_OFF] = { "VM_FIREWALL_OFF", "the VM's firewall is off: everything passes",
	    0 },
};

/* Codes and headings by standing. */
static const struct eval_name standing_table[] = {
	[EVAL_DECIDES] = { "RULE_DECIDES", "decided by", 0 },
	[EVAL_AGREES] = { "RULE_AGREES", "matches, too, and says the same", 0 },
	[EVAL_LATER] = { "RULE_LATER", "matches, but comes later", 0 },
	[EVAL_WOULD] = { NULL, "would match, but", 0 },
};

const char *
explain_by_code(const struct explain *e)
{
	return by_table[e->by].code;
}

const char *
explain_by_text(const struct explain *e)
{
	return by_table[e->by].text;
}

/* --- words ------------------------------------------------------------------------------- */

static void
write_rule_text(struct buf *out, const struct rule *r)
{
	buf_str(out, "rule ");
	buf_uuid(out, r->uuid);
	buf_str(out, ": ");
	text_visible(out, r->text);
	if (r->added)
		buf_printf(out, "  (added: %s)", r->added);
	buf_char(out, '\n');
}

/* Why a rule that matches comes after the one that decides. */
static const char *
later_text(const struct explain *e, const struct explain_finding *f)
{
	if (f->rule->priority < e->findings.v[0].rule->priority)
		return "its priority is lower";
	return e->c.packet.dir == IPF_OUT
	    ? "at the same priority BLOCK comes before ALLOW for what goes out"
	    : "at the same priority ALLOW comes before BLOCK for what comes in";
}

static const char *
later_code(const struct explain *e, const struct explain_finding *f)
{
	return f->rule->priority < e->findings.v[0].rule->priority ? "LOWER_PRIORITY"
	    : "ACTION_ORDER";
}

static void
write_reasons(struct buf *out, const struct explain *e, const struct explain_finding *f)
{
	if (f->standing == EVAL_LATER)
		buf_printf(out, "      %s  [%s]\n", later_text(e, f), later_code(e, f));
	for (size_t i = 0; i < eval_reason_count; i++)
		if (f->reasons & eval_reason_table[i].bit)
			buf_printf(out, "      %s  [%s]\n", eval_reason_table[i].text,
			    eval_reason_table[i].code);
}

static void
write_findings(struct buf *out, const struct explain *e)
{
	uint32_t n;

	for (uint32_t i = 0; i < e->findings.n; i += n) {
		unsigned standing = e->findings.v[i].standing;

		for (n = 1; i + n < e->findings.n && e->findings.v[i + n].standing == standing; n++)
			;
		buf_printf(out, "\n%s", standing_table[standing].text);
		if (standing_table[standing].code)
			buf_printf(out, "  [%s]", standing_table[standing].code);
		buf_char(out, '\n');
		for (uint32_t k = i; k < i + n && k < i + SHOWN; k++) {
			buf_str(out, "  ");
			write_rule_text(out, e->findings.v[k].rule);
			write_reasons(out, e, &e->findings.v[k]);
		}
		if (n > SHOWN)
			buf_printf(out, "  and %u more\n", n - SHOWN);
	}
}

static void
write_remote(struct buf *out, const struct explain *e)
{
	struct prefix a = { e->c.packet.remote, 128, e->c.packet.fam };

	if (e->chosen) {
		buf_str(out, "no address was given: ");
		buf_addr(out, a);
		buf_str(out, " stands for one that no rule names\n");
	}
	for (uint32_t i = 0; i < e->c.n_others && i < SHOWN; i++) {
		buf_addr(out, a);
		buf_str(out, " is VM ");
		buf_uuid(out, e->c.others[i]->uuid);
		buf_char(out, '\n');
	}
}

void
explain_write_text(struct buf *out, const struct explain *e)
{
	const struct ipf_line *line = e->result.line;

	filter_packet_text(out, &e->c.packet);
	buf_str(out, "\nVM ");
	buf_uuid(out, e->c.vm->uuid);
	buf_str(out, ": ");
	filter_outcome_text(out, &e->result.outcome);
	buf_char(out, '\n');
	write_remote(out, e);
	if (e->by != EXPLAIN_RULE)
		buf_printf(out, "%s  [%s]\n", by_table[e->by].text, by_table[e->by].code);
	if (line && e->by != EXPLAIN_FIREWALL_OFF) {
		buf_printf(out, "%s:%u: ", eval_file_name(e->c.packet.fam), line->number);
		text_visible(out, (struct slice){ e->file.src.text.p + line->at.off, line->at.len });
		buf_char(out, '\n');
	}
	write_findings(out, e);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void
write_finding_json(struct buf *out, const struct explain *e, const struct explain_finding *f)
{
	const char *mark = "";

	buf_str(out, "{\"codes\":[");
	if (standing_table[f->standing].code) {
		buf_printf(out, "\"%s\"", standing_table[f->standing].code);
		mark = ",";
	}
	if (f->standing == EVAL_LATER)
		buf_printf(out, "%s\"%s\"", mark, later_code(e, f));
	for (size_t i = 0; i < eval_reason_count; i++)
		if (f->reasons & eval_reason_table[i].bit) {
			buf_printf(out, "%s\"%s\"", mark, eval_reason_table[i].code);
			mark = ",";
		}
	buf_str(out, "],\"uuid\":\"");
	buf_uuid(out, f->rule->uuid);
	buf_str(out, "\",\"rule\":");
	text_json(out, f->rule->text);
	if (f->rule->added) {
		buf_str(out, ",\"added\":");
		text_json(out, slice_of(f->rule->added));
	}
	buf_char(out, '}');
}

void
explain_write_json(struct buf *out, const struct explain *e)
{
	const char *mark = "";

	buf_str(out, "{\"vm\":\"");
	buf_uuid(out, e->c.vm->uuid);
	buf_str(out, "\",\"packet\":");
	eval_write_packet(out, &e->c.packet);
	buf_printf(out, ",\"level\":%u,", e->c.opts.level);
	eval_write_outcome(out, &e->result.outcome);
	buf_printf(out, ",\"decidedBy\":\"%s\",\"line\":", by_table[e->by].code);
	eval_write_line(out, e->file.src.name, &e->file.file,
	    e->by == EXPLAIN_FIREWALL_OFF ? NULL : e->result.line);
	buf_str(out, ",\"remoteVMs\":[");
	for (uint32_t i = 0; i < e->c.n_others; i++) {
		buf_printf(out, "%s\"", i ? "," : "");
		buf_uuid(out, e->c.others[i]->uuid);
		buf_char(out, '"');
	}
	buf_str(out, "],\"rules\":[");
	for (uint32_t i = 0; i < e->findings.n; i++, mark = ",") {
		buf_str(out, mark);
		write_finding_json(out, e, &e->findings.v[i]);
	}
	buf_str(out, "]}\n");
}
