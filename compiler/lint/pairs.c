/* SPDX-License-Identifier: MPL-2.0 */
/* The pairs of rules, and their index (cover.h). */
#include "cover.h"

#include <stdlib.h>

/* --- pairs ---------------------------------------------------------------------------- */

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

struct uses {
	struct use *v;
	uint32_t n, cap;
};

static uint32_t
bucket_number(struct cover *c, uint32_t atom, unsigned kind)
{
	uint32_t *at = &c->bucket_of[atom * 2 * LANG_PROTOS + kind];

	if (*at == UINT32_MAX) {
		*at = c->buckets.n;
		*vec_push(c->arena, &c->buckets) = (struct cover_bucket){
			.atom = atom, .kind = (uint8_t)kind, .recent_level = COVER_NONE };
	}
	return *at;
}

static void
add_use(struct uses *u, const struct cover_remote *remote, uint32_t bucket)
{
	if (u->n == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 64;
		u->v = base_grow(u->v, u->cap * sizeof(*u->v));
	}
	u->v[u->n++] = (struct use){ *remote, bucket };
}

static void
add_uses(struct cover *c, struct uses *u, uint32_t rule, enum lang_side dir)
{
	const struct cover_side *near = &c->side[dir][rule], *far = &c->side[!dir][rule];

	for (uint32_t i = 0; i < near->atoms.n; i++) {
		struct cover_remote r;
		uint32_t bucket;

		if (c->only != COVER_NONE && near->atoms.v[i] != c->only)
			continue;
		bucket = bucket_number(c, near->atoms.v[i],
		    (unsigned)dir * LANG_PROTOS + c->rules[rule].rule->proto);
		for (uint32_t k = 0; k < far->n_nets; k++) {
			r = (struct cover_remote){ far->nets[k].a, far->nets[k].fam, far->nets[k].len };
			add_use(u, &r, bucket);
		}
		for (uint32_t k = 0; k < far->atoms.n && !c->real; k++) {
			r = (struct cover_remote){ { 0, far->atoms.v[k] }, 0, 0 };
			add_use(u, &r, bucket);
		}
	}
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

struct addr
cover_size(const struct cover_remote *r)
{
	unsigned bits = 128u - r->len;

	if (r->fam == NET_V6)
		bits = bits > 8 ? bits - 8 : 0;
	return plus_power((struct addr){ 0, 0 }, bits);
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
cover_index(struct cover *c, const uint32_t *rules, uint32_t n)
{
	struct uses u = { 0 };
	uint32_t cells = c->atoms.n * 2 * LANG_PROTOS;

	c->n_pairs = 0;
	memset(&c->buckets, 0, sizeof(c->buckets));
	c->near = arena_zero(c->arena, (c->owner_numbers.n + 1) * sizeof(*c->near));
	c->bucket_of = memset(arena_alloc(c->arena, cells * sizeof(*c->bucket_of)), 0xff,
	    cells * sizeof(*c->bucket_of));
	for (int d = 0; d < 2; d++)
		for (uint32_t i = 0; i < n; i++) {
			struct cover_uses *uses = &c->uses[d][rules[i]];

			uses->first = u.n;
			add_uses(c, &u, rules[i], (enum lang_side)d);
			uses->n = u.n - uses->first;
		}
	index_pairs(c, &u);
	sum_sizes(c);
	free(u.v);
}

/* --- finding pairs -------------------------------------------------------------------- */

static int
cmp_remote(const struct cover_remote *a, const struct cover_remote *b)
{
	int d = addr_cmp(a->a, b->a);

	return d ? d : (int)a->len - (int)b->len;
}

/* In a sorted part of the pairs, the first that is not before r. */
static uint32_t
lower_bound(const struct cover *c, uint32_t lo, uint32_t hi, const struct cover_remote *r)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cmp_remote(&c->pairs[mid].remote, r) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
part_of(unsigned fam)
{
	return fam == 0 ? 0 : fam == NET_V4 ? 1 : 2;
}

struct cover_pair *
cover_find_pair(struct cover *c, const struct cover_bucket *b, const struct cover_remote *r)
{
	int part = part_of(r->fam);
	uint32_t at = lower_bound(c, b->at[part], b->at[part + 1], r);

	if (at == b->at[part + 1] || cmp_remote(&c->pairs[at].remote, r) != 0)
		return NULL;
	return &c->pairs[at];
}

void
cover_inner_range(const struct cover_class *q, const struct cover_bucket *b, uint32_t *from,
    uint32_t *to)
{
	int part = part_of(q->at.fam);
	struct cover_remote first = q->at, last = q->at;

	first.len = (uint8_t)(q->at.len + 1);
	last.a = addr_or_not(last.a, addr_mask(last.len));
	last.len = 129;
	*from = lower_bound(q->c, b->at[part], b->at[part + 1], &first);
	*to = lower_bound(q->c, *from, b->at[part + 1], &last);
}

struct cover_bucket *
cover_bucket_at(const struct cover *c, uint32_t atom, enum lang_side dir, unsigned proto)
{
	uint32_t n = c->bucket_of[atom * 2 * LANG_PROTOS + dir * LANG_PROTOS + proto];

	return n == UINT32_MAX ? NULL : &c->buckets.v[n];
}
