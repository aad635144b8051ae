/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Explanations on random hosts.  Each is already held against the rules' own
 * meaning (explain_packet fails otherwise); here its reasons are put to the test:
 * what it names as the obstacle is taken away, and rules that it says do not decide
 * are left out.
 */
#include "runtime/eval/explain.h"

#include "tests/host-gen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOSTS 150
#define PACKETS 60

static void
make(struct host *h)
{
	memset(h, 0, sizeof(*h));
	host_rules(&h->rules);
	host_vms(&h->vms, true);
	host_vms(&h->remote, false);
	assert_true(host_read(h));
	assert_int_equal(h->in.rules.n, HOST_RULES);
}

static bool
ask(struct host *h, struct arena *arena, struct rule *const *rules, uint32_t n,
    struct eval_opts opts, uint32_t vm, const struct filter_packet *p, struct explain *e)
{
	struct eval_host host;
	bool done;

	eval_host_init(&host, arena, &h->inv, rules, n, opts);
	done = explain_packet(&host, arena, vm, p, false, e);
	eval_host_end(&host);
	return done;
}

static const struct explain_finding *
finding_of(const struct explain *e, const struct rule *r)
{
	for (uint32_t i = 0; i < e->findings.n; i++)
		if (e->findings.v[i].rule == r)
			return &e->findings.v[i];
	return NULL;
}

/* Without a rule that does not decide, nothing changes. */
static void
check_left_out(struct host *h, struct arena *arena, struct eval_opts opts, uint32_t vm,
    const struct explain *e, uint32_t number)
{
	const struct explain_finding *f = finding_of(e, h->in.rules.v[number]);
	struct rule *rules[HOST_RULES];
	struct explain without;
	uint32_t n = 0;

	if (f && (f->standing == EVAL_DECIDES || f->standing == EVAL_AGREES))
		return;
	/* A rule that blocks out makes others keep state, and at -O0 that may undo them. */
	if (opts.level == 0 && h->in.rules.v[number]->action == LANG_BLOCK)
		return;
	for (uint32_t i = 0; i < HOST_RULES; i++)
		if (i != number)
			rules[n++] = h->in.rules.v[i];
	assert_true(ask(h, arena, rules, n, opts, vm, &e->c.packet, &without));
	assert_int_equal(without.result.outcome.verdict, e->result.outcome.verdict);
	assert_int_equal(without.by, e->by);
}

/* A rule that has one obstacle matches when that is gone. */
static void
check_obstacle(struct host *h, struct arena *arena, struct eval_opts opts, uint32_t vm,
    const struct explain *e, const struct explain_finding *f)
{
	struct rule *r = (struct rule *)(uintptr_t)f->rule, rule = *r;
	struct vm *v = h->inv.vms.v[vm], own = *v;
	const struct explain_finding *after;
	struct explain without;

	switch (f->reasons) {
	case EVAL_DISABLED:
		r->enabled = RULE_TRUE;
		break;
	case EVAL_OWNER:
		r->has_owner = false;
		break;
	case EVAL_DEFAULT:
		r->priority = 1;
		break;
	case EVAL_FIREWALL_OFF:
		v->firewall = true;
		break;
	case EVAL_NOT_NAMED:
	case EVAL_OTHER_DIRECTION:
		r->side[e->c.packet.dir == IPF_OUT ? LANG_FROM : LANG_TO].vmall = true;
		r->side[e->c.packet.dir == IPF_OUT ? LANG_TO : LANG_FROM].any = true;
		break;
	case EVAL_REMOTE:
	case EVAL_REMOTE_OWNER:
	case EVAL_HOST_BITS:
		r->side[e->c.packet.dir == IPF_OUT ? LANG_TO : LANG_FROM].any = true;
		break;
	case EVAL_NO_STATE:
		opts.level = 1;
		break;
	default:
		return;
	}
	assert_true(ask(h, arena, h->in.rules.v, h->in.rules.n, opts, vm, &e->c.packet, &without));
	after = finding_of(&without, r);
	assert_non_null(after);
	/* Named for the other direction only, or by another address, it may still repeat the default. */
	if (after->standing == EVAL_WOULD)
		assert_true(after->reasons == EVAL_DEFAULT || after->reasons == EVAL_OWNER ||
		    after->reasons == EVAL_NO_STATE);
	*r = rule;
	*v = own;
}

static unsigned
check_packet(struct host *h, struct eval_opts opts, uint32_t vm, const struct filter_packet *p,
    unsigned *seen)
{
	struct arena arena = { 0 };
	struct explain e;
	unsigned findings;

	assert_true(ask(h, &arena, h->in.rules.v, h->in.rules.n, opts, vm, p, &e));
	for (uint32_t i = 0; i < e.findings.n; i++) {
		const struct explain_finding *f = &e.findings.v[i];

		assert_int_equal(f->standing == EVAL_WOULD, f->reasons != 0);
		*seen |= f->reasons | 1u << (16 + f->standing);
		check_obstacle(h, &arena, opts, vm, &e, f);
	}
	*seen |= 1u << (24 + e.by);
	assert_int_equal(e.by == EXPLAIN_RULE, e.findings.n &&
	    e.findings.v[0].standing == EVAL_DECIDES);
	check_left_out(h, &arena, opts, vm, &e, random_below(HOST_RULES));
	findings = e.findings.n;
	arena_free(&arena);
	return findings;
}

static void
test_hosts(void **state)
{
	const unsigned all = (1u << 11) - 1;
	unsigned seen = 0, findings = 0, packets = 0;

	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct host h;

		make(&h);
		for (int k = 0; k < PACKETS; k++, packets++) {
			struct eval_opts opts = { .level = random_below(4), .tags = random_below(3) == 0 };
			struct filter_packet p = host_random_packet();

			findings += check_packet(&h, opts, random_below(HOST_VMS), &p, &seen);
		}
		host_free(&h);
	}
	printf("# %u packets, %u findings\n", packets, findings);
	/* With the usual seed, every reason, standing and way to decide is met. */
	if (getenv("TEST_SEED"))
		return;
	assert_int_equal(seen & all, all);
	assert_int_equal(seen >> 16 & 15, 15);
	assert_int_equal(seen >> 24 & 15, 15);
}

/* A file that says something else than its rules is found out. */
static void
test_disagreement(void **state)
{
	unsigned found = 0, same = 0;

	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct eval_opts opts = { .level = 1 };
		struct eval_host host;
		struct explain e;
		struct host h;
		struct filter_packet p = host_random_packet();
		struct rule *r;

		make(&h);
		eval_host_init(&host, &h.arena, &h.inv, h.in.rules.v, h.in.rules.n, opts);
		/* What files are made from is settled; the meaning is not. */
		assert_true(explain_packet(&host, &h.arena, 0, &p, false, &e));
		for (int k = 0; k < 50 && e.by != EXPLAIN_RULE; k++) {
			p = host_random_packet();
			assert_true(explain_packet(&host, &h.arena, 0, &p, false, &e));
		}
		if (e.by != EXPLAIN_RULE) {
			eval_host_end(&host);
			host_free(&h);
			continue;
		}
		r = (struct rule *)(uintptr_t)e.findings.v[0].rule;
		r->enabled = RULE_FALSE;
		if (explain_packet(&host, &h.arena, 0, &p, false, &e)) {
			same++;
		} else {
			assert_int_equal(h.diags.list.v[h.diags.list.n - 1].id, DIAG_internal);
			found++;
		}
		eval_host_end(&host);
		host_free(&h);
	}
	printf("# %u found, %u without effect\n", found, same);
	assert_true(found > 5);
}

static void
test_chosen_address(void **state)
{
	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct eval_host host;
		struct filter_packet p = host_random_packet();
		struct explain e;
		struct host h;

		make(&h);
		eval_host_init(&host, &h.arena, &h.inv, h.in.rules.v, h.in.rules.n,
		    (struct eval_opts){ .level = 1 });
		assert_true(explain_packet(&host, &h.arena, 0, &p, true, &e));
		for (uint32_t k = 0; k < e.file.file.lines.n; k++) {
			const struct ipf_line *l = &e.file.file.lines.v[k];
			const struct ipf_addr *a = p.dir == IPF_IN ? &l->src : &l->dst;
			struct prefix own = { e.c.packet.remote, 128, p.fam };

			if (l->dir == p.dir && !a->any && prefix_bits(a->p) > 1)
				assert_false(prefix_contains(a->p, own));
		}
		eval_host_end(&host);
		host_free(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_disagreement),
		cmocka_unit_test(test_chosen_address),
	};

	random_start(1117);
	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
