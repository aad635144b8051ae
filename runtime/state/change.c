/* SPDX-License-Identifier: MPL-2.0 */
/*
 * add, update and delete.  All that is given is checked before anything is
 * written; then remote VMs, rules, deletions and filter files are written in that
 * order.  While files are compiled, memory already holds what will be stored; it
 * is brought back to what the disk holds at the end, whatever happened.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "state_int.h"

#define NOWHERE ((struct span){ 0, 0 })

struct changed_rule {
	struct rule *rule;
	struct state_item *stored;      /* of the same UUID, or NULL */
	struct slice serialized, file;
	bool same;                      /* as the stored one: dropped */
};

struct changed_rvm {
	struct state_rvm rvm;
	struct slice file;
};

struct change {
	struct state_call *c;
	struct host *host;
	struct plan plan;
	bool dry, updates;
	const json_t *payload_rules;
	json_t *own_rules;              /* payload_rules, if they were made here */
	VEC(struct changed_rule) rules;
	VEC(struct changed_rvm) rvms;
	VEC(uint32_t) locals;
	/* What delete takes away: as it is stored, then as it was. */
	VEC(struct state_item *) gone[STATE_KINDS];
	VEC(struct uuid) gone_uuids[STATE_KINDS];
	VEC(struct slice) gone_rules;
	uint32_t mark;
	struct apply apply;
};

/* --- the payload -------------------------------------------------------------------------------- */

static bool
param_error(struct state_call *c, const char *text)
{
	return state_fail(c, DIAG_state_param, text);
}

/* One rule alone, told by what only a rule has. */
static json_t *
single_rule(const struct state_call *c)
{
	static const char *const own[] = { "rule", "enabled", "description", "owner_uuid", "version" };
	static const char *const not[] = { "vms", "dryrun", "filecontents", "createdBy", "allowAdds",
		"req_id" };
	json_t *list, *copy;

	for (size_t i = 0; ; i++) {
		if (i == BASE_COUNT(own))
			return NULL;
		if (json_object_get(c->params, own[i]))
			break;
	}
	copy = json_copy((json_t *)c->params);
	for (size_t i = 0; i < BASE_COUNT(not); i++)
		json_object_del(copy, not[i]);
	list = json_array();
	json_array_append_new(list, copy);
	return list;
}

static bool
check_payload(struct change *x)
{
	struct state_call *c = x->c;
	const json_t *p = c->params;
	bool any;

	if (!host_is_given(c))
		return param_error(c, "opts.vms ([object]) required");
	if (!state_check_lists(c, &any))
		return false;
	if (json_truthy(json_object_get(p, "createdBy")) &&
	    !json_is_string(json_object_get(p, "createdBy")))
		return param_error(c, "opts.createdBy (string) required");
	x->payload_rules = json_object_get(p, "rules");
	if (any)
		return true;
	x->payload_rules = x->own_rules = single_rule(c);
	return x->own_rules || state_fail(c, DIAG_state_payload, STATE_LISTS);
}

/* --- rules of the payload ------------------------------------------------------------------------- */

/* The stored file's JSON, with fields that are not ours. */
static json_t *
read_stored(struct state_call *c, struct uuid u)
{
	char name[UUID_TEXT + 6];
	struct src src = { .name = slice_of("stored rule") };
	struct diags none = { .arena = c->arena };
	struct buf text = { 0 };
	json_t *v = NULL;

	uuid_write(name, u);
	memcpy(name + UUID_TEXT, ".json", 6);
	if (files_read(c->s->folder[STATE_RULES].fd, name, STATE_FILE_MAX, &text, NULL) == 0) {
		src.text = buf_view(&text);
		v = json_read_all(&src, &none);
	}
	buf_free(&text);
	return v;
}

/* What an update says over what is stored; an owner and being global exclude each other. */
static json_t *
merge(struct state_call *c, struct uuid u, json_t *given)
{
	json_t *base = read_stored(c, u), *v;
	const char *key;

	if (!json_is_object(base)) {
		json_arena_drop(base);
		return given;
	}
	if (json_object_get(given, "owner_uuid"))
		json_object_del(base, "global");
	else if (json_truthy(json_object_get(given, "global")))
		json_object_del(base, "owner_uuid");
	json_object_foreach(given, key, v)
		if (rule_is_field(key))
			json_object_set(base, key, v);
	json_arena_drop(given);
	return base;
}

/*
 * The file: the serialized rule, then what a stored one had besides.  All is done to
 * the text, for a tag may hold what no reader of JSON takes.
 */
static struct slice
file_text(struct state_call *c, struct slice serialized, const json_t *other)
{
	struct buf b = { 0 }, file = { 0 };
	struct slice text;
	const char *key;
	json_t *v;

	json_spell_surrogates(&b, serialized);
	if (other)
		json_object_foreach((json_t *)other, key, v)
			if (!rule_is_field(key)) {
				b.n--;
				buf_char(&b, ',');
				text_json(&b, slice_of(key));
				buf_char(&b, ':');
				json_write(&b, v);
				buf_char(&b, '}');
			}
	json_indent(&file, buf_view(&b));
	text = arena_slice(c->arena, buf_view(&file));
	buf_free(&b);
	buf_free(&file);
	return text;
}

static void
take_rule(struct change *x, const json_t *o, bool merged)
{
	struct state_call *c = x->c;
	struct changed_rule *r;
	struct rule *rule = input_payload(&c->in, o, (struct slice){ 0 });
	struct buf b = { 0 };

	arena_reset(&c->in.scratch);
	if (!rule)
		return;
	if (input_knows(&c->in, rule->uuid)) {
		input_add(&c->in, rule, NULL, NOWHERE);
		return;
	}
	input_add(&c->in, rule, NULL, NOWHERE);
	rule_write_serialized(&b, rule);
	r = vec_push(c->arena, &x->rules);
	*r = (struct changed_rule){ .rule = rule, .serialized = arena_slice(c->arena, buf_view(&b)) };
	r->file = file_text(c, r->serialized, merged ? o : NULL);
	buf_free(&b);
	if (r->file.n > STATE_FILE_MAX)
		diag_add(c->diags, DIAG_state_rule_large, NULL, NOWHERE, STATE_FILE_MAX);
}

static bool
uuid_of(const json_t *o, struct uuid *u)
{
	struct slice s;

	return json_get_slice(o, "uuid", &s) && uuid_read(s, u);
}

static json_t *
complete(struct change *x, const json_t *given, const char *version)
{
	const json_t *by = json_object_get(x->c->params, "createdBy");
	json_t *o = json_copy((json_t *)given);

	if (!json_truthy(json_object_get(o, "version")))
		json_object_set_new(o, "version", json_string(version));
	if (json_truthy(by) && !json_object_get(o, "created_by"))
		json_object_set(o, "created_by", (json_t *)by);
	return o;
}

static bool
read_payload(struct change *x)
{
	struct state_call *c = x->c;
	struct slice version = input_new_version(c->arena);
	uint32_t errors = c->diags->errors;
	const json_t *given;
	size_t i;

	state_begin_input(c, true);
	json_array_foreach((json_t *)x->payload_rules, i, given) {
		json_t *o = complete(x, given, version.p);
		struct uuid u;
		bool merged = x->updates && uuid_of(o, &u) && load_find(c->s, STATE_RULES, u);

		if (merged)
			o = merge(c, u, o);
		take_rule(x, o, merged);
		json_arena_drop(o);
	}
	return c->diags->errors == errors;
}

/* What could not be read is not written over. */
static bool
check_readable(struct state_call *c, enum state_kind kind, struct uuid u)
{
	const struct state_item *it = load_find(c->s, kind, u);

	return !it || !it->broken || state_fail(c, DIAG_state_unreadable,
	    arena_printf(c->arena, "%s/%s", c->s->root, load_path(c->arena, kind, u)), it->broken);
}

/* An update's rules must be there, unless adds are allowed. */
static bool
check_known(struct change *x)
{
	struct state_call *c = x->c;
	uint32_t errors = c->diags->errors;
	const json_t *o;
	size_t i;

	json_array_foreach((json_t *)x->payload_rules, i, o) {
		struct buf b = { 0 };
		struct slice uuid;
		struct uuid u;

		if (!json_truthy(json_object_get(o, "uuid"))) {
			json_write(&b, o);
			buf_char(&b, '\0');
			state_fail(c, DIAG_state_rule_no_uuid, b.p);
			buf_free(&b);
		} else if (uuid_of(o, &u) && !check_readable(c, STATE_RULES, u)) {
			continue;
		} else if (!state_get_bool(c, "allowAdds") &&
		    !(uuid_of(o, &u) && load_find(c->s, STATE_RULES, u))) {
			uuid = json_is_string(json_object_get(o, "uuid"))
			    ? json_slice(json_object_get(o, "uuid")) : slice_of("not a string");
			state_not_found(c, DIAG_state_rule_update, uuid);
		}
	}
	return c->diags->errors == errors;
}

/* --- what is stored, and the VMs -------------------------------------------------------------------- */

static bool
match_stored(struct change *x)
{
	struct state_call *c = x->c;
	uint32_t errors = c->diags->errors;
	struct buf b = { 0 };

	for (uint32_t i = 0; i < x->rules.n; i++) {
		struct changed_rule *r = &x->rules.v[i];

		if (!check_readable(c, STATE_RULES, r->rule->uuid))
			continue;
		r->stored = load_find(c->s, STATE_RULES, r->rule->uuid);
		if (!r->stored)
			continue;
		b.n = 0;
		rule_write_serialized(&b, r->stored->rule);
		r->same = slice_eq(buf_view(&b), r->serialized);
	}
	buf_free(&b);
	return c->diags->errors == errors;
}

static bool
read_rvms(struct change *x)
{
	const json_t *list = json_object_get(x->c->params, "remoteVMs"), *o;
	uint32_t errors = x->c->diags->errors;
	struct arena *arena = x->c->arena;
	struct strmap seen = { 0 };
	struct buf b = { 0 }, file = { 0 };
	size_t i;

	json_array_foreach((json_t *)list, i, o) {
		struct changed_rvm r = { 0 };
		uint32_t *at;

		if (!state_read_rvm(x->c, x->host, o, true, &r.rvm) ||
		    !check_readable(x->c, STATE_RVMS, r.rvm.vm->uuid))
			continue;
		b.n = file.n = 0;
		state_write_rvm(&b, &r.rvm);
		json_indent(&file, buf_view(&b));
		r.file = arena_slice(arena, buf_view(&file));
		if (r.file.n > STATE_FILE_MAX)
			diag_add(x->c->diags, DIAG_state_rule_large, NULL, NOWHERE, STATE_FILE_MAX);
		/* Of two with one UUID the later is meant. */
		at = strmap_put(arena, &seen, (struct slice){ (const char *)r.rvm.vm->uuid.b, 16 });
		if (*at == UINT32_MAX) {
			*at = x->rvms.n;
			vec_push(arena, &x->rvms);
		}
		x->rvms.v[*at] = r;
	}
	buf_free(&b);
	buf_free(&file);
	return x->c->diags->errors == errors;
}

static bool
read_locals(struct change *x)
{
	const json_t *list = json_object_get(x->c->params, "localVMs"), *o;
	struct state_call *c = x->c;
	uint32_t errors = c->diags->errors;
	struct buf b = { 0 };
	struct slice s;
	struct uuid u;
	size_t i;

	json_array_foreach((json_t *)list, i, o) {
		uint32_t vm = UINT32_MAX;

		b.n = 0;
		if (!json_get_slice(o, "uuid", &s)) {
			json_write(&b, o);
			buf_char(&b, '\0');
			state_fail(c, DIAG_state_local_uuid, b.p);
			continue;
		}
		if (uuid_read(s, &u))
			vm = host_find_local(x->host, u);
		if (vm == UINT32_MAX)
			state_fail(c, DIAG_state_local_unknown, (int)s.n, s.p);
		else
			*vec_push(c->arena, &x->locals) = vm;
	}
	buf_free(&b);
	return c->diags->errors == errors;
}

/* --- the plan ----------------------------------------------------------------------------------------- */

/* From what is stored, while memory still says so. */
static void
plan_before(struct change *x)
{
	struct plan *p = &x->plan;

	for (uint32_t i = 0; i < x->rules.n; i++)
		if (x->rules.v[i].stored && !x->rules.v[i].same)
			plan_add_rule(p, x->rules.v[i].stored->rule, PLAN_NAMED);
	for (uint32_t i = 0; i < x->gone[STATE_RULES].n; i++)
		plan_add_rule(p, x->gone[STATE_RULES].v[i]->rule, PLAN_NAMED);
	plan_search_begin(p, NAMES_REMOTE);
	for (uint32_t i = 0; i < x->gone[STATE_RVMS].n; i++)
		plan_search(p, x->gone[STATE_RVMS].v[i]->rvm.vm);
	plan_search_end(p, false);
	plan_search_begin(p, NAMES_MEMBER);
	for (uint32_t i = 0; i < x->gone[STATE_RVMS].n; i++)
		plan_search(p, x->gone[STATE_RVMS].v[i]->rvm.vm);
	for (uint32_t i = 0; i < x->rvms.n; i++) {
		struct state_item *it = load_find(x->c->s, STATE_RVMS, x->rvms.v[i].rvm.vm->uuid);

		if (it)
			plan_search(p, it->rvm.vm);
	}
	plan_search_end(p, true);
}

static void
stage(struct change *x)
{
	struct state *s = x->c->s;

	for (uint32_t i = 0; i < x->rvms.n; i++)
		load_stage(s, STATE_RVMS, x->rvms.v[i].rvm.vm->uuid, x->rvms.v[i].file);
	for (uint32_t i = 0; i < x->rules.n; i++)
		if (!x->rules.v[i].same)
			load_stage(s, STATE_RULES, x->rules.v[i].rule->uuid, x->rules.v[i].file);
}

static void
plan_after(struct change *x)
{
	struct plan *p = &x->plan;

	for (uint32_t i = 0; i < x->rules.n; i++)
		if (!x->rules.v[i].same)
			plan_add_rule(p, x->rules.v[i].rule, PLAN_NAMED);
	plan_search_begin(p, NAMES_MEMBER);
	for (uint32_t i = 0; i < x->locals.n; i++) {
		p->vms[x->locals.v[i]] |= PLAN_NAMED;
		plan_search(p, x->host->inv.vms.v[x->locals.v[i]]);
	}
	for (uint32_t i = 0; i < x->rvms.n; i++)
		plan_search(p, x->rvms.v[i].rvm.vm);
	plan_search_end(p, false);
}

/* --- the disk ------------------------------------------------------------------------------------------ */

static int
open_folder(struct change *x, enum state_kind kind)
{
	int fd = -1, error = files_open_folder(x->c->s->root_fd, state_folder_path[kind], true, &fd);

	if (!error)
		return fd;
	state_fail(x->c, DIAG_state_write, arena_printf(x->c->arena, "%s/%s", x->c->s->root,
	    state_folder_path[kind]), files_why(error));
	return -1;
}

/* The operation's changes of one folder, as far as they are of one sort. */
struct batch {
	enum state_kind kind;
	VEC(struct files_change) files;
	VEC(struct uuid) uuids;
};

static void
batch_add(struct change *x, struct batch *b, struct uuid u, struct slice text)
{
	char *name = arena_alloc(x->c->arena, UUID_TEXT + 6);

	uuid_write(name, u);
	memcpy(name + UUID_TEXT, ".json", 6);
	*vec_push(x->c->arena, &b->files) = (struct files_change){ name, text };
	*vec_push(x->c->arena, &b->uuids) = u;
}

static bool
batch_write(struct change *x, const struct batch *b)
{
	uint32_t failed = 0;
	int fd, error;

	if (b->files.n == 0)
		return true;
	fd = open_folder(x, b->kind);
	if (fd < 0)
		return false;
	error = files_change(fd, b->files.v, b->files.n, &failed);
	close(fd);
	return !error || state_fail(x->c, DIAG_state_write, arena_printf(x->c->arena, "%s/%s",
	    x->c->s->root, load_path(x->c->arena, b->kind, b->uuids.v[failed])), files_why(error));
}

/* Remote VMs, rules, deleted rules, deleted remote VMs. */
static bool
write_data(struct change *x)
{
	struct batch b[] = { { .kind = STATE_RVMS }, { .kind = STATE_RULES }, { .kind = STATE_RULES },
		{ .kind = STATE_RVMS } };
	struct slice none = { 0 };

	for (uint32_t i = 0; i < x->rvms.n; i++)
		batch_add(x, &b[0], x->rvms.v[i].rvm.vm->uuid, x->rvms.v[i].file);
	for (uint32_t i = 0; i < x->rules.n; i++)
		if (!x->rules.v[i].same)
			batch_add(x, &b[1], x->rules.v[i].rule->uuid, x->rules.v[i].file);
	for (uint32_t i = 0; i < x->gone_uuids[STATE_RULES].n; i++)
		batch_add(x, &b[2], x->gone_uuids[STATE_RULES].v[i], none);
	for (uint32_t i = 0; i < x->gone_uuids[STATE_RVMS].n; i++)
		batch_add(x, &b[3], x->gone_uuids[STATE_RVMS].v[i], none);
	for (size_t i = 0; i < BASE_COUNT(b); i++)
		if (!batch_write(x, &b[i]))
			return false;
	return true;
}

/* Memory is what the disk is, whatever became of the operation. */
static void
settle(struct change *x, bool good)
{
	struct state *s = x->c->s;

	if (s->opts.once && good)
		return;
	for (uint32_t i = 0; i < x->rvms.n; i++)
		load_put(s, STATE_RVMS, x->rvms.v[i].rvm.vm->uuid);
	for (uint32_t i = 0; i < x->rules.n; i++)
		if (!x->rules.v[i].same)
			load_put(s, STATE_RULES, x->rules.v[i].rule->uuid);
	for (unsigned kind = 0; kind < STATE_KINDS; kind++)
		for (uint32_t i = 0; i < x->gone_uuids[kind].n; i++)
			load_put(s, kind, x->gone_uuids[kind].v[i]);
}

/* --- the answer ---------------------------------------------------------------------------------------- */

static int
by_uuid(const void *a, const void *b)
{
	return uuid_cmp(*(const struct uuid *)a, *(const struct uuid *)b);
}

static void
write_rvms(struct change *x, struct buf *out)
{
	struct uuid *list = arena_alloc(x->c->arena, (x->rvms.n + x->gone_uuids[STATE_RVMS].n) *
	    sizeof(*list));
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->rvms.n; i++)
		list[n++] = x->rvms.v[i].rvm.vm->uuid;
	for (uint32_t i = 0; i < x->gone_uuids[STATE_RVMS].n; i++)
		list[n++] = x->gone_uuids[STATE_RVMS].v[i];
	if (n > 1)
		qsort(list, n, sizeof(*list), by_uuid);
	buf_str(out, ",\"remoteVMs\":[");
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? "," : "");
		state_write_uuid(out, list[i]);
	}
	buf_char(out, ']');
}

static void
write_answer(struct change *x)
{
	struct buf *out = x->c->out;
	uint32_t n = 0;

	buf_char(out, '{');
	apply_write_vms(out, &x->apply);
	buf_str(out, ",\"rules\":[");
	for (uint32_t i = 0; i < x->rules.n; i++)
		if (!x->rules.v[i].same) {
			buf_str(out, n++ ? "," : "");
			buf_slice(out, x->rules.v[i].serialized);
		}
	for (uint32_t i = 0; i < x->gone_rules.n; i++) {
		buf_str(out, n++ ? "," : "");
		buf_slice(out, x->gone_rules.v[i]);
	}
	buf_char(out, ']');
	if (json_object_get(x->c->params, "remoteVMs") || x->gone_uuids[STATE_RVMS].n)
		write_rvms(x, out);
	if (x->apply.contents)
		apply_write_files(out, &x->apply);
	buf_char(out, '}');
}

/* For the log. */
static void
count(struct change *x)
{
	x->c->n_vms = x->apply.n;
	x->c->n_rules = x->gone_rules.n;
	x->c->n_rvms = x->rvms.n + x->gone_uuids[STATE_RVMS].n;
	for (uint32_t i = 0; i < x->rules.n; i++)
		x->c->n_rules += !x->rules.v[i].same;
}

/* --- the operations -------------------------------------------------------------------------------------- */

/* After all was checked, the plan from what was stored is made, and memory is staged. */
static bool
carry_out(struct change *x)
{
	struct state_call *c = x->c;
	bool good;

	host_add_remote(x->host);
	x->apply = (struct apply){ .call = c, .plan = &x->plan, .dry = x->dry,
		.contents = state_get_bool(c, "filecontents") };
	good = apply_begin(&x->apply);
	/*
	 * If something could not be written, what is stored is neither what was nor what
	 * was meant: filter files stay as they are, and the journal keeps their VMs for
	 * the next operation.
	 */
	good = good && (x->dry || write_data(x)) && apply_finish(&x->apply);
	count(x);
	if (good)
		write_answer(x);
	settle(x, good);
	return good;
}

static bool
change_payload(struct state_call *c, bool updates)
{
	struct change x = { .c = c, .updates = updates, .dry = state_get_bool(c, "dryrun") };
	bool good = check_payload(&x);

	if (updates)
		good = good && load_refresh(c) && check_known(&x) && read_payload(&x) &&
		    host_read(c, &x.host, "opts.vms ([object]) required");
	else
		good = good && read_payload(&x) &&
		    host_read(c, &x.host, "opts.vms ([object]) required") && load_refresh(c);
	good = good && match_stored(&x) && read_rvms(&x) && read_locals(&x);
	if (good) {
		plan_init(&x.plan, x.host, c->arena);
		plan_before(&x);
		stage(&x);
		plan_after(&x);
		good = carry_out(&x);
	}
	json_arena_drop(x.own_rules);
	return good;
}

bool
change_add(struct state_call *c)
{
	return change_payload(c, false);
}

bool
change_update(struct state_call *c)
{
	return change_payload(c, true);
}

/* uuid NULL: there is none, which the update tells. */
static void
append_switched(json_t *rules, json_t *uuid, bool enabled)
{
	json_array_append_new(rules, json_pack("{s:O*,s:b}", "uuid", uuid, "enabled", enabled));
}

/* enable and disable: an update of the rules that are named by uuid, uuids or rules. */
static bool
change_enabled(struct state_call *c, bool enabled)
{
	static const char *const lists[] = { "uuids", "rules" };
	json_t *params = json_copy((json_t *)c->params), *rules = json_array(), *v;
	const json_t *given = c->params;
	bool good;
	size_t k;

	if (json_object_get(given, "uuid"))
		append_switched(rules, json_object_get(given, "uuid"), enabled);
	for (size_t i = 0; i < BASE_COUNT(lists); i++)
		json_array_foreach(json_object_get(given, lists[i]), k, v)
			append_switched(rules, json_is_object(v) ? json_object_get(v, "uuid") : v, enabled);
	json_object_del(params, "uuid");
	json_object_del(params, "uuids");
	json_object_set_new(params, "rules", rules);
	c->params = params;
	good = json_array_size(rules) ? change_payload(c, true) : state_fail(c, DIAG_state_payload,
	    "uuids, rules");
	c->params = given;
	json_arena_drop(params);
	return good;
}

bool
change_enable(struct state_call *c)
{
	return change_enabled(c, true);
}

bool
change_disable(struct state_call *c)
{
	return change_enabled(c, false);
}

/* --- delete ------------------------------------------------------------------------------------------------ */

static void
warn_unknown(struct state_call *c, const char *what, struct slice name)
{
	if (c->s->opts.warn)
		c->s->opts.warn(c->s->opts.context, arena_printf(c->arena, "there is no %s %.*s to delete",
		    what, (int)name.n, name.p));
}

static bool
find_gone(struct change *x, const char *list, enum state_kind kind)
{
	const json_t *v = json_object_get(x->c->params, list), *name;
	struct state_call *c = x->c;
	uint32_t errors = c->diags->errors;
	struct uuid u;
	size_t i;

	if (v && !json_is_array(v))
		return param_error(c, arena_printf(c->arena, "opts.%s ([uuid]) required", list));
	json_array_foreach((json_t *)v, i, name) {
		struct slice s = json_is_string(name) ? json_slice(name) : slice_of("that is no string");
		struct state_item *it = NULL;

		if (uuid_read(s, &u))
			it = load_find(c->s, kind, u);
		if (!it)
			warn_unknown(c, kind == STATE_RULES ? "rule" : "remote VM", s);
		else if (check_readable(c, kind, u) && it->mark != x->mark) {
			it->mark = x->mark;
			*vec_push(c->arena, &x->gone[kind]) = it;
			*vec_push(c->arena, &x->gone_uuids[kind]) = u;
		}
	}
	return c->diags->errors == errors;
}

static void
stage_gone(struct change *x)
{
	struct buf b = { 0 };

	for (uint32_t i = 0; i < x->gone[STATE_RULES].n; i++) {
		b.n = 0;
		rule_write_serialized(&b, x->gone[STATE_RULES].v[i]->rule);
		*vec_push(x->c->arena, &x->gone_rules) = arena_slice(x->c->arena, buf_view(&b));
	}
	buf_free(&b);
	for (unsigned kind = 0; kind < STATE_KINDS; kind++)
		for (uint32_t i = 0; i < x->gone_uuids[kind].n; i++)
			load_drop(x->c->s, kind, x->gone_uuids[kind].v[i]);
}

bool
change_delete(struct state_call *c)
{
	struct change x = { .c = c, .dry = state_get_bool(c, "dryrun") };

	if (!host_is_given(c))
		return param_error(c, "opts.vms ([object]) is required");
	if (!json_object_get(c->params, "uuids") && !json_object_get(c->params, "rvmUUIDs"))
		return state_fail(c, DIAG_state_payload, "rvmUUIDs, uuids");
	if (!host_read(c, &x.host, "opts.vms ([object]) is required") || !load_refresh(c))
		return false;
	x.mark = ++c->s->mark;
	if (!find_gone(&x, "uuids", STATE_RULES) || !find_gone(&x, "rvmUUIDs", STATE_RVMS))
		return false;
	plan_init(&x.plan, x.host, c->arena);
	plan_before(&x);
	stage_gone(&x);
	return carry_out(&x);
}
