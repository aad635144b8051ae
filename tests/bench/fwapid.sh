#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The service over HTTP on loopback, beside an HTTP server of Node.js that returns a
# constant of the same size, and PostgreSQL that is asked for the same directly, in one
# run; as Markdown tables.  Needs wrk, node and PostgreSQL.
#
#   tests/bench/fwapid.sh                 from the build folder
#   RULES=10000 SECONDS_EACH=3 tests/bench/fwapid.sh
#   BENCH_DIR=DIR tests/bench/fwapid.sh   keeps rules and store there for the next run
#   PG=no tests/bench/fwapid.sh           without PostgreSQL
#
# Each question is answered anew (--cache=0), and once more by the same service that keeps
# answers as it does by default, as if no rule changed.
# Whole answers, and pages of 10 rules, as people look at them.  Exit status: 1 if a
# request failed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ -x ./fwapid ] || { echo "fwapid is not built here"; exit 0; }
command -v wrk >/dev/null || apt-get install -y -qq wrk >/dev/null
fwapid=${FWAPID:-./fwapid}
n=${RULES:-1000000} seconds=${SECONDS_EACH:-5} clients=${CLIENTS:-32} seed=${SEED:-1} rounds=${ROUNDS:-3}
gen=tests/bench/query-gen
[ -x $gen ] || make -s $gen
dir=${BENCH_DIR:-$(mktemp -d)}
mkdir -p "$dir"
pids=()
stop()
{
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
	[ "${PG-}" = no ] || pg_clean
	wait
	[ -n "${BENCH_DIR-}" ] || rm -rf "$dir"
}
if [ "${PG-}" != no ]; then
	PG_BUFFERS=2GB
	PG_OPTIONS='-c work_mem=64MB -c maintenance_work_mem=1GB -c fsync=off -c jit=off'
	PG_OPTIONS+=' -c max_wal_size=4GB -c max_parallel_workers_per_gather=0'
	# shellcheck source=tests/pg.sh
	. "${srcdir:-$here/../..}/tests/pg.sh" tests/bench-fwapid
fi
trap stop EXIT

now()
{
	date +%s.%N
}

since()
{
	awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'
}

# start_fwapid: sets port and pid; how long it took in started.
start_fwapid()
{
	local begun

	begun=$(now)
	"$fwapid" --state="$dir/state" --listen=127.0.0.1:0 --agents=none \
	    --max-connections=500 --config="$dir/conf" >"$dir/log" 2>&1 &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 1200); do
		port=$(sed -n 's/.*"msg":"HTTP on .* port \([0-9]*\)".*/\1/p' "$dir/log")
		grep -q '"msg":"serving"' "$dir/log" && break
		sleep 0.1
	done
	started=$(since "$begun")
}

# keeps yes|no: answers, or none
keeps()
{
	[ "$1" = yes ] && : >"$dir/conf" || echo 'cache = 0' >"$dir/conf"
	kill -HUP "$pid"
	sleep 0.3
}

# ask PORT TARGETS [SECONDS]: the line of fwapid.lua
ask()
{
	TARGETS=$2 wrk -t1 -c"$clients" -d"${3:-$seconds}s" --latency -s "$here/fwapid.lua" \
	    "http://127.0.0.1:$1" | sed -n 's/^RESULT //p'
}

# node_like PORT TARGET: a server of Node.js with that answer; sets node_port.
node_like()
{
	curl -s "127.0.0.1:$1$2" >"$dir/constant"
	node "$here/fwapid-node.js" "$dir/constant" >"$dir/node-port" &
	node_pid=$!
	pids+=("$node_pid")
	for _ in $(seq 100); do
		[ -s "$dir/node-port" ] && break
		sleep 0.05
	done
	node_port=$(cat "$dir/node-port")
}

[ -s "$dir/rules.jsonl" ] || $gen rules "$n" "$seed" >"$dir/rules.jsonl"
# Questions: of rules all over the file.
step=$((n / 1000 + 1))
pick()
{
	awk -v s=$step 'NR % s == 0' "$dir/rules.jsonl"
}
pick | grep -oE 'ip [0-9]+([.][0-9]+){3}' | sed 's|ip |/rules?ip=|' | head -500 >"$dir/ip"
pick | grep -oE 'ip [0-9]+([.][0-9]+){3}' | sed 's|ip \(.*\)|/rules?match=contains\&subnet=\1/32|' |
	head -500 >"$dir/subnet contains"
pick | sed -n 's|.*"owner_uuid":"\([^"]*\)".*tag \\"\(k[0-9]*\)\\".*|/rules?owner_uuid=\1\&tag=\2|p' |
	head -500 >"$dir/owner and tag"
for what in 'subnet contains' 'owner and tag'; do
	sed 's/$/\&limit=10/' "$dir/$what" >"$dir/$what, a page"
done

begun=$(now)
[ -e "$dir/state" ] || "$fwapid" import --state="$dir/state" "$dir/rules.jsonl" >/dev/null
import=$(since "$begun")
: >"$dir/conf"
start_fwapid
echo "## fwapid: $n rules, $(nproc) cores, $clients connections, the middle of $rounds rounds of $seconds s in turns"
echo
# cpu PID: microseconds of processor time so far
cpu()
{
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1e6 / hz }' "/proc/$1/stat"
}

# measure NAME PID PORT TARGETS: adds "rate p50 p99 errors bytes cpu" to $dir/NAME
measure()
{
	local before line after

	before=$(cpu "$2")
	line=$(ask "$3" "$4")
	after=$(cpu "$2")
	echo "$line" | awk -v c="$after" -v b="$before" -v s="$seconds" \
	    '{ printf "%s %.1f\n", $0, (c - b) / ($1 * s) }' >>"$dir/$1"
}

# --- PostgreSQL ---------------------------------------------------------------------
# As rules.sql has them: arrays and GIN, and for prefixes a btree over all that contain one.
pg_load()
{
	pg_init a
	pg_sql a 'CREATE TABLE raw (j jsonb)'
	pg_sql a 'CREATE TABLE texts (j text)'
	./fwrule compile -r "$dir/rules.jsonl" --emit=moray | grep '^{' | sed 's/\\/\\\\/g' |
	    pg_copy raw
	curl -s "127.0.0.1:$port/rules" | sed 's/^\[//; s/]$//; s/},{"/}\n{"/g; s/\\/\\\\/g' |
	    pg_copy texts
	pg_psql -f "$here/rules.sql" >/dev/null
}

pg_psql()
{
	"$pg_bin/psql" -h "$pg_sockets" -p "$(pg_port a)" -U postgres -q -v ON_ERROR_STOP=1 "$@"
}

pg_copy()
{
	pg_psql -c "COPY $1 FROM STDIN"
}

# value TARGET PARAMETER
value()
{
	local rest=${1#*"$2"=}

	echo "${rest%%&*}"
}

# sql_of TARGET: the same question
sql_of()
{
	local limit='' where

	case $1 in
	*'?ip='*)
		where="ARRAY['$(value "$1" ip)'::inet]"
		where="fromips @> $where OR toips @> $where"
		;;
	*subnet=*)
		where="net = ANY(parents('$(value "$1" subnet)'::inet))"
		where="uuid IN (SELECT uuid FROM targets_btree WHERE $where)"
		;;
	*)
		where="ARRAY['$(value "$1" tag)']"
		where="(fromtagkeys @> $where OR totagkeys @> $where)"
		where="owner = '$(value "$1" owner_uuid)' AND $where"
		;;
	esac
	case $1 in
	*'&limit='*) limit=" LIMIT $(value "$1" limit)" ;;
	esac
	echo "SELECT json FROM rules WHERE $where ORDER BY uuid$limit;"
}

# What the postmaster's children took that have ended, in microseconds.
pg_cpu()
{
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($14 + $15) * 1e6 / hz }' \
	    "/proc/$(head -1 "$pg_top/a/data/postmaster.pid")/stat"
}

# ask_pg TARGETS: "rate p50 p99 cpu" of a hundred of them, asked by turns at random
ask_pg()
{
	local scripts=() i=0 target before after

	rm -f "$dir"/pg-*
	while [ $i -lt 100 ] && read -r target; do
		sql_of "$target" >"$dir/pg-$i.sql"
		scripts+=(-f "$dir/pg-$i.sql")
		i=$((i + 1))
	done <"$1"
	# The same rules, as a check of both.
	[ "$(pg_psql -At -f "$dir/pg-7.sql" | wc -l)" -eq \
	    "$(curl -s "127.0.0.1:$port$(sed -n 8p "$1")" | grep -o '"uuid":' | wc -l)" ] ||
		{ echo "PostgreSQL finds others: $(cat "$dir/pg-7.sql")" >&2; return 1; }
	before=$(pg_cpu)
	"$pg_bin/pgbench" -h 127.0.0.1 -p "$(pg_port a)" -U postgres -n -M prepared -c "$clients" -j 1 \
	    -T "$seconds" -l --log-prefix="$dir/pg-log" "${scripts[@]}" postgres >"$dir/pgbench" 2>&1
	sleep 0.5
	after=$(pg_cpu)
	if grep -q 'failed transactions: [1-9]' "$dir/pgbench"; then
		tail -5 "$dir/pgbench" >&2
		return 1
	fi
	cat "$dir"/pg-log* | awk '{ print $3 }' | sort -n | awk -v s="$seconds" -v c="$after" -v b="$before" '
		{ t[NR] = $1 }
		END { printf "%.0f %.2f %.2f %.0f\n", NR / s, t[int((NR + 1) / 2)] / 1e3,
		    t[int((NR * 99 + 99) / 100)] / 1e3, (c - b) / NR }'
}

# The round with the middle rate.
middle()
{
	sort -n "$1" | sed -n "$((rounds / 2 + 1))p"
}

[ "${PG-}" = no ] || pg_load
# A core's rate is what one busy core would answer: a million by the microseconds.
echo "$(awk '/^Threads/ { print $2 }' "/proc/$pid/status") threads of fwapid, $(nproc) of which answer; one of Node.js; wrk has one."
echo
echo "| search | bytes | requests/s | p50, p99 ms | CPU us | answers kept: requests/s | p50, p99 ms | CPU us | Node.js, a constant: requests/s | p50, p99 ms | CPU us | PostgreSQL: questions/s | p50, p99 ms | CPU us | times Node.js, by rate | by core | kept, by rate | by core | times PostgreSQL, by rate | by core |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
for what in ip 'subnet contains' 'subnet contains, a page' 'owner and tag' 'owner and tag, a page'; do
	[ -s "$dir/$what" ] || { echo "no questions: $what"; exit 1; }
	# The constant is the answer whose size is nearest to the mean.
	target=$(head -100 "$dir/$what" | while read -r t; do
		echo "$(curl -s "127.0.0.1:$port$t" | wc -c) $t"; done | awk '
		{ size[NR] = $1; text[NR] = $2; sum += $1 }
		END {
			best = 1
			for (i = 2; i <= NR; i++) {
				d = size[i] - sum / NR; e = size[best] - sum / NR
				if (d * d < e * e)
					best = i
			}
			print text[best]
		}')
	node_like "$port" "$target"
	rm -f "$dir/ours" "$dir/kept" "$dir/theirs"
	for _ in $(seq "$rounds"); do
		keeps no
		measure ours "$pid" "$port" "$dir/$what"
		keeps yes
		measure kept "$pid" "$port" "$dir/$what"
		measure theirs "$node_pid" "$node_port" "$dir/$what"
	done
	kill "$node_pid"
	read -r rate p50 p99 errors bytes cost < <(middle "$dir/ours")
	read -r kept_rate kept50 kept99 kept_errors _ kept_cost < <(middle "$dir/kept")
	read -r node_rate node50 node99 _ _ node_cost < <(middle "$dir/theirs")
	[ $((errors + kept_errors)) -eq 0 ] || { echo "errors: $errors"; exit 1; }
	pg_rate=0 pg50=- pg99=- pg_cost=0
	[ "${PG-}" = no ] || read -r pg_rate pg50 pg99 pg_cost < <(ask_pg "$dir/$what")
	echo "| $what | $bytes | $rate | $p50, $p99 | $cost | $kept_rate | $kept50, $kept99 | $kept_cost | $node_rate | $node50, $node99 | $node_cost |" \
	    "$pg_rate | $pg50, $pg99 | $pg_cost |" \
	    "$(awk -v a="$rate" -v b="$node_rate" -v c="$cost" -v d="$node_cost" -v e="$pg_rate" \
	        -v f="$pg_cost" -v g="$kept_rate" -v h="$kept_cost" 'BEGIN {
	        printf "%.1f | %.1f | %.1f | %.1f | %.0f | %.0f |", a / b, d / c, g / b, d / h,
	        e ? a / e : 0, f / c }')"
done
echo
echo "Import $import s, start $started s until healthy," \
    "memory $(awk '/VmRSS/ { printf "%.0f", $2 / 1024 }' /proc/$pid/status) MB" \
    "(most $(awk '/VmHWM/ { printf "%.0f", $2 / 1024 }' /proc/$pid/status) MB, while starting)."
echo
# Writes as fast as 64 clients can, and readers beside them.
METHOD=POST wrk -t1 -c64 -d"$((seconds * 2))s" --latency -s "$here/fwapid.lua" \
    "http://127.0.0.1:$port" | sed -n 's/^RESULT //p' >"$dir/writes" &
writer=$!
read -r rate p50 p99 errors _ < <(ask "$port" "$dir/ip" "$((seconds * 2))")
wait $writer
read -r wrate w50 w99 werrors _ <"$dir/writes"
echo "| together, for $((seconds * 2)) s | requests/s | p50 ms | p99 ms | errors |"
echo "| --- | ---: | ---: | ---: | ---: |"
echo "| durable writes, 64 clients | $wrate | $w50 | $w99 | $werrors |"
echo "| search by ip, $clients clients | $rate | $p50 | $p99 | $errors |"
[ "$errors" -eq 0 ] && [ "$werrors" -eq 0 ] || exit 1
