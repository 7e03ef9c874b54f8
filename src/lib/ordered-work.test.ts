import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderedWork } from "./ordered-work.ts";

test("work is done in order, at once where nothing waits, and what throws holds up nothing", async () => {
  const errors: unknown[] = [];
  const work = new OrderedWork((error) => errors.push((error as Error).message));
  const done: number[] = [];
  work.add(() => void done.push(1));
  assert.deepEqual(done, [1]);
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  work.add(async () => {
    await gate;
    done.push(2);
    throw new Error("late");
  });
  work.add(() => {
    throw new Error("at once");
  });
  const last = new Promise<void>((resolve) => work.add(() => resolve(void done.push(3))));
  assert.deepEqual([done, work.length], [[1], 2]);
  go();
  await last;
  assert.deepEqual(
    [done, errors],
    [
      [1, 2, 3],
      ["late", "at once"],
    ],
  );
});
