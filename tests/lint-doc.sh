#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Holds doc/lint.md to the table of checks: behind its introduction it is what
# `fwrule check --explain=all` prints.  And every check has a golden case that shows
# it, and what its fix makes if it has one, after which there is nothing left to mend.
# UPDATE_GOLDEN=1 rewrites the document.
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
golden=$src/tests/golden/lint
while read -r code; do
	grep -q "\[$code\]" "$golden"/*.out || { echo "$code: no golden case shows it"; bad=1; }
done <"$tmp/codes"

"$FWRULE" check --list | sed -n 's/^\(FW[0-9]*\) .* [*+]$/\1/p' >"$tmp/mended"
[ -s "$tmp/mended" ] || { echo "--list shows no fixes"; bad=1; }
while read -r code; do
	found=0
	for out in $(grep -l "\[$code\]" "$golden"/*.out); do
		[ ! -e "${out%.out}.fixed" ] || found=1
	done
	[ $found -eq 1 ] || { echo "$code: no golden case shows its fix"; bad=1; }
done <"$tmp/mended"

cd "$golden" || exit 99
for fixed in *.fixed; do
	name=${fixed%.fixed}
	args=
	[ ! -e "$name.args" ] || args=$(cat "$name.args")
	cp "$fixed" "$tmp/$name.fwrule"
	# Arguments are words without spaces.
	# shellcheck disable=SC2086
	"$FWRULE" check $args "$tmp/$name.fwrule" >"$tmp/left"
	! tail -n 1 "$tmp/left" | grep 'mends' || { echo "$name: a fix is left"; bad=1; }
done

echo "$(wc -l <"$tmp/codes") checks"
exit $bad
