/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The embedded store: one SQLite file in WAL mode.  synchronous=FULL syncs the WAL at
 * every commit, so what was committed outlives a crash of the machine; a writer that
 * dies leaves a transaction wholly or not at all.  SQLite lets one writer in at a
 * time, so numbers of the log (AUTOINCREMENT) rise in the order of commits.
 *
 * Prepared statements live as long as the handle.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

#define APPLICATION_ID 0x66777231       /* "fwr1", in the file's header */
#define POLL_MS 100                     /* how often wait looks for other writers */
#define PRUNE_EVERY 1024                /* updates */

enum statement { SQL_ADD, SQL_REPLACE, SQL_REMOVE, SQL_APPEND, SQL_PRUNE, SQL_UPDATES, SQL_LOAD,
	SQL_FIRST, SQL_LAST, SQL_VERSION, SQL_PROBE, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[SQL_ADD] = "INSERT INTO rule (uuid, version, owner_uuid, enabled, log, description, rule) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (uuid) DO NOTHING",
	[SQL_REPLACE] = "UPDATE rule SET version = ?2, owner_uuid = ?3, enabled = ?4, log = ?5, "
	    "description = ?6, rule = ?7 WHERE uuid = ?1 AND version = ?8",
	[SQL_REMOVE] = "DELETE FROM rule WHERE uuid = ?1 AND version = ?2",
	[SQL_APPEND] = "INSERT INTO change (name, req_id, value) VALUES (?1, ?2, ?3)",
	[SQL_PRUNE] = "DELETE FROM change WHERE seq <= ?1",
	[SQL_UPDATES] = "SELECT seq, name, req_id, value FROM change WHERE seq > ?1 "
	    "ORDER BY seq LIMIT ?2",
	[SQL_LOAD] = "SELECT uuid, version, owner_uuid, enabled, log, description, rule FROM rule",
	[SQL_FIRST] = "SELECT coalesce(min(seq), 0) FROM change",
	[SQL_LAST] = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change'",
	[SQL_VERSION] = "PRAGMA data_version",
	[SQL_PROBE] = "INSERT INTO meta (key, value) VALUES ('probe', strftime('%s')) "
	    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
};

/* migrations[v] makes version v of the tables to v + 1; all in one transaction. */
static const char *const migrations[DB_SCHEMA] = {
	/*
	 * enabled and log hold enum rule_bool: 0 false, 1 true, 2 and 3 the same given as
	 * strings.  Texts may hold NUL, and lone surrogates as three bytes.
	 */
	"CREATE TABLE rule (uuid TEXT PRIMARY KEY NOT NULL, version TEXT NOT NULL, owner_uuid TEXT, "
	"enabled INTEGER NOT NULL, log INTEGER NOT NULL, description TEXT, rule TEXT NOT NULL) "
	"WITHOUT ROWID;"
	"CREATE TABLE change (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, "
	"req_id TEXT NOT NULL, value TEXT NOT NULL);"
	"CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;",
};

struct sqlite_db {
	struct db db;
	sqlite3 *sq;
	sqlite3_stmt *statement[STATEMENTS];
	struct db_opts opts;
	sqlite3_int64 data_version;     /* as wait saw it last; -1: never */
	bool read_only;
};

static struct sqlite_db *
of(struct db *db)
{
	return (struct sqlite_db *)db;
}

/* SQLite says so itself of what it writes; of its index of the WAL only errno does. */
static bool
is_full(struct sqlite_db *s, int code)
{
	int error = sqlite3_system_errno(s->sq);

	return code == SQLITE_FULL ||
	    (code == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT));
}

/* What SQLite's code means to us. */
static enum db_result
failed(struct sqlite_db *s)
{
	int code = sqlite3_errcode(s->sq) & 0xff;

	if (is_full(s, code))
		return db_fail(&s->db, DB_DOWN, "the disk of the SQLite file is full");
	switch (code) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return db_fail(&s->db, DB_DAMAGED, "the SQLite file is damaged: %s",
		    sqlite3_errmsg(s->sq));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return db_fail(&s->db, DB_DOWN, "the SQLite file is locked by another program");
	case SQLITE_READONLY:
		return db_fail(&s->db, DB_DOWN, "the SQLite file is read-only");
	default:
		return db_fail(&s->db, DB_DOWN, "SQLite: %s (%d)", sqlite3_errmsg(s->sq),
		    sqlite3_extended_errcode(s->sq));
	}
}

/* NULL: the reason is in db->error, *result says which. */
static sqlite3_stmt *
prepared(struct sqlite_db *s, enum statement which, enum db_result *result)
{
	sqlite3_stmt **st = &s->statement[which];

	if (!*st && sqlite3_prepare_v3(s->sq, sql[which], -1, SQLITE_PREPARE_PERSISTENT, st,
	    NULL) != SQLITE_OK) {
		*result = failed(s);
		return NULL;
	}
	return *st;
}

/* Runs a statement that returns no rows. */
static enum db_result
run(struct sqlite_db *s, sqlite3_stmt *st)
{
	enum db_result result = sqlite3_step(st) == SQLITE_DONE ? DB_OK : failed(s);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return result;
}

static enum db_result
exec(struct sqlite_db *s, const char *text)
{
	return sqlite3_exec(s->sq, text, NULL, NULL, NULL) == SQLITE_OK ? DB_OK : failed(s);
}

static enum db_result
number(struct sqlite_db *s, enum statement which, sqlite3_int64 *out)
{
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, which, &result);

	if (!st)
		return result;
	if (sqlite3_step(st) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	else
		result = failed(s);
	sqlite3_reset(st);
	return result;
}

static void
bind(sqlite3_stmt *st, int at, struct slice s)
{
	sqlite3_bind_text(st, at, s.n ? s.p : "", (int)s.n, SQLITE_STATIC);
}

static struct slice
column(sqlite3_stmt *st, int at)
{
	const char *p = (const char *)sqlite3_column_text(st, at);

	return (struct slice){ p ? p : "", p ? (size_t)sqlite3_column_bytes(st, at) : 0 };
}

/* --- opening -------------------------------------------------------------------- */

static void
sqlite_close(struct db *db)
{
	struct sqlite_db *s = of(db);

	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statement[i]);
	sqlite3_close(s->sq);
	free(s);
}

static enum db_result
pragma(struct sqlite_db *s, const char *name, sqlite3_int64 *out)
{
	sqlite3_stmt *st;
	char text[64];
	bool good;

	snprintf(text, sizeof(text), "PRAGMA %s", name);
	if (sqlite3_prepare_v2(s->sq, text, -1, &st, NULL) != SQLITE_OK)
		return failed(s);
	good = sqlite3_step(st) == SQLITE_ROW;
	*out = good ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	return good ? DB_OK : failed(s);
}

/* The steps from the file's version to DB_SCHEMA; another process may be faster. */
static enum db_result
migrate(struct sqlite_db *s)
{
	char text[80];
	sqlite3_int64 version = 0;
	enum db_result result;

	if ((result = exec(s, "BEGIN IMMEDIATE")) != DB_OK)
		return result;
	result = pragma(s, "user_version", &version);
	for (; result == DB_OK && version < DB_SCHEMA; version++)
		result = exec(s, migrations[version]);
	snprintf(text, sizeof(text), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
	    APPLICATION_ID, DB_SCHEMA);
	if (result == DB_OK)
		result = exec(s, text);
	if (result != DB_OK && !sqlite3_get_autocommit(s->sq))
		sqlite3_exec(s->sq, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static enum db_result
check_tables(struct sqlite_db *s, const char *path)
{
	sqlite3_int64 id, version, tables;
	enum db_result result;

	if ((result = pragma(s, "application_id", &id)) != DB_OK ||
	    (result = pragma(s, "user_version", &version)) != DB_OK ||
	    (result = pragma(s, "schema_version", &tables)) != DB_OK)
		return result;
	if (id == 0 && version == 0 && tables == 0) {
		if (!s->opts.create || s->read_only)
			return db_fail(&s->db, DB_DOWN, "%s holds no rules yet", path);
		return migrate(s);
	}
	if (id != APPLICATION_ID)
		return db_fail(&s->db, DB_DAMAGED, "%s is an SQLite file of another program", path);
	if (version > DB_SCHEMA)
		return db_fail(&s->db, DB_DAMAGED, "%s was written by a newer fwapid: its schema is "
		    "%lld, this one knows %d", path, (long long)version, DB_SCHEMA);
	if (version < 1)
		return db_fail(&s->db, DB_DAMAGED, "%s is damaged: it has no schema", path);
	if (version == DB_SCHEMA)
		return DB_OK;
	if (s->read_only)
		return db_fail(&s->db, DB_DOWN, "%s was written by an older fwapid, and is opened "
		    "read-only", path);
	return migrate(s);
}

static enum db_result
set_up(struct sqlite_db *s, const char *path)
{
	enum db_result result;

	sqlite3_extended_result_codes(s->sq, 1);
	sqlite3_busy_timeout(s->sq, (int)s->opts.busy_ms);
	s->read_only = sqlite3_db_readonly(s->sq, "main") == 1;
	if (!s->read_only && ((result = exec(s, "PRAGMA journal_mode=WAL")) != DB_OK ||
	    (result = exec(s, "PRAGMA synchronous=FULL")) != DB_OK ||
	    /* 64 MB: keys are random, so a write touches a page of its own. */
	    (result = exec(s, "PRAGMA cache_size=-65536")) != DB_OK))
		return result;
	return check_tables(s, path);
}

/* A file that may not be written, without a WAL, in a folder that may not either. */
static int
open_immutable(struct sqlite_db *s, const char *path)
{
	struct buf uri = { 0 };
	int code;

	sqlite3_close(s->sq);
	buf_str(&uri, "file:");
	for (const char *p = path; *p; p++)
		if (strchr("?#%", *p))
			buf_printf(&uri, "%%%02x", (unsigned char)*p);
		else
			buf_char(&uri, *p);
	buf_str(&uri, "?immutable=1");
	buf_char(&uri, '\0');
	code = sqlite3_open_v2(uri.p, &s->sq, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
	    SQLITE_OPEN_NOMUTEX, NULL);
	buf_free(&uri);
	return code;
}

static bool
is_unwritable(struct sqlite_db *s, const char *path)
{
	int code = sqlite3_errcode(s->sq) & 0xff;

	return (code == SQLITE_READONLY || code == SQLITE_CANTOPEN) && access(path, R_OK) == 0;
}

static struct db *
sqlite_open(const char *path, const struct db_opts *opts, char *error)
{
	struct sqlite_db *s = base_alloc(sizeof(*s));
	int flags = SQLITE_OPEN_NOMUTEX | (opts->read_only ? SQLITE_OPEN_READONLY
	    : SQLITE_OPEN_READWRITE | (opts->create ? SQLITE_OPEN_CREATE : 0));
	enum db_result result = DB_DOWN;

	memset(s, 0, sizeof(*s));
	s->db.kind = &db_sqlite;
	s->opts = *opts;
	s->data_version = -1;
	if (access(path, F_OK) != 0 && !opts->create)
		db_fail(&s->db, DB_DOWN, "%s: %s", path, strerror(errno));
	else if (sqlite3_open_v2(path, &s->sq, flags, NULL) == SQLITE_OK)
		result = set_up(s, path);
	else if (s->sq)
		db_fail(&s->db, DB_DOWN, "%s: %s", path, sqlite3_errmsg(s->sq));
	else
		base_oom(0);
	if (result == DB_DOWN && s->sq && is_unwritable(s, path) &&
	    open_immutable(s, path) == SQLITE_OK)
		result = set_up(s, path);
	if (result == DB_OK)
		return &s->db;
	memcpy(error, s->db.error, DB_ERROR_SIZE);
	sqlite_close(&s->db);
	return NULL;
}

/* --- rules ------------------------------------------------------------------------ */

static bool
read_row(sqlite3_stmt *st, struct rule_fields *f, struct slice *sentence)
{
	int enabled = sqlite3_column_int(st, 3), log = sqlite3_column_int(st, 4);

	memset(f, 0, sizeof(*f));
	f->version = column(st, 1);
	f->has_owner = sqlite3_column_type(st, 2) != SQLITE_NULL;
	f->has_description = sqlite3_column_type(st, 5) != SQLITE_NULL;
	if (f->has_description)
		f->description = column(st, 5);
	f->enabled = (enum rule_bool)enabled;
	f->log = (enum rule_bool)log;
	*sentence = column(st, 6);
	return uuid_read(column(st, 0), &f->uuid) && enabled >= 0 && enabled <= RULE_TRUE_TEXT &&
	    log >= 0 && log <= RULE_TRUE_TEXT &&
	    (!f->has_owner || uuid_read(column(st, 2), &f->owner));
}

static enum db_result
load_rules(struct sqlite_db *s, db_each_rule *each, void *context)
{
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, SQL_LOAD, &result);
	struct rule_fields f;
	struct slice sentence;
	int code = SQLITE_DONE;

	if (!st)
		return result;
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		if (!read_row(st, &f, &sentence)) {
			struct slice uuid = column(st, 0);

			result = db_fail(&s->db, DB_DAMAGED, "the stored rule \"%.*s\" is damaged",
			    (int)uuid.n, uuid.p);
			break;
		}
		if (!each(context, &f, sentence))
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		result = failed(s);
	sqlite3_reset(st);
	return result;
}

static enum db_result
sqlite_load(struct db *db, db_each_rule *each, void *context, uint64_t *seq)
{
	struct sqlite_db *s = of(db);
	sqlite3_int64 last = 0;
	enum db_result result;

	if ((result = exec(s, "BEGIN")) != DB_OK)
		return result;
	result = number(s, SQL_LAST, &last);
	if (result == DB_OK)
		result = load_rules(s, each, context);
	*seq = (uint64_t)last;
	sqlite3_exec(s->sq, "COMMIT", NULL, NULL, NULL);
	return result;
}

/* --- writing ------------------------------------------------------------------------ */

static enum db_result
sqlite_begin(struct db *db)
{
	/* SQLite itself would begin to read. */
	if (of(db)->read_only)
		return db_fail(db, DB_DOWN, "the SQLite file is read-only");
	return exec(of(db), "BEGIN IMMEDIATE");
}

static enum db_result
sqlite_put(struct db *db, const struct rule *r, const struct slice *expected)
{
	struct sqlite_db *s = of(db);
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, expected ? SQL_REPLACE : SQL_ADD, &result);
	char uuid[UUID_TEXT], owner[UUID_TEXT];

	if (!st)
		return result;
	uuid_write(uuid, r->uuid);
	bind(st, 1, (struct slice){ uuid, UUID_TEXT });
	bind(st, 2, r->version);
	if (r->has_owner) {
		uuid_write(owner, r->owner);
		bind(st, 3, (struct slice){ owner, UUID_TEXT });
	}
	sqlite3_bind_int(st, 4, r->enabled);
	sqlite3_bind_int(st, 5, r->log);
	if (r->has_description)
		bind(st, 6, r->description);
	bind(st, 7, r->text);
	if (expected)
		bind(st, 8, *expected);
	result = run(s, st);
	if (result == DB_OK && sqlite3_changes(s->sq) == 0)
		return expected ? DB_CHANGED : DB_EXISTS;
	return result;
}

static enum db_result
sqlite_remove(struct db *db, struct uuid uuid, struct slice expected)
{
	struct sqlite_db *s = of(db);
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, SQL_REMOVE, &result);
	char text[UUID_TEXT];

	if (!st)
		return result;
	uuid_write(text, uuid);
	bind(st, 1, (struct slice){ text, UUID_TEXT });
	bind(st, 2, expected);
	result = run(s, st);
	return result == DB_OK && sqlite3_changes(s->sq) == 0 ? DB_CHANGED : result;
}

static enum db_result
prune(struct sqlite_db *s, uint64_t seq)
{
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, SQL_PRUNE, &result);

	if (!st)
		return result;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)(seq - s->opts.history));
	return run(s, st);
}

static enum db_result
sqlite_append(struct db *db, struct db_update *u)
{
	struct sqlite_db *s = of(db);
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, SQL_APPEND, &result);

	if (!st)
		return result;
	bind(st, 1, u->name);
	bind(st, 2, u->req_id);
	bind(st, 3, u->value);
	if ((result = run(s, st)) != DB_OK)
		return result;
	u->seq = (uint64_t)sqlite3_last_insert_rowid(s->sq);
	if (s->opts.history && u->seq > s->opts.history && u->seq % PRUNE_EVERY == 0)
		result = prune(s, u->seq);
	return result;
}

static enum db_result
sqlite_commit(struct db *db)
{
	return exec(of(db), "COMMIT");
}

/* After some errors SQLite has rolled back already. */
static void
sqlite_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(of(db)->sq))
		sqlite3_exec(of(db)->sq, "ROLLBACK", NULL, NULL, NULL);
}

/* --- the log -------------------------------------------------------------------------- */

static enum db_result
sqlite_updates(struct db *db, uint64_t since, uint32_t limit, db_each_update *each, void *context)
{
	struct sqlite_db *s = of(db);
	enum db_result result = DB_OK;
	sqlite3_stmt *st = prepared(s, SQL_UPDATES, &result);
	int code = SQLITE_DONE;

	if (!st)
		return result;
	sqlite3_bind_int64(st, 1, since > INT64_MAX ? INT64_MAX : (sqlite3_int64)since);
	sqlite3_bind_int64(st, 2, limit);
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		struct db_update u = { .seq = (uint64_t)sqlite3_column_int64(st, 0),
			.name = column(st, 1), .req_id = column(st, 2), .value = column(st, 3) };

		if (!each(context, &u))
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		result = failed(s);
	sqlite3_reset(st);
	return result;
}

static enum db_result
sqlite_range(struct db *db, uint64_t *first, uint64_t *last)
{
	sqlite3_int64 a = 0, b = 0;
	enum db_result result = number(of(db), SQL_FIRST, &a);

	if (result == DB_OK)
		result = number(of(db), SQL_LAST, &b);
	*last = (uint64_t)b;
	*first = a ? (uint64_t)a : b ? (uint64_t)b + 1 : 0;
	return result;
}

/* --- others ----------------------------------------------------------------------------- */

static enum db_result
sqlite_wait(struct db *db, unsigned timeout_ms, bool *changed)
{
	struct sqlite_db *s = of(db);
	struct timespec nap = { 0, POLL_MS * 1000000L };
	sqlite3_int64 now = 0;
	enum db_result result;

	for (unsigned waited = 0;; waited += POLL_MS) {
		if ((result = number(s, SQL_VERSION, &now)) != DB_OK)
			return result;
		*changed = now != s->data_version;
		s->data_version = now;
		if (*changed || waited >= timeout_ms)
			return DB_OK;
		nanosleep(&nap, NULL);
	}
}

static enum db_result
sqlite_check(struct db *db)
{
	struct sqlite_db *s = of(db);
	enum db_result result = DB_OK;
	sqlite3_stmt *st;

	if (s->read_only)
		return db_fail(db, DB_DOWN, "the SQLite file is read-only");
	st = prepared(s, SQL_PROBE, &result);
	return st ? run(s, st) : result;
}

/* --- backup -------------------------------------------------------------------------------- */

static enum db_result
copy_into(struct sqlite_db *s, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", s->sq, "main");
	int code;

	if (!b)
		return db_fail(&s->db, DB_DOWN, "SQLite: %s", sqlite3_errmsg(to));
	/* All in one step: a state of one moment, and writers go on beside it. */
	code = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	if (code != SQLITE_DONE)
		return db_fail(&s->db, DB_DOWN, "SQLite: %s", sqlite3_errstr(code));
	/* So that the copy is one file. */
	if (sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(&s->db, DB_DOWN, "SQLite: %s", sqlite3_errmsg(to));
	return DB_OK;
}

/* Written beside the path, synced by SQLite, and renamed: whole or not at all. */
static enum db_result
sqlite_backup(struct db *db, const char *path)
{
	char beside[PATH_MAX];
	sqlite3 *to = NULL;
	enum db_result result;

	if (snprintf(beside, sizeof(beside), "%s.%ld.new", path, (long)getpid()) >=
	    (int)sizeof(beside))
		return db_fail(db, DB_DOWN, "%s: %s", path, strerror(ENAMETOOLONG));
	if (sqlite3_open_v2(beside, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		result = db_fail(db, DB_DOWN, "%s: %s", path, sqlite3_errmsg(to));
	else
		result = copy_into(of(db), to);
	sqlite3_close(to);
	if (result == DB_OK && rename(beside, path) != 0)
		result = db_fail(db, DB_DOWN, "%s: %s", path, strerror(errno));
	if (result != DB_OK)
		unlink(beside);
	return result;
}

const struct db_kind db_sqlite = {
	.scheme = "sqlite",
	.open = sqlite_open, .close = sqlite_close,
	.load = sqlite_load,
	.begin = sqlite_begin, .put = sqlite_put, .remove = sqlite_remove, .append = sqlite_append,
	.commit = sqlite_commit, .rollback = sqlite_rollback,
	.updates = sqlite_updates, .range = sqlite_range,
	.wait = sqlite_wait, .check = sqlite_check, .backup = sqlite_backup,
};
