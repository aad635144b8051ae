#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What `fwrule check` costs, the checks of rules together included, for mixed rules of a
# hundred owners and for the same as everybody's, so that all of them meet: CPU seconds and
# memory for a quarter, a half and all of them, and by how much each costs more than half
# as many (2 is linear).  Last, the recorded rules as one set.
set -eu

src=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
FWRULE=${FWRULE:-./fwrule}
n=${LINT_RULES:-100000}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# check NAME FILE [PREVIOUS]: the least of three runs.
check()
{
	for _ in 1 2 3; do
		/usr/bin/time -f "%U %M" "$FWRULE" check --no-config --format=jsonl --fail-on=never "$2" \
		    >"$tmp/out" 2>>"$tmp/$1.time"
	done
	sort -n "$tmp/$1.time" | head -n 1 >"$tmp/$1"
	awk -v name="$1" -v found="$(wc -l <"$tmp/out")" -v before="${3:+$(cut -d' ' -f1 "$tmp/$3")}" \
	    -v open="$(grep -c '"code":"FW026"' "$tmp/out" || true)" '{
		printf "%s: %s s user, %d MB, %d findings, %d not decided", name, $1, $2 / 1024, found, open
		if (before > 0)
			printf ", %.2f times half as many", $1 / before
		print ""
	}' "$tmp/$1"
}

node "$src/tests/bench/gen-rules.js" "$tmp" "$n"
sed 's/"owner_uuid":"[^"]*",//' "$tmp/payloads.jsonl" >"$tmp/everybody.jsonl"
for kind in payloads everybody; do
	before=
	for part in $((n / 4)) $((n / 2)) "$n"; do
		head -n "$part" "$tmp/$kind.jsonl" >"$tmp/part.jsonl"
		check "$kind-$part" "$tmp/part.jsonl" "$before"
		before=$kind-$part
	done
done
node -e '
	const lines = require("fs").readFileSync(process.argv[1], "utf8").split("\n");
	for (const payload of lines.filter((l) => l).map((l) => JSON.parse(l).payload))
		if (payload && typeof payload === "object")
			console.log(JSON.stringify({ ...payload, uuid: undefined, enabled: true }));
' "$src/tests/corpus/rules.jsonl" >"$tmp/corpus.jsonl"
check corpus "$tmp/corpus.jsonl"
