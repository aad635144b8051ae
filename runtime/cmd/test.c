/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule test */
#include <getopt.h>

#include "../suite/suite.h"
#include "cmd.h"
#include "load.h"

#define NAME "test"

struct job {
	struct arena arena;
	struct diags diags;
	struct suite_opts opts;
	enum suite_format format;
	bool coverage;
	VEC(struct suite) suites;
};

static bool
set_format(struct job *j, const char *text)
{
	static const char *const name[] = {
		[SUITE_TEXT] = "text", [SUITE_TAP] = "tap", [SUITE_JUNIT] = "junit",
		[SUITE_JSON] = "json",
	};

	for (size_t i = 0; i < BASE_COUNT(name); i++)
		if (strcmp(name[i], text) == 0) {
			j->format = (enum suite_format)i;
			return true;
		}
	cmd_usage(NAME, "--format is text, tap, junit or json, not \"%s\"", text);
	return false;
}

/* A status to end with, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	enum { FORMAT = 256, COVERAGE, ICMP6_RULES };
	static const struct option options[] = {
		{ "format", required_argument, NULL, FORMAT },
		{ "coverage", no_argument, NULL, COVERAGE },
		{ "icmp6", required_argument, NULL, ICMP6_RULES },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (o) {
		case FORMAT:
			if (!set_format(j, optarg))
				return CMD_USAGE;
			break;
		case COVERAGE:
			j->coverage = true;
			break;
		case ICMP6_RULES:
			if (!cmd_read_icmp6(NAME, optarg, &j->opts.eval.icmp6))
				return CMD_USAGE;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	if (optind == argc)
		return cmd_usage(NAME, "no tests: give files, as site.fwtest");
	return -1;
}

static int
run(struct job *j, char **paths, int n)
{
	struct buf out = { 0 };
	int status = CMD_DONE, one;

	for (int i = 0; i < n; i++) {
		struct diags *d = &j->diags;

		/* Each file has its own hundred messages. */
		*d = (struct diags){ .arena = &j->arena };
		suite_run(&j->arena, d, paths[i], &j->opts, vec_push(&j->arena, &j->suites));
		cmd_print_diags(d);
		one = cmd_status_of(d);
		for (uint32_t k = 0; k < j->suites.v[i].cases.n && one == CMD_DONE; k++)
			if (j->suites.v[i].cases.v[k].n_failed)
				one = CMD_FOUND;
		status = one > status ? one : status;
	}
	suite_write(&out, j->suites.v, j->suites.n, j->format, j->coverage);
	one = cmd_write_stdout(NAME, buf_view(&out));
	buf_free(&out);
	return one > status ? one : status;
}

int
cmd_test(int argc, char **argv)
{
	struct job j = { .opts.eval.level = 1 };
	int status = read_options(&j, argc, argv);

	if (status < 0)
		status = run(&j, argv + optind, argc - optind);
	arena_free(&j.arena);
	return status;
}
