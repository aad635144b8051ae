#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Import of rules and start of fwapid, from SQLite and from PostgreSQL in one run, as a
# Markdown table.  PostgreSQL's files and SQLite's are on the same disk, both synced.
# Needs sqlite3, to copy from one to the other.
#
#   tests/bench/start.sh            from the build folder
#   RULES=10000 tests/bench/start.sh     how many (1,000,000)
set -eu

gen=${QUERY_GEN:-tests/bench/query-gen}
n=${RULES:-1000000}
PG_BUFFERS=256MB
PG_OPTIONS='-c max_wal_size=4GB'
[ -x ./fwapid ] || { echo "there is no fwapid"; exit 0; }
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh" tests/bench-start

"$gen" rules "$n" 1 >"$pg_top/rules.jsonl"
pg_init a

# Five starts to $pg_top/starts: seconds, and kB when it serves.
start()
{
	local store=$1 log=$pg_top/start.log pid

	: >"$pg_top/starts"
	for _ in 1 2 3 4 5; do
		rm -f "$log"
		./fwapid --state="$pg_top/state" --store="$store" --listen=127.0.0.1:0 --agents=none \
		    >"$log" 2>&1 &
		pid=$!
		until grep -qs '"serving' "$log"; do
			kill -0 $pid || { cat "$log" >&2; exit 1; }
			sleep 0.05
		done
		echo "$(sed -n 's/.*rules were read in \([0-9.]*\) s.*/\1/p' "$log")" \
		    "$(sed -n 's/VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")" >>"$pg_top/starts"
		kill $pid
		wait $pid || [ $? -le 143 ]
	done
}

# A tenth is imported, timed; SQLite imports the rest, too, PostgreSQL gets it from there.
tenth=$((n / 10))
head -n "$tenth" "$pg_top/rules.jsonl" >"$pg_top/tenth.jsonl"
sqlite=$pg_top/state/rules.sqlite
mkdir -p "$pg_top/state"

import()
{
	./fwapid import --state="$pg_top/state" --store="$1" "$2" >/dev/null
}

fill()
{
	case $1 in
	sqlite:*) import "$1" "$pg_top/rules.jsonl" ;;
	*)
		sqlite3 -csv "$sqlite" "SELECT uuid, version, owner_uuid, enabled, log, description,
		    rule FROM rule" >"$pg_top/rules.csv"
		pg_sql a 'TRUNCATE fwapid_rule'
		"$pg_bin/psql" -h "$pg_sockets" -p "$(pg_port a)" -U postgres -q \
		    -c 'COPY fwapid_rule FROM STDIN CSV' <"$pg_top/rules.csv"
		;;
	esac
}

echo "$n rules, $(nproc) cores"
echo
echo "| store | imported, rules a second | start, s | memory, MB |"
echo "| --- | ---: | ---: | ---: |"
for store in "sqlite:$sqlite" "$(pg_url a)"; do
	begin=$(date +%s%N)
	import "$store" "$pg_top/tenth.jsonl"
	end=$(date +%s%N)
	fill "$store"
	start "$store"
	read -r seconds kb < <(sort -n "$pg_top/starts" | sed -n 3p)
	echo "| ${store%%:*} | $((tenth * 1000 / ((end - begin) / 1000000))) | $seconds | $((kb / 1024)) |"
done
