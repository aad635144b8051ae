/* SPDX-License-Identifier: MPL-2.0 */
/* Atoms of VMs, the pairs of all rules, and their index (cover.h). */
#include "cover.h"

#include <stdlib.h>

/* --- atoms ---------------------------------------------------------------------------- */

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
static void
write_key(struct buf *b, const struct cover_atom *a)
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

static uint32_t
intern(struct cover *c, const struct cover_atom *a)
{
	struct buf key = { 0 };
	char small[256];
	const uint32_t *there;
	uint32_t *at;

	buf_borrow(&key, small, sizeof(small));
	write_key(&key, a);
	there = strmap_get(&c->atom_numbers, buf_view(&key));
	if (!there) {
		at = strmap_put(c->arena, &c->atom_numbers, arena_slice(c->arena, buf_view(&key)));
		*at = c->atoms.n;
		*vec_push(c->arena, &c->atoms) = *a;
		there = at;
	}
	buf_free(&key);
	return *there;
}

uint32_t
cover_atoms(struct cover *c, const struct rule *r, enum lang_side side, uint32_t *out)
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

static void
find_within(struct cover *c, struct cover_atom *a)
{
	static const uint8_t up[][3] = {
		[COVER_ALL] = { COVER_ALL, COVER_ALL, COVER_ALL },
		[COVER_TAG] = { COVER_TAG, COVER_ALL, COVER_ALL },
		[COVER_TAG_VALUE] = { COVER_TAG_VALUE, COVER_TAG, COVER_ALL },
		[COVER_VM] = { COVER_VM, COVER_ALL, COVER_ALL },
	};
	struct buf key = { 0 };
	char small[256];

	buf_borrow(&key, small, sizeof(small));
	for (int i = 0; i < 3; i++)
		for (int global = 0; global < (a->owner ? 2 : 1); global++) {
			struct cover_atom other = *a;
			const uint32_t *at;

			if (i && up[a->kind][i] == up[a->kind][i - 1])
				continue;
			other.kind = up[a->kind][i];
			other.owner = global ? 0 : a->owner;
			write_key(&key, &other);
			at = strmap_get(&c->atom_numbers, buf_view(&key));
			if (at)
				a->within[a->n_within++] = *at;
		}
	buf_free(&key);
}

/* --- pairs ---------------------------------------------------------------------------- */

/* The remote ends of a rule, seen from the VMs of one side. */
static uint32_t
remotes(struct cover *c, const struct rule *r, enum lang_side side,
    struct cover_remote out[2 * LANG_MAX_TARGETS])
{
	const struct rule_side *s = &r->side[!side];
	uint32_t atoms[LANG_MAX_TARGETS], n = 0, k;

	if (s->any && r->proto != LANG_ICMP6)
		out[n++] = (struct cover_remote){ addr_v4(0), NET_V4, NET_V4_BASE };
	if (s->any && r->proto != LANG_ICMP)
		out[n++] = (struct cover_remote){ { 0, 0 }, NET_V6, 0 };
	for (unsigned i = 0; i < s->n_ips; i++)
		out[n++] = (struct cover_remote){ s->ips[i].a, s->ips[i].fam, 128 };
	for (unsigned i = 0; i < s->n_subnets; i++)
		out[n++] = (struct cover_remote){ prefix_first(s->subnets[i]), s->subnets[i].fam,
			s->subnets[i].len };
	k = cover_atoms(c, r, !side, atoms);
	for (uint32_t i = 0; i < k; i++)
		out[n++] = (struct cover_remote){ { 0, atoms[i] }, 0, 0 };
	return n;
}

/* A pair as a rule uses it. */
struct use {
	struct cover_remote remote;
	uint32_t bucket;
};

static int
cmp_use(const struct use *a, const struct use *b)
{
	int d;

	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	if (a->remote.fam != b->remote.fam)
		return (int)a->remote.fam - (int)b->remote.fam;
	if ((d = addr_cmp(a->remote.a, b->remote.a)) != 0)
		return d;
	return (int)a->remote.len - (int)b->remote.len;
}

static int
by_use(const void *x, const void *y, void *uses)
{
	const struct use *u = uses;

	return cmp_use(&u[*(const uint32_t *)x], &u[*(const uint32_t *)y]);
}

static uint32_t
bucket_number(struct cover *c, uint32_t **map, uint32_t *size, uint32_t atom, unsigned kind)
{
	uint32_t want = atom * 2 * LANG_PROTOS + kind;

	if (want >= *size) {
		uint32_t more = (want + 1) * 2;

		*map = base_grow(*map, more * sizeof(**map));
		memset(*map + *size, 0xff, (more - *size) * sizeof(**map));
		*size = more;
	}
	if ((*map)[want] == UINT32_MAX) {
		(*map)[want] = c->buckets.n;
		*vec_push(c->arena, &c->buckets) = (struct cover_bucket){ .atom = atom };
	}
	return (*map)[want];
}

struct uses {
	struct use *v;
	uint32_t n, cap;
	uint32_t *map, map_size;
};

static void
add_uses(struct cover *c, struct uses *u, const struct rule *r, enum lang_side side)
{
	struct cover_remote ends[2 * LANG_MAX_TARGETS];
	uint32_t atoms[LANG_MAX_TARGETS];
	uint32_t n = cover_atoms(c, r, side, atoms), k = n ? remotes(c, r, side, ends) : 0;

	if (u->n + n * k > u->cap) {
		u->cap = (u->n + n * k) * 2;
		u->v = base_grow(u->v, u->cap * sizeof(*u->v));
	}
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t e = 0; e < k; e++)
			u->v[u->n++] = (struct use){ ends[e], bucket_number(c, &u->map, &u->map_size,
			    atoms[i], (unsigned)side * LANG_PROTOS + r->proto) };
}

/* --- the index ------------------------------------------------------------------------ */

static void
note_length(struct cover_bucket *b, const struct cover_remote *r)
{
	if (r->fam)
		b->lens[r->len >> 6] |= (uint64_t)1 << (r->len & 63);
}

static void
index_pairs(struct cover *c, const struct uses *u)
{
	uint32_t *order = base_alloc((u->n + !u->n) * sizeof(*order));
	const struct use *last = NULL;

	c->use_pair = arena_alloc(c->arena, u->n * sizeof(*c->use_pair));
	c->pairs = arena_alloc(c->arena, u->n * sizeof(*c->pairs));
	for (uint32_t i = 0; i < u->n; i++)
		order[i] = i;
	qsort_r(order, u->n, sizeof(*order), by_use, u->v);
	for (uint32_t i = 0; i < u->n; i++) {
		const struct use *use = &u->v[order[i]];

		if (!last || cmp_use(last, use) != 0) {
			struct cover_bucket *b = &c->buckets.v[use->bucket];
			int fam = use->remote.fam == 0 ? 0 : use->remote.fam == NET_V4 ? 1 : 2;

			if (!last || last->bucket != use->bucket)
				for (int k = 0; k < 4; k++)
					b->at[k] = c->n_pairs;
			for (int k = fam + 1; k < 4; k++)
				b->at[k] = c->n_pairs + 1;
			note_length(b, &use->remote);
			c->pairs[c->n_pairs++] = (struct cover_pair){
				.remote = use->remote, .bucket = use->bucket };
			last = use;
		}
		c->use_pair[order[i]] = c->n_pairs - 1;
	}
	free(order);
}

/* v += 2^bits, of 128 bits. */
static struct addr
plus_power(struct addr v, unsigned bits)
{
	uint64_t add = bits < 64 ? (uint64_t)1 << bits : 0;

	v.lo += add;
	v.hi += (add && v.lo < add) + (bits >= 64 ? (uint64_t)1 << (bits - 64) : 0);
	return v;
}

/*
 * Sums of the sizes of prefixes, so that it is known at once whether those within a
 * range can be all of it.  IPv6 is counted in units of 256 addresses, and less than
 * one as one, so that no sum of nested prefixes runs over: lengths times 2^120.
 */
static void
sum_sizes(struct cover *c)
{
	struct addr sum = { 0, 0 };

	c->mass = arena_alloc(c->arena, (c->n_pairs + 1) * sizeof(*c->mass));
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		const struct cover_remote *r = &c->pairs[i].remote;
		unsigned bits = 128u - r->len;

		c->mass[i] = sum;
		if (r->fam == NET_V6)
			bits = bits > 8 ? bits - 8 : 0;
		/* Nothing lies around a prefix of length 0, and atoms have no size. */
		if (r->fam && r->len > (r->fam == NET_V4 ? NET_V4_BASE : 0))
			sum = plus_power(sum, bits);
		if (i + 1 < c->n_pairs && (c->pairs[i + 1].bucket != c->pairs[i].bucket ||
		    c->pairs[i + 1].remote.fam != r->fam))
			sum = (struct addr){ 0, 0 };
	}
	c->mass[c->n_pairs] = sum;
}

void
cover_init(struct cover *c, struct arena *arena, struct lint_rule *rules, uint32_t n)
{
	struct uses u = { 0 };
	uint32_t cells;

	memset(c, 0, sizeof(*c));
	c->arena = arena;
	c->rules = rules;
	c->n_rules = n;
	c->rank = arena_zero(arena, n * sizeof(*c->rank));
	for (int d = 0; d < 2; d++) {
		c->first_use[d] = arena_alloc(arena, (n + 1) * sizeof(uint32_t));
		for (uint32_t i = 0; i < n; i++) {
			c->first_use[d][i] = u.n;
			if (cover_counts(&rules[i]))
				add_uses(c, &u, rules[i].rule, (enum lang_side)d);
		}
		c->first_use[d][n] = u.n;
	}
	cells = c->atoms.n * 2 * LANG_PROTOS;
	c->bucket_of = arena_alloc(arena, cells * sizeof(*c->bucket_of));
	memset(c->bucket_of, 0xff, cells * sizeof(*c->bucket_of));
	if (u.map)
		memcpy(c->bucket_of, u.map, (u.map_size < cells ? u.map_size : cells) *
		    sizeof(*c->bucket_of));
	for (uint32_t i = 0; i < c->atoms.n; i++)
		find_within(c, &c->atoms.v[i]);
	index_pairs(c, &u);
	sum_sizes(c);
	free(u.v);
	free(u.map);
}

void
cover_done(struct cover *c)
{
	arena_free(&c->scratch);
}
