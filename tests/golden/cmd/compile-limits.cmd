# More lines than -O3 puts into groups: the file is that of -O2, and a warning says so.
cat >vms.json <<'END'
{"uuid":"5b4a3928-1706-4f5e-8d4c-3b2a1908f701","owner_uuid":"b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10","firewall_enabled":true,"state":"running","zonepath":"/zones/a","tags":{},"nics":[{"ip":"10.0.0.1"}]}
END
# 24 addresses and 24 ports a rule, none of them next to another
awk 'BEGIN {
	for (i = 0; i < 500; i++) {
		s = p = ""
		for (k = 0; k < 24; k++) {
			a = (i * 24 + k) * 2
			s = s (k ? " OR " : "") "ip 10." int(a / 65536) "." int(a / 256) % 256 "." a % 256
			p = p (k ? " AND " : "") "PORT " (i * 131 + k * 2647) % 65521 + 1
		}
		print "FROM (" s ") TO all vms ALLOW tcp (" p ")"
	}
}' >rules.fwrule
for level in 2 3; do
	status_of fwrule compile "-O$level" --verify -r rules.fwrule -V vms.json $day -o "O$level"
done
cmp O2/*/ipf.conf O3/*/ipf.conf && grep -c '^pass in' O3/*/ipf.conf
fwrule compile -O3 -r rules.fwrule -V vms.json --debug=pass:tree $day -o O3 2>&1 | grep limit
