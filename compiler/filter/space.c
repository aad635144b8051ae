/* SPDX-License-Identifier: MPL-2.0 */
/* The classes of decide.h: what lines look at, cut where any of them changes its mind. */
#include "decide.h"

#include <stdlib.h>

/* --- collecting --------------------------------------------------------- */

void
filter_space_init(struct filter_space *s, struct arena *arena, unsigned fam)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena;
	s->fam = fam;
}

void
filter_space_proto(struct filter_space *s, unsigned proto)
{
	s->proto[proto / 64] |= (uint64_t)1 << proto % 64;
}

void
filter_space_flags(struct filter_space *s, unsigned flags, unsigned mask)
{
	uint16_t both = (uint16_t)(flags << 8 | mask);
	uint64_t bit = (uint64_t)1 << both % 64;

	if (s->flags_seen[both / 64] & bit)
		return;
	s->flags_seen[both / 64] |= bit;
	*vec_push(s->arena, &s->flags) = both;
}

static void
cut_local(struct filter_space *s, unsigned dir, const struct ipf_addr *a)
{
	struct addr last = prefix_last(a->p);

	if (a->any)
		return;
	*vec_push(s->arena, &s->dir[dir].local) = prefix_first(a->p);
	if (addr_cmp(last, family_last(s->fam)) == 0)
		return;
	*vec_push(s->arena, &s->dir[dir].local) = addr_next(last);
}

static void
cut_sport(struct filter_space *s, unsigned dir, const struct ipf_port *p)
{
	/* Every comparison changes at one of these, if at all. */
	uint32_t at[] = { p->a, p->a + 1u, p->b, p->b + 1u };

	if (p->op == IPF_PORT_ANY)
		return;
	for (size_t i = 0; i < BASE_COUNT(at); i++)
		if (at[i] <= REGION_KEY_MAX)
			*vec_push(s->arena, &s->dir[dir].sport) = at[i];
}

void
filter_space_add(struct filter_space *s, const struct ipf_file *file)
{
	for (uint32_t i = 0; i < file->lines.n; i++) {
		const struct ipf_line *l = &file->lines.v[i];

		if (l->proto_kind == IPF_PROTO_ONE) {
			filter_space_proto(s, l->proto);
		} else if (l->proto_kind == IPF_PROTO_TCPUDP) {
			filter_space_proto(s, IPF_TCP);
			filter_space_proto(s, IPF_UDP);
		}
		/* A line for all protocols may keep state, which ICMP may refuse. */
		if (l->state.on)
			filter_space_proto(s, s->fam == NET_V6 ? IPF_ICMP6 : IPF_ICMP);
		if (l->has_flags)
			filter_space_flags(s, l->flags, l->flags_mask);
		cut_local(s, l->dir, l->dir == IPF_IN ? &l->dst : &l->src);
		cut_sport(s, l->dir, &l->sport);
	}
}

/* --- cutting ------------------------------------------------------------ */

static int
compare_addr(const void *a, const void *b)
{
	return addr_cmp(*(const struct addr *)a, *(const struct addr *)b);
}

static int
compare_sport(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted, unique, and the first of all among them. */
static void
close_edges(struct filter_space *s, unsigned dir)
{
	struct addr *a;
	uint32_t *p, n = 0;

	*vec_push(s->arena, &s->dir[dir].local) = family_first(s->fam);
	a = s->dir[dir].local.v;
	qsort(a, s->dir[dir].local.n, sizeof(*a), compare_addr);
	for (uint32_t i = 0; i < s->dir[dir].local.n; i++)
		if (n == 0 || addr_cmp(a[i], a[n - 1]) != 0)
			a[n++] = a[i];
	s->dir[dir].local.n = n;

	*vec_push(s->arena, &s->dir[dir].sport) = 0;
	p = s->dir[dir].sport.v;
	qsort(p, s->dir[dir].sport.n, sizeof(*p), compare_sport);
	n = 0;
	for (uint32_t i = 0; i < s->dir[dir].sport.n; i++)
		if (n == 0 || p[i] != p[n - 1])
			p[n++] = p[i];
	s->dir[dir].sport.n = n;
}

/*
 * One value for each set of flags that no line tells apart, opening packets and
 * plain answers first, so that counterexamples are packets one meets.
 */
static uint32_t
flag_classes(const struct filter_space *s, uint8_t *value)
{
	static const uint8_t usual[] = { IPF_TH_SYN, IPF_TH_ACK, IPF_TH_SYN | IPF_TH_ACK };
	uint16_t class[256] = { 0 };
	bool taken[512] = { false };
	uint16_t classes = 1;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->flags.n; i++) {
		unsigned flags = s->flags.v[i] >> 8, mask = s->flags.v[i] & 255;
		uint16_t split[512] = { 0 }, met[512] = { 0 }, size[512] = { 0 };

		for (unsigned v = 0; v < 256; v++) {
			size[class[v]]++;
			met[class[v]] += (v & mask) == flags;
		}
		for (unsigned v = 0; v < 256; v++) {
			uint16_t c = class[v];

			if ((v & mask) != flags || met[c] == size[c])
				continue;
			if (!split[c])
				split[c] = classes++;
			class[v] = split[c];
		}
	}
	for (unsigned i = 0; i < BASE_COUNT(usual) + 256; i++) {
		unsigned v = i < BASE_COUNT(usual) ? usual[i] : i - BASE_COUNT(usual);

		if (taken[class[v]])
			continue;
		taken[class[v]] = true;
		value[n++] = (uint8_t)v;
	}
	return n;
}

/* One class for each local interval and, with ports, each interval of source ports. */
static bool
add_classes(struct filter_space *s, struct filter_class c)
{
	const struct addr *local = s->dir[c.dir].local.v;
	const uint32_t *sport = s->dir[c.dir].sport.v;
	uint32_t n_local = s->dir[c.dir].local.n;
	uint32_t n_sport = filter_has_ports(c.proto) ? s->dir[c.dir].sport.n : 1;

	if ((uint64_t)n_local * n_sport > FILTER_CLASSES_MAX - s->list.n)
		return false;
	c.any_local = n_local == 1;
	c.any_sport = n_sport == 1;
	for (uint32_t i = 0; i < n_local; i++) {
		c.local = local[i];
		c.local_last = i + 1 < n_local ? addr_prev(local[i + 1]) : family_last(s->fam);
		for (uint32_t j = 0; j < n_sport; j++) {
			c.sport = (uint16_t)sport[j];
			c.sport_last = (uint16_t)(j + 1 < n_sport ? sport[j + 1] - 1
			    : REGION_KEY_MAX);
			*vec_push(s->arena, &s->list) = c;
		}
	}
	return true;
}

static bool
is_named(const struct filter_space *s, unsigned proto)
{
	return s->proto[proto / 64] >> proto % 64 & 1;
}

/* A protocol that nothing names, rather a well-known one; 256 if all are named. */
static unsigned
other_proto(const struct filter_space *s)
{
	static const uint8_t usual[] = { 2, 47, 132 };
	unsigned proto = 0;

	for (size_t i = 0; i < BASE_COUNT(usual); i++)
		if (!is_named(s, usual[i]))
			return usual[i];
	while (proto < 256 && is_named(s, proto))
		proto++;
	return proto;
}

bool
filter_space_close(struct filter_space *s)
{
	uint8_t flags[256];
	uint32_t n_flags = flag_classes(s, flags);
	unsigned other = other_proto(s);

	for (unsigned dir = IPF_IN; dir <= IPF_OUT; dir++) {
		struct filter_class c = { .dir = (uint8_t)dir, .fam = (uint8_t)s->fam };

		close_edges(s, dir);
		for (unsigned proto = 0; proto < 256; proto++) {
			c.proto = (uint8_t)proto;
			for (uint32_t i = 0; is_named(s, proto) &&
			    i < (proto == IPF_TCP ? n_flags : 1); i++) {
				c.tcp_flags = proto == IPF_TCP ? flags[i] : 0;
				if (!add_classes(s, c))
					return false;
			}
		}
		c.proto = (uint8_t)other;
		c.tcp_flags = 0;
		c.other_proto = true;
		if (other < 256 && !add_classes(s, c))
			return false;
	}
	return true;
}

void
filter_class_packet(const struct filter_class *c, struct addr remote, uint16_t key,
    struct filter_packet *p)
{
	memset(p, 0, sizeof(*p));
	p->remote = remote;
	p->local = c->local;
	p->dir = c->dir;
	p->fam = c->fam;
	p->proto = c->proto;
	p->tcp_flags = c->tcp_flags;
	if (filter_has_ports(c->proto)) {
		p->sport = c->sport;
		p->dport = key;
	} else if (filter_has_types(c->fam, c->proto)) {
		p->type = (uint8_t)(key >> 8);
		p->code = (uint8_t)key;
	}
}
