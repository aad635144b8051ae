/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of ICMP that must pass (icmp.h). */
#include "icmp.h"

static const struct rule *
rule_of(const struct icmp_check *ic, uint32_t i)
{
	return ic->l->rules.v[i].rule;
}

static struct portset
keys_of_type(struct arena *arena, unsigned type)
{
	struct portset s = { 0 };

	portset_push(arena, &s, (uint16_t)(type << 8), (uint16_t)(type << 8 | 0xff));
	return s;
}

/* Does the rule still decide packets of a type, behind those that come before it? */
static bool
decides_type(const struct icmp_check *ic, uint32_t rule, enum lang_side dir, unsigned type)
{
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, rule_of(ic, rule)), keys = keys_of_type(&arena, type);
	struct cover_result res = { 0 };
	bool decides;

	portset_intersect(&arena, &keys, &keys, &items);
	decides = !portset_is_empty(&keys) && !cover_ask(ic->c, rule, dir, &keys, &res);
	arena_free(&arena);
	return decides;
}

static void
check_essential(const struct icmp_check *ic, uint32_t rule, enum lang_side dir)
{
	static const struct {
		uint8_t type;
		const char *what;
	} essential[] = {
		{ 1, "destination unreachable" }, { 2, "packet too big" }, { 3, "time exceeded" },
		{ 4, "parameter problem" }, { 133, "router solicitation" },
		{ 134, "router advertisement" }, { 135, "neighbour solicitation" },
		{ 136, "neighbour advertisement" },
	};
	const struct lint_rule *r = &ic->l->rules.v[rule];
	struct lint_finding *f;
	struct buf list = { 0 };
	unsigned n = 0;

	/* What --icmp6=rfc4890 adds comes before all rules. */
	if (r->rule->proto != LANG_ICMP6 || r->rule->action != LANG_BLOCK ||
	    (dir == LANG_TO && r->config->icmp6) || !lint_holds_link(&r->rule->side[!dir]))
		return;
	for (size_t i = 0; i < BASE_COUNT(essential); i++)
		if (decides_type(ic, rule, dir, essential[i].type))
			buf_printf(&list, "%s%u (%s)", n++ ? ", " : "", essential[i].type,
			    essential[i].what);
	if (n) {
		f = lint_report(ic->l, r, LINT_icmp6_essential, r->ast->items_span,
		    "%s ICMPv6 that IPv6 does not work without is blocked: type%s %.*s",
		    dir == LANG_TO ? "inbound" : "outbound", n > 1 ? "s" : "", SLICE_ARGS(list));
		lint_help(ic->l, f, "allow %s with a higher priority", n > 1 ? "them" : "it");
	}
	buf_free(&list);
}

/* Requests without state in ipf, and the types that answer them. */
static const struct exchange {
	uint8_t proto, request, reply;
} exchanges[ICMP_EXCHANGES] = {
	{ LANG_ICMP, 10, 9 }, { LANG_ICMP6, 133, 134 }, { LANG_ICMP6, 135, 136 },
	{ LANG_ICMP6, 144, 145 }, { LANG_ICMP6, 146, 147 },
};

static bool
has_type(const struct rule *r, unsigned type)
{
	for (unsigned i = 0; i < r->n_items && !r->all; i++)
		if (r->items[i].a == type)
			return true;
	return r->all;
}

static void
find_let_in(struct icmp_check *ic, const struct exchange *x, struct icmp_let_in *in)
{
	uint32_t atoms[LANG_MAX_TARGETS], size = ic->c->atoms.n * (uint32_t)sizeof(uint32_t);

	for (uint32_t i = 0; i < ic->l->rules.n; i++) {
		const struct rule *r = rule_of(ic, i);
		uint32_t n;

		if (!cover_counts(&ic->l->rules.v[i]) || r->proto != x->proto ||
		    r->action != LANG_ALLOW || !has_type(r, x->request))
			continue;
		n = cover_atoms(ic->c, r, LANG_TO, atoms);
		if (n && !in->to) {
			in->to = memset(arena_alloc(ic->c->arena, size), 0xff, size);
			in->inside = memset(arena_alloc(ic->c->arena, size), 0xff, size);
		}
		for (uint32_t k = 0; k < n; k++) {
			const struct cover_atom *a = &ic->c->atoms.v[atoms[k]];

			in->to[atoms[k]] = i;
			for (unsigned w = 0; w < a->n_within; w++)
				in->inside[a->within[w]] = i;
		}
	}
}

static uint32_t
lets_in(const struct icmp_check *ic, const struct icmp_let_in *in, uint32_t rule)
{
	uint32_t atoms[LANG_MAX_TARGETS];
	uint32_t n = cover_atoms(ic->c, rule_of(ic, rule), LANG_FROM, atoms);

	for (uint32_t k = 0; k < n && in->to; k++) {
		const struct cover_atom *a = &ic->c->atoms.v[atoms[k]];

		if (in->inside[atoms[k]] != UINT32_MAX)
			return in->inside[atoms[k]];
		for (unsigned w = 0; w < a->n_within; w++)
			if (in->to[a->within[w]] != UINT32_MAX)
				return in->to[a->within[w]];
	}
	return UINT32_MAX;
}

static void
check_replies(const struct icmp_check *ic, uint32_t rule)
{
	const struct lint_rule *r = &ic->l->rules.v[rule];

	if (r->rule->action != LANG_BLOCK || !lang_has_types((enum lang_proto)r->rule->proto))
		return;
	for (size_t i = 0; i < BASE_COUNT(exchanges); i++) {
		const struct exchange *x = &exchanges[i];
		uint32_t other = r->rule->proto == x->proto ? lets_in(ic, &ic->let_in[i], rule) : UINT32_MAX;
		struct lint_finding *f;

		if (other == UINT32_MAX || !decides_type(ic, rule, LANG_FROM, x->reply))
			continue;
		f = lint_report(ic->l, r, LINT_cuts_replies, r->ast->items_span,
		    "type %u is blocked, which answers type %u that another rule lets in", x->reply,
		    x->request);
		lint_relate(ic->l, f, &ic->l->rules.v[other], ic->l->rules.v[other].ast->span,
		    "this rule lets it in");
		lint_help(ic->l, f, "allow type %u with a higher priority", x->reply);
	}
}

void
icmp_check_init(struct icmp_check *ic, struct lint *l, struct cover *c)
{
	*ic = (struct icmp_check){ .l = l, .c = c };
	for (size_t i = 0; i < BASE_COUNT(exchanges); i++)
		find_let_in(ic, &exchanges[i], &ic->let_in[i]);
}

void
icmp_check_rule(const struct icmp_check *ic, uint32_t rule, enum lang_side dir)
{
	check_essential(ic, rule, dir);
	if (dir == LANG_FROM)
		check_replies(ic, rule);
}
