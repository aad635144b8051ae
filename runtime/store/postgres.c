/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The store of more than one machine: a PostgreSQL database, or another one that
 * speaks its protocol.  Needed are ordinary tables, INSERT ... ON CONFLICT, SELECT ...
 * FOR UPDATE, and transactions at READ COMMITTED or stricter; no prepared
 * statements, sequences, triggers or advisory locks.  LISTEN and NOTIFY are used where
 * the server has them, only to hear of commits sooner than by asking.
 *
 * Numbers of the log.  A sequence would not do: numbers are drawn before the commit, so
 * a reader that has seen number 8 could find number 7 later, and would miss it.  Here
 * the last number stands in a row, and begin locks that row: whoever writes holds it
 * until its commit is visible.  So one writer is at work at a time, in the order of
 * numbers; a rollback gives its numbers back; a snapshot that shows number N shows all
 * below it.  Who writes much puts many changes into one transaction.  As begin has told
 * the last number, updates are only noted, and go to the server together with the commit.
 *
 * A commit whose answer was lost may have been done.  A transaction whose connection
 * broke before that was not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pg_link.h"

#define PRUNE_EVERY 1024                /* updates */
#define NOTED_BYTES (1u << 20)          /* of updates, that are sent before the commit */
#define ASK_MS 500                      /* how often wait looks although it would be told */
#define POLL_MS 100                     /* the same where it would not */
#define PAUSE_MS 500                    /* of wait, when there is no server */
#define TURNS 5                         /* for what a server may refuse by chance */

/* migrations[v] makes version v of the tables to v + 1; all in one transaction. */
static const char *const migrations[DB_SCHEMA] = {
	/*
	 * enabled and log hold enum rule_bool: 0 false, 1 true, 2 and 3 the same given as
	 * strings.  Texts are written as pg_link.h says.
	 */
	"CREATE TABLE fwapid_rule (uuid uuid PRIMARY KEY, version text NOT NULL, owner_uuid uuid, "
	"enabled smallint NOT NULL, log smallint NOT NULL, description text, rule text NOT NULL);"
	"CREATE TABLE fwapid_change (seq bigint PRIMARY KEY, name text NOT NULL, "
	"req_id text NOT NULL, value text NOT NULL);"
	"CREATE TABLE fwapid_log (id smallint PRIMARY KEY, last bigint NOT NULL);"
	"INSERT INTO fwapid_log (id, last) VALUES (1, 0);",
};

static const char sql_begin[] = "BEGIN ISOLATION LEVEL READ COMMITTED; "
    "SELECT last FROM fwapid_log WHERE id = 1 FOR UPDATE";
static const char sql_add[] = "INSERT INTO fwapid_rule "
    "(uuid, version, owner_uuid, enabled, log, description, rule) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (uuid) DO NOTHING";
static const char sql_replace[] = "UPDATE fwapid_rule SET version = $2, owner_uuid = $3, "
    "enabled = $4, log = $5, description = $6, rule = $7 WHERE uuid = $1 AND version = $8";
static const char sql_remove[] = "DELETE FROM fwapid_rule WHERE uuid = $1 AND version = $2";
static const char sql_append[] = "INSERT INTO fwapid_change (seq, name, req_id, value) VALUES (";
static const char sql_updates[] = "SELECT seq, name, req_id, value FROM fwapid_change "
    "WHERE seq > $1 ORDER BY seq LIMIT $2";
static const char sql_load[] = "SELECT uuid, version, owner_uuid, enabled, log, description, "
    "rule FROM fwapid_rule";
static const char sql_last[] = "SELECT last FROM fwapid_log WHERE id = 1";
static const char sql_range[] =
    "SELECT coalesce((SELECT min(seq) FROM fwapid_change), 0), last FROM fwapid_log WHERE id = 1";
static const char sql_probe[] = "INSERT INTO fwapid_meta (key, value) VALUES ('probe', $1) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value";

struct pg_db {
	struct db db;
	struct link link;
	struct link_args args;
	struct buf spare[4];            /* texts of a row */
	uint64_t seen;                  /* the last number, as wait saw it; UINT64_MAX: never */
	/* In this transaction. */
	bool changed;
	uint64_t last;                  /* number of the last update */
	uint64_t prune;                 /* updates up to it go; 0: none */
	struct buf noted;               /* the updates' statement, as far as it is known */
};

static struct pg_db *
of(struct db *db)
{
	return (struct pg_db *)db;
}

static enum db_result
odd_answer(struct pg_db *s)
{
	return db_fail(&s->db, DB_DAMAGED, "PostgreSQL: the tables do not hold what they should");
}

/* The one number that a statement answers. */
static enum db_result
take_number(struct pg_db *s, enum db_result result, PGresult *r, uint64_t *out)
{
	if (result == DB_OK && (PQntuples(r) != 1 || !link_int(r, 0, 0, out)))
		result = odd_answer(s);
	PQclear(r);
	return result;
}

/* --- the tables ---------------------------------------------------------------------------- */

static void
undo(struct link *l)
{
	if (l->conn && PQtransactionStatus(l->conn) != PQTRANS_IDLE &&
	    link_run(l, "ROLLBACK", NULL, NULL) != DB_OK)
		link_down(l);
}

static const char sql_schema[] = "SELECT value FROM fwapid_meta WHERE key = 'schema'";

/* The answer to sql_schema; *version is -1 if nothing says so. */
static enum db_result
take_schema(enum db_result result, PGresult *r, long *version)
{
	*version = -1;
	if (result == DB_DAMAGED)
		return DB_OK;           /* no such table */
	if (result == DB_OK && PQntuples(r) == 1)
		*version = strtol(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return result;
}

/* The steps from version to DB_SCHEMA, by one of all who try. */
static enum db_result
migrate_locked(struct pg_db *s)
{
	struct link *l = &s->link;
	char text[160];
	enum db_result result;
	PGresult *r;
	long version;

	if ((result = link_run(l, "BEGIN ISOLATION LEVEL READ COMMITTED; "
	    "INSERT INTO fwapid_meta (key, value) VALUES ('lock', '') ON CONFLICT (key) DO NOTHING; "
	    "SELECT value FROM fwapid_meta WHERE key = 'lock' FOR UPDATE", NULL, NULL)) != DB_OK)
		return result;
	result = link_run(l, sql_schema, NULL, &r);
	if ((result = take_schema(result, r, &version)) != DB_OK)
		return result;
	for (version = version < 0 ? 0 : version; version < DB_SCHEMA; version++)
		if ((result = link_run(l, migrations[version], NULL, NULL)) != DB_OK)
			return result;
	snprintf(text, sizeof(text), "INSERT INTO fwapid_meta (key, value) VALUES ('schema', '%d') "
	    "ON CONFLICT (key) DO UPDATE SET value = excluded.value; COMMIT", DB_SCHEMA);
	return link_run(l, text, NULL, NULL);
}

static enum db_result
migrate(struct pg_db *s)
{
	enum db_result result = DB_DOWN;

	/* Two that create a table at once: one is refused, and finds it at its next turn. */
	for (int turn = 0; turn < TURNS && result != DB_OK; turn++) {
		result = link_ask(&s->link, "CREATE TABLE IF NOT EXISTS fwapid_meta "
		    "(key text PRIMARY KEY, value text NOT NULL)", NULL, NULL);
		if (result == DB_OK)
			result = migrate_locked(s);
		if (result != DB_OK) {
			undo(&s->link);
			nanosleep(&(struct timespec){ 0, 20000000L << turn }, NULL);
		}
	}
	return result;
}

static enum db_result
check_tables(struct pg_db *s)
{
	PGresult *r;
	enum db_result result = link_ask(&s->link, sql_schema, NULL, &r);
	long version;

	if ((result = take_schema(result, r, &version)) != DB_OK)
		return result;
	if (version > DB_SCHEMA)
		return db_fail(&s->db, DB_DAMAGED, "the database was written by a newer fwapid: its "
		    "schema is %ld, this one knows %d", version, DB_SCHEMA);
	if (version == DB_SCHEMA)
		return DB_OK;
	if (s->link.opts.read_only || (version < 0 && !s->link.opts.create))
		return db_fail(&s->db, DB_DOWN, version < 0 ? "the database holds no rules yet" :
		    "the database was written by an older fwapid, and is opened read-only");
	return migrate(s);
}

/* --- opening ----------------------------------------------------------------------------- */

static void
pg_close(struct db *db)
{
	struct pg_db *s = of(db);

	link_down(&s->link);
	for (size_t i = 0; i < BASE_COUNT(s->spare); i++)
		buf_free(&s->spare[i]);
	buf_free(&s->args.text);
	buf_free(&s->noted);
	free(s->link.url);
	free(s);
}

static struct db *
pg_open(const char *where, const struct db_opts *opts, char *error)
{
	struct pg_db *s = base_alloc(sizeof(*s));
	struct buf url = { 0 };

	memset(s, 0, sizeof(*s));
	s->db.kind = &db_postgresql;
	s->seen = UINT64_MAX;
	/* "postgresql://..." is libpq's own; "postgresql:host=... dbname=..." works, too. */
	if (strncmp(where, "//", 2) == 0)
		buf_str(&url, "postgresql:");
	buf_add(&url, where, strlen(where) + 1);
	s->link = (struct link){ .db = &s->db, .url = url.p, .opts = *opts };
	if (link_up(&s->link, false) == DB_OK && check_tables(s) == DB_OK)
		return &s->db;
	memcpy(error, s->db.error, DB_ERROR_SIZE);
	pg_close(&s->db);
	return NULL;
}

/* --- rules ---------------------------------------------------------------------------------- */

static bool
read_uuid(const PGresult *r, int column, struct uuid *out)
{
	return uuid_read((struct slice){ PQgetvalue(r, 0, column),
	    (size_t)PQgetlength(r, 0, column) }, out);
}

static bool
read_row(struct pg_db *s, const PGresult *r, struct rule_fields *f, struct slice *sentence)
{
	uint64_t enabled, log;

	memset(f, 0, sizeof(*f));
	f->version = link_text(r, 0, 1, &s->spare[0]);
	f->has_owner = !PQgetisnull(r, 0, 2);
	f->has_description = !PQgetisnull(r, 0, 5);
	if (f->has_description)
		f->description = link_text(r, 0, 5, &s->spare[1]);
	*sentence = link_text(r, 0, 6, &s->spare[2]);
	if (!link_int(r, 0, 3, &enabled) || !link_int(r, 0, 4, &log) ||
	    enabled > RULE_TRUE_TEXT || log > RULE_TRUE_TEXT)
		return false;
	f->enabled = (enum rule_bool)enabled;
	f->log = (enum rule_bool)log;
	return read_uuid(r, 0, &f->uuid) && (!f->has_owner || read_uuid(r, 2, &f->owner));
}

static enum db_result
load_rules(struct pg_db *s, db_each_rule *each, void *context)
{
	enum db_result result = link_query(&s->link, sql_load);
	bool more = true;
	struct rule_fields f;
	struct slice sentence;
	PGresult *r;

	if (result != DB_OK)
		return result;
	/* To the end also when nobody wants more: the connection is used again. */
	while ((r = link_row(&s->link, &result))) {
		if (more && !read_row(s, r, &f, &sentence)) {
			result = db_fail(&s->db, DB_DAMAGED, "the stored rule \"%.36s\" is damaged",
			    PQgetvalue(r, 0, 0));
			more = false;
		}
		more = more && each(context, &f, sentence);
		PQclear(r);
	}
	return result;
}

static enum db_result
pg_load(struct db *db, db_each_rule *each, void *context, uint64_t *seq)
{
	struct pg_db *s = of(db);
	enum db_result result;
	PGresult *r;

	/* One snapshot for both. */
	result = link_ask(&s->link, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
	    "SELECT last FROM fwapid_log WHERE id = 1", NULL, &r);
	result = take_number(s, result, r, seq);
	if (result == DB_OK)
		result = load_rules(s, each, context);
	undo(&s->link);
	return result;
}

/* --- writing -------------------------------------------------------------------------------- */

static enum db_result
pg_begin(struct db *db)
{
	struct pg_db *s = of(db);
	enum db_result result = DB_DOWN;
	PGresult *r;

	if (s->link.opts.read_only)
		return db_fail(db, DB_DOWN, "the PostgreSQL store was opened read-only");
	s->changed = false;
	s->prune = 0;
	s->noted.n = 0;
	for (int turn = 0; turn < TURNS; turn++) {
		result = link_ask(&s->link, sql_begin, NULL, &r);
		if ((result = take_number(s, result, r, &s->last)) == DB_OK)
			break;
		undo(&s->link);
		/* Stricter servers refuse one of two at once. */
		if (!s->link.conn || !s->link.retry)
			break;
	}
	return result;
}

/* Runs a change; none: what it means that no row was touched. */
static enum db_result
change(struct pg_db *s, const char *sql, enum db_result none)
{
	PGresult *r;
	enum db_result result = link_run(&s->link, sql, &s->args, &r);

	if (result == DB_OK && strcmp(PQcmdTuples(r), "0") == 0)
		result = none;
	s->changed = s->changed || result == DB_OK;
	PQclear(r);
	return result;
}

static enum db_result
pg_put(struct db *db, const struct rule *r, const struct slice *expected)
{
	struct pg_db *s = of(db);
	struct link_args *a = &s->args;

	args_reset(a);
	args_uuid(a, r->uuid);
	args_text(a, r->version);
	if (r->has_owner)
		args_uuid(a, r->owner);
	else
		args_null(a);
	args_int(a, r->enabled);
	args_int(a, r->log);
	if (r->has_description)
		args_text(a, r->description);
	else
		args_null(a);
	args_text(a, r->text);
	if (!expected)
		return change(s, sql_add, DB_EXISTS);
	args_text(a, *expected);
	return change(s, sql_replace, DB_CHANGED);
}

static enum db_result
pg_remove(struct db *db, struct uuid uuid, struct slice expected)
{
	struct pg_db *s = of(db);

	args_reset(&s->args);
	args_uuid(&s->args, uuid);
	args_text(&s->args, expected);
	return change(s, sql_remove, DB_CHANGED);
}

static void
note_text(struct pg_db *s, struct slice text)
{
	struct buf *out = &s->noted;
	size_t n;

	args_reset(&s->args);
	args_text(&s->args, text);
	n = s->args.text.n - 1;
	buf_str(out, ", '");
	buf_room(out, 2 * n + 1);
	out->n += PQescapeStringConn(s->link.conn, out->p + out->n, s->args.text.p, n, NULL);
	buf_char(out, '\'');
}

/* Completes the statements for what was noted. */
static void
finish_noted(struct pg_db *s)
{
	if (s->noted.n == 0)
		return;
	buf_printf(&s->noted, "; UPDATE fwapid_log SET last = %llu WHERE id = 1; ",
	    (unsigned long long)s->last);
	if (s->prune)
		buf_printf(&s->noted, "DELETE FROM fwapid_change WHERE seq <= %llu; ",
		    (unsigned long long)s->prune);
	s->prune = 0;
}

static enum db_result
send_noted(struct pg_db *s)
{
	enum db_result result;

	finish_noted(s);
	buf_char(&s->noted, '\0');
	result = link_run(&s->link, s->noted.p, NULL, NULL);
	s->noted.n = 0;
	return result;
}

static enum db_result
pg_append(struct db *db, struct db_update *u)
{
	struct pg_db *s = of(db);
	uint64_t history = s->link.opts.history;

	if (!s->link.conn)
		return db_fail(db, DB_DOWN, "PostgreSQL: the connection is lost");
	u->seq = ++s->last;
	buf_str(&s->noted, s->noted.n ? ", (" : sql_append);
	buf_uint(&s->noted, u->seq);
	note_text(s, u->name);
	note_text(s, u->req_id);
	note_text(s, u->value);
	buf_char(&s->noted, ')');
	s->changed = true;
	if (history && u->seq > history && u->seq % PRUNE_EVERY == 0)
		s->prune = u->seq - history;
	return s->noted.n < NOTED_BYTES ? DB_OK : send_noted(s);
}

static enum db_result
pg_commit(struct db *db)
{
	struct pg_db *s = of(db);
	enum db_result result;
	PGresult *r;

	finish_noted(s);
	buf_str(&s->noted, s->changed && s->link.notifies ? "NOTIFY " LINK_CHANNEL "; COMMIT" :
	    "COMMIT");
	buf_char(&s->noted, '\0');
	result = link_run(&s->link, s->noted.p, NULL, &r);
	s->noted.n = 0;
	/* A transaction that had failed is rolled back by COMMIT, without an error. */
	if (result == DB_OK && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		result = db_fail(db, DB_DOWN, "PostgreSQL: the transaction was rolled back");
	PQclear(r);
	return result;
}

static void
pg_rollback(struct db *db)
{
	undo(&of(db)->link);
}

/* --- the log ---------------------------------------------------------------------------------- */

static enum db_result
pg_updates(struct db *db, uint64_t since, uint32_t limit, db_each_update *each, void *context)
{
	struct pg_db *s = of(db);
	enum db_result result;
	PGresult *r;

	args_reset(&s->args);
	args_int(&s->args, since > INT64_MAX ? INT64_MAX : since);
	args_int(&s->args, limit);
	if ((result = link_ask(&s->link, sql_updates, &s->args, &r)) != DB_OK)
		return result;
	for (int i = 0; i < PQntuples(r); i++) {
		struct db_update u = { .name = link_text(r, i, 1, &s->spare[0]),
			.req_id = link_text(r, i, 2, &s->spare[1]),
			.value = link_text(r, i, 3, &s->spare[2]) };

		if (!link_int(r, i, 0, &u.seq)) {
			result = odd_answer(s);
			break;
		}
		if (!each(context, &u))
			break;
	}
	PQclear(r);
	return result;
}

static enum db_result
pg_range(struct db *db, uint64_t *first, uint64_t *last)
{
	struct pg_db *s = of(db);
	PGresult *r;
	enum db_result result = link_ask(&s->link, sql_range, NULL, &r);

	if (result == DB_OK && (PQntuples(r) != 1 || !link_int(r, 0, 0, first) ||
	    !link_int(r, 0, 1, last)))
		result = odd_answer(s);
	else if (result == DB_OK && *first == 0 && *last > 0)
		*first = *last + 1;
	PQclear(r);
	return result;
}

/* --- others ---------------------------------------------------------------------------- */

/* Between two attempts to reach a server, so that whoever waits in a loop does not spin. */
static void
pause_a_moment(unsigned timeout_ms)
{
	unsigned ms = timeout_ms < PAUSE_MS ? timeout_ms : PAUSE_MS;

	nanosleep(&(struct timespec){ 0, ms * 1000000L }, NULL);
}

static enum db_result
pg_wait(struct db *db, unsigned timeout_ms, bool *changed)
{
	struct pg_db *s = of(db);
	struct link *l = &s->link;
	uint64_t end = link_now() + timeout_ms, last = 0, now;
	enum db_result result;
	PGresult *r;

	if (!l->listen && l->conn)
		link_down(l);           /* the next connection listens */
	l->listen = true;
	for (;;) {
		/* Asked after listening began: what is committed from here on is told. */
		result = link_ask(l, sql_last, NULL, &r);
		if ((result = take_number(s, result, r, &last)) != DB_OK) {
			pause_a_moment(timeout_ms);
			return result;
		}
		*changed = last != s->seen;
		s->seen = last;
		now = link_now();
		if (*changed || now >= end)
			return DB_OK;
		now = end - now;
		if (now > (l->notifies ? ASK_MS : POLL_MS))
			now = l->notifies ? ASK_MS : POLL_MS;
		link_wait(l, (unsigned)now);
	}
}

static enum db_result
pg_check(struct db *db)
{
	struct pg_db *s = of(db);
	enum db_result result;

	if (s->link.opts.read_only)
		return db_fail(db, DB_DOWN, "the PostgreSQL store was opened read-only");
	if ((result = link_up(&s->link, false)) != DB_OK)
		return result;
	args_reset(&s->args);
	args_int(&s->args, (uint64_t)time(NULL));
	return link_ask(&s->link, sql_probe, &s->args, NULL);
}

const struct db_kind db_postgresql = {
	.scheme = "postgresql",
	.open = pg_open, .close = pg_close,
	.load = pg_load,
	.begin = pg_begin, .put = pg_put, .remove = pg_remove, .append = pg_append,
	.commit = pg_commit, .rollback = pg_rollback,
	.updates = pg_updates, .range = pg_range,
	.wait = pg_wait, .check = pg_check,
};
