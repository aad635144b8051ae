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
for f in vim/syntax/fwrule.vim vim/ftdetect/fwrule.vim vscode/syntaxes/fwrule.tmLanguage.json; do
	diff -u "$src/examples/editors/$f" "$tmp/made/$f" || {
		echo "not ok - $f is not current: make update-editors"
		failed=1
	}
done

export EDITORS="$src/examples/editors" SAMPLE="$src/tests/editors/sample.fwrule" \
    EXPECTED="$src/tests/editors/expected" RESULT="$tmp/vim"
if command -v vim >/dev/null && vim --version | grep -q '+syntax'; then
	HOME=$tmp timeout 60 vim -N -u NONE -i NONE -n -es -S "$src/tests/editors/check.vim" </dev/null
	cat "$RESULT" || failed=1
	grep -q ' 0 wrong$' "$RESULT" || failed=1
else
	echo "skipped: vim with syntax is missing (apt-get install vim)"
	skipped=1
fi

"$src/tests/npm-install.sh" "$src/tests/editors" "$npm"
case $? in
0) node "$src/tests/editors/textmate.js" "$npm" \
    "$EDITORS/vscode/syntaxes/fwrule.tmLanguage.json" "$SAMPLE" "$EXPECTED" || failed=1 ;;
77) skipped=1 ;;
*) failed=1 ;;
esac

[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 77
