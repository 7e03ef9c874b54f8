import assert from "node:assert/strict";
import { test } from "node:test";
import { Exclusive } from "./exclusive.ts";

test("turns are given one at a time, in the order they were asked for", async () => {
  const exclusive = new Exclusive();
  const order: string[] = [];
  const turn = async (name: string) => {
    const release = await exclusive.acquire();
    order.push(`${name} in`);
    await Promise.resolve();
    order.push(`${name} out`);
    release();
  };
  await Promise.all([turn("a"), turn("b"), turn("c")]);
  assert.deepEqual(order, ["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("guarded work that would wait for itself gets an error", async () => {
  const exclusive = new Exclusive();
  await exclusive.guard(async () => {
    const release = await exclusive.acquire();
    await assert.rejects(exclusive.acquire(), /wait for itself/);
    await assert.rejects(
      exclusive.guard(async () => undefined),
      /wait for itself/,
    );
    release();
  });
  (await exclusive.acquire())();
});

test("what guarded work started and left behind may take turns once that work is over", async () => {
  const exclusive = new Exclusive();
  const isOver = Promise.withResolvers<void>();
  const leftBehind: Promise<void>[] = [];
  await exclusive.guard(async () => {
    const release = await exclusive.acquire();
    const takeTurn = () => isOver.promise.then(async () => (await exclusive.acquire())());
    leftBehind.push(takeTurn(), takeTurn());
    release();
  });
  isOver.resolve();
  await Promise.all(leftBehind);
});
