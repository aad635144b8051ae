/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The index file: a head, the checksums of the pages, and the pages as they stand
 * in memory.  Opening maps it and checks the head and the checksums' own
 * checksum; of a small file it checks all pages as well, of a big one each page
 * when it is first touched (store.h), so that opening costs no time in
 * proportion to the rules.  A page that is read is thus always one that was
 * checked.
 *
 * Numbers are as this machine has them: a file of the other byte order is
 * refused, not converted, for it is made again from the rules in seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../compiler/input/input.h"
#include "index_int.h"

#define FILE_VERSION 3u
#define FILE_ORDER 0x01020304u
#define EAGER_PAGES 256                 /* 16 MiB: checked whole when opened, in some 2 ms */
#define NOWHERE ((struct span){ 0, 0 })

static size_t
sums_bytes(uint32_t pages)
{
	size_t bytes = pages * sizeof(uint64_t);

	return (bytes + INDEX_HEAD_BYTES - 1) / INDEX_HEAD_BYTES * INDEX_HEAD_BYTES;
}

uint64_t
index_head_sum(const char *bytes)
{
	union index_head_page copy;

	memcpy(&copy, bytes, sizeof(copy));
	copy.h.sum = 0;
	return store_sum(&copy, sizeof(copy));
}

/* --- opening ------------------------------------------------------------------- */

static void *
refuse(struct diags *diags, struct slice name, const char *fmt, ...)
{
	struct src *src = arena_zero(diags->arena, sizeof(*src));
	va_list ap;

	src->name = arena_slice(diags->arena, name);
	va_start(ap, fmt);
	diag_add(diags, DIAG_index_file, src, NOWHERE,
	    arena_vprintf(diags->arena, NULL, fmt, ap));
	va_end(ap);
	return NULL;
}

/* The first failure in words, or NULL. */
static const char *
check_head(struct diags *diags, const struct index_head *h, size_t n)
{
	if (n < sizeof(h->magic) || memcmp(h->magic, INDEX_MAGIC, sizeof(h->magic)) != 0)
		return "is not one";
	if (n < INDEX_HEAD_BYTES)
		return arena_printf(diags->arena, "is cut off: %zu bytes are not even its head", n);
	if (h->order == __builtin_bswap32(FILE_ORDER))
		return "was made on a machine of the other byte order; build it again from the rules";
	if (h->order == FILE_ORDER && h->version != FILE_VERSION)
		return arena_printf(diags->arena, "is of version %u, and this program reads "
		    "version %u; build it again from the rules", h->version, FILE_VERSION);
	if (h->order != FILE_ORDER || h->sum != index_head_sum((const char *)h))
		return "is damaged: its head does not match its checksum";
	if (h->bytes != n)
		return arena_printf(diags->arena, n < h->bytes
		    ? "is cut off: it has %zu of %llu bytes"
		    : "is damaged: it has %zu bytes, and %llu were written",
		    n, (unsigned long long)h->bytes);
	if (h->pages > STORE_MAX_PAGES || h->sorted > SET_MAX_NUMBER ||
	    h->bytes != INDEX_HEAD_BYTES + sums_bytes(h->pages) + h->pages * STORE_PAGE ||
	    h->numbers % STORE_PAGE_GRAINS != 0 || h->state.rules != h->sorted ||
	    (uint64_t)h->numbers / STORE_PAGE_GRAINS + h->sorted / NUMBERS_PER_PAGE >= h->pages)
		return "is damaged: its head contradicts itself";
	return NULL;
}

static bool
check_pages(struct index *ix, struct slice name, struct diags *diags)
{
	struct store *st = &ix->store;

	for (uint32_t i = 0; i < st->file_pages; i++)
		if (!store_at(st, i * STORE_PAGE_GRAINS, 1)) {
			refuse(diags, name, "is damaged: page %u of %u does not match its checksum",
			    i, st->file_pages);
			return false;
		}
	return true;
}

struct index *
index_open_bytes(struct slice name, const char *bytes, size_t n, struct diags *diags)
{
	const struct index_head *h = (const struct index_head *)bytes;
	const char *bad = check_head(diags, h, n);
	const char *sums = bytes + INDEX_HEAD_BYTES;
	struct index_state *state;
	struct index *ix;

	if (bad)
		return refuse(diags, name, "%s", bad);
	if (store_sum(sums, sums_bytes(h->pages)) != h->sums)
		return refuse(diags, name, "is damaged: its checksums do not match theirs");
	ix = index_alloc();
	memcpy(ix->tag_key, h->tag_key, sizeof(ix->tag_key));
	/* The writer never writes to pages of the file. */
	store_map_file(&ix->store, (char *)(uintptr_t)(sums + sums_bytes(h->pages)), h->pages,
	    (const uint64_t *)sums);
	for (uint32_t i = 0; i <= h->sorted / NUMBERS_PER_PAGE; i++)
		atomic_store(&ix->number_page[i], h->numbers + i * STORE_PAGE_GRAINS);
	ix->sorted = h->sorted;
	/* New numbers begin on a page of their own. */
	ix->numbers = (h->sorted / NUMBERS_PER_PAGE + 1) * NUMBERS_PER_PAGE;
	ix->file_bytes = n;
	if (h->pages <= EAGER_PAGES && !check_pages(ix, name, diags)) {
		index_free(ix);
		return NULL;
	}
	atomic_store(&ix->state, store_alloc(&ix->store, sizeof(*state), &state));
	*state = h->state;
	return ix;
}

bool
index_is_file(const char *path)
{
	char head[INDEX_MAGIC_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    memcmp(head, INDEX_MAGIC, sizeof(head)) == 0;
	close(fd);
	return is;
}

struct index *
index_open(const char *path, struct diags *diags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct slice name = slice_of(path);
	struct index *ix = NULL;
	struct src *src;
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st) != 0) {
		src = arena_zero(diags->arena, sizeof(*src));
		src->name = arena_slice(diags->arena, name);
		diag_add(diags, DIAG_cannot_read, src, NOWHERE, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < INDEX_HEAD_BYTES) {
		close(fd);
		return refuse(diags, name, S_ISREG(st.st_mode) ? "is cut off: %lld bytes are not even "
		    "its head" : "is not a regular file", (long long)st.st_size);
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return refuse(diags, name, "cannot be mapped: %s", strerror(errno));
	ix = index_open_bytes(name, map, (size_t)st.st_size, diags);
	if (ix)
		ix->file = map;
	else
		munmap(map, (size_t)st.st_size);
	return ix;
}

bool
index_verify(struct index *ix, struct slice name, struct diags *diags)
{
	return check_pages(ix, name, diags);
}

/* --- saving -------------------------------------------------------------------- */

static bool
write_run(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t w = write(fd, p, n < (1 << 30) ? n : 1 << 30);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static const char *
page_at(struct index *ix, uint32_t i)
{
	return atomic_load_explicit(&ix->store.page[i], memory_order_relaxed);
}

static bool
write_index(int fd, struct index *ix)
{
	union index_head_page head;
	uint32_t pages = atomic_load(&ix->store.pages);
	uint64_t *sums = base_alloc(sums_bytes(pages));
	const struct index_state *state = store_at(&ix->store, atomic_load(&ix->state),
	    sizeof(*state));
	bool good;

	/* Pages that a chunk has to spare stand at the end. */
	if (ix->store.spare < ix->store.spare_end && ix->store.spare_end == pages)
		pages = ix->store.spare;
	memset(sums, 0, sums_bytes(pages));
	for (uint32_t i = 0; i < pages; i++)
		sums[i] = store_sum(page_at(ix, i), STORE_PAGE);
	memset(&head, 0, sizeof(head));
	memcpy(head.h.magic, INDEX_MAGIC, sizeof(head.h.magic));
	head.h.order = FILE_ORDER;
	head.h.version = FILE_VERSION;
	head.h.bytes = INDEX_HEAD_BYTES + sums_bytes(pages) + pages * STORE_PAGE;
	head.h.pages = pages;
	head.h.sorted = ix->sorted;
	head.h.numbers = atomic_load(&ix->number_page[0]);
	memcpy(head.h.tag_key, ix->tag_key, sizeof(head.h.tag_key));
	head.h.state = *state;
	head.h.sums = store_sum(sums, sums_bytes(pages));
	head.h.sum = index_head_sum(head.bytes);
	good = write_run(fd, head.bytes, sizeof(head.bytes)) &&
	    write_run(fd, sums, sums_bytes(pages));
	for (uint32_t i = 0; good && i < pages; i++)
		good = write_run(fd, page_at(ix, i), STORE_PAGE);
	free(sums);
	return good && fsync(fd) == 0;
}

/* The rules of an index that has seen changes, or stands on a file, in order. */
struct live {
	struct index_reader *rd;
	struct tree_iter it;
	const struct map_entry *run;
	uint32_t n;
	struct rule view;
	struct record_room room;
};

static const struct rule *
next_live(void *context)
{
	struct live *l = context;

	if (l->n == 0 && (l->run = tree_next_run(&l->it, &l->n)) == NULL) {
		l->n = 0;
		return NULL;
	}
	l->n--;
	return index_view(l->rd, l->run++->value, &l->view, &l->room) ? &l->view : NULL;
}

static struct index *
pack(struct index *ix)
{
	struct live *l = base_alloc(sizeof(*l));
	struct index *packed;

	l->n = 0;
	l->rd = index_reader_new(ix);
	index_begin(l->rd);
	tree_begin(&l->it, &ix->store, TREE_MAP, l->rd->state.map[MAP_UUID], NULL);
	packed = index_build_from(next_live, l, l->rd->state.rules);
	index_end(l->rd);
	index_reader_free(l->rd);
	free(l);
	return packed;
}

static bool
replace_file(struct index *ix, const char *path, int *error)
{
	struct buf tmp = { 0 };
	bool good;
	int fd;

	buf_printf(&tmp, "%s.%ld.tmp", path, (long)getpid());
	buf_char(&tmp, '\0');
	unlink(tmp.p);
	fd = open(tmp.p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	good = fd >= 0 && write_index(fd, ix);
	*error = errno;
	if (fd >= 0 && close(fd) != 0 && good) {
		good = false;
		*error = errno;
	}
	if (good && rename(tmp.p, path) != 0) {
		good = false;
		*error = errno;
	}
	if (!good && fd >= 0)
		unlink(tmp.p);
	buf_free(&tmp);
	return good;
}

bool
index_save(struct index *ix, const char *path, struct diags *diags)
{
	struct index *packed = NULL;
	struct src *src;
	int error = 0;
	bool good;

	if (ix->changes || ix->file_bytes || ix->numbers == 0)
		packed = pack(ix);
	if (store_is_corrupt(&ix->store)) {
		index_free(packed);
		refuse(diags, slice_of(path), "was not written: the one it is made from is damaged");
		return false;
	}
	good = replace_file(packed ? packed : ix, path, &error);
	index_free(packed);
	if (good)
		return true;
	src = arena_zero(diags->arena, sizeof(*src));
	src->name = arena_slice(diags->arena, slice_of(path));
	diag_add(diags, DIAG_cannot_write, src, NOWHERE, strerror(error));
	return false;
}

/* --- as an input format ---------------------------------------------------------- */

static bool
is_index(struct slice text)
{
	return text.n >= INDEX_MAGIC_SIZE && memcmp(text.p, INDEX_MAGIC, INDEX_MAGIC_SIZE) == 0;
}

struct reading {
	struct index_reader *rd;
	struct input *in;
	const struct src *src;
	struct record_room room;
};

static bool
read_rule(void *context, uint32_t number)
{
	struct reading *r = context;
	struct rule view;

	if (!index_view(r->rd, number, &view, &r->room))
		return false;
	input_add(r->in, record_copy(r->in->arena, &view), r->src, NOWHERE);
	return true;
}

static void
read_index(struct input *in, const struct src *src)
{
	struct index *ix = index_open_bytes(src->name, src->text.p, src->text.n, in->diags);
	struct reading *r;

	if (!ix)
		return;
	if (index_verify(ix, src->name, in->diags)) {
		r = base_alloc(sizeof(*r));
		r->rd = index_reader_new(ix);
		r->in = in;
		r->src = src;
		index_begin(r->rd);
		index_walk(r->rd, read_rule, r);
		index_end(r->rd);
		index_reader_free(r->rd);
		free(r);
		if (store_is_corrupt(&ix->store))
			refuse(in->diags, src->name, "is damaged: it contradicts itself");
	}
	index_free(ix);
}

static void
add_format(void)
{
	static const struct input_format format = { is_index, read_index };

	input_add_format(&format);
}

void
index_add_input_format(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, add_format);
}
