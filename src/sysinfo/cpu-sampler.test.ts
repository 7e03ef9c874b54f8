import assert from "node:assert/strict";
import type { CpuInfo } from "node:os";
import { test } from "node:test";
import { CpuSampler } from "./cpu-sampler.ts";

/** One processor whose counters go on at each reading. */
function processor(busyPerReading: number, idlePerReading: number): () => readonly CpuInfo[] {
  let [user, idle] = [1_000, 9_000];
  return () => {
    user += busyPerReading;
    idle += idlePerReading;
    return [{ model: "", speed: 0, times: { user, nice: 0, sys: 0, irq: 0, idle } }];
  };
}

test("usage is what happened between two readings, not since the machine was started", async () => {
  for (const [busy, idle, expected] of [
    [30, 70, 30],
    [0, 100, 0],
    [100, 0, 100],
    [0, 0, 0],
  ] as const) {
    const sampler = new CpuSampler(processor(busy, idle));
    assert.equal(await sampler.usagePct(), expected);
    sampler.close();
  }
});

test("several who ask at once get an answer each", async () => {
  const sampler = new CpuSampler(processor(50, 50));
  assert.deepEqual(await Promise.all([sampler.usagePct(), sampler.usagePct(), sampler.usagePct()]), [50, 50, 50]);
  sampler.close();
});
