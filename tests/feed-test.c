/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The feed as agents and streams see it: what they are told, in which order, and what
 * happens to who breaks the protocol, does not read, comes twice or stays too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "compiler/base/text.h"
#include "runtime/feed/feed.h"
#include "tests/feed-agent.h"

#define SERVER "5e4f7a0c-0000-4000-8000-000000000001"

static void
say(void *context, bool warning, const char *line)
{
	(void)context;
	if (getenv("FEED_LOG"))
		fprintf(stderr, "%s: %s\n", warning ? "warning" : "info", line);
}

static struct feed *
start(struct feed_opts opts)
{
	char error[FEED_ERROR_SIZE];
	struct feed *f;

	opts.host = "127.0.0.1";
	opts.server_id = slice_of(SERVER);
	opts.log = say;
	f = feed_new(&opts, error);
	if (!f)
		fail_msg("%s", error);
	return f;
}

static bool
publish_value(struct feed *f, uint64_t id, const char *value)
{
	char req_id[32];
	struct feed_update u = { .id = id, .name = slice_of("fw.add_rule"),
		.value = slice_of(value) };

	snprintf(req_id, sizeof(req_id), "req-%llu", (unsigned long long)id);
	u.req_id = slice_of(req_id);
	return feed_publish(f, &u);
}

static bool
publish(struct feed *f, uint64_t id)
{
	return publish_value(f, id, "{\"rule\":\"\xc3\xa9\"}");
}

static void
expect_update(struct agent *a, uint32_t msgid, uint64_t id)
{
	agent_expect(a, FRAME_DATA, msgid);
	assert_int_equal(agent_id(a), id);
}

static struct feed_stats
stats(struct feed *f)
{
	struct feed_stats s;

	feed_stats(f, &s);
	return s;
}

static void
nap(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Waits until a number of the statistics is n. */
#define EXPECT_STAT(f, member, n) do {                                         \
	for (int turn = 0; stats(f).member != (n) && turn < 1000; turn++)      \
		nap(10);                                                       \
	assert_int_equal(stats(f).member, n);                                  \
} while (0)

/* --- what agents are told ------------------------------------------------------------------- */

static void
test_messages(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct agent a;

	(void)state;
	agent_connect(&a, feed_port(f));
	agent_call(&a, 1, "messages", "[{\"client_id\":\"a\",\"version\":1}]");
	agent_expect(&a, FRAME_DATA, 1);
	assert_string_equal(agent_text(&a, "server_id"), SERVER);
	assert_null(agent_text(&a, "last_req_id"));
	assert_null(json_object_get(agent_object(&a), "last_id"));
	assert_string_equal(json_string_value(json_object_get(json_object_get(a.v, "m"), "name")),
	    "messages");
	agent_expect(&a, FRAME_DATA, 1);
	assert_int_equal(strlen(agent_text(&a, "req_id")), 36);

	assert_true(publish(f, 12));
	assert_false(publish(f, 12));
	assert_false(publish(f, 11));
	feed_ping(f, slice_of("p-1"));
	assert_true(publish(f, 14));
	expect_update(&a, 1, 12);
	assert_string_equal(agent_text(&a, "name"), "fw.add_rule");
	assert_string_equal(agent_text(&a, "req_id"), "req-12");
	assert_string_equal(agent_text(&a, "server_id"), SERVER);
	assert_string_equal(json_string_value(json_object_get(json_object_get(agent_object(&a),
	    "value"), "rule")), "\xc3\xa9");
	agent_expect(&a, FRAME_DATA, 1);
	assert_string_equal(agent_text(&a, "name"), "ping");
	assert_string_equal(agent_text(&a, "req_id"), "p-1");
	assert_null(json_object_get(agent_object(&a), "id"));
	assert_non_null(json_object_get(agent_object(&a), "value"));
	expect_update(&a, 1, 14);
	agent_close(&a);

	/* The next one hears how far it is. */
	agent_connect(&a, feed_port(f));
	agent_call(&a, 9, "messages", "[{\"client_id\":\"a\"}]");
	agent_expect(&a, FRAME_DATA, 9);
	assert_string_equal(agent_text(&a, "last_req_id"), "req-14");
	assert_int_equal(json_number_value(json_object_get(agent_object(&a), "last_id")), 14);
	agent_close(&a);
	feed_free(f);
}

/* The log is another one: numbers go back, and everybody is told. */
static void
test_rewind(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct agent a;

	(void)state;
	agent_connect(&a, feed_port(f));
	agent_register(&a, 1, "a");
	assert_true(publish(f, 7));
	feed_rewind(f, 5);
	assert_false(publish(f, 5));
	assert_true(publish(f, 6));
	expect_update(&a, 1, 7);
	agent_expect(&a, FRAME_DATA, 1);
	assert_string_equal(agent_text(&a, "name"), "sync");
	assert_null(json_object_get(agent_object(&a), "id"));
	expect_update(&a, 1, 6);
	agent_close(&a);
	agent_connect(&a, feed_port(f));
	agent_call(&a, 9, "messages", "[{\"client_id\":\"a\"}]");
	agent_expect(&a, FRAME_DATA, 9);
	assert_int_equal(json_number_value(json_object_get(agent_object(&a), "last_id")), 6);
	agent_close(&a);
	feed_free(f);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *method, *args, *name, *message;
	} cases[] = {
		{ "ping", "[]", "Error", "\"ping\" RPC expects one argument" },
		{ "ping", "[{},{}]", "Error", "\"ping\" RPC expects one argument" },
		{ "ping", "[[]]", "Error", "\"ping\" RPC expects an options object" },
		{ "ping", "[null]", "Error", "\"ping\" RPC expects an options object" },
		{ "ping", "[{\"req_id\":7}]", "Error", "\"req_id\" must be a string if provided" },
		{ "messages", "[]", "Error", "\"messages\" RPC expects one argument" },
		{ "messages", "[\"a\"]", "Error", "\"messages\" RPC expects an options object" },
		{ "messages", "[{}]", "Error", "clients must provide their \"client_id\"" },
		{ "messages", "[{\"client_id\":7}]", "Error",
		    "clients must provide their \"client_id\"" },
		{ "x", "[]", "FastError", "unsupported RPC method: \"x\"" },
		{ "x\"\xc3\xa9", "[]", "FastError", "unsupported RPC method: \"x\"\xc3\xa9\"" },
		{ "", "[]", "FastError", "RPC request is not well-formed" },
	};
	struct feed *f = start((struct feed_opts){ 0 });
	const json_t *d;
	struct agent a;

	(void)state;
	agent_connect(&a, feed_port(f));
	for (uint32_t i = 0; i < BASE_COUNT(cases); i++) {
		agent_call(&a, i, cases[i].method, cases[i].args);
		agent_expect(&a, FRAME_ERROR, i);
		d = json_object_get(a.v, "d");
		assert_string_equal(json_string_value(json_object_get(d, "name")), cases[i].name);
		assert_string_equal(json_string_value(json_object_get(d, "message")),
		    cases[i].message);
		assert_true(json_is_object(json_object_get(d, "context")));
		assert_true(json_is_object(json_object_get(d, "info")));
	}
	agent_send_payload(&a, FRAME_DATA, 99, "{\"d\":[]}");
	agent_expect(&a, FRAME_ERROR, 99);
	agent_send_payload(&a, FRAME_DATA, 99, "{\"m\":[1],\"d\":[]}");
	agent_expect(&a, FRAME_ERROR, 99);
	/* It can still do what it came for, and an ERROR of its own is ignored. */
	agent_send_payload(&a, FRAME_ERROR, 1, "{\"d\":{\"name\":\"E\",\"message\":\"m\"}}");
	for (uint32_t i = 0; i < 3; i++) {
		agent_call(&a, 0x7fffffff, "ping", i ? "[{\"req_id\":\"r\"}]" : "[{}]");
		agent_expect(&a, FRAME_END, 0x7fffffff);
		assert_int_equal(json_array_size(json_object_get(a.v, "d")), 0);
	}
	agent_register(&a, 100, "a");
	agent_call(&a, 101, "ping", "[{\"req_id\":\"\"}]");
	agent_expect(&a, FRAME_END, 101);
	agent_close(&a);
	feed_free(f);
}

/* --- what no agent does ---------------------------------------------------------------- */

static void
break_with(struct feed *f, const char *what, const void *bytes, size_t n)
{
	uint64_t before = stats(f).broken;
	struct agent a;

	agent_connect(&a, feed_port(f));
	agent_register(&a, 1, "broken");
	agent_send_raw(&a, bytes, n);
	if (agent_read(&a))
		fail_msg("%s is answered", what);
	agent_close(&a);
	EXPECT_STAT(f, broken, before + 1);
	EXPECT_STAT(f, clients, 0);
}

static void
break_with_frame(struct feed *f, enum frame_status status, uint32_t id, const char *payload)
{
	char bytes[256];
	struct slice s = slice_of(payload);

	frame_write_header(bytes, status, id, frame_crc(s), (uint32_t)s.n);
	memcpy(bytes + FRAME_HEADER, s.p, s.n);
	break_with(f, payload, bytes, FRAME_HEADER + s.n);
}

static void
test_broken(void **state)
{
	static const char ping[] = "{\"m\":{\"uts\":1,\"name\":\"ping\"},\"d\":[{}]}";
	struct feed *f = start((struct feed_opts){ 0 });
	char bytes[128];

	(void)state;
	break_with(f, "text", "GET / HTTP/1.1\r\n", 16);
	break_with(f, "version 2", "\x02", 1);
	break_with(f, "type 0", "\x01\x00", 2);
	break_with(f, "status 4", "\x01\x01\x04", 3);
	break_with(f, "a big id", "\x01\x01\x01\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 15);
	break_with(f, "a long frame", "\x01\x01\x01\0\0\0\2\0\0\0\0\0\1\0\1", 15);
	break_with(f, "no text", "\x01\x01\x01\0\0\0\2\0\0\0\0\0\0\0\0", 15);
	break_with_frame(f, FRAME_END, 2, "{\"m\":{\"name\":\"ping\"},\"d\":[]}");
	break_with_frame(f, FRAME_DATA, 1, ping);
	break_with_frame(f, FRAME_DATA, 2, "{\"m\":{\"name\":\"ping\"},\"d\":{}}");
	break_with_frame(f, FRAME_DATA, 2, "[]");
	break_with_frame(f, FRAME_DATA, 2, "{");
	break_with_frame(f, FRAME_DATA, 2, "{\"m\":\"\xff\",\"d\":[]}");
	frame_write_header(bytes, FRAME_DATA, 2, 1 ^ frame_crc(slice_of(ping)), sizeof(ping) - 1);
	memcpy(bytes + FRAME_HEADER, ping, sizeof(ping) - 1);
	break_with(f, "a wrong checksum", bytes, FRAME_HEADER + sizeof(ping) - 1);
	feed_free(f);
}

static void
test_pieces(void **state)
{
	static const char ping[] = "{\"m\":{\"uts\":1,\"name\":\"ping\"},\"d\":[{}]}";
	struct feed *f = start((struct feed_opts){ 0 });
	size_t n = FRAME_HEADER + sizeof(ping) - 1;
	struct agent a;
	char one[128];
	struct buf many = { 0 };

	(void)state;
	frame_write_header(one, FRAME_DATA, 5, frame_crc(slice_of(ping)), sizeof(ping) - 1);
	memcpy(one + FRAME_HEADER, ping, sizeof(ping) - 1);
	agent_connect(&a, feed_port(f));
	for (size_t i = 0; i < n; i++) {
		agent_send_raw(&a, one + i, 1);
		if (i % 8 == 0)
			nap(1);
	}
	agent_expect(&a, FRAME_END, 5);
	for (int i = 0; i < 2000; i++)
		buf_add(&many, one, n);
	agent_send_raw(&a, many.p, many.n);
	for (int i = 0; i < 2000; i++)
		agent_expect(&a, FRAME_END, 5);
	buf_free(&many);
	agent_close(&a);
	feed_free(f);
}

static void
test_limits(void **state)
{
	struct feed *f = start((struct feed_opts){ .limits = { .connections = 3, .requests = 2,
		.idle_ms = 300 } });
	struct agent a, b, c, d;

	(void)state;
	agent_connect(&a, feed_port(f));
	agent_register(&a, 1, "a");
	agent_connect(&b, feed_port(f));
	agent_register(&b, 1, "b");
	agent_connect(&c, feed_port(f));
	EXPECT_STAT(f, connections, 3);
	agent_connect(&d, feed_port(f));
	agent_expect_closed(&d);
	agent_close(&d);
	EXPECT_STAT(f, refused, 1);
	/* c says nothing for too long, a and b may be silent. */
	agent_expect_closed(&c);
	agent_close(&c);
	EXPECT_STAT(f, idle, 1);
	EXPECT_STAT(f, clients, 2);
	agent_register(&a, 2, "a2");
	agent_call(&a, 3, "messages", "[{\"client_id\":\"a3\"}]");
	agent_expect_closed(&a);
	agent_close(&a);
	/* Half a frame is no sign of life. */
	agent_connect(&c, feed_port(f));
	for (int i = 0; i < 4; i++) {
		agent_send_raw(&c, &"\1\1\1\0"[i], 1);
		nap(100);
	}
	agent_expect_closed(&c);
	agent_close(&c);
	for (int i = 0; i < 3; i++) {
		publish(f, (uint64_t)i + 1);
		expect_update(&b, 1, (uint64_t)i + 1);
	}
	agent_close(&b);
	feed_free(f);
}

/* --- the same agent twice, and others --------------------------------------------------- */

static void
count_client(void *context, struct slice id)
{
	struct buf *b = context;

	buf_slice(b, id);
	buf_char(b, ' ');
}

static void
test_twice(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct buf ids = { 0 };
	struct agent a, b;

	(void)state;
	agent_connect(&a, feed_port(f));
	agent_register(&a, 1, "same");
	agent_connect(&b, feed_port(f));
	agent_register(&b, 1, "same");
	agent_expect(&a, FRAME_END, 1);
	publish(f, 1);
	expect_update(&b, 1, 1);
	/* On one connection too. */
	agent_call(&b, 2, "messages", "[{\"client_id\":\"same\",\"version\":1}]");
	agent_expect(&b, FRAME_END, 1);
	agent_expect(&b, FRAME_DATA, 2);
	agent_expect(&b, FRAME_DATA, 2);
	agent_register(&b, 1, "other");
	feed_each_client(f, count_client, &ids);
	assert_int_equal(ids.n, strlen("same other "));
	publish(f, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(agent_read(&b));
		assert_int_equal(agent_id(&b), 2);
	}
	agent_close(&a);
	agent_close(&b);
	EXPECT_STAT(f, clients, 0);
	assert_int_equal(stats(f).replaced, 2);
	buf_free(&ids);
	feed_free(f);
}

/* One does not read: it is dropped with END, the other has everything meanwhile. */
static void
test_slow(void **state)
{
	struct feed *f = start((struct feed_opts){ .limits = { .queue_bytes = 1 << 20 } });
	struct buf value = { 0 };
	struct agent slow, quick;
	uint64_t id = 0, last = 0;

	(void)state;
	buf_str(&value, "{\"x\":\"");
	memset(buf_room(&value, 100000), 'x', 100000);
	value.n += 100000;
	buf_str(&value, "\"}");
	buf_char(&value, '\0');
	agent_connect_small(&slow, feed_port(f), 8192);
	agent_register(&slow, 7, "slow");
	agent_connect(&quick, feed_port(f));
	agent_register(&quick, 7, "quick");
	while (stats(f).slow == 0 && id < 10000) {
		publish_value(f, ++id, value.p);
		expect_update(&quick, 7, id);
	}
	assert_int_equal(stats(f).slow, 1);
	EXPECT_STAT(f, clients, 1);
	/* What it gets when it reads is a beginning without holes, END, and the end. */
	while (agent_read(&slow) && slow.f.status == FRAME_DATA) {
		assert_int_equal(agent_id(&slow), last + 1);
		last++;
	}
	assert_in_range(last, 1, id - 1);
	assert_int_equal(slow.f.status, FRAME_END);
	assert_int_equal(slow.f.id, 7);
	agent_expect_closed(&slow);
	agent_close(&slow);
	EXPECT_STAT(f, connections, 1);
	EXPECT_STAT(f, queued_bytes, 0);
	/* It comes again. */
	agent_connect(&slow, feed_port(f));
	agent_register(&slow, 1, "slow");
	publish(f, ++id);
	expect_update(&slow, 1, id);
	expect_update(&quick, 7, id);
	agent_close(&slow);
	agent_close(&quick);
	buf_free(&value);
	feed_free(f);
}

/* One that never reads its END either does not stay for ever. */
static void
test_deaf(void **state)
{
	struct feed *f = start((struct feed_opts){ .limits = { .queue_bytes = 1 << 20,
		.queue_frames = 64, .linger_ms = 300 } });
	struct buf value = { 0 };
	struct agent a;
	uint64_t id = 0;

	(void)state;
	buf_str(&value, "{\"x\":\"");
	memset(buf_room(&value, 300000), 'x', 300000);
	value.n += 300000;
	buf_str(&value, "\"}");
	buf_char(&value, '\0');
	agent_connect_small(&a, feed_port(f), 8192);
	agent_register(&a, 1, "deaf");
	while (stats(f).slow == 0 && id < 1000) {
		publish_value(f, ++id, value.p);
		nap(1);
	}
	EXPECT_STAT(f, connections, 0);
	EXPECT_STAT(f, queued_bytes, 0);
	close(a.fd);
	a.fd = socket(AF_INET, SOCK_STREAM, 0);
	agent_close(&a);
	buf_free(&value);
	feed_free(f);
}

static void
test_stop(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(feed_port(f)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct agent a[4];
	char name[] = "0";
	int fd;

	(void)state;
	for (int i = 0; i < 4; i++) {
		name[0] = (char)('0' + i);
		agent_connect(&a[i], feed_port(f));
		if (i < 3)
			agent_register(&a[i], 1, name);
	}
	for (uint64_t id = 1; id <= 100; id++)
		publish(f, id);
	feed_stop(f, 200);
	assert_false(publish(f, 101));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	close(fd);
	for (int i = 0; i < 3; i++) {
		for (uint64_t id = 1; id <= 100; id++)
			expect_update(&a[i], 1, id);
		agent_expect(&a[i], FRAME_END, 1);
		agent_expect_closed(&a[i]);
		agent_close(&a[i]);
	}
	agent_expect_closed(&a[3]);
	agent_close(&a[3]);
	assert_int_equal(stats(f).connections, 0);
	feed_stop(f, 0);
	feed_free(f);
}

static void
test_address(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct feed_opts taken = { .host = "127.0.0.1", .port = feed_port(f) };
	char error[FEED_ERROR_SIZE];

	(void)state;
	assert_null(feed_new(&taken, error));
	assert_non_null(strstr(error, "in use"));
	taken.host = "nowhere.invalid";
	assert_null(feed_new(&taken, error));
	assert_string_equal(error, "\"nowhere.invalid\" is no address");
	feed_free(f);
}

/* --- many ------------------------------------------------------------------------------------- */

#define MANY 1000
#define UPDATES 200

static void *
publish_many(void *context)
{
	for (uint64_t id = 1; id <= UPDATES; id++)
		publish(context, id);
	return NULL;
}

static void
test_many(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct agent *a = calloc(MANY, sizeof(*a));
	char name[24];
	pthread_t t;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		agent_connect(&a[i], feed_port(f));
		snprintf(name, sizeof(name), "agent-%d", i);
		agent_register(&a[i], 1, name);
	}
	EXPECT_STAT(f, clients, MANY);
	assert_int_equal(pthread_create(&t, NULL, publish_many, f), 0);
	for (int i = 0; i < MANY; i++)
		for (uint64_t id = 1; id <= UPDATES; id++)
			expect_update(&a[i], 1, id);
	pthread_join(t, NULL);
	assert_int_equal(stats(f).slow, 0);
	for (int i = 0; i < MANY; i++)
		agent_close(&a[i]);
	EXPECT_STAT(f, connections, 0);
	free(a);
	feed_free(f);
}

static void
allow_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_many),
	};

	allow_files();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
