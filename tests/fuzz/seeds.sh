#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Makes a small seed corpus for each fuzz target out of tests/corpus.
#
# usage: seeds.sh DIR; makes DIR/fuzz-sentence and so on
set -eu
dir=${1:?usage: seeds.sh DIR}
corpus=$(cd "$(dirname "$0")/../corpus" && pwd)
for name in sentence payload inventory rpc aggregate; do
	mkdir -p "$dir/fuzz-$name"
done

# split_lines STEM PREFIX: each line of standard input, behind the prefix, into a
# file of its own.
split_lines() {
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		printf '%s%s' "$2" "$line" >"$dir/$1-$n"
	done
}

payloads() {
	sed -n 's/^{"id":"[^"]*","kind":"[^"]*","payload":\({.*}\),"opts":.*/\1/p' \
		"$corpus/rules.jsonl" | head -n "$1"
}

# The escapes of JSON undone as far as seeds need it.
payloads 200 | sed 's/^{"rule":"\(.*\)","uuid":.*/\1/; s/\\"/"/g; s/\\\\/\\/g' |
	split_lines fuzz-sentence/rule d
payloads 200 | split_lines fuzz-payload/rule d
payloads 200 | sed 's/.*/{"jsonrpc":"2.0","id":1,"method":"create","params":{"payload":&}}/' |
	split_lines fuzz-rpc/create ''
sed 's/^.*"ipfTags":[a-z]*,"host":\(.*\),"want":.*/{"jsonrpc":"2.0","id":1,"method":"compile","params":\1}/' \
	"$corpus/hosts.jsonl" | awk 'length < 4000' | head -n 20 | split_lines fuzz-rpc/compile ''
sed -n 's/^.*"host":{"vms":\(\[.*\]\),"remoteVMs":\(\[.*\]\),"rules":.*/\1\n\2/p' \
	"$corpus/hosts.jsonl" | head -n 80 | while IFS= read -r local && IFS= read -r remote; do
	n=$((${n:-0} + 1))
	printf '%s\377%s' "$local" "$remote" >"$dir/fuzz-inventory/host-$n"
done
printf 'a10.0.0.0/8\n10.1.2.3-10.1.2.9\nfd00::/8\n' >"$dir/fuzz-aggregate/seed"
