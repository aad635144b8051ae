#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Searching rules: ours beside PostgreSQL 15 in one run, as Markdown tables.
#
#   tests/bench/query.sh                  from the build folder
#   RULES=1000000 tests/bench/query.sh    how many (100,000)
#   SIZES='10000 100000' ...              how all of it grows, ours alone (10,000 and RULES)
#   QUESTIONS=1000                        of each kind (1,000; 300 below a million rules)
#   PG=no                                 ours alone
#
# Installs PostgreSQL from Debian where it is missing, starts a server of its own in
# a temporary folder on a unix socket as an unprivileged user, and takes both away.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bench=${QUERY_BENCH:-tests/bench/query-bench}
gen=${bench%bench}gen rpc=${bench%bench}rpc
fwrule=${FWRULE:-./fwrule}
n=${RULES:-100000} seed=${SEED:-1}
k=${QUESTIONS:-$((n < 1000000 ? 300 : 1000))}
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

# make_data RULES: rules.1 ... of at most 2,000,000 rules each, and questions.
make_data()
{
	rm -f "$dir"/rules.*
	"$gen" rules "$1" "$seed" | split -l 2000000 - "$dir/rules."
	"$gen" questions "$1" "$seed" "$k" >"$dir/questions"
	# Exact questions are for what there is, evenly over the rules.
	for kind in ip subnet; do
		cat "$dir"/rules.?? | grep -o "\\b$kind [0-9][0-9]*[.][0-9./]*" >"$dir/targets"
		targets=$(wc -l <"$dir/targets")
		evenly exact-$kind "$k"
		[ $kind = subnet ] || evenly exact-ip-once 20000
	done
	rm "$dir/targets"
}

evenly()
{
	awk -v n="$2" -v all="$targets" -v kind="$1" '
		n > all { n = all }
		int((i + 0.5) * all / n) + 1 == NR { print kind, $0; i++ }' \
		"$dir/targets" >>"$dir/questions"
}

load() { cut -d' ' -f1-3 /proc/loadavg; }

make_data "$n"
{
	"$bench" floor "$dir/rules.aa" malloc
	"$bench" floor "$dir/rules.aa" arena
	"$bench" run "$dir/questions" "$dir/rules.fwi" "$dir"/rules.??
	"$rpc" "$fwrule" "$dir/rules.fwi" "$dir/questions"
} >"$dir/ours"
echo "## $n rules, $k questions of each kind, $(nproc) cores, load $(load)"
echo
awk -F'\t' '
$1 == "floor" { floor[$2] = $3 }
$1 == "lines" {
	printf "- read from JSON lines: %d rules a CPU second, %.2f of what libjansson alone does there " \
	    "with malloc (%d), %.2f with arenas (%d)\n", $3, $3 / floor["malloc"],
	    floor["malloc"], $3 / floor["arena"], floor["arena"]
}
$1 == "build" { printf "- index built in %s CPU seconds\n", $2 }
$1 == "memory" {
	printf "- %d bytes a rule (%d resident), of them %d its sentence\n", $2, $3, $4
}
$1 == "save" { printf "- saved in %s s\n", $2 }
$1 == "open" { printf "- opened from its file in %s ms, the best of ten\n", $2 }
' "$dir/ours"
psql() { $as "$pg/psql" -h "$dir/pg" -U postgres -q -v ON_ERROR_STOP=1 "$@"; }

pg_start()
{
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
}

# What the columns hold is made from Moray's own records, by rules.sql.
pg_load()
{
	"$fwrule" compile -r "$dir/rules.fwi" --emit=moray | grep '^{' >"$dir/moray"
	psql -c 'CREATE TABLE raw (j jsonb)'
	# COPY's text format: backslashes doubled.
	sed 's/\\/\\\\/g' "$dir/moray" | psql -c 'COPY raw FROM STDIN'
	"$fwrule" query -r "$dir/rules.fwi" -f jsonl | sed 's/\\/\\\\/g' >"$dir/texts"
	psql -c 'CREATE TABLE texts (j text)' -c 'COPY texts FROM STDIN' <"$dir/texts"
	psql -f "$here/rules.sql"
}

pg_ask()
{
	pg_start
	start=$(date +%s)
	pg_load
	echo "- PostgreSQL $($pg/postgres --version | grep -o '[0-9.]*' | head -1): loaded in" \
	    "$(($(date +%s) - start)) s, $(psql -At -c "SELECT pg_size_pretty(pg_database_size('postgres'))")"
	"$dir/query-pg" "host=$dir/pg user=postgres" "$dir/questions" >"$dir/theirs"
	$as "$pg/pg_ctl" -D "$dir/pg" -m fast stop >/dev/null
}

: >"$dir/theirs"
[ "${PG:-yes}" = no ] || pg_ask

echo "- load at the end $(load)"
echo
echo "Microseconds, median / p99, of each question the least of two; questions a second, one" \
    "after the other / without waiting."
awk -F'\t' '
function cell(m, p) { return m == "" ? "" : m " / " p }
# The best layout of each measure.
function best(key, i, value, less) {
	if (!((key, i) in pg) || (less ? value + 0 < pg[key, i] + 0 : value + 0 > pg[key, i] + 0)) {
		pg[key, i] = value
		by[key, i] = $3
	}
}
{ key = $2 "\t" $4 }
$1 == "ours" || $1 == "rpc" {
	if (!(key in seen)) {
		seen[key] = 1
		order[++n] = key
	}
	if ($1 == "ours") {
		rows[key] = $9 ", mean " $10
		median[key] = $5; p99[key] = $6
	} else {
		rate[key] = $7; unwaited[key] = $8
	}
}
$1 == "pg" && $2 == "SELECT 1" { round_trip = "SELECT 1: " $5 " / " $6 ", " $7 " / " $8 " a second" }
$1 == "pg" {
	best(key, 5, $5, 1); best(key, 6, $6, 1); best(key, 7, $7, 0); best(key, 8, $8, 0)
	layouts[++m] = "| " $2 " | " $3 " | " $4 " | " $5 " / " $6 " | " $7 " / " $8 " |"
}
END {
	print "\n| question | handed out | rows | fwrule | PostgreSQL, its best | times |" \
	    " rpc a second | PostgreSQL a second | times |"
	print "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
	for (i = 1; i <= n; i++) {
		key = order[i]
		split(key, part, "\t")
		has = (key, 5) in pg
		printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", part[1], part[2], rows[key],
		    cell(median[key], p99[key]),
		    has ? cell(pg[key, 5], pg[key, 6]) " (" by[key, 5] ")" : "",
		    has ? sprintf("%.0f / %.0f", pg[key, 5] / median[key], pg[key, 6] / p99[key]) : "",
		    cell(rate[key], unwaited[key]), has ? cell(pg[key, 7], pg[key, 8]) : "",
		    has && rate[key] ? sprintf("%.1f / %.1f", rate[key] / pg[key, 7],
			unwaited[key] / pg[key, 8]) : ""
	}
	if (!m)
		exit
	print "\nRound trip to PostgreSQL, " round_trip
	print "\n| question | layout | handed out | PostgreSQL | a second |\n| --- | --- | --- | --- | --- |"
	for (i = 1; i <= m; i++)
		print layouts[i]
}' "$dir/ours" "$dir/theirs"
rm -rf "$dir/pg" "$dir/moray" "$dir/texts"

echo
echo "How it grows (microseconds, median / p99, counted; lines a CPU second; load $(load)):"
echo
echo "| rules | lines read | build, CPU s | bytes a rule | open ms | exact ip, each once | contains | rows |" \
    "overlaps | rows | insert |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
for size in ${SIZES:-10000 $n}; do
	make_data "$size"
	"$bench" grow "$dir/questions" "$dir/rules.fwi" "$dir"/rules.??
done
