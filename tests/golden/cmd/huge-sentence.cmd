# One rule of 10 MB, 10,000 parentheses, a string without end: each a clear answer, at once.
targets()
{
	awk -v n="$1" 'BEGIN { while (++i < n) printf "ip 10.%d.%d.%d OR ", i / 65536, i / 256 % 256, i % 256; print "ip 10.200.0.1" }'
}
{ printf 'FROM any TO ('; targets 600000 | tr -d '\n'; echo ') ALLOW tcp PORT 80'; } > many.fwrule
awk 'BEGIN { printf "FROM "; while (i++ < 10000) printf "("; print "any TO all vms ALLOW tcp PORT 80" }' > deep.fwrule
{ printf 'FROM tag "'; targets 600000 | tr -d '\n'; } > open.fwrule
for f in many deep open; do
	status_of fwrule parse $f.fwrule 2>&1 | cut -c 1-100
	status_of fwrule check $f.fwrule 2>&1 | cut -c 1-100
done
