/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Checks of rules together: duplicates, and which rules win over which (cover.h), over
 * the VMs of an inventory where a rule names some of them, else over all there may be.
 */
#include "sets_int.h"

#include "real.h"

/* --- duplicates ----------------------------------------------------------------------- */

static void
report_duplicate(struct lint *l, const struct lint_rule *r, const struct lint_rule *first)
{
	struct lint_finding *f = lint_report(l, r, LINT_duplicate, r->ast->span,
	    "the same rule stands there already");

	lint_relate(l, f, first, first->ast->span, "here");
	lint_edit_remove(l, lint_fix(l, f, r, r->own_line == r->own_end &&
	    (!rule_is_true((enum rule_bool)r->rule->log) ||
	    rule_is_true((enum rule_bool)first->rule->log)), "remove the rule"), r);
}

static void
find_duplicates(struct lint *l)
{
	struct strmap seen = { 0 };
	struct buf key = { 0 };

	for (uint32_t i = 0; i < l->rules.n; i++) {
		struct lint_rule *r = &l->rules.v[i];
		uint32_t *at;

		if (!rule_is_true((enum rule_bool)r->rule->enabled))
			continue;
		key.n = 0;
		buf_char(&key, r->rule->has_owner ? 'o' : 'g');
		buf_add(&key, r->rule->owner.b, sizeof(r->rule->owner.b));
		buf_slice(&key, r->rule->text);
		at = strmap_put(&l->scratch, &seen, arena_slice(&l->scratch, buf_view(&key)));
		r->duplicate = *at != UINT32_MAX;
		if (r->duplicate)
			report_duplicate(l, r, &l->rules.v[*at]);
		else
			*at = i;
	}
	buf_free(&key);
	arena_reset(&l->scratch);
}

/* --- the order in which rules win ------------------------------------------------------ */

static void
sort_rules(struct sets *s, enum lang_side dir, const uint32_t *rules, uint32_t n)
{
	uint32_t count[(LANG_MAX_PRIORITY + 1) * 2 + 1] = { 0 }, at = 0;

	/* By counting; the last level is what only repeats the default. */
	for (uint32_t i = 0; i < n; i++)
		if (s->c->uses[dir][rules[i]].n)
			count[sets_level(sets_rule(s, rules[i]), dir)]++;
	for (unsigned k = 0; k < BASE_COUNT(count); k++) {
		uint32_t here = count[k];

		count[k] = at;
		at += here;
	}
	s->n_order = at;
	s->n_acting = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t rule = rules[i];

		if (!s->c->uses[dir][rule].n)
			continue;
		at = count[sets_level(sets_rule(s, rule), dir)]++;
		s->order[at] = rule;
		s->c->rank[rule] = at;
		if (lint_acts(sets_rule(s, rule), dir)) {
			if (!s->outcome[rule].done)
				s->outcome[rule].asked |= (uint8_t)(1u << dir);
			s->n_acting++;
		}
	}
}

/* The end of the rules that are of one level with the one at `from`. */
static uint32_t
level_end(const struct sets *s, uint32_t from, uint32_t end, enum lang_side dir)
{
	unsigned level = sets_level(sets_rule(s, s->order[from]), dir);
	uint32_t to = from;

	while (to < end && sets_level(sets_rule(s, s->order[to]), dir) == level)
		to++;
	return to;
}

/* --- levels ----------------------------------------------------------------------------- */

static void
find_deciders(struct sets *s, uint32_t rule, enum lang_side dir, const struct portset *items)
{
	struct outcome *o = &s->outcome[rule];

	if (!o->result[dir])
		o->result[dir] = arena_zero(s->l->arena, sizeof(*o->result[dir]));
	cover_name(s->c, rule, dir, items, o->result[dir]);
	if (!o->differs)
		sets_find_difference(s, rule, dir);
}

/* Does it decide anything, beside others of its level that say the same? */
static void
judge(struct sets *s, uint32_t rule, enum lang_side dir)
{
	struct outcome *o = &s->outcome[rule];
	struct arena arena = { 0 };
	struct portset items;
	enum cover_answer answer = COVER_YES;

	if (o->done)
		return;
	items = lint_items(&arena, sets_rule(s, rule));
	if (!(o->dead & 1u << dir))
		answer = cover_ask(s->c, rule, dir, &items);
	if (answer == COVER_UNKNOWN)
		o->unsure |= UNSURE_COVERED;
	if (answer != COVER_YES)
		o->open |= (uint8_t)(1u << dir);
	else if (!(o->open & 1u << dir))
		find_deciders(s, rule, dir, &items);
	arena_free(&arena);
	/* It may be another class of VMs for which it decides something. */
	if (answer == COVER_NO || s->c->real)
		sets_find_loss(s, rule, dir);
}

/* What decides nothing need not be taken. */
static bool
is_dead(struct sets *s, uint32_t rule, enum lang_side dir)
{
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, sets_rule(s, rule));
	bool dead = cover_ask(s->c, rule, dir, &items) == COVER_YES;

	arena_free(&arena);
	return dead;
}

static void
check_level(struct sets *s, enum lang_side dir, uint32_t from, uint32_t to)
{
	uint32_t level = sets_level(sets_rule(s, s->order[from]), dir);

	for (uint32_t i = from; i < to; i++) {
		struct outcome *o = &s->outcome[s->order[i]];

		o->dead &= (uint8_t)~(1u << dir);
		if (is_dead(s, s->order[i], dir))
			o->dead |= (uint8_t)(1u << dir);
		if (!o->done)
			sets_check_contradiction(s, s->order[i], dir);
		if (s->c->real)
			continue;
		if (!icmp_check_rule(&s->icmp, s->order[i], dir))
			o->unsure |= UNSURE_TYPES;
	}
	for (uint32_t i = from; i < to; i++)
		if (!(s->outcome[s->order[i]].dead & 1u << dir))
			cover_take(s->c, s->order[i], dir, level);
	for (uint32_t i = from; i < to; i++)
		judge(s, s->order[i], dir);
}

/* --- priorities --------------------------------------------------------------------------- */

/*
 * A priority matters where a rule that comes later says the opposite: without it that
 * one would come first.  From the last rule on, each action by itself.
 */
static void
check_priorities(struct sets *s, enum lang_side dir, enum lang_action opposite)
{
	cover_clear(s->c);
	for (uint32_t i = s->n_acting; i-- > 0;) {
		uint32_t rule = s->order[i];
		const struct rule *r = sets_rule(s, rule);
		struct outcome *o = &s->outcome[rule];
		struct arena arena = { 0 };
		struct portset items;
		enum cover_answer answer;

		if (r->action == opposite) {
			cover_take_ports(s->c, rule, dir);
			continue;
		}
		if (!r->priority || o->matters)
			continue;
		items = lint_items(&arena, r);
		answer = cover_overlaps(s->c, rule, dir, &items);
		o->matters = answer == COVER_YES;
		if (answer == COVER_UNKNOWN)
			o->unsure |= UNSURE_PRIORITY;
		arena_free(&arena);
	}
}

/* --- the run ------------------------------------------------------------------------------ */

static void
check_direction(struct sets *s, enum lang_side dir, const uint32_t *rules, uint32_t n)
{
	bool priorities[2] = { false, false };
	uint32_t from = 0;

	sort_rules(s, dir, rules, n);
	cover_clear(s->c);
	while (from < s->n_acting) {
		uint32_t to = level_end(s, from, s->n_acting, dir);

		check_level(s, dir, from, to);
		if (sets_rule(s, s->order[from])->priority)
			priorities[sets_rule(s, s->order[from])->action] = true;
		from = to;
	}
	for (; from < s->n_order; from++)
		if (!s->outcome[s->order[from]].done)
			sets_check_contradiction(s, s->order[from], dir);
	for (unsigned a = 0; a < 2 && !s->c->real; a++)
		if (priorities[a])
			check_priorities(s, dir, (enum lang_action)!a);
}

/* Over the VMs of the inventory, class by class; what names none of them is left. */
static void
check_real(struct sets *s, struct cover *symbolic)
{
	struct arena arena = { 0 };
	struct real *real = arena_alloc(&arena, sizeof(*real));
	const struct lint_rule *first = &s->l->rules.v[0];

	if (!real_init(real, &arena, symbolic, s->inv)) {
		lint_report(s->l, first, LINT_undecided, first->ast->span,
		    "not decided on the VMs of the inventory, of which there are too many for "
		    "so many rules: what others leave of each rule");
		arena_free(&arena);
		return;
	}
	s->c = &real->cover;
	for (uint32_t i = 0; i < real->n; i++) {
		real_choose(real, i);
		for (int d = 0; d < 2; d++)
			check_direction(s, (enum lang_side)d, real->rules[i].v, real->rules[i].n);
	}
	for (uint32_t i = 0; i < s->l->rules.n; i++) {
		sets_report(s, i);
		s->outcome[i].done = s->outcome[i].asked != 0;
	}
	real_done(real);
	arena_free(&arena);
}

void
lint_check_sets(struct lint *l, const struct inventory *inv)
{
	struct arena arena = { 0 };
	struct cover c;
	struct sets s = { .l = l, .inv = inv };
	uint32_t *all, n = 0;

	find_duplicates(l);
	cover_init(&c, &arena, l->rules.v, l->rules.n);
	if (l->set_steps)
		c.limit = l->set_steps;
	s.outcome = arena_zero(&arena, (l->rules.n + 1) * sizeof(*s.outcome));
	s.order = arena_alloc(&arena, (l->rules.n + 1) * sizeof(*s.order));
	all = arena_alloc(&arena, (l->rules.n + 1) * sizeof(*all));
	for (uint32_t i = 0; i < l->rules.n; i++)
		if (cover_counts(&l->rules.v[i]))
			all[n++] = i;
	if (inv && inv->vms.n && n)
		check_real(&s, &c);
	s.c = &c;
	icmp_check_init(&s.icmp, l, &c);
	for (int d = 0; d < 2; d++)
		check_direction(&s, (enum lang_side)d, all, n);
	for (uint32_t i = 0; i < l->rules.n; i++) {
		if (!s.outcome[i].done)
			sets_report(&s, i);
		sets_report_last(&s, i);
	}
	arena_reset(&l->scratch);
	cover_done(&c);
	arena_free(&arena);
}
