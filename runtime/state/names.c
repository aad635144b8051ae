/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules by what their sides name: a VM, an address, a tag, a tag with a value, all
 * VMs.  A posting is a rule and its sides; the list of one key is as long as what
 * it finds.  Keys of tags and of all VMs hold the rule's owner, so that a VM finds
 * the rules of its owner and the global ones and no others; a VM without owner,
 * which may be an address for any rule, asks under each owner there is.
 */
#include <stdlib.h>

#include "state_int.h"

struct posting {
	struct state_item *rule;
	uint8_t sides;
};

struct postings {
	VEC(struct posting) list;
};

struct names {
	struct arena *arena;
	struct strmap keys, owners;
	VEC(struct postings) lists;
	VEC(struct uuid *) all_owners;
};

enum { KEY_VM = 'v', KEY_ADDR = 'a', KEY_TAG = 't', KEY_PAIR = 'p', KEY_ANY_VALUE = 'k',
	KEY_ALL = 'w' };

struct names *
names_new(struct arena *arena)
{
	struct names *n = arena_zero(arena, sizeof(*n));

	n->arena = arena;
	return n;
}

/* --- keys ------------------------------------------------------------------------------- */

/* owner NULL: a global rule's. */
static void
key_begin(struct buf *b, char kind, const struct uuid *owner)
{
	b->n = 0;
	buf_char(b, kind);
	if (owner)
		buf_add(b, owner->b, sizeof(owner->b));
	else
		buf_char(b, '*');
}

static void
key_tag(struct buf *b, char kind, const struct uuid *owner, struct slice key, struct slice value)
{
	key_begin(b, kind, owner);
	buf_add(b, &key.n, sizeof(key.n));
	buf_slice(b, key);
	buf_slice(b, value);
}

static void
key_vm(struct buf *b, const struct uuid *u)
{
	key_begin(b, KEY_VM, NULL);
	buf_add(b, u->b, sizeof(u->b));
}

static void
key_addr(struct buf *b, const struct prefix *p)
{
	key_begin(b, KEY_ADDR, NULL);
	buf_char(b, (char)p->fam);
	buf_add(b, &p->a, sizeof(p->a));
}

/* --- changing ----------------------------------------------------------------------------- */

static void
post(struct names *n, const struct buf *key, struct state_item *rule, unsigned side)
{
	const uint32_t *known = strmap_get(&n->keys, buf_view(key));
	struct postings *p;
	uint32_t *at;

	if (!known) {
		at = strmap_put(n->arena, &n->keys, arena_slice(n->arena, buf_view(key)));
		*at = n->lists.n;
		known = at;
		memset(vec_push(n->arena, &n->lists), 0, sizeof(struct postings));
	}
	p = &n->lists.v[*known];
	if (p->list.n && p->list.v[p->list.n - 1].rule == rule)
		p->list.v[p->list.n - 1].sides |= (uint8_t)(1u << side);
	else
		*vec_push(n->arena, &p->list) = (struct posting){ rule, (uint8_t)(1u << side) };
}

static void
unpost(struct names *n, const struct buf *key, struct state_item *rule, unsigned side)
{
	const uint32_t *known = strmap_get(&n->keys, buf_view(key));
	struct postings *p = known ? &n->lists.v[*known] : NULL;

	(void)side;
	for (uint32_t i = 0; p && i < p->list.n; i++)
		if (p->list.v[i].rule == rule) {
			p->list.v[i] = p->list.v[--p->list.n];
			return;
		}
}

typedef void change_fn(struct names *n, const struct buf *key, struct state_item *rule,
    unsigned side);

/* Every key of the rule. */
static void
each_key(struct names *n, struct state_item *it, change_fn *change)
{
	const struct rule *r = it->rule;
	const struct uuid *owner = r->has_owner ? &r->owner : NULL;
	struct slice none = { 0 };
	struct buf key = { 0 };
	char small[512];

	buf_borrow(&key, small, sizeof(small));
	for (unsigned side = 0; side < 2; side++) {
		const struct rule_side *s = &r->side[side];

		for (unsigned i = 0; i < s->n_vms; i++) {
			key_vm(&key, &s->vms[i]);
			change(n, &key, it, side);
		}
		for (unsigned i = 0; i < s->n_ips; i++) {
			key_addr(&key, &s->ips[i]);
			change(n, &key, it, side);
		}
		for (unsigned i = 0; i < s->n_tags; i++) {
			const struct rule_tag *t = &s->tags[i];

			key_tag(&key, t->has_value ? KEY_PAIR : KEY_TAG, owner, t->key,
			    t->has_value ? t->value : none);
			change(n, &key, it, side);
			key_tag(&key, KEY_ANY_VALUE, owner, t->key, none);
			change(n, &key, it, side);
		}
		if (s->vmall) {
			key_begin(&key, KEY_ALL, owner);
			change(n, &key, it, side);
		}
	}
	buf_free(&key);
}

void
names_add(struct names *n, struct state_item *it)
{
	struct slice owner = { (const char *)it->rule->owner.b, sizeof(it->rule->owner.b) };

	if (it->rule->has_owner && !strmap_get(&n->owners, owner)) {
		struct uuid *own = arena_alloc(n->arena, sizeof(*own));

		*own = it->rule->owner;
		*strmap_put(n->arena, &n->owners, (struct slice){ (const char *)own->b,
		    sizeof(own->b) }) = n->all_owners.n;
		*vec_push(n->arena, &n->all_owners) = own;
	}
	each_key(n, it, post);
}

void
names_remove(struct names *n, struct state_item *it)
{
	each_key(n, it, unpost);
}

/* --- asking --------------------------------------------------------------------------------- */

struct search {
	struct names *n;
	const struct vm *vm;
	enum names_how how;
	struct arena *arena;
	struct names_found *found;
	uint32_t mark;
	struct buf key;
};

/* May a rule of this owner have the VM on a side at all? */
static bool
permits(const struct search *q, const struct rule *r)
{
	if (!r->has_owner)
		return true;
	if (!q->vm->has_owner)
		return q->how == NAMES_MEMBER;
	return uuid_cmp(r->owner, q->vm->owner) == 0;
}

static void
take_list(struct search *q)
{
	const uint32_t *known = strmap_get(&q->n->keys, buf_view(&q->key));
	const struct postings *p = known ? &q->n->lists.v[*known] : NULL;

	for (uint32_t i = 0; p && i < p->list.n; i++) {
		struct state_item *it = p->list.v[i].rule;

		if (!permits(q, it->rule))
			continue;
		if (it->mark != q->mark) {
			it->mark = q->mark;
			it->sides = 0;
			*vec_push(q->arena, &q->found->rules) = it;
		}
		it->sides |= p->list.v[i].sides;
	}
}

static void
ask_owner(struct search *q, const struct uuid *owner)
{
	struct slice none = { 0 };

	key_begin(&q->key, KEY_ALL, owner);
	take_list(q);
	for (uint32_t i = 0; i < q->vm->n_tags; i++) {
		const struct vm_tag *t = &q->vm->tags[i];

		if (q->how == NAMES_REMOTE) {
			key_tag(&q->key, KEY_ANY_VALUE, owner, t->key, none);
			take_list(q);
			continue;
		}
		key_tag(&q->key, KEY_TAG, owner, t->key, none);
		take_list(q);
		key_tag(&q->key, KEY_PAIR, owner, t->key, t->value);
		take_list(q);
	}
}

void
names_find(struct state *s, const struct vm *vm, enum names_how how, struct arena *arena,
    struct names_found *found, uint32_t mark)
{
	struct search q = { .n = s->names, .vm = vm, .how = how, .arena = arena, .found = found,
		.mark = mark };
	char small[512];

	buf_borrow(&q.key, small, sizeof(small));
	key_vm(&q.key, &vm->uuid);
	take_list(&q);
	for (uint32_t i = 0; how == NAMES_LOCAL && i < vm->n_addrs; i++) {
		key_addr(&q.key, &vm->addrs[i]);
		take_list(&q);
	}
	ask_owner(&q, NULL);
	if (vm->has_owner)
		ask_owner(&q, &vm->owner);
	else if (how == NAMES_MEMBER)
		for (uint32_t i = 0; i < q.n->all_owners.n; i++)
			ask_owner(&q, q.n->all_owners.v[i]);
	buf_free(&q.key);
}

static int
by_uuid(const void *a, const void *b)
{
	const struct state_item *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

void
names_sort(struct names_found *found)
{
	if (found->rules.n > 1)
		qsort(found->rules.v, found->rules.n, sizeof(*found->rules.v), by_uuid);
}
