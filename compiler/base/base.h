/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What every other file stands on: the arena, the growable buffer, byte
 * slices and what happens when memory ends.
 *
 * Ownership: an arena owns all that is allocated from it and frees it at once;
 * a buffer owns its bytes.  Nothing here does I/O.
 */
#ifndef FWR_BASE_BASE_H
#define FWR_BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BASE_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A run of bytes that somebody else owns.  Not NUL terminated: it may hold NUL. */
struct slice {
	const char *p;
	size_t n;
};

static inline struct slice
slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
slice_is(struct slice a, const char *text)
{
	return slice_eq(a, slice_of(text));
}

/* --- memory ------------------------------------------------------------- */

/*
 * Exhausted memory is not an error that callers handle: the handler is called,
 * and the default one aborts.  A handler may longjmp or exit; if it returns,
 * the process aborts.
 */
typedef void (*base_oom_fn)(size_t wanted);
void base_set_oom(base_oom_fn fn);
_Noreturn void base_oom(size_t wanted);
void *base_alloc(size_t n);             /* malloc or base_oom */
void *base_grow(void *p, size_t n);     /* realloc or base_oom */

/* --- arena -------------------------------------------------------------- */

struct arena_chunk;

struct arena {
	char *at, *end;
	struct arena_chunk *chunks;     /* newest first */
	struct arena_chunk *spare;      /* kept by a reset for the next use */
	size_t used;                    /* bytes in all chunks, for limits and reports */
};

void *arena_alloc_slow(struct arena *a, size_t n);
void arena_free(struct arena *a);
/* Forgets all allocations but keeps the memory for the next use. */
void arena_reset(struct arena *a);

/* Bytes aligned to 8, not cleared. */
static inline void *
arena_alloc(struct arena *a, size_t n)
{
	n = (n + 7 + !n) & ~(size_t)7;
	if (n <= (size_t)(a->end - a->at)) {
		void *p = a->at;

		a->at += n;
		return p;
	}
	return arena_alloc_slow(a, n);
}

static inline void *
arena_zero(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

/* A copy, with a NUL behind it. */
char *arena_copy(struct arena *a, const char *p, size_t n);
struct slice arena_slice(struct arena *a, struct slice s);
/* NUL-terminated formatted text in the arena; *n, where given, is its length. */
char *arena_vprintf(struct arena *a, size_t *n, const char *fmt, va_list ap);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A vector in an arena: VEC(T) declares it, vec_push grows it by doubling.
 * The space that growth leaves behind is the arena's until it is freed.
 */
#define VEC(T)                                                                 \
	struct {                                                               \
		T *v;                                                          \
		uint32_t n, cap;                                               \
	}

void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t size);

#define vec_push(a, vec)                                                       \
	((vec)->n == (vec)->cap                                                \
		? (void)((vec)->v = vec_grow((a), (vec)->v, (vec)->n,          \
			     &(vec)->cap, sizeof(*(vec)->v)))                   \
		: (void)0,                                                     \
	    &(vec)->v[(vec)->n++])

/* --- buffer ------------------------------------------------------------- */

struct buf {
	char *p;
	size_t n, cap;
	bool borrowed;                  /* p is somebody else's until it grows */
};

void buf_free(struct buf *b);

/* Starts an empty buffer in memory of the caller's, which spares small texts a malloc. */
static inline void
buf_borrow(struct buf *b, char *space, size_t size)
{
	*b = (struct buf){ space, 0, size, true };
}

void buf_room_slow(struct buf *b, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);

/* Makes room for n more bytes and returns where they go; add to b->n what was used. */
static inline char *
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->n < n)
		buf_room_slow(b, n);
	return b->p + b->n;
}

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->n += n;
}

static inline void
buf_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

static inline void
buf_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}

/* A NUL-terminated text; with a literal the length is known when compiled. */
static inline void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_uint(struct buf *b, uint64_t v);

/*
 * A text written where it will stay, in an arena's free space, as long as there is room:
 * nothing else may be allocated from the arena between the two.
 */
static inline void
arena_open(struct arena *a, struct buf *b)
{
	buf_borrow(b, a->at, (size_t)(a->end - a->at));
}

struct slice arena_close(struct arena *a, struct buf *b);

/* Moves a buffer's bytes to an arena; large ones change hands without a copy. */
struct slice arena_take(struct arena *a, struct buf *b);

static inline struct slice
buf_view(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

#endif
