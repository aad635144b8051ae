#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Stands in for ipf and ipfstat in tests.  It adds its name and arguments to
# $IPF_LOG, and then, as $IPF_MODE says:
#
#   ok (or unset)  succeeds; -GV and ipfstat print what a running zone has
#   fail           prints a message and exits 1
#   fail:UUID      that only for this zone
#   hang           never ends
#   down           the zone does not run: Could not find running zone: UUID
#   off            ipf -GV says that the firewall is not running, ipfstat empty list
#   silent         prints nothing
[ -z "${IPF_LOG-}" ] || echo "${0##*/} $*" >>"$IPF_LOG"
for last; do :; done
mode=${IPF_MODE-ok}
case $mode in
fail:"$last") mode=fail ;;
fail:*) mode=ok ;;
esac
running=yes
case $mode in
fail) echo "ioctl(SIOCIPFFL): cannot do it" >&2; exit 1 ;;
hang) sleep 1000 & wait ;;
down) echo "Could not find running zone: $last" >&2; exit 1 ;;
off) running=no ;;
silent) exit 0 ;;
esac
case ${0##*/}:$1:$mode in
*stat:*:off)
	echo "empty list for ipfilter(out)" >&2 ;;
*stat:*)
	echo '0 block in all'
	echo '12 pass out quick proto tcp from any to any flags S/SA keep state' ;;
*:-GV:*)
	printf '%s\n' 'ipf: IP Filter: v4.1.9 (592)' 'Kernel: IP Filter: v4.1.9' "Running: $running" \
	    'Log Flags: 0 = none set' 'Default: pass all, Logging: available' 'Active list: 1' \
	    'Feature mask: 0x107' ;;
esac
exit 0
