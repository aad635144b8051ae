# SPDX-License-Identifier: MPL-2.0
# list, rules, rvm-rules, vms: tables, fields, delimiters, JSON.
. "$golden/cmd/admin.sh"
show fwadm list
fill >/dev/null
show fwadm list | sed 's/$/|/'
show fwadm list -o uuid,description,created_by,global,log,owner_uuid,version,enabled | sed 's/$/|/'
show fwadm list -p
show fwadm list -p -o description,rule,enabled
show fwadm list -p -d ' ' -o rule,log
show fwadm list -j -o uuid,log
show fwadm list -j
show fwadm rules $db
show fwadm rules $web0 -p -o uuid
show fwadm rules c0ffee00-0000-4000-8000-0000000000bb
show fwadm rvm-rules $remote
show fwadm vms "$(rule 1)"
show fwadm vms "$(rule 3)"
show fwadm vms "$(rule 3)" --include-disabled
show fwadm vms "$(rule 2)" -j
show fwadm list-rvms
show fwadm list -d :
show fwadm list -j -p
show fwadm list -o uuid,no,nor
show fwadm list -o no
show fwadm list -o uuid,uuid -j
show fwadm list -p -o uuid,log,uuid
show fwadm rules $web0 -o uuid,no
show fwadm rules $web0 -j -o uuid
show fwadm rvm-rules $remote -j -o version,enabled
