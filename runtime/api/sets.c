/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libfwrule's sets: handles around the algebra of net/pset.h and net/portset.h.
 *
 * A set's ranges live in an arena of its own and are used again by each operation,
 * so that a set takes at most a few times the room of the largest one it was.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../compiler/net/addrlist.h"
#include "../../compiler/net/portlist.h"
#include "api_int.h"

/* What both kinds have besides the set. */
struct handle {
	struct arena arena;             /* the set's ranges */
	struct arena scratch;           /* of the last text that was added, and its errors */
	struct diags diags;
	struct api_errors errors;
	struct buf out;
};

struct fwr_addrs {
	struct handle h;
	struct addrlist set;
};

struct fwr_ports {
	struct handle h;
	struct portset set;
};

static void *
new_handle(size_t size)
{
	struct handle *h = base_alloc(size);

	memset(h, 0, size);
	h->diags.arena = &h->scratch;
	return h;
}

static void
free_handle(struct handle *h)
{
	if (!h)
		return;
	buf_free(&h->out);
	arena_free(&h->arena);
	arena_free(&h->scratch);
	free(h);
}

static void
begin_text(struct handle *h)
{
	arena_free(&h->scratch);
	h->diags = (struct diags){ .arena = &h->scratch };
}

/* The text is not kept, but for errors, which show places in it. */
static int
end_text(struct handle *h, struct src *src)
{
	if (h->diags.errors == 0) {
		begin_text(h);
		return 0;
	}
	src->text = arena_slice(&h->scratch, src->text);
	return -1;
}

static struct src *
view_text(struct handle *h, const char *name, const char *text, size_t n)
{
	struct src *src = api_source(&h->scratch, name, "", 0);

	src->text = (struct slice){ text, n };
	return src;
}

static void
hand_out_text(struct handle *h, struct fwr_text *text)
{
	*buf_room(&h->out, 1) = '\0';
	*text = (struct fwr_text){ h->out.p, h->out.n };
}

_Static_assert(FWR_PREFIX_SIZE > NET_TEXT_MAX && FWR_SIZE_SIZE > ADDR_COUNT_TEXT_MAX,
    "texts fit");

/* --- prefixes --------------------------------------------------------------------- */

static uint64_t
load(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static void
store(uint8_t *p, uint64_t v, unsigned n)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static bool
from_public(const struct fwr_prefix *p, struct prefix *out)
{
	bool four = p->family == FWR_IPV4;

	if ((!four && p->family != FWR_IPV6) || p->length > (four ? 32 : 128))
		return false;
	*out = (struct prefix){ .len = (uint8_t)(p->length + (four ? NET_V4_BASE : 0)),
		.fam = four ? NET_V4 : NET_V6 };
	out->a = four ? addr_v4((uint32_t)load(p->address, 4))
	    : (struct addr){ load(p->address, 8), load(p->address + 8, 8) };
	return true;
}

static void
to_public(struct prefix p, struct fwr_prefix *out)
{
	memset(out, 0, sizeof(*out));
	out->family = p.fam == NET_V4 ? FWR_IPV4 : FWR_IPV6;
	out->length = prefix_bits(p);
	if (p.fam == NET_V4) {
		store(out->address, p.a.lo, 4);
	} else {
		store(out->address, p.a.hi, 8);
		store(out->address + 8, p.a.lo, 8);
	}
}

EXPORT bool
fwr_prefix_read(const char *text, size_t n, struct fwr_prefix *out)
{
	struct slice s = { text, n };
	struct prefix p;

	if (!prefix_read(s, &p) && !addr_read(s, &p))
		return false;
	to_public(p, out);
	return true;
}

EXPORT size_t
fwr_prefix_write(char text[FWR_PREFIX_SIZE], const struct fwr_prefix *in)
{
	struct prefix p;
	size_t n = 0;

	if (from_public(in, &p))
		n = p.len == 128 ? addr_write(text, p.a, p.fam) : prefix_write(text, p);
	text[n] = '\0';
	return n;
}

/* --- sets of addresses ------------------------------------------------------------ */

static struct pset *
part(struct fwr_addrs *s, enum fwr_family family)
{
	return family == FWR_IPV4 ? &s->set.v4 : &s->set.v6;
}

static const struct pset *
const_part(const struct fwr_addrs *s, enum fwr_family family)
{
	return family == FWR_IPV4 ? &s->set.v4 : &s->set.v6;
}

EXPORT struct fwr_addrs *
fwr_addrs_new(void)
{
	struct fwr_addrs *s = new_handle(sizeof(*s));

	s->set = addrlist_none();
	return s;
}

EXPORT struct fwr_addrs *
fwr_addrs_copy(const struct fwr_addrs *of)
{
	struct fwr_addrs *s = fwr_addrs_new();

	fwr_addrs_union(s, of);
	return s;
}

EXPORT void
fwr_addrs_free(struct fwr_addrs *s)
{
	free_handle(s ? &s->h : NULL);
}

EXPORT int
fwr_addrs_add_text(struct fwr_addrs *s, const char *name, const char *text, size_t n)
{
	struct addrlist list = addrlist_none();
	struct src *src;

	begin_text(&s->h);
	src = view_text(&s->h, name, text, n);
	addrlist_read(&s->h.scratch, &list, src, &s->h.diags);
	if (s->h.diags.errors == 0) {
		addrlist_close(&list);
		pset_union(&s->h.arena, &s->set.v4, &s->set.v4, &list.v4);
		pset_union(&s->h.arena, &s->set.v6, &s->set.v6, &list.v6);
	}
	return end_text(&s->h, src);
}

EXPORT const struct fwr_error *
fwr_addrs_errors(struct fwr_addrs *s, size_t *n)
{
	return api_hand_out(&s->h.errors, &s->h.diags, n);
}

EXPORT int
fwr_addrs_add(struct fwr_addrs *s, const struct fwr_prefix *in)
{
	struct prefix p;

	begin_text(&s->h);
	if (!from_public(in, &p)) {
		diag_add(&s->h.diags, DIAG_addrlist_length, NULL, (struct span){ 0, 0 });
		return -1;
	}
	pset_add_prefix(&s->h.arena, part(s, in->family), p);
	return 0;
}

EXPORT void
fwr_addrs_union(struct fwr_addrs *s, const struct fwr_addrs *with)
{
	pset_union(&s->h.arena, &s->set.v4, &s->set.v4, &with->set.v4);
	pset_union(&s->h.arena, &s->set.v6, &s->set.v6, &with->set.v6);
}

EXPORT void
fwr_addrs_intersect(struct fwr_addrs *s, const struct fwr_addrs *with)
{
	pset_intersect(&s->h.arena, &s->set.v4, &s->set.v4, &with->set.v4);
	pset_intersect(&s->h.arena, &s->set.v6, &s->set.v6, &with->set.v6);
}

EXPORT void
fwr_addrs_minus(struct fwr_addrs *s, const struct fwr_addrs *what)
{
	pset_minus(&s->h.arena, &s->set.v4, &s->set.v4, &what->set.v4);
	pset_minus(&s->h.arena, &s->set.v6, &s->set.v6, &what->set.v6);
}

EXPORT void
fwr_addrs_complement(struct fwr_addrs *s, enum fwr_family family)
{
	pset_complement(&s->h.arena, part(s, family), part(s, family));
}

EXPORT bool
fwr_addrs_equal(const struct fwr_addrs *s, const struct fwr_addrs *t)
{
	return pset_equal(&s->set.v4, &t->set.v4) && pset_equal(&s->set.v6, &t->set.v6);
}

EXPORT bool
fwr_addrs_subset(const struct fwr_addrs *s, const struct fwr_addrs *of)
{
	return pset_subset(&s->set.v4, &of->set.v4) && pset_subset(&s->set.v6, &of->set.v6);
}

EXPORT bool
fwr_addrs_overlap(const struct fwr_addrs *s, const struct fwr_addrs *t)
{
	return pset_overlaps(&s->set.v4, &t->set.v4) || pset_overlaps(&s->set.v6, &t->set.v6);
}

EXPORT bool
fwr_addrs_has(const struct fwr_addrs *s, const struct fwr_prefix *in)
{
	struct prefix p;

	return from_public(in, &p) && pset_has_prefix(const_part(s, in->family), p);
}

EXPORT uint64_t
fwr_addrs_size(const struct fwr_addrs *s, enum fwr_family family, char text[FWR_SIZE_SIZE])
{
	struct addr_count c = pset_size(const_part(s, family));

	if (text)
		text[addr_count_write(text, c)] = '\0';
	return c.over || c.hi ? UINT64_MAX : c.lo;
}

EXPORT uint64_t
fwr_addrs_prefixes(const struct fwr_addrs *s)
{
	return pset_prefix_count(&s->set.v4) + pset_prefix_count(&s->set.v6);
}

EXPORT void
fwr_addrs_text(struct fwr_addrs *s, struct fwr_text *text)
{
	struct addrlist_walk w = addrlist_walk(&s->set);

	s->h.out.n = 0;
	addrlist_write(&s->h.out, &w, SIZE_MAX);
	hand_out_text(&s->h, text);
}

/* The state: twice the number of ranges behind, and 1 within a range. */
static bool
next_of(const struct pset *set, struct fwr_walk *w, uint64_t done, struct prefix *p)
{
	uint64_t range = w->state / 2 - done;
	struct pset_walk walk;

	if (range >= set->n)
		return false;
	walk = (struct pset_walk){ set->v + range, (uint32_t)(set->n - range),
		{ w->at[0], w->at[1] }, set->fam };
	if (w->state % 2 == 0)
		walk.at = walk.v->first;
	pset_walk_next(&walk, p);
	w->state = 2 * (done + set->n - walk.n);
	if (walk.n && !addr_eq(walk.at, walk.v->first)) {
		w->state++;
		w->at[0] = walk.at.hi;
		w->at[1] = walk.at.lo;
	}
	return true;
}

EXPORT bool
fwr_addrs_next(const struct fwr_addrs *s, struct fwr_walk *w, struct fwr_prefix *out)
{
	struct prefix p;

	if (!next_of(&s->set.v4, w, 0, &p) && !next_of(&s->set.v6, w, s->set.v4.n, &p))
		return false;
	to_public(p, out);
	return true;
}

/* --- sets of ports ---------------------------------------------------------------- */

EXPORT struct fwr_ports *
fwr_ports_new(void)
{
	return new_handle(sizeof(struct fwr_ports));
}

EXPORT struct fwr_ports *
fwr_ports_copy(const struct fwr_ports *of)
{
	struct fwr_ports *s = fwr_ports_new();

	fwr_ports_union(s, of);
	return s;
}

EXPORT void
fwr_ports_free(struct fwr_ports *s)
{
	free_handle(s ? &s->h : NULL);
}

EXPORT int
fwr_ports_add_text(struct fwr_ports *s, const char *text, size_t n)
{
	struct portset list = { 0 };
	struct src *src;

	begin_text(&s->h);
	src = view_text(&s->h, "ports", text, n);
	if (portlist_read(&s->h.scratch, &list, src, &s->h.diags))
		portset_union(&s->h.arena, &s->set, &s->set, &list);
	return end_text(&s->h, src);
}

EXPORT const struct fwr_error *
fwr_ports_errors(struct fwr_ports *s, size_t *n)
{
	return api_hand_out(&s->h.errors, &s->h.diags, n);
}

EXPORT int
fwr_ports_add(struct fwr_ports *s, unsigned first, unsigned last)
{
	char text[32];
	int n;

	begin_text(&s->h);
	if (first > last || last > UINT16_MAX) {
		n = snprintf(text, sizeof(text), "%u - %u", first, last);
		diag_add(&s->h.diags, DIAG_range_invalid, NULL, (struct span){ 0, 0 }, n, text);
		return -1;
	}
	portset_add(&s->h.arena, &s->set, (uint16_t)first, (uint16_t)last);
	return 0;
}

EXPORT void
fwr_ports_union(struct fwr_ports *s, const struct fwr_ports *with)
{
	portset_union(&s->h.arena, &s->set, &s->set, &with->set);
}

EXPORT void
fwr_ports_intersect(struct fwr_ports *s, const struct fwr_ports *with)
{
	portset_intersect(&s->h.arena, &s->set, &s->set, &with->set);
}

EXPORT void
fwr_ports_minus(struct fwr_ports *s, const struct fwr_ports *what)
{
	portset_minus(&s->h.arena, &s->set, &s->set, &what->set);
}

EXPORT void
fwr_ports_complement(struct fwr_ports *s)
{
	portset_complement(&s->h.arena, &s->set, &s->set);
}

EXPORT bool
fwr_ports_equal(const struct fwr_ports *s, const struct fwr_ports *t)
{
	return portset_equal(&s->set, &t->set);
}

EXPORT bool
fwr_ports_subset(const struct fwr_ports *s, const struct fwr_ports *of)
{
	return portset_subset(&s->set, &of->set);
}

EXPORT bool
fwr_ports_overlap(const struct fwr_ports *s, const struct fwr_ports *t)
{
	return portset_overlaps(&s->set, &t->set);
}

EXPORT bool
fwr_ports_has(const struct fwr_ports *s, unsigned first, unsigned last)
{
	return first <= last && last <= UINT16_MAX &&
	    portset_has_range(&s->set, (uint16_t)first, (uint16_t)last);
}

EXPORT unsigned
fwr_ports_size(const struct fwr_ports *s)
{
	return portset_size(&s->set);
}

EXPORT void
fwr_ports_text(struct fwr_ports *s, struct fwr_text *text)
{
	s->h.out.n = 0;
	portlist_write(&s->h.out, &s->set);
	hand_out_text(&s->h, text);
}

EXPORT bool
fwr_ports_range(const struct fwr_ports *s, size_t number, unsigned *first, unsigned *last)
{
	if (number >= s->set.n)
		return false;
	*first = s->set.v[number].first;
	*last = s->set.v[number].last;
	return true;
}
