/* SPDX-License-Identifier: MPL-2.0 */
/* All rules of a store into an index. */
#ifndef FWR_STORE_LOAD_H
#define FWR_STORE_LOAD_H

#include "../index/index.h"
#include "store.h"

/*
 * A new index of all rules, which threads parse (0: one a core); *seq is the number of
 * the last update they contain.  NULL and db->error if the store cannot be read or
 * holds a rule that is none.
 */
struct index *load_index(struct db *db, unsigned threads, uint64_t *seq);

/* Makes an index say what the store says; on failure it may be half way there. */
enum db_result load_index_again(struct db *db, struct index *ix, uint64_t *seq);

#endif
