/* SPDX-License-Identifier: MPL-2.0 */
/* The search of libfwrule, through its public header and the shared library alone. */
#include "runtime/api/fwrule.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ID(n) "00000000-0000-4000-8000-00000000000" #n

static const char source[] =
	"@uuid " ID(1) "\nFROM ip 10.1.2.3 TO all vms ALLOW tcp PORT 80\n"
	"@uuid " ID(2) "\n@owner " ID(f) "\n"
	"FROM (subnet 10.1.0.0/16 OR subnet fd00::/8) TO tag www = 1 ALLOW tcp PORTS 1 - 1024\n"
	"@uuid " ID(3) "\nFROM tag www TO subnet 10.1.2.0/24 BLOCK udp PORT 53\n";

static void
add(struct fwr_index *x, const char *text)
{
	assert_int_equal(fwr_index_add(x, "rules", text, strlen(text)), 0);
}

static struct fwr_index *
some_rules(void)
{
	struct fwr_index *x = fwr_index_new(NULL);

	add(x, source);
	assert_int_equal(fwr_index_rules(x), 3);
	return x;
}

/* The UUIDs' last digits. */
static void
expect(struct fwr_reader *r, const char *params, const char *digits, size_t total)
{
	struct fwr_text out;
	size_t n = strlen(digits), found = 99;

	assert_int_equal(fwr_query(r, params, strlen(params), FWR_UUIDS, &out, &found), 0);
	assert_int_equal(out.n, 37 * n);
	assert_int_equal(out.p[out.n], '\0');
	assert_int_equal(found, total);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(out.p[37 * i + 35], digits[i]);
}

static void
test_queries(void **state)
{
	static const char params[] = "{\"tag\":\"www\",\"fields\":\"parsed.ports\",\"explain\":true,"
	    "\"action\":\"block\"}";
	struct fwr_index *x = some_rules();
	struct fwr_reader *r = fwr_reader_new(x);
	struct fwr_text out;
	size_t total;

	(void)state;
	expect(r, "{}", "123", 3);
	expect(r, "{\"ip\":\"10.1.2.3\"}", "1", 1);
	expect(r, "{\"ip\":\"10.1.2.3\",\"match\":\"contains\"}", "123", 3);
	expect(r, "{\"ip\":\"10.1.2.3\",\"match\":\"contains\",\"sort\":\"-uuid\",\"limit\":1,"
	    "\"offset\":1}", "2", 3);
	expect(r, "{\"subnet\":\"10.1.2.0/24\",\"match\":\"within\"}", "13", 2);
	expect(r, "{\"tag\":{\"www\":[\"1\",\"2\"]},\"owner_uuid\":\"" ID(f) "\"}", "2", 1);
	expect(r, "{\"tag\":\"ww\"}", "", 0);
	expect(r, "{\"count\":true}", "", 3);
	assert_int_equal(fwr_query(r, "{\"global\":true}", 15, FWR_COUNT, NULL, &total), 0);
	assert_int_equal(total, 2);
	assert_int_equal(fwr_query(r, params, strlen(params), FWR_RULES, &out, NULL), 0);
	assert_string_equal(strstr(out.p, "\"rule\""),
	    "\"rule\":\"FROM tag \\\"www\\\" TO subnet 10.1.2.0/24 BLOCK udp PORT 53\","
	    "\"uuid\":\"" ID(3) "\",\"version\":\"0\",\"parsed\":{\"ports\":[53]},"
	    "\"matched\":[{\"param\":\"tag\",\"value\":\"www\",\"side\":\"from\","
	    "\"target\":\"tag \\\"www\\\"\"}]}]");
	assert_int_equal(fwr_find(r, ID(1), FWR_TEXT, &out), 0);
	assert_string_equal(out.p, "FROM ip 10.1.2.3 TO all vms ALLOW tcp PORT 80");
	assert_int_equal(fwr_find(r, ID(9), FWR_TEXT, &out), 0);
	assert_int_equal(out.n, 0);
	fwr_reader_free(r);
	fwr_index_free(x);
}

static void
expect_error(const struct fwr_error *e, size_t n, const char *field, const char *message)
{
	for (size_t i = 0; i < n; i++)
		if (!e[i].field == !field && (!field || strcmp(e[i].field, field) == 0)) {
			assert_string_equal(e[i].message, message);
			return;
		}
	fail_msg("no error of %s", field ? field : "no field");
}

static void
test_bad_calls(void **state)
{
	static const char params[] = "{\"ip\":[\"b\",\"a\"],\"vm\":\"X\",\"log\":\"maybe\","
	    "\"colour\":1,\"size\":2,\"protocol\":\"gre\"}";
	struct fwr_index *x = some_rules();
	struct fwr_reader *r = fwr_reader_new(x);
	const struct fwr_error *e;
	struct fwr_text out;
	bool had = true;
	size_t n;

	(void)state;
	assert_int_equal(fwr_query(r, params, strlen(params), FWR_RULES, &out, NULL), -1);
	e = fwr_reader_errors(r, &n);
	assert_int_equal(n, 5);
	expect_error(e, n, "ip", "invalid IPs: a, b");
	expect_error(e, n, "vm", "invalid UUID: X");
	expect_error(e, n, "log", "must be a boolean value");
	expect_error(e, n, "colour,size", "Unknown parameters: colour, size");
	expect_error(e, n, "protocol",
	    "Invalid value for protocol: must be one of: tcp, udp, icmp, icmp6, ah, esp");
	assert_string_equal(e[0].code, "E1003");
	assert_int_equal(fwr_query(r, "[]", 2, FWR_RULES, &out, NULL), -1);
	assert_int_equal(fwr_query(r, "{", 1, FWR_RULES, &out, NULL), -1);
	assert_int_equal(fwr_find(r, "x", FWR_TEXT, &out), -1);
	/* What was wrong is forgotten with the next call. */
	expect(r, "{}", "123", 3);
	fwr_reader_errors(r, &n);
	assert_int_equal(n, 0);

	assert_int_equal(fwr_index_put(x, "{\"rule\":\"FROM\"}", 15, &had), -1);
	e = fwr_index_errors(x, &n);
	assert_string_equal(e[0].field, "rule");
	assert_int_equal(fwr_index_put(x, "[]", 2, &had), -1);
	assert_int_equal(fwr_index_remove(x, "x", &had), -1);
	/* One bad rule: none is added. */
	assert_int_equal(fwr_index_add(x, "r", "FROM any TO all vms ALLOW tcp PORT 80\nFROM x\n", 45),
	    -1);
	assert_int_equal(fwr_index_rules(x), 3);
	assert_int_equal(fwr_index_open(x, "/nowhere"), -1);
	assert_int_equal(fwr_index_save(x, "/nowhere/x.fwi"), -1);
	e = fwr_index_errors(x, &n);
	assert_string_equal(e[0].code, "E1002");
	fwr_reader_free(r);
	fwr_index_free(x);
	fwr_index_free(NULL);
	fwr_reader_free(NULL);
}

static void
test_changes(void **state)
{
	static const char payload[] = "{\"uuid\":\"" ID(1) "\",\"global\":true,\"enabled\":true,"
	    "\"rule\":\"FROM ip 10.9.9.9 TO all vms ALLOW tcp PORT 80\"}";
	struct fwr_index *x = some_rules();
	struct fwr_reader *r = fwr_reader_new(x);
	bool had;

	(void)state;
	assert_int_equal(fwr_index_put(x, payload, strlen(payload), &had), 0);
	assert_true(had);
	expect(r, "{\"ip\":\"10.1.2.3\"}", "", 0);
	expect(r, "{\"ip\":\"10.9.9.9\",\"enabled\":true}", "1", 1);
	assert_int_equal(fwr_index_remove(x, ID(1), &had), 0);
	assert_true(had);
	assert_int_equal(fwr_index_remove(x, ID(1), &had), 0);
	assert_false(had);
	assert_int_equal(fwr_index_put(x, payload, strlen(payload), NULL), 0);
	/* What is added again takes the place of what was there. */
	add(x, source);
	assert_int_equal(fwr_index_rules(x), 3);
	expect(r, "{\"ip\":\"10.1.2.3\"}", "1", 1);
	fwr_reader_free(r);
	fwr_index_free(x);
}

static void
read_file(const char *path, char *to, size_t *n, size_t room)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	*n = fread(to, 1, room, f);
	assert_true(*n > 0 && *n < room);
	fclose(f);
}

static void
test_files(void **state)
{
	static char bytes[1 << 20];
	char path[] = "/tmp/fwr-search-XXXXXX";
	struct fwr_index *x = some_rules(), *y = fwr_index_new(NULL), *z = fwr_index_new(NULL);
	struct fwr_host *h = fwr_host_new(NULL);
	struct fwr_reader *r;
	int fd = mkstemp(path);
	bool had;
	size_t n;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fwr_index_save(x, path), 0);
	assert_int_equal(fwr_index_open(x, path), -1);          /* has rules */
	assert_string_equal(fwr_index_errors(x, &n)[0].code, "E1004");
	r = fwr_reader_new(y);
	assert_int_equal(fwr_index_open(y, path), -1);          /* has a reader */
	fwr_reader_free(r);
	assert_int_equal(fwr_index_open(y, path), 0);
	r = fwr_reader_new(y);
	expect(r, "{\"ip\":\"10.1.2.3\",\"match\":\"contains\"}", "123", 3);
	assert_int_equal(fwr_index_remove(y, ID(2), &had), 0);
	expect(r, "{\"ip\":\"10.1.2.3\",\"match\":\"contains\"}", "13", 2);
	/* The same bytes are an input format like any other. */
	read_file(path, bytes, &n, sizeof(bytes));
	assert_int_equal(fwr_index_add(z, "bytes", bytes, n), 0);
	assert_int_equal(fwr_index_rules(z), 3);
	assert_int_equal(fwr_host_add_rules(h, "bytes", bytes, n), 0);
	bytes[n / 2] ^= 1;
	assert_int_equal(fwr_index_add(z, "bytes", bytes, n), -1);
	assert_string_equal(fwr_index_errors(z, &n)[0].code, "E1001");
	unlink(path);
	fwr_reader_free(r);
	fwr_index_free(x);
	fwr_index_free(y);
	fwr_index_free(z);
	fwr_host_free(h);
}

/* --- threads ------------------------------------------------------------------------ */

struct reading {
	struct fwr_index *x;
	atomic_bool *stop;
	unsigned questions;
	bool torn;
};

/* The rule of ID(1) has one address and one port, and they change together. */
static void *
read_on(void *context)
{
	struct reading *me = context;
	struct fwr_reader *r = fwr_reader_new(me->x);
	struct fwr_text out;
	unsigned a, b;

	while (!atomic_load(me->stop) || me->questions == 0) {
		const char *p;

		if (fwr_query(r, "{\"protocol\":\"tcp\",\"global\":true}", 32, FWR_RULES, &out, NULL))
			me->torn = true;
		p = strstr(out.p, "FROM ip 10.0.0.");
		if (!p || sscanf(p, "FROM ip 10.0.0.%u TO all vms ALLOW tcp PORT %u", &a, &b) != 2 ||
		    a != b)
			me->torn = true;
		me->questions++;
	}
	fwr_reader_free(r);
	return NULL;
}

static void
put(struct fwr_index *x, unsigned n)
{
	char payload[256];

	snprintf(payload, sizeof(payload), "{\"uuid\":\"" ID(1) "\",\"global\":true,"
	    "\"rule\":\"FROM ip 10.0.0.%u TO all vms ALLOW tcp PORT %u\"}", n, n);
	assert_int_equal(fwr_index_put(x, payload, strlen(payload), NULL), 0);
}

static void
test_threads(void **state)
{
	struct fwr_index *x = fwr_index_new(NULL);
	atomic_bool stop = false;
	struct reading me[2] = { { x, &stop, 0, false }, { x, &stop, 0, false } };
	pthread_t thread[2];

	(void)state;
	put(x, 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, read_on, &me[i]), 0);
	for (unsigned i = 0; i < 2000; i++)
		put(x, 1 + i % 250);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		assert_false(me[i].torn);
		assert_true(me[i].questions > 0);
	}
	fwr_index_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_bad_calls),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
