/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_RPC_RPC_INT_H
#define FWR_RPC_RPC_INT_H

#include "../../compiler/compile.h"
#include "../../compiler/input/input.h"
#include "rpc.h"

enum rpc_code {
	RPC_OK = 0,
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_NO_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_FAILED = -32000             /* the input had errors: data.errors names them */
};

/* One call: what a method works with.  All of it is gone after the answer. */
struct rpc_call {
	struct rpc *rpc;
	const json_t *params;           /* an object, possibly empty */
	struct arena *arena;
	struct diags *diags;
	struct input *in;               /* reads into arena, reports to diags */
	struct buf *out;                /* where the result's JSON goes */
	const char *message;            /* of an RPC_INVALID_PARAMS */
	const char *method;
	struct slice errors;            /* for its data.errors: a JSON array; or empty */
};

/* Writes the result and returns RPC_OK; else diags or message say why not. */
typedef enum rpc_code rpc_method(struct rpc_call *c);

rpc_method rpc_parse, rpc_create, rpc_compile;
rpc_method rpc_load, rpc_query, rpc_put, rpc_remove;
rpc_method rpc_state;

/* The rules that the server holds between calls; made by load. */
struct rpc_rules;
struct state;
struct rpc_rules **rpc_get_rules(struct rpc_call *c);
void rpc_rules_free(struct rpc_rules *s);

/* The host that the server keeps in step with its rules; NULL: none. */
struct state *rpc_get_state(struct rpc_call *c);

/* kept.c: the VMs of the last request, which the next one mostly has, too. */
struct rpc_kept {
	struct buf text;                /* as they stood there */
	uint64_t serial;                /* the state's for them */
	struct buf line;                /* a request without them */
};
/* Makes k->line of a line that has them; false: it has not. */
bool rpc_kept_shorten(struct rpc_kept *k, const struct state *host, struct slice line);
/* Do they stand where they should, in a request read from k->line? */
bool rpc_kept_fits(const json_t *request, const struct state *host);
/* After a request was answered: keeps its VMs, if the state's serial is no longer before. */
void rpc_kept_take(struct rpc_kept *k, const struct state *host, struct slice line,
    uint64_t before);
void rpc_kept_free(struct rpc_kept *k);

/*
 * Lets the answer so far go, when it is long and may; false: it is broken, end.  A method
 * that has let go of some of its result must end with RPC_OK.
 */
bool rpc_let_go(struct rpc_call *c);

/* Reads the parameter rules, an array, into c->in; false with c->message set. */
bool rpc_read_rules(struct rpc_call *c);

/* Parameters: false, with c->message set, if one is there but of another type. */
bool rpc_get_bool(struct rpc_call *c, const char *name, bool *out);
bool rpc_get_uint(struct rpc_call *c, const char *name, unsigned max, unsigned *out);
bool rpc_get_opts(struct rpc_call *c, struct lang_opts *out);

#endif
