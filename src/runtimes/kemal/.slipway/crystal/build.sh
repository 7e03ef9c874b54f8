#!/bin/sh
# Builds bin/funko; the arguments are options of the compiler. Where the system has no `shards` (Debian has none), shards
# by path and what lies in lib/ are used, and any other is an error that says so.
set -e
mkdir -p bin

main=funko.cr
if [ -f shard.yml ]; then
  named=$(awk '/^[^ #]/ { part = $1 } part == "targets:" && /^ +main:/ { print $2; exit }' shard.yml)
  main=${named:-funko.cr}
  if command -v shards >/dev/null; then
    shards install
  else
    mkdir -p lib
    awk '/^[^ #]/ { part = $1 } part == "dependencies:" && /^  [^ #]+:/ { name = $1; sub(/:$/, "", name) }
         part == "dependencies:" && /^    +(path|git|github|gitlab|bitbucket|codeberg):/ { print name, $1, $2 }' shard.yml |
      while read -r name kind place; do
        [ -e "lib/$name" ] && continue
        if [ "$kind" != path: ]; then
          echo "This system has no shards to fetch $name with: put it into lib/$name, or take the runtime kemal." >&2
          exit 1
        fi
        ln -s "../$place" "lib/$name"
      done
  fi
fi
exec crystal build "$@" -o bin/funko "$main"
