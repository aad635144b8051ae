/* SPDX-License-Identifier: MPL-2.0 */
#include "passes_int.h"

const struct pass pass_table[] = {
	{ "merge", 1, pass_merge },
	{ "state", 1, pass_state },
	{ "share", 2, pass_share },
	{ "tree", 3, pass_tree },
};
const size_t pass_count = BASE_COUNT(pass_table);

const struct passes_limits passes_limits = {
	.active = 1 << 23,
	.ranges = 1 << 21, .ranges_each = 256,
	.layered = 1 << 21,
	.dead = 1 << 22, .dead_each = 48,
	.grouped = 1 << 18,
};

struct passes *
passes_new(struct arena *arena, uint32_t n_rules, unsigned level, bool tags)
{
	struct passes *ps = arena_zero(arena, sizeof(*ps));

	ps->keep = arena;
	ps->level = level;
	ps->tags = tags;
	ps->n_rules = n_rules;
	ps->limits = &passes_limits;
	ps->merged = arena_zero(arena, n_rules * sizeof(*ps->merged));
	return ps;
}

void
passes_free(struct passes *ps)
{
	arena_free(&ps->scratch);
	arena_free(&ps->each);
}

void
passes_limit(struct passes *ps, const struct passes_limits *limits)
{
	ps->limits = limits;
}

/* --- notes ------------------------------------------------------------------------- */

static bool
same_note(const struct passes_note *x, const struct passes_note *y)
{
	return strcmp(x->pass, y->pass) == 0 && x->fam == y->fam && x->side == y->side &&
	    x->proto == y->proto && strcmp(x->text, y->text) == 0;
}

void
passes_add_note(struct passes *ps, struct passes_note note)
{
	for (uint32_t i = 0; i < ps->notes.n; i++)
		if (same_note(&ps->notes.v[i], &note))
			return;
	*vec_push(ps->arena, &ps->notes) = note;
}

const struct passes_note *
passes_notes(const struct passes *ps, uint32_t *n)
{
	*n = ps->notes.n;
	return ps->notes.v;
}

void
passes_note_text(struct buf *out, const struct passes_note *note)
{
	buf_str(out, note->side == LANG_TO ? "in" : "out");
	if (note->proto < LANG_PROTOS)
		buf_printf(out, " %s", lang_proto_name[note->proto]);
	buf_printf(out, ", IPv%d: %s", note->fam, note->text);
}

static void
dump_notes(struct buf *out, const struct passes *ps, const char *pass)
{
	for (uint32_t i = 0; i < ps->notes.n; i++) {
		if (strcmp(ps->notes.v[i].pass, pass) != 0)
			continue;
		buf_str(out, "  limit: ");
		passes_note_text(out, &ps->notes.v[i]);
		buf_char(out, '\n');
	}
}

/* --- the run ----------------------------------------------------------------------- */

#define STAGE_IR 1u
#define STAGE_PASS(i) (2u << (i))

unsigned
passes_stage(struct slice name, unsigned *level)
{
	struct slice pass = { name.p + strlen("pass:"), name.n - strlen("pass:") };

	*level = 0;
	if (slice_is(name, "ir"))
		return STAGE_IR;
	if (name.n < strlen("pass:") || memcmp(name.p, "pass:", strlen("pass:")) != 0)
		return 0;
	for (size_t i = 0; i < pass_count; i++)
		if (slice_is(pass, pass_table[i].name)) {
			*level = pass_table[i].level;
			return STAGE_PASS(i);
		}
	return 0;
}

static void
dump_stage(const struct passes *ps, const struct policy *p, unsigned stage, unsigned debug,
    const char *pass, struct buf *out)
{
	if (!(debug & stage))
		return;
	if (debug != stage)
		buf_printf(out, "== %s%s\n", pass ? "pass:" : "ir", pass ? pass : "");
	policy_dump(out, p);
	if (pass)
		dump_notes(out, ps, pass);
}

const char *
passes_run(struct passes *ps, struct arena *arena, struct policy *p, unsigned debug,
    struct buf *dump)
{
	bool state_placed = false;
	const char *wrong;

	ps->arena = arena;
	memset(&ps->notes, 0, sizeof(ps->notes));
	dump_stage(ps, p, STAGE_IR, debug, NULL, dump);
	for (size_t i = 0; i < pass_count && pass_table[i].level <= ps->level; i++) {
		pass_table[i].run(ps, p);
		dump_stage(ps, p, STAGE_PASS(i), debug, pass_table[i].name, dump);
		state_placed |= pass_table[i].run == pass_state;
		wrong = policy_check(p, state_placed);
		if (wrong)
			return arena_printf(arena, "after pass %s: %s", pass_table[i].name, wrong);
	}
	return NULL;
}

void
passes_count_bound(struct passes *ps)
{
	ps->bounded = true;
}

uint64_t
passes_bound(const struct passes *ps)
{
	return ps->bound;
}
