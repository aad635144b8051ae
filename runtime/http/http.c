/* SPDX-License-Identifier: MPL-2.0 */
#include "http.h"

#include <strings.h>

#include "../../compiler/base/text.h"

#define MAX_PARAMS 20000        /* in one query string or form */

bool
http_equal(struct slice a, const char *b)
{
	return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

bool
http_find(const struct http_request *q, const char *name, struct slice *value)
{
	for (uint32_t i = 0; i < q->headers.n; i++)
		if (http_equal(q->headers.v[i].name, name)) {
			*value = q->headers.v[i].value;
			return true;
		}
	return false;
}

const char *
http_reason(int status)
{
	static const struct { int status; const char *text; } reasons[] = {
		{ 200, "OK" }, { 202, "Accepted" }, { 204, "No Content" }, { 400, "Bad Request" },
		{ 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 409, "Conflict" }, { 410, "Gone" }, { 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < BASE_COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Error";
}

struct slice
http_body(const struct http_response *r)
{
	return r->shared ? cached_body(r->shared) : buf_view(&r->body);
}

/* --- parameters ------------------------------------------------------------------- */

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
	    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
http_decode(struct arena *arena, struct slice s, bool plus, struct slice *out)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			if (s.n - i < 3 || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
				return false;
			c = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	*out = (struct slice){ to, n };
	return text_utf8_bad(*out) == n;
}

/* One value more under a name: the first is plain, more make an array. */
static void
add_value(json_t *object, const char *name, struct slice value)
{
	json_t *had = json_object_get(object, name);
	json_t *v = json_stringn_nocheck(value.p, value.n), *list;

	if (!had) {
		json_object_set_new_nocheck(object, name, v);
		return;
	}
	if (!json_is_array(had)) {
		list = json_array();
		json_array_append(list, had);
		json_object_set_new_nocheck(object, name, list);
		had = list;
	}
	json_array_append_new(had, v);
}

/* The object that name[key] goes into; one that stands among other values is the last. */
static json_t *
object_of(json_t *object, const char *name)
{
	json_t *had = json_object_get(object, name), *inner, *list;

	if (json_is_object(had))
		return had;
	if (json_is_array(had) && json_is_object(json_array_get(had, json_array_size(had) - 1)))
		return json_array_get(had, json_array_size(had) - 1);
	inner = json_object();
	if (!had) {
		json_object_set_new_nocheck(object, name, inner);
	} else if (json_is_array(had)) {
		json_array_append_new(had, inner);
	} else {
		list = json_array();
		json_array_append(list, had);
		json_array_append_new(list, inner);
		json_object_set_new_nocheck(object, name, list);
	}
	return inner;
}

static bool
is_index(struct slice key)
{
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] < '0' || key.p[i] > '9')
			return false;
	return key.n <= 4;
}

/* Splits name[key] or name.key; false: it is neither. */
static bool
split_name(struct slice name, struct slice *head, struct slice *key, bool *bracket)
{
	for (size_t i = 1; i < name.n; i++) {
		*head = (struct slice){ name.p, i };
		if (name.p[i] == '[' && name.p[name.n - 1] == ']') {
			*key = (struct slice){ name.p + i + 1, name.n - i - 2 };
			*bracket = true;
			return true;
		}
		if (name.p[i] == '.' && i + 1 < name.n) {
			*key = (struct slice){ name.p + i + 1, name.n - i - 1 };
			*bracket = false;
			return true;
		}
	}
	return false;
}

static void
add_param(struct arena *arena, json_t *object, struct slice name, struct slice value)
{
	struct slice head, key;
	bool bracket;
	const char *top;

	if (!split_name(name, &head, &key, &bracket)) {
		add_value(object, name.p, value);
		return;
	}
	top = arena_copy(arena, head.p, head.n);
	/* A tag may have a number for a key; of all else there are only lists. */
	if (bracket && is_index(key) && (key.n == 0 || strncmp(top, "tag", 3) != 0))
		add_value(object, top, value);
	else
		add_value(object_of(object, top), arena_copy(arena, key.p, key.n), value);
}

bool
http_params(struct arena *arena, struct slice text, json_t *object, const char **why)
{
	unsigned n = 0;

	for (size_t at = 0; at < text.n; ) {
		const char *amp = memchr(text.p + at, '&', text.n - at);
		struct slice part = { text.p + at, amp ? (size_t)(amp - text.p) - at : text.n - at };
		const char *eq = part.n ? memchr(part.p, '=', part.n) : NULL;
		struct slice name = { part.p, eq ? (size_t)(eq - part.p) : part.n };
		struct slice value = { eq ? eq + 1 : part.p, eq ? part.n - name.n - 1 : 0 };

		at += part.n + 1;
		if (part.n == 0)
			continue;
		if (++n > MAX_PARAMS) {
			*why = arena_printf(arena, "more than %d parameters", MAX_PARAMS);
			return false;
		}
		if (!http_decode(arena, name, true, &name) || !http_decode(arena, value, true, &value)) {
			*why = "a parameter is not UTF-8 text in percent encoding";
			return false;
		}
		if (name.n)
			add_param(arena, object, name, value);
	}
	return true;
}

/* --- version ranges ------------------------------------------------------------------ */

/* A version of 0 to 3 numbers; n counts them, x and * end them. */
struct partial {
	unsigned v[3], n;
};

static bool
read_partial(struct slice *s, struct partial *out)
{
	size_t i = 0;

	memset(out, 0, sizeof(*out));
	if (i < s->n && (s->p[i] == 'v' || s->p[i] == '='))
		i++;
	for (;; i++) {
		unsigned long v = 0;
		size_t start = i;

		if (i < s->n && strchr("xX*", s->p[i]) && s->p[i]) {
			i++;
			/* What follows says nothing: 1.x.x */
			while (i < s->n && strchr("xX*.0123456789", s->p[i]) && s->p[i])
				i++;
			break;
		}
		while (i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && v < 100000000)
			v = v * 10 + (unsigned long)(s->p[i++] - '0');
		if (i == start)
			return false;
		out->v[out->n++] = (unsigned)v;
		if (i >= s->n || s->p[i] != '.' || out->n == 3)
			break;
	}
	/* A prerelease or build is read over: this version has none. */
	if (i < s->n && (s->p[i] == '-' || s->p[i] == '+'))
		while (i < s->n && s->p[i] != ' ')
			i++;
	*s = (struct slice){ s->p + i, s->n - i };
	return true;
}

static int
compare(const unsigned a[3], const unsigned b[3])
{
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* The first version behind all that begin with the first n numbers. */
static void
bump(const struct partial *p, unsigned n, unsigned out[3])
{
	for (unsigned i = 0; i < 3; i++)
		out[i] = i < n ? p->v[i] : 0;
	if (n == 0)
		out[0] = UINT32_MAX;
	else
		out[n - 1]++;
}

static void
skip(struct slice *s)
{
	while (s->n && *s->p == ' ')
		*s = (struct slice){ s->p + 1, s->n - 1 };
}

static bool
take(struct slice *s, const char *word)
{
	size_t n = strlen(word);

	if (s->n < n || memcmp(s->p, word, n) != 0)
		return false;
	*s = (struct slice){ s->p + n, s->n - n };
	return true;
}

/* ^1.2.3: the first number that is not 0 stays. */
static unsigned
caret(const struct partial *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i])
			return i + 1;
	return p->n;
}

/* One comparator; *good turns false if the version is outside. */
static bool
comparator(struct slice *s, const unsigned version[3], bool *good)
{
	static const char *const ops[] = { ">=", "<=", ">", "<", "~>", "~", "^", "" };
	unsigned op = 0, above[3];
	struct partial p, q;

	while (!take(s, ops[op]))
		op++;
	skip(s);
	if (!read_partial(s, &p))
		return false;
	bump(&p, p.n, above);
	if (op == 7 && s->n >= 3 && memcmp(s->p, " - ", 3) == 0) {
		*s = (struct slice){ s->p + 3, s->n - 3 };
		if (!read_partial(s, &q))
			return false;
		bump(&q, q.n, above);
	} else if (op == 4 || op == 5) {
		bump(&p, p.n > 2 ? 2 : p.n, above);
	} else if (op == 6) {
		bump(&p, caret(&p), above);
	}
	switch (op) {
	case 0: *good &= compare(version, p.v) >= 0; break;
	case 1: *good &= compare(version, above) < 0; break;
	case 2: *good &= compare(version, above) >= 0; break;
	case 3: *good &= compare(version, p.v) < 0; break;
	default: *good &= compare(version, p.v) >= 0 && compare(version, above) < 0;
	}
	return true;
}

bool
http_in_range(struct slice range, const unsigned version[3])
{
	for (;;) {
		bool good = true;

		skip(&range);
		while (range.n && *range.p != '|') {
			if (!comparator(&range, version, &good))
				return false;
			skip(&range);
		}
		if (good)
			return true;
		if (!take(&range, "||"))
			return false;
	}
}
