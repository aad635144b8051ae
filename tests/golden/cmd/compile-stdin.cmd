# Rules, VMs and remote VMs can each come from standard input.
echo 'FROM any TO all vms ALLOW tcp PORT 22' | fwrule compile -r - --emit=moray
cat examples/web/vms.json | fwrule compile -r examples/web/rules.fwrule -V - \
    -R examples/web/remote-vms.json $day | cksum
fwrule compile $web $day | cksum
