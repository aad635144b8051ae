/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Pages, size classes and free lists.  An allocation takes the first block of its
 * class's free list, or cuts one from the open page; classes are 16 bytes apart
 * up to 256, then eight to a doubling up to a quarter of a page, so at most an
 * eighth is lost.  Bigger blocks are runs of 2^k pages.
 */
#include "store.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SMALL_MAX (STORE_PAGE / 4)      /* bytes of the biggest block inside a page */
#define SMALL_CLASSES 64                /* 16 + 8 * 6: up to SMALL_MAX */
#define CHUNK_PAGES 32                  /* 2 MiB: a huge page where the kernel has them */

void
store_init(struct store *st)
{
	memset(st, 0, sizeof(*st));
	/* Only what is used of it takes memory. */
	st->page = mmap(NULL, STORE_MAX_PAGES * sizeof(*st->page), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (st->page == MAP_FAILED)
		base_oom(STORE_MAX_PAGES * sizeof(*st->page));
}

void
store_free_all(struct store *st)
{
	for (uint32_t i = 0; i < st->n_chunks; i++)
		free(st->chunks[i]);
	free(st->chunks);
	if (st->page)
		munmap(st->page, STORE_MAX_PAGES * sizeof(*st->page));
	memset(st, 0, sizeof(*st));
}

void
store_map_file(struct store *st, char *pages, uint32_t n, const uint64_t *sums)
{
	st->file = pages;
	st->file_pages = n;
	st->sums = sums;
	atomic_store(&st->pages, n);
}

/* --- pages ------------------------------------------------------------------ */

/* Neighbouring pages, cleared; returns the number of the first. */
static uint32_t
take_pages(struct store *st, uint32_t n)
{
	uint32_t first = atomic_load(&st->pages), own = first - st->file_pages, want = n;
	size_t bytes, align = 4096;
	char *p;

	if (st->spare_end - st->spare >= n) {
		first = st->spare;
		st->spare += n;
		return first;
	}
	/* What is small, or only opened, stays so; big ones grow by whole huge pages. */
	if (want < own / 4)
		want = own / 4 < CHUNK_PAGES ? own / 4 : CHUNK_PAGES;
	if (want % CHUNK_PAGES == 0)
		align = CHUNK_PAGES * STORE_PAGE;
	bytes = want * STORE_PAGE;
	if (want > STORE_MAX_PAGES - first)
		base_oom(bytes);
	p = aligned_alloc(align, bytes);
	if (!p)
		base_oom(bytes);
	if (align > 4096)
		madvise(p, bytes, MADV_HUGEPAGE);
	memset(p, 0, bytes);
	if (st->n_chunks == st->cap_chunks) {
		st->cap_chunks = st->cap_chunks ? st->cap_chunks * 2 : 16;
		st->chunks = base_grow(st->chunks, st->cap_chunks * sizeof(*st->chunks));
	}
	st->chunks[st->n_chunks++] = p;
	for (uint32_t i = 0; i < want; i++)
		atomic_store_explicit(&st->page[first + i], p + i * STORE_PAGE,
		    memory_order_release);
	atomic_store(&st->pages, first + want);
	if (want - n > st->spare_end - st->spare) {
		st->spare = first + n;
		st->spare_end = first + want;
	}
	return first;
}

/* Runs of pages begin behind the first page, whose first grain is nobody's. */
static uint32_t
take_run(struct store *st, uint32_t n)
{
	if (atomic_load(&st->pages) == 0) {
		st->at = take_pages(st, 1) + 1;
		st->end = STORE_PAGE_GRAINS;
	}
	return take_pages(st, n) * STORE_PAGE_GRAINS;
}

static char *
writable(struct store *st, uint32_t ref)
{
	return atomic_load_explicit(&st->page[ref / STORE_PAGE_GRAINS], memory_order_relaxed) +
	    (size_t)(ref % STORE_PAGE_GRAINS) * STORE_GRAIN;
}

/* --- blocks ----------------------------------------------------------------- */

/* The class of n bytes, and how many grains its blocks have. */
static unsigned
class_of(size_t n, uint32_t *grains)
{
	uint32_t g = (uint32_t)((n + STORE_GRAIN - 1) / STORE_GRAIN), k;

	if (g == 0)
		g = 1;
	if (n > SMALL_MAX) {
		uint32_t pages = (uint32_t)((n + STORE_PAGE - 1) / STORE_PAGE);

		k = pages > 1 ? 32 - (unsigned)__builtin_clz(pages - 1) : 0;
		*grains = STORE_PAGE_GRAINS << k;
		return SMALL_CLASSES + k;
	}
	if (g <= 16) {
		*grains = g;
		return g - 1;
	}
	k = 31 - (unsigned)__builtin_clz(g - 1);        /* 4.. : 2^k < g <= 2^(k+1) */
	*grains = (((g - 1) >> (k - 3)) + 1) << (k - 3);
	return 16 + (k - 4) * 8 + ((g - 1) >> (k - 3)) - 8;
}

static void
push_free(struct store *st, unsigned class, uint32_t ref)
{
	memcpy(writable(st, ref), &st->free[class], sizeof(ref));
	st->free[class] = ref;
}

/* What is left of the open page goes to the free lists, biggest blocks first. */
static void
close_page(struct store *st)
{
	while (st->at < st->end) {
		uint32_t left = st->end - st->at, grains;
		unsigned class = class_of((size_t)left * STORE_GRAIN > SMALL_MAX ? SMALL_MAX
		    : (size_t)left * STORE_GRAIN, &grains);

		while (grains > left) {
			left--;
			class = class_of((size_t)left * STORE_GRAIN, &grains);
		}
		push_free(st, class, st->at);
		st->at += grains;
	}
}

uint32_t
store_alloc(struct store *st, size_t n, void *where)
{
	uint32_t grains, ref;
	unsigned class = class_of(n, &grains);
	char *p;

	st->live += (size_t)grains * STORE_GRAIN;
	if (st->free[class]) {
		ref = st->free[class];
		p = writable(st, ref);
		memcpy(&st->free[class], p, sizeof(ref));
	} else if (class >= SMALL_CLASSES) {
		ref = take_run(st, grains / STORE_PAGE_GRAINS);
		p = writable(st, ref);
	} else {
		if (st->end - st->at < grains) {
			uint32_t first = take_pages(st, 1);

			close_page(st);
			st->at = first * STORE_PAGE_GRAINS;
			st->end = st->at + STORE_PAGE_GRAINS;
			st->at += st->at == 0;
		}
		ref = st->at;
		st->at += grains;
		p = writable(st, ref);
	}
	memcpy(where, &p, sizeof(p));
	return ref;
}

void
store_free(struct store *st, uint32_t ref, size_t n)
{
	uint32_t grains;
	unsigned class = class_of(n, &grains);

	if (ref / STORE_PAGE_GRAINS < st->file_pages)
		return;
	st->live -= (size_t)grains * STORE_GRAIN;
	push_free(st, class, ref);
}

uint32_t
store_alloc_pages(struct store *st, uint32_t n, void *where)
{
	uint32_t ref = take_run(st, n);
	char *p = writable(st, ref);

	st->live += n * STORE_PAGE;
	memcpy(where, &p, sizeof(p));
	return ref;
}

size_t
store_bytes(const struct store *st)
{
	return (atomic_load(&((struct store *)st)->pages) - st->file_pages) * STORE_PAGE;
}

/* --- reading ---------------------------------------------------------------- */

/*
 * Four lanes of multiply and rotate, 32 bytes a step: made to find damage at the
 * speed of memory, not to withstand forgery (against that every access is
 * checked).
 */
uint64_t
store_sum(const void *data, size_t n)
{
	static const uint64_t m = 0x9fb21c651e98df25u;
	uint64_t lane[4] = { m, m ^ 0x5555555555555555u, ~m, n }, w[4];
	const char *p = data;
	unsigned char tail[32] = { 0 };

	for (; n >= 32; n -= 32, p += 32) {
		memcpy(w, p, 32);
		for (int i = 0; i < 4; i++) {
			lane[i] = (lane[i] ^ w[i]) * m;
			lane[i] ^= lane[i] >> 29;
		}
	}
	memcpy(tail, p, n);
	memcpy(w, tail, 32);
	for (int i = 0; i < 4; i++) {
		lane[i] = (lane[i] ^ w[i]) * m;
		lane[i] ^= lane[i] >> 32;
	}
	for (int i = 1; i < 4; i++) {
		lane[0] = (lane[0] ^ lane[i]) * m;
		lane[0] ^= lane[0] >> 31;
	}
	return lane[0];
}

static const char *
check_page(struct store *st, uint32_t number)
{
	char *page;

	if (number >= STORE_MAX_PAGES)
		return NULL;
	page = atomic_load_explicit(&st->page[number], memory_order_acquire);
	if (page || number >= st->file_pages)
		return page;
	page = st->file + number * STORE_PAGE;
	if (store_sum(page, STORE_PAGE) != st->sums[number])
		return NULL;
	atomic_store_explicit(&st->page[number], page, memory_order_release);
	return page;
}

const void *
store_at_slow(struct store *st, uint32_t ref, size_t n)
{
	uint32_t number = ref / STORE_PAGE_GRAINS;
	size_t off = (size_t)(ref % STORE_PAGE_GRAINS) * STORE_GRAIN;
	const char *first = check_page(st, number);
	uint32_t more = (uint32_t)((off + n + STORE_PAGE - 1) / STORE_PAGE);

	for (uint32_t i = 1; first && i < more; i++)
		if (n > STORE_MAX_PAGES * STORE_PAGE ||
		    check_page(st, number + i) != first + i * STORE_PAGE)
			first = NULL;
	if (!first) {
		store_mark_corrupt(st);
		return NULL;
	}
	return first + off;
}
