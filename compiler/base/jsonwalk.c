/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Places in JSON text that jansson has accepted.  What is no JSON ends the walk;
 * nothing is read behind the text.
 */
#include "json.h"

static size_t
skip_space(struct slice s, size_t at)
{
	while (at < s.n && s.p[at] && strchr(" \t\r\n", s.p[at]))
		at++;
	return at;
}

/* Behind the string that begins at `at`. */
static size_t
skip_string(struct slice s, size_t at)
{
	for (at++; at < s.n && s.p[at] != '"'; at++)
		if (s.p[at] == '\\')
			at++;
	return at < s.n ? at + 1 : s.n;
}

/* Behind the value that begins at `at`. */
static size_t
skip_value(struct slice s, size_t at)
{
	size_t depth = 0;

	do {
		char c = at < s.n ? s.p[at] : '\0';

		if (c == '"') {
			at = skip_string(s, at);
		} else if (c == '[' || c == '{') {
			depth++;
			at++;
		} else if (c == ']' || c == '}') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (depth == 0) {
			while (at < s.n && s.p[at] && !strchr(",]} \t\r\n", s.p[at]))
				at++;
		} else {
			at++;
		}
	} while (depth > 0 && at < s.n);
	return at < s.n ? at : s.n;
}

bool
json_walk_begin(struct json_walk *w, struct slice text, size_t at)
{
	w->text = text;
	w->at = at < text.n ? at + 1 : text.n;
	return at < text.n && (text.p[at] == '[' || text.p[at] == '{');
}

bool
json_walk_next(struct json_walk *w, struct slice *key, struct span *value)
{
	struct slice s = w->text;
	size_t at = skip_space(s, w->at), end;

	if (at < s.n && s.p[at] == ',')
		at = skip_space(s, at + 1);
	end = at < s.n ? skip_value(s, at) : at;
	if (end == at)
		return false;
	w->at = skip_space(s, end);
	if (w->at < s.n && s.p[w->at] == ':' && s.p[at] == '"') {
		if (key)
			*key = (struct slice){ s.p + at + 1, end - at - 2 };
		at = skip_space(s, w->at + 1);
		end = skip_value(s, at);
		w->at = end;
	} else if (key) {
		*key = (struct slice){ 0 };
	}
	*value = (struct span){ (uint32_t)at, (uint32_t)(end - at) };
	return true;
}

bool
json_walk_find(struct slice text, size_t object, const char *key, struct span *value)
{
	struct json_walk w;
	struct slice k;

	if (!json_walk_begin(&w, text, object))
		return false;
	while (json_walk_next(&w, &k, value))
		if (slice_is(k, key))
			return true;
	return false;
}
