/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An agent for tests of the feed: frames sent and read with plain blocking calls.
 * What is not as expected fails the test.
 */
#ifndef FWR_TESTS_FEED_AGENT_H
#define FWR_TESTS_FEED_AGENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/feed/frame.h"

#define WAIT_MS 10000

struct agent {
	int fd;
	struct buf in;
	struct frame f;                 /* the last one read */
	json_t *v;                      /* its payload */
};

static void
agent_connect_small(struct agent *a, uint16_t port, int buffer)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*a = (struct agent){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	assert_true(a->fd >= 0);
	if (buffer)
		setsockopt(a->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	assert_int_equal(connect(a->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static inline void
agent_connect(struct agent *a, uint16_t port)
{
	agent_connect_small(a, port, 0);
}

static void
agent_close(struct agent *a)
{
	json_decref(a->v);
	buf_free(&a->in);
	close(a->fd);
	*a = (struct agent){ .fd = -1 };
}

static inline void
agent_send_raw(struct agent *a, const void *p, size_t n)
{
	assert_int_equal(send(a->fd, p, n, MSG_NOSIGNAL), n);
}

static void
agent_send_payload(struct agent *a, enum frame_status status, uint32_t id, const char *payload)
{
	struct slice s = slice_of(payload);
	struct buf out = { 0 };

	frame_write_header(buf_room(&out, FRAME_HEADER), status, id, frame_crc(s), (uint32_t)s.n);
	out.n = FRAME_HEADER;
	buf_slice(&out, s);
	agent_send_raw(a, out.p, out.n);
	buf_free(&out);
}

static void
agent_call(struct agent *a, uint32_t id, const char *method, const char *args)
{
	struct buf payload = { 0 };

	frame_write_payload(&payload, 1, slice_of(method), slice_of(args));
	buf_char(&payload, '\0');
	agent_send_payload(a, FRAME_DATA, id, payload.p);
	buf_free(&payload);
}

/* False: the other side has closed. */
static bool
agent_fill(struct agent *a)
{
	struct pollfd p = { a->fd, POLLIN, 0 };
	ssize_t n;

	if (poll(&p, 1, WAIT_MS) != 1)
		fail_msg("nothing came in %d ms", WAIT_MS);
	n = recv(a->fd, buf_room(&a->in, 65536), 65536, 0);
	if (n > 0)
		a->in.n += (size_t)n;
	return n > 0;
}

/* The next frame to a->f and a->v; false: closed. */
static bool
agent_read(struct agent *a)
{
	enum frame_result result;

	while ((result = frame_read(buf_view(&a->in), 1u << 30, &a->f)) == FRAME_MORE)
		if (!agent_fill(a)) {
			/* Never in the middle of a frame. */
			assert_int_equal(a->in.n, 0);
			return false;
		}
	assert_int_equal(result, FRAME_OK);
	json_decref(a->v);
	a->v = frame_decode(&a->f, (struct slice){ a->in.p + FRAME_HEADER, a->f.length });
	assert_non_null(a->v);
	a->in.n -= FRAME_HEADER + a->f.length;
	memmove(a->in.p, a->in.p + FRAME_HEADER + a->f.length, a->in.n);
	return true;
}

static void
agent_expect(struct agent *a, enum frame_status status, uint32_t id)
{
	if (!agent_read(a))
		fail_msg("closed");
	assert_int_equal(a->f.status, status);
	assert_int_equal(a->f.id, id);
}

static inline void
agent_expect_closed(struct agent *a)
{
	assert_false(agent_read(a));
}

/* d[0] of the last frame. */
static inline const json_t *
agent_object(const struct agent *a)
{
	return json_array_get(json_object_get(a->v, "d"), 0);
}

static inline const char *
agent_text(const struct agent *a, const char *key)
{
	return json_string_value(json_object_get(agent_object(a), key));
}

static inline uint64_t
agent_id(const struct agent *a)
{
	return (uint64_t)json_number_value(json_object_get(agent_object(a), "id"));
}

/* Asks for messages, and reads the state and the sync. */
static void
agent_register(struct agent *a, uint32_t id, const char *client)
{
	struct buf args = { 0 };

	buf_printf(&args, "[{\"client_id\":\"%s\",\"version\":1}]", client);
	buf_char(&args, '\0');
	agent_call(a, id, "messages", args.p);
	buf_free(&args);
	agent_expect(a, FRAME_DATA, id);
	assert_string_equal(agent_text(a, "name"), "sync");
	assert_non_null(agent_text(a, "server_id"));
	assert_int_equal(json_number_value(json_object_get(agent_object(a), "version")), 1);
	assert_null(json_object_get(agent_object(a), "value"));
	agent_expect(a, FRAME_DATA, id);
	assert_string_equal(agent_text(a, "name"), "sync");
	assert_null(json_object_get(agent_object(a), "id"));
	assert_string_equal(json_string_value(json_object_get(json_object_get(agent_object(a),
	    "value"), "type")), "sync");
}

#endif
