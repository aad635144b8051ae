#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Several services over one PostgreSQL database: tests/service/postgres.js, which asks
# for the servers' troubles by lines with calls of pg.sh.
#
#   tests/fwapid-pg-test.sh [TEST...]
set -u

# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh" tests/fwapid-pg
command -v node >/dev/null || { echo "skipped: node is missing (apt-get install nodejs)"; exit 77; }
FWAPID=$(realpath "${FWAPID:-./fwapid}")
PG_OPTIONS="-c fsync=${PG_FSYNC:-off}"

pg_init a
mkdir "$pg_top/b"
mkfifo "$pg_top/ask" "$pg_top/answer"
# shellcheck disable=SC2154 # pg.sh sets pg_sockets
FWAPID=$FWAPID SOCKET_A=$pg_sockets/.s.PGSQL.$(pg_port a) PORT_A=$(pg_port a) \
    PORT_B=$(pg_port b) ASK=$pg_top/ask ANSWER=$pg_top/answer \
    node "${srcdir:-.}/tests/service/postgres.js" "$@" &
program=$!
exec 3<"$pg_top/ask" 4>"$pg_top/answer"
while read -r line <&3; do
	eval "$line" >/dev/null
	echo $? >&4
done
wait $program
