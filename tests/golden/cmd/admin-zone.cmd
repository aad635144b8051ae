# SPDX-License-Identifier: MPL-2.0
# start, stop, status, stats; and ipf that fails, hangs or finds no zone.
. "$golden/cmd/admin.sh"
fill >/dev/null
: >ipf.log
show fwadm start $web0
show fwadm stop $web0
ls host/zones/$web0/config
show fwadm start $web0 -j
ls host/zones/$web0/config
show fwadm start c0ffee00-0000-4000-8000-0000000000bb
echo "--- what ipf was called with"
same_each_run <ipf.log
show fwadm status $web0
show fwadm status $web0 -v
show fwadm status $web0 -j
show fwadm stats $web0
show fwadm stats $web0 -j
for IPF_MODE in off down silent fail; do
	export IPF_MODE
	echo "--- ipf: $IPF_MODE"
	fwadm status $web0
	fwadm stats $web0
done
echo "--- ipf fails for one VM: the other is done, and the next change tries again"
IPF_MODE=fail:$web0
fwadm update -f payload.json -v --force
cat host/var/fw/.pending
unset IPF_MODE
: >ipf.log
fwadm add -e -g FROM any TO vm $db ALLOW tcp PORT 1 >/dev/null
cut -c1-8 ipf.log
grep -c "sy $web0" ipf.log
ls host/var/fw/.pending 2>/dev/null
echo "--- no zone is no error"
IPF_MODE=down fwadm update -f payload.json --force
echo "--- a hanging ipf is killed"
IPF_MODE=hang fwadm start $web0 --ipf-timeout 0.2
