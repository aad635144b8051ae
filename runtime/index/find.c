/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The planner.  Each condition that the index has sets for is worth the number of
 * their elements, which the trees know without being walked.  The cheapest is
 * collected; others that are nearly as cheap are collected and intersected; what
 * remains is checked on the candidates, the flags that stand beside their numbers
 * first, the rules themselves last.
 *
 * contains: the prefixes that contain an address stand, in the order of the map,
 * somewhere before it.  From the entry at or before the address, either it
 * contains the address, and the search goes on above its length; or the two agree
 * in only so many first bits, and then none longer than that contains the
 * address: any such would stand between them.  So each step costs one descent, or
 * what of it differs from the last one, and there are as many as answers, and about as
 * many in between; lengths that no prefix has are passed over.
 *
 * within: a range of the map.
 */
#include "query_int.h"

#include <stdlib.h>

#include "index_int.h"

/* A set, or the sets of a map's entries from first to last. */
struct query_source {
	enum { SOURCE_SET, SOURCE_RANGE } kind;
	unsigned bits;                  /* elements with none of them do not count */
	uint32_t set;
	uint32_t map;
	struct map_key first, last;
};

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

struct planner {
	struct index_reader *rd;
	const struct query *q;
	struct query_answer *a;
	struct plan plan[PLAN_MAX];
	unsigned n;
	uint32_t flags_mask, flags;     /* what the flags of an answer must be */
	bool nothing;                   /* no rule can answer */
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

static unsigned
common_bits(struct map_key a, struct map_key b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo) : 128;
}

static struct map_key
cut_key(struct map_key k, unsigned len)
{
	struct addr m = addr_mask(len);

	return (struct map_key){ k.hi & m.hi, k.lo & m.lo, len };
}

/* The greatest length of at most `most` that there may be; -1: none. */
static int
longest_known(const uint64_t lengths[3], int most)
{
	for (int w = most / 64; most >= 0 && w >= 0; w--) {
		uint64_t bits = lengths[w];

		if (w == most / 64)
			bits &= ~(uint64_t)0 >> (63 - most % 64);
		if (bits)
			return w * 64 + 63 - __builtin_clzll(bits);
	}
	return -1;
}

/* All prefixes of at most `longest` bits that contain the key's address. */
static void
add_containing(struct planner *p, struct plan *plan, enum index_map map, struct map_key key,
    int longest, unsigned bits)
{
	const uint64_t *lengths = p->rd->state.lengths[map - MAP_V4];
	struct store *st = &p->rd->ix->store;
	uint32_t root = p->rd->state.map[map];
	struct map_finger finger = { 0 };
	struct map_entry e;

	while ((longest = longest_known(lengths, longest)) >= 0) {
		struct map_key at = cut_key(key, (unsigned)longest), found;
		unsigned common;

		if (!map_floor_back(&finger, st, root, &at, &e))
			return;
		found = (struct map_key){ e.hi, e.lo, e.len };
		common = common_bits(found, key);
		if (e.len > 128 || (common >= e.len && (int)e.len > longest)) {
			store_mark_corrupt(st);         /* out of order: a damaged file */
			return;
		}
		if (common >= e.len) {
			add_set(p, plan, e.value, bits);
			longest = (int)e.len - 1;
		} else {
			longest = (int)common;
		}
	}
}

static void
add_within(struct planner *p, struct plan *plan, enum index_map map, struct map_key key,
    unsigned bits)
{
	struct addr m = addr_mask(key.len);
	struct map_key last = { key.hi | ~m.hi, key.lo | ~m.lo, 128 };
	struct query_source *s = new_source(p);

	s->kind = SOURCE_RANGE;
	s->bits = bits;
	s->map = map;
	s->first = key;
	s->last = last;
	plan->n++;
}

/* How many elements a plan's sources hold, by what the trees know of themselves. */
static uint64_t
estimate(struct planner *p, const struct plan *plan)
{
	struct store *st = &p->rd->ix->store;
	uint64_t n = 0;

	for (uint32_t i = plan->first; i < plan->first + plan->n; i++) {
		const struct query_source *s = &p->a->sources.v[i];
		uint32_t root = s->kind == SOURCE_SET ? 0 : p->rd->state.map[s->map];

		if (s->kind == SOURCE_SET)
			n += set_count(st, s->set);
		else    /* About one rule a prefix. */
			n += map_rank(st, root, &s->last) - map_rank(st, root, &s->first);
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
collect_set(struct store *st, uint32_t set, unsigned bits, struct query_list *out)
{
	struct set_iter it;
	const uint32_t *run;
	uint32_t n;

	if (set & SET_ONE) {
		if (set & bits)
			query_list_add(out, set & ~SET_ONE);
		return;
	}
	set_begin(&it, st, set);
	while ((run = set_next_run(&it, &n)) != NULL) {
		query_list_room(out, n);
		if (bits == SET_BITS) {         /* every element has one of them */
			memcpy(out->v + out->n, run, n * sizeof(*run));
			out->n += n;
			continue;
		}
		for (uint32_t i = 0; i < n; i++) {
			out->v[out->n] = run[i];
			out->n += (run[i] & bits) != 0;
		}
	}
}

static bool
is_behind(const struct map_entry *e, const struct map_key *last)
{
	return e->hi != last->hi ? e->hi > last->hi : e->lo > last->lo;
}

static void
collect_range(struct planner *p, const struct query_source *s, struct query_list *out)
{
	struct store *st = &p->rd->ix->store;
	const struct map_entry *e;
	struct tree_iter it;
	uint32_t n;

	tree_begin(&it, st, TREE_MAP, p->rd->state.map[s->map], &s->first);
	while ((e = tree_next_run(&it, &n)) != NULL)
		for (uint32_t i = 0; i < n; i++) {
			if (is_behind(&e[i], &s->last) || store_is_corrupt(st))
				return;
			collect_set(st, e[i].value, s->bits, out);
		}
}

/* --- ascending, each once ----------------------------------------------------------- */

/*
 * A set of numbers as bits, with a bit for every word that is not 0 above them, and
 * one for every such word again: to put a number in is three words touched, and to
 * take all out in order touches only what is there.  That sorts and joins any number
 * of lists in time proportional to their length.  Between uses all of it is 0.
 */
static void
bits_room(struct query_bits *b, uint32_t most)
{
	uint32_t top = most / (64 * 64 * 64) + 1;

	if (top <= b->top)
		return;
	top = top * 5 / 4 + 1;
	free(b->word);
	b->word = calloc((size_t)top * (64 * 64 + 64 + 1), sizeof(*b->word));
	if (!b->word)
		base_oom((size_t)top * (64 * 64 + 64 + 1) * sizeof(*b->word));
	b->top = top;
}

static void
sort_bits(struct query_bits *b, struct query_list *l)
{
	uint64_t *low, *mid, *top;
	uint32_t most = 0, n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		most |= l->v[i];
	bits_room(b, set_number(most));
	top = b->word;
	mid = top + b->top;
	low = mid + (size_t)b->top * 64;
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t v = set_number(l->v[i]);

		low[v >> 6] |= (uint64_t)1 << (v & 63);
		mid[v >> 12] |= (uint64_t)1 << (v >> 6 & 63);
		top[v >> 18] |= (uint64_t)1 << (v >> 12 & 63);
	}
	for (uint32_t t = 0; t < b->top; t++)
		for (; top[t]; top[t] &= top[t] - 1) {
			uint32_t m = t << 6 | (uint32_t)__builtin_ctzll(top[t]);

			for (; mid[m]; mid[m] &= mid[m] - 1) {
				uint32_t w = m << 6 | (uint32_t)__builtin_ctzll(mid[m]);

				for (uint64_t bits = low[w]; bits; bits &= bits - 1)
					l->v[n++] = w << 6 | (uint32_t)__builtin_ctzll(bits);
				low[w] = 0;
			}
		}
	l->n = n;
}

#define RUNS_MAX 64
#define MERGE_MAX 8192          /* elements; for more, bits are faster */

/* Sorted elements to numbers, each once. */
static void
to_numbers(struct query_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t number = set_number(l->v[i]);

		if (n == 0 || l->v[n - 1] != number)
			l->v[n++] = number;
	}
	l->n = n;
}

/* How many of n ascending elements are before v. */
static uint32_t
count_before(const uint32_t *x, uint32_t n, uint32_t v)
{
	uint32_t at = 0;

	while (n) {
		uint32_t half = (n + 1) / 2;
		bool before = x[at + half - 1] < v;

		at += before ? half : 0;
		n = before ? n - half : half - 1;
	}
	return at;
}

/* Merges the ascending runs of a and of b elements behind it that begin at v. */
static void
merge_two(uint32_t *v, uint32_t a, uint32_t b, struct query_list *spare)
{
	uint32_t *x, *x_end, *y = v + a, *y_end = y + b;

	spare->n = 0;
	query_list_room(spare, a);
	x = memcpy(spare->v, v, a * sizeof(*v));
	x_end = x + a;
	if (a < b / 8) {
		/* Few into many: search the place of each. */
		for (; x < x_end; x++) {
			uint32_t n = count_before(y, (uint32_t)(y_end - y), *x);

			memmove(v, y, n * sizeof(*v));
			v += n;
			y += n;
			*v++ = *x;
		}
		return;
	}
	/* Which one is next cannot be foreseen, so nothing branches on it. */
	while (x < x_end && y < y_end) {
		uint32_t p = *x, q = *y, is_y = q < p;

		*v++ = is_y ? q : p;
		x += 1 - is_y;
		y += is_y;
	}
	memcpy(v, x, (size_t)(x_end - x) * sizeof(*x));
}

/*
 * Merges neighbouring ascending runs until one is left; run[n] is the end.  A run waits
 * until the next is as long, so that each element is moved about as often as the runs'
 * lengths can be halved.
 */
static void
merge_runs(struct query_list *l, struct query_list *spare, const uint32_t *run, unsigned n)
{
	uint32_t start[RUNS_MAX + 1];
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		start[k++] = run[i];
		while (k > 1 && (i + 1 == n ||
		    start[k - 1] - start[k - 2] <= run[i + 1] - start[k - 1])) {
			merge_two(l->v + start[k - 2], start[k - 1] - start[k - 2],
			    run[i + 1] - start[k - 1], spare);
			k--;
		}
	}
}

/* The numbers that a plan's sources hold: ascending, each once. */
static void
collect(struct planner *p, const struct plan *plan, struct query_list *out)
{
	uint32_t run[RUNS_MAX + 1];
	bool sorted = plan->n <= RUNS_MAX;

	out->n = 0;
	for (uint32_t i = 0; i < plan->n; i++) {
		const struct query_source *s = &p->a->sources.v[plan->first + i];

		if (sorted)
			run[i] = out->n;
		if (s->kind == SOURCE_SET) {
			collect_set(&p->rd->ix->store, s->set, s->bits, out);
		} else {
			collect_range(p, s, out);
			sorted = false;
		}
	}
	if (!sorted || (out->n > MERGE_MAX && plan->n > 1)) {
		sort_bits(&p->a->bits, out);
		return;
	}
	run[plan->n] = out->n;
	merge_runs(out, &p->a->spare, run, plan->n);
	to_numbers(out);
}

static void
intersect(struct query_list *l, const struct query_list *with)
{
	uint32_t n = 0, k = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		while (k < with->n && with->v[k] < l->v[i])
			k++;
		if (k == with->n)
			break;
		if (with->v[k] == l->v[i])
			l->v[n++] = l->v[i];
	}
	l->n = n;
}

/* --- checking ------------------------------------------------------------------------ */

static bool
check_flags(struct planner *p, struct query_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
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
check_rules(struct planner *p, struct query_list *l, unsigned conds)
{
	struct record_room room;
	struct rule r;
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		bool good = true;

		index_prefetch(p->rd, l->v, l->n, i);
		if (!index_view(p->rd, l->v[i], &r, &room))
			return false;
		for (unsigned c = 0; good && c < QUERY_CONDS; c++)
			if (conds >> c & 1)
				good = query_holds(p->q, c, &r);
		if (good)
			l->v[n++] = l->v[i];
	}
	l->n = n;
	return true;
}

static bool
add_number(void *context, uint32_t number)
{
	query_list_add(context, number);
	return true;
}

static int
plan_cmp(const void *a, const void *b)
{
	const struct plan *x = a, *y = b;

	return x->estimate < y->estimate ? -1 : x->estimate > y->estimate;
}

/*
 * Leaves in found the rules that answer.  *ordered says that they are in the order
 * of their UUIDs already.
 */
static bool
find(struct planner *p, bool *ordered)
{
	struct query_answer *a = p->a;
	struct query_list *l = &a->found;
	unsigned conds = 0, next = 0;

	*ordered = p->n == 0;
	if (p->n == 0) {
		query_list_room(l, p->rd->state.rules);
		index_walk(p->rd, add_number, l);
	} else {
		for (unsigned i = 0; i < p->n && p->n > 1; i++)
			p->plan[i].estimate = estimate(p, &p->plan[i]);
		if (p->n > 1)
			qsort(p->plan, p->n, sizeof(p->plan[0]), plan_cmp);
		collect(p, &p->plan[next++], l);
	}
	for (; next < p->n; next++) {
		struct plan *plan = &p->plan[next];

		if (plan->is_flag)
			continue;
		if (plan->estimate > (uint64_t)l->n * CHECK_COST) {
			conds |= 1u << plan->cond;
			continue;
		}
		collect(p, plan, &a->other);
		intersect(l, &a->other);
	}
	if (p->q->port != QUERY_NONE)
		conds |= 1u << COND_PORT;
	/* A single condition that is a flag was checked by being collected. */
	if (p->flags_mask && !(p->n == 1 && p->plan[0].is_flag && p->q->global != false) &&
	    !check_flags(p, l))
		return false;
	return !conds || check_rules(p, l, conds);
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
	a->found.n = a->sources.n = a->total = 0;
	for (unsigned c = 0; c < COND_PORT && !p.nothing; c++)
		if (query_asks(q, c))
			plan_cond(&p, c);
	if (!p.nothing)
		plan_flags(&p);
	if (p.nothing || count_only(&p))
		return !index_is_corrupt(rd);
	if (!find(&p, &ordered))
		return false;
	a->total = a->found.n;
	if (!q->count && !query_sort(rd, q, &a->found, ordered))
		return false;
	if (!q->count)
		cut(q, &a->found);
	return !index_is_corrupt(rd);
}
