/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What agents ask: ping and messages, one table.  A request is answered before the
 * next one is read, but for `messages`, which stays open as long as its connection.
 *
 * No request that was accepted ever gets ERROR: the agent would stay connected and
 * deaf (spec 7, Traps).
 */
#include <stdlib.h>

#include "../../compiler/base/hash.h"
#include "../../compiler/base/text.h"
#include "../../compiler/base/uuid.h"
#include "feed_int.h"

static void
answer(struct conn *c, enum frame_status status, uint32_t msgid, struct slice method,
    struct slice d)
{
	struct payload *p = payload_new(method, d);

	conn_send(c, status, msgid, p);
	payload_drop(p);
}

static bool
refuse(struct conn *c, uint32_t msgid, struct slice method, const char *name,
    struct slice message)
{
	struct buf d = { 0 };

	buf_str(&d, "{\"name\":");
	text_json(&d, slice_of(name));
	buf_str(&d, ",\"message\":");
	text_json(&d, message);
	buf_str(&d, ",\"context\":{},\"info\":{}}");
	answer(c, FRAME_ERROR, msgid, method, buf_view(&d));
	buf_free(&d);
	return true;
}

/* --- ping ----------------------------------------------------------------------------- */

static bool
serve_ping(struct conn *c, uint32_t msgid, const json_t *args)
{
	const json_t *opts = json_array_get(args, 0), *req_id;
	const char *wrong = NULL;

	req_id = json_object_get(opts, "req_id");
	if (json_array_size(args) != 1)
		wrong = "\"ping\" RPC expects one argument";
	else if (!json_is_object(opts))
		wrong = "\"ping\" RPC expects an options object";
	else if (json_truthy(req_id) && !json_is_string(req_id))
		wrong = "\"req_id\" must be a string if provided";
	if (wrong)
		return refuse(c, msgid, slice_of("ping"), "Error", slice_of(wrong));
	answer(c, FRAME_END, msgid, slice_of("ping"), slice_of(FRAME_EMPTY));
	return true;
}

/* --- messages --------------------------------------------------------------------------- */

static struct client *
client_find(const struct feed *f, struct slice id, uint64_t hash)
{
	for (uint32_t i = 0; i < f->n_clients; i++)
		if (f->clients[i]->hash == hash && slice_eq(f->clients[i]->id, id))
			return f->clients[i];
	return NULL;
}

static void
client_add(struct conn *c, uint32_t msgid, struct slice id, uint64_t hash)
{
	struct feed *f = c->feed;
	struct client *k = base_alloc(sizeof(*k) + id.n + 1);
	char *copy = (char *)(k + 1);

	if (id.n)
		memcpy(copy, id.p, id.n);
	*k = (struct client){ .next = c->clients, .conn = c, .msgid = msgid, .hash = hash,
		.id = { copy, id.n } };
	c->clients = k;
	c->n_clients++;
	pthread_mutex_lock(&f->lock);
	FEED_ROOM(f->clients, f->n_clients, f->clients_room);
	k->at = f->n_clients;
	f->clients[f->n_clients++] = k;
	pthread_mutex_unlock(&f->lock);
}

void
request_end(struct client *k, bool say)
{
	struct conn *c = k->conn;
	struct feed *f = c->feed;
	struct client **link = &c->clients;

	while (*link != k)
		link = &(*link)->next;
	*link = k->next;
	c->n_clients--;
	pthread_mutex_lock(&f->lock);
	f->clients[k->at] = f->clients[--f->n_clients];
	f->clients[k->at]->at = k->at;
	pthread_mutex_unlock(&f->lock);
	if (say)
		answer(c, FRAME_END, k->msgid, slice_of("messages"), slice_of(FRAME_EMPTY));
	free(k);
}

/* Told to every agent that has come: what it missed is not sent again. */
static void
send_sync(struct conn *c, uint32_t msgid)
{
	char req_id[UUID_TEXT];
	struct feed_update u = { .name = slice_of("sync"), .req_id = { req_id, UUID_TEXT },
		.value = slice_of("{\"type\":\"sync\"}") };
	struct payload *p;

	uuid_write(req_id, uuid_random());
	p = payload_of_update(c->feed, &u);
	conn_send(c, FRAME_DATA, msgid, p);
	payload_drop(p);
}

static void
replace(struct feed *f, struct client *old, const struct conn *by)
{
	struct conn *c = old->conn;
	struct buf who = { 0 };

	text_visible(&who, old->id);
	feed_say(f, true, "agent %.*s connected again: %s takes over from %s", (int)who.n, who.p,
	    by->peer, c->peer);
	buf_free(&who);
	f->counts.replaced++;
	request_end(old, true);
	if (c != by)
		conn_flush(c);
}

static bool
serve_messages(struct conn *c, uint32_t msgid, const json_t *args)
{
	struct feed *f = c->feed;
	const json_t *opts = json_array_get(args, 0);
	const char *wrong = NULL;
	struct payload *state;
	struct client *old;
	struct slice id;
	uint64_t hash;

	if (json_array_size(args) != 1)
		wrong = "\"messages\" RPC expects one argument";
	else if (!json_is_object(opts))
		wrong = "\"messages\" RPC expects an options object";
	else if (!json_get_slice(opts, "client_id", &id))
		wrong = "clients must provide their \"client_id\"";
	if (wrong)
		return refuse(c, msgid, slice_of("messages"), "Error", slice_of(wrong));
	hash = hash_bytes(id.p, id.n);
	if ((old = client_find(f, id, hash)))
		replace(f, old, c);
	if (c->n_clients >= f->opts.limits.requests)
		return false;
	client_add(c, msgid, id, hash);
	state = payload_of_state(f);
	conn_send(c, FRAME_DATA, msgid, state);
	payload_drop(state);
	if (c->state == CONN_OPEN)
		send_sync(c, msgid);
	return true;
}

/* --- dispatch ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool (*serve)(struct conn *c, uint32_t msgid, const json_t *args);
} methods[] = {
	{ "messages", serve_messages },
	{ "ping", serve_ping },
};

static bool
serve_data(struct conn *c, uint32_t msgid, const json_t *message)
{
	struct slice name;
	struct buf text = { 0 };

	for (const struct client *k = c->clients; k; k = k->next)
		if (k->msgid == msgid)
			return false;
	if (!json_get_slice(json_object_get(message, "m"), "name", &name) || name.n == 0)
		return refuse(c, msgid, slice_of(""), "FastError",
		    slice_of("RPC request is not well-formed"));
	for (size_t i = 0; i < BASE_COUNT(methods); i++)
		if (slice_is(name, methods[i].name))
			return methods[i].serve(c, msgid, json_object_get(message, "d"));
	buf_printf(&text, "unsupported RPC method: \"%.*s\"", (int)name.n, name.p);
	refuse(c, msgid, name, "FastError", buf_view(&text));
	buf_free(&text);
	return true;
}

bool
request_serve(struct conn *c, const struct frame *frame, struct slice payload)
{
	json_t *message = frame_decode(frame, payload);
	bool good = message && frame->status != FRAME_END;

	if (good && frame->status == FRAME_DATA)
		good = serve_data(c, frame->id, message);
	if (message)
		json_arena_drop(message);
	return good;
}
