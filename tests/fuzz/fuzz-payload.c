/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as rules in every input format.  The first byte
 * chooses the options.  Every rule that is read can be written in all its forms,
 * which are JSON, and is read again from its serialized form and from its record.
 */
#include "compiler/backends/backend.h"
#include "compiler/input/input.h"
#include "fuzz.h"

typedef void write_fn(struct buf *, const struct rule *);

/* The form as JSON, or NULL where a lone surrogate is in it: jansson reads none. */
static json_t *
form(write_fn *write, const struct rule *r)
{
	struct buf b = { 0 };
	json_error_t error;
	json_t *v;

	write(&b, r);
	v = json_loadb(b.p, b.n, JSON_ALLOW_NUL, &error);
	REQUIRE(v || memmem(b.p, b.n, "\\u", 2) || memmem(b.p, b.n, "\xed", 1));
	buf_free(&b);
	return v;
}

static void
read_again(struct lang_opts opts, write_fn *write, const struct rule *r, bool stored)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct input in;
	json_t *v = form(write, r);
	struct rule *again;

	if (!v)
		return;
	input_init(&in, &arena, &diags, opts);
	again = input_object(&in, v, (struct slice){ "", 0 });
	REQUIRE(again && diags.errors == 0);
	REQUIRE(stored || slice_eq(r->text, again->text));
	input_done(&in);
	json_decref(v);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct lang_opts opts = { 0 };
	struct input in;
	struct buf b = { 0 };
	char *copy;

	if (n == 0)
		return 0;
	opts.max_version = data[0] % 5;
	opts.enforce_subnet_mask = data[0] & 0x40;
	opts.enforce_global = data[0] & 0x80;
	copy = arena_copy(&arena, (const char *)data + 1, n - 1);
	input_init(&in, &arena, &diags, opts);
	input_read_text(&in, slice_of("fuzz"), (struct slice){ copy, n - 1 });
	diag_print_all(&b, &diags, false);
	buf_free(&b);
	opts.enforce_global = false;
	for (uint32_t i = 0; i < in.rules.n; i++) {
		read_again(opts, rule_write_serialized, in.rules.v[i], false);
		read_again(opts, moray_write_record, in.rules.v[i], true);
		json_decref(form(rule_write_raw, in.rules.v[i]));
	}
	input_done(&in);
	arena_free(&arena);
	return 0;
}
