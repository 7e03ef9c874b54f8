import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedMap } from "./bounded-map.ts";

test("a full map forgets what was set longest ago; setting again is news", () => {
  const map = new BoundedMap<number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  assert.deepEqual([map.get("a"), map.get("b"), map.get("c")], [3, undefined, 4]);
  map.delete("c");
  map.delete("c");
  map.set("d", 5);
  assert.deepEqual([map.get("a"), map.get("c"), map.get("d")], [3, undefined, 5]);
});
