/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the linter says of rules together is what is true of every packet of a small
 * world: all kinds of VMs there can be, or those of an inventory, and addresses and ports
 * that stand for all others, with each rule asked by itself.
 */
#include "lint-world.h"
#include "random.h"

/* --- random rules ------------------------------------------------------------------------ */

#define RULES 12

/* A VM: 0 is none of an attribute; 3 is a tag's value and a UUID, C an owner, that no rule has. */
struct being {
	uint8_t uuid, owner, a, b;
};

static const char *const vm_uuids[] = {
	NULL, "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000",
	"33333333-0000-4000-8000-000000000000",
};
static const char *const owners[] = { NULL, "aaaaaaaa-0000-4000-8000-000000000000",
	"bbbbbbbb-0000-4000-8000-000000000000", "cccccccc-0000-4000-8000-000000000000" };

/* The VMs of an inventory have the first; what lies beside them is nobody's. */
static const char *const addresses[] = {
	"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "1.1.1.1", "200.0.0.1", "2600::1",
	"2600::2", "fd00::1", "1::1", "10.0.0.7", "1.1.1.2", "200.0.0.2", "2600::3", "fd00::2", "1::2",
};
#define VM_ADDRESSES 11

static const char *const prefixes[] = {
	"ip 10.0.0.1", "ip 10.0.0.2", "ip 10.0.0.3", "subnet 10.0.0.0/30", "subnet 10.0.0.0/31",
	"subnet 10.0.0.2/31", "subnet 10.0.0.0/29", "subnet 10.0.0.4/30", "subnet 0.0.0.0/0",
	"subnet 0.0.0.0/1", "subnet 128.0.0.0/1", "subnet ::/0", "subnet ::/1", "subnet 8000::/1",
	"ip 2600::1", "subnet 2600::/16", "subnet 0.0.0.0/1", "subnet 128.0.0.0/1",
};
#define V4_PREFIXES 11

/*
 * Rules may be much alike, so that several cover one together; in a plain world VMs are
 * one within the other, and ends are prefixes, so that what may meet does.
 */
static bool alike, plain;
/* Or VMs are of one owner or of any, with two tags or not, and all else is much the same. */
static bool owned;
/* Or ends are many small prefixes of one, of which several rules are all together. */
static bool narrow;
#define NARROW 64

static void
add_vms_target(struct buf *b)
{
	if (owned) {
		buf_str(b, random_below(2) ? "tag b = 1" : "tag a");
		return;
	}
	if (alike) {
		buf_str(b, random_below(2) ? "tag a = 1" : "tag a");
		return;
	}
	switch (random_below(6)) {
	case 0:
	case 1:
		buf_printf(b, "tag a = %u", 1 + random_below(2));
		break;
	case 2:
		buf_str(b, "tag a");
		break;
	case 3:
		buf_str(b, "tag b = 1");
		break;
	default:
		buf_printf(b, "vm %s", vm_uuids[1 + random_below(2)]);
	}
}

static void
add_narrow_side(struct buf *b)
{
	if (random_below(4) == 0) {
		buf_str(b, random_below(2) ? "subnet 10.0.0.0/26" : "subnet 10.0.0.0/24");
		return;
	}
	buf_char(b, '(');
	for (unsigned i = 0; i < LANG_MAX_TARGETS; i++)
		buf_printf(b, "%ssubnet 10.0.0.%u/%u", i ? " OR " : "", random_below(NARROW),
		    29 + random_below(4));
	buf_char(b, ')');
}

static void
add_side(struct buf *b, bool vms, unsigned proto)
{
	unsigned n = 1 + random_below(3);

	if (narrow && !vms) {
		add_narrow_side(b);
		return;
	}
	if (owned) {
		n = 1;
		if (!vms && random_below(2)) {
			buf_str(b, "any");
			return;
		}
	}
	if (random_below(alike && vms ? 2 : 3) == 0) {
		buf_str(b, vms ? "all vms" : "any");
		return;
	}
	buf_char(b, '(');
	for (unsigned i = 0; i < n; i++) {
		const char *prefix = prefixes[random_below(BASE_COUNT(prefixes))];

		buf_str(b, i ? " OR " : "");
		if (proto == 1)
			prefix = prefixes[random_below(V4_PREFIXES)];
		if (vms || (!plain && random_below(alike ? 8 : 4) == 0))
			add_vms_target(b);
		else
			buf_str(b, prefix);
	}
	buf_char(b, ')');
}

static void
add_rule(struct buf *b)
{
	unsigned proto = !alike && !owned && random_below(4) == 0, n = 1 + random_below(3);
	unsigned owner = alike ? 0 : random_below(owned ? 2 : 3);
	bool from = random_below(alike ? 8 : 3) == 0, to = !from || (!plain && random_below(4) == 0);

	if (owner)
		buf_printf(b, "@owner %s\n", owners[owner]);
	buf_str(b, "FROM ");
	add_side(b, from, proto);
	buf_str(b, " TO ");
	add_side(b, to, proto);
	buf_str(b, random_below(2) ? " ALLOW " : " BLOCK ");
	if (proto == 1) {
		buf_str(b, random_below(3) ? "icmp (TYPE 3 CODE 0 AND TYPE 8)" : "icmp TYPE all");
	} else if (random_below(4) == 0) {
		buf_str(b, "tcp PORT all");
	} else {
		buf_str(b, "tcp PORTS ");
		for (unsigned i = 0; i < n; i++) {
			unsigned first = 1 + random_below(5), last = first + random_below(3);

			buf_printf(b, "%s%u - %u", i ? ", " : "", first, last);
		}
	}
	if (random_below(2))
		buf_printf(b, " PRIORITY %u", random_below(3));
	buf_char(b, '\n');
}

/* --- what a rule is about ----------------------------------------------------------------- */

static bool
names_vm(const struct rule *r, const struct rule_side *s, const struct being *vm, bool remote)
{
	struct uuid u;

	if (r->has_owner && !(remote && !vm->owner)) {
		if (!vm->owner || !uuid_read(slice_of(owners[vm->owner]), &u) ||
		    uuid_cmp(u, r->owner) != 0)
			return false;
	}
	if (s->vmall)
		return true;
	for (unsigned i = 0; i < s->n_vms; i++)
		if (uuid_read(slice_of(vm_uuids[vm->uuid]), &u) && uuid_cmp(u, s->vms[i]) == 0)
			return true;
	for (unsigned i = 0; i < s->n_tags; i++) {
		unsigned value = s->tags[i].key.p[0] == 'a' ? vm->a : vm->b;

		if (value && (!s->tags[i].has_value || s->tags[i].value.p[0] == (char)('0' + value)))
			return true;
	}
	return false;
}

static bool
names_address(const struct rule *r, const struct rule_side *s, struct prefix p)
{
	if ((r->proto == LANG_ICMP && p.fam == NET_V6) || (r->proto == LANG_ICMP6 && p.fam == NET_V4))
		return false;
	for (unsigned i = 0; i < s->n_ips; i++)
		if (prefix_contains(s->ips[i], p))
			return true;
	for (unsigned i = 0; i < s->n_subnets; i++)
		if (prefix_contains(s->subnets[i], p))
			return true;
	return s->any;
}

/* Of a packet: TCP's port, or behind 100 ICMP's type and code as 100 + 10 * type + code. */
static const uint16_t keys[] = { 1, 2, 3, 4, 5, 6, 7, 9, 130, 131, 180, 200 };

static bool
has_key(const struct rule *r, unsigned key)
{
	if ((key >= 100) != (r->proto == LANG_ICMP))
		return false;
	for (unsigned i = 0; i < r->n_items && !r->all; i++) {
		const struct lang_item *t = &r->items[i];

		if (key < 100 ? t->a <= key && key <= t->b
		    : t->a == (key - 100) / 10 && (t->b == LANG_ANY_CODE || t->b == key % 10))
			return true;
	}
	return r->all;
}

/* --- packets ----------------------------------------------------------------------------- */

#define MAX_VMS 128
#define MAX_ENDS (BASE_COUNT(addresses) * (MAX_VMS + 1))

struct place {
	struct being vm;
	uint8_t n_addrs, addrs[2];
};

/* All that matters of a packet is which rules are about it: a bit for each. */
struct truth {
	const struct rule *rule[RULES];
	unsigned n;
	struct place vms[MAX_VMS];
	unsigned n_vms;
	bool real;                      /* the VMs are an inventory's */
	uint32_t vm_mask[MAX_VMS], end_mask[MAX_ENDS];
	unsigned n_ends;
	uint32_t packet[2][1 << RULES]; /* of each direction */
	uint32_t n_packets[2];
	bool acts[RULES][2];
};

static void
make_kinds(struct truth *t)
{
	for (unsigned u = 1; u < 4; u++)
		for (unsigned o = 0; o < 4; o++)
			for (unsigned a = 0; a < 4; a++)
				for (unsigned b = 0; b < 2; b++)
					t->vms[t->n_vms++].vm = (struct being){ (uint8_t)u, (uint8_t)o,
						(uint8_t)a, (uint8_t)b };
}

/* Is it an end of the rule, if it is the VM's (NULL: nobody's)? */
static bool
is_end(const struct rule *r, const struct rule_side *s, struct prefix p, const struct being *vm)
{
	bool family = r->proto != LANG_ICMP || p.fam == NET_V4;

	return names_address(r, s, p) || (vm && family && names_vm(r, s, vm, true));
}

static bool
has_address(const struct place *vm, size_t a)
{
	for (unsigned i = 0; i < vm->n_addrs; i++)
		if (vm->addrs[i] == a)
			return true;
	return false;
}

/* Of an inventory: an address is the end of all VMs that have it. */
static uint32_t
real_end(const struct truth *t, size_t a, struct prefix p, int dir)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < t->n; i++) {
		const struct rule *r = t->rule[i];

		mask |= (uint32_t)is_end(r, &r->side[!dir], p, NULL) << i;
		for (unsigned v = 0; v < t->n_vms; v++)
			if (has_address(&t->vms[v], a))
				mask |= (uint32_t)is_end(r, &r->side[!dir], p, &t->vms[v].vm) << i;
	}
	return mask;
}

static void
make_narrow_ends(struct truth *t, int dir)
{
	for (uint32_t a = 0; a <= NARROW; a++, t->n_ends++) {
		struct prefix p = { addr_v4(10u << 24 | a), 128, NET_V4 };

		t->end_mask[t->n_ends] = 0;
		for (unsigned i = 0; i < t->n; i++)
			t->end_mask[t->n_ends] |= (uint32_t)is_end(t->rule[i], &t->rule[i]->side[!dir],
			    p, NULL) << i;
	}
}

static void
make_ends(struct truth *t, int dir)
{
	t->n_ends = 0;
	if (narrow) {
		make_narrow_ends(t, dir);
		return;
	}
	for (size_t a = 0; a < BASE_COUNT(addresses); a++) {
		struct prefix p;

		assert_true(addr_read(slice_of(addresses[a]), &p));
		if (t->real) {
			t->end_mask[t->n_ends++] = real_end(t, a, p, dir);
			continue;
		}
		/* An address that nobody has, and one of each VM. */
		for (unsigned v = 0; v <= t->n_vms; v++, t->n_ends++) {
			t->end_mask[t->n_ends] = 0;
			for (unsigned i = 0; i < t->n; i++)
				t->end_mask[t->n_ends] |= (uint32_t)is_end(t->rule[i],
				    &t->rule[i]->side[!dir], p, v ? &t->vms[v - 1].vm : NULL) << i;
		}
	}
}

/* Leaves each mask once, and those of nobody out. */
static unsigned
unique(uint32_t *mask, unsigned n)
{
	static bool seen[1 << RULES];
	unsigned kept = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < n; i++)
		if (mask[i] && !seen[mask[i]]) {
			seen[mask[i]] = true;
			mask[kept++] = mask[i];
		}
	return kept;
}

static void
make_packets(struct truth *t, int dir)
{
	static uint32_t all[MAX_VMS * 64 * BASE_COUNT(keys)];
	uint32_t key_mask[BASE_COUNT(keys)] = { 0 };
	unsigned vms, ends, n = 0;

	make_ends(t, dir);
	for (unsigned v = 0; v < t->n_vms; v++) {
		t->vm_mask[v] = 0;
		for (unsigned i = 0; i < t->n; i++)
			t->vm_mask[v] |= (uint32_t)names_vm(t->rule[i], &t->rule[i]->side[dir],
			    &t->vms[v].vm, false) << i;
	}
	for (unsigned i = 0; i < t->n; i++)
		for (size_t k = 0; k < BASE_COUNT(keys); k++)
			key_mask[k] |= (uint32_t)has_key(t->rule[i], keys[k]) << i;
	vms = unique(t->vm_mask, t->n_vms);
	ends = unique(t->end_mask, t->n_ends);
	t->n_packets[dir] = 0;
	for (unsigned v = 0; v < vms; v++)
		for (unsigned e = 0; e < ends; e++)
			for (size_t k = 0; k < BASE_COUNT(keys); k++) {
				all[n++] = t->vm_mask[v] & t->end_mask[e] & key_mask[k];
				if (n == BASE_COUNT(all) || (v + 1 == vms && e + 1 == ends &&
				    k + 1 == BASE_COUNT(keys)))
					n = unique(all, n);
			}
	memcpy(t->packet[dir], all, n * sizeof(*all));
	t->n_packets[dir] = n;
}

static void
make_truth(struct truth *t, const struct world *w)
{
	t->n = 0;
	for (uint32_t i = 0; i < w->lint.rules.n; i++)
		if (!w->lint.rules.v[i].duplicate)
			t->rule[t->n++] = w->lint.rules.v[i].rule;
	for (int dir = 0; dir < 2; dir++) {
		make_packets(t, dir);
		for (unsigned i = 0; i < t->n; i++) {
			const struct rule_side *s = &t->rule[i]->side[dir];

			t->acts[i][dir] = (s->vmall || s->n_tags || s->n_vms) &&
			    !rule_repeats_default(t->rule[i], (enum lang_side)dir);
		}
	}
}

/* --- what is true of it ------------------------------------------------------------------- */

static int
wins(const struct rule *a, const struct rule *b, int dir)
{
	unsigned first = dir == LANG_TO ? LANG_ALLOW : LANG_BLOCK;

	if (a->priority != b->priority)
		return a->priority > b->priority ? 1 : -1;
	return a->action == b->action ? 0 : a->action == first ? 1 : -1;
}

#define NOBODY UINT32_MAX

/* Who decides a packet if rule i were not there. */
static uint32_t
decider(const struct truth *t, uint32_t packet, unsigned i, int dir)
{
	uint32_t best = NOBODY;

	for (unsigned k = 0; k < t->n; k++)
		if (k != i && packet >> k & 1 && t->acts[k][dir] &&
		    (best == NOBODY || wins(t->rule[k], t->rule[best], dir) > 0))
			best = k;
	return best;
}

static bool
before_or_like(const struct truth *t, uint32_t k, unsigned i, int dir)
{
	return k != NOBODY && wins(t->rule[k], t->rule[i], dir) >= 0;
}

enum state { NO_PACKETS, DECIDES, REDUNDANT, SHADOWED };

static enum state
state_of(const struct truth *t, unsigned i)
{
	enum state state = NO_PACKETS;

	for (int dir = 0; dir < 2; dir++)
		for (uint32_t p = 0; p < t->n_packets[dir]; p++) {
			uint32_t best;

			if (!(t->packet[dir][p] >> i & 1) || !t->acts[i][dir])
				continue;
			best = decider(t, t->packet[dir][p], i, dir);
			if (!before_or_like(t, best, i, dir))
				return DECIDES;
			if (state != SHADOWED)
				state = t->rule[best]->action != t->rule[i]->action ? SHADOWED
				    : REDUNDANT;
		}
	return state;
}

static bool
is_within(const struct truth *t, uint32_t a, uint32_t b, int dir)
{
	for (uint32_t p = 0; p < t->n_packets[dir]; p++)
		if (t->packet[dir][p] >> a & 1 && !(t->packet[dir][p] >> b & 1))
			return false;
	return true;
}

/* Is there a packet of it that a rule of its priority decides, which is no exception? */
static bool
is_contradicted(const struct truth *t, unsigned i)
{
	for (int dir = 0; dir < 2; dir++)
		for (uint32_t p = 0; p < t->n_packets[dir]; p++) {
			uint32_t w = t->packet[dir][p] >> i & 1 ? decider(t, t->packet[dir][p], i, dir)
			    : NOBODY;

			if (w != NOBODY && t->rule[w]->priority == t->rule[i]->priority &&
			    wins(t->rule[w], t->rule[i], dir) > 0 &&
			    (!is_within(t, w, i, dir) || is_within(t, i, w, dir)))
				return true;
		}
	return false;
}

/* Does it decide something in a direction, and lose to the opposite of a higher priority? */
static bool
is_out_of_order(const struct truth *t, unsigned i)
{
	for (int dir = 0; dir < 2; dir++) {
		bool open = false, loses = false;

		for (uint32_t p = 0; p < t->n_packets[dir] && t->acts[i][dir]; p++) {
			uint32_t w;

			if (!(t->packet[dir][p] >> i & 1))
				continue;
			w = decider(t, t->packet[dir][p], i, dir);
			open |= !before_or_like(t, w, i, dir);
			loses |= w != NOBODY && t->rule[w]->priority > t->rule[i]->priority &&
			    t->rule[w]->action != t->rule[i]->action && !is_within(t, w, i, dir) &&
			    !is_within(t, i, w, dir);
		}
		if (open && loses && t->rule[i]->priority)
			return true;
	}
	return false;
}

/* Does another say the opposite of a packet, come later, and would come first at priority 0? */
static bool
priority_matters(const struct truth *t, unsigned i)
{
	struct rule lower = *t->rule[i];

	lower.priority = 0;
	for (int dir = 0; dir < 2; dir++)
		for (uint32_t p = 0; p < t->n_packets[dir] && t->acts[i][dir]; p++)
			for (unsigned k = 0; k < t->n && t->packet[dir][p] >> i & 1; k++)
				if (t->packet[dir][p] >> k & 1 && t->acts[k][dir] &&
				    t->rule[k]->action != t->rule[i]->action &&
				    wins(t->rule[i], t->rule[k], dir) > 0 &&
				    wins(&lower, t->rule[k], dir) < 0)
					return true;
	return false;
}

static unsigned
verdict(const struct truth *t, uint32_t packet, int dir)
{
	uint32_t best = decider(t, packet, RULES, dir);

	if (best != NOBODY)
		return t->rule[best]->action;
	return dir == LANG_TO ? LANG_BLOCK : LANG_ALLOW;
}

/* Are all verdicts the same when the rule has another priority, or is not there? */
static bool
same_with(const struct truth *t, unsigned i, const struct rule *instead)
{
	static struct truth other;

	other = *t;
	other.rule[i] = instead ? instead : t->rule[i];
	for (int dir = 0; dir < 2; dir++) {
		other.acts[i][dir] = instead && t->acts[i][dir] &&
		    !rule_repeats_default(instead, (enum lang_side)dir);
		for (uint32_t p = 0; p < t->n_packets[dir]; p++)
			if (verdict(t, t->packet[dir][p], dir) !=
			    verdict(&other, t->packet[dir][p], dir))
				return false;
	}
	return true;
}

/* --- what is found ------------------------------------------------------------------------ */

static const struct lint_finding *
found(const struct world *w, const struct rule *r, enum lint_id id)
{
	for (uint32_t i = 0; i < w->lint.found.n; i++)
		if (w->lint.found.v[i].rule == r && w->lint.found.v[i].check == &lint_table[id])
			return &w->lint.found.v[i];
	return NULL;
}

static enum state
found_state(const struct world *w, const struct rule *r)
{
	return found(w, r, LINT_redundant) ? REDUNDANT : found(w, r, LINT_shadowed) ? SHADOWED
	    : DECIDES;
}

static void
expect(const struct truth *t, const struct buf *text, unsigned i, const char *what, int want,
    int got)
{
	if (want != got)
		fail_msg("%s of %.*s\nis %d, found %d, in\n%s", what, (int)t->rule[i]->text.n,
		    t->rule[i]->text.p, want, got, text->p);
}

static void
write_world(struct buf *text)
{
	unsigned n = 2 + random_below(RULES - 2);

	text->n = 0;
	for (unsigned i = 0; i < n; i++)
		add_rule(text);
	buf_char(text, '\0');
}

/* --- all kinds of VMs --------------------------------------------------------------------- */

static void
check_rule(const struct truth *t, const struct world *w, const struct buf *text, unsigned i,
    unsigned count[4])
{
	const struct rule *r = t->rule[i];
	enum state state = state_of(t, i), want = state == NO_PACKETS ? DECIDES : state;
	bool contradicted = found(w, r, LINT_contradiction), idle = found(w, r, LINT_idle_priority);
	struct rule lower = *r;

	lower.priority = 0;
	count[state]++;
	/* What is contradicted is not said to be shadowed as well. */
	if (!contradicted || want != SHADOWED)
		expect(t, text, i, "state", want, found_state(w, r));
	if (want == REDUNDANT || want == SHADOWED)
		expect(t, text, i, "that nothing changes without it", true, same_with(t, i, NULL));
	/* In a plain world all that may meet does; else it is only claimed if it must. */
	if (plain || contradicted)
		expect(t, text, i, "contradiction", is_contradicted(t, i), contradicted);
	if (plain || found(w, r, LINT_priority_order))
		expect(t, text, i, "order", is_out_of_order(t, i), found(w, r, LINT_priority_order) !=
		    NULL);
	expect(t, text, i, "idle priority", r->priority && state == DECIDES &&
	    !priority_matters(t, i), idle);
	if (idle)
		expect(t, text, i, "that nothing changes at priority 0", true,
		    same_with(t, i, &lower));
	assert_null(found(w, r, LINT_undecided));
}

static void
run_kinds(int rounds)
{
	static struct truth t;
	struct buf text = { 0 };
	unsigned count[4] = { 0 };

	for (int round = 0; round < rounds; round++) {
		struct world w;

		alike = narrow || (round & 1 && !owned);
		plain = narrow || (alike && round & 2);
		write_world(&text);
		world_init(&w, text.p);
		world_run(&w, NULL);
		memset(&t, 0, offsetof(struct truth, packet));
		make_kinds(&t);
		make_truth(&t, &w);
		for (unsigned i = 0; i < t.n; i++)
			check_rule(&t, &w, &text, i, count);
		world_free(&w);
	}
	buf_free(&text);
	printf("# %u open, %u redundant, %u shadowed\n", count[DECIDES], count[REDUNDANT],
	    count[SHADOWED]);
	assert_true(count[REDUNDANT] > 300 && count[SHADOWED] > 300);
}

static void
test_kinds(void **state)
{
	(void)state;
	random_start(0x11);
	narrow = false;
	run_kinds(3000);
}

static void
test_owned(void **state)
{
	(void)state;
	random_start(0x15);
	owned = true;
	run_kinds(3000);
	owned = false;
}

static void
test_narrow(void **state)
{
	(void)state;
	random_start(0x13);
	narrow = true;
	run_kinds(2000);
	narrow = false;
}

/* With too few steps less is found, and it is said of each rule that it may be so. */
static void
check_few(const struct truth *t, const struct world *w, const struct buf *text, unsigned i,
    unsigned count[2])
{
	const struct rule *r = t->rule[i];
	enum state state = state_of(t, i), got = found_state(w, r);
	bool undecided = found(w, r, LINT_undecided);

	count[undecided]++;
	if (got != DECIDES)
		expect(t, text, i, "state with few steps", state, got);
	if (found(w, r, LINT_contradiction))
		expect(t, text, i, "contradiction", is_contradicted(t, i), true);
	if (found(w, r, LINT_priority_order))
		expect(t, text, i, "order", is_out_of_order(t, i), true);
	if (found(w, r, LINT_idle_priority))
		expect(t, text, i, "idle priority", priority_matters(t, i), false);
	if (undecided || found(w, r, LINT_contradiction))
		return;
	expect(t, text, i, "what was decided", state == NO_PACKETS ? DECIDES : state, got);
	expect(t, text, i, "idle priority", r->priority && state == DECIDES &&
	    !priority_matters(t, i), found(w, r, LINT_idle_priority) != NULL);
	if (plain)
		expect(t, text, i, "contradiction", is_contradicted(t, i), false);
	if (plain)
		expect(t, text, i, "order", is_out_of_order(t, i),
		    found(w, r, LINT_priority_order) != NULL);
}

static void
test_few_steps(void **state)
{
	static struct truth t;
	struct buf text = { 0 };
	unsigned count[2] = { 0 };

	(void)state;
	random_start(0x14);
	for (int round = 0; round < 2000; round++) {
		struct world w;

		alike = round & 1;
		plain = alike && round & 2;
		write_world(&text);
		world_init(&w, text.p);
		w.lint.set_steps = 1 + random_below(1000);
		world_run(&w, NULL);
		memset(&t, 0, offsetof(struct truth, packet));
		make_kinds(&t);
		make_truth(&t, &w);
		for (unsigned i = 0; i < t.n; i++)
			check_few(&t, &w, &text, i, count);
		world_free(&w);
	}
	buf_free(&text);
	printf("# %u decided, %u not\n", count[0], count[1]);
	assert_true(count[0] > 300 && count[1] > 300);
}

/* --- an inventory ------------------------------------------------------------------------- */

static void
add_vm(struct truth *t, unsigned i)
{
	struct place *p = &t->vms[t->n_vms++];

	p->vm = (struct being){ (uint8_t)i, (uint8_t)random_below(4), (uint8_t)random_below(4),
		(uint8_t)random_below(2) };
	p->n_addrs = (uint8_t)random_below(3);
	for (unsigned k = 0; k < p->n_addrs; k++)
		p->addrs[k] = (uint8_t)random_below(VM_ADDRESSES);
}

static void
write_vms(struct buf *out, const struct truth *t)
{
	buf_char(out, '[');
	for (unsigned i = 0; i < t->n_vms; i++) {
		const struct place *p = &t->vms[i];

		buf_printf(out, "%s{\"uuid\": \"%s\", \"nics\": [], \"ips\": [", i ? ", " : "",
		    vm_uuids[p->vm.uuid]);
		for (unsigned k = 0; k < p->n_addrs; k++)
			buf_printf(out, "%s\"%s\"", k ? ", " : "", addresses[p->addrs[k]]);
		buf_str(out, "], \"tags\": {");
		if (p->vm.a)
			buf_printf(out, "\"a\": %u%s", p->vm.a, p->vm.b ? ", " : "");
		if (p->vm.b)
			buf_str(out, "\"b\": 1");
		buf_char(out, '}');
		if (p->vm.owner)
			buf_printf(out, ", \"owner_uuid\": \"%s\"", owners[p->vm.owner]);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static bool
says(const struct lint_finding *f, const char *words)
{
	return strstr(f->d.text, words) != NULL;
}

/* A rule without packets there is decided for any VMs. */
static void
check_real_rule(const struct truth *real, const struct truth *any, const struct world *w,
    const struct buf *text, unsigned i, unsigned count[4])
{
	const struct rule *r = real->rule[i];
	enum state state = state_of(real, i), want = state == NO_PACKETS ? state_of(any, i) : state;
	const struct lint_finding *f = found(w, r, LINT_redundant);
	bool contradicted = found(w, r, LINT_contradiction);

	count[state]++;
	f = f ? f : found(w, r, LINT_shadowed);
	if (!contradicted || want != SHADOWED)
		expect(real, text, i, "state with an inventory", want == NO_PACKETS ? DECIDES : want,
		    found_state(w, r));
	if (f)
		assert_true(says(f, state == NO_PACKETS ? " on any VMs" : " on the VMs of the inventory"));
	if (contradicted && says(found(w, r, LINT_contradiction), " on any VMs"))
		expect(real, text, i, "contradiction", is_contradicted(any, i), true);
	else
		expect(real, text, i, "contradiction with an inventory", is_contradicted(real, i),
		    contradicted);
	if (state != NO_PACKETS)
		expect(real, text, i, "order with an inventory", is_out_of_order(real, i),
		    found(w, r, LINT_priority_order) != NULL);
	expect(real, text, i, "idle priority", r->priority && found_state(w, r) == DECIDES &&
	    !contradicted && !priority_matters(any, i),
	    found(w, r, LINT_idle_priority) && !contradicted);
}

static void
run_with_vms(struct world *w, const struct buf *text, const struct truth *t)
{
	struct arena scratch = { 0 };
	struct inventory inv;
	struct src src = { .name = slice_of("vms.json") };
	struct buf vms = { 0 };

	write_vms(&vms, t);
	world_init(w, text->p);
	src.text = arena_slice(&w->arena, buf_view(&vms));
	inventory_init(&inv, &w->arena, &w->diags);
	inventory_read(&inv, &src, true, &scratch);
	assert_int_equal(w->diags.errors, 0);
	assert_int_equal(inv.vms.n, t->n_vms);
	world_run(w, &inv);
	arena_free(&scratch);
	buf_free(&vms);
}

static void
test_inventory(void **state)
{
	static struct truth real, any;
	struct buf text = { 0 };
	unsigned count[4] = { 0 };

	(void)state;
	random_start(0x12);
	for (int round = 0; round < 3000; round++) {
		struct world w;
		unsigned n = 1 + random_below(3);

		alike = round & 1;
		plain = false;
		write_world(&text);
		memset(&real, 0, offsetof(struct truth, packet));
		memset(&any, 0, offsetof(struct truth, packet));
		real.real = true;
		for (unsigned i = 1; i <= n; i++)
			add_vm(&real, i);
		make_kinds(&any);
		run_with_vms(&w, &text, &real);
		make_truth(&real, &w);
		make_truth(&any, &w);
		for (unsigned i = 0; i < real.n; i++)
			check_real_rule(&real, &any, &w, &text, i, count);
		world_free(&w);
	}
	buf_free(&text);
	printf("# %u without packets, %u open, %u redundant, %u shadowed\n", count[NO_PACKETS],
	    count[DECIDES], count[REDUNDANT], count[SHADOWED]);
	assert_true(count[REDUNDANT] > 300 && count[SHADOWED] > 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_owned),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_few_steps),
		cmocka_unit_test(test_inventory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
