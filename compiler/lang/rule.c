/* SPDX-License-Identifier: MPL-2.0 */
/* From the tree to the checked rule: limits, families, order, duplicates. */
#include "rule.h"

#include <endian.h>

#include "../base/text.h"

static struct diag *
refuse(struct diags *diags, struct diag *d, const char *help)
{
	d->field = "rule";
	if (help)
		diag_help(diags, d, "%s", help);
	return d;
}

/* --- checks of the whole ------------------------------------------------- */

static bool
check_items(struct diags *diags, const struct ast_rule *ast, struct lang_opts opts)
{
	unsigned most = opts.max_version && opts.max_version < LANG_VERSION
	    ? LANG_MAX_ITEMS_OLD : LANG_MAX_ITEMS;

	if (ast->items.n <= most)
		return true;
	refuse(diags, diag_add(diags, DIAG_too_many_items, ast->src, ast->items_span, most,
	    lang_has_types(ast->proto) ? "types" : "ports"), "split it into several rules");
	return false;
}

static bool
check_targets(struct diags *diags, const struct ast_rule *ast)
{
	for (int s = 0; s < 2; s++) {
		if (ast->side[s].targets.n <= LANG_MAX_TARGETS)
			continue;
		refuse(diags, diag_add(diags, DIAG_too_many_targets, ast->src, ast->side[s].span,
		    LANG_MAX_TARGETS), "split it into several rules, or give the VMs a tag");
		return false;
	}
	return true;
}

static bool
check_family_of(struct diags *diags, const struct ast_rule *ast, enum ast_kind kind,
    unsigned fam)
{
	enum diag_id id = fam == NET_V4 ? DIAG_icmp_not_v4 : DIAG_icmp6_not_v6;

	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < ast->side[s].targets.n; i++) {
			const struct ast_target *t = &ast->side[s].targets.v[i];

			if (t->kind != kind || (t->prefix.fam == fam && !t->loose))
				continue;
			refuse(diags, diag_add(diags, id, ast->src, t->span,
			    kind == AST_IP ? "address" : "subnet"), t->prefix.fam == fam
			    ? "write the address in its usual spelling"
			    : fam == NET_V4 ? "for IPv6 use icmp6" : "for IPv4 use icmp");
			return false;
		}
	return true;
}

static bool
check_family(struct diags *diags, const struct ast_rule *ast)
{
	unsigned fam = ast->proto == LANG_ICMP ? NET_V4 : NET_V6;

	return !lang_has_types(ast->proto) || (check_family_of(diags, ast, AST_IP, fam) &&
	    check_family_of(diags, ast, AST_SUBNET, fam));
}

static bool
check_affects(struct diags *diags, const struct ast_rule *ast)
{
	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < ast->side[s].targets.n; i++) {
			unsigned kind = ast->side[s].targets.v[i].kind;

			if (kind == AST_TAG || kind == AST_VM || kind == AST_ALL_VMS)
				return true;
		}
	refuse(diags, diag_add(diags, DIAG_no_vms, ast->src, ast->span),
	    "at least one side must name VMs: a tag, a vm, or all vms");
	return false;
}

/* --- sides --------------------------------------------------------------- */

/* The targets of one kind. */
struct kind {
	const struct ast_target *v[LANG_MAX_TARGETS];
	unsigned n;
};

/*
 * A prefix and its canonical text, which is what lists are sorted by: as it was typed if
 * that is canonical, else our own.
 */
struct spelled {
	struct prefix p;
	struct slice text;
	uint64_t first;                 /* its first eight bytes, to be compared as a number */
	char own[NET_TEXT_MAX];
};

static void
spell(struct spelled *s, const struct ast_target *t)
{
	s->p = t->prefix;
	s->text = t->text;
	if (!t->canonical)
		s->text = (struct slice){ s->own, t->kind == AST_IP
		    ? addr_write(s->own, s->p.a, s->p.fam) : prefix_write(s->own, s->p) };
}

static void
load_first(struct spelled *s)
{
	s->first = 0;
	memcpy(&s->first, s->text.p, s->text.n < 8 ? s->text.n : 8);
	s->first = be64toh(s->first);
}

/* Most texts differ in the first bytes. */
static int
spelled_cmp(const struct spelled *a, const struct spelled *b)
{
	size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
	int c;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	c = memcmp(a->text.p, b->text.p, n);
	return c ? c : (int)a->text.n - (int)b->text.n;
}

/* Sorted and without duplicates; with each its text, which lives as long as the scratch. */
static uint8_t
make_prefixes(struct arena *arena, const struct kind *k, struct spelled *list,
    struct prefix **out, struct slice *texts)
{
	const struct spelled *order[LANG_MAX_TARGETS];
	unsigned n = 0;

	for (unsigned i = 0; i < k->n; i++) {
		struct spelled *s = &list[n];
		unsigned at = n;
		int c = 1;

		spell(s, k->v[i]);
		if (k->n > 1)
			load_first(s);
		while (at > 0 && (c = spelled_cmp(order[at - 1], s)) > 0)
			at--;
		if (at > 0 && c == 0)
			continue;
		for (unsigned to = n++; to > at; to--)
			order[to] = order[to - 1];
		order[at] = s;
	}
	*out = arena_alloc(arena, n * sizeof(**out));
	for (unsigned i = 0; i < n; i++) {
		(*out)[i] = order[i]->p;
		texts[i] = order[i]->text;
	}
	return (uint8_t)n;
}

static int
tag_cmp(const struct ast_target *a, const struct ast_target *b)
{
	int c = text_cmp16(a->text, b->text);

	if (c)
		return c;
	if (a->has_value != b->has_value)
		return a->has_value ? 1 : -1;
	return a->has_value ? text_cmp16(a->value, b->value) : 0;
}

/* `tag k` comes first among its key's and swallows the pairs that follow. */
static uint8_t
make_tags(struct arena *arena, const struct kind *k, struct rule_tag **out)
{
	const struct ast_target *order[LANG_MAX_TARGETS];
	unsigned n = 0, kept = 0;

	for (unsigned i = 0; i < k->n; i++) {
		const struct ast_target *t = k->v[i];
		unsigned at = n;

		while (at > 0 && tag_cmp(order[at - 1], t) > 0)
			at--;
		if (at < n)
			memmove(order + at + 1, order + at, (n - at) * sizeof(*order));
		order[at] = t;
		n++;
	}
	*out = arena_alloc(arena, n * sizeof(**out));
	for (unsigned i = 0; i < n; i++) {
		const struct rule_tag *last = kept ? &(*out)[kept - 1] : NULL;

		if (last && slice_eq(last->key, order[i]->text) && (!last->has_value ||
		    (order[i]->has_value && slice_eq(last->value, order[i]->value))))
			continue;
		(*out)[kept++] = (struct rule_tag){
			arena_slice(arena, order[i]->text),
			order[i]->has_value ? arena_slice(arena, order[i]->value) : (struct slice){ 0 },
			order[i]->has_value,
		};
	}
	return (uint8_t)kept;
}

static uint8_t
make_vms(struct arena *arena, const struct kind *k, struct uuid **out)
{
	struct uuid list[LANG_MAX_TARGETS];
	unsigned n = 0;

	for (unsigned i = 0; i < k->n; i++) {
		const struct ast_target *t = k->v[i];
		unsigned at = n;
		int c = 1;

		while (at > 0 && (c = uuid_cmp(list[at - 1], t->vm)) > 0)
			at--;
		if (at > 0 && c == 0)
			continue;
		if (at < n)
			memmove(list + at + 1, list + at, (n - at) * sizeof(*list));
		list[at] = t->vm;
		n++;
	}
	*out = arena_alloc(arena, n * sizeof(**out));
	memcpy(*out, list, n * sizeof(**out));
	return (uint8_t)n;
}

/* The texts of a side's prefixes, ips first, while the rule is made. */
struct side_texts {
	struct slice prefix[LANG_MAX_TARGETS];
	struct spelled spelled[LANG_MAX_TARGETS];
};

static void
make_side(struct arena *arena, const struct ast_side *side, struct side_texts *texts,
    struct rule_side *out)
{
	struct kind kinds[AST_VM + 1], *k;

	for (unsigned i = 0; i < BASE_COUNT(kinds); i++)
		kinds[i].n = 0;
	for (uint32_t i = 0; i < side->targets.n; i++) {
		k = &kinds[side->targets.v[i].kind];
		k->v[k->n++] = &side->targets.v[i];
	}
	out->any = kinds[AST_ANY].n != 0;
	out->vmall = kinds[AST_ALL_VMS].n != 0;
	if (kinds[AST_IP].n)
		out->n_ips = make_prefixes(arena, &kinds[AST_IP], texts->spelled, &out->ips,
		    texts->prefix);
	if (kinds[AST_SUBNET].n)
		out->n_subnets = make_prefixes(arena, &kinds[AST_SUBNET],
		    texts->spelled + kinds[AST_IP].n, &out->subnets, texts->prefix + out->n_ips);
	if (kinds[AST_TAG].n)
		out->n_tags = make_tags(arena, &kinds[AST_TAG], &out->tags);
	if (kinds[AST_VM].n)
		out->n_vms = make_vms(arena, &kinds[AST_VM], &out->vms);
}

/* --- ports and types ------------------------------------------------------ */

/*
 * Ports by their start only, stably; types by type, a bare type first, then by
 * code.
 */
static int
item_cmp(const struct lang_item *x, const struct lang_item *y, bool types)
{
	if (x->a != y->a || !types)
		return (int)x->a - (int)y->a;
	return (int)(uint16_t)(x->b + 1) - (int)(uint16_t)(y->b + 1);
}

static void
make_items(struct arena *arena, const struct ast_rule *ast, struct rule *r)
{
	bool types = lang_has_types(ast->proto);
	unsigned n = 0;

	r->n_items = (uint8_t)ast->items.n;
	if (!r->n_items)
		return;
	r->items = arena_alloc(arena, r->n_items * sizeof(*r->items));
	for (uint32_t i = 0; i < ast->items.n; i++) {
		struct lang_item item = ast->items.v[i];
		unsigned at = n++;

		while (at > 0 && item_cmp(&r->items[at - 1], &item, types) > 0) {
			r->items[at] = r->items[at - 1];
			at--;
		}
		r->items[at] = item;
	}
}

/* --- the rule -------------------------------------------------------------- */

struct rule *
rule_make(struct arena *arena, struct diags *diags, const struct ast_rule *ast,
    const struct rule_fields *f, struct lang_opts opts)
{
	struct side_texts from, to;
	struct rule *r;
	struct buf text;

	if (!check_items(diags, ast, opts) || !check_targets(diags, ast) ||
	    !check_family(diags, ast) || !check_affects(diags, ast))
		return NULL;
	r = arena_zero(arena, sizeof(*r));
	r->uuid = f->uuid;
	r->owner = f->owner;
	r->has_owner = f->has_owner;
	r->version = arena_slice(arena, f->version);
	r->has_created_by = f->has_created_by;
	if (f->has_created_by)
		r->created_by = arena_slice(arena, f->created_by);
	r->has_description = f->has_description;
	if (f->has_description)
		r->description = arena_slice(arena, f->description);
	r->enabled = (uint8_t)f->enabled;
	r->log = (uint8_t)f->log;
	r->action = ast->action;
	r->proto = ast->proto;
	r->priority = ast->priority;
	r->all = ast->all;
	make_items(arena, ast, r);
	make_side(arena, &ast->side[LANG_FROM], &from, &r->side[LANG_FROM]);
	make_side(arena, &ast->side[LANG_TO], &to, &r->side[LANG_TO]);
	arena_open(arena, &text);
	rule_write_text(&text, r, from.prefix, to.prefix);
	r->text = arena_close(arena, &text);
	return r;
}
