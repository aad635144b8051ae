/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Answers kept for questions that come again, as long as no rule has changed: in an
 * installation that is quiet for a minute, the same few thousand questions are asked all
 * the time.  An answer is kept under the question's text and the version of the rules
 * (book_version) it was found in, and is good for that version alone.
 *
 * Any thread may call; a lock is held for a look into a table.  An answer that is in use
 * outlives its place in the table.
 */
#ifndef FWR_HTTP_CACHE_H
#define FWR_HTTP_CACHE_H

#include <stdatomic.h>

#include "../../compiler/base/base.h"

struct cache;
struct cached;

/* most: bytes of all answers and questions that are kept; 0: none. */
struct cache *cache_new(size_t most);
void cache_free(struct cache *c);       /* answers in use stay */
void cache_set_most(struct cache *c, size_t most);

/* The answer, to be released; NULL: there is none of this version. */
struct cached *cache_find(struct cache *c, struct slice question, uint64_t version);
/*
 * Takes a body, which is empty afterwards, and keeps it for others if there is room;
 * returns it, to be released.
 */
struct cached *cache_keep(struct cache *c, struct slice question, uint64_t version,
    struct buf *body);
struct slice cached_body(const struct cached *a);
void cached_release(struct cached *a);

struct cache_stats {
	uint64_t hits, misses;
	size_t bytes;                   /* kept now */
};

void cache_get_stats(struct cache *c, struct cache_stats *out);

#endif
