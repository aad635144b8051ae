/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The memory of an index: blocks in pages of 64 KiB, named by 32-bit references
 * instead of pointers, so that a page may stand in memory or in a mapped file
 * and means the same in both.
 *
 * A reference counts grains of 16 bytes from the first page; 0 names nothing.  A
 * block is written before it is published and never changed after that; a block
 * that no state refers to any more is retired, and freed once no reader can see
 * it.  One writer at a time; any number of readers.
 *
 * A page of a file is checked against its checksum when it is first touched.
 * Reading goes through store_at, which knows where every page ends: a reference
 * that a damaged file holds finds NULL and marks the store, never foreign memory.
 */
#ifndef FWR_INDEX_STORE_H
#define FWR_INDEX_STORE_H

#include <stdatomic.h>

#include "../../compiler/base/base.h"

#define STORE_GRAIN 16
#define STORE_PAGE ((size_t)65536)
#define STORE_PAGE_GRAINS ((uint32_t)(STORE_PAGE / STORE_GRAIN))
#define STORE_MAX_PAGES ((uint32_t)1 << 19)     /* 32 GiB: references have 31 bits */
#define STORE_CLASSES 116

struct store_retired {
	uint64_t epoch;                 /* the last state that refers to it */
	uint32_t ref;
	uint32_t bytes;                 /* 0: ref is a rule's number, not a block */
};

struct store {
	/* By number; NULL: not there, or of a file and not checked yet. */
	_Atomic(char *) *page;
	_Atomic uint32_t pages;
	uint32_t file_pages;            /* the first of them are the file's */
	char *file;                     /* where page 0 of the file is */
	const uint64_t *sums;           /* one a page of the file */
	_Atomic bool corrupt;

	/* The writer's: */
	uint32_t at, end;               /* grains of the open page */
	uint32_t spare, spare_end;      /* pages that the last chunk still has */
	uint32_t free[STORE_CLASSES];
	void **chunks;
	uint32_t n_chunks, cap_chunks;
	size_t live;                    /* bytes in blocks, retired ones included */
};

void store_init(struct store *st);
void store_free_all(struct store *st);
/* Lets the store begin with a file's pages; sums and pages must outlive it. */
void store_map_file(struct store *st, char *pages, uint32_t n, const uint64_t *sums);

/* A block of at least n bytes, not cleared; *p is where to write it. */
uint32_t store_alloc(struct store *st, size_t n, void *p);
/* n must be what was allocated.  Blocks of the file are only forgotten. */
void store_free(struct store *st, uint32_t ref, size_t n);
/* Whole, neighbouring, cleared pages, never freed. */
uint32_t store_alloc_pages(struct store *st, uint32_t n, void *p);

/* How much memory the pages take; the file's pages are not counted. */
size_t store_bytes(const struct store *st);

uint64_t store_sum(const void *p, size_t n);
const void *store_at_slow(struct store *st, uint32_t ref, size_t n);

/* The n bytes at ref, or NULL with the store marked corrupt. */
static inline const void *
store_at(struct store *st, uint32_t ref, size_t n)
{
	uint32_t number = ref / STORE_PAGE_GRAINS;
	size_t off = (size_t)(ref % STORE_PAGE_GRAINS) * STORE_GRAIN;
	const char *page;

	if (__builtin_expect(number >= STORE_MAX_PAGES || off + n > STORE_PAGE, 0))
		return store_at_slow(st, ref, n);
	page = atomic_load_explicit(&st->page[number], memory_order_acquire);
	if (__builtin_expect(!page, 0))
		return store_at_slow(st, ref, n);
	return page + off;
}

/* Fetches some of what stands at ref, if it is in memory and checked. */
static inline void
store_prefetch(struct store *st, uint32_t ref, size_t n)
{
	uint32_t number = ref / STORE_PAGE_GRAINS;
	const char *page = number < STORE_MAX_PAGES
	    ? atomic_load_explicit(&st->page[number], memory_order_acquire) : NULL;

	if (!page)
		return;
	page += (size_t)(ref % STORE_PAGE_GRAINS) * STORE_GRAIN;
	for (size_t i = 0; i < n; i += 64)
		__builtin_prefetch(page + i);
}

static inline bool
store_is_corrupt(struct store *st)
{
	return atomic_load_explicit(&st->corrupt, memory_order_relaxed);
}

static inline void
store_mark_corrupt(struct store *st)
{
	atomic_store_explicit(&st->corrupt, true, memory_order_relaxed);
}

#endif
