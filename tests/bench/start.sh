#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Import of rules and start of fwapid, from SQLite and from PostgreSQL in one run, as a
# Markdown table.  PostgreSQL's files and SQLite's are on the same disk, both synced.
#
#   tests/bench/start.sh            from the build folder
#   RULES=10000 tests/bench/start.sh     how many (1,000,000)
set -eu

bench=${QUERY_BENCH:-tests/bench/query-bench}
n=${RULES:-1000000}
PG_BUFFERS=256MB
PG_OPTIONS='-c max_wal_size=4GB'
[ -x ./fwapid ] || { echo "there is no fwapid"; exit 0; }
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh" tests/bench-start

"$bench" gen "$n" 1 >"$pg_top/rules.jsonl"
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

echo "$n rules, $(nproc) cores"
echo
echo "| store | import, s | start, s | memory, MB |"
echo "| --- | ---: | ---: | ---: |"
mkdir -p "$pg_top/state"
for store in "sqlite:$pg_top/state/rules.sqlite" "$(pg_url a)"; do
	begin=$(date +%s%N)
	./fwapid import --state="$pg_top/state" --store="$store" "$pg_top/rules.jsonl" >/dev/null
	end=$(date +%s%N)
	start "$store"
	read -r seconds kb < <(sort -n "$pg_top/starts" | sed -n 3p)
	echo "| ${store%%:*} | $(((end - begin) / 1000000000)) | $seconds | $((kb / 1024)) |"
done
