# SPDX-License-Identifier: MPL-2.0
# Where options, payloads, arguments and roots may stand, and odd lists of VMs.
. "$golden/cmd/admin.sh"
fill >/dev/null
admin=${FWRULE%/*}/fwadm
before()
{
	echo "--- fwadm $*" | same_each_run
	"$admin" "$@" 2>&1
	echo "status $?"
}
before --file payload.json --root host --ipf true add
before --root host --fields uuid,log --parseable --delim , list
before --root=host --req-id r1 --lock-timeout 5 --fi uuid list -p
before --json --root host get "$(rule 9)"
before --root host
before --root
before --root '' list
echo "--- a payload and arguments"
show fwadm add -f payload.json FROM any TO all vms ALLOW tcp PORT 1
show fwadm add -g ''
echo '{"description":"other"}' >d.json
show fwadm update -f d.json
show fwadm update "$(rule 1)" -f d.json -j | grep description
echo '{"description":"by input"}' | show fwadm update "$(rule 1)" -j | grep description
echo nonsense | show fwadm update "$(rule 1)" -e --desc 'by option' -j | grep description
show fwadm update "$(rule 2)" -f payload.json
echo '{"uuid":"'"$(rule 2)"'"}' >d.json
show fwadm update "$(rule 1)" -f d.json
show fwadm update "$(rule 2)" -f d.json
show fwadm update nothing -f d.json
show fwadm add --lock-timeout 0 -f d.json
echo "--- roots"
mkdir 'a root' && ln -s 'a root' link
before add --root 'a root/' --ipf true -e -g FROM any TO tag role = www ALLOW tcp PORT 1 | wc -l
before add --root link --ipf true --dryrun --stdout -e -g FROM any TO vm $web0 ALLOW tcp PORT 2 | grep === | same_each_run
before list --root "$PWD//a root//" -p -o rule
before list --root 'a root/../link/.' -p -o rule
before list --root nowhere
before list --root payload.json
echo "--- VMs"
odd()
{
	printf '[{"uuid":"%s","firewall_enabled":true,"nics":[],"tags":{},"state":"running","zonepath":%s},
{"uuid":"%s","firewall_enabled":true,"nics":[],"tags":{},"state":"stopped","zonepath":%s}]' \
	    $web0 "$1" $db "$2" >odd.json
	show fwadm add --vms odd.json -f locals.json --force
}
echo '{"localVMs":[{"uuid":"'$web0'"},{"uuid":"'$db'"}]}' >locals.json
odd '"/zones/x"' '"zones//x/"'
odd null '"/zones/y"'
odd '5' '""'
odd '"/zones/\u0000"' '"/zones/y"'
: >empty.json
show fwadm rules $web0 --vms empty.json
echo '[]' >empty.json
show fwadm vms "$(rule 1)" --vms empty.json
echo '{}' >empty.json
show fwadm vms "$(rule 1)" --vms empty.json
