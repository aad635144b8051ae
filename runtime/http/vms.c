/* SPDX-License-Identifier: MPL-2.0 */
/*
 * VMAPI is asked by one thread with libcurl's multi interface, which keeps
 * connections; a file is read once and answered from.
 */
#include "vms.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../compiler/base/hash.h"
#include "../../compiler/base/text.h"
#include "../../compiler/input/input.h"

#define MAX_CONNECTIONS 16

struct file_vm {
	struct uuid uuid, owner;
	bool has_owner;
	struct slice text;
};

struct vms {
	/* VMAPI */
	char *url;
	unsigned timeout_ms;
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t lock;
	struct vms_ask *first, **last;
	bool stop;
	/* a file */
	bool is_file;
	struct arena arena;
	VEC(struct file_vm) list;
};

static void
answer(struct vms_ask *ask, int status, const char *code, const char *message)
{
	ask->status = status;
	ask->body.n = 0;
	buf_printf(&ask->body, "{\"code\":\"%s\",\"message\":", code);
	text_json(&ask->body, slice_of(message));
	buf_char(&ask->body, '}');
	ask->done(ask);
}

/* --- a file ------------------------------------------------------------------------ */

static void
add_vm(struct vms *v, const json_t *vm)
{
	struct file_vm *f;
	struct slice text;
	struct uuid uuid;
	struct buf b = { 0 };

	if (!json_get_slice(vm, "uuid", &text) || !uuid_read(text, &uuid))
		return;
	f = vec_push(&v->arena, &v->list);
	memset(f, 0, sizeof(*f));
	f->uuid = uuid;
	f->has_owner = json_get_slice(vm, "owner_uuid", &text) && uuid_read(text, &f->owner);
	json_write(&b, vm);
	f->text = arena_slice(&v->arena, buf_view(&b));
	buf_free(&b);
}

static struct vms *
vms_alloc(void)
{
	struct vms *v = base_alloc(sizeof(*v));

	memset(v, 0, sizeof(*v));
	v->last = &v->first;
	pthread_mutex_init(&v->lock, NULL);
	return v;
}

struct vms *
vms_none(void)
{
	return vms_alloc();
}

struct vms *
vms_from_file(const char *path, struct diags *diags)
{
	struct vms *v = vms_alloc();
	struct src *src = input_file(&v->arena, diags, path);
	json_t *doc, *vm;
	size_t at = 0, i;

	v->is_file = true;
	while (src && at < src->text.n) {
		doc = json_read(src, &at, diags);
		if (!doc)
			break;
		if (json_is_array(doc))
			json_array_foreach(doc, i, vm)
				add_vm(v, vm);
		else
			add_vm(v, doc);
		json_arena_drop(doc);
		while (at < src->text.n && strchr(" \t\r\n", src->text.p[at]))
			at++;
	}
	if (!src || diags->errors) {
		vms_free(v);
		return NULL;
	}
	return v;
}

static void
answer_from_file(struct vms *v, struct vms_ask *ask)
{
	bool any = false;

	if (ask->of_owner)
		buf_char(&ask->body, '[');
	for (uint32_t i = 0; i < v->list.n; i++) {
		const struct file_vm *f = &v->list.v[i];

		if (ask->of_owner ? !f->has_owner || uuid_cmp(f->owner, ask->uuid) != 0
		    : uuid_cmp(f->uuid, ask->uuid) != 0)
			continue;
		if (any && ask->of_owner)
			buf_char(&ask->body, ',');
		buf_slice(&ask->body, f->text);
		any = true;
		if (!ask->of_owner)
			break;
	}
	if (!ask->of_owner && !any) {
		answer(ask, 404, "ResourceNotFound", "VM not found");
		return;
	}
	if (ask->of_owner)
		buf_char(&ask->body, ']');
	ask->status = 200;
	ask->done(ask);
}

/* --- VMAPI ---------------------------------------------------------------------------- */

struct transfer {
	struct vms_ask *ask;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
};

static size_t
take_bytes(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;

	if (t->ask->body.n + size * n > VMS_MAX_BODY)
		return 0;
	buf_add(&t->ask->body, p, size * n);
	return size * n;
}

static void
start(struct vms *v, struct vms_ask *ask)
{
	struct transfer *t = base_alloc(sizeof(*t));
	struct buf url = { 0 }, id = { 0 };
	CURL *e = curl_easy_init();

	if (!e)
		base_oom(0);
	memset(t, 0, sizeof(*t));
	t->ask = ask;
	buf_printf(&url, "%s/vms%s", v->url, ask->of_owner ? "?owner_uuid=" : "/");
	buf_uuid(&url, ask->uuid);
	buf_char(&url, '\0');
	buf_printf(&id, "x-request-id: %.*s", (int)ask->req_id.n, ask->req_id.p);
	t->headers = curl_slist_append(NULL, id.p);
	t->headers = curl_slist_append(t->headers, "accept: application/json");
	curl_easy_setopt(e, CURLOPT_URL, url.p);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)v->timeout_ms);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_multi_add_handle(v->multi, e);
	buf_free(&url);
	buf_free(&id);
}

static void
finish(struct vms *v, CURL *e, CURLcode code)
{
	struct transfer *t;
	char text[CURL_ERROR_SIZE + 64];
	struct vms_ask *ask;
	long status = 0;

	curl_easy_getinfo(e, CURLINFO_PRIVATE, (char **)&t);
	curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
	ask = t->ask;
	snprintf(text, sizeof(text), "VMAPI cannot be asked: %s",
	    *t->error ? t->error : curl_easy_strerror(code));
	curl_multi_remove_handle(v->multi, e);
	curl_easy_cleanup(e);
	curl_slist_free_all(t->headers);
	free(t);
	if (code != CURLE_OK) {
		answer(ask, 503, "ServiceUnavailableError", text);
	} else {
		ask->status = (int)status;
		ask->done(ask);
	}
}

/* What waits, or NULL; *stop tells that it is the end. */
static struct vms_ask *
take_asks(struct vms *v, bool *stop)
{
	struct vms_ask *asks;

	pthread_mutex_lock(&v->lock);
	asks = v->first;
	v->first = NULL;
	v->last = &v->first;
	*stop = v->stop;
	pthread_mutex_unlock(&v->lock);
	return asks;
}

static void *
serve(void *context)
{
	struct vms *v = context;
	struct vms_ask *asks, *next;
	int running = 0, left;
	bool stop = false;
	CURLMsg *msg;

	while (!stop || running) {
		for (asks = take_asks(v, &stop); asks; asks = next) {
			next = asks->next;
			start(v, asks);
		}
		curl_multi_perform(v->multi, &running);
		while ((msg = curl_multi_info_read(v->multi, &left)) != NULL)
			if (msg->msg == CURLMSG_DONE)
				finish(v, msg->easy_handle, msg->data.result);
		if (!stop || running)
			curl_multi_poll(v->multi, NULL, 0, 1000, NULL);
	}
	return NULL;
}

static bool
is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

struct vms *
vms_from_vmapi(const char *url, unsigned timeout_ms)
{
	struct vms *v;
	size_t n = strlen(url);

	if (!is_http(url))
		return NULL;
	v = vms_alloc();
	while (n && url[n - 1] == '/')
		n--;
	v->url = strndup(url, n);
	v->timeout_ms = timeout_ms;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	v->multi = curl_multi_init();
	if (!v->url || !v->multi)
		base_oom(0);
	curl_multi_setopt(v->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)MAX_CONNECTIONS);
	if (pthread_create(&v->thread, NULL, serve, v) != 0)
		base_oom(0);
	return v;
}

void
vms_free(struct vms *v)
{
	if (!v)
		return;
	if (v->multi) {
		pthread_mutex_lock(&v->lock);
		v->stop = true;
		pthread_mutex_unlock(&v->lock);
		curl_multi_wakeup(v->multi);
		pthread_join(v->thread, NULL);
		curl_multi_cleanup(v->multi);
	}
	free(v->url);
	arena_free(&v->arena);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

void
vms_send(struct vms *v, struct vms_ask *ask)
{
	if (v->is_file) {
		answer_from_file(v, ask);
	} else if (!v->multi) {
		answer(ask, 503, "ServiceUnavailableError",
		    "no VMs are known: start fwapid with --vmapi or --vms");
	} else {
		ask->next = NULL;
		pthread_mutex_lock(&v->lock);
		*v->last = ask;
		v->last = &ask->next;
		pthread_mutex_unlock(&v->lock);
		curl_multi_wakeup(v->multi);
	}
}
