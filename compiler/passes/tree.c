/* SPDX-License-Identifier: MPL-2.0 */
/*
 * -O3: the lines that -O2 found, in groups, so that a packet meets few of them.
 *
 * The measure is lines visited by a packet; cut.c has the cost model.  A direction
 * and family with fewer than SMALL lines stays flat.  The others get a head for
 * each protocol with lines enough, and below it groups by covering prefixes, by
 * intervals of ports or by ICMP types, as long as that pays.
 *
 *	head    pass out proto tcp to 10.0.0.0/8            (group 1)
 *	  line    block 10.1.2.3 port 80
 *	  head    block 10.5.0.0/16 port 25                 (group 2)
 *	    line    pass 10.5.0.9
 *
 * A head decides what its group does not: by the first line that matches all its
 * packets, which then needs no line of its own in the group, or else by the
 * direction's default.  So a packet that has come to a head goes nowhere else, and
 * a group holds a copy of each line that reaches into it.  At most half as many
 * lines as there were are added that way.  Where it would take more, a list is
 * divided in parts behind each other; the heads of all but the last then decide
 * nothing (POLICY_WALK) and their packets go on to the next.  What comes out of all
 * groups without a verdict meets the file's own end.
 *
 * Defaults that one line cannot say: what opens a TCP connection outward keeps
 * state and the rest does not, so such a group ends with a line for the former;
 * outward ah and esp have no default at all, so only a line of a rule can be their
 * head.  Outward ICMP's default keeps state; for types that have none ipf takes
 * the head for one that did not match, and the file's end decides.
 *
 * A group's number comes from what its head matches, so it stays when other parts
 * of the policy change.
 *
 * Time: n log n in lines, with at most DEPTH levels; memory some 1.5 KB a line.  So there
 * is a limit to lines (struct passes_limits), past which a direction stays flat.
 */
#include <stdlib.h>

#include "../base/hash.h"
#include "../net/pset.h"
#include "tree_int.h"

#define SMALL 24                /* lines that stay flat */
#define HEAD_MIN 4              /* lines for which a protocol has a head */
#define DEPTH 14                /* of groups; ipf can nest 16 */
#define NAMED_A_LINE 64         /* rules named for each line, where that is more than before */

struct tree {
	struct passes *ps;
	const struct policy *p;
	struct policy *out;
	struct strmap groups;           /* numbers taken */
	enum net_family fam;
	enum lang_side side;
	enum lang_proto proto;
	struct origin **origin;         /* of each entry; those not asked for yet NULL */
	bool *origin_known;
	uint64_t named;                 /* rules, over all entries made */
};

/* A list to be written, and where. */
struct task {
	struct tree_list list;
	struct tree_region region;
	const struct tree_line *all;    /* what decides in the end; NULL: the default */
	uint32_t group;
	unsigned depth;
	uint32_t spare;                 /* lines that may be added */
	bool goes_on;                   /* another list stands behind this one */
	bool parted;                    /* it is a part of one of the same region */
};

/* --- lines ---------------------------------------------------------------------------- */

static struct tree_region
everything(enum net_family fam)
{
	return (struct tree_region){ { family_first(fam), fam == NET_V4 ? NET_V4_BASE : 0,
		(uint8_t)fam }, 0, UINT16_MAX };
}

static void
item_keys(enum lang_proto proto, const struct lang_item *it, struct tree_line *l)
{
	l->first = it->a;
	l->last = it->b;
	if (lang_has_types(proto)) {
		l->first = (uint16_t)(it->a << 8 | (it->b == LANG_ANY_CODE ? 0 : it->b));
		l->last = (uint16_t)(it->a << 8 | (it->b == LANG_ANY_CODE ? 255 : it->b));
	}
}

static void
add_lines(struct tree *t, struct tree_list *list, uint32_t entry, struct prefix p, uint32_t addr)
{
	const struct policy_entry *e = &t->p->entries.v[entry];
	uint32_t n = e->all_items ? 1 : e->n_items;
	struct tree_line *l = arena_alloc(&t->ps->scratch, n * sizeof(*l));

	for (uint32_t i = 0; i < n; i++) {
		l[i] = (struct tree_line){ p, 0, UINT16_MAX, entry, addr, i };
		if (!e->all_items)
			item_keys(t->proto, &e->items[i], &l[i]);
		*vec_push(&t->ps->scratch, &list->line) = &l[i];
	}
}

static bool
has_family(enum lang_proto proto, enum net_family fam)
{
	return proto != (fam == NET_V4 ? LANG_ICMP6 : LANG_ICMP);
}

static struct tree_list
lines_of(struct tree *t, enum lang_proto proto)
{
	struct tree_list list = { 0 };

	t->proto = proto;
	for (uint32_t i = 0; i < t->p->entries.n && has_family(proto, t->fam); i++) {
		const struct policy_entry *e = &t->p->entries.v[i];

		if (e->side != t->side || e->proto != proto || (e->fam && e->fam != t->fam))
			continue;
		if (e->any)
			add_lines(t, &list, i, everything(t->fam).p, UINT32_MAX);
		for (uint32_t k = 0; k < e->n_addrs; k++)
			if (e->addrs[k].fam == t->fam)
				add_lines(t, &list, i, prefix_mask(e->addrs[k]), k);
	}
	return list;
}

static bool
same_saying(const struct tree *t, const struct tree_line *x, const struct tree_line *y)
{
	const struct policy_entry *a = &t->p->entries.v[x->entry];
	const struct policy_entry *b = &t->p->entries.v[y->entry];

	return a == b || (!t->ps->tags && a->action == b->action &&
	    a->keep_state == b->keep_state && policy_standing(a) == policy_standing(b));
}

/*
 * Lines of one outcome may change places: those for all addresses go last, together.
 * Only within one standing, or a line would get packets of a rule that it does not name.
 */
static void
wide_last(const struct tree *t, struct tree_list *list)
{
	uint32_t n = list->line.n;
	const struct tree_line **v = list->line.v, **wide = arena_alloc(&t->ps->scratch,
	    n * sizeof(*wide));

	for (uint32_t lo = 0, hi; lo < n; lo = hi) {
		uint32_t kept = lo, n_wide = 0;

		for (hi = lo; hi < n && same_saying(t, v[lo], v[hi]); hi++)
			if (v[hi]->p.len == everything(t->fam).p.len)
				wide[n_wide++] = v[hi];
			else
				v[kept++] = v[hi];
		if (n_wide)
			memcpy(&v[kept], wide, n_wide * sizeof(*v));
	}
}

/* --- entries made of lines ---------------------------------------------------------------- */

static void
narrow(struct tree *t, uint32_t entry, struct policy_entry *part)
{
	const struct policy_entry *e = &t->p->entries.v[entry];

	if (!t->origin_known[entry]) {
		t->origin_known[entry] = true;
		t->origin[entry] = origin_new(&t->ps->scratch, e, t->fam);
	}
	if (t->origin[entry])
		origin_narrow(t->origin[entry], t->ps->arena, part);
	t->named += part->n_rules;
}

/* v[0 .. n) are of one entry and one address each `per` lines, all with the same items. */
static void
write_part(struct tree *t, const struct tree_line *const *v, uint32_t n, uint32_t per,
    uint32_t group)
{
	const struct policy_entry *from = &t->p->entries.v[v[0]->entry];
	struct policy_entry *e = vec_push(t->ps->arena, &t->out->entries);
	struct prefix *addrs;
	struct lang_item *items;

	*e = *from;
	e->fam = (uint8_t)t->fam;
	e->group = group;
	e->any = v[0]->addr == UINT32_MAX;
	e->n_addrs = e->any ? 0 : n / per;
	addrs = arena_alloc(t->ps->arena, e->n_addrs * sizeof(*addrs));
	for (uint32_t i = 0; i < e->n_addrs; i++)
		addrs[i] = v[i * per]->p;
	e->addrs = addrs;
	if (!from->all_items) {
		items = arena_alloc(t->ps->arena, per * sizeof(*items));
		for (uint32_t i = 0; i < per; i++)
			items[i] = from->items[v[i]->item];
		e->items = items;
		e->n_items = (uint16_t)per;
	}
	narrow(t, v[0]->entry, e);
}

static uint32_t
same_addr(const struct tree_line *const *v, uint32_t n)
{
	uint32_t k = 1;

	while (k < n && v[k]->addr == v[0]->addr)
		k++;
	return k;
}

static bool
same_items(const struct tree_line *const *x, const struct tree_line *const *y, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (x[i]->item != y[i]->item)
			return false;
	return true;
}

static int
by_addr_and_item(const void *a, const void *b)
{
	const struct tree_line *x = *(const struct tree_line *const *)a;
	const struct tree_line *y = *(const struct tree_line *const *)b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* Lines of one entry, whose order is of no account: as few entries as say the same. */
static void
write_entry(struct tree *t, const struct tree_line **v, uint32_t n, uint32_t group)
{
	qsort(v, n, sizeof(*v), by_addr_and_item);
	for (uint32_t lo = 0, hi; lo < n; lo = hi) {
		uint32_t per = same_addr(&v[lo], n - lo);

		for (hi = lo + per; hi < n && same_addr(&v[hi], n - hi) == per &&
		    v[lo]->addr != UINT32_MAX && v[hi]->addr != UINT32_MAX &&
		    same_items(&v[lo], &v[hi], per); hi += per)
			;
		write_part(t, &v[lo], hi - lo, per, group);
	}
}

static void
write_lines(struct tree *t, const struct tree_list *list, uint32_t group)
{
	for (uint32_t lo = 0, hi; lo < list->line.n; lo = hi) {
		for (hi = lo + 1; hi < list->line.n &&
		    list->line.v[hi]->entry == list->line.v[lo]->entry; hi++)
			;
		write_entry(t, &list->line.v[lo], hi - lo, group);
	}
}

/* --- heads ---------------------------------------------------------------------------------- */

/* A number from what the group is, so that it does not hang on what else there is. */
static uint32_t
name_group(struct tree *t, const struct tree_region *r, uint32_t parent)
{
	uint64_t parts[] = { parent, t->proto, r->p.a.hi, r->p.a.lo, r->p.len,
		(uint64_t)r->first << 16 | r->last };
	uint32_t h = 2166136261u, *key = arena_alloc(&t->ps->scratch, sizeof(*key));
	uint32_t *taken;

	/* FNV-1a, byte by byte whatever the machine's order */
	for (size_t i = 0; i < BASE_COUNT(parts); i++)
		for (unsigned k = 0; k < 64; k += 8)
			h = (h ^ (uint32_t)(parts[i] >> k & 255)) * 16777619u;
	for (*key = h; ; ++*key) {
		if (*key == 0)
			continue;
		taken = strmap_put(&t->ps->scratch, &t->groups,
		    (struct slice){ (const char *)key, sizeof(*key) });
		if (*taken == UINT32_MAX)
			break;
	}
	*taken = 0;
	return *key;
}

static void
set_default(const struct tree *t, struct policy_entry *e, enum policy_kind kind)
{
	*e = (struct policy_entry){ .kind = (uint8_t)kind, .fam = (uint8_t)t->fam,
		.side = (uint8_t)t->side, .proto = (uint8_t)t->proto, .target = POLICY_MERGED };
	e->action = t->side == LANG_TO ? LANG_BLOCK : LANG_ALLOW;
	e->keep_state = t->side == LANG_FROM && (kind == POLICY_OPENING ||
	    (kind == POLICY_DEFAULT && t->proto != LANG_TCP));
}

static void
set_region(struct tree *t, struct policy_entry *e, const struct tree_region *r)
{
	struct prefix *p;
	struct lang_item *it;

	e->any = r->p.len == everything(t->fam).p.len;
	p = arena_alloc(t->ps->arena, sizeof(*p));
	*p = r->p;
	e->addrs = e->any ? NULL : p;
	e->n_addrs = !e->any;
	e->all_items = r->first == 0 && r->last == UINT16_MAX;
	e->n_items = !e->all_items;
	it = arena_alloc(t->ps->arena, sizeof(*it));
	*it = (struct lang_item){ r->first, r->last, r->first != r->last };
	if (lang_has_types(t->proto))
		*it = (struct lang_item){ r->first >> 8, LANG_ANY_CODE, false };
	e->items = e->all_items ? NULL : it;
}

/* Outward ah and esp: there is no line that could say what happens by default. */
static bool
has_default(const struct tree *t)
{
	return t->side == LANG_TO || (t->proto != LANG_AH && t->proto != LANG_ESP);
}

static bool
needs_opening(const struct tree *t)
{
	return t->side == LANG_FROM && t->proto == LANG_TCP;
}

static bool write_task(struct tree *t, struct task *k);

/* Adds the head; returns where it stands, for what is known of its group only later. */
static uint32_t
write_head(struct tree *t, const struct task *child, uint32_t group)
{
	uint32_t at = t->out->entries.n;
	struct policy_entry *e = vec_push(t->ps->arena, &t->out->entries);

	if (child->all) {
		*e = t->p->entries.v[child->all->entry];
		e->fam = (uint8_t)t->fam;
	} else {
		set_default(t, e, child->goes_on ? POLICY_WALK : POLICY_DEFAULT);
	}
	set_region(t, e, &child->region);
	e->head = child->group;
	e->group = group;
	if (child->all)
		narrow(t, child->all->entry, e);
	return at;
}

static void
make_walk(struct tree *t, uint32_t at)
{
	struct policy_entry *e = &t->out->entries.v[at];
	struct policy_entry was = *e;

	set_default(t, e, POLICY_WALK);
	e->any = was.any;
	e->addrs = was.addrs;
	e->n_addrs = was.n_addrs;
	e->all_items = was.all_items;
	e->items = was.items;
	e->n_items = was.n_items;
	e->head = was.head;
	e->group = was.group;
}

/* A head with its group.  True if some of its packets go on behind it. */
static bool
write_group(struct tree *t, struct task *child, uint32_t group)
{
	struct policy_entry *e;
	struct tree_list last = { 0 };
	uint32_t at;
	bool goes_on;

	child->group = name_group(t, &child->region, group);
	at = write_head(t, child, group);
	goes_on = write_task(t, child);
	if (goes_on) {
		make_walk(t, at);
		if (!child->all)
			return true;
		*vec_push(&t->ps->scratch, &last.line) = child->all;
		write_lines(t, &last, child->group);
		return false;
	}
	if (t->out->entries.v[at].kind == POLICY_DEFAULT && needs_opening(t)) {
		e = vec_push(t->ps->arena, &t->out->entries);
		set_default(t, e, POLICY_OPENING);
		e->any = true;
		e->all_items = true;
		e->group = child->group;
	}
	return t->out->entries.v[at].kind == POLICY_WALK;
}

/* --- lists ----------------------------------------------------------------- */

static bool
write_parts(struct tree *t, struct task *k, const struct cut *c)
{
	for (uint32_t i = 0, start = 0; i < c->part_end.n; start = c->part_end.v[i++]) {
		struct task part = *k;

		part.list.line.v += start;
		part.list.line.n = part.list.line.cap = c->part_end.v[i] - start;
		part.spare = (uint32_t)((uint64_t)k->spare * part.list.line.n / k->list.line.n);
		part.parted = true;
		if (i + 1 < c->part_end.n) {
			part.goes_on = true;
			part.all = NULL;
		}
		write_task(t, &part);
	}
	return true;
}

static bool
write_children(struct tree *t, struct task *k, struct cut *c)
{
	struct task rest = *k;
	uint64_t lines = c->rest.line.n + 1, spare = k->spare;
	bool goes_on = false;

	if (c->added > 0)
		spare -= (uint64_t)c->added;
	for (uint32_t i = 0; i < c->n; i++)
		lines += c->child[i].list.line.n;
	for (uint32_t i = 0; i < c->n; i++) {
		struct cut_child *from = &c->child[i];
		struct task child = { .list = from->list, .region = from->region,
			.all = from->all ? from->all : k->all, .depth = k->depth + 1 };

		child.goes_on = k->goes_on && !child.all;
		child.spare = (uint32_t)(spare * from->list.line.n / lines);
		goes_on |= write_group(t, &child, k->group);
	}
	rest.list = c->rest;
	rest.spare = (uint32_t)(spare * c->rest.line.n / lines);
	return write_task(t, &rest) || goes_on;
}

/* Writes the list into its group.  True if some packets may come out of a group undecided. */
static bool
write_task(struct tree *t, struct task *k)
{
	struct cut_problem pb = { .arena = &t->ps->scratch, .list = &k->list,
		.region = k->region, .proto = t->proto, .spare = k->spare,
		.all_needed = !k->all && !has_default(t),
		.may_part = !k->parted && has_default(t),
		.more = !k->all && !k->goes_on && needs_opening(t) };
	struct cut *c = arena_zero(&t->ps->scratch, sizeof(*c));

	if (k->depth < DEPTH)
		cut_choose(&pb, c);
	switch (c->how) {
	case CUT_CHILDREN:
		return write_children(t, k, c);
	case CUT_PARTS:
		return write_parts(t, k, c);
	case CUT_FLAT:
		break;
	}
	write_lines(t, &k->list, k->group);
	return false;
}

/* --- the pass -------------------------------------------------------------- */

/* The list up to the first line that matches everything. */
static void
begin_task(struct tree *t, struct tree_list *list, struct task *k)
{
	memset(k, 0, sizeof(*k));
	k->region = everything(t->fam);
	wide_last(t, list);
	for (uint32_t i = 0; i < list->line.n; i++)
		if (tree_covers(list->line.v[i], &k->region)) {
			k->all = list->line.v[i];
			list->line.n = i;
		}
	k->list = *list;
	k->spare = list->line.n / 2;
}

static void
write_proto(struct tree *t, struct tree_list *list)
{
	struct task k;

	begin_task(t, list, &k);
	if (k.all || has_default(t)) {
		k.depth = 1;
		write_group(t, &k, 0);
	} else {
		write_task(t, &k);
	}
}

/* The entries of a direction as they were, cut down to one family. */
static void
write_flat(struct tree *t)
{
	for (uint32_t i = 0; i < t->p->entries.n; i++) {
		const struct policy_entry *from = &t->p->entries.v[i];
		uint32_t lo = 0, hi = from->n_addrs;
		struct policy_entry *e;

		while (lo < hi && from->addrs[lo].fam != t->fam)
			lo++;
		while (lo < hi && from->addrs[hi - 1].fam != t->fam)
			hi--;
		if (from->side != t->side || !has_family(from->proto, t->fam) ||
		    (from->fam && from->fam != t->fam) || (!from->any && lo == hi))
			continue;
		e = vec_push(t->ps->arena, &t->out->entries);
		*e = *from;
		e->fam = (uint8_t)t->fam;
		e->addrs = lo < hi ? from->addrs + lo : NULL;
		e->n_addrs = hi - lo;
	}
}

static uint64_t
count_lines(const struct tree *t)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->p->entries.n; i++) {
		const struct policy_entry *e = &t->p->entries.v[i];
		uint64_t addrs = e->any;

		if (e->side != t->side || !has_family(e->proto, t->fam) ||
		    (e->fam && e->fam != t->fam))
			continue;
		for (uint32_t k = 0; k < e->n_addrs; k++)
			addrs += e->addrs[k].fam == t->fam;
		n += addrs * (e->all_items ? 1 : e->n_items);
	}
	return n;
}

static void
note(const struct tree *t, const char *text)
{
	passes_add_note(t->ps, (struct passes_note){ "tree", t->fam, t->side, LANG_PROTOS, true,
	    text });
}

static uint64_t
count_named(const struct policy *p)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < p->entries.n; i++)
		n += p->entries.v[i].n_rules;
	return n;
}

/*
 * Protocols with heads come first, so that the others' packets pass them quickly.
 * Where that would name the rules again and again, the lines stay as they were.
 */
static void
write_tree(struct tree *t, struct tree_list lists[LANG_PROTOS], uint64_t total)
{
	uint32_t start = t->out->entries.n;

	for (int headed = 1; headed >= 0; headed--)
		for (int i = 0; i < LANG_PROTOS; i++) {
			bool head = lists[i].line.n >= HEAD_MIN;

			t->proto = (enum lang_proto)i;
			if (headed && head)
				write_proto(t, &lists[i]);
			else if (!headed && !head)
				write_lines(t, &lists[i], 0);
		}
	if (t->named > NAMED_A_LINE * total + 2 * count_named(t->p)) {
		note(t, "groups would name too many rules, so there are none");
		t->out->entries.n = start;
		write_flat(t);
	}
}

static void
write_direction(struct tree *t)
{
	struct tree_list lists[LANG_PROTOS];
	uint64_t total = count_lines(t);

	if (total > t->ps->limits->grouped) {
		note(t, "too many lines for groups, so there are none");
		write_flat(t);
		return;
	}
	t->origin = arena_zero(&t->ps->scratch, t->p->entries.n * sizeof(*t->origin));
	t->origin_known = arena_zero(&t->ps->scratch, t->p->entries.n);
	for (int i = 0; i < LANG_PROTOS; i++)
		lists[i] = lines_of(t, (enum lang_proto)i);
	if (total < SMALL)
		write_flat(t);
	else
		write_tree(t, lists, total);
	arena_reset(&t->ps->scratch);
}

/* The lines of the largest direction, of both families: at least of the larger one. */
static uint64_t
largest_direction(const struct policy *p)
{
	uint64_t n[2] = { 0, 0 };

	for (uint32_t i = 0; i < p->entries.n; i++) {
		const struct policy_entry *e = &p->entries.v[i];

		n[e->side] += (uint64_t)(e->any ? 2 : e->n_addrs) * (e->all_items ? 1 : e->n_items);
	}
	return n[LANG_FROM] > n[LANG_TO] ? n[LANG_FROM] : n[LANG_TO];
}

void
pass_tree(struct passes *ps, struct policy *p)
{
	struct policy out = { .vm = p->vm };

	if (largest_direction(p) < SMALL)
		return;
	for (int side = LANG_FROM; side <= LANG_TO; side++)
		for (int six = 0; six < 2; six++) {
			struct tree t = { .ps = ps, .p = p, .out = &out,
				.fam = six ? NET_V6 : NET_V4, .side = (enum lang_side)side };

			write_direction(&t);
		}
	p->entries.v = out.entries.v;
	p->entries.n = out.entries.n;
	p->entries.cap = out.entries.cap;
}
