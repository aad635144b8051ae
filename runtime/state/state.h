/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A compute node's rules, remote VMs and filter files on disk, and the operations
 * on them (fwadm).  One table of operations, each with JSON in and JSON out, under
 * the command and JSON-RPC.
 *
 * A state keeps what it has read between operations and looks before each what
 * others have changed.  It is used by one thread at a time; it starts threads of
 * its own while it reads and writes.
 */
#ifndef FWR_STATE_STATE_H
#define FWR_STATE_STATE_H

#include <time.h>

#include "../../compiler/base/json.h"

struct state;

struct state_opts {
	const char *root;               /* "/" when NULL */
	const char *ipf, *ipfstat;      /* paths; NULL: by PATH */
	unsigned level;                 /* of optimisation */
	bool once;                      /* closed after one call: nothing is kept for others */
	bool force;                     /* rewrite and reload what is unchanged, too */
	unsigned lock_ms;               /* how long to wait for the lock; 0: STATE_LOCK_MS */
	unsigned tool_ms;               /* how long ipf may take; 0: STATE_TOOL_MS */
	/* One JSON line an operation, as bunyan writes them: the descriptor; 0: none. */
	int log;
	const char *program;            /* its name in them */
	/* Is told what could not be read and was passed over, once; may be NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
};

#define STATE_LOCK_MS 120000
#define STATE_TOOL_MS 60000
/* A rule or remote VM as a file, a zone's filter file, and files in a folder. */
#define STATE_FILE_MAX ((size_t)1 << 20)
#define STATE_CONF_MAX ((size_t)64 << 20)
#define STATE_FILES_MAX 4000000

/* NULL and a diagnostic if the root cannot be opened. */
struct state *state_open(const struct state_opts *o, struct diags *diags);
void state_close(struct state *s);

/*
 * Runs an operation: its result's JSON is added to out, nothing where it has none.
 * False and diagnostics if it failed; what they say of VMs was not done, the rest
 * was.  arena is for what the operation makes, and must be that of diags.
 */
bool state_call(struct state *s, const char *operation, const json_t *params,
    struct arena *arena, struct diags *diags, struct buf *out);

/*
 * The line of the log, where there is one, for an operation that did not come to
 * state_call: with errors in diags it has failed.  begun is by CLOCK_MONOTONIC.
 */
void state_log(const struct state_opts *o, const char *operation, const json_t *params,
    const struct diags *diags, const struct timespec *begun);

/*
 * The VMs of the last operation are kept.  The serial is another one whenever they
 * are (0: there are none); the name, given as `vms`, stands for them.
 */
uint64_t state_vms_serial(const struct state *s);
const char *state_vms_kept(const struct state *s);

/* Is there an operation of that name? */
bool state_knows(const char *operation);

#endif
