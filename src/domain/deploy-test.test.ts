import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeTest, testRequest, unansweredTest } from "./deploy-test.ts";
import type { DeployTest } from "./deployment.ts";

const ping: DeployTest = { kind: "http", path: "/ping", status: 200, body: "OK" };
const sum: DeployTest = { kind: "message", input: { a: 1 }, output: { sum: [1, { b: 2, c: null }] } };
const message = (payload: unknown, error: unknown = null): string => JSON.stringify({ context: { error }, payload });

test("a test with a path asks with GET, one with an input posts it as the runtime's protocol wants it", () => {
  assert.deepEqual(testRequest(ping, "message"), { method: "GET", path: "/ping", headers: {}, body: "" });
  assert.deepEqual(testRequest(sum, "http"), {
    method: "POST",
    path: "/",
    headers: { "content-type": "application/json" },
    body: '{"a":1}',
  });
  assert.deepEqual(testRequest(sum, "message"), {
    method: "POST",
    path: "/",
    headers: { "content-type": "application/vnd.slipway.message+json" },
    body: '{"context":{},"payload":{"a":1}}',
  });
});

test("an answer is right with its status and, where one is expected, its body; a last newline is nothing", () => {
  for (const body of ["OK", "OK\n", "OK\r\n"]) assert.equal(judgeTest(ping, "http", { status: 200, body }), null);
  assert.equal(judgeTest({ ...ping, body: null }, "http", { status: 200, body: "whatever" }), null);
  assert.equal(judgeTest({ ...ping, status: 404, body: null }, "http", { status: 404, body: "" }), null);
  assert.equal(
    judgeTest(ping, "http", { status: 200, body: "OK\n\n" }),
    'its test GET /ping expected the body "OK", got "OK\\n\\n"',
  );
  assert.equal(
    judgeTest(ping, "http", { status: 500, body: "no database" }),
    'its test GET /ping expected status 200, got 500: "no database"',
  );
});

test("an output is right when it is the same JSON, whatever the order of its keys", () => {
  const right = { sum: [1, { c: null, b: 2 }] };
  assert.equal(judgeTest(sum, "message", { status: 200, body: message(right) }), null);
  assert.equal(judgeTest(sum, "http", { status: 201, body: JSON.stringify(right) }), null);
  const said = 'its test expected the output {"sum":[1,{"b":2,"c":null}]}';
  for (const [protocol, status, body, got] of [
    ["message", 200, message({ sum: [1] }), ', got {"sum":[1]}'],
    ["message", 200, message(null, { type: "FunctionError", message: "no a" }), ', got the error "no a"'],
    ["message", 502, "", ", got status 502"],
    ["http", 200, "<html>", ', got no JSON: "<html>"'],
    ["http", 200, message(right), `, got ${message(right)}`],
    ["http", 200, '{"sum":[1,{"b":2,"d":null}]}', ', got {"sum":[1,{"b":2,"d":null}]}'],
  ] as const)
    assert.equal(judgeTest(sum, protocol, { status, body }), `${said}${got}`);
});

test("an output of nothing is null", () => {
  const nothing: DeployTest = { kind: "message", input: undefined, output: undefined };
  assert.equal(judgeTest(nothing, "message", { status: 200, body: message(undefined) }), null);
  assert.equal(judgeTest(nothing, "http", { status: 200, body: "null" }), null);
  assert.match(judgeTest(nothing, "http", { status: 200, body: "0" }) ?? "", /expected the output null, got 0/);
});

test("a reason stays short however much came", () => {
  const long = "x".repeat(100_000);
  assert.ok((judgeTest({ ...ping, body: long }, "http", { status: 200, body: `${long}y` })?.length ?? 0) < 500);
  assert.equal(unansweredTest(ping, "timeout"), "its test GET /ping expected status 200, got no answer: timeout");
});
