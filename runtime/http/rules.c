/* SPDX-License-Identifier: MPL-2.0 */
/*
 * /rules.  A rule is stored as its Moray record reads back, and that is what is
 * answered, whatever spelling came in.
 *
 * PUT and DELETE work on the version they read; if another writer was first they are
 * tried again on what is there then.
 */
#include "../../compiler/base/text.h"
#include "api_int.h"

#define CACHE_US 15             /* what takes less to find is not kept */
#define OVERTAKEN_US 10000000   /* how long a change that others overtake is tried again */

/* --- reading ------------------------------------------------------------------------ */

static void
damaged(struct call *c)
{
	answer_error(c, 500, "InternalError", "the index is damaged");
	c->trouble = "the index is damaged";
}

void
handle_list(struct call *c)
{
	struct query_errors errors;
	struct index_reader *rd = c->worker->rd;
	struct book *book = atomic_load(&c->api->book);
	struct cache *cache = c->api->cache;
	uint64_t version, begun;
	struct query q;
	bool good;

	c->r.type = "application/json";
	query_read_http(&q, c->params, &c->arena, &errors);
	c->r.status = (int)query_write_refusal(&c->r.body, &errors);
	if (c->r.status)
		return;
	c->r.status = 200;
	version = book_version(book);
	if (cache && (c->r.shared = cache_find(cache, c->q.target, version)) != NULL)
		return;
	begun = api_age_us(c);
	index_begin(rd);
	good = query_run(rd, &q, &c->worker->answer) &&
	    query_write(&c->r.body, rd, &q, &c->worker->answer);
	index_end(rd);
	if (!good)
		damaged(c);
	else if (cache && api_age_us(c) - begun >= CACHE_US && version % 2 == 0 &&
	    book_version(book) == version)
		c->r.shared = cache_keep(cache, c->q.target, version, &c->r.body);
}

static struct rule *
find_rule(struct call *c, struct uuid uuid)
{
	struct index_reader *rd = c->worker->rd;
	struct record_room room;
	struct rule view, *found = NULL;
	uint32_t number;

	index_begin(rd);
	if (index_find(rd, uuid, &number) && index_view(rd, number, &view, &room))
		found = record_copy(&c->arena, &view);
	index_end(rd);
	return found;
}

/* By its UUID; and owner_uuid, where it is given, must be the rule's. */
bool
rule_of_path(struct call *c, struct rule **out)
{
	struct uuid uuid;

	if (!uuid_read(c->path_param, &uuid)) {
		answer_field(c, "uuid", "Invalid UUID");
		return false;
	}
	*out = find_rule(c, uuid);
	if (*out)
		return true;
	answer_error(c, 404, "ResourceNotFound", "Rule not found");
	return false;
}

static bool
owner_matches(struct call *c, const struct rule *r)
{
	struct uuid owner;
	struct slice text;

	if (!param_given(c, "owner_uuid"))
		return true;
	return json_get_slice(c->params, "owner_uuid", &text) && uuid_read(text, &owner) &&
	    r->has_owner && uuid_cmp(owner, r->owner) == 0;
}

static bool
own_rule(struct call *c, struct rule **out)
{
	if (!rule_of_path(c, out))
		return false;
	if (owner_matches(c, *out))
		return true;
	answer_forbidden(c);
	return false;
}

static void
answer_rule(struct call *c, int status, const struct rule *r)
{
	c->r.status = status;
	c->r.type = "application/json";
	rule_write_serialized(&c->r.body, r);
}

void
handle_get(struct call *c)
{
	struct rule *r;

	if (own_rule(c, &r))
		answer_rule(c, 200, r);
}

/* --- writing ------------------------------------------------------------------------- */

static struct slice
serialized(struct call *c, const struct rule *r)
{
	struct buf b = { 0 };
	struct slice s;

	rule_write_serialized(&b, r);
	s = arena_take(&c->arena, &b);
	buf_free(&b);
	return s;
}

/* Only what a rule has: other parameters are none of its fields. */
static const char *const fields[] = { "rule", "uuid", "version", "owner_uuid", "global", "enabled",
	"log", "created_by", "description" };

static struct rule *
read_rule(struct call *c, const json_t *payload)
{
	struct rule *r = input_payload(&c->worker->in, payload, (struct slice){ 0 });

	r = r ? db_stored_form(&c->worker->in, r) : NULL;
	if (!r)
		answer_diags(c);
	return r;
}

/* What became of a job that changed nothing; true: it did. */
static bool
job_succeeded(struct call *c)
{
	switch (c->job.result) {
	case DB_OK:
		answer_header(c, "x-update-id", c->job.update.req_id);
		return true;
	case DB_EXISTS:
		c->r.status = 422;
		c->r.type = "application/json";
		buf_str(&c->r.body, "{\"code\":\"RuleExistsError\",\"message\":\"rule already exists\","
		    "\"errors\":[{\"field\":\"uuid\",\"code\":\"Duplicate\","
		    "\"message\":\"Already exists\"}]}");
		return false;
	case DB_CHANGED:
		answer_unavailable(c, "others keep changing the rule");
		return false;
	default:
		answer_unavailable(c, "the change is not stored: %s", c->job.error);
		return false;
	}
}

static void
created(struct call *c)
{
	if (job_succeeded(c))
		answer_rule(c, 202, c->job.rule);
}

void
handle_create(struct call *c)
{
	json_t *payload, *value;
	struct rule *r;

	if (!param_given(c, "rule")) {
		answer_error(c, 409, "MissingParameter", "\"rule\" parameter required");
		return;
	}
	payload = json_object();
	for (size_t i = 0; i < BASE_COUNT(fields); i++)
		if ((value = json_object_get(c->params, fields[i])) != NULL)
			json_object_set_nocheck(payload, fields[i], value);
	r = read_rule(c, payload);
	json_arena_drop(payload);
	if (!r)
		return;
	c->job.rule = r;
	c->job.expected = NULL;
	submit_job(c, "fw.add_rule", serialized(c, r), created);
}

/* The stored rule as a payload, with the given fields over it. */
static json_t *
merge(struct call *c, const struct rule *old)
{
	struct src src = { .name = slice_of("rule") };
	struct buf spelled = { 0 };
	json_t *payload, *value;
	struct slice version;

	json_spell_surrogates(&spelled, serialized(c, old));
	src.text = buf_view(&spelled);
	payload = json_read_all(&src, &c->diags);
	buf_free(&spelled);
	if (!payload)
		return NULL;
	for (size_t i = 0; i < BASE_COUNT(fields); i++)
		if ((value = json_object_get(c->params, fields[i])) != NULL &&
		    strcmp(fields[i], "uuid") != 0 && strcmp(fields[i], "version") != 0)
			json_object_set_nocheck(payload, fields[i], value);
	/* A global rule may be told that it is not, which says nothing without an owner. */
	do
		version = input_new_version(&c->arena);
	while (slice_eq(version, old->version));
	json_object_set_new_nocheck(payload, "version",
	    json_stringn_nocheck(version.p, version.n));
	return payload;
}

static bool
overtaken(struct call *c)
{
	if (c->job.result != DB_CHANGED || api_age_us(c) > OVERTAKEN_US)
		return false;
	c->diags.errors = c->diags.list.n = 0;
	return true;
}

static void
replaced(struct call *c)
{
	if (overtaken(c))
		handle_replace(c);
	else if (job_succeeded(c))
		answer_rule(c, 202, c->job.rule);
}

void
handle_replace(struct call *c)
{
	struct rule *old, *r = NULL;
	json_t *payload;

	if (!own_rule(c, &old))
		return;
	payload = merge(c, old);
	if (payload)
		r = read_rule(c, payload);
	else
		damaged(c);
	json_arena_drop(payload);
	if (!r)
		return;
	c->expected = old->version;
	c->job.rule = r;
	c->job.expected = &c->expected;
	submit_job(c, "fw.update_rule", serialized(c, r), replaced);
}

static void
deleted(struct call *c)
{
	if (overtaken(c)) {
		handle_delete(c);
	} else if (job_succeeded(c)) {
		c->r.status = 204;
		c->r.type = NULL;
	}
}

void
handle_delete(struct call *c)
{
	static const char *const known[] = { "uuid", "owner_uuid", NULL };
	struct query_errors errors = { 0 };
	struct rule *old;

	if (!own_rule(c, &old))
		return;
	error_unknown(c, &errors, known);
	if (errors.list.n) {
		answer_errors(c, &errors);
		return;
	}
	c->expected = old->version;
	c->job.rule = old;
	c->job.remove = true;
	c->job.expected = &c->expected;
	submit_job(c, "fw.del_rule", serialized(c, old), deleted);
}
