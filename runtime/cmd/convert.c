/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule convert */
#include "../../compiler/convert/convert.h"

#include <errno.h>
#include <getopt.h>

#include "cmd.h"

#define NAME "convert"

struct job {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	const struct convert_format *to;
	const char *output;
};

static bool
set_format(struct job *j, const char *name)
{
	j->to = convert_find(slice_of(name));
	if (!j->to)
		cmd_usage(NAME, "--to takes fwrule, payload, moray or fwapi, not \"%s\"", name);
	return j->to != NULL;
}

/* A status to end with, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	enum { TO = 256 };
	static const struct option options[] = {
		{ "to", required_argument, NULL, TO },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "o:h", options, NULL)) != -1)
		switch (o) {
		case TO:
			if (!set_format(j, optarg))
				return CMD_USAGE;
			break;
		case 'o':
			j->output = optarg;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	if (!j->to)
		return cmd_usage(NAME, "no format: give --to=fwrule, payload, moray or fwapi");
	if (optind == argc)
		return cmd_usage(NAME, "no rules: give a file, a folder, or - for standard input");
	return -1;
}

static int
run(struct job *j, char **paths, int n)
{
	struct buf out = { 0 };
	int status;

	for (int i = 0; i < n; i++)
		input_read(&j->in, paths[i]);
	if (j->diags.errors || !convert_write(&out, &j->in, j->to))
		status = cmd_status_of(&j->diags);
	else if (!j->output)
		status = cmd_write_stdout(NAME, buf_view(&out));
	else if (cmd_write_file(j->output, buf_view(&out)))
		status = CMD_DONE;
	else
		status = cmd_fail(NAME, "cannot write %s: %s", j->output, strerror(errno));
	buf_free(&out);
	return status;
}

int
cmd_convert(int argc, char **argv)
{
	struct job j = { 0 };
	int status;

	j.diags.arena = &j.scratch;
	input_init(&j.in, &j.arena, &j.diags, (struct lang_opts){ 0 });
	status = read_options(&j, argc, argv);
	if (status < 0) {
		status = run(&j, argv + optind, argc - optind);
		cmd_print_diags(&j.diags);
	}
	input_done(&j.in);
	arena_free(&j.arena);
	arena_free(&j.scratch);
	return status;
}
