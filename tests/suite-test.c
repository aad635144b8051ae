/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random expectations of random hosts, against the plain way: every packet of a
 * small world that holds all edges is put to the emitted text, one by one, at every
 * VM that the expectation names.  Which VMs and addresses those are is worked out
 * here once more.
 */
#include "runtime/suite/suite.h"

#include "tests/host-gen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOSTS 120
#define TESTS 12

/* --- random expectations -------------------------------------------------------------- */

static void
add_target(struct buf *out)
{
	switch (random_below(8)) {
	case 0:
		buf_str(out, "any");
		break;
	case 1:
		buf_str(out, "all vms");
		break;
	case 2:
		buf_printf(out, random_below(2) ? "10.0.0.%u" : "2001:db8::%u", random_below(9));
		break;
	case 3:
		buf_str(out, random_below(2) ? "10.0.0.4/30" : "subnet 2001:db8::4/126");
		break;
	case 4:
		buf_printf(out, "tag t%u", random_below(3));
		break;
	case 5:
		buf_printf(out, "tag \"t%u\" = v%u", random_below(3), random_below(2));
		break;
	default:
		buf_printf(out, "vm 00000000-0000-4000-8000-0000000000%02u",
		    random_below(HOST_VMS + HOST_REMOTE));
	}
}

static void
add_side(struct buf *out)
{
	uint32_t n = 1 + random_below(2);

	if (n == 1) {
		add_target(out);
		return;
	}
	buf_char(out, '(');
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? " or " : "");
		add_target(out);
	}
	buf_char(out, ')');
}

static void
add_test(struct buf *out)
{
	static const char *const protos[] = { "tcp", "udp", "icmp", "icmp6", "esp", "ah" };
	static const uint8_t types[] = { 0, 3, 8, 13, 255 };
	uint32_t proto = random_below(6);

	buf_printf(out, "expect %s %s %s", random_below(2) ? "allow" : "block",
	    random_below(2) ? "in " : "out", protos[proto]);
	if (proto < 2 && random_below(3))
		buf_printf(out, " %u - %u, %u", 1 + random_below(4), 5 + random_below(4),
		    1 + random_below(12));
	else if (proto == 2 && random_below(3))
		buf_printf(out, " 8, type %u code %u", types[random_below(5)], random_below(3));
	else if (proto == 3 && random_below(3))
		buf_printf(out, " type 128, %u code %u", 128 + random_below(4), random_below(3));
	buf_str(out, " from ");
	add_side(out);
	buf_str(out, " to ");
	add_side(out);
	buf_char(out, '\n');
}

/* --- the plain way -------------------------------------------------------------------- */

static bool
named(const struct ast_side *s, const struct vm *vm)
{
	for (uint32_t i = 0; i < s->targets.n; i++) {
		const struct ast_target *t = &s->targets.v[i];
		struct uuid u;

		switch (t->kind) {
		case AST_ANY:
		case AST_ALL_VMS:
			return true;
		case AST_VM:
			if (uuid_read(t->text, &u) && uuid_cmp(u, vm->uuid) == 0)
				return true;
			break;
		case AST_TAG:
			for (uint32_t k = 0; k < vm->n_tags; k++)
				if (slice_eq(vm->tags[k].key, t->text) && (!t->has_value ||
				    slice_eq(vm->tags[k].value, t->value)))
					return true;
			break;
		default:
			for (uint32_t k = 0; k < vm->n_addrs; k++)
				if (prefix_contains(t->prefix, vm->addrs[k]))
					return true;
		}
	}
	return false;
}

/* Is the address on the far side, by itself or as a VM's? */
static bool
on_far_side(const struct inventory *inv, const struct ast_side *s, const struct filter_packet *p)
{
	struct prefix a = { p->remote, 128, p->fam };
	struct ast_side rest = { 0 };
	struct arena arena = { 0 };
	bool there = false;

	for (uint32_t i = 0; i < s->targets.n; i++) {
		const struct ast_target *t = &s->targets.v[i];

		if (t->kind == AST_IP || t->kind == AST_SUBNET)
			there |= prefix_contains(t->prefix, a);
		else if (t->kind == AST_ANY)
			there = true;
		else
			*vec_push(&arena, &rest.targets) = *t;
	}
	for (uint32_t i = 0; i < inv->vms.n && !there; i++)
		for (uint32_t k = 0; k < inv->vms.v[i]->n_addrs && !there; k++)
			there = prefix_cmp(inv->vms.v[i]->addrs[k], a) == 0 &&
			    named(&rest, inv->vms.v[i]);
	arena_free(&arena);
	return there;
}

static bool
speaks_of(const struct ast_rule *r, const struct filter_packet *p)
{
	if (eval_proto(p->proto) != r->proto || (r->proto == LANG_ICMP && p->fam != NET_V4) ||
	    (r->proto == LANG_ICMP6 && p->fam != NET_V6))
		return false;
	for (uint32_t i = 0; i < r->items.n && !r->all; i++) {
		const struct lang_item *it = &r->items.v[i];

		if (lang_has_types(r->proto) ? it->a == p->type &&
		    (it->b == LANG_ANY_CODE || it->b == p->code)
		    : it->a <= p->dport && p->dport <= it->b)
			return true;
	}
	return r->all;
}

struct plain {
	struct suite_host *h;
	const struct ptest *test;
	struct eval_file file[2];
	bool wrong;                     /* some packet at this VM is decided otherwise */
	bool *touched;
};

static void
ask(struct plain *q, const struct filter_packet *p, struct arena *arena)
{
	const struct ast_side *far = &q->test->tree->side[q->test->out ? LANG_TO : LANG_FROM];
	const struct eval_file *f = &q->file[eval_place(p->fam)];
	struct filter_result r;
	uint32_t n;
	const struct rule **rules;

	if (!speaks_of(q->test->tree, p) || !on_far_side(q->h->inv, far, p))
		return;
	filter_eval(&f->file, p, &r, NULL);
	q->wrong |= r.outcome.verdict != (q->test->tree->action == LANG_ALLOW ? FILTER_PASS
	    : FILTER_BLOCK);
	if (!r.line)
		return;
	rules = eval_line_rules(&q->h->eval, f, r.line, arena, &n);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < q->h->eval.n_rules; k++)
			if (q->h->eval.rules[k] == rules[i])
				q->touched[k] = true;
}

/* All packets of the small world at one VM. */
static void
ask_all(struct plain *q, uint32_t vm, struct arena *arena)
{
	unsigned dir = q->test->out ? IPF_OUT : IPF_IN;
	struct slice text[2];

	q->wrong = false;
	assert_true(eval_emit(&q->h->eval, vm, arena, text));
	for (unsigned fam = NET_V4; fam <= NET_V6; fam += 2) {
		assert_true(eval_read(&q->h->eval, arena, fam, text[eval_place(fam)],
		    &q->file[eval_place(fam)]));
		for (uint32_t kind = 0; kind < HOST_KINDS; kind++)
			for (uint32_t addr = 0; addr < HOST_ADDRS; addr++)
				for (uint32_t key = 0; key < HOST_KEYS; key++) {
					struct filter_packet p = host_packet(dir, fam, kind, addr, key);

					/* Codes that rules have, and one that none has. */
					for (unsigned code = 0; code < 4; code++) {
						p.code = (uint8_t)code;
						ask(q, &p, arena);
					}
				}
	}
}

/* --- both ----------------------------------------------------------------------------- */

static void
check_witness(struct plain *q, const struct suite_case *c)
{
	const struct explain *e = c->why;
	const struct ast_side *far = &q->test->tree->side[q->test->out ? LANG_TO : LANG_FROM];
	const struct ast_side *near = &q->test->tree->side[q->test->out ? LANG_FROM : LANG_TO];

	assert_non_null(e);
	assert_true(named(near, e->c.vm));
	assert_true(speaks_of(q->test->tree, &e->c.packet));
	assert_true(on_far_side(q->h->inv, far, &e->c.packet));
	assert_int_equal(e->c.packet.dir, q->test->out ? IPF_OUT : IPF_IN);
	assert_int_not_equal(e->result.outcome.verdict, q->test->tree->action == LANG_ALLOW
	    ? FILTER_PASS : FILTER_BLOCK);
}

static unsigned decided, refused;

static void
check(struct suite_host *h, const struct src *src, const struct ptest *test)
{
	const struct ast_side *near = &test->tree->side[test->out ? LANG_FROM : LANG_TO];
	struct plain q = { .h = h, .test = test };
	struct arena arena = { 0 };
	struct suite_case c;
	uint32_t failed = 0, vms = 0;

	memset(h->touched, 0, h->eval.n_rules);
	/* What was seen to decide for an expectation before counts again. */
	for (uint32_t i = 0; i < h->files.n; i++)
		h->files.v[i] = NULL;
	if (!suite_decide(h, src, test, &c)) {
		refused++;
		return;
	}
	decided++;
	q.touched = arena_zero(&arena, h->eval.n_rules + 1);
	for (uint32_t vm = 0; vm < h->inv->n_local; vm++)
		if (named(near, h->inv->vms.v[vm])) {
			vms++;
			ask_all(&q, vm, &arena);
			failed += q.wrong;
		}
	if (failed != c.n_failed || vms != c.n_vms)
		fail_msg("%.*s: fails at %u of %u VMs, decided was %u of %u", (int)c.text.n, c.text.p,
		    failed, vms, c.n_failed, c.n_vms);
	if (c.n_failed)
		check_witness(&q, &c);
	for (uint32_t i = 0; i < h->eval.n_rules; i++)
		if (q.touched[i] != h->touched[i])
			fail_msg("%.*s: rule %u decides %s packet", (int)c.text.n, c.text.p, i,
			    q.touched[i] ? "a" : "no");
	arena_free(&arena);
}

static void
test_hosts(void **state)
{
	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		struct eval_opts opts = { .level = 1 };
		struct buf text = { 0 };
		struct ptest_file file;
		struct suite_host h;
		struct host host;
		struct src src = { .name = slice_of("x.fwtest") };

		memset(&host, 0, sizeof(host));
		host_rules(&host.rules);
		host_vms(&host.vms, true);
		host_vms(&host.remote, false);
		assert_true(host_read(&host));
		for (int k = 0; k < TESTS; k++)
			add_test(&text);
		src.text = buf_view(&text);
		host.diags.limit = 100000;
		assert_true(ptest_read(&host.arena, &host.diags, &src, &file));
		assert_int_equal(file.tests.n, TESTS);
		suite_host_init(&h, &host.arena, &host.diags, &host.inv, host.in.rules.v,
		    host.in.rules.n, opts);
		for (uint32_t k = 0; k < file.tests.n; k++)
			check(&h, &src, &file.tests.v[k]);
		suite_host_end(&h);
		buf_free(&text);
		host_free(&host);
	}
	printf("# %u expectations decided, %u name nothing\n", decided, refused);
	assert_true(decided > HOSTS * 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
	};

	random_start(12);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
