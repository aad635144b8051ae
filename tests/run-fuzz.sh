#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# run-fuzz.sh SOURCE BUILD: builds each target of SOURCE/tests/fuzz with libFuzzer
# against the libraries of BUILD, which were built for it, and runs it for
# FUZZ_SECONDS.  A target NAME.c starts from the seeds that tests/fuzz/seeds.sh makes
# for it and the inputs in tests/fuzz/NAME.corpus, where there are any; what it found
# on its way is kept in BUILD/found/NAME, and an input that fails in BUILD/found.
set -u

src=$1 build=$2
failed=0 targets=0

"$src/tests/fuzz/seeds.sh" "$build/seeds" || exit 1
# The service's holds the other; where it is not built, neither are its targets.
library=$build/.libs/libservice.a
[ -e "$library" ] || library=$build/.libs/libruntime.a
for c in "$src"/tests/fuzz/*.c; do
	[ -e "$c" ] || continue
	name=$(basename "$c" .c)
	case "$name ${library##*/}" in
	fuzz-feed\ libruntime.a | fuzz-request\ libruntime.a) continue ;;
	esac
	targets=$((targets + 1))
	mkdir -p "$build/found/$name"
	# FUZZ_CC and FUZZ_LIBS are lists of words.
	# shellcheck disable=SC2086
	${FUZZ_CC:-clang} -std=gnu11 -O1 -g -D_GNU_SOURCE -I"$src" -I"$build" -I"$build/grammar" \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o "$build/$name" "$c" \
	    "$library" ${FUZZ_LIBS-} -lpthread -lm || { failed=$((failed + 1)); continue; }
	mkdir -p "$build/seeds/$name"
	corpus=
	[ ! -d "$src/tests/fuzz/$name.corpus" ] || corpus=$src/tests/fuzz/$name.corpus
	# shellcheck disable=SC2086
	if "$build/$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/found/$name-" \
	    -max_len=4096 -dict="$src/tests/fuzz/rule.dict" \
	    "$build/found/$name" "$build/seeds/$name" $corpus >"$build/$name.log" 2>&1; then
		echo "$name: $(sed -n 's/.*number_of_executed_units: *//p' "$build/$name.log") inputs, nothing found"
	else
		tail -n 40 "$build/$name.log"
		echo "$name: FAILED; the input is in $build/found"
		failed=$((failed + 1))
	fi
done
echo "$targets fuzz targets, $failed failed"
[ $failed -eq 0 ]
