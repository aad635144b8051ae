/* SPDX-License-Identifier: MPL-2.0 */
#include "book.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "load.h"

#define BATCH 512               /* jobs of one transaction */
#define CATCH_UP 1000           /* updates read at once */
#define WAIT_MS 1000            /* how long the follower waits, and the time between checks */

struct book {
	struct book_opts opts;
	struct index *ix;
	struct db *writer, *follower, *reader;
	pthread_t writing, following;

	pthread_mutex_t lock;           /* of what follows */
	pthread_cond_t work;
	struct book_job *first, **last;
	bool stop, others;              /* others may have written */
	struct book_stats stats;

	pthread_mutex_t reading;        /* of reader */
	_Atomic bool stopping;          /* for the follower */
	_Atomic uint64_t version;

	/* The writer's own. */
	uint64_t applied;
	char applied_id[UUID_TEXT];     /* its req_id; no text: not known */
	uint64_t target;                /* catch_up goes no further */
	bool other_log;                 /* what has number applied now is another update */
	struct arena arena;             /* of what comes in by the log */
	struct diags diags;
	struct input in;
};

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct index *
book_index(struct book *b)
{
	return b->ix;
}

uint64_t
book_version(struct book *b)
{
	return atomic_load(&b->version);
}

static void
put_rule(struct book *b, const struct rule *rule)
{
	atomic_fetch_add(&b->version, 1);
	index_put(b->ix, rule);
	atomic_fetch_add(&b->version, 1);
}

static void
remove_rule(struct book *b, struct uuid uuid)
{
	atomic_fetch_add(&b->version, 1);
	index_remove(b->ix, uuid);
	atomic_fetch_add(&b->version, 1);
}

void
book_get_stats(struct book *b, struct book_stats *out)
{
	pthread_mutex_lock(&b->lock);
	*out = b->stats;
	pthread_mutex_unlock(&b->lock);
}

/* Notes whether the store works; reports a change. */
static void
set_online(struct book *b, bool online, const char *error)
{
	bool was;

	pthread_mutex_lock(&b->lock);
	was = b->stats.online;
	b->stats.online = online;
	snprintf(b->stats.error, sizeof(b->stats.error), "%s", online ? "" : error);
	pthread_mutex_unlock(&b->lock);
	if (was != online && b->opts.report)
		b->opts.report(b->opts.context, online ? NULL : error);
}

/* Not known, if it is none of ours. */
static void
note_applied(struct book *b, struct slice req_id)
{
	memset(b->applied_id, 0, sizeof(b->applied_id));
	if (req_id.n == UUID_TEXT)
		memcpy(b->applied_id, req_id.p, UUID_TEXT);
}

static void
set_applied(struct book *b, uint64_t seq, struct slice req_id)
{
	b->applied = seq;
	note_applied(b, req_id);
	pthread_mutex_lock(&b->lock);
	b->stats.applied = seq;
	pthread_mutex_unlock(&b->lock);
}

/* --- what came in by the log ----------------------------------------------------- */

static void
apply_rule(struct book *b, const struct db_update *u, bool remove)
{
	struct src src = { .name = slice_of("update") };
	struct rule *rule = NULL;
	struct buf spelled = { 0 };
	struct slice text;
	struct uuid uuid;
	json_t *value;

	json_spell_surrogates(&spelled, u->value);
	src.text = buf_view(&spelled);
	json_arena_begin(&b->arena);
	value = json_read_all(&src, &b->diags);
	if (value && remove && json_get_slice(value, "uuid", &text) && uuid_read(text, &uuid))
		remove_rule(b, uuid);
	else if (value && !remove)
		rule = input_payload(&b->in, value, (struct slice){ 0 });
	if (rule)
		put_rule(b, rule);
	json_arena_drop(value);
	json_arena_end();
	buf_free(&spelled);
	memset(&b->diags.list, 0, sizeof(b->diags.list));
	b->diags.errors = b->diags.warnings = 0;
	arena_reset(&b->in.scratch);
	arena_reset(&b->arena);
}

static bool
apply_update(void *context, const struct db_update *u)
{
	struct book *b = context;

	/* The one before the first is there to be compared. */
	if (u->seq == b->applied) {
		if (!b->applied_id[0])
			note_applied(b, u->req_id);
		b->other_log = b->applied_id[0] &&
		    !slice_eq(u->req_id, (struct slice){ b->applied_id, UUID_TEXT });
		return !b->other_log;
	}
	if (u->seq != b->applied + 1 || u->seq > b->target)
		return false;
	if (slice_is(u->name, "fw.add_rule") || slice_is(u->name, "fw.update_rule"))
		apply_rule(b, u, false);
	else if (slice_is(u->name, "fw.del_rule"))
		apply_rule(b, u, true);
	if (b->opts.publish)
		b->opts.publish(b->opts.context, u);
	set_applied(b, u->seq, u->req_id);
	return true;
}

/* The log no longer reaches back to what is known, or is another one: all rules anew. */
static enum db_result
load_again(struct book *b)
{
	uint64_t seq;
	enum db_result result;

	atomic_fetch_add(&b->version, 1);
	result = load_index_again(b->writer, b->ix, &seq);
	atomic_fetch_add(&b->version, 1);
	if (result != DB_OK)
		return result;
	set_applied(b, seq, (struct slice){ 0 });
	if (b->opts.rewind)
		b->opts.rewind(b->opts.context, seq);
	return DB_OK;
}

/*
 * Brings the index up to number target, or to the end of the log if that comes first.
 * The last update that is known is read again: where another stands at its number, the
 * store was replaced by one that had lost it.
 */
static enum db_result
catch_up(struct book *b, uint64_t target)
{
	struct db *db = b->writer;
	uint64_t first, last, before;
	enum db_result result;

	for (;;) {
		if ((result = db->kind->range(db, &first, &last)) != DB_OK)
			return result;
		before = b->applied;
		if (before >= target)
			return DB_OK;
		b->target = target;
		b->other_log = false;
		if (first <= before + 1 && last >= before) {
			result = db->kind->updates(db, before ? before - 1 : 0,
			    target - before < CATCH_UP ? (uint32_t)(target - before) + 1 :
			    CATCH_UP + 1, apply_update, b);
			if (result != DB_OK)
				return result;
		}
		/* The log was cut, or is an older one: a backup was put in its place. */
		if (first > before + 1 || last < before || b->other_log) {
			if ((result = load_again(b)) != DB_OK)
				return result;
			continue;
		}
		if (last == before)
			return DB_OK;
		if (b->applied == before)
			return db_fail(db, DB_DAMAGED, "update %llu is missing from the log",
			    (unsigned long long)before + 1);
	}
}

/* --- own jobs ------------------------------------------------------------------------ */

static enum db_result
perform(struct db *db, struct book_job *job)
{
	enum db_result result = DB_OK;

	if (job->rule && job->remove)
		result = db->kind->remove(db, job->rule->uuid, *job->expected);
	else if (job->rule)
		result = db->kind->put(db, job->rule, job->expected);
	return result == DB_OK ? db->kind->append(db, &job->update) : result;
}

/* What hits the store as a whole, not one job. */
static bool
is_fatal(enum db_result r)
{
	return r == DB_DOWN || r == DB_DAMAGED;
}

static void
fail_jobs(struct book *b, struct book_job *jobs, enum db_result result)
{
	for (struct book_job *j = jobs; j; j = j->next) {
		j->result = result;
		memcpy(j->error, b->writer->error, sizeof(j->error));
	}
}

/* One transaction; afterwards every job has its result. */
static bool
commit_jobs(struct book *b, struct book_job *jobs)
{
	struct db *db = b->writer;
	uint64_t start = now_us();
	enum db_result result = db->kind->begin(db);

	for (struct book_job *j = jobs; j && !is_fatal(result); j = j->next)
		result = j->result = perform(db, j);
	if (!is_fatal(result))
		result = db->kind->commit(db);
	if (is_fatal(result)) {
		fail_jobs(b, jobs, result);
		db->kind->rollback(db);
		set_online(b, false, db->error);
		return false;
	}
	pthread_mutex_lock(&b->lock);
	b->stats.commits++;
	b->stats.commit_us += now_us() - start;
	pthread_mutex_unlock(&b->lock);
	set_online(b, true, NULL);
	return true;
}

static void
apply_job(struct book *b, struct book_job *j)
{
	/* Somebody else's changes stand before it in the log. */
	if (j->update.seq > b->applied + 1 && catch_up(b, j->update.seq - 1) != DB_OK)
		set_online(b, false, b->writer->error);
	/* A number that was seen before: the store was replaced. */
	if (j->update.seq <= b->applied && load_again(b) != DB_OK)
		set_online(b, false, b->writer->error);
	/* Where those could not be read, neither is this put in: the order counts. */
	if (j->update.seq != b->applied + 1)
		return;
	if (j->rule && j->remove)
		remove_rule(b, j->rule->uuid);
	else if (j->rule)
		put_rule(b, j->rule);
	if (b->opts.publish)
		b->opts.publish(b->opts.context, &j->update);
	set_applied(b, j->update.seq, j->update.req_id);
}

static void
run_jobs(struct book *b, struct book_job *jobs)
{
	uint64_t written = 0, failed = 0;
	struct book_job *next;

	if (commit_jobs(b, jobs))
		for (struct book_job *j = jobs; j; j = j->next)
			if (j->result == DB_OK)
				apply_job(b, j);
	for (struct book_job *j = jobs; j; j = j->next) {
		written += j->result == DB_OK;
		failed += is_fatal(j->result);
	}
	pthread_mutex_lock(&b->lock);
	b->stats.written += written;
	b->stats.failed += failed;
	pthread_mutex_unlock(&b->lock);
	for (; jobs; jobs = next) {
		next = jobs->next;
		jobs->done(jobs);
	}
}

/* At most BATCH of what waits; the lock is held. */
static struct book_job *
take_jobs(struct book *b)
{
	struct book_job *jobs = b->first, *at = jobs;

	for (int n = 1; at && at->next && n < BATCH; n++)
		at = at->next;
	if (!at)
		return NULL;
	b->first = at->next;
	at->next = NULL;
	if (!b->first)
		b->last = &b->first;
	return jobs;
}

static void *
write_jobs(void *context)
{
	struct book *b = context;
	struct book_job *jobs;
	bool others;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (!b->first && !b->others && !b->stop)
			pthread_cond_wait(&b->work, &b->lock);
		if (!b->first && b->stop)
			break;
		jobs = take_jobs(b);
		others = b->others;
		b->others = false;
		pthread_mutex_unlock(&b->lock);
		if (jobs)
			run_jobs(b, jobs);
		if (others && catch_up(b, UINT64_MAX) != DB_OK)
			set_online(b, false, b->writer->error);
		pthread_mutex_lock(&b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

void
book_submit(struct book *b, struct book_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&b->lock);
	*b->last = job;
	b->last = &job->next;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
}

/* --- others ------------------------------------------------------------------------------ */

static void
poke(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	b->others = true;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
}

static void
nap(struct book *b)
{
	struct timespec t = { 0, 50000000 };

	for (int i = 0; i < WAIT_MS / 50 && !atomic_load(&b->stopping); i++)
		nanosleep(&t, NULL);
}

static void *
follow(void *context)
{
	struct book *b = context;
	struct book_stats stats;
	enum db_result result;
	bool changed;

	while (!atomic_load(&b->stopping)) {
		changed = false;
		result = b->follower->kind->wait(b->follower, WAIT_MS, &changed);
		book_get_stats(b, &stats);
		if (result == DB_OK && changed)
			poke(b);
		if (result == DB_OK && stats.online)
			continue;
		if (result != DB_OK)
			set_online(b, false, b->follower->error);
		if (b->follower->kind->check(b->follower) == DB_OK) {
			/* Before it is told: then a change must not be refused any more. */
			atomic_store(&b->writer->heard, true);
			atomic_store(&b->reader->heard, true);
			set_online(b, true, NULL);
			poke(b);
		} else {
			set_online(b, false, b->follower->error);
			nap(b);
		}
	}
	return NULL;
}

enum db_result
book_updates(struct book *b, uint64_t since, uint32_t limit, db_each_update *each, void *context,
    uint64_t *first)
{
	enum db_result result;
	uint64_t last;

	pthread_mutex_lock(&b->reading);
	result = b->reader->kind->range(b->reader, first, &last);
	if (result == DB_OK)
		result = b->reader->kind->updates(b->reader, since, limit, each, context);
	pthread_mutex_unlock(&b->reading);
	return result;
}

/* --- opening and closing -------------------------------------------------------------------- */

static bool
open_handles(struct book *b, const char *url, char *error)
{
	struct db_opts later = b->opts.db;

	b->writer = db_open(url, &b->opts.db, error);
	later.create = false;
	if (b->writer)
		b->follower = db_open(url, &later, error);
	if (b->follower)
		b->reader = db_open(url, &later, error);
	return b->reader != NULL;
}

static void
dispose(struct book *b)
{
	db_close(b->writer);
	db_close(b->follower);
	db_close(b->reader);
	index_free(b->ix);
	input_done(&b->in);
	arena_free(&b->arena);
	pthread_mutex_destroy(&b->lock);
	pthread_mutex_destroy(&b->reading);
	pthread_cond_destroy(&b->work);
	free(b);
}

struct book *
book_open(const char *url, const struct book_opts *opts, char *error)
{
	struct book *b = base_alloc(sizeof(*b));
	uint64_t start = now_us();

	memset(b, 0, sizeof(*b));
	b->opts = *opts;
	b->last = &b->first;
	b->diags.arena = &b->arena;
	input_init(&b->in, &b->arena, &b->diags, (struct lang_opts){ 0 });
	pthread_mutex_init(&b->lock, NULL);
	pthread_mutex_init(&b->reading, NULL);
	pthread_cond_init(&b->work, NULL);
	if (open_handles(b, url, error)) {
		b->ix = load_index(b->writer, opts->threads, &b->applied);
		if (!b->ix)
			memcpy(error, b->writer->error, DB_ERROR_SIZE);
	}
	if (!b->ix) {
		dispose(b);
		return NULL;
	}
	b->stats.applied = b->applied;
	b->stats.load_seconds = (double)(now_us() - start) / 1e6;
	b->stats.online = b->follower->kind->check(b->follower) == DB_OK;
	memcpy(b->stats.error, b->follower->error, DB_ERROR_SIZE);
	if (!b->stats.online && opts->report)
		opts->report(opts->context, b->stats.error);
	if (pthread_create(&b->writing, NULL, write_jobs, b) != 0 ||
	    pthread_create(&b->following, NULL, follow, b) != 0)
		base_oom(0);
	return b;
}

void
book_close(struct book *b)
{
	if (!b)
		return;
	atomic_store(&b->stopping, true);
	pthread_join(b->following, NULL);
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->writing, NULL);
	dispose(b);
}
