/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Records: a rule's JSON is written from its record as from the rule itself, whatever
 * bytes its texts have and wherever they have them; and damaged records are refused or
 * wrong, but never read beyond their end.
 */
#include "runtime/index/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/backends/backend.h"
#include "compiler/base/text.h"
#include "tests/random.h"

#include <cmocka.h>

#define TEXT_MOST 70000

/* Plain bytes, now and then something that JSON writes in another way. */
static struct slice
some_text(char *room, uint32_t most, bool only_quotes)
{
	static const char *const odd[] = { "\"", "\\", "\"\"", "\n", "\x01", "\xc3\xa9", "\xed\xa0\x80",
		"\xff", "\x7f", "\xf0\x9f\x98\x80", "\xe2\x82", "\t\"" };
	uint32_t n = random_below(most + 1), every = 1 + random_below(300), at = 0;

	while (at < n) {
		const char *s = odd[only_quotes ? random_below(3) : random_below(BASE_COUNT(odd))];
		size_t len = strlen(s);

		if (random_below(every) == 0 && at + len <= n) {
			memcpy(room + at, s, len);
			at += (uint32_t)len;
		} else {
			room[at] = (char)('a' + at % 26);
			at++;
		}
	}
	return (struct slice){ room, n };
}

struct texts {
	char room[4][TEXT_MOST];
};

static void
some_rule(struct rule *r, struct texts *t)
{
	uint32_t most = random_below(50) ? 400 : TEXT_MOST;

	memset(r, 0, sizeof(*r));
	for (int i = 0; i < 16; i++) {
		r->uuid.b[i] = (uint8_t)random_u64();
		r->owner.b[i] = (uint8_t)random_u64();
	}
	r->text = some_text(t->room[0], most, random_below(3));
	r->version = some_text(t->room[1], 30, false);
	r->has_created_by = random_below(3) == 0;
	r->has_description = random_below(3) == 0;
	r->has_owner = random_below(4);
	if (r->has_created_by)
		r->created_by = some_text(t->room[2], 40, false);
	if (r->has_description)
		r->description = some_text(t->room[3], random_below(10) ? 40 : most, false);
	r->enabled = (uint8_t)random_below(4);
	r->log = (uint8_t)random_below(4);
	r->proto = (uint8_t)random_below(LANG_PROTOS);
	r->action = random_below(2) ? LANG_ALLOW : LANG_BLOCK;
}

/* A copy that ends where its memory does, for the sanitizer. */
static struct record *
exact_copy(const struct buf *b)
{
	return memcpy(malloc(b->n), b->p, b->n);
}

static void
test_json(void **state)
{
	struct texts *t = malloc(sizeof(*t));
	struct buf b = { 0 }, x = { 0 }, y = { 0 };

	(void)state;
	random_start(1);
	for (unsigned i = 0; i < 20000; i++) {
		struct record *rec;
		struct rule r, view;

		some_rule(&r, t);
		b.n = x.n = y.n = 0;
		record_write(&b, &r);
		rec = exact_copy(&b);
		assert_int_equal(rec->bytes, b.n);
		assert_true(record_view_texts(rec, b.n, &view));
		assert_true(slice_eq(view.text, r.text) && slice_eq(view.version, r.version) &&
		    slice_eq(view.created_by, r.created_by) &&
		    slice_eq(view.description, r.description));
		assert_true(record_write_json(&x, rec, b.n));
		fwapi_write_rule(&y, &r, 0);
		if (!slice_eq(buf_view(&x), buf_view(&y)))
			fail_msg("rule %u:\n%.*s\n%.*s", i, (int)x.n, x.p, (int)y.n, y.p);
		free(rec);
	}
	buf_free(&b);
	buf_free(&x);
	buf_free(&y);
	free(t);
}

static void
test_damaged(void **state)
{
	struct texts *t = malloc(sizeof(*t));
	struct record_room *room = malloc(sizeof(*room));
	struct buf b = { 0 }, x = { 0 };

	(void)state;
	random_start(2);
	for (unsigned i = 0; i < 20000; i++) {
		struct record *rec;
		struct rule r, view;
		size_t bytes;

		some_rule(&r, t);
		b.n = x.n = 0;
		record_write(&b, &r);
		rec = exact_copy(&b);
		for (unsigned k = random_below(4); k < 5; k++)
			((char *)rec)[random_below(random_below(2) ? sizeof(*rec) : (uint32_t)b.n)] =
			    (char)random_u64();
		bytes = random_below(4) ? b.n : sizeof(*rec) +
		    random_below((uint32_t)(b.n - sizeof(*rec) + 1));
		record_write_json(&x, rec, bytes);
		record_view_texts(rec, bytes, &view);
		record_view(rec, bytes, &view, room);
		free(rec);
	}
	buf_free(&b);
	buf_free(&x);
	free(room);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
