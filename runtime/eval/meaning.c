/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What rules mean for one packet, straight from their definition (spec 3): each
 * is asked by itself whether it names the VM on this side, the remote address on
 * the other, and the packet's protocol and port or type; priority, then action,
 * says which of those that match decides.  It shares nothing with the policies
 * and passes that files are made by, and so can judge them.
 *
 * Cost: rules times targets; VMs count only if they have the remote address.
 */
#include "eval.h"

const struct eval_name eval_reason_table[] = {
	{ "VM_FIREWALL_OFF", "the VM's firewall is off", EVAL_FIREWALL_OFF },
	{ "RULE_DISABLED", "the rule is disabled", EVAL_DISABLED },
	{ "OWNER_MISMATCH", "the rule's owner is not the VM's", EVAL_OWNER },
	{ "REMOTE_OWNER_MISMATCH", "the VM at the other end is not its owner's",
	    EVAL_REMOTE_OWNER },
	{ "OTHER_DIRECTION", "it names the VM for the other direction only",
	    EVAL_OTHER_DIRECTION },
	{ "VM_NOT_NAMED", "it does not name the VM", EVAL_NOT_NAMED },
	{ "REPEATS_DEFAULT", "without a priority it only repeats the default policy",
	    EVAL_DEFAULT },
	{ "REMOTE_NOT_NAMED", "it does not name the address at the other end", EVAL_REMOTE },
	{ "AH_IPV6", "ipf never matches ah on IPv6", EVAL_AH_IPV6 },
	{ "IPV6_HOST_BITS", "at -O0 ipf never matches its subnet, which has bits right of the mask",
	    EVAL_HOST_BITS },
	{ "NO_STATE", "at -O0 its line keeps state, which this ICMP type cannot have, so ipf "
	    "passes it over", EVAL_NO_STATE },
};
const size_t eval_reason_count = BASE_COUNT(eval_reason_table);

/* --- parts of a rule ------------------------------------------------------------------- */

enum lang_proto
eval_proto(unsigned number)
{
	static const uint8_t numbers[LANG_PROTOS] = {
		[LANG_AH] = IPF_AH, [LANG_ESP] = 50, [LANG_ICMP] = IPF_ICMP,
		[LANG_ICMP6] = IPF_ICMP6, [LANG_TCP] = IPF_TCP, [LANG_UDP] = IPF_UDP,
	};

	for (int i = 0; i < LANG_PROTOS; i++)
		if (numbers[i] == number)
			return (enum lang_proto)i;
	return LANG_PROTOS;
}

static bool
item_matches(const struct lang_item *i, enum lang_proto proto, const struct filter_packet *p)
{
	if (lang_has_types(proto))
		return i->a == p->type && (i->b == LANG_ANY_CODE || i->b == p->code);
	return i->range ? i->a <= p->dport && p->dport <= i->b : i->a == p->dport;
}

static bool
kind_matches(const struct rule *r, const struct filter_packet *p)
{
	if (r->proto != eval_proto(p->proto))
		return false;
	if ((r->proto == LANG_ICMP && p->fam != NET_V4) ||
	    (r->proto == LANG_ICMP6 && p->fam != NET_V6))
		return false;
	for (unsigned i = 0; i < r->n_items && !r->all; i++)
		if (item_matches(&r->items[i], r->proto, p))
			return true;
	return r->all;
}

/* Does a side name the VM, if owners are left aside? */
static bool
names(const struct rule_side *s, const struct vm *vm)
{
	if (s->vmall)
		return true;
	for (unsigned i = 0; i < s->n_vms; i++)
		if (uuid_cmp(s->vms[i], vm->uuid) == 0)
			return true;
	for (unsigned i = 0; i < s->n_tags; i++)
		for (uint32_t k = 0; k < vm->n_tags; k++)
			if (slice_eq(s->tags[i].key, vm->tags[k].key) && (!s->tags[i].has_value ||
			    slice_eq(s->tags[i].value, vm->tags[k].value)))
				return true;
	return false;
}

/* As far as addresses are looked up: a VM without owner counts for any rule. */
static bool
may_name(const struct rule *r, const struct vm *vm)
{
	return !vm->has_owner || policy_applies(r, vm);
}

/*
 * The side of the remote address: reasons but for which it matches, 0 if it does,
 * or UINT_MAX.
 */
static unsigned
far_reasons(const struct eval_case *c, const struct rule *r, const struct rule_side *s)
{
	struct prefix a = { c->packet.remote, 128, c->packet.fam };
	unsigned reasons = UINT32_MAX;

	if (s->any)
		return 0;
	for (unsigned i = 0; i < s->n_ips; i++)
		if (prefix_cmp(s->ips[i], a) == 0)
			return 0;
	for (uint32_t i = 0; i < c->n_others; i++) {
		if (!names(s, c->others[i]))
			continue;
		if (may_name(r, c->others[i]))
			return 0;
		reasons = EVAL_REMOTE_OWNER;
	}
	for (unsigned i = 0; i < s->n_subnets; i++) {
		if (!prefix_contains(s->subnets[i], a))
			continue;
		if (c->opts.level || a.fam == NET_V4 || !prefix_has_host_bits(s->subnets[i]))
			return 0;
		reasons = EVAL_HOST_BITS;
	}
	return reasons;
}

/* Would the line of the rule keep state? */
static bool
keeps_state(const struct eval_case *c, const struct rule *r)
{
	if (r->added)
		return false;
	if (c->opts.tags)
		return true;
	return c->packet.dir == IPF_OUT ? r->action == LANG_ALLOW : c->blocks_out;
}

static bool
can_keep(const struct filter_packet *p)
{
	return filter_can_keep_state(p->fam, p->proto, p->type);
}

/* --- a rule ---------------------------------------------------------------------------- */

unsigned
eval_rule(const struct eval_case *c, const struct rule *r, bool *concerns)
{
	enum lang_side near = c->packet.dir == IPF_OUT ? LANG_FROM : LANG_TO;
	enum lang_side far = near == LANG_FROM ? LANG_TO : LANG_FROM;
	unsigned reasons = 0, there;

	*concerns = false;
	if (!kind_matches(r, &c->packet))
		return 0;
	if (names(&r->side[near], c->vm)) {
		there = far_reasons(c, r, &r->side[far]);
	} else if (names(&r->side[far], c->vm) &&
	    far_reasons(c, r, &r->side[near]) == 0) {
		there = EVAL_OTHER_DIRECTION;
	} else {
		there = far_reasons(c, r, &r->side[far]);
		reasons |= EVAL_NOT_NAMED;
	}
	reasons |= there == UINT32_MAX ? EVAL_REMOTE : there;
	if (!rule_is_true(r->enabled))
		reasons |= EVAL_DISABLED;
	if (!c->vm->firewall)
		reasons |= EVAL_FIREWALL_OFF;
	if (!policy_applies(r, c->vm))
		reasons |= EVAL_OWNER;
	if (!(reasons & EVAL_OTHER_DIRECTION) && rule_repeats_default(r, near))
		reasons |= EVAL_DEFAULT;
	if (r->proto == LANG_AH && c->packet.fam == NET_V6)
		reasons |= EVAL_AH_IPV6;
	if (c->opts.level == 0 && keeps_state(c, r) && !can_keep(&c->packet))
		reasons |= EVAL_NO_STATE;
	/* Of another address's rules only those are of interest that have nothing else. */
	*concerns = !(reasons & EVAL_REMOTE) || reasons == EVAL_REMOTE;
	return *concerns ? reasons : 0;
}

unsigned
eval_rank(const struct rule *r, unsigned dir)
{
	/* Out a BLOCK comes before an ALLOW, in it is the other way round. */
	bool later = (r->action == LANG_ALLOW) == (dir == IPF_OUT);

	return (unsigned)(RULE_FIRST - r->priority) * 2u + later;
}

bool
eval_blocks_out(const struct rule *r, const struct vm *vm, enum lang_proto proto)
{
	return r->action == LANG_BLOCK && r->proto == proto && rule_is_true(r->enabled) &&
	    policy_applies(r, vm) && names(&r->side[LANG_FROM], vm);
}

/* --- the packet ------------------------------------------------------------------------- */

void
eval_case_init(struct eval_case *c, struct arena *arena, const struct inventory *inv,
    const struct vm *vm, const struct filter_packet *p, struct rule *const *rules,
    uint32_t n_rules, struct eval_opts opts)
{
	struct prefix a = { p->remote, 128, p->fam };
	VEC(const struct vm *) others = { 0 };

	*c = (struct eval_case){ .inv = inv, .vm = vm, .packet = *p, .opts = opts };
	for (uint32_t i = 0; i < inv->vms.n; i++)
		for (uint32_t k = 0; k < inv->vms.v[i]->n_addrs; k++)
			if (prefix_cmp(inv->vms.v[i]->addrs[k], a) == 0) {
				*vec_push(arena, &others) = inv->vms.v[i];
				break;
			}
	c->others = others.v;
	c->n_others = others.n;
	for (uint32_t i = 0; i < n_rules && !c->blocks_out; i++)
		c->blocks_out = eval_blocks_out(rules[i], vm, eval_proto(p->proto));
}

/* The lines at the end of every file. */
static void
default_outcome(const struct filter_packet *p, struct filter_outcome *out)
{
	bool opening = (p->tcp_flags & (IPF_TH_SYN | IPF_TH_ACK)) == IPF_TH_SYN;

	if (p->dir == IPF_IN) {
		out->verdict = FILTER_BLOCK;
	} else if (filter_has_ports(p->proto) || filter_has_types(p->fam, p->proto)) {
		out->verdict = FILTER_PASS;
		out->state.on = p->proto == IPF_TCP ? opening : can_keep(p);
	}
}

void
eval_outcome(const struct eval_case *c, const struct rule *decides, struct filter_outcome *out)
{
	memset(out, 0, sizeof(*out));
	if (!c->vm->firewall) {
		out->verdict = FILTER_PASS;
		return;
	}
	if (!decides) {
		default_outcome(&c->packet, out);
		return;
	}
	out->verdict = decides->action == LANG_ALLOW ? FILTER_PASS : FILTER_BLOCK;
	if (out->verdict != FILTER_PASS)
		return;
	out->frags.on = true;
	out->state.on = keeps_state(c, decides) && can_keep(&c->packet);
}
