# SPDX-License-Identifier: MPL-2.0
# A sentence may hold a lone surrogate, which JSON cannot carry: it is stored as the
# sentence's own escape, and nothing that reads it stumbles.
. "$golden/cmd/admin.sh"
lone='FROM tag "\ud800" TO tag role = "\udfff" ALLOW tcp PORT 80'
echo '{"uuid":"'"$(rule 1)"'","global":true,"version":"1","rule":"FROM any TO all vms ALLOW tcp PORT 1"}' >rule.json
show fwadm add -f rule.json
show fwadm update "$(rule 1)" -e "$lone"
sed -i 's/"log"/"x": {"y": ["\\u0001\\\\ud800"]},\n  "log"/' "host/var/fw/rules/$(rule 1).json"
show fwadm disable "$(rule 1)"
show cat "host/var/fw/rules/$(rule 1).json" | same_each_run
echo
show fwadm list
show fwadm list -j -o rule
show fwadm get "$(rule 1)"
show fwadm enable "$(rule 1)" -j
show fwadm vms "$(rule 1)"
show fwadm remote-targets -g "$lone"
show fwadm remote-targets -g 'FROM tag a = "\ud800" TO tag role ALLOW tcp PORT 80'
show fwadm validate -g "$lone"
show fwadm doctor --ipf true --ipfstat true | sed 's/^fwadm [0-9.]*/fwadm N/'
