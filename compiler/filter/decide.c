/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A file in one class of packets as rectangles, the first of which decides.
 *
 * Of a list, the first matching quick line decides, else the last matching one:
 * so its quick lines in their order, then the others in reverse.  The lines of a
 * group stand where its head stands, each cut down to what the head matches,
 * and the head, if quick, behind them.  From such a head's rectangle goes what
 * lines without quick in its group match: they take the verdict, and quick with
 * it, and the walk goes on.
 *
 * What keeps state only for some ICMP types is cut along them.
 *
 * Cost: linear in lines, those of a group counted at each head, but for lines
 * without quick in the groups of quick heads, which are subtracted one by one.
 */
#include "decide.h"

#define WORK_MAX 50000000       /* subtractions of one rectangle from another */

struct rect {
	struct addr lo, hi;
	uint16_t klo, khi;
};

struct rects {
	VEC(struct rect) list;
};

struct build {
	struct arena *arena;
	const struct ipf_file *file;
	const struct filter_class *class;
	struct filter_outcomes *outcomes;
	struct region_list *quick, slow;
	uint32_t work;
	bool too_large;
};

/* --- outcomes ----------------------------------------------------------- */

uint32_t
filter_outcome_number(struct filter_outcomes *o, const struct filter_outcome *x)
{
	struct filter_outcome *own;
	uint32_t *number;

	if (o->last < o->list.n && filter_outcome_eq(&o->list.v[o->last], x))
		return o->last;
	own = vec_push(o->arena, &o->list);
	*own = *x;
	number = strmap_put(o->arena, &o->numbers,
	    (struct slice){ (const char *)own, sizeof(*own) });
	if (*number == UINT32_MAX)
		*number = o->list.n - 1;
	else
		o->list.n--;
	return o->last = *number;
}

/* --- what a line matches ------------------------------------------------ */

/* At most two intervals of addresses; returns how many. */
static unsigned
addr_intervals(const struct ipf_addr *a, unsigned fam, struct addr lo[2], struct addr hi[2])
{
	bool never = !a->any && fam == NET_V6 && prefix_has_host_bits(a->p);
	unsigned n = 0;

	if (a->any || never) {
		lo[0] = family_first(fam);
		hi[0] = family_last(fam);
		return a->not == never;
	}
	if (!a->not) {
		lo[0] = prefix_first(a->p);
		hi[0] = prefix_last(a->p);
		return 1;
	}
	if (addr_cmp(prefix_first(a->p), family_first(fam)) != 0) {
		lo[n] = family_first(fam);
		hi[n++] = addr_prev(prefix_first(a->p));
	}
	if (addr_cmp(prefix_last(a->p), family_last(fam)) != 0) {
		lo[n] = addr_next(prefix_last(a->p));
		hi[n++] = family_last(fam);
	}
	return n;
}

/* From a to b, if that is anything; returns how many intervals there are then. */
static unsigned
add_keys(int a, int b, uint16_t lo[2], uint16_t hi[2], unsigned n)
{
	if (a > b)
		return n;
	lo[n] = (uint16_t)a;
	hi[n] = (uint16_t)b;
	return n + 1;
}

static unsigned
port_intervals(const struct ipf_port *p, uint16_t lo[2], uint16_t hi[2])
{
	enum { MAX = REGION_KEY_MAX };
	int a = p->a, b = p->b;
	unsigned n;

	switch ((enum ipf_compare)p->op) {
	case IPF_PORT_ANY:
		return add_keys(0, MAX, lo, hi, 0);
	case IPF_PORT_EQ:
		return add_keys(a, a, lo, hi, 0);
	case IPF_PORT_NE:
		n = add_keys(0, a - 1, lo, hi, 0);
		return add_keys(a + 1, MAX, lo, hi, n);
	case IPF_PORT_LT:
		return add_keys(0, a - 1, lo, hi, 0);
	case IPF_PORT_LE:
		return add_keys(0, a, lo, hi, 0);
	case IPF_PORT_GT:
		return add_keys(a + 1, MAX, lo, hi, 0);
	case IPF_PORT_GE:
		return add_keys(a, MAX, lo, hi, 0);
	case IPF_PORT_RANGE:
		return add_keys(a, b, lo, hi, 0);
	case IPF_PORT_INSIDE:
		return add_keys(a + 1, b - 1, lo, hi, 0);
	case IPF_PORT_OUTSIDE:
		if (a > b)
			return add_keys(0, MAX, lo, hi, 0);
		n = add_keys(0, a - 1, lo, hi, 0);
		return add_keys(b + 1, MAX, lo, hi, n);
	}
	return 0;
}

static unsigned
key_intervals(const struct ipf_line *l, uint16_t lo[2], uint16_t hi[2])
{
	int key = l->type << 8;

	if (!l->has_type)
		return port_intervals(&l->dport, lo, hi);
	if (l->has_code)
		return add_keys(key | l->code, key | l->code, lo, hi, 0);
	return add_keys(key, key | 255, lo, hi, 0);
}

static bool
holds_addr(const struct ipf_addr *a, unsigned fam, struct addr x)
{
	struct addr lo[2], hi[2];
	unsigned n = addr_intervals(a, fam, lo, hi);

	for (unsigned i = 0; i < n; i++)
		if (addr_cmp(lo[i], x) <= 0 && addr_cmp(x, hi[i]) <= 0)
			return true;
	return false;
}

static bool
holds_port(const struct ipf_port *p, uint16_t x)
{
	uint16_t lo[2], hi[2];
	unsigned n = port_intervals(p, lo, hi);

	for (unsigned i = 0; i < n; i++)
		if (lo[i] <= x && x <= hi[i])
			return true;
	return false;
}

/* Does the line match packets of the class at all, by what is the same for all of them? */
static bool
fits_class(const struct ipf_line *l, const struct filter_class *c)
{
	if (l->proto_kind == IPF_PROTO_ONE && l->proto != c->proto)
		return false;
	if (l->proto_kind == IPF_PROTO_ONE && l->proto == IPF_AH && c->fam == NET_V6)
		return false;
	if (l->proto_kind == IPF_PROTO_TCPUDP && !filter_has_ports(c->proto))
		return false;
	if (l->has_flags && (c->tcp_flags & l->flags_mask) != l->flags)
		return false;
	return holds_addr(c->dir == IPF_IN ? &l->dst : &l->src, c->fam, c->local) &&
	    holds_port(&l->sport, c->sport);
}

/* --- rectangles --------------------------------------------------------- */

static bool
rect_and(const struct rect *a, const struct rect *b, struct rect *out)
{
	out->lo = addr_cmp(a->lo, b->lo) > 0 ? a->lo : b->lo;
	out->hi = addr_cmp(a->hi, b->hi) < 0 ? a->hi : b->hi;
	out->klo = a->klo > b->klo ? a->klo : b->klo;
	out->khi = a->khi < b->khi ? a->khi : b->khi;
	return addr_cmp(out->lo, out->hi) <= 0 && out->klo <= out->khi;
}

static void
push_rect(struct build *b, struct rects *to, struct rect r)
{
	if (to->list.n >= FILTER_BOXES_MAX) {
		b->too_large = true;
		return;
	}
	*vec_push(b->arena, &to->list) = r;
}

/* What the line matches of within. */
static void
line_rects(struct build *b, const struct ipf_line *l, const struct rects *within,
    struct rects *out)
{
	struct addr lo[2], hi[2];
	uint16_t klo[2], khi[2];
	const struct ipf_addr *remote = l->dir == IPF_IN ? &l->src : &l->dst;
	unsigned addrs = addr_intervals(remote, b->class->fam, lo, hi);
	unsigned keys = key_intervals(l, klo, khi);
	struct rect own, both;

	out->list.n = 0;
	for (unsigned i = 0; i < addrs; i++)
		for (unsigned k = 0; k < keys; k++) {
			own = (struct rect){ lo[i], hi[i], klo[k], khi[k] };
			for (uint32_t w = 0; w < within->list.n; w++)
				if (rect_and(&within->list.v[w], &own, &both))
					push_rect(b, out, both);
		}
}

/* The parts of a outside of x, which meet in both. */
static void
cut_out(struct build *b, const struct rect *a, const struct rect *both, struct rects *out)
{
	struct rect r = *a;

	if (addr_cmp(a->lo, both->lo) < 0) {
		r.hi = addr_prev(both->lo);
		push_rect(b, out, r);
	}
	if (addr_cmp(both->hi, a->hi) < 0) {
		r = *a;
		r.lo = addr_next(both->hi);
		push_rect(b, out, r);
	}
	r = *both;
	if (a->klo < both->klo) {
		r.klo = a->klo;
		r.khi = (uint16_t)(both->klo - 1);
		push_rect(b, out, r);
	}
	if (both->khi < a->khi) {
		r.klo = (uint16_t)(both->khi + 1);
		r.khi = a->khi;
		push_rect(b, out, r);
	}
}

/* Takes the rectangles of slow from index on out of r. */
static void
subtract_slow(struct build *b, struct rects *r, uint32_t from)
{
	struct rects out = { 0 };
	struct rect both;

	for (uint32_t i = from; i < b->slow.box.n && !b->too_large; i++) {
		const struct region_box *box = &b->slow.box.v[i];
		struct rect x = { box->lo, box->hi, box->klo, box->khi };
		struct rects swap = out;

		swap.list.n = 0;
		b->work += r->list.n;
		for (uint32_t k = 0; k < r->list.n; k++)
			if (rect_and(&r->list.v[k], &x, &both))
				cut_out(b, &r->list.v[k], &both, &swap);
			else
				push_rect(b, &swap, r->list.v[k]);
		out = *r;
		*r = swap;
		if (b->work > WORK_MAX)
			b->too_large = true;
	}
}

/* --- lists of lines ----------------------------------------------------- */

static void
push_box(struct build *b, struct region_list *to, struct rect r, uint32_t line, bool can_keep)
{
	struct filter_outcome outcome;

	if (to->box.n >= FILTER_BOXES_MAX) {
		b->too_large = true;
		return;
	}
	filter_line_outcome(&b->file->lines.v[line], can_keep, &outcome);
	*vec_push(b->arena, &to->box) = (struct region_box){
		r.lo, r.hi, r.klo, r.khi, filter_outcome_number(b->outcomes, &outcome), line,
	};
}

/*
 * The line decides on r.  Where its state cannot be kept, a quick line does not
 * match and another one decides with that outcome.
 */
static void
push_line(struct build *b, const struct rects *r, uint32_t line)
{
	const struct ipf_line *l = &b->file->lines.v[line];
	struct region_list *to = l->quick ? b->quick : &b->slow;
	bool types = filter_has_types(b->class->fam, b->class->proto) && l->state.on;

	for (uint32_t i = 0; i < r->list.n; i++) {
		struct rect whole = r->list.v[i], part = whole;

		if (!types) {
			push_box(b, to, whole, line, true);
			continue;
		}
		/* Runs of types that can, or cannot, keep state. */
		for (unsigned type = whole.klo >> 8; type <= whole.khi >> 8u; type++) {
			bool can = filter_can_keep_state(b->class->fam, b->class->proto, type);
			bool next = type < 255 && filter_can_keep_state(b->class->fam,
			    b->class->proto, type + 1);

			if (type < whole.khi >> 8u && next == can)
				continue;
			part.khi = type < whole.khi >> 8u ? (uint16_t)(type << 8 | 255) : whole.khi;
			if (can || !l->quick)
				push_box(b, to, part, line, can);
			part.klo = (uint16_t)(part.khi + 1);
		}
	}
}

static void
push_list(struct build *b, uint32_t group, const struct rects *within)
{
	const struct ipf_group *g = &b->file->groups.v[group];
	struct rects own = { 0 };

	for (uint32_t i = 0; i < g->lines.n && !b->too_large; i++) {
		uint32_t line = g->lines.v[i], slow;
		const struct ipf_line *l = &b->file->lines.v[line];

		if (!fits_class(l, b->class))
			continue;
		line_rects(b, l, within, &own);
		if (own.list.n == 0)
			continue;
		if (!l->head || !l->quick)
			push_line(b, &own, line);
		if (!l->head)
			continue;
		slow = b->slow.box.n;
		push_list(b, l->head, &own);
		if (l->quick) {
			subtract_slow(b, &own, slow);
			push_line(b, &own, line);
		}
	}
}

bool
filter_boxes(struct arena *arena, const struct ipf_file *file, const struct filter_class *c,
    struct filter_outcomes *outcomes, struct region_list *out)
{
	struct build b = {
		.arena = arena, .file = file, .class = c, .outcomes = outcomes, .quick = out,
	};
	struct rects all = { 0 };

	memset(out, 0, sizeof(*out));
	push_rect(&b, &all, (struct rect){ family_first(c->fam), family_last(c->fam), 0,
	    REGION_KEY_MAX });
	push_list(&b, c->dir, &all);
	for (uint32_t i = b.slow.box.n; i-- && !b.too_large; ) {
		if (out->box.n == FILTER_BOXES_MAX)
			b.too_large = true;
		*vec_push(arena, &out->box) = b.slow.box.v[i];
	}
	return !b.too_large;
}
