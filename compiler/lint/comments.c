/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Comments that ignore findings: `# fwrule: ignore CODE[, CODE] reason` for the rule
 * that it stands in, behind, or before; `ignore-file` for all of the file's.
 */
#include "lint_int.h"

struct ignore {
	const struct lint_source *source;
	struct span at;
	const struct rule *rule;        /* NULL: the whole file, or no rule follows */
	bool whole_file;
	bool checks[LINT_COUNT], used[LINT_COUNT];
};

struct ignores {
	struct lint *l;
	VEC(struct ignore) list;
};

static bool
take_word(struct slice *s, struct slice *word)
{
	while (s->n && (*s->p == ' ' || *s->p == '\t')) {
		s->p++;
		s->n--;
	}
	word->p = s->p;
	for (word->n = 0; s->n && *s->p != ' ' && *s->p != '\t' && *s->p != '\r'; word->n++) {
		s->p++;
		s->n--;
	}
	return word->n > 0;
}

static void
complain(struct ignores *g, const struct lint_source *source, struct span at, const char *what,
    struct slice word)
{
	struct lint_finding *f = lint_report_at(g->l, source->config, source->source->src,
	    LINT_bad_ignore, at, what, SLICE_ARGS(word));

	lint_help(g->l, f, "write: # fwrule: ignore FW014 the reason; `fwrule check --list` has "
	    "the codes");
}

/* The codes of a list; *more becomes whether it ends in a comma. */
static bool
take_codes(struct ignore *ig, struct slice word, struct slice *bad, bool *more)
{
	while (word.n) {
		const char *comma = memchr(word.p, ',', word.n);
		struct slice code = { word.p, comma ? (size_t)(comma - word.p) : word.n };
		enum lint_id id = lint_find(code);

		*bad = code;
		*more = comma != NULL;
		if (id == LINT_COUNT)
			return false;
		ig->checks[id] = true;
		word.p += code.n + (comma != NULL);
		word.n -= code.n + (comma != NULL);
	}
	return true;
}

/* The rule that a comment is about: sources' rules stand in order. */
static const struct rule *
rule_at(struct lint *l, const struct lint_source *source, struct span at)
{
	const struct src *src = source->source->src;
	uint32_t lo = source->first, hi = source->first + source->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->rules.v[mid].ast->span.off <= at.off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo > source->first) {
		struct span before = l->rules.v[lo - 1].ast->span;
		uint32_t end = before.off + before.len;

		if (end > at.off || !memchr(src->text.p + end, '\n', at.off - end))
			return l->rules.v[lo - 1].rule;
	}
	return lo < source->first + source->n ? l->rules.v[lo].rule : NULL;
}

static void
read_comment(struct ignores *g, const struct lint_source *source, struct span at)
{
	struct slice s = { source->source->src->text.p + at.off + 1, at.len - 1 }, word, bad;
	struct ignore ig = { .source = source, .at = at };
	bool more = true;

	if (!take_word(&s, &word) || !slice_is(word, "fwrule:"))
		return;
	take_word(&s, &word);
	if (!slice_is(word, "ignore") && !slice_is(word, "ignore-file")) {
		complain(g, source, at, "\"%.*s\" is neither ignore nor ignore-file", word);
		return;
	}
	ig.whole_file = slice_is(word, "ignore-file");
	while (more && take_word(&s, &word)) {
		more = false;
		if (!take_codes(&ig, word, &bad, &more)) {
			complain(g, source, at, "no check is called \"%.*s\"", bad);
			return;
		}
	}
	if (!take_word(&s, &word)) {
		complain(g, source, at, "the comment gives no reason%.*s", (struct slice){ "", 0 });
		return;
	}
	if (!ig.whole_file)
		ig.rule = rule_at(g->l, source, at);
	*vec_push(&g->l->scratch, &g->list) = ig;
}

static bool
is_ignored(struct ignores *g, const struct lint_finding *f)
{
	bool ignored = false;

	for (uint32_t i = 0; i < g->list.n && f->check; i++) {
		struct ignore *ig = &g->list.v[i];
		enum lint_id id = (enum lint_id)(f->check - lint_table);

		if (!ig->checks[id] || ig->source->source->src != f->d.src ||
		    !(ig->whole_file || (ig->rule && ig->rule == f->rule)))
			continue;
		ig->used[id] = true;
		ignored = true;
	}
	return ignored;
}

static void
report_unused(struct ignores *g, const struct ignore *ig)
{
	const struct lint_config *config = ig->source->config;
	const struct lint_rule place = { .source = ig->source->source };
	struct lint_finding *f = NULL;
	bool any = false;

	for (int i = 0; i < LINT_COUNT; i++)
		any |= ig->used[i];
	for (int i = 0; i < LINT_COUNT; i++) {
		struct lint_fix *fix;
		const struct src *src = ig->source->source->src;

		if (!ig->checks[i] || ig->used[i] || config->severity[i] == LINT_OFF)
			continue;
		f = lint_report_at(g->l, config, src, LINT_unused_ignore, ig->at,
		    "%s is not found here", lint_table[i].code);
		if (any || (fix = lint_fix(g->l, f, &place, true, "remove the comment")) == NULL)
			continue;
		lint_edit_line(g->l, fix, src, ig->at);
		any = true;
	}
}

void
lint_apply_comments(struct lint *l)
{
	struct ignores g = { .l = l };
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->sources.n; i++) {
		const struct lint_source *s = &l->sources.v[i];

		for (uint32_t k = 0; k < s->source->file->lines.n; k++) {
			const struct parse_line *line = &s->source->file->lines.v[k];

			if (line->name.n == 0)
				read_comment(&g, s, line->span);
			else if (line->comment.len)
				read_comment(&g, s, line->comment);
		}
	}
	for (uint32_t i = 0; i < l->found.n && g.list.n; i++)
		if (!is_ignored(&g, &l->found.v[i]))
			l->found.v[kept++] = l->found.v[i];
	if (g.list.n)
		l->found.n = kept;
	for (uint32_t i = 0; i < g.list.n; i++)
		report_unused(&g, &g.list.v[i]);
	arena_reset(&l->scratch);
}
