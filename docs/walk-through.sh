#!/bin/sh
# A function's whole life, from nothing to nothing, over the runtime you name (node, express, flask, crystal, …):
#
#   docs/walk-through.sh node
#
# It needs a running server (script/server) and leaves nothing behind. `SLIPWAY` is the program, `NAME` the function's
# name, `BUILD_FLAGS` what `docker build` needs on this machine (a BASE_IMAGE from a registry of yours, for example).
set -eu
runtime=${1:?name a runtime: docs/walk-through.sh node}
slipway=${SLIPWAY:-bin/slipway}
name=${NAME:-walk$runtime}
folder=$(mktemp -d)/$name
container=""
clean_up() {
  [ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null
  docker image rm "walk-through-$name" >/dev/null 2>&1 || true
  rm -rf "$(dirname "$folder")"
}
trap clean_up EXIT
says() { printf '\n== %s\n' "$*"; }
# ask URL: the answer's text. Names below localhost are this machine's, whatever its resolver thinks.
ask() { curl --silent --show-error --fail --resolve "*:${PORT:-8080}:127.0.0.1" "$1"; }
is() { [ "$1" = "$2" ] || { echo "expected: $2, got: $1" >&2; exit 1; }; }

says "1. A new function"
"$slipway" new -r "$runtime" "$folder"

says "2. Up: built, started, healthy, and its address printed"
url=$("$slipway" up "$folder" | tail -n 1)
hello=$(ask "$url")
echo "$url says: $hello"

says "3. Edited, and up again: not a request is lost"
source=$(grep -rlF Hello --exclude=slipway.yml "$folder" | head -n 1)
sed -i 's/Hello/Good evening/' "$source"
"$slipway" up "$folder"
is "$(ask "$url")" "$(echo "$hello" | sed 's/Hello/Good evening/')"

says "4. Three instances share the requests"
"$slipway" scale "$name" 3
"$slipway" scale "$name"

says "5. Built now, deployed later"
sed -i 's/Good evening/Good night/' "$source"
"$slipway" build "$folder"
is "$(ask "$url")" "$(echo "$hello" | sed 's/Hello/Good evening/')"
"$slipway" status "$name"
"$slipway" deploy "$name"
is "$(ask "$url")" "$(echo "$hello" | sed 's/Hello/Good night/')"
is "$("$slipway" status "$name" --json | tr -d ' \n' | grep -o '"current":true' | wc -l)" 3

says "6. Exported: a folder for plain docker, Slipway no longer needed"
"$slipway" export "$folder" "$folder-exported"
# shellcheck disable=SC2086
docker build --quiet --tag "walk-through-$name" ${BUILD_FLAGS:-} "$folder-exported"
container=$(docker run --detach --publish-all "walk-through-$name")
address=$(docker port "$container" | sed -n 's/.* -> 0\.0\.0\.0:/127.0.0.1:/p' | head -n 1)
for _ in 1 2 3 4 5 6 7 8 9 10; do ask "http://$address/" >/dev/null 2>&1 && break || sleep 0.5; done
is "$(ask "http://$address/")" "$(echo "$hello" | sed 's/Hello/Good night/')"

says "7. Gone, without a trace"
"$slipway" purge "$name"
if "$slipway" status "$name" >/dev/null 2>&1; then echo "$name is still there" >&2; exit 1; fi
says "$runtime: done"
