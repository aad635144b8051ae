/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fwrule query: options become the JSON parameters of a question, so that the
 * command, JSON-RPC and the service refuse the same things in the same words.
 */
#include "../index/query.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../../compiler/input/input.h"
#include "cmd.h"
#include "table.h"

#define NAME "query"

enum format { TEXT, JSON, JSONL, UUIDS };

struct job {
	struct arena arena, scratch;
	struct diags diags;
	VEC(const char *) rules;
	json_t *params;
	const char *tag;                /* the last --tag, for --value */
	enum format format;
	struct query q;
	struct index *ix;
	struct buf out;
};

/* Parameters of one value are plain, of several an array. */
static void
add_param(struct job *j, const char *name, json_t *value)
{
	json_t *had = json_object_get(j->params, name);

	if (!had) {
		json_object_set_new(j->params, name, value);
	} else if (json_is_array(had)) {
		json_array_append_new(had, value);
	} else {
		json_t *list = json_array();

		json_array_append(list, had);
		json_array_append_new(list, value);
		json_object_set_new(j->params, name, list);
	}
}

/* Bytes that are not UTF-8 have no JSON; they are no parameter's value either. */
static json_t *
text_value(const char *text)
{
	json_t *v = json_string(text);

	return v ? v : json_string("\xef\xbf\xbd");
}

static bool
read_format(struct job *j, const char *text)
{
	static const char *const name[] = { "text", "json", "jsonl", "uuids" };

	for (int i = 0; i < 4; i++)
		if (strcmp(text, name[i]) == 0) {
			j->format = (enum format)i;
			return true;
		}
	return false;
}

/* Lists, as --fields takes them. */
static void
add_list(struct job *j, const char *name, const char *text)
{
	json_t *list = json_array();
	const char *comma;

	for (; (comma = strchr(text, ',')) != NULL; text = comma + 1)
		json_array_append_new(list, json_stringn(text, (size_t)(comma - text)));
	json_array_append_new(list, text_value(text));
	json_object_set_new(j->params, name, list);
}

static const char *const plain[] = { "ip", "subnet", "vm", "tag", "wildcard", "owner_uuid",
	"protocol", "action", "enabled", "log", "global", "port", "direction", "match", "limit",
	"offset", "sort" };

enum { VALUE = 300, COUNT, EXPLAIN, FIELDS };

static const struct option options[] = {
	{ "ip", required_argument, NULL, 256 },
	{ "subnet", required_argument, NULL, 257 },
	{ "vm", required_argument, NULL, 258 },
	{ "tag", required_argument, NULL, 259 },
	{ "wildcard", required_argument, NULL, 260 },
	{ "owner", required_argument, NULL, 261 },
	{ "protocol", required_argument, NULL, 262 },
	{ "action", required_argument, NULL, 263 },
	{ "enabled", required_argument, NULL, 264 },
	{ "log", required_argument, NULL, 265 },
	{ "global", optional_argument, NULL, 266 },
	{ "port", required_argument, NULL, 267 },
	{ "direction", required_argument, NULL, 268 },
	{ "match", required_argument, NULL, 269 },
	{ "limit", required_argument, NULL, 270 },
	{ "offset", required_argument, NULL, 271 },
	{ "sort", required_argument, NULL, 272 },
	{ "value", required_argument, NULL, VALUE },
	{ "count", no_argument, NULL, COUNT },
	{ "explain", no_argument, NULL, EXPLAIN },
	{ "fields", required_argument, NULL, FIELDS },
	{ "rules", required_argument, NULL, 'r' },
	{ "format", required_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

/* --tag KEY --value VALUE: the pair takes the place of the key. */
static bool
add_value(struct job *j, const char *text)
{
	json_t *had = json_object_get(j->params, "tag"), *pair, *key;
	size_t last = json_is_array(had) ? json_array_size(had) - 1 : 0;

	if (!j->tag)
		return false;
	key = json_is_array(had) ? json_array_get(had, last) : had;
	if (json_is_object(key)) {
		json_array_append_new(json_object_get(key, j->tag), text_value(text));
		return true;
	}
	pair = json_object();
	json_object_set_new(pair, j->tag, json_pack("[o]", text_value(text)));
	if (json_is_array(had))
		json_array_set_new(had, last, pair);
	else
		json_object_set_new(j->params, "tag", pair);
	return true;
}

/* -1: go on. */
static int
read_options(struct job *j, int argc, char **argv)
{
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "hr:f:", options, NULL)) != -1)
		switch (o) {
		case 'r':
			*vec_push(&j->arena, &j->rules) = optarg;
			break;
		case 'f':
			if (!read_format(j, optarg))
				return cmd_usage(NAME, "--format is text, json, jsonl or uuids");
			break;
		case VALUE:
			if (!add_value(j, optarg))
				return cmd_usage(NAME, "--value follows the --tag it belongs to");
			break;
		case COUNT:
			json_object_set_new(j->params, "count", json_true());
			break;
		case EXPLAIN:
			json_object_set_new(j->params, "explain", json_true());
			break;
		case FIELDS:
			add_list(j, "fields", optarg);
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			if (o < 256 || o >= 256 + (int)BASE_COUNT(plain))
				return cmd_bad_option(NAME, argv);
			add_param(j, plain[o - 256], text_value(optarg ? optarg : "true"));
			if (strcmp(plain[o - 256], "tag") == 0)
				j->tag = optarg;
		}
	if (optind < argc)
		return cmd_usage(NAME, "unexpected argument \"%s\"", argv[optind]);
	if (j->rules.n == 0)
		return cmd_usage(NAME, "no rules: give -r");
	return -1;
}

/* --- the index -------------------------------------------------------------------- */

static int
bad_params(const struct query_errors *errors)
{
	struct buf b = { 0 };

	for (uint32_t i = 0; i < errors->list.n; i++) {
		const struct query_error *e = &errors->list.v[i];

		b.n = 0;
		for (uint32_t k = 0; k < e->invalid.n; k++) {
			buf_str(&b, k ? ", " : ": ");
			text_visible(&b, e->invalid.v[k]);
		}
		cmd_fail(NAME, "--%.*s: %s%.*s", slice_is(e->field, "owner_uuid") ? 5
		    : (int)e->field.n, e->field.p, e->message, (int)b.n, b.p);
	}
	buf_free(&b);
	return CMD_USAGE;
}

static struct index *
read_rules(struct job *j)
{
	struct input in;
	struct arena arena = { 0 };
	struct index *ix;

	input_init(&in, &arena, &j->diags, (struct lang_opts){ 0 });
	for (uint32_t i = 0; i < j->rules.n; i++)
		input_read(&in, j->rules.v[i]);
	ix = index_build(in.rules.v, in.rules.n);
	input_done(&in);
	arena_free(&arena);
	return ix;
}

static struct index *
open_rules(struct job *j)
{
	/* One index file is mapped, not read. */
	if (j->rules.n == 1 && index_is_file(j->rules.v[0]))
		return index_open(j->rules.v[0], &j->diags);
	return read_rules(j);
}

/* --- the answer ------------------------------------------------------------------- */

static void
write_text(struct job *j, struct table *t, const struct rule *r)
{
	struct query_reasons why;

	table_rule(t, &j->out, r);
	if (!j->q.explain)
		return;
	query_explain(&j->q, r, &j->scratch, &why);
	for (uint32_t i = 0; i < why.list.n; i++) {
		const struct query_reason *w = &why.list.v[i];

		buf_printf(&j->out, "    %s ", w->param);
		text_visible(&j->out, w->value);
		buf_printf(&j->out, ": %s ", lang_side_name[w->side]);
		text_visible(&j->out, w->target);
		buf_char(&j->out, '\n');
	}
	arena_reset(&j->scratch);
}

static void
write_rule(struct job *j, struct table *t, const struct rule *r, bool first)
{
	switch (j->format) {
	case TEXT:
		write_text(j, t, r);
		break;
	case JSON:
		buf_str(&j->out, first ? "\n" : ",\n");
		query_write_rule(&j->out, &j->q, r);
		break;
	case JSONL:
		query_write_rule(&j->out, &j->q, r);
		buf_char(&j->out, '\n');
		break;
	case UUIDS:
		buf_uuid(&j->out, r->uuid);
		buf_char(&j->out, '\n');
	}
}

static int
flush(struct job *j, size_t least)
{
	int status = CMD_DONE;

	if (j->out.n >= least) {
		status = cmd_write_stdout(NAME, buf_view(&j->out));
		j->out.n = 0;
	}
	return status;
}

static unsigned
terminal_width(void)
{
	struct winsize w;

	return isatty(1) && ioctl(1, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

static int
write_answer(struct job *j, struct index_reader *rd, const struct query_answer *a)
{
	struct table t = { .width = terminal_width() };
	struct record_room room;
	int status = CMD_DONE;
	struct rule r;

	if (j->q.count) {
		buf_printf(&j->out, "%u\n", a->total);
		return flush(j, 0);
	}
	if (j->format == TEXT && a->found.n)
		table_head(&t, &j->out);
	if (j->format == JSON)
		buf_char(&j->out, '[');
	for (uint32_t i = 0; i < a->found.n && status == CMD_DONE; i++) {
		index_prefetch(rd, a->found.v, a->found.n, i, INDEX_LISTS);
		if (!index_view(rd, a->found.v[i], &r, &room))
			break;
		write_rule(j, &t, &r, i == 0);
		status = flush(j, 1 << 20);
	}
	if (j->format == JSON)
		buf_str(&j->out, a->found.n ? "\n]\n" : "]\n");
	return status == CMD_DONE ? flush(j, 0) : status;
}

static int
run(struct job *j)
{
	struct query_errors errors;
	struct index_reader *rd;
	struct query_answer a = { 0 };
	int status = CMD_DONE;

	query_read(&j->q, j->params, &j->arena, &errors);
	if (errors.list.n)
		return bad_params(&errors);
	j->ix = open_rules(j);
	if (!j->ix || j->diags.errors)
		return cmd_status_of(&j->diags);
	rd = index_reader_new(j->ix);
	index_begin(rd);
	if (query_run(rd, &j->q, &a))
		status = write_answer(j, rd, &a);
	if (index_is_corrupt(rd))
		status = cmd_fail(NAME, "%s: the index file is damaged; build it again",
		    j->rules.v[0]);
	index_end(rd);
	index_reader_free(rd);
	query_answer_free(&a);
	return status;
}

int
cmd_query(int argc, char **argv)
{
	struct job j = { 0 };
	int status;

	json_arena_begin(&j.arena);
	j.params = json_object();
	j.diags.arena = &j.arena;
	status = read_options(&j, argc, argv);
	json_arena_end();
	if (status < 0) {
		status = run(&j);
		cmd_print_diags(&j.diags);
	}
	index_free(j.ix);
	buf_free(&j.out);
	arena_free(&j.scratch);
	arena_free(&j.arena);
	return status;
}
