#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Puts the reference (npm package fwrule, exactly the pinned version) into DIR,
# which lies in the build tree.  Nothing of it is kept in the source tree.
#
# usage: install.sh DIR
# Exit status: 0 it is there, 77 it cannot be had here (with the reason).
set -u
dir=${1:?usage: install.sh DIR}
src=$(cd "$(dirname "$0")" && pwd)

skip() {
	echo "skipped: $1"
	exit 77
}

command -v node >/dev/null 2>&1 || skip "node is missing (apt-get install nodejs)"
mkdir -p "$dir" || exit 1
if cmp -s "$src/package-lock.json" "$dir/installed"; then
	exit 0
fi
command -v npm >/dev/null 2>&1 || skip "npm is missing (apt-get install npm)"
cp "$src/package.json" "$src/package-lock.json" "$dir/" &&
	chmod u+w "$dir/package.json" "$dir/package-lock.json" || exit 1
if ! (cd "$dir" && npm ci --no-audit --no-fund --ignore-scripts) >"$dir/npm.log" 2>&1; then
	sed 's/^/  /' "$dir/npm.log" | tail -n 5
	skip "npm cannot install the reference (is the registry reachable?)"
fi
cp "$src/package-lock.json" "$dir/installed"
