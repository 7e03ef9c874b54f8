import assert from "node:assert/strict";
import { it } from "node:test";
import { HeapTrimmer } from "./heap-trimmer.ts";

it("collects once after a load, when it has been quiet for a while, and not in a pause of the load", () => {
  let micros = 0;
  let collected = 0;
  const trimmer = new HeapTrimmer({ cpuMicros: () => micros, collect: () => (collected += 1) });
  const look = (times: number, share: number): number => {
    for (let i = 0; i < times; i += 1) {
      micros += share * 1_000_000;
      trimmer.look(1_000);
    }
    return collected;
  };
  assert.equal(look(20, 0.001), 0, "there was no load");
  assert.equal(look(10, 0.9), 0);
  assert.equal(look(4, 0.001), 0, "a short pause");
  assert.equal(look(1, 0.5), 0);
  assert.equal(look(5, 0.001), 1);
  assert.equal(look(20, 0.001), 1);
});
