/** The commands about people against the real API: user, key, audit, and login with e-mail and password. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Home } from "../../src/cli/testing/run-slipway.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
let url: string;
before(async () => {
  bench = await openBench();
  url = await bench.app.listen({ port: 0, host: "127.0.0.1" });
});
after(() => bench.close());

function runner(home: Home, token?: string) {
  const env = { SLIPWAY_URL: url, ...(token !== undefined && { SLIPWAY_TOKEN: token }) };
  return async (line: string, stdin = "") => {
    const { status, stdout, stderr } = await home.run(line.split(" "), { env, stdin, deps: { now: Date.now } });
    return { status, stdout, stderr: stderr.replaceAll(/^warning: this is slipway.*\n/gm, "") };
  };
}

test("an admin adds a member, who signs in with the printed password and gets an API key of that machine", async () => {
  await using home = await Home.open();
  const asOwner = runner(home, PASSKEY);
  const made = await asOwner("user create Ann@Example.com");
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /^ann@example\.com: created as member\nPassword, shown this once: [\w-]{24}\n/);
  const password = /once: (\S+)/.exec(made.stdout)?.[1] ?? "";
  await using hers = await Home.open();
  const asAnn = runner(hers);
  const login = await asAnn(`login ${url} --email ann@example.com --password-stdin`, `${password}\n`);
  assert.equal(login.status, 0, login.stderr);
  assert.ok(!`${login.stdout}${login.stderr}`.includes(password));
  const keys = JSON.parse((await asAnn("key list --json")).stdout);
  assert.equal(keys.length, 1);
  assert.match(keys[0].description, /^slipway login on ./);
  assert.equal((await asAnn("list")).status, 0);
  const refused = await asAnn("user list");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /Insufficient permissions/);
  const wrong = await asAnn(`login ${url} --email ann@example.com --password-stdin`, "wrong");
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /Invalid email or password\. Nothing was stored/);
  assert.equal((await asAnn("list")).status, 0, "the stored login stays");
});

test("user update and delete find people by e-mail, and say who may be meant", async () => {
  await using home = await Home.open();
  const asOwner = runner(home, PASSKEY);
  await asOwner("user create root@example.com --role admin --password-stdin", "correct horse");
  await asOwner("user create bob@example.com --name Bob --password-stdin", "correct horse");
  assert.match((await asOwner("user list")).stdout, /^EMAIL +NAME +ROLE +SINCE\n(.*\n)*bob@example\.com +Bob +member/m);
  const changed = await asOwner("user update BOB@example.com --role admin --name Bobby --new-password --json");
  const { role, name, password } = JSON.parse(changed.stdout);
  assert.deepEqual([role, name], ["admin", "Bobby"]);
  assert.ok((await bench.accounts.logIn("bob@example.com", password, "10.0.0.1")).accessToken);
  assert.match((await asOwner("user update bop@example.com --name x")).stderr, /Did you mean bob@example\.com/);
  assert.equal((await asOwner("user update bob@example.com")).status, 2);
  assert.equal((await asOwner("user delete bob@example.com")).status, 2, "it asks, and nobody is there");
  assert.equal((await asOwner("user delete bob@example.com --yes")).stdout, "bob@example.com: deleted\n");
  assert.equal(await bench.database.users.findByEmail("bob@example.com"), undefined);
  const short = await asOwner("user create eve@example.com --password-stdin", "short");
  assert.equal(short.status, 1);
  assert.match(short.stderr, /must be at least 8 characters long/);
  assert.equal((await asOwner("user create eve@example.com --role owner")).status, 2);
});

test("key create prints the token alone; it works until it is deleted", async () => {
  await using home = await Home.open();
  const asMember = runner(home, await bench.memberToken());
  const made = await asMember("key create nightly --expires 30d");
  assert.equal(made.status, 0, made.stderr);
  const token = made.stdout.trim();
  assert.match(token, /^slw_[\w-]{43}$/);
  const asKey = runner(home, token);
  assert.match((await asKey("key list")).stdout, /nightly/);
  const [key] = JSON.parse((await asKey("key list --json")).stdout);
  const daysLeft = (Date.parse(key.expires_at) - Date.now()) / 86_400_000;
  assert.ok(daysLeft > 29 && daysLeft <= 30 && key.token === undefined);
  assert.equal((await asMember("key create x --expires soon")).status, 2);
  assert.equal((await asMember("key delete 0000nope")).status, 1);
  assert.equal((await asMember(`key delete ${key.id.slice(0, 8)}`)).stdout, "nightly: deleted\n");
  assert.equal((await asKey("key list")).status, 1);
});

test("audit shows what was done, the newest first", async () => {
  await using home = await Home.open();
  const asOwner = runner(home, PASSKEY);
  await asOwner("user create zoe@example.com --password-stdin", "correct horse");
  const lines = (await asOwner("audit -n 1")).stdout.split("\n");
  assert.match(lines[0] ?? "", /^WHEN +WHO +DID +WHAT +STATUS +FROM$/);
  assert.match(lines[1] ?? "", /passkey +POST +\/api\/users +201 +127\.0\.0\.1$/);
  assert.equal(lines.length, 3);
  assert.deepEqual(JSON.parse((await asOwner("audit --user zoe@example.com --json")).stdout), []);
  assert.equal((await asOwner("audit -n 0")).status, 2);
});
