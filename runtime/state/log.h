/* SPDX-License-Identifier: MPL-2.0 */
/* One line of JSON for each operation, in the form of bunyan's logs. */
#ifndef FWR_STATE_LOG_H
#define FWR_STATE_LOG_H

#include <time.h>

#include "state_int.h"

struct log_line {
	struct timespec begun;          /* monotonic */
};

void log_begin(struct log_line *l);
/*
 * Writes the line in one go, so that lines of several processes do not mix.  0, or an
 * errno value.
 */
int log_end(const struct log_line *l, int fd, const char *program, const struct state_call *c,
    bool good);
/* Warns if it could not be written. */
void log_tell(const struct state_opts *o, int error);

#endif
