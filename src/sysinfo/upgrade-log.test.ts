import assert from "node:assert/strict";
import { test } from "node:test";
import { tailOf } from "./upgrade-log.ts";

test("the tail is at most 4096 bytes, its end kept, no character cut in two", () => {
  assert.equal(tailOf("short"), "short");
  const tail = tailOf(`${"é".repeat(3_000)}x`);
  assert.ok(Buffer.byteLength(tail) <= 4096);
  assert.match(tail, /^é+x$/);
});
