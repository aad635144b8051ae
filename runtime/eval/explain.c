/* SPDX-License-Identifier: MPL-2.0 */
/* Cost: one VM's compile, a walk through its file, and every rule asked once. */
#include <stdio.h>
#include <stdlib.h>

#include "../../compiler/net/pset.h"
#include "explain.h"

/* --- an address that nothing names ------------------------------------------------------ */

static struct addr
choose_remote(struct arena *arena, const struct ipf_file *file, unsigned dir, unsigned fam)
{
	/* Documentation prefixes: 192.0.2.0/24 and 2001:db8::/32 (RFC 5737, RFC 3849). */
	struct addr at = fam == NET_V4 ? addr_v4(0xc0000201)
	    : (struct addr){ 0x20010db800000000, 1 };
	struct pset named = pset_none((enum net_family)fam), free_addrs = named;

	for (uint32_t i = 0; i < file->lines.n; i++) {
		const struct ipf_line *l = &file->lines.v[i];
		const struct ipf_addr *a = dir == IPF_IN ? &l->src : &l->dst;
		bool all = a->any || addr_cmp(addr_mask(a->p.len), addr_mask(fam == NET_V4
		    ? NET_V4_BASE : 0)) == 0;

		if (l->dir == dir && !all)
			pset_push_prefix(arena, &named, a->p);
	}
	pset_close(&named);
	pset_complement(arena, &free_addrs, &named);
	if (pset_is_empty(&free_addrs) || pset_has(&free_addrs, at))
		return at;
	for (uint32_t i = 0; i < free_addrs.n; i++)
		if (addr_cmp(free_addrs.v[i].first, at) > 0)
			return free_addrs.v[i].first;
	return free_addrs.v[0].first;
}

/* --- findings ---------------------------------------------------------------------------- */

static int
by_standing(const void *a, const void *b)
{
	const struct explain_finding *x = a, *y = b;

	if (x->standing != y->standing)
		return (int)x->standing - (int)y->standing;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return uuid_cmp(x->rule->uuid, y->rule->uuid);
}

static bool
holds(const struct rule **rules, uint32_t n, const struct rule *r)
{
	for (uint32_t i = 0; i < n; i++)
		if (rules[i] == r)
			return true;
	return false;
}

static const struct rule *
find_rules(const struct eval_host *h, struct arena *arena, struct explain *e)
{
	const struct rule *best = NULL;
	unsigned best_rank = 0;

	for (uint32_t i = 0; i < h->n_rules; i++) {
		const struct rule *r = h->rules[i];
		bool concerns;
		unsigned reasons = eval_rule(&e->c, r, &concerns);
		unsigned rank = eval_rank(r, e->c.packet.dir);

		if (!concerns)
			continue;
		*vec_push(arena, &e->findings) = (struct explain_finding){ r, reasons, rank,
			reasons ? EVAL_WOULD : EVAL_LATER };
		if (!reasons && (!best || rank < best_rank)) {
			best = r;
			best_rank = rank;
		}
	}
	return best;
}

/*
 * Of the rules of the best rank those decide that the line stands for.  Returns
 * whether there is one; at levels that let rules share lines all of them do.
 */
static bool
find_deciding(const struct eval_host *h, struct arena *arena, struct explain *e,
    const struct rule *best)
{
	unsigned rank = eval_rank(best, e->c.packet.dir);
	uint32_t n, deciding = 0;
	const struct rule **of_line = eval_line_rules(h, &e->file, e->result.line, arena, &n);

	for (uint32_t i = 0; i < e->findings.n; i++) {
		struct explain_finding *f = &e->findings.v[i];

		if (f->standing != EVAL_LATER || f->rank != rank)
			continue;
		f->standing = holds(of_line, n, f->rule) ? EVAL_DECIDES : EVAL_AGREES;
		deciding += f->standing == EVAL_DECIDES;
	}
	if (deciding || h->opts.level < 2)
		return deciding != 0;
	for (uint32_t i = 0; i < e->findings.n; i++)
		if (e->findings.v[i].standing == EVAL_AGREES)
			e->findings.v[i].standing = EVAL_DECIDES;
	return true;
}

/* --- the two verdicts -------------------------------------------------------------------- */

/* Tags name the rule, which find_deciding looks at. */
static bool
same(const struct filter_outcome *a, const struct filter_outcome *b)
{
	return a->verdict == b->verdict && a->state.on == b->state.on &&
	    a->frags.on == b->frags.on;
}

static bool
disagree(const struct eval_host *h, const struct explain *e, const struct filter_outcome *means)
{
	struct buf text = { 0 };

	buf_str(&text, "VM ");
	buf_uuid(&text, e->c.vm->uuid);
	buf_str(&text, ": ");
	filter_packet_text(&text, &e->c.packet);
	buf_str(&text, ": the file says ");
	filter_outcome_text(&text, &e->result.outcome);
	if (e->result.line)
		buf_printf(&text, " by line %u", e->result.line->number);
	buf_str(&text, ", the rules say ");
	filter_outcome_text(&text, means);
	buf_char(&text, '\0');
	diag_add(h->inv->diags, DIAG_internal, NULL, (struct span){ 0, 0 }, text.p);
	buf_free(&text);
	return false;
}

static bool
unnamed(const struct eval_host *h, const struct explain *e)
{
	char text[100];

	snprintf(text, sizeof(text), "line %u does not name the rule that decides",
	    e->result.line->number);
	diag_add(h->inv->diags, DIAG_internal, NULL, (struct span){ 0, 0 }, text);
	return false;
}

bool
explain_packet(struct eval_host *h, struct arena *arena, uint32_t vm,
    const struct filter_packet *p, bool any_remote, struct explain *out)
{
	const struct rule *best;
	struct filter_outcome means;
	struct filter_packet packet = *p;
	struct slice text[2];

	memset(out, 0, sizeof(*out));
	if (!eval_emit(h, vm, arena, text) ||
	    !eval_read(h, arena, p->fam, text[eval_place(p->fam)], &out->file))
		return false;
	out->chosen = any_remote;
	if (any_remote)
		packet.remote = choose_remote(arena, &out->file.file, p->dir, p->fam);
	filter_eval(&out->file.file, &packet, &out->result, NULL);
	eval_case_init(&out->c, arena, h->inv, h->inv->vms.v[vm], &packet, h->rules, h->n_rules,
	    h->opts);
	best = find_rules(h, arena, out);
	eval_outcome(&out->c, best, &means);
	if (!same(&means, &out->result.outcome))
		return disagree(h, out, &means);
	if (!out->c.vm->firewall)
		out->by = EXPLAIN_FIREWALL_OFF;
	else if (!best)
		out->by = out->result.line ? EXPLAIN_DEFAULT : EXPLAIN_NO_LINE;
	else if (!find_deciding(h, arena, out, best))
		return unnamed(h, out);
	if (out->findings.n)
		qsort(out->findings.v, out->findings.n, sizeof(*out->findings.v), by_standing);
	return true;
}
