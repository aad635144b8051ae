#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# fwadm under faults (tests/faults/fwadm.js).  FAULTS_EVERY: one in so many system calls
# is hit; `make faults` hits each.  In memory where there is room: the disk is not what
# is tested.  Skipped without node, and where processes cannot be traced.
set -u
srcdir=${srcdir:-.}
fwadm=${FWADM:-./fwadm}
fault=tests/faults/fault
every=${FAULTS_EVERY:-23}

command -v node >/dev/null 2>&1 || { echo "skipped: node is missing (apt-get install nodejs)"; exit 77; }
"$fault" kill 1 / true
[ $? -eq 137 ] || { echo "skipped: processes cannot be traced here"; exit 77; }
# Leaks cannot be looked for in a process that is traced.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
dir=$(mktemp -d /dev/shm/fwadm-faults.XXXXXX 2>/dev/null || mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
node "$srcdir/tests/faults/fwadm.js" "$fwadm" "$fault" "$srcdir/tests/ipf-stand-in.sh" \
    "$dir/faults" "$every"
