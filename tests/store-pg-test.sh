#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The PostgreSQL store: what every store must do, and what this one does when its server
# is restarted, cut off or replaced.  The second program asks for the servers' troubles
# by lines with calls of pg.sh.
set -u

# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh" tests/store-pg
PG_OPTIONS='-c fsync=off'

pg_init a
tests/store-test "$(pg_url a)" || exit 1

mkdir "$pg_top/b"
mkfifo "$pg_top/ask" "$pg_top/answer"
tests/store-pg-test "$(pg_port a)" "$(pg_port b)" "$pg_top/ask" "$pg_top/answer" &
program=$!
exec 3<"$pg_top/ask" 4>"$pg_top/answer"
# Backslashes keep the words of a statement together.
while read -r line <&3; do
	eval "$line" >/dev/null
	echo $? >&4
done
wait $program
