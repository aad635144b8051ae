/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Errors.  Clients compare bodies whole, so a body has just the members that stand
 * here; most texts are today's service's.
 */
#include "../../compiler/base/text.h"
#include "api_int.h"

static void
begin(struct call *c, int status)
{
	c->r.status = status;
	c->r.type = "application/json";
	c->r.body.n = 0;
}

static void
write_error(struct call *c, int status, const char *code, struct slice message)
{
	struct buf *out = &c->r.body, seen = { 0 };

	begin(c, status);
	buf_printf(out, "{\"code\":\"%s\",\"message\":", code);
	/* A method or a header may be of any bytes. */
	if (text_utf8_bad(message) != message.n) {
		text_visible(&seen, message);
		message = buf_view(&seen);
	}
	text_json(out, message);
	buf_char(out, '}');
	buf_free(&seen);
}

void
answer_error(struct call *c, int status, const char *code, const char *fmt, ...)
{
	struct slice text;
	va_list ap;

	va_start(ap, fmt);
	text.p = arena_vprintf(&c->arena, &text.n, fmt, ap);
	va_end(ap);
	write_error(c, status, code, text);
}

void
answer_unavailable(struct call *c, const char *fmt, ...)
{
	struct slice text;
	va_list ap;

	va_start(ap, fmt);
	text.p = arena_vprintf(&c->arena, &text.n, fmt, ap);
	va_end(ap);
	c->trouble = text.p;
	write_error(c, 503, "ServiceUnavailableError", text);
}

/* Insertion keeps equal fields in their order; the list is short. */
static void
sort_by_field(struct query_errors *errors)
{
	for (uint32_t i = 1; i < errors->list.n; i++) {
		struct query_error e = errors->list.v[i];
		uint32_t at = i;

		for (; at > 0 && text_cmp16(errors->list.v[at - 1].field, e.field) > 0; at--)
			errors->list.v[at] = errors->list.v[at - 1];
		errors->list.v[at] = e;
	}
}

void
answer_errors(struct call *c, struct query_errors *errors)
{
	bool missing = true;

	for (uint32_t i = 0; i < errors->list.n; i++)
		missing &= strcmp(errors->list.v[i].code, "MissingParameter") == 0;
	sort_by_field(errors);
	begin(c, 422);
	buf_printf(&c->r.body, "{\"code\":\"InvalidParameters\",\"message\":\"%s parameters\","
	    "\"errors\":", missing ? "Missing" : "Invalid");
	query_write_errors(&c->r.body, errors);
	buf_char(&c->r.body, '}');
}

struct query_error *
error_add(struct call *c, struct query_errors *errors, const char *field, const char *message)
{
	struct query_error *e = vec_push(&c->arena, &errors->list);

	memset(e, 0, sizeof(*e));
	e->field = slice_of(field);
	e->code = message ? "InvalidParameter" : "MissingParameter";
	e->message = message ? message : "Missing parameter";
	return e;
}

void
error_unknown(struct call *c, struct query_errors *errors, const char *const *known)
{
	struct query_error *e = NULL;
	struct buf field = { 0 }, text = { 0 };
	const char *name;
	const json_t *value;
	const char *const *k;

	json_object_foreach(c->params, name, value) {
		for (k = known; *k && strcmp(*k, name) != 0; k++)
			;
		if (*k)
			continue;
		if (!e)
			e = error_add(c, errors, "", "");
		buf_printf(&field, "%s%s", e->names.n ? "," : "", name);
		buf_printf(&text, "%s%s", e->names.n ? ", " : "Unknown parameters: ", name);
		*vec_push(&c->arena, &e->names) = arena_slice(&c->arena, slice_of(name));
	}
	if (e) {
		e->unknown = true;
		e->code = "UnknownParameters";
		e->field = arena_slice(&c->arena, buf_view(&field));
		e->message = arena_copy(&c->arena, text.p, text.n);
	}
	buf_free(&field);
	buf_free(&text);
}

void
answer_field(struct call *c, const char *field, const char *message)
{
	struct query_errors errors = { 0 };

	error_add(c, &errors, field, message);
	answer_errors(c, &errors);
}

void
answer_diags(struct call *c)
{
	struct query_errors errors = { 0 };

	for (uint32_t i = 0; i < c->diags.list.n; i++) {
		const struct diag *d = &c->diags.list.v[i];

		if (d->severity == DIAG_ERROR)
			error_add(c, &errors, d->field ? d->field : "rule", d->text);
	}
	answer_errors(c, &errors);
}

void
answer_forbidden(struct call *c)
{
	begin(c, 403);
	buf_str(&c->r.body, "{\"code\":\"Forbidden\",\"message\":\"owner does not match\","
	    "\"errors\":[{\"field\":\"owner_uuid\",\"code\":\"InvalidParameter\","
	    "\"message\":\"owner_uuid does not match\"}]}");
}

void
answer_header(struct call *c, const char *name, struct slice value)
{
	if (c->r.headers < HTTP_HEADERS_MAX)
		c->r.header[c->r.headers++] = (struct http_header){ slice_of(name),
			arena_slice(&c->arena, value) };
}
