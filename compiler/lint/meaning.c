/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of what one enabled rule means. */
#include "lint_int.h"

static void
check_no_effect(struct lint *l, const struct lint_rule *r)
{
	const struct rule *rule = r->rule;
	struct lint_finding *f;

	if (lint_acts(rule, LANG_FROM) || lint_acts(rule, LANG_TO))
		return;
	f = lint_report(l, r, LINT_no_effect, r->ast->span, rule->action == LANG_ALLOW
	    ? "the rule has no effect: outbound traffic is allowed by default"
	    : "the rule has no effect: inbound traffic is blocked by default");
	lint_help(l, f, "to win over another rule it needs a PRIORITY above 0");
	lint_edit_remove(l, lint_fix(l, f, r, false, "remove the rule"), r);
}

/* The target of the FROM side that is everybody, of one family at least. */
static const struct ast_target *
everybody(const struct ast_rule *ast)
{
	const struct ast_side *side = &ast->side[LANG_FROM];

	for (uint32_t i = 0; i < side->targets.n; i++) {
		const struct ast_target *t = &side->targets.v[i];

		if (t->kind == AST_ANY || (t->kind == AST_SUBNET &&
		    t->prefix.len == (t->prefix.fam == NET_V4 ? NET_V4_BASE : 0)))
			return t;
	}
	return NULL;
}

static void
check_wide_open(struct lint *l, const struct lint_rule *r)
{
	const struct rule *rule = r->rule;
	const struct ast_target *who = everybody(r->ast);
	struct portset items, found = { 0 };
	struct lint_finding *f;
	struct buf list = { 0 };

	if (!who || rule->action != LANG_ALLOW || !lint_names_vms(&rule->side[LANG_TO]) ||
	    !lang_has_ports((enum lang_proto)rule->proto))
		return;
	items = lint_items(&l->scratch, rule);
	portset_intersect(&l->scratch, &found, &items,
	    &r->config->sensitive[rule->proto == LANG_UDP]);
	if (portset_is_empty(&found))
		return;
	for (uint32_t i = 0; i < found.n && i < 8; i++)
		buf_printf(&list, found.v[i].first == found.v[i].last ? "%s%u" : "%s%u-%u",
		    i ? ", " : "", found.v[i].first, found.v[i].last);
	f = lint_report(l, r, LINT_wide_open, who->span, "%s %s %.*s%s open to everybody",
	    lang_proto_name[rule->proto], found.n > 1 || found.v[0].first < found.v[0].last
	    ? "ports" : "port", SLICE_ARGS(list), found.n > 8 ? " ... are" :
	    found.n > 1 || found.v[0].first < found.v[0].last ? " are" : " is");
	lint_relate(l, f, r, r->ast->items_span, "here");
	lint_help(l, f, "name the addresses or tags that need it");
	buf_free(&list);
}

static bool
has_v6(const struct rule_side *s)
{
	for (unsigned i = 0; i < s->n_ips; i++)
		if (s->ips[i].fam == NET_V6)
			return true;
	for (unsigned i = 0; i < s->n_subnets; i++)
		if (s->subnets[i].fam == NET_V6)
			return true;
	return false;
}

static void
check_ah(struct lint *l, const struct lint_rule *r)
{
	struct lint_finding *f;

	if (r->rule->proto != LANG_AH || (!has_v6(&r->rule->side[LANG_FROM]) &&
	    !has_v6(&r->rule->side[LANG_TO])))
		return;
	f = lint_report(l, r, LINT_ah_ipv6, r->ast->proto_span, "ipf never matches ah on IPv6");
	lint_help(l, f, "esp is matched on both families");
}

void
lint_check_meaning(struct lint *l, const struct lint_rule *r)
{
	if (!rule_is_true((enum rule_bool)r->rule->enabled))
		return;
	check_no_effect(l, r);
	check_wide_open(l, r);
	check_ah(l, r);
}
