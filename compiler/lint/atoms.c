/* SPDX-License-Identifier: MPL-2.0 */
/* Atoms of VMs, and which of them hold which (cover.h). */
#include "cover.h"

static uint32_t
owner_number(struct cover *c, const struct rule *r)
{
	uint32_t *at;

	if (!r->has_owner)
		return 0;
	at = strmap_put(c->arena, &c->owner_numbers,
	    (struct slice){ (const char *)r->owner.b, sizeof(r->owner.b) });
	if (*at == UINT32_MAX)
		*at = c->owner_numbers.n;
	return *at;
}

/* What an atom is stored under: kind, owner, and what names it. */
void
cover_atom_key(struct buf *b, const struct cover_atom *a)
{
	uint32_t n;

	b->n = 0;
	buf_char(b, (char)a->kind);
	buf_add(b, &a->owner, sizeof(a->owner));
	if (a->kind == COVER_VM)
		buf_add(b, a->vm->b, sizeof(a->vm->b));
	if (a->kind == COVER_TAG || a->kind == COVER_TAG_VALUE) {
		n = (uint32_t)a->tag->key.n;
		buf_add(b, &n, sizeof(n));
		buf_slice(b, a->tag->key);
	}
	if (a->kind == COVER_TAG_VALUE)
		buf_slice(b, a->tag->value);
}

uint32_t
cover_find_atom(struct cover *c, const struct cover_atom *a)
{
	struct buf key = { 0 };
	char small[256];
	const uint32_t *there;

	buf_borrow(&key, small, sizeof(small));
	cover_atom_key(&key, a);
	there = strmap_get(&c->atom_numbers, buf_view(&key));
	buf_free(&key);
	return there ? *there : COVER_NONE;
}

/* A number for what names an atom of that kind, whoever the owner is. */
static uint32_t
name_number(struct cover *c, struct cover_atom a, uint8_t kind)
{
	struct buf key = { 0 };
	char small[256];
	const uint32_t *there;
	uint32_t number;

	a.kind = kind;
	a.owner = 0;
	buf_borrow(&key, small, sizeof(small));
	cover_atom_key(&key, &a);
	there = strmap_get(&c->names, buf_view(&key));
	if (there) {
		number = *there;
	} else {
		number = c->names.n + 1;
		*strmap_put(c->arena, &c->names, arena_slice(c->arena, buf_view(&key))) = number;
	}
	buf_free(&key);
	return number;
}

static uint32_t
intern(struct cover *c, const struct cover_atom *a)
{
	uint32_t number = cover_find_atom(c, a);
	struct cover_atom *made;
	struct buf key = { 0 };

	if (number != COVER_NONE)
		return number;
	cover_atom_key(&key, a);
	number = c->atoms.n;
	*strmap_put(c->arena, &c->atom_numbers, arena_slice(c->arena, buf_view(&key))) = number;
	buf_free(&key);
	made = vec_push(c->arena, &c->atoms);
	*made = *a;
	if (a->kind == COVER_VM)
		made->name = name_number(c, *a, COVER_VM);
	if (a->kind == COVER_TAG || a->kind == COVER_TAG_VALUE)
		made->name = name_number(c, *a, COVER_TAG);
	if (a->kind == COVER_TAG_VALUE)
		made->value = name_number(c, *a, COVER_TAG_VALUE);
	return number;
}

/* The atoms of a side, at most LANG_MAX_TARGETS. */
static uint32_t
side_atoms(struct cover *c, const struct rule *r, enum lang_side side, uint32_t *out)
{
	const struct rule_side *s = &r->side[side];
	struct cover_atom a = { .owner = owner_number(c, r) };
	uint32_t n = 0;

	if (s->vmall)
		out[n++] = intern(c, &a);
	for (unsigned i = 0; i < s->n_tags; i++) {
		a.kind = s->tags[i].has_value ? COVER_TAG_VALUE : COVER_TAG;
		a.tag = &s->tags[i];
		out[n++] = intern(c, &a);
	}
	a.kind = COVER_VM;
	for (unsigned i = 0; i < s->n_vms; i++) {
		a.vm = &s->vms[i];
		out[n++] = intern(c, &a);
	}
	return n;
}

/* Atoms that hold an atom, which need not be there itself; itself first. */
static uint8_t
find_within(struct cover *c, const struct cover_atom *a, uint32_t out[6])
{
	static const uint8_t up[][3] = {
		[COVER_ALL] = { COVER_ALL, COVER_ALL, COVER_ALL },
		[COVER_TAG] = { COVER_TAG, COVER_ALL, COVER_ALL },
		[COVER_TAG_VALUE] = { COVER_TAG_VALUE, COVER_TAG, COVER_ALL },
		[COVER_VM] = { COVER_VM, COVER_ALL, COVER_ALL },
	};
	uint8_t n = 0;

	for (int i = 0; i < 3; i++)
		for (int global = 0; global < (a->owner ? 2 : 1); global++) {
			struct cover_atom other = *a;
			uint32_t at;

			if (i && up[a->kind][i] == up[a->kind][i - 1])
				continue;
			other.kind = up[a->kind][i];
			other.owner = global ? 0 : a->owner;
			if ((at = cover_find_atom(c, &other)) != COVER_NONE)
				out[n++] = at;
		}
	return n;
}

uint32_t
cover_holding(struct cover *c, uint32_t a, uint32_t owner, uint32_t out[6])
{
	const struct cover_atom *atom = &c->atoms.v[a];
	struct cover_atom own = *atom;

	if (owner && !atom->owner && atom->kind != COVER_CLASS) {
		own.owner = owner;
		return find_within(c, &own, out);
	}
	memcpy(out, atom->within, atom->n_within * sizeof(*out));
	return atom->n_within;
}

bool
cover_compatible(const struct cover_atom *a, const struct cover_atom *b, bool owners)
{
	if (a->kind == COVER_CLASS)
		return a == b;
	if (owners && a->owner && b->owner && a->owner != b->owner)
		return false;
	if (a->kind == COVER_VM && b->kind == COVER_VM)
		return a->name == b->name;
	return a->kind != COVER_TAG_VALUE || b->kind != COVER_TAG_VALUE || a->name != b->name ||
	    a->value == b->value;
}

/* For each atom those that lie within it, by counting. */
static void
find_inner(struct cover *c)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < c->atoms.n; i++)
		for (unsigned w = 1; w < c->atoms.v[i].n_within; w++)
			c->atoms.v[c->atoms.v[i].within[w]].n_inner++;
	for (uint32_t i = 0; i < c->atoms.n; i++) {
		c->atoms.v[i].inner = total;
		total += c->atoms.v[i].n_inner;
		c->atoms.v[i].n_inner = 0;
	}
	c->inner = arena_alloc(c->arena, (total + 1) * sizeof(*c->inner));
	for (uint32_t i = 0; i < c->atoms.n; i++)
		for (unsigned w = 1; w < c->atoms.v[i].n_within; w++) {
			struct cover_atom *outer = &c->atoms.v[c->atoms.v[i].within[w]];

			c->inner[outer->inner + outer->n_inner++] = i;
		}
}

/* The prefixes of a side, in the families the rule has. */
static void
side_nets(struct cover *c, const struct rule *r, enum lang_side side, struct cover_side *out)
{
	const struct rule_side *s = &r->side[side];

	out->nets = arena_alloc(c->arena, (2u * s->any + s->n_ips + s->n_subnets) *
	    sizeof(*out->nets));
	if (s->any && r->proto != LANG_ICMP6)
		out->nets[out->n_nets++] = (struct prefix){ addr_v4(0), NET_V4_BASE, NET_V4 };
	if (s->any && r->proto != LANG_ICMP)
		out->nets[out->n_nets++] = (struct prefix){ { 0, 0 }, 0, NET_V6 };
	for (unsigned i = 0; i < s->n_ips; i++)
		out->nets[out->n_nets++] = s->ips[i];
	for (unsigned i = 0; i < s->n_subnets; i++) {
		out->nets[out->n_nets] = s->subnets[i];
		out->nets[out->n_nets++].a = prefix_first(s->subnets[i]);
	}
}

void
cover_init(struct cover *c, struct arena *arena, struct lint_rule *rules, uint32_t n)
{
	uint32_t *counting, k = 0, atoms[LANG_MAX_TARGETS];

	memset(c, 0, sizeof(*c));
	c->arena = arena;
	c->rules = rules;
	c->n_rules = n;
	c->only = COVER_NONE;
	c->limit = COVER_WORK + COVER_WORK_RULE * n;
	c->rank = arena_zero(arena, n * sizeof(*c->rank));
	counting = arena_alloc(arena, n * sizeof(*counting));
	for (int d = 0; d < 2; d++) {
		c->uses[d] = arena_zero(arena, n * sizeof(**c->uses));
		c->side[d] = arena_zero(arena, n * sizeof(**c->side));
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!cover_counts(&rules[i]))
			continue;
		counting[k++] = i;
		for (int d = 0; d < 2; d++) {
			struct cover_side *s = &c->side[d][i];

			s->atoms.n = side_atoms(c, rules[i].rule, (enum lang_side)d, atoms);
			s->atoms.v = memcpy(arena_alloc(arena, s->atoms.n * sizeof(*atoms)), atoms,
			    s->atoms.n * sizeof(*atoms));
			side_nets(c, rules[i].rule, (enum lang_side)d, s);
		}
	}
	for (uint32_t i = 0; i < c->atoms.n; i++) {
		struct cover_atom *a = &c->atoms.v[i];

		a->n_within = find_within(c, a, a->within);
	}
	find_inner(c);
	cover_index(c, counting, k);
}

void
cover_done(struct cover *c)
{
	arena_free(&c->scratch);
}
