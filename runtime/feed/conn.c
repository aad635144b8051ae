/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One connection: bytes in to frames, a bounded queue of frames out.
 *
 * A connection is ended in three steps, so that the other side gets to read END: what
 * is queued is sent, our half is closed, and the rest when the other side has closed
 * or linger_ms are over.  Closing with unread input would throw away what it has not
 * read yet.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "feed_int.h"

#define SEND_FRAMES 64                  /* in one call */
#define KEEPALIVE_S 30                  /* a silent agent is asked whether it is there */
#define SAY_MS 60000                    /* between complaints of the same kind */
#define UNHEARD_MS 60000                /* what was sent must be acknowledged by then */

/* --- coming and going ------------------------------------------------------------------- */

static void
set_options(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_KEEPIDLE
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ KEEPALIVE_S }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){ KEEPALIVE_S / 3 }, sizeof(int));
#endif
#ifdef TCP_USER_TIMEOUT
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){ UNHEARD_MS }, sizeof(unsigned));
#endif
}

static void
name_peer(struct conn *c, const struct sockaddr *from, socklen_t n)
{
	char host[46], port[8];

	if (getnameinfo(from, n, host, sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(c->peer, sizeof(c->peer), "somewhere");
	else
		snprintf(c->peer, sizeof(c->peer), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
		    port);
}

static void
conn_new(struct feed *f, int fd, const struct sockaddr *from, socklen_t n)
{
	struct conn *c = base_alloc(sizeof(*c));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	*c = (struct conn){ .feed = f, .fd = fd, .since = f->now };
	name_peer(c, from, n);
	set_options(fd);
	if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
		f->counts.refused++;
		close(fd);
		free(c);
		return;
	}
	FEED_ROOM(f->conns, f->n_conns, f->conns_room);
	c->at = f->n_conns;
	f->conns[f->n_conns++] = c;
	f->counts.accepted++;
}

/* No descriptors, or no memory: looked at again at the next tick. */
static void
rest(struct feed *f)
{
	if (f->said == 0 || f->now - f->said >= SAY_MS) {
		feed_say(f, true, "cannot accept agents now: %s", strerror(errno));
		f->said = f->now;
	}
	epoll_ctl(f->epoll, EPOLL_CTL_DEL, f->listener, NULL);
	f->resting = true;
}

void
conn_accept(struct feed *f)
{
	struct sockaddr_storage from;

	for (;;) {
		socklen_t n = sizeof(from);
		int fd = accept4(f->listener, (struct sockaddr *)&from, &n,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0) {
			if (errno != EAGAIN)
				rest(f);
			return;
		}
		if (f->n_conns < f->opts.limits.connections) {
			conn_new(f, fd, (struct sockaddr *)&from, n);
			continue;
		}
		if (f->counts.refused++ % 1000 == 0)
			feed_say(f, true, "more than %u connections of agents: refusing",
			    f->opts.limits.connections);
		close(fd);
	}
}

static void
queue_clear(struct conn *c, uint32_t keep)
{
	while (c->queued > keep) {
		struct waiting *w = &c->queue[(c->head + --c->queued) & (c->room - 1)];

		c->bytes -= w->payload->length;
		c->feed->queued_bytes -= w->payload->length;
		payload_drop(w->payload);
	}
}

void
conn_close(struct conn *c)
{
	struct feed *f = c->feed;

	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	while (c->clients)
		request_end(c->clients, false);
	queue_clear(c, 0);
	close(c->fd);
	c->fd = -1;
	f->conns[c->at] = f->conns[--f->n_conns];
	f->conns[c->at]->at = c->at;
	FEED_ROOM(f->closed, f->n_closed, f->closed_room);
	f->closed[f->n_closed++] = c;
}

void
conn_free_closed(struct feed *f)
{
	while (f->n_closed) {
		struct conn *c = f->closed[--f->n_closed];

		buf_free(&c->in);
		free(c->queue);
		free(c);
	}
}

/* --- out ------------------------------------------------------------------------------------ */

static void
queue_push(struct conn *c, enum frame_status status, uint32_t msgid, struct payload *p)
{
	struct waiting *w;

	if (c->queued == c->room) {
		uint32_t room = c->room ? c->room * 2 : 8;
		struct waiting *to = base_alloc(room * sizeof(*to));

		for (uint32_t i = 0; i < c->queued; i++)
			to[i] = c->queue[(c->head + i) & (c->room - 1)];
		free(c->queue);
		c->queue = to;
		c->head = 0;
		c->room = room;
	}
	w = &c->queue[(c->head + c->queued++) & (c->room - 1)];
	w->payload = p;
	p->refs++;
	frame_write_header(w->header, status, msgid, p->crc, p->length);
	c->bytes += p->length;
	c->feed->queued_bytes += p->length;
}

void
conn_send(struct conn *c, enum frame_status status, uint32_t msgid, struct payload *p)
{
	const struct feed_limits *l = &c->feed->opts.limits;

	if (c->state == CONN_CLOSED || c->full)
		return;
	/* END goes to who is being dropped, too. */
	if (c->state == CONN_OPEN && c->queued > 0 && (c->queued >= l->queue_frames ||
	    c->bytes + p->length > l->queue_bytes))
		c->full = true;
	else
		queue_push(c, status, msgid, p);
}

static void
want_write(struct conn *c, bool want)
{
	struct epoll_event ev = { .events = EPOLLIN | (want ? (uint32_t)EPOLLOUT : 0),
		.data.ptr = c };

	if (c->blocked == want)
		return;
	c->blocked = want;
	epoll_ctl(c->feed->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

/* n bytes went out. */
static void
queue_advance(struct conn *c, size_t n)
{
	struct feed *f = c->feed;

	f->counts.bytes += n;
	n += c->sent;
	while (c->queued > 0) {
		struct payload *p = c->queue[c->head].payload;

		if (n < FRAME_HEADER + (size_t)p->length)
			break;
		n -= FRAME_HEADER + (size_t)p->length;
		c->head = (c->head + 1) & (c->room - 1);
		c->queued--;
		c->bytes -= p->length;
		f->queued_bytes -= p->length;
		f->counts.frames++;
		payload_drop(p);
	}
	c->sent = (uint32_t)n;
}

/* The waiting frames, without what was sent of the first. */
static size_t
gather(const struct conn *c, struct iovec *v)
{
	size_t n = 0, skip = c->sent;

	for (uint32_t i = 0; i < c->queued && i < SEND_FRAMES; i++) {
		struct waiting *w = &c->queue[(c->head + i) & (c->room - 1)];

		if (skip < FRAME_HEADER) {
			v[n++] = (struct iovec){ w->header + skip, FRAME_HEADER - skip };
			skip = 0;
		} else {
			skip -= FRAME_HEADER;
		}
		v[n++] = (struct iovec){ w->payload->text + skip, w->payload->length - skip };
		skip = 0;
	}
	return n;
}

static void
drop_slow(struct conn *c)
{
	c->feed->counts.slow++;
	feed_say(c->feed, true, "the agent at %s does not read: dropped, %u updates waiting",
	    c->peer, c->queued);
	c->full = false;
	/* One that was begun must be finished, or END could not be read. */
	queue_clear(c, c->sent > 0);
	conn_end(c);
}

void
conn_flush(struct conn *c)
{
	struct iovec v[2 * SEND_FRAMES];

	if (c->full && c->state == CONN_OPEN) {
		drop_slow(c);
		return;
	}
	while (c->state != CONN_CLOSED && c->queued > 0) {
		struct msghdr m = { .msg_iov = v, .msg_iovlen = gather(c, v) };
		ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			want_write(c, true);
			return;
		}
		if (n < 0) {
			conn_close(c);
			return;
		}
		queue_advance(c, (size_t)n);
	}
	if (c->state == CONN_CLOSED)
		return;
	want_write(c, false);
	if (c->state == CONN_ENDING && !c->shut) {
		c->shut = true;
		shutdown(c->fd, SHUT_WR);
	}
}

void
conn_end(struct conn *c)
{
	if (c->state != CONN_OPEN)
		return;
	c->state = CONN_ENDING;
	c->deadline = feed_now() + c->feed->opts.limits.linger_ms;
	while (c->clients)
		request_end(c->clients, true);
	conn_flush(c);
}

/* --- in --------------------------------------------------------------------------------------- */

/* All whole frames of the input.  False: it makes no sense. */
static bool
serve(struct conn *c)
{
	uint32_t limit = c->feed->opts.limits.frame;
	size_t at = 0;
	enum frame_result result = FRAME_MORE;
	struct frame frame;

	while (c->state == CONN_OPEN) {
		struct slice rest = { c->in.p + at, c->in.n - at };

		if ((result = frame_read(rest, limit, &frame)) != FRAME_OK)
			break;
		c->since = c->feed->now;
		if (!request_serve(c, &frame,
		    (struct slice){ rest.p + FRAME_HEADER, frame.length }))
			return false;
		at += FRAME_HEADER + (size_t)frame.length;
	}
	if (at > 0) {
		memmove(c->in.p, c->in.p + at, c->in.n - at);
		c->in.n -= at;
	}
	return result != FRAME_BAD;
}

static void
receive(struct conn *c)
{
	char rest[READ_SIZE];
	ssize_t n;

	/* Of one that is ending, input is read and thrown away. */
	n = recv(c->fd, c->state == CONN_OPEN ? buf_room(&c->in, READ_SIZE) : rest, READ_SIZE, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_close(c);
		return;
	}
	if (c->state != CONN_OPEN)
		return;
	c->in.n += (size_t)n;
	if (!serve(c) && c->state == CONN_OPEN) {
		c->feed->counts.broken++;
		feed_say(c->feed, true, "%s sent what no agent sends: closed", c->peer);
		conn_close(c);
		return;
	}
	if (c->in.n == 0)
		buf_free(&c->in);
	conn_flush(c);
}

void
conn_handle(struct conn *c, uint32_t events)
{
	if (c->state != CONN_CLOSED && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		receive(c);
	if (c->state != CONN_CLOSED && (events & EPOLLOUT))
		conn_flush(c);
}

void
conn_tick(struct conn *c)
{
	struct feed *f = c->feed;

	if (c->state == CONN_ENDING && f->now >= c->deadline) {
		conn_close(c);
	} else if (c->state == CONN_OPEN && !c->clients &&
	    f->now - c->since >= f->opts.limits.idle_ms) {
		f->counts.idle++;
		conn_close(c);
	}
}
