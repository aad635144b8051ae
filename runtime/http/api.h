/* SPDX-License-Identifier: MPL-2.0 */
/*
 * FWAPI (spec 7) as a function from requests to responses.  A call may have to wait
 * for the disk or for VMAPI: then it is started, sent, and resumed when it was woken.
 *
 *	if (api_start(call, worker) == API_WAIT) {
 *		api_send(call);                 -> call->wake(call), on any thread
 *		api_resume(call, worker);       -> done, or to be sent again
 *	}
 *	... call->r is the response
 */
#ifndef FWR_HTTP_API_H
#define FWR_HTTP_API_H

#include <pthread.h>
#include <stdatomic.h>

#include "../feed/feed.h"
#include "../index/query.h"
#include "../store/book.h"
#include "http.h"
#include "metrics.h"
#include "vms.h"

#define API_VERSION "1.1.4"

struct api_opts {
	struct lang_opts lang;
	_Atomic size_t max_body;        /* bytes, also of what is compressed */
	_Atomic size_t max_result;      /* bytes of an answer */
	const char *server_name;
};

struct api {
	struct api_opts opts;
	_Atomic(struct book *) book;    /* NULL while rules are being read */
	struct feed *feed;              /* there when book is */
	pthread_rwlock_t vms_lock;      /* of vms, which a reload replaces */
	struct vms *vms;
	struct metrics metrics;
	struct cache *cache;            /* of answers; NULL: none */
};

/* What a thread needs to answer; one thread at a time uses it. */
struct api_worker;

struct api_worker *api_worker_new(struct api *api);
void api_worker_free(struct api_worker *w);

enum api_step { API_DONE, API_WAIT };

struct call;

/* A call is used again after api_reset. */
struct call *api_call_new(struct api *api);
void api_call_free(struct call *c);
void api_reset(struct call *c);

struct http_request *api_request(struct call *c);
struct http_response *api_response(struct call *c);
struct arena *api_arena(struct call *c);
void api_on_wake(struct call *c, void (*wake)(void *context), void *context);

enum api_step api_start(struct call *c, struct api_worker *w);
void api_send(struct call *c);
enum api_step api_resume(struct call *c, struct api_worker *w);

/* An error that is found before a call can be started: too large, malformed. */
void api_refuse(struct call *c, int status, const char *code, const char *message);

/* What is logged of a call that is done. */
struct api_summary {
	struct slice id, method, path;
	const char *route;              /* "/rules/:uuid" */
	int status;
	uint64_t us;
	bool write;
	const char *trouble;            /* of a 5xx: why */
};

void api_summarise(struct call *c, struct api_summary *out);
/* Does the response go on as a stream of updates?  *since NULL: from now on. */
bool api_is_stream(struct call *c, const uint64_t **since);

/* The description of all routes, as OpenAPI 3.1. */
void api_write_openapi(struct buf *out);

#endif
