/* SPDX-License-Identifier: MPL-2.0 */
/*
 * -O2: the lines of one protocol and direction as a decision, and the shortest
 * list found that computes it.
 *
 * The decision is worked out per family: the numbers (ports, or types and codes)
 * fall into intervals in which the same entries are active, and each such set of
 * entries is a function from addresses to outcomes.  Equal functions are one.
 * Lists are then tried and the shortest is taken:
 *
 *	joined    the entries with equal ports, or with equal addresses, as one;
 *	sliced    for each function its optimal list (ortc.h), once an interval;
 *	layered   one function without any ports below all others, whose lists
 *	          then need only what differs (as in TCAM Razor's multi-field
 *	          pruning; Liu, Meiners and Torng, 2010);
 *	stacked   functions above each other, each for a stretch of ports (layers.c).
 *
 * With tags a line belongs to its rule, so rules stay apart and only entries that
 * no packet reaches are dropped.
 */
#include <stdlib.h>

#include "../base/hash.h"
#include "share_int.h"

#define MAX_BASES 4             /* functions tried as the lowest layer */

/* --- lists -------------------------------------------------------------------- */

static bool
is_default(const struct function *f)
{
	return !f->set[OUT_STATE].n && !f->set[OUT_PASS].n && !f->set[OUT_BLOCK].n;
}

static uint64_t
sliced_cost(struct problem *pb)
{
	uint64_t total = 0, most = pb->ps->bounded ? share_lines_for_edges(pb) : 0;

	for (uint32_t i = 0; i < pb->functions.n; i++) {
		struct function *f = &pb->functions.v[i];

		f->alone = is_default(f) ? 0 : share_count(pb, i, SHARE_NONE);
		total += f->alone * f->lines_of_items;
		most = f->alone > most ? f->alone : most;
	}
	pb->ps->bound += most;
	return pb->whole ? total : UINT64_MAX;
}

static uint64_t
layered_cost(struct problem *pb, uint32_t base, uint64_t limit)
{
	uint64_t total = pb->functions.v[base].alone;

	for (uint32_t i = 0; i < pb->functions.n && total < limit; i++)
		if (i != base)
			total += share_count(pb, i, base) * pb->functions.v[i].lines_of_items;
	return total;
}

/* Is it too much to look at all functions with each base below them? */
static bool
too_many(const struct problem *pb)
{
	uint64_t ranges = 0, most = 0;

	for (uint32_t i = 0; i < pb->functions.n; i++) {
		uint64_t n = 0;

		for (int o = 0; o < OUT_DEFAULT; o++)
			n += pb->functions.v[i].set[o].n;
		ranges += n;
		most = n > most ? n : most;
	}
	if (ranges + most * pb->functions.n <= pb->ps->limits->layered)
		return false;
	share_note(pb, false, "too many addresses to lay each list over another");
	return true;
}

/* The functions that cost most when sliced are worth trying as the lowest layer. */
static uint32_t
best_base(struct problem *pb, uint64_t *best)
{
	uint32_t found = SHARE_NONE, tried[MAX_BASES];

	for (unsigned t = 0; t < MAX_BASES && t < pb->functions.n; t++) {
		uint64_t most = 0, cost;
		uint32_t pick = UINT32_MAX;

		for (uint32_t i = 0; i < pb->functions.n; i++) {
			const struct function *f = &pb->functions.v[i];
			/* The lowest layer is for all types, of which not all have state. */
			bool seen = f->alone == 0 ||
			    (lang_has_types(pb->proto) && f->set[OUT_STATE].n);

			for (unsigned k = 0; k < t; k++)
				seen |= tried[k] == i;
			if (!seen && f->alone * f->lines_of_items > most) {
				most = f->alone * f->lines_of_items;
				pick = i;
			}
		}
		if (pick == UINT32_MAX)
			break;
		tried[t] = pick;
		if (pb->functions.n == 1 || pb->functions.v[pick].lines_of_items == 1)
			if (portset_is_all(&pb->functions.v[pick].items))
				break;
		cost = layered_cost(pb, pick, *best);
		if (cost < *best) {
			*best = cost;
			found = pick;
		}
	}
	return found;
}

/* --- joined ------------------------------------------------------------------- */

struct join {
	struct policy_entry entry;      /* action, state, items, rank */
	struct pset addrs;
	struct portset items;
	VEC(uint32_t) from;             /* entries */
	bool gone;
};

static void
push_items(struct problem *pb, struct portset *s, const struct policy_entry *e)
{
	if (e->all_items)
		portset_push(pb->scratch, s, 0, UINT16_MAX);
	for (unsigned k = 0; k < e->n_items; k++) {
		struct port_range r = share_item_range(pb->proto, &e->items[k]);

		portset_push(pb->scratch, s, r.first, r.last);
	}
}

static struct slice
join_key(struct problem *pb, const struct join *j, bool by_items)
{
	struct buf key = { 0 };
	uint64_t block = (uint64_t)policy_standing(&j->entry) << 1 | j->entry.keep_state;
	struct slice s;

	buf_add(&key, &block, sizeof(block));
	if (by_items)
		buf_add(&key, j->items.v, j->items.n * sizeof(*j->items.v));
	else
		buf_add(&key, j->addrs.v, j->addrs.n * sizeof(*j->addrs.v));
	s = arena_slice(pb->scratch, buf_view(&key));
	buf_free(&key);
	return s;
}

/* Joins what agrees in items (then addresses unite), or in addresses. */
static void
join_equal(struct problem *pb, struct join *joins, uint32_t n, bool by_items)
{
	struct strmap first = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		struct join *j = &joins[i], *to;
		uint32_t *at;

		if (j->gone)
			continue;
		at = strmap_put(pb->scratch, &first, join_key(pb, j, by_items));
		if (*at == UINT32_MAX) {
			*at = i;
			continue;
		}
		to = &joins[*at];
		if (by_items)
			for (uint32_t k = 0; k < j->addrs.n; k++)
				pset_push(pb->scratch, &to->addrs, j->addrs.v[k].first,
				    j->addrs.v[k].last);
		else
			portset_union(pb->scratch, &to->items, &to->items, &j->items);
		for (uint32_t k = 0; k < j->from.n; k++)
			*vec_push(pb->scratch, &to->from) = j->from.v[k];
		j->gone = true;
	}
	for (uint32_t i = 0; i < n && by_items; i++)
		if (!joins[i].gone)
			pset_close(&joins[i].addrs);
}

static struct join *
join(struct problem *pb, uint64_t *cost)
{
	struct join *joins = arena_zero(pb->scratch, pb->n * sizeof(*joins));

	*cost = 0;
	for (uint32_t i = 0; i < pb->n; i++) {
		joins[i].entry = pb->e[i];
		pset_copy(pb->scratch, &joins[i].addrs, &pb->addrs[i]);
		joins[i].addrs.fam = (uint8_t)pb->fam;
		push_items(pb, &joins[i].items, &pb->e[i]);
		portset_close(&joins[i].items);
		joins[i].gone = pset_is_empty(&pb->addrs[i]) || !pb->reached[i];
		*vec_push(pb->scratch, &joins[i].from) = i;
	}
	join_equal(pb, joins, pb->n, true);
	join_equal(pb, joins, pb->n, false);
	for (uint32_t i = 0; i < pb->n; i++)
		if (!joins[i].gone)
			*cost += pset_prefix_count(&joins[i].addrs) *
			    share_count_items(pb, &joins[i].items);
	return joins;
}

/* --- writing the list --------------------------------------------------------- */

struct writer {
	struct problem *pb;
	struct policy *out;
};

static int
by_rule_uuid(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

/* Names the rules of the entries given, each once. */
static void
set_rules(struct problem *pb, struct policy_entry *e, const uint32_t *from, uint32_t n)
{
	const struct rule **rules = arena_alloc(pb->ps->arena, (n ? n : 1) * sizeof(*rules));
	const struct policy_entry **sources = arena_alloc(pb->ps->arena, n * sizeof(*sources));
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		sources[i] = &pb->e[from[i]];
		rules[i] = sources[i]->rule;
	}
	qsort(rules, n, sizeof(*rules), by_rule_uuid);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || rules[kept - 1] != rules[i])
			rules[kept++] = rules[i];
	e->rules = rules;
	e->n_rules = kept;
	e->rule = rules[0];
	e->sources = sources;
	e->n_sources = n;
}

struct rules_of {
	VEC(uint32_t) entries;
};

static struct policy_entry *
add_entry(struct writer *w, enum outcome o, const struct portset *items, uint32_t n_addrs)
{
	struct problem *pb = w->pb;
	struct policy_entry *e = vec_push(pb->ps->arena, &w->out->entries);
	uint32_t n;

	memset(e, 0, sizeof(*e));
	e->side = (uint8_t)pb->side;
	e->proto = (uint8_t)pb->proto;
	e->action = o == OUT_BLOCK ? LANG_BLOCK : LANG_ALLOW;
	e->keep_state = o == OUT_STATE;
	e->target = POLICY_MERGED;
	e->items = share_items_of(pb, pb->ps->arena, items, &n);
	e->n_items = (uint16_t)n;
	e->all_items = n == 0;
	e->n_addrs = n_addrs;
	e->addrs = arena_alloc(pb->ps->arena, n_addrs * sizeof(*e->addrs));
	return e;
}

static int
by_height(const void *a, const void *b)
{
	const struct ortc_line *x = a, *y = b;

	if (x->height != y->height)
		return (int)x->height - (int)y->height;
	if (x->outcome != y->outcome)
		return (int)x->outcome - (int)y->outcome;
	return addr_cmp(x->p.a, y->p.a);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * The entries that lie in the intervals of these numbers, by number.  False if all have
 * to be tried, as intervals are not known or hold more than there are.
 */
static bool
entries_at(struct problem *pb, const struct portset *items, struct rules_of *out)
{
	uint64_t met = 0;

	if (pb->n_slabs == 0)
		return false;
	pb->stamps++;
	for (uint32_t i = 0; i < items->n; i++)
		for (uint32_t s = share_find_cut(pb->cut, pb->n_slabs, items->v[i].first);
		    s < pb->n_slabs && pb->cut[s] <= items->v[i].last; s++) {
			const struct active *a = &pb->slabs[s];

			met += a->entries.n + 1;
			if (met > pb->n)
				return false;
			for (uint32_t k = 0; k < a->entries.n; k++)
				if (pb->stamp[a->entries.v[k]] != pb->stamps) {
					pb->stamp[a->entries.v[k]] = pb->stamps;
					*vec_push(&pb->ps->each, &out->entries) = a->entries.v[k];
				}
		}
	if (out->entries.n > 1)
		qsort(out->entries.v, out->entries.n, sizeof(uint32_t), by_number);
	return true;
}

static bool
has_items(struct problem *pb, uint32_t entry, const struct portset *items)
{
	struct portset own = { 0 };

	push_items(pb, &own, &pb->e[entry]);
	portset_close(&own);
	return portset_overlaps(&own, items);
}

/* Adds the entries that have packets in common with these, if they say the same. */
static void
find_entries(struct problem *pb, const struct pset *addrs, const struct portset *items,
    unsigned action, struct rules_of *from)
{
	struct rules_of some = { 0 };
	bool known = entries_at(pb, items, &some);

	for (uint32_t k = 0, n = known ? some.entries.n : pb->n; k < n; k++) {
		uint32_t i = known ? some.entries.v[k] : k;

		if (pb->named[i] && pb->e[i].action == action &&
		    pset_overlaps(&pb->addrs[i], addrs) && (known || has_items(pb, i, items)))
			*vec_push(&pb->ps->each, &from->entries) = i;
	}
}

/*
 * Names the rules that lines[0..n), which became entry e, stand for.  An exception
 * may be for what no rule says, but is there by default: it stands for the rules
 * it is cut out of, which are those of the wider lines behind it, up to end; or,
 * if none is wider, of the list below.
 */
static void
find_rules(struct problem *pb, struct policy_entry *e, const struct ortc_line *lines,
    uint32_t n, const struct ortc_line *end, const struct portset *items)
{
	struct pset addrs = pset_none(pb->fam), wider = pset_none(pb->fam);
	unsigned other = e->action == LANG_BLOCK ? LANG_ALLOW : LANG_BLOCK;
	struct rules_of from = { 0 };

	for (uint32_t i = 0; i < n; i++)
		pset_push_prefix(&pb->ps->each, &addrs, lines[i].p);
	pset_close(&addrs);
	find_entries(pb, &addrs, items, e->action, &from);
	if (from.entries.n == 0) {
		for (const struct ortc_line *l = lines + n; l < end; l++) {
			struct pset one = pset_none(pb->fam);

			pset_push_prefix(&pb->ps->each, &one, l->p);
			if (pset_overlaps(&one, &addrs))
				pset_push_prefix(&pb->ps->each, &wider, l->p);
		}
		pset_close(&wider);
		pset_union(&pb->ps->each, &wider, &wider, &addrs);
		find_entries(pb, &wider, items, other, &from);
	}
	for (uint32_t i = 0; i < pb->n && from.entries.n == 0; i++)
		if (pb->named[i] && pset_overlaps(&pb->addrs[i], &addrs))
			*vec_push(&pb->ps->each, &from.entries) = i;
	set_rules(pb, e, from.entries.v, from.entries.n);
}

static void
write_function(struct writer *w, uint32_t f, uint32_t base, const struct portset *items)
{
	struct ortc_lines lines = { 0 };
	struct problem *pb = w->pb;

	share_solve(pb, f, base, &lines);
	if (lines.list.n > 1)
		qsort(lines.list.v, lines.list.n, sizeof(*lines.list.v), by_height);
	for (uint32_t i = 0, k; i < lines.list.n; i = k) {
		const struct ortc_line *l = &lines.list.v[i];
		struct policy_entry *e;
		struct prefix *addrs;

		for (k = i; k < lines.list.n && lines.list.v[k].height == l->height &&
		    lines.list.v[k].outcome == l->outcome; k++)
			;
		e = add_entry(w, l->outcome, items, k - i);
		addrs = (struct prefix *)e->addrs;
		for (uint32_t j = i; j < k; j++)
			addrs[j - i] = lines.list.v[j].p;
		find_rules(pb, e, l, k - i, lines.list.v + lines.list.n, items);
	}
	arena_reset(&pb->ps->each);
}

/* Functions in the order of their lowest number, which is that of the cuts. */
static void
write_sliced(struct writer *w, uint32_t base)
{
	struct problem *pb = w->pb;
	struct portset all = { 0 };

	for (uint32_t i = 0; i < pb->functions.n; i++)
		if (i != base && (base != SHARE_NONE || !is_default(&pb->functions.v[i])))
			write_function(w, i, base, &pb->functions.v[i].items);
	if (base == SHARE_NONE)
		return;
	portset_push(pb->scratch, &all, 0, UINT16_MAX);
	write_function(w, base, SHARE_NONE, &all);
}

/*
 * What was dropped because the default says the same, and yet stands before a
 * line that says so, too, is now this line's.
 */
static void
name_dropped(struct problem *pb, struct join *j, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (!pb->reached[i] && pb->named[i] && pb->e[i].action == j->entry.action &&
		    pset_overlaps(&pb->addrs[i], &j->addrs) && has_items(pb, i, &j->items))
			*vec_push(pb->scratch, &j->from) = i;
}

static void
write_joined(struct writer *w, struct join *joins)
{
	struct problem *pb = w->pb;

	for (uint32_t i = 0; i < pb->n; i++) {
		const struct join *j = &joins[i];
		struct policy_entry *e;
		struct prefix *addrs;
		size_t n;

		if (j->gone)
			continue;
		addrs = pset_prefixes(pb->ps->arena, &j->addrs, &n);
		e = add_entry(w, share_outcome(&j->entry), &j->items, (uint32_t)n);
		e->addrs = addrs;
		e->rank = j->entry.rank;
		name_dropped(pb, &joins[i], i);
		set_rules(pb, e, j->from.v, j->from.n);
		arena_reset(&pb->ps->each);
	}
}

static void
write_layers(struct writer *w, const struct layers *layers)
{
	struct problem *pb = w->pb;

	for (uint32_t i = 0; i < layers->list.n; i++) {
		const struct layer *l = &layers->list.v[i];
		struct portset items = { 0 };

		portset_push(pb->scratch, &items, l->first, l->last);
		write_function(w, l->function, l->below, &items);
	}
}

/* --- the pass ----------------------------------------------------------------- */

void
share_take_addrs(struct problem *pb)
{
	pb->addrs = arena_zero(pb->scratch, pb->n * sizeof(*pb->addrs));
	for (uint32_t i = 0; i < pb->n; i++) {
		struct pset *s = &pb->addrs[i];

		*s = pset_none(pb->fam);
		if (pb->e[i].any && (!pb->e[i].fam || pb->e[i].fam == pb->fam))
			pset_push(pb->scratch, s, family_first(pb->fam), family_last(pb->fam));
		for (uint32_t k = 0; k < pb->e[i].n_addrs; k++)
			if (pb->e[i].addrs[k].fam == pb->fam)
				pset_push_prefix(pb->scratch, s, pb->e[i].addrs[k]);
		pset_close(s);
	}
}

static void
share_family(struct passes *ps, const struct policy *of, enum net_family fam, struct policy *out)
{
	struct arena *scratch = &ps->scratch;
	const struct policy_entry *e = of->entries.v;
	uint32_t n = of->entries.n;
	struct problem pb = { .ps = ps, .scratch = scratch, .e = e, .n = n, .fam = fam,
		.proto = e->proto, .side = e->side };
	struct writer w = { .pb = &pb, .out = out };
	uint64_t joined, sliced, best;
	struct layers layers = { 0 };
	struct join *joins;
	uint32_t base;

	if ((pb.proto == LANG_ICMP && fam == NET_V6) || (pb.proto == LANG_ICMP6 && fam == NET_V4))
		return;
	pb.reached = arena_zero(scratch, n * sizeof(*pb.reached));
	pb.named = arena_zero(scratch, n * sizeof(*pb.named));
	share_take_addrs(&pb);
	share_decide(&pb);
	joins = join(&pb, &joined);
	sliced = sliced_cost(&pb);
	best = sliced < joined ? sliced : joined;
	base = pb.whole && !too_many(&pb) ? best_base(&pb, &best) : SHARE_NONE;
	if (pb.whole && layers_find(&pb, best, &layers) < best)
		write_layers(&w, &layers);
	else if (base != SHARE_NONE)
		write_sliced(&w, base);
	else if (sliced < joined)
		write_sliced(&w, SHARE_NONE);
	else
		write_joined(&w, joins);
}

/* With tags: an entry that decides no packet of either family goes. */
static void
drop_unreached(struct passes *ps, const struct policy_entry *e, uint32_t n,
    struct arena *scratch, struct policy *out)
{
	bool *reached = arena_zero(scratch, n * sizeof(*reached));

	for (int k = 0; k < 2; k++) {
		struct problem pb = { .ps = ps, .scratch = scratch, .e = e, .n = n,
			.fam = k ? NET_V6 : NET_V4, .proto = e->proto, .side = e->side,
			.reached = reached, .named = reached };

		share_take_addrs(&pb);
		share_decide(&pb);
	}
	for (uint32_t i = 0; i < n; i++)
		if (reached[i])
			*vec_push(ps->arena, &out->entries) = e[i];
}

/*
 * ICMP entries that differ in nothing that ranks them, but in state: those with
 * state first.  What follows for all types has the rest of its own rule's types
 * only; joined with an earlier one it must not come before another's state.
 */
static void
state_first(struct policy_entry *e, uint32_t n, struct arena *scratch)
{
	struct policy_entry *old = arena_alloc(scratch, n * sizeof(*old));
	uint32_t to = 0;

	memcpy(old, e, n * sizeof(*old));
	for (uint32_t i = 0, k; i < n; i = k) {
		for (k = i; k < n && policy_standing(&old[k]) == policy_standing(&old[i]); k++)
			if (old[k].keep_state)
				e[to++] = old[k];
		for (k = i; k < n && policy_standing(&old[k]) == policy_standing(&old[i]); k++)
			if (!old[k].keep_state)
				e[to++] = old[k];
	}
}

void
pass_share(struct passes *ps, struct policy *p)
{
	struct policy out = { .vm = p->vm };

	for (uint32_t i = 0, k; i < p->entries.n; i = k) {
		struct policy_entry *e = &p->entries.v[i];
		uint32_t first = out.entries.n;
		struct policy some = { 0 };     /* lives on: entries made of it point there */

		for (k = i; k < p->entries.n && p->entries.v[k].proto == e->proto &&
		    p->entries.v[k].side == e->side; k++)
			*vec_push(ps->arena, &some.entries) = p->entries.v[k];
		if (!ps->tags && lang_has_types(e->proto))
			state_first(some.entries.v, some.entries.n, &ps->scratch);
		share_drop_dead(ps, &ps->scratch, &some, 0, false);
		if (ps->tags) {
			drop_unreached(ps, some.entries.v, some.entries.n, &ps->scratch, &out);
		} else {
			share_family(ps, &some, NET_V4, &out);
			share_family(ps, &some, NET_V6, &out);
		}
		share_drop_dead(ps, &ps->scratch, &out, first, true);
		arena_reset(&ps->scratch);
	}
	p->entries.v = out.entries.v;
	p->entries.n = out.entries.n;
	p->entries.cap = out.entries.cap;
}
