/* SPDX-License-Identifier: MPL-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

const char *
files_why(int error)
{
	switch (error) {
	case FILES_SPECIAL:
		return "not a regular file";
	case FILES_DOTS:
		return "the path holds `..`";
	case FILES_LARGE:
		return "too large";
	case FILES_NOWHERE:
		return "the VM has no zonepath";
	case ELOOP:
		return "a symbolic link, which is not followed";
	case ENOTDIR:
		return "not a folder, or a symbolic link, which is not followed";
	default:
		return strerror(error);
	}
}

/* --- folders ---------------------------------------------------------------------- */

static int
open_one(int at, const char *name, bool make)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	if (mkdirat(at, name, 0755) != 0 && errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
files_open_folder(int at, const char *path, bool make, int *out)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next, error;
	char name[256];

	while (fd >= 0) {
		size_t n;

		while (*path == '/')
			path++;
		n = strcspn(path, "/");
		if (n == 0) {
			*out = fd;
			return 0;
		}
		if (n >= sizeof(name) || (n == 2 && memcmp(path, "..", 2) == 0)) {
			close(fd);
			return n == 2 ? FILES_DOTS : ENAMETOOLONG;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		next = open_one(fd, name, make);
		error = errno;
		close(fd);
		errno = error;
		fd = next;
	}
	return errno;
}

/* --- reading ------------------------------------------------------------------------ */

static int
read_to_end(int fd, size_t max, struct buf *out)
{
	for (;;) {
		size_t left = max + 1 - out->n, room;
		ssize_t n;

		if (left == 0)
			return FILES_LARGE;
		buf_room(out, 1);
		room = out->cap - out->n < left ? out->cap - out->n : left;
		n = read(fd, out->p + out->n, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		out->n += (size_t)n;
		/* Less than was asked for: a regular file has no more. */
		if ((size_t)n < room)
			return 0;
	}
}

/* A FIFO or a terminal is opened without waiting. */
static int
open_to_read(int folder, const char *name, int *out)
{
	do
		*out = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (*out < 0 && errno == EINTR);
	return *out >= 0 ? 0 : errno == ENXIO ? FILES_SPECIAL : errno;
}

int
files_read_plain(int folder, const char *name, size_t max, struct buf *out)
{
	int fd, error = open_to_read(folder, name, &fd);

	out->n = 0;
	if (error)
		return error;
	buf_room(out, 8192);
	error = read_to_end(fd, max, out);
	close(fd);
	return error == EAGAIN || error == EISDIR ? FILES_SPECIAL : error;
}

int
files_read(int folder, const char *name, size_t max, struct buf *out, struct stat *st)
{
	struct stat own;
	int fd, error = open_to_read(folder, name, &fd);

	st = st ? st : &own;
	out->n = 0;
	if (error)
		return error;
	if (fstat(fd, st) != 0)
		error = errno;
	else if (!S_ISREG(st->st_mode))
		error = FILES_SPECIAL;
	else if (st->st_size < 0 || (size_t)st->st_size > max)
		error = FILES_LARGE;
	if (!error) {
		buf_room(out, (size_t)st->st_size + 1);
		error = read_to_end(fd, max, out);
	}
	close(fd);
	return error;
}

/* --- writing ------------------------------------------------------------------------ */

int
files_write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return errno;
		if (w == 0)
			return EIO;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

char *
files_temporary(struct arena *arena, const char *name)
{
	return arena_printf(arena, ".%s.tmp", name);
}

int
files_remove(int folder, const char *name)
{
	return unlinkat(folder, name, 0) == 0 || errno == ENOENT ? 0 : errno;
}

static int
sync_fd(int fd)
{
	int error;

	do
		error = fsync(fd) == 0 ? 0 : errno;
	while (error == EINTR);
	return error;
}

int
files_sync(int folder)
{
	int error = sync_fd(folder);

	/* Some file systems cannot synchronize a folder. */
	return error == EINVAL || error == ENOTSUP ? 0 : error;
}

/* What an interrupted run left under the temporary name goes first. */
static int
begin_temporary(int folder, const char *tmp, struct slice text, int *out)
{
	int fd, error = files_remove(folder, tmp);

	if (error)
		return error;
	do
		fd = openat(folder, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return errno;
	*out = fd;
	return files_write_all(fd, text.p, text.n);
}

void
files_abandon(int folder, const char *name)
{
	char small[512];
	struct arena scratch = { .at = small, .end = small + sizeof(small) };

	unlinkat(folder, files_temporary(&scratch, name), 0);
	arena_free(&scratch);
}

int
files_begin(int folder, const char *name, struct slice text)
{
	char small[512];
	struct arena scratch = { .at = small, .end = small + sizeof(small) };
	int fd = -1, error = begin_temporary(folder, files_temporary(&scratch, name), text, &fd);

	if (!error)
		error = sync_fd(fd);
	if (fd >= 0 && close(fd) != 0 && !error && errno != EINTR)
		error = errno;
	if (error)
		files_abandon(folder, name);
	arena_free(&scratch);
	return error;
}

/* A hard link of name as name.old; no name, no link. */
static int
keep_old(int folder, const char *name, struct arena *scratch)
{
	const char *old = arena_printf(scratch, "%s.old", name);
	struct stat st;
	int error;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : errno;
	error = files_remove(folder, old);
	if (!error && linkat(folder, name, folder, old, 0) != 0 && errno != ENOENT)
		error = errno;
	return error;
}

int
files_commit(int folder, const char *name, bool keep)
{
	char small[1024];
	struct arena scratch = { .at = small, .end = small + sizeof(small) };
	const char *tmp = files_temporary(&scratch, name);
	int error = keep ? keep_old(folder, name, &scratch) : 0;

	if (!error && renameat(folder, tmp, folder, name) != 0)
		error = errno;
	if (error)
		unlinkat(folder, tmp, 0);
	arena_free(&scratch);
	return error;
}

/* --- many files --------------------------------------------------------------------- */

#define BATCH 256                       /* files that are open at one time */
#define SYNCERS 16                      /* file systems commit for many at once */

struct batch {
	int folder;
	const struct files_change *list;
	uint32_t n;
	int fds[BATCH], errors[BATCH];
	_Atomic uint32_t next;
};

static void *
sync_some(void *arg)
{
	struct batch *b = arg;
	uint32_t i;

	while ((i = atomic_fetch_add(&b->next, 1)) < b->n)
		if (b->fds[i] >= 0 && !b->errors[i])
			b->errors[i] = sync_fd(b->fds[i]);
	return NULL;
}

static void
sync_together(struct batch *b)
{
	pthread_t id[SYNCERS];
	unsigned started = 0;

	while (started + 1 < SYNCERS && started + 1 < b->n &&
	    pthread_create(&id[started], NULL, sync_some, b) == 0)
		started++;
	sync_some(b);
	for (unsigned i = 0; i < started; i++)
		pthread_join(id[i], NULL);
}

/* Temporary files, on the disk; the number of the first that failed, or n. */
static uint32_t
begin_batch(struct batch *b, struct arena *scratch)
{
	uint32_t failed = b->n;

	for (uint32_t i = 0; i < b->n; i++) {
		b->fds[i] = -1;
		b->errors[i] = 0;
		if (b->list[i].text.p && (i == 0 || !b->errors[i - 1]))
			b->errors[i] = begin_temporary(b->folder, files_temporary(scratch,
			    b->list[i].name), b->list[i].text, &b->fds[i]);
	}
	sync_together(b);
	for (uint32_t i = b->n; i-- > 0; ) {
		if (b->fds[i] >= 0 && close(b->fds[i]) != 0 && !b->errors[i] && errno != EINTR)
			b->errors[i] = errno;
		if (b->errors[i])
			failed = i;
	}
	return failed;
}

/* Renames and removes; stops at the first failure, whose number is in *failed. */
static int
finish_batch(const struct batch *b, struct arena *scratch, uint32_t *failed)
{
	for (*failed = 0; *failed < b->n; ++*failed) {
		const struct files_change *f = &b->list[*failed];
		int error = 0;

		if (!f->text.p)
			error = files_remove(b->folder, f->name);
		else if (renameat(b->folder, files_temporary(scratch, f->name), b->folder, f->name) != 0)
			error = errno;
		if (error)
			return error;
	}
	return 0;
}

int
files_change(int folder, const struct files_change *list, uint32_t n, uint32_t *failed)
{
	struct arena scratch = { 0 };
	int error = 0, synced;

	*failed = 0;
	for (uint32_t at = 0; at < n && !error; at += BATCH) {
		struct batch b = { .folder = folder, .list = list + at,
			.n = n - at < BATCH ? n - at : BATCH };
		uint32_t bad = begin_batch(&b, &scratch);

		error = bad < b.n ? b.errors[bad] : finish_batch(&b, &scratch, &bad);
		for (uint32_t i = 0; error && i < b.n; i++)
			if (b.list[i].text.p)
				files_abandon(folder, b.list[i].name);
		if (error)
			*failed = at + bad;
		arena_reset(&scratch);
	}
	arena_free(&scratch);
	synced = files_sync(folder);
	return error ? error : synced;
}
