/* SPDX-License-Identifier: MPL-2.0 */
#include "store.h"

#include <stdio.h>

#include "../../compiler/backends/backend.h"
#include "../../compiler/base/text.h"

static const struct db_kind *const kinds[] = { &db_sqlite, &db_postgresql };

struct db *
db_open(const char *url, const struct db_opts *opts, char *error)
{
	size_t scheme = strcspn(url, ":/");

	if (url[scheme] != ':')
		return db_sqlite.open(url, opts, error);
	for (size_t i = 0; i < BASE_COUNT(kinds); i++)
		if (strlen(kinds[i]->scheme) == scheme &&
		    memcmp(kinds[i]->scheme, url, scheme) == 0)
			return kinds[i]->open(url + scheme + 1, opts, error);
	snprintf(error, DB_ERROR_SIZE, "there is no kind of store \"%.*s\"",
	    scheme > 32 ? 32 : (int)scheme, url);
	return NULL;
}

void
db_close(struct db *db)
{
	if (db)
		db->kind->close(db);
}

enum db_result
db_fail(struct db *db, enum db_result result, const char *fmt, ...)
{
	struct buf text = { 0 }, seen = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	text_visible(&seen, buf_view(&text));
	snprintf(db->error, sizeof(db->error), "%.*s",
	    (int)(seen.n < DB_ERROR_SIZE ? seen.n : DB_ERROR_SIZE - 1), seen.p);
	buf_free(&text);
	buf_free(&seen);
	return result;
}

struct rule *
db_rule(struct input *in, const struct rule_fields *f, struct slice sentence)
{
	struct src src = { .name = slice_of("stored rule"), .text = sentence };
	uint32_t before = in->diags->list.n, errors = in->diags->errors;
	struct ast_rule *ast;
	struct rule *rule = NULL;

	ast = parse_sentence(in->px, &in->scratch, in->diags, &src, in->opts);
	if (ast && in->diags->errors == errors)
		rule = rule_make(in->arena, in->diags, ast, f, in->opts);
	/* The source is gone when this returns. */
	for (uint32_t i = before; i < in->diags->list.n; i++)
		in->diags->list.v[i].src = NULL;
	return rule;
}

/* --- the stored form ----------------------------------------------------------------- */

/* Does the record say less than the rule? */
static bool
loses(const struct rule *r)
{
	for (unsigned i = 0; i < r->n_items; i++)
		if (r->items[i].range && (r->items[i].a == r->items[i].b ||
		    (r->items[i].a == 1 && r->items[i].b == 65535)))
			return true;
	for (int s = 0; s < 2; s++)
		for (unsigned i = 0; i < r->side[s].n_tags; i++)
			if (r->side[s].tags[i].has_value && r->side[s].tags[i].value.n == 0)
				return true;
	return r->has_created_by;
}

struct rule *
db_stored_form(struct input *in, struct rule *rule)
{
	struct src src = { .name = slice_of("record") };
	struct lang_opts opts = in->opts;
	struct rule *back = NULL;
	struct buf b = { 0 };
	json_t *record;

	if (!loses(rule))
		return rule;
	moray_write_record(&b, rule);
	src.text = buf_view(&b);
	record = json_read_all(&src, in->diags);
	/* A record of a global rule does not say so. */
	in->opts.enforce_global = false;
	if (record)
		back = input_moray(in, json_object_get(record, "value"), (struct slice){ 0 });
	in->opts = opts;
	json_arena_drop(record);
	buf_free(&b);
	return back;
}
