/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The feed's thread and what others call.  Publishing encodes the update in the
 * caller's thread, puts it into a list under the lock and wakes the thread, which
 * moves the whole list to the agents' queues and then sends to each once: under load
 * many updates go out in one call to the system.
 */
#include "feed_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../compiler/base/uuid.h"

#define EVENTS 256
#define TICK_MS 250

uint64_t
feed_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void
feed_say(struct feed *f, bool warning, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (!f->opts.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	f->opts.log(f->opts.log_context, warning, line);
}

static void
wake(struct feed *f)
{
	uint64_t one = 1;

	while (write(f->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* --- the thread --------------------------------------------------------------------------- */

/* What was published since the last turn, to all. */
static void
distribute(struct feed *f)
{
	struct payload **list;
	uint32_t n;

	pthread_mutex_lock(&f->lock);
	list = f->pending;
	n = f->n_pending;
	f->pending = NULL;
	f->n_pending = f->pending_room = 0;
	pthread_mutex_unlock(&f->lock);
	for (uint32_t i = 0; i < n; i++) {
		struct payload *p = list[i];

		for (uint32_t k = 0; k < f->n_clients; k++)
			conn_send(f->clients[k]->conn, FRAME_DATA, f->clients[k]->msgid, p);
		payload_drop(f->last);
		f->last = p;
		if (p->id || p->rewind)
			f->last_sent = p->id;
	}
	free(list);
	/* Closing one moves the last to its place: so from the end. */
	if (n > 0)
		for (uint32_t i = f->n_conns; i-- > 0;)
			if (i < f->n_conns && (f->conns[i]->full ||
			    (f->conns[i]->queued > 0 && !f->conns[i]->blocked)))
				conn_flush(f->conns[i]);
}

static void
begin_end(struct feed *f, unsigned ms)
{
	f->ending = true;
	f->ending_deadline = feed_now() + ms;
	if (f->listener >= 0) {
		close(f->listener);
		f->listener = -1;
	}
	for (uint32_t i = f->n_conns; i-- > 0;)
		if (i < f->n_conns)
			conn_end(f->conns[i]);
}

static void
tick(struct feed *f)
{
	for (uint32_t i = f->n_conns; i-- > 0;)
		if (i < f->n_conns)
			conn_tick(f->conns[i]);
	if (f->resting && f->listener >= 0) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &f->listener };

		f->resting = epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->listener, &ev) != 0;
	}
	pthread_mutex_lock(&f->lock);
	stream_tick(f);
	pthread_mutex_unlock(&f->lock);
}

static void
show_stats(struct feed *f)
{
	f->counts.connections = f->n_conns;
	f->counts.clients = f->n_clients;
	f->counts.queued_bytes = f->queued_bytes;
	pthread_mutex_lock(&f->lock);
	f->stats = f->counts;
	pthread_mutex_unlock(&f->lock);
}

/* True: stop, and in *ms how long that may take. */
static bool
is_stopping(struct feed *f, unsigned *ms)
{
	bool stopping;

	pthread_mutex_lock(&f->lock);
	stopping = f->stopping;
	*ms = f->stop_ms;
	pthread_mutex_unlock(&f->lock);
	return stopping;
}

static void
handle(struct feed *f, const struct epoll_event *ev)
{
	uint64_t count;

	if (ev->data.ptr == &f->event) {
		if (read(f->event, &count, sizeof(count)) > 0)
			distribute(f);
	} else if (ev->data.ptr == &f->listener) {
		if (f->listener >= 0)
			conn_accept(f);
	} else {
		conn_handle(ev->data.ptr, ev->events);
	}
}

static void *
run(void *context)
{
	struct feed *f = context;
	struct epoll_event events[EVENTS];
	uint64_t next_tick = 0;
	unsigned ms;

	for (;;) {
		int n = epoll_wait(f->epoll, events, EVENTS, TICK_MS);

		f->now = feed_now();
		for (int i = 0; i < n; i++)
			handle(f, &events[i]);
		if (f->now >= next_tick) {
			tick(f);
			next_tick = f->now + TICK_MS;
		}
		if (!f->ending && is_stopping(f, &ms)) {
			distribute(f);
			begin_end(f, ms);
		}
		conn_free_closed(f);
		show_stats(f);
		if (f->ending && (f->n_conns == 0 || feed_now() >= f->ending_deadline))
			break;
	}
	while (f->n_conns > 0)
		conn_close(f->conns[0]);
	conn_free_closed(f);
	show_stats(f);
	return NULL;
}

/* --- starting -------------------------------------------------------------------------------- */

static bool
fail(char *error, const char *what)
{
	snprintf(error, FEED_ERROR_SIZE, "%s: %s", what, strerror(errno));
	return false;
}

static bool
bind_address(struct feed *f, const struct addrinfo *a, char *error)
{
	struct sockaddr_storage got;
	socklen_t n = sizeof(got);
	char port[8];
	int on = 1;

	f->listener = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f->listener < 0)
		return fail(error, f->opts.host);
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(f->listener, a->ai_addr, a->ai_addrlen) != 0 ||
	    listen(f->listener, SOMAXCONN) != 0 ||
	    getsockname(f->listener, (struct sockaddr *)&got, &n) != 0) {
		snprintf(error, FEED_ERROR_SIZE, "cannot listen on %s, port %u: %s", f->opts.host,
		    f->opts.port, strerror(errno));
		return false;
	}
	getnameinfo((struct sockaddr *)&got, n, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
	f->port = (uint16_t)strtoul(port, NULL, 10);
	return true;
}

static bool
start_listening(struct feed *f, char *error)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM }, *a;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &f->listener };
	char port[8];
	bool good;

	snprintf(port, sizeof(port), "%u", f->opts.port);
	if (getaddrinfo(f->opts.host, port, &hints, &a) != 0) {
		snprintf(error, FEED_ERROR_SIZE, "\"%.100s\" is no address", f->opts.host);
		return false;
	}
	good = bind_address(f, a, error);
	freeaddrinfo(a);
	if (good && epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->listener, &ev) != 0)
		return fail(error, "epoll");
	return good;
}

/* The thread takes no signals: they are the program's. */
static bool
start_thread(struct feed *f, char *error)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return errno == 0 || fail(error, "cannot start a thread");
}

static bool
start(struct feed *f, char *error)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &f->event };

	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (f->epoll < 0 || f->event < 0 ||
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->event, &ev) != 0)
		return fail(error, "epoll");
	if (f->opts.host && !start_listening(f, error))
		return false;
	return start_thread(f, error);
}

static void
set_defaults(struct feed_limits *l)
{
#define DEFAULT(member, value) l->member = l->member ? l->member : (value)
	DEFAULT(connections, 4096);
	DEFAULT(requests, 16);
	DEFAULT(frame, 65536);
	DEFAULT(queue_frames, 16384);
	DEFAULT(queue_bytes, 32u << 20);
	DEFAULT(idle_ms, 60000);
	DEFAULT(linger_ms, 5000);
	DEFAULT(beat_ms, 15000);
	DEFAULT(streams, 1024);
#undef DEFAULT
}

static void
release(struct feed *f)
{
	for (int i = 0; i < 3; i++) {
		int fd = i == 0 ? f->listener : i == 1 ? f->event : f->epoll;

		if (fd >= 0)
			close(fd);
	}
	for (uint32_t i = 0; i < f->n_pending; i++)
		payload_drop(f->pending[i]);
	payload_drop(f->last);
	stream_forget_all(f);
	free(f->pending);
	free(f->conns);
	free(f->closed);
	free(f->clients);
	free(f->streams);
	free((char *)f->server_id.p);
	free((char *)f->opts.host);
	pthread_mutex_destroy(&f->lock);
	pthread_mutex_destroy(&f->stop_lock);
	free(f);
}

struct feed *
feed_new(const struct feed_opts *opts, char *error)
{
	struct feed *f = base_alloc(sizeof(*f));
	char *id = base_alloc(opts->server_id.n + 1);

	memset(f, 0, sizeof(*f));
	f->opts = *opts;
	if (opts->host && !(f->opts.host = strdup(opts->host)))
		base_oom(strlen(opts->host));
	set_defaults(&f->opts.limits);
	if (opts->server_id.n)
		memcpy(id, opts->server_id.p, opts->server_id.n);
	f->server_id = (struct slice){ id, opts->server_id.n };
	f->epoll = f->event = f->listener = -1;
	f->last_id = f->memory_floor = opts->last_id;
	f->now = feed_now();
	pthread_mutex_init(&f->lock, NULL);
	pthread_mutex_init(&f->stop_lock, NULL);
	if (start(f, error))
		return f;
	release(f);
	return NULL;
}

uint16_t
feed_port(const struct feed *f)
{
	return f->port;
}

void
feed_stop(struct feed *f, unsigned timeout_ms)
{
	pthread_mutex_lock(&f->stop_lock);
	if (!f->joined) {
		pthread_mutex_lock(&f->lock);
		f->stopping = true;
		f->stop_ms = timeout_ms;
		stream_wake_all(f);
		pthread_mutex_unlock(&f->lock);
		wake(f);
		pthread_join(f->thread, NULL);
		f->joined = true;
	}
	pthread_mutex_unlock(&f->stop_lock);
}

void
feed_free(struct feed *f)
{
	if (!f)
		return;
	feed_stop(f, 0);
	release(f);
}

/* --- publishing ------------------------------------------------------------------------------- */

/* Under the lock. */
static void
add_pending(struct feed *f, struct payload *p)
{
	FEED_ROOM(f->pending, f->n_pending, f->pending_room);
	f->pending[f->n_pending++] = p;
}

bool
feed_publish(struct feed *f, const struct feed_update *u)
{
	struct payload *p = f->opts.host ? payload_of_update(f, u) : NULL;
	bool taken;

	pthread_mutex_lock(&f->lock);
	taken = !f->stopping && (u->id == 0 || u->id > f->last_id);
	if (taken && p)
		add_pending(f, p);
	if (taken && u->id) {
		f->published++;
		stream_remember(f, u);
		f->last_id = u->id;
		stream_wake_all(f);
	}
	pthread_mutex_unlock(&f->lock);
	if (taken && p)
		wake(f);
	else
		payload_drop(p);
	return taken;
}

void
feed_rewind(struct feed *f, uint64_t last_id)
{
	char req_id[UUID_TEXT];
	struct feed_update u = { .name = slice_of("sync"), .req_id = { req_id, UUID_TEXT },
		.value = slice_of("{\"type\":\"sync\"}") };
	struct payload *p = NULL;

	uuid_write(req_id, uuid_random());
	if (f->opts.host) {
		p = payload_of_update(f, &u);
		p->id = last_id;
		p->rewind = true;
	}
	pthread_mutex_lock(&f->lock);
	if (p)
		add_pending(f, p);
	f->last_id = last_id;
	stream_rewind(f);
	pthread_mutex_unlock(&f->lock);
	wake(f);
}

void
feed_ping(struct feed *f, struct slice req_id)
{
	struct feed_update u = { .name = slice_of("ping"), .req_id = req_id,
		.value = slice_of("{\"type\":\"ping\"}") };

	feed_publish(f, &u);
}

void
feed_each_client(struct feed *f, void (*each)(void *context, struct slice id), void *context)
{
	pthread_mutex_lock(&f->lock);
	for (uint32_t i = 0; i < f->n_clients; i++)
		each(context, f->clients[i]->id);
	pthread_mutex_unlock(&f->lock);
}

void
feed_stats(struct feed *f, struct feed_stats *out)
{
	pthread_mutex_lock(&f->lock);
	*out = f->stats;
	out->streams = f->n_streams;
	out->published = f->published;
	out->last_id = f->last_id;
	pthread_mutex_unlock(&f->lock);
}
