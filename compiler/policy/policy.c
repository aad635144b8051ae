/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From rules and VMs to each VM's policy.
 *
 * VMs are grouped by the owner a rule may have: the group of an owner holds its
 * VMs and those without owner, in inventory order; the group of global rules
 * holds all.  Owners who have no VM share one, so that there are never more groups
 * than the inventory has owners, whatever rules come.  A group indexes its VMs by
 * tag key and by tag pair.  Groups and the sides of rules are resolved when first
 * needed.
 */
#include "policy.h"

#include <stdlib.h>

struct list {
	VEC(uint32_t) vms;
};

struct group {
	struct list members;
	struct strmap keys, pairs;      /* -> lists */
	VEC(struct list) lists;
};

struct side_named {
	bool done;
	uint32_t n;
	const struct policy_named *named;
};

/* The entries that one direction of a rule gives, in order of first address. */
struct template {
	bool done;
	uint32_t n;
	struct policy_entry *entries;
};

/* A rule and side by which a VM is named, as often as targets name it. */
struct naming {
	uint32_t rule;
	uint8_t side, times;
	uint64_t rank;
};

struct vm_rules {
	VEC(struct naming) namings;
	uint8_t blocks_out;             /* bit per protocol: on the FROM side of a BLOCK */
};

struct policy_names {
	struct arena *arena;
	const struct inventory *inv;
	struct strmap owners;           /* 16 bytes -> list in by_owner */
	VEC(struct list) by_owner;
	struct list ownerless;
	struct strmap group_of;         /* owner -> group; the empty slice: global; or NOBODY */
	VEC(struct group *) groups;
};

struct policy_host {
	struct arena *arena;
	const struct inventory *inv;
	struct rule *const *rules;
	uint32_t n_rules;
	struct policy_opts opts;
	struct policy_names *names;
	struct side_named (*sides)[2];
	struct template (*templates)[2];
	struct vm_rules *vm_rules;      /* of local VMs */
};

/* Stands for every owner who has no VM. */
#define NOBODY "-"

/* --- groups -------------------------------------------------------------------- */

static struct slice
uuid_key(const struct uuid *u)
{
	return (struct slice){ (const char *)u->b, sizeof(u->b) };
}

static void
index_owners(struct policy_names *h)
{
	for (uint32_t i = 0; i < h->inv->vms.n; i++) {
		const struct vm *vm = h->inv->vms.v[i];
		struct list *l = &h->ownerless;

		if (vm->has_owner) {
			uint32_t *at = strmap_put(h->arena, &h->owners, uuid_key(&vm->owner));

			if (*at == UINT32_MAX) {
				*at = h->by_owner.n;
				memset(vec_push(h->arena, &h->by_owner), 0, sizeof(struct list));
			}
			l = &h->by_owner.v[*at];
		}
		*vec_push(h->arena, &l->vms) = i;
	}
}

static struct list *
list_for(struct policy_names *h, struct group *g, struct strmap *map, struct slice key)
{
	uint32_t *at = strmap_put(h->arena, map, key);

	if (*at == UINT32_MAX) {
		*at = g->lists.n;
		memset(vec_push(h->arena, &g->lists), 0, sizeof(struct list));
	}
	return &g->lists.v[*at];
}

/* A pair as one string: the key's length first, for both may hold any byte. */
static struct slice
pair_key(struct arena *a, struct slice key, struct slice value)
{
	char *p = arena_alloc(a, sizeof(size_t) + key.n + value.n);

	memcpy(p, &key.n, sizeof(size_t));
	if (key.n)
		memcpy(p + sizeof(size_t), key.p, key.n);
	if (value.n)
		memcpy(p + sizeof(size_t) + key.n, value.p, value.n);
	return (struct slice){ p, sizeof(size_t) + key.n + value.n };
}

static void
add_member(struct policy_names *h, struct group *g, uint32_t number)
{
	const struct vm *vm = h->inv->vms.v[number];

	*vec_push(h->arena, &g->members.vms) = number;
	for (uint32_t i = 0; i < vm->n_tags; i++) {
		const struct vm_tag *t = &vm->tags[i];

		*vec_push(h->arena, &list_for(h, g, &g->keys, t->key)->vms) = number;
		*vec_push(h->arena, &list_for(h, g, &g->pairs, pair_key(h->arena, t->key,
		    t->value))->vms) = number;
	}
}

static struct group *
group_new(struct policy_names *h, struct slice owner)
{
	struct group *g = arena_zero(h->arena, sizeof(*g));
	const uint32_t *at;
	const struct list none = { 0 }, *own = &none, *free_vms = &h->ownerless;
	uint32_t i = 0, k = 0;

	if (owner.n == 0) {
		for (uint32_t v = 0; v < h->inv->vms.n; v++)
			add_member(h, g, v);
		return g;
	}
	if ((at = strmap_get(&h->owners, owner)) != NULL)
		own = &h->by_owner.v[*at];
	while (i < own->vms.n || k < free_vms->vms.n)
		if (k == free_vms->vms.n || (i < own->vms.n && own->vms.v[i] < free_vms->vms.v[k]))
			add_member(h, g, own->vms.v[i++]);
		else
			add_member(h, g, free_vms->vms.v[k++]);
	return g;
}

static struct group *
group_for(struct policy_names *h, const struct rule *r)
{
	struct slice owner = r->has_owner ? uuid_key(&r->owner) : (struct slice){ "", 0 };
	const uint32_t *known;
	uint32_t *at;

	if (r->has_owner && !strmap_get(&h->owners, owner))
		owner = slice_of(NOBODY);
	known = strmap_get(&h->group_of, owner);
	if (known)
		return h->groups.v[*known];
	owner = arena_slice(h->arena, owner);
	at = strmap_put(h->arena, &h->group_of, owner);
	*at = h->groups.n;
	return *vec_push(h->arena, &h->groups) = group_new(h, owner);
}

/* --- sides ----------------------------------------------------------------------- */

static void
set_named(struct policy_named *n, const struct list *l)
{
	if (l) {
		n->n = l->vms.n;
		n->vms = l->vms.v;
	}
}

static const struct list *
lookup(const struct group *g, const struct strmap *map, struct slice key)
{
	const uint32_t *at = strmap_get(map, key);

	return at ? &g->lists.v[*at] : NULL;
}

static bool
in_group(const struct rule *r, const struct vm *vm)
{
	return !r->has_owner || !vm->has_owner || uuid_cmp(r->owner, vm->owner) == 0;
}

static void
resolve_vm(const struct policy_names *names, struct arena *arena, const struct rule *r,
    struct policy_named *n)
{
	uint32_t number = inventory_find(names->inv, *n->vm), *one;

	if (number == UINT32_MAX || !in_group(r, names->inv->vms.v[number]))
		return;
	one = arena_alloc(arena, sizeof(*one));
	*one = number;
	n->n = 1;
	n->vms = one;
}

static void
resolve_tag(const struct group *g, struct policy_named *n)
{
	char small[512];
	struct arena tmp = { .at = small, .end = small + sizeof(small) };

	n->target = n->tag->has_value ? POLICY_TAG_VALUE : POLICY_TAG;
	if (n->tag->has_value)
		set_named(n, lookup(g, &g->pairs, pair_key(&tmp, n->tag->key, n->tag->value)));
	else
		set_named(n, lookup(g, &g->keys, n->tag->key));
	arena_free(&tmp);
}

const struct policy_named *
policy_names_side(struct policy_names *names, const struct rule *r, enum lang_side side,
    struct arena *arena, uint32_t *n)
{
	const struct rule_side *rs = &r->side[side];
	struct policy_named *named, *at;
	struct group *g;

	*n = (uint32_t)rs->n_tags + rs->n_vms + rs->vmall;
	if (*n == 0)
		return NULL;
	named = at = arena_zero(arena, *n * sizeof(*at));
	g = group_for(names, r);
	for (unsigned i = 0; i < rs->n_tags; i++, at++) {
		at->tag = &rs->tags[i];
		resolve_tag(g, at);
	}
	for (unsigned i = 0; i < rs->n_vms; i++, at++) {
		at->target = POLICY_VM;
		at->vm = &rs->vms[i];
		resolve_vm(names, arena, r, at);
	}
	if (rs->vmall) {
		at->target = POLICY_WILDCARD;
		set_named(at, &g->members);
	}
	return named;
}

const struct policy_named *
policy_side(struct policy_host *h, uint32_t rule, enum lang_side side, uint32_t *n)
{
	struct side_named *s = &h->sides[rule][side];

	if (!s->done) {
		s->done = true;
		s->named = policy_names_side(h->names, h->rules[rule], side, h->arena, &s->n);
	}
	*n = s->n;
	return s->named;
}

struct policy_names *
policy_names_new(struct arena *arena, const struct inventory *inv)
{
	struct policy_names *names = arena_zero(arena, sizeof(*names));

	names->arena = arena;
	names->inv = inv;
	index_owners(names);
	return names;
}

void
policy_names_prepare(struct policy_names *names, const struct rule *r)
{
	group_for(names, r);
}

/* --- entries of a rule ------------------------------------------------------------- */

uint64_t
policy_rank(const struct rule *r, enum lang_side side)
{
	uint64_t item = 0;
	/* BLOCK first going out, ALLOW first coming in. */
	bool later = (r->action == LANG_ALLOW) == (side == LANG_FROM);

	if (!r->all && r->n_items) {
		item = (uint64_t)(r->items[0].a + 1) << 16;
		if (lang_has_types(r->proto))
			item |= (uint16_t)(r->items[0].b + 1);
	}
	return (uint64_t)r->proto << 56 | (uint64_t)side << 55 |
	    (uint64_t)(RULE_FIRST - r->priority) << 48 | (uint64_t)later << 47 | item;
}

static void
begin_entry(struct policy_entry *e, const struct rule *r, enum lang_side side)
{
	memset(e, 0, sizeof(*e));
	e->rule = r;
	e->n_targets = 1;
	e->action = r->action;
	e->proto = r->proto;
	e->side = (uint8_t)side;
	e->rank = policy_rank(r, side);
	e->all_items = r->all;
	e->n_items = r->n_items;
	e->items = r->items;
}

static void
prefix_entry(struct policy_entry *e, const struct rule *r, enum lang_side side,
    const struct prefix *p, enum policy_target target)
{
	begin_entry(e, r, side);
	e->target = (uint8_t)target;
	e->prefix = e->addrs = p;
	e->n_addrs = 1;
	e->first = p->a;
}

static uint32_t
count_entries(struct policy_host *h, uint32_t rule, enum lang_side far)
{
	const struct rule_side *s = &h->rules[rule]->side[far];
	uint32_t n, total = (uint32_t)s->any + s->n_ips + s->n_subnets;
	const struct policy_named *named = policy_side(h, rule, far, &n);

	for (uint32_t i = 0; i < n; i++)
		total += named[i].n;
	return total;
}

/* Stable by first address: merging from the bottom up; what is in order is only copied. */
static void
sort_entries(struct arena *scratch, struct policy_entry *e, uint32_t n)
{
	struct policy_entry *from = e, *to, *spare;

	if (n < 2)
		return;
	spare = to = arena_alloc(scratch, n * sizeof(*e));
	for (uint32_t width = 1; width < n; width *= 2) {
		struct policy_entry *swap;

		for (uint32_t lo = 0; lo < n; lo += 2 * width) {
			uint32_t mid = lo + width < n ? lo + width : n;
			uint32_t hi = mid + width < n ? mid + width : n;
			uint32_t i = lo, k = mid, o = lo;

			if (mid == hi || addr_cmp(from[mid - 1].first, from[mid].first) <= 0) {
				memcpy(to + lo, from + lo, (hi - lo) * sizeof(*e));
				continue;
			}
			while (i < mid && k < hi)
				to[o++] = addr_cmp(from[i].first, from[k].first) <= 0 ? from[i++]
				    : from[k++];
			memcpy(to + o, from + i, (mid - i) * sizeof(*e));
			memcpy(to + o + (mid - i), from + k, (hi - k) * sizeof(*e));
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from == spare)
		memcpy(e, spare, n * sizeof(*e));
}

static const struct template *
template_for(struct policy_host *h, uint32_t rule, enum lang_side side)
{
	struct template *t = &h->templates[rule][side];
	enum lang_side far = side == LANG_FROM ? LANG_TO : LANG_FROM;
	const struct rule *r = h->rules[rule];
	const struct rule_side *s = &r->side[far];
	const struct policy_named *named;
	struct arena scratch = { 0 };
	struct policy_entry *e;
	uint32_t n;

	if (t->done)
		return t;
	t->done = true;
	e = t->entries = arena_alloc(h->arena, count_entries(h, rule, far) * sizeof(*e));
	if (s->any) {
		begin_entry(e, r, side);
		e->any = true;
		e->target = POLICY_WILDCARD;
		e->first = addr_v4(0);
		e++;
	}
	for (unsigned i = 0; i < s->n_ips; i++)
		prefix_entry(e++, r, side, &s->ips[i], POLICY_IP);
	for (unsigned i = 0; i < s->n_subnets; i++)
		prefix_entry(e++, r, side, &s->subnets[i], POLICY_SUBNET);
	named = policy_side(h, rule, far, &n);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < named[i].n; k++) {
			const struct vm *vm = h->inv->vms.v[named[i].vms[k]];

			if (vm->n_addrs == 0)
				continue;
			begin_entry(e, r, side);
			e->target = named[i].target;
			e->vmall = named[i].target == POLICY_WILDCARD;
			e->tag = named[i].tag;
			e->vm = named[i].vm;
			e->addrs = vm->addrs;
			e->n_addrs = vm->n_addrs;
			e->first = vm->addrs[0].a;
			e++;
		}
	t->n = (uint32_t)(e - t->entries);
	sort_entries(&scratch, t->entries, t->n);
	arena_free(&scratch);
	return t;
}

/* --- rules of a VM ------------------------------------------------------------------- */

static void
name_vms(struct policy_host *h, uint32_t rule, enum lang_side side)
{
	const struct rule *r = h->rules[rule];
	bool silent = rule_repeats_default(r, side);
	bool blocks = side == LANG_FROM && r->action == LANG_BLOCK;
	uint32_t n;
	const struct policy_named *named = policy_side(h, rule, side, &n);

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < named[i].n && named[i].vms[k] < h->inv->n_local; k++) {
			struct vm_rules *v = &h->vm_rules[named[i].vms[k]];
			struct naming *last = v->namings.n ? &v->namings.v[v->namings.n - 1] : NULL;

			if (!policy_applies(r, h->inv->vms.v[named[i].vms[k]]))
				continue;
			if (blocks)
				v->blocks_out |= (uint8_t)(1u << r->proto);
			if (silent)
				continue;
			if (last && last->rule == rule && last->side == side)
				last->times++;
			else
				*vec_push(h->arena, &v->namings) = (struct naming){ rule,
					(uint8_t)side, 1, policy_rank(r, side) };
		}
}

struct policy_host *
policy_host_new(struct arena *arena, const struct inventory *inv, struct rule *const *rules,
    uint32_t n_rules, struct policy_opts opts)
{
	return policy_host_named(arena, policy_names_new(arena, inv), rules, n_rules, opts);
}

struct policy_host *
policy_host_named(struct arena *arena, struct policy_names *names, struct rule *const *rules,
    uint32_t n_rules, struct policy_opts opts)
{
	struct policy_host *h = arena_zero(arena, sizeof(*h));
	const struct inventory *inv = names->inv;

	h->arena = arena;
	h->inv = inv;
	h->names = names;
	h->rules = rules;
	h->n_rules = n_rules;
	h->opts = opts;
	h->sides = arena_zero(arena, n_rules * sizeof(*h->sides));
	h->templates = arena_zero(arena, n_rules * sizeof(*h->templates));
	h->vm_rules = arena_zero(arena, inv->n_local * sizeof(*h->vm_rules));
	for (uint32_t i = 0; i < n_rules; i++) {
		if (!rule_is_true(rules[i]->enabled))
			continue;
		name_vms(h, i, LANG_FROM);
		name_vms(h, i, LANG_TO);
	}
	return h;
}

static int
by_rank(const void *a, const void *b)
{
	const struct naming *p = a, *q = b;

	if (p->rank != q->rank)
		return p->rank < q->rank ? -1 : 1;
	if (p->rule != q->rule)
		return p->rule < q->rule ? -1 : 1;
	return (int)p->side - (int)q->side;
}

static bool
keeps_state(const struct policy_host *h, const struct vm_rules *v, const struct rule *r,
    enum lang_side side)
{
	/* What must always pass does not depend on whether there is room for a state. */
	if (r->added)
		return false;
	return h->opts.tags || (side == LANG_FROM ? r->action == LANG_ALLOW
	    : (v->blocks_out >> r->proto & 1) != 0);
}

void
policy_build(struct policy_host *h, uint32_t number, struct arena *arena, struct policy *out)
{
	struct vm_rules *v = &h->vm_rules[number];
	uint32_t start = 0, groups = 0;
	struct arena scratch = { 0 };

	memset(out, 0, sizeof(*out));
	out->vm = h->inv->vms.v[number];
	if (v->namings.n > 1)
		qsort(v->namings.v, v->namings.n, sizeof(*v->namings.v), by_rank);
	for (uint32_t i = 0; i < v->namings.n; i++) {
		const struct naming *m = &v->namings.v[i];
		const struct template *t = template_for(h, m->rule, m->side);
		bool state = keeps_state(h, v, h->rules[m->rule], m->side);

		if (i == 0 || m->rank != v->namings.v[i - 1].rank) {
			if (groups > 1 && out->entries.n > start)
				sort_entries(&scratch, out->entries.v + start, out->entries.n - start);
			start = out->entries.n;
			groups = 0;
		}
		for (unsigned time = 0; time < m->times; time++) {
			groups++;
			for (uint32_t k = 0; k < t->n; k++) {
				struct policy_entry *e = vec_push(arena, &out->entries);

				*e = t->entries[k];
				e->number = m->rule;
				e->times = m->times;
				e->keep_state = state;
			}
		}
	}
	if (groups > 1 && out->entries.n > start)
		sort_entries(&scratch, out->entries.v + start, out->entries.n - start);
	arena_free(&scratch);
}
