/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The essentials of ICMPv6 on random hosts, whose rules block what they can: every
 * file is proved, what must pass passes, without state, and nothing else changes.
 */
#include "compiler/compile.h"
#include "compiler/filter/decide.h"
#include "compiler/policy/essentials.h"
#include "runtime/eval/explain.h"

#include "tests/host-gen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOSTS 60

/* Written out once more, from RFC 4890 and not from the rules. */
static bool
is_essential(unsigned type, struct addr from)
{
	bool link_local = from.hi >> 54 == 0xfe80 >> 6;

	switch (type) {
	case 1: case 2: case 3: case 4: case 133: case 135: case 136:
		return true;
	case 130: case 134:
		return link_local;
	default:
		return false;
	}
}

static void
make(struct host *h)
{
	memset(h, 0, sizeof(*h));
	host_rules(&h->rules);
	buf_str(&h->rules, "FROM any TO all vms BLOCK icmp6 TYPE all PRIORITY 100\n");
	buf_str(&h->rules, "FROM (tag t0 OR tag t1) TO any BLOCK icmp6 TYPE all\n");
	buf_str(&h->rules, "FROM any TO all vms ALLOW icmp6 (TYPE 135 AND TYPE 128 CODE 0)\n");
	buf_str(&h->rules, "FROM subnet fe80::/64 TO tag t0 BLOCK icmp6 (TYPE 134 AND TYPE 2 CODE 0)\n");
	host_vms(&h->vms, true);
	host_vms(&h->remote, false);
	assert_true(host_read(h));
}

static bool
keep_nothing(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	(void)vm;
	(void)b;
	(void)text;
	++*(unsigned *)context;
	return true;
}

/* A host with rules like those that are added has no line twice for them. */
static void
once(struct host *h, struct eval_host *with, struct arena *arena, uint32_t vm)
{
	static const char line[] = "pass in quick proto ipv6-icmp from any to any icmp-type 135 ";
	struct slice text[2];
	unsigned n = 0;

	assert_true(eval_emit(with, vm, arena, text));
	for (size_t i = 0; i + sizeof(line) <= text[1].n; i++)
		n += memcmp(text[1].p + i, line, sizeof(line) - 1) == 0;
	if (h->inv.vms.v[vm]->firewall && with->opts.level == 1)
		assert_int_equal(n, 1);
}

static void
prove(struct host *h, struct eval_opts opts)
{
	struct compile_opts o = { .backend = { .level = opts.level, .tags = opts.tags,
		.date = slice_of("today") }, .verify = true, .icmp6 = true };
	uint32_t errors = h->diags.errors;
	unsigned files = 0;

	assert_true(compile_add_emit(&o, slice_of("ipf,ipf6"), NULL));
	compile_host(&h->inv, h->in.rules.v, h->in.rules.n, &o, keep_nothing, &files, NULL);
	for (uint32_t i = errors; i < h->diags.list.n; i++)
		if (h->diags.list.v[i].severity == DIAG_ERROR)
			fail_msg("%s", h->diags.list.v[i].text);
	assert_int_equal(h->diags.errors, errors);
}

/* --- what changes -------------------------------------------------------------------- */

struct change {
	unsigned n;
};

static bool
look(void *arg, const struct filter_difference *d)
{
	struct change *c = arg;

	c->n++;
	assert_int_equal(d->class.dir, IPF_IN);
	assert_int_equal(d->class.proto, IPF_ICMP6);
	assert_false(d->class.other_proto);
	for (unsigned type = d->klo >> 8; type <= d->khi >> 8u; type++) {
		assert_true(is_essential(type, d->lo));
		assert_true(is_essential(type, d->hi));
	}
	assert_int_equal(d->b.outcome.verdict, FILTER_PASS);
	return true;
}

static void
compare(struct eval_host *without, struct eval_host *with, struct arena *arena, uint32_t vm)
{
	struct change c = { 0 };
	struct slice a[2], b[2];
	struct eval_file was, now;

	assert_true(eval_emit(without, vm, arena, a) && eval_emit(with, vm, arena, b));
	/* IPv4's lines may stand in another order. */
	assert_true(eval_read(without, arena, NET_V4, a[0], &was));
	assert_true(eval_read(with, arena, NET_V4, b[0], &now));
	assert_int_equal(filter_compare(&was.file, &now.file, look, &c), FILTER_EQUAL);
	assert_true(eval_read(without, arena, NET_V6, a[1], &was));
	assert_true(eval_read(with, arena, NET_V6, b[1], &now));
	assert_int_not_equal(filter_compare(&was.file, &now.file, look, &c), FILTER_TOO_LARGE);
}

/* --- what must pass ------------------------------------------------------------------ */

static void
ask(struct eval_host *h, struct arena *arena, uint32_t vm)
{
	const struct addr sources[] = { { 0xfe80000000000000, 1 }, { 0xfebfffffffffffff, ~0ull },
		{ 0xfec0000000000000, 0 }, { 0x20010db800000000, 1 }, { 0, 0 } };

	for (size_t s = 0; s < BASE_COUNT(sources); s++)
		for (unsigned type = 0; type < 256; type++) {
			struct filter_packet p = { .dir = IPF_IN, .fam = NET_V6, .proto = IPF_ICMP6,
				.remote = sources[s], .type = (uint8_t)type,
				.code = (uint8_t)random_below(3) };
			struct explain e;

			if (!is_essential(type, sources[s]) && random_below(40))
				continue;
			assert_true(explain_packet(h, arena, vm, &p, false, &e));
			if (!is_essential(type, sources[s]) || !h->inv->vms.v[vm]->firewall)
				continue;
			assert_int_equal(e.result.outcome.verdict, FILTER_PASS);
			assert_false(e.result.outcome.state.on);
			assert_non_null(e.findings.v[0].rule->added);
		}
}

static void
test_hosts(void **state)
{
	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct eval_opts opts = { .level = 1 + random_below(3), .tags = random_below(4) == 0 };
		struct eval_host with, without;
		struct arena arena = { 0 };
		struct host h;

		make(&h);
		prove(&h, opts);
		eval_host_init(&without, &arena, &h.inv, h.in.rules.v, h.in.rules.n, opts);
		opts.icmp6 = true;
		eval_host_init(&with, &arena, &h.inv, h.in.rules.v, h.in.rules.n, opts);
		for (uint32_t vm = 0; vm < h.inv.n_local; vm++) {
			compare(&without, &with, &arena, vm);
			once(&h, &with, &arena, vm);
			if (vm == 0)
				ask(&with, &arena, vm);
		}
		eval_host_end(&with);
		eval_host_end(&without);
		arena_free(&arena);
		host_free(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
	};

	random_start(4890);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
