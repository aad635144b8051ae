/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_INDEX_QUERY_INT_H
#define FWR_INDEX_QUERY_INT_H

#include "index_int.h"
#include "query.h"

/* What a question can ask of a rule's targets, its owner and its ports. */
enum query_cond { COND_IP, COND_SUBNET, COND_VM, COND_TAG, COND_WILDCARD, COND_OWNER, COND_PORT,
	QUERY_CONDS };

bool query_asks(const struct query *q, enum query_cond c);
/* Does the rule answer this condition? */
bool query_holds(const struct query *q, enum query_cond c, const struct rule *r);

/*
 * Puts numbers, which are ascending or in the order of UUIDs already, in the order
 * that the question asks for; false as query_run.
 */
bool query_sort(struct index_reader *rd, const struct query *q, struct query_list *l,
    bool ordered);

/* --- prefixes ---------------------------------------------------------------------- */

/* A walk over the entries of a map whose prefixes contain a key, the longest first. */
struct query_chain {
	struct index_reader *rd;
	enum index_map map;
	struct map_key key;
	int longest;                    /* that may come; -1: none */
	struct map_finger finger;
};

void query_chain_begin(struct query_chain *c, struct index_reader *rd, enum index_map map,
    struct map_key key, int longest);
bool query_chain_next(struct query_chain *c, struct map_entry *e);

/* The last key that a prefix contains. */
struct map_key query_last_within(struct map_key key);

/*
 * How many rules contain or overlap a prefix, if that is all that is asked and known
 * without a look at the rules.
 */
bool query_count_prefix(struct index_reader *rd, const struct query *q, uint32_t *total);

/* --- collecting -------------------------------------------------------------------- */

/* A set, or the sets of a map's entries from first to last. */
struct query_source {
	enum { SOURCE_SET, SOURCE_RANGE } kind;
	unsigned bits;                  /* elements with none of them do not count */
	uint32_t set;
	uint32_t map;
	struct map_key first, last;
};

/* Does an entry stand behind the range? */
static inline bool
query_is_behind(const struct map_entry *e, const struct query_source *s)
{
	return e->hi != s->last.hi ? e->hi > s->last.hi : e->lo > s->last.lo;
}

/* The numbers that n of the answer's sources hold: ascending, each once. */
void query_collect(struct index_reader *rd, struct query_answer *a, uint32_t first, uint32_t n,
    struct query_list *out);

/* --- meeting ----------------------------------------------------------------------- */

/* Where one set or list stands. */
struct query_cursor {
	struct store *store;
	uint32_t set;
	unsigned bits;                  /* as a source's */
	bool is_list, started, ended;
	uint32_t value;                 /* the number it stands at */
	struct set_iter it;
	const uint32_t *run;            /* the leaf, or the list */
	uint32_t at, n;
};

#define QUERY_MEET_CURSORS 32
#define QUERY_MEET_CONDS 16

/* Conditions that are met; of 0 at first. */
struct query_meet {
	struct query_cursor cursor[QUERY_MEET_CURSORS];
	unsigned first[QUERY_MEET_CONDS + 1];   /* of each condition's cursors */
	unsigned conds, n_cursors;
	bool alike;                     /* the conditions have about as many numbers */
	uint32_t next, to;              /* numbers that are still to be looked at */
	uint64_t sought;
};

/* A condition of sets; false, and nothing is added, if it is not one, or they are too many. */
bool query_meet_add(struct query_meet *m, struct index_reader *rd, const struct query_source *s,
    uint32_t n);
/* A condition of ascending numbers, which must stay. */
void query_meet_add_list(struct query_meet *m, const struct query_list *l);
/* From one number to before another; may be done again. */
void query_meet_begin(struct query_meet *m, uint32_t from, uint32_t to);
/* Adds the next `most` numbers that all conditions have; fewer: these were the last. */
uint32_t query_meet_next(struct query_meet *m, struct query_list *out, uint32_t most);

void query_list_room(struct query_list *l, uint32_t n);

static inline void
query_list_add(struct query_list *l, uint32_t v)
{
	if (l->n == l->cap)
		query_list_room(l, 1);
	l->v[l->n++] = v;
}

/* The family-true test of one target against one value. */
bool query_prefix_matches(enum query_match match, struct prefix target, struct prefix value);

#endif
