# SPDX-License-Identifier: MPL-2.0
# --dryrun, --stdout, levels, unchanged files, --force, verify, doctor, --log.
. "$golden/cmd/admin.sh"
show fwadm add --dryrun --stdout -v -O0 -e -g FROM any TO vm $db ALLOW tcp PORT 5432 |
    sed 's/[0-9a-f-]\{36\} true/UUID true/; s/rule=[0-9a-f-]*/rule=UUID/'
find host
fill -O0 >/dev/null
: >ipf.log
show fwadm update -f payload.json -O0
wc -l <ipf.log
show fwadm update -f payload.json -O0 --force
wc -l <ipf.log
FWADM_OPTIMIZE=0 show fwadm verify
show fwadm verify $web0
sed -i 's/port = 80 /port = 81 /' host/zones/$web0/config/ipf.conf
show fwadm verify $web0 $web1
show fwadm verify c0ffee00-0000-4000-8000-0000000000bb
show fwadm doctor | sed 's/^fwadm [0-9.]*/fwadm N/'
echo '{' >"host/var/fw/rules/$(rule 4).json"
echo '{}' >host/var/fw/rules/name.json
ln -s /etc/passwd "host/var/fw/vms/$(rule 5).json"
touch host/var/fw/rules/.x.json.tmp
show fwadm list -p -o uuid
show fwadm delete "$(rule 4)"
show fwadm enable "$(rule 4)"
show fwadm doctor | sed 's/^fwadm [0-9.]*/fwadm N/'
fwadm delete "$(rule 1)" --log log.json --req-id r1 >/dev/null
sed 's/"\(hostname\|time\)":"[^"]*"/"\1":"X"/g; s/"\(pid\|ms\)":[0-9.]*/"\1":0/g' log.json
echo "--- doctor without a list of VMs, with a bad one, and without data"
doctor()
{
	echo "--- doctor $*"
	fwadm doctor "$@" | sed 's/^fwadm [0-9.]*/fwadm N/'
}
FWADM_VMS='' doctor
FWADM_VMS='' doctor -j
doctor --vms nothing
echo '[{"uuid":5},{}]' >odd.json
doctor --vms odd.json
chmod 777 host/var/fw
doctor | grep owner
chmod 755 host/var/fw
mv host/var/fw/vms vms && ln -s "$PWD/vms" host/var/fw/vms
doctor
echo "--- operations that fail before they begin, and those that vmadm does"
rm log.json
fwadm add -f nothing.json --log log.json --req-id r2
fwadm start no --log log.json
fwadm list --bogus --log log.json
printf '#!/bin/sh\necho "$*" >>vmadm.log\ntest "$2" != %s || { echo "no such VM" >&2; exit 1; }\n' $web1 >bin/vmadm
chmod +x bin/vmadm
FWADM_VMS='' fwadm start $web0 --log log.json
FWADM_VMS='' fwadm stop $web1 --log log.json
cat vmadm.log
sed 's/"\(hostname\|time\)":"[^"]*"/"\1":"X"/g; s/"\(pid\|ms\)":[0-9.]*/"\1":0/g' log.json | same_each_run
echo "--- a log that cannot be written, and programs that are none"
rm host/var/fw/vms && mv vms host/var/fw/vms
fwadm list -p -o enabled --log /dev/full
fwadm start no --log /dev/full
fwadm list --log nowhere/log
doctor --ipf . --ipfstat '' | grep cannot
