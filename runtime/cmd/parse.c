/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule parse */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../../compiler/input/input.h"
#include "cmd.h"

#define NAME "parse"

struct job {
	struct arena arena, scratch;
	struct diags diags;
	struct parse *px;
	struct lang_opts opts;
	bool dump, json;
	int written;
	struct buf out;
};

static bool
read_version(const char *text, unsigned *out)
{
	char *end;
	long v = strtol(text, &end, 10);

	*out = (unsigned)v;
	return *end == '\0' && v >= 1 && v <= LANG_VERSION;
}

static void
write_rule(struct job *j, const struct ast_rule *r)
{
	if (j->dump) {
		ast_dump(&j->out, r);
	} else {
		ast_write_parsed(&j->out, r);
		buf_char(&j->out, '\n');
	}
}

static bool
check_utf8(struct job *j, const struct src *src)
{
	size_t bad = text_utf8_bad(src->text);

	if (bad == src->text.n)
		return true;
	diag_add(&j->diags, DIAG_not_utf8, src, (struct span){ (uint32_t)bad, 1 },
	    (unsigned char)src->text.p[bad]);
	return false;
}

static void
parse_argument(struct job *j, const char *text)
{
	struct src *src = arena_zero(&j->arena, sizeof(*src));
	uint32_t errors = j->diags.errors;
	struct ast_rule *r;

	src->name = slice_of("<rule>");
	src->text = slice_of(text);
	if (!check_utf8(j, src))
		return;
	r = parse_sentence(j->px, &j->arena, &j->diags, src, j->opts);
	if (r && j->diags.errors == errors)
		write_rule(j, r);
}

static void
take_rule(void *context, const struct ast_rule *r)
{
	struct job *j = context;

	write_rule(j, r);
	if (j->out.n > 1 << 20 && j->written == CMD_DONE) {
		j->written = cmd_write_stdout(NAME, buf_view(&j->out));
		j->out.n = 0;
	}
}

static void
parse_path(struct job *j, const char *path)
{
	struct input_stream in;

	if (!input_open(&j->arena, &j->diags, path, &in))
		return;
	parse_each(j->px, &j->scratch, &j->diags, &(struct parse_pieces){ in.src->name,
	    input_next, &in, PARSE_PIECE }, j->opts, take_rule, j);
	input_close(&in);
}

/* Is an argument a path, though there is no file there?  No sentence is without a space. */
static bool
is_path(const char *text)
{
	size_t n = strlen(text), suffix = strlen(".fwrule");

	if (strcmp(text, "-") == 0 || access(text, F_OK) == 0)
		return true;
	return !strpbrk(text, " \t\n") && (strchr(text, '/') ||
	    (n > suffix && strcmp(text + n - suffix, ".fwrule") == 0));
}

static void
write_errors(struct job *j)
{
	for (uint32_t i = 0; i < j->diags.list.n; i++) {
		const struct diag *d = &j->diags.list.v[i];

		buf_str(&j->out, "{\"error\":");
		diag_write_json(&j->out, d);
		buf_str(&j->out, "}\n");
	}
}

static int
finish(struct job *j)
{
	int status = cmd_status_of(&j->diags), written = j->written;

	if (j->json)
		write_errors(j);
	else
		cmd_print_diags(&j->diags);
	if (!written)
		written = cmd_write_stdout(NAME, buf_view(&j->out));
	parse_free(j->px);
	buf_free(&j->out);
	arena_free(&j->arena);
	arena_free(&j->scratch);
	return written ? written : status;
}

int
cmd_parse(int argc, char **argv)
{
	enum { VERSION = 256, MASK, JSON, DEBUG };
	static const struct option options[] = {
		{ "fwrule-version", required_argument, NULL, VERSION },
		{ "enforce-subnet-mask", no_argument, NULL, MASK },
		{ "json", no_argument, NULL, JSON },
		{ "debug", required_argument, NULL, DEBUG },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct job j = { 0 };
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (o) {
		case VERSION:
			if (!read_version(optarg, &j.opts.max_version))
				return cmd_usage(NAME, "--fwrule-version is a number from 1 to %d",
				    LANG_VERSION);
			break;
		case MASK:
			j.opts.enforce_subnet_mask = true;
			break;
		case JSON:
			j.json = true;
			break;
		case DEBUG:
			if (strcmp(optarg, "ast") != 0)
				return cmd_usage(NAME, "--debug takes ast");
			j.dump = true;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	j.diags.arena = &j.arena;
	j.px = parse_new();
	if (optind == argc)
		parse_path(&j, "-");
	for (int i = optind; i < argc; i++)
		if (is_path(argv[i]))
			parse_path(&j, argv[i]);
		else
			parse_argument(&j, argv[i]);
	return finish(&j);
}
