#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The editors' files are those that the generator makes today, and Vim, and what VS
# Code reads grammars with, see in a sample what is there.
set -u
src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
npm=tests/editors-npm
failed=0 skipped=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

"$src/examples/editors/generate.sh" "$src" "$tmp/made" || failed=1
types='fwrule fwtest'
for t in $types; do
	for f in vim/syntax/$t.vim vim/ftdetect/$t.vim vscode/syntaxes/$t.tmLanguage.json; do
		diff -u "$src/examples/editors/$f" "$tmp/made/$f" || {
			echo "not ok - $f is not current: make update-editors"
			failed=1
		}
	done
done

# with TYPE: the variables that check.vim takes.
with()
{
	SAMPLE=$src/tests/editors/sample.$1
	EXPECTED=$SAMPLE.expected
}
export EDITORS="$src/examples/editors" SAMPLE EXPECTED RESULT="$tmp/vim"

if command -v vim >/dev/null && vim --version | grep -q '+syntax'; then
	for t in $types; do
		with "$t"
		rm -f "$RESULT"
		HOME=$tmp timeout 60 vim -N -u NONE -i NONE -n -es -S "$src/tests/editors/check.vim" </dev/null
		cat "$RESULT" || failed=1
		grep -q ' 0 wrong$' "$RESULT" || failed=1
	done
else
	echo "skipped: vim with syntax is missing (apt-get install vim)"
	skipped=1
fi

"$src/tests/npm-install.sh" "$src/tests/editors" "$npm"
case $? in
0) for t in $types; do
	with "$t"
	node "$src/tests/editors/textmate.js" "$npm" \
	    "$EDITORS/vscode/syntaxes/$t.tmLanguage.json" "$SAMPLE" "$EXPECTED" || failed=1
   done ;;
77) skipped=1 ;;
*) failed=1 ;;
esac

[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 77
