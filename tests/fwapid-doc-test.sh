#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Holds fwapid's manual, completions, unit and manifest to the program: just the options
# of --help, in the same words where they have defaults.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWAPID=$(realpath "${FWAPID:-./fwapid}")
[ -x "$FWAPID" ] || { echo "no program: $FWAPID" >&2; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
LC_ALL=C
export LC_ALL
dir=$src/runtime/completions
failed=0 checks=0

# same WHAT GOT
same()
{
	checks=$((checks + 1))
	sort -u "$2" | diff "$tmp/want" - && return
	echo "FAILED: $1: --help (<), there (>)"
	failed=$((failed + 1))
}

"$FWAPID" --help | grep -E '^ +-' | sed 's/  [^ -].*//' |
    grep -oE -e '(^|[ ,])--?[A-Za-z][A-Za-z0-9-]*' | sed 's/^[ ,]*//' | sort -u >"$tmp/want"
[ "$(wc -l <"$tmp/want")" -gt 15 ] || { echo "fwapid --help lists few options"; failed=1; }

sed -n 's/^\.It Fl //p' "$src/doc/man/fwapid.8" | tr ',' '\n' |
    sed -E 's/^ *(Fl )?//; s/ .*//; s/^/-/' >"$tmp/got"
same 'fwapid(8)' "$tmp/got"
bash -c '
. "$1/fwapid.bash"
COMP_WORDS=(fwapid -) COMP_CWORD=1
_fwapid
printf "%s\n" "${COMPREPLY[@]}"' bash "$dir" | sed 's/=$//' >"$tmp/got"
same 'bash' "$tmp/got"
grep -oE -e "['{,]--?[a-z][a-z-]*" "$dir/_fwapid" | sed "s/^['{,]//" >"$tmp/got"
same 'zsh' "$tmp/got"
if command -v fish >/dev/null; then
	HOME=$tmp fish --no-config -c "source $dir/fwapid.fish; complete -C 'fwapid -'" | cut -f1 |
	    sed 's/=$//' >"$tmp/got"
	same 'fish' "$tmp/got"
fi
if command -v zsh >/dev/null; then
	zsh -n "$dir/_fwapid" || failed=$((failed + 1))
fi
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$src/doc/man/fwapid.8" || failed=$((failed + 1))
fi
for file in fwapid.service fwapid.xml; do
	checks=$((checks + 1))
	grep -q '/sbin/fwapid' $file && ! grep -q '@[a-z]*dir@' $file ||
		{ echo "FAILED: $file"; failed=$((failed + 1)); }
done
echo "$checks checks, $failed failed"
[ $failed -eq 0 ]
