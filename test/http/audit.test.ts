import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { type AuditEntry, KEPT_AUDIT_RECORDS } from "../../src/domain/audit.ts";
import { AppError } from "../../src/domain/errors.ts";
import { addRoute, createApp } from "../../src/http/app.ts";
import { eventually } from "../engine/eventually.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";
import { askBench } from "./asking.ts";
import { bareAppOptions } from "./bare-app.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

function ask(method: Method, url: string, token: string | undefined, payload?: object, id = "an-id") {
  const headers = {
    authorization: token === undefined ? "" : `Bearer ${token}`,
    "x-slipway-peer": "198.51.100.9",
    "x-request-id": id,
  };
  return askBench(bench, { method, url, headers, ...(payload && { payload }) });
}

/** The records that came while `work` ran, oldest first. */
async function recordsOf(work: () => Promise<unknown>) {
  const before = await bench.database.audit.count();
  await work();
  const grown = (await bench.database.audit.count()) - before;
  return grown === 0 ? [] : (await bench.database.audit.list({ limit: grown })).toReversed();
}

test("a change is written down with who, what, when, from where; a read is not", async () => {
  const token = await bench.adminToken();
  const actor = await bench.accounts.identify(token);
  const payload = { email: "secret-mail@example.com", name: "Secret Name", password: "secret password" };
  const earliest = Date.now();
  const [record, ...more] = await recordsOf(async () => {
    await ask("GET", "/api/users", token);
    assert.equal((await ask("POST", "/api/users?hint=secret-query", token, payload, "req-77")).statusCode, 201);
  });
  assert.deepEqual(more, []);
  const { id, at, ...rest } = record ?? assert.fail("nothing was written");
  assert.ok(at >= earliest && at <= Date.now() && id !== "");
  assert.deepEqual(rest, {
    actorKind: "session",
    userId: actor?.user.id,
    actorName: actor?.user.email,
    action: "POST /api/users",
    target: "/api/users",
    status: 201,
    from: "198.51.100.9",
    requestId: "req-77",
  });
  assert.doesNotMatch(JSON.stringify(await bench.database.audit.list({ limit: 1000 })), /secret/i);
});

test("every route that changes something is written down when it does; what failed before it began is not", async () => {
  const token = await bench.adminToken();
  const made = await recordsOf(async () => {
    const key = (await ask("POST", "/api/api-keys", token, { description: "x" })).json();
    await ask("PATCH", "/api/auth/profile", key.token, { name: "New name" });
    await ask("DELETE", `/api/api-keys/${key.id}`, token);
    await ask("DELETE", `/api/api-keys/${key.id}`, token);
    await ask("POST", "/api/api-keys", token, {});
    await ask("PUT", "/api/secrets/one", PASSKEY, { value: "v" });
    await ask("POST", "/api/no-such-route", token, {});
    await ask("POST", "/api/auth/logout", token);
  });
  assert.deepEqual(
    made.map(({ actorKind, action, status }) => `${actorKind} ${action} ${status}`),
    [
      "session POST /api/api-keys 201",
      "api_key PATCH /api/auth/profile 200",
      "session DELETE /api/api-keys/:id 204",
      "passkey PUT /api/secrets/:name 200",
      "session POST /api/auth/logout 204",
    ],
  );
});

test("the seed's GETs that change something are written down", async () => {
  const changing = bench.routes.filter(({ method, url }) => method === "GET" && /start|stop|delete|kill/.test(url));
  assert.ok(changing.length > 0);
  await bench.deployed("hello");
  const [record] = await recordsOf(() => ask("GET", "/function/start/hello", PASSKEY));
  assert.equal(record, undefined, "409 while it runs: nothing changed");
  await ask("POST", "/api/functions/hello/stop", PASSKEY);
  const [started] = await recordsOf(() => ask("GET", "/function/start/hello", PASSKEY));
  assert.deepEqual([started?.action, started?.target], ["GET /function/start/:key", "/function/start/hello"]);
});

test("signing in is written down, refused or not, with whom it was tried as; a flood of it is not", async () => {
  await bench.accounts.createUser({ email: "eve@example.com", name: "Eve", password: "correct horse", role: "member" });
  const logIn = (password: string) => ask("POST", "/api/auth/login", undefined, { email: "eve@example.com", password });
  const [good] = await recordsOf(() => logIn("correct horse"));
  assert.deepEqual([good?.actorKind, good?.actorName, good?.status], ["session", "eve@example.com", 200]);
  const refused = await recordsOf(async () => {
    for (let i = 0; i < 9; i += 1) await logIn("a wrong password");
  });
  assert.deepEqual(
    refused.map(({ actorKind, userId, actorName, status }) => [actorKind, userId, actorName, status]),
    Array.from({ length: 5 }, () => ["anonymous", null, "eve@example.com", 401]),
  );
  const strangers = await recordsOf(async () => {
    await ask("POST", "/api/users", undefined, {});
    await ask("POST", "/api/users", "garbled", {});
    await ask("POST", "/api/auth/refresh", undefined, { refresh_token: "garbled" });
  });
  assert.deepEqual(strangers, [], "they would wash what matters out of the log");
});

test("what a member may not do is written down", async () => {
  const token = await bench.memberToken();
  const records = await recordsOf(async () => {
    await ask("DELETE", "/api/users/somebody", token);
    await ask("GET", "/api/users", token);
  });
  assert.deepEqual(
    records.map(({ action, target, status }) => [action, target, status]),
    [["DELETE /api/users/:id", "/api/users/somebody", 403]],
  );
});

test("GET /api/audit: newest first, in pages, by user, words and time, for admins alone", async () => {
  const token = await bench.adminToken();
  const me = (await ask("GET", "/api/auth/me", token)).json();
  const keys = [];
  for (const description of ["one", "two", "three"])
    keys.push((await ask("POST", "/api/api-keys", token, { description })).json());
  await ask("DELETE", `/api/api-keys/${keys[0].id}`, token);
  const list = async (query: string) => (await ask("GET", `/api/audit?${query}`, token)).json();
  const mine = await list(`user_id=${me.id}&limit=2`);
  assert.deepEqual([mine.total_count, mine.limit, mine.offset, mine.data.length], [4, 2, 0, 2]);
  assert.deepEqual(Object.keys(mine.data[0]), [
    "id",
    "at",
    "actor_kind",
    "user_id",
    "actor",
    "action",
    "target",
    "status",
    "from",
    "request_id",
  ]);
  assert.equal((await list(`search=${keys[0].id.toUpperCase()}`)).total_count, 1);
  assert.equal((await list(`user_id=${me.id}&search=delete`)).data[0].target, `/api/api-keys/${keys[0].id}`);
  assert.equal((await list(`since=${new Date(Date.now() + 60_000).toISOString()}`)).total_count, 0);
  assert.equal((await ask("GET", "/api/audit?since=yesterday", token)).statusCode, 422);
  assert.equal((await ask("GET", "/api/audit", await bench.memberToken())).statusCode, 403);
  assert.ok(KEPT_AUDIT_RECORDS === 20_000);
});

test("a change is written down also when nobody waits for its answer any more", async () => {
  const recorded: AuditEntry[] = [];
  const audit = { record: async (entry: AuditEntry) => void recorded.push(entry) };
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const app = await createApp({ ...bareAppOptions(), audit }, (made) =>
    addRoute(made, {
      method: "POST",
      url: "/slow",
      permission: "admin",
      schema: { answers: {} },
      handler: async () => {
        asked.resolve();
        await gone.promise;
        return {};
      },
    }),
  );
  try {
    const { port } = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    const client = request({ port, host: "127.0.0.1", path: "/slow", method: "POST", headers: { authorization: "x" } });
    client.on("error", () => gone.resolve());
    client.end();
    await asked.promise;
    client.destroy(new Error("the client goes away"));
    await eventually(() =>
      assert.deepEqual(
        recorded.map(({ action, status }) => [action, status]),
        [["POST /slow", 200]],
      ),
    );
  } finally {
    await app.close();
  }
});

describe("when the record can't be written", () => {
  async function appWithFullDisk() {
    const audit = {
      record: async () => {
        throw new AppError("disk_full", "The disk is full: the change was not stored.");
      },
    };
    const options = bareAppOptions();
    const app = await createApp({ ...options, audit }, (made) => {
      const schema = { answers: {} };
      const url = "/made";
      addRoute(made, {
        method: "POST",
        url,
        permission: "admin",
        schema,
        handler: async () => ({ token: "precious" }),
      });
      addRoute(made, {
        method: "DELETE",
        url,
        permission: "admin",
        schema,
        handler: async () => {
          throw new AppError("forbidden", "No.");
        },
      });
    });
    return app;
  }

  test("the caller gets the error and not the answer, once; a refusal keeps its own", async () => {
    const app = await appWithFullDisk();
    const headers = { authorization: "x" };
    const answer = await app.inject({ method: "POST", url: "/made", headers });
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.json().message, "It was done, but could not be written into the audit log.");
    assert.doesNotMatch(answer.body, /precious/);
    const refused = await app.inject({ method: "DELETE", url: "/made", headers });
    assert.deepEqual([refused.statusCode, refused.json().message], [403, "No."]);
    await app.close();
  });
});
