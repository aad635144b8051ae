#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Holds doc/lint.md to the table of checks: behind its introduction it is what
# `fwrule check --explain=all` prints.  And every check has a golden case that
# shows it.  UPDATE_GOLDEN=1 rewrites the document.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWRULE" ] || { echo "no program: $FWRULE" >&2; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0

{ sed '/^<!-- from here/q' "$src/doc/lint.md" && echo &&
    "$FWRULE" check --explain=all; } >"$tmp/lint.md"
if [ -n "${UPDATE_GOLDEN-}" ]; then
	cmp -s "$tmp/lint.md" "$src/doc/lint.md" || { cp "$tmp/lint.md" "$src/doc/lint.md" &&
	    echo "updated doc/lint.md"; }
fi
diff -u "$src/doc/lint.md" "$tmp/lint.md" || bad=1

"$FWRULE" check --list | sed -n 's/^\(FW[0-9]*\) .*/\1/p' >"$tmp/codes"
[ -s "$tmp/codes" ] || { echo "--list shows no codes"; bad=1; }
[ -z "$(sort "$tmp/codes" | uniq -d)" ] || { echo "a code stands in the table twice"; bad=1; }
while read -r code; do
	grep -q "\[$code\]" "$src"/tests/golden/lint/*.out ||
		{ echo "$code: no golden case shows it"; bad=1; }
done <"$tmp/codes"

echo "$(wc -l <"$tmp/codes") checks"
exit $bad
