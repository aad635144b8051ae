/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside of the feed.  What is marked [lock] is touched under feed.lock by any thread;
 * all else belongs to the feed's own thread.
 */
#ifndef FWR_FEED_FEED_INT_H
#define FWR_FEED_FEED_INT_H

#include <pthread.h>

#include "feed.h"
#include "frame.h"

#define READ_SIZE 16384
#define MEMORY_UPDATES 4096             /* kept for streams that come back */
#define MEMORY_BYTES (8u << 20)

/* An encoded payload, shared by the queues that hold it; owned by the feed's thread. */
struct payload {
	uint32_t refs;
	uint32_t length;                /* of the payload */
	uint16_t crc;
	uint64_t id;                    /* the update's, 0 if none; of a rewind the last one's */
	bool rewind;
	struct slice req_id;            /* behind the payload; empty if it is no update */
	char text[];
};

/* A frame that waits. */
struct waiting {
	struct payload *payload;
	char header[FRAME_HEADER];
};

enum conn_state {
	CONN_OPEN,
	CONN_ENDING,                    /* sends what is queued, then waits for the other side */
	CONN_CLOSED                     /* to be freed after this turn of the loop */
};

struct client;

struct conn {
	struct feed *feed;
	int fd;
	enum conn_state state;
	bool blocked;                   /* waits to be writable */
	bool shut;                      /* our half is closed */
	bool full;                      /* the queue overflowed: conn_flush ends it */
	uint64_t since;                 /* ms: of the last whole frame */
	uint64_t deadline;              /* ms: of CONN_ENDING */
	struct buf in;
	struct waiting *queue;          /* a ring */
	uint32_t head, queued, room;    /* room: a power of 2 */
	uint32_t sent;                  /* bytes of the first one */
	uint64_t bytes;                 /* payloads in the queue */
	struct client *clients;         /* open `messages` requests, linked by next */
	uint32_t n_clients;
	uint32_t at;                    /* in feed.conns */
	char peer[64];                  /* for logs */
};

/* An open `messages` request. */
struct client {
	struct client *next;
	struct conn *conn;
	uint32_t msgid;
	uint32_t at;                    /* in feed.clients */
	uint64_t hash;
	struct slice id;
};

/* What a stream may still want, as text of an event. */
struct memory {
	uint64_t id;
	struct slice text;
};

struct feed_stream {
	struct feed *feed;
	void (*wake)(void *context);
	void *context;
	uint64_t cursor;                /* all up to it were sent */
	bool ask;                       /* the store whether it knows that number */
	bool quiet, beat;               /* [lock] */
	bool lost;                      /* [lock] the log went back */
	uint64_t since;                 /* [lock] ms: of the last text */
	uint32_t at;                    /* [lock] in feed.streams */
};

struct feed {
	struct feed_opts opts;
	struct slice server_id;
	int epoll, event, listener;
	uint16_t port;
	pthread_t thread;
	uint64_t now;                   /* ms, monotonic, of this turn */

	struct conn **conns;
	uint32_t n_conns, conns_room;
	struct conn **closed;           /* in this turn */
	uint32_t n_closed, closed_room;
	struct client **clients;        /* written under [lock], read there or by the thread */
	uint32_t n_clients, clients_room;
	struct payload *last;           /* the last update sent to all */
	uint64_t last_sent;             /* its number, or that of the last that had one */
	uint64_t queued_bytes;
	bool resting;                   /* no file descriptors: not accepting till the tick */
	uint64_t said;                  /* ms: when that was logged last */
	bool ending;                    /* stop was seen */
	uint64_t ending_deadline;
	struct feed_stats counts;       /* the thread's own, copied to stats each turn */

	pthread_mutex_t lock;
	pthread_mutex_t stop_lock;      /* one feed_stop at a time; taken before lock */
	bool joined;                    /* under stop_lock */
	struct payload **pending;       /* [lock] */
	uint32_t n_pending, pending_room;
	uint64_t last_id;               /* [lock] published */
	uint64_t published;             /* [lock] */
	bool stopping;                  /* [lock] */
	unsigned stop_ms;               /* [lock] */
	struct feed_stats stats;        /* [lock] */
	struct feed_stream **streams;   /* [lock] */
	uint32_t n_streams, streams_room;
	struct memory memory[MEMORY_UPDATES];   /* [lock] a ring */
	uint32_t memory_head, memory_n;
	size_t memory_bytes;
	uint64_t memory_floor;          /* all above it that were published are in memory */
};

uint64_t feed_now(void);
void feed_say(struct feed *f, bool warning, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes room in an array for one more pointer. */
#define FEED_ROOM(v, n, room)                                                  \
	((n) < (room) ? (void)0                                                \
		: (void)((room) = (room) ? (room) * 2 : 16,                    \
		      (v) = base_grow((v), (room) * sizeof(*(v)))))

/* --- payload.c: encoding -------------------------------------------------------------- */

/* Of d, JSON; one reference is the caller's. */
struct payload *payload_new(struct slice method, struct slice d);
struct payload *payload_of_update(const struct feed *f, const struct feed_update *u);
/* What a client gets first. */
struct payload *payload_of_state(const struct feed *f);
void payload_drop(struct payload *p);

/* --- conn.c --------------------------------------------------------------------------- */

void conn_accept(struct feed *f);
void conn_handle(struct conn *c, uint32_t events);
/* Queues a frame with a reference of its own; conn_flush must follow. */
void conn_send(struct conn *c, enum frame_status status, uint32_t msgid, struct payload *p);
/* Sends what the socket takes; ends a connection whose queue overflowed. */
void conn_flush(struct conn *c);
/* END on all its requests, nothing more to it, and closed when it has taken that. */
void conn_end(struct conn *c);
/* At once. */
void conn_close(struct conn *c);
void conn_tick(struct conn *c);
void conn_free_closed(struct feed *f);

/* --- request.c -------------------------------------------------------------------------- */

/* False: the connection cannot go on. */
bool request_serve(struct conn *c, const struct frame *frame, struct slice payload);
/* Forgets a client; with END if its connection is open. */
void request_end(struct client *k, bool say);

/* --- stream.c --------------------------------------------------------------------------- */

/* Under feed.lock. */
void stream_remember(struct feed *f, const struct feed_update *u);
void stream_wake_all(struct feed *f);
void stream_tick(struct feed *f);
void stream_forget_all(struct feed *f);
void stream_rewind(struct feed *f);

#endif
