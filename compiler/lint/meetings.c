/* SPDX-License-Identifier: MPL-2.0 */
/* Rules that say the opposite, rules that decide nothing, and saying so. */
#include "sets_int.h"

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

/* Over which VMs something was found out, where there may be doubt. */
static const char *
scope(const struct sets *s)
{
	return s->c->real ? " on the VMs of the inventory" : s->inv ? " on any VMs" : "";
}

/* --- packets ---------------------------------------------------------------------------- */

static void
write_vm(struct buf *out, const struct uuid *vm)
{
	buf_str(out, "VM ");
	buf_uuid(out, *vm);
}

/* VMs that are of both atoms: "any VM", "VM 1234", "a VM with tag "a" and tag "b"". */
static void
write_atoms(struct buf *out, const struct sets *s, const uint32_t atoms[2])
{
	const struct cover_atom *a[2] = { NULL, NULL };
	unsigned n = 0;

	for (int i = 0; i < 2; i++) {
		const struct cover_atom *atom = &s->c->atoms.v[atoms[i]];
		bool known = false;

		for (int k = 0; k < 2 && atoms[i] != COVER_NONE && atoms[!i] != COVER_NONE; k++)
			known = atoms[i] != atoms[!i] ? atom->kind == COVER_TAG &&
			    s->c->atoms.v[atoms[!i]].kind == COVER_TAG_VALUE &&
			    s->c->atoms.v[atoms[!i]].name == atom->name
			    : i == 1;
		if (atoms[i] != COVER_NONE && atom->kind != COVER_ALL && !known &&
		    !(n && a[0]->kind == atom->kind && a[0]->name == atom->name &&
		    a[0]->value == atom->value))
			a[n++] = atom;
	}
	if (n == 2 && a[1]->kind == COVER_VM) {
		const struct cover_atom *tag = a[0];

		a[0] = a[1];
		a[1] = tag;
	}
	if (n == 0)
		buf_str(out, "any VM");
	for (unsigned i = 0; i < n; i++)
		if (a[i]->vm) {
			write_vm(out, a[i]->vm);
		} else {
			buf_str(out, i == 0 ? "a VM with " : a[0]->vm ? " with " : " and ");
			lint_write_tag(out, a[i]->tag);
		}
}

static void
write_end(struct buf *out, const struct sets *s, const struct cover_packet *packet)
{
	struct prefix p = { packet->addr, 128, packet->remote.fam };
	bool whole = packet->remote.len == (p.fam == NET_V4 ? NET_V4_BASE : 0);
	bool atom = packet->far[0] != COVER_NONE || packet->far[1] != COVER_NONE;

	if (atom)
		write_atoms(out, s, packet->far);
	if (atom && whole)
		return;
	/* An address that people take for one: not 0.0.0.0, nor a network's own. */
	if (whole && addr_eq(p.a, packet->remote.a))
		p.a = p.fam == NET_V4 ? addr_v4(0xcb007101) : (struct addr){ 0x20010db800000000, 1 };
	buf_str(out, atom ? " at " : "");
	buf_addr(out, p);
}

/* "tcp port 22 from 10.0.0.1 to a VM with tag "web" is blocked" */
static void
write_packet(struct buf *out, const struct sets *s, enum lang_side dir,
    const struct cover_packet *packet)
{
	const struct rule *decider = sets_rule(s, packet->decider);

	lint_write_key(out, (enum lang_proto)decider->proto, packet->key);
	buf_str(out, " from ");
	if (dir == LANG_TO)
		write_end(out, s, packet);
	else
		write_atoms(out, s, packet->near);
	buf_str(out, " to ");
	if (dir == LANG_TO)
		write_atoms(out, s, packet->near);
	else
		write_end(out, s, packet);
	buf_str(out, decider->action == LANG_ALLOW ? " is allowed" : " is blocked");
}

/* --- opposites -------------------------------------------------------------------------- */

struct opposite {
	struct sets *s;
	uint32_t rule;
	enum lang_side dir;
};

static enum cover_answer
meet(struct sets *s, struct opposite *o, uint32_t level, cover_pick_fn *pick,
    struct cover_packet *packet)
{
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, sets_rule(s, o->rule));
	struct cover_meet m = {
		.rule = o->rule, .dir = o->dir, .items = &items, .level = level, .pick = pick,
		.context = o,
	};
	enum cover_answer answer = cover_meet(s->c, &m, packet);

	if (answer == COVER_UNKNOWN)
		s->outcome[o->rule].unsure |= UNSURE_OPPOSITES;
	arena_free(&arena);
	return answer;
}

/* An exception to a wider loser is what levels are for. */
static bool
contradicts(void *context, uint32_t winner)
{
	const struct opposite *o = context;
	struct sets *s = o->s;

	return sets_rule(s, winner)->priority == sets_rule(s, o->rule)->priority &&
	    (!cover_within(s->c, winner, o->rule, o->dir) ||
	    cover_within(s->c, o->rule, winner, o->dir));
}

void
sets_check_contradiction(struct sets *s, uint32_t rule, enum lang_side dir)
{
	const struct lint_rule *r = &s->l->rules.v[rule], *w;
	struct opposite o = { s, rule, dir };
	unsigned level = sets_level(r->rule, dir);
	struct cover_packet packet;
	struct buf text = { 0 };
	struct lint_finding *f;

	if (!(level & 1) || s->outcome[rule].contradicted ||
	    meet(s, &o, level - 1, contradicts, &packet) != COVER_YES)
		return;
	w = &s->l->rules.v[packet.decider];
	f = lint_report(s->l, r, LINT_contradiction, r->ast->span,
	    "another rule of priority %u says the opposite, and at equal priority %s wins %s%s",
	    r->rule->priority, action(w->rule), direction(dir), scope(s));
	s->outcome[rule].contradicted = f != NULL;
	write_packet(&text, s, dir, &packet);
	lint_relate(s->l, f, w, w->ast->span, "this rule wins");
	lint_help(s->l, f, "%.*s; give the one that is meant to win a higher PRIORITY",
	    SLICE_ARGS(text));
	buf_free(&text);
}

static bool
is_out_of_order(void *context, uint32_t winner)
{
	const struct opposite *o = context;
	struct sets *s = o->s;

	return sets_rule(s, winner)->priority > sets_rule(s, o->rule)->priority &&
	    !cover_within(s->c, winner, o->rule, o->dir) &&
	    !cover_within(s->c, o->rule, winner, o->dir);
}

static struct cover_packet *
keep_packet(struct sets *s, const struct cover_packet *packet)
{
	struct cover_packet *kept = arena_alloc(s->l->arena, sizeof(*kept));

	*kept = *packet;
	return kept;
}

void
sets_find_loss(struct sets *s, uint32_t rule, enum lang_side dir)
{
	struct opposite o = { s, rule, dir };
	struct cover_packet packet;

	/* Without a priority it is meant to lose to those that have one. */
	if (sets_rule(s, rule)->priority && !s->outcome[rule].loses[dir] &&
	    meet(s, &o, COVER_NONE, is_out_of_order, &packet) == COVER_YES)
		s->outcome[rule].loses[dir] = keep_packet(s, &packet);
}

static void
report_order(struct sets *s, uint32_t rule, enum lang_side dir)
{
	const struct cover_packet *packet = s->outcome[rule].loses[dir];
	const struct lint_rule *r = &s->l->rules.v[rule], *w = &s->l->rules.v[packet->decider];
	struct lint_finding *f;
	struct buf text = { 0 };

	f = lint_report(s->l, r, LINT_priority_order, r->ast->span,
	    "where it meets a rule of priority %u that says the opposite, %s, it loses%s",
	    w->rule->priority, direction(dir), scope(s));
	write_packet(&text, s, dir, packet);
	lint_relate(s->l, f, w, w->ast->span, "this rule wins, and neither is an exception to the "
	    "other");
	lint_help(s->l, f, "%.*s", SLICE_ARGS(text));
	buf_free(&text);
}

void
sets_find_difference(struct sets *s, uint32_t rule, enum lang_side dir)
{
	struct outcome *o = &s->outcome[rule];
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, sets_rule(s, rule));
	struct cover_meet m = { .rule = rule, .dir = dir, .items = &items, .level = COVER_NONE };
	struct cover_packet packet;
	enum cover_answer answer = cover_meet(s->c, &m, &packet);

	if (answer != COVER_YES) {
		m.possible = true;
		answer = cover_meet(s->c, &m, &packet);
	}
	if (answer == COVER_UNKNOWN)
		o->unsure |= UNSURE_ALIKE;
	if (answer == COVER_YES) {
		o->differs = keep_packet(s, &packet);
		o->differs_dir = dir;
		cover_name_rule(o->result[dir], packet.decider);
	}
	arena_free(&arena);
}

/* --- shadowed and redundant ------------------------------------------------------------ */

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
				    w->rule->priority, w->rule->priority == sets_rule(s, rule)->priority &&
				    w->rule->action == sets_rule(s, rule)->action ? "does the same"
				    : "comes first");
		}
		first = res;
	}
}

static bool
is_by_one(const struct outcome *o)
{
	const struct cover_result *a = o->result[0] ? o->result[0] : o->result[1];
	const struct cover_result *b = o->result[1] ? o->result[1] : a;

	return a->n == 1 && b->n == 1;
}

static void
report_shadowed(struct sets *s, uint32_t rule)
{
	const struct outcome *o = &s->outcome[rule];
	const struct lint_rule *r = &s->l->rules.v[rule];
	struct buf packet = { 0 };
	struct lint_finding *f;

	if (o->contradicted)
		return;
	write_packet(&packet, s, o->differs_dir, o->differs);
	f = lint_report(s->l, r, LINT_shadowed, r->ast->span, is_by_one(o)
	    ? "the rule decides nothing%s: another decides all of its packets before it"
	    : "the rule decides nothing%s: others together decide all of its packets before it",
	    scope(s));
	relate_all(s, f, o, rule);
	lint_help(s->l, f, "%.*s, not %s", SLICE_ARGS(packet),
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
			if (!rule_is_true((enum rule_bool)sets_rule(s, o->result[d]->rules[i])->log))
				return !rule_is_true((enum rule_bool)sets_rule(s, rule)->log);
	return true;
}

static void
report_redundant(struct sets *s, uint32_t rule)
{
	const struct outcome *o = &s->outcome[rule];
	const struct lint_rule *r = &s->l->rules.v[rule];
	struct lint_finding *f;

	if (!logs_alike(s, rule))
		return;
	f = lint_report(s->l, r, LINT_redundant, r->ast->span, is_by_one(o)
	    ? "the rule changes nothing%s: another does all that it does"
	    : "the rule changes nothing%s: others together do all that it does", scope(s));
	relate_all(s, f, o, rule);
	lint_edit_remove(s->l, lint_fix(s->l, f, r, false, "remove the rule"), r);
}

/* --- priorities, and what is not known --------------------------------------------------- */

/* With the blanks before it, and with its line, unless that would join a comment. */
static struct span
priority_clause(const struct ast_rule *ast)
{
	const char *text = ast->src->text.p;
	uint32_t from = ast->priority_span.off, end = from + ast->priority_span.len, line;

	while (from > 0 && (text[from - 1] == ' ' || text[from - 1] == '\t'))
		from--;
	if (from > 0 && text[from - 1] == '\n') {
		line = from - 1;
		while (line > 0 && text[line - 1] != '\n' && text[line - 1] != '#')
			line--;
		from -= line == 0 || text[line - 1] == '\n';
	}
	return (struct span){ from, end - from };
}

static void
report_idle(struct sets *s, uint32_t rule)
{
	const struct lint_rule *r = &s->l->rules.v[rule];
	struct lint_finding *f;
	struct lint_fix *fix;

	/* What no fallback line lets out is only let out by a line of a rule. */
	if (r->rule->action == LANG_ALLOW && lint_names_vms(&r->rule->side[LANG_FROM]) &&
	    (r->rule->proto == LANG_AH || r->rule->proto == LANG_ESP))
		return;
	f = lint_report(s->l, r, LINT_idle_priority, r->ast->priority_span,
	    "the priority wins over nothing%s: no rule that says the opposite meets this one "
	    "and would come before it at priority 0", scope(s));
	fix = lint_fix(s->l, f, r, false, "remove it");
	lint_edit(s->l, fix, r, priority_clause(r->ast), (struct slice){ "", 0 });
}

static void
report_undecided(struct sets *s, uint32_t rule, unsigned what)
{
	static const char *const texts[] = {
		"whether others decide all of its packets",
		"whether those that decide all of its packets say what it says",
		"whether it meets others that say the opposite and win",
		"whether its priority wins over another rule",
		"whether it blocks ICMP that must pass",
	};
	const struct lint_rule *r = &s->l->rules.v[rule];
	struct buf list = { 0 };
	struct lint_finding *f;
	unsigned n = 0;

	for (unsigned i = 0; i < BASE_COUNT(texts); i++)
		if (what >> i & 1)
			buf_printf(&list, "%s%s", n++ ? "; " : "", texts[i]);
	f = lint_report(s->l, r, LINT_undecided, r->ast->span, "not decided: %.*s",
	    SLICE_ARGS(list));
	lint_help(s->l, f, "too many rules overlap here; check fewer of them together");
	buf_free(&list);
}

static bool
is_covered(const struct outcome *o)
{
	return o->asked && !(o->open & o->asked);
}

void
sets_report(struct sets *s, uint32_t rule)
{
	const struct outcome *o = &s->outcome[rule];

	if (!is_covered(o)) {
		for (int d = 0; d < 2; d++)
			if (o->loses[d] && o->open & 1u << d) {
				report_order(s, rule, (enum lang_side)d);
				break;
			}
	} else if (o->differs) {
		report_shadowed(s, rule);
	} else if (!(o->unsure & UNSURE_ALIKE)) {
		report_redundant(s, rule);
	}
}

void
sets_report_last(struct sets *s, uint32_t rule)
{
	const struct outcome *o = &s->outcome[rule];
	unsigned unsure = o->unsure;

	if (is_covered(o)) {
		/* It is said to decide nothing, and that is all there is to say. */
		unsure &= UNSURE_ALIKE | UNSURE_TYPES;
		if (o->differs)
			unsure &= ~(unsigned)UNSURE_ALIKE;
	} else {
		unsure &= ~(unsigned)UNSURE_ALIKE;
		if (o->matters)
			unsure &= ~(unsigned)UNSURE_PRIORITY;
		else if (sets_rule(s, rule)->priority && o->asked && !(unsure & (UNSURE_COVERED |
		    UNSURE_PRIORITY)))
			report_idle(s, rule);
	}
	if (unsure)
		report_undecided(s, rule, unsure);
}
