/* SPDX-License-Identifier: MPL-2.0 */
/* /updates: what agents are told besides changes of rules, and the stream of it all. */
#include "../../compiler/base/text.h"
#include "api_int.h"

static void
queued(struct call *c)
{
	if (c->job.result != DB_OK) {
		answer_unavailable(c, "the update is not stored: %s", c->job.error);
		return;
	}
	c->r.status = 202;
	c->r.type = "application/json";
	buf_str(&c->r.body, "{\"update_uuid\":");
	text_json(&c->r.body, c->job.update.req_id);
	buf_char(&c->r.body, '}');
	answer_header(c, "x-update-id", c->job.update.req_id);
}

void
handle_update(struct call *c)
{
	static const char *const types[] = { "sync", "vm.add", "vm.update", "vm.delete" };
	struct buf value = { 0 };
	struct slice type;
	size_t i;

	if (!param_given(c, "type")) {
		answer_error(c, 409, "MissingParameter", "\"type\" parameter required");
		return;
	}
	if (!json_get_slice(c->params, "type", &type))
		type = (struct slice){ "", 0 };
	for (i = 0; i < BASE_COUNT(types) && !slice_is(type, types[i]); i++)
		;
	if (i == BASE_COUNT(types)) {
		answer_field(c, "type", "Invalid update type");
		return;
	}
	json_write(&value, c->params);
	submit_job(c, types[i], arena_take(&c->arena, &value), queued);
	buf_free(&value);
}

static bool
read_since(struct call *c, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || i > 18)
			return false;
		c->since = c->since * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0;
}

/* What a client that connects again sends by itself wins over its URL. */
void
handle_follow(struct call *c)
{
	struct slice text;

	if (http_find(&c->q, "last-event-id", &text) || param_text(c, "since", &text)) {
		c->has_since = true;
		if (!read_since(c, text)) {
			answer_field(c, "since", "must be the number of an update");
			return;
		}
	}
	c->r.status = 200;
	c->r.type = "text/event-stream";
	c->stream = true;
}
