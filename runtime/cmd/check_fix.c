/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fwrule check --fix: texts are mended in memory until nothing changes, each new text
 * is read and checked again, and only then files are written, whole or not at all.
 */
#include <errno.h>

#include "check.h"
#include "cmd.h"

#define NAME "check"
#define MAX_ROUNDS 50

static struct check_fixed *
fixed_at(struct check_job *j, const char *path)
{
	for (uint32_t i = 0; i < j->fixed.n; i++)
		if (strcmp(j->fixed.v[i].path, path) == 0)
			return &j->fixed.v[i];
	return NULL;
}

static void
keep(struct check_job *j, struct slice name, struct slice text)
{
	const char *path = arena_copy(&j->arena, name.p, name.n);
	struct check_fixed *f = fixed_at(j, path);

	if (!f) {
		f = vec_push(&j->arena, &j->fixed);
		f->path = path;
	}
	f->text = arena_slice(&j->arena, text);
}

/* One round of fixes; how many there were. */
static uint32_t
mend(struct check_job *j)
{
	const struct lint *l = &j->round.lint;
	uint32_t all = 0;
	bool alone = true;

	for (uint32_t i = 0; i < l->sources.n; i++) {
		const struct src *src = l->sources.v[i].source->src;
		struct buf text = { 0 };
		bool across = alone;
		uint32_t n = lint_apply_fixes(l, src, j->unsafe, &across, &text);

		if (n)
			keep(j, src->name, buf_view(&text));
		all += n;
		buf_free(&text);
		if (n && alone && !across)
			break;          /* a rule went that rules of other files stand in for */
		if (n)
			alone = false;
	}
	return all;
}

static bool
write_all(struct check_job *j)
{
	for (uint32_t i = 0; i < j->fixed.n; i++)
		if (!cmd_write_file(j->fixed.v[i].path, j->fixed.v[i].text)) {
			cmd_fail(NAME, "cannot write %s: %s", j->fixed.v[i].path, strerror(errno));
			return false;
		}
	return true;
}

int
check_fix(struct check_job *j)
{
	uint32_t errors = j->round.diags.errors;

	for (int round = 0; round < MAX_ROUNDS && mend(j); round++) {
		check_round_end(j);
		check_round_begin(j);
		if (j->round.diags.errors > errors) {
			cmd_print_diags(&j->round.diags);
			cmd_fail(NAME, "internal error: a fix made an error; nothing was written");
			return CMD_INTERNAL;
		}
	}
	return write_all(j) ? -1 : CMD_USAGE;
}
