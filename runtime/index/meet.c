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
		c->at = c->value = 0;
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

uint32_t
query_meet_next(struct query_meet *m, struct query_list *out, uint32_t most)
{
	uint32_t n = 0, agreed = 0, at;

	query_list_room(out, most);
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
