/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The floor of a compile with -o: writes the files of one folder of folders to another,
 * as fwrule does, from memory: each whole under another name, then renamed.  Prints user
 * and system CPU seconds of the writing alone.
 *
 * usage: bench-write FROM TO; TO must not be there
 */
#include "compiler/base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct file {
	char *path;                     /* below FROM, with the slash; ends in one: a folder */
	char *bytes;
	size_t n;
};

static struct file *files;
static size_t n_files;
static size_t root;                     /* length of FROM */

static void
fail(const char *path)
{
	fprintf(stderr, "bench-write: %s: %s\n", path, strerror(errno));
	exit(2);
}

static int
load(const char *path, const struct stat *st, int type, struct FTW *where)
{
	struct file *f;
	FILE *in;

	(void)where;
	files = base_grow(files, (n_files + 1) * sizeof(*files));
	f = &files[n_files++];
	*f = (struct file){ .path = base_alloc(strlen(path) + 2) };
	sprintf(f->path, "%s%s", path + root, type == FTW_D ? "/" : "");
	if (type == FTW_D)
		return 0;
	f->n = (size_t)st->st_size;
	f->bytes = base_alloc(f->n);
	in = fopen(path, "r");
	if (!in || fread(f->bytes, 1, f->n, in) != f->n)
		fail(path);
	fclose(in);
	return 0;
}

static void
write_one(const char *to, const struct file *f)
{
	char path[4096], tmp[4100];
	int fd;

	snprintf(path, sizeof(path), "%s%s", to, f->path);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	if (!f->bytes) {
		if (mkdir(path, 0755) != 0)
			fail(path);
		return;
	}
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	for (size_t at = 0; fd >= 0 && at < f->n;) {
		ssize_t n = write(fd, f->bytes + at, f->n - at);

		if (n < 0)
			fail(tmp);
		at += (size_t)n;
	}
	if (fd < 0 || close(fd) != 0 || rename(tmp, path) != 0)
		fail(tmp);
}

static double
seconds(struct timeval a, struct timeval b)
{
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_usec - a.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
	struct rusage before, after;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-write FROM TO\n");
		return 2;
	}
	root = strlen(argv[1]);
	if (nftw(argv[1], load, 16, FTW_PHYS) != 0)
		fail(argv[1]);
	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < n_files; i++)
		write_one(argv[2], &files[i]);
	getrusage(RUSAGE_SELF, &after);
	printf("%.6f %.6f 0\n", seconds(before.ru_utime, after.ru_utime),
	    seconds(before.ru_stime, after.ru_stime));
	return 0;
}
