/* SPDX-License-Identifier: MPL-2.0 */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/json.h"
#include "../../compiler/base/text.h"
#include "config.h"

const struct cmd *
program_find(const char *name)
{
	for (size_t i = 0; i < cmd_count; i++)
		if (strcmp(cmd_table[i].name, name) == 0)
			return &cmd_table[i];
	return NULL;
}

static int
general_help(FILE *to)
{
	int width = 10;

	for (size_t i = 0; i < cmd_count; i++)
		if ((int)strlen(cmd_table[i].name) > width)
			width = (int)strlen(cmd_table[i].name);
	fprintf(to, "usage: %s COMMAND [options] ...\n\ncommands:\n", cmd_program);
	for (size_t i = 0; i < cmd_count; i++)
		fprintf(to, "  %-*s %s\n", width, cmd_table[i].name, cmd_table[i].summary);
	fprintf(to, "\n  %s COMMAND --help   what a command takes\n"
	    "  %s --version\n", cmd_program, cmd_program);
	return to == stdout ? CMD_DONE : CMD_USAGE;
}

static int
unknown(const char *name)
{
	const char *near = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < cmd_count; i++) {
		unsigned d = text_distance(slice_of(name), slice_of(cmd_table[i].name));

		if (d < best) {
			best = d;
			near = cmd_table[i].name;
		}
	}
	fprintf(stderr, "%s: there is no command \"%s\"", cmd_program, name);
	if (near)
		fprintf(stderr, "; did you mean %s?", near);
	fprintf(stderr, "\n`%s --help` lists the commands.\n", cmd_program);
	return CMD_USAGE;
}

static void
out_of_memory(size_t wanted)
{
	static const char text[] = ": out of memory\n";

	(void)wanted;
	(void)!write(2, cmd_program, strlen(cmd_program));
	(void)!write(2, text, sizeof(text) - 1);
	_exit(CMD_INTERNAL);
}

static int
run(int argc, char **argv)
{
	const struct cmd *c;

	if (argc < 2)
		return general_help(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return general_help(stdout);
	if (strcmp(argv[1], "help") == 0)
		return argc > 2 ? program_find(argv[2]) ? cmd_help(argv[2]) : unknown(argv[2])
		    : general_help(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", cmd_program, PACKAGE_VERSION);
		return CMD_DONE;
	}
	c = program_find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	return c->run(argc - 1, argv + 1);
}

/* Help and version go through stdio; commands write and check for themselves. */
int
program_run(int argc, char **argv)
{
	int status;

	base_set_oom(out_of_memory);
	json_arena_install();
	status = run(argc, argv);
	if (fflush(stdout) != 0 && status == CMD_DONE) {
		fprintf(stderr, "%s: cannot write to standard output: %s\n", cmd_program,
		    strerror(errno));
		status = CMD_USAGE;
	}
	return status;
}
