/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of ICMP that must pass (icmp.h). */
#include "icmp.h"

/* Rules that let a request in to a VM or tag, of which one is sought. */
#define REQUESTS_MAX 64

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
decides_type(struct icmp_check *ic, uint32_t rule, enum lang_side dir, unsigned type)
{
	struct arena arena = { 0 };
	struct portset items = lint_items(&arena, rule_of(ic, rule));
	struct portset keys = keys_of_type(&arena, type);
	enum cover_answer covered = COVER_YES;

	portset_intersect(&arena, &keys, &keys, &items);
	if (!portset_is_empty(&keys))
		covered = cover_ask(ic->c, rule, dir, &keys);
	ic->unsure |= covered == COVER_UNKNOWN;
	arena_free(&arena);
	return covered == COVER_NO;
}

static void
check_essential(struct icmp_check *ic, uint32_t rule, enum lang_side dir)
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

/*
 * Requests, and the types that answer them although no state lets those out: ipf has
 * none for the request, or the reply does not go to who asked but to a group.
 */
static const struct exchange {
	uint8_t proto, request, reply;
	enum { TO_SENDER = 1, TO_GROUP = 2, TO_EITHER } reply_to;
} exchanges[ICMP_EXCHANGES] = {
	{ LANG_ICMP, 10, 9, TO_EITHER }, { LANG_ICMP6, 130, 131, TO_GROUP },
	{ LANG_ICMP6, 130, 143, TO_GROUP }, { LANG_ICMP6, 133, 134, TO_EITHER },
	{ LANG_ICMP6, 135, 136, TO_EITHER }, { LANG_ICMP6, 144, 145, TO_SENDER },
	{ LANG_ICMP6, 146, 147, TO_SENDER },
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
add_let_in(struct icmp_check *ic, uint32_t *list, uint32_t rule)
{
	*vec_push(ic->c->arena, &ic->links) = (struct icmp_link){ rule, *list };
	*list = ic->links.n - 1;
}

static void
find_let_in(struct icmp_check *ic, const struct exchange *x, struct icmp_let_in *in)
{
	uint32_t size = ic->c->atoms.n * (uint32_t)sizeof(uint32_t);

	for (uint32_t i = 0; i < ic->l->rules.n; i++) {
		const struct rule *r = rule_of(ic, i);
		const struct cover_list *to = &ic->c->side[LANG_TO][i].atoms;

		if (!cover_counts(&ic->l->rules.v[i]) || r->proto != x->proto ||
		    r->action != LANG_ALLOW || !has_type(r, x->request))
			continue;
		if (to->n && !in->to) {
			in->to = memset(arena_alloc(ic->c->arena, size), 0xff, size);
			in->inside = memset(arena_alloc(ic->c->arena, size), 0xff, size);
		}
		for (uint32_t k = 0; k < to->n; k++) {
			const struct cover_atom *a = &ic->c->atoms.v[to->v[k]];

			add_let_in(ic, &in->to[to->v[k]], i);
			for (unsigned w = 0; w < a->n_within; w++)
				add_let_in(ic, &in->inside[a->within[w]], i);
		}
	}
}

/* --- replies --------------------------------------------------------------------------- */

static bool
prefixes_meet(const struct prefix *a, unsigned n, const struct prefix *b, unsigned m)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < m; k++)
			if (prefix_contains(a[i], b[k]) || prefix_contains(b[k], a[i]))
				return true;
	return false;
}

static bool
tags_meet(const struct rule_tag *a, const struct rule_tag *b)
{
	return slice_eq(a->key, b->key) &&
	    (!a->has_value || !b->has_value || slice_eq(a->value, b->value));
}

/* Do two sides surely have an address in common?  A tag or a VM may have any, or none. */
static bool
sides_meet(const struct rule_side *a, const struct rule_side *b)
{
	if (a->any || b->any || (a->vmall && lint_names_vms(b)) || (b->vmall && lint_names_vms(a)))
		return true;
	for (unsigned i = 0; i < a->n_tags; i++)
		for (unsigned k = 0; k < b->n_tags; k++)
			if (tags_meet(&a->tags[i], &b->tags[k]))
				return true;
	for (unsigned i = 0; i < a->n_vms; i++)
		for (unsigned k = 0; k < b->n_vms; k++)
			if (uuid_cmp(a->vms[i], b->vms[k]) == 0)
				return true;
	return prefixes_meet(a->ips, a->n_ips, b->ips, b->n_ips) ||
	    prefixes_meet(a->ips, a->n_ips, b->subnets, b->n_subnets) ||
	    prefixes_meet(a->subnets, a->n_subnets, b->ips, b->n_ips) ||
	    prefixes_meet(a->subnets, a->n_subnets, b->subnets, b->n_subnets);
}

/* Does a side hold multicast groups of the link that replies go to? */
static bool
holds_groups(const struct rule_side *s)
{
	static const struct prefix groups[] = { { { 0xff02000000000000, 0 }, 16, NET_V6 },
		{ { 0, 0xffffe0000000 }, NET_V4_BASE + 24, NET_V4 } };

	return s->any || prefixes_meet(groups, 2, s->ips, s->n_ips) ||
	    prefixes_meet(groups, 2, s->subnets, s->n_subnets);
}

/* A rule of the list whose requests the rule's packets would answer. */
static uint32_t
find_request(const struct icmp_check *ic, const struct exchange *x, uint32_t list, uint32_t rule)
{
	const struct rule_side *to = &rule_of(ic, rule)->side[LANG_TO];
	unsigned looked = 0;

	for (uint32_t i = list; i != UINT32_MAX && looked < REQUESTS_MAX; i = ic->links.v[i].next) {
		uint32_t other = ic->links.v[i].rule;

		looked++;
		if ((x->reply_to & TO_GROUP && holds_groups(to)) || (x->reply_to & TO_SENDER &&
		    sides_meet(to, &rule_of(ic, other)->side[LANG_FROM])))
			return other;
	}
	return UINT32_MAX;
}

static uint32_t
lets_in(const struct icmp_check *ic, const struct exchange *x, const struct icmp_let_in *in,
    uint32_t rule)
{
	const struct cover_list *from = &ic->c->side[LANG_FROM][rule].atoms;
	uint32_t found = UINT32_MAX;

	for (uint32_t k = 0; k < from->n && in->to && found == UINT32_MAX; k++) {
		const struct cover_atom *a = &ic->c->atoms.v[from->v[k]];

		found = find_request(ic, x, in->inside[from->v[k]], rule);
		for (unsigned w = 0; w < a->n_within && found == UINT32_MAX; w++)
			found = find_request(ic, x, in->to[a->within[w]], rule);
	}
	return found;
}

static void
check_replies(struct icmp_check *ic, uint32_t rule)
{
	const struct lint_rule *r = &ic->l->rules.v[rule];

	if (r->rule->action != LANG_BLOCK || !lang_has_types((enum lang_proto)r->rule->proto))
		return;
	for (size_t i = 0; i < BASE_COUNT(exchanges); i++) {
		const struct exchange *x = &exchanges[i];
		struct lint_finding *f;
		uint32_t other;

		if (r->rule->proto != x->proto || !decides_type(ic, rule, LANG_FROM, x->reply) ||
		    (other = lets_in(ic, x, &ic->let_in[i], rule)) == UINT32_MAX)
			continue;
		f = lint_report(ic->l, r, LINT_cuts_replies, r->ast->items_span,
		    "type %u is blocked, which answers type %u that another rule lets in", x->reply,
		    x->request);
		lint_relate(ic->l, f, &ic->l->rules.v[other], ic->l->rules.v[other].ast->span,
		    "this rule lets it in");
		lint_help(ic->l, f, "allow type %u with a higher priority", x->reply);
	}
}

/* --- the run --------------------------------------------------------------------------- */

void
icmp_check_init(struct icmp_check *ic, struct lint *l, struct cover *c)
{
	*ic = (struct icmp_check){ .l = l, .c = c };
	for (size_t i = 0; i < BASE_COUNT(exchanges); i++)
		find_let_in(ic, &exchanges[i], &ic->let_in[i]);
}

bool
icmp_check_rule(struct icmp_check *ic, uint32_t rule, enum lang_side dir)
{
	ic->unsure = false;
	check_essential(ic, rule, dir);
	if (dir == LANG_FROM)
		check_replies(ic, rule);
	return !ic->unsure;
}
