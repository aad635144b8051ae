/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libfwrule's search: an index that one thread at a time changes, and readers, each
 * with what it needs to answer again without allocating.
 */
#include <pthread.h>
#include <stdlib.h>

#include "../../compiler/backends/backend.h"
#include "../../compiler/input/input.h"
#include "../index/query.h"
#include "api_int.h"

struct fwr_index {
	struct arena arena;             /* what one call reads; diagnostics */
	struct diags diags;
	struct input in;
	struct api_errors errors;

	pthread_mutex_t lock;           /* of what follows, as readers may come at any time */
	struct index *ix;
	size_t readers;
};

struct fwr_reader {
	struct fwr_index *of;
	struct index_reader *rd;
	struct query_answer answer;
	struct arena arena;
	struct diags diags;
	struct buf out;
	struct api_errors errors;
};

/* --- the index -------------------------------------------------------------------- */

EXPORT struct fwr_index *
fwr_index_new(const struct fwr_options *o)
{
	struct fwr_index *x = base_alloc(sizeof(*x));

	memset(x, 0, sizeof(*x));
	index_add_input_format();
	x->diags.arena = &x->arena;
	input_init(&x->in, &x->arena, &x->diags, api_options(o));
	pthread_mutex_init(&x->lock, NULL);
	x->ix = index_new();
	return x;
}

EXPORT void
fwr_index_free(struct fwr_index *x)
{
	if (!x)
		return;
	index_free(x->ix);
	pthread_mutex_destroy(&x->lock);
	input_done(&x->in);
	arena_free(&x->arena);
	free(x);
}

EXPORT const struct fwr_error *
fwr_index_errors(struct fwr_index *x, size_t *n)
{
	return api_hand_out(&x->errors, &x->diags, n);
}

static void
begin(struct fwr_index *x)
{
	arena_reset(&x->arena);
	arena_reset(&x->in.scratch);
	input_forget(&x->in);
	x->diags = (struct diags){ .arena = &x->arena };
}

static int
wrong_use(struct fwr_index *x, const char *text)
{
	diag_add(&x->diags, DIAG_index_use, NULL, (struct span){ 0, 0 }, text);
	return -1;
}

/* Does a change's result have an error? */
static int
change(struct fwr_index *x, enum index_result result)
{
	if (result == INDEX_FULL)
		return wrong_use(x, "the index is full");
	if (result != INDEX_CORRUPT)
		return 0;
	diag_add(&x->diags, DIAG_index_file, NULL, (struct span){ 0, 0 },
	    "beneath the rules is damaged; build it again");
	return -1;
}

/* Puts another index in the place of one that is empty and that nobody reads. */
static bool
replace(struct fwr_index *x, struct index *with)
{
	struct index_stats st;
	bool good;

	pthread_mutex_lock(&x->lock);
	index_get_stats(x->ix, &st);
	good = st.rules == 0 && x->readers == 0;
	if (good) {
		index_free(x->ix);
		x->ix = with;
	}
	pthread_mutex_unlock(&x->lock);
	return good;
}

EXPORT size_t
fwr_index_rules(struct fwr_index *x)
{
	struct index_stats st;

	index_get_stats(x->ix, &st);
	return st.rules;
}

EXPORT int
fwr_index_add(struct fwr_index *x, const char *name, const char *text, size_t n)
{
	struct index *ix;

	begin(x);
	input_read_text(&x->in, slice_of(name), api_source(&x->arena, name, text, n)->text);
	if (x->diags.errors)
		return -1;
	/* Many are built at once in a tenth of the time. */
	if (fwr_index_rules(x) == 0) {
		ix = index_build(x->in.rules.v, x->in.rules.n);
		if (replace(x, ix))
			return 0;
		index_free(ix);
	}
	for (uint32_t i = 0; i < x->in.rules.n; i++)
		if (change(x, index_put(x->ix, x->in.rules.v[i])) < 0)
			return -1;
	return 0;
}

EXPORT int
fwr_index_open(struct fwr_index *x, const char *path)
{
	struct index *ix;

	begin(x);
	ix = index_open(path, &x->diags);
	if (!ix)
		return -1;
	if (replace(x, ix))
		return 0;
	index_free(ix);
	return wrong_use(x, "an index file is opened before there are rules or readers");
}

EXPORT int
fwr_index_save(struct fwr_index *x, const char *path)
{
	begin(x);
	return index_save(x->ix, path, &x->diags) ? 0 : -1;
}

EXPORT int
fwr_index_put(struct fwr_index *x, const char *payload, size_t n, bool *had)
{
	enum index_result result;
	struct rule *r = NULL;
	struct src *src;
	json_t *v;

	begin(x);
	src = api_source(&x->arena, "payload", payload, n);
	v = json_read_all(src, &x->diags);
	if (v && !json_is_object(v))
		diag_add(&x->diags, DIAG_json_shape, src, (struct span){ 0, 0 },
		    "a rule is a JSON object");
	else if (v)
		r = input_object(&x->in, v, (struct slice){ 0 });
	json_decref(v);
	if (!r || x->diags.errors)
		return -1;
	result = index_put(x->ix, r);
	if (had)
		*had = result == INDEX_REPLACED;
	return change(x, result);
}

EXPORT int
fwr_index_remove(struct fwr_index *x, const char *uuid, bool *had)
{
	enum index_result result;
	struct uuid u;

	begin(x);
	if (!uuid_read(slice_of(uuid), &u))
		return wrong_use(x, "a UUID is 8-4-4-4-12 in lower case");
	result = index_remove(x->ix, u);
	if (had)
		*had = result == INDEX_REMOVED;
	return change(x, result);
}

/* --- readers ----------------------------------------------------------------------- */

EXPORT struct fwr_reader *
fwr_reader_new(struct fwr_index *x)
{
	struct fwr_reader *r = base_alloc(sizeof(*r));

	memset(r, 0, sizeof(*r));
	r->of = x;
	r->diags.arena = &r->arena;
	pthread_mutex_lock(&x->lock);
	r->rd = index_reader_new(x->ix);
	x->readers++;
	pthread_mutex_unlock(&x->lock);
	return r;
}

EXPORT void
fwr_reader_free(struct fwr_reader *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->of->lock);
	index_reader_free(r->rd);
	r->of->readers--;
	pthread_mutex_unlock(&r->of->lock);
	query_answer_free(&r->answer);
	buf_free(&r->out);
	arena_free(&r->arena);
	free(r);
}

EXPORT const struct fwr_error *
fwr_reader_errors(struct fwr_reader *r, size_t *n)
{
	return api_hand_out(&r->errors, &r->diags, n);
}

static void
begin_reading(struct fwr_reader *r)
{
	arena_reset(&r->arena);
	r->diags = (struct diags){ .arena = &r->arena };
	r->out.n = 0;
}

static int
finish(struct fwr_reader *r, bool good, struct fwr_text *out)
{
	index_end(r->rd);
	if (!good) {
		diag_add(&r->diags, DIAG_index_file, NULL, (struct span){ 0, 0 },
		    "beneath the rules is damaged; build it again");
		return -1;
	}
	*buf_room(&r->out, 1) = '\0';
	if (out)
		*out = (struct fwr_text){ r->out.p, r->out.n };
	return 0;
}

static void
add_error(struct fwr_reader *r, const struct query_error *e)
{
	struct buf text = { 0 };
	struct diag *d;

	buf_str(&text, e->message);
	for (uint32_t i = 0; i < e->invalid.n; i++) {
		buf_str(&text, i ? ", " : ": ");
		buf_slice(&text, e->invalid.v[i]);
	}
	buf_char(&text, '\0');
	d = diag_add(&r->diags, DIAG_query_param, NULL, (struct span){ 0, 0 }, text.p);
	d->field = arena_copy(&r->arena, e->field.p, e->field.n);
	buf_free(&text);
}

/* The question, or false with errors. */
static bool
read_params(struct fwr_reader *r, const char *params, size_t n, struct query *q)
{
	struct src *src = api_source(&r->arena, "parameters", params, n);
	json_t *v = json_read_all(src, &r->diags);
	struct query_errors errors;

	if (v && !json_is_object(v)) {
		diag_add(&r->diags, DIAG_json_shape, src, (struct span){ 0, 0 },
		    "parameters are a JSON object");
	} else if (v) {
		query_read(q, v, &r->arena, &errors);
		for (uint32_t i = 0; i < errors.list.n; i++)
			add_error(r, &errors.list.v[i]);
	}
	json_decref(v);
	return r->diags.errors == 0;
}

static bool
write_uuids(struct fwr_reader *r)
{
	const struct query_list *l = &r->answer.found;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct record *rec;

		index_prefetch(r->rd, l->v, l->n, i, INDEX_HEAD);
		rec = index_record(r->rd, l->v[i]);

		if (!rec)
			return false;
		buf_uuid(&r->out, rec->uuid);
		buf_char(&r->out, '\n');
	}
	return true;
}

EXPORT int
fwr_query(struct fwr_reader *r, const char *params, size_t n, enum fwr_answer form,
    struct fwr_text *out, size_t *total)
{
	struct query q;
	bool good;

	begin_reading(r);
	if (!read_params(r, params, n, &q))
		return -1;
	q.count |= form == FWR_COUNT;
	q.total = total != NULL;
	index_begin(r->rd);
	good = query_run(r->rd, &q, &r->answer);
	if (good && !q.count)
		good = form == FWR_UUIDS ? write_uuids(r)
		    : query_write(&r->out, r->rd, &q, &r->answer);
	if (total)
		*total = r->answer.total;
	return finish(r, good, out);
}

EXPORT int
fwr_find(struct fwr_reader *r, const char *uuid, enum fwr_form form, struct fwr_text *out)
{
	struct record_room room;
	struct rule rule;
	struct uuid u;
	uint32_t number;
	bool good = true;

	begin_reading(r);
	if (!uuid_read(slice_of(uuid), &u)) {
		diag_add(&r->diags, DIAG_index_use, NULL, (struct span){ 0, 0 },
		    "a UUID is 8-4-4-4-12 in lower case");
		return -1;
	}
	index_begin(r->rd);
	if (index_find(r->rd, u, &number)) {
		good = index_view(r->rd, number, &rule, &room);
		if (good)
			api_write_form(&r->out, &rule, form);
	} else {
		good = !index_is_corrupt(r->rd);
	}
	return finish(r, good, out);
}
