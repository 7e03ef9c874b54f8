import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AppError, ERROR_CODES } from "../../src/domain/errors.ts";
import { addRoute, createApp } from "../../src/http/app.ts";
import { STATUS } from "../../src/http/error-answer.ts";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench, failsOn, type Question, uploadOf } from "./asking.ts";
import { bareAppOptions } from "./bare-app.ts";
import { uploadParts } from "./bench-uploads.ts";
import { sampleBody } from "./sample-requests.ts";

let bench: Bench;
before(async () => {
  bench = await openBench({
    env: { SLIPWAY_UPLOAD_LIMIT: "100KiB", SLIPWAY_UNPACKED_LIMIT: "12MiB", SLIPWAY_UPLOAD_ENTRIES: "50" },
  });
  await bench.deployed("steady");
});
after(() => bench.close());

const ask = (question: Question) => askBench(bench, question);
const fails = (question: Question, status: number, code: string) => failsOn(bench, question, status, code);
const upload = uploadOf;

describe("every code of the closed list", () => {
  test("has its status and the one shape when a route throws it", async () => {
    const app = await createApp(bareAppOptions(), (made) => {
      addRoute(made, {
        method: "GET",
        url: "/throw/:code",
        permission: "public",
        schema: {},
        handler: async ({ params }) => {
          const code = ERROR_CODES.find((known) => known === (params as { code: string }).code);
          if (code === undefined) throw new TypeError("the inside: /etc/secret");
          throw new AppError(code, "words", {
            fields: { a: ["b"] },
            remedy: "do",
            logTail: "tail",
            retryAfterSeconds: 3,
          });
        },
      });
    });
    for (const code of ERROR_CODES) {
      const answer = await app.inject({ url: `/throw/${code}` });
      assert.equal(answer.statusCode, STATUS[code]);
      assert.equal(answer.headers["retry-after"], "3");
      const { requestId } = answer.json();
      assert.deepEqual(answer.json(), {
        // What is wrong with single fields is `invalid` in the answer's words, whatever its status.
        error: code === "unprocessable" ? "invalid" : code,
        message: "words",
        requestId,
        errors: { a: ["b"] },
        remedy: "do",
        log_tail: "tail",
      });
    }
    const unknown = await app.inject({ url: "/throw/other" });
    assert.deepEqual(
      [unknown.statusCode, unknown.json().message, unknown.body.includes("secret")],
      [500, "Internal error.", false],
    );
    await app.close();
  });
});

describe("requests that fit no route", () => {
  test("an unknown path is 404, for everybody", async () => {
    for (const url of ["/api/nope", "/api", "/api/functions/x/y/z/1", "/nope", "/function", "/function/get/", "//"])
      await fails({ url }, 404, "not_found");
    const stranger = await bench.app.inject({ url: "/api/nope" });
    assert.deepEqual([stranger.statusCode, stranger.json().error], [404, "not_found"]);
  });

  test("a known path with another method is 405 and says in Allow what there is", async () => {
    for (const [method, url, allow] of [
      ["POST", "/function/list", "GET, HEAD, OPTIONS"],
      ["PUT", "/function/upload", "POST, OPTIONS"],
      ["GET", "/function/delete/steady", "DELETE, OPTIONS"],
      ["PATCH", "/api/functions/steady", "DELETE, GET, HEAD, OPTIONS"],
      ["DELETE", "/api/functions", "GET, HEAD, POST, OPTIONS"],
      ["POST", "/api/runtimes/node", "DELETE, GET, HEAD, PUT, OPTIONS"],
      ["HEAD", "/function/start/steady", "GET, POST, OPTIONS"],
    ] as const) {
      const answer = await ask({ method, url });
      assert.equal(answer.statusCode, 405, `${method} ${url}`);
      assert.equal(answer.headers.allow, allow);
      if (method !== "HEAD") assert.equal(answer.json().error, "method_not_allowed");
    }
  });

  test("a path that is no URL, or too long a name, is a 4xx of the one shape", async () => {
    await fails({ url: "/function/get/%zz" }, 400, "invalid");
    await fails({ url: "/%" }, 400, "invalid");
    await fails({ url: `/function/get/${"x".repeat(301)}` }, 400, "invalid");
    await fails({ url: `/function/get/${"x".repeat(299)}` }, 404, "not_found");
    await fails({ url: "/function/get/..%2f..%2fetc%2fpasswd" }, 404, "not_found");
    await fails({ url: "/runtime/show/%00" }, 404, "not_found");
  });
});

test("HEAD is GET without a body, and changes nothing", async () => {
  for (const url of ["/healthz", "/function/list", "/api/functions", "/function/logs/steady?follow=1", "/metrics"]) {
    const answer = await ask({ method: "HEAD", url });
    assert.deepEqual([answer.statusCode, answer.body], [200, ""], url);
  }
  const events = await ask({ method: "HEAD", url: "/api/functions/steady/logs?follow=1" });
  assert.deepEqual([events.statusCode, events.headers["content-type"]], [200, "text/event-stream"]);
});

test("bodies of the wrong kind or shape are told apart", async () => {
  const rollback = { method: "POST", url: "/api/functions/steady/rollback" } as const;
  const json = { "content-type": "application/json" };
  await fails({ ...rollback, headers: json, payload: "{broken" }, 400, "invalid");
  await fails({ ...rollback, headers: json, payload: '{"deployment_id":5}' }, 422, "invalid");
  await fails({ ...rollback, headers: json, payload: '{"other":1}' }, 422, "invalid");
  await fails({ ...rollback, headers: json, payload: '{"__proto__":{"x":1}}' }, 400, "invalid");
  await fails({ ...rollback, headers: { "content-type": "text/xml" }, payload: "<a/>" }, 415, "unsupported_media_type");
  await fails(
    {
      method: "PUT",
      url: "/api/runtimes/big",
      headers: json,
      payload: JSON.stringify({ content: "x".repeat(1_100_000) }),
    },
    413,
    "too_large",
  );
  await fails({ method: "POST", url: "/function/upload", headers: json, payload: "{}" }, 415, "unsupported_media_type");
  await fails({ method: "POST", url: "/function/upload" }, 415, "unsupported_media_type");
  await fails({ method: "POST", url: "/api/setup/claim", payload: {} }, 422, "invalid");
});

test("what is wrong with a field is said in words, at its place, also below alternatives", async () => {
  const url = "/api/projects/default/services";
  const wrong = async (payload: object) => (await fails({ method: "POST", url, payload }, 422, "invalid")).body.errors;
  assert.deepEqual(await wrong({ replicas: "2", private: 1, command: "x", health: [] }), {
    name: ["is required"],
    replicas: ["must be a number"],
    private: ["must be true or false"],
    command: ["must be a list"],
    health: ["must be an object"],
  });
  const ports = [{ container_port: 80, protocol: "icmp" }];
  assert.deepEqual(await wrong({ name: "x".repeat(301), kind: "job", ports }), {
    name: ["must have at most 300 characters"],
    kind: ['must be "function" or "image"'],
    "ports[0].protocol": ['must be "tcp" or "udp"'],
  });
  assert.deepEqual(await wrong({ name: "x", env_vars: [{ key: "A" }] }), { "env_vars[0].value": ["is required"] });
  assert.deepEqual(await wrong({ name: "x", env_vars: { A: 1 } }), { "env_vars.A": ["must be a string"] });
  assert.deepEqual(await wrong({ name: "x", env_vars: [{ key: "A", value: "", b: 1 }] }), {
    "env_vars[0].b": ["is not known"],
  });
  const empty = await fails({ method: "POST", url: "/api/projects" }, 422, "invalid");
  assert.deepEqual(empty.body.errors, { body: ["must be an object"] });
});

test("an action takes an empty JSON body, as clients send one", async () => {
  const answer = await ask({
    method: "POST",
    url: "/api/functions/steady/restart",
    headers: { "content-type": "application/json" },
  });
  assert.equal(answer.statusCode, 200, answer.body);
});

test("what is not there is 404 on every route that names something", async () => {
  for (const { method, url } of bench.routes) {
    if (!url.includes(":") || method === "HEAD" || url === "/runtime/upload/:name") continue;
    const payload = sampleBody(method, url);
    const path = url.replaceAll(/:\w+/g, "nothing");
    const question = { method: method as "GET", url: path, ...(payload && { payload }) };
    if (method === "PUT") continue;
    await fails(question, 404, "not_found");
  }
  const { body } = await fails({ url: "/api/functions/stedy" }, 404, "not_found");
  assert.match(body.remedy ?? "", /steady/);
});

describe("lists", () => {
  test("keep their limits", async () => {
    const page = async (query: string) => (await ask({ url: `/api/functions${query}` })).json();
    const shape = ({ limit, offset, total_count }: Record<string, number>) => [limit, offset, total_count];
    assert.deepEqual(shape(await page("")), [20, 0, 1]);
    assert.deepEqual(shape(await page("?limit=0")), [1, 0, 1]);
    assert.deepEqual(shape(await page("?limit=&offset=")), [20, 0, 1], "empty is absent");
    assert.deepEqual(shape(await page("?limit=1000&offset=5")), [100, 5, 1]);
    assert.deepEqual(shape(await page("?limit=-5&offset=-5")), [1, 0, 1]);
    assert.deepEqual((await page("?offset=1")).data, []);
  });

  test("refuse what is no number, naming the parameter", async () => {
    const strange = ["limit=1e2", "limit=0x10", "limit=%205", "limit=1&limit=2", "offset=99999999999999999999"];
    for (const query of ["limit=abc", "limit=1.5", "offset=x", "limit=1e999", "limit=NaN", ...strange]) {
      const { body } = await fails({ url: `/api/functions?${query}` }, 400, "invalid");
      assert.deepEqual(Object.keys(body.errors ?? {}), [query.split("=")[0]]);
    }
    await fails({ url: "/api/functions/steady/logs?tail=abc" }, 400, "invalid");
    await fails({ url: "/api/functions?project=nope" }, 404, "not_found");
  });
});

test("an engine that is away is 503 with Retry-After where it is needed, and nothing else fails", async () => {
  bench.driver.goAway();
  try {
    const { answer } = await fails({ url: "/function/listrunning" }, 503, "unavailable");
    assert.equal(answer.headers["retry-after"], "5");
    await fails(upload(uploadParts({ name: "later" })), 503, "unavailable");
    assert.equal((await ask({ url: "/function/list" })).statusCode, 200);
    const ready = await ask({ url: "/readyz" });
    assert.deepEqual([ready.statusCode, ready.json().checks.engine], [503, false]);
  } finally {
    bench.driver.comeBack();
  }
  assert.equal((await ask({ url: "/readyz" })).statusCode, 200);
});

test("an id of a request is taken over when it can stand in a log, else replaced", async () => {
  const idOf = async (given: string) =>
    (await ask({ url: "/healthz", headers: { "x-request-id": given } })).headers["x-request-id"];
  assert.equal(await idOf("abc-123"), "abc-123");
  for (const given of ["", "a b", "x".repeat(200), '"}{']) assert.match(String(await idOf(given)), /^[0-9a-f]{16}$/);
});
