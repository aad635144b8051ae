#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# `fwrule parse` of a file of small rules: CPU seconds, user and system, and peak memory in kB.
# LARGE_MB: its size, 1,000.
set -eu

FWRULE=${FWRULE:-./fwrule}
run=$(dirname "$FWRULE")/tests/bench/bench-run
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
line='FROM ip 10.0.0.1 TO tag "role" = "www" ALLOW tcp PORT 80'
yes "$line" | head -n "$((${LARGE_MB:-1000} * 1000000 / (${#line} + 1)))" >"$tmp/rules.fwrule"
echo "$(wc -c <"$tmp/rules.fwrule") bytes: $("$run" "$FWRULE" parse "$tmp/rules.fwrule")"
