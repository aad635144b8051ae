#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The service as a program: its tests of tests/service, each of which starts servers of
# its own.  Needs node, and npm for the clients.
#
#   tests/fwapid-test.sh [NAME...]      errors, clients, service, hostile, crash, faults; all
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWAPID=$(realpath "${FWAPID:-./fwapid}")
[ -x "$FWAPID" ] || { echo "no program: $FWAPID" >&2; exit 99; }
"$src/tests/npm-install.sh" "$src/tests/service" tests/service-npm || exit $?
FWAPID_NPM=$(realpath tests/service-npm)
export FWAPID FWAPID_NPM

[ $# -gt 0 ] || set -- errors clients service hostile crash faults
failed=0 skipped=0
for name in "$@"; do
	echo "# $name"
	node "$src/tests/service/$name.js"
	case $? in
	0) ;;
	77) skipped=1 ;;
	*) failed=1 ;;
	esac
done
[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 77
