/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From a request to its route: path, method, version, body, parameters; and the
 * headers of every response.
 */
#include "api.h"

#include <md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <zlib.h>

#include "../../compiler/base/text.h"
#include "api_int.h"

#define MAX_PATH 2048
#define MAX_ID 255              /* bytes of a request's id that are taken */
#define MAX_DEPTH 64            /* of JSON in a body */

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t
api_age_us(const struct call *c)
{
	return now_us() - c->start_us;
}

/* --- workers and calls ---------------------------------------------------------------- */

struct api_worker *
api_worker_new(struct api *api)
{
	struct api_worker *w = base_alloc(sizeof(*w));

	memset(w, 0, sizeof(*w));
	w->api = api;
	w->in_diags.arena = &w->in_arena;
	input_init(&w->in, &w->in_arena, &w->in_diags, api->opts.lang);
	return w;
}

void
api_worker_free(struct api_worker *w)
{
	if (!w)
		return;
	if (w->rd)
		index_reader_free(w->rd);
	query_answer_free(&w->answer);
	input_done(&w->in);
	arena_free(&w->in_arena);
	free(w);
}

struct call *
api_call_new(struct api *api)
{
	struct call *c = base_alloc(sizeof(*c));

	memset(c, 0, sizeof(*c));
	c->api = api;
	api_reset(c);
	return c;
}

void
api_reset(struct call *c)
{
	struct arena arena = c->arena;
	struct api *api = c->api;

	buf_free(&c->r.body);
	cached_release(c->r.shared);
	buf_free(&c->ask.body);
	arena_reset(&arena);
	memset(c, 0, sizeof(*c));
	c->api = api;
	c->arena = arena;
	c->diags.arena = &c->arena;
	c->start_us = now_us();
}

void
api_call_free(struct call *c)
{
	if (!c)
		return;
	buf_free(&c->r.body);
	cached_release(c->r.shared);
	buf_free(&c->ask.body);
	arena_free(&c->arena);
	free(c);
}

struct http_request *
api_request(struct call *c)
{
	return &c->q;
}

struct http_response *
api_response(struct call *c)
{
	return &c->r;
}

struct arena *
api_arena(struct call *c)
{
	return &c->arena;
}

void
api_on_wake(struct call *c, void (*wake)(void *context), void *context)
{
	c->wake = wake;
	c->wake_context = context;
}

bool
api_is_stream(struct call *c, const uint64_t **since)
{
	*since = c->has_since ? &c->since : NULL;
	return c->stream;
}

/* --- route ---------------------------------------------------------------------------- */

/* Does the path fit the pattern?  *param is the segment that :uuid stands for. */
static bool
fits(const char *pattern, struct slice path, struct slice *param)
{
	size_t i = 0;

	*param = (struct slice){ "", 0 };
	while (*pattern) {
		if (*pattern == ':') {
			size_t start = i;

			while (*pattern && *pattern != '/')
				pattern++;
			while (i < path.n && path.p[i] != '/')
				i++;
			*param = (struct slice){ path.p + start, i - start };
			if (param->n == 0)
				return false;
		} else if (i < path.n && path.p[i] == *pattern) {
			i++;
			pattern++;
		} else {
			return false;
		}
	}
	return i == path.n;
}

static bool
find_route(struct call *c)
{
	struct slice param;
	struct buf allow = { 0 };

	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &route_table[i];

		if (!fits(r->path, c->path, &param))
			continue;
		if (slice_is(c->q.method, r->method)) {
			c->route = r;
			c->path_param = param;
			buf_free(&allow);
			return true;
		}
		buf_printf(&allow, "%s%s", allow.n ? ", " : "", r->method);
	}
	if (allow.n) {
		answer_error(c, 405, "MethodNotAllowedError", "%.*s is not allowed",
		    (int)c->q.method.n, c->q.method.p);
		answer_header(c, "Allow", buf_view(&allow));
	} else {
		answer_error(c, 404, "ResourceNotFound", "%.*s does not exist", (int)c->path.n,
		    c->path.p);
	}
	buf_free(&allow);
	return false;
}

static bool
check_version(struct call *c)
{
	static const unsigned version[3] = { 1, 1, 4 };
	struct slice range;

	if (!http_find(&c->q, "accept-version", &range) || http_in_range(range, version))
		return true;
	answer_error(c, 400, "InvalidVersion", "%.*s is not supported by %.*s %.*s", (int)range.n,
	    range.p, (int)c->q.method.n, c->q.method.p, (int)c->path.n, c->path.p);
	return false;
}

static bool
read_path(struct call *c)
{
	const char *mark = c->q.target.n ? memchr(c->q.target.p, '?', c->q.target.n) : NULL;
	size_t n = mark ? (size_t)(mark - c->q.target.p) : c->q.target.n;

	/* One slash at the end is no other path. */
	c->path = (struct slice){ c->q.target.p, n > 1 && c->q.target.p[n - 1] == '/' ? n - 1 : n };
	if (n == 0 || n > MAX_PATH || c->path.p[0] != '/' ||
	    !http_decode(&c->arena, c->path, false, &c->path)) {
		answer_error(c, 400, "BadRequest", "the path of the request is malformed");
		return false;
	}
	return true;
}

/* --- body ------------------------------------------------------------------------------- */

static void
base64(const uint8_t *p, size_t n, char *out)
{
	static const char digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) |
		    (i + 2 < n ? p[i + 2] : 0);

		*out++ = digit[v >> 18];
		*out++ = digit[v >> 12 & 63];
		*out++ = i + 1 < n ? digit[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digit[v & 63] : '=';
	}
	*out = '\0';
}

static bool
check_md5(struct call *c)
{
	uint8_t sum[MD5_DIGEST_LENGTH];
	struct slice want;
	char got[32];
	MD5_CTX md5;

	if (!http_find(&c->q, "content-md5", &want))
		return true;
	MD5Init(&md5);
	MD5Update(&md5, (const uint8_t *)(c->q.body.n ? c->q.body.p : ""), c->q.body.n);
	MD5Final(sum, &md5);
	base64(sum, sizeof(sum), got);
	if (slice_is(want, got))
		return true;
	answer_error(c, 400, "BadDigest", "Content-MD5 '%.*s' didn't match '%s'", (int)want.n,
	    want.p, got);
	return false;
}

/* Never makes more than max_body bytes, whatever the body says. */
static bool
inflate_body(struct call *c)
{
	z_stream z = { 0 };
	size_t most = atomic_load(&c->api->opts.max_body);
	struct buf out = { 0 };
	int code;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		base_oom(0);
	z.next_in = (Bytef *)(uintptr_t)c->q.body.p;
	z.avail_in = (uInt)c->q.body.n;
	do {
		z.next_out = (Bytef *)buf_room(&out, 16384);
		z.avail_out = 16384;
		code = inflate(&z, Z_NO_FLUSH);
		out.n += 16384 - z.avail_out;
	} while (code == Z_OK && out.n <= most &&
	    (z.avail_in > 0 || z.avail_out == 0));
	inflateEnd(&z);
	if (out.n > most)
		answer_error(c, 413, "RequestEntityTooLargeError", "the body has more than %zu bytes "
		    "when it is decompressed", most);
	else if (code != Z_STREAM_END || z.avail_in > 0)
		answer_error(c, 400, "InvalidContent", "Invalid gzip: the body is damaged");
	else
		c->q.body = arena_take(&c->arena, &out);
	buf_free(&out);
	return c->r.status == 0;
}

static bool
decode_body(struct call *c)
{
	struct slice coding;

	if (!http_find(&c->q, "content-encoding", &coding) || http_equal(coding, "identity") ||
	    c->q.body.n == 0)
		return true;
	if (http_equal(coding, "gzip") || http_equal(coding, "x-gzip"))
		return inflate_body(c);
	answer_error(c, 415, "UnsupportedMediaType", "the body's content-encoding is not gzip");
	return false;
}

/* How deep brackets nest, strings left out; what is no JSON is the reader's to tell. */
static bool
is_too_deep(struct slice s)
{
	unsigned depth = 0;
	bool inside = false;

	for (size_t i = 0; i < s.n; i++)
		if (inside) {
			i += s.p[i] == '\\';
			inside = i < s.n && s.p[i] != '"';
		} else if (s.p[i] == '"') {
			inside = true;
		} else if (s.p[i] == '{' || s.p[i] == '[') {
			if (++depth > MAX_DEPTH)
				return true;
		} else if (s.p[i] == '}' || s.p[i] == ']') {
			depth -= depth > 0;
		}
	return false;
}

static bool
read_json(struct call *c)
{
	struct src src = { .name = slice_of("body"), .text = c->q.body };
	struct diags diags = { .arena = &c->arena };
	const char *name, *why = "an object is needed";
	json_t *body = NULL, *value;

	if (is_too_deep(src.text))
		why = "objects and arrays nest too deep";
	else if ((body = json_read_all(&src, &diags)) == NULL && diags.list.n)
		why = diags.list.v[0].text;
	if (!json_is_object(body)) {
		answer_error(c, 400, "InvalidContent", "Invalid JSON: %s", why);
		json_arena_drop(body);
		return false;
	}
	json_object_foreach(body, name, value)
		json_object_set_nocheck(c->params, name, value);
	json_arena_drop(body);
	return true;
}

static bool
read_form(struct call *c)
{
	json_t *form = json_object(), *value;
	const char *why, *name;
	bool good = http_params(&c->arena, c->q.body, form, &why);

	if (!good)
		answer_error(c, 400, "InvalidContent", "Invalid form: %s", why);
	else
		json_object_foreach(form, name, value)
			json_object_set_nocheck(c->params, name, value);
	json_arena_drop(form);
	return good;
}

static bool
read_body(struct call *c)
{
	struct slice type = { 0 };
	size_t n = 0;

	if (!c->route->write || slice_is(c->q.method, "DELETE"))
		return true;
	if (!check_md5(c) || !decode_body(c))
		return false;
	if (c->q.body.n == 0)
		return true;
	if (!http_find(&c->q, "content-type", &type))
		return read_json(c);
	while (n < type.n && type.p[n] != ';' && type.p[n] != ' ')
		n++;
	type.n = n;
	if (http_equal(type, "application/json"))
		return read_json(c);
	if (http_equal(type, "application/x-www-form-urlencoded"))
		return read_form(c);
	answer_error(c, 415, "UnsupportedMediaType", "the body's content-type is neither "
	    "application/json nor application/x-www-form-urlencoded");
	return false;
}

/* The path wins over the body, the body over the query. */
static bool
read_params(struct call *c)
{
	struct slice query = { c->q.target.p, c->q.target.n };
	const char *mark = memchr(query.p, '?', query.n), *why;

	c->params = json_object();
	if (mark) {
		query = (struct slice){ mark + 1, query.n - (size_t)(mark + 1 - query.p) };
		if (!http_params(&c->arena, query, c->params, &why)) {
			answer_error(c, 400, "BadRequest", "the query of the request is malformed: %s",
			    why);
			return false;
		}
	}
	if (!read_body(c))
		return false;
	if (c->path_param.n)
		json_object_set_new_nocheck(c->params, "uuid",
		    json_stringn_nocheck(c->path_param.p, c->path_param.n));
	return true;
}

bool
param_text(struct call *c, const char *name, struct slice *out)
{
	return json_get_slice(c->params, name, out) && out->n > 0;
}

bool
param_given(struct call *c, const char *name)
{
	return json_truthy(json_object_get(c->params, name));
}

static void
split_into(json_t *list, const json_t *value)
{
	struct slice s = json_slice(value);

	if (!json_is_string(value)) {
		json_array_append(list, (json_t *)(uintptr_t)value);
		return;
	}
	for (;;) {
		const char *comma = s.n ? memchr(s.p, ',', s.n) : NULL;
		size_t n = comma ? (size_t)(comma - s.p) : s.n;

		json_array_append_new(list, json_stringn_nocheck(s.p, n));
		if (!comma)
			return;
		s = (struct slice){ comma + 1, s.n - n - 1 };
	}
}

void
param_split(struct call *c, const char *name)
{
	json_t *v = json_object_get(c->params, name), *list, *item;
	size_t i;

	if (!json_is_string(v) && !json_is_array(v))
		return;
	list = json_array();
	if (json_is_array(v))
		json_array_foreach(v, i, item)
			split_into(list, item);
	else
		split_into(list, v);
	/* One plain value stays plain. */
	if (json_is_array(v) || json_array_size(list) != 1)
		json_object_set_nocheck(c->params, name, list);
	json_arena_drop(list);
}

/* --- the call ------------------------------------------------------------------------------ */

static bool
is_plain_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return s.n > 0 && s.n <= MAX_ID;
}

/* A UUID (version 4) as text in the call's arena. */
static struct slice
fresh_id(struct call *c)
{
	struct api_worker *w = c->worker;
	char text[UUID_TEXT];
	struct uuid u;

	if (w && w->random_left < sizeof(u.b) &&
	    getrandom(w->random, sizeof(w->random), 0) == (ssize_t)sizeof(w->random))
		w->random_left = sizeof(w->random);
	if (w && w->random_left >= sizeof(u.b)) {
		w->random_left -= sizeof(u.b);
		memcpy(u.b, w->random + w->random_left, sizeof(u.b));
		u.b[6] = (u.b[6] & 0x0f) | 0x40;
		u.b[8] = (u.b[8] & 0x3f) | 0x80;
	} else {
		u = uuid_random();
	}
	uuid_write(text, u);
	return arena_slice(&c->arena, (struct slice){ text, UUID_TEXT });
}

static void
find_id(struct call *c)
{
	if ((http_find(&c->q, "request-id", &c->id) && is_plain_id(c->id)) ||
	    (http_find(&c->q, "x-request-id", &c->id) && is_plain_id(c->id)))
		return;
	c->id = fresh_id(c);
}

static void
finish(struct call *c)
{
	size_t most = atomic_load(&c->api->opts.max_result);
	char text[32];

	if (http_body(&c->r).n > most) {
		c->r.headers = 0;
		cached_release(c->r.shared);
		c->r.shared = NULL;
		answer_error(c, 422, "ResultTooLarge", "the answer has more than %zu bytes: ask for "
		    "less with limit and offset", most);
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)((now_us() - c->start_us) / 1000));
	answer_header(c, "Server", slice_of("SmartDC Firewall API"));
	answer_header(c, "x-request-id", c->id);
	answer_header(c, "x-response-time", slice_of(text));
	answer_header(c, "x-server-name", slice_of(c->api->opts.server_name));
	metrics_count(&c->api->metrics, c->route ? (unsigned)(c->route - route_table)
	    : METRICS_ROUTES - 1, c->r.status, now_us() - c->start_us, http_body(&c->r).n);
}

/* The worker's parser makes rules in the call's arena. */
static void
enter(struct call *c, struct api_worker *w)
{
	struct book *book = atomic_load(&c->api->book);

	c->worker = w;
	w->in.arena = &c->arena;
	w->in.diags = &c->diags;
	w->in.opts = c->api->opts.lang;
	if (!w->rd && book)
		w->rd = index_reader_new(book_index(book));
	json_arena_begin(&c->arena);
}

static enum api_step
leave(struct call *c)
{
	struct api_worker *w = c->worker;

	json_arena_end();
	input_forget(&w->in);
	arena_reset(&w->in.scratch);
	w->in.arena = &w->in_arena;
	w->in.diags = &w->in_diags;
	c->worker = NULL;
	if (c->send)
		return API_WAIT;
	finish(c);
	return API_DONE;
}

enum api_step
api_start(struct call *c, struct api_worker *w)
{
	enter(c, w);
	find_id(c);
	if (read_path(c) && find_route(c) && check_version(c) && read_params(c)) {
		if (c->route->reads_rules && !w->rd)
			answer_unavailable(c, "rules are still being read");
		else
			c->route->handle(c);
	}
	return leave(c);
}

void
api_send(struct call *c)
{
	void (*send)(struct call *c) = c->send;

	c->send = NULL;
	send(c);
}

enum api_step
api_resume(struct call *c, struct api_worker *w)
{
	enter(c, w);
	c->next(c);
	return leave(c);
}

void
api_refuse(struct call *c, int status, const char *code, const char *message)
{
	find_id(c);
	answer_error(c, status, code, "%s", message);
	finish(c);
}

void
api_summarise(struct call *c, struct api_summary *out)
{
	*out = (struct api_summary){ .id = c->id, .method = c->q.method, .path = c->path,
		.route = c->route ? c->route->path : "", .status = c->r.status,
		.us = now_us() - c->start_us, .write = c->route && c->route->write,
		.trouble = c->trouble };
}

/* --- waiting -------------------------------------------------------------------------------- */

static void
job_done(struct book_job *job)
{
	struct call *c = job->context;

	c->wake(c->wake_context);
}

static void
send_job(struct call *c)
{
	book_submit(atomic_load(&c->api->book), &c->job);
}

void
submit_job(struct call *c, const char *name, struct slice value, void (*next)(struct call *c))
{
	c->job.update.name = slice_of(name);
	c->job.update.value = value;
	if (c->job.update.req_id.n == 0)
		c->job.update.req_id = fresh_id(c);
	c->job.done = job_done;
	c->job.context = c;
	c->send = send_job;
	c->next = next;
}

static void
ask_done(struct vms_ask *ask)
{
	struct call *c = ask->context;

	c->wake(c->wake_context);
}

static void
send_ask(struct call *c)
{
	pthread_rwlock_rdlock(&c->api->vms_lock);
	vms_send(c->api->vms, &c->ask);
	pthread_rwlock_unlock(&c->api->vms_lock);
}

void
ask_vms(struct call *c, struct uuid uuid, bool of_owner, void (*next)(struct call *c))
{
	c->ask = (struct vms_ask){ .uuid = uuid, .of_owner = of_owner, .req_id = c->id,
		.done = ask_done, .context = c };
	c->send = send_ask;
	c->next = next;
}
