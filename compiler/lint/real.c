/* SPDX-License-Identifier: MPL-2.0 */
/* Classes of VMs, and the sides of rules over them (real.h). */
#include "real.h"

/* What an atom of the rules names in the inventory. */
struct named {
	VEC(uint32_t) classes;          /* in order */
	VEC(struct prefix) addrs;
	uint32_t next;                  /* of the same name and another owner; COVER_NONE: none */
};

struct making {
	struct cover *symbolic, *out;
	const struct inventory *inv;
	struct arena *arena, scratch;
	uint64_t entries;               /* of all sides */
	struct named *named;            /* of each atom */
	struct strmap by_name;          /* atoms of owners: the first of a chain */
	struct strmap classes, sides;
};

/* --- which atoms name a VM ------------------------------------------------------------- */

/* The atoms that are not of an owner, without one; then calls fn for each kind of name. */
typedef void name_fn(struct making *m, const struct cover_atom *name, void *context);

static void
each_name(struct making *m, const struct vm *vm, name_fn *fn, void *context)
{
	struct cover_atom a = { .kind = COVER_ALL, .vm = &vm->uuid };

	fn(m, &a, context);
	a.kind = COVER_VM;
	fn(m, &a, context);
	for (uint32_t i = 0; i < vm->n_tags; i++) {
		struct rule_tag tag = { .key = vm->tags[i].key, .value = vm->tags[i].value,
			.has_value = true };

		a.tag = &tag;
		a.kind = COVER_TAG;
		fn(m, &a, context);
		a.kind = COVER_TAG_VALUE;
		fn(m, &a, context);
	}
}

struct naming {
	VEC(uint32_t) atoms;
	uint32_t owner;                 /* the VM's, or 0 */
	struct arena *arena;
	const struct vm *vm;
};

static void
add_atom(struct making *m, const struct cover_atom *name, void *context)
{
	struct naming *n = context;
	struct cover_atom a = *name;

	for (int own = 0; own < (n->owner ? 2 : 1); own++) {
		uint32_t at;

		a.owner = own ? n->owner : 0;
		at = cover_find_atom(m->symbolic, &a);
		if (at != COVER_NONE)
			*vec_push(n->arena, &n->atoms) = at;
	}
}

static void
push_addrs(struct making *m, uint32_t atom, const struct vm *vm)
{
	for (uint32_t i = 0; i < vm->n_addrs; i++)
		*vec_push(m->arena, &m->named[atom].addrs) = vm->addrs[i];
}

/* A far end without an owner is any owner's. */
static void
add_ownerless(struct making *m, const struct cover_atom *name, void *context)
{
	struct naming *n = context;
	struct buf key = { 0 };
	const uint32_t *at;

	cover_atom_key(&key, name);
	at = strmap_get(&m->by_name, buf_view(&key));
	for (uint32_t a = at ? *at : COVER_NONE; a != COVER_NONE; a = m->named[a].next)
		push_addrs(m, a, n->vm);
	buf_free(&key);
}

static void
chain_owners(struct making *m)
{
	for (uint32_t i = 0; i < m->symbolic->atoms.n; i++) {
		struct cover_atom a = m->symbolic->atoms.v[i];
		struct buf key = { 0 };
		uint32_t *at;

		m->named[i].next = COVER_NONE;
		if (!a.owner)
			continue;
		a.owner = 0;
		cover_atom_key(&key, &a);
		at = strmap_put(m->arena, &m->by_name, arena_slice(m->arena, buf_view(&key)));
		m->named[i].next = *at;
		*at = i;
		buf_free(&key);
	}
}

static void
add_class(struct making *m, const struct naming *n)
{
	struct slice key = { (const char *)n->atoms.v, n->atoms.n * sizeof(*n->atoms.v) };
	uint32_t *at;

	if (n->atoms.n == 0 || strmap_get(&m->classes, key))
		return;
	at = strmap_put(m->arena, &m->classes, arena_slice(m->arena, key));
	*at = m->out->atoms.n;
	*vec_push(m->arena, &m->out->atoms) = (struct cover_atom){
		.kind = COVER_CLASS, .vm = &n->vm->uuid, .n_within = 1, .within = { *at } };
	for (uint32_t i = 0; i < n->atoms.n; i++)
		*vec_push(m->arena, &m->named[n->atoms.v[i]].classes) = *at;
}

static uint32_t
owner_of(const struct cover *c, const struct vm *vm)
{
	const uint32_t *at;

	if (!vm->has_owner)
		return 0;
	at = strmap_get(&c->owner_numbers,
	    (struct slice){ (const char *)vm->owner.b, sizeof(vm->owner.b) });
	return at ? *at : 0;
}

static void
name_vms(struct making *m)
{
	struct arena scratch = { 0 };

	chain_owners(m);
	for (uint32_t v = 0; v < m->inv->vms.n; v++) {
		const struct vm *vm = m->inv->vms.v[v];
		struct naming n = { .owner = owner_of(m->symbolic, vm), .arena = &scratch, .vm = vm };

		each_name(m, vm, add_atom, &n);
		add_class(m, &n);
		for (uint32_t i = 0; i < n.atoms.n; i++)
			push_addrs(m, n.atoms.v[i], vm);
		if (!vm->has_owner)
			each_name(m, vm, add_ownerless, &n);
		arena_reset(&scratch);
	}
	arena_free(&scratch);
}

/* --- sides ------------------------------------------------------------------------------ */

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void *
keep(struct making *m, const void *list, uint32_t n, size_t size)
{
	m->entries += n;
	return n ? memcpy(arena_alloc(m->arena, n * size), list, n * size) : NULL;
}

static void
make_classes(struct making *m, const struct cover_side *from, struct cover_side *to)
{
	VEC(uint32_t) list = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < from->atoms.n; i++) {
		const struct named *named = &m->named[from->atoms.v[i]];

		for (uint32_t k = 0; k < named->classes.n; k++)
			*vec_push(&m->scratch, &list) = named->classes.v[k];
	}
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_number);
	for (uint32_t i = 0; i < list.n; i++)
		if (n == 0 || list.v[n - 1] != list.v[i])
			list.v[n++] = list.v[i];
	to->atoms = (struct cover_list){ n, keep(m, list.v, n, sizeof(*list.v)) };
}

static void
make_nets(struct making *m, const struct cover_side *from, unsigned proto, struct cover_side *to)
{
	VEC(struct prefix) all = { 0 };

	for (unsigned fam = NET_V4; fam <= NET_V6; fam += NET_V6 - NET_V4) {
		struct pset set = pset_none((enum net_family)fam);
		struct prefix p;

		if ((proto == LANG_ICMP && fam == NET_V6) || (proto == LANG_ICMP6 && fam == NET_V4))
			continue;
		for (uint32_t i = 0; i < from->n_nets; i++)
			if (from->nets[i].fam == fam)
				pset_push_prefix(&m->scratch, &set, from->nets[i]);
		for (uint32_t i = 0; i < from->atoms.n; i++) {
			const struct named *named = &m->named[from->atoms.v[i]];

			for (uint32_t k = 0; k < named->addrs.n; k++)
				if (named->addrs.v[k].fam == fam)
					pset_push_prefix(&m->scratch, &set, named->addrs.v[k]);
		}
		pset_close(&set);
		for (struct pset_walk w = pset_walk(&set); pset_walk_next(&w, &p);)
			*vec_push(&m->scratch, &all) = p;
	}
	to->nets = keep(m, all.v, all.n, sizeof(*all.v));
	to->n_nets = all.n;
}

/* Sides that are the same share what they are. */
static void
make_side(struct making *m, uint32_t rule, int side)
{
	const struct cover_side *from = &m->symbolic->side[side][rule];
	struct cover_side *to = &m->out->side[side][rule];
	unsigned proto = m->out->rules[rule].rule->proto;
	struct buf key = { 0 };
	uint32_t *at;

	buf_char(&key, proto == LANG_ICMP ? '4' : proto == LANG_ICMP6 ? '6' : 'b');
	buf_add(&key, &from->atoms.n, sizeof(from->atoms.n));
	buf_add(&key, from->atoms.v, from->atoms.n * sizeof(*from->atoms.v));
	for (uint32_t i = 0; i < from->n_nets; i++) {
		buf_add(&key, &from->nets[i].a, sizeof(from->nets[i].a));
		buf_char(&key, (char)from->nets[i].len);
		buf_char(&key, (char)from->nets[i].fam);
	}
	at = strmap_put(m->arena, &m->sides, arena_slice(m->arena, buf_view(&key)));
	buf_free(&key);
	if (*at != UINT32_MAX) {
		*to = m->out->side[*at & 1][*at >> 1];
		return;
	}
	*at = rule << 1 | (unsigned)side;
	make_classes(m, from, to);
	make_nets(m, from, proto, to);
	arena_reset(&m->scratch);
}

static bool
make_sides(struct making *m)
{
	for (int d = 0; d < 2; d++)
		for (uint32_t i = 0; i < m->out->n_rules && m->entries <= REAL_ENTRIES_MAX; i++)
			if (cover_counts(&m->out->rules[i]))
				make_side(m, i, d);
	arena_free(&m->scratch);
	return m->entries <= REAL_ENTRIES_MAX;
}

/* --- classes ---------------------------------------------------------------------------- */

static bool
list_rules(struct real *r)
{
	uint64_t pairs = 0;

	r->n = r->cover.atoms.n;
	r->rules = arena_zero(r->arena, (r->n + 1) * sizeof(*r->rules));
	for (uint32_t i = 0; i < r->cover.n_rules; i++)
		for (int d = 0; d < 2; d++)
			pairs += (uint64_t)r->cover.side[d][i].atoms.n *
			    (1 + r->cover.side[!d][i].n_nets);
	if (pairs > REAL_PAIRS_MAX)
		return false;
	for (uint32_t i = 0; i < r->cover.n_rules; i++)
		for (int d = 0; d < 2; d++)
			for (uint32_t k = 0; k < r->cover.side[d][i].atoms.n; k++) {
				struct real_rules *list = &r->rules[r->cover.side[d][i].atoms.v[k]];

				if (list->n == 0 || list->v[list->n - 1] != i)
					*vec_push(r->arena, list) = i;
			}
	return true;
}

bool
real_init(struct real *r, struct arena *arena, struct cover *symbolic, const struct inventory *inv)
{
	struct making m = { .symbolic = symbolic, .out = &r->cover, .inv = inv, .arena = arena };
	struct cover *c = &r->cover;

	memset(r, 0, sizeof(*r));
	r->arena = arena;
	c->arena = &r->pairs;
	c->rules = symbolic->rules;
	c->n_rules = symbolic->n_rules;
	c->real = true;
	c->limit = symbolic->limit;
	c->rank = arena_zero(arena, c->n_rules * sizeof(*c->rank));
	m.named = arena_zero(arena, (symbolic->atoms.n + 1) * sizeof(*m.named));
	name_vms(&m);
	for (int d = 0; d < 2; d++) {
		c->uses[d] = arena_zero(arena, c->n_rules * sizeof(**c->uses));
		c->side[d] = arena_zero(arena, c->n_rules * sizeof(**c->side));
	}
	return make_sides(&m) && list_rules(r);
}

void
real_choose(struct real *r, uint32_t class)
{
	arena_reset(&r->pairs);
	r->cover.only = class;
	cover_index(&r->cover, r->rules[class].v, r->rules[class].n);
}

void
real_done(struct real *r)
{
	cover_done(&r->cover);
	arena_free(&r->pairs);
}
