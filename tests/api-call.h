/* SPDX-License-Identifier: MPL-2.0 */
/* The service's calls without HTTP: one at a time a thread, waited for where they are made. */
#ifndef FWR_TESTS_API_CALL_H
#define FWR_TESTS_API_CALL_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/http/api.h"

struct caller {
	struct api_worker *worker;
	struct call *call;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool woken;
};

static inline void
caller_wake(void *context)
{
	struct caller *k = context;

	pthread_mutex_lock(&k->lock);
	k->woken = true;
	pthread_cond_signal(&k->cond);
	pthread_mutex_unlock(&k->lock);
}

static inline void
caller_init(struct caller *k, struct api *api)
{
	memset(k, 0, sizeof(*k));
	k->worker = api_worker_new(api);
	k->call = api_call_new(api);
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->cond, NULL);
}

static inline void
caller_free(struct caller *k)
{
	api_call_free(k->call);
	api_worker_free(k->worker);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->cond);
}

/* Begin with api_reset(k->call) and fill its request; the response stays until the next. */
static inline struct http_response *
caller_run(struct caller *k)
{
	enum api_step step;

	api_on_wake(k->call, caller_wake, k);
	step = api_start(k->call, k->worker);
	while (step == API_WAIT) {
		k->woken = false;
		api_send(k->call);
		pthread_mutex_lock(&k->lock);
		while (!k->woken)
			pthread_cond_wait(&k->cond, &k->lock);
		pthread_mutex_unlock(&k->lock);
		step = api_resume(k->call, k->worker);
	}
	return api_response(k->call);
}

/* An api over a store in a folder of its own; exits if it cannot be had. */
static inline void
api_open(struct api *api, const char *path,
    void (*publish)(void *context, const struct db_update *u), void *context)
{
	struct book_opts o = { .db = { .create = true, .busy_ms = 5000, .history = 5000 },
		.threads = 1, .publish = publish, .context = context };
	struct feed_opts f = { .server_id = slice_of("test") };
	char error[DB_ERROR_SIZE];
	struct book *book;

	json_arena_install();
	memset(api, 0, sizeof(*api));
	pthread_rwlock_init(&api->vms_lock, NULL);
	api->opts.lang = (struct lang_opts){ 4, true, true };
	api->opts.max_body = 1 << 20;
	api->opts.max_result = 64 << 20;
	api->opts.server_name = "test";
	api->vms = vms_none();
	api->cache = cache_new(256 << 10);
	api->feed = feed_new(&f, error);
	book = book_open(path, &o, error);
	if (!api->feed || !book) {
		fprintf(stderr, "%s: %s\n", path, error);
		exit(99);
	}
	atomic_store(&api->book, book);
}

static inline void
api_close(struct api *api)
{
	book_close(atomic_load(&api->book));
	feed_free(api->feed);
	vms_free(api->vms);
	cache_free(api->cache);
	pthread_rwlock_destroy(&api->vms_lock);
}

#endif
