#!/bin/bash
# Runs PostgreSQL on the data in $PGDATA; an empty folder is initialised first. POSTGRES_USER (a superuser),
# POSTGRES_PASSWORD and POSTGRES_DB are as in the official image, and hold at every start: what they say is what works.
# Nothing is reachable over the network before all that is done.
set -euo pipefail
exec 2>&1
trap 'exit 143' TERM INT

case ${1:-postgres} in
  postgres) [ $# -eq 0 ] || shift ;;
  -*) ;;
  *) exec "$@" ;;
esac

die() {
  echo "slipway: $*"
  exit 1
}

: "${PGDATA:=/var/lib/postgresql/data}" "${POSTGRES_USER:=postgres}" "${POSTGRES_PASSWORD:=}"
: "${POSTGRES_DB:=$POSTGRES_USER}" "${POSTGRES_INITDB_ARGS:=}"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  find "$PGDATA" /run/postgresql \! -user postgres -exec chown postgres:postgres {} +
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

case "$POSTGRES_USER$POSTGRES_PASSWORD$POSTGRES_DB" in
  *$'\n'*) die "POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB can't have line breaks." ;;
esac
[ -n "$POSTGRES_PASSWORD" ] || die "POSTGRES_PASSWORD is missing."

# One server per data folder, also across containers; the lock ends with the server.
exec 9> "$PGDATA/slipway.lock"
flock --wait 3 9 || die "Another instance uses the data in $PGDATA."
rm -f "$PGDATA/postmaster.pid"

# Statements, one per line, on the data in folder $1, without a network. An object that is there already is no error.
statements() {
  local said
  said=$(postgres --single -D "$1" -c log_statement=none -c log_min_error_statement=panic postgres 2>&1) || true
  if grep -E '(ERROR|FATAL|PANIC):' <<< "$said" | grep -qv 'already exists'; then
    echo "$said"
    die "PostgreSQL could not be prepared."
  fi
}
identifier() { printf '"%s"' "${1//\"/\"\"}"; }
literal() { printf "'%s'" "${1//\'/\'\'}"; }

# Made beside and moved when complete, so that one killed meanwhile starts over or goes on.
fresh=$PGDATA/slipway-init
if [ ! -s "$PGDATA/PG_VERSION" ] && [ ! -e "$fresh/.done" ]; then
  echo "slipway: initialising $PGDATA"
  rm -rf "$fresh"
  # Without the password, which it would write into the log if it failed.
  # shellcheck disable=SC2086
  initdb -D "$fresh" --username="$POSTGRES_USER" --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust \
    --auth-host=reject $POSTGRES_INITDB_ARGS
  printf '%s\n' 'local all all trust' 'local replication all trust' 'host all all all scram-sha-256' \
    > "$fresh/pg_hba.conf"
  touch "$fresh/.done"
fi
if [ -e "$fresh/.done" ]; then
  find "$fresh" -mindepth 1 -maxdepth 1 \! -name .done -exec mv -t "$PGDATA" {} +
fi
rm -rf "$fresh"

of_data=$(cat "$PGDATA/PG_VERSION")
of_server=$(postgres --version | sed -E 's/.* ([0-9]+).*/\1/; s/^([0-9]+).*/\1/')
[ "$of_data" = "$of_server" ] ||
  die "The data in $PGDATA are of PostgreSQL $of_data, this image has $of_server: use an image of version $of_data."

role=$(identifier "$POSTGRES_USER")
statements "$PGDATA" << END
CREATE ROLE $role
ALTER ROLE $role WITH SUPERUSER LOGIN PASSWORD $(literal "$POSTGRES_PASSWORD")
CREATE DATABASE $(identifier "$POSTGRES_DB") OWNER $role
END

exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
