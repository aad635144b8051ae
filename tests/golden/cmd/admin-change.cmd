# SPDX-License-Identifier: MPL-2.0
# add, update, enable, disable and delete: what they print, and what is stored.
. "$golden/cmd/admin.sh"
show fill -v
show fwadm get "$(rule 1)"
show fwadm get-rvm $remote
echo "--- as files"
cat "host/var/fw/rules/$(rule 2).json"
echo
cat host/var/fw/vms/$remote.json
echo
echo "--- again: rules are as they are stored, the remote VM is added again"
fwadm add -f payload.json
show fwadm add -e -g --desc 'over ssh' FROM any TO all vms ALLOW tcp PORT 22 |
    sed 's/^[0-9a-f-]\{36\} /UUID /'
show fwadm update "$(rule 2)" FROM tag role = www TO vm $db ALLOW tcp PORT 5433
show fwadm disable "$(rule 1)" "$(rule 2)"
show fwadm enable "$(rule 1)" -j
show fwadm delete "$(rule 2)" "$(rule 9)" -v
show fwadm delete-rvm $remote -v
show fwadm delete-rvm $remote
show fwadm delete "$(rule 3)" -j
