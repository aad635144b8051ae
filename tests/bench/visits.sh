#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Lines that a packet meets, -O2's flat list beside -O3's groups, for hosts of one
# VM of several shapes and sizes: tests/bench/visits sends the same packets
# through both files.  Packets: in, at the edges of and just outside the lines'
# addresses and ports, and from anywhere.  Needs node.
#
# usage: visits.sh [RULES...]   (default: 100 1000 10000)
# FWRULE is the program, srcdir the sources; VISITS the program that sends packets.
set -eu

: "${FWRULE:=./fwrule}" "${srcdir:=.}" "${VISITS:=tests/bench/visits}"
[ $# -gt 0 ] || set -- 100 1000 10000
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

echo '| host                       |  lines |  in -O3|   average |  worst | average |  worst | times |'
echo '|----------------------------|-------:|-------:|----------:|-------:|--------:|-------:|------:|'
for shape in allowed blocked exceptions ports mixed; do
	for rules in "$@"; do
		node "$srcdir/tests/bench/gen-vm.js" "$dir" "$shape" "$rules"
		for level in 2 3; do
			"$FWRULE" compile -r "$dir/rules.json" -V "$dir/vms.json" "-O$level" \
			    --date=now -o "$dir/O$level"
		done
		"$VISITS" "$shape, $rules rules" "$dir"/O2/*/ipf.conf "$dir"/O3/*/ipf.conf
		rm -rf "$dir/O2" "$dir/O3"
	done
done
