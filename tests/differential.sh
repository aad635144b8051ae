#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Random rules and payloads, fwrule against the reference.  Settable: SEED,
# DIFFERENTIAL_CASES, FWRULE (the program), REFERENCE_DIR (where npm installs).
set -u
src=${srcdir:-$(dirname "$0")/..}/tests/reference
fwrule=${FWRULE:-./fwrule}
dir=${REFERENCE_DIR:-tests/reference-npm}

"$src/install.sh" "$dir" || exit $?
node "$src/selftest.js" "$dir" || exit 1
node "$src/differential.js" --fwrule "$fwrule" --reference "$dir" \
	--cases "${DIFFERENTIAL_CASES:-20000}" ${SEED:+--seed "$SEED"}
