#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Every diagnostic has a code of its own that says its severity, is used by the
# code, and is explained in doc/diagnostics.md, which explains no other.
set -u

cd "${srcdir:-$(dirname "$0")/..}" || exit 99
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0

complain()
{
	echo "$*"
	bad=1
}

# id code severity
sed -n 's/^DIAG(\([a-z0-9_]*\), "\([A-Z][0-9]*\)", \([A-Z]*\),.*/\1 \2 \3/p' \
    compiler/base/diag.def >"$tmp/all"
[ "$(grep -c '^DIAG(' compiler/base/diag.def)" -eq "$(wc -l <"$tmp/all")" ] ||
	complain "diag.def: a DIAG line has another form than the rest"

cut -d' ' -f2 "$tmp/all" | sort >"$tmp/codes"
uniq -d "$tmp/codes" >"$tmp/twice"
[ ! -s "$tmp/twice" ] || complain "codes used twice: $(tr '\n' ' ' <"$tmp/twice")"

while read -r id code severity; do
	case "$code $severity" in
	E*' ERROR' | W*' WARNING' | N*' NOTE') ;;
	*) complain "$code: the letter does not say $severity" ;;
	esac
	# A reader of its own may paste its prefix: report(bad_port) for ipf_bad_port.
	grep -rqw --include='*.[chly]' -e "DIAG_$id" -e "${id#ipf_}" compiler grammar runtime ||
		complain "$code: nothing uses $id"
done <"$tmp/all"

sed -n 's/^| \([A-Z][0-9]*\) |.*/\1/p' doc/diagnostics.md | sort >"$tmp/told"
diff "$tmp/codes" "$tmp/told" >"$tmp/diff" ||
	complain "diag.def (<) and doc/diagnostics.md (>) differ: $(cat "$tmp/diff")"

echo "$(wc -l <"$tmp/codes") codes"
[ $bad -eq 0 ] && [ -s "$tmp/codes" ]
