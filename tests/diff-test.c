/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Changes between random hosts against packets one by one: at every edge a packet
 * is in exactly one change, of the right kind, if its verdict or state differs, and
 * else in none.
 */
#include "runtime/eval/diff.h"
#include "runtime/eval/explain.h"

#include "tests/host-gen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOSTS 60

/* The same host after somebody worked on it. */
static void
make_pair(struct host h[2])
{
	memset(h, 0, 2 * sizeof(*h));
	host_rules(&h[0].rules);
	host_vms(&h[0].vms, true);
	host_vms(&h[0].remote, false);
	for (uint32_t i = 0; i < HOST_RULES; i++)
		if (random_below(4) == 0)
			host_rule(&h[1].rules, i);
	if (h[1].rules.n == 0 || random_below(3))
		/* Some of the old rules: the first lines up to a rule's end. */
		for (uint32_t i = 0; i < HOST_RULES; i++) {
			char uuid[64];
			const char *at, *end;
			struct slice old = buf_view(&h[0].rules);

			snprintf(uuid, sizeof(uuid), "@uuid 00000000-0000-4000-9000-0000000000%02u\n", i);
			if ((h[1].rules.n && memmem(h[1].rules.p, h[1].rules.n, uuid, strlen(uuid))) ||
			    random_below(5) == 0)
				continue;
			at = memmem(old.p, old.n, uuid, strlen(uuid));
			end = memmem(at + 1, old.n - (size_t)(at + 1 - old.p), "@uuid", 5);
			buf_add(&h[1].rules, at, end ? (size_t)(end - at) : old.n - (size_t)(at - old.p));
		}
	if (random_below(3))
		buf_slice(&h[1].vms, buf_view(&h[0].vms));
	else
		host_vms(&h[1].vms, true);
	if (random_below(3))
		buf_slice(&h[1].remote, buf_view(&h[0].remote));
	else
		host_vms(&h[1].remote, false);
	assert_true(host_read(&h[0]));
	assert_true(host_read(&h[1]));
}

static bool
holds(const struct diff_change *c, const struct filter_packet *p)
{
	uint16_t key = filter_has_ports(p->proto) ? p->dport
	    : filter_has_types(p->fam, p->proto) ? (uint16_t)(p->type << 8 | p->code) : 0;
	bool opening = (p->tcp_flags & (IPF_TH_SYN | IPF_TH_ACK)) == IPF_TH_SYN;
	/* The rule language has neither protocol 47 nor icmp in the other family. */
	bool other = p->proto == 47 || (p->proto == IPF_ICMP && p->fam == NET_V6) ||
	    (p->proto == IPF_ICMP6 && p->fam == NET_V4);

	if (c->dir != p->dir || c->other_proto != other || (!other && c->proto != p->proto))
		return false;
	if ((c->packets == DIFF_OPENING && !opening) || (c->packets == DIFF_NOT_OPENING && opening))
		return false;
	return pset_has(&c->addrs[eval_place(p->fam)], p->remote) && portset_has(&c->keys, key);
}

static enum diff_kind
kind_of(const struct filter_outcome *was, const struct filter_outcome *now)
{
	return was->verdict == now->verdict ? DIFF_STATE
	    : now->verdict == FILTER_PASS ? DIFF_ALLOWED
	    : now->verdict == FILTER_BLOCK ? DIFF_BLOCKED : DIFF_UNDECIDED;
}

static void
check_side(const struct diff_change *c, const struct diff_side *s, const struct explain *e)
{
	static const uint8_t by[] = {
		[EXPLAIN_RULE] = DIFF_RULES, [EXPLAIN_DEFAULT] = DIFF_DEFAULT,
		[EXPLAIN_NO_LINE] = DIFF_NO_LINE, [EXPLAIN_FIREWALL_OFF] = DIFF_FIREWALL_OFF,
	};

	assert_int_equal(s->verdict, e->result.outcome.verdict);
	assert_int_equal(s->by, by[e->by]);
	if (c->kind == DIFF_STATE)
		assert_int_equal(s->state, e->result.outcome.state.on);
	if (s->by != DIFF_RULES)
		return;
	/* The first to decide is among those that the change names. */
	for (uint32_t i = 0; i < s->n_rules; i++)
		if (s->rules[i].rule == e->findings.v[0].rule)
			return;
	fail_msg("a change does not name the rule that decides");
}

struct pair {
	struct host h[2];
	struct eval_host eval[2];
	struct diff_changes changes;
	struct arena arena;
	struct eval_file file[2][2];    /* side, family */
	uint32_t vm;
};

static void
pair_free(struct pair *t)
{
	arena_free(&t->arena);
	for (int i = 0; i < 2; i++) {
		eval_host_end(&t->eval[i]);
		host_free(&t->h[i]);
	}
}

static bool
check_packet(struct pair *t, const struct filter_packet *p)
{
	const struct diff_change *found = NULL;
	struct filter_result r[2];
	bool differs;

	for (int i = 0; i < 2; i++)
		filter_eval(&t->file[i][eval_place(p->fam)].file, p, &r[i], NULL);
	for (uint32_t i = 0; i < t->changes.list.n; i++) {
		if (!holds(&t->changes.list.v[i], p))
			continue;
		assert_null(found);
		found = &t->changes.list.v[i];
	}
	differs = r[0].outcome.verdict != r[1].outcome.verdict ||
	    r[0].outcome.state.on != r[1].outcome.state.on;
	assert_int_equal(found != NULL, differs);
	if (!differs)
		return false;
	assert_int_equal(found->kind, kind_of(&r[0].outcome, &r[1].outcome));
	if (random_below(50) == 0)
		for (int i = 0; i < 2; i++) {
			struct arena arena = { 0 };
			struct explain e;

			assert_true(explain_packet(&t->eval[i], &arena, t->vm, p, false, &e));
			check_side(found, i ? &found->now : &found->was, &e);
			arena_free(&arena);
		}
	return true;
}

static unsigned
check_vm(struct pair *t)
{
	unsigned differ = 0;

	assert_true(diff_vm(&t->arena, &t->eval[0], t->vm, &t->eval[1], t->vm, &t->changes));
	for (int i = 0; i < 2; i++) {
		struct slice text[2];

		assert_true(eval_emit(&t->eval[i], t->vm, &t->arena, text));
		for (int f = 0; f < 2; f++)
			assert_true(eval_read(&t->eval[i], &t->arena, f ? NET_V6 : NET_V4, text[f],
			    &t->file[i][f]));
	}
	for (uint32_t n = 0; n < 4 * HOST_KINDS * HOST_ADDRS * HOST_KEYS; n++) {
		uint32_t key = n % HOST_KEYS, rest = n / HOST_KEYS;
		struct filter_packet p = host_packet(rest & 1, rest & 2 ? NET_V6 : NET_V4,
		    rest / 4 % HOST_KINDS, rest / 4 / HOST_KINDS, key);

		differ += check_packet(t, &p);
	}
	return differ;
}

static void
test_packets(void **state)
{
	unsigned differ = 0, changes = 0;

	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct eval_opts opts = { .level = random_below(2), .tags = random_below(4) == 0 };
		struct pair t = { 0 };

		make_pair(t.h);
		for (int k = 0; k < 2; k++)
			eval_host_init(&t.eval[k], &t.h[k].arena, &t.h[k].inv, t.h[k].in.rules.v,
			    t.h[k].in.rules.n, opts);
		for (t.vm = 0; t.vm < HOST_VMS; t.vm++) {
			differ += check_vm(&t);
			changes += t.changes.list.n;
			arena_reset(&t.arena);
		}
		pair_free(&t);
	}
	printf("# %u packets differ, in %u changes\n", differ, changes);
	assert_true(differ > 10000 && changes > 100);
}

/* VMs are told together if and only if their changes are equal, and all are told. */
static void
test_groups(void **state)
{
	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct pair t = { 0 };
		struct diff d;
		uint32_t told = 0;

		make_pair(t.h);
		for (int k = 0; k < 2; k++)
			eval_host_init(&t.eval[k], &t.h[k].arena, &t.h[k].inv, t.h[k].in.rules.v,
			    t.h[k].in.rules.n, (struct eval_opts){ .level = 1 });
		assert_true(diff_hosts(&t.arena, &t.eval[0], &t.eval[1], DIFF_JSON, &d));
		for (t.vm = 0; t.vm < HOST_VMS; t.vm++) {
			struct uuid u = t.h[0].inv.vms.v[t.vm]->uuid;
			struct buf own = { 0 };
			uint32_t met = 0;

			assert_true(diff_vm(&t.arena, &t.eval[0], t.vm, &t.eval[1], t.vm, &t.changes));
			diff_write_json(&own, t.changes.list.v, t.changes.list.n);
			for (uint32_t g = 0; g < d.groups.n; g++)
				for (uint32_t v = 0; v < d.groups.v[g].vms.n; v++)
					if (uuid_cmp(d.groups.v[g].vms.v[v], u) == 0) {
						met++;
						assert_true(slice_eq(d.groups.v[g].body, buf_view(&own)));
					}
			assert_int_equal(met, t.changes.list.n != 0);
			told += met;
			buf_free(&own);
		}
		for (uint32_t g = 0; g < d.groups.n; g++) {
			told -= d.groups.v[g].vms.n;
			for (uint32_t k = 0; k < g; k++)
				assert_false(slice_eq(d.groups.v[g].body, d.groups.v[k].body));
		}
		assert_int_equal(told, 0);
		pair_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_groups),
	};

	random_start(2024);
	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
