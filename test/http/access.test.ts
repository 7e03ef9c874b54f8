import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { InjectOptions } from "fastify";
import pino from "pino";
import { createApp } from "../../src/http/app.ts";
import { type Bench, openBench, PASSKEY, SETUP_TOKEN } from "./api-bench.ts";

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

describe("each route that is not public", () => {
  const refused = [
    ["no credential", {}],
    ["an empty one", { authorization: "" }],
    ["Bearer and nothing", { authorization: "Bearer " }],
    ["a wrong one", { authorization: "wrong" }],
    ["a wrong Bearer", { authorization: "Bearer wrong" }],
    ["the passkey and more", { authorization: `${PASSKEY}x` }],
    ["the beginning of the passkey", { authorization: PASSKEY.slice(0, -1) }],
    ["another scheme", { authorization: `Basic ${PASSKEY}` }],
    ["Bearer twice", { authorization: `Bearer Bearer ${PASSKEY}` }],
  ] as const;
  for (const [what, headers] of refused) {
    test(`refuses ${what} with 401 and one JSON body`, async () => {
      for (const { method, url } of bench.routes.filter((route) => route.permission !== "public")) {
        const answer = await ask(method, pathOf(url), { ...headers, "x-slipway-peer": "203.0.113.9" });
        assert.equal(answer.statusCode, 401, `${method} ${url}`);
        if (method === "HEAD") continue;
        const body = answer.json();
        assert.deepEqual(Object.keys(body).toSorted(), ["error", "message", "remedy", "requestId"]);
        assert.equal(body.error, "unauthorized");
      }
    });
  }

  for (const [what, authorization] of [
    ["the raw passkey", PASSKEY],
    ["the passkey as Bearer", `Bearer ${PASSKEY}`],
    ["the passkey as bearer in lower case", `bearer ${PASSKEY}`],
  ] as const) {
    test(`lets ${what} in`, async () => {
      for (const { method, url } of bench.routes) {
        const answer = await ask(method, pathOf(url), { authorization });
        assert.notEqual(answer.statusCode, 401, `${method} ${url}`);
        assert.ok(answer.statusCode < 500, `${method} ${url}: ${answer.body}`);
      }
    });
  }
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
  const options = {
    logger: pino({ level: "silent" }),
    version: "0",
    bodyLimitBytes: 1000,
    uploadLimitBytes: 1000,
    corsOrigin: "*",
    admits: async () => true,
  };
  await assert.rejects(
    createApp(options, (app) => {
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
