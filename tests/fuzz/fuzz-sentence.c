/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as one sentence and as a source file.  The first
 * byte chooses the options.  A rule that is accepted has a canonical text that is
 * accepted, is its own canonical text and means the same rule; an error points
 * into the text and can be printed.
 */
#include "grammar/parse.h"

#include "compiler/lang/rule.h"
#include "fuzz.h"

struct run {
	struct arena arena;
	struct diags diags;
	struct parse *px;
	struct lang_opts opts;
};

static void
check_diags(const struct diags *ds, const struct src *src)
{
	struct buf b = { 0 };

	for (uint32_t i = 0; i < ds->list.n; i++) {
		const struct diag *d = &ds->list.v[i];

		REQUIRE(d->src != src || d->at.off + (size_t)d->at.len <= src->text.n);
	}
	diag_print_all(&b, ds, true);
	REQUIRE((b.n > 0) == (ds->list.n > 0));
	for (uint32_t i = 0; i < ds->list.n; i++)
		diag_write_json(&b, &ds->list.v[i]);
	buf_free(&b);
}

static const struct rule *
read_rule(struct run *r, const struct src *src)
{
	static const struct rule_fields fields = { .version = { "1", 1 } };
	struct ast_rule *ast = parse_sentence(r->px, &r->arena, &r->diags, src, r->opts);
	struct buf b = { 0 };

	if (!ast || r->diags.errors)
		return NULL;
	ast_write_parsed(&b, ast);
	ast_dump(&b, ast);
	buf_free(&b);
	return rule_make(&r->arena, &r->diags, ast, &fields, r->opts);
}

static void
check_sentence(struct run *r, struct slice text)
{
	struct src src = { .name = { "fuzz", 4 }, .text = text };
	const struct rule *rule = read_rule(r, &src), *again;
	struct buf raw = { 0 }, raw2 = { 0 };

	REQUIRE((rule == NULL) == (r->diags.errors > 0));
	check_diags(&r->diags, &src);
	if (!rule)
		return;
	src.text = rule->text;
	again = read_rule(r, &src);
	REQUIRE(again != NULL && slice_eq(again->text, rule->text));
	rule_write_raw(&raw, rule);
	rule_write_raw(&raw2, again);
	REQUIRE(slice_eq(buf_view(&raw), buf_view(&raw2)));
	buf_free(&raw);
	buf_free(&raw2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct parse *px;
	struct run sentence = { 0 }, file;
	struct slice text;
	struct src src = { .name = { "fuzz", 4 } };

	if (n == 0)
		return 0;
	if (!px)
		px = parse_new();
	text = (struct slice){ (const char *)data + 1, n - 1 };
	sentence.px = px;
	sentence.opts.max_version = data[0] % 5;
	sentence.opts.enforce_subnet_mask = data[0] & 0x40;
	file = sentence;
	sentence.diags.arena = &sentence.arena;
	check_sentence(&sentence, text);
	arena_free(&sentence.arena);

	src.text = text;
	file.diags.arena = &file.arena;
	parse_source(px, &file.arena, &file.diags, &src, file.opts);
	check_diags(&file.diags, &src);
	arena_free(&file.arena);
	return 0;
}
