/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Streams of server-sent events: each update once and in order, whether it comes from
 * memory or from the store, while more are published by two threads that race for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/feed/feed.h"
#include "tests/random.h"

/* --- a store of numbers ------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	uint64_t first, last;           /* kept */
	bool down;
	unsigned asked;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
store_set(uint64_t first, uint64_t last)
{
	pthread_mutex_lock(&store.lock);
	store.first = first;
	store.last = last;
	store.down = false;
	store.asked = 0;
	pthread_mutex_unlock(&store.lock);
}

static struct feed_update
update(uint64_t id)
{
	return (struct feed_update){ .id = id, .name = slice_of("fw.add_rule"),
		.req_id = slice_of("r"), .value = slice_of("{\"a\":\n1}") };
}

static enum feed_replay
store_replay(void *context, uint64_t since, uint32_t limit, feed_each *each, void *each_context)
{
	uint64_t first, last;
	bool down;

	(void)context;
	pthread_mutex_lock(&store.lock);
	first = store.first;
	last = store.last;
	down = store.down;
	store.asked++;
	pthread_mutex_unlock(&store.lock);
	if (down)
		return FEED_FAILED;
	if (since + 1 < first || since > last)
		return FEED_LOST;
	for (uint64_t id = since + 1; id <= last && limit > 0; id++, limit--) {
		struct feed_update u = update(id);

		if (!each(each_context, &u))
			break;
	}
	return FEED_REPLAYED;
}

static struct feed *
start(struct feed_opts opts)
{
	char error[FEED_ERROR_SIZE];
	struct feed *f;

	opts.replay = store_replay;
	f = feed_new(&opts, error);
	if (!f)
		fail_msg("%s", error);
	return f;
}

static void
publish(struct feed *f, uint64_t from, uint64_t to)
{
	for (uint64_t id = from; id <= to; id++) {
		struct feed_update u = update(id);

		feed_publish(f, &u);
	}
}

/* --- reading events ---------------------------------------------------------------------- */

struct reader {
	struct feed_stream *s;
	sem_t ready;
	struct buf text;
	uint64_t last;
	unsigned events, syncs;
};

static void
wake(void *context)
{
	sem_post(&((struct reader *)context)->ready);
}

static void
subscribe(struct reader *r, struct feed *f, const uint64_t *since)
{
	*r = (struct reader){ .last = since ? *since : 0 };
	sem_init(&r->ready, 0, 0);
	r->s = feed_subscribe(f, since, wake, r);
	assert_non_null(r->s);
}

static void
leave(struct reader *r)
{
	feed_unsubscribe(r->s);
	sem_destroy(&r->ready);
	buf_free(&r->text);
}

/* Whole events alone, each as it must be. */
static void
take_events(struct reader *r, bool rising_by_one)
{
	char *at = r->text.p, *end;

	buf_char(&r->text, '\0');
	for (at = r->text.p; *at; at = end + 2) {
		unsigned long long id;
		char want[160];

		assert_non_null(end = strstr(at, "\n\n"));
		if (strncmp(at, ": \n\n", 4) == 0)
			continue;
		if (strncmp(at, "event: sync\ndata: {", 19) == 0) {
			r->syncs++;
			continue;
		}
		assert_int_equal(sscanf(at, "id: %llu\n", &id), 1);
		snprintf(want, sizeof(want), "id: %llu\nevent: fw.add_rule\ndata: {\"id\":%llu,"
		    "\"name\":\"fw.add_rule\",\"req_id\":\"r\",\"value\":{\"a\": 1}}\n\n", id, id);
		assert_int_equal(strncmp(at, want, strlen(want)), 0);
		if (rising_by_one)
			assert_int_equal(id, r->last + 1);
		r->last = id;
		r->events++;
	}
	r->text.n = 0;
}

/* Until there is nothing now; the last result. */
static enum feed_next
drain(struct reader *r, size_t room)
{
	enum feed_next result;

	while ((result = feed_next(r->s, &r->text, room)) == FEED_TEXT)
		take_events(r, r->syncs == 0);
	return result;
}

static void
await(struct reader *r)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	if (sem_timedwait(&r->ready, &until) != 0)
		fail_msg("not woken");
}

/* --- tests --------------------------------------------------------------------------------- */

static void
test_live(void **state)
{
	struct feed *f = start((struct feed_opts){ .last_id = 5 });
	struct reader r, late;
	uint64_t since = 7;

	(void)state;
	store_set(1, 5);
	subscribe(&r, f, NULL);
	r.last = 5;
	assert_int_equal(drain(&r, 1), FEED_QUIET);
	publish(f, 6, 10);
	await(&r);
	assert_int_equal(drain(&r, 1), FEED_QUIET);
	assert_int_equal(r.last, 10);
	/* From memory: the store is not asked. */
	subscribe(&late, f, &since);
	assert_int_equal(drain(&late, 100000), FEED_QUIET);
	assert_int_equal(late.last, 10);
	assert_int_equal(store.asked, 0);
	/* Woken once for many. */
	publish(f, 11, 12);
	await(&r);
	assert_int_equal(sem_trywait(&r.ready), -1);
	drain(&r, 1);
	assert_int_equal(r.last, 12);
	leave(&late);
	leave(&r);
	feed_free(f);
}

static void
test_stored(void **state)
{
	struct feed *f = start((struct feed_opts){ .last_id = 3000 });
	struct reader r;
	uint64_t since = 0;

	(void)state;
	store_set(1, 3000);
	subscribe(&r, f, &since);
	assert_int_equal(drain(&r, 200), FEED_QUIET);
	assert_int_equal(r.last, 3000);
	leave(&r);
	/* More than memory holds, with the store ahead of what was published here. */
	store_set(1, 12000);
	publish(f, 3001, 11000);
	subscribe(&r, f, &since);
	assert_int_equal(drain(&r, 5000), FEED_QUIET);
	assert_in_range(r.last, 11000, 12000);
	publish(f, 11001, 12005);
	await(&r);
	drain(&r, 5000);
	assert_int_equal(r.last, 12005);
	leave(&r);
	feed_free(f);
}

static void
test_lost(void **state)
{
	struct feed *f = start((struct feed_opts){ .last_id = 300 });
	uint64_t old = 5, beyond = 1000, here = 300;
	struct reader r;

	(void)state;
	store_set(100, 300);
	subscribe(&r, f, &old);
	assert_int_equal(drain(&r, 100), FEED_QUIET);
	assert_int_equal(r.syncs, 1);
	assert_int_equal(r.events, 0);
	publish(f, 301, 301);
	await(&r);
	drain(&r, 100);
	assert_int_equal(r.last, 301);
	leave(&r);
	/* A number of another time. */
	subscribe(&r, f, &beyond);
	drain(&r, 100);
	assert_int_equal(r.syncs, 1);
	leave(&r);
	/* The store is ahead of what was published here. */
	store_set(100, 1100);
	subscribe(&r, f, &beyond);
	drain(&r, 100);
	assert_int_equal(r.syncs, 0);
	assert_in_range(r.last, 1001, 1100);
	publish(f, 302, 1100);
	drain(&r, 100);
	assert_int_equal(r.syncs, 0);
	assert_int_equal(r.last, 1100);
	assert_int_equal(r.events, 100);
	leave(&r);
	store.down = true;
	subscribe(&r, f, &old);
	assert_int_equal(drain(&r, 100), FEED_END);
	leave(&r);
	subscribe(&r, f, &here);
	assert_int_equal(drain(&r, 100), FEED_QUIET);
	leave(&r);
	feed_free(f);
}

static void
test_rewind(void **state)
{
	struct feed *f = start((struct feed_opts){ .last_id = 300 });
	uint64_t since = 310;
	struct reader r;

	(void)state;
	store_set(100, 310);
	publish(f, 301, 310);
	subscribe(&r, f, &since);
	assert_int_equal(drain(&r, 100), FEED_QUIET);
	store_set(100, 305);
	feed_rewind(f, 305);
	await(&r);
	assert_int_equal(drain(&r, 100), FEED_QUIET);
	assert_int_equal(r.syncs, 1);
	publish(f, 306, 307);
	await(&r);
	drain(&r, 100);
	assert_int_equal(r.events, 2);
	assert_int_equal(r.last, 307);
	leave(&r);
	feed_free(f);
}

static void
test_end(void **state)
{
	struct feed *f = start((struct feed_opts){ .limits = { .streams = 2, .beat_ms = 100 } });
	struct reader r, s;

	(void)state;
	subscribe(&r, f, NULL);
	subscribe(&s, f, NULL);
	assert_null(feed_subscribe(f, NULL, wake, &r));
	assert_int_equal(drain(&r, 100), FEED_QUIET);
	await(&r);
	assert_int_equal(feed_next(r.s, &r.text, 100), FEED_TEXT);
	assert_int_equal(r.text.n, 4);
	assert_memory_equal(r.text.p, ": \n\n", 4);
	leave(&s);
	assert_int_equal(feed_next(r.s, &r.text, 100), FEED_QUIET);
	feed_stop(f, 100);
	await(&r);
	assert_int_equal(drain(&r, 100), FEED_END);
	assert_null(feed_subscribe(f, NULL, wake, &r));
	leave(&r);
	feed_free(f);
}

/* A name or a value cannot make fields of its own. */
static void
test_lines(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct feed_update u = { .id = 1, .name = slice_of("a\nid: 9\r\n\n"),
		.req_id = slice_of("\n"), .value = slice_of("{\r\n\r\n\"b\":1}") };
	struct reader r;

	(void)state;
	subscribe(&r, f, NULL);
	feed_publish(f, &u);
	assert_int_equal(feed_next(r.s, &r.text, 100), FEED_TEXT);
	buf_char(&r.text, '\0');
	assert_string_equal(r.text.p, "id: 1\nevent: a id: 9   \ndata: {\"id\":1,"
	    "\"name\":\"a\\nid: 9\\r\\n\\n\",\"req_id\":\"\\n\",\"value\":{    \"b\":1}}\n\n");
	leave(&r);
	feed_free(f);
}

/* --- many at once --------------------------------------------------------------------------- */

#define TOTAL 20000
#define READERS 4

static void *
publish_all(void *context)
{
	for (uint64_t id = 1; id <= TOTAL; id++) {
		struct feed_update u = update(id);

		/* Two do this: what one has published the other cannot, so none comes twice. */
		pthread_mutex_lock(&store.lock);
		if (store.last < id)
			store.last = id;
		pthread_mutex_unlock(&store.lock);
		feed_publish(context, &u);
	}
	return NULL;
}

static void *
read_all(void *context)
{
	struct reader *r = context;

	while (r->last < TOTAL) {
		drain(r, 300);
		if (r->last < TOTAL)
			await(r);
	}
	return NULL;
}

static void
test_race(void **state)
{
	struct feed *f = start((struct feed_opts){ 0 });
	struct reader r[READERS];
	pthread_t t[READERS + 2];
	uint64_t since;

	(void)state;
	store_set(1, 0);
	pthread_create(&t[READERS], NULL, publish_all, f);
	pthread_create(&t[READERS + 1], NULL, publish_all, f);
	for (int i = 0; i < READERS; i++) {
		since = 0;
		subscribe(&r[i], f, &since);
		pthread_create(&t[i], NULL, read_all, &r[i]);
		nanosleep(&(struct timespec){ 0, random_below(3000000) }, NULL);
	}
	for (int i = 0; i < READERS + 2; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(r[i].events, TOTAL);
		assert_int_equal(r[i].syncs, 0);
		leave(&r[i]);
	}
	feed_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_race),
	};

	random_start(11);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
