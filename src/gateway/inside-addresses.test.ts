import assert from "node:assert/strict";
import { test } from "node:test";
import { insideAddresses } from "./inside-addresses.ts";

const texts = (host: string | undefined, port: number) =>
  insideAddresses(["10.1.0.1", "10.2.0.1"], { host, port }).map((a) => `${a.host}:${a.port}`);

test("instances reach a loopback gateway at the public port and at FaaSO's", () => {
  assert.deepEqual(texts("127.0.0.1", 8080), ["10.1.0.1:8080", "10.1.0.1:8888", "10.2.0.1:8080", "10.2.0.1:8888"]);
});

test("what the public address covers is not listened on twice", () => {
  for (const any of [undefined, "0.0.0.0", "::"]) {
    assert.deepEqual(texts(any, 8080), ["10.1.0.1:8888", "10.2.0.1:8888"]);
    assert.deepEqual(texts(any, 8888), []);
  }
  assert.deepEqual(texts("10.1.0.1", 8888), ["10.2.0.1:8888"]);
});
