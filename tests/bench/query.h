/* SPDX-License-Identifier: MPL-2.0 */
/* Questions, and the times that they took, for query-bench and query-rpc. */
#ifndef FWR_TESTS_BENCH_QUERY_H
#define FWR_TESTS_BENCH_QUERY_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/index/query.h"

/* page: the first 10 rules that have an owner and a tag. */
static const char *const kinds[] = { "uuid", "exact-ip", "exact-ip-once", "exact-subnet", "owner",
	"tag", "page", "contains", "overlaps" };

static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

#define PAGE 10                 /* rules */

struct question {
	char kind[16];
	const char *text;               /* of its value */
	struct query q;
	struct uuid uuid;
	bool by_uuid;
};

static inline bool
read_question(const char *line, struct question *k, struct arena *arena)
{
	char value[128];
	struct slice s;
	struct prefix p = { 0 };

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
	if (strcmp(k->kind, "page") == 0 && s.n > UUID_TEXT) {
		k->q.limit = PAGE;
		*vec_push(arena, &k->q.tags) = (struct query_tag){
			slice_of(k->text + UUID_TEXT + 1), { 0 }, false };
		s.n = UUID_TEXT;
		return uuid_read(s, vec_push(arena, &k->q.owners));
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

static inline int
double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct times {
	double *v, *rows;
	uint32_t n;
};

static inline void
times_room(struct times *t, uint32_t n)
{
	t->v = base_grow(t->v, (n + 1) * sizeof(double));
	t->rows = base_grow(t->rows, (n + 1) * sizeof(double));
	t->n = 0;
}

#define PASSES 2

static inline void
times_least(struct times *t, bool first, double v)
{
	if (first || v < t->v[t->n])
		t->v[t->n] = v;
	t->n++;
}

static inline double
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
static inline void
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

static inline struct question *
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

#endif
