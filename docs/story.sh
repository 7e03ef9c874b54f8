#!/bin/bash
# A team's whole story with Slipway, from an unclaimed server to a project that was deleted and is back:
#
#   docs/story.sh http://127.0.0.1:8080
#
# It needs a fresh server (script/server) nobody has claimed, and its passkey: `PASSFILE`, else ~/.passfile. It leaves the
# users it made, and no project. `SLIPWAY` is the program, `BASE_IMAGE` an image with Node that the engine has or can pull.
set -euo pipefail
url=${1:?name a server: docs/story.sh http://127.0.0.1:8080}
slipway=${SLIPWAY:-bin/slipway}
base=${BASE_IMAGE:-slipway/base-node:24}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

says() { printf '\n== %s\n' "$*"; }
is() { [[ $1 == "$2" ]] || { echo "expected: $2, got: $1" >&2; exit 1; }; }
has() { [[ $1 == *"$2"* ]] || { echo "expected something with: $2, got: $1" >&2; exit 1; }; }
# Each person has a login of her own.
admin() { XDG_CONFIG_HOME=$work/admin "$slipway" "$@"; }
ann() { XDG_CONFIG_HOME=$work/ann SLIPWAY_PROJECT=${project:-} "$slipway" "$@"; }
# ask HOST PATH: names below localhost are this server's, whatever the resolver thinks.
ask() { curl --silent --show-error --header "Host: $1.localhost" "$url$2"; }

says "1. The first user claims the server: only who has its passkey can"
passkey=$(cat "${PASSFILE:-$HOME/.passfile}")
register() {
  curl --silent --show-error --header 'Content-Type: application/json' "$url/api/auth/register" --data \
    "{\"email\":\"root@example.com\",\"name\":\"Root\",\"password\":\"correct horse\",\"setup_token\":\"$1\"}"
}
has "$(register 'a guess')" '"error":"unauthorized"'
has "$(register "$passkey")" '"role":"admin"'
has "$(register "$passkey")" 'Registration is closed.'
admin login "$url" --email root@example.com --password-stdin <<<'correct horse'

says "2. She invites a member, who signs in"
password=$(admin user create ann@example.com --name Ann | sed -n 's/^Password.*: //p')
ann login "$url" --email ann@example.com --password-stdin <<<"$password"

says "3. Ann makes a project with a database and a function"
ann project create Story --slug story
project=story
ann service create db --preset postgres
mkdir "$work/items"
cat >"$work/items/package.json" <<'JSON'
{"name": "items", "main": "index.js", "dependencies": {"pg": "^8.13.0"}}
JSON
cat >"$work/items/index.js" <<'JS'
const { Client } = require("pg");

/** Keeps `?add=…` in the database that DATABASE_URL leads to, and answers all that is kept. */
module.exports = async (context, { add }) => {
  const client = new Client(process.env.DATABASE_URL);
  await client.connect();
  try {
    await client.query("CREATE TABLE IF NOT EXISTS kept (name text)");
    if (add) await client.query("INSERT INTO kept VALUES ($1)", [add]);
    const { rows } = await client.query("SELECT name FROM kept ORDER BY name");
    return `${process.env.GREETING ?? "No greeting"}: ${rows.map(({ name }) => name).join(", ")}\n`;
  } finally {
    await client.end();
  }
};
JS
ann deploy "$work/items"

says "4. Bound by \${{ db.URL }}: the function really asks the database"
ann env set --service items 'DATABASE_URL=${{ db.URL }}' --apply
has "$(ask items-story '/?add=milk')" 'No greeting: milk'

says "5. Six edits are staged: nothing happens yet"
ann service create web --stage --public --image "$base" --port 80 --command \
  "node -e 'require(\"http\").createServer((_, r) => r.end(process.env.WORD + \" \" + process.env.LEVEL)).listen(80)'"
ann env set --service web WORD=one
ann env set LEVEL=info
ann env set --service items GREETING=Kept
ann service update items --replicas 2
ann service update db --memory 384
ann changes list
is "$(ann changes list --json | grep -c '"op"')" 6
has "$(ask items-story /)" 'No greeting: milk'

says "6. Applied together, and waited for"
ann changes apply
has "$(ask items-story /)" 'Kept: milk'
is "$(ask web-story /)" 'one info'
is "$(ann changes list)" 'Nothing is staged.'
is "$(ann scale items)" 'Function items has a scale of 2'

says "7. A deployment is broken: it fails truthfully, and what served before still does"
if ann service deploy web --command "node -e 'console.error(\"there is no configuration\"); process.exit(7)'" 2>"$work/failure"; then
  echo "a broken deployment was called good" >&2
  exit 1
fi
cat "$work/failure"
has "$(cat "$work/failure")" 'there is no configuration'
has "$(cat "$work/failure")" '7'
has "$(ann service deployments web --json)" '"status": "failed"'
is "$(ask web-story /)" 'one info'

says "8. A good one is regretted, and rolled back"
ann env set --service web WORD=two --apply
is "$(ask web-story /)" 'two info'
ann service rollback web
is "$(ask web-story /)" 'one info'
# What is kept is the next deployment's: it says again what serves now.
ann env set --service web WORD=one --apply

says "9. The whole project as one document; applied, it changes nothing"
ann export -f "$work/story.yml"
has "$(cat "$work/story.yml")" 'preset: postgres'
is "$(ann apply -f "$work/story.yml" --prune)" 'Nothing to do.'

says "10. Deleted, and made again from the document: same addresses, and the data is still there"
ann project delete story --yes
has "$(ann project list)" 'default'
if ann project show story >/dev/null 2>&1; then echo "the project is still there" >&2; exit 1; fi
ann apply -f "$work/story.yml" --yes
is "$(ask web-story /)" 'one info'
has "$(ask items-story '/?add=bread')" 'Kept: bread, milk'
is "$(ann apply -f "$work/story.yml" --prune)" 'Nothing to do.'

says "11. Gone for good, data and all"
ann project delete story --volumes --yes
admin audit --json >"$work/audit.json" && has "$(cat "$work/audit.json")" 'ann@example.com'
says "story: done"
