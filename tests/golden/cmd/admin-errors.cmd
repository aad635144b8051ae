# SPDX-License-Identifier: MPL-2.0
# Errors: their texts, their order, and the exit status.
. "$golden/cmd/admin.sh"
fill >/dev/null
payload()
{
	echo "--- $1: $2"
	printf '%s' "$2" >p.json
	fwadm "$@" -f p.json 2>&1 | sed 1q >/dev/null
	command=$1
	shift 2
	fwadm "$command" -f p.json "$@"
}
show fwadm get "$(rule 9)"
show fwadm get "$(rule 9)" -j
show fwadm get x
show fwadm get
show fwadm get-rvm "$(rule 9)"
show fwadm vms "$(rule 9)"
show fwadm rvm-rules "$(rule 9)"
show fwadm rvm-rules $web0
show fwadm enable
show fwadm disable
show fwadm delete
show fwadm delete nothing
show fwadm add -f nothing.json
show fwadm nothing
payload add '{}'
payload add 'nonsense'
payload add '{"rules":[{"rule":"FROM any TO tag a ALLOW tcp PORT 0","enabled":1}]}'
payload add '{"rules":[{"rule":"FROM any","global":true},{"rule":5,"global":true}]}' -j
payload add '{"rules":[{"rule":"FROM any TO all vms ALLOW tcp PORT 1"}],"remoteVMs":[{}]}'
payload add '{"remoteVMs":[{},{"uuid":"x"},{"uuid":"c0ffee00-0000-4000-8000-0000000000cc"}],"localVMs":[{}]}'
payload add '{"remoteVMs":[{"uuid":"6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001","ips":["10.0.0.1"]}]}' -j
payload add '{"localVMs":[{"alias":"web0"},{"uuid":"c0ffee00-0000-4000-8000-0000000000cc"}]}'
payload update '{"rules":[{"enabled":true},{"uuid":"c0ffee00-0000-4000-8000-000000000009"}]}'
payload update '{"rules":[{"uuid":"c0ffee00-0000-4000-8000-000000000001","rule":"FROM any"}]}'
payload validate '{"rules":[{"global":true,"rule":"FROM any TO vm c0ffee00-0000-4000-8000-0000000000cc ALLOW tcp PORT 1"}]}'
payload validate '{"rules":[{"global":true,"rule":"FROM vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 TO vm c0ffee00-0000-4000-8000-0000000000cc ALLOW tcp PORT 1"}]}'
payload validate '{"rules":[{"global":true,"rule":"FROM any TO all vms ALLOW tcp PORT 1"}]}'
payload remote-targets '{"rules":[{"global":true,"rule":"FROM (tag a = 1 OR tag a = 2 OR tag b OR vm c0ffee00-0000-4000-8000-0000000000cc) TO tag role ALLOW tcp PORT 1"}]}'
echo '[{"uuid":"6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001","tags":{}}]' >few.json
show fwadm rules $web0 --vms few.json
