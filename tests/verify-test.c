/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Emitted files are spoilt in every way of mutate.c.  A walk over all edges says
 * whether a spoilt file is another filter; if so the proof must fail, with a
 * packet on which ipf's evaluator sees the difference, too; if not it must hold.
 *
 * FWRULE_HOSTS: how many hosts; TEST_SEED repeats a run.
 */
#include "build.h"
#include "compiler/filter/filter.h"
#include "compiler/passes/verify.h"
#include "ipf-doc.h"
#include "mutate.h"
#include "random.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TRIES 12                /* lines tried for one mutation of one file */

struct subject {
	struct m_host host;
	struct build build;
	struct built built;
	unsigned level;
	bool tags;
	int vm, fam;
	struct policy meaning;
	struct w_file file, other;
	struct buf text;                /* the file as the walker writes it, mutated or not */
	struct arena arena;
};

struct tally {
	uint32_t different, equal, refused;
};

/* --- the two judges --------------------------------------------------- */

struct pair {
	const struct w_file *a, *b;
};

static bool
agree_on(void *arg, const struct m_packet *p)
{
	const struct pair *pair = arg;
	struct m_outcome x = w_decide(pair->a, p, NULL), y = w_decide(pair->b, p, NULL);

	return m_same(&x, &y);
}

static bool
equal_at_edges(struct arena *arena, const struct w_file *a, const struct w_file *b)
{
	struct pair pair = { a, b };
	bool same = true;

	for (int dir = M_IN; dir <= M_OUT && same; dir++)
		for (int i = 0; i < w_protos && same; i++) {
			struct w_edges e;

			w_edges_init(&e, arena, dir, a->fam, w_proto[i]);
			w_edges_file(&e, a);
			w_edges_file(&e, b);
			w_edges_close(&e);
			same = w_edges_walk(&e, agree_on, &pair);
		}
	return same;
}

static bool
prove(struct subject *s, struct slice text, struct diags *diags)
{
	struct verify v = { .diags = diags, .level = s->level, .tags = s->tags,
		.file = s->fam == 4 ? "ipf.conf" : "ipf6.conf", .fam = s->fam };

	return verify_file(&v, &s->meaning, text);
}

/* --- the counterexample ----------------------------------------------- */

static void
read_addr(const char *text, int fam, struct addr *out)
{
	unsigned char b[16];
	u128 a = 0;

	if (inet_pton(fam == 4 ? AF_INET : AF_INET6, text, b) != 1)
		fail_msg("not an address: %s", text);
	for (int i = 0; i < m_width(fam) / 8; i++)
		a = a << 8 | b[i];
	*out = fam == 4 ? addr_v4((uint32_t)a)
	    : (struct addr){ (uint64_t)(a >> 64), (uint64_t)a };
}

static unsigned
read_flags(const char *letters)
{
	static const char all[] = "FSRPAUEC";
	unsigned flags = 0;

	for (; *letters; letters++)
		flags |= 1u << (strchr(all, *letters) - all);
	return flags;
}

/* "tcp in from 10.0.0.1 to 10.0.0.2 port 80, flags S", as filter_packet_text writes it. */
static struct filter_packet
read_packet(const char *message, int fam)
{
	struct filter_packet p = { .fam = (uint8_t)fam };
	const char *begin = strstr(message, ": packet ");
	const char *end = strstr(message, ": the file says ");
	char text[256], *save = NULL, *word, *next, *side = NULL;

	if (!begin || !end || end - begin >= (long)sizeof(text))
		fail_msg("no packet in: %s", message);
	snprintf(text, sizeof(text), "%.*s", (int)(end - begin - 9), begin + 9);
	p.local = fam == 4 ? addr_v4(0) : (struct addr){ 0, 0 };
	word = strtok_r(text, " ,", &save);
	if (strcmp(word, "protocol") == 0)
		p.proto = (uint8_t)atoi(strtok_r(NULL, " ,", &save));
	else
		p.proto = (uint8_t)ipf_proto_number(slice_of(word));
	while ((word = strtok_r(NULL, " ,", &save)) != NULL) {
		if (strcmp(word, "in") == 0 || strcmp(word, "out") == 0) {
			p.dir = word[0] == 'i' ? IPF_IN : IPF_OUT;
		} else if (strcmp(word, "from") == 0 || strcmp(word, "to") == 0) {
			side = word;
		} else if (strcmp(word, "no") == 0) {
			break;
		} else if (strspn(word, "0123456789abcdef:.") != strlen(word)) {
			next = strtok_r(NULL, " ,", &save);
			if (strcmp(word, "port") == 0)
				p.dport = (uint16_t)atoi(next);
			else if (strcmp(word, "type") == 0)
				p.type = (uint8_t)atoi(next);
			else if (strcmp(word, "code") == 0)
				p.code = (uint8_t)atoi(next);
			else if (strcmp(word, "flags") == 0)
				p.tcp_flags = (uint8_t)read_flags(next);
			else
				fail_msg("what is \"%s\" in: %s", word, message);
		} else {
			bool remote = side && (side[0] == 'f') == (p.dir == IPF_IN);

			read_addr(word, fam, remote ? &p.remote : &p.local);
		}
	}
	return p;
}

static struct filter_outcome
evaluate(struct slice text, const struct filter_packet *p)
{
	struct filter_result r;
	struct doc d;

	doc_read(&d, text, p->fam);
	if (!d.good)
		fail_msg("%s", d.printed.p);
	filter_eval(&d.file, p, &r, NULL);
	doc_free(&d);
	return r.outcome;
}

/* --- one mutant ------------------------------------------------------- */

static void
explain(const struct subject *s, const char *what, const char *mutation)
{
	build_print(&s->build);
	fprintf(stderr, "%s: -O%u%s, after \"%s\":\n%.*s", what, s->level,
	    s->tags ? " with tags" : "", mutation, (int)s->text.n, s->text.p);
}

static const char *
first_error(const struct diags *d)
{
	for (uint32_t i = 0; i < d->list.n; i++)
		if (d->list.v[i].id == DIAG_verify_differs)
			return d->list.v[i].text;
	return NULL;
}

/* A line of a group that has no head, for one, is refused as it is read. */
static bool
loads(struct slice text, int fam)
{
	struct doc d;
	bool good;

	doc_read(&d, text, fam);
	good = d.good;
	doc_free(&d);
	return good;
}

static bool
judge(struct subject *s, const struct mutation *mutation, const struct w_file *mutant,
    struct tally *t)
{
	struct diags diags = { .arena = &s->arena };
	struct w_file back;
	struct filter_packet p;
	struct filter_outcome x, y;
	const char *message;
	bool equal, proved;

	s->text.n = 0;
	w_write(&s->text, mutant);
	if (!w_read(&back, &s->arena, &s->host, s->fam, buf_view(&s->text))) {
		explain(s, "not read back by the walker", mutation->name);
		return false;
	}
	if (!loads(buf_view(&s->text), s->fam)) {
		t->refused++;
		if (!prove(s, buf_view(&s->text), &diags))
			return true;
		explain(s, "proved, but it does not load", mutation->name);
		return false;
	}
	equal = equal_at_edges(&s->arena, &s->file, &back);
	proved = prove(s, buf_view(&s->text), &diags);
	*(equal ? &t->equal : &t->different) += 1;
	if (proved != equal) {
		explain(s, proved ? "not found" : "found, but it is the same", mutation->name);
		for (uint32_t i = 0; i < diags.list.n; i++)
			fprintf(stderr, "%s\n", diags.list.v[i].text);
		return false;
	}
	if (proved)
		return true;
	message = first_error(&diags);
	if (!message) {
		explain(s, "found without a packet", mutation->name);
		return false;
	}
	p = read_packet(message, s->fam);
	x = evaluate(buf_view(&s->built.text[s->vm][s->fam == 6]), &p);
	y = evaluate(buf_view(&s->text), &p);
	if (!filter_outcome_eq(&x, &y))
		return true;
	explain(s, "the packet shows no difference", mutation->name);
	fprintf(stderr, "%s\n", message);
	return false;
}

static bool
mutate(struct subject *s, const struct mutation *mutation, struct tally *t)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct mutant m = { .arena = &s->arena, .file = s->file, .other = &s->other };

		m.file.line.cap = 0;
		m.file.line.n = 0;
		m.file.line.v = NULL;
		for (uint32_t k = 0; k < s->file.line.n; k++)
			*vec_push(&s->arena, &m.file.line) = s->file.line.v[k];
		m.at = random_below(m.file.line.n);
		if (mutation->apply(&m, &m.file.line.v[m.at]))
			return judge(s, mutation, &m.file, t);
	}
	return true;
}

/* --- hosts ------------------------------------------------------------ */

static int
by_uuid(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

/* What the rules mean for the VM, as the compile has it. */
static void
take_meaning(struct subject *s)
{
	uint32_t n = s->build.in.rules.n;
	struct rule **rules = arena_alloc(&s->arena, n * sizeof(*rules));
	struct policy_opts opts = { .tags = s->tags };

	memcpy(rules, s->build.in.rules.v, n * sizeof(*rules));
	if (s->level)
		qsort(rules, n, sizeof(*rules), by_uuid);
	policy_build(policy_host_new(&s->arena, &s->build.inv, rules, n, opts), (uint32_t)s->vm,
	    &s->arena, &s->meaning);
}

static bool
run_file(struct subject *s, struct tally *tally)
{
	const struct buf *text = s->built.text[s->vm];
	int six = s->fam == 6;
	struct tally none = { 0, 0, 0 };
	bool good = true;

	take_meaning(s);
	assert_true(w_read(&s->file, &s->arena, &s->host, s->fam, buf_view(&text[six])));
	assert_true(w_read(&s->other, &s->arena, &s->host, six ? 4 : 6, buf_view(&text[!six])));
	/* As it is, but for comments. */
	good = judge(s, &(struct mutation){ "nothing", NULL, true }, &s->file, &none);
	assert_int_equal(none.different + none.refused, 0);
	for (size_t i = 0; i < mutations && good; i++)
		good = mutate(s, &mutation_table[i], &tally[i]);
	arena_reset(&s->arena);
	return good;
}

static bool
run_host(struct subject *s, enum m_shape shape, struct tally *tally)
{
	bool good = true;

	m_seed = random_state;
	m_host_random(&s->host, shape);
	random_state = m_seed;
	build_host(&s->build, &s->host, NULL, NULL);
	/* Few addresses make no groups. */
	s->level = random_below(shape == M_DENSE ? 4 : 3);
	s->level += shape == M_DENSE && s->level == 1;
	s->tags = random_below(2);
	assert_true(build_compile(&s->build, &s->host, s->level, s->tags, &s->built));
	for (s->vm = 0; s->vm < s->host.n_local && good; s->vm++)
		for (s->fam = 4; s->fam <= 6 && good; s->fam += 2)
			good = !s->host.vm[s->vm].firewall || run_file(s, tally);
	built_free(&s->built);
	build_free(&s->build);
	return good;
}

static uint64_t
hosts_wanted(void)
{
	const char *text = getenv("FWRULE_HOSTS");

	return text ? strtoull(text, NULL, 0) : 60;
}

static bool
all_seen(const struct tally *tally)
{
	for (size_t i = 0; i < mutations; i++)
		if (!mutation_table[i].harmless && tally[i].different + tally[i].refused == 0)
			return false;
	return true;
}

/* More hosts than wanted only until every mutation has made a difference. */
static void
test_mutants(void **state)
{
	struct subject *s = calloc(1, sizeof(*s));
	struct tally *tally = calloc(mutations, sizeof(*tally));

	(void)state;
	for (uint64_t i = 0, n = hosts_wanted(); i < n || (i < 20 * n && !all_seen(tally)); i++) {
		uint64_t seed = random_state;

		if (!run_host(s, i % 4 ? M_TINY : M_DENSE, tally))
			fail_msg("host %llu of shape %d: TEST_SEED=%llu", (unsigned long long)i,
			    i % 4 ? M_TINY : M_DENSE, (unsigned long long)seed);
	}
	for (size_t i = 0; i < mutations; i++) {
		printf("# %5u different, %5u equal, %5u refused: %s\n", tally[i].different,
		    tally[i].equal, tally[i].refused, mutation_table[i].name);
		assert_int_equal(tally[i].different + tally[i].refused == 0,
		    mutation_table[i].harmless);
	}
	arena_free(&s->arena);
	buf_free(&s->text);
	free(tally);
	free(s);
}

/* More than the reader takes. */
static void
test_too_large(struct subject *s)
{
	struct diags diags = { .arena = &s->arena };
	size_t n = IPF_FILE_MAX + 1;
	char *text = malloc(n);

	memset(text, '\n', n);
	assert_false(prove(s, (struct slice){ text, n }, &diags));
	assert_int_equal(diags.list.n, 1);
	assert_string_equal(diags.list.v[0].code, "E0903");
	free(text);
}

/* Text that is no file of the family at all. */
static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"pass in quick proto tcp from 10.0.0.1 to any keep frags\n",
		"pass in quick proto tcp from fd00::1 to any port = 65536\n",
		"pass in quick proto tcp from fd00::1 to any",
		"pass in quick proto ipv6-icmp from fd00::1 to any icmp-type 256\n",
		"pas in all\n",
	};
	struct subject *s = calloc(1, sizeof(*s));

	(void)state;
	m_seed = 1;
	m_host_random(&s->host, M_TINY);
	build_host(&s->build, &s->host, NULL, NULL);
	s->fam = 6;
	take_meaning(s);
	for (size_t i = 0; i < BASE_COUNT(bad); i++) {
		struct diags diags = { .arena = &s->arena };

		assert_false(prove(s, slice_of(bad[i]), &diags));
		assert_int_not_equal(diags.errors, 0);
		/* The text is gone by the time that they are printed. */
		for (uint32_t k = 0; k < diags.list.n; k++)
			assert_null(diags.list.v[k].src);
	}
	test_too_large(s);
	build_free(&s->build);
	arena_free(&s->arena);
	free(s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_refused),
	};

	random_start(0x7e57);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
