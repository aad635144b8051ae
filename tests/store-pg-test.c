/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the PostgreSQL store does when its server is restarted, cut off, silent or
 * replaced by its standby: it fails with a reason and within its time, leaves nothing
 * half written, and works again without being told.
 *
 *   store-pg-test PORT-OF-A PORT-OF-B ASK ANSWER
 *
 * B is to become A's standby.  What is to be done to servers is asked of the script in
 * lines to the file ASK, which answers each in ANSWER (store-pg-test.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/store/store.h"
#include "tests/tcp-proxy.h"

#define BUSY_MS 500
#define TIME_LIMIT_MS (2 * BUSY_MS + 10000)              /* of one call, on a busy machine */

static uint16_t port_a, port_b;
static FILE *asking, *answering;
static struct arena arena;
static struct diags diags = { .arena = &arena };
static struct input in;

static void
ask(const char *fmt, ...)
{
	char line[64];
	va_list ap;

	va_start(ap, fmt);
	vfprintf(asking, fmt, ap);
	va_end(ap);
	fputc('\n', asking);
	fflush(asking);
	if (!fgets(line, sizeof(line), answering) || strcmp(line, "0\n") != 0)
		fail_msg("the script could not do it");
}

static const char *
url_of(uint16_t port, const char *database)
{
	return arena_printf(&arena, "postgresql://postgres:s3cret@127.0.0.1:%u/%s", port, database);
}

/* A new database of server A. */
static const char *
new_database(void)
{
	static int n;
	const char *name = arena_printf(&arena, "t%d", ++n);

	ask("pg_sql a CREATE\\ DATABASE\\ %s", name);
	return name;
}

static struct db *
open_with(const char *url, struct db_opts opts)
{
	char error[DB_ERROR_SIZE];
	struct db *db = db_open(url, &opts, error);

	if (!db)
		fail_msg("%s", error);
	return db;
}

static struct db *
open_store(const char *url)
{
	return open_with(url, (struct db_opts){ .create = true, .busy_ms = BUSY_MS });
}

static void
must(struct db *db, enum db_result got, enum db_result want)
{
	if (got != want)
		fail_msg("result %d, not %d: %s", got, want, db->error);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The call fails as DB_DOWN, in time and with a reason. */
#define MUST_FAIL(db, call) do {                                               \
	uint64_t begin_ = now_ms();                                            \
	must(db, call, DB_DOWN);                                               \
	assert_in_range(now_ms() - begin_, 0, TIME_LIMIT_MS);                  \
	assert_int_not_equal((db)->error[0], '\0');                            \
	assert_null(strstr((db)->error, "s3cret"));                            \
} while (0)

/* --- rules and updates ------------------------------------------------------------------ */

static struct rule *
make(uint32_t n)
{
	struct rule_fields f = { .enabled = RULE_TRUE, .log = RULE_FALSE };
	struct rule *r;

	memset(f.uuid.b, 0x11, sizeof(f.uuid.b));
	memcpy(f.uuid.b, &n, sizeof(n));
	f.version = slice_of("1.000001");
	r = db_rule(&in, &f, slice_of("FROM any TO all vms ALLOW tcp PORT 80"));
	assert_non_null(r);
	return r;
}

static uint64_t
append(struct db *db, const char *name)
{
	struct db_update u = { .name = slice_of(name), .value = slice_of("{}"),
		.req_id = slice_of("00000000-0000-4000-8000-000000000000") };

	must(db, db->kind->append(db, &u), DB_OK);
	return u.seq;
}

static void
write_one(struct db *db, uint32_t n)
{
	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->put(db, make(n), NULL), DB_OK);
	append(db, "fw.add_rule");
	must(db, db->kind->commit(db), DB_OK);
}

/* Tries for some seconds. */
static void
write_soon(struct db *db, uint32_t n)
{
	uint64_t end = now_ms() + 20000;

	while (db->kind->begin(db) != DB_OK) {
		if (now_ms() > end)
			fail_msg("does not recover: %s", db->error);
		usleep(20000);
	}
	must(db, db->kind->put(db, make(n), NULL), DB_OK);
	append(db, "fw.add_rule");
	must(db, db->kind->commit(db), DB_OK);
}

static bool
count_rule(void *context, const struct rule_fields *f, struct slice sentence)
{
	(void)f;
	(void)sentence;
	++*(uint32_t *)context;
	return true;
}

/* Both tell of the same moment: there is an update for each rule. */
static void
expect_rules(struct db *db, uint32_t n)
{
	uint32_t rules = 0;
	uint64_t seq;

	must(db, db->kind->load(db, count_rule, &rules, &seq), DB_OK);
	assert_int_equal(rules, n);
	assert_int_equal(seq, n);
}

/* --- opening --------------------------------------------------------------------------------- */

static void
refused(const char *url, struct db_opts opts, const char *reason)
{
	char error[DB_ERROR_SIZE];

	assert_null(db_open(url, &opts, error));
	if (!strstr(error, reason))
		fail_msg("\"%s\" does not say \"%s\"", error, reason);
	assert_null(strstr(error, "s3cret"));
	assert_null(strchr(error, '\n'));
}

static void
test_open(void **state)
{
	const struct db_opts create = { .create = true, .busy_ms = BUSY_MS };
	const char *name = new_database();

	(void)state;
	refused(url_of(port_a, "nowhere"), create, "\"nowhere\" does not exist");
	refused("postgresql://u:s3cret%zz@127.0.0.1/x", create, "no PostgreSQL URL");
	refused("postgresql://u@127.0.0.1:1/x", create, "refused");
	refused(url_of(port_a, name), (struct db_opts){ 0 }, "holds no rules yet");
	db_close(open_store(url_of(port_a, name)));
	ask("pg_sql a UPDATE\\ fwapid_meta\\ SET\\ value=99\\ WHERE\\ key=\\'schema\\' %s", name);
	refused(url_of(port_a, name), create, "newer fwapid: its schema is 99");
	ask("pg_sql a DELETE\\ FROM\\ fwapid_meta\\;DROP\\ TABLE\\ fwapid_rule,fwapid_change,fwapid_log %s",
	    name);
	refused(url_of(port_a, name), (struct db_opts){ .read_only = true }, "holds no rules yet");
	db_close(open_with(arena_printf(&arena, "postgresql:host=127.0.0.1 port=%u user=postgres "
	    "dbname=%s", port_a, name), create));
	ask("pg_sql a CREATE\\ DATABASE\\ latin\\ TEMPLATE\\ template0\\ ENCODING\\ \\'LATIN1\\'");
	refused(url_of(port_a, "latin"), create, "encoding LATIN1");
}

static void *
open_one(void *context)
{
	db_close(open_store(context));
	return NULL;
}

/* Many that find an empty database make its tables once. */
static void
test_open_at_once(void **state)
{
	char *url = (char *)url_of(port_a, new_database());
	pthread_t t[6];
	struct db *db;

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, open_one, url), 0);
	for (size_t i = 0; i < BASE_COUNT(t); i++)
		pthread_join(t[i], NULL);
	db = open_store(url);
	write_one(db, 1);
	expect_rules(db, 1);
	db_close(db);
}

/* --- others -------------------------------------------------------------------------------- */

static void
test_locked(void **state)
{
	const char *url = url_of(port_a, new_database());
	struct db *a = open_store(url), *b = open_store(url);

	(void)state;
	must(a, a->kind->begin(a), DB_OK);
	MUST_FAIL(b, b->kind->begin(b));
	assert_non_null(strstr(b->error, "another writer"));
	must(a, a->kind->commit(a), DB_OK);
	write_one(b, 1);
	/* Who sleeps while holding the lock loses it. */
	must(a, a->kind->begin(a), DB_OK);
	must(a, a->kind->put(a, make(2), NULL), DB_OK);
	write_soon(b, 3);
	MUST_FAIL(a, a->kind->commit(a));
	a->kind->rollback(a);
	write_one(a, 4);
	expect_rules(b, 3);
	db_close(a);
	db_close(b);
}

static void
test_history(void **state)
{
	struct db *db = open_with(url_of(port_a, new_database()),
	    (struct db_opts){ .create = true, .busy_ms = BUSY_MS, .history = 100 });
	uint64_t first, last;

	(void)state;
	must(db, db->kind->begin(db), DB_OK);
	for (int i = 0; i < 1100; i++)
		append(db, "sync");
	must(db, db->kind->commit(db), DB_OK);
	must(db, db->kind->range(db, &first, &last), DB_OK);
	assert_int_equal(last, 1100);
	assert_int_equal(first, 1024 - 100 + 1);
	db_close(db);
}

struct waiter {
	struct db *db;
	uint64_t heard;
};

static void *
wait_once(void *context)
{
	struct waiter *w = context;
	bool changed = false;

	must(w->db, w->db->kind->wait(w->db, 10000, &changed), DB_OK);
	assert_true(changed);
	w->heard = now_ms();
	return NULL;
}

/* One that waits is told, and need not ask: sooner than it would. */
static void
test_told(void **state)
{
	const char *url = url_of(port_a, new_database());
	struct db *db = open_store(url);
	struct waiter w = { .db = open_store(url) };
	uint64_t written, soonest = 1000;
	pthread_t t;
	bool changed;

	(void)state;
	must(w.db, w.db->kind->wait(w.db, 0, &changed), DB_OK);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(pthread_create(&t, NULL, wait_once, &w), 0);
		usleep(30000);
		write_one(db, i);
		written = now_ms();
		pthread_join(t, NULL);
		if (w.heard < written + soonest)
			soonest = w.heard > written ? w.heard - written : 0;
	}
	assert_in_range(soonest, 0, 50);
	db_close(w.db);
	db_close(db);
}

/* --- the network --------------------------------------------------------------------------- */

static void
test_cut(void **state)
{
	const char *name = new_database();
	struct proxy p;
	struct db *db, *follower;
	uint64_t first, last;
	bool changed;

	(void)state;
	proxy_start(&p, port_a);
	db = open_store(url_of(p.port, name));
	follower = open_store(url_of(p.port, name));
	must(follower, follower->kind->wait(follower, 0, &changed), DB_OK);
	write_one(db, 1);
	/* In the middle of a transaction: nothing of it is left. */
	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->put(db, make(2), NULL), DB_OK);
	proxy_set(&p, PROXY_CUT);
	MUST_FAIL(db, db->kind->put(db, make(3), NULL));
	MUST_FAIL(db, db->kind->commit(db));
	db->kind->rollback(db);
	for (int i = 0; i < 3; i++) {
		MUST_FAIL(db, db->kind->begin(db));
		MUST_FAIL(db, db->kind->range(db, &first, &last));
		MUST_FAIL(db, db->kind->check(db));
		MUST_FAIL(follower, follower->kind->wait(follower, 100, &changed));
	}
	proxy_set(&p, PROXY_PASS);
	write_soon(db, 2);
	expect_rules(db, 2);
	do
		must(follower, follower->kind->check(follower), DB_OK);
	while (follower->kind->wait(follower, 1000, &changed) != DB_OK);
	assert_true(changed);
	/* While nothing goes on: the next call does not even fail. */
	proxy_set(&p, PROXY_CUT);
	proxy_set(&p, PROXY_PASS);
	write_one(db, 3);
	proxy_set(&p, PROXY_CUT);
	proxy_set(&p, PROXY_PASS);
	expect_rules(db, 3);
	db_close(follower);
	db_close(db);
	proxy_stop(&p);
}

static void
test_silence(void **state)
{
	const char *name = new_database();
	struct proxy p;
	struct db *db, *direct = open_store(url_of(port_a, name));

	(void)state;
	proxy_start(&p, port_a);
	db = open_store(url_of(p.port, name));
	write_one(db, 1);
	/* The answer to a commit is lost: it was done, and the log says so. */
	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->put(db, make(2), NULL), DB_OK);
	assert_int_equal(append(db, "fw.add_rule"), 2);
	proxy_set(&p, PROXY_DEAF);
	MUST_FAIL(db, db->kind->commit(db));
	assert_non_null(strstr(db->error, "does not answer"));
	expect_rules(direct, 2);
	/* Silence in a transaction: the server frees the lock before long. */
	proxy_set(&p, PROXY_PASS);
	do
		must(db, db->kind->check(db), DB_OK);
	while (db->kind->begin(db) != DB_OK);
	must(db, db->kind->put(db, make(3), NULL), DB_OK);
	proxy_set(&p, PROXY_HANG);
	MUST_FAIL(db, db->kind->put(db, make(4), NULL));
	write_soon(direct, 5);
	proxy_set(&p, PROXY_PASS);
	db->kind->rollback(db);
	write_soon(db, 6);
	expect_rules(direct, 4);
	db_close(db);
	db_close(direct);
	proxy_stop(&p);
}

/* --- the server ---------------------------------------------------------------------------- */

static void
test_restart(void **state)
{
	const char *name = new_database();
	struct db *db = open_store(url_of(port_a, name));
	uint32_t rules = 0;
	uint64_t seq;

	(void)state;
	write_one(db, 1);
	for (uint32_t i = 0; i < 3; i++) {
		must(db, db->kind->begin(db), DB_OK);
		must(db, db->kind->put(db, make(100 + i), NULL), DB_OK);
		ask("pg_stop a %s", i == 0 ? "fast" : "immediate");
		MUST_FAIL(db, db->kind->put(db, make(200 + i), NULL));
		db->kind->rollback(db);
		MUST_FAIL(db, db->kind->begin(db));
		MUST_FAIL(db, db->kind->load(db, count_rule, &rules, &seq));
		ask("pg_start a");
		write_soon(db, 2 + i);
		expect_rules(db, 2 + i);
	}
	assert_int_equal(rules, 0);
	db_close(db);
}

static _Atomic bool writing;
static _Atomic uint32_t written;

/* Writes as long as it is let, and counts what was acknowledged. */
static void *
write_on(void *context)
{
	struct db *db = open_store(context);
	struct db_update u = { .name = slice_of("sync"), .value = slice_of("{}"),
		.req_id = slice_of("r") };

	while (writing) {
		if (db->kind->begin(db) != DB_OK || db->kind->append(db, &u) != DB_OK ||
		    db->kind->commit(db) != DB_OK) {
			db->kind->rollback(db);
			usleep(10000);
			continue;
		}
		written++;
		usleep(1000);
	}
	db_close(db);
	return NULL;
}

/* With a standby that has all before a commit is answered, nothing acknowledged is lost. */
static void
test_failover(void **state)
{
	const char *name = new_database();
	char *url = arena_printf(&arena, "postgresql://postgres@127.0.0.1:%u,127.0.0.1:%u/%s",
	    port_a, port_b, name);
	struct db *db = open_store(url), *standby;
	uint64_t first, last, end;
	bool changed;
	pthread_t t;

	(void)state;
	ask("pg_standby b a");
	ask("pg_sql a ALTER\\ SYSTEM\\ SET\\ synchronous_standby_names=\\'*\\'");
	ask("pg_sql a SELECT\\ pg_reload_conf\\(\\)");
	usleep(200000);
	write_one(db, 1);
	/* A standby can be read, and asked for changes, by who does not want to write. */
	standby = open_with(url_of(port_b, name), (struct db_opts){ .read_only = true,
		.busy_ms = BUSY_MS });
	must(standby, standby->kind->wait(standby, 0, &changed), DB_OK);
	write_one(db, 2);
	must(standby, standby->kind->wait(standby, 5000, &changed), DB_OK);
	expect_rules(standby, 2);
	MUST_FAIL(standby, standby->kind->begin(standby));
	db_close(standby);
	refused(url_of(port_b, "nowhere"), (struct db_opts){ 0 }, "does not exist");
	standby = open_store(url_of(port_b, name));
	MUST_FAIL(standby, standby->kind->begin(standby));
	assert_non_null(strstr(standby->error, "read-only"));

	writing = true;
	assert_int_equal(pthread_create(&t, NULL, write_on, url), 0);
	while (written < 20)
		usleep(1000);
	ask("pg_stop a immediate");
	MUST_FAIL(db, db->kind->begin(db));
	ask("pg_promote b");
	write_soon(db, 3);
	end = written + 20;
	while (written < end)
		usleep(1000);
	writing = false;
	pthread_join(t, NULL);
	must(db, db->kind->range(db, &first, &last), DB_OK);
	/* One that was cut off may be there without an answer. */
	assert_in_range(last, 3 + written, 3 + written + 1);
	write_soon(standby, 4);
	db_close(standby);
	db_close(db);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_at_once),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_failover),
	};
	int failed;

	if (argc != 5)
		return 99;
	port_a = (uint16_t)atoi(argv[1]);
	port_b = (uint16_t)atoi(argv[2]);
	asking = fopen(argv[3], "w");
	answering = fopen(argv[4], "r");
	if (!asking || !answering)
		return 99;
	input_init(&in, &arena, &diags, (struct lang_opts){ 0 });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	input_done(&in);
	arena_free(&arena);
	return failed;
}
