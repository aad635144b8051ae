/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of the targets of one rule: how they are spelled, and what they are beside others. */
#include "lint_int.h"

#include "../net/pset.h"
#include "special.h"

/* --- special addresses ---------------------------------------------------------------- */

static bool
has_prefix(const struct ast_target *t)
{
	return t->kind == AST_IP || t->kind == AST_SUBNET;
}

/* From hosts without an address yet come DHCP, neighbour discovery, and nothing else. */
static bool
may_come_from(const struct special *s, const struct ast_target *t, enum lang_proto proto)
{
	if (s->use & SPECIAL_NOT_YET)
		return t->prefix.fam == NET_V4 ? proto == LANG_UDP : proto == LANG_ICMP6;
	return s->use & SPECIAL_SOURCE;
}

static void
report_special(struct lint *l, const struct lint_rule *r, int side, const struct ast_target *t,
    const struct special *s)
{
	struct lint_finding *f = lint_report(l, r, LINT_special_address, t->span, side == LANG_FROM
	    ? "%.*s is %s: no packet comes from it" : "%.*s is %s: no packet goes to it",
	    SLICE_ARGS(t->text), s->what);

	if (side == LANG_FROM && s->use & SPECIAL_NOT_YET)
		lint_help(l, f, "for everybody write any, or subnet %s",
		    t->prefix.fam == NET_V4 ? "0.0.0.0/0" : "::/0");
	else if (side == LANG_FROM && s->use & SPECIAL_GROUP)
		lint_help(l, f, "what comes in to many hosts at once has the sender's own address");
	else
		lint_help(l, f, "the target matches nothing");
}

static void
check_special(struct lint *l, const struct lint_rule *r, int side, const struct ast_target *t)
{
	const struct special *s = special_find(t->prefix);

	if (!s)
		return;
	if (s->use & SPECIAL_DOCUMENTATION)
		lint_report(l, r, LINT_documentation, t->span, "%.*s is for %s",
		    SLICE_ARGS(t->text), s->what);
	else if (side == LANG_FROM ? !may_come_from(s, t, r->ast->proto)
	    : !(s->use & SPECIAL_DESTINATION))
		report_special(l, r, side, t, s);
	else if (!(s->use & (SPECIAL_FORWARDED | SPECIAL_GROUP)) && s->use & SPECIAL_DESTINATION &&
	    s->use & SPECIAL_SOURCE && r->ast->proto == LANG_TCP &&
	    t->prefix.a.lo != addr_v4(0xa9fea9fe).lo)
		lint_report(l, r, LINT_special_address, t->span,
		    "%.*s is %s: only hosts on the VM's own link have it", SLICE_ARGS(t->text),
		    s->what);
}

/* An address of private use beside public ones, in which documentation is taken for public. */
static void
check_private(struct lint *l, const struct lint_rule *r, const struct ast_side *side)
{
	const struct ast_target *private = NULL, *public = NULL;
	struct lint_finding *f;

	for (uint32_t i = 0; i < side->targets.n; i++) {
		const struct ast_target *t = &side->targets.v[i];
		const struct special *s = has_prefix(t) ? special_find(t->prefix) : NULL;

		/* All of a family is neither. */
		if (!has_prefix(t) || t->prefix.len == (t->prefix.fam == NET_V4 ? NET_V4_BASE : 0))
			continue;
		if (special_is_private(s))
			private = private ? private : t;
		else if (special_is_public(s))
			public = public ? public : t;
	}
	if (!private || !public)
		return;
	f = lint_report(l, r, LINT_unique_local, private->span,
	    "%.*s is %s, and stands in a list with public addresses", SLICE_ARGS(private->text),
	    special_find(private->prefix)->what);
	lint_relate(l, f, r, public->span, "%.*s is public", SLICE_ARGS(public->text));
}

/* --- spelling ------------------------------------------------------------------------- */

/* Where the address stands in a target: behind its keyword. */
static struct span
address_span(const struct src *src, const struct ast_target *t)
{
	uint32_t at = t->span.off + (t->kind == AST_IP ? 2 : 6), end = t->span.off + t->span.len;

	while (at < end && strchr(" \t\r\n", src->text.p[at]))
		at++;
	return (struct span){ at, end - at };
}

static void
edit_address(struct lint *l, struct lint_fix *fix, const struct lint_rule *r,
    const struct ast_target *t, struct slice text)
{
	struct span at = address_span(r->ast->src, t);

	if (fix && !memchr(r->ast->src->text.p + at.off, '#', at.len))
		lint_edit(l, fix, r, at, text);
}

static struct slice
write_prefix(char text[NET_TEXT_MAX], const struct ast_target *t, struct prefix p)
{
	return (struct slice){ text, t->kind == AST_IP ? addr_write(text, p.a, p.fam)
	    : prefix_write(text, p) };
}

static void
check_host_bits(struct lint *l, const struct lint_rule *r, const struct ast_target *t)
{
	char text[NET_TEXT_MAX];
	struct slice s = write_prefix(text, t, prefix_mask(t->prefix));
	struct lint_finding *f;

	if (!prefix_has_host_bits(t->prefix))
		return;
	f = lint_report(l, r, LINT_host_bits, t->span,
	    "subnet %.*s has bits set to the right of its mask", SLICE_ARGS(t->text));
	lint_help(l, f, "it stands for %.*s; for one host write ip", SLICE_ARGS(s));
	edit_address(l, lint_fix(l, f, r, t->prefix.fam == NET_V4, "write %.*s", SLICE_ARGS(s)), r,
	    t, s);
}

static void
check_spelling(struct lint *l, const struct lint_rule *r, const struct ast_target *t)
{
	char text[NET_TEXT_MAX];
	struct slice s = write_prefix(text, t, t->prefix);
	struct lint_finding *f;

	if (slice_eq(s, t->text))
		return;
	f = lint_report(l, r, LINT_spelling, t->span, "%.*s is written %.*s", SLICE_ARGS(t->text),
	    SLICE_ARGS(s));
	edit_address(l, lint_fix(l, f, r, true, "write %.*s", SLICE_ARGS(s)), r, t, s);
}

/* --- lists ---------------------------------------------------------------------------- */

static void
remove_target(struct lint *l, struct lint_finding *f, const struct lint_rule *r,
    const struct ast_side *side, uint32_t i)
{
	struct lint_fix *fix = lint_fix(l, f, r, true, "remove it");
	struct span *list = arena_alloc(&l->scratch, side->targets.n * sizeof(*list));

	for (uint32_t k = 0; k < side->targets.n; k++)
		list[k] = side->targets.v[k].span;
	lint_edit_member(l, fix, r, list, side->targets.n, i);
}

/* Is a the same as b, or, of prefixes, within it? */
static bool
covered(const struct ast_target *a, const struct ast_target *b)
{
	if (has_prefix(a))
		return has_prefix(b) && prefix_contains(b->prefix, a->prefix);
	if (a->kind != b->kind)
		return false;
	if (a->kind == AST_VM)
		return uuid_cmp(a->vm, b->vm) == 0;
	return a->kind == AST_TAG && slice_eq(a->text, b->text) && a->has_value == b->has_value &&
	    (!a->has_value || slice_eq(a->value, b->value));
}

static struct slice
source_text(const struct lint_rule *r, struct span at)
{
	return (struct slice){ r->ast->src->text.p + at.off, at.len };
}

/* The target is there already, by another of its list. */
static bool
check_covered(struct lint *l, const struct lint_rule *r, const struct ast_side *side, uint32_t i)
{
	const struct ast_target *t = &side->targets.v[i];

	for (uint32_t k = 0; k < side->targets.n; k++) {
		const struct ast_target *o = &side->targets.v[k];
		struct lint_finding *f;

		if (k == i)
			continue;
		if (t->kind == AST_TAG && o->kind == AST_TAG && t->has_value && !o->has_value &&
		    slice_eq(t->text, o->text)) {
			f = lint_report(l, r, LINT_tag_covered, t->span,
			    "the tag stands in the list without a value, too");
		} else if (covered(t, o) && (!covered(o, t) || k < i)) {
			f = lint_report(l, r, LINT_target_covered, t->span, covered(o, t)
			    ? "the target is in the list already" : "%.*s lies within %.*s",
			    SLICE_ARGS(t->text), SLICE_ARGS(o->text));
		} else {
			continue;
		}
		lint_relate(l, f, r, o->span, "%.*s", SLICE_ARGS(source_text(r, o->span)));
		remove_target(l, f, r, side, i);
		return true;
	}
	return false;
}

static void
report_siblings(struct lint *l, const struct lint_rule *r, const struct ast_side *side,
    const bool *skip, struct prefix p)
{
	struct lint_finding *f = NULL;
	struct lint_fix *fix = NULL;
	char text[NET_TEXT_MAX];
	struct slice s = { text, prefix_write(text, p) };
	struct span *list = arena_alloc(&l->scratch, side->targets.n * sizeof(*list));
	uint32_t first = UINT32_MAX, n = 0;

	for (uint32_t i = 0; i < side->targets.n; i++) {
		const struct ast_target *t = &side->targets.v[i];

		list[i] = t->span;
		if (skip[i] || !has_prefix(t) || !prefix_contains(p, t->prefix))
			continue;
		if (n++ == 0)
			first = i;
	}
	if (n < 2)
		return;
	f = lint_report(l, r, LINT_siblings, list[first], "%u targets are together subnet %.*s", n,
	    SLICE_ARGS(s));
	fix = lint_fix(l, f, r, true, "write subnet %.*s", SLICE_ARGS(s));
	for (uint32_t i = first; i < side->targets.n; i++) {
		const struct ast_target *t = &side->targets.v[i];

		if (skip[i] || !has_prefix(t) || !prefix_contains(p, t->prefix))
			continue;
		if (i == first) {
			lint_edit(l, fix, r, t->span,
			    slice_of(arena_printf(l->arena, "subnet %.*s", SLICE_ARGS(s))));
			continue;
		}
		lint_relate(l, f, r, t->span, "%.*s", SLICE_ARGS(t->text));
		lint_edit_member(l, fix, r, list, side->targets.n, i);
	}
}

/* Targets that the smallest list of prefixes has joined. */
static void
check_siblings(struct lint *l, const struct lint_rule *r, const struct ast_side *side,
    const bool *skip)
{
	for (unsigned fam = NET_V4; fam <= NET_V6; fam += NET_V6 - NET_V4) {
		struct pset set = pset_none((enum net_family)fam);
		struct prefix p;
		struct pset_walk w;

		for (uint32_t i = 0; i < side->targets.n; i++)
			if (has_prefix(&side->targets.v[i]) && side->targets.v[i].prefix.fam == fam)
				pset_push_prefix(&l->scratch, &set, side->targets.v[i].prefix);
		pset_close(&set);
		for (w = pset_walk(&set); pset_walk_next(&w, &p);)
			report_siblings(l, r, side, skip, p);
	}
}

static void
check_near_limit(struct lint *l, const struct lint_rule *r, const struct ast_side *side)
{
	struct lint_finding *f;

	if (side->targets.n < r->config->near_limit)
		return;
	f = lint_report(l, r, LINT_near_limit, side->span, "%u targets, and a side has at most %d",
	    side->targets.n, LANG_MAX_TARGETS);
	lint_help(l, f, "a tag names any number of VMs; addresses can be split over several rules");
}

void
lint_check_targets(struct lint *l, const struct lint_rule *r)
{
	for (int s = 0; s < 2; s++) {
		const struct ast_side *side = &r->ast->side[s];
		bool skip[LANG_MAX_TARGETS] = { false };

		for (uint32_t i = 0; i < side->targets.n; i++) {
			const struct ast_target *t = &side->targets.v[i];

			if (has_prefix(t)) {
				if (t->kind == AST_SUBNET)
					check_host_bits(l, r, t);
				check_spelling(l, r, t);
				check_special(l, r, s, t);
			}
			skip[i] = check_covered(l, r, side, i);
		}
		check_siblings(l, r, side, skip);
		check_private(l, r, side);
		check_near_limit(l, r, side);
	}
}
