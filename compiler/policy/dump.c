/* SPDX-License-Identifier: MPL-2.0 */
/* The IR as text, and the check of its invariants. */
#include "policy.h"

#include "../base/hash.h"

bool
policy_icmp_state(enum lang_proto proto, unsigned type)
{
	return proto == LANG_ICMP ? type == 8 || type == 13 || type == 15 || type == 17
	    : type == 128 || type == 130 || type == 139;
}

static void
dump_items(struct buf *out, const struct policy_entry *e)
{
	if (e->all_items)
		buf_str(out, " all");
	for (unsigned i = 0; i < e->n_items; i++) {
		const struct lang_item *it = &e->items[i];

		buf_printf(out, "%s%u", i ? "," : " ", it->a);
		if (lang_has_types(e->proto) && it->b != LANG_ANY_CODE)
			buf_printf(out, ":%u", it->b);
		else if (lang_has_ports(e->proto) && it->range)
			buf_printf(out, "-%u", it->b);
	}
}

/* "head 1f group 2e default", where it is more than a line of rules in the main list. */
static void
dump_place(struct buf *out, const struct policy_entry *e)
{
	static const char *const name[] = { "", " default", " opening", " walk" };

	if (e->fam)
		buf_printf(out, " ipv%u", e->fam);
	if (e->group)
		buf_printf(out, " group %x", e->group);
	if (e->head)
		buf_printf(out, " head %x", e->head);
	buf_str(out, name[e->kind]);
}

void
policy_dump(struct buf *out, const struct policy *p)
{
	buf_str(out, "vm ");
	buf_uuid(out, p->vm->uuid);
	buf_printf(out, ": %u entries\n", p->entries.n);
	for (uint32_t i = 0; i < p->entries.n; i++) {
		const struct policy_entry *e = &p->entries.v[i];

		buf_printf(out, "  %s %s %s", e->side == LANG_FROM ? "out" : "in",
		    lang_action_name[e->action], lang_proto_name[e->proto]);
		dump_items(out, e);
		buf_str(out, e->keep_state ? " state {" : " {");
		if (e->any)
			buf_str(out, " any");
		for (uint32_t k = 0; k < e->n_addrs; k++) {
			buf_char(out, ' ');
			buf_prefix(out, e->addrs[k]);
		}
		buf_str(out, " }");
		dump_place(out, e);
		for (uint32_t k = 0; e->rule && k < (e->n_rules ? e->n_rules : 1); k++) {
			buf_char(out, ' ');
			buf_uuid(out, e->n_rules ? e->rules[k]->uuid : e->rule->uuid);
		}
		buf_char(out, '\n');
	}
}

static const char *
check_addrs(const struct policy_entry *e)
{
	if (e->any && e->n_addrs)
		return "any beside addresses";
	for (uint32_t i = 0; i < e->n_addrs; i++) {
		const struct prefix *p = &e->addrs[i];

		if (prefix_has_host_bits(*p))
			return "a prefix with host bits";
		if ((e->proto == LANG_ICMP && p->fam != NET_V4) ||
		    (e->proto == LANG_ICMP6 && p->fam != NET_V6))
			return "a prefix of a family that the protocol has not";
		if (i && prefix_cmp(p[-1], *p) >= 0)
			return "prefixes out of order";
		if (i && p[-1].fam == p->fam && addr_cmp(prefix_last(p[-1]), p->a) >= 0)
			return "prefixes that overlap";
	}
	return NULL;
}

static const char *
check_items(const struct policy_entry *e)
{
	bool ports = lang_has_ports(e->proto);

	if (e->all_items != (e->n_items == 0))
		return "no ports or types, or all beside some";
	for (unsigned i = 1; i < e->n_items; i++) {
		const struct lang_item *x = &e->items[i - 1], *y = &e->items[i];

		if (ports ? x->b >= y->a : x->a > y->a || (x->a == y->a &&
		    (x->b == LANG_ANY_CODE || x->b >= y->b)))
			return "ports or types out of order";
	}
	return NULL;
}

static const char *
check_state(const struct policy_entry *e)
{
	if (!e->keep_state || e->kind != POLICY_RULE)
		return NULL;
	if (e->action == LANG_BLOCK)
		return "state on a block";
	if (!lang_has_types(e->proto))
		return NULL;
	if (e->all_items)
		return "state on all types";
	for (unsigned i = 0; i < e->n_items; i++)
		if (!policy_icmp_state(e->proto, e->items[i].a))
			return "state on a type that has none";
	return NULL;
}

/* A group's full name: its number stands for another one in each direction and family. */
static struct slice
group_key(struct arena *a, const struct policy_entry *e, uint32_t group)
{
	uint64_t *key = arena_alloc(a, sizeof(*key));

	*key = (uint64_t)group << 16 | (uint64_t)e->side << 8 | e->fam;
	return (struct slice){ (const char *)key, sizeof(*key) };
}

/* A head is one line; its group's lines stand behind it, of its direction and family. */
static const char *
check_group(struct arena *a, struct strmap *heads, const struct policy *p, uint32_t i)
{
	const struct policy_entry *e = &p->entries.v[i];
	uint32_t *at;

	if (!e->rule != (e->kind != POLICY_RULE))
		return "a default of a rule, or a line of none";
	if (e->group) {
		const uint32_t *head = strmap_get(heads, group_key(a, e, e->group));

		if (!head)
			return "a line before its group's head";
		if (p->entries.v[*head].proto != e->proto)
			return "a head of another protocol than its group's";
	}
	if (!e->head)
		return NULL;
	at = strmap_put(a, heads, group_key(a, e, e->head));
	if (*at != UINT32_MAX)
		return "a group with two heads";
	*at = i;
	if (!e->fam || e->n_addrs + e->any != 1 || e->n_items + e->all_items != 1)
		return "a head that is not one line";
	return NULL;
}

static const char *
check_groups(const struct policy *p)
{
	struct arena arena = { 0 };
	struct strmap heads = { 0 };
	const char *wrong = NULL;

	for (uint32_t i = 0; i < p->entries.n && !wrong; i++)
		wrong = check_group(&arena, &heads, p, i);
	arena_free(&arena);
	return wrong;
}

const char *
policy_check(const struct policy *p, bool state_placed)
{
	for (uint32_t i = 0; i < p->entries.n; i++) {
		const struct policy_entry *e = &p->entries.v[i];
		const char *wrong = check_addrs(e);

		if (!wrong)
			wrong = check_items(e);
		if (!wrong && state_placed)
			wrong = check_state(e);
		if (wrong)
			return wrong;
	}
	return check_groups(p);
}
