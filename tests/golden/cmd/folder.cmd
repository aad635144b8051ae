# A folder like var/fw: rules and remote VMs, one file each; what is no .json is passed over.
mkdir -p fw/rules fw/vms
echo '{"uuid":"5c3ea269-75b8-42fa-badc-956684fb4d41","version":"1","enabled":true,"rule":"FROM tag \"a\" TO all vms ALLOW tcp PORT 22"}' > fw/rules/5c3ea269-75b8-42fa-badc-956684fb4d41.json
echo '{"uuid":"8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c2d","ips":["10.0.0.9"],"tags":{"a":1}}' > fw/vms/8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c2d.json
echo 'not JSON' > fw/rules/notes.txt
fwrule compile -r fw -V examples/web/vms.json $day --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 --emit=ipf |
    sed -n '/^# rule/,/^$/p'
echo '{' > fw/rules/broken.json
status_of fwrule compile -r fw --emit=fwapi
