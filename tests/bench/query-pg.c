/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The questions of query-gen to PostgreSQL, one prepared statement a layout.  Whole rules
 * are the texts of their JSON, stored as they are handed out.
 *
 *   query-pg CONNINFO QUESTIONS      lines as query-bench reports them
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 4096

/* Rules, or their targets, which say by UUID whose they are. */
static const struct layout {
	const char *kind, *name;
	const char *from;
} layouts[] = {
	{ "uuid", "btree", "rules WHERE uuid = $1::uuid" },
	{ "exact-ip", "GIN", "rules WHERE fromips @> ARRAY[$1::inet] OR toips @> ARRAY[$1::inet]" },
	{ "exact-subnet", "GIN",
	  "rules WHERE fromsubnets @> ARRAY[$1::cidr] OR tosubnets @> ARRAY[$1::cidr]" },
	{ "owner", "btree", "rules WHERE owner = $1::uuid" },
	{ "tag", "GIN",
	  "rules WHERE fromtagkeys @> ARRAY[$1::text] OR totagkeys @> ARRAY[$1::text]" },
	{ "page", "btree, GIN", "rules WHERE owner = split_part($1, '/', 1)::uuid AND "
	  "(fromtagkeys @> ARRAY[split_part($1, '/', 2)] OR "
	  "totagkeys @> ARRAY[split_part($1, '/', 2)])" },
	{ "contains", "GiST", "targets_gist WHERE net >>= $1::inet" },
	{ "contains", "SP-GiST", "targets_spgist WHERE net >>= $1::inet" },
	{ "contains", "btree, = ANY(the parents)",
	  "targets_btree WHERE net = ANY(parents($1::inet))" },
	{ "overlaps", "GiST", "targets_gist WHERE net && $1::inet" },
	{ "overlaps", "SP-GiST", "targets_spgist WHERE net && $1::inet" },
	{ "overlaps", "btree, parents and range",
	  "targets_btree WHERE net = ANY(parents($1::inet)) OR "
	  "(net >= network($1::inet)::inet AND net <= set_masklen(broadcast($1::inet), "
	  "CASE family($1::inet) WHEN 4 THEN 32 ELSE 128 END) AND net <<= $1::inet)" },
};

struct question {
	char kind[16], value[64];
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
need(PGconn *db, PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);

	if (s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK && s != PGRES_PIPELINE_SYNC) {
		fprintf(stderr, "%s", PQerrorMessage(db));
		exit(1);
	}
}

static bool
is_asked(const struct question *q, const char *kind)
{
	return !*kind || strcmp(q->kind, kind) == 0;
}

#define BATCH 50                /* so few that neither side's buffers can fill with questions */

static void
take_batch(PGconn *db)
{
	PGresult *r;
	bool synced = false;

	while (!synced) {
		r = PQgetResult(db);
		if (!r)
			continue;
		need(db, r);
		synced = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
		PQclear(r);
	}
}

/* All questions without waiting for answers; returns how many a second. */
static double
run_pipelined(PGconn *db, const char *kind, int params, const struct question *q, size_t n)
{
	double start = now();
	size_t k = 0;

	if (!PQenterPipelineMode(db))
		exit(1);
	for (size_t i = 0; i < n; i++) {
		const char *value = q[i].value;

		if (!is_asked(&q[i], kind))
			continue;
		PQsendQueryPrepared(db, "s", params, &value, NULL, NULL, 0);
		if (++k % BATCH == 0) {
			PQpipelineSync(db);
			take_batch(db);
		}
	}
	if (k % BATCH) {
		PQpipelineSync(db);
		take_batch(db);
	}
	PQexitPipelineMode(db);
	return (double)k / (now() - start) * 1e6;
}

static void
run(PGconn *db, const char *kind, const char *layout, const char *what, const char *sql,
    const struct question *q, size_t n)
{
	static double t[MOST], rows[MOST];
	double all = 0, found = 0, pipelined;
	int params = strstr(sql, "$1") ? 1 : 0;
	size_t k = 0;

	PQclear(PQprepare(db, "s", sql, params, NULL));
	/* As query-bench does: the least of two passes after one that warms up. */
	for (int pass = 0; pass <= 2; pass++) {
		k = 0;
		for (size_t i = 0; i < n && k < MOST; i++) {
			const char *value = q[i].value;
			double start, took;
			PGresult *r;

			if (!is_asked(&q[i], kind))
				continue;
			start = now();
			r = PQexecPrepared(db, "s", params, &value, NULL, NULL, 0);
			took = now() - start;
			if (pass <= 1 || took < t[k])
				t[k] = took;
			need(db, r);
			rows[k++] = strstr(sql, "count(") ? atof(PQgetvalue(r, 0, 0)) : PQntuples(r);
			PQclear(r);
		}
	}
	if (k == 0)
		return;
	pipelined = run_pipelined(db, kind, params, q, n);
	PQclear(PQexec(db, "DEALLOCATE s"));
	for (size_t i = 0; i < k; i++) {
		all += t[i];
		found += rows[i];
	}
	qsort(t, k, sizeof(*t), cmp);
	qsort(rows, k, sizeof(*rows), cmp);
	printf("pg\t%s\t%s\t%s\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f\t%.0f\n", *kind ? kind : "SELECT 1",
	    layout, what, t[k / 2], t[k * 99 / 100], 1e6 * (double)k / all, pipelined, rows[k / 2],
	    found / (double)k);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct question q[65536];
	PGconn *db = argc == 3 ? PQconnectdb(argv[1]) : NULL;
	FILE *f = argc == 3 ? fopen(argv[2], "r") : NULL;
	char line[256], sql[1024];
	size_t n = 0;

	if (!db || PQstatus(db) != CONNECTION_OK || !f)
		return 1;
	while (n < sizeof(q) / sizeof(*q) && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s ip %63s", q[n].kind, q[n].value) == 2 ||
		    sscanf(line, "%15s subnet %63s", q[n].kind, q[n].value) == 2 ||
		    sscanf(line, "%15s %63s", q[n].kind, q[n].value) == 2)
			n++;
	run(db, "", "-", "-", "SELECT 1", q, n < MOST ? n : MOST);
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		/* Of rows, not of their count. */
		const char *limit = strcmp(layouts[i].kind, "page") == 0 ? " LIMIT 10" : "";

		snprintf(sql, sizeof(sql), "SELECT count(DISTINCT uuid) FROM %s", layouts[i].from);
		run(db, layouts[i].kind, layouts[i].name, "count", sql, q, n);
		snprintf(sql, sizeof(sql), "SELECT DISTINCT uuid FROM %s ORDER BY uuid%s", layouts[i].from,
		    limit);
		run(db, layouts[i].kind, layouts[i].name, "uuids", sql, q, n);
		/* A rule's JSON is in rules; targets lead there by their UUID. */
		if (strncmp(layouts[i].from, "rules", 5) == 0)
			snprintf(sql, sizeof(sql), "SELECT json FROM %s ORDER BY uuid%s",
			    layouts[i].from, limit);
		else
			snprintf(sql, sizeof(sql), "SELECT json FROM rules WHERE uuid IN "
			    "(SELECT uuid FROM %s) ORDER BY uuid", layouts[i].from);
		run(db, layouts[i].kind, layouts[i].name, "rules", sql, q, n);
	}
	PQfinish(db);
	fclose(f);
	return 0;
}
