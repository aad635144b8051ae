/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lines that no packet gets to, because lines before them match all that they match.
 *
 * For each interval of ports or types a line is one prefix, and it is dead there if
 * its addresses are all in prefixes of earlier entries; a line that is dead in all its
 * intervals goes.  What is left of an entry is one or more entries.
 *
 * Cost: for each line a search in each earlier entry; where that would be too much for
 * the lines there are, all stay.
 */
#include "../base/hash.h"
#include "share_int.h"

#define STEPS_FREE (1 << 21)            /* whatever there is ... */
#define STEPS_A_LINE 256                /* ... and for each line */

/* The lines of one entry: rows are prefixes, columns ports or types. */
struct lines {
	uint32_t rows, columns;
	bool *alive;                    /* by row, then column */
	uint32_t *n_alive;              /* of each column */
	const struct prefix **row;
	struct open {
		VEC(uint32_t) rows;     /* that may be alive or dead */
		bool seen;
	} *open;                        /* of each column */
};

struct dead {
	struct problem *pb;
	struct lines *of;               /* by entry */
	uint64_t steps;                 /* that may still be made; 0: it is not known what is dead */
};

static const struct prefix *
whole_family(struct problem *pb)
{
	struct prefix *p = arena_alloc(pb->scratch, sizeof(*p));

	*p = (struct prefix){ family_first(pb->fam), pb->fam == NET_V4 ? NET_V4_BASE : 0,
		(uint8_t)pb->fam };
	return p;
}

static void
take_lines(struct problem *pb, const struct policy_entry *e, struct lines *l)
{
	l->row = arena_alloc(pb->scratch, (e->n_addrs + 1) * sizeof(*l->row));
	l->rows = 0;
	if (e->any)
		l->row[l->rows++] = whole_family(pb);
	for (uint32_t i = 0; i < e->n_addrs; i++)
		if (e->addrs[i].fam == pb->fam)
			l->row[l->rows++] = &e->addrs[i];
	l->columns = e->all_items ? 1 : e->n_items;
	l->alive = arena_zero(pb->scratch, (size_t)l->rows * l->columns);
	l->n_alive = arena_zero(pb->scratch, l->columns * sizeof(*l->n_alive));
	l->open = arena_zero(pb->scratch, l->columns * sizeof(*l->open));
}

/* The column of an entry that an interval is in, which begins at this number. */
static uint32_t
column_at(const struct problem *pb, const struct policy_entry *e, uint32_t number)
{
	uint32_t lo = 0, hi = e->all_items ? 1 : e->n_items;

	while (hi - lo > 1) {
		uint32_t mid = (lo + hi) / 2;

		if (share_item_range(pb->proto, &e->items[mid]).first <= number)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Moves *at behind the range of s that it is in; false if it is in none. */
static bool
pass_over(const struct pset *s, struct addr *at, struct addr last, bool *done)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (addr_less(s->v[mid].last, *at))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n || addr_less(*at, s->v[lo].first))
		return false;
	*done = !addr_less(s->v[lo].last, last);
	*at = addr_next(s->v[lo].last);
	return true;
}

/* Is all of the prefix in the entries v[0 .. n)? */
static bool
is_covered(struct dead *d, const uint32_t *v, uint32_t n, struct prefix p)
{
	struct addr at = prefix_first(p), last = prefix_last(p);
	bool done = false;

	/* Until it has been through all of them without getting on. */
	for (uint32_t i = 0, since = 0; since < n && d->steps > 0; i = i + 1 < n ? i + 1 : 0) {
		d->steps--;
		since = pass_over(&d->pb->addrs[v[i]], &at, last, &done) ? 0 : since + 1;
		if (done)
			return true;
	}
	return false;
}

static struct port_range
column_range(const struct problem *pb, const struct policy_entry *e, uint32_t column)
{
	return e->all_items ? (struct port_range){ 0, UINT16_MAX }
	    : share_item_range(pb->proto, &e->items[column]);
}

/*
 * A column is met for the first time, in the interval that begins there, with the
 * entries v[0 .. n) before it: what those cover that hold all of its numbers is dead
 * in all intervals.
 */
static void
open_column(struct dead *d, struct lines *l, const struct policy_entry *e, uint32_t column,
    uint32_t begin, const uint32_t *v, uint32_t n)
{
	const struct problem *pb = d->pb;
	struct port_range own = column_range(pb, e, column), r;
	uint32_t *wide = arena_alloc(pb->scratch, n * sizeof(*wide)), n_wide = 0;
	struct open *o = &l->open[column];

	o->seen = true;
	for (uint32_t i = 0; i < n; i++) {
		r = column_range(pb, &pb->e[v[i]], column_at(pb, &pb->e[v[i]], begin));
		if (r.first <= own.first && r.last >= own.last)
			wide[n_wide++] = v[i];
	}
	for (uint32_t i = 0; i < l->rows; i++)
		if (!is_covered(d, wide, n_wide, *l->row[i]))
			*vec_push(pb->scratch, &o->rows) = i;
}

/* Finds lines of the interval that are alive. */
static void
look_at(struct dead *d, const struct active *a, uint32_t begin)
{
	for (uint32_t i = 0; i < a->entries.n && d->steps; i++) {
		const struct policy_entry *e = &d->pb->e[a->entries.v[i]];
		struct lines *l = &d->of[a->entries.v[i]];
		uint32_t c = column_at(d->pb, e, begin), kept = 0;
		struct open *o = &l->open[c];

		if (!o->seen)
			open_column(d, l, e, c, begin, a->entries.v, i);
		for (uint32_t k = 0; k < o->rows.n; k++) {
			uint32_t r = o->rows.v[k];

			if (is_covered(d, a->entries.v, i, *l->row[r])) {
				o->rows.v[kept++] = r;
				continue;
			}
			l->alive[r * l->columns + c] = true;
			l->n_alive[c]++;
		}
		o->rows.n = kept;
		d->steps -= d->steps > 0;
	}
}

static void
find_alive(struct dead *d)
{
	struct problem *pb = d->pb;
	struct active *slabs;
	uint32_t *cut, n;
	uint64_t lines = 0;

	share_take_addrs(pb);
	d->of = arena_alloc(pb->scratch, pb->n * sizeof(*d->of));
	for (uint32_t i = 0; i < pb->n; i++) {
		take_lines(pb, &pb->e[i], &d->of[i]);
		lines += (uint64_t)d->of[i].rows * d->of[i].columns;
	}
	d->steps = STEPS_FREE + STEPS_A_LINE * lines;
	n = share_slabs(pb, &cut, &slabs);
	for (uint32_t i = 0; i < n && d->steps; i++)
		look_at(d, &slabs[i], cut[i]);
}

/* --- what is left ----------------------------------------------------------------- */

static bool
all_alive(const struct dead *d, uint32_t entry)
{
	const struct lines *l = &d->of[entry];

	for (uint32_t c = 0; c < l->columns && d->steps && l->rows; c++)
		if (l->n_alive[c] < l->rows)
			return false;
	return true;
}

/* An entry for the rows that are like this one. */
static void
add_part(struct dead *d, struct policy *out, uint32_t entry, uint32_t like)
{
	struct arena *keep = d->pb->ps->arena;
	const struct policy_entry *from = &d->pb->e[entry];
	const struct lines *l = &d->of[entry];
	const bool *pattern = &l->alive[like * l->columns];
	struct policy_entry *e = vec_push(keep, &out->entries);
	struct prefix *addrs = arena_alloc(keep, l->rows * sizeof(*addrs));
	struct lang_item *items = arena_alloc(keep, l->columns * sizeof(*items));

	*e = *from;
	e->fam = (uint8_t)d->pb->fam;
	e->addrs = addrs;
	e->n_addrs = 0;
	for (uint32_t r = like; r < l->rows && !e->any; r++)
		if (memcmp(&l->alive[r * l->columns], pattern, l->columns) == 0)
			addrs[e->n_addrs++] = *l->row[r];
	if (e->all_items)
		return;
	e->items = items;
	e->n_items = 0;
	for (uint32_t c = 0; c < l->columns; c++)
		if (pattern[c])
			items[e->n_items++] = from->items[c];
}

/* The entry's rows of the family, those that are alive in the same columns together. */
static void
add_parts(struct dead *d, struct policy *out, uint32_t entry)
{
	const struct lines *l = &d->of[entry];
	struct strmap seen = { 0 };

	for (uint32_t r = 0; r < l->rows; r++) {
		struct slice pattern = { (const char *)&l->alive[r * l->columns], l->columns };
		uint32_t *first;

		if (!memchr(pattern.p, true, pattern.n))
			continue;
		first = strmap_put(d->pb->scratch, &seen, pattern);
		if (*first != UINT32_MAX)
			continue;
		*first = r;
		add_part(d, out, entry, r);
	}
}

void
share_drop_dead(struct passes *ps, struct arena *scratch, struct policy *p, uint32_t first)
{
	struct problem pb[2];
	struct dead d[2];
	struct policy out = { 0 };
	uint32_t n = p->entries.n - first;

	if (n < 2)
		return;
	for (int k = 0; k < 2; k++) {
		pb[k] = (struct problem){ .ps = ps, .scratch = scratch, .e = &p->entries.v[first],
			.n = n, .fam = k ? NET_V6 : NET_V4, .proto = p->entries.v[first].proto,
			.side = p->entries.v[first].side };
		d[k] = (struct dead){ .pb = &pb[k] };
		find_alive(&d[k]);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (all_alive(&d[0], i) && all_alive(&d[1], i)) {
			*vec_push(ps->arena, &out.entries) = pb[0].e[i];
			continue;
		}
		add_parts(&d[0], &out, i);
		add_parts(&d[1], &out, i);
	}
	p->entries.n = first;
	for (uint32_t i = 0; i < out.entries.n; i++)
		*vec_push(ps->arena, &p->entries) = out.entries.v[i];
}
