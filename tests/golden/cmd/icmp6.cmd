# The essentials of ICMPv6: before all rules, marked, explained, proved; not at -O0.
cat > site.fwrule <<'END'
@uuid 5c3ea269-75b8-42fa-badc-956684fb4d4e
FROM any TO all vms BLOCK icmp6 TYPE all PRIORITY 100
@uuid 5c3ea269-75b8-42fa-badc-956684fb4d4f
FROM any TO tag "role" = "www" ALLOW icmp6 (TYPE 128 AND TYPE 135)
END
host='-r site.fwrule -V examples/web/vms.json' vm=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c003
for level in 1 2 3; do
	status_of fwrule compile $host -O$level --icmp6=rfc4890 --verify --vm $vm $day
done
fwrule compile $host --icmp6=none --vm $vm $day >none
fwrule compile $host --vm $vm $day | cmp - none
fwrule compile $host --icmp6=rfc4890 --emit=fwapi,moray | grep -c 4890
fwrule compile $host --icmp6=rfc4890 --vm $vm --ipf-tags --emit=ipf6 $day | grep 'icmp-type 13'
fwrule explain $host --icmp6=rfc4890 --vm $vm --in --proto=icmp6 --type=135
fwrule explain $host --icmp6=rfc4890 --vm $vm --in --proto=icmp6 --type=134 --addr=fe80::1 --json
fwrule explain $host --icmp6=rfc4890 --vm $vm --in --proto=icmp6 --type=134 --addr=2001:db8::1 |
    head -n 2
status_of fwrule diff site.fwrule site.fwrule -V examples/web/vms.json --new-icmp6=rfc4890
status_of fwrule diff site.fwrule site.fwrule -V examples/web/vms.json --icmp6=rfc4890
fwrule compile $host --vm $vm --emit=ipf6 $day | tail -n +2 >was.conf
fwrule compile $host --vm $vm --emit=ipf6 --icmp6=rfc4890 $day | tail -n +2 >now.conf
fwrule compile $host --vm $vm --emit=ipf6 --icmp6=rfc4890 -O2 $day | tail -n +2 >now2.conf
status_of fwrule equiv was.conf now.conf
status_of fwrule equiv now.conf now2.conf
rpc='{"jsonrpc":"2.0","id":1,"method":"compile","params":{"rules":[],"vms":[{"uuid":"6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c003","firewall_enabled":true,"nics":[],"tags":{},"state":"running","zonepath":"/z"}],"emit":"ipf6","date":"today"'
printf '%s,"icmp6":"rfc4890"}}\n' "$rpc" | fwrule rpc
printf '%s,"icmp6":"rfc4890","optimize":0}}\n' "$rpc" | fwrule rpc
printf '%s,"icmp6":4890}}\n' "$rpc" | fwrule rpc
status_of fwrule compile $host -O0 --icmp6=rfc4890
status_of fwrule explain $host -O0 --icmp6=rfc4890 --vm $vm --in --proto=icmp6 --type=1
status_of fwrule diff site.fwrule site.fwrule -V examples/web/vms.json -O0 --new-icmp6=rfc4890
status_of fwrule compile $host --icmp6=rfc4443
