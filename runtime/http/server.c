/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libmicrohttpd's timeout is one of silence, so a client that sends a byte now and
 * then would never meet it: a thread of ours shuts connections down that took too
 * long to send a request.  Its limits are set behind ours.  What it refuses itself it
 * answers in HTML, and has no option for that: see MHD_queue_response below.
 */
#include "server.h"

#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define SPARE_CONNECTIONS 64    /* beyond the limit, to tell them so */
#define SEND_SECONDS 600        /* in which an answer must be taken */
#define STREAM_ROOM 32768       /* bytes of events taken at once */
#define POOL 32                 /* exchanges that a thread keeps for the next request */

/* A connection, as long as it is open. */
struct conn {
	struct server *server;
	struct conn *prev, *next;
	int fd;
	uint64_t deadline;              /* us; 0: none */
	bool over;                      /* more than there may be */
};

enum exchange_state { EX_NEW, EX_READING, EX_WAITING };

/* A request and its response. */
struct exchange {
	struct server *server;
	struct call *call;
	struct MHD_Connection *connection;
	struct conn *conn;
	enum exchange_state state;
	struct buf body;
	size_t header_bytes;
	uintptr_t target_end;           /* where it was in the library's memory */
	unsigned hosts, lengths, codings;
	bool odd;                       /* a header that nobody who means well sends */
	bool too_large;
	bool busy;                      /* counted in server.busy */
	struct exchange *next;          /* of the pool */
};

struct thread {
	struct api_worker *worker;
	struct exchange *pool;
	unsigned pooled;
};

struct server {
	struct api *api;
	struct server_opts *opts;
	struct MHD_Daemon *mhd;
	pthread_key_t key;
	pthread_t reaper;
	pthread_mutex_t lock;           /* of the list of connections */
	struct conn *conns;
	/* Connections; requests from their first line to the end of the answer; being answered. */
	_Atomic unsigned open, active, busy;
	_Atomic bool stopping;          /* what is being answered still is */
	_Atomic bool closed;            /* nothing more is begun */
	bool in_place;               /* how the library keeps requests: see is_folded */
};

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- threads --------------------------------------------------------------------- */

static void
thread_free(void *p)
{
	struct thread *t = p;
	struct exchange *ex;

	while ((ex = t->pool) != NULL) {
		t->pool = ex->next;
		buf_free(&ex->body);
		api_call_free(ex->call);
		free(ex);
	}
	api_worker_free(t->worker);
	free(t);
}

static struct thread *
this_thread(struct server *s)
{
	struct thread *t = pthread_getspecific(s->key);

	if (!t) {
		t = base_alloc(sizeof(*t));
		memset(t, 0, sizeof(*t));
		t->worker = api_worker_new(s->api);
		pthread_setspecific(s->key, t);
	}
	return t;
}

static struct exchange *
exchange_new(struct server *s)
{
	struct thread *t = this_thread(s);
	struct exchange *ex = t->pool;
	struct call *call;

	if (ex) {
		t->pool = ex->next;
		t->pooled--;
		call = ex->call;
		api_reset(call);
	} else {
		ex = base_alloc(sizeof(*ex));
		call = api_call_new(s->api);
	}
	memset(ex, 0, sizeof(*ex));
	ex->server = s;
	ex->call = call;
	return ex;
}

static void
exchange_free(struct exchange *ex)
{
	struct thread *t = this_thread(ex->server);

	buf_free(&ex->body);
	if (t->pooled < POOL) {
		api_reset(ex->call);
		ex->next = t->pool;
		t->pool = ex;
		t->pooled++;
		return;
	}
	api_call_free(ex->call);
	free(ex);
}

/* --- connections ------------------------------------------------------------------- */

static void
set_deadline(struct conn *conn, unsigned seconds)
{
	uint64_t at = seconds ? now_us() + (uint64_t)seconds * 1000000 : 0;

	pthread_mutex_lock(&conn->server->lock);
	conn->deadline = at;
	pthread_mutex_unlock(&conn->server->lock);
}

static void
conn_open(struct server *s, struct MHD_Connection *connection, void **context)
{
	struct conn *conn = base_alloc(sizeof(*conn));
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD);

	memset(conn, 0, sizeof(*conn));
	conn->server = s;
	conn->fd = info ? info->connect_fd : -1;
	conn->over = atomic_fetch_add(&s->open, 1) >= atomic_load(&s->opts->max_connections);
	conn->deadline = now_us() + (uint64_t)atomic_load(&s->opts->timeout) * 1000000;
	pthread_mutex_lock(&s->lock);
	conn->next = s->conns;
	if (conn->next)
		conn->next->prev = conn;
	s->conns = conn;
	pthread_mutex_unlock(&s->lock);
	atomic_fetch_add(&s->api->metrics.connections, 1);
	atomic_fetch_add(&s->api->metrics.connections_open, 1);
	*context = conn;
}

static void
conn_close(struct server *s, struct conn *conn)
{
	pthread_mutex_lock(&s->lock);
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		s->conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	pthread_mutex_unlock(&s->lock);
	atomic_fetch_sub(&s->open, 1);
	atomic_fetch_sub(&s->api->metrics.connections_open, 1);
	free(conn);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		conn_open(cls, connection, context);
	else if (*context)
		conn_close(cls, *context);
}

static void *
reap(void *context)
{
	struct server *s = context;
	struct timespec nap = { 0, 250000000 };
	uint64_t now;

	while (!atomic_load(&s->stopping)) {
		nanosleep(&nap, NULL);
		now = now_us();
		/* The list's lock is held when a connection leaves it, so fd is still its. */
		pthread_mutex_lock(&s->lock);
		for (struct conn *c = s->conns; c; c = c->next)
			if (c->deadline && c->deadline < now) {
				shutdown(c->fd, SHUT_RDWR);
				c->deadline = 0;
			}
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

/* --- streams ------------------------------------------------------------------------------- */

struct stream {
	struct feed_stream *feed;
	struct MHD_Connection *connection;
	struct buf text;
	size_t at;
};

static void
stream_wake(void *context)
{
	struct stream *st = context;

	MHD_resume_connection(st->connection);
}

/* A quiet stream's connection is suspended; a wake that came first undoes that. */
static ssize_t
stream_read(void *context, uint64_t pos, char *to, size_t room)
{
	struct stream *st = context;
	enum feed_next next = FEED_TEXT;
	size_t n;

	(void)pos;
	if (st->at == st->text.n) {
		st->at = st->text.n = 0;
		next = feed_next(st->feed, &st->text, STREAM_ROOM);
	}
	n = st->text.n - st->at < room ? st->text.n - st->at : room;
	if (n) {
		memcpy(to, st->text.p + st->at, n);
		st->at += n;
		if (next == FEED_TEXT)
			return (ssize_t)n;
	}
	if (next == FEED_END)
		return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
	if (next == FEED_QUIET)
		MHD_suspend_connection(st->connection);
	return (ssize_t)n;
}

static void
stream_free(void *context)
{
	struct stream *st = context;

	feed_unsubscribe(st->feed);
	buf_free(&st->text);
	free(st);
}

static struct MHD_Response *
stream_response(struct exchange *ex, const uint64_t *since)
{
	struct stream *st = base_alloc(sizeof(*st));

	memset(st, 0, sizeof(*st));
	st->connection = ex->connection;
	st->feed = feed_subscribe(ex->server->api->feed, since, stream_wake, st);
	if (!st->feed) {
		free(st);
		return NULL;
	}
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_ROOM, stream_read, st,
	    stream_free);
}

/* --- responses ----------------------------------------------------------------------- */

static void
log_call(struct exchange *ex)
{
	struct api_summary sum;
	struct buf b = { 0 };
	enum log_level level;

	api_summarise(ex->call, &sum);
	level = sum.status >= 500 ? LOG_WARN : sum.write ? LOG_INFO : LOG_DEBUG;
	if (!log_is_on(level))
		return;
	log_member(&b, "req_id", sum.id);
	log_member(&b, "method", sum.method);
	log_member(&b, "path", sum.path);
	log_member(&b, "route", slice_of(sum.route));
	buf_printf(&b, ",\"status\":%d,\"latency_us\":%llu", sum.status,
	    (unsigned long long)sum.us);
	if (sum.trouble)
		log_member(&b, "trouble", slice_of(sum.trouble));
	log_line(level, slice_of("request"), buf_view(&b));
	buf_free(&b);
}

static void
add_header(struct MHD_Response *r, const char *name, struct slice value)
{
	char text[1024];

	snprintf(text, sizeof(text), "%.*s", (int)value.n, value.p);
	MHD_add_response_header(r, name, text);
}

static void
release(void *shared)
{
	cached_release(shared);
}

/* Takes the body. */
static struct MHD_Response *
body_response(struct http_response *r)
{
	struct slice body = http_body(r);
	struct MHD_Response *m;

	if (r->shared)
		m = MHD_create_response_from_buffer_with_free_callback_cls(body.n,
		    (void *)(uintptr_t)body.p, release, r->shared);
	else
		m = MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, body.n
		    ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (!m)
		base_oom(body.n);
	r->shared = NULL;
	if (body.n)
		r->body = (struct buf){ 0 };
	return m;
}

/* The library's own. */
static enum MHD_Result
queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *r)
{
	static enum MHD_Result (*_Atomic queue)(struct MHD_Connection *, unsigned,
	    struct MHD_Response *);
	void *found;

	if (!atomic_load(&queue)) {
		found = dlsym(RTLD_NEXT, "MHD_queue_response");
		if (!found)
			return MHD_NO;
		atomic_store(&queue, (enum MHD_Result (*)(struct MHD_Connection *, unsigned,
		    struct MHD_Response *))found);
	}
	return atomic_load(&queue)(connection, status, r);
}

static enum MHD_Result refuse(struct exchange *ex, int status, const char *code,
    const char *message);

static enum MHD_Result
respond(struct exchange *ex, bool close)
{
	struct http_response *r = api_response(ex->call);
	struct MHD_Response *m = NULL;
	enum MHD_Result result;
	const uint64_t *since;
	bool stream = api_is_stream(ex->call, &since);

	if (stream && (m = stream_response(ex, since)) == NULL) {
		r->headers = 0;
		return refuse(ex, 503, "ServiceUnavailableError", "there are too many streams");
	}
	log_call(ex);
	if (!stream)
		m = body_response(r);
	if (r->type)
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, r->type);
	for (unsigned i = 0; i < r->headers; i++)
		add_header(m, r->header[i].name.p, r->header[i].value);
	if (close || atomic_load(&ex->server->stopping))
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONNECTION, "close");
	result = queue_response(ex->connection, (unsigned)r->status, m);
	MHD_destroy_response(m);
	set_deadline(ex->conn, stream ? 0 : SEND_SECONDS);
	return result;
}

static enum MHD_Result
refuse(struct exchange *ex, int status, const char *code, const char *message)
{
	atomic_fetch_add(&ex->server->api->metrics.refused, 1);
	api_refuse(ex->call, status, code, message);
	return respond(ex, true);
}

/*
 * Stands before the library's function of this name, as a program's symbols do, so it is
 * what the library calls with its page of HTML for a request that it cannot read.  The
 * service says the same in JSON.  Where a library binds its calls to itself, this is never
 * called, and HTML it remains.
 */
__attribute__((visibility("default"))) enum MHD_Result
MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *theirs)
{
	static const struct { unsigned status; const char *code, *message; } refusals[] = {
		{ 413, "RequestEntityTooLargeError", "the body has too many bytes" },
		{ 414, "RequestUriTooLarge", "the request line has too many bytes" },
		{ 431, "RequestHeaderFieldsTooLarge",
		    "the request line and headers have too many bytes" },
		{ 500, "InternalError", "the request cannot be answered" },
		{ 505, "HttpVersionNotSupportedError", "the version of HTTP is not supported" },
		{ 400, "BadRequest", "the request is not HTTP as it must be" },
	};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct conn *conn = info ? info->socket_context : NULL;
	enum MHD_Result result;
	struct exchange *ex;
	size_t i = 0;

	if (!conn)
		return queue_response(connection, status, theirs);
	while (i < BASE_COUNT(refusals) - 1 && refusals[i].status != status)
		i++;
	ex = exchange_new(conn->server);
	ex->connection = connection;
	ex->conn = conn;
	result = refuse(ex, (int)status, refusals[i].code, refusals[i].message);
	exchange_free(ex);
	return result;
}

/* --- requests -------------------------------------------------------------------------- */

/*
 * Names and values stand in the bytes as they came, a colon and spaces between them.  Not
 * so for a line that goes on in the next one: until 0.9.75 the library adds the next line
 * to the name, so that a length can hide or appear.
 */
static bool
is_folded(const char *name, size_t name_n, const char *value)
{
	uintptr_t end = (uintptr_t)name + name_n, begin = (uintptr_t)value;

	return begin <= end || begin - end > 64;
}

/* Has it bytes that another reader could take for the end of a line, or of a name? */
static bool
has_odd_bytes(struct slice name, struct slice value)
{
	static const char also[] = "!#$%&'*+-.^_`|~";
	unsigned char c;

	for (size_t i = 0; i < name.n; i++) {
		c = (unsigned char)name.p[i];
		if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') &&
		    !memchr(also, c, sizeof(also) - 1))
			return true;
	}
	for (size_t i = 0; i < value.n; i++) {
		c = (unsigned char)value.p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return name.n == 0;
}

static enum MHD_Result
take_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
    const char *value, size_t value_n)
{
	struct exchange *ex = cls;
	struct http_request *q = api_request(ex->call);
	struct slice v = { value ? value : "", value_n };

	(void)kind;
	ex->header_bytes += name_n + value_n + 4;
	ex->odd |= has_odd_bytes((struct slice){ name, name_n }, v) ||
	    (ex->server->in_place && is_folded(name, name_n, value));
	*vec_push(api_arena(ex->call), &q->headers) = (struct http_header){ { name, name_n }, v };
	if (http_equal((struct slice){ name, name_n }, "host")) {
		ex->hosts++;
	} else if (http_equal((struct slice){ name, name_n }, "content-length")) {
		ex->lengths++;
		for (size_t i = 0; i < value_n; i++)
			ex->odd |= value[i] < '0' || value[i] > '9';
		ex->odd |= value_n == 0 || value_n > 18;
	} else if (http_equal((struct slice){ name, name_n }, "transfer-encoding")) {
		ex->codings++;
		ex->odd |= !http_equal(v, "chunked");
	}
	return MHD_YES;
}

/* A request whose end two readers could see in two places is none. */
static bool
is_smuggling(const struct exchange *ex)
{
	return ex->odd || ex->lengths > 1 || ex->codings > 1 || ex->hosts > 1 ||
	    (ex->lengths && ex->codings);
}

static enum MHD_Result
begin(struct exchange *ex, const char *method, const char *version)
{
	struct server *s = ex->server;
	struct http_request *q = api_request(ex->call);
	struct slice length;

	ex->state = EX_READING;
	q->method = arena_slice(api_arena(ex->call), slice_of(method));
	/* A NUL ends the target for us, and not for others. */
	ex->odd = s->in_place && (uintptr_t)version - ex->target_end != 1;
	ex->header_bytes += q->target.n + q->method.n + 12;
	MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, take_header, ex);
	if (ex->conn->over)
		return refuse(ex, 503, "ServiceUnavailableError", "there are too many connections");
	if (is_smuggling(ex))
		return refuse(ex, 400, "BadRequest", "the request can be read in more than one way");
	if (ex->header_bytes > atomic_load(&s->opts->max_header))
		return refuse(ex, 431, "RequestHeaderFieldsTooLarge",
		    "the request line and headers have too many bytes");
	if (http_find(q, "content-length", &length) &&
	    strtoull(length.p, NULL, 10) > atomic_load(&s->api->opts.max_body))
		return refuse(ex, 413, "RequestEntityTooLargeError", "the body has too many bytes");
	return MHD_YES;
}

static void
take_body(struct exchange *ex, const char *p, size_t n)
{
	if (ex->too_large || ex->body.n + n >
	    atomic_load(&ex->server->api->opts.max_body))
		ex->too_large = true;
	else
		buf_add(&ex->body, p, n);
}

static void
wake(void *context)
{
	struct exchange *ex = context;

	MHD_resume_connection(ex->connection);
}

static void
set_busy(struct exchange *ex, bool busy)
{
	if (ex->busy == busy)
		return;
	ex->busy = busy;
	if (busy)
		atomic_fetch_add(&ex->server->busy, 1);
	else
		atomic_fetch_sub(&ex->server->busy, 1);
}

/* A step of the call; one that waits is sent only once the connection is suspended. */
static enum MHD_Result
step(struct exchange *ex)
{
	struct api_worker *w = this_thread(ex->server)->worker;
	enum api_step next = ex->state == EX_WAITING ? api_resume(ex->call, w)
	    : api_start(ex->call, w);

	if (next == API_DONE) {
		set_busy(ex, false);
		return respond(ex, false);
	}
	ex->state = EX_WAITING;
	MHD_suspend_connection(ex->connection);
	api_send(ex->call);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *data_n, void **context)
{
	struct exchange *ex = *context;
	const union MHD_ConnectionInfo *info;

	(void)cls;
	(void)url;
	if (!ex)
		return MHD_NO;
	if (ex->state == EX_NEW) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
		if (!info || !info->socket_context)
			return MHD_NO;
		ex->connection = connection;
		ex->conn = info->socket_context;
		return begin(ex, method, version);
	}
	if (ex->state == EX_READING && *data_n) {
		take_body(ex, data, *data_n);
		*data_n = 0;
		return MHD_YES;
	}
	if (ex->state == EX_READING) {
		if (ex->too_large)
			return refuse(ex, 413, "RequestEntityTooLargeError",
			    "the body has too many bytes");
		set_deadline(ex->conn, 0);
		/* In this order: either this is seen by server_stop, or that is seen here. */
		set_busy(ex, true);
		if (atomic_load(&ex->server->closed)) {
			set_busy(ex, false);
			return refuse(ex, 503, "ServiceUnavailableError", "the service stops");
		}
		api_request(ex->call)->body = buf_view(&ex->body);
		api_on_wake(ex->call, wake, ex);
	}
	return step(ex);
}

/* Called when the request line was read: the only place that has it undecoded. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct exchange *ex = exchange_new(cls);

	(void)connection;
	atomic_fetch_add(&ex->server->active, 1);
	ex->target_end = (uintptr_t)target + strlen(target);
	api_request(ex->call)->target = arena_slice(api_arena(ex->call), slice_of(target));
	return ex;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct server *s = cls;
	struct exchange *ex = *context;

	(void)connection;
	(void)code;
	if (!ex)
		return;
	/* The client may have left while its call waited. */
	set_busy(ex, false);
	if (ex->conn)
		set_deadline(ex->conn, atomic_load(&s->opts->timeout));
	exchange_free(ex);
	*context = NULL;
	atomic_fetch_sub(&s->active, 1);
}

/* --- start and stop ------------------------------------------------------------------------ */

static void
say(void *cls, const char *fmt, va_list ap)
{
	struct buf b = { 0 };

	(void)cls;
	if (!log_is_on(LOG_DEBUG))
		return;
	buf_vprintf(&b, fmt, ap);
	while (b.n && b.p[b.n - 1] == '\n')
		b.n--;
	log_line(LOG_DEBUG, buf_view(&b), (struct slice){ "", 0 });
	buf_free(&b);
}

static bool
is_older(unsigned major, unsigned minor, unsigned patch)
{
	unsigned a = 0, b = 0, c = 0;

	sscanf(MHD_get_version(), "%u.%u.%u", &a, &b, &c);
	return a != major ? a < major : b != minor ? b < minor : c < patch;
}

struct server *
server_start(struct api *api, struct server_opts *opts)
{
	struct server *s = base_alloc(sizeof(*s));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = opts->threads ? opts->threads : cores > 0 ? (unsigned)cores : 1;
	/* With one thread there is no pool. */
	struct MHD_OptionItem more[] = {
		{ threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL },
		{ MHD_OPTION_END, 0, NULL }
	};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
	    MHD_USE_ERROR_LOG | (opts->address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	memset(s, 0, sizeof(*s));
	s->api = api;
	s->opts = opts;
	s->in_place = is_older(0, 9, 76);
	pthread_mutex_init(&s->lock, NULL);
	pthread_key_create(&s->key, thread_free);
	s->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,
	    MHD_OPTION_EXTERNAL_LOGGER, say, NULL,
	    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&opts->address,
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
	    MHD_OPTION_ARRAY, more,
	    MHD_OPTION_CONNECTION_LIMIT, atomic_load(&opts->max_connections) + SPARE_CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, atomic_load(&opts->max_header) * 2 + 8192,
	    MHD_OPTION_CONNECTION_TIMEOUT, atomic_load(&opts->timeout),
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, s,
	    MHD_OPTION_END);
	if (!s->mhd) {
		pthread_key_delete(s->key);
		free(s);
		return NULL;
	}
	if (pthread_create(&s->reaper, NULL, reap, s) != 0)
		base_oom(0);
	return s;
}

uint16_t
server_port(const struct server *s)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

void
server_stop(struct server *s, unsigned seconds)
{
	struct timespec nap = { 0, 10000000 };
	uint64_t end = now_us() + (uint64_t)seconds * 1000000;
	int fd;

	if (!s)
		return;
	atomic_store(&s->stopping, true);
	fd = MHD_quiesce_daemon(s->mhd);
	if (fd >= 0)
		close(fd);
	/* What waits for the disk is woken by it; a connection must not stay suspended. */
	while (atomic_load(&s->busy) || (atomic_load(&s->active) && now_us() < end))
		nanosleep(&nap, NULL);
	atomic_store(&s->closed, true);
	while (atomic_load(&s->busy))
		nanosleep(&nap, NULL);
	pthread_join(s->reaper, NULL);
	MHD_stop_daemon(s->mhd);
	pthread_key_delete(s->key);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
