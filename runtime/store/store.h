/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where the service's rules and its log of changes are kept (spec 7).  A kind of
 * store is a table of functions; a handle is one connection to it, which one thread
 * at a time uses.  Many handles, in many processes, may be open on one store.
 *
 * All writing happens between begin and commit.  The log is numbered by the store:
 * numbers rise by one in the order of commits, so whoever has read up to number N
 * has seen every change that is up to N and will see none appear below it.  A rule
 * and the update that tells of it are written in one transaction.
 *
 * A version is the stamp of a stored rule: a change names the version it replaces,
 * and is refused if another writer was first.
 */
#ifndef FWR_STORE_STORE_H
#define FWR_STORE_STORE_H

#include <stdatomic.h>

#include "../../compiler/input/input.h"

#define DB_SCHEMA 1                     /* version of the tables */
#define DB_ERROR_SIZE 512

enum db_result {
	DB_OK,
	DB_EXISTS,                      /* a new rule's UUID is there already */
	DB_CHANGED,                     /* the rule is not there with the expected version */
	DB_DOWN,                        /* cannot be used now: locked, full, read-only, not reached */
	DB_DAMAGED                      /* what is stored cannot be read */
};

/* An entry of the log; what agents are sent. */
struct db_update {
	uint64_t seq;                   /* given by the store */
	struct slice name;              /* "fw.add_rule", "vm.update", "sync" ... */
	struct slice req_id;            /* the x-update-id: a UUID */
	struct slice value;             /* JSON; of rules the serialized rule, of a delete as it was */
};

struct db {
	const struct db_kind *kind;
	char error[DB_ERROR_SIZE];      /* why the last call failed: one line, no secrets */
	/*
	 * Set by any thread that knows the store to be there: what the handle has seen fail
	 * is tried again at once.
	 */
	_Atomic bool heard;
};

/* Rules as they are stored: f->created_by is never there.  False ends the walk. */
typedef bool db_each_rule(void *context, const struct rule_fields *f, struct slice sentence);
typedef bool db_each_update(void *context, const struct db_update *u);

struct db_opts {
	bool create;                    /* make the tables if they are not there */
	bool read_only;
	unsigned busy_ms;               /* how long to wait for others: locks, connecting */
	unsigned history;               /* how many updates the log keeps at least; 0: all */
};

/*
 * A kind of store.  What begins with begin and does not end with commit is undone by
 * rollback, or by the store when the process ends.  put and remove answer DB_EXISTS
 * and DB_CHANGED without harm to the rest of the transaction; after any other
 * failure it must be rolled back.  Strings handed to callbacks live as long as the
 * call.
 */
struct db_kind {
	const char *scheme;             /* "sqlite": what stands before the colon of --store */
	/* On failure NULL, and the reason in error (DB_ERROR_SIZE bytes). */
	struct db *(*open)(const char *where, const struct db_opts *opts, char *error);
	void (*close)(struct db *db);

	/* All rules and the number of the last update, of one moment; in no order. */
	enum db_result (*load)(struct db *db, db_each_rule *each, void *context, uint64_t *seq);

	enum db_result (*begin)(struct db *db);
	/* expected NULL: a new rule; otherwise the version it replaces. */
	enum db_result (*put)(struct db *db, const struct rule *rule, const struct slice *expected);
	enum db_result (*remove)(struct db *db, struct uuid uuid, struct slice expected);
	/* Sets u->seq, which counts once committed. */
	enum db_result (*append)(struct db *db, struct db_update *u);
	/* DB_OK: it is on disk.  DB_DOWN: it may or may not be; the log tells. */
	enum db_result (*commit)(struct db *db);
	void (*rollback)(struct db *db);

	/* Updates after number since, ascending, at most limit. */
	enum db_result (*updates)(struct db *db, uint64_t since, uint32_t limit,
	    db_each_update *each, void *context);
	/* Numbers of the oldest and the newest update kept; 0, 0: none ever.  The newest is
	 * known even if all were dropped, *first is then one more. */
	enum db_result (*range)(struct db *db, uint64_t *first, uint64_t *last);

	/*
	 * Waits until another handle may have committed, or timeout_ms have passed: then
	 * *changed is false.  Called on a handle of its own.
	 */
	enum db_result (*wait)(struct db *db, unsigned timeout_ms, bool *changed);
	/* Can it be read and written now?  A lost connection is made again here. */
	enum db_result (*check)(struct db *db);
	/* A copy of the whole store to a file while others write; NULL where there is none. */
	enum db_result (*backup)(struct db *db, const char *path);
};

extern const struct db_kind db_sqlite, db_postgresql;

/*
 * Opens "sqlite:PATH", "SCHEME:..." of another kind, or a plain path, which is
 * SQLite's.  NULL and the reason in error (DB_ERROR_SIZE bytes) on failure.
 */
struct db *db_open(const char *url, const struct db_opts *opts, char *error);
void db_close(struct db *db);

/* Sets db->error, control characters made visible; returns result. */
enum db_result db_fail(struct db *db, enum db_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The stored rule in in->arena; NULL and diagnostics if it does not parse. */
struct rule *db_rule(struct input *in, const struct rule_fields *f, struct slice sentence);

/*
 * The rule as its Moray record reads back (spec 2), which is what is stored of it: a
 * range of all ports is all, a range of one port that port, an empty value of a tag is
 * none, created_by is gone.  In in->arena, or the rule itself.
 */
struct rule *db_stored_form(struct input *in, struct rule *rule);

#endif
