/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libpq without its blocking calls, but for connecting, where it has time limits of
 * its own for each host.  A server that takes a statement and says nothing for twice as
 * long as it may wait for locks, and a second, is taken for lost.
 */
#include "pg_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../compiler/base/text.h"

#define AGAIN_MS 500            /* between attempts to connect */
#define ESCAPE 0x1a

uint64_t
link_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static unsigned
answer_ms(const struct link *l)
{
	return 2 * l->opts.busy_ms + 1000;
}

/* --- arguments and texts --------------------------------------------------------------- */

void
args_reset(struct link_args *a)
{
	a->text.n = 0;
	a->n = 0;
}

static void
args_begin(struct link_args *a, bool null)
{
	a->at[a->n] = a->text.n;
	a->null[a->n++] = null;
}

void
args_null(struct link_args *a)
{
	args_begin(a, true);
}

void
args_int(struct link_args *a, uint64_t v)
{
	args_begin(a, false);
	buf_uint(&a->text, v);
	buf_char(&a->text, '\0');
}

void
args_uuid(struct link_args *a, struct uuid u)
{
	args_begin(a, false);
	buf_uuid(&a->text, u);
	buf_char(&a->text, '\0');
}

void
args_text(struct link_args *a, struct slice s)
{
	args_begin(a, false);
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		uint32_t cp = text_decode(s, &i);

		if (cp == TEXT_BAD)
			buf_printf(&a->text, "%cx%02x", ESCAPE, (unsigned char)s.p[from]);
		else if (cp == 0 || cp == ESCAPE || (cp >= 0xd800 && cp <= 0xdfff))
			buf_printf(&a->text, "%c%04x", ESCAPE, cp);
		else
			buf_add(&a->text, s.p + from, i - from);
	}
	buf_char(&a->text, '\0');
}

static bool
read_hex(const char *p, const char *end, int digits, uint32_t *out)
{
	*out = 0;
	if (end - p < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		const char *at = memchr("0123456789abcdef", p[i], 16);

		if (!at)
			return false;
		*out = *out << 4 | (uint32_t)(at - "0123456789abcdef");
	}
	return true;
}

struct slice
link_text(const PGresult *r, int row, int column, struct buf *spare)
{
	const char *p = PQgetvalue(r, row, column), *end = p + PQgetlength(r, row, column);
	uint32_t v;

	if (!memchr(p, ESCAPE, (size_t)(end - p)))
		return (struct slice){ p, (size_t)(end - p) };
	spare->n = 0;
	while (p < end) {
		if (*p == ESCAPE && p + 1 < end && p[1] == 'x' && read_hex(p + 2, end, 2, &v)) {
			buf_char(spare, (char)v);
			p += 4;
		} else if (*p == ESCAPE && read_hex(p + 1, end, 4, &v)) {
			spare->n += text_encode(buf_room(spare, 4), v);
			p += 5;
		} else {
			buf_char(spare, *p++);
		}
	}
	return buf_view(spare);
}

bool
link_int(const PGresult *r, int row, int column, uint64_t *out)
{
	char *end;
	const char *p = PQgetvalue(r, row, column);

	errno = 0;
	*out = strtoull(p, &end, 10);
	return *p >= '0' && *p <= '9' && !*end && errno == 0;
}

/* --- failing ------------------------------------------------------------------------------ */

/* libpq's message on one line. */
static enum db_result
say(struct link *l, enum db_result result, const char *message)
{
	struct buf line = { 0 };

	for (const char *p = message; *p; p++)
		if (*p == '\n' || *p == '\t')
			buf_char(&line, ' ');
		else
			buf_char(&line, *p);
	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	db_fail(l->db, result, "PostgreSQL: %.*s", (int)line.n, line.n ? line.p : "");
	buf_free(&line);
	return result;
}

void
link_down(struct link *l)
{
	PQfinish(l->conn);
	l->conn = NULL;
}

static const struct {
	const char *state;              /* SQLSTATE, or how it begins */
	enum db_result result;
	bool leave;                     /* another server may do better */
	bool retry;
	const char *text;               /* NULL: the server's */
} failures[] = {
	{ "08", DB_DOWN, true, true, NULL },
	{ "25006", DB_DOWN, true, false, "the PostgreSQL server is read-only" },
	{ "25P03", DB_DOWN, true, true, NULL },
	{ "40", DB_DOWN, false, true, NULL },
	{ "42501", DB_DOWN, false, false, NULL },
	{ "42P01", DB_DAMAGED, false, false, NULL },
	{ "42703", DB_DAMAGED, false, false, NULL },
	{ "53", DB_DOWN, false, false, NULL },
	{ "55P03", DB_DOWN, false, false, "another writer holds the PostgreSQL store" },
	{ "57", DB_DOWN, true, true, NULL },
	{ "XX001", DB_DAMAGED, false, false, NULL },
	{ "XX002", DB_DAMAGED, false, false, NULL },
};

static enum db_result
failed(struct link *l, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (PQstatus(l->conn) == CONNECTION_BAD || !state) {
		say(l, DB_DOWN, PQerrorMessage(l->conn));
		l->retry = true;
		link_down(l);
		return DB_DOWN;
	}
	for (size_t i = 0; i < BASE_COUNT(failures); i++) {
		if (strncmp(state, failures[i].state, strlen(failures[i].state)) != 0)
			continue;
		l->retry = failures[i].retry;
		if (failures[i].text)
			db_fail(l->db, failures[i].result, "%s", failures[i].text);
		else
			say(l, failures[i].result, PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
		if (failures[i].leave && !l->settling)
			link_down(l);
		return failures[i].result;
	}
	l->retry = false;
	return say(l, DB_DOWN, PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
}

static enum db_result
lost(struct link *l, const char *why)
{
	db_fail(l->db, DB_DOWN, "PostgreSQL: %s", why);
	l->retry = false;
	link_down(l);
	return DB_DOWN;
}

/* --- talking ------------------------------------------------------------------------------ */

/* 1: ready, 0: not in time, -1: broken. */
static int
wait_socket(struct link *l, short events, int ms)
{
	struct pollfd p = { PQsocket(l->conn), events, 0 };
	uint64_t end = link_now() + (uint64_t)ms;

	for (;;) {
		int left = (int)(end - link_now()), n;

		n = poll(&p, 1, left > 0 ? left : 0);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -1;
	}
}

/* Until all is sent and an answer is there; reads meanwhile, as the server may talk first. */
static bool
await(struct link *l)
{
	int unsent = PQflush(l->conn);
	int ms = (int)answer_ms(l);

	while (unsent == 1 || PQisBusy(l->conn)) {
		if (wait_socket(l, (short)(POLLIN | (unsent == 1 ? POLLOUT : 0)), ms) <= 0)
			return false;
		if (!PQconsumeInput(l->conn))
			return true;            /* libpq has the reason */
		if (unsent == 1)
			unsent = PQflush(l->conn);
	}
	return true;
}

static bool
send(struct link *l, const char *sql, const struct link_args *args)
{
	const char *value[LINK_ARGS];

	if (!args)
		return PQsendQuery(l->conn, sql);
	for (int i = 0; i < args->n; i++)
		value[i] = args->null[i] ? NULL : args->text.p + args->at[i];
	return PQsendQueryParams(l->conn, sql, args->n, NULL, value, NULL, NULL, 0);
}

static bool
is_good(const PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);

	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_SINGLE_TUPLE ||
	    s == PGRES_EMPTY_QUERY;
}

static void
drop_notices(struct link *l)
{
	PGnotify *n;

	while (l->conn && (n = PQnotifies(l->conn)))
		PQfreemem(n);
}

enum db_result
link_run(struct link *l, const char *sql, const struct link_args *args, PGresult **out)
{
	enum db_result result = DB_OK;
	PGresult *r, *last = NULL;

	if (out)
		*out = NULL;
	if (!l->conn)
		return lost(l, "the connection is lost");
	if (!send(l, sql, args))
		return failed(l, NULL);
	for (;;) {
		if (!await(l)) {
			PQclear(last);
			return lost(l, "the server does not answer");
		}
		if (!(r = PQgetResult(l->conn)))
			break;
		if (!is_good(r) && result == DB_OK)
			result = failed(l, r);
		PQclear(last);
		last = r;
		if (!l->conn)
			break;
	}
	if (result == DB_OK && !last)
		result = failed(l, NULL);
	if (result == DB_OK && out)
		*out = last;
	else
		PQclear(last);
	return result;
}

enum db_result
link_ask(struct link *l, const char *sql, const struct link_args *args, PGresult **out)
{
	enum db_result result = DB_DOWN;

	if (out)
		*out = NULL;
	for (int turn = 0; turn < 2; turn++) {
		if ((result = link_up(l, true)) != DB_OK)
			break;
		result = link_run(l, sql, args, out);
		if (result != DB_DOWN || !l->retry || l->conn)
			break;
	}
	return result;
}

enum db_result
link_query(struct link *l, const char *sql)
{
	if (!l->conn)
		return lost(l, "the connection is lost");
	return PQsendQuery(l->conn, sql) && PQsetSingleRowMode(l->conn) ? DB_OK : failed(l, NULL);
}

PGresult *
link_row(struct link *l, enum db_result *result)
{
	PGresult *r;

	while (l->conn) {
		if (!await(l)) {
			*result = lost(l, "the server does not answer");
			return NULL;
		}
		if (!(r = PQgetResult(l->conn)))
			return NULL;
		if (PQresultStatus(r) == PGRES_SINGLE_TUPLE)
			return r;
		if (!is_good(r))
			*result = failed(l, r);
		PQclear(r);
	}
	return NULL;
}

bool
link_wait(struct link *l, unsigned ms)
{
	bool good = wait_socket(l, POLLIN, (int)ms) >= 0 && PQconsumeInput(l->conn);

	if (good)
		drop_notices(l);
	else
		failed(l, NULL);
	return good;
}

/* --- connecting ------------------------------------------------------------------------------ */

/* Does the URL name more than one server? */
static bool
names_many(const PQconninfoOption *o)
{
	for (; o->keyword; o++)
		if ((strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0) &&
		    o->val && strchr(o->val, ','))
			return true;
	return false;
}

/* What the URL does not say; what stands behind "dbname" cannot be changed by it. */
static PGconn *
connect_now(struct link *l, bool many)
{
	char seconds[16], unheard[16];
	const char *key[16], *value[16];
	int n = 0;
#define SET(k, v) (key[n] = (k), value[n++] = (v))

	snprintf(seconds, sizeof(seconds), "%u", l->opts.busy_ms < 2000 ? 2 :
	    (l->opts.busy_ms + 999) / 1000);
	snprintf(unheard, sizeof(unheard), "%u", answer_ms(l));
	SET("connect_timeout", seconds);
	SET("keepalives_idle", "10");
	SET("keepalives_interval", "3");
	SET("keepalives_count", "3");
	SET("tcp_user_timeout", unheard);
	SET("fallback_application_name", "fwapid");
	if (many && !l->opts.read_only)
		SET("target_session_attrs", "read-write");
	SET("dbname", l->url);
	SET("client_encoding", "UTF8");
#undef SET
	key[n] = value[n] = NULL;
	return PQconnectdbParams(key, value, 1);
}

static void
no_notice(void *context, const PGresult *r)
{
	(void)context;
	(void)r;
}

/*
 * Settings that not every server of the family has, each tried alone: that a writer
 * which was cut off does not hold the lock for long, and that commits are on disk.
 */
static enum db_result
set_session(struct link *l)
{
	char lock[64], idle[80];
	const char *const tries[] = {
		lock,
		idle,
		"SET jit = off",
		"SELECT set_config('synchronous_commit', 'on', false) "
		"WHERE current_setting('synchronous_commit') = 'off'",
	};
	PGresult *r;
	enum db_result result;

	snprintf(lock, sizeof(lock), "SET lock_timeout = %u",
	    l->opts.busy_ms ? l->opts.busy_ms : 1);
	snprintf(idle, sizeof(idle), "SET idle_in_transaction_session_timeout = %u", answer_ms(l));
	l->settling = true;
	for (size_t i = 0; i < BASE_COUNT(tries) && l->conn; i++)
		link_run(l, tries[i], NULL, NULL);
	/* Servers without it answer an error; so does a standby. */
	if (l->conn)
		l->notifies = link_run(l, "LISTEN " LINK_CHANNEL, NULL, NULL) == DB_OK;
	if (l->conn && l->notifies && !l->listen)
		link_run(l, "UNLISTEN " LINK_CHANNEL, NULL, NULL);
	l->settling = false;
	if ((result = link_run(l, "SHOW server_encoding", NULL, &r)) != DB_OK)
		return result;
	if (strcmp(PQgetvalue(r, 0, 0), "UTF8") != 0) {
		result = db_fail(l->db, DB_DAMAGED, "the PostgreSQL database has the encoding %.32s, "
		    "and must have UTF8", PQgetvalue(r, 0, 0));
		link_down(l);
	}
	PQclear(r);
	return result;
}

static enum db_result
try_connect(struct link *l)
{
	PQconninfoOption *o = PQconninfoParse(l->url, NULL);
	enum db_result result;

	if (!o)
		/* libpq would say which part, and that may be the password. */
		return db_fail(l->db, DB_DOWN, "the store is no PostgreSQL URL: "
		    "postgresql://USER@HOST:PORT/DATABASE");
	l->conn = connect_now(l, names_many(o));
	PQconninfoFree(o);
	if (!l->conn)
		base_oom(0);
	if (PQstatus(l->conn) != CONNECTION_OK) {
		result = say(l, DB_DOWN, PQerrorMessage(l->conn));
		link_down(l);
		return result;
	}
	PQsetNoticeReceiver(l->conn, no_notice, NULL);
	PQsetnonblocking(l->conn, 1);
	l->made++;
	return set_session(l);
}

enum db_result
link_up(struct link *l, bool soon)
{
	enum db_result result;

	if (l->conn)
		return DB_OK;
	if (atomic_exchange(&l->db->heard, false))
		l->failed = 0;
	if (soon && l->failed && link_now() - l->failed < AGAIN_MS)
		return DB_DOWN;
	result = try_connect(l);
	l->failed = result == DB_OK ? 0 : link_now();
	return result;
}
