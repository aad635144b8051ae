/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule index build, fwrule index check */
#include "../index/index.h"

#include <getopt.h>
#include <stdlib.h>

#include "../../compiler/input/input.h"
#include "cmd.h"

#define NAME "index"

struct job {
	struct arena arena;
	struct diags diags;
	struct input in;
	VEC(const char *) rules;
	const char *to;
	bool verbose;
};

static int
read_options(struct job *j, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rules", required_argument, NULL, 'r' },
		{ "output", required_argument, NULL, 'o' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "r:o:vh", options, NULL)) != -1)
		switch (o) {
		case 'r':
			*vec_push(&j->arena, &j->rules) = optarg;
			break;
		case 'o':
			j->to = optarg;
			break;
		case 'v':
			j->verbose = true;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	return -1;
}

static void
report(const struct job *j, struct index *ix)
{
	struct index_stats st;
	struct buf b = { 0 };

	index_get_stats(ix, &st);
	buf_printf(&b, "%u rules, %zu bytes\n", st.rules, st.file ? st.file : st.memory);
	if (j->verbose)
		cmd_write_all(2, b.p, b.n);
	buf_free(&b);
}

static int
build(struct job *j)
{
	struct index *ix;

	if (j->rules.n == 0 || !j->to)
		return cmd_usage(NAME, "build takes -r RULES and -o FILE");
	for (uint32_t i = 0; i < j->rules.n; i++)
		input_read(&j->in, j->rules.v[i]);
	/* Half an index would answer wrong without a word. */
	if (j->diags.errors)
		return cmd_status_of(&j->diags);
	ix = index_build(j->in.rules.v, j->in.rules.n);
	index_save(ix, j->to, &j->diags);
	report(j, ix);
	index_free(ix);
	return j->diags.errors ? CMD_USAGE : CMD_DONE;
}

static int
check(struct job *j, const char *path)
{
	struct index *ix = index_open(path, &j->diags);

	if (ix && index_verify(ix, slice_of(path), &j->diags))
		report(j, ix);
	index_free(ix);
	return j->diags.errors ? CMD_USAGE : CMD_DONE;
}

int
cmd_index(int argc, char **argv)
{
	struct job j = { 0 };
	const char *what;
	int status;

	j.diags.arena = &j.arena;
	input_init(&j.in, &j.arena, &j.diags, (struct lang_opts){ 0 });
	status = read_options(&j, argc, argv);
	what = optind < argc ? argv[optind] : "";
	if (status >= 0)
		;
	else if (strcmp(what, "build") == 0 && optind + 1 == argc)
		status = build(&j);
	else if (strcmp(what, "check") == 0 && optind + 2 == argc)
		status = check(&j, argv[optind + 1]);
	else
		status = cmd_usage(NAME, "say build -r RULES -o FILE, or check FILE");
	cmd_print_diags(&j.diags);
	input_done(&j.in);
	arena_free(&j.arena);
	return status;
}
