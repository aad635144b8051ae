/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Answers that are kept, against what they must say: an answer tells its question and its
 * version, so whatever is found can be judged.  One thread, then several at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "runtime/http/cache.h"
#include "tests/random.h"

#define MOST 100000
#define QUESTIONS 60
#define THREADS 4

static _Atomic uint64_t version;
static struct cache *cache;

static struct slice
question_of(char *room, unsigned q)
{
	int n = snprintf(room, 32, "/rules?limit=%u", q);

	return (struct slice){ room, (size_t)n };
}

/* "QUESTION VERSION" and then dots, of another length for each question. */
static void
write_body(struct buf *out, unsigned q, uint64_t v)
{
	buf_printf(out, "%u %llu ", q, (unsigned long long)v);
	for (unsigned i = 0; i < q * q; i++)
		buf_char(out, '.');
}

static bool
is_body(struct slice got, unsigned q, uint64_t v)
{
	struct buf want = { 0 };
	bool same;

	write_body(&want, q, v);
	same = slice_eq(got, buf_view(&want));
	buf_free(&want);
	return same;
}

/* Asks; keeps the answer if there was none.  Was there one? */
static bool
ask(unsigned q, uint64_t v)
{
	char room[32];
	struct slice question = question_of(room, q);
	struct cached *a = cache_find(cache, question, v);
	bool found = a != NULL;
	struct buf body = { 0 };

	if (!found) {
		write_body(&body, q, v);
		a = cache_keep(cache, question, v, &body);
		assert_null(body.p);
	}
	assert_true(is_body(cached_body(a), q, v));
	cached_release(a);
	return found;
}

static void
test_kept(void **state)
{
	struct cache_stats st;
	struct cached *held;
	char room[32];

	(void)state;
	cache = cache_new(MOST);
	assert_false(ask(7, 2));
	assert_true(ask(7, 2));
	assert_false(ask(8, 2));
	assert_true(ask(8, 2));
	held = cache_find(cache, question_of(room, 7), 2);
	/* A rule changes; an answer that was begun before is not kept any more. */
	assert_false(ask(7, 4));
	assert_false(ask(8, 2));
	assert_false(ask(8, 2));
	assert_true(ask(7, 4));
	/* Too large for its share. */
	assert_false(ask(180, 4));
	assert_false(ask(180, 4));
	cache_get_stats(cache, &st);
	assert_int_equal(st.hits, 4);
	assert_in_range(st.bytes, 50, 1000);
	cache_set_most(cache, 0);
	cache_get_stats(cache, &st);
	assert_int_equal(st.bytes, 0);
	assert_false(ask(7, 4));
	assert_false(ask(7, 4));
	cache_free(cache);
	/* Whoever has it goes on with it. */
	assert_true(is_body(cached_body(held), 7, 2));
	cached_release(held);
}

/* More questions in turns than there is room for: some are always there. */
static void
test_turns(void **state)
{
	struct cache_stats st;
	unsigned hits = 0;

	(void)state;
	cache = cache_new(MOST / 3);
	for (unsigned turn = 0; turn < 40; turn++)
		for (unsigned q = 1; q < QUESTIONS; q++) {
			hits += ask(q, 2);
			cache_get_stats(cache, &st);
			assert_in_range(st.bytes, 0, MOST / 3);
		}
	assert_in_range(hits, 40 * QUESTIONS / 5, 40 * QUESTIONS);
	assert_true(st.bytes > MOST / 6);
	cache_free(cache);
}

static void *
ask_many(void *context)
{
	uint64_t seed = (uint64_t)(uintptr_t)context;

	for (unsigned i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		if (seed >> 33 & 63)
			ask(seed >> 40 & 31, atomic_load(&version));
		else
			atomic_fetch_add(&version, 2);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t thread[THREADS];
	struct cache_stats st;

	(void)state;
	cache = cache_new(MOST / 10);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask_many,
		    (void *)(i + (uintptr_t)random_below(1000))), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	cache_get_stats(cache, &st);
	assert_true(st.hits > 1000 && st.misses > 1000);
	assert_in_range(st.bytes, 0, MOST / 10);
	cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_threads),
	};

	random_start(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
