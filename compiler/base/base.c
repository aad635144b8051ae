/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Arena, buffer and the end of memory.  An arena hands out from chunks that
 * double up to 1 MiB, so an allocation is an addition and a comparison; bigger
 * requests get a chunk of their own.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK_MIN ((size_t)4096)
#define CHUNK_MAX ((size_t)1 << 20)
#define SPARE_TRIES 16

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;                    /* of data */
	_Alignas(16) char data[];
};

static base_oom_fn oom_handler;

void
base_set_oom(base_oom_fn fn)
{
	oom_handler = fn;
}

_Noreturn void
base_oom(size_t wanted)
{
	if (oom_handler)
		oom_handler(wanted);
	abort();
}

void *
base_alloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		base_oom(n);
	return p;
}

void *
base_grow(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		base_oom(n);
	return q;
}

/* --- arena -------------------------------------------------------------- */

/* A spare chunk that is large enough, looked for among the first few, or a new one. */
static struct arena_chunk *
chunk_get(struct arena *a, size_t size)
{
	struct arena_chunk *c, **at = &a->spare;

	for (int i = 0; i < SPARE_TRIES && *at; i++, at = &(*at)->next)
		if ((*at)->size >= size) {
			c = *at;
			*at = c->next;
			return c;
		}
	if (size > SIZE_MAX - sizeof(*c))
		base_oom(size);
	c = base_alloc(sizeof(*c) + size);
	c->size = size;
	a->used += size;
	return c;
}

void *
arena_alloc_slow(struct arena *a, size_t n)
{
	size_t size = a->chunks ? a->chunks->size * 2 : CHUNK_MIN;
	struct arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < CHUNK_MIN)
		size = CHUNK_MIN;
	if (n > size / 4 && a->chunks) {
		/* Big: a chunk of its own behind the current one, which stays open. */
		c = chunk_get(a, n);
		c->next = a->chunks->next;
		a->chunks->next = c;
		return c->data;
	}
	if (n > size)
		size = n;
	c = chunk_get(a, size);
	c->next = a->chunks;
	a->chunks = c;
	a->at = c->data + n;
	a->end = c->data + c->size;
	return c->data;
}

static void
free_chunks(struct arena_chunk *c)
{
	struct arena_chunk *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
}

void
arena_free(struct arena *a)
{
	free_chunks(a->chunks);
	free_chunks(a->spare);
	memset(a, 0, sizeof(*a));
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->chunks, *last;

	if (!keep)
		return;
	if (keep->next) {
		for (last = keep->next; last->next; last = last->next)
			;
		last->next = a->spare;
		a->spare = keep->next;
		keep->next = NULL;
	}
	a->at = keep->data;
	a->end = keep->data + keep->size;
}

char *
arena_copy(struct arena *a, const char *p, size_t n)
{
	char *q = arena_alloc(a, n + 1);

	if (n)
		memcpy(q, p, n);
	q[n] = '\0';
	return q;
}

struct slice
arena_slice(struct arena *a, struct slice s)
{
	return (struct slice){ arena_copy(a, s.p, s.n), s.n };
}

char *
arena_vprintf(struct arena *a, size_t *n, const char *fmt, va_list ap)
{
	char small[256], *p;
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	if (len < 0)
		len = 0;
	if ((size_t)len < sizeof(small)) {
		p = arena_copy(a, small, (size_t)len);
	} else {
		p = arena_alloc(a, (size_t)len + 1);
		vsnprintf(p, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	if (n)
		*n = (size_t)len;
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, NULL, fmt, ap);
	va_end(ap);
	return p;
}

void *
vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap ? *cap * 2 : 4;
	void *w;

	if (more <= *cap)
		base_oom(SIZE_MAX);
	w = arena_alloc(a, (size_t)more * size);
	if (n)
		memcpy(w, v, (size_t)n * size);
	*cap = more;
	return w;
}

/* --- buffer ------------------------------------------------------------- */

void
buf_free(struct buf *b)
{
	if (!b->borrowed)
		free(b->p);
	memset(b, 0, sizeof(*b));
}

void
buf_room_slow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;

	if (n > SIZE_MAX / 2 - b->n)
		base_oom(n);
	while (cap - b->n < n)
		cap *= 2;
	if (b->borrowed) {
		char *p = base_alloc(cap);

		memcpy(p, b->p, b->n);
		b->p = p;
		b->borrowed = false;
	} else {
		b->p = base_grow(b->p, cap);
	}
	b->cap = cap;
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	buf_room(b, 64);
	len = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	if (len > 0 && (size_t)len >= b->cap - b->n)
		vsnprintf(buf_room(b, (size_t)len + 1), (size_t)len + 1, fmt, again);
	va_end(again);
	if (len > 0)
		b->n += (size_t)len;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_uint(struct buf *b, uint64_t v)
{
	enum { MOST = 20 };
	char tmp[2 * MOST], *p = tmp + MOST;

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	/* All that there may be is copied, whose length is known, and what is too much left. */
	memcpy(buf_room(b, MOST), p, MOST);
	b->n += (size_t)(tmp + MOST - p);
}

struct slice
arena_close(struct arena *a, struct buf *b)
{
	struct slice s = buf_view(b);

	if (!b->borrowed || b->n == b->cap)
		return arena_take(a, b);
	b->p[b->n] = '\0';
	arena_alloc(a, b->n + 1);
	return s;
}

/*
 * A buffer of its own, which the chunk only points to, would need a second kind
 * of chunk; growing the buffer by a chunk's head and moving the bytes up is done
 * in place by realloc for the sizes that matter.
 */
struct slice
arena_take(struct arena *a, struct buf *b)
{
	struct arena_chunk *c;
	size_t n = b->n;

	if (n < CHUNK_MAX || b->borrowed || !a->chunks) {
		struct slice s = arena_slice(a, buf_view(b));

		buf_free(b);
		return s;
	}
	c = base_grow(b->p, sizeof(*c) + n + 1);
	memmove(c->data, c, n);
	c->data[n] = '\0';
	c->size = n + 1;
	a->used += c->size;
	c->next = a->chunks->next;
	a->chunks->next = c;
	memset(b, 0, sizeof(*b));
	return (struct slice){ c->data, n };
}
