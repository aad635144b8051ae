/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The sets of rules that an index's keys have, as it keeps them and as CRoaring would:
 *
 *   postings FILE        an index file; prints a Markdown table
 *
 * In CRoaring's favour it gets one bitmap a key, though it has no room for the four
 * bits that say by which side a rule has the key, and no key of a single rule.
 */
#include <malloc.h>
#include <roaring/roaring.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/index/index_int.h"
#include "tests/random.h"

#define CHANGES 20000

struct postings {
	uint32_t set;
	uint32_t n;
	roaring_bitmap_t *bitmap;
};

static struct postings *list;
static uint32_t lists;
static uint64_t retired;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Sets of more than one rule of all maps but that of UUIDs. */
static void
find_sets(struct index *ix, const struct index_state *state)
{
	const struct map_entry *e;
	struct tree_iter it;
	uint32_t n, cap = 0;

	for (unsigned m = MAP_OWNER; m < INDEX_SET_MAPS; m++) {
		tree_begin(&it, &ix->store, TREE_MAP, state->map[m], NULL);
		while ((e = tree_next_run(&it, &n)) != NULL)
			for (uint32_t i = 0; i < n; i++) {
				if (e[i].value & SET_ONE)
					continue;
				if (lists == cap) {
					cap = cap ? cap * 2 : 1024;
					list = base_grow(list, cap * sizeof(*list));
				}
				list[lists++] = (struct postings){ e[i].value,
					set_count(&ix->store, e[i].value), NULL };
			}
	}
}

static void
retire(void *context, uint32_t ref, uint32_t bytes)
{
	struct store *st = context;

	store_free(st, ref, bytes);
	retired += bytes;
}

static uint64_t
walk(struct store *st, uint32_t set, uint32_t *out)
{
	struct set_iter it;
	const uint32_t *run;
	uint32_t n, k = 0;

	set_begin(&it, st, set);
	while ((run = set_next_run(&it, &n)) != NULL) {
		memcpy(out + k, run, n * sizeof(*run));
		k += n;
	}
	return k ? out[k / 2] : 0;
}

/* The same sets made again, in a store of their own: their bytes and no others. */
static void
copy_sets(struct store *from, struct store *to, uint32_t *room)
{
	store_init(to);
	for (uint32_t i = 0; i < lists; i++) {
		walk(from, list[i].set, room);
		list[i].set = set_build(to, room, list[i].n);
		for (uint32_t k = 0; k < list[i].n; k++)
			room[k] = set_number(room[k]);
		list[i].bitmap = roaring_bitmap_of_ptr(list[i].n, room);
		roaring_bitmap_run_optimize(list[i].bitmap);
		roaring_bitmap_shrink_to_fit(list[i].bitmap);
	}
}

static void
report(const char *what, double ours, double theirs)
{
	printf("| %s | %.2f | %.2f |\n", what, ours, theirs);
}

/* Reads every set of some sizes; what an element costs in ns, the least of five passes. */
static void
measure_reading(struct store *st, uint32_t least, uint32_t most, uint32_t *room, const char *what)
{
	double ours = 1e18, theirs = 1e18, start;
	uint64_t sink = 0, n = 0;

	for (int pass = 0; pass < 5; pass++) {
		n = 0;
		start = now();
		for (uint32_t i = 0; i < lists; i++)
			if (list[i].n >= least && list[i].n < most) {
				sink += walk(st, list[i].set, room);
				n += list[i].n;
			}
		start = now() - start;
		ours = start < ours ? start : ours;
		start = now();
		for (uint32_t i = 0; i < lists; i++)
			if (list[i].n >= least && list[i].n < most) {
				roaring_bitmap_to_uint32_array(list[i].bitmap, room);
				sink += room[0];
			}
		start = now() - start;
		theirs = start < theirs ? start : theirs;
	}
	if (n && sink)
		report(what, ours * 1e3 / (double)n, theirs * 1e3 / (double)n);
}

/* One rule into and out of a set that readers go on to see as it was. */
static void
measure_changes(struct store *st, uint32_t least, uint32_t most, const char *what)
{
	struct tree_writer w = { st, retire, st };
	uint32_t *some = base_alloc(CHANGES * sizeof(*some)), n = 0;
	double t[3];

	for (uint32_t tries = 0; tries < 100 * CHANGES && n < CHANGES; tries++) {
		uint32_t i = random_below(lists);

		if (list[i].n >= least && list[i].n < most)
			some[n++] = i;
	}
	t[0] = now();
	for (uint32_t i = 0; i < n; i++) {
		struct postings *p = &list[some[i]];

		p->set = set_put(&w, p->set, (2000000u + i) << 4 | 1);
		p->set = set_remove(&w, p->set, 2000000u + i);
	}
	t[1] = now();
	for (uint32_t i = 0; i < n; i++) {
		roaring_bitmap_t **p = &list[some[i]].bitmap, *with = roaring_bitmap_copy(*p), *without;

		roaring_bitmap_add(with, 2000000u + i);
		roaring_bitmap_free(*p);
		without = roaring_bitmap_copy(with);
		roaring_bitmap_remove(without, 2000000u + i);
		roaring_bitmap_free(with);
		*p = without;
	}
	t[2] = now();
	if (n)
		report(what, (t[1] - t[0]) / (2 * n), (t[2] - t[1]) / (2 * n));
	free(some);
}

int
main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct index *ix = argc == 2 ? index_open(argv[1], &diags) : NULL;
	const struct index_state *state;
	uint64_t elements = 0;
	struct store st;
	uint32_t *room;
	size_t before;

	if (!ix)
		return 1;
	random_state = 1;
	state = store_at(&ix->store, atomic_load(&ix->state), sizeof(*state));
	find_sets(ix, state);
	room = base_alloc(((size_t)state->rules + 1) * sizeof(*room));
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	copy_sets(&ix->store, &st, room);
	for (uint32_t i = 0; i < lists; i++)
		elements += list[i].n;
	/* What the store took from malloc is in pages of its own. */
	before = mallinfo2().uordblks + mallinfo2().hblkhd - before - store_bytes(&st);
	printf("%u sets of more than one rule, %llu elements\n\n", lists,
	    (unsigned long long)elements);
	printf("| | fwrule | CRoaring %d.%d.%d |\n| --- | --- | --- |\n", ROARING_VERSION_MAJOR,
	    ROARING_VERSION_MINOR, ROARING_VERSION_REVISION);
	report("bytes an element", (double)st.live / (double)elements,
	    (double)before / (double)elements);
	measure_reading(&st, 2, 32, room, "reading sets of 2 to 31, ns an element");
	measure_reading(&st, 32, 1024, room, "of 32 to 1,023");
	measure_reading(&st, 1024, UINT32_MAX, room, "of 1,024 and more");
	measure_changes(&st, 2, 32, "a change of sets of 2 to 31, microseconds");
	measure_changes(&st, 32, 1024, "of 32 to 1,023");
	measure_changes(&st, 1024, UINT32_MAX, "of 1,024 and more");
	return 0;
}
