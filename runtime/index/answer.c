/* SPDX-License-Identifier: MPL-2.0 */
/* Answers and refusals as JSON. */
#include "../../compiler/backends/backend.h"
#include "../../compiler/base/text.h"
#include "query_int.h"

static void
write_reasons(struct buf *out, const struct query *q, const struct rule *r)
{
	struct arena arena = { 0 };
	struct query_reasons why;

	query_explain(q, r, &arena, &why);
	buf_str(out, ",\"matched\":[");
	for (uint32_t i = 0; i < why.list.n; i++) {
		const struct query_reason *w = &why.list.v[i];

		buf_printf(out, "%s{\"param\":\"%s\",\"value\":", i ? "," : "", w->param);
		text_json(out, w->value);
		buf_printf(out, ",\"side\":\"%s\",\"target\":", lang_side_name[w->side]);
		text_json(out, w->target);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	arena_free(&arena);
}

void
query_write_rule(struct buf *out, const struct query *q, const struct rule *r)
{
	fwapi_write_rule(out, r, q->fields);
	if (!q->explain)
		return;
	out->n--;                       /* the closing brace */
	write_reasons(out, q, r);
	buf_char(out, '}');
}

static bool
write_viewed(struct buf *out, struct index_reader *rd, const struct query *q, uint32_t number)
{
	struct record_room room;
	struct rule r;

	if (!index_view(rd, number, &r, &room))
		return false;
	query_write_rule(out, q, &r);
	return true;
}

bool
query_write(struct buf *out, struct index_reader *rd, const struct query *q,
    const struct query_answer *a)
{
	bool good;

	if (q->count) {
		buf_uint(out, a->total);
		return true;
	}
	buf_char(out, '[');
	good = query_write_rules(out, rd, q, a, 0, a->found.n);
	buf_char(out, ']');
	return good;
}

bool
query_write_rules(struct buf *out, struct index_reader *rd, const struct query *q,
    const struct query_answer *a, uint32_t from, uint32_t to)
{
	bool whole = !q->explain && !q->fields;

	for (uint32_t i = from; i < to; i++) {
		index_prefetch(rd, a->found.v, a->found.n, i, whole ? INDEX_TEXTS : INDEX_LISTS);
		if (i > from)
			buf_char(out, ',');
		if (whole ? !index_write_json(out, rd, a->found.v[i])
		    : !write_viewed(out, rd, q, a->found.v[i]))
			return false;
	}
	return true;
}

/* --- refusals ----------------------------------------------------------------- */

static void
write_error(struct buf *out, const struct query_error *e)
{
	buf_str(out, "{\"field\":");
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

void
query_write_errors(struct buf *out, const struct query_errors *errors)
{
	buf_char(out, '[');
	for (uint32_t i = 0; i < errors->list.n; i++) {
		buf_str(out, i ? "," : "");
		write_error(out, &errors->list.v[i]);
	}
	buf_char(out, ']');
}

unsigned
query_write_refusal(struct buf *out, const struct query_errors *errors)
{
	const struct query_error *argument = NULL;
	uint32_t n = 0;

	if (errors->list.n == 0)
		return 0;
	for (uint32_t i = 0; i < errors->list.n; i++) {
		const struct query_error *e = &errors->list.v[i];

		if (e->code == QUERY_INVALID_ARGUMENT) {
			argument = e;
			continue;
		}
		buf_str(out, n++ ? "," : "{\"code\":\"InvalidParameters\","
		    "\"message\":\"Invalid parameters\",\"errors\":[");
		write_error(out, e);
	}
	if (n) {
		buf_str(out, "]}");
		return 422;
	}
	buf_printf(out, "{\"code\":\"%s\",\"message\":", argument->code);
	text_json(out, slice_of(argument->message));
	buf_char(out, '}');
	return 409;
}
