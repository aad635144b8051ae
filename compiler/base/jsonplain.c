/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A reader for JSON as programs write it, into jansson's values.  jansson's own
 * takes every byte through a callback and two buffers, which is two thirds of what a
 * payload costs; this one takes a sixth of that.
 *
 * Invariant: what it reads, jansson reads as the same value.  It takes back whatever
 * is unusual (errors, \u, fractions, exponents and signs, a key that stands twice,
 * deep nesting), and jansson reads that and says what is wrong.
 */
#include "json.h"

#include "text.h"

#define MAX_DEPTH 64            /* of the stack here; jansson goes on to 2,048 */
#define KEPT_KEYS 12            /* of an object; further keys are looked up */
#define MAX_DIGITS 15           /* exact in a double */

struct reader {
	const char *p, *end;
	struct buf text;                /* the string with escapes that is being read */
};

static json_t *read_value(struct reader *r, unsigned depth);

static void
skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

/* Passes over spaces and that character. */
static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Bytes that a string cannot hold as they are. */
static const bool special[256] = { [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true };

/* The rest of a string that has an escape at r->p, into r->text. */
static bool
read_escaped(struct reader *r, const char *start, struct slice *out)
{
	static const char letter[256] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };

	r->text.n = 0;
	for (;;) {
		buf_add(&r->text, start, (size_t)(r->p - start));
		if (r->p == r->end || *r->p != '\\')
			break;
		if (r->end - r->p < 2 || !letter[(unsigned char)r->p[1]])
			return false;
		buf_char(&r->text, letter[(unsigned char)r->p[1]]);
		start = r->p += 2;
		while (r->p < r->end && !special[(unsigned char)*r->p])
			r->p++;
	}
	*out = buf_view(&r->text);
	return true;
}

/* A string, whose first quote is behind r->p. */
static bool
read_string(struct reader *r, struct slice *out)
{
	const char *start = r->p;
	unsigned char all = 0;

	for (; r->p < r->end && !special[(unsigned char)*r->p]; r->p++)
		all |= (unsigned char)*r->p;
	*out = (struct slice){ start, (size_t)(r->p - start) };
	if (r->p < r->end && *r->p == '\\') {
		if (!read_escaped(r, start, out))
			return false;
		all = 0x80;
	}
	if (r->p == r->end || *r->p++ != '"')
		return false;
	return all < 0x80 || text_utf8_bad(*out) == out->n;
}

/* A whole number without a sign; jansson is told to make them doubles too. */
static json_t *
read_number(struct reader *r)
{
	const char *start = r->p;
	uint64_t v = 0;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - start <= MAX_DIGITS)
		v = v * 10 + (uint64_t)(*r->p++ - '0');
	if (r->p == start || r->p - start > MAX_DIGITS || (*start == '0' && r->p - start > 1))
		return NULL;
	if (r->p == r->end || !memchr(",]} \t\r\n", *r->p, 7))
		return NULL;
	return json_real((double)v);
}

static json_t *
read_word(struct reader *r, struct slice word, json_t *value)
{
	if ((size_t)(r->end - r->p) <= word.n || memcmp(r->p, word.p, word.n) != 0 ||
	    !memchr(",]} \t\r\n", r->p[word.n], 7))
		return NULL;
	r->p += word.n;
	return value;
}

static json_t *
read_array(struct reader *r, unsigned depth)
{
	json_t *list = json_array(), *v;

	if (take(r, ']'))
		return list;
	do
		if (!(v = read_value(r, depth + 1)) || json_array_append_new(list, v) != 0)
			break;
	while (take(r, ','));
	if (v && take(r, ']'))
		return list;
	json_arena_drop(list);
	return NULL;
}

/* Did the key stand before?  Those of the first members are kept as slices of the text. */
static bool
known(const json_t *object, const struct slice *keys, size_t n, struct slice key)
{
	if (n >= KEPT_KEYS)
		return json_object_getn(object, key.p, key.n) != NULL;
	for (size_t i = 0; i < n; i++)
		if (slice_eq(keys[i], key))
			return true;
	return false;
}

static json_t *
read_object(struct reader *r, unsigned depth)
{
	struct slice keys[KEPT_KEYS], key;
	json_t *object = json_object(), *v;
	size_t n = 0;

	if (take(r, '}'))
		return object;
	do {
		v = NULL;
		/* A key with an escape is in r->text, which the next string takes. */
		if (!take(r, '"') || !read_string(r, &key) || key.p == r->text.p ||
		    known(object, keys, n, key) || !take(r, ':'))
			break;
		if (!(v = read_value(r, depth + 1)) ||
		    json_object_setn_new_nocheck(object, key.p, key.n, v) != 0)
			break;
		if (n < KEPT_KEYS)
			keys[n++] = key;
	} while (take(r, ','));
	if (v && take(r, '}'))
		return object;
	json_arena_drop(object);
	return NULL;
}

static json_t *
read_value(struct reader *r, unsigned depth)
{
	struct slice s;

	skip_space(r);
	if (r->p == r->end || depth > MAX_DEPTH)
		return NULL;
	switch (*r->p) {
	case '{':
		r->p++;
		return read_object(r, depth);
	case '[':
		r->p++;
		return read_array(r, depth);
	case '"':
		r->p++;
		return read_string(r, &s) ? json_stringn_nocheck(s.p, s.n) : NULL;
	case 't':
		return read_word(r, slice_of("true"), json_true());
	case 'f':
		return read_word(r, slice_of("false"), json_false());
	case 'n':
		return read_word(r, slice_of("null"), json_null());
	default:
		return read_number(r);
	}
}

json_t *
json_read_plain(struct slice text, size_t *at)
{
	char space[1024];
	struct reader r = { .p = text.p + *at, .end = text.p + text.n };
	json_t *v = NULL;

	if (r.p == r.end || (*r.p != '{' && *r.p != '['))
		return NULL;
	buf_borrow(&r.text, space, sizeof(space));
	v = read_value(&r, 1);
	if (v)
		*at = (size_t)(r.p - text.p);
	buf_free(&r.text);
	return v;
}
