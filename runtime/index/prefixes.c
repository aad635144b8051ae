/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The prefixes that contain an address stand, in the order of the map, somewhere before
 * it.  From the entry at or before the address, either it contains the address, and the
 * search goes on above its length; or the two agree in only so many first bits, and then
 * none longer than that contains the address: any such would stand between them.  So each
 * step costs one descent, or what of it differs from the last one, and there are as many
 * as answers, and about as many in between; lengths that no prefix has are passed over.
 *
 * Counting the rules that contain or overlap a prefix takes such a walk, and two descents
 * for the range inside it (index_int.h says why the sums are right); nothing in
 * proportion to the rules.
 */
#include "query_int.h"

/* The greatest length of at most `most` that there may be; -1: none. */
static int
longest_known(const uint64_t lengths[3], int most)
{
	for (int w = most / 64; most >= 0 && w >= 0; w--) {
		uint64_t bits = lengths[w];

		if (w == most / 64)
			bits &= ~(uint64_t)0 >> (63 - most % 64);
		if (bits)
			return w * 64 + 63 - __builtin_clzll(bits);
	}
	return -1;
}

void
query_chain_begin(struct query_chain *c, struct index_reader *rd, enum index_map map,
    struct map_key key, int longest)
{
	c->rd = rd;
	c->map = map;
	c->key = key;
	c->longest = longest;
	c->finger.depth = 0;
}

bool
query_chain_next(struct query_chain *c, struct map_entry *e)
{
	const uint64_t *lengths = c->rd->state.lengths[c->map - MAP_V4];
	struct store *st = &c->rd->ix->store;
	int longest = c->longest;

	while ((longest = longest_known(lengths, longest)) >= 0) {
		struct map_key at = index_cut(c->key, (unsigned)longest), found;
		int common;

		if (!map_floor_back(&c->finger, st, c->rd->state.map[c->map], &at, e))
			return false;
		found = (struct map_key){ e->hi, e->lo, e->len, 0 };
		common = (int)index_common(found, c->key);
		if (common == e->len && e->len <= longest) {
			c->longest = e->len - 1;
			return true;
		}
		if (common >= longest) {
			store_mark_corrupt(st);         /* out of order: a damaged file */
			return false;
		}
		longest = common;
	}
	return false;
}

struct map_key
query_last_within(struct map_key key)
{
	struct addr m = addr_mask(key.len);

	return (struct map_key){ key.hi | ~m.hi, key.lo | ~m.lo, 128, 0 };
}

/* --- counting ---------------------------------------------------------------------- */

/* Is the question how many rules contain or overlap one prefix, and nothing else? */
static bool
asks_one_prefix(const struct query *q)
{
	if (!q->count || (q->match != QUERY_CONTAINS && q->match != QUERY_OVERLAPS) ||
	    q->ips.n + q->subnets.n != 1 || q->direction != QUERY_NONE || q->global != QUERY_NONE)
		return false;
	for (unsigned c = COND_VM; c < QUERY_CONDS; c++)
		if (query_asks(q, c))
			return false;
	return q->protocol == QUERY_NONE && q->action == QUERY_NONE && q->enabled == QUERY_NONE &&
	    q->log == QUERY_NONE;
}

bool
query_count_prefix(struct index_reader *rd, const struct query *q, uint32_t *total)
{
	struct store *st = &rd->ix->store;
	bool overlaps = q->match == QUERY_OVERLAPS;
	struct query_chain chain;
	struct map_key key, last;
	struct map_entry e;
	enum index_map map;
	uint64_t sum = 0;

	if (!asks_one_prefix(q))
		return false;
	key = map_key_of_prefix(q->ips.n ? q->ips.v[0] : q->subnets.v[0], &map);
	query_chain_begin(&chain, rd, map, key, (int)key.len - overlaps);
	while (query_chain_next(&chain, &e)) {
		if (e.weight == MAP_WEIGHT_MAX)
			return false;
		sum += e.weight;
	}
	if (overlaps) {
		uint32_t all, meets;

		last = query_last_within(key);
		all = map_weight(st, rd->state.map[map], &key, &last);
		meets = map_weight(st, rd->state.map[MAP_MEET_OF(map)], &key, &last);
		if (all == MAP_WEIGHT_UNKNOWN || meets == MAP_WEIGHT_UNKNOWN)
			return false;
		/* A damaged file may say anything. */
		sum += all > meets ? all - meets : 0;
	}
	*total = sum < rd->state.rules ? (uint32_t)sum : rd->state.rules;
	return true;
}
