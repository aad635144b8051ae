/* SPDX-License-Identifier: MPL-2.0 */
/* A VM's firewall: start, stop, status and stats. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "apply_int.h"
#include "tool.h"

#define NOWHERE ((struct span){ 0, 0 })

/* --- start and stop ----------------------------------------------------------------------------------- */

/* The parameter vm's uuid; false and a diagnostic. */
static bool
vm_param(struct state_call *c, struct slice *name)
{
	const json_t *vm = json_object_get(c->params, "vm");

	return (json_is_object(vm) && json_get_slice(vm, "uuid", name)) ||
	    state_fail(c, DIAG_state_param, "opts.vm.uuid (string) required");
}

bool
zone_start(struct state_call *c)
{
	struct apply a = { .call = c, .dry = state_get_bool(c, "dryrun"),
		.contents = state_get_bool(c, "filecontents") };
	uint32_t vm = UINT32_MAX;
	struct slice name;
	struct uuid u;
	struct plan p;
	struct host *h;

	if (!vm_param(c, &name) || !host_read(c, &h, "opts.vms ([object]) is required") ||
	    !load_refresh(c))
		return false;
	if (uuid_read(name, &u))
		vm = host_find_local(h, u);
	if (vm == UINT32_MAX)
		return state_fail(c, DIAG_state_vm_unknown, (int)name.n, name.p);
	plan_init(&p, h, c->arena);
	p.vms[vm] = PLAN_NAMED | PLAN_RELOAD;
	host_add_remote(h);
	a.plan = &p;
	if (!apply_begin(&a) || !apply_finish(&a))
		return false;
	buf_char(c->out, '{');
	apply_write_vms(c->out, &a);
	if (a.contents)
		apply_write_files(c->out, &a);
	buf_char(c->out, '}');
	return true;
}

static bool
retire(struct state_call *c, int folder, const char *file, const char *path)
{
	struct arena tmp = { 0 };
	int error = 0;

	if (renameat(folder, file, folder, arena_printf(&tmp, "%s.old", file)) != 0 && errno != ENOENT)
		error = errno;
	arena_free(&tmp);
	return !error || state_fail(c, DIAG_state_write, path, files_why(error));
}

/* ipf -GD U; a zone that is down has nothing to switch off. */
static bool
switch_off(struct state_call *c, char *uuid)
{
	const char *argv[] = { c->s->opts.ipf, "-GD", uuid, NULL };
	struct buf why = { 0 };
	struct tool_run run;
	bool good;

	tool_run(&run, argv, c->s->opts.tool_ms);
	good = tool_succeeded(&run) || tool_said(&run.err, APPLY_NOT_RUNNING);
	if (!good) {
		tool_explain(&why, argv, &run, c->s->opts.tool_ms);
		state_fail(c, DIAG_state_vm, uuid, (int)why.n, why.p);
	}
	buf_free(&why);
	tool_run_free(&run);
	return good;
}

bool
zone_stop(struct state_call *c)
{
	const json_t *o = json_object_get(c->params, "vm");
	struct slice name, state = { "", 0 };
	struct vm vm = { 0 };
	char uuid[UUID_TEXT + 1];
	int folder, error;
	bool good = true;

	if (!vm_param(c, &name))
		return false;
	if (!uuid_read(name, &vm.uuid) || !json_get_slice(o, "zonepath", &vm.zonepath) ||
	    !vm.zonepath.n)
		return state_fail(c, DIAG_state_param, "opts.vm with uuid, zonepath and state required");
	uuid_write(uuid, vm.uuid);
	uuid[UUID_TEXT] = '\0';
	json_get_slice(o, "state", &state);
	if (state_get_bool(c, "dryrun"))
		return true;
	error = apply_open_config(c->s, vm.zonepath, false, &folder);
	if (error && error != ENOENT)
		return state_fail(c, DIAG_state_write, apply_path(c->arena, c->s, &vm, 0),
		    files_why(error));
	for (unsigned i = 0; !error && i < 2; i++)
		good = retire(c, folder, apply_file[i], apply_path(c->arena, c->s, &vm, i)) && good;
	if (!error) {
		error = files_sync(folder);
		close(folder);
		good = (!error || state_fail(c, DIAG_state_write, apply_path(c->arena, c->s, &vm, 0),
		    files_why(error))) && good;
	}
	return good && (!slice_is(state, "running") || switch_off(c, uuid));
}

/* --- status and stats ----------------------------------------------------------------------------------- */

static struct slice
trim(struct slice s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The next line of a text, without its end; false when there is none. */
static bool
next_line(struct slice *text, struct slice *line)
{
	const char *nl = text->n ? memchr(text->p, '\n', text->n) : NULL;

	*line = (struct slice){ text->p, nl ? (size_t)(nl - text->p) : text->n };
	if (text->n == 0)
		return false;
	text->p += line->n + (nl != NULL);
	text->n -= line->n + (nl != NULL);
	return true;
}

static void
lower(struct slice s, char *out)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
}

/* Of what a tool writes nothing is taken for granted, not even that it is UTF-8. */
static void
write_text(struct buf *out, struct slice s)
{
	struct buf b = { 0 };

	if (text_utf8_bad(s) == s.n) {
		text_json(out, s);
		return;
	}
	text_visible(&b, s);
	text_json(out, buf_view(&b));
	buf_free(&b);
}

static void
write_value(struct buf *out, struct slice key, struct slice value)
{
	static const char prefix[] = "IP Filter: ";
	size_t n = sizeof(prefix) - 1;
	char *end, number[32];

	if (slice_is(key, "running")) {
		buf_str(out, slice_is(value, "no") ? "false" : "true");
	} else if (slice_is(key, "active list") && value.n && value.n < sizeof(number)) {
		memcpy(number, value.p, value.n);
		number[value.n] = '\0';
		if (strtol(number, &end, 10) >= 0 && *end == '\0' && number[0] != ' ')
			buf_printf(out, "%ld", strtol(number, NULL, 10));
		else
			write_text(out, value);
	} else {
		if ((slice_is(key, "ipf") || slice_is(key, "kernel")) && value.n >= n &&
		    memcmp(value.p, prefix, n) == 0)
			value = (struct slice){ value.p + n, value.n - n };
		write_text(out, value);
	}
}

static void
write_status(struct state_call *c, struct slice text)
{
	struct strmap seen = { 0 };
	struct slice line;
	unsigned n = 0;

	buf_char(c->out, '{');
	while (next_line(&text, &line)) {
		const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
		struct slice key, value;
		char *name;

		if (!colon)
			continue;
		value = trim((struct slice){ colon + 1, (size_t)(line.p + line.n - colon) - 1 });
		key = trim((struct slice){ line.p, (size_t)(colon - line.p) });
		name = arena_alloc(c->arena, key.n + 1);
		lower(key, name);
		key.p = name;
		if (strmap_get(&seen, key))
			continue;
		*strmap_put(c->arena, &seen, key) = 1;
		buf_str(c->out, n++ ? "," : "");
		write_text(c->out, key);
		buf_char(c->out, ':');
		write_value(c->out, key, value);
	}
	buf_char(c->out, '}');
}

static bool
tool_failed(struct state_call *c, const char *const *argv, const struct tool_run *run)
{
	struct buf why = { 0 };

	tool_explain(&why, argv, run, c->s->opts.tool_ms);
	state_fail(c, DIAG_state_tool, (int)why.n, why.p);
	buf_free(&why);
	return false;
}

static bool
zone_param(struct state_call *c, char *uuid)
{
	struct slice name;
	struct uuid u;

	if (!json_get_slice(c->params, "uuid", &name) || !uuid_read(name, &u))
		return state_fail(c, DIAG_state_param, "opts.uuid (string) required");
	uuid_write(uuid, u);
	uuid[UUID_TEXT] = '\0';
	return true;
}

/* Runs ipf -GV U and writes the result. */
static bool
ask_status(struct state_call *c, char *uuid)
{
	const char *argv[] = { c->s->opts.ipf, "-GV", uuid, NULL };
	struct tool_run run;
	bool good = true;

	tool_run(&run, argv, c->s->opts.tool_ms);
	if (run.error || run.timed_out)
		good = tool_failed(c, argv, &run);
	else if (!tool_succeeded(&run) && tool_said(&run.err, APPLY_NOT_RUNNING))
		buf_str(c->out, "{\"running\":false}");
	else if (!tool_succeeded(&run))
		good = tool_failed(c, argv, &run);
	else if (trim(buf_view(&run.out)).n == 0)
		good = state_fail(c, DIAG_state_no_output, "ipf");
	else
		write_status(c, buf_view(&run.out));
	tool_run_free(&run);
	return good;
}

bool
zone_status(struct state_call *c)
{
	char uuid[UUID_TEXT + 1];

	return zone_param(c, uuid) && ask_status(c, uuid);
}

/* Lines "<hits> <rule>". */
static void
write_stats(struct buf *out, struct slice text)
{
	struct slice line;
	unsigned n = 0;

	buf_str(out, "{\"rules\":[");
	while (next_line(&text, &line)) {
		const char *space;
		size_t hits;

		line = trim(line);
		if (line.n == 0)
			continue;
		space = memchr(line.p, ' ', line.n);
		hits = space ? (size_t)(space - line.p) : line.n;
		buf_str(out, n++ ? ",{\"hits\":" : "{\"hits\":");
		write_text(out, (struct slice){ line.p, hits });
		buf_str(out, ",\"rule\":");
		write_text(out, trim((struct slice){ line.p + hits, line.n - hits }));
		buf_char(out, '}');
	}
	buf_str(out, "]}");
}

/* Nothing is listed: is there no rule, or no firewall? */
static bool
explain_empty(struct state_call *c, char *uuid)
{
	struct buf *out = c->out, status = { 0 };
	bool good;

	c->out = &status;
	good = ask_status(c, uuid);
	c->out = out;
	buf_char(&status, '\0');
	if (good && strstr(status.p, "\"running\":false"))
		good = state_fail(c, DIAG_state_not_running, uuid);
	else if (good)
		buf_str(out, "{\"rules\":[]}");
	buf_free(&status);
	return good;
}

bool
zone_stats(struct state_call *c)
{
	char uuid[UUID_TEXT + 1];
	const char *argv[] = { c->s->opts.ipfstat, "-hoi", "-G", uuid, NULL };
	struct tool_run run;
	bool good = true;

	if (!zone_param(c, uuid))
		return false;
	tool_run(&run, argv, c->s->opts.tool_ms);
	if (run.error || run.timed_out)
		good = tool_failed(c, argv, &run);
	else if (trim(buf_view(&run.out)).n)
		write_stats(c->out, buf_view(&run.out));
	else if (tool_said(&run.err, APPLY_NOT_RUNNING))
		good = state_fail(c, DIAG_state_not_running, uuid);
	else if (tool_said(&run.err, "empty list"))
		good = explain_empty(c, uuid);
	else
		good = state_fail(c, DIAG_state_no_output, "ipfstat");
	tool_run_free(&run);
	return good;
}
