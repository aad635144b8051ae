/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: a document and a place in it, for everything an editor asks; and
 * the same bytes as a stream of messages.  Each answer is a frame with JSON in it.
 */
#include "runtime/lsp/lsp.h"

#include <jansson.h>

#include "compiler/base/text.h"
#include "fuzz.h"

static void
check_frames(struct buf *answers)
{
	struct slice out = buf_view(answers);

	*buf_room(answers, 1) = '\0';
	out.p = answers->p;
	while (out.n) {
		unsigned long length;
		const char *body = memmem(out.p, out.n, "\r\n\r\n", 4);
		json_error_t error;
		json_t *v;

		REQUIRE(body && sscanf(out.p, "Content-Length: %lu\r\n", &length) == 1);
		body += 4;
		REQUIRE((size_t)(body - out.p) + length <= out.n);
		v = json_loadb(body, length, JSON_ALLOW_NUL, &error);
		/* A lone surrogate of a sentence is in its answer; jansson reads none. */
		REQUIRE(v || memmem(body, length, "\\ud", 3));
		json_decref(v);
		out.n -= (size_t)(body - out.p) + length;
		out.p = body + length;
	}
}

static void
say(struct lsp *s, const char *body, size_t n)
{
	struct buf in = { 0 }, out = { 0 };

	buf_printf(&in, "Content-Length: %zu\r\n\r\n", n);
	buf_add(&in, body, n);
	REQUIRE(lsp_take(s, buf_view(&in), &out) == (ptrdiff_t)in.n);
	check_frames(&out);
	buf_free(&in);
	buf_free(&out);
}

static void
ask(struct lsp *s, const char *method, unsigned line, unsigned character)
{
	struct buf m = { 0 };

	buf_printf(&m, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"textDocument/%s\",\"params\":"
	    "{\"textDocument\":{\"uri\":\"file:///a\"},\"position\":{\"line\":%u,\"character\":%u},"
	    "\"range\":{\"start\":{\"line\":0,\"character\":0},"
	    "\"end\":{\"line\":%u,\"character\":%u}},\"context\":"
	    "{\"only\":[\"\"]}}}", method, line, character, line, character);
	say(s, m.p, m.n);
	buf_free(&m);
}

static void
edit(struct slice text, unsigned line, unsigned character)
{
	static const char *const methods[] = { "hover", "completion", "definition", "formatting",
		"codeAction" };
	static const char start[] = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\"}";
	struct lsp *s = lsp_new(NULL, NULL, 0);
	struct buf m = { 0 };

	say(s, start, sizeof(start) - 1);
	buf_str(&m, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":"
	    "{\"textDocument\":{\"uri\":\"file:///a\",\"text\":");
	text_json(&m, text);
	buf_str(&m, "}}}");
	say(s, m.p, m.n);
	for (size_t i = 0; i < BASE_COUNT(methods); i++)
		ask(s, methods[i], line, character);
	buf_free(&m);
	lsp_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { (const char *)data, n };
	struct lsp *s = lsp_new(NULL, NULL, 0);
	struct buf out = { 0 };
	ptrdiff_t took;

	while (lsp_ended(s) < 0 && (took = lsp_take(s, in, &out)) > 0) {
		in.p += took;
		in.n -= (size_t)took;
	}
	check_frames(&out);
	buf_free(&out);
	lsp_free(s);
	if (n >= 2 && text_utf8_bad((struct slice){ (const char *)data + 2, n - 2 }) == n - 2)
		edit((struct slice){ (const char *)data + 2, n - 2 }, data[0], data[1]);
	return 0;
}
