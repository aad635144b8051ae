#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Makes a small seed corpus for each fuzz target out of tests/corpus and tests/golden.
#
# usage: seeds.sh DIR; makes DIR/fuzz-sentence and so on
set -eu
dir=${1:?usage: seeds.sh DIR}
corpus=$(cd "$(dirname "$0")/../corpus" && pwd)
for name in sentence payload inventory rpc aggregate request state lint lsp; do
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

# A stored rule, a stored remote VM and a request of fwadm's.
u=c0ffee00-0000-4000-8000-00000000000
n=0
for request in '{"rules":[{"uuid":"'$u'1","enabled":true}]}' '{"uuids":["'$u'1"],"rvmUUIDs":["'$u'2"]}' \
    '{"remoteVMs":[{"uuid":"'$u'2","ips":["10.1.1.1"],"tags":{"a":1}}],"localVMs":[{"uuid":"'$u'3"}]}' \
    '{"rule":"FROM any TO tag a ALLOW tcp PORT 1","global":true,"vm":{"uuid":"'$u'3"}}' \
    '{"rules":[{"rule":"FROM tag a = 1 TO tag b BLOCK icmp TYPE all","global":true}],"createdBy":"x"}' \
    '{"remoteVM":"'$u'2","rule":"'$u'1","fields":["uuid"],"dryrun":true,"filecontents":true,"rules":[]}'; do
	n=$((n + 1))
	printf '{"uuid":"%s1","version":"1","global":true,"x":1,"rule":"FROM tag b TO all vms ALLOW udp PORT 53"}\377' \
	    "$u" >"$dir/fuzz-state/request-$n"
	printf '{"uuid":"%s2","ips":["10.9.9.9"],"tags":{"b":"x"}}\377%s' "$u" "$request" \
	    >>"$dir/fuzz-state/request-$n"
done

# The linter: each golden case as rules, the VMs, project files and a baseline.
golden=$corpus/../golden/lint
for f in "$golden"/*.fwrule; do
	{ printf 'r'; head -c 4000 "$f"; } >"$dir/fuzz-lint/rules-$(basename "$f" .fwrule)"
	{ printf '\1\20'; head -c 4000 "$f"; } >"$dir/fuzz-lsp/$(basename "$f" .fwrule)"
done
{ printf 'o'; cat "$golden/FW008-newer-version.fwrule"; } >"$dir/fuzz-lint/old"
for name in FW030-inventory FW033-discovery; do
	{ printf 'i'; cat "$golden/$(sed 's/^-V //' "$golden/$name.args")"; printf '\377'
	  cat "$golden/$name.fwrule"; } >"$dir/fuzz-lint/$name"
done
for f in "$golden"/*.vms.json; do
	{ printf 'v'; cat "$f"; } >"$dir/fuzz-lint/vms-$(basename "$f" .vms.json)"
done
printf 'c[check]\nselect = FW0, no-effect\nignore = FW011\nfwrule-version = 3\nicmp6 = rfc4890\n%s' \
    'sensitive-ports = 22, udp/161, 8000-8010
near-limit = 20
fail-on = never
[severity]
FW014 = error
' >"$dir/fuzz-lint/conf"
printf 'b{"version":1,"findings":[{"fingerprint":"8c07ac2b7cbf0516","code":"FW014"}]}' \
    >"$dir/fuzz-lint/baseline"

# Requests to the service.
payloads 60 | sed 's/.*/POST \/rules\ncontent-type: application\/json\n\n&/' |
	awk '{ printf "%s%s", $0, (NR % 4 ? "\n" : "\0") }' | split -t '\0' -l 1 -a 3 - "$dir/fuzz-request/post-"
n=0
while IFS= read -r line; do
	n=$((n + 1))
	printf '%b' "$line" >"$dir/fuzz-request/seed-$n"
done <<'EOT'
GET /rules?ip=10.0.0.1,::1&subnet=10.0.0.0/8&tag[a]=b&tag.c=d&fields=parsed.ports
GET /rules?owner_uuid=930896af-bf8c-48d4-885c-6573a94b1853&limit=3&sort=-rule&count=true
PUT /rules/5c3ea269-75b8-42fa-badc-956684fb4d4e\n\n{"enabled":true,"rule":"FROM any TO all vms ALLOW tcp PORT 1"}
DELETE /rules/5c3ea269-75b8-42fa-badc-956684fb4d4e?owner_uuid=930896af-bf8c-48d4-885c-6573a94b1853
POST /resolve\n\n{"owner_uuid":"930896af-bf8c-48d4-885c-6573a94b1853","tags":{"a":["b"],"c":true},"vms":["5c3ea269-75b8-42fa-badc-956684fb4d4e"]}
POST /updates\ncontent-type: application/x-www-form-urlencoded\n\ntype=vm.add&uuid=5c3ea269-75b8-42fa-badc-956684fb4d4e
GET /firewalls/vms/5c3ea269-75b8-42fa-badc-956684fb4d4e\naccept-version: ~1 || >=1.0 <2
POST /rules\nuuid: x\n\n{"uuid":"5c3ea269-75b8-42fa-badc-956684fb4d4e","global":true,"rule":"FROM any TO all vms ALLOW tcp PORT 1"}
GET /updates?since=12
GET /ping?agents=true\nx-request-id: a
EOT
