# What --match makes of an address and of a prefix, and why.
cat >r.fwrule <<'END'
@uuid 00000000-0000-4000-8000-000000000001
FROM ip 10.1.2.3 TO all vms ALLOW tcp PORT 80
@uuid 00000000-0000-4000-8000-000000000002
FROM (subnet 10.1.0.0/16 OR subnet fd00::/8) TO tag "www" = "1" ALLOW tcp PORTS 1 - 1024
@uuid 00000000-0000-4000-8000-000000000003
FROM tag "www" TO subnet 10.1.2.0/24 BLOCK udp PORT 53
@uuid 00000000-0000-4000-8000-000000000004
FROM ip fd00::1 TO tag "foo,other" ALLOW icmp6 TYPE 8
END
for m in exact contains within overlaps; do
	fwrule query -r r.fwrule --ip=10.1.2.3 --match=$m --explain
	fwrule query -r r.fwrule --subnet=10.1.2.0/24 --match=$m -f uuids
done
fwrule query -r r.fwrule --ip=fd00:0:0:0:0:0:0:1 --match=contains -f uuids
fwrule query -r r.fwrule --ip=::ffff:a01:203 --match=contains -f uuids
fwrule query -r r.fwrule --subnet=0.0.0.0/0 --match=within --direction=to -f uuids
fwrule query -r r.fwrule --tag=www -f uuids
fwrule query -r r.fwrule --tag=www --value=1 --tag=foo,other --explain
fwrule query -r r.fwrule --tag=www --value=2 --value=3 -f uuids
fwrule query -r r.fwrule --tag=foo -f uuids
fwrule query -r r.fwrule --port=80 -f uuids
