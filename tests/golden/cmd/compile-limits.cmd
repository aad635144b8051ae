# More lines than -O3 puts into groups: the file is that of -O2, and a warning says so.
# More bytes than the proof reads: nothing is written, though the first VM's file was proved.
cat >vms.json <<'END'
{"uuid":"5b4a3928-1706-4f5e-8d4c-3b2a1908f701","owner_uuid":"b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10","firewall_enabled":true,"state":"running","zonepath":"/zones/a","tags":{"lists":true},"nics":[{"ip":"10.0.0.1"}]}
END
# 24 addresses and 24 ports a rule, none of them next to another
lists() {
awk -v n="$1" 'BEGIN {
	for (i = 0; i < n; i++) {
		s = p = ""
		for (k = 0; k < 24; k++) {
			a = (i * 24 + k) * 2
			s = s (k ? " OR " : "") "ip 10." int(a / 65536) "." int(a / 256) % 256 "." a % 256
			p = p (k ? " AND " : "") "PORT " (i * 131 + k * 2647) % 65521 + 1
		}
		print "FROM (" s ") TO tag lists ALLOW tcp (" p ")"
	}
	print "FROM any TO all vms ALLOW tcp PORT 80"
}' >rules.fwrule
}
lists 500
for level in 2 3; do
	status_of fwrule compile "-O$level" --verify -r rules.fwrule -V vms.json $day -o "O$level"
done
cmp O2/*/ipf.conf O3/*/ipf.conf && grep -c '^pass in' O3/*/ipf.conf
fwrule compile -O3 -r rules.fwrule -V vms.json --debug=pass:tree $day -o O3 2>&1 | grep limit
cat >two.json <<'END'
{"uuid":"5b4a3928-1706-4f5e-8d4c-3b2a1908f700","owner_uuid":"b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10","firewall_enabled":true,"state":"running","zonepath":"/zones/0","tags":{},"nics":[{"ip":"10.0.0.2"}]}
END
cat vms.json >>two.json
lists 1900
status_of fwrule compile -O1 --verify -r rules.fwrule -V two.json $day -o none
ls none
fwrule compile -O1 -r rules.fwrule -V two.json $day -o all
ls all
rm -r all
