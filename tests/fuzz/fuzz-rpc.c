/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as request lines of one rpc process.  Each answer
 * is one line and one JSON object, with a result or an error, not both.
 */
#include "runtime/rpc/rpc.h"

#include <jansson.h>

#include "fuzz.h"

static void
check_answer(struct slice answer)
{
	json_error_t error;
	json_t *v;

	if (answer.n == 0)
		return;
	REQUIRE(answer.p[answer.n - 1] == '\n');
	REQUIRE(memchr(answer.p, '\n', answer.n - 1) == NULL);
	v = json_loadb(answer.p, answer.n, JSON_ALLOW_NUL, &error);
	/* A lone surrogate of a sentence is in its answer; jansson reads none. */
	REQUIRE(v || memmem(answer.p, answer.n, "\\ud", 3));
	if (json_is_object(v))
		REQUIRE(!json_object_get(v, "result") != !json_object_get(v, "error"));
	json_decref(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rpc *rpc = rpc_new(NULL);
	struct slice rest = { (const char *)data, n };
	struct buf out = { 0 };

	while (rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t length = end ? (size_t)(end - rest.p) : rest.n;

		out.n = 0;
		rpc_answer(rpc, (struct slice){ rest.p, length }, &out);
		check_answer(buf_view(&out));
		rest.p += length + (end != NULL);
		rest.n -= length + (end != NULL);
	}
	buf_free(&out);
	rpc_free(rpc);
	return 0;
}
