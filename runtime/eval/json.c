/* SPDX-License-Identifier: MPL-2.0 */
/* Packets, outcomes and filter lines as JSON. */
#include "../../compiler/base/text.h"
#include "eval.h"

static void
add_addr(struct buf *out, const char *name, struct addr a, unsigned fam)
{
	buf_printf(out, ",\"%s\":\"", name);
	buf_addr(out, (struct prefix){ a, 128, (uint8_t)fam });
	buf_char(out, '"');
}

void
eval_write_packet(struct buf *out, const struct filter_packet *p)
{
	static const char letters[] = "FSRPAUEC";
	const char *name = ipf_proto_name(p->proto);

	buf_printf(out, "{\"direction\":\"%s\",\"protocol\":", p->dir == IPF_IN ? "in" : "out");
	if (name)
		text_json(out, slice_of(name));
	else
		buf_uint(out, p->proto);
	add_addr(out, "remote", p->remote, p->fam);
	add_addr(out, "local", p->local, p->fam);
	if (filter_has_ports(p->proto))
		buf_printf(out, ",\"sourcePort\":%u,\"port\":%u", p->sport, p->dport);
	if (filter_has_types(p->fam, p->proto))
		buf_printf(out, ",\"type\":%u,\"code\":%u", p->type, p->code);
	if (p->proto == IPF_TCP) {
		buf_str(out, ",\"flags\":\"");
		for (unsigned i = 0; letters[i]; i++)
			if (p->tcp_flags >> i & 1)
				buf_char(out, letters[i]);
		buf_char(out, '"');
	}
	buf_char(out, '}');
}

static const char *
yes(bool b)
{
	return b ? "true" : "false";
}

void
eval_write_outcome(struct buf *out, const struct filter_outcome *o)
{
	static const char *const name[] = { "none", "pass", "block" };

	buf_printf(out, "\"verdict\":\"%s\",\"state\":%s,\"frags\":%s", name[o->verdict],
	    yes(o->state.on), yes(o->frags.on));
	if (!o->has_tag)
		return;
	buf_str(out, ",\"tag\":{");
	if (o->has_uuid) {
		buf_str(out, "\"uuid\":\"");
		buf_uuid(out, o->tag);
		buf_str(out, "\",");
	}
	buf_printf(out, "\"cfwlog\":%s}", yes(o->cfwlog));
}

void
eval_write_line(struct buf *out, struct slice where, const struct ipf_file *file,
    const struct ipf_line *line)
{
	if (!line) {
		buf_str(out, "null");
		return;
	}
	buf_str(out, "{\"file\":");
	text_json(out, where);
	buf_printf(out, ",\"line\":%u,\"text\":", line->number);
	text_json(out, (struct slice){ file->src->text.p + line->at.off, line->at.len });
	buf_char(out, '}');
}
