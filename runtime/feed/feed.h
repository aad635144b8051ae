/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The update feed of the service (spec 7, Agents): what is published goes, in order
 * and once, to every agent that is connected, in the protocol of today's agents; and
 * to every stream of server-sent events, which can also catch up from a number.
 *
 * One thread of its own serves all agents.  Every function here may be called from
 * any thread, feed_free but once and last.  An update is encoded once and shared; an
 * agent that does not read fills a queue of bounded size, is then sent END and
 * dropped, and syncs when it connects again; no other agent waits for it.
 *
 * Every agent is told to sync after it has connected, so an update that it missed
 * while it was away is not sent again.
 */
#ifndef FWR_FEED_FEED_H
#define FWR_FEED_FEED_H

#include "../../compiler/base/base.h"

#define FEED_ERROR_SIZE 256
#define FEED_PORT 2020                  /* where agents look for it */

struct feed;
struct feed_stream;

/* The strings are the caller's, and are copied. */
struct feed_update {
	uint64_t id;                    /* rising; 0: none, as pings have */
	struct slice name;              /* "fw.add_rule" */
	struct slice req_id;
	struct slice value;             /* a JSON object's text, not empty */
};

/*
 * Hands the stored updates after number since to each, ascending, at most limit, until
 * each says false.  FEED_LOST: the first of them were dropped, or no update has reached
 * number since.  Called by feed_next in its caller's thread.
 */
enum feed_replay { FEED_REPLAYED, FEED_LOST, FEED_FAILED };
typedef bool feed_each(void *context, const struct feed_update *u);
typedef enum feed_replay feed_replay_fn(void *context, uint64_t since, uint32_t limit,
    feed_each *each, void *each_context);

/* Called in the feed's thread: one line, nothing secret. */
typedef void feed_log_fn(void *context, bool warning, const char *line);

/* Limits; what is 0 gets the value that stands there. */
struct feed_limits {
	uint32_t connections;           /* 4,096 */
	uint32_t requests;              /* 16 open at once on one connection */
	uint32_t frame;                 /* 65,536 bytes of payload from an agent */
	uint32_t queue_frames;          /* 16,384 waiting for one agent */
	uint64_t queue_bytes;           /* 32 MB of them, but one frame always fits */
	uint32_t idle_ms;               /* 60,000 without `messages`, and no whole frame */
	uint32_t linger_ms;             /* 5,000 for a dropped agent to take its END */
	uint32_t beat_ms;               /* 15,000 between signs of life on a quiet stream */
	uint32_t streams;               /* 1,024 */
};

struct feed_opts {
	const char *host;               /* numeric address; NULL: streams alone, no agents */
	uint16_t port;                  /* 0: any, feed_port tells which */
	struct slice server_id;
	uint64_t last_id;               /* newest number already stored: not published again */
	feed_replay_fn *replay;         /* NULL: streams cannot go back further than memory */
	void *replay_context;
	feed_log_fn *log;               /* may be NULL */
	void *log_context;
	struct feed_limits limits;
};

/* NULL and the reason in error (FEED_ERROR_SIZE bytes) if the address cannot be had. */
struct feed *feed_new(const struct feed_opts *opts, char *error);
uint16_t feed_port(const struct feed *f);
/* END on every request, no new connections; returns when all are closed, or after timeout_ms. */
void feed_stop(struct feed *f, unsigned timeout_ms);
/* Stops at once if that was not done.  All streams must have been unsubscribed. */
void feed_free(struct feed *f);

/*
 * Queues an update for all agents and streams and returns.  False, and nothing is
 * done, if its number is not above all that were published: so whoever reads the log
 * and whoever writes it may both publish.
 */
bool feed_publish(struct feed *f, const struct feed_update *u);
/*
 * The log is another one from here: a standby that had not all took over, a backup was put
 * in place, or updates were dropped before they could be published.  The next number is
 * above last_id; all agents and streams are told to sync.
 */
void feed_rewind(struct feed *f, uint64_t last_id);
/* A ping, without a number, to all agents. */
void feed_ping(struct feed *f, struct slice req_id);

/* Client ids of the agents that are connected, in no order; called under a lock. */
void feed_each_client(struct feed *f, void (*each)(void *context, struct slice id), void *context);

struct feed_stats {
	/* now */
	uint64_t connections, clients, streams, queued_bytes;
	/* since the start */
	uint64_t accepted, refused, published, frames, bytes;
	uint64_t slow, broken, idle, replaced;  /* connections ended: queue full, bad frames, ... */
	uint64_t last_id;
};

void feed_stats(struct feed *f, struct feed_stats *out);

/* --- server-sent events ------------------------------------------------------------- */

/*
 * A stream of all updates after number since; from now on if since is NULL.  Each is
 *
 *	id: 12
 *	event: fw.add_rule
 *	data: {"id":12,"name":"fw.add_rule","req_id":"...","value":{...}}
 *
 * When updates after since are not kept any more, an event "sync" without an id says so,
 * and the stream goes on with what is published next.
 *
 * wake is called, from any thread, once after each FEED_QUIET when feed_next has
 * something again; it must not call the feed.  NULL if there are too many streams or the
 * feed was stopped.
 */
struct feed_stream *feed_subscribe(struct feed *f, const uint64_t *since,
    void (*wake)(void *context), void *context);
/* When it returns, wake is not running and will not be called. */
void feed_unsubscribe(struct feed_stream *s);

enum feed_next {
	FEED_TEXT,                      /* text was added to out */
	FEED_QUIET,                     /* nothing now; wake will be called */
	FEED_END                        /* the feed was stopped, or the store failed */
};

/* Adds whole events to out until there are no more or it has grown by about room bytes. */
enum feed_next feed_next(struct feed_stream *s, struct buf *out, size_t room);

#endif
