#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Updates to many agents: the feed beside npm fast-messages' own server, the same agents
# (tests/bench/feed-bench) at both, in one run, as a Markdown table.
#
#   AGENTS=1000 tests/bench/feed.sh        from the build folder
set -eu

src=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
bench=${FEED_BENCH:-tests/bench/feed-bench}
agents=${AGENTS:-1000}
[ -x "$bench" ] || { echo "there is no $bench"; exit 0; }
"$src/tests/npm-install.sh" "$src/tests/agents" tests/agents-npm

echo "$agents agents, $(nproc) cores"
echo
echo "| server | updates | last agent has it, ms: median | p99 | frames a second | its CPU, s | memory, MB |"
echo "| --- | --- | ---: | ---: | ---: | ---: | ---: |"

# NAME UPDATES GAP_US WHAT COMMAND...
measure()
{
	local name=$1 updates=$2 gap=$3 what=$4 port latency cost
	shift 4

	coproc SERVER { "$@"; }
	read -r port <&"${SERVER[0]}"
	echo "$agents $updates $gap" >&"${SERVER[1]}"
	latency=$("$bench" agents "$port" "$agents" "$updates")
	[ "$name" = feed ] || echo "done" >&"${SERVER[1]}"
	read -r cost <&"${SERVER[0]}"
	eval "exec ${SERVER[1]}>&-"
	wait "$SERVER_PID" || true
	# shellcheck disable=SC2086
	printf "| $name | $what | %s | %s | %s | %s | %s |\n" $latency $cost
}

peer=(node --no-deprecation "$src/tests/bench/feed-peer.js" tests/agents-npm)
for turn in 'feed 50 200000' 'fast-messages 50 200000' 'feed 2000 0' 'fast-messages 200 0'; do
	read -r name updates gap <<<"$turn"
	what="$updates at once"
	[ "$gap" = 0 ] || what="5 a second"
	if [ "$name" = feed ]; then
		measure feed "$updates" "$gap" "$what" "$bench" serve
	else
		measure "npm fast-messages" "$updates" "$gap" "$what" "${peer[@]}"
	fi
done
