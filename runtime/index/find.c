/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The planner.  Each condition that the index has sets for is worth the number of
 * their elements, which the trees know without being walked; of a range of prefixes it
 * is guessed from a few.  The cheapest and those that are nearly as cheap are met
 * (meet.c); what remains is checked on the candidates, the flags that stand beside their
 * numbers first, the rules themselves last.  Numbers are mostly in the order of UUIDs,
 * so who wants the first few rules gets them without the others being found.
 *
 * contains: sets of a chain of prefixes (prefixes.c);
 * within: a range of the map.
 */
#include "query_int.h"

#include <stdlib.h>


/* What is collected together: a condition's sources, and their elements' number. */
struct plan {
	uint32_t first, n;
	uint64_t estimate;
	bool is_flag;                   /* what the flags beside the numbers can check */
	unsigned cond;
};

#define PLAN_MAX (QUERY_CONDS + 5)
/* Collecting an element is that much cheaper than checking a condition on a rule. */
#define CHECK_COST 16
/* Below that many times as rare, reading both is faster than looking for one in the other. */
#define ALIKE 12
/* So many times as rare, and going from one to the next in the other set is no walk any more. */
#define SEEK_COST 128

struct planner {
	struct index_reader *rd;
	const struct query *q;
	struct query_answer *a;
	struct plan plan[PLAN_MAX];
	unsigned n;
	uint32_t flags_mask, flags;     /* what the flags of an answer must be */
	bool nothing;                   /* no rule can answer */
	unsigned conds;                 /* what is checked on the rules themselves */
	uint64_t want;                  /* rules that are enough, the first ones */
	struct query_meet meet;
};

void
query_list_room(struct query_list *l, uint32_t n)
{
	if (l->cap - l->n >= n)
		return;
	l->cap = l->cap * 2 > l->n + n ? l->cap * 2 : l->n + n + 256;
	l->v = base_grow(l->v, l->cap * sizeof(*l->v));
}

void
query_answer_free(struct query_answer *a)
{
	free(a->found.v);
	free(a->other.v);
	free(a->spare.v);
	free(a->third.v);
	free(a->bits.word);
	free(a->sources.v);
	memset(a, 0, sizeof(*a));
}

/* --- sources ---------------------------------------------------------------------- */

static struct query_source *
new_source(struct planner *p)
{
	struct query_answer *a = p->a;

	if (a->sources.n == a->sources.cap) {
		a->sources.cap = a->sources.cap ? a->sources.cap * 2 : 64;
		a->sources.v = base_grow(a->sources.v, a->sources.cap * sizeof(*a->sources.v));
	}
	return &a->sources.v[a->sources.n++];
}

static void
add_set(struct planner *p, struct plan *plan, uint32_t set, unsigned bits)
{
	struct query_source *s;

	if (!set)
		return;
	s = new_source(p);
	s->kind = SOURCE_SET;
	s->set = set;
	s->bits = bits;
	plan->n++;
	if (!(set & SET_ONE))
		store_prefetch(&p->rd->ix->store, set, 64);
}

static void
add_found(struct planner *p, struct plan *plan, enum index_map map, struct map_key key,
    unsigned bits)
{
	struct map_entry e;

	if (map_find(&p->rd->ix->store, p->rd->state.map[map], &key, &e))
		add_set(p, plan, e.value, bits);
}

/* All prefixes of at most `longest` bits that contain the key's address. */
static void
add_containing(struct planner *p, struct plan *plan, enum index_map map, struct map_key key,
    int longest, unsigned bits)
{
	struct query_chain chain;
	struct map_entry e;

	query_chain_begin(&chain, p->rd, map, key, longest);
	while (query_chain_next(&chain, &e))
		add_set(p, plan, e.value, bits);
}

static void
add_within(struct planner *p, struct plan *plan, enum index_map map, struct map_key key,
    unsigned bits)
{
	struct query_source *s = new_source(p);

	s->kind = SOURCE_RANGE;
	s->bits = bits;
	s->map = map;
	s->first = key;
	s->last = query_last_within(key);
	plan->n++;
}

#define SAMPLE 32               /* prefixes */

/* Elements of the first prefixes from a key on, and how many prefixes those are. */
static uint64_t
sample(struct planner *p, const struct query_source *s, const struct map_key *from, uint32_t *taken)
{
	struct store *st = &p->rd->ix->store;
	const struct map_entry *e;
	struct tree_iter it;
	uint64_t sum = 0;
	uint32_t n;

	*taken = 0;
	tree_begin(&it, st, TREE_MAP, p->rd->state.map[s->map], from);
	while (*taken < SAMPLE && (e = tree_next_run(&it, &n)) != NULL)
		for (uint32_t i = 0; i < n && *taken < SAMPLE; i++) {
			if (query_is_behind(&e[i], s))
				return sum;
			sum += set_count(st, e[i].value);
			++*taken;
		}
	return sum;
}

/*
 * A range's first prefixes are its shortest, which many rules may have; the others are
 * taken to be like some in its middle.
 */
static uint64_t
estimate_range(struct planner *p, const struct query_source *s)
{
	struct store *st = &p->rd->ix->store;
	uint32_t root = p->rd->state.map[s->map], taken, all;
	uint64_t sum = sample(p, s, &s->first, &taken), like;
	struct map_key mid = s->first;

	if (taken < SAMPLE || s->first.len >= 128)
		return sum;
	all = map_rank(st, root, &s->last) - map_rank(st, root, &s->first);
	if (all <= SAMPLE)
		return sum;
	if (s->first.len < 64)
		mid.hi |= (uint64_t)1 << (63 - s->first.len);
	else
		mid.lo |= (uint64_t)1 << (127 - s->first.len);
	like = sample(p, s, &mid, &taken);
	return sum + (all - SAMPLE) * (like ? like : 1) / (taken ? taken : 1);
}

/* How many elements a plan's sources hold. */
static uint64_t
estimate(struct planner *p, const struct plan *plan)
{
	uint64_t n = 0;

	for (uint32_t i = plan->first; i < plan->first + plan->n; i++) {
		const struct query_source *s = &p->a->sources.v[i];

		n += s->kind == SOURCE_SET ? set_count(&p->rd->ix->store, s->set)
		    : estimate_range(p, s);
	}
	return n;
}

static void
add_prefix(struct planner *p, struct plan *plan, struct prefix value, unsigned kinds,
    unsigned sides)
{
	enum query_match match = p->q->match;
	enum index_map map;
	struct map_key key = map_key_of_prefix(value, &map);

	if (match == QUERY_EXACT) {
		/* What is no single address, no rule has as ip. */
		if (kinds == BITS_SUBNET && key.len < (map == MAP_V4 ? 32 : 128))
			kinds = SET_BITS;
		add_found(p, plan, map, key, kinds & sides);
		return;
	}
	if (match != QUERY_WITHIN)
		add_containing(p, plan, map, key,
		    (int)key.len - (match == QUERY_OVERLAPS), sides);
	if (match != QUERY_CONTAINS)
		add_within(p, plan, map, key, sides);
}

static void
add_tag(struct planner *p, struct plan *plan, const struct query_tag *t, unsigned sides)
{
	const struct index *ix = p->rd->ix;

	if (!t->has_value) {
		add_found(p, plan, MAP_TAG, map_key_of_tag(ix, TAG_NAMED, t->key, t->value), sides);
		return;
	}
	add_found(p, plan, MAP_TAG, map_key_of_tag(ix, TAG_PAIR, t->key, t->value), sides);
	add_found(p, plan, MAP_TAG, map_key_of_tag(ix, TAG_BARE, t->key, t->value), sides);
}

/* --- conditions -------------------------------------------------------------------- */

static struct plan *
new_plan(struct planner *p)
{
	struct plan *plan = &p->plan[p->n++];

	*plan = (struct plan){ .first = p->a->sources.n };
	return plan;
}

static void
plan_cond(struct planner *p, enum query_cond c)
{
	const struct query *q = p->q;
	unsigned sides = q->direction == QUERY_NONE ? SET_BITS : BITS_SIDE(q->direction);
	struct plan *plan = new_plan(p);

	plan->cond = c;
	for (uint32_t i = 0; c == COND_IP && i < q->ips.n; i++)
		add_prefix(p, plan, q->ips.v[i], BITS_IP, sides);
	for (uint32_t i = 0; c == COND_SUBNET && i < q->subnets.n; i++)
		add_prefix(p, plan, q->subnets.v[i], BITS_SUBNET, sides);
	for (uint32_t i = 0; c == COND_VM && i < q->vms.n; i++)
		add_found(p, plan, MAP_VM, map_key_of_uuid(q->vms.v[i]), sides);
	for (uint32_t i = 0; c == COND_OWNER && i < q->owners.n; i++)
		add_found(p, plan, MAP_OWNER, map_key_of_uuid(q->owners.v[i]), SET_BITS);
	for (uint32_t i = 0; c == COND_TAG && i < q->tags.n; i++)
		add_tag(p, plan, &q->tags.v[i], sides);
	if (c == COND_WILDCARD && q->any)
		add_set(p, plan, p->rd->state.set[SET_ANY], sides);
	if (c == COND_WILDCARD && q->vmall)
		add_set(p, plan, p->rd->state.set[SET_VMALL], sides);
	if (plan->n == 0)
		p->nothing = true;
}

static void
plan_set(struct planner *p, unsigned set, uint32_t mask, uint32_t flags)
{
	struct plan *plan = new_plan(p);

	plan->is_flag = true;
	add_set(p, plan, p->rd->state.set[set], SET_BITS);
	if (plan->n == 0)
		p->nothing = true;
	p->flags_mask |= mask;
	p->flags |= flags;
}

static void
plan_flags(struct planner *p)
{
	const struct query *q = p->q;

	if (q->protocol != QUERY_NONE)
		plan_set(p, SET_PROTO + (unsigned)q->protocol, RECORD_PROTO,
		    (uint32_t)q->protocol << RECORD_PROTO_SHIFT);
	if (q->action != QUERY_NONE)
		plan_set(p, SET_ACTION + (unsigned)q->action, RECORD_BLOCK,
		    q->action == LANG_BLOCK ? RECORD_BLOCK : 0);
	if (q->enabled != QUERY_NONE)
		plan_set(p, SET_ENABLED + (unsigned)q->enabled, RECORD_ENABLED,
		    q->enabled ? RECORD_ENABLED : 0);
	if (q->log != QUERY_NONE)
		plan_set(p, SET_LOG + (unsigned)q->log, RECORD_LOG, q->log ? RECORD_LOG : 0);
	if (q->global == true) {
		plan_set(p, SET_GLOBAL, RECORD_OWNER, 0);
	} else if (q->global == false) {
		p->flags_mask |= RECORD_OWNER;
		p->flags |= RECORD_OWNER;
	}
}

/* --- collecting --------------------------------------------------------------------- */

static void
collect(struct planner *p, const struct plan *plan, struct query_list *out)
{
	query_collect(p->rd, p->a, plan->first, plan->n, out);
}

/* --- checking ------------------------------------------------------------------------ */

/* Both take out what does not answer, from one place in the list to its end. */
static bool
check_flags(struct planner *p, struct query_list *l, uint32_t from)
{
	uint32_t n = from;

	for (uint32_t i = from; i < l->n; i++) {
		const struct index_number *at = index_number_at(p->rd->ix, l->v[i]);

		if (!at)
			return false;
		l->v[n] = l->v[i];
		n += (at->flags & p->flags_mask) == p->flags;
	}
	l->n = n;
	return true;
}

static bool
check_rules(struct planner *p, struct query_list *l, uint32_t from)
{
	struct record_room room;
	struct rule r;
	uint32_t n = from;

	p->a->cost.checked += l->n - from;
	for (uint32_t i = from; i < l->n; i++) {
		bool good = true;

		index_prefetch(p->rd, l->v, l->n, i, INDEX_LISTS);
		if (!index_view(p->rd, l->v[i], &r, &room))
			return false;
		for (unsigned c = 0; good && c < QUERY_CONDS; c++)
			if (p->conds >> c & 1)
				good = query_holds(p->q, c, &r);
		if (good)
			l->v[n++] = l->v[i];
	}
	l->n = n;
	return true;
}

static bool
check(struct planner *p, struct query_list *l, uint32_t from)
{
	return (!p->flags_mask || check_flags(p, l, from)) &&
	    (!p->conds || check_rules(p, l, from));
}

/* --- finding ------------------------------------------------------------------------- */

/* All rules, in the order of their UUIDs. */
struct walk {
	struct query_list *l;
	uint64_t want;
};

static bool
add_number(void *context, uint32_t number)
{
	struct walk *w = context;

	query_list_add(w->l, number);
	return w->l->n < w->want;
}

static bool
find_all(struct planner *p)
{
	struct query_list *l = &p->a->found;
	bool checks = p->flags_mask || p->conds;
	struct walk w = { l, checks ? UINT64_MAX : p->want };

	if (w.want > p->rd->state.rules)
		query_list_room(l, p->rd->state.rules);
	if (w.want)
		index_walk(p->rd, add_number, &w);
	return check(p, l, 0);
}

static int
plan_cmp(const void *a, const void *b)
{
	const struct plan *x = a, *y = b;

	return x->estimate < y->estimate ? -1 : x->estimate > y->estimate;
}

#define BLOCK_FIRST 32          /* numbers that are checked together: few for who wants few */
#define BLOCK_MOST 1024

/* Adds to found what all conditions have from one number to another, at least the first `want`. */
static bool
find_between(struct planner *p, struct query_meet *m, uint32_t from, uint32_t to, uint64_t want)
{
	struct query_list *l = &p->a->found;
	uint32_t start = l->n, block = want < BLOCK_FIRST ? (uint32_t)want : BLOCK_FIRST;
	uint64_t met = 0;

	query_meet_begin(m, from, to);
	while (l->n - start < want) {
		uint32_t at = l->n, got = query_meet_next(m, l, block);

		met += got;
		if (met > p->rd->state.rules) {
			store_mark_corrupt(&p->rd->ix->store);  /* a damaged tree that goes round */
			return false;
		}
		if (!check(p, l, at))
			return false;
		if (got < block)
			break;
		block = block < BLOCK_MOST / 2 ? block * 2 : BLOCK_MOST;
	}
	return true;
}

/*
 * The first condition, and those that are about as rare, are met; the others are checked
 * on the rules.  What is not made of a few sets is collected to be met.
 */
static void
plan_meeting(struct planner *p, struct query_meet *m)
{
	struct query_list *room[] = { &p->a->other, &p->a->third };
	unsigned rooms = 0;

	for (unsigned i = 0; i < p->n; i++) {
		const struct plan *plan = &p->plan[i];
		uint64_t times = plan->estimate / (p->plan[0].estimate + 1);

		if (i && plan->is_flag)
			continue;
		if ((i == 0 || times < SEEK_COST) &&
		    query_meet_add(m, p->rd, &p->a->sources.v[plan->first], plan->n))
			continue;
		if (rooms == BASE_COUNT(room) || (i && times >= CHECK_COST)) {
			p->conds |= 1u << plan->cond;
			continue;
		}
		collect(p, plan, room[rooms]);
		query_meet_add_list(m, room[rooms++]);
	}
}

static void
add_list(struct query_list *to, const struct query_list *l)
{
	if (l->n == 0)
		return;
	query_list_room(to, l->n);
	memcpy(to->v + to->n, l->v, l->n * sizeof(*l->v));
	to->n += l->n;
}

/*
 * The first in the order of UUIDs: numbers that an index was built with are in that order,
 * so the first of them that answer are enough; of the later ones, all.
 */
static bool
find_first(struct planner *p, struct query_meet *m)
{
	struct query_list *l = &p->a->found, *late = &p->a->spare;
	uint32_t sorted = p->rd->ix->sorted;

	if (!find_between(p, m, sorted, UINT32_MAX, UINT64_MAX))
		return false;
	late->n = 0;
	add_list(late, l);
	l->n = 0;
	if (!find_between(p, m, 0, sorted, p->want))
		return false;
	add_list(l, late);
	return true;
}

/*
 * Leaves in found the rules that answer, or the first of them that are wanted and perhaps
 * more.  *ordered says that they are in the order of their UUIDs already.
 */
static bool
find(struct planner *p, bool *ordered)
{
	struct query_list *l = &p->a->found;
	bool good;

	*ordered = p->n == 0;
	if (p->n == 0)
		return find_all(p);
	for (unsigned i = 0; i < p->n; i++)
		p->plan[i].estimate = estimate(p, &p->plan[i]);
	qsort(p->plan, p->n, sizeof(p->plan[0]), plan_cmp);
	if (p->n == 1 && p->want >= p->plan[0].estimate) {
		collect(p, &p->plan[0], l);
		return check(p, l, 0);
	}
	p->meet.conds = p->meet.n_cursors = p->meet.first[0] = 0;
	p->meet.sought = 0;
	p->meet.alike = p->n > 1 && p->plan[p->n - 1].estimate / ALIKE <= p->plan[0].estimate;
	plan_meeting(p, &p->meet);
	good = p->want == UINT64_MAX ? find_between(p, &p->meet, 0, UINT32_MAX, UINT64_MAX)
	    : find_first(p, &p->meet);
	p->a->cost.sought += p->meet.sought;
	return good;
}

/* How many rules are needed of those that answer, in the order of UUIDs. */
static uint64_t
wanted(const struct query *q)
{
	if (q->count || q->total || (q->n_sort && (q->sort[0].key != QUERY_BY_UUID ||
	    q->sort[0].down)))
		return UINT64_MAX;
	return q->limit == UINT32_MAX ? UINT64_MAX : (uint64_t)q->offset + q->limit;
}

/* One set and nothing to check: its count is the answer. */
static bool
count_only(struct planner *p)
{
	const struct query_source *s = p->n ? &p->a->sources.v[p->plan[0].first] : NULL;

	if (!p->q->count || p->q->port != QUERY_NONE || p->q->global == false || p->n > 1)
		return false;
	if (p->n == 0) {
		p->a->total = p->rd->state.rules;
		return true;
	}
	if (p->plan[0].n != 1 || s->kind != SOURCE_SET || s->bits != SET_BITS)
		return false;
	p->a->total = set_count(&p->rd->ix->store, s->set);
	return true;
}

static void
cut(const struct query *q, struct query_list *l)
{
	uint32_t from = q->offset < l->n ? q->offset : l->n;
	uint32_t n = l->n - from < q->limit ? l->n - from : q->limit;

	if (from)
		memmove(l->v, l->v + from, n * sizeof(*l->v));
	l->n = n;
}

bool
query_run(struct index_reader *rd, const struct query *q, struct query_answer *a)
{
	struct planner p;
	bool ordered;

	p.rd = rd;
	p.q = q;
	p.a = a;
	p.n = 0;
	p.flags_mask = p.flags = 0;
	p.nothing = false;
	p.conds = q->port != QUERY_NONE ? 1u << COND_PORT : 0;
	p.want = wanted(q);
	a->found.n = a->sources.n = a->total = 0;
	a->cost.collected = a->cost.sought = a->cost.checked = 0;
	if (query_count_prefix(rd, q, &a->total))
		return !index_is_corrupt(rd);
	for (unsigned c = 0; c < COND_PORT && !p.nothing; c++)
		if (query_asks(q, c))
			plan_cond(&p, c);
	if (!p.nothing)
		plan_flags(&p);
	if (p.nothing || count_only(&p))
		return !index_is_corrupt(rd);
	/* A single condition that is a flag is checked by being collected. */
	if (p.n == 1 && p.plan[0].is_flag && q->global != false)
		p.flags_mask = 0;
	if (!find(&p, &ordered))
		return false;
	a->total = a->found.n;
	if (!q->count && !query_sort(rd, q, &a->found, ordered))
		return false;
	if (!q->count)
		cut(q, &a->found);
	return !index_is_corrupt(rd);
}
