#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Golden tests: each input under golden/ has siblings that hold what must come
# out.  The folder says what is run:
#
#   sentence/x.rule     fwrule parse "the text"              x.json x.err
#   parse/x.fwrule      fwrule parse --debug=ast x.fwrule    x.ast.json x.err
#   fmt/x.fwrule        fwrule fmt x.fwrule                 x.out x.err
#   rule/x.*            fwrule compile --emit=fwapi -r x.*   x.out x.err
#   cmd/x.cmd           the shell script x.cmd               x.out
#   lint/x.*            fwrule check x.*                     x.out, x.fixed by --fix --unsafe
#   hosts/x/            fwrule compile of examples/x         the files of each level
#
# x.args holds more arguments.  An empty output has no sibling.  The exit status
# must be 1 where an error was printed, else 0; a script's stands in its x.out.
#
# UPDATE_GOLDEN=1 rewrites the siblings instead (make update-golden); read the
# difference before it is committed.  Arguments: the cases to run, as
# sentence/zone-index.
set -u

here=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$here/tests/golden
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWRULE" ] || { echo "no program: $FWRULE" >&2; exit 99; }
export FWRULE
unset SOURCE_DATE_EPOCH NO_COLOR
LC_ALL=C
export LC_ALL
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cases=0 failed=0

# one EXPECTED GOT: compares a file with what came out, or replaces it.
one()
{
	if [ -n "${UPDATE_GOLDEN-}" ]; then
		if [ -s "$2" ]; then
			cmp -s "$1" "$2" || { cp "$2" "$1" && echo "updated ${1#"$golden"/}"; }
		elif [ -e "$1" ]; then
			rm "$1" && echo "removed ${1#"$golden"/}"
		fi
		return 0
	fi
	[ -e "$1" ] || [ -s "$2" ] || return 0
	want=$1
	[ -e "$want" ] || want=/dev/null
	diff -u "$want" "$2"
}

# report NAME STATUS
report()
{
	cases=$((cases + 1))
	[ "$2" -eq 0 ] && return
	failed=$((failed + 1))
	echo "FAILED: $1"
}

# Runs the program in the case's folder, so that no path of this machine is shown.
# run CASE OUT-SUFFIX ARGUMENTS...
run()
{
	stem=${1%.*} suffix=$2
	shift 2
	(cd "${stem%/*}" && "$FWRULE" "$@" </dev/null) >"$tmp/out" 2>"$tmp/err"
	status=$?
	bad=0
	one "$stem$suffix" "$tmp/out" || bad=1
	one "$stem.err" "$tmp/err" || bad=1
	want=0
	if grep -q ' error: \|^error: ' "$tmp/err"; then
		want=1
	fi
	[ $status -eq $want ] || { echo "exit status $status"; bad=1; }
	report "${stem#"$golden"/}" $bad
}

args_of()
{
	[ ! -e "${1%.*}.args" ] || cat "${1%.*}.args"
}

run_script()
{
	stem=${1%.*}
	rm -rf "$tmp/dir"
	mkdir "$tmp/dir"
	ln -s "$here/examples" "$tmp/dir/examples"
	# shellcheck disable=SC1090,SC1091
	(cd "$tmp/dir" && . "$golden/cmd/prelude.sh" && . "$1") </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
	{ cat "$tmp/out"
	  [ ! -s "$tmp/err" ] || { echo "--- standard error"; cat "$tmp/err"; }
	  echo "--- exit status $status"; } >"$tmp/all"
	one "$stem.out" "$tmp/all"
	report "${stem#"$golden"/}" $?
}

# Findings, which are results, make the status 1 from warnings on.
run_lint()
{
	stem=${1%.*}
	# shellcheck disable=SC2046
	(cd "${1%/*}" && "$FWRULE" check $(args_of "$1") "${1##*/}" </dev/null) \
	    >"$tmp/out" 2>"$tmp/err"
	status=$?
	bad=0 found=0
	one "$stem.out" "$tmp/out" || bad=1
	one "$stem.err" "$tmp/err" || bad=1
	! grep -q '^[^ ]*: \(warning\|error\): ' "$tmp/out" || found=1
	[ $status -eq $found ] || { echo "exit status $status"; bad=1; }
	cp "$1" "${1%/*}"/*.json "$tmp" && : >"$tmp/fixed"
	# shellcheck disable=SC2046
	(cd "$tmp" && "$FWRULE" check --no-config --fix --unsafe $(args_of "$1") "${1##*/}") >/dev/null
	cmp -s "$1" "$tmp/${1##*/}" || cp "$tmp/${1##*/}" "$tmp/fixed"
	one "$stem.fixed" "$tmp/fixed" || bad=1
	rm -f "$tmp/${1##*/}"
	report "${stem#"$golden"/}" $bad
}

# Level 0 with all back ends, the others only what they change.
run_host()
{
	dir=$here/examples/${1##*/}
	bad=0
	for level in 0 1 2; do
		emit=ipf,ipf6
		[ $level -gt 0 ] || emit=$emit,fwapi,moray
		rm -rf "$tmp/files"
		mkdir "$tmp/files"
		(cd "$dir" && "$FWRULE" compile -O$level -r rules.* -V vms.json -R remote-vms.json \
		    -o "$tmp/files" --emit=$emit --date 2024-06-01T00:00:00Z) \
		    >"$tmp/files/messages" 2>&1 || { echo "-O$level failed"; bad=1; }
		if [ -n "${UPDATE_GOLDEN-}" ]; then
			rm -rf "$1/O$level" && mkdir -p "$1" && cp -R "$tmp/files" "$1/O$level"
		fi
		diff -ru "$1/O$level" "$tmp/files" || bad=1
	done
	report "hosts/${1##*/}" $bad
}

run_case()
{
	# Arguments are words without spaces.
	# shellcheck disable=SC2046
	case "${1#"$golden"/}" in
	sentence/*) run "$1" .json parse $(args_of "$1") -- "$(cat "$1")" ;;
	parse/*) run "$1" .ast.json parse --debug=ast $(args_of "$1") "${1##*/}" ;;
	fmt/*) run "$1" .out fmt "${1##*/}" ;;
	rule/*) run "$1" .out compile --emit=fwapi $(args_of "$1") -r "${1##*/}" ;;
	lint/*) run_lint "$1" ;;
	cmd/*) run_script "$1" ;;
	hosts/*) run_host "$1" ;;
	esac
}

for c in "$golden"/sentence/*.rule "$golden"/parse/*.fwrule "$golden"/fmt/*.fwrule \
    "$golden"/rule/*.fwrule \
    "$golden"/rule/*.json "$golden"/rule/*.jsonl "$golden"/lint/*.fwrule \
    "$golden"/cmd/*.cmd "$here"/examples/*/vms.json; do
	case "$c" in
	*/vms.json) c=${c%/vms.json} c=$golden/hosts/${c##*/} ;;
	esac
	[ -e "$c" ] || [ "${c#"$golden"/hosts}" != "$c" ] || continue
	name=${c#"$golden"/}
	if [ $# -gt 0 ]; then
		case " $* " in
		*" ${name%.*} "*) ;;
		*) continue ;;
		esac
	fi
	run_case "$c"
done

echo "$cases cases, $failed failed"
[ $cases -gt 0 ] && [ $failed -eq 0 ]
