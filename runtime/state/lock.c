/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The holder writes its pid into the file, for the message of who waits.  Where
 * the system tells whose the lock is (/proc/locks) that is asked first, for a pid
 * in the file may be that of a process that was killed.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "files.h"

#define NAP_MIN_US 500
#define NAP_MAX_US 20000

static int
open_lockfile(int folder, enum lock_kind kind, int *out)
{
	struct stat st;
	int fd;

	do
		fd = openat(folder, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		    O_CLOEXEC, 0644);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 && kind == LOCK_SHARED && (errno == EACCES || errno == EROFS || errno == EPERM))
		fd = openat(folder, LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENXIO ? FILES_SPECIAL : errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return FILES_SPECIAL;
	}
	*out = fd;
	return 0;
}

/* "5: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF": the pid that has this inode. */
static long
holder_by_system(int fd)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256], what[32];
	unsigned long long ino;
	struct stat st;
	long pid, found = 0;

	if (!f)
		return 0;
	if (fstat(fd, &st) == 0)
		while (!found && fgets(line, sizeof(line), f))
			if (sscanf(line, "%*s %31s %*s %*s %ld %*x:%*x:%llu", what, &pid, &ino) == 3 &&
			    strcmp(what, "FLOCK") == 0 && ino == (unsigned long long)st.st_ino)
				found = pid;
	fclose(f);
	return found > 0 ? found : 0;
}

static long
find_holder(int fd)
{
	long pid = holder_by_system(fd);
	char text[24];
	ssize_t n;

	if (pid)
		return pid;
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	return pid > 0 ? pid : 0;
}

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int
wait_for(int fd, int how, unsigned wait_ms, long *holder)
{
	uint64_t end = now_us() + (uint64_t)wait_ms * 1000;
	unsigned nap = NAP_MIN_US;

	while (flock(fd, how | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return errno;
		if (now_us() >= end) {
			*holder = find_holder(fd);
			return ETIMEDOUT;
		}
		nanosleep(&(struct timespec){ .tv_nsec = (long)nap * 1000 }, NULL);
		nap = nap * 2 < NAP_MAX_US ? nap * 2 : NAP_MAX_US;
	}
	return 0;
}

/* For people; that it cannot be written makes the lock no worse. */
static void
write_pid(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (pwrite(fd, text, (size_t)n, 0) == n)
		(void)!ftruncate(fd, n);
}

int
lock_take(struct lock *l, int folder, enum lock_kind kind, unsigned wait_ms)
{
	int error;

	*l = (struct lock){ .fd = -1, .kind = kind };
	error = open_lockfile(folder, kind, &l->fd);
	if (error) {
		bool cannot = error == EACCES || error == EROFS || error == EPERM || error == ENOENT;

		return kind == LOCK_SHARED && cannot ? 0 : error;
	}
	error = wait_for(l->fd, kind == LOCK_SHARED ? LOCK_SH : LOCK_EX, wait_ms, &l->holder);
	if (error) {
		close(l->fd);
		l->fd = -1;
	} else if (kind == LOCK_EXCLUSIVE) {
		write_pid(l->fd);
	}
	return error;
}

void
lock_release(struct lock *l)
{
	if (l->fd < 0)
		return;
	if (l->kind == LOCK_EXCLUSIVE)
		(void)!ftruncate(l->fd, 0);
	close(l->fd);
	l->fd = -1;
}

int
lock_probe(int folder, long *holder)
{
	struct stat st;
	int fd, error;

	*holder = 0;
	if (fstatat(folder, LOCK_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : errno;
	error = open_lockfile(folder, LOCK_SHARED, &fd);
	if (error)
		return error;
	error = wait_for(fd, LOCK_EX, 0, holder);
	close(fd);
	return error;
}
