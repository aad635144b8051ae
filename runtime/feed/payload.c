/* SPDX-License-Identifier: MPL-2.0 */
/* Payloads: made once, whatever the number of agents that get them. */
#include <stdlib.h>
#include <time.h>

#include "../../compiler/base/text.h"
#include "feed_int.h"

static uint64_t
microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* req_id is kept with it. */
static struct payload *
make(struct slice method, struct slice d, struct slice req_id)
{
	struct buf text = { 0 };
	struct payload *p;

	frame_write_payload(&text, microseconds(), method, d);
	if (text.n > UINT32_MAX)
		base_oom(text.n);
	p = base_alloc(sizeof(*p) + text.n + req_id.n);
	p->refs = 1;
	p->length = (uint32_t)text.n;
	p->crc = frame_crc(buf_view(&text));
	p->id = 0;
	p->rewind = false;
	memcpy(p->text, text.p, text.n);
	if (req_id.n)
		memcpy(p->text + text.n, req_id.p, req_id.n);
	p->req_id = (struct slice){ p->text + text.n, req_id.n };
	buf_free(&text);
	return p;
}

struct payload *
payload_new(struct slice method, struct slice d)
{
	return make(method, d, (struct slice){ 0 });
}

void
payload_drop(struct payload *p)
{
	if (p && --p->refs == 0)
		free(p);
}

static void
member(struct buf *out, const char *key, struct slice text)
{
	buf_printf(out, ",\"%s\":", key);
	text_json(out, text);
}

struct payload *
payload_of_update(const struct feed *f, const struct feed_update *u)
{
	struct buf d = { 0 };
	struct payload *p;

	buf_str(&d, "[{");
	if (u->id) {
		buf_str(&d, "\"id\":");
		buf_uint(&d, u->id);
		buf_char(&d, ',');
	}
	buf_str(&d, "\"name\":");
	text_json(&d, u->name);
	member(&d, "req_id", u->req_id);
	member(&d, "server_id", f->server_id);
	buf_str(&d, ",\"value\":");
	buf_slice(&d, u->value);
	buf_str(&d, "}]");
	p = make(slice_of("messages"), buf_view(&d), u->req_id);
	p->id = u->id;
	buf_free(&d);
	return p;
}

struct payload *
payload_of_state(const struct feed *f)
{
	struct buf d = { 0 };
	struct payload *p;

	buf_str(&d, "[{\"name\":\"sync\"");
	if (f->last)
		member(&d, "last_req_id", f->last->req_id);
	if (f->last_sent) {
		buf_str(&d, ",\"last_id\":");
		buf_uint(&d, f->last_sent);
	}
	member(&d, "server_id", f->server_id);
	buf_str(&d, ",\"version\":1}]");
	p = payload_new(slice_of("messages"), buf_view(&d));
	buf_free(&d);
	return p;
}
