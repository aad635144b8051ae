#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The index's sets of rules beside CRoaring's bitmaps (Debian's libroaring-dev).
#
#   RULES=1000000 tests/bench/postings.sh       from the build folder (100,000)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
gen=${QUERY_GEN:-tests/bench/query-gen}
fwrule=${FWRULE:-./fwrule}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
[ -e /usr/include/roaring/roaring.h ] ||
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q libroaring-dev >/dev/null
# CC may be a compiler with options.
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -O2 -D_GNU_SOURCE -I"$here/../.." -o "$dir/postings" "$here/postings.c" \
	.libs/libruntime.a -lroaring -ljansson -luuid -lcidr -lpthread
"$gen" rules "${RULES:-100000}" 1 >"$dir/rules"
"$fwrule" index build -r "$dir/rules" -o "$dir/rules.fwi"
"$dir/postings" "$dir/rules.fwi"
