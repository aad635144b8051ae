/* SPDX-License-Identifier: MPL-2.0 */
/*
 * JSON-RPC 2.0 over the toolchain: one request and one answer a line (spec 6).
 */
#ifndef FWR_RPC_RPC_H
#define FWR_RPC_RPC_H

#include "../../compiler/base/base.h"

#define RPC_MAX_LINE ((size_t)256 << 20)

struct rpc;

struct state;

/* host: what fwadm's methods work on, used by this server only; or NULL: it has none of them. */
struct rpc *rpc_new(struct state *host);
void rpc_free(struct rpc *r);

/*
 * Long answers go to drain in pieces while they are made, if there is one: it takes what
 * is in out, all of it or nothing; false: it cannot.
 */
void rpc_set_drain(struct rpc *r, bool (*drain)(void *context, struct buf *out), void *context);
/*
 * Has an answer been begun that cannot be ended?  Drain failed, or the index's file turned
 * out to be damaged.  No more can be answered.
 */
bool rpc_is_broken(const struct rpc *r);

/*
 * Answers one line (without its newline).  The answer, with a newline, is added
 * to out; a notification adds nothing.
 */
void rpc_answer(struct rpc *r, struct slice line, struct buf *out);

/* The answer to a line that was too long to be read. */
void rpc_answer_too_long(struct buf *out);

#endif
