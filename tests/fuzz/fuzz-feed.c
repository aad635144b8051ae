/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: bytes that an agent sends.  Inputs that begin with 'r' are the
 * bytes themselves; others are lines, each a status, a message id and a payload, which
 * get the header and the checksum that belongs to them, so that what is behind the
 * checksum is reached, too.  Whatever comes in, what goes out is whole frames, and
 * nothing is left of a connection that is closed.
 */
#include "runtime/feed/feed_int.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

#define LIMIT 4096

static void
build(struct buf *out, const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n;

	if (n > 0 && *p == 'r') {
		buf_add(out, p + 1, n - 1);
		return;
	}
	while (p < end) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((line ? line : end) - p);

		if (length >= 2) {
			struct slice payload = { p + 2, length - 2 };

			frame_write_header(buf_room(out, FRAME_HEADER), (enum frame_status)(p[0] & 3),
			    (uint32_t)(p[1] & 7), frame_crc(payload), (uint32_t)payload.n);
			out->n += FRAME_HEADER;
			buf_slice(out, payload);
		}
		p += length + 1;
	}
}

/* All that came out so far is frames whose payloads can be read. */
static void
check_output(struct slice out)
{
	struct frame f;
	json_t *v;

	while (out.n > 0) {
		REQUIRE(frame_read(out, 1 << 20, &f) == FRAME_OK);
		v = frame_decode(&f, (struct slice){ out.p + FRAME_HEADER, f.length });
		REQUIRE(v);
		json_decref(v);
		out.p += FRAME_HEADER + f.length;
		out.n -= FRAME_HEADER + f.length;
	}
}

static void
collect(int fd, struct buf *out)
{
	ssize_t n;

	while ((n = recv(fd, buf_room(out, 65536), 65536, MSG_DONTWAIT)) > 0)
		out->n += (size_t)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct feed f;
	struct conn *c = base_alloc(sizeof(*c));
	struct buf in = { 0 }, out = { 0 };
	int pair[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	memset(&f, 0, sizeof(f));
	f.epoll = f.event = f.listener = -1;
	f.opts.limits = (struct feed_limits){ .connections = 1, .requests = 3, .frame = LIMIT,
		.queue_frames = 1000, .queue_bytes = 1 << 20, .idle_ms = 1000, .linger_ms = 1000 };
	f.server_id = slice_of("s");
	pthread_mutex_init(&f.lock, NULL);
	*c = (struct conn){ .feed = &f, .fd = pair[0] };
	FEED_ROOM(f.conns, f.n_conns, f.conns_room);
	f.conns[f.n_conns++] = c;

	build(&in, data, size);
	for (size_t at = 0; at < in.n && c->state == CONN_OPEN;) {
		/* In pieces, so that frames are cut anywhere. */
		size_t n = in.n - at < 1 + size % 97 ? in.n - at : 1 + size % 97;
		ssize_t sent = send(pair[1], in.p + at, n, MSG_NOSIGNAL);

		REQUIRE(sent > 0);
		at += (size_t)sent;
		conn_handle(c, EPOLLIN);
		collect(pair[1], &out);
	}
	if (c->state == CONN_OPEN)
		conn_end(c);
	collect(pair[1], &out);
	check_output(buf_view(&out));
	if (c->state != CONN_CLOSED)
		conn_close(c);
	REQUIRE(f.n_clients == 0 && f.n_conns == 0 && f.queued_bytes == 0);
	conn_free_closed(&f);
	close(pair[1]);
	free(f.conns);
	free(f.closed);
	free(f.clients);
	pthread_mutex_destroy(&f.lock);
	buf_free(&in);
	buf_free(&out);
	return 0;
}
