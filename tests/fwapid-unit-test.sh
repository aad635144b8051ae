#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The unit for systemd and the manifest for SMF: what the tools say of them, and their
# very command lines and signals, run as an unprivileged user in a system that may be
# written only where the unit says; on a network of its own, as ports are the default ones.
#
# Needs systemd-analyze, xmllint, strace; exit status 77 where namespaces cannot be had.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWAPID=$(realpath "${FWAPID:-./fwapid}")
[ -x "$FWAPID" ] || { echo "no program: $FWAPID" >&2; exit 99; }
for tool in systemd-analyze xmllint strace unshare setpriv; do
	command -v $tool >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
tmp=$(mktemp -d) || exit 99
chmod 755 "$tmp"
pid='' failed=0 checks=0

finish()
{
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT

# good WHAT COMMAND...
good()
{
	local what=$1

	shift
	checks=$((checks + 1))
	"$@" >"$tmp/said" 2>&1 && return
	echo "FAILED: $what"
	cat "$tmp/said"
	[ ! -e "$tmp/log" ] || tail -5 "$tmp/log"
	failed=$((failed + 1))
}

none()
{
	[ -z "$("$@" 2>&1 | tee /dev/stderr)" ]
}

# --- what tools say ----------------------------------------------------------------
cp "$FWAPID" "$tmp/fwapid"
sed "s|[^ =\"]*/sbin/fwapid|$tmp/fwapid|" fwapid.service >"$tmp/fwapid.service"
sed "s|[^ =\"]*/sbin/fwapid|$tmp/fwapid|" fwapid.xml >"$tmp/fwapid.xml"
good 'systemd-analyze verify' none systemd-analyze verify --man=no "$tmp/fwapid.service"
# Out of 100; most units have 90 or more.
good 'systemd-analyze security' systemd-analyze security --offline=yes --threshold=18 \
    "$tmp/fwapid.service"
good 'xmllint' xmllint --noout --dtdvalid "$src/tests/service/smf.dtd" "$tmp/fwapid.xml"

unit()
{
	sed -n "s/^$1=//p" "$tmp/fwapid.service"
}

method()
{
	xmllint --xpath "string(//exec_method[@name='$1']/@exec)" "$tmp/fwapid.xml"
}

# --- as they run ---------------------------------------------------------------------
root=()
[ "$(id -u)" -eq 0 ] || root=(--user --map-root-user)
if ! unshare "${root[@]}" --net --mount true 2>/dev/null; then
	echo "skipped: no namespaces to run it in"
	exit 77
fi

# As root may: nobody; in a namespace of a user's own there is no other.
as=(setpriv --no-new-privs --bounding-set=-all --inh-caps=-all)
owner=$(id -u)
if [ "$owner" -eq 0 ]; then
	owner=65534
	as+=(--reuid=65534 --regid=65534 --clear-groups)
fi

# run STATE COMMAND: in the background; what it says in $tmp/log, its id in pid.  Only STATE
# can be written.
run()
{
	local state=$1
	local script='ip link set lo up; mount --bind "$1" "$1"; mount -o remount,bind,ro /; cd /
	    umask 0077; shift; exec "$@"'

	mkdir -p "$state"
	chown "$owner" "$state"
	chmod 700 "$state"
	: >"$tmp/log"
	# shellcheck disable=SC2086 # a command line is split as systemd does
	unshare "${root[@]}" --net --mount sh -c "$script" sh "$state" env -i PATH=/usr/bin:/bin \
	    HOME=/ LANG=C.UTF-8 ${asan[@]+"${asan[@]}"} STATE_DIRECTORY="$state" "${as[@]}" \
	    ${trace-} $2 >>"$tmp/log" 2>&1 &
	pid=$!
}

# said TEXT: in the log, within some seconds
said()
{
	for _ in $(seq 200); do
		! grep -q "$1" "$tmp/log" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	return 1
}

enter=(-n)
[ ${#root[@]} -eq 0 ] || enter=(-U --preserve-credentials -n)

# ask METHOD PATH [BODY]: the answer
ask()
{
	nsenter -t "$server" "${enter[@]}" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080
	    printf "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" \
	        "$1" "$2" "${#3}" "$3" >&3; cat <&3' bash "$1" "$2" "${3-}"
}

# answers TEXT METHOD PATH [BODY]
answers()
{
	local want=$1

	shift
	ask "$@" | tee /dev/stderr | grep -q "$want"
}

ends()
{
	wait "$pid"
	[ $? -eq 0 ]
}

private()
{
	! find "$1" -type f -perm /077 | grep .
}

rule='{"rule":"FROM any TO all vms ALLOW tcp PORT 80","global":true}'
asan=()
[ -z "${ASAN_OPTIONS+x}" ] || asan=("ASAN_OPTIONS=$ASAN_OPTIONS")

# live WHAT STATE COMMAND RELOAD STOP: a life of it
live()
{
	local what=$1 state=$2

	run "$state" "$3"
	good "$what: it serves" said '"msg":"serving"'
	server=$pid
	good "$what: not as root" [ "$(stat -c %u "/proc/$server")" -eq "$owner" ]
	good "$what: a rule" answers ' 202 ' POST /rules "$rule"
	good "$what: health" answers '"healthy":true' GET /ping
	good "$what: reload" sh -c "$4"
	good "$what: it was reloaded" said 'the configuration was read again'
	good "$what: stop" sh -c "$5"
	good "$what: it ends well" ends
	good "$what: it ended by itself" said '"msg":"stopping"'
	run "$state" "$3"
	good "$what: it serves again" said '"msg":"serving"'
	server=$pid
	good "$what: the rule is there" answers 'all vms ALLOW' GET /rules
	good "$what: nobody else can read it" private "$state"
	kill -TERM "$pid"
	good "$what: it ends well again" ends
	pid=
}

start=$(unit ExecStart)
reload=$(unit ExecReload | sed 's/\$MAINPID/$server/')
good 'the unit has a state folder' [ "$(unit StateDirectory)" = fwapid ]
good 'the unit stops with SIGTERM' [ -z "$(unit KillSignal)$(unit ExecStop)" ]
export server
# shellcheck disable=SC2016 # the shell that runs it knows $server
live unit "$tmp/unit" "$start" "$reload" 'kill -TERM $server'

# SMF: ":kill" is its own.
start=$(method start)
state=${start##*--state=}
live manifest "$tmp/smf" "${start/"$state"/$tmp/smf}" "$(method refresh | sed 's/^:\(kill.*\)/\1 $server/')" \
    "$(method stop | sed 's/^:\(kill.*\)/\1 $server/')"

# --- system calls ------------------------------------------------------------------------
# What it calls in a life is what the unit's filter lets through.
allowed()
{
	systemd-analyze syscall-filter "$1" | sed -n 's/^ \+\([@a-z0-9_-]\+\)$/\1/p' |
	    while read -r name; do
		case $name in
		@*) allowed "$name" ;;
		*) echo "$name" ;;
		esac
	done
}

filter=$(unit SystemCallFilter)
allowed "$filter" | sort -u >"$tmp/allowed"
good 'the filter is known' [ "$(wc -l <"$tmp/allowed")" -gt 100 ]
# Its leaks are not found under strace.
asan=(ASAN_OPTIONS=detect_leaks=0)
mkdir "$tmp/traced"
trace="strace -D -f -qq -o $tmp/traced/calls"
run "$tmp/traced" "$(unit ExecStart)"
good 'traced: it serves' said '"msg":"serving"'
server=$pid
good 'traced: a rule' answers ' 202 ' POST /rules "$rule"
kill -TERM "$pid"
good 'traced: it ends well' ends
pid=
sed -n 's/^[0-9]* *\([a-z0-9_]\+\)(.*/\1/p' "$tmp/traced/calls" | sort -u >"$tmp/called"
good 'calls were traced' grep -qx epoll_wait "$tmp/called"
good 'calls that the filter forbids' none comm -23 "$tmp/called" "$tmp/allowed"
good 'families of sockets' none sh -c "grep -oE 'socket\\(AF_[A-Z0-9]+' '$tmp/traced/calls' |
    grep -vE 'AF_(INET|INET6|UNIX|NETLINK)\$'"
echo "$checks checks, $failed failed"
[ $failed -eq 0 ]
