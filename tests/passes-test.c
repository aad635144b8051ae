/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random hosts at every level, with tags and without: --verify proves each file;
 * a walk over all edges holds each against a slow oracle of what the rules mean
 * (model.c), by a reader and an evaluator of the test's own (walker.c); what a
 * comment says of its lines is true; at -O2 every line decides something; the order
 * of the input does not matter; and no level makes more lines than the one before, but
 * for groups.
 *
 * The same with limits so low that they are met, which the dumps must say.
 *
 * FWRULE_HOSTS: how many hosts; TEST_SEED repeats a run, or begins with the host
 * that failed.
 */
#include "build.h"
#include "random.h"
#include "walker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LEVELS 4
#define FALLBACKS 6                             /* lines that every file ends with */
#define FLAT_LEVELS 3                           /* groups may take more lines */

struct run {
	struct m_host host;
	struct build build;
	struct built built[LEVELS];
	struct w_file file[LEVELS];
	struct m_meaning meaning[2];            /* of -O0, and of the others */
	struct arena arena;
	bool tags;
	const struct passes_limits *limits;     /* NULL: the usual ones */
	uint32_t limited;                       /* notes that one was met */
	bool *decides;                          /* of each line at -O2: some packet */
	uint64_t packets, files;
};

static uint64_t
setting(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : fallback;
}

static void
print_outcome(const char *who, const struct m_outcome *o)
{
	static const char *const verdict[] = { "no match", "pass", "block" };

	fprintf(stderr, "%s: %s%s%s, tag of rule %d%s\n", who, verdict[o->verdict],
	    o->state ? ", state" : "", o->frags ? ", frags" : "", o->tagged ? o->tag : -1,
	    o->cfwlog ? ", cfwlog" : "");
}

static void
print_packet(const struct m_packet *p)
{
	struct buf text = { 0 };

	m_write_addr(&text, p->fam, p->remote);
	fprintf(stderr, "%s proto %d remote %.*s key %d (%d:%d)%s\n",
	    p->dir == M_OUT ? "out" : "in", p->proto, (int)text.n, text.p, p->key, p->key >> 8,
	    p->key & 255, p->opening ? " opening" : "");
	buf_free(&text);
}

/* --- the walk --------------------------------------------------------- */

/* A line decides: a rule that its comment names says the same, or the default does. */
static bool
is_named(const struct w_file *f, const struct w_line *by,
    const struct m_meaning *m, const struct m_line *rule, const struct m_packet *p)
{
	if (!by || by->n_named == 0 || !rule)
		return true;
	for (uint32_t i = 0; i < by->n_named; i++)
		if (m_stands(m, p, rule, f->named.v[by->named + i]))
			return true;
	return false;
}

static bool
try_packet(void *arg, const struct m_packet *p)
{
	struct run *r = arg;

	r->packets++;
	for (unsigned level = 0; level < LEVELS; level++) {
		const struct m_meaning *m = &r->meaning[level > 0];
		const struct m_line *rule;
		const struct w_line *by;
		struct m_outcome want = m_decide(m, p, &rule);
		struct m_outcome got = w_decide(&r->file[level], p, &by);
		bool same = m_same(&want, &got);

		if (by && level == 2)
			r->decides[by - r->file[level].line.v] = true;

		if (same && is_named(&r->file[level], by, m, rule, p))
			continue;
		fprintf(stderr, "-O%u%s: %s\n", level, r->tags ? " with tags" : "",
		    same ? "the comment names none of the rules that decide"
		    : "the verdict is wrong");
		print_packet(p);
		print_outcome("the rules", &want);
		print_outcome("the file", &got);
		return false;
	}
	return true;
}

/* Each line of a rule at -O2 decides some packet; but ipf never matches ah on IPv6. */
static bool
none_is_dead(const struct run *r)
{
	const struct w_file *f = &r->file[2];
	struct buf text = { 0 };

	for (uint32_t i = 0; i < f->line.n; i++) {
		const struct w_line *l = &f->line.v[i];

		if (r->decides[i] || l->n_named == 0 || (f->fam == 6 && l->proto == M_AH))
			continue;
		w_write_line(&text, f, l);
		fprintf(stderr, "-O2%s: no packet gets to %.*s", r->tags ? " with tags" : "",
		    (int)text.n, text.p);
		buf_free(&text);
		return false;
	}
	return true;
}

static bool
walk_file(struct run *r, int vm, int fam)
{
	bool good = true;

	for (unsigned level = 0; level < LEVELS; level++) {
		const struct buf *text = &r->built[level].text[vm][fam == 6];

		if (!w_read(&r->file[level], &r->arena, &r->host, fam, buf_view(text))) {
			fprintf(stderr, "not as the compiler writes:\n%.*s", (int)text->n, text->p);
			return false;
		}
		r->files++;
	}
	r->decides = arena_zero(&r->arena, r->file[2].line.n);
	for (int dir = M_IN; dir <= M_OUT; dir++)
		for (int i = 0; i < w_protos && good; i++) {
			struct w_edges e;

			w_edges_init(&e, &r->arena, dir, fam, w_proto[i]);
			for (int k = 0; k < 2; k++) {
				m_mean(&r->meaning[k], &r->arena, &r->host, vm, k, r->tags, dir,
				    fam, w_proto[i]);
				w_edges_meaning(&e, &r->meaning[k]);
			}
			for (unsigned level = 0; level < LEVELS; level++)
				w_edges_file(&e, &r->file[level]);
			w_edges_close(&e);
			good = w_edges_walk(&e, try_packet, r);
		}
	good = good && (r->limits || none_is_dead(r));
	if (!good)
		for (unsigned level = 0; level < LEVELS; level++)
			fprintf(stderr, "--- -O%u\n%.*s", level,
			    (int)r->built[level].text[vm][fam == 6].n,
			    r->built[level].text[vm][fam == 6].p);
	return good;
}

/* --- lines ------------------------------------------------------------ */

static int
count_lines(const struct w_file *f, int dir, int proto)
{
	int n = 0;

	for (uint32_t i = 0; i < f->line.n; i++)
		n += f->line.v[i].out == (dir == M_OUT) && f->line.v[i].proto == proto;
	return n;
}

/*
 * No level has more lines than the one before; but a line for all ICMP types
 * that keeps state becomes at -O1 one for each type that can, and one more.
 */
static bool
lines_shrink(const struct run *r)
{
	for (int dir = M_IN; dir <= M_OUT; dir++)
		for (int i = 0; i < w_protos; i++) {
			int n[FLAT_LEVELS], more = 0;

			for (unsigned level = 0; level < FLAT_LEVELS; level++)
				n[level] = count_lines(&r->file[level], dir, w_proto[i]);
			for (uint32_t k = 0; k < r->file[0].line.n; k++) {
				const struct w_line *l = &r->file[0].line.v[k];

				if (m_has_types(r->file[0].fam, w_proto[i]) && l->state &&
				    l->pass && l->proto == w_proto[i] && l->keys == W_ALL)
					more += 4;
			}
			if (n[1] <= n[0] + more && n[2] <= n[1])
				continue;
			fprintf(stderr, "%s protocol %d: %d, %d, %d lines\n",
			    dir == M_OUT ? "out" : "in", w_proto[i], n[0], n[1], n[2]);
			return false;
		}
	return true;
}

/* What is said to be the least is no more than there are. */
static bool
bound_holds(const struct run *r)
{
	const struct compile_stats *s = &r->built[2].stats;

	if (s->bound + FALLBACKS * s->files <= s->lines)
		return true;
	fprintf(stderr, "%llu lines in %llu files, and at least %llu are needed\n",
	    (unsigned long long)s->lines, (unsigned long long)s->files,
	    (unsigned long long)s->bound);
	return false;
}

/* --- the order of the input ------------------------------------------- */

static bool
same_text(unsigned level, const struct buf *a, const struct buf *b)
{
	if (slice_eq(buf_view(a), buf_view(b)))
		return true;
	fprintf(stderr, "-O%u: another order of the input makes another file\n%.*s---\n%.*s", level,
	    (int)a->n, a->p, (int)b->n, b->p);
	return false;
}

static bool
order_matters_not(struct run *r)
{
	int rules[BASE_COUNT(r->host.rule)], vms[BASE_COUNT(r->host.vm)];
	struct build other;
	struct built built;
	bool good = true;

	m_shuffle(rules, r->host.n_rules);
	m_shuffle(vms, r->host.n_vms);
	build_host(&other, &r->host, rules, vms);
	other.limits = r->limits;
	for (unsigned level = 1; level < LEVELS && good; level++) {
		good = build_compile(&other, &r->host, level, r->tags, &built);
		for (int i = 0; i < r->host.n_vms && good; i++)
			for (int k = 0; k < 2 && good; k++)
				good = same_text(level, &r->built[level].text[i][k],
				    &built.text[i][k]);
		/* VMs come in the order of their UUIDs, so dumps are the same, too. */
		good = good && same_text(level, &r->built[level].dump, &built.dump);
		built_free(&built);
	}
	build_free(&other);
	return good;
}

/* --- hosts ------------------------------------------------------------ */

static uint32_t
count_notes(const struct buf *dump)
{
	static const char note[] = "\n  limit: ";
	const char *at = dump->p, *end = at + dump->n;
	uint32_t n = 0;

	while (at && (at = memmem(at, (size_t)(end - at), note, strlen(note))) != NULL) {
		at += strlen(note);
		n++;
	}
	return n;
}

static bool
run_tags(struct run *r)
{
	bool good = true;

	for (unsigned level = 0; level < LEVELS; level++) {
		if (build_compile(&r->build, &r->host, level, r->tags, &r->built[level]))
			continue;
		fprintf(stderr, "-O%u: no proof\n", level);
		good = false;
	}
	for (int vm = 0; vm < r->host.n_local && good; vm++)
		for (int fam = 4; fam <= 6 && good; fam += 2) {
			if (!r->host.vm[vm].firewall)
				continue;
			good = walk_file(r, vm, fam) && lines_shrink(r);
			arena_reset(&r->arena);
		}
	good = good && order_matters_not(r) && (r->tags || bound_holds(r));
	for (unsigned level = 0; level < LEVELS; level++) {
		r->limited += count_notes(&r->built[level].dump);
		built_free(&r->built[level]);
	}
	return good;
}

/* r->host, with tags and without. */
static bool
run_host(struct run *r)
{
	bool good = true;

	build_host(&r->build, &r->host, NULL, NULL);
	r->build.limits = r->limits;
	for (int tags = 0; tags < 2 && good; tags++) {
		r->tags = tags;
		good = run_tags(r);
	}
	if (!good)
		build_print(&r->build);
	build_free(&r->build);
	return good;
}

static void
run_hosts(enum m_shape shape, uint64_t hosts)
{
	struct run *r = calloc(1, sizeof(*r));

	m_seed = random_state;
	for (uint64_t i = 0; i < hosts; i++) {
		uint64_t seed = m_seed;

		m_host_random(&r->host, shape);
		if (!run_host(r))
			fail_msg("host %llu: TEST_SEED=%llu", (unsigned long long)i,
			    (unsigned long long)seed);
	}
	printf("# %llu hosts, %llu files, %llu packets\n", (unsigned long long)hosts,
	    (unsigned long long)r->files, (unsigned long long)r->packets);
	arena_free(&r->arena);
	free(r);
}

static void
test_tiny(void **state)
{
	(void)state;
	run_hosts(M_TINY, setting("FWRULE_HOSTS", 100));
}

static void
test_dense(void **state)
{
	(void)state;
	run_hosts(M_DENSE, setting("FWRULE_HOSTS", 100) / 4);
}

static void
test_scattered(void **state)
{
	(void)state;
	run_hosts(M_SCATTERED, setting("FWRULE_HOSTS", 100) / 40);
}

/* Past its limits a pass does less, and what it leaves is right and the same every time. */
static void
test_limits(void **state)
{
	const struct passes_limits none = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
		UINT32_MAX, UINT32_MAX, UINT32_MAX };
	struct passes_limits low[] = { none, none, none, none, none, { 0 } };

	(void)state;
	low[0].active = 3;
	low[1].ranges = 2;
	low[1].ranges_each = 0;
	low[2].layered = 2;
	low[3].dead = 1;
	low[3].dead_each = 0;
	low[4].grouped = 24;
	for (size_t i = 0; i < BASE_COUNT(low); i++) {
		struct run *r = calloc(1, sizeof(*r));

		m_seed = random_state;
		for (uint64_t k = 0; k < 1 + setting("FWRULE_HOSTS", 100) / 25; k++) {
			uint64_t seed = m_seed;

			m_host_random(&r->host, M_DENSE);
			r->limits = &low[i];
			if (!run_host(r))
				fail_msg("limits %zu: TEST_SEED=%llu", i,
				    (unsigned long long)seed);
		}
		printf("# limits %zu: met %u times\n", i, r->limited);
		assert_true(r->limited > 0);
		arena_free(&r->arena);
		free(r);
	}
}

/*
 * Many addresses and few types that can have state: a layer without types below
 * those of single types would be shortest, but it would keep state for all types.
 */
static void
test_layer_of_types(void **state)
{
	static const struct m_item types[] = { { 8, -1 }, { 13, -1 }, { 15, -1 }, { 17, -1 } };
	struct run *r = calloc(1, sizeof(*r));
	struct m_host *h = &r->host;
	struct m_rule *block = &h->rule[0], *allow = &h->rule[1];

	(void)state;
	m_seed = random_state;
	m_host_random(h, M_SCATTERED);
	h->n_rules = h->n_vms = 2;
	h->n_local = 1;
	h->vm[0].local = h->vm[0].firewall = true;
	h->vm[1].local = false;
	h->vm[1].n_addrs = BASE_COUNT(h->vm[1].addr);
	for (int i = 0; i < h->vm[1].n_addrs; i++)
		h->vm[1].addr[i] = (struct m_prefix){
			0x0a000000 + (u128)(i * 40503 % 0x100000), 4, 32 };
	block->enabled = allow->enabled = allow->allow = true;
	block->allow = block->all = allow->all = false;
	block->owner = allow->owner = M_NOBODY;
	block->proto = allow->proto = M_ICMP;
	block->priority = allow->priority = 0;
	block->n_items = 1;
	block->item[0] = (struct m_item){ 3, -1 };
	allow->n_items = BASE_COUNT(types);
	memcpy(allow->item, types, sizeof(types));
	block->from = allow->to = (struct m_side){ 1, { { .kind = M_VM, .vm = 0 } } };
	block->to = (struct m_side){ 1, { { .kind = M_ANY } } };
	allow->from = (struct m_side){ 1, { { .kind = M_VM, .vm = 1 } } };
	assert_true(run_host(r));
	arena_free(&r->arena);
	free(r);
}

/* --- the check of the IR ------------------------------------------------- */

static void
test_check(void **unused)
{
	struct prefix host = { addr_v4(0x0a000001), 128, NET_V4 };
	struct prefix bits = { addr_v4(0x0a000001), 120, NET_V4 };
	struct prefix twice[] = { host, host };
	struct prefix within[] = { { addr_v4(0x0a000000), 120, NET_V4 }, host };
	struct prefix both[] = { host, { { 0, 1 }, 128, NET_V6 } };
	struct prefix turned[] = { both[1], both[0] };
	struct lang_item ports[] = { { 80, 90, true }, { 90, 90, false } };
	struct lang_item types[] = { { 8, LANG_ANY_CODE, false }, { 8, 0, false } };
	struct lang_item stateless[] = { { 3, LANG_ANY_CODE, false } };
	struct rule rule = { .proto = LANG_TCP };
	struct policy_entry tcp = { .rule = &rule, .proto = LANG_TCP, .all_items = true,
		.n_addrs = 2, .addrs = both };
	struct policy_entry icmp = { .rule = &rule, .proto = LANG_ICMP, .all_items = true,
		.n_addrs = 1, .addrs = &host };
	struct policy_entry bad[] = { tcp, tcp, tcp, tcp, tcp, tcp, icmp, icmp, icmp,
		tcp };
	struct policy_entry state[] = { icmp, icmp, tcp };
	struct policy p = { .entries = { &tcp, 1, 1 } };

	(void)unused;
	assert_null(policy_check(&p, true));
	p.entries.v = &icmp;
	assert_null(policy_check(&p, true));
	bad[0].any = true;
	bad[1].addrs = twice;
	bad[2].addrs = within;
	bad[3].addrs = turned;
	bad[4].all_items = false;
	bad[5].items = ports;
	bad[6].addrs = &bits;
	bad[7].addrs = &both[1];
	bad[8].items = types;
	bad[9].rule = NULL;
	bad[5].n_items = bad[8].n_items = 2;
	bad[5].all_items = bad[8].all_items = false;
	for (size_t i = 0; i < BASE_COUNT(bad); i++) {
		p.entries.v = &bad[i];
		assert_non_null(policy_check(&p, false));
	}
	/* State, once it is in its place. */
	for (size_t i = 0; i < BASE_COUNT(state); i++)
		state[i].keep_state = true;
	state[1].all_items = false;
	state[1].items = stateless;
	state[1].n_items = 1;
	state[2].action = LANG_BLOCK;
	for (size_t i = 0; i < BASE_COUNT(state); i++) {
		p.entries.v = &state[i];
		assert_null(policy_check(&p, false));
		assert_non_null(policy_check(&p, true));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiny),
		cmocka_unit_test(test_dense),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_layer_of_types),
		cmocka_unit_test(test_check),
	};

	random_start(0x2c1b);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
