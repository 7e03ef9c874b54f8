import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineUsage } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { EngineUsageCache } from "./engine-usage-cache.ts";

const USAGE: EngineUsage = { imagesSizeBytes: 1, volumes: 2, volumesSizeBytes: 3, buildCacheBytes: 4 };

test("many questions are one to the engine, and the answer is good for a while", async () => {
  let asked = 0;
  const cache = new EngineUsageCache({
    usage: async () => {
      asked += 1;
      return USAGE;
    },
  });
  assert.deepEqual(await Promise.all([cache.read(), cache.read()]), [USAGE, USAGE]);
  assert.deepEqual(await cache.read(), USAGE);
  assert.equal(asked, 1);
});

test("an engine that takes its time holds nobody up, and its answer is there for the next", async () => {
  let answer: (usage: EngineUsage) => void = () => undefined;
  const cache = new EngineUsageCache({ usage: () => new Promise((resolve) => (answer = resolve)) }, 1);
  assert.equal(await cache.read(), undefined);
  answer(USAGE);
  assert.deepEqual(await cache.read(), USAGE);
});

test("an engine that is away is asked again the next time", async () => {
  let isAway = true;
  const cache = new EngineUsageCache({
    usage: async () => {
      if (isAway) throw new AppError("unavailable", "It is away.");
      return USAGE;
    },
  });
  assert.equal(await cache.read(), undefined);
  isAway = false;
  assert.deepEqual(await cache.read(), USAGE);
});
