/* SPDX-License-Identifier: MPL-2.0 */
/* A rule text and what the linter finds in it, for tests. */
#ifndef FWR_TESTS_LINT_WORLD_H
#define FWR_TESTS_LINT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../compiler/lint/report.h"

struct world {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct lint lint;
};

static inline void
world_init(struct world *w, const char *text)
{
	memset(w, 0, sizeof(*w));
	w->diags.arena = &w->arena;
	input_init(&w->in, &w->arena, &w->diags, (struct lang_opts){ 0 });
	w->in.keep_trees = true;
	lint_init(&w->lint, &w->arena);
	input_read_text(&w->in, slice_of("test.fwrule"), slice_of(text));
	if (w->diags.errors) {
		struct buf b = { 0 };

		diag_print_all(&b, &w->diags, false);
		printf("%.*s", (int)b.n, b.p);
		buf_free(&b);
	}
	assert_int_equal(w->diags.errors, 0);
}

static inline void
world_run(struct world *w, const struct inventory *inv)
{
	lint_add(&w->lint, &w->in, 0, 0, NULL);
	lint_run(&w->lint, inv);
	lint_sort(&w->lint);
}

static inline void
world_free(struct world *w)
{
	lint_done(&w->lint);
	input_done(&w->in);
	arena_free(&w->arena);
}

#endif
