#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The PostgreSQL store: what every store must do, what this one does when its server is
# restarted, cut off or replaced, and two followers of one database.
set -u

# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh" tests/store-pg
program=${STORE_TEST:-tests/store-test}

pg_init a
"$program" "$(pg_url a)" || exit 1
