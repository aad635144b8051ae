# The IR of one VM before the passes and after each; several; names that are none.
cat >vms.json <<'END'
{"uuid":"5b4a3928-1706-4f5e-8d4c-3b2a1908f701","owner_uuid":"b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10","firewall_enabled":true,"state":"running","zonepath":"/zones/a","tags":{"role":"a"},"nics":[{"ip":"10.0.0.1"}]}
{"uuid":"5b4a3928-1706-4f5e-8d4c-3b2a1908f702","owner_uuid":"b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10","firewall_enabled":false,"state":"running","zonepath":"/zones/b","tags":{"role":"b"},"nics":[{"ip":"10.0.0.2"},{"ips":["10.0.0.3/24","fd00::3/64"]}]}
END
cat >rules.fwrule <<'END'
@default @global
@default @version 1

@uuid 00000000-0000-4000-8000-000000000001
FROM (tag "role" = "b" OR subnet 10.0.0.7/31 OR ip 10.0.0.6) TO tag "role" ALLOW icmp (TYPE 8 AND TYPE 3)

@uuid 00000000-0000-4000-8000-000000000002
FROM tag "role" TO any BLOCK icmp TYPE all

@uuid 00000000-0000-4000-8000-000000000003
FROM (tag "role" = "b" OR subnet 10.0.0.0/24 OR ip fd00::3) TO all vms ALLOW tcp PORTS 80 - 81, 81 - 90

@uuid 00000000-0000-4000-8000-000000000004
FROM subnet 10.0.1.0/24 TO (all vms) ALLOW tcp PORTS 80 - 90

@uuid 00000000-0000-4000-8000-000000000005
FROM ip 10.0.0.2 TO tag "role" = "a" BLOCK tcp PORT all PRIORITY 1
END
for what in ir pass:merge pass:state pass:share; do
	echo "== $what"
	fwrule compile -O2 -r rules.fwrule -V vms.json --debug=$what $day 2>&1 >/dev/null
done
echo "== several"
fwrule compile -O3 -r rules.fwrule -V vms.json --debug=ir,pass:tree $day 2>&1 >/dev/null
status_of fwrule compile -O1 -r rules.fwrule -V vms.json --debug=pass:nothing
status_of fwrule compile -O1 -r rules.fwrule -V vms.json --debug=
status_of fwrule compile -O3 -r rules.fwrule -V vms.json --debug=ir,ast
status_of fwrule compile -O2 -r rules.fwrule -V vms.json --debug=pass:share,pass:tree
status_of fwrule compile -r rules.fwrule -V vms.json --debug=pass:share -O1
