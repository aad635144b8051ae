/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What has changed in folders since they were last looked at, as the system tells
 * it (inotify); where it does not, everything may have.
 */
#ifndef FWR_STATE_WATCH_H
#define FWR_STATE_WATCH_H

#include "../../compiler/base/uuid.h"

struct watch;

/* Files U.json that something happened to; a UUID may stand there twice. */
struct watch_names {
	struct arena *arena;
	VEC(struct uuid) list;
};

struct watch *watch_new(unsigned folders);
void watch_free(struct watch *w);

/* From now on changes in the folder, open as fd, are noted under this number. */
void watch_begin(struct watch *w, unsigned folder, int fd);
void watch_end(struct watch *w, unsigned folder);

/* What changed since the last call; false: that is not known, look at everything. */
bool watch_take(struct watch *w, unsigned folder, struct watch_names *out);

#endif
