/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files of a data directory that others may have prepared: nothing is followed
 * out of its place, read without bound, waited for, or written through a link.
 *
 * Every path is walked from the root's descriptor, component by component; no
 * component may be a symbolic link or `..`.  Functions return 0 or an errno value
 * or one of FILES_*, which files_why explains.
 */
#ifndef FWR_STATE_FILES_H
#define FWR_STATE_FILES_H

#include "../../compiler/base/base.h"

#include <sys/stat.h>

enum {
	FILES_SPECIAL = 100000,         /* neither a file nor what was asked for */
	FILES_DOTS,                     /* a path with `..` */
	FILES_LARGE,                    /* larger than the limit */
};

/* "a symbolic link, which is not followed". */
const char *files_why(int error);

/*
 * Opens the folder path under the folder at; make: makes what is missing (0755).
 * An empty path is at itself, opened anew.
 */
int files_open_folder(int at, const char *path, bool make, int *fd);

/* Reads a regular file of at most max bytes into out (replaced); *st is filled if given. */
int files_read(int folder, const char *name, size_t max, struct buf *out, struct stat *st);

/*
 * Replaces folder/name whole or not at all: a temporary file in the folder, fsync,
 * and, if keep is set, a hard link of what is there to name.old; then rename.  The
 * folder is synchronized by the caller (files_sync).
 */
int files_write(int folder, const char *name, struct slice text, bool keep);
/* The name that files_write uses until it renames; in memory of the arena's. */
char *files_temporary(struct arena *arena, const char *name);

/*
 * Many files of one folder as files_write does one, or removed; faster, because
 * the disk is waited for by the batch.  Stops at the first failure, whose number
 * is in *failed; those before it are done.  The folder is synchronized.
 */
struct files_change {
	const char *name;
	struct slice text;              /* p NULL: the file goes */
};
int files_change(int folder, const struct files_change *list, uint32_t n, uint32_t *failed);

/* Removes a file; that it is not there is no error. */
int files_remove(int folder, const char *name);
int files_sync(int folder);

/* All of it; EINTR and short writes are no error. */
int files_write_all(int fd, const char *p, size_t n);

#endif
