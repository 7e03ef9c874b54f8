/** Signing in on a real server: through the gateway, from behind a proxy, and across the death of control. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask } from "./ask.ts";
import { TestServer } from "./test-server.ts";

const PASSWORD = "correct horse";

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const json = { "content-type": "application/json", ...headers };
  return ask(server.url, { method: "POST", path, headers: json, body: JSON.stringify(body) });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (path: string, token: string) => ask(server.url, { path, headers: bearer(token) });

type Tokens = { readonly access_token: string; readonly refresh_token: string };

test("the first user registers with the passkey; sessions and keys outlive control, replays are still seen", async () => {
  const user = { email: "ann@example.com", name: "Ann", password: PASSWORD };
  assert.equal((await post("/api/auth/register", { ...user, setup_token: "made up" })).status, 401);
  const made = await post("/api/auth/register", { ...user, setup_token: await server.passkey() });
  assert.equal(made.status, 201, made.text);
  const { tokens } = made.json<{ readonly tokens: Tokens }>();
  const key = await post("/api/api-keys", { description: "ci" }, bearer(tokens.access_token));
  const { token } = key.json<{ readonly token: string }>();
  const control = await server.controlPid();
  process.kill(control, "SIGKILL");
  for (const credential of [tokens.access_token, token])
    assert.equal((await get("/api/auth/me", credential)).json().email, "ann@example.com");
  assert.notEqual(await server.controlPid(), control);
  const next = await post("/api/auth/refresh", { refresh_token: tokens.refresh_token });
  assert.equal(next.status, 200);
  assert.equal((await post("/api/auth/refresh", { refresh_token: tokens.refresh_token })).status, 401);
  assert.equal((await get("/api/auth/me", next.json<Tokens>().access_token)).status, 401);
});

test("headers a client makes up are no way around the limiter, nor into the audit log", async () => {
  const spoof = (n: number) => ({
    "x-forwarded-for": `6.6.6.${n}`,
    "x-slipway-peer": `7.7.7.${n}`,
    x_slipway_peer: `8.8.8.${n}`,
  });
  const wrong = { email: "bob@example.com", password: "a wrong one" };
  for (let n = 0; n < 20; n += 1)
    assert.equal((await post("/api/auth/login", { ...wrong, email: `bob${n}@example.com` }, spoof(n))).status, 401);
  const refused = await post("/api/auth/login", wrong, spoof(99));
  assert.equal(refused.status, 429);
  assert.match(String(refused.headers["retry-after"]), /^\d+$/);
  const records = (await server.api({ path: "/api/audit?search=login&limit=100" })).json<{
    readonly data: readonly { readonly from: string; readonly actor: string; readonly status: number }[];
  }>();
  assert.equal(records.data.length, 20);
  for (const { from, status } of records.data) assert.deepEqual([from, status], ["127.0.0.1", 401]);
});
