/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rule source text (spec 6) into rules: attributes before a sentence belong to
 * it; those on an @default line, or in the block that a lone @default opens and
 * a blank line ends, belong to all that follow.
 */
#include "source.h"

#include "../base/text.h"

/* The namespace of UUIDs derived from a file's name and a rule's text. */
static const struct uuid source_namespace = { {
	0x6f, 0xc7, 0x2b, 0x5e, 0x0d, 0x1a, 0x5b, 0x41, 0x9a, 0x6e, 0x2d, 0x0c, 0x0b, 0x3a, 0x77,
	0x51 } };

struct attributes {
	struct rule_fields f;
	bool has_uuid, has_version;
	struct span any;                /* the last attribute, for an error about it */
};

struct reader {
	struct input *in;
	const struct src *src;
	struct attributes own, standing;
	uint32_t own_line, own_end;     /* lines that made own: none if they are equal */
};

static struct diag *
refuse(struct reader *r, const struct parse_line *l, enum diag_id id, const char *text)
{
	return diag_add(r->in->diags, id, r->src, l->span, text);
}

static void
set_text(struct reader *r, const struct parse_line *l, const char *name, struct slice *out,
    bool *has)
{
	*out = l->value;
	*has = true;
	if (text_len16(l->value) > 255)
		refuse(r, l, DIAG_string_long, name);
}

static void
refuse_uuid(struct reader *r, const struct parse_line *l, enum diag_id id)
{
	diag_help(r->in->diags, refuse(r, l, id, ""),
	    "a UUID is 8-4-4-4-12 hexadecimal digits in lower case");
}

static void
refuse_name(struct reader *r, const struct parse_line *l)
{
	static const char *const names[] = { "created_by", "default", "description", "disabled",
		"enabled", "global", "log", "owner", "uuid", "version" };
	struct diag *d = refuse(r, l, DIAG_bad_attribute, "unknown attribute");

	for (size_t i = 0; i < BASE_COUNT(names); i++)
		if (text_distance(l->name, slice_of(names[i])) <= 2) {
			diag_help(r->in->diags, d, "did you mean @%s?", names[i]);
			return;
		}
	diag_help(r->in->diags, d, "attributes are @uuid @owner @global @enabled @disabled @log "
	    "@description @version @created_by and @default");
}

static void
apply(struct reader *r, const struct parse_line *l, struct attributes *a)
{
	bool flag = true;

	a->any = l->span;
	if (slice_is(l->name, "enabled") || slice_is(l->name, "disabled")) {
		a->f.enabled = slice_is(l->name, "enabled") ? RULE_TRUE : RULE_FALSE;
	} else if (slice_is(l->name, "log")) {
		a->f.log = RULE_TRUE;
	} else if (slice_is(l->name, "global")) {
		a->f.has_owner = false;
	} else {
		flag = false;
	}
	if (flag) {
		if (l->value.n)
			refuse(r, l, DIAG_bad_attribute, "this attribute takes no value");
		return;
	}
	if (slice_is(l->name, "uuid")) {
		a->has_uuid = true;
		if (!uuid_read(l->value, &a->f.uuid))
			refuse_uuid(r, l, DIAG_rule_uuid);
		else if (a == &r->standing)
			refuse(r, l, DIAG_bad_attribute, "a UUID belongs to one rule, not to a file");
	} else if (slice_is(l->name, "owner")) {
		a->f.has_owner = true;
		if (!uuid_read(l->value, &a->f.owner))
			refuse_uuid(r, l, DIAG_owner_uuid);
	} else if (slice_is(l->name, "description")) {
		set_text(r, l, "description", &a->f.description, &a->f.has_description);
	} else if (slice_is(l->name, "created_by")) {
		set_text(r, l, "created_by", &a->f.created_by, &a->f.has_created_by);
	} else if (slice_is(l->name, "version")) {
		set_text(r, l, "version", &a->f.version, &a->has_version);
		if (l->value.n == 0)
			refuse(r, l, DIAG_bad_attribute, "a version must follow");
	} else {
		refuse_name(r, l);
	}
}

/* Of the nth time that a file has a sentence, from 0; name is that file and sentence. */
static struct uuid
nth_uuid(struct buf *name, uint32_t nth)
{
	size_t n = name->n;
	struct uuid u;

	if (nth)
		buf_printf(name, "\n%u", nth);
	u = uuid_of_name(source_namespace, buf_view(name));
	name->n = n;
	return u;
}

/*
 * The same sentence again in the same file gets a number, so that UUIDs differ: the
 * first that is free, found by doubling and halving, for a file may be one sentence
 * a million times.
 */
static struct uuid
derived_uuid(struct reader *r, struct slice text)
{
	struct buf name = { 0 };
	uint32_t taken = 0, to = 1;
	struct uuid u, tried;

	buf_slice(&name, r->src->name);
	buf_char(&name, '\n');
	buf_slice(&name, text);
	u = nth_uuid(&name, 0);
	if (input_knows(r->in, u)) {
		while (input_knows(r->in, u = nth_uuid(&name, to))) {
			taken = to;
			to *= 2;
		}
		while (to - taken > 1) {
			uint32_t middle = taken + (to - taken) / 2;

			tried = nth_uuid(&name, middle);
			if (input_knows(r->in, tried)) {
				taken = middle;
			} else {
				to = middle;
				u = tried;
			}
		}
	}
	buf_free(&name);
	return u;
}

static void
finish(struct reader *r, const struct ast_rule *ast, const struct attributes *a)
{
	struct input *in = r->in;
	struct rule_fields f = a->f;
	struct rule *rule;

	if (!a->has_version)
		f.version = slice_of("0");
	rule = rule_make(in->arena, in->diags, ast, &f, in->opts);
	if (!rule)
		return;
	if (!a->has_uuid)
		rule->uuid = derived_uuid(r, rule->text);
	if (in->keep_trees)
		*vec_push(in->arena, &in->trees) = (struct input_tree){ rule, ast, true,
			r->own_line, r->own_end };
	input_add(in, rule, r->src, ast->span);
}

void
source_read(struct input *in, const struct src *src)
{
	struct reader r = { .in = in, .src = src };
	uint32_t found = in->diags->list.n;
	struct parse_file *file = parse_source(in->px, in->keep_trees ? in->arena : &in->scratch,
	    in->diags, src, in->opts);
	bool block = false;             /* inside a lone @default's block */
	uint32_t line = 0, block_end = 0;

	if (in->keep_trees)
		*vec_push(in->arena, &in->sources) = (struct input_source){ src, file };
	r.standing.f.enabled = RULE_TRUE;
	r.own = r.standing;
	for (uint32_t i = 0; i <= file->rules.n; i++) {
		const struct ast_rule *ast = i < file->rules.n ? file->rules.v[i] : NULL;
		uint32_t end = ast ? ast->span.off : UINT32_MAX;

		for (; line < file->lines.n && file->lines.v[line].span.off < end; line++) {
			const struct parse_line *l = &file->lines.v[line];

			if (block && parse_blank_between(src, block_end, l->span.off))
				block = false;
			block_end = l->span.off + l->span.len;
			if (l->name.n == 0)
				continue;
			if (slice_is(l->name, "default") && !l->is_default) {
				block = true;
				continue;
			}
			if (block || l->is_default) {
				apply(&r, l, &r.standing);
				r.own = r.standing;
				r.own_line = r.own_end = 0;
			} else {
				if (r.own_line == r.own_end)
					r.own_line = line;
				r.own_end = line + 1;
				apply(&r, l, &r.own);
			}
		}
		if (!ast)
			break;
		finish(&r, ast, &r.own);
		r.own = r.standing;
		r.own.any = (struct span){ 0, 0 };
		r.own_line = r.own_end = 0;
		block = false;
	}
	if (!in->diags->errors && r.own.any.len && r.own.any.off != r.standing.any.off)
		diag_add(in->diags, DIAG_stray_attribute, src, r.own.any);
	for (line = 0; line < file->lines.n; line++)
		in->n_comments += file->lines.v[line].name.n == 0 || file->lines.v[line].comment.len;
	/* The parser's come first, and then those of what it has read. */
	diag_sort(in->diags, found, src);
}
