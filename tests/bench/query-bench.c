/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Searching rules: the generator of rules and questions, and our side of the
 * measurement (query.sh runs it beside PostgreSQL).
 *
 *   query-bench gen N SEED             N rules as JSON lines
 *   query-bench ask N SEED K           K questions of most kinds over the same rules
 *   query-bench run QUESTIONS FILE RULES...    reads, builds, saves to FILE, opens, answers
 *   query-bench grow QUESTIONS FILE RULES...   the same as one row of a table
 *   query-bench rpc FWRULE FILE QUESTIONS      the questions to `fwrule rpc`
 *   query-bench floor RULES malloc|arena       libjansson alone
 *
 * The skew: one owner in fifty rules, owners by Zipf; tags by Zipf from 2,000 keys,
 * half with one of a key's 40 values; a VM for every five rules; 55 % of address
 * targets single addresses, the rest subnets mostly /24 but down to /8; half of all
 * IPv4 in the private networks, the rest by Zipf in 20,000 public /16; a fifth
 * IPv6, nested the same way below fd00::/8 and 2001:db8::/32.
 */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

/* Of this process, for what takes seconds: the machine has other work. */
static double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
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
	const char *text;               /* of its value */
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
	k->text = arena_printf(arena, "%s", value);
	s = slice_of(k->text);
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
	double *v, *rows;
	uint32_t n;
};

static void
times_room(struct times *t, uint32_t n)
{
	t->v = base_grow(t->v, (n + 1) * sizeof(double));
	t->rows = base_grow(t->rows, (n + 1) * sizeof(double));
	t->n = 0;
}

#define PASSES 2

static void
times_least(struct times *t, bool first, double v)
{
	if (first || v < t->v[t->n])
		t->v[t->n] = v;
	t->n++;
}

static double
mean(const double *v, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / n : 0;
}

/*
 * A line for query.sh: who, question, layout, what was handed out; microseconds at the
 * median and at p99; questions a second one after the other, and without waiting (0:
 * not measured); rows at the median and on average.
 */
static void
report(const char *who, const char *kind, const char *what, struct times *t, double unwaited)
{
	double each = mean(t->v, t->n), rows = mean(t->rows, t->n);

	if (t->n == 0)
		return;
	qsort(t->v, t->n, sizeof(*t->v), double_cmp);
	qsort(t->rows, t->n, sizeof(*t->rows), double_cmp);
	printf("%s\t%s\t-\t%s\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\n", who, kind, what,
	    t->v[t->n / 2], t->v[(size_t)t->n * 99 / 100], 1e6 / each, unwaited,
	    t->rows[t->n / 2], rows);
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
	for (uint32_t i = 0; way == RECORDS && i < a->found.n; i++) {
		index_prefetch(rd, a->found.v, a->found.n, i);
		*sink += index_record(rd, a->found.v[i])->text_n;
	}
	if (way == JSON && !query_write(out, rd, &k->q, a))
		abort();
	index_end(rd);
	return a->total;
}

/*
 * Of PASSES after one that warms up the least for each question, because the machine
 * has other work.  Kinds that end in "-once" are asked once each, so that no answer is in
 * a cache.
 */
static void
measure_way(struct index_reader *rd, struct question *q, uint32_t n, const char *kind,
    enum way way, struct times *t)
{
	struct query_answer a = { 0 };
	struct buf out = { 0 };
	uint64_t sink = 0;

	int passes = strstr(kind, "-once") ? 1 : PASSES;

	times_room(t, n);
	for (int pass = passes == 1; pass <= passes; pass++) {
		t->n = 0;
		for (uint32_t i = 0; i < n; i++) {
			double start;

			if (strcmp(q[i].kind, kind) != 0)
				continue;
			start = now();
			t->rows[t->n] = answer(rd, &q[i], way, &a, &out, &sink);
			times_least(t, pass <= 1, now() - start);
		}
	}
	if (sink == 1)
		printf("\n");
	buf_free(&out);
	query_answer_free(&a);
}

static const char *const kinds[] = { "uuid", "exact-ip", "exact-ip-once", "exact-subnet", "owner",
	"tag", "contains", "overlaps" };

static void
measure(struct index *ix, struct question *q, uint32_t n)
{
	static const char *const name[] = { "count", "numbers", "records", "rules" };
	struct index_reader *rd = index_reader_new(ix);
	struct times t = { 0 };

	for (size_t i = 0; i < BASE_COUNT(kinds); i++)
		for (int way = 0; way < WAYS; way++) {
			measure_way(rd, q, n, kinds[i], way, &t);
			report("ours", kinds[i], name[way], &t, 0);
		}
	free(t.v);
	free(t.rows);
	index_reader_free(rd);
}

enum { INSERT, REPLACE, REMOVE, CHANGES };

/* Random rules out, in again, and once more in their own place. */
static void
measure_changes(struct index *ix, struct rule *const *rules, uint32_t n,
    struct times t[CHANGES])
{
	uint32_t many = n < 20000 ? n : 20000;

	for (int k = 0; k < CHANGES; k++)
		times_room(&t[k], many);
	for (uint32_t i = 0; i < many; i++) {
		struct rule *r = rules[random_below(n)];
		double at[CHANGES + 1];

		at[0] = now();
		index_remove(ix, r->uuid);
		at[1] = now();
		index_put(ix, r);
		at[2] = now();
		index_put(ix, r);
		at[3] = now();
		t[REMOVE].v[i] = at[1] - at[0];
		t[INSERT].v[i] = at[2] - at[1];
		t[REPLACE].v[i] = at[3] - at[2];
		for (int k = 0; k < CHANGES; k++)
			t[k].rows[t[k].n++] = 1;
	}
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

/* --- from lines to answers ------------------------------------------------------------- */

struct built {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	struct index *ix;
	double read, build, save, open; /* microseconds, the first two of CPU */
	double bytes, resident, text;   /* a rule */
};

static bool
build(struct built *b, const char *file, char **rules, int n)
{
	struct index_stats st;
	double before;

	b->diags.arena = &b->scratch;
	input_init(&b->in, &b->arena, &b->diags, (struct lang_opts){ 0 });
	b->read = cpu_now();
	for (int i = 0; i < n; i++)
		input_read(&b->in, rules[i]);
	b->read = cpu_now() - b->read;
	if (b->diags.errors || !b->in.rules.n)
		return false;
	for (uint32_t i = 0; i < b->in.rules.n; i++)
		b->text += (double)b->in.rules.v[i]->text.n / b->in.rules.n;
	malloc_trim(0);
	before = resident();
	b->build = cpu_now();
	b->ix = index_build(b->in.rules.v, b->in.rules.n);
	b->build = cpu_now() - b->build;
	malloc_trim(0);
	b->resident = (resident() - before) / b->in.rules.n;
	index_get_stats(b->ix, &st);
	b->bytes = (double)st.memory / b->in.rules.n;
	b->save = now();
	if (!index_save(b->ix, file, &b->diags))
		return false;
	b->save = now() - b->save;
	b->open = 1e9;
	for (int i = 0; i < 10; i++) {
		before = now();
		index_free(index_open(file, &b->diags));
		if (now() - before < b->open)
			b->open = now() - before;
	}
	return true;
}

static void
built_free(struct built *b)
{
	index_free(b->ix);
	input_done(&b->in);
	arena_free(&b->arena);
	arena_free(&b->scratch);
}

static int
run(const char *questions, const char *file, char **rules, int n_rules)
{
	struct arena arena = { 0 };
	struct times t[CHANGES] = { { 0 } };
	struct built b = { 0 };
	uint32_t n;
	struct question *q = read_questions(questions, &arena, &n);

	if (!build(&b, file, rules, n_rules))
		return 1;
	printf("lines\t%u\t%.0f\n", b.in.rules.n, b.in.rules.n / b.read * 1e6);
	printf("build\t%.2f\n", b.build / 1e6);
	printf("memory\t%.0f\t%.0f\t%.0f\n", b.bytes, b.resident, b.text);
	printf("save\t%.2f\n", b.save / 1e6);
	printf("open\t%.3f\n", b.open / 1e3);
	measure(b.ix, q, n);
	measure_changes(b.ix, b.in.rules.v, b.in.rules.n, t);
	report("ours", "change", "insert", &t[INSERT], 0);
	report("ours", "change", "replace", &t[REPLACE], 0);
	report("ours", "change", "remove", &t[REMOVE], 0);
	built_free(&b);
	arena_free(&arena);
	return 0;
}

static void
print_pair(struct times *t)
{
	qsort(t->v, t->n, sizeof(*t->v), double_cmp);
	printf(" %.2f / %.1f |", t->v[t->n / 2], t->v[(size_t)t->n * 99 / 100]);
}

/* A row of a table that shows how all of it grows. */
static int
grow(const char *questions, const char *file, char **rules, int n_rules)
{
	static const char *const shown[] = { "exact-ip-once", "contains", "overlaps" };
	struct arena arena = { 0 };
	struct times t = { 0 }, changes[CHANGES] = { { 0 } };
	struct index_reader *rd;
	struct built b = { 0 };
	uint32_t n;
	struct question *q = read_questions(questions, &arena, &n);

	if (!build(&b, file, rules, n_rules))
		return 1;
	printf("| %u | %.0f | %.2f | %.0f | %.3f |", b.in.rules.n, b.in.rules.n / b.read * 1e6,
	    b.build / 1e6, b.bytes, b.open / 1e3);
	rd = index_reader_new(b.ix);
	for (size_t i = 0; i < BASE_COUNT(shown); i++) {
		measure_way(rd, q, n, shown[i], COUNT, &t);
		print_pair(&t);
		if (i)
			printf(" %.0f |", mean(t.rows, t.n));
	}
	index_reader_free(rd);
	measure_changes(b.ix, b.in.rules.v, b.in.rules.n, changes);
	print_pair(&changes[INSERT]);
	printf("\n");
	built_free(&b);
	return 0;
}

/* libjansson alone: every line to a tree and away, in the allocator of the process. */
static int
jansson_floor(const char *rules, bool arenas)
{
	struct arena arena = { 0 }, text = { 0 };
	struct diags diags = { .arena = &text };
	struct src *src = input_file(&text, &diags, rules);
	double start = cpu_now();
	uint32_t n = 0;
	const char *p, *end;

	if (!src)
		return 1;
	if (arenas)
		json_arena_install();
	for (p = src->text.p, end = p + src->text.n; p < end; n++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		json_t *v;

		json_arena_begin(&arena);
		v = json_loadb(p, (size_t)(nl - p), JSON_REJECT_DUPLICATES, NULL);
		json_arena_drop(v);
		json_arena_end();
		arena_reset(&arena);
		p = nl + 1;
	}
	printf("floor\t%s\t%.0f\n", arenas ? "arena" : "malloc", n / (cpu_now() - start) * 1e6);
	arena_free(&arena);
	arena_free(&text);
	return 0;
}

/* --- through rpc -------------------------------------------------------------------------- */

struct server {
	FILE *to;
	int from;
	pid_t pid;
	char *room;                     /* what was read and not yet looked at */
	size_t at, n;
};

#define ROOM ((size_t)1 << 20)

static bool
server_start(struct server *s, const char *program)
{
	int in[2], out[2];

	if (pipe(in) || pipe(out) || (s->pid = fork()) < 0)
		return false;
	if (s->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execl(program, program, "rpc", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->to = fdopen(in[1], "w");
	s->from = out[0];
	s->room = base_alloc(ROOM);
	return s->to != NULL;
}

static void
server_read(struct server *s)
{
	ssize_t n;

	memmove(s->room, s->room + s->at, s->n - s->at);
	s->n -= s->at;
	s->at = 0;
	n = read(s->from, s->room + s->n, ROOM - s->n);
	if (n <= 0)
		abort();
	s->n += (size_t)n;
}

/* Reads to the end of an answer, which must be one. */
static void
server_answer(struct server *s)
{
	static const char good[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":";
	char *nl;

	while (s->n - s->at < sizeof(good) - 1)
		server_read(s);
	if (memcmp(s->room + s->at, good, sizeof(good) - 1) != 0) {
		fprintf(stderr, "%.*s\n", 200, s->room + s->at);
		exit(1);
	}
	while (!(nl = memchr(s->room + s->at, '\n', s->n - s->at))) {
		s->at = s->n;
		server_read(s);
	}
	s->at = (size_t)(nl - s->room) + 1;
}

static void
server_ask(struct server *s, const struct question *k, const char *text, bool count)
{
	const char *const match[] = { "exact", "contains", "within", "overlaps" };

	fprintf(s->to, "{\"id\":1,\"method\":\"query\",\"params\":{\"%s\":\"%s\","
	    "\"match\":\"%s\",\"count\":%s}}\n", k->q.ips.n ? "ip" : k->q.subnets.n ? "subnet"
	    : k->q.owners.n ? "owner_uuid" : "tag", text, match[k->q.match],
	    count ? "true" : "false");
	fflush(s->to);
}

static void
rpc_kind(struct server *s, struct question *q, uint32_t n, const char *kind, bool count,
    struct times *t)
{
	double start;

	times_room(t, n);
	for (int pass = 0; pass <= PASSES; pass++) {
		t->n = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (strcmp(q[i].kind, kind) != 0)
				continue;
			start = now();
			server_ask(s, &q[i], q[i].text, count);
			server_answer(s);
			t->rows[t->n] = 0;
			times_least(t, pass <= 1, now() - start);
		}
	}
	if (t->n == 0)
		return;
	/* The same without waiting: another process asks. */
	start = now();
	if (fork() == 0) {
		for (uint32_t i = 0; i < n; i++)
			if (strcmp(q[i].kind, kind) == 0)
				server_ask(s, &q[i], q[i].text, count);
		_exit(0);
	}
	for (uint32_t i = 0; i < t->n; i++)
		server_answer(s);
	start = now() - start;
	wait(NULL);
	report("rpc", kind, count ? "count" : "rules", t, t->n / start * 1e6);
}

static int
rpc(const char *program, const char *file, const char *questions)
{
	struct arena arena = { 0 };
	struct server s = { 0 };
	struct times t = { 0 };
	uint32_t n;
	struct question *q = read_questions(questions, &arena, &n);

	if (!server_start(&s, program))
		return 1;
	fprintf(s.to, "{\"id\":1,\"method\":\"load\",\"params\":{\"path\":\"%s\"}}\n", file);
	fflush(s.to);
	server_answer(&s);
	for (size_t i = 0; i < BASE_COUNT(kinds); i++)
		for (int count = 1; count >= 0; count--)
			if (strcmp(kinds[i], "uuid") != 0 && !strstr(kinds[i], "-once"))
				rpc_kind(&s, q, n, kinds[i], count, &t);
	fclose(s.to);
	waitpid(s.pid, NULL, 0);
	return 0;
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	if (argc >= 4 && strcmp(argv[1], "floor") == 0)
		return jansson_floor(argv[2], strcmp(argv[3], "arena") == 0);
	if (argc == 5 && strcmp(argv[1], "rpc") == 0)
		return rpc(argv[2], argv[3], argv[4]);
	if (argc >= 5 && (strcmp(argv[1], "run") == 0 || strcmp(argv[1], "grow") == 0)) {
		json_arena_install();
		return (argv[1][0] == 'r' ? run : grow)(argv[2], argv[3], argv + 4, argc - 4);
	}
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
