#!/bin/bash
# Runs Redis on the data in /data, as its own user. With REDIS_PASSWORD clients need that password; without one, only
# clients in the same container are answered.
set -euo pipefail
exec 2>&1

case ${1:-redis-server} in
  redis-server) [ $# -gt 0 ] || set -- redis-server ;;
  -*) set -- redis-server "$@" ;;
  *) exec "$@" ;;
esac

if [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis:redis {} +
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi

# One server per data folder, also across containers; the lock ends with the server.
exec 9> slipway.lock
if ! flock --wait 3 9; then
  echo "slipway: Another instance uses the data in $PWD."
  exit 1
fi

case " $* " in
  *" --requirepass "*) ;;
  *) [ -z "${REDIS_PASSWORD:-}" ] || set -- "$@" --requirepass "$REDIS_PASSWORD" ;;
esac
exec "$@"
