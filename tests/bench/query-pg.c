/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The questions of query-bench to PostgreSQL, one prepared statement a layout.
 *
 *   query-pg CONNINFO QUESTIONS      a Markdown table, as query-bench has it
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 4096

/* %s is what is selected: count(DISTINCT uuid), or uuid, rule. */
static const struct layout {
	const char *kind, *name;
	const char *from;
	const char *setting;
} layouts[] = {
	{ "uuid", "btree", "rules WHERE uuid = $1::uuid", NULL },
	{ "exact-ip", "GIN", "rules WHERE fromips @> ARRAY[$1::inet] OR toips @> ARRAY[$1::inet]",
	  NULL },
	{ "exact-subnet", "GIN",
	  "rules WHERE fromsubnets @> ARRAY[$1::cidr] OR tosubnets @> ARRAY[$1::cidr]", NULL },
	{ "owner", "btree", "rules WHERE owner = $1::uuid", NULL },
	{ "tag", "GIN",
	  "rules WHERE fromtagkeys @> ARRAY[$1::text] OR totagkeys @> ARRAY[$1::text]", NULL },
	{ "contains", "GiST", "targets_gist WHERE net >>= $1::inet", NULL },
	{ "contains", "SP-GiST", "targets_spgist WHERE net >>= $1::inet", NULL },
	{ "contains", "btree, = ANY(the parents)",
	  "targets_btree WHERE net = ANY(parents($1::inet))", NULL },
	{ "overlaps", "GiST", "targets_gist WHERE net && $1::inet", NULL },
	{ "overlaps", "SP-GiST", "targets_spgist WHERE net && $1::inet", NULL },
	{ "overlaps", "btree, parents and range",
	  "targets_btree WHERE net = ANY(parents($1::inet)) OR "
	  "(net >= network($1::inet)::inet AND net <= set_masklen(broadcast($1::inet), "
	  "CASE family($1::inet) WHEN 4 THEN 32 ELSE 128 END) AND net <<= $1::inet)", NULL },
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

	if (s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK) {
		fprintf(stderr, "%s", PQerrorMessage(db));
		exit(1);
	}
}

static void
run(PGconn *db, const char *kind, const char *layout, const char *what, const char *sql,
    const struct question *q, size_t n)
{
	static double t[MOST], rows[MOST];
	size_t k = 0;

	PQclear(PQprepare(db, "s", sql, strstr(sql, "$1") ? 1 : 0, NULL));
	for (int pass = 0; pass < 2; pass++) {
		k = 0;
		for (size_t i = 0; i < n && k < 1000; i++) {
			const char *value = q[i].value;
			double start;
			PGresult *r;

			if (*kind && strcmp(q[i].kind, kind) != 0)
				continue;
			start = now();
			r = PQexecPrepared(db, "s", strstr(sql, "$1") ? 1 : 0, &value, NULL, NULL, 0);
			t[k] = now() - start;
			need(db, r);
			rows[k++] = strstr(sql, "count(") ? atof(PQgetvalue(r, 0, 0)) : PQntuples(r);
			PQclear(r);
		}
	}
	PQclear(PQexec(db, "DEALLOCATE s"));
	if (k == 0)
		return;
	qsort(t, k, sizeof(*t), cmp);
	qsort(rows, k, sizeof(*rows), cmp);
	printf("| %s, %s | %s | %.1f | %.1f | %.0f |\n", *kind ? kind : "round trip", layout, what,
	    t[k / 2], t[k * 99 / 100], rows[k / 2]);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct question q[16384];
	PGconn *db = argc == 3 ? PQconnectdb(argv[1]) : NULL;
	FILE *f = argc == 3 ? fopen(argv[2], "r") : NULL;
	char line[256], sql[1024];
	size_t n = 0;

	if (!db || PQstatus(db) != CONNECTION_OK || !f)
		return 1;
	while (n < 16384 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s ip %63s", q[n].kind, q[n].value) == 2 ||
		    sscanf(line, "%15s subnet %63s", q[n].kind, q[n].value) == 2 ||
		    sscanf(line, "%15s %63s", q[n].kind, q[n].value) == 2)
			n++;
	printf("| question, layout | handed out | median us | p99 us | rows at the median |\n"
	    "| --- | --- | --- | --- | --- |\n");
	run(db, "", "SELECT 1", "", "SELECT 1", q, n);
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		snprintf(sql, sizeof(sql), "SELECT count(DISTINCT uuid) FROM %s", layouts[i].from);
		run(db, layouts[i].kind, layouts[i].name, "count", sql, q, n);
		/* The text of a rule is in rules; targets lead there by their number. */
		if (strncmp(layouts[i].from, "rules", 5) == 0)
			snprintf(sql, sizeof(sql), "SELECT uuid, rule FROM %s ORDER BY uuid",
			    layouts[i].from);
		else
			snprintf(sql, sizeof(sql), "SELECT uuid, rule FROM rules WHERE uuid IN "
			    "(SELECT uuid FROM %s) ORDER BY uuid", layouts[i].from);
		run(db, layouts[i].kind, layouts[i].name, "rules in order", sql, q, n);
	}
	PQfinish(db);
	fclose(f);
	return 0;
}
