/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: what the linter reads.  The first byte chooses: c a .fwrule.conf,
 * b a baseline, v VMs, i VMs and behind a byte of ones rules for them, else rule source
 * text with its ignore comments, which is checked and mended, with o for an old version
 * of the language; mended text has no more errors than the text had.
 */
#include "compiler/lint/report.h"

#include "fuzz.h"

struct run {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct lint lint;
};

static void
begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->diags.arena = &r->arena;
	input_init(&r->in, &r->arena, &r->diags, (struct lang_opts){ 0 });
	r->in.keep_trees = true;
	lint_init(&r->lint, &r->arena);
}

static void
end(struct run *r)
{
	lint_done(&r->lint);
	input_done(&r->in);
	arena_free(&r->arena);
}

static void
write_all(struct run *r)
{
	struct lint_report_opts opts = { .version = "0" };

	lint_add_diags(&r->lint, &r->diags);
	lint_sort(&r->lint);
	for (size_t i = 0; i < lint_form_count; i++) {
		struct buf out = { 0 };

		lint_forms[i].write(&out, &r->lint, &opts);
		buf_free(&out);
	}
}

/* Checks a text; the errors in it, and the text mended where fixed is given. */
static uint32_t
check(struct slice text, bool old, struct buf *fixed)
{
	struct run r;
	uint32_t errors;
	bool alone = true;

	begin(&r);
	input_read_text(&r.in, slice_of("fuzz.fwrule"), text);
	errors = r.diags.errors;
	if (old) {
		r.lint.config.fwrule_version = 1;
		r.lint.config.near_limit = 2;
	}
	lint_add(&r.lint, &r.in, 0, 0, NULL);
	lint_run(&r.lint, NULL);
	write_all(&r);
	for (uint32_t i = 0; i < r.lint.sources.n && fixed; i++)
		lint_apply_fixes(&r.lint, r.lint.sources.v[i].source->src, true, &alone, fixed);
	end(&r);
	return errors;
}

static void
check_source(struct slice text, bool old)
{
	struct buf fixed = { 0 };
	uint32_t errors = check(text, old, &fixed);

	if (fixed.n)
		REQUIRE(check(buf_view(&fixed), old, NULL) <= errors);
	buf_free(&fixed);
}

static void
check_file(char kind, struct slice text)
{
	struct run r;
	struct src src = { .name = { "fuzz", 4 }, .text = text };
	struct lint_baseline base;

	begin(&r);
	if (kind == 'c') {
		lint_config_read(&r.lint.config, &r.arena, &r.diags, &src);
	} else if (kind == 'b') {
		if (lint_read_baseline(&r.arena, &r.diags, &src, &base))
			lint_apply_baseline(&r.lint, &base);
	} else {
		lint_add_vms(&r.lint, &src, false);
	}
	write_all(&r);
	end(&r);
}

static void
check_host(struct slice text)
{
	const char *mark = memchr(text.p, 0xff, text.n);
	struct src src = { .name = { "vms", 3 }, .text = text };
	struct inventory inv;
	struct run r;

	if (!mark)
		return;
	src.text.n = (size_t)(mark - text.p);
	begin(&r);
	inventory_init(&inv, &r.arena, &r.diags);
	inventory_read(&inv, &src, false, &r.in.scratch);
	lint_add_vms(&r.lint, &src, false);
	input_read_text(&r.in, slice_of("fuzz.fwrule"),
	    (struct slice){ mark + 1, text.n - src.text.n - 1 });
	lint_add(&r.lint, &r.in, 0, 0, NULL);
	lint_run(&r.lint, &inv);
	write_all(&r);
	end(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text;

	if (n == 0)
		return 0;
	text = (struct slice){ (const char *)data + 1, n - 1 };
	if (data[0] == 'c' || data[0] == 'b' || data[0] == 'v')
		check_file((char)data[0], text);
	else if (data[0] == 'i')
		check_host(text);
	else
		check_source(text, data[0] == 'o');
	return 0;
}
