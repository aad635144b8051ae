#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# fwadm on data directories that somebody has prepared, and many at once: nothing is
# followed out of its place, written through a link, waited for or read without
# bound, what is broken takes nothing else down, and nothing is lost.
#
# FWADM_PROCESSES: how many at once (default 200).
set -u

FWADM=$(realpath "${FWADM:-./fwadm}")
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWADM" ] || { echo "no program: $FWADM" >&2; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
umask 022
unset FWADM_OPTIMIZE IPF_LOG IPF_MODE
failed=0 checks=0

fail()
{
	echo "FAILED: $*"
	failed=$((failed + 1))
}

# expect STATUS COMMAND...: its output is in out, its errors are in err.
expect()
{
	want=$1
	shift
	checks=$((checks + 1))
	timeout 60 "$@" >out 2>err
	status=$?
	[ $status -eq "$want" ] || { fail "status $status instead of $want: $*"; cat out err; }
}

says()
{
	checks=$((checks + 1))
	grep -q -e "$1" out err || { fail "\"$1\" is not said"; cat out err; }
}

uuid()
{
	printf 'c0ffee00-0000-4000-8000-%012d' "$1"
}

vm()
{
	printf '{"uuid":"%s","zonepath":"%s","state":"running","firewall_enabled":true,' "$(uuid "$1")" "$2"
	printf '"tags":{"role":"www"},"nics":[{"ip":"10.0.0.%d"}]}' "$1"
}

# A root with a rule for two VMs, and something outside that must stay as it is.
fresh()
{
	rm -rf root outside
	mkdir -p root/zones/a/config root/zones/b/config root/var/fw/vms outside
	echo 'outside' >outside/file
	printf '[%s,%s]' "$(vm 1 /zones/a)" "$(vm 2 /zones/b)" >vms.json
	fwadm add -e -g FROM any TO tag role = www ALLOW tcp PORT 80 >/dev/null || fail "a fresh root"
}

fwadm()
{
	command=$1
	shift
	"$FWADM" "$command" --root root --vms vms.json --ipf true "$@"
}

adm()
{
	want=$1 command=$2
	shift 2
	case $command in
	list | get) expect "$want" "$FWADM" "$command" --root root "$@" ;;
	*) expect "$want" "$FWADM" "$command" --root root --vms vms.json --ipf true "$@" ;;
	esac
}

unharmed()
{
	checks=$((checks + 1))
	[ "$(cat outside/file)" = outside ] && [ "$(ls -A outside)" = "${1-file}" ] ||
	    { fail "what is outside was changed"; ls -la outside; cat outside/file; }
}

add_port()
{
	adm "$1" add -e -g FROM any TO tag role = www ALLOW tcp PORT "$2"
}

# --- stored files ------------------------------------------------------------------

# broken U: it is told of, the others go on, and nothing touches it.
broken()
{
	adm 0 list -p -o rule
	says "$1.json: passed over"
	checks=$((checks + 1))
	[ "$(grep -c PORT out)" -eq 1 ] || fail "the other rule is not listed"
	add_port 0 81
	adm 1 delete "$1"
	says 'is not touched'
	printf '{"uuid":"%s","global":true,"rule":"FROM any TO all vms ALLOW tcp PORT 2"}' "$1" >rule.json
	adm 1 add -f rule.json
	says 'is not touched'
	adm 1 update -f rule.json
	says 'is not touched'
	checks=$((checks + 1))
	[ -e "root/var/fw/rules/$1.json" ] || [ -L "root/var/fw/rules/$1.json" ] || fail "$1 is gone"
	# It is no reason to look at these VMs again with every change.
	[ ! -e root/var/fw/.pending ] || fail "VMs stay in the journal"
	unharmed "${2-file}"
}

fresh
printf '{"uuid":"%s","global":true,"version":"1","rule":"FROM any TO all vms ALLOW tcp PORT 3"}' \
    "$(uuid 7)" >outside/rule.json
ln -s "$tmp/outside/rule.json" "root/var/fw/rules/$(uuid 7).json"
broken "$(uuid 7)" 'file
rule.json'

fresh
mkfifo "root/var/fw/rules/$(uuid 7).json"
broken "$(uuid 7)"

fresh
mkdir "root/var/fw/rules/$(uuid 7).json"
broken "$(uuid 7)"

fresh
truncate -s 100M "root/var/fw/rules/$(uuid 7).json"
broken "$(uuid 7)"

fresh
echo '{"uuid":"x"' >"root/var/fw/rules/$(uuid 7).json"
broken "$(uuid 7)"

fresh
printf '{"uuid":"%s","rule":"FROM any TO all vms ALLOW tcp PORT 3"}' "$(uuid 8)" \
    >"root/var/fw/rules/$(uuid 7).json"
broken "$(uuid 7)"

fresh
for name in x.json ..json "$(uuid 7)x.json" .hidden.json notes.txt "$(printf 'a\nb.json')"; do
	echo '{}' >"root/var/fw/rules/$name"
	echo '{}' >"root/var/fw/vms/$name"
done
truncate -s 100M "root/var/fw/vms/$(uuid 9).json"
add_port 0 82
adm 0 list -p -o rule
checks=$((checks + 1))
[ "$(grep -c PORT out)" -eq 2 ] || fail "strangers take others down"

# --- folders ------------------------------------------------------------------------

for folder in var/fw/rules var/fw/vms var/fw; do
	fresh
	mv root/$folder elsewhere
	ln -s "$tmp/outside" root/$folder
	add_port 1 83
	says 'symbolic link'
	unharmed
	rm -rf elsewhere
done

for kind in link fifo folder; do
	fresh
	rm root/var/fw/.lockfile
	case $kind in
	link) ln -s "$tmp/outside/file" root/var/fw/.lockfile ;;
	fifo) mkfifo root/var/fw/.lockfile ;;
	folder) mkdir root/var/fw/.lockfile ;;
	esac
	add_port 1 84
	unharmed
done

fresh
ln -s "$tmp/outside/file" root/var/fw/.pending
add_port 1 85
unharmed

# What stands where temporary files go is no way out either.
fresh
ln -s "$tmp/outside/file" root/zones/a/config/.ipf.conf.tmp
ln -s "$tmp/outside/new" root/var/fw/.pending.tmp
add_port 0 86
unharmed

# --- zones --------------------------------------------------------------------------

# The first VM's folder is hostile; the second one's files are made.
hostile_zone()
{
	adm "$1" add -v -e -g FROM any TO tag role = www ALLOW tcp PORT 87
	unharmed "${2-file}"
	checks=$((checks + 1))
	grep -q 'port = 87 ' root/zones/b/config/ipf.conf || fail "the other VM's file was not written"
}

fresh
rm -r root/zones/a/config
ln -s "$tmp/outside" root/zones/a/config
hostile_zone 1
says "VM $(uuid 1): cannot open"

fresh
rm -r root/zones/a
ln -s "$tmp/outside" root/zones/a
hostile_zone 1

fresh
printf '[%s,%s]' "$(vm 1 /zones/../../outside)" "$(vm 2 /zones/b)" >vms.json
hostile_zone 1
says '`\.\.`'

fresh
rm root/zones/a/config/ipf.conf
ln -s "$tmp/outside/file" root/zones/a/config/ipf.conf
hostile_zone 0
add_port 0 88
unharmed
[ ! -L root/zones/a/config/ipf.conf ] || fail "ipf.conf is still a link"

fresh
rm root/zones/a/config/ipf.conf
mkfifo root/zones/a/config/ipf.conf
hostile_zone 0

fresh
rm root/zones/a/config/ipf6.conf
mkdir root/zones/a/config/ipf6.conf
hostile_zone 1

fresh
truncate -s 100M root/zones/a/config/ipf.conf
hostile_zone 0

# The VM that failed is brought up to date by the next change, whatever that is.
fresh
rm -r root/zones/a/config
ln -s "$tmp/outside" root/zones/a/config
hostile_zone 1
rm root/zones/a/config
adm 0 add -e -g FROM any TO vm "$(uuid 2)" ALLOW tcp PORT 89
checks=$((checks + 1))
grep -q 'port = 87 ' root/zones/a/config/ipf.conf || fail "what failed was not made up for"

# --- unknown fields ----------------------------------------------------------------

fresh
adm 0 list -p -o uuid
read -r rule <out
sed -i 's/"log"/"x": {"y": [1]},\n  "log"/' "root/var/fw/rules/$rule.json"
adm 0 disable "$rule"
checks=$((checks + 1))
grep -q '"y"' "root/var/fw/rules/$rule.json" || fail "an unknown field is lost"

# --- the lock -------------------------------------------------------------------------

fresh
(exec 9<>root/var/fw/.lockfile && flock 9 && exec sleep 60) &
holder=$!
while flock -n root/var/fw/.lockfile true; do sleep 0.05; done
adm 1 add --lock-timeout 0.3 -e -g FROM any TO tag role = www ALLOW tcp PORT 90
says 'is locked by process [0-9]'
adm 1 doctor
says 'is held by process'
kill $holder
wait $holder 2>/dev/null

# --- many at once ------------------------------------------------------------------

fresh
n=${FWADM_PROCESSES:-200} i=0
while [ $i -lt "$n" ]; do
	i=$((i + 1))
	fwadm add -e -g FROM any TO vm "$(uuid $((i % 2 + 1)))" ALLOW tcp PORT $((1000 + i)) \
	    >"out.$i" 2>&1 &
done
wait
adm 0 list -p -o rule
checks=$((checks + 2))
[ "$(grep -c PORT out)" -eq $((n + 1)) ] || { fail "rules are lost"; cat out.*; }
"$FWRULE" compile -r root/var/fw -V vms.json --emit ipf --date x -o want 2>/dev/null
for z in a:1 b:2; do
	sed 's/generated at .*/generated at x/' "root/zones/${z%:*}/config/ipf.conf" |
	    cmp - "want/$(uuid "${z#*:}")/ipf.conf" || fail "the files are not what the rules say"
done
checks=$((checks + 1))
left=$(find root -name '*.tmp' -o -name .pending)
[ -z "$left" ] || fail "left behind: $left"

echo "$checks checks, $failed failed"
[ $failed -eq 0 ]
