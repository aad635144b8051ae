/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One VM: its files of both sides, class by class of packets, to rectangles that
 * differ; those of one cause are joined to few sets (join.h).
 *
 * Cost: both compiles and filter_compare's of the files; the join is n log n in
 * the rectangles that differ.
 */
#include <stdlib.h>

#include "../../compiler/filter/decide.h"
#include "../../compiler/filter/join.h"
#include "diff.h"
#include "diff_int.h"

/* Rectangles of one cause, in one family. */
struct heap {
	uint8_t kind, dir, proto, packets, fam;
	bool other_proto;
	uint32_t was, now;              /* in sides */
	VEC(struct join_rect) rects;
};

struct work {
	struct arena *arena;
	struct diff_vms vms;
	struct eval_file file[2];       /* was and now */
	const struct filter_class *class;
	VEC(struct diff_side) sides;
	struct strmap side_of;
	VEC(struct heap) heaps;
	struct strmap heap_of;
	struct diff_changes *out;
};

/* --- causes ------------------------------------------------------------------------------ */

static bool
same_rule(const struct rule *a, const struct rule *b)
{
	return slice_eq(a->text, b->text) && a->has_owner == b->has_owner &&
	    (!a->has_owner || uuid_cmp(a->owner, b->owner) == 0);
}

/* What becomes, or became, of a rule at the other side. */
static uint8_t
fate(const struct diff_vms *v, const struct rule *r, bool is_now)
{
	const struct diff_host *there = &v->host[!is_now];
	const struct rule *other = eval_find_rule(there->eval, r->uuid);

	if (!other || !same_rule(r, other)) {
		/* UUIDs derived from a file's name differ where the rule does not. */
		const uint32_t *at = NULL;

		if (!other) {
			struct buf key = { 0 };

			at = strmap_get(&there->by_text, diff_rule_key(&key, r));
			buf_free(&key);
		}

		if (at)
			other = there->eval->rules[*at];
		else if (other)
			return DIFF_CHANGED;
	}
	if (!other)
		return is_now ? DIFF_ADDED : DIFF_REMOVED;
	if (!rule_is_true(other->enabled))
		return is_now ? DIFF_ENABLED : DIFF_DISABLED;
	return DIFF_SAME;
}

static struct diff_rule *
with_fates(struct work *w, const struct rule **rules, uint32_t n, bool is_now)
{
	struct diff_rule *out = arena_alloc(w->arena, n * sizeof(*out));

	for (uint32_t i = 0; i < n; i++)
		out[i] = (struct diff_rule){ rules[i], fate(&w->vms, rules[i], is_now) };
	return out;
}

/* The rules for which the VM keeps state of this protocol's inbound packets. */
static void
find_blockers(struct work *w, bool is_now, struct diff_side *s)
{
	const struct diff_host *h = &w->vms.host[is_now];
	const struct vm *vm = h->eval->inv->vms.v[w->vms.number[is_now]];
	VEC(const struct rule *) found = { 0 };

	for (uint32_t i = 0; i < h->blocks.n; i++)
		if (eval_blocks_out(h->blocks.v[i], vm, eval_proto(w->class->proto)))
			*vec_push(w->arena, &found) = h->blocks.v[i];
	s->blockers = with_fates(w, found.v, found.n, is_now);
	s->n_blockers = found.n;
}

static enum filter_verdict
verdict_of(const struct region_box *box)
{
	return box ? (enum filter_verdict)(box->outcome >> 1) : FILTER_NONE;
}

static bool
state_of(const struct region_box *box)
{
	return box && (box->outcome & 1);
}

static enum diff_kind
kind_of(const struct region_diff *d)
{
	if (verdict_of(d->a) == verdict_of(d->b))
		return DIFF_STATE;
	switch (verdict_of(d->b)) {
	case FILTER_PASS:
		return DIFF_ALLOWED;
	case FILTER_BLOCK:
		return DIFF_BLOCKED;
	default:
		return DIFF_UNDECIDED;
	}
}

/* Equal sides have equal numbers. */
static uint32_t
side_number(struct work *w, const struct region_box *box, enum diff_kind kind, bool is_now)
{
	const struct diff_host *h = &w->vms.host[is_now];
	const struct eval_file *f = &w->file[is_now];
	struct diff_side s = { .verdict = (uint8_t)verdict_of(box), .by = DIFF_NO_LINE };
	const struct rule **rules = NULL;
	struct buf key = { 0 };
	uint32_t *number;
	char space[256];

	if (!h->eval->inv->vms.v[w->vms.number[is_now]]->firewall)
		s.by = DIFF_FIREWALL_OFF;
	else if (box)
		rules = eval_line_rules(h->eval, f, &f->file.lines.v[box->source], w->arena,
		    &s.n_rules);
	if (box && s.by == DIFF_NO_LINE)
		s.by = s.n_rules ? DIFF_RULES : DIFF_DEFAULT;
	s.state = state_of(box) && (kind == DIFF_STATE ||
	    (kind == DIFF_ALLOWED && is_now && s.by == DIFF_RULES));
	buf_borrow(&key, space, sizeof(space));
	buf_printf(&key, "%d %d %d %d %d", is_now, s.verdict, s.by, s.state,
	    kind == DIFF_STATE && w->class->dir == IPF_IN && s.state ? w->class->proto : -1);
	for (uint32_t i = 0; i < s.n_rules; i++)
		buf_add(&key, rules[i]->uuid.b, sizeof(rules[i]->uuid.b));
	number = strmap_put(w->arena, &w->side_of, arena_slice(w->arena, buf_view(&key)));
	buf_free(&key);
	if (*number != UINT32_MAX)
		return *number;
	*number = w->sides.n;
	s.rules = with_fates(w, rules, s.n_rules, is_now);
	if (kind == DIFF_STATE && w->class->dir == IPF_IN && s.state)
		find_blockers(w, is_now, &s);
	*vec_push(w->arena, &w->sides) = s;
	return *number;
}

/* --- rectangles -------------------------------------------------------------------------- */

static bool
gather(void *arg, const struct region_diff *d)
{
	struct work *w = arg;
	const struct filter_class *c = w->class;
	bool opening = (c->tcp_flags & (IPF_TH_SYN | IPF_TH_ACK)) == IPF_TH_SYN;
	struct heap heap = {
		.kind = (uint8_t)kind_of(d), .dir = c->dir, .fam = c->fam,
		.proto = c->other_proto ? 0 : c->proto, .other_proto = c->other_proto,
		.packets = c->proto != IPF_TCP || c->other_proto ? DIFF_ALL_PACKETS
		    : opening ? DIFF_OPENING : DIFF_NOT_OPENING,
	};
	struct slice key;
	uint32_t *at;

	heap.was = side_number(w, d->a, heap.kind, false);
	heap.now = side_number(w, d->b, heap.kind, true);
	key = (struct slice){ (const char *)&heap, offsetof(struct heap, rects) };
	at = strmap_put(w->arena, &w->heap_of, arena_slice(w->arena, key));
	if (*at == UINT32_MAX) {
		*at = w->heaps.n;
		*vec_push(w->arena, &w->heaps) = heap;
	}
	*vec_push(w->arena, &w->heaps.v[*at].rects) = (struct join_rect){ d->lo, d->hi, d->klo,
		d->khi };
	return true;
}

/* Outcomes without what is no traffic's change: fragments, tags, options. */
static void
simplify(const struct filter_outcomes *all, struct region_list *l)
{
	for (uint32_t i = 0; i < l->box.n; i++) {
		const struct filter_outcome *o = &all->list.v[l->box.v[i].outcome];

		l->box.v[i].outcome = (uint32_t)o->verdict << 1 | (o->state.on != 0);
	}
}

static bool
too_large(const struct work *w, unsigned fam)
{
	const struct eval_host *now = w->vms.host[1].eval;
	char text[UUID_TEXT + 1];

	uuid_write(text, now->inv->vms.v[w->vms.number[1]]->uuid);
	text[UUID_TEXT] = '\0';
	diag_add(now->inv->diags, DIAG_diff_large, NULL, (struct span){ 0, 0 }, text,
	    eval_file_name(fam));
	return false;
}

static bool
compare_family(struct work *w, unsigned fam, const struct slice text[2])
{
	struct arena scratch = { 0 };
	struct filter_outcomes outcomes = { .arena = w->arena };
	struct filter_space *space = arena_alloc(w->arena, sizeof(*space));
	struct region_list list[2];
	bool good = true;

	for (int i = 0; i < 2; i++)
		if (!eval_read(w->vms.host[i].eval, w->arena, fam, text[i], &w->file[i]))
			return false;
	filter_space_init(space, w->arena, fam);
	filter_space_add(space, &w->file[0].file);
	filter_space_add(space, &w->file[1].file);
	/* So that "other protocols" are the same ones in every report. */
	for (unsigned proto = 0; proto < 256; proto++)
		if (eval_proto(proto) != LANG_PROTOS &&
		    proto != (fam == NET_V4 ? IPF_ICMP6 : IPF_ICMP))
			filter_space_proto(space, proto);
	if (!filter_space_close(space))
		return too_large(w, fam);
	for (uint32_t i = 0; i < space->list.n && good; i++) {
		w->class = &space->list.v[i];
		for (int k = 0; k < 2 && good; k++) {
			good = filter_boxes(&scratch, &w->file[k].file, w->class, &outcomes, &list[k]);
			simplify(&outcomes, &list[k]);
		}
		if (good)
			region_compare(&scratch, family_first(fam), family_last(fam), &list[0],
			    &list[1], gather, w);
		arena_reset(&scratch);
	}
	arena_free(&scratch);
	return good || too_large(w, fam);
}

/* --- changes ----------------------------------------------------------------------------- */

/* A change in the making. */
struct draft {
	struct diff_change c;
	uint32_t was, now;              /* in sides */
};

struct drafts {
	VEC(struct draft) list;
};

/* What must be equal for two changes to be told as one, and the sets that must be. */
static struct slice
draft_key(struct arena *arena, struct buf *b, const struct draft *d, bool packets, bool addrs)
{
	const struct diff_change *c = &d->c;
	uint32_t fixed[] = { c->kind, c->dir, c->proto, c->other_proto, d->was, d->now,
		packets ? c->packets : 0, c->addrs[0].n };

	b->n = 0;
	buf_add(b, fixed, sizeof(fixed) - (addrs ? 0 : sizeof(*fixed)));
	for (int i = 0; i < 2 && addrs; i++)
		buf_add(b, c->addrs[i].v, c->addrs[i].n * sizeof(*c->addrs[i].v));
	buf_add(b, c->keys.v, c->keys.n * sizeof(*c->keys.v));
	return arena_slice(arena, buf_view(b));
}

static bool
take_family(struct diff_change *into, const struct diff_change *c)
{
	unsigned i = c->addrs[0].n == 0;

	if (into->addrs[i].n)
		return false;
	into->addrs[i] = c->addrs[i];
	return true;
}

/*
 * Tells the two families' changes as one, or what is said of packets that open a
 * connection and of those that do not.
 */
static void
put_together(struct work *w, struct drafts *l, bool families)
{
	struct strmap known = { 0 };
	struct buf b = { 0 };
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->list.n; i++) {
		const struct draft *d = &l->list.v[i];
		uint32_t *at = strmap_put(w->arena, &known, draft_key(w->arena, &b, d, families,
		    !families));

		if (*at != UINT32_MAX && families && take_family(&l->list.v[*at].c, &d->c))
			continue;
		if (*at != UINT32_MAX && !families) {
			l->list.v[*at].c.packets = DIFF_ALL_PACKETS;
			continue;
		}
		*at = kept;
		l->list.v[kept++] = *d;
	}
	l->list.n = kept;
	buf_free(&b);
}

static int
by_order(const void *a, const void *b)
{
	const struct diff_change *x = a, *y = b;
	const struct pset *p = &x->addrs[x->addrs[0].n == 0], *q = &y->addrs[y->addrs[0].n == 0];
	int c;

#define ORDER(field)                                                           \
	if (x->field != y->field)                                              \
		return x->field < y->field ? -1 : 1
	ORDER(kind);
	ORDER(dir);
	ORDER(other_proto);
	ORDER(proto);
	ORDER(packets);
	ORDER(keys.v[0].first);
	ORDER(keys.v[0].last);
	ORDER(was.by);
	ORDER(now.by);
#undef ORDER
	if (p->fam != q->fam)
		return p->fam < q->fam ? -1 : 1;
	c = addr_cmp(p->v[0].first, q->v[0].first);
	return c ? c : addr_cmp(p->v[0].last, q->v[0].last);
}

static void
make_changes(struct work *w)
{
	struct drafts drafts = { 0 };

	for (uint32_t i = 0; i < w->heaps.n; i++) {
		const struct heap *h = &w->heaps.v[i];
		struct join join;

		join_rects(w->arena, (enum net_family)h->fam, h->rects.v, h->rects.n, &join);
		for (uint32_t k = 0; k < join.list.n; k++) {
			struct draft *d = vec_push(w->arena, &drafts.list);

			*d = (struct draft){ .was = h->was, .now = h->now, .c = {
				.kind = h->kind, .dir = h->dir, .proto = h->proto,
				.other_proto = h->other_proto, .packets = h->packets,
				.was = w->sides.v[h->was], .now = w->sides.v[h->now],
				.addrs = { pset_none(NET_V4), pset_none(NET_V6) },
				.keys = join.list.v[k].keys,
			} };
			d->c.addrs[eval_place(h->fam)] = join.list.v[k].addrs;
		}
	}
	put_together(w, &drafts, true);
	put_together(w, &drafts, false);
	for (uint32_t i = 0; i < drafts.list.n; i++)
		*vec_push(w->arena, &w->out->list) = drafts.list.v[i].c;
	if (w->out->list.n)
		qsort(w->out->list.v, w->out->list.n, sizeof(*w->out->list.v), by_order);
}

bool
diff_compare(struct arena *arena, const struct diff_vms *vms, const struct slice was[2],
    const struct slice now[2], struct diff_changes *out)
{
	struct work w = { .arena = arena, .vms = *vms, .out = out };

	memset(out, 0, sizeof(*out));
	for (unsigned fam = NET_V4; fam <= NET_V6; fam += 2) {
		struct slice text[2] = { was[eval_place(fam)], now[eval_place(fam)] };

		if (!slice_eq(text[0], text[1]) && !compare_family(&w, fam, text))
			return false;
	}
	make_changes(&w);
	return true;
}
