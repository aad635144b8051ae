/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What every kind of store must do, and what SQLite's does when its file is locked,
 * damaged, foreign, read-only or out of room.
 *
 *   store-test [URL]     an empty store of another kind; by default SQLite's
 *
 * Tests run one after the other on that store, each from what the last one left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/store/store.h"
#include "tests/random.h"

static const char *url;
static char folder[] = "/tmp/store-test.XXXXXX";
static struct arena arena;
static struct diags diags = { .arena = &arena };
static struct input in;

static struct db *
open_store(void)
{
	struct db_opts opts = { .create = true, .busy_ms = 2000 };
	char error[DB_ERROR_SIZE];
	struct db *db = db_open(url, &opts, error);

	if (!db)
		fail_msg("%s: %s", url, error);
	return db;
}

static void
must(struct db *db, enum db_result got, enum db_result want)
{
	if (got != want)
		fail_msg("result %d, not %d: %s", got, want, db->error);
}

static const char *const sentences[] = {
	"FROM any TO all vms ALLOW tcp PORT 80",
	"FROM tag \"\\ud800 x\" TO tag \"\xc3\xa9\" = \"'; DROP TABLE rule; --\" BLOCK udp PORTS 1 - 9",
	"FROM ip fd00::1 TO tag \"role\" ALLOW icmp6 TYPE all PRIORITY 3",
};

/* The nth rule, in its kth state. */
static struct rule *
make(uint32_t n, uint32_t k)
{
	static const char odd[] = "a\0b \xf0\x9f\x98\x80";
	struct rule_fields f = { .enabled = (enum rule_bool)(k % 4), .log = RULE_FALSE };
	struct slice sentence = slice_of(sentences[k % BASE_COUNT(sentences)]);
	struct rule *r;

	memset(f.uuid.b, (int)(n * 37 + 1), sizeof(f.uuid.b));
	memcpy(f.uuid.b, &n, sizeof(n));
	f.has_owner = k % 3 != 0;
	f.owner = f.uuid;
	f.has_description = k % 2;
	f.description = (struct slice){ odd, sizeof(odd) - 1 };
	f.version = slice_of(arena_printf(&arena, "%u.%06u", k, n));
	r = db_rule(&in, &f, sentence);
	assert_non_null(r);
	return r;
}

static void
write_rule(struct buf *out, const struct rule *r)
{
	out->n = 0;
	rule_write_serialized(out, r);
	buf_char(out, '\0');
}

/* --- reading back ------------------------------------------------------------------ */

struct seen {
	struct rule *rule[256];
	uint32_t n;
};

static bool
see(void *context, const struct rule_fields *f, struct slice sentence)
{
	struct seen *s = context;

	assert_true(s->n < BASE_COUNT(s->rule));
	s->rule[s->n] = db_rule(&in, f, sentence);
	assert_non_null(s->rule[s->n++]);
	return true;
}

static int
by_uuid(const void *a, const void *b)
{
	return uuid_cmp((*(struct rule *const *)a)->uuid, (*(struct rule *const *)b)->uuid);
}

static void
load(struct db *db, struct seen *s, uint64_t *seq)
{
	s->n = 0;
	must(db, db->kind->load(db, see, s, seq), DB_OK);
	qsort(s->rule, s->n, sizeof(*s->rule), by_uuid);
}

static void
expect_rules(struct db *db, struct rule *const *want, uint32_t n)
{
	struct buf a = { 0 }, b = { 0 };
	struct seen s;
	uint64_t seq;

	load(db, &s, &seq);
	assert_int_equal(s.n, n);
	for (uint32_t i = 0; i < n; i++) {
		write_rule(&a, s.rule[i]);
		write_rule(&b, want[i]);
		assert_string_equal(a.p, b.p);
	}
	buf_free(&a);
	buf_free(&b);
}

static uint64_t
append(struct db *db, const char *name, const char *value)
{
	struct db_update u = { .name = slice_of(name), .value = slice_of(value),
		.req_id = slice_of("00000000-0000-4000-8000-000000000000") };

	must(db, db->kind->append(db, &u), DB_OK);
	return u.seq;
}

struct log {
	struct db_update u[64];
	uint32_t n, stop;
};

static bool
keep(void *context, const struct db_update *u)
{
	struct log *l = context;

	l->u[l->n].seq = u->seq;
	l->u[l->n].name = arena_slice(&arena, u->name);
	l->u[l->n].req_id = arena_slice(&arena, u->req_id);
	l->u[l->n].value = arena_slice(&arena, u->value);
	return ++l->n != l->stop && l->n < BASE_COUNT(l->u);
}

/* --- what every kind does ------------------------------------------------------------ */

static void
test_empty(void **state)
{
	struct db *db = open_store();
	uint64_t first = 9, last = 9;
	struct log l = { 0 };

	(void)state;
	expect_rules(db, NULL, 0);
	must(db, db->kind->range(db, &first, &last), DB_OK);
	assert_int_equal(first, 0);
	assert_int_equal(last, 0);
	must(db, db->kind->updates(db, 0, 10, keep, &l), DB_OK);
	assert_int_equal(l.n, 0);
	must(db, db->kind->check(db), DB_OK);
	db_close(db);
}

static void
test_versions(void **state)
{
	struct db *db = open_store(), *other;
	struct rule *a = make(1, 1), *b = make(1, 2), *c = make(2, 3);

	(void)state;
	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->put(db, a, NULL), DB_OK);
	must(db, db->kind->put(db, c, NULL), DB_OK);
	must(db, db->kind->put(db, b, NULL), DB_EXISTS);
	must(db, db->kind->put(db, b, &c->version), DB_CHANGED);
	must(db, db->kind->remove(db, c->uuid, a->version), DB_CHANGED);
	must(db, db->kind->commit(db), DB_OK);
	expect_rules(db, (struct rule *[]){ a, c }, 2);

	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->put(db, b, &a->version), DB_OK);
	must(db, db->kind->remove(db, c->uuid, c->version), DB_OK);
	db->kind->rollback(db);
	expect_rules(db, (struct rule *[]){ a, c }, 2);

	other = open_store();
	must(other, other->kind->begin(other), DB_OK);
	must(other, other->kind->put(other, b, &a->version), DB_OK);
	must(other, other->kind->commit(other), DB_OK);
	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->put(db, make(1, 4), &a->version), DB_CHANGED);
	must(db, db->kind->remove(db, c->uuid, c->version), DB_OK);
	must(db, db->kind->remove(db, c->uuid, c->version), DB_CHANGED);
	must(db, db->kind->commit(db), DB_OK);
	expect_rules(other, &b, 1);
	must(db, db->kind->begin(db), DB_OK);
	must(db, db->kind->remove(db, b->uuid, b->version), DB_OK);
	must(db, db->kind->commit(db), DB_OK);
	db_close(other);
	db_close(db);
}

static void
test_log(void **state)
{
	struct db *db = open_store();
	uint64_t first, last;
	struct log l = { .stop = 0 };

	(void)state;
	must(db, db->kind->begin(db), DB_OK);
	assert_int_equal(append(db, "sync", "{}"), 1);
	assert_int_equal(append(db, "vm.add", "{\"a\":\"\\u0000\xc3\xa9\"}"), 2);
	must(db, db->kind->commit(db), DB_OK);
	must(db, db->kind->begin(db), DB_OK);
	append(db, "undone", "{}");
	db->kind->rollback(db);
	must(db, db->kind->begin(db), DB_OK);
	assert_int_equal(append(db, "vm.delete", "{}"), 3);
	must(db, db->kind->commit(db), DB_OK);

	must(db, db->kind->updates(db, 1, 10, keep, &l), DB_OK);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.u[0].seq, 2);
	assert_true(slice_is(l.u[0].name, "vm.add"));
	assert_true(slice_is(l.u[0].value, "{\"a\":\"\\u0000\xc3\xa9\"}"));
	assert_true(slice_is(l.u[0].req_id, "00000000-0000-4000-8000-000000000000"));
	assert_int_equal(l.u[1].seq, 3);
	l = (struct log){ .stop = 1 };
	must(db, db->kind->updates(db, 0, 10, keep, &l), DB_OK);
	assert_int_equal(l.n, 1);
	l = (struct log){ 0 };
	must(db, db->kind->updates(db, 0, 2, keep, &l), DB_OK);
	assert_int_equal(l.n, 2);
	must(db, db->kind->updates(db, UINT64_MAX, 2, keep, &l), DB_OK);
	assert_int_equal(l.n, 2);
	must(db, db->kind->range(db, &first, &last), DB_OK);
	assert_int_equal(first, 1);
	assert_int_equal(last, 3);
	db_close(db);
}

static void
test_wait(void **state)
{
	struct db *db = open_store(), *other = open_store();
	bool changed;

	(void)state;
	must(db, db->kind->wait(db, 0, &changed), DB_OK);
	must(db, db->kind->wait(db, 0, &changed), DB_OK);
	assert_false(changed);
	must(other, other->kind->begin(other), DB_OK);
	append(other, "sync", "{}");
	must(other, other->kind->commit(other), DB_OK);
	must(db, db->kind->wait(db, 5000, &changed), DB_OK);
	assert_true(changed);
	db_close(other);
	db_close(db);
}

/* --- many writers --------------------------------------------------------------------- */

#define WRITERS 3
#define TURNS 40

static _Atomic bool writing;

static void *
write_some(void *context)
{
	struct db *db = open_store();

	(void)context;
	for (int i = 0; i < TURNS; i++) {
		must(db, db->kind->begin(db), DB_OK);
		append(db, "sync", "{}");
		append(db, "sync", "{}");
		must(db, db->kind->commit(db), DB_OK);
	}
	db_close(db);
	return NULL;
}

struct follow {
	uint64_t last;
	uint32_t n;
};

static bool
follow(void *context, const struct db_update *u)
{
	struct follow *f = context;

	/* Nothing appears below what was seen, and nothing is left out. */
	assert_int_equal(u->seq, f->last + 1);
	f->last = u->seq;
	f->n++;
	return true;
}

static void
test_order(void **state)
{
	struct db *db = open_store();
	struct follow f = { 0 };
	pthread_t t[WRITERS];
	uint64_t first;

	(void)state;
	must(db, db->kind->range(db, &first, &f.last), DB_OK);
	writing = true;
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_some, NULL), 0);
	while (f.n < WRITERS * TURNS * 2)
		must(db, db->kind->updates(db, f.last, 1000, follow, &f), DB_OK);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(t[i], NULL);
	db_close(db);
}

/* --- against an array ------------------------------------------------------------------- */

#define MODEL 24

static void
random_step(struct db *db, struct rule **model, uint32_t k)
{
	uint32_t n = random_below(MODEL);
	struct rule *r = make(n + 100, k);

	switch (random_below(4)) {
	case 0:
		must(db, db->kind->put(db, r, NULL), model[n] ? DB_EXISTS : DB_OK);
		if (!model[n])
			model[n] = r;
		break;
	case 1:
		if (!model[n])
			break;
		must(db, db->kind->put(db, r, &model[n]->version), DB_OK);
		model[n] = r;
		break;
	case 2:
		must(db, db->kind->put(db, r, &r->version), DB_CHANGED);
		break;
	default:
		if (!model[n])
			break;
		must(db, db->kind->remove(db, r->uuid, model[n]->version), DB_OK);
		model[n] = NULL;
	}
}

static void
test_random(void **state)
{
	struct db *db = open_store();
	struct rule *model[MODEL] = { 0 }, *before[MODEL], *there[MODEL];
	uint32_t n;

	(void)state;
	for (uint32_t k = 0, turn = 0; turn < 60; turn++) {
		memcpy(before, model, sizeof(model));
		must(db, db->kind->begin(db), DB_OK);
		for (uint32_t i = random_below(8); i > 0; i--)
			random_step(db, model, ++k);
		if (random_below(4) == 0) {
			db->kind->rollback(db);
			memcpy(model, before, sizeof(model));
		} else {
			must(db, db->kind->commit(db), DB_OK);
		}
		if (random_below(8) == 0) {
			db_close(db);
			db = open_store();
		}
		n = 0;
		for (uint32_t i = 0; i < MODEL; i++)
			if (model[i])
				there[n++] = model[i];
		qsort(there, n, sizeof(*there), by_uuid);
		expect_rules(db, there, n);
	}
	db_close(db);
}

/* --- SQLite's troubles ------------------------------------------------------------------- */

static const char *
path_of(const char *name)
{
	return arena_printf(&arena, "%s/%s", folder, name);
}

static struct db *
try_open(const char *path, struct db_opts opts, char *error)
{
	*error = '\0';
	return db_open(path, &opts, error);
}

static struct db *
must_open(const char *path, struct db_opts opts)
{
	char error[DB_ERROR_SIZE];
	struct db *db = try_open(path, opts, error);

	if (!db)
		fail_msg("%s", error);
	return db;
}

#define CREATE ((struct db_opts){ .create = true, .busy_ms = 50 })

static void
refused(const char *path, struct db_opts opts, const char *reason)
{
	char error[DB_ERROR_SIZE];

	assert_null(try_open(path, opts, error));
	if (!strstr(error, reason))
		fail_msg("\"%s\" does not say \"%s\"", error, reason);
}

static void
test_history(void **state)
{
	struct db_opts opts = { .create = true, .history = 100 };
	struct db *db = must_open(path_of("history"), opts);
	uint64_t first, last;

	(void)state;
	must(db, db->kind->begin(db), DB_OK);
	for (int i = 0; i < 1100; i++)
		append(db, "sync", "{}");
	must(db, db->kind->commit(db), DB_OK);
	must(db, db->kind->range(db, &first, &last), DB_OK);
	assert_int_equal(last, 1100);
	assert_int_equal(first, 1024 - 100 + 1);
	db_close(db);
}

static void
test_locked(void **state)
{
	const char *path = path_of("locked");
	struct db *a = must_open(path, CREATE), *b = must_open(path, CREATE);

	(void)state;
	must(a, a->kind->begin(a), DB_OK);
	must(b, b->kind->begin(b), DB_DOWN);
	assert_non_null(strstr(b->error, "locked"));
	expect_rules(b, NULL, 0);
	must(a, a->kind->commit(a), DB_OK);
	must(b, b->kind->begin(b), DB_OK);
	b->kind->rollback(b);
	db_close(a);
	db_close(b);
}

static void
spoil(const char *path, long at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t)n);
	close(fd);
}

static void
test_foreign(void **state)
{
	struct db *db;
	sqlite3 *sq;

	(void)state;
	spoil(path_of("text"), 0, "this is no database, and long enough to show it", 47);
	refused(path_of("text"), CREATE, "damaged");
	refused(path_of("missing"), (struct db_opts){ 0 }, "No such file");
	refused(path_of("no/folder"), CREATE, "unable to open");
	refused("oracle:x", CREATE, "no kind of store \"oracle\"");
	spoil(path_of("nothing"), 0, "", 0);
	refused(path_of("nothing"), (struct db_opts){ .read_only = true }, "holds no rules yet");

	assert_int_equal(sqlite3_open(path_of("other"), &sq), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sq, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sq);
	refused(path_of("other"), CREATE, "of another program");

	db_close(must_open(path_of("newer"), CREATE));
	assert_int_equal(sqlite3_open(path_of("newer"), &sq), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sq, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sq);
	refused(path_of("newer"), CREATE, "newer fwapid: its schema is 99");
	db = must_open(path_of("good"), CREATE);
	db_close(db);
}

static void
fill(struct db *db, uint32_t n)
{
	must(db, db->kind->begin(db), DB_OK);
	for (uint32_t i = 0; i < n; i++)
		must(db, db->kind->put(db, make(i, 1), NULL), DB_OK);
	must(db, db->kind->commit(db), DB_OK);
}

static void
test_damaged(void **state)
{
	const char *path = path_of("damaged");
	struct db *db = must_open(path, CREATE);
	struct seen s = { 0 };
	char rubbish[4096];
	struct stat st;
	uint64_t seq;
	bool found = false;

	(void)state;
	fill(db, 200);
	db_close(db);
	assert_int_equal(stat(path, &st), 0);
	memset(rubbish, 0x55, sizeof(rubbish));
	for (long at = 4096; at + 4096 <= st.st_size; at += 4096)
		spoil(path, at, rubbish, sizeof(rubbish));
	db = must_open(path, CREATE);
	found = db->kind->load(db, see, &s, &seq) == DB_DAMAGED;
	assert_true(found);
	assert_non_null(strstr(db->error, "damaged"));
	db_close(db);
}

static void
test_read_only(void **state)
{
	const char *path = path_of("read-only");
	struct db *db = must_open(path, CREATE);
	struct rule *want[3];

	(void)state;
	fill(db, 3);
	db_close(db);
	for (uint32_t i = 0; i < 3; i++)
		want[i] = make(i, 1);
	db = must_open(path, (struct db_opts){ .read_only = true });
	expect_rules(db, want, 3);
	must(db, db->kind->begin(db), DB_DOWN);
	must(db, db->kind->check(db), DB_DOWN);
	assert_non_null(strstr(db->error, "read-only"));
	db_close(db);
}

/* A file that may not grow stands for a full disk. */
static void
test_full(void **state)
{
	const char *path = path_of("full");
	struct db *db = must_open(path, CREATE);
	struct rlimit limit, little = { 64 << 10, 64 << 10 };
	struct rule *want[4];
	enum db_result result = DB_OK;

	(void)state;
	fill(db, 4);
	for (uint32_t i = 0; i < 4; i++)
		want[i] = make(i, 1);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	little.rlim_max = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &little);
	must(db, db->kind->begin(db), DB_OK);
	for (uint32_t i = 100; result == DB_OK && i < 2000; i++)
		result = db->kind->put(db, make(i, 1), NULL);
	if (result == DB_OK)
		result = db->kind->commit(db);
	db->kind->rollback(db);
	setrlimit(RLIMIT_FSIZE, &limit);
	must(db, result, DB_DOWN);
	expect_rules(db, want, 4);
	must(db, db->kind->check(db), DB_OK);
	db_close(db);
}

static void
test_backup(void **state)
{
	struct db *db = must_open(path_of("source"), CREATE), *writer, *copy;
	struct rule *want[5];
	char bytes[16];
	int fd;

	(void)state;
	fill(db, 5);
	for (uint32_t i = 0; i < 5; i++)
		want[i] = make(i, 1);
	writer = must_open(path_of("source"), CREATE);
	must(writer, writer->kind->begin(writer), DB_OK);
	must(writer, writer->kind->remove(writer, want[0]->uuid, want[0]->version), DB_OK);
	must(db, db->kind->backup(db, path_of("copy")), DB_OK);
	must(db, db->kind->backup(db, path_of("copy")), DB_OK);
	must(writer, writer->kind->commit(writer), DB_OK);
	copy = must_open(path_of("copy"), (struct db_opts){ 0 });
	expect_rules(copy, want, 5);
	expect_rules(db, want + 1, 4);
	must(db, db->kind->backup(db, path_of("no/folder")), DB_DOWN);
	db_close(copy);
	db_close(writer);
	db_close(db);
	fd = open(path_of("copy"), O_RDONLY);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	assert_memory_equal(bytes, "SQLite format 3", 16);
	close(fd);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest every[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_random),
	};
	const struct CMUnitTest sqlite[] = {
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_backup),
	};
	int failed;

	if (!mkdtemp(folder))
		return 99;
	random_start(7);
	input_init(&in, &arena, &diags, (struct lang_opts){ 0 });
	url = argc > 1 ? argv[1] : path_of("store");
	failed = cmocka_run_group_tests_name("store", every, NULL, NULL);
	if (argc == 1)
		failed += cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
	input_done(&in);
	arena_free(&arena);
	if (system(arena_printf(&arena, "rm -rf %s", folder)) != 0)
		failed++;
	arena_free(&arena);
	return failed;
}
