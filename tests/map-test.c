/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The map of runtime/index/tree.h against a sorted array, after random changes: finding,
 * walking, ranks, and sums of weights, some of which are too big to be known.
 */
#include "runtime/index/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/random.h"

#include <cmocka.h>

#define MOST 3000

struct world {
	struct store store;
	struct tree_writer w;
	uint32_t root, n;
	struct map_entry v[MOST];
};

/* Nothing is freed: old trees stay, as they do for a reader. */
static void
retire(void *context, uint32_t ref, uint32_t bytes)
{
	(void)context;
	(void)ref;
	(void)bytes;
}

static int
cmp(const struct map_key *a, const struct map_key *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

static const struct map_key *
key_of(const struct map_entry *e)
{
	return (const struct map_key *)e;
}

/* Few different bits, so that keys meet, at both ends of the words. */
static struct map_key
some_key(void)
{
	return (struct map_key){ (uint64_t)random_below(8) << 61 | random_below(4),
		(uint64_t)random_below(8) << 61 | random_below(40), random_below(129) & 255, 0 };
}

static uint32_t
some_weight(bool big)
{
	if (big && random_below(500) == 0)
		return MAP_WEIGHT_MAX;
	return (random_below(3) ? random_below(5) : random_below(MAP_WEIGHT_MAX)) & MAP_WEIGHT_MAX;
}

/* How many entries come before the key. */
static uint32_t
place(const struct world *w, const struct map_key *key)
{
	uint32_t at = 0;

	while (at < w->n && cmp(key_of(&w->v[at]), key) < 0)
		at++;
	return at;
}

static void
change(struct world *w, bool big)
{
	struct map_key key = w->n && random_below(2) ? *key_of(&w->v[random_below(w->n)]) : some_key();
	uint32_t at = place(w, &key);
	bool there = at < w->n && cmp(key_of(&w->v[at]), &key) == 0;
	struct map_entry e = { key.hi, key.lo, key.len, some_weight(big) & MAP_WEIGHT_MAX,
		random_below(1000) };

	if (random_below(3) == 0) {
		w->root = map_remove(&w->w, w->root, &key);
		if (there)
			memmove(&w->v[at], &w->v[at + 1], (--w->n - at) * sizeof(e));
	} else if (there || w->n < MOST) {
		w->root = map_put(&w->w, w->root, &e);
		if (!there)
			memmove(&w->v[at + 1], &w->v[at], (w->n++ - at) * sizeof(e));
		w->v[at] = e;
	}
}

static uint32_t
slow_weight(const struct world *w, const struct map_key *first, const struct map_key *last)
{
	uint64_t sum = 0;

	for (uint32_t i = place(w, first); i < w->n && cmp(key_of(&w->v[i]), last) <= 0; i++)
		sum += w->v[i].weight == MAP_WEIGHT_MAX ? MAP_WEIGHT_UNKNOWN : w->v[i].weight;
	return sum < MAP_WEIGHT_UNKNOWN ? (uint32_t)sum : MAP_WEIGHT_UNKNOWN;
}

static void
compare(struct world *w)
{
	struct map_key first = some_key(), last = some_key();
	struct map_entry e;
	uint32_t at;

	if (cmp(&first, &last) > 0) {
		struct map_key k = first;

		first = last;
		last = k;
	}
	assert_int_equal(map_weight(&w->store, w->root, &first, &last), slow_weight(w, &first, &last));
	at = place(w, &first);
	assert_int_equal(map_rank(&w->store, w->root, &first), at);
	if (at < w->n && cmp(key_of(&w->v[at]), &first) == 0)
		at++;
	else
		assert_false(map_find(&w->store, w->root, &first, &e));
	assert_int_equal(map_floor(&w->store, w->root, &first, &e), at > 0);
	if (at)
		assert_memory_equal(&e, &w->v[at - 1], sizeof(e));
}

static void
walk(struct world *w)
{
	struct map_key from = some_key();
	const struct map_entry *run;
	struct tree_iter it;
	uint32_t at = place(w, &from), n;

	tree_begin(&it, &w->store, TREE_MAP, w->root, &from);
	while ((run = tree_next_run(&it, &n)) != NULL) {
		assert_true(n <= w->n - at);
		assert_memory_equal(run, &w->v[at], n * sizeof(*run));
		at += n;
	}
	assert_int_equal(at, w->n);
	assert_int_equal(tree_count(&w->store, w->root), w->n);
}

static void
try(bool big, uint32_t changes)
{
	struct world *w = calloc(1, sizeof(*w));

	store_init(&w->store);
	w->w = (struct tree_writer){ &w->store, retire, NULL };
	for (uint32_t i = 0; i < changes; i++) {
		change(w, big);
		compare(w);
		if (i % 500 == 0)
			walk(w);
	}
	assert_false(store_is_corrupt(&w->store));
	store_free_all(&w->store);
	free(w);
}

static void
test_map(void **state)
{
	(void)state;
	random_start(3);
	try(false, 12000);
	try(true, 12000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_map) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
