/* SPDX-License-Identifier: MPL-2.0 */
/* Programs that are run: ipf, ipfstat, vmadm; with a time limit and their output kept. */
#ifndef FWR_STATE_TOOL_H
#define FWR_STATE_TOOL_H

#include "../../compiler/base/base.h"

struct tool_run {
	struct buf out, err;            /* what it wrote, up to a limit each */
	int status;                     /* of waitpid */
	bool timed_out;                 /* it was killed, with all it had started */
	int error;                      /* errno: it could not be run; then nothing else counts */
};

/* argv[0] is the path, looked up in PATH if it has no slash.  Thread-safe. */
void tool_run(struct tool_run *r, const char *const *argv, unsigned limit_ms);
void tool_run_free(struct tool_run *r);

/* Exit status 0. */
bool tool_succeeded(const struct tool_run *r);
bool tool_said(const struct buf *output, const char *text);
/* "ipf -GV U: exit status 1: cannot open device": one line, for messages. */
void tool_explain(struct buf *out, const char *const *argv, const struct tool_run *r, unsigned limit_ms);

#endif
