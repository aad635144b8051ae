/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A connection to a PostgreSQL server that never waits for ever and comes back: every
 * answer has a time limit, a connection that broke is forgotten and made again when
 * it is next asked for.  Reasons go to db->error, without passwords.
 */
#ifndef FWR_STORE_PG_LINK_H
#define FWR_STORE_PG_LINK_H

#include <libpq-fe.h>

#include "store.h"

#define LINK_ARGS 8

/* The server tells others of a commit under this name. */
#define LINK_CHANNEL "fwapid_change"

struct link {
	struct db *db;                  /* where errors go */
	char *url;
	struct db_opts opts;
	PGconn *conn;                   /* NULL: none */
	bool listen;                    /* wants to hear of commits */
	bool notifies;                  /* the server has LISTEN and NOTIFY */
	bool settling;                  /* what fails now is no reason to leave the server */
	bool retry;                     /* the last failure may not come again */
	uint64_t failed;                /* ms: when connecting failed last; 0: it did not */
	uint64_t made;                  /* connections so far */
};

/* Arguments of a statement, as text. */
struct link_args {
	struct buf text;
	size_t at[LINK_ARGS];
	bool null[LINK_ARGS];
	int n;
};

void args_reset(struct link_args *a);
void args_null(struct link_args *a);
void args_int(struct link_args *a, uint64_t v);
void args_uuid(struct link_args *a, struct uuid u);
/*
 * Text columns hold UTF-8 without NUL; what else a text may hold (NUL, lone surrogates
 * as three bytes, bytes that are no UTF-8) is written as U+001A and four hexadecimal
 * digits of a code unit, or x and two of a byte.
 */
void args_text(struct link_args *a, struct slice s);
/* The column's text as it was given to args_text; spare holds it if it was written so. */
struct slice link_text(const PGresult *r, int row, int column, struct buf *spare);
/* The column as a number; false if it is none. */
bool link_int(const PGresult *r, int row, int column, uint64_t *out);

uint64_t link_now(void);                /* ms, monotonic */

/* Connects if there is no connection; soon: not if that failed a moment ago. */
enum db_result link_up(struct link *l, bool soon);
void link_down(struct link *l);

/*
 * Runs statements: without arguments any number in one go, else one.  On success
 * *out, where asked for, is the last one's answer, the caller's to PQclear.
 */
enum db_result link_run(struct link *l, const char *sql, const struct link_args *args,
    PGresult **out);
/*
 * The same, first connecting if need be, and once more on a new connection if the old one
 * was found dead: for what begins a transaction or needs none.
 */
enum db_result link_ask(struct link *l, const char *sql, const struct link_args *args,
    PGresult **out);
/* Sends a query; then link_row gives a result for each row, NULL at the end or on failure. */
enum db_result link_query(struct link *l, const char *sql);
PGresult *link_row(struct link *l, enum db_result *result);

/* Waits at most ms for something to come in by itself; false: the connection broke. */
bool link_wait(struct link *l, unsigned ms);

#endif
