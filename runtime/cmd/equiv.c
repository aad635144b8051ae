/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule equiv */
#include <getopt.h>

#include "../../compiler/input/input.h"
#include "../eval/compare.h"
#include "cmd.h"
#include "load.h"

#define NAME "equiv"
#define SHOWN 10                        /* differences shown, if --max does not say */
#define SHOWN_MAX 100000

struct job {
	struct arena arena;
	struct diags diags;
	struct src *src[2];
	struct ipf_file file[2];
	struct compare compare;
	unsigned fam;                   /* 0: what the files say */
	unsigned max;
	bool json;
	struct buf out;
};

/* --- the run -------------------------------------------------------------------------- */

static int
run(struct job *j, char **paths)
{
	enum filter_equal equal;
	int status;

	for (int i = 0; i < 2; i++) {
		j->src[i] = input_file(&j->arena, &j->diags, paths[i]);
		if (j->src[i])
			ipf_read(&j->arena, &j->diags, j->src[i], j->fam, &j->file[i]);
	}
	cmd_print_diags(&j->diags);
	if (j->diags.errors)
		return CMD_USAGE;
	compare_init(&j->compare, &j->arena, &j->file[0], &j->file[1], j->max);
	equal = compare_run(&j->compare);
	if (equal == FILTER_FAMILIES)
		return cmd_fail(NAME, "one file is for IPv4 and the other for IPv6");
	if (equal == FILTER_TOO_LARGE)
		return cmd_fail(NAME, "the files are too large to compare: more than %u classes of "
		    "packets, or more than %u regions", FILTER_CLASSES_MAX, FILTER_BOXES_MAX);
	if (j->json)
		compare_write_json(&j->out, &j->compare);
	else
		compare_write_text(&j->out, &j->compare);
	if (j->json)
		buf_char(&j->out, '\n');
	status = cmd_write_stdout(NAME, buf_view(&j->out));
	return status ? status : equal == FILTER_DIFFERENT ? CMD_FOUND : CMD_DONE;
}

static bool
set_family(struct job *j, const char *text)
{
	if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0) {
		cmd_usage(NAME, "--family is 4 or 6");
		return false;
	}
	j->fam = *text == '4' ? NET_V4 : NET_V6;
	return true;
}

/* A status to end with, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	enum { FAMILY = 256, JSON, MAX };
	static const struct option options[] = {
		{ "family", required_argument, NULL, FAMILY },
		{ "json", no_argument, NULL, JSON },
		{ "max", required_argument, NULL, MAX },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (o) {
		case FAMILY:
			if (!set_family(j, optarg))
				return CMD_USAGE;
			break;
		case JSON:
			j->json = true;
			break;
		case MAX:
			if (!cmd_read_number(NAME, "--max", optarg, SHOWN_MAX, &j->max))
				return CMD_USAGE;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	if (argc - optind != 2)
		return cmd_usage(NAME, "two files are compared, not %d", argc - optind);
	if (strcmp(argv[optind], "-") == 0 && strcmp(argv[optind + 1], "-") == 0)
		return cmd_usage(NAME, "standard input can be read only once");
	return -1;
}

int
cmd_equiv(int argc, char **argv)
{
	struct job j = { .max = SHOWN };
	int status;

	j.diags.arena = &j.arena;
	status = read_options(&j, argc, argv);
	if (status < 0)
		status = run(&j, argv + optind);
	buf_free(&j.out);
	arena_free(&j.arena);
	return status;
}
