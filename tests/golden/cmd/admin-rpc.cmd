# SPDX-License-Identifier: MPL-2.0
# fwadm's operations through fwrule rpc, in one process that stays while another
# changes the same data.
. "$golden/cmd/admin.sh"
tr -d '\n' <examples/web/vms.json >vms
vms=$(cat vms)
mkfifo to from
"$FWRULE" rpc --root host <to >from 2>err &
exec 3>to 4<from
ask()
{
	echo "--- $1 ${2-}"
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":{%s%s}}\n' "$1" "${2-}" "${3-}" >&3
	read -r answer <&4
	echo "$answer" | same_each_run
}
ask add '"createdBy":"me","rules":[{"uuid":"'"$(rule 1)"'","enabled":true,"global":true,"version":"1","rule":"FROM any TO tag role = www ALLOW tcp PORT 80"}]' ",\"vms\":$vms"
ask add '"rule":"FROM any TO all vms ALLOW icmp TYPE all","uuid":"'"$(rule 2)"'","global":true' ",\"vms\":$vms"
ask get "\"uuid\":\"$(rule 1)\""
show fwadm update "$(rule 1)" -e FROM any TO tag role = www ALLOW tcp PORT 81
ask get "\"uuid\":\"$(rule 1)\""
ask list '"fields":["uuid"]'
ask enable "\"uuids\":[\"$(rule 2)\"]" ",\"vms\":$vms"
ask vms "\"rule\":\"$(rule 1)\"" ",\"vms\":$vms"
ask vms "\"rule\":{\"rule\":\"FROM any TO vm $db ALLOW tcp PORT 1\"}" ",\"vms\":$vms"
ask rules "\"vm\":\"$db\"" ",\"vms\":$vms"
ask update '"allowAdds":true,"remoteVMs":[{"uuid":"'$remote'","ips":["10.9.9.9"],"tags":{"role":"www"}}]' ",\"vms\":$vms"
ask listRemoteVMs
ask remoteVMRules "\"remoteVM\":{\"uuid\":\"$remote\",\"tags\":{\"role\":\"www\"}}" ",\"vms\":$vms"
ask delete "\"uuids\":[\"$(rule 1)\"],\"rvmUUIDs\":[\"$remote\"]" ",\"vms\":$vms"
ask add '"rules":[]'
ask vms '"x":1' ',"vms":[]'
ask delete '"x":1' ',"vms":[]'
ask get "\"uuid\":\"$(rule 1)\""
ask remoteVMRules "\"remoteVM\":\"$remote\"" ',"vms":[]'
ask remoteTargets '"x":1' ',"vms":[]'
ask add '"remoteVMs":[{"uuid":"x"}]' ',"vms":[]'
ask start '"vm":{"uuid":"'$db'"}' ",\"vms\":$vms"
ask stop '"vm":{"uuid":"'$db'","zonepath":"/zones/'$db'","state":"running"}'
ask status "\"uuid\":\"$db\""
ask stats "\"uuid\":\"$db\""
ask add '"rules":[{"uuid":"'"$(rule 3)"'","version":"1","global":true,"rule":"FROM tag \"\\ud800\" TO tag a ALLOW tcp PORT 1"}]' ',"vms":[]'
ask list '"fields":["rule","uuid","rule"]'
ask list '"fields":["uuid\u0000x","a"]'
ask list '"fields":null'
ask rules "\"vm\":\"$db\",\"fields\":[\"uuid\"]" ",\"vms\":$vms"
ask remoteTargets '"rules":[{"global":true,"rule":"FROM tag \"\\ud800\" TO tag role ALLOW tcp PORT 1"}]' ",\"vms\":$vms"
ask enable "\"rules\":[{},{\"uuid\":\"$(rule 3)\"}]" ',"vms":[]'
ask validate '"rules":5' ',"vms":[]'
ask validate '"remoteVMs":[5]' ',"vms":[]'
ask add '"createdBy":null,"rules":[]' ',"vms":[]'
exec 3>&-
wait
cat err
