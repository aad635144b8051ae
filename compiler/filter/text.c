/* SPDX-License-Identifier: MPL-2.0 */
/* Packets, outcomes and reasons in words. */
#include "filter.h"

/* --- packets ------------------------------------------------------------ */

static void
add_addr(struct buf *out, struct addr a, unsigned fam)
{
	buf_addr(out, (struct prefix){ a, 128, (uint8_t)fam });
}

static void
add_flags(struct buf *out, unsigned flags)
{
	static const char letters[] = "FSRPAUEC";

	buf_str(out, flags ? ", flags " : ", no flags");
	for (unsigned i = 0; letters[i]; i++)
		if (flags >> i & 1)
			buf_char(out, letters[i]);
}

void
filter_packet_text(struct buf *out, const struct filter_packet *p)
{
	bool in = p->dir == IPF_IN, ports = filter_has_ports(p->proto) && !p->later_fragment;
	bool has_local = p->local.hi || (p->fam == NET_V4 ? (uint32_t)p->local.lo : p->local.lo);
	const char *name = ipf_proto_name(p->proto);

	if (name)
		buf_str(out, name);
	else
		buf_printf(out, "protocol %u", p->proto);
	buf_str(out, in ? " in from " : " out ");
	if (in)
		add_addr(out, p->remote, p->fam);
	else if (has_local || (ports && p->sport))
		buf_str(out, "from ");
	if (!in && has_local)
		add_addr(out, p->local, p->fam);
	if (ports && p->sport)
		buf_printf(out, "%sport %u", in || has_local ? " " : "", p->sport);
	if (!in) {
		buf_str(out, has_local || (ports && p->sport) ? " to " : "to ");
		add_addr(out, p->remote, p->fam);
	} else if (has_local || ports) {
		buf_str(out, " to");
	}
	if (in && has_local) {
		buf_char(out, ' ');
		add_addr(out, p->local, p->fam);
	}
	if (ports)
		buf_printf(out, " port %u", p->dport);
	if (p->later_fragment)
		buf_str(out, ", a later fragment");
	else if (filter_has_types(p->fam, p->proto))
		buf_printf(out, ", type %u code %u", p->type, p->code);
	else if (p->proto == IPF_TCP)
		add_flags(out, p->tcp_flags);
}

/* --- outcomes ----------------------------------------------------------- */

const char *
filter_verdict_name(unsigned verdict)
{
	static const char *const name[] = { "no match", "pass", "block" };

	return name[verdict];
}

static void
add_options(struct buf *out, const struct ipf_keep *k)
{
	static const struct {
		uint16_t option;
		const char *name;
	} table[] = {
		{ IPF_KEEP_STRICT, "strict" },
		{ IPF_KEEP_NEWISN, "newisn" },
		{ IPF_KEEP_NO_ICMP_ERR, "no-icmp-err" },
		{ IPF_KEEP_SYNC, "sync" },
		{ IPF_KEEP_LIMIT, "limit" },
		{ IPF_KEEP_AGE, "age" },
	};
	const char *mark = " (";

	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		if (!(k->options & table[i].option))
			continue;
		buf_printf(out, "%s%s", mark, table[i].name);
		if (table[i].option == IPF_KEEP_LIMIT)
			buf_printf(out, " %u", k->limit);
		if (table[i].option == IPF_KEEP_AGE)
			buf_printf(out, " %u/%u", k->age, k->age_back);
		mark = ", ";
	}
	if (k->options)
		buf_char(out, ')');
}

void
filter_outcome_text(struct buf *out, const struct filter_outcome *o)
{
	buf_str(out, filter_verdict_name(o->verdict));
	if (o->state.on) {
		buf_str(out, ", keep state");
		add_options(out, &o->state);
	}
	if (o->frags.on) {
		buf_str(out, ", keep frags");
		add_options(out, &o->frags);
	}
	if (!o->has_tag)
		return;
	buf_str(out, ", tag ");
	if (o->has_uuid)
		buf_uuid(out, o->tag);
	if (o->cfwlog)
		buf_str(out, o->has_uuid ? " cfwlog" : "cfwlog");
}

/* --- reasons ------------------------------------------------------------ */

const char *
filter_why_text(unsigned why)
{
	static const char *const text[] = {
		[FILTER_MATCHED] = "matches",
		[FILTER_NO_STATE] = "matches, but no state can be kept: counts as not matched",
		[FILTER_PROTO] = "another protocol",
		[FILTER_AH] = "proto ah never matches in IPv6",
		[FILTER_SRC] = "another source address",
		[FILTER_DST] = "another destination address",
		[FILTER_HOST_BITS] = "an IPv6 prefix with bits right of its mask never matches",
		[FILTER_FRAGMENT] = "a later fragment has no ports, flags or ICMP type",
		[FILTER_SPORT] = "another source port",
		[FILTER_DPORT] = "another port",
		[FILTER_FLAGS] = "other TCP flags",
		[FILTER_TYPE] = "another ICMP type",
		[FILTER_CODE] = "another ICMP code",
	};

	return text[why];
}

static bool
is_nothing(const struct ipf_addr *a)
{
	if (a->not)
		return a->any || (a->p.len == (a->p.fam == NET_V4 ? NET_V4_BASE : 0) &&
		    !(a->p.fam == NET_V6 && prefix_has_host_bits(a->p)));
	return false;
}

static bool
never_port(const struct ipf_port *p)
{
	switch ((enum ipf_compare)p->op) {
	case IPF_PORT_LT:
		return p->a == 0;
	case IPF_PORT_GT:
		return p->a == 65535;
	case IPF_PORT_RANGE:
		return p->a > p->b;
	case IPF_PORT_INSIDE:
		return p->b <= p->a + 1;
	case IPF_PORT_OUTSIDE:
		return p->a == 0 && p->b == 65535;
	default:
		return false;
	}
}

static bool
never_bits(const struct ipf_addr *a, unsigned fam)
{
	return !a->any && !a->not && fam == NET_V6 && prefix_has_host_bits(a->p);
}

const char *
filter_never(const struct ipf_line *l, unsigned fam)
{
	if (fam == NET_V6 && l->proto_kind == IPF_PROTO_ONE && l->proto == IPF_AH)
		return filter_why_text(FILTER_AH);
	if (never_bits(&l->src, fam) || never_bits(&l->dst, fam))
		return filter_why_text(FILTER_HOST_BITS);
	if (is_nothing(&l->src) || is_nothing(&l->dst))
		return "the address excludes all addresses";
	if (never_port(&l->sport) || never_port(&l->dport))
		return "no port is in this range";
	if (l->has_flags && (l->flags & ~l->flags_mask))
		return "flags are asked for that the mask leaves out";
	return NULL;
}
