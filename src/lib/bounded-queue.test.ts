import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedQueue } from "./bounded-queue.ts";

const bounds = { maxItems: 3, maxSize: 100, sizeOf: (text: string) => text.length };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("items come in order, and a writer waits while too many or too large ones wait", async () => {
  for (const [item, room] of [
    ["a", 3],
    ["x".repeat(60), 2],
    ["x".repeat(500), 1],
  ] as const) {
    const queue = new BoundedQueue<string>(bounds);
    let pushed = 0;
    const writing = (async () => {
      for (; pushed < 10; pushed += 1) await queue.push(`${pushed}${item}`);
      queue.end();
    })();
    await turn();
    assert.equal(pushed, room);
    const read: string[] = [];
    for await (const one of queue) read.push(one);
    await writing;
    assert.deepEqual(
      read,
      Array.from({ length: 10 }, (_, i) => `${i}${item}`),
    );
  }
});

test("the end lets writers go, and the reader gets what was taken before it", async () => {
  const queue = new BoundedQueue<string>(bounds);
  const writing = Promise.all(["a", "b", "c", "too late"].map((item) => queue.push(item)));
  queue.end();
  await writing;
  assert.deepEqual(await Array.fromAsync(queue), ["a", "b", "c"]);
});

test("what failed is thrown to the reader, after what was taken", async () => {
  const queue = new BoundedQueue<string>(bounds);
  await queue.push("a");
  queue.fail(new Error("first"));
  queue.fail(new Error("second"));
  const read: string[] = [];
  await assert.rejects(async () => {
    for await (const one of queue) read.push(one);
  }, /first/);
  assert.deepEqual(read, ["a"]);
});
