#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Searching rules: ours beside PostgreSQL 15 in one run, as a Markdown table.
#
#   tests/bench/query.sh                  from the build folder
#   RULES=10000 tests/bench/query.sh      how many (1,000,000)
#   PG=no                                 ours alone
#
# Installs PostgreSQL from Debian where it is missing, starts a server of its own in
# a temporary folder on a unix socket as an unprivileged user, and takes both away.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bench=${QUERY_BENCH:-tests/bench/query-bench}
fwrule=${FWRULE:-./fwrule}
n=${RULES:-1000000} seed=${SEED:-1} k=${QUESTIONS:-1000}
dir=$(mktemp -d)
pg=/usr/lib/postgresql/15/bin
as=
stop()
{
	[ ! -e "$dir/pg/postmaster.pid" ] || $as "$pg/pg_ctl" -D "$dir/pg" -m immediate stop >/dev/null
	rm -rf "$dir"
}
trap stop EXIT
chmod 755 "$dir"

"$bench" gen "$n" "$seed" >"$dir/rules.jsonl"
"$bench" ask "$n" "$seed" "$k" >"$dir/questions"
# Exact questions are for what there is, evenly over the rules.
for kind in ip subnet; do
	grep -o "\\b$kind [0-9][0-9]*[.][0-9./]*" "$dir/rules.jsonl" | awk -v n="$k" -v kind=$kind '
		{ line[NR] = $0 }
		END { for (i = 0; i < n; i++) print "exact-" kind, line[int(i * NR / n) + 1] }' \
		>>"$dir/questions"
done

echo "## Ours, in process: $n rules, $(nproc) cores"
echo
"$bench" run "$dir/rules.jsonl" "$dir/questions" "$dir/rules.fwi"
echo
echo "## Ours, through fwrule rpc, one question after the other in a pipe"
echo
echo "| question | answers | questions a second |"
echo "| --- | --- | --- |"
for kind in exact-ip contains overlaps; do
	for count in true false; do
		{ echo '{"id":0,"method":"load","params":{"path":"'"$dir/rules.fwi"'"}}'
		  awk -v kind=$kind -v count=$count '
			$1 == kind {
				match_mode = kind ~ /exact/ ? "exact" : kind
				printf "{\"id\":1,\"method\":\"query\",\"params\":{\"%s\":\"%s\",\"match\":\"%s\",\"count\":%s}}\n", $2, $3, match_mode, count
			}' "$dir/questions"; } >"$dir/requests"
		reps=1
		[ $count = false ] || reps=20
		head -1 "$dir/requests" >"$dir/stream"
		for _ in $(seq $reps); do tail -n +2 "$dir/requests"; done >>"$dir/stream"
		start=$(date +%s%N)
		"$fwrule" rpc <"$dir/stream" >"$dir/answers"
		end=$(date +%s%N)
		awk -v n=$(($(wc -l <"$dir/stream") - 1)) -v t=$((end - start)) -v kind=$kind \
		    -v count=$count 'BEGIN { printf "| %s | %s | %.0f |\n", kind,
			count == "true" ? "count" : "whole rules", n / t * 1e9 }'
	done
done
[ "${PG:-yes}" = yes ] || exit 0

[ -x $pg/initdb ] && [ -e /usr/include/postgresql/libpq-fe.h ] ||
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q postgresql-15 libpq-dev >/dev/null
${CC:-cc} -O2 -I/usr/include/postgresql -o "$dir/query-pg" "$here/query-pg.c" -lpq
if [ "$(id -u)" -eq 0 ]; then
	id postgres >/dev/null 2>&1 || useradd -r postgres
	as='setpriv --reuid=postgres --regid=postgres --clear-groups'
	mkdir "$dir/pg"
	chown postgres "$dir/pg"
fi
LC_ALL=C $as "$pg/initdb" -D "$dir/pg" -U postgres -A trust --locale=C -E UTF8 >/dev/null
$as "$pg/pg_ctl" -D "$dir/pg" -w -l "$dir/pg/log" -o "-k $dir/pg -c listen_addresses='' \
    -c shared_buffers=2GB -c work_mem=64MB -c maintenance_work_mem=1GB -c fsync=off \
    -c jit=off -c max_parallel_workers_per_gather=0" start >/dev/null
psql() { $as "$pg/psql" -h "$dir/pg" -U postgres -q -v ON_ERROR_STOP=1 "$@"; }

# What the columns hold is made from Moray's own records.
"$fwrule" compile -r "$dir/rules.fwi" --emit=moray | grep '^{' >"$dir/moray"
start=$(date +%s)
psql -c 'CREATE TABLE raw (j jsonb)'
# COPY's text format: backslashes doubled.
sed 's/\\/\\\\/g' "$dir/moray" | psql -c 'COPY raw FROM STDIN'
"$fwrule" query -r "$dir/rules.fwi" -f jsonl | sed 's/\\/\\\\/g' >"$dir/texts"
psql -c 'CREATE TABLE texts (j jsonb)' -c 'COPY texts FROM STDIN' <"$dir/texts"
psql <<'SQL'
CREATE FUNCTION list(j jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS
	'SELECT coalesce(array_agg(v), ''{}'') FROM jsonb_array_elements_text(j) v';
CREATE TABLE rules AS SELECT (r.j->>'key')::uuid AS uuid, (r.j->'value'->>'owner_uuid')::uuid AS owner,
	(r.j->'value'->>'enabled')::bool AS enabled, t.j->>'rule' AS rule,
	list(r.j->'value'->'fromips')::inet[] AS fromips, list(r.j->'value'->'toips')::inet[] AS toips,
	list(r.j->'value'->'fromsubnets')::cidr[] AS fromsubnets,
	list(r.j->'value'->'tosubnets')::cidr[] AS tosubnets,
	list(r.j->'value'->'fromtagkeys') AS fromtagkeys, list(r.j->'value'->'totagkeys') AS totagkeys,
	list(r.j->'value'->'fromvms') AS fromvms, list(r.j->'value'->'tovms') AS tovms
	FROM raw r JOIN texts t ON t.j->>'uuid' = r.j->>'key';
DROP TABLE raw, texts;
ALTER TABLE rules ADD PRIMARY KEY (uuid);
CREATE INDEX ON rules (owner);
CREATE INDEX ON rules USING gin (fromips);
CREATE INDEX ON rules USING gin (toips);
CREATE INDEX ON rules USING gin (fromsubnets);
CREATE INDEX ON rules USING gin (tosubnets);
CREATE INDEX ON rules USING gin (fromtagkeys);
CREATE INDEX ON rules USING gin (totagkeys);
CREATE TABLE targets_gist AS
	SELECT uuid, unnest(fromips || toips || fromsubnets::inet[] || tosubnets::inet[]) AS net
	FROM rules;
CREATE TABLE targets_spgist AS TABLE targets_gist;
CREATE TABLE targets_btree AS TABLE targets_gist;
CREATE INDEX ON targets_gist USING gist (net inet_ops);
CREATE INDEX ON targets_spgist USING spgist (net inet_ops);
CREATE INDEX ON targets_btree (net) INCLUDE (uuid);
CREATE FUNCTION parents(a inet) RETURNS inet[] LANGUAGE sql IMMUTABLE AS
	'SELECT array_agg(network(set_masklen(a, l))::inet) FROM generate_series(0, masklen(a)) l';
VACUUM ANALYZE;
SQL
echo
echo "## PostgreSQL $($pg/postgres --version | grep -o '[0-9.]*' | head -1), loaded in $(($(date +%s) - start)) s," \
    "$(psql -At -c "SELECT pg_size_pretty(pg_database_size('postgres'))")"
echo
"$dir/query-pg" "host=$dir/pg user=postgres" "$dir/questions"
