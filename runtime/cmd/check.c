/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule check */
#include <getopt.h>

#include "../../compiler/lint/report.h"
#include "check.h"
#include "cmd.h"
#include "config.h"
#include "load.h"

#define NAME "check"

/* Errors of reading that are shown; a file with more is not worth more. */
#define MAX_ERRORS 10000

/* --- options -------------------------------------------------------------------------- */

enum { FORMAT = 256, SELECT, IGNORE, SEVERITY, FAIL_ON, EXPLAIN, LIST, RULE_VERSION };

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
	struct slice bad;
	unsigned severity;

	if (!equals || !lint_severity_read(slice_of(equals + 1), &severity)) {
		cmd_usage(NAME, "--severity takes CODE=error, warning, note or off, not \"%s\"", value);
		return false;
	}
	return lint_config_set(c, (struct slice){ value, (size_t)(equals - value) }, severity, &bad) ||
	    bad_code("--severity", bad);
}

static bool
set_fail_on(struct check_job *j, const char *value)
{
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
set_version(struct check_job *j, const char *value)
{
	unsigned v;

	if (!cmd_read_number(NAME, "--fwrule-version", value, LANG_VERSION, &v))
		return false;
	j->lint.config.fwrule_version = (uint8_t)v;
	return true;
}

static bool
take_option(struct check_job *j, int o, char *value)
{
	struct slice bad;

	switch (o) {
	case 'V':
		j->vms = value;
		return true;
	case 'R':
		*vec_push(&j->arena, &j->remote) = value;
		return true;
	case FORMAT:
		return set_format(j, value);
	case SELECT:
		return lint_config_select(&j->lint.config, slice_of(value), &bad) ||
		    bad_code("--select", bad);
	case IGNORE:
		return lint_config_set(&j->lint.config, slice_of(value), LINT_OFF, &bad) ||
		    bad_code("--ignore", bad);
	case SEVERITY:
		return set_severity(&j->lint.config, value);
	case FAIL_ON:
		return set_fail_on(j, value);
	case RULE_VERSION:
		return set_version(j, value);
	case EXPLAIN:
		j->explain = value;
		return true;
	case LIST:
		j->list = true;
		return true;
	default:
		return false;
	}
}

static int
read_options(struct check_job *j, int argc, char **argv)
{
	static const struct option options[] = {
		{ "vms", required_argument, NULL, 'V' },
		{ "remote-vms", required_argument, NULL, 'R' },
		{ "format", required_argument, NULL, FORMAT },
		{ "select", required_argument, NULL, SELECT },
		{ "ignore", required_argument, NULL, IGNORE },
		{ "severity", required_argument, NULL, SEVERITY },
		{ "fail-on", required_argument, NULL, FAIL_ON },
		{ "fwrule-version", required_argument, NULL, RULE_VERSION },
		{ "explain", required_argument, NULL, EXPLAIN },
		{ "list", no_argument, NULL, LIST },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
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
	if (optind == argc && !j->explain && !j->list && !j->vms)
		return cmd_usage(NAME, "no rules: name a file");
	j->files = (const char *const *)argv + optind;
	j->n_files = (uint32_t)(argc - optind);
	return -1;
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

static void
read_inputs(struct check_job *j)
{
	struct src **remote = arena_alloc(&j->arena, j->remote.n * sizeof(*remote));
	struct src *vms = NULL;

	j->host.in.keep_trees = true;
	for (uint32_t i = 0; i < j->n_files; i++)
		input_read(&j->host.in, j->files[i]);
	if (j->vms)
		vms = input_file(&j->arena, &j->diags, j->vms);
	for (uint32_t i = 0; i < j->remote.n; i++)
		remote[i] = input_file(&j->arena, &j->diags, j->remote.v[i]);
	cmd_host_read_vms(&j->host, vms, remote, j->remote.n);
	lint_add(&j->lint, &j->host.in, 0, 0, NULL);
}

static int
verdict(const struct check_job *j)
{
	int status = cmd_status_of(&j->diags);

	if (status == CMD_USAGE || status == CMD_INTERNAL)
		return status;
	for (uint32_t i = 0; i < j->lint.found.n; i++)
		if (j->fail_on != LINT_OFF && j->lint.found.v[i].d.severity <= j->fail_on)
			return CMD_FOUND;
	return CMD_DONE;
}

static int
check(struct check_job *j)
{
	struct lint_report_opts opts = {
		.colour = cmd_colour_of(1), .version = PACKAGE_VERSION, .files = j->files,
		.n_files = j->n_files,
	};
	int written;

	read_inputs(j);
	lint_add_diags(&j->lint, &j->diags);
	lint_run(&j->lint, j->vms || j->remote.n ? &j->host.inv : NULL);
	lint_sort(&j->lint);
	j->form->write(&j->out, &j->lint, &opts);
	written = cmd_write_stdout(NAME, buf_view(&j->out));
	return written ? written : verdict(j);
}

int
cmd_check(int argc, char **argv)
{
	struct check_job j = { .fail_on = DIAG_WARNING };
	int status;

	j.diags.arena = &j.arena;
	j.diags.limit = MAX_ERRORS;
	j.form = lint_form_find("text");
	cmd_host_init(&j.host, &j.arena, &j.diags);
	lint_init(&j.lint, &j.arena);
	status = read_options(&j, argc, argv);
	if (status < 0)
		status = j.explain ? explain(&j) : j.list ? list(&j) : check(&j);
	lint_done(&j.lint);
	cmd_host_done(&j.host);
	buf_free(&j.out);
	arena_free(&j.arena);
	return status;
}
