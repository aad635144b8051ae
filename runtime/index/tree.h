/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Persistent B+trees over the blocks of a store: a change copies the nodes from
 * the root to a leaf and leaves the old tree as it was, so a reader that holds a
 * root sees one state for as long as it likes.  Nodes are exactly as big as what
 * they hold, because none is ever changed in place.
 *
 * Two kinds.  A set holds elements: a rule's number and four bits that say by
 * what it is in the set; sorted by number.  A map holds entries: a key of 128
 * bits and a length, and a value; sorted by bits, then length, which puts a
 * prefix before all that it contains.
 *
 * Finding takes one block a level, 3 to 5 levels at a million.  A change costs
 * some 500 bytes a level.
 */
#ifndef FWR_INDEX_TREE_H
#define FWR_INDEX_TREE_H

#include "store.h"

/* An element: number << 4 | bits, in 31 bits. */
#define SET_BITS 15u
#define SET_MAX_NUMBER (((uint32_t)1 << 27) - 1)

/* Also of one with the top bit, which only a damaged file has. */
static inline uint32_t
set_number(uint32_t element)
{
	return element >> 4 & SET_MAX_NUMBER;
}

struct map_key {
	uint64_t hi, lo;
	uint32_t len : 8, unused : 24;
};

struct map_entry {
	uint64_t hi, lo;
	uint32_t len : 8;
	uint32_t weight : 24;           /* summed over ranges */
	uint32_t value;
};

#define MAP_WEIGHT_MAX (((uint32_t)1 << 24) - 1)        /* as much or more */

enum tree_kind { TREE_SET, TREE_MAP };

#define TREE_MAX_HEIGHT 8
#define TREE_LEAF_MAX 120       /* entries of the largest leaf of either kind */

/* Where changes go: blocks that a change replaces are handed to retire. */
struct tree_writer {
	struct store *store;
	void (*retire)(void *context, uint32_t ref, uint32_t bytes);
	void *context;
};

/* A root is a reference; 0 is the empty tree. */
uint32_t map_put(struct tree_writer *w, uint32_t root, const struct map_entry *e);
uint32_t map_remove(struct tree_writer *w, uint32_t root, const struct map_key *key);

/* The entry with that key; the last one not behind it; how many stand before it. */
bool map_find(struct store *st, uint32_t root, const struct map_key *key, struct map_entry *out);
bool map_floor(struct store *st, uint32_t root, const struct map_key *key,
    struct map_entry *out);
/*
 * The same for keys that only go back, from a finger of zeros on: it remembers the way
 * to the last entry, which is most of the way to the next.
 */
struct map_finger {
	uint32_t depth;
	const struct node *node[TREE_MAX_HEIGHT + 1];
};

bool map_floor_back(struct map_finger *f, struct store *st, uint32_t root,
    const struct map_key *key, struct map_entry *out);
/*
 * The weights of all entries from first to last, both included, without a look at them;
 * MAP_WEIGHT_UNKNOWN if one of them, or their sum, is too big to be kept.
 */
#define MAP_WEIGHT_UNKNOWN UINT32_MAX
uint32_t map_weight(struct store *st, uint32_t root, const struct map_key *first,
    const struct map_key *last);
uint32_t map_rank(struct store *st, uint32_t root, const struct map_key *key);
uint32_t tree_count(struct store *st, uint32_t root);

/* Walks leaf by leaf. */
struct tree_iter {
	struct store *store;
	enum tree_kind kind;
	uint32_t depth;                 /* of path; 0: at the end */
	struct {
		const char *entry;      /* entries of the node */
		uint32_t at, n;
	} path[TREE_MAX_HEIGHT + 1];
};

/* From the first entry on, or from the first not before key (an element's), if one is given. */
void tree_begin(struct tree_iter *it, struct store *st, enum tree_kind kind, uint32_t root,
    const void *key);
/* The rest of the current leaf as a run of *n entries, and on to the next; NULL at the end. */
const void *tree_next_run(struct tree_iter *it, uint32_t *n);

/* Bottom up, from entries in ascending order. */
struct tree_builder {
	struct store *store;
	enum tree_kind kind;
	uint32_t levels;
	struct tree_level {
		uint32_t n;
		char *entry;            /* room for the biggest node of the level */
	} level[TREE_MAX_HEIGHT + 1];
};

void tree_build_begin(struct tree_builder *b, struct store *st, enum tree_kind kind);
void tree_build_add(struct tree_builder *b, const void *entry);
uint32_t tree_build_end(struct tree_builder *b);

/*
 * A set as a map's value: an only element stands in the value itself, with the
 * top bit set.  0 is the empty set.
 */
#define SET_ONE ((uint32_t)1 << 31)

uint32_t set_put(struct tree_writer *w, uint32_t set, uint32_t element);
uint32_t set_remove(struct tree_writer *w, uint32_t set, uint32_t number);
uint32_t set_count(struct store *st, uint32_t set);

struct set_iter {
	struct tree_iter tree;
	uint32_t one;
	bool single;
};

void set_begin(struct set_iter *it, struct store *st, uint32_t set);
/* From the first element on whose number is not below. */
void set_begin_at(struct set_iter *it, struct store *st, uint32_t set, uint32_t number);
const uint32_t *set_next_run(struct set_iter *it, uint32_t *n);
/* From ascending elements. */
uint32_t set_build(struct store *st, const uint32_t *element, uint32_t n);

#endif
