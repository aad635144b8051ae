/* SPDX-License-Identifier: MPL-2.0 */
/* The operations that change nothing. */
#include <stdlib.h>

#include "../../compiler/base/text.h"
#include "state_int.h"

#define NOWHERE ((struct span){ 0, 0 })
#define FIELDS_MAX 16                   /* a rule has fewer */
#define VMS_REQUIRED "opts.vms ([object]) is required"

static const char *
text_of(struct state_call *c, struct uuid u)
{
	char text[UUID_TEXT];

	uuid_write(text, u);
	return arena_copy(c->arena, text, UUID_TEXT);
}

/* --- rules and remote VMs by UUID ----------------------------------------------------------------- */

/* A stored item; else a diagnostic: it is not there, or broken. */
static struct state_item *
find_stored(struct state_call *c, enum state_kind kind, struct slice name)
{
	struct state_item *it = NULL;
	struct uuid u;

	if (uuid_read(name, &u))
		it = load_find(c->s, kind, u);
	if (!it)
		state_not_found(c, kind == STATE_RULES ? DIAG_state_rule_unknown
		    : DIAG_state_rvm_unknown, name);
	else if (it->broken)
		state_fail(c, DIAG_state_unreadable, arena_printf(c->arena, "%s/%s", c->s->root,
		    load_path(c->arena, kind, u)), it->broken);
	return it && !it->broken ? it : NULL;
}

static struct state_item *
find_param(struct state_call *c, enum state_kind kind)
{
	struct slice name;

	if (!json_get_slice(c->params, "uuid", &name)) {
		state_fail(c, DIAG_state_param, "opts.uuid (string) required");
		return NULL;
	}
	return load_refresh(c) ? find_stored(c, kind, name) : NULL;
}

bool
read_get(struct state_call *c)
{
	struct state_item *it = find_param(c, STATE_RULES);

	if (it)
		rule_write_serialized(c->out, it->rule);
	return it != NULL;
}

bool
read_get_rvm(struct state_call *c)
{
	struct state_item *it = find_param(c, STATE_RVMS);

	if (it)
		state_write_rvm(c->out, &it->rvm);
	return it != NULL;
}

bool
read_list_rvms(struct state_call *c)
{
	struct state_item **list;
	uint32_t n;

	if (!load_refresh(c))
		return false;
	list = load_sorted(c->s, STATE_RVMS, c->arena, &n);
	buf_char(c->out, '[');
	for (uint32_t i = 0; i < n; i++) {
		buf_str(c->out, i ? "," : "");
		state_write_rvm(c->out, &list[i]->rvm);
	}
	buf_char(c->out, ']');
	return true;
}

/* --- list -------------------------------------------------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	return text_cmp16(*(const struct slice *)a, *(const struct slice *)b);
}

/* Which fields of rules are asked for, each once; all: nothing was said. */
struct fields {
	bool all;
	uint32_t n;
	const char *name[FIELDS_MAX];
};

static void
take_field(struct fields *f, const char *name)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->name[i], name) == 0)
			return;
	if (f->n < FIELDS_MAX)
		f->name[f->n++] = name;
}

/* The parameter fields; false and a diagnostic if it is no list of fields. */
static bool
fields_param(struct state_call *c, struct fields *fields)
{
	const json_t *list = json_object_get(c->params, "fields"), *f;
	VEC(struct slice) bad = { 0 };
	struct buf names = { 0 };
	size_t i;

	*fields = (struct fields){ .all = !list || json_is_null(list) };
	if (!fields->all && !json_is_array(list))
		return state_fail(c, DIAG_state_param, "opts.fields ([string]) required");
	json_array_foreach((json_t *)list, i, f) {
		struct slice name = json_is_string(f) ? json_slice(f) : slice_of("(no string)");

		if (json_is_string(f) && strlen(name.p) == name.n && rule_is_field(name.p))
			take_field(fields, name.p);
		else
			*vec_push(c->arena, &bad) = name;
	}
	if (bad.n == 0)
		return true;
	qsort(bad.v, bad.n, sizeof(*bad.v), by_text);
	for (uint32_t k = 0; k < bad.n; k++) {
		buf_str(&names, k ? ", " : "");
		text_visible(&names, bad.v[k]);
	}
	buf_char(&names, '\0');
	state_fail(c, DIAG_state_field, bad.n > 1 ? "s" : "", names.p);
	buf_free(&names);
	return false;
}

/* A serialized rule with only these fields, in their order. */
static void
write_fields(struct buf *out, struct slice serialized, const struct fields *fields)
{
	const char *comma = "";

	buf_char(out, '{');
	for (uint32_t i = 0; i < fields->n; i++) {
		struct span at;

		if (!json_walk_find(serialized, 0, fields->name[i], &at))
			continue;
		buf_printf(out, "%s\"%s\":", comma, fields->name[i]);
		buf_add(out, serialized.p + at.off, at.len);
		comma = ",";
	}
	buf_char(out, '}');
}

static void
write_rules(struct state_call *c, struct state_item *const *list, uint32_t n,
    const struct fields *fields)
{
	struct buf scratch = { 0 };

	buf_char(c->out, '[');
	for (uint32_t i = 0; i < n; i++) {
		buf_str(c->out, i ? "," : "");
		if (fields->all) {
			rule_write_serialized(c->out, list[i]->rule);
			continue;
		}
		scratch.n = 0;
		rule_write_serialized(&scratch, list[i]->rule);
		write_fields(c->out, buf_view(&scratch), fields);
	}
	buf_char(c->out, ']');
	buf_free(&scratch);
}

bool
read_list(struct state_call *c)
{
	struct fields fields;
	struct state_item **list;
	uint32_t n;

	if (!fields_param(c, &fields) || !load_refresh(c))
		return false;
	list = load_sorted(c->s, STATE_RULES, c->arena, &n);
	write_rules(c, list, n, &fields);
	return true;
}

/* --- which VMs, which rules ----------------------------------------------------------------------------- */

struct marks {
	uint8_t *vms;
};

static void
mark_vm(void *context, uint32_t vm)
{
	((struct marks *)context)->vms[vm] = 1;
}

/* The rule of the parameter: a stored one by UUID, or an object that is one. */
static const struct rule *
rule_param(struct state_call *c)
{
	const json_t *v = json_object_get(c->params, "rule");
	struct state_item *it;

	if (json_is_string(v)) {
		it = find_stored(c, STATE_RULES, json_slice(v));
		return it ? it->rule : NULL;
	}
	state_begin_input(c, false);
	return input_payload(&c->in, v, (struct slice){ 0 });
}

bool
read_vms(struct state_call *c)
{
	const json_t *v = json_object_get(c->params, "rule");
	bool off_too = state_get_bool(c, "includeDisabled");
	struct marks m;
	struct host *h;
	const struct rule *r;
	uint32_t *order, n = 0;

	if (!json_is_string(v) && !json_is_object(v))
		return state_fail(c, DIAG_state_param, "opts.rule ([string] or [object]) required");
	if (!host_read(c, &h, VMS_REQUIRED) || !load_refresh(c))
		return false;
	r = rule_param(c);
	if (!r)
		return false;
	m.vms = arena_zero(c->arena, h->inv.n_local);
	plan_each_named(h, r, c->arena, mark_vm, &m);
	order = arena_alloc(c->arena, h->inv.n_local * sizeof(*order));
	for (uint32_t i = 0; i < h->inv.n_local; i++)
		if (m.vms[i] && (off_too || h->inv.vms.v[i]->firewall))
			order[n++] = i;
	inventory_sort(&h->inv, order, n);
	buf_char(c->out, '[');
	for (uint32_t i = 0; i < n; i++) {
		buf_str(c->out, i ? "," : "");
		state_write_uuid(c->out, h->inv.vms.v[order[i]]->uuid);
	}
	buf_char(c->out, ']');
	return true;
}

static void
write_found(struct state_call *c, const struct vm *vm, enum names_how how,
    const struct fields *fields)
{
	struct names_found found = { 0 };

	names_find(c->s, vm, how, c->arena, &found, ++c->s->mark);
	names_sort(&found);
	write_rules(c, found.rules.v, found.rules.n, fields);
}

bool
read_rules(struct state_call *c)
{
	struct fields fields;
	struct slice name;
	struct uuid u;
	struct host *h;
	uint32_t vm = UINT32_MAX;

	if (!json_get_slice(c->params, "vm", &name))
		return state_fail(c, DIAG_state_param, "opts.vm (string) required");
	if (!fields_param(c, &fields) || !host_read(c, &h, VMS_REQUIRED) || !load_refresh(c))
		return false;
	if (uuid_read(name, &u))
		vm = host_find_local(h, u);
	if (vm == UINT32_MAX)
		buf_str(c->out, "[]");
	else
		write_found(c, h->inv.vms.v[vm], NAMES_LOCAL, &fields);
	return true;
}

/* A stored remote VM by its UUID, which must not be a local one's. */
static bool
stored_rvm(struct state_call *c, struct host *h, struct slice name, struct state_rvm *out)
{
	struct state_item *it;
	struct uuid u;

	if (uuid_read(name, &u) && host_find_local(h, u) != UINT32_MAX)
		return state_fail(c, DIAG_rvm_local, text_of(c, u));
	it = find_stored(c, STATE_RVMS, name);
	if (it)
		*out = it->rvm;
	return it != NULL;
}

bool
read_rvm_rules(struct state_call *c)
{
	const json_t *v = json_object_get(c->params, "remoteVM");
	struct fields fields;
	struct state_rvm rvm;
	struct host *h;

	if (!json_is_string(v) && !json_is_object(v))
		return state_fail(c, DIAG_state_param, "opts.remoteVM ([string] or [object]) required");
	if (!fields_param(c, &fields) || !host_read(c, &h, VMS_REQUIRED) || !load_refresh(c))
		return false;
	if (json_is_string(v) ? !stored_rvm(c, h, json_slice(v), &rvm)
	    : !state_read_rvm(c, h, v, false, &rvm))
		return false;
	write_found(c, rvm.vm, NAMES_REMOTE, &fields);
	return true;
}

/* --- rules of a payload ------------------------------------------------------------------------------------ */

static bool
read_payload_rules(struct state_call *c)
{
	const json_t *list = json_object_get(c->params, "rules"), *o;
	uint32_t errors = c->diags->errors;
	size_t i;

	json_array_foreach((json_t *)list, i, o)
		if (!json_is_object(o))
			return state_fail(c, DIAG_state_param, "opts.rules ([object]) required");
	state_begin_input(c, true);
	json_array_foreach((json_t *)list, i, o) {
		struct rule *r = input_payload(&c->in, o, (struct slice){ 0 });

		if (r)
			*vec_push(c->arena, &c->in.rules) = r;
		arena_reset(&c->in.scratch);
	}
	return c->diags->errors == errors;
}

/* --- validate ------------------------------------------------------------------------------------------------ */

struct known_vms {
	struct state_call *c;
	struct host *h;
	struct strmap given;            /* remote VMs of the payload */
};

static bool
is_known(const struct known_vms *k, struct uuid u)
{
	struct slice key = { (const char *)u.b, sizeof(u.b) };
	const struct state_item *it = load_find(k->c->s, STATE_RVMS, u);

	return host_find_local(k->h, u) != UINT32_MAX || (it && !it->broken) ||
	    strmap_get(&k->given, key);
}

/* Has it a tag, or a VM that is known, or all VMs where there is one? */
static bool
matches_any(const struct known_vms *k, const struct rule *r)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct rule_side *s = &r->side[side];

		if (s->n_tags || (s->vmall && k->h->inv.n_local))
			return true;
		for (unsigned i = 0; i < s->n_vms; i++)
			if (is_known(k, s->vms[i]))
				return true;
	}
	return false;
}

static bool
has_local(const struct known_vms *k, const struct rule_side *s)
{
	for (unsigned i = 0; i < s->n_vms; i++)
		if (host_find_local(k->h, s->vms[i]) != UINT32_MAX)
			return true;
	return false;
}

static void
validate_rule(const struct known_vms *k, const struct rule *r)
{
	if (!matches_any(k, r)) {
		state_fail(k->c, DIAG_state_no_vms, (int)r->text.n, r->text.p);
		return;
	}
	for (unsigned side = 0; side < 2; side++) {
		const struct rule_side *far = &r->side[!side];

		if (!has_local(k, &r->side[side]))
			continue;
		for (unsigned i = 0; i < far->n_vms; i++)
			if (!is_known(k, far->vms[i]))
				state_fail(k->c, DIAG_state_missing_vm, text_of(k->c, far->vms[i]),
				    (int)r->text.n, r->text.p);
	}
}

static bool
read_given_rvms(struct known_vms *k)
{
	const json_t *list = json_object_get(k->c->params, "remoteVMs"), *o;
	uint32_t errors = k->c->diags->errors;
	struct state_rvm rvm;
	size_t i;

	json_array_foreach((json_t *)list, i, o)
		if (state_read_rvm(k->c, k->h, o, true, &rvm))
			*strmap_put(k->c->arena, &k->given, (struct slice){
			    (const char *)rvm.vm->uuid.b, sizeof(rvm.vm->uuid.b) }) = 1;
	return k->c->diags->errors == errors;
}

bool
read_validate(struct state_call *c)
{
	struct known_vms k = { .c = c };
	bool any;

	if (!host_is_given(c))
		return state_fail(c, DIAG_state_param, "opts.vms ([object]) required");
	if (!state_check_lists(c, &any))
		return false;
	if (!any)
		return state_fail(c, DIAG_state_payload, STATE_LISTS);
	if (!read_payload_rules(c) || !host_read(c, &k.h, "opts.vms ([object]) required") ||
	    !load_refresh(c) || !read_given_rvms(&k))
		return false;
	for (uint32_t i = 0; i < c->in.rules.n; i++)
		validate_rule(&k, c->in.rules.v[i]);
	return c->diags->errors == 0;
}

/* --- remote targets --------------------------------------------------------------------------------------------- */

struct far_tag {
	struct slice key;
	bool whole;                     /* any value */
	VEC(struct slice) values;       /* sorted when written */
};

struct targets {
	struct state_call *c;
	struct host *h;
	bool all;
	struct strmap tags, vms;
	VEC(struct far_tag) tag_list;
	VEC(struct uuid) vm_list;
};

/* Does the side name a local VM by tag, UUID or all vms, owner permitting? */
static bool
names_local(struct targets *t, const struct rule *r, unsigned side)
{
	uint32_t n;
	const struct policy_named *named = policy_names_side(t->h->names, r, side, t->c->arena, &n);

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < named[i].n; k++)
			if (policy_applies(r, t->h->inv.vms.v[named[i].vms[k]]))
				return true;
	return false;
}

static void
add_tag(struct targets *t, const struct rule_tag *tag)
{
	struct arena *arena = t->c->arena;
	uint32_t *at = strmap_put(arena, &t->tags, tag->key);
	struct far_tag *f;

	if (*at == UINT32_MAX) {
		*at = t->tag_list.n;
		*vec_push(arena, &t->tag_list) = (struct far_tag){ .key = tag->key };
	}
	f = &t->tag_list.v[*at];
	if (!tag->has_value)
		f->whole = true;
	for (uint32_t i = 0; i < f->values.n; i++)
		if (slice_eq(f->values.v[i], tag->value))
			return;
	if (tag->has_value)
		*vec_push(arena, &f->values) = tag->value;
}

static void
add_far_side(struct targets *t, const struct rule_side *s)
{
	struct arena *arena = t->c->arena;

	t->all |= s->vmall;
	for (unsigned i = 0; i < s->n_tags; i++)
		add_tag(t, &s->tags[i]);
	for (unsigned i = 0; i < s->n_vms; i++) {
		uint32_t *at = strmap_put(arena, &t->vms, (struct slice){ (const char *)s->vms[i].b, 16 });

		if (*at != UINT32_MAX || host_find_local(t->h, s->vms[i]) != UINT32_MAX)
			continue;
		*at = t->vm_list.n;
		*vec_push(arena, &t->vm_list) = s->vms[i];
	}
}

static int
by_key(const void *a, const void *b)
{
	return text_cmp16(((const struct far_tag *)a)->key, ((const struct far_tag *)b)->key);
}

static int
by_uuid(const void *a, const void *b)
{
	return uuid_cmp(*(const struct uuid *)a, *(const struct uuid *)b);
}

static void
write_tag(struct buf *out, struct far_tag *f)
{
	text_json(out, f->key);
	buf_char(out, ':');
	if (f->whole) {
		buf_str(out, "true");
		return;
	}
	if (f->values.n > 1)
		qsort(f->values.v, f->values.n, sizeof(*f->values.v), by_text);
	buf_str(out, f->values.n > 1 ? "[" : "");
	for (uint32_t i = 0; i < f->values.n; i++) {
		buf_str(out, i ? "," : "");
		text_json(out, f->values.v[i]);
	}
	buf_str(out, f->values.n > 1 ? "]" : "");
}

static void
write_targets(struct buf *out, struct targets *t)
{
	const char *comma = "";

	buf_char(out, '{');
	if (t->all) {
		buf_str(out, "\"allVMs\":true");
		comma = ",";
	}
	if (t->tag_list.n) {
		qsort(t->tag_list.v, t->tag_list.n, sizeof(*t->tag_list.v), by_key);
		buf_printf(out, "%s\"tags\":{", comma);
		for (uint32_t i = 0; i < t->tag_list.n; i++) {
			buf_str(out, i ? "," : "");
			write_tag(out, &t->tag_list.v[i]);
		}
		buf_char(out, '}');
		comma = ",";
	}
	if (t->vm_list.n) {
		qsort(t->vm_list.v, t->vm_list.n, sizeof(*t->vm_list.v), by_uuid);
		buf_printf(out, "%s\"vms\":[", comma);
		for (uint32_t i = 0; i < t->vm_list.n; i++) {
			buf_str(out, i ? "," : "");
			state_write_uuid(out, t->vm_list.v[i]);
		}
		buf_char(out, ']');
	}
	buf_char(out, '}');
}

bool
read_remote_targets(struct state_call *c)
{
	struct targets t = { .c = c };

	if (!host_is_given(c))
		return state_fail(c, DIAG_state_param, VMS_REQUIRED);
	if (!json_is_array(json_object_get(c->params, "rules")))
		return state_fail(c, DIAG_state_no_rules);
	if (!read_payload_rules(c) || !host_read(c, &t.h, VMS_REQUIRED))
		return false;
	for (uint32_t i = 0; i < c->in.rules.n; i++)
		for (unsigned side = 0; side < 2; side++)
			if (names_local(&t, c->in.rules.v[i], side))
				add_far_side(&t, &c->in.rules.v[i]->side[!side]);
	write_targets(c->out, &t);
	return true;
}
