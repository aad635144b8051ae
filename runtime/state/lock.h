/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The lock of a data directory: flock on var/fw/.lockfile, shared to read and
 * exclusive to change, as all programs that change these files take it.
 */
#ifndef FWR_STATE_LOCK_H
#define FWR_STATE_LOCK_H

#include "../../compiler/base/base.h"

#define LOCK_NAME ".lockfile"

enum lock_kind { LOCK_SHARED, LOCK_EXCLUSIVE };

struct lock {
	int fd;                         /* -1: none was needed */
	enum lock_kind kind;
	long holder;                    /* after ETIMEDOUT: its pid, or 0 if that is not known */
};

/*
 * Waits at most wait_ms.  0, or an errno value or one of FILES_*; ETIMEDOUT:
 * others kept it.  A shared lock in a folder that has no lock file and takes none
 * (a read-only file system) is no lock, and no error.
 */
int lock_take(struct lock *l, int folder, enum lock_kind kind, unsigned wait_ms);
void lock_release(struct lock *l);

/* Tries for an exclusive lock and lets go of it at once; as lock_take. */
int lock_probe(int folder, long *holder);

#endif
