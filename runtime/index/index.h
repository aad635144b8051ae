/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules in memory, found by what they say (spec 5).
 *
 * One writer at a time changes an index (calls are serialised inside); any number
 * of readers go on without locks.  A reader sees one state from index_begin to
 * index_end: every change is in it wholly or not at all.  What a change replaces
 * is freed when the last reader that can see it has ended, so a reader that
 * never ends holds on to memory.
 *
 * A change costs some 10 microseconds at a million rules and nothing in
 * proportion to their number.  Rules have numbers, which stay as long as the rule
 * is not replaced; numbers below index_sorted() are in the order of UUIDs.
 */
#ifndef FWR_INDEX_INDEX_H
#define FWR_INDEX_INDEX_H

#include "../../compiler/base/diag.h"
#include "record.h"

struct index;
struct index_reader;

/* An empty index; freeing it needs all readers to be freed before. */
struct index *index_new(void);
void index_free(struct index *ix);

/* From many rules at once; of those with the same UUID the last counts. */
struct index *index_build(struct rule *const *rules, uint32_t n);

enum index_result {
	INDEX_ADDED, INDEX_REPLACED,
	INDEX_REMOVED, INDEX_ABSENT,
	INDEX_FULL,                     /* 2^27 rules, or a rule of more than 256 MiB */
	INDEX_CORRUPT                   /* the file beneath is damaged; nothing was changed */
};

enum index_result index_put(struct index *ix, const struct rule *rule);
enum index_result index_remove(struct index *ix, struct uuid uuid);

struct index_stats {
	uint32_t rules;
	uint64_t changes;               /* since it was built or opened */
	size_t memory;                  /* bytes of pages and tables, without the file's */
	size_t used;                    /* of them in blocks that hold something */
	size_t file;                    /* bytes of the file beneath */
	size_t waiting;                 /* blocks that readers hold back */
};

void index_get_stats(struct index *ix, struct index_stats *out);

/* --- reading ------------------------------------------------------------------ */

/* One for each thread. */
struct index_reader *index_reader_new(struct index *ix);
void index_reader_free(struct index_reader *rd);

void index_begin(struct index_reader *rd);
void index_end(struct index_reader *rd);

/* Between begin and end.  What they hand out is valid until the end. */
uint32_t index_rules(struct index_reader *rd);
bool index_find(struct index_reader *rd, struct uuid uuid, uint32_t *number);
/* False if the file beneath is damaged. */
bool index_view(struct index_reader *rd, uint32_t number, struct rule *out,
    struct record_room *room);
/* The same without lists and ports: texts and flags are all that is asked for. */
bool index_view_texts(struct index_reader *rd, uint32_t number, struct rule *out);
/* The rule as FWAPI has it; what a view would only be made for. */
bool index_write_json(struct buf *out, struct index_reader *rd, uint32_t number);
/* The record itself, which is what index_view makes a rule of; NULL as above. */
const struct record *index_record(struct index_reader *rd, uint32_t number);
/*
 * Are the pages that hold these rules whole, so that nothing but a forged file can end a
 * walk over them?  Reads no rule; one of more than a page is not looked at to its end.
 */
bool index_check(struct index_reader *rd, const uint32_t *numbers, uint32_t n);
/* How much of a rule: UUIDs, lengths and flags; the texts of most; the lists of most, too. */
enum index_fetch { INDEX_HEAD = 0, INDEX_TEXTS = 128, INDEX_LISTS = 192 };
/*
 * For a walk over many numbers, which the memory cannot foresee: fetches what the
 * rules a few behind the one at `at` will need.
 */
void index_prefetch(struct index_reader *rd, const uint32_t *numbers, uint32_t n, uint32_t at,
    enum index_fetch what);
/* All rules in the order of their UUIDs; false ends the walk. */
void index_walk(struct index_reader *rd, bool (*each)(void *context, uint32_t number),
    void *context);
/* Has anything read so far shown that the file beneath is damaged? */
bool index_is_corrupt(struct index_reader *rd);

/* --- files --------------------------------------------------------------------- */

/* How every index file begins. */
#define INDEX_MAGIC "\x93" "FWRIDX\n"
#define INDEX_MAGIC_SIZE 8

/* Does the file begin like one? */
bool index_is_file(const char *path);
/* Opens a file without reading the rules.  NULL and a diagnostic if it is not whole. */
struct index *index_open(const char *path, struct diags *diags);
/* The same of bytes, 8-aligned, which must outlive the index; name is for people. */
struct index *index_open_bytes(struct slice name, const char *bytes, size_t n,
    struct diags *diags);
/*
 * Checks all of an opened file, where index_open has left parts of a big one for
 * when they are first read.
 */
bool index_verify(struct index *ix, struct slice name, struct diags *diags);
/*
 * Writes the file whole or not at all: beside it, to disk, and renamed.  False and
 * a diagnostic otherwise.
 */
bool index_save(struct index *ix, const char *path, struct diags *diags);

/* Lets compiler/input read index files wherever it reads rules. */
void index_add_input_format(void);

#endif
