/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Checks of rules against the VMs there are.  What rules can name is looked up under
 * keys (tag, tag and value, UUID, all), each once for everybody and once for each
 * owner, so a rule costs what it names.
 */
#include <stdlib.h>

#include "../base/text.h"
#include "../net/pset.h"
#include "vms.h"

/* VMs of a target that are looked at, where one that differs ends the search. */
#define VMS_MAX 64

enum name_kind { NAME_ALL, NAME_TAG, NAME_VALUE, NAME_VM };

struct name {
	enum name_kind kind;
	struct slice key, value;
	struct uuid vm;
	bool has_owner;
	struct uuid owner;
};

/* VMs under a key, local ones only as numbers. */
struct named {
	bool unowned;                   /* one of them, local or not, is nobody's */
	VEC(uint32_t) local;
};

struct names {
	struct lint *l;
	const struct inventory *inv;
	struct strmap map;
	VEC(struct named) list;
	VEC(struct slice) keys;         /* of tags, each once */
	struct buf key;
	/* Types of ICMPv6 that rules let in, under the same keys: bit type - 133. */
	struct strmap let_in;
	uint32_t types;                 /* of the VM that is being looked at */
};

static struct slice
name_key(struct names *n, const struct name *x)
{
	uint32_t size = (uint32_t)x->key.n;

	n->key.n = 0;
	buf_char(&n->key, (char)(x->kind * 2 + x->has_owner));
	if (x->has_owner)
		buf_add(&n->key, x->owner.b, sizeof(x->owner.b));
	if (x->kind == NAME_VM)
		buf_add(&n->key, x->vm.b, sizeof(x->vm.b));
	buf_add(&n->key, &size, sizeof(size));
	buf_slice(&n->key, x->key);
	buf_slice(&n->key, x->value);
	return buf_view(&n->key);
}

static uint32_t *
put(struct names *n, struct strmap *map, const struct name *x)
{
	struct slice key = name_key(n, x);
	uint32_t *at = (uint32_t *)strmap_get(map, key);

	return at ? at : strmap_put(&n->l->scratch, map, arena_slice(&n->l->scratch, key));
}

static const struct named *
get(struct names *n, const struct name *x)
{
	const uint32_t *at = strmap_get(&n->map, name_key(n, x));

	return at ? &n->list.v[*at] : NULL;
}

/* Calls fn for each key that names a VM: with and without its owner. */
static void
each_name(struct names *n, const struct vm *vm, void (*fn)(struct names *n, const struct name *x,
    uint32_t vm), uint32_t number)
{
	for (int owner = 0; owner < (vm->has_owner ? 2 : 1); owner++) {
		struct name x = { .kind = NAME_ALL, .has_owner = owner != 0, .owner = vm->owner };

		fn(n, &x, number);
		x.kind = NAME_VM;
		x.vm = vm->uuid;
		fn(n, &x, number);
		for (uint32_t i = 0; i < vm->n_tags; i++) {
			x.kind = NAME_TAG;
			x.key = vm->tags[i].key;
			x.value = (struct slice){ 0 };
			fn(n, &x, number);
			x.kind = NAME_VALUE;
			x.value = vm->tags[i].value;
			fn(n, &x, number);
		}
	}
}

static void
add_name(struct names *n, const struct name *x, uint32_t vm)
{
	uint32_t *at = put(n, &n->map, x);
	struct named *named;

	if (*at == UINT32_MAX) {
		*at = n->list.n;
		memset(vec_push(&n->l->scratch, &n->list), 0, sizeof(struct named));
		if (x->kind == NAME_TAG && !x->has_owner)
			*vec_push(&n->l->scratch, &n->keys) = x->key;
	}
	named = &n->list.v[*at];
	named->unowned |= !n->inv->vms.v[vm]->has_owner;
	if (n->inv->vms.v[vm]->local && named->local.n < VMS_MAX)
		*vec_push(&n->l->scratch, &named->local) = vm;
}

/* --- unknown names, and those of others ------------------------------------------------ */

static struct name
name_of(const struct ast_target *t)
{
	struct name x = { .kind = NAME_ALL };

	if (t->kind == AST_VM) {
		x.kind = NAME_VM;
		x.vm = t->vm;
	} else if (t->kind == AST_TAG) {
		x.kind = t->has_value ? NAME_VALUE : NAME_TAG;
		x.key = t->text;
		x.value = t->value;
	}
	return x;
}

static void
help_tag(struct names *n, struct lint_finding *f, const struct ast_target *t)
{
	struct name x = name_of(t);
	const struct named *named;

	x.kind = NAME_TAG;
	x.value = (struct slice){ 0 };
	named = get(n, &x);
	if (named && named->local.n) {
		const struct vm *vm = n->inv->vms.v[named->local.v[0]];

		for (uint32_t i = 0; i < vm->n_tags; i++)
			if (slice_eq(vm->tags[i].key, t->text))
				lint_help(n->l, f, "a VM has the tag with the value \"%.*s\"",
				    SLICE_ARGS(vm->tags[i].value));
		return;
	}
	for (uint32_t i = 0; i < n->keys.n && i < 1000 && !named; i++)
		if (text_distance(n->keys.v[i], t->text) <= 2) {
			lint_help(n->l, f, "did you mean \"%.*s\"?", SLICE_ARGS(n->keys.v[i]));
			return;
		}
}

/* Has somebody without an owner the name?  That counts where addresses are looked up. */
static bool
named_unowned(struct names *n, const struct name *x)
{
	const struct named *all = get(n, x);

	return all && all->unowned;
}

static void
check_target(struct names *n, const struct lint_rule *r, const struct ast_target *t)
{
	struct name x = name_of(t);
	struct lint_finding *f;

	if (t->kind == AST_ANY || t->kind == AST_IP || t->kind == AST_SUBNET)
		return;
	if (!get(n, &x)) {
		if (t->kind == AST_VM) {
			f = lint_report(n->l, r, LINT_unknown_vm, t->span,
			    "no VM has the UUID %.*s", SLICE_ARGS(t->text));
			lint_help(n->l, f, "VMs of other hosts are given with --remote-vms");
		} else if (t->kind == AST_TAG) {
			f = lint_report(n->l, r, LINT_unknown_tag, t->span, t->has_value
			    ? "no VM has the tag with that value" : "no VM has the tag");
			help_tag(n, f, t);
		}
		return;
	}
	if (!r->rule->has_owner || named_unowned(n, &x))
		return;
	x.has_owner = true;
	x.owner = r->rule->owner;
	if (!get(n, &x)) {
		f = lint_report(n->l, r, LINT_owner_mismatch, t->span, t->kind == AST_VM
		    ? "the VM belongs to another owner than the rule" : t->kind == AST_TAG
		    ? "all VMs with the tag belong to other owners than the rule"
		    : "the rule's owner has no VM");
		lint_help(n->l, f, "a rule with an owner names only that owner's VMs; one without, "
		    "@global, names all");
	}
}

/* --- the VMs of a side ---------------------------------------------------------------- */

typedef bool vm_fn(void *context, const struct vm *vm);

/* Calls fn for local VMs that a side names, until it returns true; at most VMS_MAX a target. */
static bool
each_vm(struct names *n, const struct lint_rule *r, enum lang_side side, vm_fn *fn, void *context)
{
	const struct ast_side *s = &r->ast->side[side];

	for (uint32_t i = 0; i < s->targets.n; i++) {
		const struct ast_target *t = &s->targets.v[i];
		struct name x = name_of(t);
		const struct named *named;

		if (t->kind == AST_ANY || t->kind == AST_IP || t->kind == AST_SUBNET)
			continue;
		x.has_owner = r->rule->has_owner;
		x.owner = r->rule->owner;
		named = get(n, &x);
		for (uint32_t k = 0; named && k < named->local.n; k++)
			if (fn(context, n->inv->vms.v[named->local.v[k]]))
				return true;
	}
	return false;
}

static bool
has_family(const struct vm *vm, unsigned fam)
{
	for (uint32_t i = 0; i < vm->n_addrs; i++)
		if (vm->addrs[i].fam == fam)
			return true;
	return false;
}

static bool
is_v6(void *context, const struct vm *vm)
{
	const struct vm **found = context;

	*found = vm;
	return has_family(vm, NET_V6);
}

/* Where no address of the rule itself says that it is about IPv6 (lint_check_meaning). */
static void
check_ah(struct names *n, const struct lint_rule *r)
{
	const struct vm *vm = NULL;
	char uuid[UUID_TEXT + 1];

	if (r->rule->proto != LANG_AH)
		return;
	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < r->ast->side[s].targets.n; i++) {
			const struct ast_target *t = &r->ast->side[s].targets.v[i];

			if (t->kind == AST_IP || t->kind == AST_SUBNET)
				return;
		}
	if (!each_vm(n, r, LANG_TO, is_v6, &vm) && !each_vm(n, r, LANG_FROM, is_v6, &vm))
		return;
	uuid_write(uuid, vm->uuid);
	uuid[UUID_TEXT] = '\0';
	lint_help(n->l, lint_report(n->l, r, LINT_ah_ipv6, r->ast->proto_span,
	    "ipf never matches ah on IPv6, which VM %s has", uuid),
	    "esp is matched on both families");
}

/* --- addresses that cannot be reached --------------------------------------------------- */

struct reach {
	const struct lint_vms *vms;
	struct prefix p;
	uint32_t seen;
};

static bool
reaches(void *context, const struct vm *vm)
{
	struct reach *r = context;
	const uint32_t *at = strmap_get(&r->vms->by_uuid,
	    (struct slice){ (const char *)vm->uuid.b, sizeof(vm->uuid.b) });
	const struct lint_vm *v = at ? &r->vms->list.v[*at] : NULL;

	if (!v || v->way_out[r->p.fam == NET_V6] || ++r->seen >= VMS_MAX)
		return true;
	for (uint32_t i = 0; i < v->addrs.n; i++) {
		struct prefix net = v->addrs.v[i].net;

		if (prefix_contains(net, r->p) || prefix_contains(r->p, net))
			return true;
	}
	return false;
}

static void
check_reach(struct names *n, const struct lint_rule *r)
{
	static const struct prefix local[2] = { { { 0xfe80000000000000, 0 }, 10, NET_V6 },
		{ { 0xff00000000000000, 0 }, 8, NET_V6 } };

	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < r->ast->side[s].targets.n; i++) {
			const struct ast_target *t = &r->ast->side[s].targets.v[i];
			struct reach reach = { .vms = n->l->vms, .p = t->prefix };

			if ((t->kind != AST_IP && t->kind != AST_SUBNET) ||
			    prefix_contains(local[0], t->prefix) ||
			    prefix_contains(local[1], t->prefix))
				continue;
			if (each_vm(n, r, !s, reaches, &reach) || reach.seen == 0)
				continue;
			lint_help(n->l, lint_report(n->l, r, LINT_off_network, t->span,
			    "no VM that the rule names can reach %.*s", SLICE_ARGS(t->text)),
			    "it is in none of their networks, and they have no gateway");
		}
}

/* --- openings of one family -------------------------------------------------------------- */

#define OPENINGS_MAX 1000

/* The families that a rule opens widely to its VMs: bit 0 IPv4, bit 1 IPv6. */
static unsigned
opens(const struct lint_rule *r)
{
	const struct ast_side *s = &r->ast->side[LANG_FROM];
	unsigned fams = 0;

	if (!rule_is_true((enum rule_bool)r->rule->enabled) || r->rule->action != LANG_ALLOW ||
	    !lang_has_ports((enum lang_proto)r->rule->proto) ||
	    !lint_names_vms(&r->rule->side[LANG_TO]))
		return 0;
	for (uint32_t i = 0; i < s->targets.n; i++) {
		const struct ast_target *t = &s->targets.v[i];

		if (t->kind == AST_ANY)
			fams = 3;
		if (t->kind == AST_SUBNET && prefix_bits(t->prefix) <= 8)
			fams |= t->prefix.fam == NET_V4 ? 1 : 2;
	}
	return fams;
}

struct opening {
	struct names *n;
	const struct lint_rule *r;
	const struct lint_rule *const *all;
	uint32_t n_all;
	unsigned fams;
	const struct vm *vm;
	char uuid[UUID_TEXT + 1];
};

static bool
is_vm(void *context, const struct vm *vm)
{
	return context == vm;
}

/* Does the VM have the other family, and nobody opens the ports for it? */
static bool
is_closed(void *context, const struct vm *vm)
{
	struct opening *o = context;
	struct arena arena = { 0 };
	struct portset left;

	if (!has_family(vm, o->fams == 1 ? NET_V6 : NET_V4))
		return false;
	left = lint_items(&arena, o->r->rule);
	for (uint32_t i = 0; i < o->n_all && !portset_is_empty(&left); i++) {
		const struct lint_rule *other = o->all[i];
		struct portset items;

		if (other->rule->proto != o->r->rule->proto || !(opens(other) & ~o->fams) ||
		    !each_vm(o->n, other, LANG_TO, is_vm, (void *)vm))
			continue;
		items = lint_items(&arena, other->rule);
		portset_minus(&arena, &left, &left, &items);
	}
	o->vm = vm;
	arena_free(&arena);
	return left.n > 0;
}

static void
check_families(struct names *n)
{
	VEC(const struct lint_rule *) all = { 0 };

	for (uint32_t i = 0; i < n->l->rules.n && all.n < OPENINGS_MAX; i++)
		if (opens(&n->l->rules.v[i]))
			*vec_push(&n->l->scratch, &all) = &n->l->rules.v[i];
	for (uint32_t i = 0; i < all.n; i++) {
		struct opening o = { .n = n, .r = all.v[i], .all = all.v, .n_all = all.n,
			.fams = opens(all.v[i]) };

		if (o.fams == 3 || !each_vm(n, o.r, LANG_TO, is_closed, &o))
			continue;
		uuid_write(o.uuid, o.vm->uuid);
		o.uuid[UUID_TEXT] = '\0';
		lint_report(n->l, o.r, LINT_one_family, o.r->ast->side[LANG_FROM].span,
		    "the opening is for IPv%d only, and VM %s has IPv%d too", o.fams == 1 ? 4 : 6,
		    o.uuid, o.fams == 1 ? 6 : 4);
	}
}

/* --- neighbour discovery ------------------------------------------------------------------ */

static unsigned
types_of(const struct rule *r)
{
	unsigned types = r->all ? 0xf : 0;

	for (unsigned i = 0; i < r->n_items && !r->all; i++)
		if (r->items[i].a >= 133 && r->items[i].a <= 136)
			types |= 1u << (r->items[i].a - 133);
	return types;
}

static void
note_let_in(struct names *n, const struct lint_rule *r)
{
	const struct ast_side *s = &r->ast->side[LANG_TO];

	if (!rule_is_true((enum rule_bool)r->rule->enabled) || r->rule->proto != LANG_ICMP6 ||
	    r->rule->action != LANG_ALLOW || !lint_holds_link(&r->rule->side[LANG_FROM]))
		return;
	for (uint32_t i = 0; i < s->targets.n; i++) {
		struct name x = name_of(&s->targets.v[i]);
		uint32_t *at;

		if (s->targets.v[i].kind == AST_ANY || s->targets.v[i].kind == AST_IP ||
		    s->targets.v[i].kind == AST_SUBNET)
			continue;
		x.has_owner = r->rule->has_owner;
		x.owner = r->rule->owner;
		at = put(n, &n->let_in, &x);
		*at = (*at == UINT32_MAX ? 0 : *at) | types_of(r->rule);
	}
}

static void
add_types(struct names *n, const struct name *x, uint32_t vm)
{
	const uint32_t *at = strmap_get(&n->let_in, name_key(n, x));

	(void)vm;
	if (at)
		n->types |= *at;
}

static void
check_discovery(struct names *n, const struct lint_vm *v)
{
	uint32_t number = inventory_find(n->inv, v->uuid);
	const struct vm *vm = number == UINT32_MAX ? NULL : n->inv->vms.v[number];
	struct lint_finding *f;
	char uuid[UUID_TEXT + 1];
	bool neighbours;

	if (!vm || !vm->local || !vm->firewall || !(has_family(vm, NET_V6) || v->addrconf) ||
	    n->l->config.icmp6)
		return;
	n->types = 0;
	each_name(n, vm, add_types, number);
	neighbours = (n->types & 0xc) == 0xc;
	if (neighbours && (!v->addrconf || n->types & 0x2))
		return;
	uuid_write(uuid, vm->uuid);
	uuid[UUID_TEXT] = '\0';
	f = lint_report_at(n->l, &n->l->config, v->src, LINT_no_discovery, v->at, neighbours
	    ? "VM %s has addrconf and lets no router advertisements in: it will get no address"
	    : "VM %s has IPv6 and lets no neighbour discovery in: IPv6 will stop working", uuid);
	lint_help(n->l, f, "compile with --icmp6=rfc4890 and say so to the linter, or add: FROM "
	    "any TO all vms ALLOW icmp6 (TYPE 133 AND TYPE 134 AND TYPE 135 AND TYPE 136)");
}

/* --- addresses of two VMs ------------------------------------------------------------------ */

struct holder {
	const struct lint_vm *vm;
	const struct lint_nic_addr *addr;
};

static int
by_address(const void *x, const void *y)
{
	const struct holder *a = x, *b = y;
	int d = (int)a->addr->net.fam - (int)b->addr->net.fam;

	if (d || (d = addr_cmp(a->addr->net.a, b->addr->net.a)) != 0)
		return d;
	return uuid_cmp(a->vm->uuid, b->vm->uuid);
}

static bool
different_links(const struct lint_nic_addr *a, const struct lint_nic_addr *b)
{
	return a->has_link && b->has_link &&
	    (a->vlan != b->vlan || !slice_eq(a->nic_tag, b->nic_tag));
}

static void
check_shared(struct names *n)
{
	const struct lint_vms *vms = n->l->vms;
	struct diags ds = { .arena = n->l->arena };
	VEC(struct holder) all = { 0 };

	for (uint32_t i = 0; i < vms->list.n; i++)
		for (uint32_t k = 0; k < vms->list.v[i].addrs.n; k++)
			*vec_push(&n->l->scratch, &all) = (struct holder){ &vms->list.v[i],
				&vms->list.v[i].addrs.v[k] };
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_address);
	for (uint32_t i = 1; i < all.n; i++) {
		const struct holder *a = &all.v[i - 1], *b = &all.v[i];
		struct prefix host = b->addr->net;
		char text[NET_TEXT_MAX], uuid[UUID_TEXT + 1];
		struct lint_finding *f;

		if (a->vm == b->vm || host.fam != a->addr->net.fam ||
		    addr_cmp(host.a, a->addr->net.a) != 0 || different_links(a->addr, b->addr))
			continue;
		uuid_write(uuid, b->vm->uuid);
		uuid[UUID_TEXT] = '\0';
		f = lint_report_at(n->l, &n->l->config, b->vm->src, LINT_address_twice, b->vm->at,
		    "VM %s has the address %.*s, which another VM has, too", uuid,
		    (int)addr_write(text, host.a, host.fam), text);
		if (f)
			diag_relate(&ds, &f->d, a->vm->src, a->vm->at, "this VM");
	}
}

/* --- the run -------------------------------------------------------------------------------- */

void
lint_check_names(struct lint *l, const struct inventory *inv)
{
	struct names n = { .l = l, .inv = inv };

	for (uint32_t i = 0; i < inv->vms.n; i++)
		each_name(&n, inv->vms.v[i], add_name, i);
	for (uint32_t i = 0; i < l->rules.n; i++) {
		const struct lint_rule *r = &l->rules.v[i];

		note_let_in(&n, r);
		for (int s = 0; s < 2; s++)
			for (uint32_t k = 0; k < r->ast->side[s].targets.n; k++)
				check_target(&n, r, &r->ast->side[s].targets.v[k]);
		if (!rule_is_true((enum rule_bool)r->rule->enabled))
			continue;
		check_ah(&n, r);
		if (l->vms)
			check_reach(&n, r);
	}
	check_families(&n);
	for (uint32_t i = 0; l->vms && i < l->vms->list.n; i++)
		check_discovery(&n, &l->vms->list.v[i]);
	if (l->vms)
		check_shared(&n);
	buf_free(&n.key);
	arena_reset(&l->scratch);
}
