/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Fixes applied to a source text.  Of fixes that touch each other the first in order
 * is applied; the caller checks the new text and asks again, until nothing changes.
 * A rule is only removed while the rules that stand in for it stay.
 */
#include <stdlib.h>

#include "report.h"

struct work {
	const struct src *src;
	uint8_t *bytes;                 /* of the text, and one behind it: enum byte bits */
	VEC(struct lint_edit) edits;
	struct arena arena;
	bool alone;
};

enum byte { TOUCHED = 1, PINNED = 2 };

static bool
any_byte(const struct work *w, struct span at, uint8_t bit)
{
	for (uint32_t i = at.off; i <= at.off + at.len; i++)
		if (w->bytes[i] & bit)
			return true;
	return false;
}

static void
mark(struct work *w, struct span at, uint8_t bit)
{
	for (uint32_t i = at.off; i < at.off + at.len + (at.len == 0); i++)
		w->bytes[i] |= bit;
}

static bool
may_apply(const struct work *w, const struct lint_finding *f)
{
	for (uint32_t i = 0; i < f->fix->n; i++) {
		const struct lint_edit *e = &f->fix->edits[i];

		if (e->src != w->src || any_byte(w, e->at, TOUCHED) ||
		    (f->fix->removes_rule && any_byte(w, e->at, PINNED)))
			return false;
	}
	for (const struct diag_related *r = f->d.related; r && f->fix->removes_rule; r = r->next)
		if (r->src == w->src ? any_byte(w, r->at, TOUCHED) : !w->alone)
			return false;
	return f->fix->n > 0;
}

static int
by_offset(const void *a, const void *b)
{
	const struct lint_edit *x = a, *y = b;

	return x->at.off < y->at.off ? -1 : x->at.off > y->at.off;
}

uint32_t
lint_apply_fixes(const struct lint *l, const struct src *src, bool unsafe, bool *alone,
    struct buf *out)
{
	struct work w = { .src = src, .alone = *alone };
	uint32_t applied = 0, at = 0;

	w.bytes = arena_zero(&w.arena, src->text.n + 2);
	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];

		if (!f->fix || !(f->fix->safe || unsafe) || f->d.src != src || !may_apply(&w, f))
			continue;
		applied++;
		for (uint32_t k = 0; k < f->fix->n; k++) {
			*vec_push(&w.arena, &w.edits) = f->fix->edits[k];
			mark(&w, f->fix->edits[k].at, TOUCHED);
		}
		for (const struct diag_related *r = f->d.related; r; r = r->next)
			if (r->src == src)
				mark(&w, r->at, PINNED);
			else if (f->fix->removes_rule)
				*alone = false;
	}
	if (w.edits.n)
		qsort(w.edits.v, w.edits.n, sizeof(*w.edits.v), by_offset);
	for (uint32_t i = 0; i < w.edits.n; i++) {
		const struct lint_edit *e = &w.edits.v[i];

		buf_add(out, src->text.p + at, e->at.off - at);
		buf_slice(out, e->text);
		at = e->at.off + e->at.len;
	}
	buf_add(out, src->text.p + at, src->text.n - at);
	arena_free(&w.arena);
	return applied;
}
