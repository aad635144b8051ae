/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule equiv */
#include <getopt.h>

#include "../../compiler/base/text.h"
#include "../../compiler/filter/decide.h"
#include "../../compiler/input/input.h"
#include "../eval/eval.h"
#include "cmd.h"
#include "load.h"

#define NAME "equiv"
#define SHOWN 10                        /* differences shown, if --max does not say */
#define SHOWN_MAX 100000

/* What one pair of lines does to packets of one protocol and direction. */
struct pair {
	struct filter_difference first;
	uint64_t regions;
};

struct job {
	struct arena arena;
	struct diags diags;
	struct src *src[2];
	struct ipf_file file[2];
	unsigned fam;                   /* 0: what the files say */
	unsigned max;
	bool json;
	VEC(struct pair) pairs;
	struct strmap known;
	uint64_t more;                  /* regions of pairs that are not shown */
	struct buf out;
};

/* --- comparing ------------------------------------------------------------------------ */

/* Pairs of lines, not regions, are what a person can go through. */
static bool
gather(void *arg, const struct filter_difference *d)
{
	struct job *j = arg;
	struct {
		const struct ipf_line *a, *b;
		uint64_t class;
	} key = { d->a.line, d->b.line, (uint64_t)d->class.dir << 16 |
		(uint64_t)d->class.fam << 8 | d->class.proto };
	struct slice bytes = { (const char *)&key, sizeof(key) };
	const uint32_t *known = strmap_get(&j->known, bytes);

	if (known) {
		j->pairs.v[*known].regions++;
	} else if (j->pairs.n == j->max) {
		j->more++;
	} else {
		*strmap_put(&j->arena, &j->known, arena_slice(&j->arena, bytes)) = j->pairs.n;
		*vec_push(&j->arena, &j->pairs) = (struct pair){ *d, 1 };
	}
	return true;
}

/* --- output --------------------------------------------------------------------------- */

static void
write_side(struct job *j, unsigned side, const struct filter_result *r)
{
	const struct src *src = j->src[side];

	buf_str(&j->out, "  ");
	text_visible(&j->out, src->name);
	if (r->line)
		buf_printf(&j->out, ":%u", r->line->number);
	buf_str(&j->out, ": ");
	filter_outcome_text(&j->out, &r->outcome);
	if (r->line) {
		buf_str(&j->out, ": ");
		text_visible(&j->out, (struct slice){ src->text.p + r->line->at.off,
		    r->line->at.len });
	}
	if (r->state_refused)
		buf_str(&j->out, " (no state can be kept)");
	buf_char(&j->out, '\n');
}

static void
write_text(struct job *j)
{
	for (uint32_t i = 0; i < j->pairs.n; i++) {
		const struct pair *p = &j->pairs.v[i];

		filter_packet_text(&j->out, &p->first.packet);
		buf_char(&j->out, '\n');
		write_side(j, 0, &p->first.a);
		write_side(j, 1, &p->first.b);
		if (p->regions > 1)
			buf_printf(&j->out, "  and %llu more region%s between these lines\n",
			    (unsigned long long)p->regions - 1, p->regions > 2 ? "s" : "");
	}
	if (j->more)
		buf_printf(&j->out, j->pairs.n ? "and %llu more between other lines\n"
		    : "differing regions: %llu\n", (unsigned long long)j->more);
}

static void
write_side_json(struct job *j, const char *name, unsigned side, const struct filter_result *r)
{
	buf_printf(&j->out, ",\"%s\":{", name);
	eval_write_outcome(&j->out, &r->outcome);
	buf_str(&j->out, ",\"by\":");
	eval_write_line(&j->out, j->src[side]->name, &j->file[side], r->line);
	buf_char(&j->out, '}');
}

static void
write_json(struct job *j)
{
	buf_printf(&j->out, "{\"equal\":%s,\"differences\":[", j->pairs.n || j->more ? "false"
	    : "true");
	for (uint32_t i = 0; i < j->pairs.n; i++) {
		const struct pair *p = &j->pairs.v[i];

		buf_str(&j->out, i ? ",{\"packet\":" : "{\"packet\":");
		eval_write_packet(&j->out, &p->first.packet);
		write_side_json(j, "a", 0, &p->first.a);
		write_side_json(j, "b", 1, &p->first.b);
		buf_printf(&j->out, ",\"regions\":%llu}", (unsigned long long)p->regions);
	}
	buf_printf(&j->out, "],\"moreRegions\":%llu}\n", (unsigned long long)j->more);
}

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
	equal = filter_compare(&j->file[0], &j->file[1], gather, j);
	if (equal == FILTER_FAMILIES)
		return cmd_fail(NAME, "one file is for IPv4 and the other for IPv6");
	if (equal == FILTER_TOO_LARGE)
		return cmd_fail(NAME, "the files are too large to compare: more than %u classes of "
		    "packets, or more than %u regions", FILTER_CLASSES_MAX, FILTER_BOXES_MAX);
	if (j->json)
		write_json(j);
	else
		write_text(j);
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
