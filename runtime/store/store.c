/* SPDX-License-Identifier: MPL-2.0 */
#include "store.h"

#include <stdio.h>

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
