/* SPDX-License-Identifier: MPL-2.0 */
/* The table of checks, the queue of findings, and the run over all rules. */
#include "lint_int.h"

#include "../base/hash.h"
#include "../base/text.h"

const struct lint_check lint_table[LINT_COUNT] = {
#define LINT(id, code, name, severity, fix, text, page, bad, good) \
	{ code, name, DIAG_##severity, LINT_FIX_##fix, text, page, bad, good },
#include "check.def"
#undef LINT
};

enum lint_id
lint_find(struct slice code)
{
	for (int i = 0; i < LINT_COUNT; i++)
		if (slice_is(code, lint_table[i].code) || slice_is(code, lint_table[i].name))
			return (enum lint_id)i;
	return LINT_COUNT;
}

static void
write_example(struct buf *out, const char *title, const char *text)
{
	if (!text)
		return;
	buf_printf(out, "\n%s\n\n", title);
	while (*text) {
		size_t n = strcspn(text, "\n");

		buf_printf(out, "    %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void
lint_write_page(struct buf *out, enum lint_id id)
{
	static const char *const fixes[] = {
		[LINT_FIX_NONE] = "", [LINT_FIX_SAFE] = "; `--fix` mends it",
		[LINT_FIX_UNSAFE] = "; `--fix --unsafe` mends it",
		[LINT_FIX_BOTH] = "; `--fix` mends it where that is safe, else `--fix --unsafe`",
	};
	const struct lint_check *c = &lint_table[id];

	buf_printf(out, "## %s %s\n\n%s (%s%s).\n\n%s\n", c->code, c->name, c->text,
	    diag_severity_name((enum diag_severity)c->severity), fixes[c->fixes], c->page);
	write_example(out, "Fires:", c->bad);
	write_example(out, "Does not fire:", c->good);
}

/* --- the queue ------------------------------------------------------------------------ */

void
lint_init(struct lint *l, struct arena *arena)
{
	memset(l, 0, sizeof(*l));
	l->arena = arena;
	lint_config_init(&l->config, arena);
}

void
lint_done(struct lint *l)
{
	arena_free(&l->scratch);
}

/*
 * What names the finding whatever stands around it: the check, the file, the rule's
 * own text, and the text under the caret without its spaces.  Equal ones are told
 * apart by their number, in order (lint_run).
 */
static uint64_t
fingerprint(const struct lint *l, const struct lint_finding *f)
{
	static const uint64_t key[2] = { 0x6677726c2d6c696e, 0x74207072696e7431 };
	const struct src *src = f->d.src;
	struct slice name = { 0 }, text = { 0 };
	struct buf b = { 0 };
	char small[512];
	uint64_t print;

	(void)l;
	if (src)
		name = src->outer ? src->outer->name : src->name;
	/* A place at the end of the text may reach beyond it. */
	if (src && src->text.p && f->d.at.off < src->text.n) {
		text = (struct slice){ src->text.p + f->d.at.off, f->d.at.len };
		if (text.n > src->text.n - f->d.at.off)
			text.n = src->text.n - f->d.at.off;
	}
	buf_borrow(&b, small, sizeof(small));
	buf_str(&b, f->d.code);
	buf_char(&b, '\n');
	buf_slice(&b, name);
	buf_char(&b, '\n');
	if (f->rule)
		buf_slice(&b, f->rule->text);
	else
		buf_str(&b, f->d.text);
	buf_char(&b, '\n');
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]))
			buf_char(&b, text.p[i]);
	print = hash_keyed(key, b.p, b.n);
	buf_free(&b);
	return print;
}

static struct lint_finding *
add(struct lint *l, const struct lint_config *config, const struct src *src, enum lint_id id,
    struct span at, const char *fmt, va_list ap)
{
	struct lint_finding *f;

	if (config->severity[id] == LINT_OFF)
		return NULL;
	f = vec_push(l->arena, &l->found);
	memset(f, 0, sizeof(*f));
	f->check = &lint_table[id];
	f->d.severity = (enum diag_severity)config->severity[id];
	f->d.code = lint_table[id].code;
	f->d.src = src;
	f->d.at = at;
	f->d.text = arena_vprintf(l->arena, NULL, fmt, ap);
	return f;
}

struct lint_finding *
lint_report(struct lint *l, const struct lint_rule *rule, enum lint_id id, struct span at,
    const char *fmt, ...)
{
	struct lint_finding *f;
	va_list ap;

	va_start(ap, fmt);
	f = add(l, rule->config, rule->ast->src, id, at, fmt, ap);
	va_end(ap);
	if (f) {
		f->rule = rule->rule;
		f->print = fingerprint(l, f);
	}
	return f;
}

struct lint_finding *
lint_report_at(struct lint *l, const struct lint_config *config, const struct src *src,
    enum lint_id id, struct span at, const char *fmt, ...)
{
	struct lint_finding *f;
	va_list ap;

	va_start(ap, fmt);
	f = add(l, config, src, id, at, fmt, ap);
	va_end(ap);
	if (f)
		f->print = fingerprint(l, f);
	return f;
}

/* The helpers of the queue of diagnostics, which look at nothing but its arena. */
static struct diags
queue(struct lint *l)
{
	return (struct diags){ .arena = l->arena };
}

void
lint_help(struct lint *l, struct lint_finding *f, const char *fmt, ...)
{
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	f->d.help = arena_vprintf(l->arena, NULL, fmt, ap);
	va_end(ap);
}

void
lint_relate(struct lint *l, struct lint_finding *f, const struct lint_rule *other,
    struct span at, const char *fmt, ...)
{
	struct diags ds = queue(l);
	char *text;
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	text = arena_vprintf(l->arena, NULL, fmt, ap);
	va_end(ap);
	diag_relate(&ds, &f->d, other->ast->src, at, "%s", text);
}

void
lint_add_diags(struct lint *l, const struct diags *ds)
{
	for (uint32_t i = 0; i < ds->list.n; i++) {
		struct lint_finding *f = vec_push(l->arena, &l->found);

		memset(f, 0, sizeof(*f));
		f->d = ds->list.v[i];
		f->print = fingerprint(l, f);
	}
}

/* --- rules ---------------------------------------------------------------------------- */

void
lint_add(struct lint *l, const struct input *in, uint32_t from_tree, uint32_t from_source,
    const struct lint_config *config)
{
	uint32_t s = from_source, first = l->sources.n;

	for (uint32_t i = from_source; i < in->sources.n; i++)
		*vec_push(l->arena, &l->sources) = (struct lint_source){
			.source = &in->sources.v[i], .config = config ? config : &l->config };
	for (uint32_t i = from_tree; i < in->trees.n; i++) {
		const struct input_tree *t = &in->trees.v[i];
		struct lint_rule *r = vec_push(l->arena, &l->rules);

		*r = (struct lint_rule){
			.rule = t->rule, .ast = t->ast, .config = config ? config : &l->config,
			.own_line = t->own_line, .own_end = t->own_end,
		};
		if (t->ast->src->outer)
			src_index(l->arena, (struct src *)t->ast->src->outer);
		while (t->is_source && s < in->sources.n && in->sources.v[s].src != t->ast->src)
			s++;
		if (t->is_source && s < in->sources.n) {
			r->source = &in->sources.v[s];
			src_index(l->arena, (struct src *)r->source->src);
			if (l->sources.v[first + s - from_source].n++ == 0)
				l->sources.v[first + s - from_source].first = l->rules.n - 1;
		}
	}
}

void
lint_run(struct lint *l, const struct inventory *inv)
{
	for (uint32_t i = 0; i < l->rules.n; i++) {
		const struct lint_rule *r = &l->rules.v[i];

		lint_check_targets(l, r);
		lint_check_items(l, r);
		lint_check_meaning(l, r);
		arena_reset(&l->scratch);
	}
	lint_check_sets(l, inv);
	if (inv)
		lint_check_names(l, inv);
	lint_apply_comments(l);
}
