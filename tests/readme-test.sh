#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Runs what the README shows and compares what it prints, word for word.  Its
# ```console blocks run one after the other in one folder, as a reader would.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWRULE=$(realpath "${FWRULE:-./fwrule}")
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/parts" "$tmp/clone" "$tmp/clone/build"
ln -s "$FWRULE" "$tmp/clone/build/fwrule"
ln -s "${FWRULE%/*}/fwadm" "$tmp/clone/build/fwadm"
ln -s "$src/examples" "$tmp/clone/examples"
unset SOURCE_DATE_EPOCH

awk -v DIR="$tmp/parts" -f "$src/tests/transcript.awk" "$src/README.md"
cd "$tmp/clone" || exit 99
blocks=0 failed=0
while [ -e "$tmp/parts/$((blocks + 1)).sh" ]; do
	blocks=$((blocks + 1))
	sh "$tmp/parts/$blocks.sh" >"$tmp/got" 2>&1 </dev/null
	diff -u "$tmp/parts/$blocks.out" "$tmp/got" && continue
	echo "FAILED: README.md:$(cat "$tmp/parts/$blocks.line")"
	failed=$((failed + 1))
done

# Names in links have no spaces.
# shellcheck disable=SC2013
for name in $(sed -n 's/.*](\([a-zA-Z./]*\)).*/\1/p' "$src/README.md"); do
	[ -e "$src/$name" ] || { echo "README.md: there is no $name"; failed=$((failed + 1)); }
done
echo "$blocks transcripts, $failed failed"
[ $blocks -gt 0 ] && [ $failed -eq 0 ]
