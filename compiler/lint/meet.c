/* SPDX-License-Identifier: MPL-2.0 */
/* Where rules that say the opposite meet, and who decides there (cover.h). */
#include "cover.h"

struct search {
	struct cover *c;
	const struct cover_meet *m;
	struct cover_packet *packet;
	unsigned opposite;              /* the action that is looked for */
	const struct cover_pair *own;   /* the pair of the rule that is being looked at */
	const struct cover_atom *near;
	uint32_t refused;               /* the last rule that pick did not want */
	bool unknown;
	enum cover_answer (*visit)(struct search *s, const struct cover_bucket *b,
	    struct cover_pair *p);
};

/* --- who decides where two pairs meet ---------------------------------------------------- */

static bool
wanted(struct search *s, uint32_t rule)
{
	if (rule == COVER_NONE || rule == s->refused ||
	    s->c->rules[rule].rule->action != s->opposite)
		return false;
	if (!s->m->pick || (cover_spend(s->c, 50), s->m->pick(s->m->context, rule)))
		return true;
	s->refused = rule;
	return false;
}

static void
add_atoms(uint32_t *list, uint32_t *n, const uint32_t *more, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++) {
		uint32_t at = 0;

		while (at < *n && list[at] != more[i])
			at++;
		if (at == *n)
			list[(*n)++] = more[i];
	}
}

/* VMs that are of both pairs' atoms, and ends that are both pairs', and nothing else. */
static void
join(struct search *s, const struct cover_bucket *b, const struct cover_pair *p, unsigned fam,
    struct cover_class *q)
{
	struct cover *c = s->c;
	const struct cover_pair *pairs[2] = { s->own, p };
	const struct cover_atom *near = &c->atoms.v[b->atom];
	uint32_t owner = s->near->owner ? s->near->owner : near->owner, far_owner = 0, atoms[6];

	q->c = c;
	q->rule = s->m->rule;
	q->dir = s->m->dir;
	q->n_near = q->n_far = 0;
	add_atoms(q->near, &q->n_near, atoms,
	    cover_holding(c, (uint32_t)(s->near - c->atoms.v), owner, atoms));
	add_atoms(q->near, &q->n_near, atoms, cover_holding(c, b->atom, owner, atoms));
	q->at = (struct cover_remote){ family_first(fam), (uint8_t)fam,
		fam == NET_V4 ? NET_V4_BASE : 0 };
	for (int i = 0; i < 2; i++)
		if (!pairs[i]->remote.fam && c->atoms.v[pairs[i]->remote.a.lo].owner)
			far_owner = c->atoms.v[pairs[i]->remote.a.lo].owner;
	for (int i = 0; i < 2; i++) {
		const struct cover_remote *r = &pairs[i]->remote;

		if (r->fam == 0)
			add_atoms(q->far, &q->n_far, atoms,
			    cover_holding(c, (uint32_t)r->a.lo, far_owner, atoms));
		else if (r->len > q->at.len)
			q->at = *r;
	}
}

static bool
make_packet(struct search *s, const struct cover_bucket *b, const struct cover_pair *p,
    const struct cover_class *q, uint32_t decider, struct addr addr, unsigned key)
{
	struct cover_packet *out = s->packet;

	*out = (struct cover_packet){
		.decider = decider, .remote = q->at, .addr = addr, .key = (uint16_t)key,
		.near = { (uint32_t)(s->near - s->c->atoms.v), b->atom },
		.far = { COVER_NONE, COVER_NONE },
	};
	if (!s->own->remote.fam)
		out->far[0] = (uint32_t)s->own->remote.a.lo;
	if (!p->remote.fam)
		out->far[1] = (uint32_t)p->remote.a.lo;
	return true;
}

struct cell {
	struct search *s;
	uint32_t decider;
	struct addr addr;
	unsigned key;
};

static bool
cell_not_wanted(void *context, uint32_t rule, struct addr addr, unsigned key)
{
	struct cell *cell = context;

	if (!wanted(cell->s, rule))
		return true;
	cell->decider = rule;
	cell->addr = addr;
	cell->key = key;
	return false;
}

/* A rule decides these ports unless prefixes within the class's are decided by others. */
static bool
decides_somewhere(struct search *s, const struct cover_bucket *b, const struct cover_pair *p,
    const struct cover_class *q, unsigned first, unsigned last)
{
	struct portset keys = { 0 };
	struct cell cell = { .s = s };
	enum cover_answer answer;

	for (int i = 0; i < (q->at.len == 128 ? 1 : COVER_POINTS); i++) {
		struct addr addr = cover_point(q, i);
		uint32_t rule = cover_decider(q, addr, first);

		if (wanted(s, rule))
			return make_packet(s, b, p, q, rule, addr, first);
	}
	if (q->at.len == 128)
		return false;
	portset_push(&s->c->scratch, &keys, (uint16_t)first, (uint16_t)last);
	answer = cover_lay_open(q, &keys, cell_not_wanted, &cell);
	s->unknown |= answer == COVER_UNKNOWN;
	return answer == COVER_NO && make_packet(s, b, p, q, cell.decider, cell.addr, cell.key);
}

static enum cover_answer
look_at_class(struct search *s, const struct cover_bucket *b, const struct cover_pair *p,
    const struct cover_class *q)
{
	const struct portset *items = s->m->items;
	struct cover_holders h;

	cover_find_holders(q, &h);
	for (uint32_t i = 0; i < items->n; i++)
		for (unsigned at = items->v[i].first; at <= items->v[i].last;) {
			unsigned end = items->v[i].last;
			uint32_t rule = cover_winner(q, &h, at, &end);
			bool found = wanted(s, rule) && decides_somewhere(s, b, p, q, at, end);

			arena_reset(&s->c->scratch);
			if (found)
				return COVER_YES;
			if (!cover_spend(s->c, 10))
				return COVER_UNKNOWN;
			at = end + 1;
		}
	return COVER_NO;
}

static bool
has_wanted(struct search *s, const struct cover_pair *p)
{
	const struct portset *items = s->m->items;

	for (uint32_t i = 0; i < items->n; i++)
		for (uint32_t k = cover_seg_from(p, items->v[i].first);
		    k < p->n && p->seg[k].first <= items->v[i].last; k++)
			if (wanted(s, p->seg[k].rule != s->m->rule ? p->seg[k].rule
			    : p->seg[k].other))
				return true;
	return false;
}

static enum cover_answer
visit_decider(struct search *s, const struct cover_bucket *b, struct cover_pair *p)
{
	const struct cover_remote *r = s->own->remote.fam ? &s->own->remote : &p->remote;
	unsigned fams[2];
	unsigned n;

	if (!has_wanted(s, p))
		return COVER_NO;
	n = cover_families(r, (enum lang_proto)s->c->rules[s->m->rule].rule->proto, fams);
	for (unsigned i = 0; i < n; i++) {
		struct cover_class q;
		enum cover_answer answer;

		if (!cover_spend(s->c, 100))
			return COVER_UNKNOWN;
		join(s, b, p, fams[i], &q);
		answer = look_at_class(s, b, p, &q);
		if (answer != COVER_NO)
			return answer;
	}
	return COVER_NO;
}

static enum cover_answer
visit_ports(struct search *s, const struct cover_bucket *b, struct cover_pair *p)
{
	(void)b;
	return portset_overlaps(&p->taken, s->m->items) ? COVER_YES : COVER_NO;
}

/* --- pairs that are near ----------------------------------------------------------------- */

static enum cover_answer
visit(struct search *s, const struct cover_bucket *b, struct cover_pair *p)
{
	if (!p || !p->taken.n)
		return COVER_NO;
	return cover_spend(s->c, 1) ? s->visit(s, b, p) : COVER_UNKNOWN;
}

static enum cover_answer
visit_range(struct search *s, const struct cover_bucket *b, uint32_t from, uint32_t to)
{
	enum cover_answer answer = COVER_NO;

	if (!cover_spend(s->c, (to - from) / 2))
		return COVER_UNKNOWN;
	for (; from < to && answer == COVER_NO; from++)
		answer = visit(s, b, &s->c->pairs[from]);
	return answer;
}

/* Prefixes that hold the own one, and those within it. */
static enum cover_answer
visit_prefixes(struct search *s, const struct cover_bucket *b, const struct cover_remote *at)
{
	struct cover_class q = { .c = s->c, .at = *at };
	unsigned base = at->fam == NET_V4 ? NET_V4_BASE : 0;
	int part = at->fam == NET_V4 ? 1 : 2;
	enum cover_answer answer = COVER_NO;
	uint32_t from, to;

	if (b->at[part] == b->at[part + 1])
		return COVER_NO;
	for (unsigned len = base; len <= at->len && answer == COVER_NO; len++) {
		struct cover_remote r = { addr_and(at->a, addr_mask(len)), at->fam, (uint8_t)len };

		if (b->lens[len >> 6] >> (len & 63) & 1)
			answer = visit(s, b, cover_find_pair(s->c, b, &r));
	}
	if (answer != COVER_NO)
		return answer;
	cover_inner_range(&q, b, &from, &to);
	return visit_range(s, b, from, to);
}

static bool
is_within(const struct cover_atom *a, uint32_t other)
{
	for (unsigned i = 0; i < a->n_within; i++)
		if (a->within[i] == other)
			return true;
	return false;
}

/* Does one of the two hold the other? */
static bool
nested(const struct cover *c, uint32_t a, uint32_t b)
{
	return is_within(&c->atoms.v[a], b) || is_within(&c->atoms.v[b], a);
}

static enum cover_answer
visit_atoms(struct search *s, const struct cover_bucket *b)
{
	const struct cover_remote *own = &s->own->remote;
	enum cover_answer answer = COVER_NO;

	if (!cover_spend(s->c, b->at[1] - b->at[0]))
		return COVER_UNKNOWN;
	for (uint32_t i = b->at[0]; i < b->at[1] && answer == COVER_NO; i++) {
		uint32_t far = (uint32_t)s->c->pairs[i].remote.a.lo;

		if (own->fam ? !s->m->possible && own->len != (own->fam == NET_V4 ? NET_V4_BASE : 0)
		    : s->m->possible ? !cover_compatible(&s->c->atoms.v[own->a.lo],
		    &s->c->atoms.v[far], false) : !nested(s->c, (uint32_t)own->a.lo, far))
			continue;
		answer = visit(s, b, &s->c->pairs[i]);
	}
	return answer;
}

static enum cover_answer
visit_bucket(struct search *s, const struct cover_bucket *b)
{
	const struct cover_remote *own = &s->own->remote;
	enum cover_answer answer = visit_atoms(s, b);

	if (answer != COVER_NO)
		return answer;
	if (own->fam)
		return visit_prefixes(s, b, own);
	if (s->m->possible)
		return visit_range(s, b, b->at[1], b->at[3]);
	for (unsigned fam = NET_V4; fam <= NET_V6 && answer == COVER_NO; fam += NET_V6 - NET_V4) {
		struct cover_remote r = { family_first(fam), (uint8_t)fam,
			fam == NET_V4 ? NET_V4_BASE : 0 };

		answer = visit(s, b, cover_find_pair(s->c, b, &r));
	}
	return answer;
}

static bool
may_have(const struct search *s, const struct cover_bucket *b)
{
	const struct cover_meet *m = s->m;

	if (m->level != COVER_NONE)
		return b->recent_level == m->level && portset_overlaps(&b->recent, m->items);
	return portset_overlaps(&b->taken[s->opposite], m->items);
}

/* Those of a list of buckets that the own atom meets, but for those that hold it. */
static enum cover_answer
search_list(struct search *s, const uint32_t *list, uint32_t n)
{
	struct cover *c = s->c;
	uint32_t own = (uint32_t)(s->near - c->atoms.v);
	enum cover_answer answer = COVER_NO;

	if (!cover_spend(c, n))
		return COVER_UNKNOWN;
	for (uint32_t i = 0; i < n && answer == COVER_NO; i++) {
		const struct cover_bucket *b = &c->buckets.v[list[i]];

		if (is_within(s->near, b->atom) || !may_have(s, b) || (s->m->possible
		    ? !cover_compatible(s->near, &c->atoms.v[b->atom], true)
		    : !is_within(&c->atoms.v[b->atom], own)))
			continue;
		answer = visit_bucket(s, b);
	}
	return answer;
}

static enum cover_answer
search_owner(struct search *s, uint32_t owner, unsigned kind)
{
	const struct cover_near *near = &s->c->near[owner];
	enum cover_answer answer;

	if (!portset_overlaps(&near->of[kind][s->opposite].taken, s->m->items))
		return COVER_NO;
	answer = search_list(s, near->of[kind][s->opposite].others.v,
	    near->of[kind][s->opposite].others.n);
	/* A VM is no other VM. */
	if (answer == COVER_NO && s->near->kind != COVER_VM)
		answer = search_list(s, near->of[kind][s->opposite].vms.v,
		    near->of[kind][s->opposite].vms.n);
	return answer;
}

static enum cover_answer
search_atom(struct search *s, uint32_t atom, unsigned kind)
{
	uint32_t n = s->c->bucket_of[atom * 2 * LANG_PROTOS + kind];

	return n != UINT32_MAX && may_have(s, &s->c->buckets.v[n])
	    ? visit_bucket(s, &s->c->buckets.v[n]) : COVER_NO;
}

/* Buckets of atoms that hold the own one, which decide most, and then of all others. */
static enum cover_answer
search_pair(struct search *s)
{
	struct cover *c = s->c;
	const struct cover_atom *near = s->near;
	unsigned kind = (unsigned)s->m->dir * LANG_PROTOS + c->rules[s->m->rule].rule->proto;
	enum cover_answer answer = COVER_NO;

	for (unsigned i = 0; i < near->n_within && answer == COVER_NO; i++)
		answer = search_atom(s, near->within[i], kind);
	/* The same VM, of an owner. */
	for (uint32_t i = 0; i < near->n_inner && answer == COVER_NO && near->kind == COVER_VM; i++)
		answer = search_atom(s, c->inner[near->inner + i], kind);
	if (answer != COVER_NO || (!s->m->possible && (!near->n_inner || near->kind == COVER_VM)))
		return answer;
	answer = search_owner(s, 0, kind);
	if (near->owner && answer == COVER_NO)
		answer = search_owner(s, near->owner, kind);
	for (uint32_t o = 1; !near->owner && o <= c->owner_numbers.n && answer == COVER_NO; o++)
		answer = search_owner(s, o, kind);
	return answer;
}

static enum cover_answer
search(struct search *s)
{
	const struct cover_uses *uses = &s->c->uses[s->m->dir][s->m->rule];

	s->opposite = !s->c->rules[s->m->rule].rule->action;
	s->refused = COVER_NONE;
	cover_begin(s->c);
	for (uint32_t u = 0; u < uses->n; u++) {
		enum cover_answer answer;

		s->own = &s->c->pairs[s->c->use_pair[uses->first + u]];
		s->near = &s->c->atoms.v[s->c->buckets.v[s->own->bucket].atom];
		answer = search_pair(s);
		if (answer == COVER_YES)
			return COVER_YES;
		s->unknown |= answer == COVER_UNKNOWN;
	}
	return s->unknown ? COVER_UNKNOWN : COVER_NO;
}

enum cover_answer
cover_meet(struct cover *c, const struct cover_meet *m, struct cover_packet *packet)
{
	struct search s = { .c = c, .m = m, .packet = packet, .visit = visit_decider };

	return search(&s);
}

enum cover_answer
cover_overlaps(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items)
{
	struct cover_meet m = { .rule = rule, .dir = dir, .items = items, .possible = true,
		.level = COVER_NONE };
	struct search s = { .c = c, .m = &m, .visit = visit_ports };

	return search(&s);
}
