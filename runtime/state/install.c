/* SPDX-License-Identifier: MPL-2.0 */
/* One VM's two files: compared, written, loaded. */
#include <errno.h>
#include <unistd.h>

#include "apply_int.h"
#include "tool.h"

#define DATE_LINE "# File generated at "

/* Where the date in a file's head begins and ends; false: there is none. */
static bool
find_date(struct slice s, size_t *from, size_t *to)
{
	const char *p = s.n ? memmem(s.p, s.n < 4096 ? s.n : 4096, "\n" DATE_LINE,
	    sizeof("\n" DATE_LINE) - 1) : NULL, *end;

	if (!p)
		return false;
	p += sizeof("\n" DATE_LINE) - 1;
	end = memchr(p, '\n', (size_t)(s.p + s.n - p));
	*from = (size_t)(p - s.p);
	*to = end ? (size_t)(end - s.p) : s.n;
	return true;
}

/* Equal but for the date in their heads? */
bool
apply_same_text(struct slice a, struct slice b)
{
	size_t from[2], to[2];

	if (!find_date(a, &from[0], &to[0]) || !find_date(b, &from[1], &to[1]))
		return slice_eq(a, b);
	return slice_eq((struct slice){ a.p, from[0] }, (struct slice){ b.p, from[1] }) &&
	    slice_eq((struct slice){ a.p + to[0], a.n - to[0] },
	    (struct slice){ b.p + to[1], b.n - to[1] });
}

static void
failed(const struct state *s, struct apply_vm *v, const char *what, const char *file, int error)
{
	struct arena tmp = { 0 };
	const char *path = apply_path(&tmp, s, v->vm, 0);

	buf_printf(&v->error, "cannot %s %.*s%s: %s", what, (int)(strlen(path) - strlen(apply_file[0])),
	    path, file, files_why(error));
	arena_free(&tmp);
}

/* Which of the files differ; what cannot be read differs. */
static unsigned
compare(int folder, const struct buf text[2])
{
	struct buf there = { 0 };
	unsigned differ = 0;

	for (unsigned i = 0; i < 2; i++) {
		/* Much larger than what should be there: no need to read it. */
		int error = files_read(folder, apply_file[i], text[i].n + 4096, &there, NULL);

		if (error || !apply_same_text(buf_view(&there), buf_view(&text[i])))
			differ |= 1u << i;
	}
	buf_free(&there);
	return differ;
}

/* ipf -G -E -I -Fa -f CONF4 -6 -Fa -f CONF6 -sy U */
static void
load(const struct state *s, struct apply_vm *v)
{
	struct arena tmp = { 0 };
	char uuid[UUID_TEXT + 1];
	const char *argv[] = { s->opts.ipf, "-G", "-E", "-I", "-Fa", "-f",
		apply_path(&tmp, s, v->vm, 0), "-6", "-Fa", "-f", apply_path(&tmp, s, v->vm, 1), "-sy",
		uuid, NULL };
	struct tool_run run;

	uuid_write(uuid, v->vm->uuid);
	uuid[UUID_TEXT] = '\0';
	tool_run(&run, argv, s->opts.tool_ms);
	if (!tool_succeeded(&run) && (run.error || run.timed_out ||
	    !tool_said(&run.err, APPLY_NOT_RUNNING)))
		tool_explain(&v->error, argv, &run, s->opts.tool_ms);
	tool_run_free(&run);
	arena_free(&tmp);
}

/* Both under temporary names before either is renamed. */
static bool
write_files(const struct state *s, struct apply_vm *v, int folder, const struct buf text[2],
    unsigned which)
{
	for (unsigned i = 0; i < 2 && !v->error.n; i++) {
		int error = which >> i & 1 ? files_begin(folder, apply_file[i], buf_view(&text[i])) : 0;

		if (error)
			failed(s, v, "write", apply_file[i], error);
	}
	for (unsigned i = 0; i < 2; i++) {
		int error = 0;

		if (v->error.n)
			files_abandon(folder, apply_file[i]);
		else if (which >> i & 1)
			error = files_commit(folder, apply_file[i], true);
		if (error)
			failed(s, v, "write", apply_file[i], error);
	}
	if (which && !v->error.n) {
		int error = files_sync(folder);

		if (error)
			failed(s, v, "synchronize", "", error);
	}
	return v->error.n == 0;
}

void
apply_one(struct state *s, struct apply_vm *v, const struct buf text[2], bool dry)
{
	unsigned which;
	int folder, error = apply_open_config(s, v->vm->zonepath, !dry, &folder);

	if (error) {
		v->changed = true;
		if (!dry)
			failed(s, v, "open", "", error);
		return;
	}
	which = compare(folder, text);
	v->changed = which != 0;
	if (s->opts.force)
		which = 3;
	if (!dry && write_files(s, v, folder, text, which) && apply_is_running(v->vm) &&
	    (which || (v->bits & PLAN_RELOAD)))
		load(s, v);
	close(folder);
}

void
apply_report(struct state_call *c, const struct apply_vm *v)
{
	char uuid[UUID_TEXT + 1];
	struct diag *d;

	uuid_write(uuid, v->vm->uuid);
	uuid[UUID_TEXT] = '\0';
	d = diag_add(c->diags, DIAG_state_vm, NULL, (struct span){ 0, 0 }, uuid, (int)v->error.n,
	    v->error.p);
	diag_help(c->diags, d, "mend that, and any later change brings the VM up to date; or now: "
	    "echo '{\"localVMs\": [{\"uuid\": \"%s\"}]}' | fwadm update", uuid);
}
