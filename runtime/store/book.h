/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The rules of a store in an index, kept in step with it.
 *
 * One thread writes: what is submitted while a transaction is on its way to disk goes
 * into the next one together (group commit), so many writers share one sync.  A job is
 * done when its change is on disk, can be found in the index and was published, in
 * this order.  What other processes write comes in by the log: another thread waits
 * for it.  Changes get into the index and are published in the order of the log.
 *
 * When the store cannot be used, reading goes on from memory, jobs fail, and the book
 * finds its way back by itself.
 */
#ifndef FWR_STORE_BOOK_H
#define FWR_STORE_BOOK_H

#include "../index/index.h"
#include "store.h"

struct book;

struct book_opts {
	struct db_opts db;
	unsigned threads;               /* that parse rules when loading; 0: one a core */
	/* Called in the order of the log, by one thread; may be NULL. */
	void (*publish)(void *context, const struct db_update *u);
	/*
	 * Called there, too, when the log was cut or is another one than before (a standby
	 * without the last changes, a backup) and all rules were read anew; may be NULL.
	 */
	void (*rewind)(void *context, uint64_t seq);
	/* Called when the store is lost (text says why) and when it is back (NULL). */
	void (*report)(void *context, const char *text);
	void *context;
};

/* Reads all rules.  NULL and the reason in error (DB_ERROR_SIZE bytes) on failure. */
struct book *book_open(const char *url, const struct book_opts *opts, char *error);
/* Finishes what was submitted.  All readers of the index must be free before. */
void book_close(struct book *b);

struct index *book_index(struct book *b);

/*
 * Odd while the index is being changed, and another one afterwards: what was read between
 * two looks at the same even number is what there is.  A change that was answered shows.
 */
uint64_t book_version(struct book *b);

struct book_job {
	/* In: they must stay until done is called. */
	const struct rule *rule;        /* the new rule; of a removal the old one; NULL: none */
	bool remove;
	const struct slice *expected;   /* the version that is replaced; NULL: a new rule */
	struct db_update update;        /* name, req_id, value; seq comes out */
	void (*done)(struct book_job *job);
	void *context;
	/* Out. */
	enum db_result result;
	char error[DB_ERROR_SIZE];
	struct book_job *next;          /* the book's */
};

/* done is called from the book's thread, which it must not hold up. */
void book_submit(struct book *b, struct book_job *job);

/* Updates after number since, as db_kind.updates; *first as range has it. */
enum db_result book_updates(struct book *b, uint64_t since, uint32_t limit,
    db_each_update *each, void *context, uint64_t *first);

struct book_stats {
	bool online;                    /* the store can be written */
	char error[DB_ERROR_SIZE];      /* why not */
	uint64_t applied;               /* number of the last update that is in the index */
	uint64_t written, commits, failed;
	uint64_t commit_us;             /* all commits together */
	double load_seconds;
};

void book_get_stats(struct book *b, struct book_stats *out);

#endif
