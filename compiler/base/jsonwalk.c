/* SPDX-License-Identifier: MPL-2.0 */
/*
 * JSON as text: places in what jansson has accepted, and the same text in another
 * form.  What is no JSON ends the walk; nothing is read behind the text.
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

/* --- other forms of a text --------------------------------------------------- */

static void
new_line(struct buf *out, unsigned level)
{
	buf_char(out, '\n');
	while (level--)
		buf_str(out, "  ");
}

/* A bracket and what stands around it; returns how deep it goes on. */
static unsigned
indent_bracket(struct buf *out, struct slice s, size_t *at, unsigned level)
{
	char c = s.p[(*at)++];
	size_t next = skip_space(s, *at);

	if (c == ']' || c == '}') {
		level -= level > 0;
		new_line(out, level);
		buf_char(out, c);
		return level;
	}
	buf_char(out, c);
	if (next < s.n && (s.p[next] == ']' || s.p[next] == '}')) {
		buf_char(out, s.p[next]);
		*at = next + 1;
		return level;
	}
	new_line(out, level + 1);
	return level + 1;
}

void
json_indent(struct buf *out, struct slice s)
{
	unsigned level = 0;

	for (size_t at = skip_space(s, 0); at < s.n; at = skip_space(s, at)) {
		char c = s.p[at];
		size_t end;

		if (c == '"') {
			end = skip_string(s, at);
			buf_add(out, s.p + at, end - at);
			at = end;
		} else if (c == '[' || c == '{' || c == ']' || c == '}') {
			level = indent_bracket(out, s, &at, level);
		} else {
			buf_char(out, c);
			at++;
			if (c == ',')
				new_line(out, level);
			else if (c == ':')
				buf_char(out, ' ');
		}
	}
}

void
json_spell_surrogates(struct buf *out, struct slice s)
{
	size_t from = 0, at = 0;
	const char *back;

	while (at < s.n && (back = memchr(s.p + at, '\\', s.n - at)) != NULL) {
		at = (size_t)(back - s.p) + 2;
		if (at + 1 < s.n && back[1] == 'u' && back[2] == 'd' && back[3] >= '8') {
			buf_add(out, s.p + from, at - 2 - from);
			buf_char(out, '\\');
			from = at - 2;
		}
	}
	if (from < s.n)
		buf_add(out, s.p + from, s.n - from);
}
