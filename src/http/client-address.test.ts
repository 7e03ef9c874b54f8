import assert from "node:assert/strict";
import { test } from "node:test";
import { clientAddress } from "./client-address.ts";

const of = (headers: Readonly<Record<string, string | string[]>>) => clientAddress({ headers });

test("the gateway's peer is the client, unless a trusted proxy says whom it saw", () => {
  assert.equal(of({}), "127.0.0.1");
  assert.equal(of({ "x-slipway-peer": "203.0.113.9", "x-forwarded-for": "203.0.113.9" }), "203.0.113.9");
  assert.equal(of({ "x-slipway-peer": "10.0.0.1", "x-forwarded-for": "198.51.100.4, 10.0.0.1" }), "198.51.100.4");
  assert.equal(
    of({ "x-slipway-peer": "10.0.0.1", "x-forwarded-for": "6.6.6.6, 198.51.100.4, 10.0.0.1" }),
    "198.51.100.4",
  );
  assert.equal(of({ "x-slipway-peer": "10.0.0.1", "x-forwarded-for": "2001:db8::1, 10.0.0.1" }), "2001:db8::1");
});

test("ports, brackets and mapped addresses are taken off; what is no address counts for nothing", () => {
  const seen = (entry: string) => of({ "x-slipway-peer": "10.0.0.1", "x-forwarded-for": `${entry}, 10.0.0.1` });
  assert.equal(seen("198.51.100.4:4711"), "198.51.100.4");
  assert.equal(seen("[2001:db8::1]:4711"), "2001:db8::1");
  assert.equal(seen("::ffff:198.51.100.4"), "198.51.100.4");
  for (const entry of ["unknown", "", "<script>", "1.2.3"]) assert.equal(seen(entry), "10.0.0.1");
  assert.equal(of({ "x-slipway-peer": "garbage", "x-forwarded-for": "1.2.3.4, 5.6.7.8" }), "127.0.0.1");
});
