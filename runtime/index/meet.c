/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What several conditions have in common, in ascending order, found by going from one to
 * the next: each condition is asked for its first number that is not below the highest
 * of the others, until they agree.  Nothing is taken out of the sets but what all have,
 * and who wants only the first few stops there.  (That is the leapfrog join of Veldhuizen,
 * "Triejoin", 2014, for one variable.)
 *
 * A condition is a list, or some sets of which any may have the number.  In the leaf
 * where it stands a set is searched in steps that double; beyond that leaf and the next
 * it is entered again from its root.
 *
 * Two sets of about the same size are merged leaf by leaf instead: going from one to the
 * next would stop at every other element.
 */
#include "query_int.h"

/* How many ascending elements are before that number; shift: how they hold theirs. */
static uint32_t
count_below(const uint32_t *v, uint32_t n, uint32_t number, unsigned shift)
{
	uint32_t low = 0, step = 1;

	while (low + step <= n && v[low + step - 1] >> shift < number) {
		low += step;
		step *= 2;
	}
	/* The answer is in low .. low + step - 1, or n. */
	for (uint32_t high = low + step - 1 < n ? low + step - 1 : n; low < high;) {
		uint32_t mid = low + (high - low) / 2;

		if (v[mid] >> shift < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
next_run(struct query_cursor *c)
{
	c->run = set_next_run(&c->it, &c->n);
	c->at = 0;
	if (!c->run)
		c->n = 0;
}

/* The run that may have the number, or the first behind it. */
static void
find_run(struct query_cursor *c, uint32_t number)
{
	next_run(c);
	if (c->n && set_number(c->run[c->n - 1]) < number) {
		set_begin_at(&c->it, c->store, c->set, number);
		next_run(c);
		if (c->n && set_number(c->run[0]) < number) {
			store_mark_corrupt(c->store);   /* out of order: a damaged file */
			c->n = 0;
		}
	}
}

static bool
cursor_seek(struct query_cursor *c, uint32_t number)
{
	unsigned shift = c->is_list ? 0 : 4;

	if (c->started && c->value >= number)
		return !c->ended;
	c->started = true;
	while (!c->ended) {
		if (c->at < c->n)
			c->at += count_below(c->run + c->at, c->n - c->at, number, shift);
		while (c->at < c->n && !c->is_list && !(c->run[c->at] & c->bits))
			c->at++;
		if (c->at < c->n) {
			c->value = c->is_list ? c->run[c->at] : set_number(c->run[c->at]);
			return true;
		}
		if (!c->is_list)
			find_run(c, number);
		c->ended = c->is_list || c->n == 0;
	}
	c->value = UINT32_MAX;
	return false;
}

/* The first number that is not below, of any of a condition's cursors. */
static bool
seek_any(struct query_meet *m, unsigned cond, uint32_t number, uint32_t *out)
{
	*out = UINT32_MAX;
	for (unsigned i = m->first[cond]; i < m->first[cond + 1]; i++)
		if (cursor_seek(&m->cursor[i], number) && m->cursor[i].value < *out)
			*out = m->cursor[i].value;
	m->sought += m->first[cond + 1] - m->first[cond];
	return *out != UINT32_MAX;
}

static void
begin(struct query_meet *m)
{
	for (unsigned i = 0; i < m->n_cursors; i++) {
		struct query_cursor *c = &m->cursor[i];

		c->started = c->ended = false;
		c->value = 0;
		c->at = c->is_list ? count_below(c->run, c->n, m->next, 0) : 0;
		if (c->is_list)
			continue;
		set_begin_at(&c->it, c->store, c->set, m->next);
		c->n = 0;
		c->run = NULL;
	}
}

void
query_meet_begin(struct query_meet *m, uint32_t from, uint32_t to)
{
	m->next = from;
	m->to = to;
	begin(m);
}

bool
query_meet_add(struct query_meet *m, struct index_reader *rd, const struct query_source *s,
    uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (s[i].kind != SOURCE_SET)
			return false;
	if (n > QUERY_MEET_CURSORS - m->n_cursors)
		return false;
	for (uint32_t i = 0; i < n; i++)
		m->cursor[m->n_cursors++] = (struct query_cursor){ .store = &rd->ix->store,
			.set = s[i].set, .bits = s[i].bits };
	m->first[++m->conds] = m->n_cursors;
	return true;
}

void
query_meet_add_list(struct query_meet *m, const struct query_list *l)
{
	m->cursor[m->n_cursors++] = (struct query_cursor){ .is_list = true, .run = l->v, .n = l->n };
	m->first[++m->conds] = m->n_cursors;
}

/* --- two that are about as long ------------------------------------------------------- */

/* Goes on to a run that reaches the number; false: there is none. */
static bool
reach(struct query_cursor *c, uint32_t number)
{
	while (c->at == c->n) {
		if (c->is_list)
			return false;
		find_run(c, number);
		if (c->n == 0)
			return false;
	}
	return true;
}

/* Merges what is left of both runs; adds what they have in common, at most so many. */
static void
merge_runs(struct query_cursor *a, struct query_cursor *b, struct query_list *out, uint32_t most)
{
	const uint32_t *x = a->run, *y = b->run;
	unsigned shift_a = a->is_list ? 0 : 4, shift_b = b->is_list ? 0 : 4;
	/* A list's elements all count. */
	uint32_t all_a = a->is_list, all_b = b->is_list, i = a->at, k = b->at, n = out->n;

	/* Which one is next cannot be foreseen, so nothing branches on it. */
	for (uint32_t end = n + most; i < a->n && k < b->n && n < end;) {
		uint32_t p = x[i] >> shift_a, q = y[k] >> shift_b;

		out->v[n] = p;
		n += (p == q) & (all_a | ((x[i] & a->bits) != 0)) & (all_b | ((y[k] & b->bits) != 0));
		i += p <= q;
		k += q <= p;
	}
	out->n = n;
	a->at = i;
	b->at = k;
}

static uint32_t
next_of_two(struct query_meet *m, struct query_list *out, uint32_t most)
{
	struct query_cursor *a = &m->cursor[0], *b = &m->cursor[1];
	uint32_t start = out->n, left = most;

	for (; left && reach(a, m->next); left = most - (out->n - start)) {
		uint32_t at = a->at + b->at;

		m->next = a->run[a->at] >> (a->is_list ? 0 : 4);
		if (m->next >= m->to || !reach(b, m->next))
			break;
		at = a->at + b->at;
		merge_runs(a, b, out, left);
		m->sought += a->at + b->at - at;
		if (b->at < b->n)
			m->next = b->run[b->at] >> (b->is_list ? 0 : 4);
	}
	while (out->n > start && out->v[out->n - 1] >= m->to)
		out->n--;
	return out->n - start;
}

uint32_t
query_meet_next(struct query_meet *m, struct query_list *out, uint32_t most)
{
	uint32_t n = 0, agreed = 0, at;

	/* One more, which a merge writes before it knows. */
	query_list_room(out, most + 1);
	if (m->alike && m->conds == 2 && m->n_cursors == 2)
		return next_of_two(m, out, most);
	for (unsigned cond = 0; n < most && m->next < m->to; cond = (cond + 1) % m->conds) {
		if (!seek_any(m, cond, m->next, &at) || at >= m->to) {
			m->next = m->to;
			break;
		}
		agreed = at == m->next ? agreed + 1 : 1;
		m->next = at;
		if (agreed < m->conds)
			continue;
		out->v[out->n++] = at;
		n++;
		m->next++;
		agreed = 0;
	}
	return n;
}
