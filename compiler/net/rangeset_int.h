/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The algebra of sets kept as ranges, written once for any ordered universe:
 * pset.c includes this file with addresses, portset.c with ports.
 *
 * A set is a vector of ranges [first, last], sorted, disjoint and with a gap
 * between neighbours.  Every set of elements has exactly one such form, so equal
 * sets are equal bytes, and the form is never longer than any list of prefixes
 * for the same set.  Operations walk both operands from left to right, once;
 * where one operand is far ahead, the other is searched by doubling steps, so
 * a small set against a huge one costs the small one times a logarithm wherever
 * the result need not hold the huge one.
 *
 * The result may be one of the operands.  Then the part before the first change
 * stays where it is and the rest is moved up by the length of the other operand:
 * having consumed i ranges of one and j of the other, an operation has written
 * i + j ranges at most, so what it writes never overtakes what it has to read.
 *
 * Before including, define:
 *
 *	RS(name)                a function's name: pset_##name
 *	RS_SET, RS_RANGE        struct tags; a set has members v, n and cap, and
 *	                        whatever else it has is handed on by copying
 *	RS_ELEM                 the type of an element
 *	RS_LESS(a, b)           order
 *	RS_NEXT(e), RS_PREV(e)  the neighbours, wrapping around
 *	RS_FIRST(s), RS_LAST(s) the ends of set s's universe
 *	RS(varying)(v, n)       for which bits the first elements of n ranges differ:
 *	                        0 if for none, else the number of the highest, from 1
 *	RS(digit)(e, shift)     the eight bits of e from bit `shift` up
 */

/* --- searching ---------------------------------------------------------- */

/* Index of the first range from i on that ends at e or later; n if none does. */
static size_t
RS(seek)(const struct RS_RANGE *v, size_t n, size_t i, RS_ELEM e)
{
	size_t lo = i, hi, step = 1;

	for (hi = i; hi < n && RS_LESS(v[hi].last, e); step *= 2) {
		lo = hi + 1;
		hi += step;
	}
	if (hi > n)
		hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (RS_LESS(v[mid].last, e))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
RS(has_range)(const struct RS_SET *s, RS_ELEM first, RS_ELEM last)
{
	size_t i = RS(seek)(s->v, s->n, 0, first);

	return i < s->n && !RS_LESS(first, s->v[i].first) && !RS_LESS(s->v[i].last, last);
}

bool
RS(has)(const struct RS_SET *s, RS_ELEM e)
{
	return RS(has_range)(s, e, e);
}

bool
RS(find_outside)(const struct RS_SET *x, const struct RS_SET *y, RS_ELEM *out)
{
	size_t j = 0;

	for (size_t i = 0; i < x->n; i++) {
		j = RS(seek)(y->v, y->n, j, x->v[i].first);
		if (j == y->n || RS_LESS(x->v[i].first, y->v[j].first)) {
			*out = x->v[i].first;
			return true;
		}
		if (RS_LESS(y->v[j].last, x->v[i].last)) {
			*out = RS_NEXT(y->v[j].last);
			return true;
		}
	}
	return false;
}

bool
RS(find_common)(const struct RS_SET *x, const struct RS_SET *y, RS_ELEM *out)
{
	size_t i = 0, j = 0;

	while (i < x->n) {
		j = RS(seek)(y->v, y->n, j, x->v[i].first);
		if (j == y->n)
			return false;
		if (!RS_LESS(x->v[i].last, y->v[j].first)) {
			*out = RS_LESS(x->v[i].first, y->v[j].first) ? y->v[j].first
			    : x->v[i].first;
			return true;
		}
		i = RS(seek)(x->v, x->n, i + 1, y->v[j].first);
	}
	return false;
}

bool
RS(subset)(const struct RS_SET *x, const struct RS_SET *y)
{
	RS_ELEM e;

	return !RS(find_outside)(x, y, &e);
}

bool
RS(overlaps)(const struct RS_SET *x, const struct RS_SET *y)
{
	RS_ELEM e;

	return RS(find_common)(x, y, &e);
}

bool
RS(equal)(const struct RS_SET *x, const struct RS_SET *y)
{
	return x->n == y->n && (x->n == 0 || memcmp(x->v, y->v, x->n * sizeof(*x->v)) == 0);
}

/* --- room --------------------------------------------------------------- */

void
RS(reserve)(struct arena *a, struct RS_SET *s, size_t n)
{
	struct RS_RANGE *v;

	if (n <= s->cap)
		return;
	if (n < (size_t)s->cap * 2)
		n = (size_t)s->cap * 2;
	if (n > UINT32_MAX)
		base_oom(SIZE_MAX);
	v = arena_alloc(a, n * sizeof(*v));
	if (s->n)
		memcpy(v, s->v, s->n * sizeof(*v));
	s->v = v;
	s->cap = (uint32_t)n;
}

/* What an operation has still to read of one operand. */
struct RS(rest) {
	const struct RS_RANGE *v;
	size_t n;
	bool is_here;                   /* it is held by the result */
};

static struct RS(rest)
RS(rest_of)(const struct RS_SET *s, const struct RS_SET *out)
{
	return (struct RS(rest)){ s->v, s->n, s == out };
}

static inline void
RS(skip)(struct RS(rest) *r, size_t n)
{
	r->v += n;
	r->n -= n;
}

/* Leaves of a rest what can meet [first, last]. */
static void
RS(clip)(struct RS(rest) *r, RS_ELEM first, RS_ELEM last)
{
	size_t n;

	RS(skip)(r, RS(seek)(r->v, r->n, 0, first));
	n = RS(seek)(r->v, r->n, 0, last);
	r->n = n + (n < r->n && !RS_LESS(last, r->v[n].first));
}

/* Empties `out`, which becomes a set of the kind of `like`, with room for n ranges. */
static void
RS(start)(struct arena *a, struct RS_SET *out, const struct RS_SET *like, size_t n)
{
	struct RS_SET o = *like;

	o.v = out->v;
	o.n = 0;
	o.cap = out->cap;
	RS(reserve)(a, &o, n);
	*out = o;
}

/* Moves a rest up in the result to where nothing will be written before it is read. */
static void
RS(lift)(struct RS(rest) *r, struct RS_RANGE *to)
{
	if (r->v < to)
		memmove(to, r->v, r->n * sizeof(*to));
	r->v = r->v < to ? to : r->v;
}

/*
 * Starts `out` with the first `head` ranges of x and room for all of xs and ys,
 * out of the way of which it gets.
 */
static void
RS(open)(struct arena *a, struct RS_SET *out, const struct RS_SET *x, size_t head,
    struct RS(rest) *xs, struct RS(rest) *ys)
{
	const struct RS_RANGE *from = x->v, *old = out->v;

	RS(start)(a, out, x, head + xs->n + ys->n);
	if (out->v == old) {
		if (xs->is_here)
			RS(lift)(xs, out->v + head + ys->n);
		else if (ys->is_here)
			RS(lift)(ys, out->v + head + xs->n);
	}
	if (head && out->v != from)
		memcpy(out->v, from, head * sizeof(*from));
	out->n = (uint32_t)head;
}

void
RS(copy)(struct arena *a, struct RS_SET *out, const struct RS_SET *x)
{
	if (out == x)
		return;
	RS(start)(a, out, x, x->n);
	if (x->n)
		memcpy(out->v, x->v, x->n * sizeof(*x->v));
	out->n = x->n;
}

/* --- operations --------------------------------------------------------- */

/* Is there an element between the last of a range and the first of a later one? */
static inline bool
RS(gap)(RS_ELEM last, RS_ELEM first)
{
	return RS_LESS(last, first) && RS_LESS(last, RS_PREV(first));
}

/* Adds a range that starts no earlier than the last one written. */
static inline void
RS(append)(struct RS_SET *out, struct RS_RANGE r)
{
	struct RS_RANGE *w = out->v + out->n;

	if (out->n == 0 || RS(gap)(w[-1].last, r.first)) {
		*w = r;
		out->n++;
	} else if (RS_LESS(w[-1].last, r.last)) {
		w[-1].last = r.last;
	}
}

/* Adds what is left of one operand when the other is used up. */
static void
RS(append_rest)(struct RS_SET *out, struct RS(rest) r)
{
	while (r.n && out->n && !RS(gap)(out->v[out->n - 1].last, r.v->first)) {
		RS(append)(out, *r.v);
		RS(skip)(&r, 1);
	}
	if (r.n)
		memmove(out->v + out->n, r.v, r.n * sizeof(*r.v));
	out->n += (uint32_t)r.n;
}

void
RS(union)(struct arena *a, struct RS_SET *out, const struct RS_SET *x, const struct RS_SET *y)
{
	struct RS(rest) xs, ys, *next;
	size_t head;

	if (x == y || x->n == 0 || y->n == 0) {
		RS(copy)(a, out, x->n ? x : y);
		return;
	}
	if (RS_LESS(y->v[0].first, x->v[0].first)) {
		const struct RS_SET *t = x;

		x = y;
		y = t;
	}
	head = RS(seek)(x->v, x->n, 0, y->v[0].first);
	xs = RS(rest_of)(x, out);
	ys = RS(rest_of)(y, out);
	RS(skip)(&xs, head);
	RS(open)(a, out, x, head, &xs, &ys);
	while (xs.n && ys.n) {
		next = RS_LESS(ys.v->first, xs.v->first) ? &ys : &xs;
		RS(append)(out, *next->v);
		RS(skip)(next, 1);
	}
	RS(append_rest)(out, xs.n ? xs : ys);
}

void
RS(add)(struct arena *a, struct RS_SET *s, RS_ELEM first, RS_ELEM last)
{
	struct RS_RANGE r = { first, last };
	struct RS_SET one = *s;

	one.v = &r;
	one.n = 1;
	RS(union)(a, s, s, &one);
}

void
RS(intersect)(struct arena *a, struct RS_SET *out, const struct RS_SET *x,
    const struct RS_SET *y)
{
	struct RS(rest) xs, ys;

	if (x == y || x->n == 0 || y->n == 0) {
		RS(copy)(a, out, x->n ? y : x);
		return;
	}
	xs = RS(rest_of)(x, out);
	ys = RS(rest_of)(y, out);
	RS(clip)(&xs, y->v[0].first, y->v[y->n - 1].last);
	RS(clip)(&ys, x->v[0].first, x->v[x->n - 1].last);
	RS(open)(a, out, x, 0, &xs, &ys);
	while (xs.n && ys.n) {
		struct RS_RANGE p = *xs.v, q = *ys.v;

		if (RS_LESS(p.last, q.first)) {
			RS(skip)(&xs, RS(seek)(xs.v, xs.n, 1, q.first));
			continue;
		}
		if (RS_LESS(q.last, p.first)) {
			RS(skip)(&ys, RS(seek)(ys.v, ys.n, 1, p.first));
			continue;
		}
		RS(skip)(RS_LESS(p.last, q.last) ? &xs : &ys, 1);
		out->v[out->n++] = (struct RS_RANGE){
			RS_LESS(p.first, q.first) ? q.first : p.first,
			RS_LESS(p.last, q.last) ? p.last : q.last,
		};
	}
}

/* What ys leaves of r goes to out; ys stays at the first range that can meet a later r. */
static void
RS(cut)(struct RS_SET *out, struct RS_RANGE r, struct RS(rest) *ys)
{
	RS(skip)(ys, RS(seek)(ys->v, ys->n, 0, r.first));
	while (ys->n && !RS_LESS(r.last, ys->v->first)) {
		struct RS_RANGE q = *ys->v;

		if (RS_LESS(r.first, q.first))
			out->v[out->n++] = (struct RS_RANGE){ r.first, RS_PREV(q.first) };
		if (!RS_LESS(q.last, r.last))
			return;
		r.first = RS_NEXT(q.last);
		RS(skip)(ys, 1);
	}
	out->v[out->n++] = r;
}

void
RS(minus)(struct arena *a, struct RS_SET *out, const struct RS_SET *x, const struct RS_SET *y)
{
	struct RS(rest) xs = RS(rest_of)(x, out), ys = RS(rest_of)(y, out);
	size_t head;

	if (x == y) {
		RS(start)(a, out, x, 0);
		return;
	}
	if (x->n && y->n)
		RS(clip)(&ys, x->v[0].first, x->v[x->n - 1].last);
	if (x->n == 0 || ys.n == 0) {
		RS(copy)(a, out, x);
		return;
	}
	head = RS(seek)(x->v, x->n, 0, ys.v->first);
	RS(skip)(&xs, head);
	RS(open)(a, out, x, head, &xs, &ys);
	while (xs.n && ys.n) {
		struct RS_RANGE r = *xs.v;

		RS(skip)(&xs, 1);
		RS(cut)(out, r, &ys);
	}
	RS(append_rest)(out, xs);
}

void
RS(complement)(struct arena *a, struct RS_SET *out, const struct RS_SET *x)
{
	struct RS_RANGE r = { RS_FIRST(x), RS_LAST(x) };
	struct RS_SET all = *x;

	all.v = &r;
	all.n = 1;
	RS(minus)(a, out, &all, x);
}

/* --- from ranges in any order ------------------------------------------- */

#define RS_FEW 32       /* ranges that are sorted by insertion */

static void
RS(sort_few)(struct RS_RANGE *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct RS_RANGE r = v[i];
		size_t j = i;

		for (; j > 0 && RS_LESS(r.first, v[j - 1].first); j--)
			v[j] = v[j - 1];
		v[j] = r;
	}
}

/*
 * By first element: American flag sort (McIlroy, Bostic and McIlroy, "Engineering
 * Radix Sort", 1993), in place, eight bits at a time from the highest bit in
 * which the elements differ at all.  Every level uses up eight bits or more, so
 * the depth is at most an eighth of an element's bits and the cost linear.
 */
static void
RS(sort)(struct RS_RANGE *v, size_t n)
{
	size_t at[256], end[256] = { 0 };
	unsigned bits, shift, k;

	if (n <= RS_FEW) {
		RS(sort_few)(v, n);
		return;
	}
	bits = RS(varying)(v, n);
	if (bits == 0)
		return;
	shift = bits > 8 ? bits - 8 : 0;
	for (size_t i = 0; i < n; i++)
		end[RS(digit)(v[i].first, shift)]++;
	for (size_t d = 0, sum = 0; d < 256; d++) {
		at[d] = sum;
		sum += end[d];
		end[d] = sum;
	}
	for (unsigned d = 0; d < 256; d++) {
		while (at[d] < end[d]) {
			struct RS_RANGE r = v[at[d]], t;

			while ((k = RS(digit)(r.first, shift)) != d) {
				t = v[at[k]];
				v[at[k]++] = r;
				r = t;
			}
			v[at[d]++] = r;
		}
	}
	if (shift == 0)
		return;
	for (size_t d = 0, from = 0; d < 256; from = end[d++])
		if (end[d] - from > 1)
			RS(sort)(v + from, end[d] - from);
}

void
RS(close)(struct RS_SET *s)
{
	size_t n = s->n, i = 1;

	while (i < n && !RS_LESS(s->v[i].first, s->v[i - 1].first))
		i++;
	if (i < n)
		RS(sort)(s->v, n);
	s->n = 0;
	for (i = 0; i < n; i++)
		RS(append)(s, s->v[i]);
}

#undef RS_FEW
