#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# All benchmarks, from the build folder: sentences, payloads and hosts beside the reference,
# then every script of tests/bench, each for itself.  One that fails or takes longer than
# BENCH_SECONDS (1,800) is said and does not stop the others; status 1 if there was one.
#
# usage: run-bench.sh [--quick] [NAME...]
#   --quick  few rules and short times: whether all still works, and no figures
#   NAME     only these: rules, or a script without its suffix
#
# They install what they need of Debian and of npm, or say what is missing.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWRULE=${FWRULE:-$PWD/fwrule}
srcdir=$src
export FWRULE srcdir
quick=
if [ "${1-}" = --quick ]; then
	quick=--quick
	shift
	export RULES=2000 QUESTIONS=50 ROUNDS=1 SECONDS_EACH=1 AGENTS=50 LARGE_MB=20 LINT_RULES=2000 \
	    HOST='100 50 500' PACED_SECONDS=3 WRITES=50 READS=100
fi

# What follows the program where a size is no variable of the environment.
arguments()
{
	case $quick$1 in
	--quickaggregate) echo '-n 20000 -r 1' ;;
	--quickvisits) echo 100 ;;
	esac
}

bench_rules()
{
	"$src/tests/reference/install.sh" tests/reference-npm &&
	    timeout "${BENCH_SECONDS:-1800}" node "$src/tests/bench/bench.js" . tests/reference-npm \
	    bench-data $quick
}

bench()
{
	if [ "$1" = rules ]; then
		bench_rules
		return
	fi
	# shellcheck disable=SC2046
	timeout "${BENCH_SECONDS:-1800}" "$src/tests/bench/$1.sh" $(arguments "$1")
}

if [ $# -eq 0 ]; then
	set -- rules
	for script in "$src"/tests/bench/*.sh; do
		name=${script##*/}
		set -- "$@" "${name%.sh}"
	done
fi
begun=$(date +%s)
failed=
for name; do
	start=$(date +%s)
	printf '\n=== %s\n\n' "$name"
	bench "$name" </dev/null || { echo "$name: failed, status $?"; failed="$failed $name"; }
	printf '\n=== %s: %d s\n' "$name" "$(($(date +%s) - start))"
done
printf '\n=== %d benchmarks, %d s; failed:%s\n' $# "$(($(date +%s) - begun))" "${failed:- none}"
[ -z "$failed" ]
