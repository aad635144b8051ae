/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule check */
#include "check.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/lint/project.h"
#include "cmd.h"
#include "config.h"

#define NAME "check"

/* Errors of reading that are shown; a file with more is not worth more. */
#define MAX_ERRORS 10000

/* --- options -------------------------------------------------------------------------- */

enum {
	FORMAT = 256, SELECT, IGNORE, SEVERITY, FAIL_ON, RULE_VERSION, PORTS, EXPLAIN, LIST, FIX,
	UNSAFE, BASELINE, WRITE_BASELINE, NO_CONFIG, ICMP6_RULES
};

static bool
bad_code(const char *option, struct slice bad)
{
	cmd_usage(NAME, "%s: no check is called \"%.*s\"; --list shows them", option, (int)bad.n,
	    bad.p);
	return false;
}

/* CODE=LEVEL */
static bool
set_severity(struct lint_config *c, const char *value)
{
	const char *equals = strchr(value, '=');
	struct slice codes, bad;
	unsigned severity;

	if (!equals || !lint_severity_read(slice_of(equals + 1), &severity)) {
		cmd_usage(NAME, "--severity takes CODE=error, warning, note or off, not \"%s\"",
		    value);
		return false;
	}
	codes = (struct slice){ value, (size_t)(equals - value) };
	return lint_config_set(c, codes, severity, &bad) || bad_code("--severity", bad);
}

bool
check_set(struct lint_config *c, struct arena *arena, int option, const char *value)
{
	struct slice bad;
	unsigned v;

	switch (option) {
	case SELECT:
		return lint_config_select(c, slice_of(value), &bad) || bad_code("--select", bad);
	case IGNORE:
		return lint_config_set(c, slice_of(value), LINT_OFF, &bad) ||
		    bad_code("--ignore", bad);
	case SEVERITY:
		return set_severity(c, value);
	case PORTS:
		if (lint_config_ports(c, arena, slice_of(value), &bad))
			return true;
		cmd_usage(NAME, "--sensitive-ports: \"%.*s\" is no port, and no range as 8000-8080",
		    (int)bad.n, bad.p);
		return false;
	case ICMP6_RULES:
		return cmd_read_icmp6(NAME, value, &c->icmp6);
	default:
		if (!cmd_read_number(NAME, "--fwrule-version", value, LANG_VERSION, &v))
			return false;
		c->fwrule_version = (uint8_t)v;
		return true;
	}
}

static bool
set_fail_on(struct check_job *j, const char *value)
{
	j->has_fail_on = true;
	if (strcmp(value, "never") == 0) {
		j->fail_on = LINT_OFF;
		return true;
	}
	if (lint_severity_read(slice_of(value), &j->fail_on) && j->fail_on != LINT_OFF)
		return true;
	cmd_usage(NAME, "--fail-on takes error, warning, note or never, not \"%s\"", value);
	return false;
}

static bool
set_format(struct check_job *j, const char *value)
{
	j->form = lint_form_find(value);
	if (!j->form)
		cmd_usage(NAME, "there is no format \"%s\"", value);
	return j->form != NULL;
}

static bool
take_option(struct check_job *j, int o, char *value)
{
	switch (o) {
	case 'V':
		j->vms = value;
		return true;
	case 'R':
		*vec_push(&j->arena, &j->remote) = value;
		return true;
	case FORMAT:
		return set_format(j, value);
	case FAIL_ON:
		return set_fail_on(j, value);
	case EXPLAIN:
		j->explain = value;
		return true;
	case LIST:
		return j->list = true;
	case FIX:
		return j->fix = true;
	case UNSAFE:
		return j->unsafe = true;
	case BASELINE:
		j->baseline = value;
		return true;
	case WRITE_BASELINE:
		j->write_baseline = value;
		return true;
	case NO_CONFIG:
		return j->no_config = true;
	default:
		*vec_push(&j->arena, &j->settings) = (struct check_setting){ o, value };
		return check_set(&j->config, &j->arena, o, value);
	}
}

static const struct option options[] = {
	{ "vms", required_argument, NULL, 'V' },
	{ "remote-vms", required_argument, NULL, 'R' },
	{ "format", required_argument, NULL, FORMAT },
	{ "select", required_argument, NULL, SELECT },
	{ "ignore", required_argument, NULL, IGNORE },
	{ "severity", required_argument, NULL, SEVERITY },
	{ "sensitive-ports", required_argument, NULL, PORTS },
	{ "fail-on", required_argument, NULL, FAIL_ON },
	{ "fwrule-version", required_argument, NULL, RULE_VERSION },
	{ "icmp6", required_argument, NULL, ICMP6_RULES },
	{ "fix", no_argument, NULL, FIX },
	{ "unsafe", no_argument, NULL, UNSAFE },
	{ "baseline", required_argument, NULL, BASELINE },
	{ "write-baseline", required_argument, NULL, WRITE_BASELINE },
	{ "no-config", no_argument, NULL, NO_CONFIG },
	{ "explain", required_argument, NULL, EXPLAIN },
	{ "list", no_argument, NULL, LIST },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int
check_options(struct check_job *j)
{
	if (j->n_files == 0 && !j->explain && !j->list && !j->vms)
		return cmd_usage(NAME, "no rules: name a file");
	if (j->unsafe && !j->fix)
		return cmd_usage(NAME, "--unsafe goes with --fix");
	for (uint32_t i = 0; i < j->n_files && j->fix; i++)
		if (strcmp(j->files[i], "-") == 0)
			return cmd_usage(NAME, "--fix writes files, and - is none");
	return -1;
}

/* Paths below the working folder are named from there, whatever they were given as. */
static const char *
short_path(struct check_job *j, const char *path)
{
	char *cwd = *path == '/' ? getcwd(NULL, 0) : NULL;
	size_t n = cwd ? strlen(cwd) : 0;

	if (cwd && n > 1 && strncmp(path, cwd, n) == 0 && path[n] == '/' && path[n + 1])
		path = arena_copy(&j->arena, path + n + 1, strlen(path + n + 1));
	free(cwd);
	return path;
}

static int
read_options(struct check_job *j, int argc, char **argv)
{
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "V:R:h", options, NULL)) != -1) {
		if (o == 'h')
			return cmd_help(NAME);
		if (o == '?')
			return cmd_bad_option(NAME, argv);
		if (!take_option(j, o, optarg))
			return CMD_USAGE;
	}
	j->n_files = (uint32_t)(argc - optind);
	j->files = arena_alloc(&j->arena, j->n_files * sizeof(*j->files));
	for (uint32_t i = 0; i < j->n_files; i++)
		j->files[i] = short_path(j, argv[optind + (int)i]);
	return check_options(j);
}

/* --- .fwrule.conf --------------------------------------------------------------------- */

const struct lint_config *
check_config(struct check_job *j, const char *path)
{
	struct check_round *r = &j->round;
	const char *name = j->no_config ? NULL : lint_project_find(&r->arena, path);
	struct lint_config *c;

	if (!name)
		return &r->lint.config;
	c = arena_alloc(&r->arena, sizeof(*c));
	lint_config_init(c, &r->arena);
	lint_project_read(c, &r->arena, &r->diags, short_path(j, name));
	for (uint32_t i = 0; i < j->settings.n; i++)
		check_set(c, &r->arena, j->settings.v[i].option, j->settings.v[i].value);
	return c;
}

/* --- the table ------------------------------------------------------------------------ */

static int
explain(struct check_job *j)
{
	bool all = strcmp(j->explain, "all") == 0;
	enum lint_id id = all ? LINT_COUNT : lint_find(slice_of(j->explain));

	if (!all && id == LINT_COUNT) {
		bad_code("--explain", slice_of(j->explain));
		return CMD_USAGE;
	}
	for (int i = 0; i < LINT_COUNT; i++)
		if (all || i == (int)id) {
			if (all && i)
				buf_char(&j->out, '\n');
			lint_write_page(&j->out, (enum lint_id)i);
		}
	return cmd_write_stdout(NAME, buf_view(&j->out));
}

static int
list(struct check_job *j)
{
	static const char *const fixes[] = { "", " *", " +", " *" };

	for (int i = 0; i < LINT_COUNT; i++) {
		const struct lint_check *c = &lint_table[i];

		buf_printf(&j->out, "%s  %-8s%-24s%s%s\n", c->code,
		    diag_severity_name((enum diag_severity)c->severity), c->name, c->text,
		    fixes[c->fixes]);
	}
	buf_str(&j->out, "* --fix mends it, + --fix --unsafe does\n");
	return cmd_write_stdout(NAME, buf_view(&j->out));
}

/* --- the run -------------------------------------------------------------------------- */

static struct slice
fixed_text(const struct check_job *j, const char *path)
{
	for (uint32_t i = 0; i < j->fixed.n; i++)
		if (strcmp(j->fixed.v[i].path, path) == 0)
			return j->fixed.v[i].text;
	return (struct slice){ 0 };
}

static void
read_file(struct check_job *j, const char *path)
{
	struct check_round *r = &j->round;
	uint32_t tree = r->host.in.trees.n, source = r->host.in.sources.n;
	const struct lint_config *config = check_config(j, path);
	struct slice text = fixed_text(j, path);

	if (text.p)
		input_read_text(&r->host.in, slice_of(path), text);
	else
		input_read(&r->host.in, path);
	lint_add(&r->lint, &r->host.in, tree, source, config);
	/* What is said of all files and of VMs goes by the first file's. */
	if (path == j->files[0])
		r->lint.config = *config;
}

static void
read_inputs(struct check_job *j)
{
	struct check_round *r = &j->round;
	struct src **remote = arena_alloc(&r->arena, j->remote.n * sizeof(*remote));
	struct src *vms = NULL;

	r->host.in.keep_trees = true;
	for (uint32_t i = 0; i < j->n_files; i++)
		read_file(j, j->files[i]);
	if (j->vms)
		vms = input_file(&r->arena, &r->diags, j->vms);
	for (uint32_t i = 0; i < j->remote.n; i++)
		remote[i] = input_file(&r->arena, &r->diags, j->remote.v[i]);
	cmd_host_read_vms(&r->host, vms, remote, j->remote.n);
	if (vms)
		lint_add_vms(&r->lint, vms, false);
	for (uint32_t i = 0; i < j->remote.n; i++)
		if (remote[i])
			lint_add_vms(&r->lint, remote[i], true);
}

void
check_round_begin(struct check_job *j)
{
	struct check_round *r = &j->round;

	memset(r, 0, sizeof(*r));
	r->diags.arena = &r->arena;
	r->diags.limit = MAX_ERRORS;
	cmd_host_init(&r->host, &r->arena, &r->diags);
	lint_init(&r->lint, &r->arena);
	r->lint.config = j->config;
	read_inputs(j);
	lint_add_diags(&r->lint, &r->diags);
	lint_run(&r->lint, j->vms ? &r->host.inv : NULL);
	lint_sort(&r->lint);
}

void
check_round_end(struct check_job *j)
{
	lint_done(&j->round.lint);
	cmd_host_done(&j->round.host);
	arena_free(&j->round.arena);
}

static bool
use_baseline(struct check_job *j)
{
	struct check_round *r = &j->round;
	struct lint_baseline known;
	struct src *src = input_file(&r->arena, &r->diags, j->baseline);

	if (!src || !lint_read_baseline(&r->arena, &r->diags, src, &known)) {
		cmd_print_diags(&r->diags);
		return false;
	}
	lint_apply_baseline(&r->lint, &known);
	return true;
}

static int
verdict(const struct check_job *j)
{
	const struct check_round *r = &j->round;
	unsigned fail_on = j->has_fail_on ? j->fail_on : r->lint.config.fail_on;
	int status = cmd_status_of(&r->diags);

	if (status == CMD_USAGE || status == CMD_INTERNAL)
		return status;
	for (uint32_t i = 0; i < r->diags.list.n; i++)
		if (r->diags.list.v[i].id == DIAG_lint_conf)
			return CMD_USAGE;
	for (uint32_t i = 0; i < r->lint.found.n; i++)
		if (fail_on != LINT_OFF && r->lint.found.v[i].d.severity <= fail_on)
			return CMD_FOUND;
	return CMD_DONE;
}

static int
finish(struct check_job *j)
{
	struct lint_report_opts opts = {
		.colour = cmd_colour_of(1), .version = PACKAGE_VERSION,
		.files = (const char *const *)j->files, .n_files = j->n_files,
	};
	struct buf text = { 0 };
	bool written = true;
	int status;

	if (j->write_baseline) {
		lint_write_baseline(&text, &j->round.lint);
		written = cmd_write_file(j->write_baseline, buf_view(&text));
		buf_free(&text);
		if (!written)
			return cmd_fail(NAME, "cannot write %s", j->write_baseline);
		j->round.lint.found.n = 0;
		lint_add_diags(&j->round.lint, &j->round.diags);
		lint_sort(&j->round.lint);
	} else if (j->baseline && !use_baseline(j)) {
		return CMD_USAGE;
	}
	j->form->write(&j->out, &j->round.lint, &opts);
	status = cmd_write_stdout(NAME, buf_view(&j->out));
	return status ? status : verdict(j);
}

static int
check(struct check_job *j)
{
	int status = -1;

	check_round_begin(j);
	if (j->fix)
		status = check_fix(j);
	if (status < 0)
		status = finish(j);
	check_round_end(j);
	return status;
}

int
cmd_check(int argc, char **argv)
{
	struct check_job j = { .form = lint_form_find("text") };
	int status;

	lint_config_init(&j.config, &j.arena);
	status = read_options(&j, argc, argv);
	if (status < 0)
		status = j.explain ? explain(&j) : j.list ? list(&j) : check(&j);
	buf_free(&j.out);
	arena_free(&j.arena);
	return status;
}
