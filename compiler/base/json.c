/* SPDX-License-Identifier: MPL-2.0 */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

#define READ_FLAGS                                                             \
	(JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | JSON_DISABLE_EOF_CHECK)

static void
skip_space(const struct src *src, size_t *at)
{
	while (*at < src->text.n && strchr(" \t\r\n", src->text.p[*at]) && src->text.p[*at])
		++*at;
}

static void
report(const struct src *src, size_t at, const json_error_t *error, struct diags *diags)
{
	struct diag *d;
	size_t off = at + (error->position > 0 ? (size_t)error->position - 1 : 0);
	struct buf text = { 0 };

	if (off > src->text.n)
		off = src->text.n;
	/* It may be cut within a character. */
	text_visible(&text, slice_of(error->text));
	buf_char(&text, '\0');
	d = diag_add(diags, DIAG_json, src, (struct span){ (uint32_t)off, 1 }, text.p);
	buf_free(&text);
	if (json_error_code(error) == json_error_duplicate_key)
		diag_help(diags, d, "a key may stand only once in an object");
	else if (json_error_code(error) == json_error_stack_overflow)
		diag_help(diags, d, "objects and arrays nest at most 2,048 deep");
}

json_t *
json_read(const struct src *src, size_t *at, struct diags *diags)
{
	json_error_t error;
	json_t *value;

	skip_space(src, at);
	value = json_read_plain(src->text, at);
	if (value)
		return value;
	value = json_loadb(src->text.p + *at, src->text.n - *at, READ_FLAGS, &error);
	if (!value) {
		report(src, *at, &error, diags);
		return NULL;
	}
	*at += (size_t)error.position;
	return value;
}

json_t *
json_read_all(const struct src *src, struct diags *diags)
{
	size_t at = 0;
	json_t *value = json_read(src, &at, diags);

	if (!value)
		return NULL;
	skip_space(src, &at);
	if (at == src->text.n)
		return value;
	json_arena_drop(value);
	diag_add(diags, DIAG_json, src, (struct span){ (uint32_t)at, 1 },
	    "text after the end of the document");
	return NULL;
}

bool
json_get_slice(const json_t *object, const char *key, struct slice *out)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_string(v))
		return false;
	*out = json_slice(v);
	return true;
}

/* --- as JavaScript has it ------------------------------------------------- */

/*
 * ECMAScript, Number::toString: the shortest digits that read back as the same
 * number, with an exponent from 1e21 up and below 1e-6.
 */
void
json_write_number(struct buf *out, double v)
{
	char text[40], digits[24];
	int precision, exponent, n = 0;
	const char *e;

	if (v == 0) {
		buf_char(out, '0');
		return;
	}
	if (!isfinite(v)) {
		buf_str(out, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
		return;
	}
	/* Whole numbers that a double holds exactly have no shorter digits than their own. */
	if (fabs(v) < 9007199254740992.0 && v == trunc(v)) {
		if (v < 0)
			buf_char(out, '-');
		buf_uint(out, (uint64_t)fabs(v));
		return;
	}
	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	e = strchr(text, 'e');
	exponent = atoi(e + 1);
	for (const char *p = text; p < e; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	if (text[0] == '-')
		buf_char(out, '-');
	if (exponent >= 21 || exponent < -6) {
		buf_char(out, digits[0]);
		if (n > 1) {
			buf_char(out, '.');
			buf_add(out, digits + 1, (size_t)n - 1);
		}
		buf_printf(out, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
	} else if (exponent < 0) {
		buf_str(out, "0.");
		for (int i = -1; i > exponent; i--)
			buf_char(out, '0');
		buf_add(out, digits, (size_t)n);
	} else {
		for (int i = 0; i <= exponent || i < n; i++) {
			if (i == exponent + 1)
				buf_char(out, '.');
			buf_char(out, i < n ? digits[i] : '0');
		}
	}
}

bool
json_write_js(struct buf *out, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		buf_slice(out, json_slice(v));
		return true;
	case JSON_INTEGER:
	case JSON_REAL:
		json_write_number(out, json_number_value(v));
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_str(out, json_is_true(v) ? "true" : "false");
		return true;
	case JSON_NULL:
		buf_str(out, "null");
		return true;
	default:
		return false;
	}
}

void
json_write(struct buf *out, const json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_object(v)) {
		buf_char(out, '{');
		i = 0;
		json_object_foreach((json_t *)v, key, member) {
			if (i++)
				buf_char(out, ',');
			text_json(out, slice_of(key));
			buf_char(out, ':');
			json_write(out, member);
		}
		buf_char(out, '}');
	} else if (json_is_array(v)) {
		buf_char(out, '[');
		json_array_foreach(v, i, member) {
			if (i)
				buf_char(out, ',');
			json_write(out, member);
		}
		buf_char(out, ']');
	} else if (json_is_string(v)) {
		text_json(out, json_slice(v));
	} else {
		json_write_js(out, v);
	}
}

void
json_write_indented(struct buf *out, const json_t *v)
{
	struct buf text = { 0 };

	json_write(&text, v);
	json_indent(out, buf_view(&text));
	buf_free(&text);
}

bool
json_truthy(const json_t *v)
{
	if (!v || json_is_null(v) || json_is_false(v))
		return false;
	if (json_is_string(v))
		return json_string_length(v) > 0;
	if (json_is_number(v))
		return json_number_value(v) != 0;
	return true;
}

/* --- the allocator --------------------------------------------------------- */

static _Thread_local struct arena *current;
/* What current was before each json_arena_begin that has no end yet. */
static _Thread_local struct arena *outer[JSON_ARENA_DEPTH];
static _Thread_local unsigned depth;

static void *
arena_malloc(size_t n)
{
	return current ? arena_alloc(current, n) : malloc(n);
}

static void
arena_free_one(void *p)
{
	if (!current)
		free(p);
}

void
json_arena_install(void)
{
	json_set_alloc_funcs(arena_malloc, arena_free_one);
}

static bool
installed(void)
{
	json_malloc_t m;
	json_free_t f;

	json_get_alloc_funcs(&m, &f);
	return m == arena_malloc;
}

void
json_arena_begin(struct arena *a)
{
	if (depth == JSON_ARENA_DEPTH)
		abort();
	outer[depth++] = current;
	if (installed())
		current = a;
}

void
json_arena_end(void)
{
	current = outer[--depth];
}

void
json_arena_drop(json_t *value)
{
	if (!current)
		json_decref(value);
}
