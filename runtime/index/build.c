/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Many rules at once: records one after the other in the order of UUIDs, then
 * every map sorted and built from its leaves up.  Takes about 24 bytes a key
 * besides the index itself while it runs; the sort is a radix sort that skips
 * digits in which all keys agree.
 */
#include "index_int.h"

#include <stdlib.h>

struct keyed {
	uint64_t hi, lo;
	uint16_t len;
	bool outer;                     /* struct index_key's */
	uint32_t element;
};

struct keyed_list {
	struct keyed *v;
	size_t n, cap;
};

struct element_list {
	uint32_t *v;
	size_t n, cap;
};

struct builder {
	struct index *ix;
	struct keyed_list map[INDEX_MAPS];
	struct element_list set[INDEX_SETS];
	struct buf record;
};

static void
add_keyed(struct keyed_list *l, struct keyed k)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->v = base_grow(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = k;
}

static void
add_element(struct element_list *l, uint32_t e)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->v = base_grow(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = e;
}

/* --- sorting ----------------------------------------------------------------- */

static inline unsigned
digit(const struct keyed *k, unsigned d)
{
	if (d == 0)
		return k->len;
	return (unsigned)((d <= 4 ? k->lo : k->hi) >> ((d - 1) % 4 * 16)) & 0xffff;
}

/* Stable, least digit first: the length, then 16 bits at a time. */
static void
sort_keyed(struct keyed_list *l)
{
	struct keyed *from = l->v, *to, *spare;
	uint32_t *count;

	if (l->n < 2)
		return;
	to = spare = base_alloc(l->n * sizeof(*to));
	count = base_alloc(65536 * sizeof(*count));
	for (unsigned d = 0; d < 9; d++) {
		unsigned first = digit(&from[0], d);
		uint32_t sum = 0;
		size_t i = 1;

		while (i < l->n && digit(&from[i], d) == first)
			i++;
		if (i == l->n)
			continue;
		memset(count, 0, 65536 * sizeof(*count));
		for (i = 0; i < l->n; i++)
			count[digit(&from[i], d)]++;
		for (i = 0; i < 65536; i++) {
			uint32_t here = count[i];

			count[i] = sum;
			sum += here;
		}
		for (i = 0; i < l->n; i++)
			to[count[digit(&from[i], d)]++] = from[i];
		spare = from;
		from = to;
		to = spare;
	}
	l->v = from;
	free(to);
	free(count);
}

/* --- building ----------------------------------------------------------------- */

static bool
same_key(const struct keyed *a, const struct keyed *b)
{
	return a->hi == b->hi && a->lo == b->lo && a->len == b->len;
}

/* Elements of one key come in ascending order, for numbers were given out so. */
static uint32_t
build_map(struct index *ix, struct index_state *state, enum index_map map, struct keyed_list *l)
{
	struct element_list set = { 0 };
	struct tree_builder tree;

	sort_keyed(l);
	tree_build_begin(&tree, &ix->store, TREE_MAP);
	for (size_t i = 0; i < l->n;) {
		struct map_entry e = { l->v[i].hi, l->v[i].lo, l->v[i].len & 255, 0, 0 };
		size_t first = i;

		set.n = 0;
		for (; i < l->n && same_key(&l->v[i], &l->v[first]); i++) {
			add_element(&set, l->v[i].element);
			e.weight = index_weight(e.weight, l->v[i].outer);
		}
		e.value = set_build(&ix->store, set.v, (uint32_t)set.n);
		tree_build_add(&tree, &e);
		index_note_length(state, map, e.len);
	}
	free(set.v);
	free(l->v);
	return tree_build_end(&tree);
}

/* Of a key that comes n times the value is n. */
static uint32_t
build_meets(struct index *ix, struct keyed_list *l)
{
	struct tree_builder tree;

	sort_keyed(l);
	tree_build_begin(&tree, &ix->store, TREE_MAP);
	for (size_t i = 0; i < l->n;) {
		struct map_entry e = { l->v[i].hi, l->v[i].lo, l->v[i].len & 255, 0, 0 };
		size_t first = i;

		while (i < l->n && same_key(&l->v[i], &l->v[first]))
			i++;
		e.value = (uint32_t)(i - first);
		e.weight = e.value < MAP_WEIGHT_MAX ? e.value & MAP_WEIGHT_MAX : MAP_WEIGHT_MAX;
		tree_build_add(&tree, &e);
	}
	free(l->v);
	return tree_build_end(&tree);
}

static void
add_rule(struct builder *b, const struct rule *r, uint32_t number, struct index_number *at)
{
	struct index_key keys[INDEX_KEYS_MAX];
	uint8_t set[INDEX_SETS], bits[INDEX_SETS];
	struct map_key uuid = map_key_of_uuid(r->uuid);
	struct index_meet meets[INDEX_KEYS_MAX];
	unsigned n_keys = index_keys(b->ix, r, keys), n;
	char *p;

	b->record.n = 0;
	record_write(&b->record, r);
	at->record = store_alloc(&b->ix->store, b->record.n, &p);
	at->flags = record_flags(r);
	memcpy(p, b->record.p, b->record.n);
	/* The map of UUIDs comes sorted, and its values are numbers. */
	add_keyed(&b->map[MAP_UUID], (struct keyed){ uuid.hi, uuid.lo, 0, false,
	    number });
	for (unsigned i = 0; i < n_keys; i++)
		add_keyed(&b->map[keys[i].map], (struct keyed){ keys[i].key.hi, keys[i].key.lo,
		    keys[i].key.len, keys[i].outer, number << 4 | keys[i].bits });
	n = index_meets(keys, n_keys, meets);
	for (unsigned i = 0; i < n; i++)
		add_keyed(&b->map[meets[i].map], (struct keyed){ meets[i].key.hi, meets[i].key.lo,
		    meets[i].key.len, false, 0 });
	n = index_sets(r, set, bits);
	for (unsigned i = 0; i < n; i++)
		add_element(&b->set[set[i]], number << 4 | bits[i]);
}

static uint32_t
build_uuids(struct index *ix, struct keyed_list *l)
{
	struct tree_builder tree;

	tree_build_begin(&tree, &ix->store, TREE_MAP);
	for (size_t i = 0; i < l->n; i++)
		tree_build_add(&tree, &(struct map_entry){ l->v[i].hi, l->v[i].lo, 0, 0,
		    l->v[i].element });
	free(l->v);
	return tree_build_end(&tree);
}

struct index *
index_build_from(const struct rule *(*next)(void *context), void *context, uint32_t most)
{
	struct builder b = { .ix = index_alloc() };
	struct index *ix = b.ix;
	struct index_state state = { 0 };
	const struct rule *r;
	uint32_t pages = most / NUMBERS_PER_PAGE + 1, n = 0, first;
	struct index_number *numbers;

	/* One run, as index files have it. */
	first = store_alloc_pages(&ix->store, pages, &numbers);
	for (uint32_t i = 0; i < pages; i++)
		atomic_store(&ix->number_page[i], first + i * STORE_PAGE_GRAINS);
	while (n < most && (r = next(context)) != NULL) {
		add_rule(&b, r, n, &numbers[n]);
		n++;
	}
	buf_free(&b.record);
	state.rules = n;
	state.map[MAP_UUID] = build_uuids(ix, &b.map[MAP_UUID]);
	for (int m = MAP_UUID + 1; m < INDEX_SET_MAPS; m++)
		state.map[m] = build_map(ix, &state, m, &b.map[m]);
	for (int m = INDEX_SET_MAPS; m < INDEX_MAPS; m++)
		state.map[m] = build_meets(ix, &b.map[m]);
	for (int s = 0; s < INDEX_SETS; s++) {
		state.set[s] = set_build(&ix->store, b.set[s].v, (uint32_t)b.set[s].n);
		free(b.set[s].v);
	}
	ix->sorted = ix->numbers = n;
	index_publish(ix, &state);
	return ix;
}

/* --- from a list ---------------------------------------------------------------- */

struct ordered {
	uint64_t hi, lo;
	uint32_t at;
};

struct source {
	struct rule *const *rules;
	struct ordered *order;
	uint32_t n, at;
};

static int
ordered_cmp(const void *x, const void *y)
{
	const struct ordered *a = x, *b = y;

	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static const struct rule *
next_ordered(void *context)
{
	struct source *s = context;

	/* Of the same UUID the last counts. */
	while (s->at + 1 < s->n && s->order[s->at].hi == s->order[s->at + 1].hi &&
	    s->order[s->at].lo == s->order[s->at + 1].lo)
		s->at++;
	return s->at < s->n ? s->rules[s->order[s->at++].at] : NULL;
}

struct index *
index_build(struct rule *const *rules, uint32_t n)
{
	struct source s = { rules, base_alloc(n * sizeof(*s.order)), n, 0 };
	struct index *ix;

	for (uint32_t i = 0; i < n; i++) {
		struct map_key k = map_key_of_uuid(rules[i]->uuid);

		s.order[i] = (struct ordered){ k.hi, k.lo, i };
	}
	qsort(s.order, n, sizeof(*s.order), ordered_cmp);
	ix = index_build_from(next_ordered, &s, n < SET_MAX_NUMBER ? n : SET_MAX_NUMBER);
	free(s.order);
	return ix;
}
