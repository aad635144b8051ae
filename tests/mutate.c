/* SPDX-License-Identifier: MPL-2.0 */
#include "mutate.h"

#include "random.h"

static void
remove_line(struct mutant *m, uint32_t at)
{
	struct w_line *v = m->file.line.v;

	memmove(v + at, v + at + 1, (m->file.line.n - at - 1) * sizeof(*v));
	m->file.line.n--;
}

static void
insert_line(struct mutant *m, uint32_t at, struct w_line l)
{
	struct w_line *v;

	vec_push(m->arena, &m->file.line);
	v = m->file.line.v;
	memmove(v + at + 1, v + at, (m->file.line.n - at - 1) * sizeof(*v));
	v[at] = l;
}

static bool
swap_lines(struct mutant *m, uint32_t x, uint32_t y)
{
	struct w_line l = m->file.line.v[x];

	if (x == y)
		return false;
	m->file.line.v[x] = m->file.line.v[y];
	m->file.line.v[y] = l;
	return true;
}

/* What every file ends with: the lines that are there for no rule. */
static bool
is_fallback(const struct w_line *l)
{
	return l->n_named == 0 && l->head == 0 && l->group == 0;
}

/* --- lines ------------------------------------------------------------ */

static bool
drop_line(struct mutant *m, struct w_line *l)
{
	if (is_fallback(l))
		return false;
	remove_line(m, m->at);
	return true;
}

static bool
drop_fallback(struct mutant *m, struct w_line *l)
{
	if (!is_fallback(l))
		return false;
	remove_line(m, m->at);
	return true;
}

static bool
reorder_fallback(struct mutant *m, struct w_line *l)
{
	if (!is_fallback(l) || m->at + 1 == m->file.line.n)
		return false;
	return swap_lines(m, m->at, m->at + 1);
}

static bool
swap_with_fallback(struct mutant *m, struct w_line *l)
{
	uint32_t to = random_below(m->file.line.n);

	return is_fallback(l) && !is_fallback(&m->file.line.v[to]) && swap_lines(m, m->at, to);
}

/* ipf's loader refuses it, which no packet sees. */
static bool
double_line(struct mutant *m, struct w_line *l)
{
	insert_line(m, m->at + 1, *l);
	return true;
}

static bool
fallback_to_top(struct mutant *m, struct w_line *l)
{
	struct w_line moved = *l;

	if (!is_fallback(l) || m->at == 0)
		return false;
	remove_line(m, m->at);
	insert_line(m, 0, moved);
	return true;
}

static bool
swap_next(struct mutant *m, struct w_line *l)
{
	return !is_fallback(l) && swap_lines(m, m->at, m->at + 1);
}

/* Two lines of different verdicts that have packets in common. */
static bool
swap_overlapping(struct mutant *m, struct w_line *l)
{
	for (uint32_t i = m->at + 1; i < m->file.line.n; i++) {
		const struct w_line *o = &m->file.line.v[i];

		if (!is_fallback(o) && o->pass != l->pass && o->out == l->out &&
		    o->proto == l->proto && (o->any || l->any || m_holds(o->p, l->p.a) ||
		    m_holds(l->p, o->p.a)))
			return swap_lines(m, m->at, i);
	}
	return false;
}

static bool
line_to_top(struct mutant *m, struct w_line *l)
{
	struct w_line moved = *l;

	if (is_fallback(l) || m->at == 0)
		return false;
	remove_line(m, m->at);
	insert_line(m, 0, moved);
	return true;
}

static bool
line_to_end(struct mutant *m, struct w_line *l)
{
	struct w_line moved = *l;

	if (is_fallback(l))
		return false;
	remove_line(m, m->at);
	insert_line(m, m->file.line.n, moved);
	return true;
}

/* The line of another family, its address as it would be in this one. */
static bool
line_of_other_family(struct mutant *m, struct w_line *unused)
{
	struct w_line l;

	(void)unused;
	if (m->other->line.n == 0)
		return false;
	l = m->other->line.v[random_below(m->other->line.n)];
	l.head = l.group = 0;
	if (is_fallback(&l) || l.any || (m->file.fam == 4 && l.p.bits < 96))
		return false;
	if (m->file.fam == 4) {
		l.p = (struct m_prefix){ (uint32_t)l.p.a, 4, l.p.bits - 96 };
		l.proto = l.proto == M_ICMP6 ? M_ICMP : l.proto;
	} else {
		l.p = (struct m_prefix){ (u128)0xffff << 32 | l.p.a, 6, l.p.bits + 96 };
		l.proto = l.proto == M_ICMP ? M_ICMP6 : l.proto;
	}
	insert_line(m, 0, l);
	return true;
}

/* --- verdict and direction -------------------------------------------- */

static bool
flip_verdict(struct mutant *m, struct w_line *l)
{
	(void)m;
	l->pass = !l->pass;
	return true;
}

static bool
flip_direction(struct mutant *m, struct w_line *l)
{
	(void)m;
	l->out = !l->out;
	return true;
}

static bool
turn_sides(struct mutant *m, struct w_line *l)
{
	(void)m;
	l->turned = !l->turned;
	return !l->any;
}

static bool
change_proto(struct mutant *m, struct w_line *l)
{
	static const int protos[] = { M_TCP, M_UDP, M_AH, M_ESP };
	int to = protos[random_below(4)];

	(void)m;
	if (l->proto < 0 || to == l->proto)
		return false;
	if (to != M_TCP && to != M_UDP)
		l->keys = W_ALL;
	if (l->keys == W_TYPE || l->keys == W_CODE)
		l->keys = W_ALL;
	if (to != M_TCP)
		l->opening = false;
	l->proto = to;
	return true;
}

static bool
drop_quick(struct mutant *m, struct w_line *l)
{
	bool was = l->quick;

	(void)m;
	l->quick = false;
	return was;
}

static bool
add_quick(struct mutant *m, struct w_line *l)
{
	bool was = l->quick || l->head;

	(void)m;
	l->quick = true;
	return !was;
}

static bool
drop_flags(struct mutant *m, struct w_line *l)
{
	bool was = l->opening;

	(void)m;
	l->opening = false;
	return was;
}

static bool
add_flags(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->proto != M_TCP || l->opening)
		return false;
	return l->opening = true;
}

/* --- addresses -------------------------------------------------------- */

static bool
widen_prefix(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->any || l->p.bits == 0)
		return false;
	l->p.bits--;
	l->p.a &= ~m_host_bits(l->p);
	return true;
}

static bool
narrow_prefix(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->any || l->p.bits == m_width(l->p.fam))
		return false;
	l->p.bits++;
	return true;
}

static bool
shift_addr(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->any || l->p.bits == 0)
		return false;
	l->p.a ^= (u128)1 << (m_width(l->p.fam) - l->p.bits);
	return true;
}

static bool
flip_high_bit(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->any || l->p.bits == 0)
		return false;
	l->p.a ^= (u128)1 << (m_width(l->p.fam) - 1 - (int)random_below((uint32_t)l->p.bits));
	return true;
}

static bool
addr_to_any(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->any)
		return false;
	return l->any = true;
}

static bool
any_to_half(struct mutant *m, struct w_line *l)
{
	if (!l->any || l->proto < 0)
		return false;
	l->any = l->turned = false;
	l->p = (struct m_prefix){ 0, m->file.fam, 1 };
	return true;
}

/* IPv4 masks them; in IPv6 such a prefix never matches. */
static bool
set_host_bit(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->any || l->p.bits == m_width(l->p.fam))
		return false;
	l->p.a |= 1;
	return true;
}

/* --- ports and types -------------------------------------------------- */

static bool
change_port(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_PORT)
		return false;
	l->a ^= 1;
	return true;
}

static bool
widen_range(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_RANGE || l->b == 65535)
		return false;
	l->b++;
	return true;
}

static bool
narrow_range(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_RANGE || l->a == l->b)
		return false;
	l->a++;
	return true;
}

static bool
range_to_port(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_RANGE)
		return false;
	l->keys = W_PORT;
	return true;
}

static bool
drop_ports(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_PORT && l->keys != W_RANGE)
		return false;
	l->keys = W_ALL;
	return true;
}

static bool
add_port(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_ALL || (l->proto != M_TCP && l->proto != M_UDP))
		return false;
	l->keys = W_PORT;
	l->a = 80;
	return true;
}

static bool
change_type(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_TYPE && l->keys != W_CODE)
		return false;
	l->a ^= 1;
	return true;
}

static bool
change_code(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_CODE)
		return false;
	l->b ^= 1;
	return true;
}

static bool
drop_code(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_CODE)
		return false;
	l->keys = W_TYPE;
	return true;
}

static bool
add_code(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_TYPE)
		return false;
	l->keys = W_CODE;
	l->b = 0;
	return true;
}

static bool
drop_type(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (l->keys != W_TYPE && l->keys != W_CODE)
		return false;
	l->keys = W_ALL;
	return true;
}

/* --- keep, tags ------------------------------------------------------- */

static bool
drop_state(struct mutant *m, struct w_line *l)
{
	bool was = l->state;

	(void)m;
	l->state = false;
	return was;
}

static bool
add_state(struct mutant *m, struct w_line *l)
{
	bool was = l->state;

	(void)m;
	l->state = true;
	return !was;
}

static bool
drop_frags(struct mutant *m, struct w_line *l)
{
	bool was = l->frags;

	(void)m;
	l->frags = false;
	return was;
}

static bool
add_frags(struct mutant *m, struct w_line *l)
{
	bool was = l->frags;

	(void)m;
	l->frags = true;
	return !was;
}

static bool
change_tag(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (!l->tagged)
		return false;
	l->tag[0] = l->tag[0] == '0' ? '1' : '0';
	return true;
}

static bool
drop_tag(struct mutant *m, struct w_line *l)
{
	bool was = l->tagged;

	(void)m;
	l->tagged = l->cfwlog = false;
	return was;
}

static bool
drop_log(struct mutant *m, struct w_line *l)
{
	bool was = l->cfwlog;

	(void)m;
	l->cfwlog = false;
	return was;
}

static bool
add_log(struct mutant *m, struct w_line *l)
{
	(void)m;
	if (!l->tagged || l->cfwlog)
		return false;
	return l->cfwlog = true;
}

/* --- groups ----------------------------------------------------------- */

static bool
drop_head(struct mutant *m, struct w_line *l)
{
	bool was = l->head != 0;

	(void)m;
	l->head = 0;
	return was;
}

static bool
drop_group(struct mutant *m, struct w_line *l)
{
	bool was = l->group != 0;

	(void)m;
	l->group = 0;
	return was;
}

/* The line goes behind another group's lines. */
static bool
change_group(struct mutant *m, struct w_line *l)
{
	uint32_t to = random_below(m->file.line.n);
	struct w_line moved = *l;

	moved.group = m->file.line.v[to].group;
	if (l->head || moved.group == l->group || to < m->at)
		return false;
	insert_line(m, to + 1, moved);
	remove_line(m, m->at);
	return true;
}

static bool
swap_heads(struct mutant *m, struct w_line *l)
{
	for (uint32_t i = m->at + 1; l->head && i < m->file.line.n; i++) {
		struct w_line *o = &m->file.line.v[i];
		int head = l->head;

		if (!o->head || o->out != l->out)
			continue;
		l->head = o->head;
		o->head = head;
		return true;
	}
	return false;
}

const struct mutation mutation_table[] = {
	{ "drop a line", drop_line, false },
	{ "drop a fallback line", drop_fallback, false },
	{ "swap fallback lines", reorder_fallback, true },
	{ "swap a fallback line with a rule's", swap_with_fallback, false },
	{ "a line twice", double_line, true },
	{ "a fallback line at the top", fallback_to_top, false },
	{ "swap with the next line", swap_next, false },
	{ "swap overlapping lines of different verdict", swap_overlapping, false },
	{ "a line at the top", line_to_top, false },
	{ "a line behind the end", line_to_end, false },
	{ "a line of the other family", line_of_other_family, false },
	{ "change the verdict", flip_verdict, false },
	{ "change the direction", flip_direction, false },
	{ "turn source and destination", turn_sides, false },
	{ "change the protocol", change_proto, false },
	{ "drop quick", drop_quick, false },
	{ "add quick", add_quick, true },
	{ "drop flags", drop_flags, false },
	{ "add flags", add_flags, false },
	{ "widen a prefix", widen_prefix, false },
	{ "narrow a prefix", narrow_prefix, false },
	{ "shift an address", shift_addr, false },
	{ "flip a bit of an address", flip_high_bit, false },
	{ "an address becomes any", addr_to_any, false },
	{ "any becomes half of it", any_to_half, false },
	{ "set a host bit", set_host_bit, false },
	{ "change a port", change_port, false },
	{ "widen a range", widen_range, false },
	{ "narrow a range", narrow_range, false },
	{ "a range becomes its first port", range_to_port, false },
	{ "drop the ports", drop_ports, false },
	{ "add a port", add_port, false },
	{ "change a type", change_type, false },
	{ "change a code", change_code, false },
	{ "drop a code", drop_code, false },
	{ "add a code", add_code, false },
	{ "drop the type", drop_type, false },
	{ "drop keep state", drop_state, false },
	{ "add keep state", add_state, false },
	{ "drop keep frags", drop_frags, false },
	{ "add keep frags", add_frags, false },
	{ "change a tag", change_tag, false },
	{ "drop a tag", drop_tag, false },
	{ "drop cfwlog", drop_log, false },
	{ "add cfwlog", add_log, false },
	{ "drop a head", drop_head, false },
	{ "drop a group", drop_group, false },
	{ "a line in another group", change_group, false },
	{ "swap the groups of two heads", swap_heads, false },
};
const size_t mutations = BASE_COUNT(mutation_table);
