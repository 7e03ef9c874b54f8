#!/bin/bash
# Runs MariaDB on the data in /var/lib/mysql; an empty folder is initialised first. MARIADB_ROOT_PASSWORD,
# MARIADB_DATABASE, MARIADB_USER and MARIADB_PASSWORD (or MYSQL_…) are as in the official image, and hold at every
# start: what they say is what works.
set -euo pipefail
exec 2>&1
trap 'exit 143' TERM INT

case ${1:-mariadbd} in
  mariadbd | mysqld) [ $# -eq 0 ] || shift ;;
  -*) ;;
  *) exec "$@" ;;
esac

die() {
  echo "slipway: $*"
  exit 1
}

data=/var/lib/mysql
: "${MARIADB_ROOT_PASSWORD:=${MYSQL_ROOT_PASSWORD:-}}" "${MARIADB_DATABASE:=${MYSQL_DATABASE:-}}"
: "${MARIADB_USER:=${MYSQL_USER:-}}" "${MARIADB_PASSWORD:=${MYSQL_PASSWORD:-}}"

if [ "$(id -u)" = 0 ]; then
  mkdir -p /run/mysqld
  find "$data" /run/mysqld \! -user mysql -exec chown mysql:mysql {} +
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

[ -n "$MARIADB_ROOT_PASSWORD" ] || die "MARIADB_ROOT_PASSWORD is missing."
[ -z "$MARIADB_USER" ] || [ -n "$MARIADB_PASSWORD" ] || die "MARIADB_PASSWORD is missing."
[ "$MARIADB_USER" != root ] || die "MARIADB_USER can't be root, who has MARIADB_ROOT_PASSWORD."

# One server per data folder, also across containers; the lock ends with the server.
exec 9> "$data/slipway.lock"
flock --wait 3 9 || die "Another instance uses the data in $data."

# Made beside and moved when complete, so that one killed meanwhile starts over or goes on.
fresh=$data/slipway-init
if [ ! -d "$data/mysql" ] && [ ! -e "$fresh/.done" ]; then
  echo "slipway: initialising $data"
  rm -rf "$fresh"
  mkdir "$fresh"
  mariadb-install-db --datadir="$fresh" --skip-test-db --auth-root-authentication-method=socket > /dev/null
  touch "$fresh/.done"
fi
if [ -e "$fresh/.done" ]; then
  find "$fresh" -mindepth 1 -maxdepth 1 \! -name .done -exec mv -t "$data" {} +
fi
rm -rf "$fresh"

literal() {
  local text=${1//\\/\\\\}
  text=${text//\'/\\\'}
  printf "'%s'" "${text//$'\n'/\\n}"
}
name() { printf '`%s`' "${1//\`/\`\`}"; }
account() {
  echo "CREATE USER IF NOT EXISTS $1 IDENTIFIED BY $(literal "$2");"
  echo "ALTER USER $1 IDENTIFIED BY $(literal "$2");"
}

# Carried out by the server before it answers anybody.
wanted=/run/mysqld/slipway.sql
(
  umask 077
  {
    for host in localhost %; do
      account "root@'$host'" "$MARIADB_ROOT_PASSWORD"
      echo "GRANT ALL ON *.* TO root@'$host' WITH GRANT OPTION;"
    done
    [ -z "$MARIADB_DATABASE" ] || echo "CREATE DATABASE IF NOT EXISTS $(name "$MARIADB_DATABASE");"
    if [ -n "$MARIADB_USER" ]; then
      user="$(literal "$MARIADB_USER")@'%'"
      account "$user" "$MARIADB_PASSWORD"
      [ -z "$MARIADB_DATABASE" ] || echo "GRANT ALL ON $(name "$MARIADB_DATABASE").* TO $user;"
    fi
  } > "$wanted"
)

exec mariadbd --init-file="$wanted" "$@"
