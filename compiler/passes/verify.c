/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The policy becomes, for each class of packets, a list of rectangles of which
 * the first decides, as decide.h makes one of the text; region.h compares them.
 *
 * What ipf is known to do otherwise than the rules say is part of a second list.
 * The text must agree with that one to the last packet; where the two lists
 * differ, ipf's behaviour is reported as a warning.
 */
#include "verify.h"

#include "../filter/decide.h"
#include "../net/portset.h"

struct proof {
	const struct verify *v;
	const struct policy *meaning;
	struct arena arena, scratch;
	struct filter_outcomes outcomes;
	const struct ipf_file *file;
	const struct filter_class *class;
	bool quirks;                    /* the list being made is ipf's, not the rules' */
	bool odd;                       /* and it is another one than the rules' */
	uint32_t warned;
	bool failed;
};

#define FALLBACK UINT32_MAX     /* a box's source that is no entry */
#define THIN_MIN 4096           /* boxes */

static const uint8_t proto_number[LANG_PROTOS] = {
	[LANG_AH] = 51, [LANG_ESP] = 50, [LANG_ICMP] = IPF_ICMP, [LANG_ICMP6] = IPF_ICMP6,
	[LANG_TCP] = IPF_TCP, [LANG_UDP] = 17,
};

/* --- outcomes ---------------------------------------------------------------------------- */

static uint32_t
outcome(struct proof *pf, enum filter_verdict verdict, bool state, bool frags,
    const struct policy_entry *e)
{
	struct filter_outcome o;

	memset(&o, 0, sizeof(o));
	o.verdict = (uint8_t)verdict;
	if (verdict == FILTER_PASS) {
		o.state.on = state;
		o.frags.on = frags;
	}
	if (e && pf->v->tags) {
		o.has_tag = o.has_uuid = true;
		o.tag = e->rule->uuid;
		o.cfwlog = rule_is_true(e->rule->log);
	}
	return filter_outcome_number(&pf->outcomes, &o);
}

/* --- the policy as rectangles -------------------------------------------------------------- */

static void
add_box(struct proof *pf, struct region_list *out, struct prefix p, struct port_range k,
    uint32_t what, uint32_t source)
{
	*vec_push(&pf->scratch, &out->box) = (struct region_box){ prefix_first(p), prefix_last(p),
		k.first, k.last, what, source };
}

/* The part of an entry's line that lies in k, where all packets can or cannot have state. */
static void
add_uniform(struct proof *pf, struct region_list *out, const struct policy_entry *e,
    struct prefix p, struct port_range k, bool can_state, uint32_t source)
{
	bool allow = e->action == LANG_ALLOW;

	if (e->keep_state && !can_state && pf->v->level == 0 && pf->quirks) {
		pf->odd = true;         /* ipf takes the line for one that did not match */
		return;
	}
	add_box(pf, out, p, k, outcome(pf, allow ? FILTER_PASS : FILTER_BLOCK,
	    e->keep_state && can_state, true, e), source);
}

static void
add_line(struct proof *pf, struct region_list *out, const struct policy_entry *e,
    struct prefix p, struct port_range k, uint32_t source)
{
	if (!lang_has_types(e->proto) || !e->keep_state) {
		add_uniform(pf, out, e, p, k, true, source);
		return;
	}
	for (unsigned type = k.first >> 8; type <= k.last >> 8u; type++) {
		struct port_range one = { (uint16_t)(type << 8), (uint16_t)(type << 8 | 255) };

		one.first = one.first < k.first ? k.first : one.first;
		one.last = one.last > k.last ? k.last : one.last;
		add_uniform(pf, out, e, p, one, policy_icmp_state(e->proto, type), source);
	}
}

static void
add_prefix(struct proof *pf, struct region_list *out, const struct policy_entry *e,
    struct prefix p, uint32_t source)
{
	bool v6 = pf->v->fam == NET_V6;

	if (pf->quirks && v6 && (e->proto == LANG_AH ||
	    (pf->v->level == 0 && prefix_has_host_bits(p)))) {
		pf->odd = true;
		return;
	}
	if (e->all_items)
		add_line(pf, out, e, p, (struct port_range){ 0, UINT16_MAX }, source);
	for (unsigned i = 0; i < e->n_items; i++) {
		const struct lang_item *it = &e->items[i];
		struct port_range k = { it->a, it->b };

		if (lang_has_types(e->proto)) {
			k.first = (uint16_t)(it->a << 8 | (it->b == LANG_ANY_CODE ? 0 : it->b));
			k.last = (uint16_t)(it->a << 8 | (it->b == LANG_ANY_CODE ? 255 : it->b));
		}
		add_line(pf, out, e, p, k, source);
	}
}

static struct prefix
everything(enum net_family fam)
{
	return (struct prefix){ fam == NET_V4 ? addr_v4(0) : (struct addr){ 0, 0 },
		fam == NET_V4 ? NET_V4_BASE : 0, (uint8_t)fam };
}

/* What the default policy makes of a class: in all blocked, out as the fallback lines say. */
static void
add_default(struct proof *pf, struct region_list *out)
{
	const struct filter_class *c = pf->class;
	bool opening = (c->tcp_flags & (IPF_TH_SYN | IPF_TH_ACK)) == IPF_TH_SYN;
	unsigned icmp = pf->v->fam == NET_V4 ? IPF_ICMP : IPF_ICMP6;
	enum lang_proto as = pf->v->fam == NET_V4 ? LANG_ICMP : LANG_ICMP6;
	struct prefix all = everything(pf->v->fam);
	struct port_range k = { 0, UINT16_MAX };

	if (c->dir == IPF_IN) {
		add_box(pf, out, all, k, outcome(pf, FILTER_BLOCK, false, false, NULL), FALLBACK);
	} else if (c->proto == IPF_TCP && !c->other_proto) {
		add_box(pf, out, all, k, outcome(pf, FILTER_PASS, opening, false, NULL), FALLBACK);
	} else if (c->proto == proto_number[LANG_UDP] && !c->other_proto) {
		add_box(pf, out, all, k, outcome(pf, FILTER_PASS, true, false, NULL), FALLBACK);
	} else if (c->proto == icmp && !c->other_proto) {
		for (unsigned type = 0; type < 256; type++)
			if (policy_icmp_state(as, type))
				add_box(pf, out, all, (struct port_range){ (uint16_t)(type << 8),
				    (uint16_t)(type << 8 | 255) },
				    outcome(pf, FILTER_PASS, true, false, NULL), FALLBACK);
		add_box(pf, out, all, k, outcome(pf, FILTER_PASS, false, false, NULL), FALLBACK);
	}
}

static void
policy_boxes(struct proof *pf, bool quirks, struct region_list *out)
{
	const struct filter_class *c = pf->class;

	memset(out, 0, sizeof(*out));
	pf->quirks = quirks;
	for (uint32_t i = 0; i < pf->meaning->entries.n; i++) {
		const struct policy_entry *e = &pf->meaning->entries.v[i];

		if ((e->side == LANG_TO) != (c->dir == IPF_IN) || c->other_proto ||
		    proto_number[e->proto] != c->proto ||
		    (e->proto == LANG_ICMP && pf->v->fam == NET_V6) ||
		    (e->proto == LANG_ICMP6 && pf->v->fam == NET_V4))
			continue;
		if (e->any)
			add_prefix(pf, out, e, everything(pf->v->fam), i);
		for (uint32_t k = 0; k < e->n_addrs; k++)
			if (e->addrs[k].fam == pf->v->fam)
				add_prefix(pf, out, e, e->addrs[k], i);
	}
	add_default(pf, out);
}

/* --- differences ------------------------------------------------------------------------------ */

static void
write_cause(struct proof *pf, struct buf *out, const struct region_box *box)
{
	if (!box || box->source == FALLBACK) {
		buf_str(out, " by default");
		return;
	}
	buf_str(out, " by rule ");
	buf_uuid(out, pf->meaning->entries.v[box->source].rule->uuid);
}

static void
begin_report(struct proof *pf, struct buf *out, const struct region_diff *d,
    struct filter_packet *packet)
{
	filter_class_packet(pf->class, d->lo, d->klo, packet);
	buf_str(out, "VM ");
	buf_uuid(out, pf->meaning->vm->uuid);
	buf_printf(out, ", %s: packet ", pf->v->file);
	filter_packet_text(out, packet);
}

static void
write_outcome(struct proof *pf, struct buf *out, const struct region_box *box)
{
	if (box)
		filter_outcome_text(out, &pf->outcomes.list.v[box->outcome]);
	else
		buf_str(out, "no line matches");
}

/* The text and the policy differ: an internal error. */
static void
report_difference(struct proof *pf, const struct region_diff *d)
{
	struct filter_packet packet;
	struct filter_result r;
	struct buf text = { 0 };

	begin_report(pf, &text, d, &packet);
	filter_eval(pf->file, &packet, &r, NULL);
	buf_str(&text, ": the file says ");
	filter_outcome_text(&text, &r.outcome);
	if (r.line) {
		uint32_t line, column;

		src_position(pf->file->src, r.line->at.off, &line, &column, NULL);
		buf_printf(&text, " by line %u (%.*s)", line, (int)r.line->at.len,
		    pf->file->src->text.p + r.line->at.off);
	}
	buf_str(&text, ", the rules say ");
	write_outcome(pf, &text, d->b);
	write_cause(pf, &text, d->b);
	buf_char(&text, '\0');
	diag_add(pf->v->diags, DIAG_verify_differs, NULL, (struct span){ 0, 0 }, text.p);
	buf_free(&text);
	pf->failed = true;
}

/* ipf and the rules differ, as is known: one warning for each class of packets. */
static void
report_known(struct proof *pf, const struct region_diff *d)
{
	struct filter_packet packet;
	struct buf text = { 0 };

	begin_report(pf, &text, d, &packet);
	buf_str(&text, ": ipf will ");
	write_outcome(pf, &text, d->a);
	buf_str(&text, ", the rules say ");
	write_outcome(pf, &text, d->b);
	write_cause(pf, &text, d->b);
	buf_char(&text, '\0');
	diag_add(pf->v->diags, DIAG_verify_known, NULL, (struct span){ 0, 0 }, text.p);
	buf_free(&text);
	pf->warned++;
}

/* Large lists are mostly of boxes behind others. */
static void
thin(struct region_list *list)
{
	if (list->box.n > THIN_MIN)
		region_thin(list);
}

static void
report_large(struct proof *pf)
{
	struct buf text = { 0 };

	buf_str(&text, "VM ");
	buf_uuid(&text, pf->meaning->vm->uuid);
	buf_printf(&text, ": %s", pf->v->file);
	buf_char(&text, '\0');
	diag_add(pf->v->diags, DIAG_verify_large, NULL, (struct span){ 0, 0 }, text.p);
	buf_free(&text);
	pf->failed = true;
}

static void
prove_class(struct proof *pf)
{
	struct addr first = family_first(pf->v->fam), last = family_last(pf->v->fam);
	struct region_list text, means, does;
	struct region_diff d;

	pf->odd = false;
	if (!filter_boxes(&pf->scratch, pf->file, pf->class, &pf->outcomes, &text)) {
		report_large(pf);
		return;
	}
	policy_boxes(pf, true, &does);
	thin(&text);
	thin(&does);
	if (region_differ(&pf->scratch, first, last, &text, &does, &d))
		report_difference(pf, &d);
	if (!pf->odd || pf->failed)
		return;
	policy_boxes(pf, false, &means);
	thin(&means);
	if (region_differ(&pf->scratch, first, last, &does, &means, &d))
		report_known(pf, &d);
}

static void
add_protocols(struct filter_space *space, const struct proof *pf)
{
	filter_space_flags(space, IPF_TH_SYN, IPF_TH_SYN | IPF_TH_ACK);
	for (int p = 0; p < LANG_PROTOS; p++)
		if (p != (pf->v->fam == NET_V4 ? LANG_ICMP6 : LANG_ICMP))
			filter_space_proto(space, proto_number[p]);
}

bool
verify_file(const struct verify *v, const struct policy *meaning, struct slice text)
{
	struct proof pf = { .v = v, .meaning = meaning };
	struct src src = { .name = slice_of(v->file), .text = text };
	struct diags found = { .arena = &pf.arena };    /* they point into src */
	struct filter_space *space;
	struct ipf_file file;

	pf.outcomes.arena = &pf.arena;
	if (text.n > IPF_FILE_MAX) {
		report_large(&pf);
		return false;
	}
	if (ipf_read(&pf.arena, &found, &src, v->fam, &file)) {
		pf.file = &file;
		space = arena_zero(&pf.arena, sizeof(*space));
		filter_space_init(space, &pf.arena, v->fam);
		filter_space_add(space, &file);
		add_protocols(space, &pf);
		if (!filter_space_close(space))
			report_large(&pf);
		for (uint32_t i = 0; i < space->list.n && !pf.failed; i++) {
			pf.class = &space->list.v[i];
			prove_class(&pf);
			arena_reset(&pf.scratch);
		}
	} else {
		diag_add(v->diags, DIAG_internal, NULL, (struct span){ 0, 0 },
		    arena_printf(&pf.arena, "%s cannot be read back: %s", v->file,
		    found.list.v[0].text));
		pf.failed = true;
	}
	arena_free(&pf.arena);
	arena_free(&pf.scratch);
	return !pf.failed;
}
