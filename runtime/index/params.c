/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parameters to a question, each with one reader in a table.  Texts of errors are
 * the service's (spec 7): programs compare them.
 */
#include <stdlib.h>

#include "../../compiler/backends/backend.h"
#include "../../compiler/base/text.h"
#include "query_int.h"

#define MAX_VALUES 10000        /* of one parameter */

struct reading {
	struct query *q;
	struct arena *arena;
	struct query_errors *errors;
	const char *name;
	const json_t *value;
};

static struct query_error *
refuse(struct reading *rd, const char *message)
{
	struct query_error *e = vec_push(rd->arena, &rd->errors->list);

	memset(e, 0, sizeof(*e));
	e->field = slice_of(rd->name);
	e->code = "InvalidParameter";
	e->message = message;
	return e;
}

/* --- values ------------------------------------------------------------------- */

/* How many values a parameter has: a plain one is one. */
static size_t
values(const struct reading *rd)
{
	return json_is_array(rd->value) ? json_array_size(rd->value) : 1;
}

static const json_t *
value_at(const struct reading *rd, size_t i)
{
	return json_is_array(rd->value) ? json_array_get(rd->value, i) : rd->value;
}

/* Any value as text; objects and arrays as JSON. */
static struct slice
as_text(struct arena *arena, const json_t *v)
{
	struct buf b = { 0 };
	struct slice s;

	if (json_is_string(v))
		return json_slice(v);
	if (!json_write_js(&b, v))
		json_write(&b, v);
	s = arena_slice(arena, buf_view(&b));
	buf_free(&b);
	return s;
}

static int
slice_cmp(const void *x, const void *y)
{
	return text_cmp16(*(const struct slice *)x, *(const struct slice *)y);
}

/* The bad values sorted, each once; an empty one is named. */
static void
refuse_values(struct reading *rd, const char *one, const char *many, const struct slice *bad,
    uint32_t n)
{
	struct slice *sorted = arena_alloc(rd->arena, n * sizeof(*sorted));
	struct query_error *e;

	memcpy(sorted, bad, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), slice_cmp);
	e = refuse(rd, n > 1 ? many : one);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || !slice_eq(sorted[i], sorted[i - 1]))
			*vec_push(rd->arena, &e->invalid) = sorted[i].n
			    ? arena_slice(rd->arena, sorted[i]) : slice_of("Empty string");
}

/*
 * Reads every value with take, which returns false for a bad one.  An empty list is
 * one empty value: nobody means to ask for nothing.
 */
static void
read_values(struct reading *rd, bool (*take)(struct reading *rd, const json_t *v),
    const char *one, const char *many)
{
	VEC(struct slice) bad = { 0 };
	size_t n = values(rd);

	if (n > MAX_VALUES) {
		refuse(rd, "must not have more than 10000 values");
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!take(rd, value_at(rd, i)))
			*vec_push(rd->arena, &bad) = as_text(rd->arena, value_at(rd, i));
	if (n == 0)
		*vec_push(rd->arena, &bad) = (struct slice){ "", 0 };
	if (bad.n)
		refuse_values(rd, one, many, bad.v, bad.n);
}

/* The text of a parameter of one value. */
static bool
one_text(struct reading *rd, struct slice *out)
{
	if (!json_is_string(rd->value))
		return false;
	*out = json_slice(rd->value);
	return true;
}

/* A whole number, also as text. */
static bool
one_number(struct reading *rd, uint32_t most, uint32_t *out)
{
	double d = json_number_value(rd->value);
	struct slice s;
	uint64_t v = 0;

	if (json_is_number(rd->value)) {
		*out = d >= 0 && d <= most ? (uint32_t)d : 0;
		return d >= 0 && d <= most && d == (double)*out;
	}
	if (!one_text(rd, &s) || s.n == 0 || s.n > 10)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = (uint32_t)v;
	return v <= most;
}

static bool
one_bool(struct reading *rd, bool *out)
{
	struct slice s;

	if (json_is_boolean(rd->value)) {
		*out = json_is_true(rd->value);
		return true;
	}
	if (!one_text(rd, &s))
		return false;
	*out = slice_is(s, "true");
	return *out || slice_is(s, "false");
}

static int
find_word(struct slice s, const char *const *word, int n)
{
	for (int i = 0; i < n; i++)
		if (slice_is(s, word[i]))
			return i;
	return -1;
}

/* --- targets and owners ----------------------------------------------------------- */

static bool
take_ip(struct reading *rd, const json_t *v)
{
	struct prefix p;

	if (!json_is_string(v) || !addr_read(json_slice(v), &p))
		return false;
	*vec_push(rd->arena, &rd->q->ips) = p;
	return true;
}

static void
read_ip(struct reading *rd)
{
	read_values(rd, take_ip, "invalid IP", "invalid IPs");
}

static bool
take_subnet(struct reading *rd, const json_t *v)
{
	struct prefix p;

	if (!json_is_string(v) || !prefix_read(json_slice(v), &p) || prefix_has_host_bits(p))
		return false;
	*vec_push(rd->arena, &rd->q->subnets) = p;
	return true;
}

static void
read_subnet(struct reading *rd)
{
	read_values(rd, take_subnet, "Subnet must be in CIDR form",
	    "Subnet must be in CIDR form");
}

static bool
take_vm(struct reading *rd, const json_t *v)
{
	struct uuid u;

	if (!json_is_string(v) || !uuid_read(json_slice(v), &u))
		return false;
	*vec_push(rd->arena, &rd->q->vms) = u;
	return true;
}

static void
read_vm(struct reading *rd)
{
	read_values(rd, take_vm, "invalid UUID", "invalid UUID");
}

static bool
take_owner(struct reading *rd, const json_t *v)
{
	struct uuid u;

	if (!json_is_string(v) || !uuid_read(json_slice(v), &u))
		return false;
	*vec_push(rd->arena, &rd->q->owners) = u;
	return true;
}

static void
read_owner(struct reading *rd)
{
	read_values(rd, take_owner, "invalid UUID", "invalid UUID");
}

static void
add_tag(struct reading *rd, struct slice key, const json_t *value)
{
	*vec_push(rd->arena, &rd->q->tags) = (struct query_tag){
		arena_slice(rd->arena, key),
		value ? arena_slice(rd->arena, json_slice(value)) : (struct slice){ 0 },
		value != NULL
	};
}

/* {key: true, value, or [values]} */
static bool
take_pairs(struct reading *rd, const json_t *object)
{
	const json_t *v, *item;
	const char *key;
	size_t i;

	json_object_foreach((json_t *)object, key, v) {
		if (json_is_true(v)) {
			add_tag(rd, slice_of(key), NULL);
		} else if (json_is_string(v)) {
			add_tag(rd, slice_of(key), v);
		} else if (json_is_array(v) && json_array_size(v)) {
			json_array_foreach(v, i, item) {
				if (!json_is_string(item))
					return false;
				add_tag(rd, slice_of(key), item);
			}
		} else {
			return false;
		}
	}
	return json_object_size(object) > 0;
}

static void
read_tag(struct reading *rd)
{
	size_t n = values(rd);
	bool good = n > 0 && n <= MAX_VALUES;

	for (size_t i = 0; good && i < n; i++) {
		const json_t *v = value_at(rd, i);

		if (json_is_object(v))
			good = take_pairs(rd, v);
		else if (json_is_string(v) && json_string_length(v))
			add_tag(rd, json_slice(v), NULL);
		else
			good = false;
	}
	if (!good)
		refuse(rd, "must be a key, or an object of keys with true, a value or an array of "
		    "values");
}

/* A wildcard that does not exist finds nothing. */
static bool
take_wildcard(struct reading *rd, const json_t *v)
{
	if (!json_is_string(v))
		return false;
	rd->q->any |= slice_is(json_slice(v), "any");
	rd->q->vmall |= slice_is(json_slice(v), "vmall");
	return true;
}

static void
read_wildcard(struct reading *rd)
{
	rd->q->has_wildcard = true;
	read_values(rd, take_wildcard, "must be a string", "must be a string");
}

/* --- one value -------------------------------------------------------------------- */

static void
read_protocol(struct reading *rd)
{
	struct slice s;
	int p;

	if (!one_text(rd, &s)) {
		refuse(rd, "must be a string");
	} else if (s.n == 0) {
		refuse(rd, "must not be empty");
	} else if (text_len16(s) > 64) {
		refuse(rd, "must not be longer than 64 characters");
	} else {
		p = find_word(s, lang_proto_name, LANG_PROTOS);
		rd->q->protocol = p < 0 ? LANG_PROTOS : p;
	}
}

static void
read_action(struct reading *rd)
{
	struct slice s;
	int a = one_text(rd, &s) ? find_word(s, lang_action_name, 2) : -1;

	if (a < 0)
		refuse(rd, "action must be \"block\" or \"allow\"");
	else
		rd->q->action = a;
}

static void
read_flag(struct reading *rd, int *out)
{
	bool v;

	if (one_bool(rd, &v))
		*out = v;
	else
		refuse(rd, "must be a boolean value");
}

static void
read_enabled(struct reading *rd)
{
	read_flag(rd, &rd->q->enabled);
}

static void
read_log(struct reading *rd)
{
	read_flag(rd, &rd->q->log);
}

static void
read_global(struct reading *rd)
{
	read_flag(rd, &rd->q->global);
}

static void
read_count(struct reading *rd)
{
	if (!one_bool(rd, &rd->q->count))
		refuse(rd, "must be a boolean value");
}

static void
read_explain(struct reading *rd)
{
	if (!one_bool(rd, &rd->q->explain))
		refuse(rd, "must be a boolean value");
}

static void
read_port(struct reading *rd)
{
	uint32_t v;

	if (one_number(rd, 65535, &v))
		rd->q->port = (int)v;
	else
		refuse(rd, "must be a port number, 0 to 65535");
}

static void
read_limit(struct reading *rd)
{
	if (!one_number(rd, UINT32_MAX - 1, &rd->q->limit))
		refuse(rd, "must be a whole number, 0 or greater");
}

static void
read_offset(struct reading *rd)
{
	if (!one_number(rd, UINT32_MAX - 1, &rd->q->offset))
		refuse(rd, "must be a whole number, 0 or greater");
}

static void
read_direction(struct reading *rd)
{
	struct slice s;
	int d = one_text(rd, &s) ? find_word(s, lang_side_name, 2) : -1;

	if (d < 0)
		refuse(rd, "must be \"from\" or \"to\"");
	else
		rd->q->direction = d;
}

static void
read_match(struct reading *rd)
{
	static const char *const name[] = { "exact", "contains", "within", "overlaps" };
	struct slice s;
	int m = one_text(rd, &s) ? find_word(s, name, 4) : -1;

	if (m < 0)
		refuse(rd, "must be \"exact\", \"contains\", \"within\" or \"overlaps\"");
	else
		rd->q->match = (enum query_match)m;
}

/* --- lists of words ------------------------------------------------------------------ */

static void
read_fields(struct reading *rd)
{
	size_t n = values(rd);

	for (size_t i = 0; i < n; i++)
		if (!json_is_string(value_at(rd, i))) {
			refuse(rd, "must be an array of strings");
			return;
		}
	if (n == 0) {
		refuse(rd, "must not be an empty array");
		return;
	}
	if (n > 4) {
		refuse(rd, "can only specify a maximum of 4 fields");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned bit = backend_parsed_field(json_slice(value_at(rd, i)));

		if (!bit) {
			refuse(rd, "unknown field specified");
			return;
		}
		rd->q->fields |= bit;
	}
}

static bool
add_sort(struct reading *rd, struct slice s)
{
	static const char *const name[QUERY_SORT_KEYS] = {
		[QUERY_BY_UUID] = "uuid", [QUERY_BY_OWNER] = "owner_uuid",
		[QUERY_BY_RULE] = "rule", [QUERY_BY_VERSION] = "version",
		[QUERY_BY_CREATED_BY] = "created_by", [QUERY_BY_DESCRIPTION] = "description",
		[QUERY_BY_ACTION] = "action", [QUERY_BY_PROTOCOL] = "protocol",
		[QUERY_BY_PRIORITY] = "priority", [QUERY_BY_ENABLED] = "enabled",
		[QUERY_BY_LOG] = "log",
	};
	bool down = s.n && s.p[0] == '-';
	int key = find_word((struct slice){ s.p + down, s.n - down }, name, QUERY_SORT_KEYS);

	if (key < 0 || rd->q->n_sort == QUERY_SORT_MAX)
		return false;
	rd->q->sort[rd->q->n_sort].key = (uint8_t)key;
	rd->q->sort[rd->q->n_sort++].down = down;
	return true;
}

static bool
add_sorts(struct reading *rd, struct slice s)
{
	for (;;) {
		const char *comma = s.n ? memchr(s.p, ',', s.n) : NULL;
		size_t n = comma ? (size_t)(comma - s.p) : s.n;

		if (!add_sort(rd, (struct slice){ s.p, n }))
			return false;
		if (!comma)
			return true;
		s = (struct slice){ comma + 1, s.n - n - 1 };
	}
}

static void
read_sort(struct reading *rd)
{
	size_t n = values(rd);
	bool good = n > 0 && n <= QUERY_SORT_MAX;

	for (size_t i = 0; good && i < n; i++)
		good = json_is_string(value_at(rd, i)) && add_sorts(rd, json_slice(value_at(rd, i)));
	if (!good)
		refuse(rd, "must be at most 4 of uuid, owner_uuid, rule, version, created_by, "
		    "description, action, protocol, priority, enabled, log, each with - before it "
		    "for descending");
}

/* --- all of them ---------------------------------------------------------------------- */

/* Sorted by name. */
static const struct param {
	const char *name;
	void (*read)(struct reading *rd);
} params[] = {
	{ "action", read_action },
	{ "count", read_count },
	{ "direction", read_direction },
	{ "enabled", read_enabled },
	{ "explain", read_explain },
	{ "fields", read_fields },
	{ "global", read_global },
	{ "ip", read_ip },
	{ "limit", read_limit },
	{ "log", read_log },
	{ "match", read_match },
	{ "offset", read_offset },
	{ "owner_uuid", read_owner },
	{ "port", read_port },
	{ "protocol", read_protocol },
	{ "sort", read_sort },
	{ "subnet", read_subnet },
	{ "tag", read_tag },
	{ "vm", read_vm },
	{ "wildcard", read_wildcard },
};

static bool
is_known(const char *name)
{
	for (size_t i = 0; i < BASE_COUNT(params); i++)
		if (strcmp(params[i].name, name) == 0)
			return true;
	return false;
}

/* One entry for all unknown names, where their list stands among the fields. */
static void
refuse_unknown(struct reading *rd, const json_t *object)
{
	struct query_error e = { .unknown = true, .code = "UnknownParameters" };
	struct buf text = { 0 };
	const char *name;
	const json_t *v;
	uint32_t at;

	json_object_foreach((json_t *)object, name, v) {
		if (is_known(name))
			continue;
		if (e.names.n)
			buf_char(&text, ',');
		buf_str(&text, name);
		*vec_push(rd->arena, &e.names) = arena_slice(rd->arena, slice_of(name));
	}
	if (e.names.n == 0)
		return;
	e.field = arena_slice(rd->arena, buf_view(&text));
	text.n = 0;
	buf_str(&text, "Unknown parameters: ");
	for (uint32_t i = 0; i < e.names.n; i++) {
		buf_str(&text, i ? ", " : "");
		buf_slice(&text, e.names.v[i]);
	}
	e.message = arena_slice(rd->arena, buf_view(&text)).p;
	buf_free(&text);
	vec_push(rd->arena, &rd->errors->list);
	at = rd->errors->list.n - 1;
	for (; at > 0 && text_cmp16(rd->errors->list.v[at - 1].field, e.field) > 0; at--)
		rd->errors->list.v[at] = rd->errors->list.v[at - 1];
	rd->errors->list.v[at] = e;
}

void
query_read(struct query *q, const json_t *object, struct arena *arena,
    struct query_errors *errors)
{
	struct reading rd = { .q = q, .arena = arena, .errors = errors };

	query_init(q);
	memset(errors, 0, sizeof(*errors));
	for (size_t i = 0; i < BASE_COUNT(params); i++) {
		rd.name = params[i].name;
		rd.value = json_object_get(object, rd.name);
		if (rd.value)
			params[i].read(&rd);
	}
	refuse_unknown(&rd, object);
}

void
query_write_errors(struct buf *out, const struct query_errors *errors)
{
	buf_char(out, '[');
	for (uint32_t i = 0; i < errors->list.n; i++) {
		const struct query_error *e = &errors->list.v[i];

		buf_str(out, i ? ",{\"field\":" : "{\"field\":");
		if (!e->unknown)
			text_json(out, e->field);
		for (uint32_t k = 0; k < e->names.n; k++) {
			buf_char(out, k ? ',' : '[');
			text_json(out, e->names.v[k]);
		}
		buf_printf(out, "%s,\"code\":\"%s\",\"message\":", e->unknown ? "]" : "", e->code);
		text_json(out, slice_of(e->message));
		for (uint32_t k = 0; k < e->invalid.n; k++) {
			buf_str(out, k ? "," : ",\"invalid\":[");
			text_json(out, e->invalid.v[k]);
		}
		buf_str(out, e->invalid.n ? "]}" : "}");
	}
	buf_char(out, ']');
}
