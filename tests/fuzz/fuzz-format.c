/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as a source file.  What can be read is formatted to a
 * text that means the same rules, and that formatting does not change again.
 */
#include "compiler/format/format.h"

#include "compiler/input/input.h"
#include "fuzz.h"

static bool
meaning(struct arena *arena, struct slice text, struct buf *out)
{
	struct diags diags = { .arena = arena };
	struct input in;

	input_init(&in, arena, &diags, (struct lang_opts){ 0 });
	input_read_text(&in, slice_of("fuzz"), text);
	for (uint32_t i = 0; i < in.rules.n; i++)
		rule_write_serialized(out, in.rules.v[i]);
	input_done(&in);
	return diags.errors == 0;
}

static void
format(struct arena *arena, struct slice text, struct buf *out)
{
	struct src src = { .name = slice_of("fuzz"), .text = text };
	struct diags diags = { .arena = arena };
	struct parse *px = parse_new();

	REQUIRE(format_source(out, px, arena, &diags, &src));
	parse_free(px);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = { (const char *)data, n };
	struct buf before = { 0 }, after = { 0 }, once = { 0 }, twice = { 0 };
	struct arena arena = { 0 };

	if (input_is_source(text) && meaning(&arena, text, &before)) {
		format(&arena, text, &once);
		REQUIRE(meaning(&arena, buf_view(&once), &after));
		REQUIRE(slice_eq(buf_view(&before), buf_view(&after)));
		format(&arena, buf_view(&once), &twice);
		REQUIRE(slice_eq(buf_view(&once), buf_view(&twice)));
	}
	buf_free(&before);
	buf_free(&after);
	buf_free(&once);
	buf_free(&twice);
	arena_free(&arena);
	return 0;
}
