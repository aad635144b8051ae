#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The service over HTTP on loopback, beside an HTTP server of Node.js that returns a
# constant of the same size, in one run; as Markdown tables.  Needs wrk and node.
#
#   tests/bench/fwapid.sh                 from the build folder
#   RULES=10000 SECONDS_EACH=3 tests/bench/fwapid.sh
#   BENCH_DIR=DIR tests/bench/fwapid.sh   keeps rules and store there for the next run
#
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
	wait
	[ -n "${BENCH_DIR-}" ] || rm -rf "$dir"
}
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
	    --max-connections=500 >"$dir/log" 2>&1 &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 1200); do
		port=$(sed -n 's/.*"msg":"HTTP on .* port \([0-9]*\)".*/\1/p' "$dir/log")
		grep -q '"msg":"serving"' "$dir/log" && break
		sleep 0.1
	done
	started=$(since "$begun")
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

# The round with the middle rate.
middle()
{
	sort -n "$1" | sed -n "$((rounds / 2 + 1))p"
}

echo "| search | bytes | requests/s | p50 ms | p99 ms | CPU us | Node.js, a constant: requests/s | p50 ms | p99 ms | CPU us | times by rate | by CPU |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
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
	rm -f "$dir/ours" "$dir/theirs"
	for _ in $(seq "$rounds"); do
		measure ours "$pid" "$port" "$dir/$what"
		measure theirs "$node_pid" "$node_port" "$dir/$what"
	done
	kill "$node_pid"
	read -r rate p50 p99 errors bytes cost < <(middle "$dir/ours")
	read -r node_rate node50 node99 _ _ node_cost < <(middle "$dir/theirs")
	[ "$errors" -eq 0 ] || { echo "errors: $errors"; exit 1; }
	echo "| $what | $bytes | $rate | $p50 | $p99 | $cost | $node_rate | $node50 | $node99 | $node_cost |" \
	    "$(awk -v a="$rate" -v b="$node_rate" 'BEGIN { printf "%.1f", a / b }') |" \
	    "$(awk -v a="$cost" -v b="$node_cost" 'BEGIN { printf "%.1f", b / a }') |"
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
