/* SPDX-License-Identifier: MPL-2.0 */
/* Messages: their frames, what they ask for, and who answers. */
#include "lsp_int.h"

#include <ctype.h>
#include <stdlib.h>

#include "../../compiler/base/text.h"
#include "../../compiler/lint/project.h"
#include "config.h"

/* Errors of JSON-RPC and LSP. */
enum {
	PARSE_ERROR = -32700, INVALID_REQUEST = -32600, NO_METHOD = -32601, INVALID_PARAMS = -32602,
	NOT_INITIALIZED = -32002
};

typedef void lsp_notice(struct lsp *s, const json_t *params, struct buf *out);

struct lsp *
lsp_new(const char *vms, const char *const *remote, unsigned n_remote)
{
	struct lsp *s = base_alloc(sizeof(*s));
	const char **path = base_alloc((n_remote + 1) * sizeof(*path));

	memset(s, 0, sizeof(*s));
	path[0] = vms;
	for (unsigned i = 0; i < n_remote; i++)
		path[i + 1] = remote[i];
	s->host.path = path;
	s->host.n = n_remote + 1;
	s->documents = base_alloc(LSP_MAX_DOCUMENTS * sizeof(*s->documents));
	s->px = parse_new();
	s->ended = -1;
	return s;
}

void
lsp_free(struct lsp *s)
{
	if (!s)
		return;
	while (s->n_documents)
		lsp_close(s, s->documents[0]);
	free(s->documents);
	lsp_host_free(&s->host);
	parse_free(s->px);
	arena_free(&s->scratch);
	free(s);
}

int
lsp_ended(const struct lsp *s)
{
	return s->ended;
}

/* --- frames ------------------------------------------------------------------------------ */

static void
write_frame(struct buf *out, const struct buf *body)
{
	buf_printf(out, "Content-Length: %zu\r\n\r\n", body->n);
	buf_slice(out, buf_view(body));
}

static bool
is_length(struct slice name)
{
	static const char lower[] = "content-length";

	if (name.n != sizeof(lower) - 1)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (tolower((unsigned char)name.p[i]) != lower[i])
			return false;
	return true;
}

/* One header line; false if it is none, or a length that is too large. */
static bool
take_header(struct slice line, size_t *length, bool *known)
{
	const char *colon = memchr(line.p, ':', line.n);
	size_t i, n = 0;

	if (!colon)
		return false;
	if (!is_length((struct slice){ line.p, (size_t)(colon - line.p) }))
		return true;
	for (i = (size_t)(colon - line.p) + 1; i < line.n && line.p[i] == ' '; i++)
		;
	if (i == line.n)
		return false;
	for (; i < line.n; i++) {
		if (!isdigit((unsigned char)line.p[i]))
			return false;
		n = n * 10 + (size_t)(line.p[i] - '0');
		if (n > LSP_MAX_MESSAGE)
			return false;
	}
	*length = n;
	*known = true;
	return true;
}

/* Where the body begins; 0: the header is not whole; -1: it is none. */
static ptrdiff_t
read_header(struct slice in, size_t *length)
{
	bool known = false;
	size_t at = 0;

	for (;;) {
		const char *end = in.n > at ? memchr(in.p + at, '\n', in.n - at) : NULL;
		struct slice line;

		if (!end)
			return in.n > LSP_MAX_HEADER ? -1 : 0;
		line = (struct slice){ in.p + at, (size_t)(end - in.p) - at };
		at = (size_t)(end - in.p) + 1;
		if (at > LSP_MAX_HEADER)
			return -1;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			return known ? (ptrdiff_t)at : -1;
		if (!take_header(line, length, &known))
			return -1;
	}
}

/* --- to the client ------------------------------------------------------------------------ */

static void
show_message(struct buf *out, int type, const char *text)
{
	struct buf body = { 0 };

	buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"method\":\"window/showMessage\",\"params\":"
	    "{\"type\":%d,\"message\":", type);
	text_json(&body, slice_of(text));
	buf_str(&body, "}}");
	write_frame(out, &body);
	buf_free(&body);
}

/* VMs that cannot be read: said once for each state of their files. */
static void
tell_host(struct lsp *s, struct buf *out)
{
	const struct diag *d;

	if (s->told == s->host.stamp)
		return;
	s->told = s->host.stamp;
	if (s->host.usable || s->host.diags.list.n == 0)
		return;
	d = &s->host.diags.list.v[0];
	show_message(out, 1, arena_printf(&s->scratch, "fwrule: the VMs are left out: %.*s: %s",
	    d->src ? (int)d->src->name.n : 0, d->src ? d->src->name.p : "", d->text));
}

static void
publish(struct lsp *s, const struct lsp_document *d, struct buf *out)
{
	struct buf body = { 0 };

	buf_str(&body, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\","
	    "\"params\":{\"uri\":");
	text_json(&body, slice_of(d->uri));
	buf_str(&body, ",\"diagnostics\":[");
	for (uint32_t i = 0; d->looked && i < d->lint.found.n; i++) {
		if (i)
			buf_char(&body, ',');
		lsp_write_finding(&body, s, d, &d->lint.found.v[i]);
	}
	buf_str(&body, "]}}");
	write_frame(out, &body);
	buf_free(&body);
}

static void
look_and_publish(struct lsp *s, struct lsp_document *d, struct buf *out)
{
	lsp_look(s, d);
	publish(s, d, out);
	tell_host(s, out);
}

/* --- documents ------------------------------------------------------------------------------ */

static bool
uri_of(const json_t *params, struct slice *uri)
{
	return json_get_slice(json_object_get(params, "textDocument"), "uri", uri);
}

static struct lsp_document *
document_of(struct lsp *s, const json_t *params)
{
	struct slice uri;

	return uri_of(params, &uri) ? lsp_find(s, uri) : NULL;
}

static void
open_document(struct lsp *s, struct slice uri, struct slice text, struct buf *out)
{
	struct lsp_document *d = lsp_open(s, uri, text);

	if (d)
		look_and_publish(s, d, out);
	else
		show_message(out, 2, "fwrule: too many open documents");
}

static void
did_open(struct lsp *s, const json_t *params, struct buf *out)
{
	struct slice uri, text;

	if (uri_of(params, &uri) && json_get_slice(json_object_get(params, "textDocument"), "text",
	    &text))
		open_document(s, uri, text, out);
}

/* The whole text each time: the last change counts. */
static void
did_change(struct lsp *s, const json_t *params, struct buf *out)
{
	const json_t *changes = json_object_get(params, "contentChanges");
	struct lsp_document *d = document_of(s, params);
	size_t n = json_array_size(changes);
	struct slice text;

	if (d && n && json_get_slice(json_array_get(changes, n - 1), "text", &text))
		open_document(s, slice_of(arena_printf(&s->scratch, "%s", d->uri)), text, out);
}

static void
did_save(struct lsp *s, const json_t *params, struct buf *out)
{
	struct lsp_document *d = document_of(s, params);

	if (d)
		look_and_publish(s, d, out);
}

/* Findings of a closed document would stay for ever. */
static void
did_close(struct lsp *s, const json_t *params, struct buf *out)
{
	struct lsp_document *d = document_of(s, params);

	if (!d)
		return;
	lsp_open(s, slice_of(arena_printf(&s->scratch, "%s", d->uri)), (struct slice){ 0 });
	publish(s, d, out);
	lsp_close(s, d);
}

/* The files beside the documents, if the client can watch them. */
static void
did_initialize(struct lsp *s, const json_t *params, struct buf *out)
{
	struct buf body = { 0 };

	(void)params;
	if (!s->watches)
		return;
	buf_str(&body, "{\"jsonrpc\":\"2.0\",\"id\":\"watch\","
	    "\"method\":\"client/registerCapability\","
	    "\"params\":{\"registrations\":[{\"id\":\"watch\","
	    "\"method\":\"workspace/didChangeWatchedFiles\",\"registerOptions\":{\"watchers\":["
	    "{\"globPattern\":\"**/" LINT_PROJECT_FILE "\"}");
	for (unsigned i = 0; i < s->host.n; i++) {
		const char *path = s->host.path[i], *slash = path ? strrchr(path, '/') : NULL;
		const char *name = slash ? slash + 1 : path;

		if (!name)
			continue;
		buf_str(&body, ",{\"globPattern\":");
		text_json(&body, slice_of(arena_printf(&s->scratch, "**/%s", name)));
		buf_char(&body, '}');
	}
	buf_str(&body, "]}}]}}");
	write_frame(out, &body);
	buf_free(&body);
}

/* Whichever it was: what is said of any document may be another now. */
static void
did_change_files(struct lsp *s, const json_t *params, struct buf *out)
{
	(void)params;
	for (uint32_t i = 0; i < s->n_documents; i++)
		look_and_publish(s, s->documents[i], out);
}

static void
did_exit(struct lsp *s, const json_t *params, struct buf *out)
{
	(void)params;
	(void)out;
	s->ended = s->shut ? 0 : 1;
}

static const struct {
	const char *name;
	lsp_notice *run;
} notices[] = {
	{ "textDocument/didOpen", did_open },
	{ "textDocument/didChange", did_change },
	{ "textDocument/didSave", did_save },
	{ "textDocument/didClose", did_close },
	{ "initialized", did_initialize },
	{ "workspace/didChangeWatchedFiles", did_change_files },
	{ "exit", did_exit },
};

/* --- requests ------------------------------------------------------------------------------- */

static bool
takes_utf8(const json_t *params)
{
	const json_t *general = json_object_get(json_object_get(params, "capabilities"), "general");
	const json_t *list = json_object_get(general, "positionEncodings"), *name;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, name)
		if (json_is_string(name) && slice_is(json_slice(name), "utf-8"))
			return true;
	return false;
}

static bool
takes_watchers(const json_t *params)
{
	const json_t *w = json_object_get(json_object_get(params, "capabilities"), "workspace");

	w = json_object_get(w, "didChangeWatchedFiles");
	return json_is_true(json_object_get(w, "dynamicRegistration"));
}

static void
initialize(struct lsp_call *c)
{
	c->s->initialized = true;
	c->s->watches = takes_watchers(c->params);
	c->s->utf8 = takes_utf8(c->params);
	buf_printf(c->out, "{\"capabilities\":{\"positionEncoding\":\"%s\","
	    "\"textDocumentSync\":{\"openClose\":true,\"change\":1,\"save\":true},"
	    "\"hoverProvider\":true,\"definitionProvider\":true,"
	    "\"completionProvider\":{\"triggerCharacters\":[\" \",\"\\\"\",\"(\",\"@\"]},"
	    "\"documentFormattingProvider\":true,"
	    "\"codeActionProvider\":{\"codeActionKinds\":[\"quickfix\",\"source.fixAll.fwrule\"]}},"
	    "\"serverInfo\":{\"name\":\"fwrule\",\"version\":\"%s\"}}",
	    c->s->utf8 ? "utf-8" : "utf-16", PACKAGE_VERSION);
}

static void
shut_down(struct lsp_call *c)
{
	c->s->shut = true;
	buf_str(c->out, "null");
}

static const struct {
	const char *name;
	lsp_method *run;
} methods[] = {
	{ "initialize", initialize },
	{ "shutdown", shut_down },
	{ "textDocument/codeAction", lsp_actions },
	{ "textDocument/completion", lsp_complete },
	{ "textDocument/definition", lsp_define },
	{ "textDocument/formatting", lsp_format },
	{ "textDocument/hover", lsp_hover },
};

static void
write_error(struct buf *body, int code, const char *text)
{
	buf_printf(body, "\"error\":{\"code\":%d,\"message\":", code);
	text_json(body, slice_of(text));
	buf_char(body, '}');
}

static void
run_method(struct lsp *s, struct slice name, const json_t *params, struct buf *body)
{
	struct lsp_call c = { .s = s, .params = params, .out = body };
	lsp_method *run = NULL;

	for (size_t i = 0; i < BASE_COUNT(methods); i++)
		if (slice_is(name, methods[i].name))
			run = methods[i].run;
	if (!run) {
		write_error(body, NO_METHOD, "there is no such method");
	} else if (!s->initialized && run != initialize) {
		write_error(body, NOT_INITIALIZED, "initialize comes first");
	} else if (s->shut) {
		write_error(body, INVALID_REQUEST, "the server was shut down");
	} else {
		c.doc = document_of(s, params);
		buf_str(body, "\"result\":");
		run(&c);
	}
}

static void
answer(struct lsp *s, const json_t *id, struct slice name, const json_t *params, struct buf *out)
{
	struct buf body = { 0 };

	buf_str(&body, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (json_is_string(id) || json_is_number(id))
		json_write(&body, id);
	else
		buf_str(&body, "null");
	buf_char(&body, ',');
	run_method(s, name, params, &body);
	buf_char(&body, '}');
	write_frame(out, &body);
	buf_free(&body);
}

static void
refuse(struct buf *out, int code, const char *text)
{
	struct buf body = { 0 };

	buf_str(&body, "{\"jsonrpc\":\"2.0\",\"id\":null,");
	write_error(&body, code, text);
	buf_char(&body, '}');
	write_frame(out, &body);
	buf_free(&body);
}

static void
notice(struct lsp *s, struct slice name, const json_t *params, struct buf *out)
{
	for (size_t i = 0; i < BASE_COUNT(notices); i++)
		if (slice_is(name, notices[i].name) &&
		    (s->initialized || notices[i].run == did_exit) &&
		    (!s->shut || notices[i].run == did_exit))
			notices[i].run(s, params, out);
}

static void
take_message(struct lsp *s, struct slice text, struct buf *out)
{
	struct src src = { .name = slice_of("message"), .text = text };
	struct diags diags = { .arena = &s->scratch };
	json_t *m = json_read_all(&src, &diags);
	const json_t *id = json_object_get(m, "id");
	struct slice name;

	if (!m)
		refuse(out, PARSE_ERROR, diags.list.v[0].text);
	else if (json_get_slice(m, "method", &name) && id)
		answer(s, id, name, json_object_get(m, "params"), out);
	else if (json_get_slice(m, "method", &name))
		notice(s, name, json_object_get(m, "params"), out);
	else if (!json_object_get(m, "result") && !json_object_get(m, "error"))
		refuse(out, INVALID_REQUEST, "a message is an object with a method");
	json_decref(m);
	arena_reset(&s->scratch);
}

ptrdiff_t
lsp_take(struct lsp *s, struct slice in, struct buf *out)
{
	size_t length = 0;
	ptrdiff_t at = read_header(in, &length);

	if (at <= 0)
		return at;
	if (in.n - (size_t)at < length)
		return 0;
	take_message(s, (struct slice){ in.p + at, length }, out);
	return at + (ptrdiff_t)length;
}
