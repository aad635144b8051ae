#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The commands of examples/ci, as they stand there, on a repository of rules: all are
# content with one that is right, and each finds what is wrong in its way.  pre-commit,
# where it is installed, runs its hooks by itself.
set -u
src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWRULE" ] || { echo "no program: $FWRULE" >&2; exit 99; }
command -v git >/dev/null || { echo "skipped: git is missing (apt-get install git)"; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin" "$tmp/repo"
ln -s "$FWRULE" "$tmp/bin/fwrule"
PATH=$tmp/bin:$PATH HOME=$tmp
export PATH HOME GIT_CONFIG_NOSYSTEM=1
ci=$src/examples/ci
failed=0 checks=0
skipped=0

# --- the commands ----------------------------------------------------------------

# Of the workflow: each run block behind the step that installs.
sed -n '/name: layout/,$p' "$ci/github-workflow.yml" | sed -n 's/^          //p' >"$tmp/github"
# Of GitLab: the items of script.
awk '/^  script:/ { inside = 1; next }
    inside && sub(/^    - /, "") { print; next }
    { inside = 0 }' "$ci/gitlab-ci.yml" >"$tmp/gitlab"
# Of pre-commit: the entries; it adds the files' names where it passes them.
sed -n 's/^ *entry: //p' "$ci/pre-commit-config.yaml" |
    sed "/^fwrule /s/^/git ls-files -z '*.fwrule' | xargs -0r /" >"$tmp/pre-commit"
for f in github gitlab pre-commit; do
	n=$(grep -c fwrule "$tmp/$f")
	[ "$n" -eq 3 ] || { echo "not ok - $n commands in $f, not 3"; failed=1; }
done

# --- a repository ------------------------------------------------------------------

cd "$tmp/repo" || exit 99
git init -q . && git config user.email nobody@example.org && git config user.name nobody
mkdir hosts
cp "$src/examples/web/vms.json" "$src/examples/web/remote-vms.json" hosts/
cat >web.fwrule <<'END'
# The site.
@owner b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10
FROM any TO tag "role" = "www" ALLOW tcp (PORT 80 AND PORT 443)
END
cat >web.fwtest <<'END'
rules  web.fwrule
vms    hosts/vms.json
expect allow in tcp 443 from any to vm web0
expect block in tcp 22 from any to vm web0
END
git add . && git commit -qm rules

# run FILE: all its commands; which of them failed is in $bad.
run()
{
	bad=
	while IFS= read -r line; do
		sh -c "$line" >"$tmp/out" 2>&1 </dev/null && continue
		case $line in
		*'fwrule fmt'*) bad="$bad fmt" ;;
		*'fwrule check'*) bad="$bad check" ;;
		*'fwrule test'*) bad="$bad test" ;;
		*) bad="$bad other" ;;
		esac
	done <"$tmp/$1"
	rm -f policy.xml
}

# all_find WHAT [PART...]: what fails in each of the three.
all_find()
{
	what=$1
	shift
	for f in github gitlab pre-commit; do
		run $f
		checks=$((checks + 1))
		[ "${bad# }" = "$*" ] && continue
		echo "not ok - $what, $f: ${bad:- nothing} found, not ${*:-nothing}"
		cat "$tmp/out"
		failed=1
	done
}

all_find 'as it should be'
sed -i 's/^FROM any/from any/' web.fwrule
all_find 'layout' fmt
# The diff that CI shows is one that can be applied.
checks=$((checks + 1))
fwrule fmt --diff web.fwrule | git apply -p0 && fwrule fmt --check web.fwrule ||
    { echo "not ok - git cannot apply what fmt --diff prints"; failed=1; }
git checkout -q web.fwrule
cat >>web.fwrule <<'END'

FROM any TO tag "role" = "www" BLOCK udp PORT 53
END
all_find 'a rule without effect' check
git checkout -q web.fwrule
sed -i 's/ AND PORT 443//; s/(//; s/)//' web.fwrule
all_find 'a port that is gone' test
sed -i 's/^FROM any/from any/' web.fwrule
all_find 'layout and a port' fmt test
echo 'FROM any TO any ALLOW esp' >web.fwrule
all_find 'an error' fmt check test
git checkout -q web.fwrule

# --- TAP, read by a harness -------------------------------------------------------------

fwrule test --format=tap --coverage web.fwtest >"$tmp/good.tap"
sed 's/^expect block/expect allow/' web.fwtest >wrong.fwtest
fwrule test --format=tap wrong.fwtest >"$tmp/wrong.tap"
if command -v prove >/dev/null; then
	checks=$((checks + 2))
	prove -e cat "$tmp/good.tap" >"$tmp/out" 2>&1 || { echo "not ok - TAP"; cat "$tmp/out"; failed=1; }
	prove -e cat "$tmp/wrong.tap" >"$tmp/out" 2>&1 && { echo "not ok - TAP"; failed=1; }
	grep -q 'Failed test:  2' "$tmp/out" || { echo "not ok - TAP"; cat "$tmp/out"; failed=1; }
else
	echo "skipped: prove is missing (apt-get install perl)"
	skipped=1
fi
rm wrong.fwtest

# --- pre-commit itself ----------------------------------------------------------------

if command -v pre-commit >/dev/null; then
	cp "$ci/pre-commit-config.yaml" .pre-commit-config.yaml
	git add . && git commit -qm hooks
	checks=$((checks + 2))
	pre-commit run --all-files >"$tmp/out" 2>&1 || { cat "$tmp/out"; failed=1; }
	grep -c Passed "$tmp/out" | grep -qx 3 || { echo "not ok - not 3 passed"; cat "$tmp/out"; failed=1; }
	sed -i 's/^FROM any/from any/; s/ AND PORT 443//; s/(//; s/)//' web.fwrule
	pre-commit run --all-files >"$tmp/out" 2>&1 && { echo "not ok - nothing found"; failed=1; }
	grep -c Failed "$tmp/out" | grep -qx 2 || { echo "not ok - not 2 failed"; cat "$tmp/out"; failed=1; }
else
	echo "skipped: pre-commit is missing (apt-get install pre-commit)"
	skipped=1
fi

echo "$checks checks"
[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 77
