# From each format to each: what comes back is what was there.
cat > in.fwrule <<'END'
@default @owner 930896af-bf8c-48d4-885c-6573a94b1853
# The site.
@uuid 5c3ea269-75b8-42fa-badc-956684fb4d4e
@description "web \"servers\" (old)"
@log
FROM any TO tag www ALLOW tcp (PORT 443 AND PORT 80)
@disabled   # for now
@global
@version 1.2
FROM (ip 10.0.0.1 OR ip 2001:DB8::1) TO all vms BLOCK udp PORTS 53, 4000 - 4999 PRIORITY 5
END
for to in fwrule payload moray fwapi; do
	status_of fwrule convert --to=$to in.fwrule -o site.$to
	cat site.$to
done
for from in fwrule payload moray fwapi; do
	for to in fwrule payload moray fwapi; do
		fwrule convert --to=$to site.$from | cmp - site.$to
	done
	fwrule compile -r site.$from --emit=fwapi | tail -n +2 | cmp - site.fwapi
done
mkdir -p var/rules
sed -n 's/^\({.*}\),*$/\1/p' site.fwapi >var/rules/all.json
fwrule convert --to=fwrule var | cmp - site.fwrule
fwrule index build -r site.moray -o site.idx
fwrule convert --to=moray site.idx | cmp - site.moray
