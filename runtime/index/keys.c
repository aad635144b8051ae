/* SPDX-License-Identifier: MPL-2.0 */
/* By what a rule is found: its keys in the maps, and the sets it is in. */
#include "index_int.h"

#include <stdlib.h>

#include "../../compiler/base/hash.h"

struct map_key
map_key_of_uuid(struct uuid u)
{
	struct map_key k = { 0 };

	/* Big-endian, so that keys are in the order of the texts. */
	for (int i = 0; i < 8; i++) {
		k.hi = k.hi << 8 | u.b[i];
		k.lo = k.lo << 8 | u.b[i + 8];
	}
	return k;
}

struct map_key
map_key_of_prefix(struct prefix p, enum index_map *map)
{
	p = prefix_mask(p);
	if (p.fam == NET_V4) {
		*map = MAP_V4;
		return (struct map_key){ p.a.lo << 32, 0, p.len - (uint32_t)NET_V4_BASE, 0 };
	}
	*map = MAP_V6;
	return (struct map_key){ p.a.hi, p.a.lo, p.len, 0 };
}

/*
 * A tag is found by 128 bits of keyed hash instead of its text.  Under a key that
 * nobody outside knows, two of a billion tags meet with a chance of 2^-69.
 */
struct map_key
map_key_of_tag(const struct index *ix, enum tag_key kind, struct slice key, struct slice value)
{
	struct buf text;
	char small[512];
	uint64_t n = key.n;
	struct map_key k;

	buf_borrow(&text, small, sizeof(small));
	buf_add(&text, &n, sizeof(n));
	buf_slice(&text, key);
	if (kind == TAG_PAIR)
		buf_slice(&text, value);
	k.hi = hash_keyed(&ix->tag_key[0], text.p, text.n);
	k.lo = hash_keyed(&ix->tag_key[2], text.p, text.n);
	k.len = kind;
	buf_free(&text);
	return k;
}

static unsigned
add_key(struct index_key *out, unsigned n, enum index_map map, struct map_key key, unsigned bits)
{
	for (unsigned i = 0; i < n; i++)
		if (out[i].map == map && out[i].key.hi == key.hi && out[i].key.lo == key.lo &&
		    out[i].key.len == key.len) {
			out[i].bits |= bits;
			return n;
		}
	out[n] = (struct index_key){ map, bits, false, key };
	return n + 1;
}

static unsigned
add_prefix(struct index_key *out, unsigned n, struct prefix p, unsigned bits)
{
	enum index_map map;
	struct map_key key = map_key_of_prefix(p, &map);

	return add_key(out, n, map, key, bits);
}

unsigned
index_common(struct map_key a, struct map_key b)
{
	unsigned most = a.len < b.len ? a.len : b.len, n = 128;

	if (a.hi != b.hi)
		n = (unsigned)__builtin_clzll(a.hi ^ b.hi);
	else if (a.lo != b.lo)
		n = 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo);
	return n < most ? n : most;
}

struct map_key
index_cut(struct map_key k, unsigned len)
{
	struct addr m = addr_mask(len);

	return (struct map_key){ k.hi & m.hi, k.lo & m.lo, len & 255, 0 };
}

/* Marks the prefixes that no other of the same rule contains. */
static void
mark_outer(struct index_key *keys, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		keys[i].outer = index_has_prefixes(keys[i].map);
		for (unsigned k = 0; keys[i].outer && k < n; k++)
			if (keys[k].map == keys[i].map && keys[k].key.len < keys[i].key.len &&
			    index_common(keys[k].key, keys[i].key) == keys[k].key.len)
				keys[i].outer = false;
	}
}

unsigned
index_keys(const struct index *ix, const struct rule *r, struct index_key out[INDEX_KEYS_MAX])
{
	unsigned n = 0;

	if (r->has_owner)
		n = add_key(out, n, MAP_OWNER, map_key_of_uuid(r->owner), SET_BITS);
	for (int s = 0; s < 2; s++) {
		const struct rule_side *side = &r->side[s];

		for (unsigned i = 0; i < side->n_ips; i++)
			n = add_prefix(out, n, side->ips[i], BIT_OF(s));
		for (unsigned i = 0; i < side->n_subnets; i++)
			n = add_prefix(out, n, side->subnets[i], BIT_SUBNET_OF(s));
		for (unsigned i = 0; i < side->n_vms; i++)
			n = add_key(out, n, MAP_VM, map_key_of_uuid(side->vms[i]), BIT_OF(s));
		for (unsigned i = 0; i < side->n_tags; i++) {
			const struct rule_tag *t = &side->tags[i];

			n = add_key(out, n, MAP_TAG, map_key_of_tag(ix, TAG_NAMED, t->key, t->value),
			    BIT_OF(s));
			n = add_key(out, n, MAP_TAG, map_key_of_tag(ix,
			    t->has_value ? TAG_PAIR : TAG_BARE, t->key, t->value), BIT_OF(s));
		}
	}
	mark_outer(out, n);
	return n;
}

/* --- where prefixes meet ------------------------------------------------------------ */

static int
key_cmp(const void *x, const void *y)
{
	const struct index_key *a = *(const struct index_key *const *)x,
	    *b = *(const struct index_key *const *)y;

	if (a->map != b->map)
		return a->map < b->map ? -1 : 1;
	if (a->key.hi != b->key.hi)
		return a->key.hi < b->key.hi ? -1 : 1;
	return a->key.lo < b->key.lo ? -1 : a->key.lo > b->key.lo;
}

unsigned
index_meets(const struct index_key *keys, unsigned n, struct index_meet out[INDEX_KEYS_MAX])
{
	const struct index_key *outer[INDEX_KEYS_MAX];
	unsigned k = 0, meets = 0;

	for (unsigned i = 0; i < n; i++)
		if (keys[i].outer)
			outer[k++] = &keys[i];
	if (k > 1)
		qsort(outer, k, sizeof(outer[0]), key_cmp);
	for (unsigned i = 1; i < k; i++) {
		struct map_key a = outer[i - 1]->key, b = outer[i]->key;

		if (outer[i - 1]->map == outer[i]->map)
			out[meets++] = (struct index_meet){ MAP_MEET_OF(outer[i]->map),
				index_cut(a, index_common(a, b)) };
	}
	return meets;
}

/* --- sets --------------------------------------------------------------------------- */

unsigned
index_sets(const struct rule *r, uint8_t set[INDEX_SETS], uint8_t bits[INDEX_SETS])
{
	unsigned n = 0, any = 0, vmall = 0;

	for (int s = 0; s < 2; s++) {
		any |= r->side[s].any ? BIT_OF(s) : 0;
		vmall |= r->side[s].vmall ? BIT_OF(s) : 0;
	}
	memset(bits, SET_BITS, INDEX_SETS);
	set[n++] = (uint8_t)(SET_PROTO + r->proto);
	set[n++] = (uint8_t)(SET_ACTION + r->action);
	set[n++] = (uint8_t)(SET_ENABLED + rule_is_true(r->enabled));
	set[n++] = (uint8_t)(SET_LOG + rule_is_true(r->log));
	if (!r->has_owner)
		set[n++] = SET_GLOBAL;
	if (any) {
		bits[n] = (uint8_t)any;
		set[n++] = SET_ANY;
	}
	if (vmall) {
		bits[n] = (uint8_t)vmall;
		set[n++] = SET_VMALL;
	}
	return n;
}
