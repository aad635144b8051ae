/* SPDX-License-Identifier: MPL-2.0 */
/*
 * load, query, put and remove: searching the rules that the server holds.  The index
 * lives from one load to the next; put and remove change one rule of it.
 */
#include "../index/query.h"
#include "rpc_int.h"

#include <stdlib.h>

struct rpc_rules {
	struct index *ix;
	struct index_reader *rd;
	struct query_answer answer;
};

void
rpc_rules_free(struct rpc_rules *s)
{
	if (!s)
		return;
	query_answer_free(&s->answer);
	index_reader_free(s->rd);
	index_free(s->ix);
	free(s);
}

static struct rpc_rules *
rules_new(struct index *ix)
{
	struct rpc_rules *s = base_alloc(sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->ix = ix;
	s->rd = index_reader_new(ix);
	return s;
}

/* What is searched; nothing was loaded: no rules. */
static struct rpc_rules *
rules_of(struct rpc_call *c)
{
	struct rpc_rules **s = rpc_get_rules(c);

	if (!*s)
		*s = rules_new(index_new());
	return *s;
}

static enum rpc_code
write_total(struct rpc_call *c, struct rpc_rules *s, const char *what)
{
	struct index_stats st;

	index_get_stats(s->ix, &st);
	buf_char(c->out, '{');
	if (what)
		buf_printf(c->out, "\"result\":\"%s\",", what);
	buf_printf(c->out, "\"rules\":%u}", st.rules);
	return RPC_OK;
}

/* --- load ------------------------------------------------------------------------ */

static struct index *
open_path(struct rpc_call *c, struct slice path)
{
	const char *name = arena_printf(c->arena, "%.*s", (int)path.n, path.p);

	if (index_is_file(name))
		return index_open(name, c->diags);
	input_read(c->in, name);
	return c->diags->errors ? NULL : index_build(c->in->rules.v, c->in->rules.n);
}

enum rpc_code
rpc_load(struct rpc_call *c)
{
	const json_t *rules = json_object_get(c->params, "rules");
	struct rpc_rules **s = rpc_get_rules(c);
	struct index *ix;
	struct slice path;

	if (!rpc_get_opts(c, &c->in->opts))
		return RPC_INVALID_PARAMS;
	if ((rules != NULL) == json_get_slice(c->params, "path", &path) ||
	    (!rules && (path.n == 0 || memchr(path.p, '\0', path.n) || slice_is(path, "-")))) {
		c->message = "either rules, an array, or path, of a file or folder, is needed";
		return RPC_INVALID_PARAMS;
	}
	if (rules) {
		if (!rpc_read_rules(c))
			return RPC_INVALID_PARAMS;
		ix = c->diags->errors ? NULL : index_build(c->in->rules.v, c->in->rules.n);
	} else {
		ix = open_path(c, path);
	}
	/* What was loaded before stays if this fails. */
	if (!ix)
		return RPC_FAILED;
	rpc_rules_free(*s);
	*s = rules_new(ix);
	return write_total(c, *s, NULL);
}

/* --- query ------------------------------------------------------------------------- */

static enum rpc_code
damaged(struct rpc_call *c)
{
	diag_add(c->diags, DIAG_index_file, NULL, (struct span){ 0, 0 },
	    "beneath the rules is damaged; load them again");
	return RPC_FAILED;
}

#define PIECE 128               /* rules */

/* The answer, in pieces that are let go as they are made. */
static bool
write_answer(struct rpc_call *c, struct rpc_rules *s, const struct query *q)
{
	const struct query_list *found = &s->answer.found;

	if (q->count || found->n <= PIECE)
		return query_write(c->out, s->rd, q, &s->answer);
	/* What can be found damaged should be so before anything is let go. */
	if (!index_check(s->rd, found->v, found->n))
		return false;
	buf_char(c->out, '[');
	for (uint32_t from = 0; from < found->n; from += PIECE) {
		uint32_t to = found->n - from < PIECE ? found->n : from + PIECE;

		if (from)
			buf_char(c->out, ',');
		if (!query_write_rules(c->out, s->rd, q, &s->answer, from, to) || !rpc_let_go(c))
			return false;
	}
	buf_char(c->out, ']');
	return true;
}

enum rpc_code
rpc_query(struct rpc_call *c)
{
	struct rpc_rules *s = rules_of(c);
	struct query_errors errors;
	struct query q;
	bool good;

	query_read(&q, c->params, c->arena, &errors);
	if (errors.list.n) {
		struct buf list = { 0 };

		query_write_errors(&list, &errors);
		c->errors = arena_slice(c->arena, buf_view(&list));
		c->message = "Invalid parameters";
		buf_free(&list);
		return RPC_INVALID_PARAMS;
	}
	index_begin(s->rd);
	good = query_run(s->rd, &q, &s->answer) && write_answer(c, s, &q);
	index_end(s->rd);
	return good ? RPC_OK : damaged(c);
}

/* --- one rule ------------------------------------------------------------------------ */

enum rpc_code
rpc_put(struct rpc_call *c)
{
	const json_t *rule = json_object_get(c->params, "rule");
	struct rpc_rules *s = rules_of(c);
	enum index_result result;
	struct rule *r;

	if (!rpc_get_opts(c, &c->in->opts))
		return RPC_INVALID_PARAMS;
	if (!json_is_object(rule)) {
		c->message = "rule must be an object";
		return RPC_INVALID_PARAMS;
	}
	r = input_object(c->in, rule, (struct slice){ 0 });
	if (!r)
		return RPC_FAILED;
	result = index_put(s->ix, r);
	if (result == INDEX_FULL) {
		c->message = "the index is full";
		return RPC_INVALID_PARAMS;
	}
	if (result == INDEX_CORRUPT)
		return damaged(c);
	return write_total(c, s, result == INDEX_ADDED ? "added" : "replaced");
}

enum rpc_code
rpc_remove(struct rpc_call *c)
{
	struct rpc_rules *s = rules_of(c);
	enum index_result result;
	struct slice text;
	struct uuid u;

	if (!json_get_slice(c->params, "uuid", &text) || !uuid_read(text, &u)) {
		c->message = "uuid must be a UUID";
		return RPC_INVALID_PARAMS;
	}
	result = index_remove(s->ix, u);
	if (result == INDEX_CORRUPT)
		return damaged(c);
	return write_total(c, s, result == INDEX_REMOVED ? "removed" : "absent");
}
