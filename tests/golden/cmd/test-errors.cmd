# All errors of a file in one go, each with its place and, where there is one, its cure.
cat > bad.fwtest <<'END'
rules
vms "examples/web/vms.json
rule examples/web/rules.fwrule
expect allow in (tcp) from any to all vms
expect allow in tcp 80 or 443 from any to all vms
expect allow in tcp 80 443 from any to all vms
expect allow in tcp 0, 70000, 90-80 from any to all vms
expect allow in icmp 8 code 256 from any to all vms
expect allow tcp 80 from any to all vms
expect allow in tcp from 10.0.0.300 to all vms
expect allow in tcp from 10.0.0.0/33 to all
expect allow in tcp from web0 to vm web0.example
expect allow in tcp from (vm web0, vm web1) to all vms
expect allow in tcp from any or any to all vms
expect allow in tcp from tag "open to all vms
expect allow in tcp from tag "\x" to all vms
expect allow in tcp from any to all vms expect
expect allow in tcp from (any or
    # and nothing more
END
status_of fwrule test bad.fwtest
cat > names.fwtest <<'END'
rules examples/web/rules.fwrule
vms examples/web/vms.json
remote-vms twins.json
expect allow in tcp 80 from any to vm web9
expect allow in tcp 80 from any to vm twin
expect allow in tcp 80 from any to vm 930896af-bf8c-48d4-885c-6573a94b1853
expect allow in tcp 80 from any to (tag "no" or 192.0.2.0/24)
expect allow in icmp 8 from (2001:db8::1 or tag "role" = "no") to vm web0
expect allow in tcp 80 from any to vm web0
END
cat > twins.json <<'END'
[{"uuid": "930896af-bf8c-48d4-885c-6573a94b1853", "alias": "twin", "ips": ["10.0.0.1"]},
 {"uuid": "930896af-bf8c-48d4-885c-6573a94b1854", "alias": "twin", "ips": ["10.0.0.2"]}]
END
status_of fwrule test names.fwtest
status_of fwrule test --format=tap names.fwtest
echo 'expect allow in tcp 80 from any to all vms' >empty.fwtest
status_of fwrule test empty.fwtest
printf 'rules none.fwrule\nvms none.json\n' >none.fwtest
status_of fwrule test none.fwtest none-either.fwtest
status_of fwrule test
status_of fwrule test --format=xml empty.fwtest
