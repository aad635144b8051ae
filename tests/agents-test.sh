#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The service with npm fast-messages, the client of today's agents, at the other end.
#
#   tests/agents-test.sh [TEST...]      by default all of tests/agents/agents.js
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWAPID=$(realpath "${FWAPID:-./fwapid}")
[ -x "$FWAPID" ] || { echo "no program: $FWAPID" >&2; exit 99; }
"$src/tests/npm-install.sh" "$src/tests/agents" tests/agents-npm || exit $?
FWAPID_NPM=$(realpath tests/agents-npm)
export FWAPID FWAPID_NPM
exec node --no-deprecation "$src/tests/agents/agents.js" "$@"
