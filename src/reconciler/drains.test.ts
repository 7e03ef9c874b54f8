/** Draining one slot, on memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { World } from "../../test/reconciler/world.ts";
import { Drains } from "./drains.ts";

test("a drain that is asked for again just after it ended does nothing, and is no failure", async (context) => {
  const world = await World.open();
  context.after(() => world.close());
  await world.deployed("hello", { source: "well-builds-1" });
  const record = await world.instance("hello");
  await world.lifecycle.stop(await world.service("hello"));
  await world.until(async () => assert.deepEqual(await world.records("hello"), []));
  const [warnings, finished]: [string[], string[]] = [[], []];
  const retryInMs = await new Promise<number>((resolve) => {
    const note = (_: unknown, text: string): number => warnings.push(text);
    const drains = new Drains({
      ...{ stores: world.database, driver: world.driver, gateway: world.gateway, drainTimeoutMs: 1000 },
      logger: { debug: note, info: note, warn: note, error: note },
      publisher: { publish: () => Promise.resolve() },
      clock: world.clock,
      onDrained: (_, inMs) => resolve(inMs),
    });
    drains.begin(record, undefined, {}, async () => void finished.push(record.slot));
  });
  assert.deepEqual([retryInMs, warnings, finished], [0, [], []]);
});
