#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Puts the npm packages of FROM (package.json and package-lock.json, exact versions)
# into DIR, which lies in the build tree as tests/NAME-npm.  Nothing of them is kept
# in the source tree.
#
# usage: npm-install.sh FROM DIR
# Exit status: 0 they are there, 77 they cannot be had here (with the reason).
set -u
src=${1:?usage: npm-install.sh FROM DIR}
dir=${2:?usage: npm-install.sh FROM DIR}

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
if ! (cd "$dir" && npm ci --legacy-peer-deps --no-audit --no-fund --ignore-scripts) >"$dir/npm.log" 2>&1; then
	sed 's/^/  /' "$dir/npm.log" | tail -n 5
	skip "npm cannot install them (is the registry reachable?)"
fi
cp "$src/package-lock.json" "$dir/installed"
