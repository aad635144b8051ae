/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule diff */
#include <getopt.h>

#include "../eval/diff.h"
#include "cmd.h"
#include "load.h"

#define NAME "diff"

struct job {
	struct arena arena, scratch;
	struct diags diags;
	struct cmd_host host[2];        /* what was and what is now */
	struct eval_host eval[2];
	const char *vms[2];             /* the second may be NULL: the same */
	VEC(const char *) remote;
	enum diff_format format;
	struct eval_opts opts;
	bool icmp6[2];                  /* with the essentials of ICMPv6 */
	struct diff diff;
	struct buf out;
};

static bool
set_format(struct job *j, const char *text)
{
	static const char *const name[] = {
		[DIFF_TEXT] = "text", [DIFF_JSON] = "json", [DIFF_MARKDOWN] = "markdown",
	};

	for (size_t i = 0; i < BASE_COUNT(name); i++)
		if (strcmp(name[i], text) == 0) {
			j->format = (enum diff_format)i;
			return true;
		}
	cmd_usage(NAME, "--format is text, json or markdown, not \"%s\"", text);
	return false;
}

/* Two options may be standard input, but only one at a time. */
static bool
check_stdin(const struct job *j, char **rules)
{
	const char *all[4] = { rules[0], rules[1], j->vms[0], j->vms[1] };
	int n = 0;

	for (int i = 0; i < 4; i++)
		n += all[i] && strcmp(all[i], "-") == 0;
	for (uint32_t i = 0; i < j->remote.n; i++)
		n += strcmp(j->remote.v[i], "-") == 0;
	return n <= 1;
}

/* A status to end with, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	enum { FORMAT = 256, TAGS, ICMP6_RULES, NEW_ICMP6 };
	static const struct option options[] = {
		{ "vms", required_argument, NULL, 'V' },
		{ "new-vms", required_argument, NULL, 'W' },
		{ "remote-vms", required_argument, NULL, 'R' },
		{ "format", required_argument, NULL, FORMAT },
		{ "ipf-tags", no_argument, NULL, TAGS },
		{ "icmp6", required_argument, NULL, ICMP6_RULES },
		{ "new-icmp6", required_argument, NULL, NEW_ICMP6 },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool on;
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "V:W:R:O:h", options, NULL)) != -1)
		switch (o) {
		case 'V':
			j->vms[0] = optarg;
			break;
		case 'W':
			j->vms[1] = optarg;
			break;
		case 'R':
			*vec_push(&j->arena, &j->remote) = optarg;
			break;
		case 'O':
			if (!cmd_read_level(NAME, optarg, &j->opts.level))
				return CMD_USAGE;
			/* Above, files decide the same, but lines stand for several rules. */
			j->opts.level = j->opts.level > 1 ? 1 : j->opts.level;
			break;
		case FORMAT:
			if (!set_format(j, optarg))
				return CMD_USAGE;
			break;
		case TAGS:
			j->opts.tags = true;
			break;
		case ICMP6_RULES:
		case NEW_ICMP6:
			if (!cmd_read_icmp6(NAME, optarg, &on))
				return CMD_USAGE;
			j->icmp6[1] = on;
			if (o == ICMP6_RULES)
				j->icmp6[0] = on;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	if (argc - optind != 2)
		return cmd_usage(NAME, "two sets of rules are compared, not %d", argc - optind);
	if (!j->vms[0])
		return cmd_usage(NAME, "no VMs: give -V");
	if (!check_stdin(j, argv + optind))
		return cmd_usage(NAME, "standard input can be read only once");
	return cmd_check_icmp6(NAME, j->icmp6[0] || j->icmp6[1], j->opts.level);
}

/* The new side's VMs are only looked at if the old side's are right: most are the same. */
static bool
read_hosts(struct job *j, char **rules)
{
	struct src *vms[2], **remote = arena_alloc(&j->scratch, j->remote.n * sizeof(*remote));

	for (int i = 0; i < 2; i++)
		input_read(&j->host[i].in, rules[i]);
	vms[0] = vms[1] = input_file(&j->scratch, &j->diags, j->vms[0]);
	if (j->vms[1])
		vms[1] = input_file(&j->scratch, &j->diags, j->vms[1]);
	for (uint32_t i = 0; i < j->remote.n; i++)
		remote[i] = input_file(&j->scratch, &j->diags, j->remote.v[i]);
	for (int i = 0; i < 2 && j->diags.errors == 0; i++)
		cmd_host_read_vms(&j->host[i], vms[i], remote, j->remote.n);
	return j->diags.errors == 0;
}

static int
run(struct job *j, char **rules)
{
	int status;

	if (!read_hosts(j, rules))
		return CMD_USAGE;
	for (int i = 0; i < 2; i++) {
		j->opts.icmp6 = j->icmp6[i];
		eval_host_init(&j->eval[i], &j->arena, &j->host[i].inv, j->host[i].in.rules.v,
		    j->host[i].in.rules.n, j->opts);
	}
	if (!diff_hosts(&j->arena, &j->eval[0], &j->eval[1], j->format, &j->diff)) {
		status = cmd_status_of(&j->diags);
		return status == CMD_FOUND ? CMD_USAGE : status;
	}
	diff_write(&j->out, &j->diff, j->format);
	status = cmd_write_stdout(NAME, buf_view(&j->out));
	return status ? status : j->diff.groups.n ? CMD_FOUND : CMD_DONE;
}

int
cmd_diff(int argc, char **argv)
{
	struct job j = { .opts.level = 1 };
	int status;

	j.diags.arena = &j.scratch;
	for (int i = 0; i < 2; i++)
		cmd_host_init(&j.host[i], &j.arena, &j.diags);
	status = read_options(&j, argc, argv);
	if (status < 0)
		status = run(&j, argv + optind);
	cmd_print_diags(&j.diags);
	for (int i = 0; i < 2; i++) {
		eval_host_end(&j.eval[i]);
		cmd_host_done(&j.host[i]);
	}
	buf_free(&j.out);
	arena_free(&j.arena);
	arena_free(&j.scratch);
	return status;
}
