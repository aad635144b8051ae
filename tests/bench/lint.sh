#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What `fwrule check` costs for 100,000 mixed rules of a hundred owners, sets included:
# CPU seconds and memory.
set -eu

src=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
FWRULE=${FWRULE:-./fwrule}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
node "$src/tests/bench/gen-rules.js" "$tmp" "${LINT_RULES:-100000}"
for run in 1 2 3; do
	/usr/bin/time -f "run $run: %U s user, %S s system, %M KB" \
	    "$FWRULE" check --no-config --format=jsonl --fail-on=never "$tmp/payloads.jsonl" >"$tmp/out"
done
echo "$(wc -l <"$tmp/out") findings"
