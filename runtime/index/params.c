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

const char QUERY_INVALID_ARGUMENT[] = "InvalidArgument";

struct reading {
	struct query *q;
	struct arena *arena;
	struct query_errors *errors;
	const char *name;
	const json_t *value;
	bool http;                      /* texts of several values are split at commas */
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

/* The bad values, sorted. */
static struct query_error *
refuse_values(struct reading *rd, const char *message, const struct slice *bad, uint32_t n)
{
	struct query_error *e = refuse(rd, message);

	for (uint32_t i = 0; i < n; i++)
		*vec_push(rd->arena, &e->invalid) = bad[i];
	qsort(e->invalid.v, n, sizeof(*e->invalid.v), slice_cmp);
	return e;
}

/* Addresses: every bad one is listed, and one that is alone and empty is named. */
static void
refuse_addresses(struct reading *rd, const struct slice *bad, uint32_t n)
{
	struct query_error *e = refuse_values(rd, n > 1 ? "invalid IPs" : "invalid IP", bad, n);

	if (n == 1 && bad[0].n == 0)
		e->invalid.v[0] = slice_of("Empty string");
}

static void
refuse_subnets(struct reading *rd, const struct slice *bad, uint32_t n)
{
	refuse_values(rd, "Subnet must be in CIDR form", bad, n);
}

/* UUIDs: each bad one is listed once. */
static void
refuse_uuids(struct reading *rd, const struct slice *bad, uint32_t n)
{
	struct query_error *e = refuse_values(rd, "invalid UUID", bad, n);
	uint32_t kept = 1;

	for (uint32_t i = 1; i < n; i++)
		if (!slice_eq(e->invalid.v[i], e->invalid.v[kept - 1]))
			e->invalid.v[kept++] = e->invalid.v[i];
	e->invalid.n = kept;
}

static void
refuse_wildcards(struct reading *rd, const struct slice *bad, uint32_t n)
{
	refuse_values(rd, "must be a string", bad, n);
}

/* The values of a parameter in turn, as read_values takes them. */
struct value_reader {
	struct reading *rd;
	bool (*take)(struct reading *rd, struct slice text);
	uint32_t n;
	VEC(struct slice) bad;
};

static void
read_text(struct value_reader *vr, struct slice text)
{
	vr->n++;
	if (vr->n <= MAX_VALUES && !vr->take(vr->rd, text))
		*vec_push(vr->rd->arena, &vr->bad) = arena_slice(vr->rd->arena, text);
}

static void
read_split(struct value_reader *vr, struct slice text)
{
	const char *comma;

	while (text.n && (comma = memchr(text.p, ',', text.n)) != NULL) {
		size_t n = (size_t)(comma - text.p);

		read_text(vr, (struct slice){ text.p, n });
		text = (struct slice){ comma + 1, text.n - n - 1 };
	}
	read_text(vr, text);
}

/*
 * Reads every value with take, which returns false for a bad one.  An empty list is
 * one empty value: nobody means to ask for nothing.
 */
static void
read_values(struct reading *rd, bool split, bool (*take)(struct reading *rd, struct slice text),
    void (*refuse_bad)(struct reading *rd, const struct slice *bad, uint32_t n))
{
	struct value_reader vr = { .rd = rd, .take = take };
	size_t n = values(rd);

	for (size_t i = 0; i < n && vr.n <= MAX_VALUES; i++) {
		const json_t *v = value_at(rd, i);

		if (json_is_string(v) && split && rd->http)
			read_split(&vr, json_slice(v));
		else if (json_is_string(v))
			read_text(&vr, json_slice(v));
		else {
			vr.n++;
			*vec_push(rd->arena, &vr.bad) = as_text(rd->arena, v);
		}
	}
	if (n == 0)
		*vec_push(rd->arena, &vr.bad) = (struct slice){ "", 0 };
	if (vr.n > MAX_VALUES)
		refuse(rd, "must not have more than 10000 values");
	else if (vr.bad.n)
		refuse_bad(rd, vr.bad.v, vr.bad.n);
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
take_ip(struct reading *rd, struct slice text)
{
	struct prefix p;

	if (!addr_read(text, &p))
		return false;
	*vec_push(rd->arena, &rd->q->ips) = p;
	return true;
}

static void
read_ip(struct reading *rd)
{
	read_values(rd, true, take_ip, refuse_addresses);
}

static bool
take_subnet(struct reading *rd, struct slice text)
{
	struct prefix p;

	if (!prefix_read(text, &p) || prefix_has_host_bits(p))
		return false;
	*vec_push(rd->arena, &rd->q->subnets) = p;
	return true;
}

static void
read_subnet(struct reading *rd)
{
	read_values(rd, true, take_subnet, refuse_subnets);
}

static bool
take_vm(struct reading *rd, struct slice text)
{
	struct uuid u;

	if (!uuid_read(text, &u))
		return false;
	*vec_push(rd->arena, &rd->q->vms) = u;
	return true;
}

static void
read_vm(struct reading *rd)
{
	read_values(rd, true, take_vm, refuse_uuids);
}

static bool
take_owner(struct reading *rd, struct slice text)
{
	struct uuid u;

	if (!uuid_read(text, &u))
		return false;
	*vec_push(rd->arena, &rd->q->owners) = u;
	return true;
}

static void
read_owner(struct reading *rd)
{
	read_values(rd, true, take_owner, refuse_uuids);
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
take_wildcard(struct reading *rd, struct slice text)
{
	rd->q->any |= slice_is(text, "any");
	rd->q->vmall |= slice_is(text, "vmall");
	return true;
}

static void
read_wildcard(struct reading *rd)
{
	rd->q->has_wildcard = true;
	read_values(rd, false, take_wildcard, refuse_wildcards);
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
	} else if ((p = find_word(s, lang_proto_name, LANG_PROTOS)) < 0) {
		refuse(rd, "Invalid value for protocol: must be one of: tcp, udp, icmp, icmp6, ah, "
		    "esp")->code = QUERY_INVALID_ARGUMENT;
	} else {
		rd->q->protocol = p;
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
	bool not_http;
} params[] = {
	{ "action", read_action, false },
	{ "count", read_count, false },
	{ "direction", read_direction, false },
	{ "enabled", read_enabled, false },
	{ "explain", read_explain, true },
	{ "fields", read_fields, false },
	{ "global", read_global, false },
	{ "ip", read_ip, false },
	{ "limit", read_limit, false },
	{ "log", read_log, false },
	{ "match", read_match, false },
	{ "offset", read_offset, false },
	{ "owner_uuid", read_owner, false },
	{ "port", read_port, false },
	{ "protocol", read_protocol, false },
	{ "sort", read_sort, false },
	{ "subnet", read_subnet, false },
	{ "tag", read_tag, false },
	{ "vm", read_vm, false },
	{ "wildcard", read_wildcard, false },
};

static bool
is_known(const struct reading *rd, const char *name)
{
	for (size_t i = 0; i < BASE_COUNT(params); i++)
		if (strcmp(params[i].name, name) == 0)
			return !(rd->http && params[i].not_http);
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
		if (is_known(rd, name))
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

static void
read_params(struct reading *rd, const json_t *object)
{
	query_init(rd->q);
	memset(rd->errors, 0, sizeof(*rd->errors));
	for (size_t i = 0; i < BASE_COUNT(params); i++) {
		rd->name = params[i].name;
		rd->value = json_object_get(object, rd->name);
		if (rd->value && is_known(rd, rd->name))
			params[i].read(rd);
	}
	refuse_unknown(rd, object);
}

void
query_read(struct query *q, const json_t *object, struct arena *arena,
    struct query_errors *errors)
{
	struct reading rd = { .q = q, .arena = arena, .errors = errors };

	read_params(&rd, object);
}

void
query_read_http(struct query *q, const json_t *object, struct arena *arena,
    struct query_errors *errors)
{
	struct reading rd = { .q = q, .arena = arena, .errors = errors, .http = true };

	read_params(&rd, object);
}
