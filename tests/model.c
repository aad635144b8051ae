/* SPDX-License-Identifier: MPL-2.0 */
#include "model.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "random.h"

uint64_t m_seed;

static const char *const owner_uuid[] = {
	"00000000-0000-4000-8000-0000000000a0", "00000000-0000-4000-8000-0000000000a1",
};
static const char *const key_name[] = { "role", "env", "x" };
static const char *const value_name[] = { "web", "true", "5" };

/* --- text ------------------------------------------------------------- */

void
m_write_addr(struct buf *out, int fam, u128 a)
{
	if (fam == 4) {
		buf_printf(out, "%u.%u.%u.%u", (unsigned)(a >> 24) & 255, (unsigned)(a >> 16) & 255,
		    (unsigned)(a >> 8) & 255, (unsigned)a & 255);
		return;
	}
	for (int i = 7; i >= 0; i--)
		buf_printf(out, "%x%s", (unsigned)(a >> 16 * i) & 0xffff, i ? ":" : "");
}

void
m_write_prefix(struct buf *out, struct m_prefix p)
{
	m_write_addr(out, p.fam, p.a);
	buf_printf(out, "/%d", p.bits);
}

static void
write_side(struct buf *out, const struct m_host *h, const struct m_side *s)
{
	buf_str(out, s->n > 1 ? "(" : "");
	for (int i = 0; i < s->n; i++) {
		const struct m_target *t = &s->t[i];

		buf_str(out, i ? " OR " : "");
		switch (t->kind) {
		case M_ANY:
			buf_str(out, "any");
			break;
		case M_VMALL:
			buf_str(out, "all vms");
			break;
		case M_IP:
			buf_str(out, "ip ");
			m_write_addr(out, t->p.fam, t->p.a);
			break;
		case M_SUBNET:
			buf_str(out, "subnet ");
			m_write_prefix(out, t->p);
			break;
		case M_TAG:
			buf_printf(out, "tag %s", key_name[t->key]);
			break;
		case M_TAG_VALUE:
			buf_printf(out, "tag %s = %s", key_name[t->key], value_name[t->value]);
			break;
		case M_VM:
			buf_printf(out, "vm %s", h->vm[t->vm].uuid);
			break;
		}
	}
	buf_str(out, s->n > 1 ? ")" : "");
}

static void
write_ports(struct buf *out, const struct m_rule *r)
{
	bool ranges = false;

	for (int i = 0; i < r->n_items; i++)
		ranges |= r->item[i].a != r->item[i].b;
	buf_str(out, r->all ? " PORT all" : ranges ? " PORTS " : " (");
	for (int i = 0; i < r->n_items; i++)
		if (!ranges)
			buf_printf(out, "%sPORT %d", i ? " AND " : "", r->item[i].a);
		else if (r->item[i].a == r->item[i].b)
			buf_printf(out, "%s%d", i ? ", " : "", r->item[i].a);
		else
			buf_printf(out, "%s%d - %d", i ? ", " : "", r->item[i].a, r->item[i].b);
	buf_str(out, r->all || ranges ? "" : ")");
}

static void
write_types(struct buf *out, const struct m_rule *r)
{
	buf_str(out, r->all ? " TYPE all" : " (");
	for (int i = 0; i < r->n_items; i++) {
		buf_printf(out, "%sTYPE %d", i ? " AND " : "", r->item[i].a);
		if (r->item[i].b >= 0)
			buf_printf(out, " CODE %d", r->item[i].b);
	}
	buf_str(out, r->all ? "" : ")");
}

static void
write_sentence(struct buf *out, const struct m_host *h, const struct m_rule *r)
{
	buf_str(out, "FROM ");
	write_side(out, h, &r->from);
	buf_str(out, " TO ");
	write_side(out, h, &r->to);
	buf_str(out, r->allow ? " ALLOW " : " BLOCK ");
	switch (r->proto) {
	case M_AH:
	case M_ESP:
		buf_str(out, r->proto == M_AH ? "ah" : "esp");
		break;
	case M_ICMP:
	case M_ICMP6:
		buf_str(out, r->proto == M_ICMP ? "icmp" : "icmp6");
		write_types(out, r);
		break;
	default:
		buf_str(out, r->proto == M_TCP ? "tcp" : "udp");
		write_ports(out, r);
	}
	if (r->priority)
		buf_printf(out, " PRIORITY %d", r->priority);
}

void
m_write_rules(struct buf *out, const struct m_host *h, const int *order)
{
	buf_char(out, '[');
	for (int i = 0; i < h->n_rules; i++) {
		const struct m_rule *r = &h->rule[order ? order[i] : i];

		buf_printf(out, "%s{\"uuid\":\"%s\",\"version\":\"1\",\"enabled\":%s,\"log\":%s,",
		    i ? ",\n" : "", r->uuid, r->enabled ? "true" : "false",
		    r->log ? "true" : "false");
		if (r->owner == M_NOBODY)
			buf_str(out, "\"global\":true");
		else
			buf_printf(out, "\"owner_uuid\":\"%s\"", owner_uuid[r->owner]);
		buf_str(out, ",\"rule\":\"");
		write_sentence(out, h, r);
		buf_str(out, "\"}");
	}
	buf_str(out, "]\n");
}

static void
write_vm(struct buf *out, const struct m_vm *vm)
{
	buf_printf(out, "{\"uuid\":\"%s\",", vm->uuid);
	if (vm->owner != M_NOBODY)
		buf_printf(out, "\"owner_uuid\":\"%s\",", owner_uuid[vm->owner]);
	if (vm->local)
		buf_printf(out, "\"firewall_enabled\":%s,\"state\":\"running\","
		    "\"zonepath\":\"/z\",", vm->firewall ? "true" : "false");
	buf_str(out, "\"tags\":{");
	for (int i = 0; i < vm->n_tags; i++) {
		/* true and 5 are the strings of JavaScript's values. */
		const char *quote = vm->value[i] && vm->owner == M_NOBODY ? "" : "\"";

		buf_printf(out, "%s\"%s\":%s%s%s", i ? "," : "", key_name[vm->key[i]], quote,
		    value_name[vm->value[i]], quote);
	}
	buf_str(out, vm->local ? "},\"nics\":[" : "},\"ips\":[");
	for (int i = 0; i < vm->n_addrs; i++) {
		buf_str(out, i ? "," : "");
		buf_str(out, vm->local ? "{\"ips\":[\"" : "\"");
		m_write_addr(out, vm->addr[i].fam, vm->addr[i].a);
		buf_str(out, vm->local ? "/24\"]}" : "\"");
	}
	buf_str(out, "]}");
}

void
m_write_vms(struct buf *out, const struct m_host *h, const int *order, bool local)
{
	for (int i = 0; i < h->n_vms; i++) {
		const struct m_vm *vm = &h->vm[order ? order[i] : i];

		if (vm->local == local) {
			write_vm(out, vm);
			buf_char(out, '\n');
		}
	}
}

void
m_shuffle(int *order, int n)
{
	for (int i = 0; i < n; i++) {
		int k = (int)random_below((uint32_t)i + 1);

		order[i] = order[k];
		order[k] = i;
	}
}

/* --- random hosts ----------------------------------------------------- */

static const int protos[] = { M_TCP, M_TCP, M_TCP, M_UDP, M_ICMP, M_ICMP6, M_AH, M_ESP };

static bool
chance(unsigned percent)
{
	return random_below(100) < percent;
}

static struct m_prefix
random_addr(enum m_shape shape, int fam)
{
	static const uint32_t odd4[] = { 1, 0x7fffffff, 0x80000000, 0xfffffffe };
	struct m_prefix p = { 0, fam, m_width(fam) };
	u128 base = fam == 4 ? (u128)0x0a000000 : (u128)0xfd << 120;
	u128 low = random_below(shape == M_DENSE ? 32 : 8);

	if (shape == M_SCATTERED)
		low = random_below(1 << 22);
	p.a = base | low;
	if (chance(6) && fam == 4)
		p.a = odd4[random_below(4)];
	else if (chance(6) && fam == 6)
		p.a = (u128[]){ 0, 1, ~(u128)0, (u128)1 << 127, (u128)0xffff0a000001,
			(u128)1 << 64 }[random_below(6)];
	return p;
}

static struct m_prefix
random_subnet(enum m_shape shape, int fam)
{
	static const int near[] = { 0, 1, 1, 2, 2, 3, 3, 4, 5 }, far[] = { 8, 24, 31, 32 };
	struct m_prefix p = random_addr(shape, fam);

	p.bits -= near[random_below(9)];
	if (chance(15))
		p.bits = m_width(fam) - far[random_below(4)];
	if (chance(4))
		p.bits = (int)random_below(2);
	else if (fam == 6 && chance(10))
		p.bits = 63 + (int)random_below(3);
	if (!chance(25))
		p.a &= ~m_host_bits(p);
	return p;
}

static int
random_fam(int proto)
{
	return proto == M_ICMP ? 4 : proto == M_ICMP6 ? 6 : chance(50) ? 4 : 6;
}

static void
random_target(const struct m_host *h, struct m_target *t, int proto, bool names_vms)
{
	int fam = random_fam(proto);

	memset(t, 0, sizeof(*t));
	t->kind = M_IP + random_below(5);
	if (names_vms && t->kind < M_TAG)
		t->kind = M_TAG + random_below(3);
	t->p = t->kind == M_IP ? random_addr(h->shape, fam) : random_subnet(h->shape, fam);
	t->key = (int)random_below(3);
	t->value = (int)random_below(3);
	t->vm = (int)random_below((uint32_t)h->n_vms);
}

static void
random_side(const struct m_host *h, struct m_side *s, int proto, bool names_vms)
{
	s->n = 1;
	if (chance(names_vms ? 35 : 15)) {
		s->t[0].kind = M_VMALL;
		return;
	}
	if (!names_vms && chance(15)) {
		s->t[0].kind = M_ANY;
		return;
	}
	s->n = 1 + (int)random_below(chance(70) ? 3 : 6);
	for (int i = 0; i < s->n; i++)
		random_target(h, &s->t[i], proto, names_vms && i == 0);
}

static void
random_ports(struct m_rule *r)
{
	static const int port[] = { 1, 2, 3, 4, 80, 81, 443, 65534, 65535 };

	for (int i = 0; i < r->n_items; i++) {
		int a = port[random_below(9)], b = chance(70) ? a : port[random_below(9)];

		r->item[i] = (struct m_item){ a < b ? a : b, a < b ? b : a };
	}
}

static void
random_types(struct m_rule *r)
{
	static const int v4[] = { 0, 3, 8, 11, 13, 17, 255 };
	static const int v6[] = { 0, 1, 128, 129, 130, 139, 255 };
	static const int code[] = { -1, -1, 0, 1, 255 };

	for (int i = 0; i < r->n_items; i++)
		r->item[i] = (struct m_item){ (r->proto == M_ICMP ? v4 : v6)[random_below(7)],
			code[random_below(5)] };
}

static void
random_rule(const struct m_host *h, struct m_rule *r, int number)
{
	static const int priorities[] = { 0, 0, 0, 1, 2, 100 };

	memset(r, 0, sizeof(*r));
	/* In no order, so that nothing comes right by chance. */
	snprintf(r->uuid, sizeof(r->uuid), "%08x-0000-4000-8000-%012x",
	    (unsigned)random_below(UINT32_MAX), (unsigned)number);
	r->owner = chance(75) ? M_NOBODY : (int)random_below(2);
	r->enabled = chance(92);
	r->log = chance(30);
	r->allow = chance(50);
	r->proto = chance(60) ? h->usual_proto : protos[random_below(BASE_COUNT(protos))];
	r->priority = priorities[random_below(6)];
	r->all = r->proto == M_AH || r->proto == M_ESP || chance(35);
	r->n_items = r->all ? 0 : 1 + (int)random_below(chance(70) ? 2 : 6);
	if (r->proto == M_ICMP || r->proto == M_ICMP6)
		random_types(r);
	else
		random_ports(r);
	if (chance(50)) {
		random_side(h, &r->from, r->proto, true);
		random_side(h, &r->to, r->proto, chance(30));
	} else {
		random_side(h, &r->from, r->proto, chance(30));
		random_side(h, &r->to, r->proto, true);
	}
}

static void
random_vm(const struct m_host *h, struct m_vm *vm, int number)
{
	int addrs = (int)random_below(chance(80) ? 4 : 9);

	memset(vm, 0, sizeof(*vm));
	snprintf(vm->uuid, sizeof(vm->uuid), "%08x-0000-4000-9000-%012x",
	    (unsigned)random_below(UINT32_MAX), (unsigned)number);
	vm->owner = chance(20) ? M_NOBODY : (int)random_below(2);
	vm->local = number < h->n_local;
	vm->firewall = number == 0 || chance(70);
	for (int key = 0; key < 3; key++)
		if (chance(60)) {
			vm->key[vm->n_tags] = key;
			vm->value[vm->n_tags++] = (int)random_below(3);
		}
	if (h->shape == M_SCATTERED && chance(30))
		addrs = 100 + (int)random_below(60);
	else if (h->shape == M_DENSE)
		addrs *= 2;
	for (vm->n_addrs = 0; vm->n_addrs < addrs; vm->n_addrs++)
		vm->addr[vm->n_addrs] = random_addr(h->shape, chance(60) ? 4 : 6);
}

void
m_host_random(struct m_host *h, enum m_shape shape)
{
	random_state = m_seed;
	memset(h, 0, sizeof(*h));
	h->shape = shape;
	h->usual_proto = protos[random_below(BASE_COUNT(protos))];
	h->n_local = 1 + (int)random_below(3);
	h->n_vms = h->n_local + (int)random_below(7);
	for (int i = 0; i < h->n_vms; i++)
		random_vm(h, &h->vm[i], i);
	h->n_rules = 1 + (int)random_below(chance(60) ? 8 : 24);
	for (int i = 0; i < h->n_rules; i++)
		random_rule(h, &h->rule[i], i);
	m_seed = random_state;
}

/* --- the lines a rule comes to ---------------------------------------- */


/* Does the target, of a rule's side, name the VM, whoever its owner is? */
static bool
target_names(const struct m_host *h, const struct m_target *t, const struct m_vm *vm)
{
	switch (t->kind) {
	case M_VMALL:
		return true;
	case M_VM:
		return &h->vm[t->vm] == vm;
	case M_TAG:
	case M_TAG_VALUE:
		for (int i = 0; i < vm->n_tags; i++)
			if (vm->key[i] == t->key &&
			    (t->kind == M_TAG || vm->value[i] == t->value))
				return true;
		return false;
	default:
		return false;
	}
}

static bool
side_names(const struct m_host *h, const struct m_side *s, const struct m_vm *vm)
{
	for (int i = 0; i < s->n; i++)
		if (target_names(h, &s->t[i], vm))
			return true;
	return false;
}

static bool
applies(const struct m_rule *r, const struct m_vm *vm)
{
	return r->owner == M_NOBODY || r->owner == vm->owner;
}

/* For its addresses a VM without an owner counts for any rule. */
static bool
counts(const struct m_rule *r, const struct m_vm *vm)
{
	return vm->owner == M_NOBODY || applies(r, vm);
}

static u128
as_mapped(struct m_prefix p)
{
	return p.fam == 4 ? (u128)0xffff << 32 | p.a : p.a;
}

static bool
blocks_out(const struct m_host *h, const struct m_vm *vm, int proto)
{
	for (int i = 0; i < h->n_rules; i++) {
		const struct m_rule *r = &h->rule[i];

		if (r->enabled && !r->allow && r->proto == proto && applies(r, vm) &&
		    side_names(h, &r->from, vm))
			return true;
	}
	return false;
}

static void
add_lines(struct m_meaning *m, struct arena *arena, const struct m_line *proto_line,
    struct m_prefix p)
{
	struct m_line l = *proto_line;

	if (p.fam != m->fam)
		return;
	l.p = p;
	l.klo = 0;
	l.khi = 65535;
	if (l.rule->all)
		*vec_push(arena, &m->line) = l;
	for (int i = 0; i < l.rule->n_items; i++) {
		const struct m_item *it = &l.rule->item[i];

		l.klo = it->a;
		l.khi = it->b;
		if (m_has_types(m->fam, m->proto)) {
			l.klo = it->a << 8 | (it->b < 0 ? 0 : it->b);
			l.khi = it->a << 8 | (it->b < 0 ? 255 : it->b);
		}
		*vec_push(arena, &m->line) = l;
	}
}

/* An entry: these addresses, in one place of the order. */
static void
add_entry(struct m_meaning *m, struct arena *arena, struct m_line *l, const struct m_prefix *p,
    int n)
{
	for (int i = 0; i < n; i++)
		if (i == 0 || as_mapped(p[i]) < l->first_addr)
			l->first_addr = as_mapped(p[i]);
	for (int i = 0; i < n; i++)
		add_lines(m, arena, l, p[i]);
}

static void
add_target(struct m_meaning *m, struct arena *arena, struct m_line *l, const struct m_target *t)
{
	const struct m_host *h = m->host;

	if (t->kind == M_ANY) {
		l->first_addr = (u128)0xffff << 32;
		add_lines(m, arena, l, (struct m_prefix){ 0, m->fam, 0 });
	} else if (t->kind == M_IP || t->kind == M_SUBNET) {
		add_entry(m, arena, l, &t->p, 1);
	}
	for (int i = 0; i < h->n_vms; i++)
		if (target_names(h, t, &h->vm[i]) && counts(l->rule, &h->vm[i]))
			add_entry(m, arena, l, h->vm[i].addr, h->vm[i].n_addrs);
}

static int
first_item(const struct m_rule *r)
{
	int first = -1;

	for (int i = 0; i < r->n_items; i++) {
		int at = r->item[i].a;

		if (r->proto == M_ICMP || r->proto == M_ICMP6)
			at = at << 16 | (r->item[i].b + 1);
		if (first < 0 || at < first)
			first = at;
	}
	return first;
}

static void
add_rule(struct m_meaning *m, struct arena *arena, const struct m_vm *vm, int number)
{
	const struct m_rule *r = &m->host->rule[number];
	const struct m_side *own = m->dir == M_OUT ? &r->from : &r->to;
	const struct m_side *other = m->dir == M_OUT ? &r->to : &r->from;
	struct m_line l = { .rule = r, .number = number, .first_item = first_item(r) };

	if (!r->enabled || r->proto != m->proto || !applies(r, vm) || !side_names(m->host, own, vm))
		return;
	if (r->priority == 0 && r->allow == (m->dir == M_OUT))
		return;                         /* only repeats the default */
	l.state = m->tags || (m->dir == M_OUT ? r->allow : blocks_out(m->host, vm, r->proto));
	for (int i = 0; i < other->n; i++)
		add_target(m, arena, &l, &other->t[i]);
}

/* Priority first, then BLOCK before ALLOW going out and ALLOW before BLOCK coming in. */
static int
cmp_standing(const struct m_meaning *m, const struct m_rule *x, const struct m_rule *y)
{
	if (x->priority != y->priority)
		return y->priority - x->priority;
	if (x->allow != y->allow)
		return x->allow == (m->dir == M_IN) ? -1 : 1;
	return 0;
}

static int
cmp_lines(const void *a, const void *b, void *meaning)
{
	const struct m_line *x = a, *y = b;
	const struct m_meaning *m = meaning;
	int c = cmp_standing(m, x->rule, y->rule);

	if (c == 0)
		c = (x->first_item > y->first_item) - (x->first_item < y->first_item);
	if (c == 0)
		c = (x->first_addr > y->first_addr) - (x->first_addr < y->first_addr);
	/* As they come at -O0; then as their names are, so that no order of input matters. */
	if (c == 0)
		c = m->level ? strcmp(x->rule->uuid, y->rule->uuid) : x->number - y->number;
	return c;
}

void
m_mean(struct m_meaning *m, struct arena *arena, const struct m_host *h, int vm, int level,
    bool tags, int dir, int fam, int proto)
{
	*m = (struct m_meaning){ .host = h, .level = level, .dir = dir, .fam = fam,
		.proto = proto, .tags = tags };
	if ((proto == M_ICMP && fam == 6) || (proto == M_ICMP6 && fam == 4))
		return;
	for (int i = 0; i < h->n_rules; i++)
		add_rule(m, arena, &h->vm[vm], i);
	if (m->line.n > 1)
		qsort_r(m->line.v, m->line.n, sizeof(*m->line.v), cmp_lines, m);
}

/* --- one packet ------------------------------------------------------- */

static bool
matches(const struct m_meaning *m, const struct m_line *l, const struct m_packet *p)
{
	if (!m_holds(l->p, p->remote) || p->key < l->klo || p->key > l->khi)
		return false;
	if (m->fam == 6 && m->proto == M_AH)
		return false;                   /* ipf never finds it */
	/* At -O0, what ipf does otherwise than the rules say. */
	if (m->level == 0 && m->fam == 6 && (l->p.a & m_host_bits(l->p)) != 0)
		return false;
	return m->level || !l->state || m_can_keep(p->fam, p->proto, p->key);
}

static struct m_outcome
by_default(const struct m_packet *p)
{
	struct m_outcome o = { .verdict = M_NONE, .tag = M_NOBODY };

	if (p->dir == M_IN) {
		o.verdict = M_BLOCK;
	} else if (p->proto == M_TCP || p->proto == M_UDP || m_has_types(p->fam, p->proto)) {
		o.verdict = M_PASS;
		o.state = p->proto == M_TCP ? p->opening : m_can_keep(p->fam, p->proto, p->key);
	}
	return o;
}

struct m_outcome
m_decide(const struct m_meaning *m, const struct m_packet *p, const struct m_line **line)
{
	struct m_outcome o = { .tag = M_NOBODY };

	for (uint32_t i = 0; i < m->line.n; i++) {
		const struct m_line *l = &m->line.v[i];

		if (!matches(m, l, p))
			continue;
		o.verdict = l->rule->allow ? M_PASS : M_BLOCK;
		o.state = l->rule->allow && l->state && m_can_keep(p->fam, p->proto, p->key);
		o.frags = l->rule->allow;
		if (m->tags) {
			o.tagged = true;
			o.tag = l->number;
			o.cfwlog = l->rule->log;
		}
		if (line)
			*line = l;
		return o;
	}
	if (line)
		*line = NULL;
	return by_default(p);
}

bool
m_stands(const struct m_meaning *m, const struct m_packet *p, const struct m_line *line, int rule)
{
	for (const struct m_line *l = line; l < m->line.v + m->line.n &&
	    cmp_standing(m, line->rule, l->rule) == 0; l++)
		if (l->number == rule && matches(m, l, p))
			return true;
	return false;
}
