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
	FILES_NOWHERE,                  /* no path at all */
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

/* The same of a file that was just seen to be a regular one; nothing but its text. */
int files_read_plain(int folder, const char *name, size_t max, struct buf *out);

/*
 * Replacing folder/name whole or not at all takes three steps: files_begin writes a
 * temporary file in the folder and waits until it is on the disk, files_commit
 * renames it, and the folder is synchronized (files_sync).  keep: what was there
 * stays as name.old, a hard link.  A step that fails leaves no temporary file.
 */
int files_begin(int folder, const char *name, struct slice text);
int files_commit(int folder, const char *name, bool keep);
void files_abandon(int folder, const char *name);
/* The name that files_begin uses; in memory of the arena's. */
char *files_temporary(struct arena *arena, const char *name);

/*
 * Many files of one folder, replaced or removed; the disk is waited for by
 * several threads.  Stops at the first failure, whose number
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
