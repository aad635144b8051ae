/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Server-sent events.  The last updates stand in memory as texts of events, in a ring
 * ordered by number; a stream is a number up to which its reader has all.  What is
 * older than the ring comes from the store, without the lock, until the ring is
 * reached; because both are ordered by number, nothing is left out or sent twice at
 * the seam.
 */
#include <stdlib.h>

#include "../../compiler/base/text.h"
#include "feed_int.h"

#define REPLAY_AT_ONCE 256

static const char sync_event[] =
    "event: sync\ndata: {\"name\":\"sync\",\"value\":{\"type\":\"sync\"}}\n\n";

/* A name may come from anybody, a line end in it would begin a field of its own. */
static void
write_line(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_char(out, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
}

static void
write_event(struct buf *out, const struct feed_update *u)
{
	buf_str(out, "id: ");
	buf_uint(out, u->id);
	buf_str(out, "\nevent: ");
	write_line(out, u->name);
	buf_str(out, "\ndata: {\"id\":");
	buf_uint(out, u->id);
	buf_str(out, ",\"name\":");
	text_json(out, u->name);
	buf_str(out, ",\"req_id\":");
	text_json(out, u->req_id);
	buf_str(out, ",\"value\":");
	/* Between tokens of JSON a line end is as good as a blank, in strings there is none. */
	write_line(out, u->value);
	buf_str(out, "}\n\n");
}

/* --- the ring ---------------------------------------------------------------------------- */

static void
forget_oldest(struct feed *f)
{
	struct memory *m = &f->memory[f->memory_head];

	f->memory_floor = m->id;
	f->memory_bytes -= m->text.n;
	free((char *)m->text.p);
	f->memory_head = (f->memory_head + 1) % MEMORY_UPDATES;
	f->memory_n--;
}

void
stream_remember(struct feed *f, const struct feed_update *u)
{
	struct buf text = { 0 };

	write_event(&text, u);
	while (f->memory_n == MEMORY_UPDATES ||
	    (f->memory_n > 0 && f->memory_bytes + text.n > MEMORY_BYTES))
		forget_oldest(f);
	f->memory[(f->memory_head + f->memory_n++) % MEMORY_UPDATES] =
	    (struct memory){ u->id, buf_view(&text) };
	f->memory_bytes += text.n;
}

void
stream_forget_all(struct feed *f)
{
	while (f->memory_n > 0)
		forget_oldest(f);
}

/* The first one with a number above id; NULL if there is none. */
static const struct memory *
find_after(const struct feed *f, uint64_t id)
{
	uint32_t low = 0, high = f->memory_n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (f->memory[(f->memory_head + mid) % MEMORY_UPDATES].id > id)
			high = mid;
		else
			low = mid + 1;
	}
	return low == f->memory_n ? NULL : &f->memory[(f->memory_head + low) % MEMORY_UPDATES];
}

/* --- waking ------------------------------------------------------------------------------- */

static void
stir(struct feed_stream *s)
{
	if (!s->quiet)
		return;
	s->quiet = false;
	s->wake(s->context);
}

void
stream_wake_all(struct feed *f)
{
	for (uint32_t i = 0; i < f->n_streams; i++)
		stir(f->streams[i]);
}

void
stream_tick(struct feed *f)
{
	for (uint32_t i = 0; i < f->n_streams; i++) {
		struct feed_stream *s = f->streams[i];

		if (s->quiet && f->now >= s->since + f->opts.limits.beat_ms) {
			s->beat = true;
			stir(s);
		}
	}
}

void
stream_rewind(struct feed *f)
{
	stream_forget_all(f);
	f->memory_floor = f->last_id;
	for (uint32_t i = 0; i < f->n_streams; i++) {
		f->streams[i]->lost = true;
		stir(f->streams[i]);
	}
}

/* --- one stream ----------------------------------------------------------------------------- */

struct feed_stream *
feed_subscribe(struct feed *f, const uint64_t *since, void (*wake)(void *context), void *context)
{
	struct feed_stream *s = NULL;

	pthread_mutex_lock(&f->lock);
	if (!f->stopping && f->n_streams < f->opts.limits.streams) {
		s = base_alloc(sizeof(*s));
		*s = (struct feed_stream){ .feed = f, .wake = wake, .context = context,
			.cursor = since ? *since : f->last_id, .since = feed_now(),
			/* A number that was not seen here yet: of another time, perhaps. */
			.ask = since && *since > f->last_id, .at = f->n_streams };
		FEED_ROOM(f->streams, f->n_streams, f->streams_room);
		f->streams[f->n_streams++] = s;
	}
	pthread_mutex_unlock(&f->lock);
	return s;
}

void
feed_unsubscribe(struct feed_stream *s)
{
	struct feed *f;

	if (!s)
		return;
	f = s->feed;
	pthread_mutex_lock(&f->lock);
	f->streams[s->at] = f->streams[--f->n_streams];
	f->streams[s->at]->at = s->at;
	pthread_mutex_unlock(&f->lock);
	free(s);
}

struct catch_up {
	struct feed_stream *s;
	struct buf *out;
	size_t end;
	uint32_t n;
};

static bool
add_stored(void *context, const struct feed_update *u)
{
	struct catch_up *c = context;

	c->n++;
	c->s->cursor = u->id;
	write_event(c->out, u);
	return c->out->n < c->end;
}

/* What memory does not hold.  Called without the lock. */
static enum feed_replay
replay(struct feed_stream *s, uint64_t floor, struct buf *out, size_t end)
{
	struct feed *f = s->feed;
	struct catch_up c = { s, out, end, 0 };
	enum feed_replay result = FEED_LOST;

	if (f->opts.replay)
		result = f->opts.replay(f->opts.replay_context, s->cursor, REPLAY_AT_ONCE,
		    add_stored, &c);
	/* Nothing between them: the ring goes on from here. */
	if (result == FEED_REPLAYED && c.n == 0 && s->cursor < floor)
		s->cursor = floor;
	return result;
}

/* One step: an event or some.  FEED_QUIET: there are no more.  Called under the lock. */
static enum feed_next
step(struct feed_stream *s, struct buf *out, size_t end)
{
	struct feed *f = s->feed;
	uint64_t floor = f->memory_floor;
	enum feed_replay result;
	const struct memory *m;

	if (f->stopping)
		return FEED_END;
	if (s->lost) {
		s->lost = s->ask = false;
		buf_str(out, sync_event);
		s->cursor = f->last_id;
		return FEED_TEXT;
	}
	if (!s->ask && s->cursor >= floor) {
		if (!(m = find_after(f, s->cursor)))
			return FEED_QUIET;
		buf_slice(out, m->text);
		s->cursor = m->id;
		return FEED_TEXT;
	}
	s->ask = false;
	pthread_mutex_unlock(&f->lock);
	result = replay(s, floor, out, end);
	pthread_mutex_lock(&f->lock);
	if (result == FEED_LOST) {
		buf_str(out, sync_event);
		s->cursor = f->last_id;
	}
	return result == FEED_FAILED ? FEED_END : FEED_TEXT;
}

enum feed_next
feed_next(struct feed_stream *s, struct buf *out, size_t room)
{
	struct feed *f = s->feed;
	size_t begin = out->n, end = begin + room;
	enum feed_next result = FEED_TEXT;

	pthread_mutex_lock(&f->lock);
	while (result == FEED_TEXT && (out->n == begin || out->n < end))
		result = step(s, out, end);
	if (out->n == begin && result == FEED_QUIET && s->beat)
		buf_str(out, ": \n\n");
	s->beat = false;
	if (out->n > begin) {
		s->since = feed_now();
		result = FEED_TEXT;
	}
	s->quiet = result == FEED_QUIET;
	pthread_mutex_unlock(&f->lock);
	return result;
}
