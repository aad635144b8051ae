/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lines that no packet gets to, because lines before them match all that they match.
 * What is left of an entry is one or more entries.
 *
 * First those are found for which earlier lines with the same or a wider prefix match
 * all numbers, ports or types: a search for each length that prefixes have.
 *
 * Then all.  For each interval of numbers a line is one prefix, and it is dead there if
 * its addresses are all in prefixes of earlier entries; a line that is dead in all its
 * intervals goes.  That costs, for each line, a search in each earlier entry; where it
 * would be too much for the lines there are, the rest stay.
 */
#include "../base/hash.h"
#include "share_int.h"

#define KNOWN_RANGES 1024               /* of numbers that are remembered of a prefix */
#define LENGTHS 129

/* The lines of one entry: rows are prefixes, columns ports or types. */
struct lines {
	uint32_t rows, columns;
	bool *dead;                     /* by row, then column: so in all intervals */
	bool *alive;                    /* the same: in some interval */
	uint32_t n_dead;
	const struct prefix **row;
	struct open {
		VEC(uint32_t) rows;     /* that may be alive or dead */
		bool seen;
	} *open;                        /* of each column */
};

struct dead {
	struct problem *pb;
	struct lines *of;               /* by entry */
	/* The numbers that lines met so far match, by prefix; and which lengths those have. */
	struct strmap known;
	VEC(struct portset) numbers;
	bool length[LENGTHS];
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
	if (e->any && (!e->fam || e->fam == pb->fam))
		l->row[l->rows++] = whole_family(pb);
	for (uint32_t i = 0; i < e->n_addrs; i++)
		if (e->addrs[i].fam == pb->fam)
			l->row[l->rows++] = &e->addrs[i];
	l->columns = e->all_items ? 1 : e->n_items;
	l->dead = arena_zero(pb->scratch, (size_t)l->rows * l->columns);
	l->alive = NULL;
	l->n_dead = 0;
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

/* --- earlier lines with the same or a wider prefix ---------------------------------- */

/* The numbers known of a prefix; with `add` an empty set if there are none. */
static struct portset *
numbers_of(struct dead *d, struct prefix p, unsigned len, bool add)
{
	uint64_t key[3];
	uint32_t *at;

	p.len = (uint8_t)len;
	p = prefix_mask(p);
	memcpy(key, (uint64_t[]){ p.a.hi, p.a.lo, len }, sizeof(key));
	if (!add) {
		const uint32_t *found = strmap_get(&d->known,
		    (struct slice){ (const char *)key, sizeof(key) });

		return found ? &d->numbers.v[*found] : NULL;
	}
	at = strmap_put(d->pb->scratch, &d->known, arena_slice(d->pb->scratch,
	    (struct slice){ (const char *)key, sizeof(key) }));
	if (*at == UINT32_MAX) {
		*at = d->numbers.n;
		*vec_push(d->pb->scratch, &d->numbers) = (struct portset){ 0 };
	}
	return &d->numbers.v[*at];
}

/* The range of s that a number is in; NULL: none. */
static const struct port_range *
range_with(const struct portset *s, uint32_t number)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->v[mid].last < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->v[lo].first <= number ? &s->v[lo] : NULL;
}

/* Are all numbers of r in the sets together? */
static bool
hold_all(const struct portset *const *set, unsigned n, struct port_range r)
{
	const struct port_range *in;
	uint32_t at = r.first;

	for (unsigned i = 0, since = 0; since < n; i = i + 1 < n ? i + 1 : 0) {
		in = range_with(set[i], at);
		since = in ? 0 : since + 1;
		if (!in)
			continue;
		if (in->last >= r.last)
			return true;
		at = in->last + 1u;
	}
	return false;
}

/* Marks what is dead of one row, and remembers the rest. */
static void
meet_row(struct dead *d, const struct policy_entry *e, struct lines *l, uint32_t row)
{
	const struct portset *wider[LENGTHS];
	struct prefix p = *l->row[row];
	struct portset *own;
	unsigned n = 0;

	for (unsigned len = 0; len <= p.len; len++) {
		const struct portset *s = d->length[len] ? numbers_of(d, p, len, false) : NULL;

		if (s)
			wider[n++] = s;
	}
	for (uint32_t c = 0; c < l->columns; c++) {
		bool dead = hold_all(wider, n, column_range(d->pb, e, c));

		l->dead[row * l->columns + c] = dead;
		l->n_dead += dead;
	}
	d->length[p.len] = true;
	own = numbers_of(d, p, p.len, true);
	for (uint32_t c = 0; c < l->columns && own->n < KNOWN_RANGES; c++) {
		struct port_range r = column_range(d->pb, e, c);

		if (!l->dead[row * l->columns + c])
			portset_add(d->pb->scratch, own, r.first, r.last);
	}
}

/* --- all earlier lines -------------------------------------------------------------- */

/* Opens a column that is met for the first time: rows that are not known to be dead. */
static void
open_column(struct dead *d, struct lines *l, uint32_t column)
{
	struct open *o = &l->open[column];

	o->seen = true;
	for (uint32_t i = 0; i < l->rows; i++)
		if (!l->dead[i * l->columns + column])
			*vec_push(d->pb->scratch, &o->rows) = i;
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
			open_column(d, l, c);
		for (uint32_t k = 0; k < o->rows.n; k++) {
			uint32_t r = o->rows.v[k];

			if (is_covered(d, a->entries.v, i, *l->row[r]))
				o->rows.v[kept++] = r;
			else
				l->alive[r * l->columns + c] = true;
		}
		o->rows.n = kept;
		d->steps -= d->steps > 0;
	}
}

/* What is alive in no interval is dead, if there were steps enough to tell. */
static void
look_at_all(struct dead *d, uint64_t lines)
{
	struct problem *pb = d->pb;
	struct active *slabs;
	uint32_t *cut, n;

	d->steps = pb->ps->limits->dead + pb->ps->limits->dead_each * lines;
	n = share_slabs(pb, &cut, &slabs);
	for (uint32_t i = 0; i < pb->n && n; i++)
		d->of[i].alive = arena_zero(pb->scratch,
		    (size_t)d->of[i].rows * d->of[i].columns);
	for (uint32_t i = 0; i < n && d->steps; i++)
		look_at(d, &slabs[i], cut[i]);
	if (n == 0 || d->steps == 0)
		share_note(pb, false, "not all lines that no packet gets to were found");
	for (uint32_t i = 0; i < pb->n && n && d->steps; i++) {
		struct lines *l = &d->of[i];

		for (uint32_t k = 0; k < l->rows * l->columns; k++)
			if (!l->alive[k] && !l->dead[k]) {
				l->dead[k] = true;
				l->n_dead++;
			}
	}
}

static void
find_dead(struct dead *d, bool whole)
{
	struct problem *pb = d->pb;
	uint64_t lines = 0;

	share_take_addrs(pb);
	d->of = arena_alloc(pb->scratch, pb->n * sizeof(*d->of));
	for (uint32_t i = 0; i < pb->n; i++) {
		struct lines *l = &d->of[i];

		take_lines(pb, &pb->e[i], l);
		lines += (uint64_t)l->rows * l->columns;
		for (uint32_t r = 0; r < l->rows; r++)
			meet_row(d, &pb->e[i], l, r);
	}
	if (whole)
		look_at_all(d, lines);
}

/* --- what is left ----------------------------------------------------------------- */

/* An entry for the rows that are like this one. */
static void
add_part(struct dead *d, struct policy *out, uint32_t entry, uint32_t like)
{
	struct arena *keep = d->pb->ps->arena;
	const struct policy_entry *from = &d->pb->e[entry];
	const struct lines *l = &d->of[entry];
	const bool *pattern = &l->dead[like * l->columns];
	struct policy_entry *e = vec_push(keep, &out->entries);
	struct prefix *addrs = arena_alloc(keep, l->rows * sizeof(*addrs));
	struct lang_item *items = arena_alloc(keep, l->columns * sizeof(*items));

	*e = *from;
	e->fam = (uint8_t)d->pb->fam;
	e->addrs = addrs;
	e->n_addrs = 0;
	for (uint32_t r = like; r < l->rows && !e->any; r++)
		if (memcmp(&l->dead[r * l->columns], pattern, l->columns) == 0)
			addrs[e->n_addrs++] = *l->row[r];
	if (e->all_items)
		return;
	e->items = items;
	e->n_items = 0;
	for (uint32_t c = 0; c < l->columns; c++)
		if (!pattern[c])
			items[e->n_items++] = from->items[c];
}

/* The entry's rows of the family, those that are dead in the same columns together. */
static void
add_parts(struct dead *d, struct policy *out, uint32_t entry)
{
	const struct lines *l = &d->of[entry];
	struct strmap seen = { 0 };

	for (uint32_t r = 0; r < l->rows; r++) {
		struct slice pattern = { (const char *)&l->dead[r * l->columns], l->columns };
		uint32_t *first;

		if (!memchr(pattern.p, 0, pattern.n))
			continue;
		first = strmap_put(d->pb->scratch, &seen, pattern);
		if (*first != UINT32_MAX)
			continue;
		*first = r;
		add_part(d, out, entry, r);
	}
}

void
share_drop_dead(struct passes *ps, struct arena *scratch, struct policy *p, uint32_t first,
    bool whole)
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
		find_dead(&d[k], whole);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (d[0].of[i].n_dead + d[1].of[i].n_dead == 0) {
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
