import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBucket } from "./token-bucket.ts";

test("so many at once, then so many per second, and no more after a long quiet time", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 20 }, 0);
  const taken = (now: number): number => {
    let count = 0;
    while (bucket.take(now)) count += 1;
    return count;
  };
  assert.deepEqual([taken(0), taken(0), taken(500), taken(600), taken(1_000_000)], [20, 0, 5, 1, 20]);
  assert.ok(!bucket.isFull);
  bucket.take(2_000_000);
  assert.ok(bucket.isFull);
});
