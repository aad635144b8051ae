/* SPDX-License-Identifier: MPL-2.0 */
/* A condition of a question held against one rule, and why it holds. */
#include "query_int.h"

#include "../../compiler/base/text.h"

void
query_init(struct query *q)
{
	memset(q, 0, sizeof(*q));
	q->protocol = q->action = q->enabled = q->log = q->global = QUERY_NONE;
	q->port = q->direction = QUERY_NONE;
	q->limit = UINT32_MAX;
}

bool
query_asks(const struct query *q, enum query_cond c)
{
	switch (c) {
	case COND_IP:
		return q->ips.n;
	case COND_SUBNET:
		return q->subnets.n;
	case COND_VM:
		return q->vms.n;
	case COND_TAG:
		return q->tags.n;
	case COND_WILDCARD:
		return q->has_wildcard;
	case COND_OWNER:
		return q->owners.n;
	default:
		return q->port != QUERY_NONE;
	}
}

/*
 * A target with bits to the right of its mask is taken for the prefix it stands
 * for.  The families never meet: ::ffff:1.2.3.4 is not 1.2.3.4.
 */
bool
query_prefix_matches(enum query_match match, struct prefix target, struct prefix value)
{
	switch (match) {
	case QUERY_CONTAINS:
		return prefix_contains(target, value);
	case QUERY_WITHIN:
		return prefix_contains(value, target);
	case QUERY_OVERLAPS:
		return prefix_contains(target, value) || prefix_contains(value, target);
	default:
		return target.len == value.len && prefix_contains(target, value);
	}
}

/* --- one target against one value ------------------------------------------------- */

/* Where a matching target is told, if anybody wants to know. */
struct telling {
	struct arena *arena;
	struct query_reasons *out;
	const char *param;
	enum lang_side side;
};

static void
tell(struct telling *t, struct slice value, const struct buf *target)
{
	*vec_push(t->arena, &t->out->list) = (struct query_reason){ t->param,
		arena_slice(t->arena, value), t->side, arena_slice(t->arena, buf_view(target)) };
}

static bool
match_prefixes(const struct query *q, const struct prefix *list, unsigned n, bool hosts,
    struct prefix value, bool value_is_host, struct telling *t)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		char text[NET_TEXT_MAX];
		struct buf target = { 0 };
		size_t len;

		if (!query_prefix_matches(q->match, list[i], value))
			continue;
		if (!t)
			return true;
		any = true;
		len = value_is_host ? addr_write(text, value.a, value.fam)
		    : prefix_write(text, value);
		buf_str(&target, hosts ? "ip " : "subnet ");
		if (hosts)
			buf_addr(&target, list[i]);
		else
			buf_prefix(&target, list[i]);
		tell(t, (struct slice){ text, len }, &target);
		buf_free(&target);
	}
	return any;
}

/* The exact search for an address looks at ip targets only, that for a subnet at subnets. */
static bool
match_addresses(const struct query *q, enum query_cond c, const struct rule_side *side,
    struct telling *t)
{
	const struct prefix *v = c == COND_IP ? q->ips.v : q->subnets.v;
	uint32_t n = c == COND_IP ? q->ips.n : q->subnets.n;
	bool both = q->match != QUERY_EXACT, host = c == COND_IP, any = false;

	for (uint32_t i = 0; i < n && (t || !any); i++) {
		if (both || host)
			any |= match_prefixes(q, side->ips, side->n_ips, true, v[i], host, t);
		if (both || !host)
			any |= match_prefixes(q, side->subnets, side->n_subnets, false, v[i], host, t);
	}
	return any;
}

static bool
match_vms(const struct query *q, const struct rule_side *side, struct telling *t)
{
	bool any = false;

	for (uint32_t i = 0; i < q->vms.n; i++)
		for (unsigned k = 0; k < side->n_vms; k++) {
			struct buf target = { 0 };

			if (uuid_cmp(q->vms.v[i], side->vms[k]) != 0)
				continue;
			if (!t)
				return true;
			any = true;
			buf_str(&target, "vm ");
			buf_uuid(&target, side->vms[k]);
			tell(t, (struct slice){ target.p + 3, UUID_TEXT }, &target);
			buf_free(&target);
		}
	return any;
}

static bool
tag_matches(const struct query_tag *want, const struct rule_tag *have)
{
	if (!slice_eq(want->key, have->key))
		return false;
	return !want->has_value || !have->has_value || slice_eq(want->value, have->value);
}

static void
tell_tag(struct telling *t, const struct query_tag *want, const struct rule_tag *have)
{
	struct buf target = { 0 }, value = { 0 };

	buf_str(&target, "tag \"");
	rule_escape(&target, have->key);
	buf_char(&target, '"');
	if (have->has_value) {
		buf_str(&target, " = \"");
		rule_escape(&target, have->value);
		buf_char(&target, '"');
	}
	buf_slice(&value, want->key);
	if (want->has_value) {
		buf_char(&value, '=');
		buf_slice(&value, want->value);
	}
	tell(t, buf_view(&value), &target);
	buf_free(&value);
	buf_free(&target);
}

static bool
match_tags(const struct query *q, const struct rule_side *side, struct telling *t)
{
	bool any = false;

	for (uint32_t i = 0; i < q->tags.n; i++)
		for (unsigned k = 0; k < side->n_tags; k++) {
			if (!tag_matches(&q->tags.v[i], &side->tags[k]))
				continue;
			if (!t)
				return true;
			any = true;
			tell_tag(t, &q->tags.v[i], &side->tags[k]);
		}
	return any;
}

static bool
match_wildcards(const struct query *q, const struct rule_side *side, struct telling *t)
{
	bool any = q->any && side->any, vmall = q->vmall && side->vmall;
	struct buf target = { 0 };

	if (t && (any || vmall)) {
		buf_str(&target, any ? "any" : "all vms");
		tell(t, slice_of(any ? "any" : "vmall"), &target);
		buf_free(&target);
	}
	return any || vmall;
}

static bool
match_side(const struct query *q, enum query_cond c, const struct rule_side *side,
    struct telling *t)
{
	switch (c) {
	case COND_IP:
	case COND_SUBNET:
		return match_addresses(q, c, side, t);
	case COND_VM:
		return match_vms(q, side, t);
	case COND_TAG:
		return match_tags(q, side, t);
	default:
		return match_wildcards(q, side, t);
	}
}

/* --- whole conditions --------------------------------------------------------------- */

static bool
match_owner(const struct query *q, const struct rule *r)
{
	for (uint32_t i = 0; i < q->owners.n; i++)
		if (r->has_owner && uuid_cmp(q->owners.v[i], r->owner) == 0)
			return true;
	return false;
}

static bool
match_port(const struct query *q, const struct rule *r)
{
	if (!lang_has_ports(r->proto))
		return false;
	if (r->all)
		return true;
	for (unsigned i = 0; i < r->n_items; i++)
		if (q->port >= r->items[i].a && q->port <= r->items[i].b)
			return true;
	return false;
}

bool
query_holds(const struct query *q, enum query_cond c, const struct rule *r)
{
	if (c == COND_OWNER)
		return match_owner(q, r);
	if (c == COND_PORT)
		return match_port(q, r);
	for (int s = 0; s < 2; s++)
		if ((q->direction == QUERY_NONE || q->direction == s) &&
		    match_side(q, c, &r->side[s], NULL))
			return true;
	return false;
}

void
query_explain(const struct query *q, const struct rule *r, struct arena *arena,
    struct query_reasons *out)
{
	static const char *const name[] = { "ip", "subnet", "vm", "tag", "wildcard" };
	struct telling t = { .arena = arena, .out = out };

	memset(out, 0, sizeof(*out));
	for (unsigned c = COND_IP; c <= COND_WILDCARD; c++)
		for (int s = 0; query_asks(q, c) && s < 2; s++) {
			t.param = name[c];
			t.side = s;
			if (q->direction == QUERY_NONE || q->direction == s)
				match_side(q, c, &r->side[s], &t);
		}
}
