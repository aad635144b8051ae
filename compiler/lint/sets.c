/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of rules together: duplicates, and which rules win over which (cover.h). */
#include <stdlib.h>

#include "icmp.h"

/* What was found out about a rule in both directions. */
struct outcome {
	uint8_t acts, covered;          /* a bit for each direction */
	bool contradicted;
	struct cover_result *result[2];
};

struct sets {
	struct lint *l;
	struct cover c;
	struct outcome *outcome;
	uint32_t *order;                /* rules of the direction, in the order in which they win */
	uint32_t n_order, n_acting;     /* those that only repeat the default come last */
};

static const struct rule *
rule_of(const struct sets *s, uint32_t i)
{
	return s->l->rules.v[i].rule;
}

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

/* What comes first is smaller: priority, then ALLOW inbound and BLOCK outbound. */
static unsigned
level(const struct rule *r, enum lang_side dir)
{
	unsigned late = r->action == (dir == LANG_TO ? (unsigned)LANG_BLOCK : (unsigned)LANG_ALLOW);

	return (LANG_MAX_PRIORITY - r->priority) * 2u + late;
}

static void
sort_rules(struct sets *s, enum lang_side dir)
{
	uint32_t count[(LANG_MAX_PRIORITY + 1) * 2 + 1] = { 0 }, at = 0;

	/* By counting; the last level is what only repeats the default. */
	for (uint32_t i = 0; i < s->l->rules.n; i++)
		if (cover_counts(&s->l->rules.v[i]) && lint_names_vms(&rule_of(s, i)->side[dir]))
			count[level(rule_of(s, i), dir)]++;
	for (unsigned k = 0; k < BASE_COUNT(count); k++) {
		uint32_t n = count[k];

		count[k] = at;
		at += n;
	}
	s->n_order = at;
	s->n_acting = 0;
	for (uint32_t i = 0; i < s->l->rules.n; i++) {
		if (!cover_counts(&s->l->rules.v[i]) || !lint_names_vms(&rule_of(s, i)->side[dir]))
			continue;
		at = count[level(rule_of(s, i), dir)]++;
		s->order[at] = i;
		s->c.rank[i] = at;
		if (lint_acts(rule_of(s, i), dir)) {
			s->outcome[i].acts |= (uint8_t)(1u << dir);
			s->n_acting++;
		}
	}
}

/* The end of the rules that are of one level with the one at `from`. */
static uint32_t
level_end(const struct sets *s, uint32_t from, uint32_t end, enum lang_side dir)
{
	uint32_t to = from;

	while (to < end && level(rule_of(s, s->order[to]), dir) ==
	    level(rule_of(s, s->order[from]), dir))
		to++;
	return to;
}

/* --- opposites ------------------------------------------------------------------------ */

struct opposite {
	struct sets *s;
	uint32_t rule;
	enum lang_side dir;
	bool other_loses;               /* the rule is the one that wins */
};

static const char *
direction(enum lang_side dir)
{
	return dir == LANG_TO ? "inbound" : "outbound";
}

static const char *
action(const struct rule *r)
{
	return r->action == LANG_ALLOW ? "ALLOW" : "BLOCK";
}

/* The winner is an exception to a wider loser, which is what levels are for. */
static bool
is_exception(struct sets *s, uint32_t winner, uint32_t loser, enum lang_side dir)
{
	return cover_within(&s->c, winner, loser, dir) && !cover_within(&s->c, loser, winner, dir);
}

static bool
report_contradiction(void *context, uint32_t other)
{
	struct opposite *o = context;
	struct sets *s = o->s;
	uint32_t loser = o->other_loses ? other : o->rule, winner = o->other_loses ? o->rule : other;
	const struct lint_rule *r = &s->l->rules.v[loser], *w = &s->l->rules.v[winner];
	struct lint_finding *f;

	if (s->outcome[loser].contradicted || is_exception(s, winner, loser, o->dir))
		return false;
	f = lint_report(s->l, r, LINT_contradiction, r->ast->span,
	    "another rule of priority %u says the opposite, and at equal priority %s wins %s",
	    r->rule->priority, action(w->rule), direction(o->dir));
	s->outcome[loser].contradicted = f != NULL;
	lint_relate(s->l, f, w, w->ast->span, "this rule wins");
	lint_help(s->l, f, "give the one that is meant to win a higher PRIORITY");
	return !o->other_loses;
}

/* One priority: winners from..mid of the order, losers mid..to. */
static void
check_level(struct sets *s, uint32_t from, uint32_t mid, uint32_t to, enum lang_side dir)
{
	struct opposite o = { .s = s, .dir = dir };

	for (uint32_t i = from; i < mid; i++)
		cover_take(&s->c, s->order[i], dir);
	for (uint32_t i = mid; i < to; i++) {
		o.rule = s->order[i];
		cover_each(&s->c, o.rule, dir, report_contradiction, &o);
	}
	for (uint32_t i = from; i < mid; i++)
		cover_forget(&s->c, s->order[i], dir);
	for (uint32_t i = mid; i < to; i++)
		cover_take(&s->c, s->order[i], dir);
	o.other_loses = true;
	for (uint32_t i = from; i < mid; i++) {
		o.rule = s->order[i];
		cover_each(&s->c, o.rule, dir, report_contradiction, &o);
	}
	for (uint32_t i = mid; i < to; i++)
		cover_forget(&s->c, s->order[i], dir);
}

static void
check_contradictions(struct sets *s, enum lang_side dir)
{
	uint32_t from = 0;

	cover_clear(&s->c);
	while (from < s->n_order) {
		uint32_t mid = level_end(s, from, s->n_order, dir), to = mid;

		if (mid < s->n_order && rule_of(s, s->order[mid])->priority ==
		    rule_of(s, s->order[from])->priority)
			to = level_end(s, mid, s->n_order, dir);
		if (to > mid)
			check_level(s, from, mid, to, dir);
		from = to;
	}
}

static bool
report_order(void *context, uint32_t other)
{
	struct opposite *o = context;
	struct sets *s = o->s;
	const struct lint_rule *r = &s->l->rules.v[o->rule], *w = &s->l->rules.v[other];
	struct lint_finding *f;

	if (w->rule->action == r->rule->action || w->rule->priority == r->rule->priority ||
	    cover_within(&s->c, other, o->rule, o->dir) ||
	    cover_within(&s->c, o->rule, other, o->dir))
		return false;
	f = lint_report(s->l, r, LINT_priority_order, r->ast->span,
	    "where it meets a rule of priority %u that says the opposite, %s, it loses",
	    w->rule->priority, direction(o->dir));
	lint_relate(s->l, f, w, w->ast->span, "this rule wins, and neither is an exception to the "
	    "other");
	return true;
}

/* --- shadowed and redundant ------------------------------------------------------------ */

static void
write_atom(struct buf *out, const struct cover_atom *a)
{
	if (a->kind == COVER_ALL) {
		buf_str(out, "any VM");
	} else if (a->kind == COVER_VM) {
		buf_str(out, "VM ");
		buf_uuid(out, *a->vm);
	} else {
		buf_str(out, "a VM with ");
		lint_write_tag(out, a->tag);
	}
}

static void
write_end(struct buf *out, const struct sets *s, const struct cover_result *res)
{
	struct prefix p = { res->addr, 128, res->remote.fam };

	if (res->remote.fam == 0) {
		write_atom(out, &s->c.atoms.v[res->remote.a.lo]);
		return;
	}
	/* An address that people take for one: not 0.0.0.0, nor a network's own. */
	if (res->remote.len == (p.fam == NET_V4 ? NET_V4_BASE : 0) && addr_eq(p.a, res->remote.a))
		p.a = p.fam == NET_V4 ? addr_v4(0xcb007101) : (struct addr){ 0x20010db800000000, 1 };
	buf_addr(out, p);
}

/* "tcp port 22 from 10.0.0.1 to a VM with tag "web"" */
static void
write_packet(struct buf *out, const struct sets *s, enum lang_side dir, uint32_t rule,
    const struct cover_result *res)
{
	lint_write_key(out, (enum lang_proto)rule_of(s, rule)->proto, res->key);
	buf_str(out, " from ");
	if (dir == LANG_TO)
		write_end(out, s, res);
	else
		write_atom(out, &s->c.atoms.v[res->atom]);
	buf_str(out, " to ");
	if (dir == LANG_TO)
		write_atom(out, &s->c.atoms.v[res->atom]);
	else
		write_end(out, s, res);
}

static void
relate_all(struct sets *s, struct lint_finding *f, const struct outcome *o, uint32_t rule)
{
	const struct cover_result *first = NULL;

	for (int d = 0; d < 2; d++) {
		const struct cover_result *res = o->result[d];

		for (uint32_t i = 0; res && i < res->n; i++) {
			const struct lint_rule *w = &s->l->rules.v[res->rules[i]];
			bool known = false;

			for (uint32_t k = 0; first && k < first->n; k++)
				known |= first->rules[k] == res->rules[i];
			if (!known)
				lint_relate(s->l, f, w, w->ast->span, "%s, priority %u, %s", action(w->rule),
				    w->rule->priority, w->rule->priority == rule_of(s, rule)->priority &&
				    w->rule->action == rule_of(s, rule)->action ? "does the same"
				    : "comes first");
		}
		first = res;
	}
}

static uint32_t
count_rules(const struct outcome *o)
{
	uint32_t n = 0;

	for (int d = 0; d < 2; d++)
		if (o->result[d] && o->result[d]->n > n)
			n = o->result[d]->n;
	return n;
}

static void
report_shadowed(struct sets *s, uint32_t rule, enum lang_side dir)
{
	const struct outcome *o = &s->outcome[rule];
	const struct cover_result *res = o->result[dir];
	const struct lint_rule *r = &s->l->rules.v[rule];
	uint32_t n = count_rules(o);
	struct lint_finding *f;
	struct buf packet = { 0 };

	if (o->contradicted)
		return;
	write_packet(&packet, s, dir, rule, res);
	f = lint_report(s->l, r, LINT_shadowed, r->ast->span, n == 1
	    ? "the rule decides nothing: another decides all of its packets before it"
	    : "the rule decides nothing: others together decide all of its packets before it");
	relate_all(s, f, o, rule);
	lint_help(s->l, f, "%.*s is %s, not %s", SLICE_ARGS(packet),
	    r->rule->action == LANG_ALLOW ? "blocked" : "allowed",
	    r->rule->action == LANG_ALLOW ? "allowed" : "blocked");
	lint_edit_remove(s->l, lint_fix(s->l, f, r, false, "remove the rule"), r);
	buf_free(&packet);
}

static bool
logs_alike(const struct sets *s, uint32_t rule)
{
	const struct outcome *o = &s->outcome[rule];

	for (int d = 0; d < 2; d++)
		for (uint32_t i = 0; o->result[d] && i < o->result[d]->n; i++)
			if (!rule_is_true((enum rule_bool)rule_of(s, o->result[d]->rules[i])->log))
				return !rule_is_true((enum rule_bool)rule_of(s, rule)->log);
	return true;
}

static void
report_redundant(struct sets *s, uint32_t rule)
{
	const struct outcome *o = &s->outcome[rule];
	const struct lint_rule *r = &s->l->rules.v[rule];
	uint32_t n = count_rules(o);
	struct lint_finding *f;

	if (!logs_alike(s, rule))
		return;
	f = lint_report(s->l, r, LINT_redundant, r->ast->span, n == 1
	    ? "the rule changes nothing: another does all that it does"
	    : "the rule changes nothing: others together do all that it does");
	relate_all(s, f, o, rule);
	lint_edit_remove(s->l, lint_fix(s->l, f, r, false, "remove the rule"), r);
}

/* --- the run -------------------------------------------------------------------------- */

static void
ask(struct sets *s, uint32_t rule, enum lang_side dir)
{
	struct portset items = lint_items(&s->l->scratch, rule_of(s, rule));
	struct cover_result res = { 0 }, *kept;
	bool covered = cover_ask(&s->c, rule, dir, &items, &res);

	arena_reset(&s->l->scratch);
	if (!covered)
		return;
	kept = arena_alloc(s->c.arena, sizeof(*kept));
	*kept = res;
	s->outcome[rule].covered |= (uint8_t)(1u << dir);
	s->outcome[rule].result[dir] = kept;
}

/* Level by level: first what those before it do to it, then what its like do. */
static void
check_direction(struct sets *s, enum lang_side dir, const struct icmp_check *icmp)
{
	struct opposite o = { .s = s, .dir = dir };
	uint32_t from = 0;

	sort_rules(s, dir);
	while (from < s->n_acting) {
		uint32_t to = level_end(s, from, s->n_acting, dir);

		for (uint32_t i = from; i < to; i++)
			icmp_check_rule(icmp, s->order[i], dir);
		for (uint32_t i = from; i < to; i++)
			cover_take(&s->c, s->order[i], dir);
		for (uint32_t i = from; i < to; i++) {
			o.rule = s->order[i];
			ask(s, o.rule, dir);
			if (!(s->outcome[o.rule].covered & 1u << dir))
				cover_each(&s->c, o.rule, dir, report_order, &o);
		}
		from = to;
	}
	check_contradictions(s, dir);
}

void
lint_check_sets(struct lint *l)
{
	struct arena arena = { 0 };
	struct sets s = { .l = l };
	struct icmp_check icmp;

	find_duplicates(l);
	cover_init(&s.c, &arena, l->rules.v, l->rules.n);
	s.outcome = arena_zero(&arena, (l->rules.n + 1) * sizeof(*s.outcome));
	s.order = arena_alloc(&arena, (l->rules.n + 1) * sizeof(*s.order));
	icmp_check_init(&icmp, l, &s.c);
	for (int d = 0; d < 2; d++)
		check_direction(&s, (enum lang_side)d, &icmp);
	for (uint32_t i = 0; i < l->rules.n; i++) {
		const struct outcome *o = &s.outcome[i];

		if (!o->acts || o->covered != o->acts)
			continue;
		if (o->result[0] && o->result[0]->differs)
			report_shadowed(&s, i, LANG_FROM);
		else if (o->result[1] && o->result[1]->differs)
			report_shadowed(&s, i, LANG_TO);
		else
			report_redundant(&s, i);
	}
	arena_reset(&l->scratch);
	cover_done(&s.c);
	arena_free(&arena);
}
