/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The walk of one packet through a file, written after what ipfilter's fil.c
 * does (fr_scanlist, fr_ipfcheck, fr_check of the 4.1 line) and in its order, so
 * that it can be held against it; decide.c says the same as sets.
 *
 * Cost: the lines that the packet meets.  Depth: IPF_NESTING_MAX.
 */
#include "filter.h"

bool
filter_can_keep_state(unsigned fam, unsigned proto, unsigned type)
{
	if (!filter_has_types(fam, proto))
		return true;
	if (fam == NET_V6)
		return type == 128 || type == 130 || type == 139;
	return type == 8 || type == 13 || type == 15 || type == 17;
}

void
filter_line_outcome(const struct ipf_line *line, bool can_keep_state, struct filter_outcome *out)
{
	memset(out, 0, sizeof(*out));
	out->verdict = line->action == IPF_PASS ? FILTER_PASS : FILTER_BLOCK;
	if (line->state.on && !can_keep_state)
		out->verdict = FILTER_BLOCK;
	if (out->verdict == FILTER_PASS) {
		out->state = line->state;
		out->frags = line->frags;
	}
	out->has_tag = line->tag.on;
	out->has_uuid = line->tag.has_uuid;
	out->cfwlog = line->tag.cfwlog;
	out->tag = line->tag.uuid;
}

/* --- one line ----------------------------------------------------------- */

static bool
host_bits_v6(const struct ipf_addr *a)
{
	return !a->any && a->p.fam == NET_V6 && prefix_has_host_bits(a->p);
}

static bool
match_addr(const struct ipf_addr *a, struct addr x)
{
	bool in;

	if (a->any)
		in = true;
	else if (host_bits_v6(a))
		in = false;
	else
		in = addr_cmp(addr_and(x, addr_mask(a->p.len)), prefix_first(a->p)) == 0;
	return in != a->not;
}

static bool
match_port(const struct ipf_port *p, uint16_t x)
{
	switch ((enum ipf_compare)p->op) {
	case IPF_PORT_ANY:
		return true;
	case IPF_PORT_EQ:
		return x == p->a;
	case IPF_PORT_NE:
		return x != p->a;
	case IPF_PORT_LT:
		return x < p->a;
	case IPF_PORT_LE:
		return x <= p->a;
	case IPF_PORT_GT:
		return x > p->a;
	case IPF_PORT_GE:
		return x >= p->a;
	case IPF_PORT_RANGE:
		return x >= p->a && x <= p->b;
	case IPF_PORT_INSIDE:
		return x > p->a && x < p->b;
	case IPF_PORT_OUTSIDE:
		return x < p->a || x > p->b;
	}
	return false;
}

static bool
match_proto(const struct ipf_line *l, unsigned proto)
{
	switch ((enum ipf_proto_kind)l->proto_kind) {
	case IPF_PROTO_ANY:
		return true;
	case IPF_PROTO_ONE:
		return l->proto == proto;
	case IPF_PROTO_TCPUDP:
		return filter_has_ports(proto);
	}
	return false;
}

static enum filter_why
match_line(const struct ipf_line *l, const struct filter_packet *p)
{
	bool in = p->dir == IPF_IN;

	if (!match_proto(l, p->proto))
		return FILTER_PROTO;
	if (p->fam == NET_V6 && l->proto_kind == IPF_PROTO_ONE && l->proto == IPF_AH)
		return FILTER_AH;
	if (!match_addr(&l->src, in ? p->remote : p->local))
		return host_bits_v6(&l->src) ? FILTER_HOST_BITS : FILTER_SRC;
	if (!match_addr(&l->dst, in ? p->local : p->remote))
		return host_bits_v6(&l->dst) ? FILTER_HOST_BITS : FILTER_DST;
	if (p->later_fragment && (l->sport.op || l->dport.op || l->has_flags || l->has_type))
		return FILTER_FRAGMENT;
	if (!match_port(&l->sport, p->sport))
		return FILTER_SPORT;
	if (!match_port(&l->dport, p->dport))
		return FILTER_DPORT;
	if (l->has_flags && (p->tcp_flags & l->flags_mask) != l->flags)
		return FILTER_FLAGS;
	if (l->has_type && p->type != l->type)
		return FILTER_TYPE;
	if (l->has_code && p->code != l->code)
		return FILTER_CODE;
	return FILTER_MATCHED;
}

/* --- the walk ----------------------------------------------------------- */

struct walk {
	const struct ipf_file *file;
	const struct filter_packet *p;
	struct filter_trace *trace;
	bool can_keep_state;
	uint32_t visited;
};

/* What fil.c calls pass: whose verdict holds so far, and whether it was quick. */
struct pass {
	const struct ipf_line *line;    /* NULL: none */
	bool quick, state_kept;
};

static void
note(struct walk *w, uint32_t line, enum filter_why why, unsigned depth, bool left)
{
	if (w->trace)
		*vec_push(w->trace->arena, &w->trace->steps) = (struct filter_step){
			line, (uint8_t)why, (uint8_t)depth, left,
		};
}

static struct pass
scan_list(struct walk *w, uint32_t group, struct pass pass, unsigned depth)
{
	const struct ipf_group *g = &w->file->groups.v[group];

	for (uint32_t i = 0; i < g->lines.n; i++) {
		const struct ipf_line *l = &w->file->lines.v[g->lines.v[i]];
		struct pass before = pass;
		enum filter_why why = match_line(l, w->p);
		bool refused;

		w->visited++;
		if (why != FILTER_MATCHED) {
			note(w, g->lines.v[i], why, depth, false);
			continue;
		}
		refused = l->quick && l->state.on && !w->can_keep_state;
		note(w, g->lines.v[i], refused && !l->head ? FILTER_NO_STATE : FILTER_MATCHED,
		    depth, false);
		pass = (struct pass){ l, l->quick, false };
		if (l->head)
			pass = scan_list(w, l->head, pass, depth + 1);
		if (!pass.quick)
			continue;
		if (pass.line->state.on && !pass.state_kept) {
			if (!w->can_keep_state) {
				if (l->head)
					note(w, g->lines.v[i], FILTER_NO_STATE, depth, true);
				pass = before;
				continue;
			}
			pass.state_kept = true;
		}
		break;
	}
	return pass;
}

void
filter_eval(const struct ipf_file *file, const struct filter_packet *p,
    struct filter_result *result, struct filter_trace *trace)
{
	struct walk w = {
		.file = file, .p = p, .trace = trace,
		.can_keep_state = !p->later_fragment &&
		    filter_can_keep_state(p->fam, p->proto, p->type),
	};
	struct pass pass = scan_list(&w, p->dir, (struct pass){ NULL, false, false }, 0);

	memset(result, 0, sizeof(*result));
	result->line = pass.line;
	result->visited = w.visited;
	if (!pass.line)
		return;
	filter_line_outcome(pass.line, w.can_keep_state, &result->outcome);
	result->state_refused = pass.line->action == IPF_PASS &&
	    result->outcome.verdict == FILTER_BLOCK;
}
