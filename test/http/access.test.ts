import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { InjectOptions } from "fastify";
import { hashOf } from "../../src/auth/tokens.ts";
import { createApp } from "../../src/http/app.ts";
import type { Permission } from "../../src/http/authorize.ts";
import { type Bench, openBench, PASSKEY, SETUP_TOKEN } from "./api-bench.ts";
import { bareAppOptions } from "./bare-app.ts";

type Method = NonNullable<InjectOptions["method"]>;

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

/** A path of that route; what stands for a parameter is nothing that exists. */
function pathOf(url: string): string {
  return url.replaceAll(/:\w+/g, "nothing-of-that-name");
}

async function ask(method: string, url: string, headers: Readonly<Record<string, string>> = {}) {
  return bench.app.inject({ method: method as Method, url, headers });
}

const PUBLIC = [
  "/healthz",
  "/readyz",
  "/api/health",
  "/api/setup/claim",
  "/api/auth/register",
  "/api/auth/login",
  "/api/auth/refresh",
  // A browser can't send a header with it: its first message says who asks.
  "/api/projects/:p/canvas/ws",
  "/",
  "/setup",
  "/api/docs",
  "/api/manifest.schema.json",
  "/api/openapi.json",
];

test("the table of routes says who may ask what, and only what a stranger needs is public", () => {
  const open = bench.routes.filter((route) => route.permission === "public").map((route) => route.url);
  assert.deepEqual([...new Set(open)].toSorted(), PUBLIC.toSorted());
  assert.ok(bench.routes.length > 40, `${bench.routes.length} routes`);
});

const STRANGER = { "x-slipway-peer": "203.0.113.9" };

/** What a credential is on a route: a refusal's status, or let in to whatever the handler says. */
type Verdict = 401 | 403 | "in";

const VERDICTS: Readonly<Record<"stranger" | "member" | "admin", Readonly<Record<Permission, Verdict>>>> = {
  stranger: { public: "in", member: 401, admin: 401, local_or_admin: 401 },
  member: { public: "in", member: "in", admin: 403, local_or_admin: 403 },
  admin: { public: "in", member: "in", admin: "in", local_or_admin: "in" },
};

/** Each route with a credential made anew for it, since some routes end what they are asked with. */
async function holdsEverywhere(who: keyof typeof VERDICTS, authorization: () => Promise<string | undefined>) {
  for (const { method, url, permission } of bench.routes) {
    const credential = await authorization();
    const headers = { ...STRANGER, ...(credential !== undefined && { authorization: credential }) };
    const answer = await ask(method, pathOf(url), headers);
    const verdict = VERDICTS[who][permission];
    const what = `${method} ${url} for ${who}: ${answer.statusCode} ${answer.body.slice(0, 200)}`;
    assert.ok(answer.statusCode < 500 || answer.statusCode === 503, what);
    if (verdict === "in") {
      assert.ok(!REFUSALS.includes(messageOf(answer)), what);
      continue;
    }
    assert.equal(answer.statusCode, verdict, what);
    if (method === "HEAD") continue;
    const body = answer.json();
    assert.deepEqual(Object.keys(body).toSorted(), ["error", "message", "remedy", "requestId"], what);
    assert.equal(body.error, verdict === 401 ? "unauthorized" : "forbidden", what);
  }
}

/** What only the table's hook says; a handler may refuse in words of its own. */
const REFUSALS = ["Authentication required.", "Invalid or expired token.", "Insufficient permissions."];

function messageOf(answer: { readonly headers: object; readonly body: string }): string {
  return /^\{"error"/.test(answer.body) ? String(JSON.parse(answer.body).message) : "";
}

/** A user with a key, whose access token and key are made expired. */
async function expiredCredentials(): Promise<readonly string[]> {
  const { accounts, database } = bench;
  const user = await accounts.createUser({
    email: "late@example.com",
    name: "Late",
    password: "correct horse",
    role: "admin",
  });
  const { accessToken, refreshToken } = await accounts.logIn(user.email, "correct horse", "127.0.0.1");
  const session = await database.sessions.findByAccessHash(hashOf(accessToken));
  assert.ok(session !== undefined);
  await database.sessions.update(session.id, { ...session, expiresAt: Date.now() - 1 });
  const { key, token } = await accounts.createApiKey(user.id, { description: "old", expiresAt: Date.now() + 60_000 });
  await database.apiKeys.remove(key.id);
  await database.apiKeys.create({ ...key, expiresAt: Date.now() - 1 });
  return [accessToken, token, refreshToken];
}

describe("each route of the table", () => {
  test("knows members and admins apart", () => {
    const permissions = new Set(bench.routes.map((route) => route.permission));
    assert.deepEqual([...permissions].toSorted(), ["admin", "local_or_admin", "member", "public"]);
    const adminsOnly = bench.routes.filter((route) => /^\/api\/(users|audit|registries)/.test(route.url));
    assert.ok(adminsOnly.length > 8 && adminsOnly.every((route) => route.permission === "admin"));
    for (const { method, url, permission } of bench.routes.filter((route) => /^\/(api\/)?runtime/.test(route.url)))
      if (method !== "GET" && method !== "HEAD") assert.equal(permission, "admin", `${method} ${url}`);
  });

  const strangers = [
    ["no credential", undefined],
    ["an empty one", ""],
    ["Bearer and nothing", "Bearer "],
    ["a wrong one", "wrong"],
    ["a wrong Bearer", "Bearer wrong"],
    ["a token nobody was given", `Bearer slw_${"A".repeat(43)}`],
    ["a garbled token", "Bearer slw_%00\u00e9"],
    ["an endless token", `Bearer slw_${"A".repeat(8000)}`],
    ["the passkey and more", `${PASSKEY}x`],
    ["the beginning of the passkey", PASSKEY.slice(0, -1)],
    ["another scheme", `Basic ${PASSKEY}`],
    ["Bearer twice", `Bearer Bearer ${PASSKEY}`],
  ] as const;
  for (const [what, authorization] of strangers)
    test(`refuses ${what}`, () => holdsEverywhere("stranger", async () => authorization));

  test("refuses what has expired, and a refresh token", async () => {
    for (const token of await expiredCredentials()) await holdsEverywhere("stranger", async () => `Bearer ${token}`);
  });

  test("refuses access tokens and API keys without Bearer: only the passkey stands alone", async () => {
    const token = await bench.adminToken();
    await holdsEverywhere("stranger", async () => token);
  });

  test("lets a member in where members are, with a session or a key", async () => {
    await holdsEverywhere("member", async () => `Bearer ${await bench.memberToken()}`);
    const key = await bench.apiKey(await bench.memberToken());
    await holdsEverywhere("member", async () => `Bearer ${key}`);
  });

  test("lets an admin in everywhere, with a session or a key", async () => {
    await holdsEverywhere("admin", async () => `Bearer ${await bench.adminToken()}`);
    const key = await bench.apiKey(await bench.adminToken());
    await holdsEverywhere("admin", async () => `Bearer ${key}`);
  });

  for (const [what, authorization] of [
    ["the raw passkey", PASSKEY],
    ["the passkey as Bearer", `Bearer ${PASSKEY}`],
    ["the passkey as bearer in lower case", `bearer ${PASSKEY}`],
  ] as const)
    test(`lets ${what} in`, () => holdsEverywhere("admin", async () => authorization));

  test("does not tell another's id from one that is nobody's", async () => {
    const owner = await bench.memberToken();
    const made = await bench.app.inject({
      method: "POST",
      url: "/api/api-keys",
      headers: { authorization: `Bearer ${owner}` },
      payload: { description: "mine" },
    });
    const owned = [{ method: "DELETE", url: `/api/api-keys/${made.json().id}` }];
    for (const { method, url } of owned) {
      for (const token of [await bench.memberToken(), await bench.adminToken()]) {
        const bodies = await Promise.all(
          [url, url.replace(/[^/]+$/, crypto.randomUUID())].map(async (path) => {
            const answer = await ask(method, path, { authorization: `Bearer ${token}` });
            assert.equal(answer.statusCode, 404, path);
            const { requestId: _, ...rest } = answer.json();
            return rest;
          }),
        );
        assert.deepEqual(bodies[0], bodies[1]);
      }
      assert.equal((await ask(method, url, { authorization: `Bearer ${owner}` })).statusCode, 204);
    }
  });
});

test("metrics are for this machine or the passkey; a proxy's header makes a neighbour a stranger", async () => {
  const status = async (headers: Readonly<Record<string, string>>) =>
    (await ask("GET", "/metrics", headers)).statusCode;
  assert.equal(await status({ "x-slipway-peer": "127.0.0.1" }), 200);
  assert.equal(await status({ "x-slipway-peer": "::1" }), 200);
  assert.equal(await status({ "x-slipway-peer": "::ffff:127.0.0.1" }), 200);
  assert.equal(await status({ "x-slipway-peer": "127.0.0.1", "x-slipway-forwarded": "1" }), 401);
  assert.equal(await status({ "x-slipway-peer": "203.0.113.9" }), 401);
  assert.equal(await status({ "x-slipway-peer": "203.0.113.9", authorization: PASSKEY }), 200);
});

test("an app with a route without permission does not start", async () => {
  await assert.rejects(
    createApp(bareAppOptions(), (app) => {
      app.get("/open-door", async () => "come in");
    }),
    /GET \/open-door has no permission/,
  );
});

test("a passfile that went away is one 500 with the seed's words; a new one counts at once", async () => {
  await rm(bench.passfile);
  const answer = await ask("GET", "/function/list", { authorization: PASSKEY });
  assert.equal(answer.statusCode, 500);
  assert.deepEqual([answer.json().error, answer.json().message], ["internal", "could not read passfile"]);
  for (const key of ["one-key", "two-key", "one-key"]) {
    await writeFile(bench.passfile, key);
    assert.equal((await ask("GET", "/function/list", { authorization: key })).statusCode, 200);
    assert.equal((await ask("GET", "/function/list", { authorization: PASSKEY })).statusCode, 401);
  }
  await writeFile(bench.passfile, "\n");
  for (const authorization of ["\n", "one-key", "Bearer "])
    assert.equal((await ask("GET", "/function/list", { authorization })).statusCode, 401);
  await writeFile(bench.passfile, `${PASSKEY}\n`);
});

test("the setup token is good for one claim, also when two come at once; a wrong one uses nothing up", async () => {
  const claim = (token: string) => bench.app.inject({ method: "POST", url: "/api/setup/claim", payload: { token } });
  assert.equal((await claim("wrong")).statusCode, 401);
  await rm(bench.passfile);
  assert.equal((await claim(SETUP_TOKEN)).statusCode, 500, "a credential that can't be read is not handed out");
  await writeFile(bench.passfile, `${PASSKEY}\n`);
  const answers = await Promise.all([claim(SETUP_TOKEN), claim(SETUP_TOKEN), claim(SETUP_TOKEN)]);
  assert.deepEqual(answers.map((answer) => answer.statusCode).toSorted(), [200, 401, 401]);
  assert.equal(answers.find((answer) => answer.statusCode === 200)?.json().token, PASSKEY);
  assert.equal((await claim(SETUP_TOKEN)).statusCode, 401);
});

describe("CORS", () => {
  test("a preflight is answered without a credential and names Authorization", async () => {
    for (const url of ["/function/list", "/api/functions", "/nothing-here"]) {
      const answer = await ask("OPTIONS", url, {
        origin: "https://dashboard.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      });
      assert.equal(answer.statusCode, 204);
      assert.equal(answer.body, "");
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.match(String(answer.headers["access-control-allow-headers"]), /\bAuthorization\b/);
      assert.match(String(answer.headers["access-control-allow-methods"]), /DELETE/);
    }
  });

  test("OPTIONS without an origin is {} with the same headers", async () => {
    const answer = await ask("OPTIONS", "/function/list");
    assert.deepEqual([answer.statusCode, answer.json()], [200, {}]);
    assert.equal(answer.headers["access-control-allow-origin"], "*");
  });

  test("every answer has the header, errors too, and never allows cookies", async () => {
    for (const url of ["/healthz", "/function/list", "/nothing-here", "/%zz"]) {
      const answer = await ask("GET", url, { origin: "https://dashboard.example" });
      assert.equal(answer.headers["access-control-allow-origin"], "*", url);
      assert.equal(answer.headers["access-control-allow-credentials"], undefined);
    }
  });

  test("one origin only, when the operator names one", async () => {
    const other = await openBench({ env: { SLIPWAY_CORS_ORIGIN: "https://mine.example" } });
    try {
      const answer = await other.app.inject({ url: "/healthz" });
      assert.equal(answer.headers["access-control-allow-origin"], "https://mine.example");
      assert.equal(answer.headers.vary, "Origin");
    } finally {
      await other.close();
    }
  });
});
