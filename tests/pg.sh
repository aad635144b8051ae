# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# PostgreSQL servers of tests: each a folder with data, log and socket, run as the user
# postgres where the test is root's, and stopped by pid.  Sourced, with $1 a name for
# the folder.  Exit status 77 where there is no PostgreSQL.
#
#   pg_init NAME             a new server, started; sets pg_dir
#   pg_standby NAME OF       a standby of the server OF, made with pg_basebackup
#   pg_start NAME, pg_stop NAME [MODE], pg_promote NAME
#   pg_signal NAME SIGNAL    to all its processes
#   pg_url NAME              what --store takes
#   pg_sql NAME SQL          runs it

pg_bin=
for pg_try in /usr/lib/postgresql/*/bin /opt/local/bin /usr/local/pgsql/bin; do
	[ ! -x "$pg_try/initdb" ] || pg_bin=$pg_try
done
if [ -z "$pg_bin" ]; then
	echo "skipped: no PostgreSQL server (apt-get install postgresql-15)"
	exit 77
fi

pg_as=()
if [ "$(id -u)" -eq 0 ]; then
	if ! id postgres >/dev/null 2>&1; then
		echo "skipped: the server does not run as root, and there is no user postgres"
		exit 77
	fi
	pg_as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

# In the build folder, unless the server's user cannot go there.
pg_top=$PWD/$1.$$
mkdir -p "$pg_top" || exit 99
[ ${#pg_as[@]} -eq 0 ] || chown postgres "$pg_top"
if ! "${pg_as[@]}" test -w "$pg_top"; then
	rmdir "$pg_top"
	pg_top=$(mktemp -d)
	chown postgres "$pg_top"
fi
# A socket's path may have 107 bytes.
pg_sockets=$(mktemp -d) || exit 99
[ ${#pg_as[@]} -eq 0 ] || chown postgres "$pg_sockets"

pg_clean()
{
	local d

	for d in "$pg_top"/*/; do
		[ ! -e "$d/data/postmaster.pid" ] || pg_stop "$(basename "$d")" immediate
	done
	rm -rf "$pg_top" "$pg_sockets"
}
trap pg_clean EXIT
trap 'exit 1' INT TERM

# A server keeps its port when it is started again.
pg_port()
{
	local port

	if [ ! -e "$pg_top/$1/port" ]; then
		while port=$((20000 + RANDOM % 12000)); (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
			:
		done
		echo "$port" >"$pg_top/$1/port"
	fi
	cat "$pg_top/$1/port"
}

pg_start()
{
	"${pg_as[@]}" "$pg_bin/pg_ctl" -D "$pg_top/$1/data" -w -t 60 -l "$pg_top/$1/log" \
	    -o "-k $pg_sockets -p $(pg_port "$1") -c listen_addresses=127.0.0.1 \
	    -c shared_buffers=${PG_BUFFERS:-32MB} -c max_connections=50 -c wal_level=replica ${PG_OPTIONS-}" \
	    start >/dev/null || { tail -20 "$pg_top/$1/log"; exit 1; }
}

# As pg_ctl does it, but for the pid of the server that was started here.
pg_stop()
{
	local pid signal

	pid=$(head -1 "$pg_top/$1/data/postmaster.pid" 2>/dev/null) || return 0
	case ${2-fast} in
	immediate) signal=QUIT ;;
	*) signal=INT ;;
	esac
	kill -"$signal" "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.05
	done
}

# To the server and all its processes.
pg_signal()
{
	local pid

	pid=$(head -1 "$pg_top/$1/data/postmaster.pid") || return
	# shellcheck disable=SC2046
	kill -"$2" "$pid" $(cat "/proc/$pid/task/$pid/children" 2>/dev/null || pgrep -P "$pid")
}

pg_init()
{
	mkdir -p "$pg_top/$1"
	[ ${#pg_as[@]} -eq 0 ] || chown postgres "$pg_top/$1"
	LC_ALL=C "${pg_as[@]}" "$pg_bin/initdb" -D "$pg_top/$1/data" -U postgres -A trust \
	    --locale=C -N -E "${PG_ENCODING:-UTF8}" >/dev/null || exit 1
	pg_start "$1"
}

pg_standby()
{
	mkdir -p "$pg_top/$1"
	[ ${#pg_as[@]} -eq 0 ] || chown postgres "$pg_top/$1"
	"${pg_as[@]}" "$pg_bin/pg_basebackup" -D "$pg_top/$1/data" -h "$pg_sockets" -p "$(pg_port "$2")" \
	    -U postgres -R -N -X stream -c fast || exit 1
	pg_start "$1"
}

pg_promote()
{
	"${pg_as[@]}" "$pg_bin/pg_ctl" -D "$pg_top/$1/data" -w promote >/dev/null
}

pg_url()
{
	echo "postgresql://postgres@127.0.0.1:$(pg_port "$1")/${2:-postgres}"
}

pg_sql()
{
	"$pg_bin/psql" -h "$pg_sockets" -p "$(pg_port "$1")" -U postgres -d "${3:-postgres}" -qAt \
	    -v ON_ERROR_STOP=1 -c "$2"
}
