/* SPDX-License-Identifier: MPL-2.0 */
/* One payload object into a rule: spec 2's fields, messages and their order. */
#include "input.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../base/text.h"

#define MAX_STRING 255          /* UTF-16 units of created_by and description */

static void
field_error(struct input *in, const struct src *src, const char *field, enum diag_id id)
{
	struct diag *d = diag_add(in->diags, id, src, (struct span){ 0, 0 }, field);

	d->field = field;
}

static void
read_bool(struct input *in, const json_t *payload, const struct src *src, const char *field,
    enum rule_bool *out)
{
	const json_t *v = json_object_get(payload, field);
	struct slice s;

	*out = RULE_FALSE;
	if (!v)
		return;
	if (json_is_boolean(v)) {
		*out = json_is_true(v) ? RULE_TRUE : RULE_FALSE;
		return;
	}
	if (json_is_string(v)) {
		s = json_slice(v);
		if (slice_is(s, "true") || slice_is(s, "false")) {
			*out = slice_is(s, "true") ? RULE_TRUE_TEXT : RULE_FALSE_TEXT;
			return;
		}
	}
	field_error(in, src, field, DIAG_not_boolean);
}

static bool
read_uuid(struct input *in, const json_t *payload, const struct src *src, const char *field,
    enum diag_id id, struct uuid *out)
{
	const json_t *v = json_object_get(payload, field);

	if (!v)
		return false;
	if (!json_is_string(v) || !uuid_read(json_slice(v), out))
		field_error(in, src, field, id);
	return true;
}

static bool
read_string(struct input *in, const json_t *payload, const struct src *src, const char *field,
    struct slice *out)
{
	const json_t *v = json_object_get(payload, field);

	if (!v)
		return false;
	if (!json_is_string(v)) {
		field_error(in, src, field, DIAG_not_string);
		return false;
	}
	*out = json_slice(v);
	/* Only a text with more bytes than that can have more units. */
	if (out->n > MAX_STRING && text_len16(*out) > MAX_STRING)
		field_error(in, src, field, DIAG_string_long);
	return true;
}

struct slice
input_new_version(struct arena *arena)
{
	static _Atomic uint64_t last;
	struct timespec now;
	uint64_t ms, before;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	/* Never the same twice in a process. */
	before = atomic_load(&last);
	do {
		if (ms <= before)
			ms = before + 1;
	} while (!atomic_compare_exchange_weak(&last, &before, ms));
	return slice_of(arena_printf(arena, "%llu.%06u", (unsigned long long)ms,
	    (unsigned)getpid() % 1000000));
}

static void
read_version(struct input *in, const json_t *payload, const struct src *src, struct slice *out)
{
	const json_t *v = json_object_get(payload, "version");

	if (!json_truthy(v)) {
		*out = input_new_version(&in->scratch);
	} else if (json_is_string(v) && json_string_length(v) <= MAX_STRING) {
		*out = json_slice(v);
	} else {
		field_error(in, src, "version", DIAG_version_invalid);
	}
}

static void
check_global(struct input *in, const json_t *payload, const struct src *src)
{
	const json_t *global = json_object_get(payload, "global");
	const json_t *owner = json_object_get(payload, "owner_uuid");

	if (global && !json_is_boolean(global) && !(json_is_string(global) &&
	    (slice_is(json_slice(global), "true") || slice_is(json_slice(global), "false"))))
		field_error(in, src, "global", DIAG_not_boolean);
	if (global && owner && json_truthy(global))
		field_error(in, src, "global", DIAG_global_and_owner);
	if (!global && !owner)
		field_error(in, src, "owner_uuid", DIAG_owner_required);
}

static struct ast_rule *
read_sentence(struct input *in, const json_t *payload, struct src *src)
{
	const json_t *v = json_object_get(payload, "rule");
	uint32_t before = in->diags->list.n;
	struct ast_rule *ast;

	if (json_is_string(v) && json_string_length(v)) {
		src->text = arena_slice(in->diags->arena, json_slice(v));
		ast = parse_sentence(in->px, in->keep_trees ? in->arena : &in->scratch, in->diags, src,
		    in->opts);
		diag_cut(in->diags, before + 1);
		return ast;
	}
	field_error(in, src, "rule", json_truthy(v) ? DIAG_rule_not_string : DIAG_no_rule);
	return NULL;
}

struct rule *
input_payload(struct input *in, const json_t *payload, struct slice within)
{
	uint32_t errors = in->diags->errors;
	struct rule_fields f = { 0 };
	struct src *src = arena_zero(in->diags->arena, sizeof(*src));
	struct src *place = arena_zero(in->diags->arena, sizeof(*place));
	struct ast_rule *ast;
	struct rule *rule;

	src->name = slice_of("rule");
	src->within = within;
	src->outer = in->outer;
	src->outer_at = in->outer_at;
	*place = *src;
	ast = read_sentence(in, payload, src);
	if (json_object_get(payload, "uuid"))
		read_uuid(in, payload, place, "uuid", DIAG_rule_uuid, &f.uuid);
	else
		f.uuid = uuid_random();
	f.has_owner = read_uuid(in, payload, place, "owner_uuid", DIAG_owner_uuid, &f.owner);
	read_bool(in, payload, place, "enabled", &f.enabled);
	read_bool(in, payload, place, "log", &f.log);
	f.has_created_by = read_string(in, payload, place, "created_by", &f.created_by);
	f.has_description = read_string(in, payload, place, "description", &f.description);
	if (in->opts.enforce_global)
		check_global(in, payload, place);
	read_version(in, payload, place, &f.version);
	if (in->diags->errors != errors || !ast)
		return NULL;
	rule = rule_make(in->arena, in->diags, ast, &f, in->opts);
	if (rule && in->keep_trees)
		*vec_push(in->arena, &in->trees) = (struct input_tree){ .rule = rule, .ast = ast };
	return rule;
}
