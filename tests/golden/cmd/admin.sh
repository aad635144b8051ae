# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# For fwadm's cases: the program on a folder of its own, ipf and ipfstat standing
# in (what they are called with is in ipf.log), and what changes from run to run
# (paths, versions, dates) made the same.

mkdir -p bin host
cp "$golden/../ipf-stand-in.sh" bin/ipf
cp "$golden/../ipf-stand-in.sh" bin/ipfstat
PATH=$PWD/bin:$PATH IPF_LOG=$PWD/ipf.log FWADM_VMS=examples/web/vms.json
export PATH IPF_LOG FWADM_VMS
unset FWADM_OPTIMIZE IPF_MODE
: >ipf.log
umask 022

same_each_run()
{
	sed "s|$PWD|PWD|g; s/[0-9]\{13\}\.[0-9]\{6\}/VERSION/g; s/generated at .*/generated at DATE/"
}

# Both outputs and the status.
fwadm()
{
	"${FWRULE%/*}/fwadm" "$@" --root host >admin.out 2>admin.err
	admin_status=$?
	same_each_run <admin.out
	same_each_run <admin.err | sed 's/^/! /'
	[ $admin_status -eq 0 ] || echo "status $admin_status"
}

show()
{
	echo "--- $*"
	"$@"
}

web0=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001
web1=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c002
db=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c003
remote=c0ffee00-0000-4000-8000-0000000000aa
rule()
{
	echo "c0ffee00-0000-4000-8000-00000000000$1"
}

# Three rules and a remote VM.
fill()
{
	cat >payload.json <<END
{ "rules": [
  { "uuid": "$(rule 1)", "enabled": true, "global": true, "version": "1",
    "rule": "FROM any TO tag role = www ALLOW tcp PORT 80", "description": "the: site" },
  { "uuid": "$(rule 2)", "enabled": true, "global": true, "version": "1", "created_by": "me",
    "rule": "FROM tag role = www TO vm $db ALLOW tcp PORT 5432" },
  { "uuid": "$(rule 3)", "enabled": false, "version": "1", "log": true,
    "owner_uuid": "b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10",
    "rule": "FROM tag role = monitor TO all vms ALLOW udp PORT 161" }
], "remoteVMs": [
  { "uuid": "$remote", "ips": [ "10.9.9.9", "fd00:0::9" ], "tags": { "role": "www", "n": 5 },
    "x": 1 }
] }
END
	fwadm add -f payload.json "$@"
}
