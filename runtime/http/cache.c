/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A hash table of chains, and a list by use.  All answers are of one version: the first
 * look with a newer one empties the table.  When it is full, the answer at the list's end
 * goes for one new answer in eight, the others are not kept: of questions that come in
 * turns, and are more than there is room for, the list alone would keep none long enough.
 */
#include "cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "../../compiler/base/hash.h"

#define CHAINS 4096
#define TURNS 8
#define PART 4                  /* one answer takes at most a fourth of all room */

struct cached {
	_Atomic unsigned uses;          /* the table's, and one a holder */
	struct buf body;
	uint64_t hash;
	struct cached *chain;
	struct cached *newer, *older;
	size_t question_n;
	char question[];
};

struct cache {
	pthread_mutex_t lock;           /* of all that follows */
	size_t most;
	uint64_t version;               /* of all that is here */
	unsigned turn;
	struct cached *chain[CHAINS];
	struct cached *newest, *oldest;
	struct cache_stats stats;
};

struct cache *
cache_new(size_t most)
{
	struct cache *c = base_alloc(sizeof(*c));

	memset(c, 0, sizeof(*c));
	c->most = most;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
cached_release(struct cached *a)
{
	if (!a || atomic_fetch_sub(&a->uses, 1) > 1)
		return;
	buf_free(&a->body);
	free(a);
}

struct slice
cached_body(const struct cached *a)
{
	return buf_view(&a->body);
}

static size_t
bytes_of(const struct cached *a)
{
	return sizeof(*a) + a->question_n + a->body.cap;
}

/* --- under the lock ------------------------------------------------------------------ */

static void
unlist(struct cache *c, struct cached *a)
{
	*(a->newer ? &a->newer->older : &c->newest) = a->older;
	*(a->older ? &a->older->newer : &c->oldest) = a->newer;
}

static void
put_first(struct cache *c, struct cached *a)
{
	a->newer = NULL;
	a->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = a;
	c->newest = a;
}

static void
drop(struct cache *c, struct cached *a)
{
	struct cached **at = &c->chain[a->hash % CHAINS];

	while (*at != a)
		at = &(*at)->chain;
	*at = a->chain;
	unlist(c, a);
	c->stats.bytes -= bytes_of(a);
	cached_release(a);
}

/* Drops answers until there is room for n bytes; false: it is not this one's turn. */
static bool
make_room(struct cache *c, size_t n)
{
	if (c->stats.bytes + n > c->most && c->turn++ % TURNS != 0)
		return false;
	while (c->oldest && c->stats.bytes + n > c->most)
		drop(c, c->oldest);
	return true;
}

/* Takes all out of the table if they are older; returns them, as a list by older. */
static struct cached *
take_outdated(struct cache *c, uint64_t version)
{
	struct cached *all = c->newest;

	if (version <= c->version)
		return NULL;
	c->version = version;
	if (all)
		memset(c->chain, 0, sizeof(c->chain));
	c->newest = c->oldest = NULL;
	c->stats.bytes = 0;
	return all;
}

static void
release_all(struct cached *a)
{
	struct cached *older;

	for (; a; a = older) {
		older = a->older;
		cached_release(a);
	}
}

static struct cached *
look(struct cache *c, struct slice question, uint64_t hash)
{
	struct cached *a = c->chain[hash % CHAINS];

	while (a && (a->hash != hash ||
	    !slice_eq((struct slice){ a->question, a->question_n }, question)))
		a = a->chain;
	return a;
}

/* --- for all --------------------------------------------------------------------------- */

void
cache_free(struct cache *c)
{
	if (!c)
		return;
	release_all(c->newest);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void
cache_set_most(struct cache *c, size_t most)
{
	pthread_mutex_lock(&c->lock);
	c->most = most;
	c->turn = 0;
	make_room(c, 0);
	pthread_mutex_unlock(&c->lock);
}

struct cached *
cache_find(struct cache *c, struct slice question, uint64_t version)
{
	uint64_t hash = hash_bytes(question.p, question.n);
	struct cached *a, *outdated;

	pthread_mutex_lock(&c->lock);
	outdated = take_outdated(c, version);
	a = version == c->version ? look(c, question, hash) : NULL;
	if (a) {
		unlist(c, a);
		put_first(c, a);
		atomic_fetch_add(&a->uses, 1);
	}
	*(a ? &c->stats.hits : &c->stats.misses) += 1;
	pthread_mutex_unlock(&c->lock);
	release_all(outdated);
	return a;
}

static struct cached *
make(struct slice question, struct buf *body)
{
	struct cached *a = base_alloc(sizeof(*a) + question.n);

	*a = (struct cached){ .uses = 1, .body = *body, .question_n = question.n,
		.hash = hash_bytes(question.p, question.n) };
	memcpy(a->question, question.p, question.n);
	*body = (struct buf){ 0 };
	/* A buffer grows by doubling. */
	if (a->body.n && a->body.cap - a->body.n > a->body.n / 8) {
		a->body.p = base_grow(a->body.p, a->body.n);
		a->body.cap = a->body.n;
	}
	return a;
}

struct cached *
cache_keep(struct cache *c, struct slice question, uint64_t version, struct buf *body)
{
	struct cached *a = make(question, body), *outdated;

	pthread_mutex_lock(&c->lock);
	outdated = take_outdated(c, version);
	/* Another thread may have kept the same meanwhile. */
	if (version == c->version && bytes_of(a) <= c->most / PART &&
	    !look(c, question, a->hash) && make_room(c, bytes_of(a))) {
		a->chain = c->chain[a->hash % CHAINS];
		c->chain[a->hash % CHAINS] = a;
		put_first(c, a);
		c->stats.bytes += bytes_of(a);
		atomic_fetch_add(&a->uses, 1);
	}
	pthread_mutex_unlock(&c->lock);
	release_all(outdated);
	return a;
}

void
cache_get_stats(struct cache *c, struct cache_stats *out)
{
	pthread_mutex_lock(&c->lock);
	*out = c->stats;
	pthread_mutex_unlock(&c->lock);
}
