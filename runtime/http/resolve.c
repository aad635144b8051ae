/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What meets what: the rules of a VM, the VMs of a rule, and /resolve, which tells a
 * compute node what it must fetch from elsewhere for its VMs.
 */
#include <stdlib.h>

#include "../../compiler/base/text.h"
#include "api_int.h"

/* --- sides ----------------------------------------------------------------------- */

struct slice
tag_text(struct arena *arena, const json_t *value)
{
	struct buf b = { 0 };
	struct slice s;

	if (json_is_string(value))
		return json_slice(value);
	if (!json_write_js(&b, value))
		json_write(&b, value);
	s = arena_slice(arena, buf_view(&b));
	buf_free(&b);
	return s;
}

/* A tag that is asked for without a value meets all rules that name its key. */
static bool
tags_meet(const struct rule_tag *rule, const struct query_tag *asked)
{
	return slice_eq(rule->key, asked->key) && (!rule->has_value || !asked->has_value ||
	    slice_eq(rule->value, asked->value));
}

bool
side_matches(const struct rule_side *side, const struct selection *s)
{
	if (side->vmall)
		return true;
	for (unsigned i = 0; i < side->n_vms; i++)
		for (uint32_t k = 0; k < s->n_vms; k++)
			if (uuid_cmp(side->vms[i], s->vms[k]) == 0)
				return true;
	for (unsigned i = 0; i < side->n_tags; i++)
		for (uint32_t k = 0; k < s->n_tags; k++)
			if (tags_meet(&side->tags[i], &s->tags[k]))
				return true;
	return false;
}

/* --- selecting --------------------------------------------------------------------- */

static bool
collect(struct call *c, struct selection *s, struct query *q)
{
	struct api_worker *w = c->worker;

	/* Once of the owner, once of nobody. */
	for (int global = 0; global < 2; global++) {
		q->owners.v = &s->owner;
		q->owners.n = global ? 0 : 1;
		q->global = global ? 1 : QUERY_NONE;
		if (!query_run(w->rd, q, &w->answer))
			return false;
		for (uint32_t i = 0; i < w->answer.found.n; i++)
			*vec_push(&c->arena, &s->found) = w->answer.found.v[i];
	}
	return true;
}

struct numbered {
	struct uuid uuid;
	uint32_t number;
};

static int
by_uuid(const void *a, const void *b)
{
	return uuid_cmp(((const struct numbered *)a)->uuid, ((const struct numbered *)b)->uuid);
}

/* In the order of UUIDs, each once. */
static bool
sort_found(struct call *c, struct selection *s)
{
	struct numbered *v = arena_alloc(&c->arena, s->found.n * sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->found.n; i++) {
		const struct record *rec = index_record(c->worker->rd, s->found.v[i]);

		if (!rec)
			return false;
		v[i] = (struct numbered){ rec->uuid, s->found.v[i] };
	}
	if (s->found.n > 1)
		qsort(v, s->found.n, sizeof(*v), by_uuid);
	for (uint32_t i = 0; i < s->found.n; i++)
		if (n == 0 || s->found.v[n - 1] != v[i].number)
			s->found.v[n++] = v[i].number;
	s->found.n = n;
	return true;
}

bool
rules_select(struct call *c, struct selection *s)
{
	struct query q;
	bool good;

	query_init(&q);
	q.has_wildcard = q.vmall = true;
	good = collect(c, s, &q);
	query_init(&q);
	for (uint32_t i = 0; i < s->n_vms; i++)
		*vec_push(&c->arena, &q.vms) = s->vms[i];
	good = good && (s->n_vms == 0 || collect(c, s, &q));
	query_init(&q);
	for (uint32_t i = 0; i < s->n_tags; i++)
		*vec_push(&c->arena, &q.tags) = s->tags[i];
	good = good && (s->n_tags == 0 || collect(c, s, &q));
	return good && sort_found(c, s);
}

/* --- the rules of a VM ----------------------------------------------------------------- */

static void
write_rules(struct call *c, const struct selection *s)
{
	struct record_room room;
	struct rule r;

	buf_char(&c->r.body, '[');
	for (uint32_t i = 0; i < s->found.n; i++) {
		if (!index_view(c->worker->rd, s->found.v[i], &r, &room))
			break;
		if (i)
			buf_char(&c->r.body, ',');
		rule_write_serialized(&c->r.body, &r);
	}
	buf_char(&c->r.body, ']');
}

static void
add_tag(struct call *c, struct query_tag **tags, uint32_t *n, uint32_t *cap, const char *key,
    const json_t *value)
{
	struct query_tag tag = { .key = slice_of(key) };

	if (!json_is_true(value)) {
		tag.value = tag_text(&c->arena, value);
		tag.has_value = true;
	}
	if (*n == *cap)
		*tags = vec_grow(&c->arena, *tags, *n, cap, sizeof(**tags));
	(*tags)[(*n)++] = tag;
}

/* What VMAPI said, if that was no success. */
static bool
vm_answered(struct call *c)
{
	if (c->ask.status == 200)
		return true;
	c->r.status = c->ask.status;
	c->r.type = "application/json";
	buf_slice(&c->r.body, buf_view(&c->ask.body));
	if (c->ask.status >= 500)
		c->trouble = "VMAPI failed";
	return false;
}

static json_t *
read_vms(struct call *c)
{
	struct src src = { .name = slice_of("VMAPI"), .text = buf_view(&c->ask.body) };
	json_t *v;

	if (!vm_answered(c))
		return NULL;
	v = json_read_all(&src, &c->diags);
	if (!v)
		answer_unavailable(c, "VMAPI's answer is no JSON");
	return v;
}

static void
select_of_vm(struct call *c)
{
	json_t *vm = read_vms(c), *value;
	struct selection s = { .vms = &c->ask.uuid, .n_vms = 1 };
	struct query_tag *tags = NULL;
	uint32_t cap = 0;
	struct slice owner;
	const char *key;
	bool good;

	if (!vm)
		return;
	if (!json_get_slice(vm, "owner_uuid", &owner) || !uuid_read(owner, &s.owner)) {
		answer_unavailable(c, "VMAPI's answer has no owner_uuid");
		return;
	}
	json_object_foreach(json_object_get(vm, "tags"), key, value)
		add_tag(c, &tags, &s.n_tags, &cap, key, value);
	s.tags = tags;
	index_begin(c->worker->rd);
	good = rules_select(c, &s);
	if (good) {
		c->r.status = 200;
		c->r.type = "application/json";
		write_rules(c, &s);
	}
	index_end(c->worker->rd);
	if (!good)
		answer_unavailable(c, "the index is damaged");
}

void
handle_vm_rules(struct call *c)
{
	static const char *const known[] = { "uuid", NULL };
	struct query_errors errors = { 0 };
	struct uuid uuid;

	if (!uuid_read(c->path_param, &uuid))
		error_add(c, &errors, "uuid", "invalid UUID");
	error_unknown(c, &errors, known);
	if (errors.list.n)
		answer_errors(c, &errors);
	else
		ask_vms(c, uuid, false, select_of_vm);
}

/* --- the VMs of a rule ------------------------------------------------------------------- */

static bool
side_has_vm(struct call *c, const struct rule_side *side, const json_t *vm)
{
	const json_t *tags = json_object_get(vm, "tags"), *value;
	struct uuid uuid;
	struct slice text;

	if (side->vmall)
		return true;
	if (side->n_vms && json_get_slice(vm, "uuid", &text) && uuid_read(text, &uuid))
		for (unsigned i = 0; i < side->n_vms; i++)
			if (uuid_cmp(uuid, side->vms[i]) == 0)
				return true;
	for (unsigned i = 0; i < side->n_tags; i++) {
		const struct rule_tag *t = &side->tags[i];

		/* jansson's keys end at a NUL, and a tag with one is in no VM. */
		if (memchr(t->key.p, '\0', t->key.n))
			continue;
		value = json_object_get(tags, arena_copy(&c->arena, t->key.p, t->key.n));
		if (value && (!t->has_value || slice_eq(tag_text(&c->arena, value), t->value)))
			return true;
	}
	return false;
}

static bool
is_gone(const json_t *vm)
{
	static const char *const states[] = { "destroyed", "failed", "provisioning" };
	struct slice state;

	if (!json_get_slice(vm, "state", &state))
		return false;
	for (size_t i = 0; i < BASE_COUNT(states); i++)
		if (slice_is(state, states[i]))
			return true;
	return false;
}

static void
write_rule_vms(struct call *c)
{
	const struct rule *r = c->old_rule;
	json_t *vms = read_vms(c), *vm;
	bool first = true;
	size_t i;

	if (!vms)
		return;
	c->r.status = 200;
	c->r.type = "application/json";
	buf_char(&c->r.body, '[');
	json_array_foreach(vms, i, vm) {
		if (is_gone(vm) || !(side_has_vm(c, &r->side[LANG_FROM], vm) ||
		    side_has_vm(c, &r->side[LANG_TO], vm)))
			continue;
		if (!first)
			buf_char(&c->r.body, ',');
		first = false;
		json_write(&c->r.body, vm);
	}
	buf_char(&c->r.body, ']');
}

/* A global rule is everybody's here. */
void
handle_rule_vms(struct call *c)
{
	struct uuid owner;
	struct slice text;
	bool given;

	if (!rule_of_path(c, &c->old_rule))
		return;
	given = param_given(c, "owner_uuid");
	if (!given) {
		answer_error(c, 409, "MissingParameter", "\"owner_uuid\" parameter required");
	} else if (!json_get_slice(c->params, "owner_uuid", &text) || !uuid_read(text, &owner)) {
		if (c->old_rule->has_owner)
			answer_forbidden(c);
		else
			answer_field(c, "owner_uuid", "invalid UUID");
	} else if (c->old_rule->has_owner && uuid_cmp(owner, c->old_rule->owner) != 0) {
		answer_forbidden(c);
	} else {
		ask_vms(c, owner, true, write_rule_vms);
	}
}

/* --- /resolve ------------------------------------------------------------------------------ */

struct resolving {
	struct call *c;
	struct selection s;
	/* What must be fetched. */
	VEC(struct query_tag) tags;
	VEC(struct uuid) vms;
	bool all;
};

static int
by_key_and_value(const void *a, const void *b)
{
	const struct query_tag *x = a, *y = b;
	int d = text_cmp16(x->key, y->key);

	/* A key alone first: it makes its values needless. */
	if (d == 0)
		d = x->has_value - y->has_value;
	return d ? d : text_cmp16(x->value, y->value);
}

static int
cmp_uuid(const void *a, const void *b)
{
	return uuid_cmp(*(const struct uuid *)a, *(const struct uuid *)b);
}

static void
need_side(struct resolving *r, const struct rule_side *side)
{
	struct arena *a = &r->c->arena;

	r->all |= side->vmall;
	for (unsigned i = 0; i < side->n_vms; i++)
		*vec_push(a, &r->vms) = side->vms[i];
	for (unsigned i = 0; i < side->n_tags; i++)
		*vec_push(a, &r->tags) = (struct query_tag){ arena_slice(a, side->tags[i].key),
			arena_slice(a, side->tags[i].value), side->tags[i].has_value };
}

static bool
write_found(struct resolving *r)
{
	struct call *c = r->c;
	struct record_room room;
	struct rule rule;

	buf_str(&c->r.body, "{\"rules\":[");
	for (uint32_t i = 0; i < r->s.found.n; i++) {
		if (!index_view(c->worker->rd, r->s.found.v[i], &rule, &room))
			return false;
		if (i)
			buf_char(&c->r.body, ',');
		rule_write_serialized(&c->r.body, &rule);
		for (int side = 0; side < 2; side++)
			if (!rule_repeats_default(&rule, (enum lang_side)side) &&
			    side_matches(&rule.side[side], &r->s))
				need_side(r, &rule.side[!side]);
	}
	buf_char(&c->r.body, ']');
	return true;
}

static void
write_tags(struct resolving *r)
{
	struct buf *out = &r->c->r.body;
	const struct query_tag *v = r->tags.v;

	if (r->tags.n)
		qsort(r->tags.v, r->tags.n, sizeof(*v), by_key_and_value);
	buf_str(out, ",\"tags\":{");
	for (uint32_t i = 0, end; i < r->tags.n; i = end) {
		for (end = i + 1; end < r->tags.n && slice_eq(v[end].key, v[i].key); end++)
			;
		if (i)
			buf_char(out, ',');
		text_json(out, v[i].key);
		if (!v[i].has_value) {
			buf_str(out, ":true");
			continue;
		}
		for (uint32_t k = i; k < end; k++) {
			if (k > i && slice_eq(v[k].value, v[k - 1].value))
				continue;
			buf_str(out, k == i ? ":[" : ",");
			text_json(out, v[k].value);
		}
		buf_char(out, ']');
	}
	buf_char(out, '}');
}

static void
write_needs(struct resolving *r)
{
	struct buf *out = &r->c->r.body;
	bool first = true;

	write_tags(r);
	if (r->vms.n)
		qsort(r->vms.v, r->vms.n, sizeof(*r->vms.v), cmp_uuid);
	buf_str(out, ",\"vms\":[");
	for (uint32_t i = 0; i < r->vms.n; i++) {
		if (i && uuid_cmp(r->vms.v[i], r->vms.v[i - 1]) == 0)
			continue;
		buf_str(out, first ? "\"" : ",\"");
		first = false;
		buf_uuid(out, r->vms.v[i]);
		buf_char(out, '"');
	}
	buf_printf(out, "],\"allVMs\":%s,\"owner_uuid\":\"", r->all ? "true" : "false");
	buf_uuid(out, r->s.owner);
	buf_str(out, "\"}");
}

/* Reads a parameter as ListRules reads another of the same kind. */
static void
read_as(struct call *c, const char *name, const char *as, struct query *q,
    struct query_errors *errors)
{
	struct query_errors found;
	json_t *value, *object = json_object();

	param_split(c, name);
	value = json_object_get(c->params, name);
	if (value && !(json_is_array(value) && json_array_size(value) == 0))
		json_object_set_nocheck(object, as, value);
	query_read(q, object, &c->arena, &found);
	for (uint32_t i = 0; i < found.list.n; i++) {
		struct query_error *e = vec_push(&c->arena, &errors->list);

		*e = found.list.v[i];
		e->field = slice_of(name);
	}
	json_arena_drop(object);
}

static void
read_tags(struct call *c, struct resolving *r, struct query_errors *errors)
{
	json_t *tags = json_object_get(c->params, "tags"), *value, *item;
	struct query_tag *v = NULL;
	uint32_t cap = 0;
	const char *key;
	size_t i;

	if (tags && !json_is_object(tags)) {
		error_add(c, errors, "tags", "must be an object");
		return;
	}
	json_object_foreach(tags, key, value)
		if (json_is_array(value))
			json_array_foreach(value, i, item)
				add_tag(c, &v, &r->s.n_tags, &cap, key, item);
		else
			add_tag(c, &v, &r->s.n_tags, &cap, key, value);
	r->s.tags = v;
}

void
handle_resolve(struct call *c)
{
	struct resolving r = { .c = c };
	struct query_errors errors = { 0 };
	json_t *owner = json_object_get(c->params, "owner_uuid");
	struct query q, ips;
	bool good;

	if (!json_truthy(owner))
		error_add(c, &errors, "owner_uuid", NULL);
	else if (!json_is_string(owner) || !uuid_read(json_slice(owner), &r.s.owner))
		error_add(c, &errors, "owner_uuid", "invalid UUID");
	read_as(c, "vms", "vm", &q, &errors);
	read_as(c, "ips", "ip", &ips, &errors);
	read_tags(c, &r, &errors);
	if (errors.list.n) {
		answer_errors(c, &errors);
		return;
	}
	r.s.vms = q.vms.v;
	r.s.n_vms = q.vms.n;
	c->r.status = 200;
	c->r.type = "application/json";
	index_begin(c->worker->rd);
	good = rules_select(c, &r.s) && write_found(&r);
	index_end(c->worker->rd);
	if (good)
		write_needs(&r);
	else
		answer_unavailable(c, "the index is damaged");
}
