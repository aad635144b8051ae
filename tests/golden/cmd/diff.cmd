# What a change of rules does to the traffic.
vms='-V examples/web/vms.json -R examples/web/remote-vms.json'
sed -e 's/PORT 80 AND PORT 443)$/PORT 80 AND PORT 8080 AND PORT 443)/' \
    -e 's/198.51.100.0\/24/198.51.100.0\/25/' -e 's/^@disabled/@enabled/' \
    -e '/^@uuid.*0e06/,/^FROM/d' examples/web/rules.fwrule > new.fwrule
status_of fwrule diff examples/web/rules.fwrule examples/web/rules.fwrule $vms
status_of fwrule diff examples/web/rules.fwrule new.fwrule $vms
status_of fwrule diff --format=markdown examples/web/rules.fwrule new.fwrule $vms
status_of fwrule diff --format=json examples/web/rules.fwrule new.fwrule $vms
status_of fwrule diff --format=markdown new.fwrule new.fwrule $vms
# Rules of the same meaning, their UUIDs from the files' names; and state because of another rule.
echo 'FROM any TO all vms ALLOW udp PORTS 53 - 54' > a.fwrule
echo 'FROM any TO all vms ALLOW udp (PORT 54 AND PORT 53)' > b.fwrule
echo 'FROM any TO all vms ALLOW udp PORTS 53 - 54' > c.fwrule
echo 'FROM tag "role" = "www" TO tag nobody BLOCK udp PORT all' >> c.fwrule
status_of fwrule diff a.fwrule b.fwrule $vms
status_of fwrule diff a.fwrule c.fwrule $vms
# What the VMs change: firewalls go off, one VM goes and one comes.
sed 's/"firewall_enabled": true/"firewall_enabled": false/; s/0d51e7a4c004/0d51e7a4c009/' examples/web/vms.json > vms.json
status_of fwrule diff a.fwrule a.fwrule $vms -W vms.json
# ICMP types and codes, and a tag that would like to be Markdown.
printf 'FROM any TO all vms ALLOW icmp TYPE 3\nFROM tag "<b>|`x` \\u001b[0m" TO all vms ALLOW tcp PORT 1\n' > d.fwrule
printf 'FROM any TO all vms ALLOW icmp (TYPE 3 CODE 4 AND TYPE 8)\n' > e.fwrule
cat > rvms.json <<'END'
{ "uuid": "c2a7d6b0-9d5e-4d53-8f6e-1f3a52b7d1ff", "tags": { "<b>|`x` \u001b[0m": 1 }, "ips": ["203.0.113.99", "2001:db8::99"] }
END
for format in text json markdown; do
	status_of fwrule diff d.fwrule e.fwrule $vms -R rvms.json --format=$format
done
