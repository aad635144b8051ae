/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Searching rules: the generator of rules and questions, and our side of the
 * measurement (query.sh runs it beside PostgreSQL).
 *
 *   query-bench gen N SEED             N rules as JSON lines
 *   query-bench ask N SEED K           K questions of most kinds over the same rules
 *   query-bench run RULES QUESTIONS FILE   reads, builds, saves to FILE, opens, answers
 *
 * The skew: one owner in fifty rules, owners by Zipf; tags by Zipf from 2,000 keys,
 * half with one of a key's 40 values; a VM for every five rules; 55 % of address
 * targets single addresses, the rest subnets mostly /24 but down to /8; half of all
 * IPv4 in the private networks, the rest by Zipf in 20,000 public /16; a fifth
 * IPv6, nested the same way below fd00::/8 and 2001:db8::/32.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "compiler/input/input.h"
#include "runtime/index/query.h"
#include "tests/random.h"

/* --- the generator ------------------------------------------------------------- */

/* 0 .. n - 1, small ones often: the inverse of a continuous Zipf of exponent 1. */
static uint32_t
zipf(uint32_t n)
{
	uint32_t x = (uint32_t)pow(n + 1.0, (double)(random_u64() >> 11) / 9007199254740992.0);

	return x - 1 < n ? x - 1 : n - 1;
}

static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void
put_uuid(FILE *f, unsigned kind, uint64_t n)
{
	uint64_t a = mix(n * 0x9e3779b97f4a7c15 + kind), b = mix(a + n);

	fprintf(f, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
	    (unsigned)a & 0xfff, (unsigned)(b >> 48) & 0xfff,
	    (unsigned long long)(b & 0xffffffffffff));
}

static uint32_t
v4_address(void)
{
	uint32_t r = (uint32_t)random_u64(), kind = random_below(20);

	if (kind < 6)
		return 10u << 24 | zipf(256) << 16 | zipf(256) << 8 | (r & 255);
	if (kind < 8)
		return 172u << 24 | (16 + zipf(16)) << 16 | (r & 0xffff);
	if (kind < 10)
		return 192u << 24 | 168u << 16 | zipf(256) << 8 | (r & 255);
	return ((uint32_t)mix(zipf(20000)) % 0xdf00 + 0x100) << 16 | (r & 0xffff);
}

/* Lengths of subnets, in thousandths. */
static unsigned
v4_length(void)
{
	static const struct { uint16_t until; uint8_t len; } table[] = { { 1, 8 }, { 3, 12 },
		{ 40, 16 }, { 80, 18 }, { 150, 20 }, { 250, 22 }, { 330, 23 }, { 800, 24 },
		{ 850, 25 }, { 900, 26 }, { 930, 27 }, { 960, 28 }, { 980, 29 }, { 1000, 30 } };
	uint32_t r = random_below(1000);
	unsigned i = 0;

	while (r >= table[i].until)
		i++;
	return table[i].len;
}

static void
put_v4(FILE *f, bool subnet)
{
	uint32_t a = v4_address(), len = subnet ? v4_length() : 32;

	a &= UINT32_MAX << (32 - len);
	if (subnet)
		fprintf(f, "subnet ");
	else
		fprintf(f, "ip ");
	fprintf(f, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	if (subnet)
		fprintf(f, "/%u", len);
}

static void
put_v6(FILE *f, bool subnet)
{
	static const uint8_t lengths[] = { 32, 40, 48, 48, 48, 56, 56, 64, 64, 64, 64, 64 };
	unsigned g[8], len = subnet ? lengths[random_below(sizeof(lengths))] : 128;

	g[0] = random_below(2) ? 0xfd00 : 0x2001;
	g[1] = g[0] == 0xfd00 ? zipf(200) + 1 : 0xdb8;
	g[2] = zipf(3000) + 1;
	g[3] = zipf(256) + 1;
	for (int i = 4; i < 8; i++)
		g[i] = i < 6 ? 0 : 1 + random_below(65535);
	for (unsigned i = 0; i < 8; i++)
		if (len <= i * 16)
			g[i] = 0;
		else if (len < i * 16 + 16)
			g[i] &= 0xffffu << (i * 16 + 16 - len) & 0xffff;
	fprintf(f, subnet ? "subnet " : "ip ");
	for (unsigned i = 0; i < len / 16 + (len % 16 > 0); i++)
		fprintf(f, i ? ":%x" : "%x", g[i]);
	fprintf(f, len <= 112 ? "::" : "");
	if (subnet)
		fprintf(f, "/%u", len);
}

static void
put_address(FILE *f)
{
	bool subnet = random_below(100) >= 55;

	if (random_below(5))
		put_v4(f, subnet);
	else
		put_v6(f, subnet);
}

static void
put_tag(FILE *f)
{
	uint32_t key = zipf(2000);

	fprintf(f, "tag \\\"k%u\\\"", key);
	if (random_below(2))
		fprintf(f, " = \\\"v%u\\\"", zipf(40));
}

static void
put_targets(FILE *f, bool vms, uint32_t n)
{
	uint32_t many = 1 + (random_below(4) == 0) + (random_below(20) == 0) * random_below(4);

	fprintf(f, many > 1 ? "(" : "");
	for (uint32_t i = 0; i < many; i++) {
		fprintf(f, i ? " OR " : "");
		if (!vms) {
			put_address(f);
		} else if (random_below(3)) {
			put_tag(f);
		} else {
			fprintf(f, "vm ");
			put_uuid(f, 3, zipf(n / 5 + 1));
		}
	}
	fprintf(f, many > 1 ? ")" : "");
}

static void
put_rule(FILE *f, uint32_t i, uint32_t n)
{
	bool from = random_below(5) > 0;
	uint32_t r = random_below(100);

	fprintf(f, "{\"uuid\":\"");
	put_uuid(f, 1, i);
	if (random_below(1000) < 2) {
		fprintf(f, "\",\"global\":true");
	} else {
		fprintf(f, "\",\"owner_uuid\":\"");
		put_uuid(f, 2, zipf(n / 50 + 1));
		fprintf(f, "\"");
	}
	fprintf(f, ",\"version\":\"%llu.%06u\",\"enabled\":%s,\"log\":%s,\"rule\":\"FROM ",
	    1700000000000ull + random_below(1u << 31), random_below(99999),
	    random_below(10) ? "true" : "false", random_below(50) ? "false" : "true");
	if (from && random_below(10) == 0)
		fprintf(f, "any");
	else
		put_targets(f, !from, n);
	fprintf(f, " TO ");
	if (from && random_below(20) == 0)
		fprintf(f, "all vms");
	else
		put_targets(f, from, n);
	fprintf(f, random_below(10) < 7 ? " ALLOW " : " BLOCK ");
	if (r < 70)
		fprintf(f, "tcp PORT %u", random_below(3) ? zipf(1000) + 1 : random_below(65535) + 1);
	else if (r < 95)
		fprintf(f, "udp (PORT %u AND PORT %u)", zipf(1000) + 1, zipf(60000) + 1);
	else
		fprintf(f, "tcp PORTS 1000 - %u", 1001 + random_below(60000));
	fprintf(f, "\"}\n");
}

/* Questions are drawn as the rules are, with other random numbers. */
static void
put_questions(FILE *f, uint32_t n, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++) {
		fprintf(f, "contains ");
		if (random_below(5))
			put_v4(f, false);
		else
			put_v6(f, false);
		fprintf(f, "\noverlaps ");
		if (random_below(5))
			put_v4(f, true);
		else
			put_v6(f, true);
		fprintf(f, "\nowner ");
		put_uuid(f, 2, zipf(n / 50 + 1));
		fprintf(f, "\ntag k%u", zipf(2000));
		fprintf(f, "\nuuid ");
		put_uuid(f, 1, random_below(n));
		fprintf(f, "\n");
	}
}

/* --- our side ------------------------------------------------------------------- */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Of this process, in bytes. */
static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all = 0, here = 0;

	if (!f || fscanf(f, "%lu %lu", &all, &here) != 2)
		here = 0;
	if (f)
		fclose(f);
	return (double)here * 4096;
}

struct question {
	char kind[16];
	struct query q;
	struct uuid uuid;
	bool by_uuid;
};

static bool
read_question(const char *line, struct question *k, struct arena *arena)
{
	char value[128];
	struct slice s;
	struct prefix p;

	memset(k, 0, sizeof(*k));
	query_init(&k->q);
	if (sscanf(line, "%15s ip %127s", k->kind, value) != 2 &&
	    sscanf(line, "%15s subnet %127s", k->kind, value) != 2 &&
	    sscanf(line, "%15s %127s", k->kind, value) != 2)
		return false;
	s = slice_of(arena_printf(arena, "%s", value));
	if (strcmp(k->kind, "uuid") == 0)
		return k->by_uuid = uuid_read(s, &k->uuid);
	if (strcmp(k->kind, "owner") == 0)
		return uuid_read(s, vec_push(arena, &k->q.owners));
	if (strcmp(k->kind, "tag") == 0) {
		*vec_push(arena, &k->q.tags) = (struct query_tag){ s, { 0 }, false };
		return true;
	}
	if (strcmp(k->kind, "contains") == 0)
		k->q.match = QUERY_CONTAINS;
	if (strcmp(k->kind, "overlaps") == 0)
		k->q.match = QUERY_OVERLAPS;
	if (memchr(s.p, '/', s.n)) {
		*vec_push(arena, &k->q.subnets) = p;
		return prefix_read(s, &k->q.subnets.v[0]);
	}
	*vec_push(arena, &k->q.ips) = p;
	return addr_read(s, &k->q.ips.v[0]);
}

static int
double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct times {
	double *v;
	uint32_t n;
};

static void
report(const char *kind, const char *what, struct times *t, double rows)
{
	qsort(t->v, t->n, sizeof(*t->v), double_cmp);
	printf("| %s | %s | %.2f | %.2f | %.0f |\n", kind, what, t->v[t->n / 2],
	    t->v[(size_t)t->n * 99 / 100], rows);
}

enum way { COUNT, NUMBERS, RECORDS, JSON, WAYS };

/* One question in one way; returns its rows. */
static uint32_t
answer(struct index_reader *rd, struct question *k, enum way way, struct query_answer *a,
    struct buf *out, uint64_t *sink)
{
	uint32_t number;

	out->n = 0;
	index_begin(rd);
	if (k->by_uuid) {
		a->found.n = a->total = 0;
		if (index_find(rd, k->uuid, &number)) {
			a->total = 1;
			if (!a->found.cap)
				a->found.v = base_alloc(sizeof(uint32_t) * (a->found.cap = 64));
			a->found.v[a->found.n++] = number;
		}
	} else {
		k->q.count = way == COUNT;
		if (!query_run(rd, &k->q, a))
			abort();
	}
	for (uint32_t i = 0; way == RECORDS && i < a->found.n; i++)
		*sink += index_record(rd, a->found.v[i])->text_n;
	if (way == JSON && !query_write(out, rd, &k->q, a))
		abort();
	index_end(rd);
	return a->total;
}

static void
measure(struct index *ix, struct question *q, uint32_t n, const char *kind)
{
	static const char *const name[] = { "count", "numbers in order", "rules in order",
		"JSON text" };
	struct index_reader *rd = index_reader_new(ix);
	struct query_answer a = { 0 };
	struct times t = { base_alloc(n * sizeof(double)), 0 }, rows = { base_alloc(
	    n * sizeof(double)), 0 };
	struct buf out = { 0 };
	uint64_t sink = 0;

	for (int way = 0; way < WAYS; way++) {
		t.n = rows.n = 0;
		for (int pass = 0; pass < 2; pass++)
			for (uint32_t i = 0; i < n; i++) {
				double start;

				if (strcmp(q[i].kind, kind) != 0)
					continue;
				start = now();
				rows.v[rows.n] = answer(rd, &q[i], way, &a, &out, &sink);
				t.v[t.n] = now() - start;
				/* The first pass warms up. */
				if (pass) {
					t.n++;
					rows.n++;
				}
			}
		if (t.n) {
			qsort(rows.v, rows.n, sizeof(double), double_cmp);
			report(kind, name[way], &t, rows.v[rows.n / 2]);
		}
	}
	if (sink == 1)
		printf("\n");
	free(t.v);
	free(rows.v);
	buf_free(&out);
	query_answer_free(&a);
	index_reader_free(rd);
}

/* Cost of single changes: other rules under the UUIDs of some, back again, and out and in. */
static void
measure_changes(struct index *ix, struct rule *const *rules, uint32_t n)
{
	uint32_t many = n < 20000 ? n : 20000;
	struct times put = { base_alloc(many * sizeof(double)), 0 };
	struct times take = { base_alloc(many * sizeof(double)), 0 };
	struct times replace = { base_alloc(many * sizeof(double)), 0 };

	for (uint32_t i = 0; i < many; i++) {
		struct rule *r = rules[random_below(n)];
		double start = now();

		index_remove(ix, r->uuid);
		take.v[take.n++] = now() - start;
		start = now();
		index_put(ix, r);
		put.v[put.n++] = now() - start;
		start = now();
		index_put(ix, r);
		replace.v[replace.n++] = now() - start;
	}
	report("change", "insert", &put, 1);
	report("change", "replace", &replace, 1);
	report("change", "remove", &take, 1);
	free(put.v);
	free(take.v);
	free(replace.v);
}

static struct question *
read_questions(const char *path, struct arena *arena, uint32_t *n)
{
	FILE *f = fopen(path, "r");
	VEC(struct question) list = { 0 };
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!read_question(line, vec_push(arena, &list), arena)) {
			fprintf(stderr, "bad question: %s", line);
			exit(1);
		}
	if (f)
		fclose(f);
	*n = list.n;
	return list.v;
}

static int
run(const char *rules, const char *questions, const char *file)
{
	static const char *const kinds[] = { "uuid", "exact-ip", "exact-subnet", "owner", "tag",
		"contains", "overlaps" };
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags = { .arena = &scratch };
	struct index_stats st;
	struct input in;
	struct index *ix;
	double t, before, text = 0;
	uint32_t n;
	struct question *q = read_questions(questions, &scratch, &n);

	json_arena_install();
	input_init(&in, &arena, &diags, (struct lang_opts){ 0 });
	t = now();
	input_read(&in, rules);
	t = now() - t;
	if (diags.errors || !in.rules.n)
		return 1;
	for (uint32_t i = 0; i < in.rules.n; i++)
		text += (double)in.rules.v[i]->text.n;
	printf("| read %u JSON lines | %.2f s | %.0f rules/s |\n", in.rules.n, t / 1e6,
	    in.rules.n / t * 1e6);
	before = resident();
	t = now();
	ix = index_build(in.rules.v, in.rules.n);
	t = now() - t;
	index_get_stats(ix, &st);
	printf("| build the index | %.2f s | %.0f rules/s |\n", t / 1e6, in.rules.n / t * 1e6);
	printf("| memory | %.0f bytes a rule (%.0f resident); its sentence %.0f |\n",
	    (double)st.memory / in.rules.n, (resident() - before) / in.rules.n,
	    text / in.rules.n);
	t = now();
	if (!index_save(ix, file, &diags))
		return 1;
	printf("| save | %.2f s |\n", (now() - t) / 1e6);
	t = 1e9;
	for (int i = 0; i < 10; i++) {
		before = now();
		index_free(index_open(file, &diags));
		if (now() - before < t)
			t = now() - before;
	}
	printf("| open, the best of ten | %.3f ms |\n", t / 1e3);
	printf("| question | handed out | median us | p99 us | rows at the median |\n");
	printf("| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < BASE_COUNT(kinds); i++)
		measure(ix, q, n, kinds[i]);
	measure_changes(ix, in.rules.v, in.rules.n);
	index_free(ix);
	input_done(&in);
	arena_free(&arena);
	arena_free(&scratch);
	return 0;
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	if (argc == 5 && strcmp(argv[1], "run") == 0)
		return run(argv[2], argv[3], argv[4]);
	if (argc < 4)
		return 2;
	random_state = strtoull(argv[3], NULL, 10);
	if (strcmp(argv[1], "gen") == 0)
		for (uint32_t i = 0; i < n; i++)
			put_rule(stdout, i, n);
	else if (argc == 5 && strcmp(argv[1], "ask") == 0) {
		random_state = mix(random_state);
		put_questions(stdout, n, (uint32_t)strtoul(argv[4], NULL, 10));
	}
	return 0;
}
