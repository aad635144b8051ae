/* SPDX-License-Identifier: MPL-2.0 */
/* fwadm's output: tables, lists, JSON, errors. */
#include <stdio.h>

#include "../../compiler/base/text.h"
#include "admin.h"

/* What must stand on a terminal is made visible there; what is a value stays as it is. */
static void
show(struct buf *out, struct slice s)
{
	text_visible(out, s);
}

static void
show_string(struct buf *out, const json_t *v)
{
	if (json_is_string(v))
		show(out, json_slice(v));
	else if (v)
		json_write(out, v);
}

void
admin_print_json(struct admin *a, const json_t *value)
{
	json_write_indented(&a->text, value);
	buf_char(&a->text, '\n');
}

void
admin_print_uuids(struct admin *a, const json_t *uuids)
{
	const json_t *u;
	size_t i;

	json_array_foreach((json_t *)uuids, i, u) {
		show_string(&a->text, u);
		buf_char(&a->text, '\n');
	}
}

/* --- changes ---------------------------------------------------------------------------------- */

static void
print_files(struct admin *a, const json_t *files)
{
	const char *path;
	json_t *text;

	json_object_foreach((json_t *)files, path, text) {
		buf_str(&a->text, "=== ");
		show(&a->text, slice_of(path));
		buf_char(&a->text, '\n');
		buf_slice(&a->text, json_slice(text));
		buf_char(&a->text, '\n');
	}
}

static bool
is_enabled(const json_t *rule)
{
	const json_t *v = json_object_get(rule, "enabled");

	return json_is_true(v) || (json_is_string(v) && slice_is(json_slice(v), "true"));
}

void
admin_print_changes(struct admin *a, const json_t *result, const char *done)
{
	const json_t *rules = json_object_get(result, "rules"), *r;
	const json_t *rvms = json_object_get(result, "remoteVMs");
	const json_t *vms = json_object_get(result, "vms");
	bool said = json_array_size(rules) || json_array_size(rvms);
	size_t i;

	print_files(a, json_object_get(result, "files"));
	if (json_array_size(rules))
		buf_printf(&a->text, "%s rules:\n", done);
	json_array_foreach((json_t *)rules, i, r) {
		show_string(&a->text, json_object_get(r, "uuid"));
		buf_printf(&a->text, " %-7s ", is_enabled(r) ? "true" : "false");
		show_string(&a->text, json_object_get(r, "rule"));
		buf_char(&a->text, '\n');
	}
	if (json_array_size(rvms)) {
		buf_printf(&a->text, "%s remote VMs:\n", done);
		admin_print_uuids(a, rvms);
	}
	if (a->verbose && json_array_size(vms)) {
		buf_str(&a->text, "\nVMs affected:\n");
		admin_print_uuids(a, vms);
	} else if (!said) {
		buf_char(&a->text, '\n');
	}
}

/* --- tables ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t width;
} columns[] = {
	{ "created_by", 10 }, { "description", 15 }, { "enabled", 7 }, { "global", 6 },
	{ "log", 3 }, { "owner_uuid", 36 }, { "rule", 20 }, { "uuid", 36 }, { "version", 20 },
};

static size_t
least_width(const char *name)
{
	for (size_t i = 0; i < BASE_COUNT(columns); i++)
		if (strcmp(columns[i].name, name) == 0)
			return columns[i].width;
	return strlen(name);
}

/* A field as it is shown; false, absent and empty are a dash. */
static void
write_field(struct buf *out, const json_t *rule, const char *name)
{
	const json_t *v = json_object_get(rule, name);

	if (json_truthy(v))
		show_string(out, v);
	else
		buf_char(out, '-');
}

static void
pad(struct buf *out, size_t used, size_t width)
{
	while (used++ < width)
		buf_char(out, ' ');
}

static void
print_header(struct buf *out, const json_t *fields, const size_t *width)
{
	const json_t *f;
	size_t i;

	json_array_foreach((json_t *)fields, i, f) {
		const char *name = json_string_value(f);

		buf_str(out, i ? " " : "");
		for (const char *p = name; *p; p++)
			buf_char(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
		pad(out, strlen(name), width[i]);
	}
	buf_char(out, '\n');
}

static void
print_row(struct buf *out, const json_t *rule, const json_t *fields, const size_t *width)
{
	struct buf value = { 0 };
	const json_t *f;
	size_t i;

	json_array_foreach((json_t *)fields, i, f) {
		value.n = 0;
		write_field(&value, rule, json_string_value(f));
		buf_str(out, i ? " " : "");
		buf_slice(out, buf_view(&value));
		pad(out, text_width(buf_view(&value)), width[i]);
	}
	buf_char(out, '\n');
	buf_free(&value);
}

static void
print_table(struct admin *a, const json_t *rules, const json_t *fields)
{
	size_t *width = arena_alloc(&a->arena, (json_array_size(fields) + 1) * sizeof(*width)), i, k;
	struct buf value = { 0 };
	const json_t *r, *f;

	json_array_foreach((json_t *)fields, k, f)
		width[k] = least_width(json_string_value(f));
	json_array_foreach((json_t *)rules, i, r)
		json_array_foreach((json_t *)fields, k, f) {
			size_t w;

			value.n = 0;
			write_field(&value, r, json_string_value(f));
			w = text_width(buf_view(&value));
			if (w > width[k])
				width[k] = w;
		}
	buf_free(&value);
	if (json_array_size(rules) == 0)
		return;
	print_header(&a->text, fields, width);
	json_array_foreach((json_t *)rules, i, r)
		print_row(&a->text, r, fields, width);
}

static void
print_parseable(struct admin *a, const json_t *rules, const json_t *fields)
{
	char delimiter = a->delimiter ? *a->delimiter : ':';
	struct buf value = { 0 };
	const json_t *r, *f;
	size_t i, k;

	json_array_foreach((json_t *)rules, i, r) {
		json_array_foreach((json_t *)fields, k, f) {
			value.n = 0;
			write_field(&value, r, json_string_value(f));
			if (k)
				buf_char(&a->text, delimiter);
			for (size_t at = 0; at < value.n; at++) {
				if (value.p[at] == delimiter)
					buf_char(&a->text, '\\');
				buf_char(&a->text, value.p[at]);
			}
		}
		buf_char(&a->text, '\n');
	}
	buf_free(&value);
}

void
admin_print_rules(struct admin *a, const json_t *rules, const json_t *fields)
{
	if (a->parseable)
		print_parseable(a, rules, fields);
	else
		print_table(a, rules, fields);
}

/* --- zones -------------------------------------------------------------------------------------- */

void
admin_print_status(struct admin *a, const json_t *status)
{
	const char *key;
	json_t *v;

	if (a->json) {
		admin_print_json(a, status);
		return;
	}
	if (!a->verbose) {
		buf_str(&a->text, json_is_true(json_object_get(status, "running")) ? "running\n"
		    : "stopped\n");
		return;
	}
	json_object_foreach((json_t *)status, key, v) {
		show(&a->text, slice_of(key));
		buf_str(&a->text, ": ");
		show_string(&a->text, v);
		buf_char(&a->text, '\n');
	}
}

void
admin_print_stats(struct admin *a, const json_t *stats)
{
	const json_t *rules = json_object_get(stats, "rules"), *r;
	size_t i;

	if (a->json) {
		admin_print_json(a, rules);
		return;
	}
	json_array_foreach((json_t *)rules, i, r) {
		show_string(&a->text, json_object_get(r, "hits"));
		buf_char(&a->text, ' ');
		show_string(&a->text, json_object_get(r, "rule"));
		buf_char(&a->text, '\n');
	}
}

/* --- errors ------------------------------------------------------------------------------------- */

/* For people the cure stands behind what went wrong with a host. */
static bool
tells_cure(const struct diag *d)
{
	return d->help && (d->id == DIAG_state_vm || d->id == DIAG_state_locked);
}

static void
print_one(struct buf *out, const struct diag *d)
{
	show(out, slice_of(d->text));
	if (tells_cure(d)) {
		buf_str(out, "; ");
		show(out, slice_of(d->help));
	}
	buf_char(out, '\n');
}

int
admin_print_errors(struct admin *a)
{
	json_t *list = json_array(), *answer = json_object();
	int status = CMD_DONE;
	struct buf out = { 0 };

	for (uint32_t i = 0; i < a->diags.list.n; i++) {
		const struct diag *d = &a->diags.list.v[i];
		json_t *e = json_object(), *text = json_stringn_nocheck(d->text, strlen(d->text));

		if (d->severity != DIAG_ERROR)
			continue;
		status = d->id == DIAG_internal ? CMD_INTERNAL : CMD_FOUND;
		json_object_set_new(e, "message", text);
		json_object_set_new(e, "code", json_string(d->code));
		if (d->details) {
			struct src src = { .name = slice_of("details"), .text = slice_of(d->details) };
			struct diags none = { .arena = &a->messages };

			json_object_set_new(e, "details", json_read_all(&src, &none));
		}
		json_array_append_new(list, e);
		if (!a->json)
			print_one(&out, d);
	}
	json_object_set_new(answer, "errors", list);
	if (a->json && json_array_size(list)) {
		json_write_indented(&out, answer);
		buf_char(&out, '\n');
	}
	cmd_write_all(2, out.p, out.n);
	buf_free(&out);
	return status;
}

int
admin_error(struct admin *a, const char *fmt, ...)
{
	struct buf text = { 0 }, out = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	/* For the log. */
	diag_add(&a->diags, DIAG_state_refused, NULL, (struct span){ 0, 0 }, (int)text.n, text.p);
	if (a->hushed) {
		buf_free(&text);
		return CMD_FOUND;
	}
	if (a->json) {
		buf_str(&out, "{\n  \"errors\": [\n    {\n      \"message\": ");
		text_json(&out, buf_view(&text));
		buf_str(&out, "\n    }\n  ]\n}");
	} else {
		show(&out, buf_view(&text));
	}
	buf_char(&out, '\n');
	cmd_write_all(2, out.p, out.n);
	buf_free(&text);
	buf_free(&out);
	return CMD_FOUND;
}
