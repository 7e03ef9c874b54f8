import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tailOf } from "./deployment.ts";

const bytes = (text: string): number => Buffer.byteLength(text);

test("a log's tail is its end, whole lines of it where there are any", () => {
  assert.equal(tailOf("a\nb\n", 10), "a\nb\n");
  assert.equal(tailOf("first\nsecond\nthird\n", 9), "third\n");
  assert.equal(tailOf("x".repeat(20), 5), "xxxxx");
  assert.equal(tailOf("first\nüüüü\n", 10), "üüüü\n", "two bytes each");
});

test("it has no more bytes than it may, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, most) => {
      const tail = tailOf(text, most);
      assert.ok(text.endsWith(tail));
      // Half a surrogate pair at the cut is written as one character of three bytes.
      assert.ok(bytes(tail) <= most + 1, `${bytes(tail)} of ${most}`);
    }),
  );
});
