import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest } from "./nearest.ts";

test("the nearest word is the one with the fewest typing errors, two swapped letters being one", () => {
  for (const [word, expected] of [
    ["prot", "port"],
    ["Port", "port"],
    ["helth", "health"],
    ["env_", "env"],
    ["interval_ms", "intervalMs"],
    ["zebra", undefined],
    ["p", undefined],
    ["x".repeat(100_000), undefined],
  ] as const) {
    assert.equal(nearest(word, ["port", "health", "env", "intervalMs"]), expected, word.slice(0, 20));
  }
});

test("distances", () => {
  for (const [a, b, distance] of [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "acb", 1],
    ["abcd", "badc", 2],
    ["kitten", "sitting", 3],
  ] as const) {
    assert.equal(editDistance(a, b), distance, `${a} ${b}`);
    assert.equal(editDistance(b, a), distance, `${b} ${a}`);
  }
});
