/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule compile */
#include "../../compiler/compile.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../compiler/input/input.h"
#include "../../compiler/passes/passes.h"
#include "cmd.h"
#include "load.h"

#define NAME "compile"

/* A file that was proved and is not written yet. */
struct made {
	const struct vm *vm;
	const struct backend *b;
	struct slice text;
};

struct job {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	struct inventory inv;
	struct compile_opts opts;
	VEC(const char *) rules, remote;
	VEC(struct uuid) only;
	const char *vms, *dir;
	const struct vm *vm;            /* whose folder was made last */
	bool verbose;
	unsigned debug_level;           /* the highest that a stage of --debug takes, ... */
	const char *debug_stage;        /* ... and which */
	struct buf out, path, dump;
	VEC(struct made) made;          /* with --verify: until the last is proved */
	int status;
};

/* --- options ---------------------------------------------------------------------- */

/* Calls add for each item of a list with commas; false if one is refused. */
static bool
each_item(struct job *j, char *list, bool (*add)(struct job *, const char *))
{
	char *save = NULL;

	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save))
		if (!add(j, item))
			return false;
	return true;
}

static bool
add_emit(struct job *j, const char *list)
{
	struct slice bad;

	if (compile_add_emit(&j->opts, slice_of(list), &bad))
		return true;
	cmd_usage(NAME, "--emit takes a list of ipf, ipf6, fwapi and moray, not \"%.*s\"",
	    (int)bad.n, bad.p);
	return false;
}

static bool
add_field(struct job *j, const char *name)
{
	unsigned bit = backend_parsed_field(slice_of(name));

	if (!bit) {
		cmd_usage(NAME, "--fields takes a list of parsed.action, parsed.ports, "
		    "parsed.protocol and parsed.tags, not \"%s\"", name);
		return false;
	}
	j->opts.backend.parsed |= bit;
	return true;
}

static bool
add_vm(struct job *j, const char *text)
{
	struct uuid u;

	if (!uuid_read(slice_of(text), &u)) {
		cmd_usage(NAME, "--vm takes a UUID in lower case, not \"%s\"", text);
		return false;
	}
	*vec_push(&j->arena, &j->only) = u;
	return true;
}

static bool
set_level(struct job *j, const char *text)
{
	if (strlen(text) != 1 || *text < '0' || *text > '3') {
		cmd_usage(NAME, "there is no optimisation level %s", text);
		return false;
	}
	j->opts.backend.level = (unsigned)(*text - '0');
	return true;
}

static bool
set_version(struct job *j, const char *text)
{
	if (strlen(text) != 1 || *text < '1' || *text > '0' + LANG_VERSION) {
		cmd_usage(NAME, "--fwrule-version is a number from 1 to %d", LANG_VERSION);
		return false;
	}
	j->in.opts.max_version = (unsigned)(*text - '0');
	return true;
}

/* ir, or pass:NAME; what level it takes is looked at when all options are read. */
static bool
add_stage(struct job *j, const char *name)
{
	unsigned level, bit = passes_stage(slice_of(name), &level);

	j->opts.debug |= bit;
	j->opts.dumped = &j->dump;
	if (level > j->debug_level) {
		j->debug_level = level;
		j->debug_stage = name;
	}
	if (!bit)
		cmd_usage(NAME, "--debug takes a list of ir, pass:merge, pass:state, pass:share and "
		    "pass:tree, not \"%s\"", name);
	return bit != 0;
}

enum { EMIT = 256, FIELDS, VM, TAGS, DATE, VERSION, DEBUG, VERIFY, ICMP6_RULES };

static bool
take_option(struct job *j, int o, char *value)
{
	switch (o) {
	case 'r':
		*vec_push(&j->arena, &j->rules) = value;
		return true;
	case 'V':
		j->vms = value;
		return true;
	case 'R':
		*vec_push(&j->arena, &j->remote) = value;
		return true;
	case 'o':
		j->dir = value;
		return true;
	case 'O':
		return set_level(j, value);
	case 'v':
		j->verbose = true;
		return true;
	case EMIT:
		return add_emit(j, value);
	case FIELDS:
		return each_item(j, value, add_field);
	case VM:
		return add_vm(j, value);
	case TAGS:
		j->opts.backend.tags = true;
		return true;
	case DATE:
		j->opts.backend.date = slice_of(value);
		return true;
	case VERSION:
		return set_version(j, value);
	case ICMP6_RULES:
		return cmd_read_icmp6(NAME, value, &j->opts.icmp6);
	case VERIFY:
		j->opts.verify = true;
		return true;
	case DEBUG:
		return *value ? each_item(j, value, add_stage) : add_stage(j, value);
	default:
		return false;
	}
}

/* A status to end with, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rules", required_argument, NULL, 'r' },
		{ "vms", required_argument, NULL, 'V' },
		{ "remote-vms", required_argument, NULL, 'R' },
		{ "output", required_argument, NULL, 'o' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "emit", required_argument, NULL, EMIT },
		{ "fields", required_argument, NULL, FIELDS },
		{ "vm", required_argument, NULL, VM },
		{ "ipf-tags", no_argument, NULL, TAGS },
		{ "date", required_argument, NULL, DATE },
		{ "fwrule-version", required_argument, NULL, VERSION },
		{ "debug", required_argument, NULL, DEBUG },
		{ "verify", no_argument, NULL, VERIFY },
		{ "icmp6", required_argument, NULL, ICMP6_RULES },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "r:V:R:o:O:vh", options, NULL)) != -1) {
		if (o == 'h')
			return cmd_help(NAME);
		if (o == '?')
			return cmd_bad_option(NAME, argv);
		if (!take_option(j, o, optarg))
			return CMD_USAGE;
	}
	if (optind < argc)
		return cmd_usage(NAME, "unexpected argument \"%s\"", argv[optind]);
	if (j->rules.n == 0)
		return cmd_usage(NAME, "no rules: give -r");
	if (j->debug_level > j->opts.backend.level)
		return cmd_usage(NAME, "there is no %s below -O%u", j->debug_stage, j->debug_level);
	return cmd_check_icmp6(NAME, j->opts.icmp6, j->opts.backend.level);
}

/* --- output ------------------------------------------------------------------------ */

static void
set_path(struct job *j, const struct vm *vm, const struct backend *b)
{
	j->path.n = 0;
	if (j->dir) {
		buf_str(&j->path, j->dir);
		buf_char(&j->path, '/');
	}
	if (vm) {
		buf_uuid(&j->path, vm->uuid);
		if (j->dir && vm != j->vm) {
			*buf_room(&j->path, 1) = '\0';
			cmd_make_folders(j->path.p);
			j->vm = vm;
		}
		buf_char(&j->path, '/');
	}
	buf_str(&j->path, b->file);
	*buf_room(&j->path, 1) = '\0';
}

static bool
sink(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct job *j = context;

	set_path(j, vm, b);
	if (j->dir) {
		if (cmd_write_file(j->path.p, text))
			return true;
		j->status = cmd_fail(NAME, "cannot write %s: %s", j->path.p, strerror(errno));
		return false;
	}
	buf_printf(&j->out, "=== %s\n", j->path.p);
	buf_slice(&j->out, text);
	if (j->out.n > 1 << 20) {
		j->status = cmd_write_stdout(NAME, buf_view(&j->out));
		j->out.n = 0;
	}
	return j->status == CMD_DONE;
}

/* --- the run ------------------------------------------------------------------------ */

static void
read_inventory(struct job *j)
{
	struct src *src;

	if (j->vms && (src = input_file(&j->scratch, &j->diags, j->vms)) != NULL)
		inventory_read(&j->inv, src, false, &j->in.scratch);
	for (uint32_t i = 0; i < j->in.remote_vms.n; i++)
		inventory_read(&j->inv, j->in.remote_vms.v[i], true, &j->in.scratch);
	for (uint32_t i = 0; i < j->remote.n; i++)
		if ((src = input_file(&j->scratch, &j->diags, j->remote.v[i])) != NULL)
			inventory_read(&j->inv, src, true, &j->in.scratch);
}

/* Counts only. */
static bool
keep_nothing(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	(void)context;
	(void)vm;
	(void)b;
	(void)text;
	return true;
}

static bool
compile_plain(struct job *j, struct compile_stats *stats)
{
	struct compile_opts opts = j->opts;

	opts.backend.level = 0;
	opts.verify = false;
	opts.warn = false;
	opts.debug = 0;
	opts.dumped = NULL;
	return compile_host(&j->inv, j->in.rules.v, j->in.rules.n, &opts, keep_nothing, NULL, stats);
}

static bool
keep_file(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct job *j = context;

	*vec_push(&j->arena, &j->made) = (struct made){ vm, b, arena_slice(&j->arena, text) };
	return true;
}

/* With --verify all files are proved before the first is written. */
static bool
compile(struct job *j, struct compile_stats *stats)
{
	bool good = compile_host(&j->inv, j->in.rules.v, j->in.rules.n, &j->opts,
	    j->opts.verify ? keep_file : sink, j, stats);

	for (uint32_t i = 0; i < j->made.n && good; i++)
		good = sink(j, j->made.v[i].vm, j->made.v[i].b, j->made.v[i].text);
	return good;
}

/* For -v: what came of it, and what it would be without the passes. */
static void
report(struct job *j, const struct compile_stats *now)
{
	struct compile_stats before = { 0 };
	struct buf text = { 0 };

	buf_printf(&text, "%u rules, %llu VMs: %llu files, %llu filter lines, %llu bytes",
	    j->in.rules.n, (unsigned long long)now->vms, (unsigned long long)now->files,
	    (unsigned long long)now->lines, (unsigned long long)now->bytes);
	if (now->vms && compile_plain(j, &before))
		buf_printf(&text, "; at -O0 %llu lines, %llu bytes",
		    (unsigned long long)before.lines, (unsigned long long)before.bytes);
	if (now->bound)
		buf_printf(&text, "; its rules take %llu lines or more",
		    (unsigned long long)now->bound);
	buf_char(&text, '\n');
	cmd_write_all(2, text.p, text.n);
	buf_free(&text);
}

static bool
wants_vms(const struct job *j)
{
	for (unsigned i = 0; i < j->opts.n_emit; i++)
		if (j->opts.emit[i]->write_vm)
			return true;
	return false;
}

static int
run(struct job *j)
{
	struct compile_stats stats = { 0 };
	bool good;

	if (j->opts.n_emit == 0)
		add_emit(j, "ipf,ipf6");
	if (wants_vms(j) && !j->vms)
		return cmd_usage(NAME, "no VMs: give -V, or --emit=fwapi or moray, which need none");
	for (uint32_t i = 0; i < j->rules.n; i++)
		input_read(&j->in, j->rules.v[i]);
	read_inventory(j);
	arena_free(&j->in.scratch);
	if (j->diags.errors)
		return cmd_status_of(&j->diags);
	if (!j->opts.backend.date.p)
		j->opts.backend.date = compile_date(&j->arena);
	if (j->dir && !cmd_make_folders(j->dir))
		return cmd_fail(NAME, "cannot make %s: %s", j->dir, strerror(errno));
	j->opts.only = j->only.v;
	j->opts.n_only = j->only.n;
	good = compile(j, j->verbose ? &stats : NULL);
	cmd_write_all(2, j->dump.p, j->dump.n);
	if (!good)
		return j->status ? j->status : cmd_status_of(&j->diags);
	j->status = cmd_write_stdout(NAME, buf_view(&j->out));
	if (j->verbose)
		report(j, &stats);
	return j->status;
}

int
cmd_compile(int argc, char **argv)
{
	struct job j = { 0 };
	int status;

	j.diags.arena = &j.scratch;
	j.opts.backend.level = 1;
	j.opts.warn = true;
	input_init(&j.in, &j.arena, &j.diags, (struct lang_opts){ 0 });
	inventory_init(&j.inv, &j.arena, &j.diags);
	status = read_options(&j, argc, argv);
	if (status < 0) {
		status = run(&j);
		cmd_print_diags(&j.diags);
	}
	input_done(&j.in);
	buf_free(&j.out);
	buf_free(&j.path);
	buf_free(&j.dump);
	arena_free(&j.arena);
	arena_free(&j.scratch);
	return status;
}
