/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Any bytes as a sentence and as a source file: no crash, no leak, and what was
 * accepted as a rule gives a canonical text that parses to the same text again.
 */
#include <stdlib.h>

#include "compiler/base/text.h"
#include "compiler/input/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The canonical text of the one rule in a source text; empty if there is none. */
static struct slice
canonical(struct arena *arena, struct slice text)
{
	struct diags diags = { .arena = arena };
	struct slice out = { 0 };
	struct input in;

	input_init(&in, arena, &diags, (struct lang_opts){ 0 });
	input_read_text(&in, slice_of("fuzz"), text);
	if (diags.errors == 0 && in.rules.n == 1)
		out = in.rules.v[0]->text;
	input_done(&in);
	return out;
}

static void
parse_both(struct arena *arena, struct slice text)
{
	struct src src = { .name = slice_of("fuzz"), .text = text };
	struct diags diags = { .arena = arena };
	struct parse *px = parse_new();
	struct buf out = { 0 };
	struct ast_rule *r = parse_sentence(px, arena, &diags, &src, (struct lang_opts){ 0 });

	if (r)
		ast_dump(&out, r);
	parse_source(px, arena, &diags, &src, (struct lang_opts){ .max_version = 3 });
	diag_print_all(&out, &diags, true);
	for (uint32_t i = 0; i < diags.list.n; i++)
		diag_write_json(&out, &diags.list.v[i]);
	parse_free(px);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena arena = { 0 };
	struct slice first, second;

	if (text_utf8_bad(text) == size) {
		parse_both(&arena, text);
		first = canonical(&arena, text);
		if (first.n) {
			second = canonical(&arena, first);
			/* A lone surrogate in it is escaped only where it is shown as JSON. */
			if (text_utf8_bad(first) == first.n && !slice_eq(first, second))
				abort();
		}
	}
	arena_free(&arena);
	return 0;
}
