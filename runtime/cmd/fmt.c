/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule fmt */
#include "../../compiler/format/format.h"

#include <errno.h>
#include <getopt.h>

#include "../../compiler/format/unified.h"
#include "../../compiler/input/input.h"
#include "cmd.h"

#define NAME "fmt"

enum mode { TO_STDOUT, WRITE, CHECK, DIFF };

struct job {
	struct arena arena;             /* of all files: messages and their sources */
	struct arena scratch;           /* of one file */
	struct diags diags;
	enum mode mode;
	int status;
	struct buf out, text;
};

static void
raise_status(struct job *j, int status)
{
	if (status > j->status)
		j->status = status;
}

/* All rules of a text, serialized, in the arena; an empty text if there are errors. */
static struct slice
meaning(struct job *j, struct diags *diags, struct slice name, struct slice text)
{
	struct input in;
	struct buf out = { 0 };

	input_init(&in, &j->scratch, diags, (struct lang_opts){ 0 });
	input_read_text(&in, name, text);
	for (uint32_t i = 0; i < in.rules.n; i++)
		rule_write_serialized(&out, in.rules.v[i]);
	input_done(&in);
	return arena_take(&j->scratch, &out);
}

/* Formatting is sure of itself only after its result was read again. */
static bool
format(struct job *j, const struct src *src)
{
	struct diags again = { .arena = &j->scratch };
	struct slice before, after;
	struct parse *px;
	bool good;

	if (!input_is_source(src->text)) {
		diag_help(&j->diags, diag_add(&j->diags, DIAG_not_source, src,
		    (struct span){ 0, 0 }), "`fwrule convert --to=fwrule` makes it of other formats");
		return false;
	}
	before = meaning(j, &j->diags, src->name, src->text);
	if (j->diags.errors)
		return false;
	px = parse_new();
	good = format_source(&j->text, px, &j->scratch, &again, src);
	parse_free(px);
	after = meaning(j, &again, src->name, buf_view(&j->text));
if (good && again.errors == 0 && slice_eq(before, after))
		return true;
	diag_add(&j->diags, DIAG_internal, src, (struct span){ 0, 0 },
	    "the layout would change what the rules mean");
	return false;
}

static void
flush(struct job *j)
{
	raise_status(j, cmd_write_stdout(NAME, buf_view(&j->out)));
	j->out.n = 0;
}

static void
hand_out(struct job *j, const char *path, const struct src *src)
{
	bool same = slice_eq(buf_view(&j->text), src->text);

	switch (j->mode) {
	case TO_STDOUT:
		buf_slice(&j->out, buf_view(&j->text));
		flush(j);
		return;
	case WRITE:
		if (!same && !cmd_replace_file(path, buf_view(&j->text)))
			raise_status(j, cmd_fail(NAME, "cannot write %s: %s", path,
			    errno == EMLINK ? "it has other names, too (hard links)" : strerror(errno)));
		return;
	case CHECK:
		if (!same)
			buf_printf(&j->out, "%.*s\n", (int)src->name.n, src->name.p);
		break;
	case DIFF:
		unified_diff(&j->out, &j->scratch, src->name, src->name, src->text,
		    buf_view(&j->text));
	}
	flush(j);
	if (!same)
		raise_status(j, CMD_FOUND);
}

static void
take_file(struct job *j, const char *path)
{
	struct diags *d = &j->diags;
	struct src *src;

	*d = (struct diags){ .arena = &j->arena };
	j->text.n = 0;
	src = input_file(&j->arena, d, path);
	if (src && format(j, src))
		hand_out(j, path, src);
	cmd_print_diags(d);
	raise_status(j, cmd_status_of(d));
	arena_reset(&j->arena);
	arena_reset(&j->scratch);
}

/* A status to end with, or -1 to go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	enum { CHECK_OPTION = 256, DIFF_OPTION };
	static const struct option options[] = {
		{ "write", no_argument, NULL, 'w' },
		{ "check", no_argument, NULL, CHECK_OPTION },
		{ "diff", no_argument, NULL, DIFF_OPTION },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	enum mode mode;
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "wh", options, NULL)) != -1) {
		if (o == 'h')
			return cmd_help(NAME);
		if (o == '?')
			return cmd_bad_option(NAME, argv);
		mode = o == 'w' ? WRITE : o == CHECK_OPTION ? CHECK : DIFF;
		if (j->mode != TO_STDOUT && j->mode != mode)
			return cmd_usage(NAME, "-w, --check and --diff exclude each other");
		j->mode = mode;
	}
	for (int i = optind; j->mode == WRITE && i <= argc; i++)
		if (i == argc ? optind == argc : strcmp(argv[i], "-") == 0)
			return cmd_usage(NAME, "-w needs files: standard input cannot be replaced");
	return -1;
}

int
cmd_fmt(int argc, char **argv)
{
	struct job j = { 0 };
	int status = read_options(&j, argc, argv);

	if (status < 0) {
		if (optind == argc)
			take_file(&j, "-");
		for (int i = optind; i < argc; i++)
			take_file(&j, argv[i]);
		status = j.status;
	}
	buf_free(&j.out);
	buf_free(&j.text);
	arena_free(&j.arena);
	arena_free(&j.scratch);
	return status;
}
