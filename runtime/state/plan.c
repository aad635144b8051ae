/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which VMs' files an operation concerns (spec 4).
 *
 * What spec 4 names is PLAN_NAMED.  Where it names fewer VMs than have a file that
 * the change makes wrong (a remote VM whose tags changed, one without owner, rules
 * with a priority), those are PLAN_STALE: compiled, too, and rewritten and told of
 * only if their text is another one.  The disk so always is what the rules say.
 */
#include "state_int.h"

void
plan_init(struct plan *p, struct host *h, struct arena *arena)
{
	p->host = h;
	p->arena = arena;
	p->vms = arena_zero(arena, h->inv.n_local);
}

/* --- the local VMs of a rule -------------------------------------------------------------- */

static void
each_address(struct host *h, const struct rule *r, const struct prefix *ip,
    void (*fn)(void *context, uint32_t vm), void *context)
{
	const uint32_t *at = strmap_get(&h->addrs, (struct slice){ (const char *)&ip->a,
	    sizeof(ip->a) });

	for (uint32_t i = at ? *at : UINT32_MAX; i != UINT32_MAX; i = h->by_addr.v[i].next)
		if (policy_applies(r, h->inv.vms.v[h->by_addr.v[i].vm]))
			fn(context, h->by_addr.v[i].vm);
}

void
plan_each_named(struct host *h, const struct rule *r, struct arena *arena,
    void (*fn)(void *context, uint32_t vm), void *context)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct rule_side *s = &r->side[side];
		uint32_t n;
		const struct policy_named *named = policy_names_side(h->names, r, side, arena, &n);

		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < named[i].n && named[i].vms[k] < h->inv.n_local; k++)
				if (policy_applies(r, h->inv.vms.v[named[i].vms[k]]))
					fn(context, named[i].vms[k]);
		for (unsigned i = 0; i < s->n_ips; i++)
			each_address(h, r, &s->ips[i], fn, context);
	}
}

struct adding {
	struct plan *p;
	unsigned bits;
};

static void
add_vm(void *context, uint32_t vm)
{
	struct adding *a = context;

	a->p->vms[vm] |= (uint8_t)a->bits;
}

void
plan_add_rule(struct plan *p, const struct rule *r, unsigned bits)
{
	struct adding a = { p, bits };

	plan_each_named(p->host, r, p->arena, add_vm, &a);
}

/* --- the local VMs of a VM ------------------------------------------------------------------ */

static bool
names_vms(const struct rule_side *s)
{
	return s->n_tags || s->n_vms || s->vmall;
}

/* Can the VM, which the rule has on these sides, matter to others through it (spec 4)? */
static bool
matters(const struct rule *r, unsigned sides)
{
	enum lang_side has = r->action == LANG_ALLOW ? LANG_FROM : LANG_TO;
	enum lang_side far = has == LANG_FROM ? LANG_TO : LANG_FROM;

	return (sides >> has & 1) && names_vms(&r->side[far]);
}

void
plan_search_begin(struct plan *p, enum names_how how)
{
	p->how = how;
	p->mark = ++p->host->s->mark;
	p->found.rules.n = 0;
}

void
plan_search(struct plan *p, const struct vm *vm)
{
	names_find(p->host->s, vm, p->how, p->arena, &p->found, p->mark);
}

void
plan_search_end(struct plan *p, bool former)
{
	for (uint32_t i = 0; i < p->found.rules.n; i++) {
		const struct state_item *it = p->found.rules.v[i];
		bool named = !former && (p->how == NAMES_REMOTE || matters(it->rule, it->sides));

		plan_add_rule(p, it->rule, named ? PLAN_NAMED : PLAN_STALE);
	}
}
