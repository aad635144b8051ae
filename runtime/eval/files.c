/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A VM's files as they are emitted, read back, and which rules their lines stand
 * for.  The comments say that; everything else of a line is the reader's.
 */
#include <stdlib.h>

#include "../../compiler/backends/backend.h"
#include "../../compiler/policy/essentials.h"
#include "eval.h"

static const struct {
	const char *backend, *file;
	enum net_family fam;
} families[2] = {
	{ "ipf", "ipf.conf", NET_V4 }, { "ipf6", "ipf6.conf", NET_V6 },
};

/* What a VM without firewall amounts to. */
static const char open_text[] = "# the firewall is off\npass in quick all\npass out quick all\n";

const char *
eval_file_name(unsigned fam)
{
	return families[eval_place(fam)].file;
}

/* --- the host -------------------------------------------------------------------------- */

static int
by_uuid(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

void
eval_host_init(struct eval_host *h, struct arena *arena, const struct inventory *inv,
    struct rule *const *rules, uint32_t n_rules, struct eval_opts opts)
{
	struct rule **own;

	if (opts.icmp6)
		rules = essentials_add(arena, rules, &n_rules);
	own = arena_alloc(arena, n_rules * sizeof(*own));
	memset(h, 0, sizeof(*h));
	h->arena = arena;
	h->inv = inv;
	h->rules = own;
	h->n_rules = n_rules;
	h->opts = opts;
	if (n_rules)
		memcpy(own, rules, n_rules * sizeof(*own));
	if (opts.level && n_rules > 1)
		qsort(own, n_rules, sizeof(*own), by_uuid);
	for (uint32_t i = 0; i < n_rules; i++)
		*strmap_put(arena, &h->by_uuid, (struct slice){ (const char *)own[i]->uuid.b,
		    sizeof(own[i]->uuid.b) }) = i;
	h->policies = policy_host_new(arena, inv, own, n_rules,
	    (struct policy_opts){ .tags = opts.tags });
	h->passes = passes_new(arena, n_rules, opts.level, opts.tags);
}

void
eval_host_end(struct eval_host *h)
{
	if (h->passes)
		passes_free(h->passes);
	h->passes = NULL;
}

const struct rule *
eval_find_rule(const struct eval_host *h, struct uuid u)
{
	const uint32_t *at = strmap_get(&h->by_uuid, (struct slice){ (const char *)u.b,
	    sizeof(u.b) });

	return at ? h->rules[*at] : NULL;
}

/* --- files ----------------------------------------------------------------------------- */

static void
report(const struct eval_host *h, const char *what)
{
	diag_add(h->inv->diags, DIAG_internal, NULL, (struct span){ 0, 0 }, what);
}

bool
eval_emit(struct eval_host *h, uint32_t vm, struct arena *arena, struct slice text[2])
{
	struct backend_opts o = { .tags = h->opts.tags, .level = h->opts.level };
	struct policy policy;
	const char *wrong;
	struct buf b = { 0 };

	if (!h->inv->vms.v[vm]->firewall) {
		text[0] = text[1] = slice_of(open_text);
		return true;
	}
	policy_build(h->policies, vm, arena, &policy);
	wrong = passes_run(h->passes, arena, &policy, 0, NULL);
	if (wrong) {
		report(h, wrong);
		return false;
	}
	for (unsigned i = 0; i < 2; i++) {
		b.n = 0;
		backend_find(slice_of(families[i].backend))->write_vm(&b, &policy, &o);
		text[i] = arena_slice(arena, buf_view(&b));
	}
	buf_free(&b);
	return true;
}

bool
eval_read(const struct eval_host *h, struct arena *arena, unsigned fam, struct slice text,
    struct eval_file *out)
{
	memset(out, 0, sizeof(*out));
	out->src.name = slice_of(eval_file_name(fam));
	out->src.text = text;
	if (ipf_read(arena, h->inv->diags, &out->src, fam, &out->file))
		return true;
	report(h, "an emitted file cannot be read back");
	return false;
}

/* --- which rules a line stands for ----------------------------------------------------- */

static bool
takes(struct slice *s, const char *word)
{
	size_t n = strlen(word);

	if (s->n < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

/* "# rule=UUID, version=..." or, after a pass that joins rules, "# rules=UUID, UUID ...". */
const struct rule **
eval_line_rules(const struct eval_host *h, const struct eval_file *f, const struct ipf_line *line,
    struct arena *arena, uint32_t *n)
{
	const char *p = f->src.text.p + line->comment.off, *end = p + line->comment.len;
	VEC(const struct rule *) rules = { 0 };

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct slice one = { p, (size_t)((newline ? newline : end) - p) };
		bool several = takes(&one, "# rules=");
		struct uuid u;

		p = newline ? newline + 1 : end;
		if (!several && !takes(&one, "# rule="))
			continue;
		while (one.n >= UUID_TEXT && uuid_read((struct slice){ one.p, UUID_TEXT }, &u)) {
			const struct rule *r = eval_find_rule(h, u);

			if (r)
				*vec_push(arena, &rules) = r;
			one.p += UUID_TEXT;
			one.n -= UUID_TEXT;
			if (!several || !takes(&one, ", "))
				break;
		}
	}
	*n = rules.n;
	return rules.v;
}
