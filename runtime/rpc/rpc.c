/* SPDX-License-Identifier: MPL-2.0 */
/* Requests, answers and errors; the methods are in files of their own. */
#include "../state/state.h"
#include "rpc_int.h"

#include <stdlib.h>

#include "../../compiler/base/text.h"

static const struct {
	const char *name;
	rpc_method *run;
} methods[] = {
	{ "add", rpc_state },
	{ "compile", rpc_compile },
	{ "create", rpc_create },
	{ "delete", rpc_state },
	{ "disable", rpc_state },
	{ "enable", rpc_state },
	{ "get", rpc_state },
	{ "getRemoteVM", rpc_state },
	{ "list", rpc_state },
	{ "listRemoteVMs", rpc_state },
	{ "load", rpc_load },
	{ "parse", rpc_parse },
	{ "put", rpc_put },
	{ "query", rpc_query },
	{ "remoteTargets", rpc_state },
	{ "remoteVMRules", rpc_state },
	{ "remove", rpc_remove },
	{ "rules", rpc_state },
	{ "start", rpc_state },
	{ "stats", rpc_state },
	{ "status", rpc_state },
	{ "stop", rpc_state },
	{ "update", rpc_state },
	{ "validate", rpc_state },
	{ "vms", rpc_state },
};

struct rpc {
	struct arena json;              /* the request */
	struct arena arena;             /* what a method makes */
	struct input in;
	struct diags diags;
	struct rpc_rules *rules;
	struct state *host;
	struct rpc_kept kept;
	bool (*drain)(void *context, struct buf *out);
	void *drain_context;
	bool may_drain;                 /* what is in out will not be taken back */
	bool drained, broken;
};

struct state *
rpc_get_state(struct rpc_call *c)
{
	return c->rpc->host;
}

struct rpc_rules **
rpc_get_rules(struct rpc_call *c)
{
	return &c->rpc->rules;
}

struct rpc *
rpc_new(struct state *host)
{
	struct rpc *r = base_alloc(sizeof(*r));

	memset(r, 0, sizeof(*r));
	r->host = host;
	input_init(&r->in, &r->arena, &r->diags, (struct lang_opts){ 0 });
	return r;
}

void
rpc_free(struct rpc *r)
{
	if (!r)
		return;
	input_done(&r->in);
	arena_free(&r->arena);
	arena_free(&r->json);
	rpc_rules_free(r->rules);
	rpc_kept_free(&r->kept);
	free(r);
}

void
rpc_set_drain(struct rpc *r, bool (*drain)(void *context, struct buf *out), void *context)
{
	r->drain = drain;
	r->drain_context = context;
}

bool
rpc_is_broken(const struct rpc *r)
{
	return r->broken;
}

#define DRAIN ((size_t)64 << 10)        /* bytes from which on an answer is let go */

bool
rpc_let_go(struct rpc_call *c)
{
	struct rpc *r = c->rpc;

	if (!r->drain || !r->may_drain || c->out->n < DRAIN)
		return true;
	r->drained = true;
	if (!r->drain(r->drain_context, c->out))
		r->broken = true;
	return !r->broken;
}

/* --- parameters ------------------------------------------------------------------ */

static bool
bad_param(struct rpc_call *c, const char *name, const char *what)
{
	c->message = arena_printf(c->arena, "%s must be %s", name, what);
	return false;
}

bool
rpc_get_bool(struct rpc_call *c, const char *name, bool *out)
{
	const json_t *v = json_object_get(c->params, name);

	if (!v || json_is_null(v))
		return true;
	if (!json_is_boolean(v))
		return bad_param(c, name, "true or false");
	*out = json_is_true(v);
	return true;
}

bool
rpc_get_uint(struct rpc_call *c, const char *name, unsigned max, unsigned *out)
{
	const json_t *v = json_object_get(c->params, name);
	double d = json_number_value(v);

	if (!v || json_is_null(v))
		return true;
	if (!json_is_number(v) || !(d >= 0 && d <= max) || d != (double)(unsigned)d)
		return bad_param(c, name, arena_printf(c->arena, "a whole number from 0 to %u", max));
	*out = (unsigned)d;
	return true;
}

bool
rpc_get_opts(struct rpc_call *c, struct lang_opts *o)
{
	memset(o, 0, sizeof(*o));
	return rpc_get_uint(c, "maxVersion", 1000, &o->max_version) &&
	    rpc_get_bool(c, "enforceSubnetMask", &o->enforce_subnet_mask) &&
	    rpc_get_bool(c, "enforceGlobal", &o->enforce_global);
}

/* --- answers ---------------------------------------------------------------------- */

static const struct slice no_errors;

/* The request's id, as it came; null where there is none. */
static void
write_head(struct buf *out, const json_t *id)
{
	buf_str(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (id && !json_is_object(id) && !json_is_array(id))
		json_write(out, id);
	else
		buf_str(out, "null");
}

static void
write_error(struct buf *out, const json_t *id, enum rpc_code code, const char *message,
    struct slice errors)
{
	write_head(out, id);
	buf_printf(out, ",\"error\":{\"code\":%d,\"message\":", code);
	text_json(out, slice_of(message));
	if (errors.n) {
		buf_str(out, ",\"data\":{\"errors\":");
		buf_slice(out, errors);
		buf_char(out, '}');
	}
	buf_str(out, "}}");
}

static void
write_failure(struct buf *out, const json_t *id, const struct diags *ds)
{
	const struct diag *first = NULL;
	unsigned n = 0;
	struct buf message = { 0 };

	for (uint32_t i = 0; i < ds->list.n; i++)
		if (ds->list.v[i].severity == DIAG_ERROR && n++ == 0)
			first = &ds->list.v[i];
	if (n > 1)
		buf_printf(&message, "first of %u errors: ", n);
	buf_str(&message, first ? first->text : "internal error");
	write_head(out, id);
	buf_printf(out, ",\"error\":{\"code\":%d,\"message\":", RPC_FAILED);
	text_json(out, buf_view(&message));
	buf_str(out, ",\"data\":{\"errors\":[");
	for (uint32_t i = 0, k = 0; i < ds->list.n; i++) {
		if (ds->list.v[i].severity != DIAG_ERROR)
			continue;
		if (k++)
			buf_char(out, ',');
		diag_write_json(out, &ds->list.v[i]);
	}
	buf_str(out, "]}}}");
	buf_free(&message);
}

/* --- requests ---------------------------------------------------------------------- */

static rpc_method *
find_method(const struct rpc *r, const json_t *name)
{
	for (size_t i = 0; json_is_string(name) && i < BASE_COUNT(methods); i++)
		if (slice_is(json_slice(name), methods[i].name))
			return methods[i].run == rpc_state && !r->host ? NULL : methods[i].run;
	return NULL;
}

static enum rpc_code
call(struct rpc *r, rpc_method *method, const json_t *name, const json_t *params,
    struct buf *out, const char **message, struct slice *errors)
{
	struct rpc_call c = { .rpc = r, .method = json_string_value(name), .params = params,
		.arena = &r->arena, .diags = &r->diags, .in = &r->in, .out = out };
	enum rpc_code code;

	arena_reset(&r->arena);
	arena_reset(&r->in.scratch);
	r->diags = (struct diags){ .arena = &r->arena };
	input_forget(&r->in);
	code = method(&c);
	*message = c.message;
	*errors = c.errors;
	return code;
}

/* Returns whether anything was answered. */
static bool
answer_one(struct rpc *r, const json_t *request, struct buf *out)
{
	const json_t *id = json_object_get(request, "id");
	const json_t *name = json_object_get(request, "method");
	const json_t *params = json_object_get(request, "params");
	const char *message = NULL;
	size_t mark = out->n;
	struct slice errors;
	rpc_method *method;
	enum rpc_code code;

	if (!json_is_object(request) || !json_is_string(name)) {
		write_error(out, id, RPC_INVALID_REQUEST, "a request is an object with a method",
		    no_errors);
		return true;
	}
	if (params && !json_is_object(params)) {
		write_error(out, id, RPC_INVALID_PARAMS, "params must be an object", no_errors);
		return true;
	}
	method = find_method(r, name);
	if (!method) {
		if (!id)
			return false;
		write_error(out, id, RPC_NO_METHOD, "there is no such method", no_errors);
		return true;
	}
	/* Results may be long: they are written where they go, and taken back if need be. */
	write_head(out, id);
	buf_str(out, ",\"result\":");
	r->may_drain &= id != NULL;
	r->drained = false;
	code = call(r, method, name, params, out, &message, &errors);
	if (r->drained && code != RPC_OK)
		r->broken = true;
	if (r->broken)
		return false;
	if (code == RPC_OK && id) {
		buf_char(out, '}');
		return true;
	}
	out->n = mark;
	if (!id)
		return false;
	if (code == RPC_FAILED) {
		write_failure(out, id, &r->diags);
	} else {
		write_error(out, id, code, message ? message : "invalid params", errors);
	}
	return true;
}

static bool
answer_batch(struct rpc *r, const json_t *batch, struct buf *out)
{
	size_t start = out->n, i;
	bool any = false;
	const json_t *request;

	r->may_drain = false;           /* a comma may be taken back */
	buf_char(out, '[');
	json_array_foreach((json_t *)batch, i, request) {
		size_t mark = out->n;

		if (any)
			buf_char(out, ',');
		if (answer_one(r, request, out))
			any = true;
		else
			out->n = mark;
	}
	buf_char(out, ']');
	if (!any)
		out->n = start;
	return any;
}

/* The request's JSON; NULL and a diagnostic. */
static json_t *
read_request(struct rpc *r, struct slice line, struct diags *diags)
{
	struct src src = { .name = slice_of("request"), .text = line };
	json_t *request;

	if (rpc_kept_shorten(&r->kept, r->host, line)) {
		struct diags none = { .arena = &r->arena };

		src.text = buf_view(&r->kept.line);
		request = json_read_all(&src, &none);
		if (rpc_kept_fits(request, r->host))
			return request;
		json_arena_drop(request);
		src.text = line;
	}
	return json_read_all(&src, diags);
}

void
rpc_answer(struct rpc *r, struct slice line, struct buf *out)
{
	struct diags diags = { .arena = &r->arena };
	uint64_t serial = r->host ? state_vms_serial(r->host) : 0;
	json_t *request;
	bool any;

	r->may_drain = true;
	json_arena_begin(&r->json);
	request = read_request(r, line, &diags);
	if (!request) {
		write_error(out, NULL, RPC_PARSE_ERROR, diags.list.v[0].text, no_errors);
		any = true;
	} else if (json_is_array(request) && json_array_size(request)) {
		any = answer_batch(r, request, out);
	} else {
		any = answer_one(r, request, out);
	}
	if (json_is_object(request))
		rpc_kept_take(&r->kept, r->host, line, serial);
	json_arena_drop(request);
	json_arena_end();
	arena_reset(&r->json);
	if (any)
		buf_char(out, '\n');
}

void
rpc_answer_too_long(struct buf *out)
{
	write_error(out, NULL, RPC_INVALID_REQUEST, "the line is longer than 268435456 bytes",
	    no_errors);
	buf_char(out, '\n');
}
