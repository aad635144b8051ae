/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Long answers of the RPC server that go out in pieces are the bytes that they would be at
 * once; what may still be taken back is not let go; and an answer that breaks off ends it.
 */
#include "runtime/rpc/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RULES 2000

struct sink {
	struct buf got;
	unsigned pieces, most;          /* pieces taken, and how many it takes */
};

static bool
drain(void *context, struct buf *out)
{
	struct sink *s = context;

	if (s->pieces == s->most)
		return false;
	s->pieces++;
	buf_slice(&s->got, buf_view(out));
	out->n = 0;
	return true;
}

static void
load(struct rpc *r)
{
	struct buf line = { 0 }, out = { 0 };

	buf_str(&line, "{\"id\":1,\"method\":\"load\",\"params\":{\"rules\":[");
	for (unsigned i = 0; i < RULES; i++)
		buf_printf(&line, "%s{\"uuid\":\"%08x-0000-4000-8000-000000000000\",\"global\":true,"
		    "\"enabled\":true,\"rule\":\"FROM ip 10.0.%u.%u TO tag \\\"a\\\" ALLOW tcp PORT %u\"}",
		    i ? "," : "", i * 2654435761u, i / 250, i % 250 + 1, i + 1);
	buf_str(&line, "]}}");
	rpc_answer(r, buf_view(&line), &out);
	assert_non_null(memmem(out.p, out.n, "\"rules\":2000", 12));
	buf_free(&line);
	buf_free(&out);
}

static const char all[] = "{\"id\":7,\"method\":\"query\",\"params\":{\"tag\":\"a\"}}";

static void
test_pieces(void **state)
{
	static const struct { const char *line; bool goes; } lines[] = {
		{ all, true },
		{ "{\"id\":7,\"method\":\"query\",\"params\":{\"fields\":\"parsed.ports\"}}", true },
		{ "{\"id\":7,\"method\":\"query\",\"params\":{\"limit\":5}}", false },
		{ "{\"id\":7,\"method\":\"query\",\"params\":{\"count\":true}}", false },
		/* No answer is asked for; and a batch's may yet lose a comma. */
		{ "{\"method\":\"query\",\"params\":{}}", false },
		{ "[{\"id\":1,\"method\":\"query\",\"params\":{}},{\"method\":\"query\"}]", false },
		{ all, true },
	};
	struct rpc *r = rpc_new(NULL);
	struct sink s = { .most = UINT32_MAX };
	struct buf whole = { 0 };

	(void)state;
	load(r);
	for (size_t i = 0; i < BASE_COUNT(lines); i++) {
		struct buf out = { 0 };

		whole.n = s.got.n = s.pieces = 0;
		rpc_set_drain(r, NULL, NULL);
		rpc_answer(r, slice_of(lines[i].line), &whole);
		rpc_set_drain(r, drain, &s);
		rpc_answer(r, slice_of(lines[i].line), &out);
		buf_slice(&s.got, buf_view(&out));
		assert_int_equal(s.pieces > 1, lines[i].goes);
		assert_true(slice_eq(buf_view(&s.got), buf_view(&whole)));
		assert_false(rpc_is_broken(r));
		buf_free(&out);
	}
	rpc_free(r);
	buf_free(&whole);
	buf_free(&s.got);
}

static void
test_broken(void **state)
{
	struct rpc *r = rpc_new(NULL);
	struct sink s = { .most = 2 };
	struct buf out = { 0 };

	(void)state;
	load(r);
	rpc_set_drain(r, drain, &s);
	rpc_answer(r, slice_of(all), &out);
	assert_true(rpc_is_broken(r));
	rpc_free(r);
	buf_free(&out);
	buf_free(&s.got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
