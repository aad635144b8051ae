/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: a request to the service, without HTTP: a line with method and
 * target, headers a line each, an empty line, the body.  Whatever comes, the answer is a
 * status the service has, with a body that is JSON and that has a code and a message if
 * it is an error; what was made is found, what was removed is gone.
 */
#include "tests/api-call.h"

#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static struct api api;
static struct caller caller;
static char store[] = "/dev/shm/fuzz-request.XXXXXX";

static void
remove_store(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[64];

	caller_free(&caller);
	api_close(&api);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", store, ends[i]);
		unlink(path);
	}
}

static void
start(void)
{
	int fd = mkstemp(store);

	if (fd < 0)
		abort();
	close(fd);
	api_open(&api, store, NULL, NULL);
	caller_init(&caller, &api);
	atexit(remove_store);
}

static bool
take_line(struct slice *rest, struct slice *line)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;

	*line = (struct slice){ rest->p, n };
	n += end != NULL;
	*rest = (struct slice){ rest->p + n, rest->n - n };
	return line->n > 0;
}

static bool
split(struct slice s, const char *at, struct slice *head, struct slice *tail)
{
	const char *p = memmem(s.p, s.n, at, strlen(at));

	*head = (struct slice){ s.p, p ? (size_t)(p - s.p) : s.n };
	*tail = p ? (struct slice){ p + strlen(at), s.n - head->n - strlen(at) }
	    : (struct slice){ s.p + s.n, 0 };
	return p != NULL;
}

static void
check_answer(const struct http_response *r)
{
	static const int statuses[] = { 200, 202, 204, 400, 403, 404, 405, 409, 413, 415, 422, 503 };
	bool known = false;
	json_error_t error;
	json_t *v;

	for (size_t i = 0; i < BASE_COUNT(statuses); i++)
		known |= statuses[i] == r->status;
	REQUIRE(known);
	REQUIRE((r->status == 204) == (r->type == NULL));
	if (!r->type || strcmp(r->type, "application/json") != 0)
		return;
	v = json_loadb(http_body(r).p, http_body(r).n, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
	/* A lone surrogate of a sentence is in its answer; jansson reads none. */
	REQUIRE(v || memmem(http_body(r).p, http_body(r).n, "\\ud", 3));
	if (v && r->status >= 400) {
		REQUIRE(json_is_string(json_object_get(v, "code")));
		REQUIRE(json_is_string(json_object_get(v, "message")));
	}
	json_decref(v);
}

/* The rule that was answered is there, as it was answered. */
static void
check_made(const struct http_response *r)
{
	struct buf made = { 0 }, target = { 0 };
	struct http_request *q;
	const char *uuid = memmem(http_body(r).p, http_body(r).n, "\"uuid\":\"", 8);

	if (!uuid)
		return;
	buf_add(&made, http_body(r).p, http_body(r).n);
	buf_printf(&target, "/rules/%.36s", uuid + 8);
	api_reset(caller.call);
	q = api_request(caller.call);
	q->method = slice_of("GET");
	q->target = buf_view(&target);
	r = caller_run(&caller);
	REQUIRE(r->status == 200 && slice_eq(http_body(r), buf_view(&made)));
	buf_free(&made);
	buf_free(&target);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice rest = { (const char *)data, n }, line, name, value;
	struct http_request *q;
	struct http_response *r;

	if (!caller.call)
		start();
	api_reset(caller.call);
	q = api_request(caller.call);
	take_line(&rest, &line);
	split(line, " ", &q->method, &q->target);
	while (take_line(&rest, &line))
		if (split(line, ": ", &name, &value) && q->headers.n < 64)
			*vec_push(api_arena(caller.call), &q->headers) =
			    (struct http_header){ name, value };
	q->body = rest;
	r = caller_run(&caller);
	check_answer(r);
	if (r->status == 202)
		check_made(r);
	return 0;
}
