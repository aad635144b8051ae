#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# 1,000 changes a second for a minute, at set times, and as many searches beside them, on
# both stores with a million rules, PostgreSQL's files on the same disk and synced, too; as
# a Markdown table.  Needs node, sqlite3 and PostgreSQL.
#
#   tests/bench/writes.sh                      from the build folder
#   RULES=10000 PACED_SECONDS=10 WRITES=500 READS=2000 tests/bench/writes.sh
#
# Exit status: 1 if a request failed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ -x ./fwapid ] || { echo "fwapid is not built here"; exit 0; }
gen=tests/bench/query-gen
[ -x $gen ] || make -s $gen
n=${RULES:-1000000} seconds=${PACED_SECONDS:-60} writes=${WRITES:-1000} reads=${READS:-1000}
PG_BUFFERS=256MB
PG_OPTIONS='-c max_wal_size=4GB'
# shellcheck source=tests/pg.sh
. "${srcdir:-$here/../..}/tests/pg.sh" tests/bench-writes

$gen rules "$n" 1 >"$pg_top/rules.jsonl"
awk -v s=$((n / 1000 + 1)) 'NR % s == 0' "$pg_top/rules.jsonl" | grep -oE 'ip [0-9]+([.][0-9]+){3}' |
    sed 's|ip |/rules?ip=|' | head -500 >"$pg_top/targets"
sqlite=$pg_top/rules.sqlite
./fwapid import --state="$pg_top" --store="sqlite:$sqlite" "$pg_top/rules.jsonl" >/dev/null
pg_init a
# So that the tables are there.
head -n 1 "$pg_top/rules.jsonl" >"$pg_top/one.jsonl"
./fwapid import --state="$pg_top" --store="$(pg_url a)" "$pg_top/one.jsonl" >/dev/null
pg_sql a 'TRUNCATE fwapid_rule'
sqlite3 -csv "$sqlite" 'SELECT uuid, version, owner_uuid, enabled, log, description, rule FROM rule' |
    "$pg_bin/psql" -h "$pg_sockets" -p "$(pg_port a)" -U postgres -q -c 'COPY fwapid_rule FROM STDIN CSV'
pg_sql a 'VACUUM ANALYZE'

memory()
{
	sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$pid/status" | awk '{ printf "%d", $1 / 1024 }'
}

echo "## $n rules, $(nproc) cores, $writes changes and $reads searches by ip a second for $seconds s, load $(cut -d' ' -f1-3 /proc/loadavg)"
echo
echo "| store | ready, s | changes/s | p50, p99, most, ms | failed | searches/s | p50, p99, most, ms | failed | CPU of fwapid, s | memory before, after, MB |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
failed=0
for store in "sqlite:$sqlite" "$(pg_url a)"; do
	./fwapid --state="$pg_top" --store="$store" --listen=127.0.0.1:0 --agents=none \
	    --log-level=warn --config=/dev/null >"$pg_top/log" 2>&1 &
	pid=$!
	begin=$(date +%s%N)
	# Its port is open at once; it is asked until it has all.
	until port=$(ss -ltnpH 2>/dev/null | sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=$pid,.*/\1/p") &&
	    [ -n "$port" ] && curl -s "127.0.0.1:$port/ping" | grep -q '"healthy":true'; do
		kill -0 $pid || { cat "$pg_top/log" >&2; exit 1; }
		sleep 0.05
	done
	ready=$(awk -v a="$begin" -v b="$(date +%s%N)" 'BEGIN { printf "%.1f", (b - a) / 1e9 }')
	before=$(memory VmRSS)
	node "$here/paced.js" "$port" "$seconds" "$writes" "$reads" "$pg_top/targets" >"$pg_top/paced" ||
		failed=1
	cpu=$(awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.1f", ($12 + $13) / hz }' "/proc/$pid/stat")
	awk -v store="${store%%:*}" -v ready="$ready" -v cpu="$cpu" -v memory="$before, $(memory VmRSS)" '
		{ cell[$1] = $2 " | " $3 ", " $4 ", " $5 " | " $6 }
		END { print "| " store " | " ready " | " cell["write"] " | " cell["read"] " | " cpu " | " memory " |" }
	' "$pg_top/paced"
	kill $pid
	wait $pid || true
done
exit $failed
