/* SPDX-License-Identifier: MPL-2.0 */
#include "passes_int.h"

const struct pass pass_table[] = {
	{ "merge", 1, pass_merge },
	{ "state", 1, pass_state },
	{ "share", 2, pass_share },
	{ "tree", 3, pass_tree },
};
const size_t pass_count = BASE_COUNT(pass_table);

struct passes *
passes_new(struct arena *arena, uint32_t n_rules, unsigned level, bool tags)
{
	struct passes *ps = arena_zero(arena, sizeof(*ps));

	ps->keep = arena;
	ps->level = level;
	ps->tags = tags;
	ps->n_rules = n_rules;
	ps->merged = arena_zero(arena, n_rules * sizeof(*ps->merged));
	return ps;
}

void
passes_free(struct passes *ps)
{
	arena_free(&ps->scratch);
	arena_free(&ps->each);
}

const char *
passes_run(struct passes *ps, struct arena *arena, struct policy *p, const char *debug,
    struct buf *dump)
{
	bool state_placed = false;
	const char *wrong;

	ps->arena = arena;
	if (debug && strcmp(debug, "ir") == 0)
		policy_dump(dump, p);
	for (size_t i = 0; i < pass_count && pass_table[i].level <= ps->level; i++) {
		pass_table[i].run(ps, p);
		if (debug && strcmp(debug, pass_table[i].name) == 0)
			policy_dump(dump, p);
		state_placed |= pass_table[i].run == pass_state;
		wrong = policy_check(p, state_placed);
		if (wrong)
			return arena_printf(arena, "after pass %s: %s", pass_table[i].name, wrong);
	}
	return NULL;
}

uint64_t
passes_bound(const struct passes *ps)
{
	return ps->bound;
}
