/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule aggregate */
#include <getopt.h>

#include "../../compiler/input/input.h"
#include "../../compiler/net/aggregate.h"
#include "cmd.h"

#define NAME "aggregate"
#define PIECE ((size_t)1 << 17)         /* bytes written at a time */

struct job {
	struct arena arena;
	struct diags diags;
	VEC(struct aggregate_input) inputs;
	unsigned stdins;                /* how often standard input was named */
	bool count;
	struct buf out;
};

static void
add_input(struct job *j, enum aggregate_role role, const char *path)
{
	struct src *src = input_file(&j->arena, &j->diags, path);

	j->stdins += strcmp(path, "-") == 0;
	if (src)
		*vec_push(&j->arena, &j->inputs) = (struct aggregate_input){ role, src };
}

static int
write_result(struct job *j, const struct addrlist *list)
{
	struct addrlist_walk w = addrlist_walk(list);
	int status = CMD_DONE;

	if (j->count) {
		aggregate_count(&j->out, list);
		return cmd_write_stdout(NAME, buf_view(&j->out));
	}
	while (status == CMD_DONE && addrlist_write(&j->out, &w, PIECE)) {
		status = cmd_write_stdout(NAME, buf_view(&j->out));
		j->out.n = 0;
	}
	return status;
}

/* All lists are read even if one of them cannot be, so that all errors are told. */
static int
run(struct job *j)
{
	struct addrlist list;
	int status;

	aggregate_lists(&j->arena, j->inputs.v, j->inputs.n, &list, &j->diags);
	status = cmd_status_of(&j->diags);
	cmd_print_diags(&j->diags);
	return status == CMD_DONE ? write_result(j, &list) : status;
}

/* Reads the inputs that the options name; an exit status, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	enum { EXCLUDE = 256, INTERSECT, COUNT };
	static const struct option options[] = {
		{ "exclude", required_argument, NULL, EXCLUDE },
		{ "intersect", required_argument, NULL, INTERSECT },
		{ "count", no_argument, NULL, COUNT },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (o) {
		case EXCLUDE:
			add_input(j, AGGREGATE_EXCLUDE, optarg);
			break;
		case INTERSECT:
			add_input(j, AGGREGATE_INTERSECT, optarg);
			break;
		case COUNT:
			j->count = true;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	if (optind == argc)
		add_input(j, AGGREGATE_ADD, "-");
	for (int i = optind; i < argc; i++)
		add_input(j, AGGREGATE_ADD, argv[i]);
	if (j->stdins > 1)
		return cmd_usage(NAME, "standard input can be read only once");
	return -1;
}

int
cmd_aggregate(int argc, char **argv)
{
	struct job j = { 0 };
	int status;

	j.diags.arena = &j.arena;
	status = read_options(&j, argc, argv);
	if (status < 0)
		status = run(&j);
	buf_free(&j.out);
	arena_free(&j.arena);
	return status;
}
