/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the index share. */
#ifndef FWR_INDEX_INDEX_INT_H
#define FWR_INDEX_INDEX_INT_H

#include <pthread.h>

#include "index.h"
#include "tree.h"

/*
 * Maps from a key to the set of rules that have it; MAP_UUID to a rule's number.
 *
 * Prefixes can be counted without a look at their rules.  Of a rule's prefixes those
 * count that no other of its own contains, its outer ones: every prefix has as weight
 * how many rules have it as an outer one.  A rule that has a prefix which contains an
 * address has one outer prefix that does, so the weights of the prefixes that contain
 * the address add up to the rules.  Within a prefix a rule may have several outer ones.
 * In the order of the map, each two neighbours of a rule meet in the longest prefix that
 * contains both, and within any prefix with k of them stand k - 1 such meetings (the
 * counting of documents in a suffix tree; Hui, "Color set size problem", 1992).  So the
 * weights in the range less the meetings in it are the rules.
 */
enum index_map { MAP_UUID, MAP_OWNER, MAP_VM, MAP_TAG, MAP_V4, MAP_V6, INDEX_SET_MAPS,
	/* From the prefix where outer prefixes meet to how many pairs of them do. */
	MAP_MEET_V4 = INDEX_SET_MAPS, MAP_MEET_V6, INDEX_MAPS };
#define MAP_MEET_OF(map) ((map) + (MAP_MEET_V4 - MAP_V4))

/* Sets of all rules of a kind. */
enum index_set {
	SET_PROTO = 0,                  /* + enum lang_proto */
	SET_ACTION = LANG_PROTOS,       /* + enum lang_action */
	SET_ENABLED = SET_ACTION + 2,   /* + 0 or 1 */
	SET_LOG = SET_ENABLED + 2,      /* + 0 or 1 */
	SET_GLOBAL = SET_LOG + 2,
	SET_ANY, SET_VMALL,             /* bits: the sides */
	INDEX_SETS
};

/* Bits of an element: by which side, and as what, a rule has the key. */
#define BIT_OF(side) (1u << (side))                     /* ip, vm, tag, wildcard */
#define BIT_SUBNET_OF(side) (4u << (side))
#define BITS_SIDE(side) (BIT_OF(side) | BIT_SUBNET_OF(side))
#define BITS_IP 3u
#define BITS_SUBNET 12u

/* How a tag is looked for: the last part of its key in MAP_TAG. */
enum tag_key { TAG_NAMED, TAG_BARE, TAG_PAIR };

/* One state of the index: a block, published by its reference. */
struct index_state {
	uint32_t rules;
	uint32_t map[INDEX_MAPS];
	uint32_t set[INDEX_SETS];
	/* By family from MAP_V4: a bit for each length that a prefix has, or had. */
	uint64_t lengths[2][3];
};

/* A map that holds prefixes, and not where they meet. */
static inline bool
index_has_prefixes(enum index_map map)
{
	return map == MAP_V4 || map == MAP_V6;
}

static inline void
index_note_length(struct index_state *state, enum index_map map, uint32_t len)
{
	if (index_has_prefixes(map))
		state->lengths[map - MAP_V4][len / 64] |= (uint64_t)1 << len % 64;
}

#define INDEX_HEAD_BYTES 4096

/* How an index file begins. */
struct index_head {
	char magic[INDEX_MAGIC_SIZE];
	uint32_t order, version;
	uint64_t bytes;                 /* of the whole file */
	uint32_t pages;
	uint32_t sorted;                /* rules, numbered from 0 */
	uint32_t numbers;               /* reference of the table of numbers */
	uint32_t unused;
	uint64_t tag_key[4];
	struct index_state state;
	uint64_t sums;                  /* checksum of the pages' checksums */
	uint64_t sum;                   /* of the first INDEX_HEAD_BYTES, this member being 0 */
};

union index_head_page {
	struct index_head h;
	char bytes[INDEX_HEAD_BYTES];
};

/* What sum must be in a head. */
uint64_t index_head_sum(const char *bytes);

/* By a rule's number; never changes while a reader can know the number. */
struct index_number {
	uint32_t record;
	uint32_t flags;
};
#define NUMBERS_PER_PAGE ((uint32_t)(STORE_PAGE / sizeof(struct index_number)))
#define NUMBER_PAGES ((SET_MAX_NUMBER + 1) / NUMBERS_PER_PAGE)

struct index_reader {
	_Alignas(64) _Atomic uint64_t epoch;    /* 0: idle */
	struct index *ix;
	struct index_state state;
	struct index_reader *next;
};

struct index {
	struct store store;
	uint64_t tag_key[4];
	uint32_t sorted;                /* numbers below are in the order of UUIDs */
	_Atomic uint32_t *number_page;  /* references of pages of struct index_number */
	_Atomic uint64_t epoch;
	_Atomic uint32_t state;         /* reference of a struct index_state */

	pthread_mutex_t lock;           /* of what follows: the writer's, and the list of readers */
	struct index_reader *readers;
	uint32_t numbers;               /* handed out so far, free ones included */
	struct { uint32_t *v; size_t n, cap; } free_numbers;
	struct { struct store_retired *v; size_t first, n, cap; } retired;
	uint64_t changes;
	void *file;                     /* mapped */
	size_t file_bytes;
};

struct index_key {
	enum index_map map;
	unsigned bits;
	bool outer;                     /* a prefix that no other of the rule contains */
	struct map_key key;
};

/* Where outer prefixes of a rule meet. */
struct index_meet {
	enum index_map map;
	struct map_key key;
};

#define INDEX_KEYS_MAX (2 * LANG_MAX_TARGETS * 2 + 1)

/* The weight of a map's entry after n more, or fewer; what is too big to know stays so. */
static inline uint32_t
index_weight(uint32_t old, int n)
{
	if (old == MAP_WEIGHT_MAX || (n < 0 && old == 0))
		return old;
	return old + (uint32_t)n;
}

struct map_key map_key_of_uuid(struct uuid u);
/* Of a prefix, host bits ignored; *map is the family's. */
struct map_key map_key_of_prefix(struct prefix p, enum index_map *map);
struct map_key map_key_of_tag(const struct index *ix, enum tag_key kind, struct slice key,
    struct slice value);
/* All keys of a rule, each once; returns how many. */
unsigned index_keys(const struct index *ix, const struct rule *r,
    struct index_key out[INDEX_KEYS_MAX]);
/* Where the outer ones of a rule's keys meet; returns how many. */
unsigned index_meets(const struct index_key *keys, unsigned n,
    struct index_meet out[INDEX_KEYS_MAX]);
/* How many first bits two keys have in common, at most the length of the shorter. */
unsigned index_common(struct map_key a, struct map_key b);
/* The first `len` bits. */
struct map_key index_cut(struct map_key k, unsigned len);
/* The sets that a rule is in, with its bits there; returns how many. */
unsigned index_sets(const struct rule *r, uint8_t set[INDEX_SETS], uint8_t bits[INDEX_SETS]);

const struct index_number *index_number_at(struct index *ix, uint32_t number);
/* Makes the page for a number; the writer's. */
struct index_number *index_number_make(struct index *ix, uint32_t number);

/* An index without a first state. */
struct index *index_alloc(void);
void index_publish(struct index *ix, const struct index_state *state);

/* Builds from rules that come in ascending order of UUID; NULL ends them. */
struct index *index_build_from(const struct rule *(*next)(void *context), void *context,
    uint32_t most);

#endif
