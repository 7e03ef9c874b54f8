import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { KeyedQueue } from "./keyed-queue.ts";

const turns = async (count = 3): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
};

type Step =
  | { readonly do: "trigger" | "end" | "fail"; readonly key: string }
  | { readonly do: "wait"; readonly ms: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({
      do: fc.constantFrom("trigger" as const, "trigger" as const, "end" as const, "fail" as const),
      key: fc.constantFrom("a", "b", "c"),
    }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 500, 31_000) }),
  ),
  { maxLength: 30 },
);

test("a key never runs twice at once, no more keys run than allowed, and a run begins after the last trigger of each", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const clock = new FakeClock();
      const running = new Map<string, { end(): void; fail(): void }>();
      const owed = new Set<string>();
      const queue = new KeyedQueue({
        clock,
        parallel: 2,
        work: (key) => {
          assert.ok(!running.has(key), "the key runs already");
          assert.ok(running.size < 2, "too many keys run");
          owed.delete(key);
          return new Promise((resolve, reject) => {
            running.set(key, {
              end: () => resolve(null),
              fail: () => {
                owed.add(key);
                reject(new Error("planned"));
              },
            });
          });
        },
        onError: () => undefined,
      });
      const finish = (key: string, how: "end" | "fail"): void => {
        const run = running.get(key);
        running.delete(key);
        run?.[how]();
      };
      for (const step of list) {
        if (step.do === "wait") clock.advance(step.ms);
        else if (step.do === "trigger") {
          owed.add(step.key);
          queue.trigger(step.key);
        } else finish(step.key, step.do);
        await turns(2);
      }
      for (let round = 0; round < 20; round += 1) {
        clock.advance(31_000);
        await turns();
        for (const key of running.keys()) finish(key, "end");
      }
      assert.deepEqual([...owed], [], "a trigger was lost");
      await queue.close();
    }),
    { numRuns: 200 },
  );
});

test("a run that throws is tried again after 1, 2, 4 … 30 seconds; one that succeeds starts over", async () => {
  const clock = new FakeClock();
  const started = clock.now();
  const runsAt: number[] = [];
  const retries: number[] = [];
  const queue = new KeyedQueue({
    clock,
    parallel: 1,
    work: async () => {
      runsAt.push(clock.now() - started);
      if (runsAt.length === 8) return null;
      throw new Error("planned");
    },
    onError: (_key, _error, retryInMs) => retries.push(retryInMs),
  });
  queue.trigger("a");
  for (let second = 0; second < 130; second += 1) {
    clock.advance(second === 0 ? 0 : 1000);
    await turns();
  }
  assert.deepEqual(retries, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(runsAt.length, 8);
  queue.trigger("a");
  clock.advance(0);
  await turns();
  assert.equal(retries.at(-1), 1000);
  await queue.close();
});

test("it comes back when the work says so, and earlier when something triggers it", async () => {
  const clock = new FakeClock();
  let runs = 0;
  const queue = new KeyedQueue({
    clock,
    parallel: 1,
    work: async () => {
      runs += 1;
      return runs === 1 ? clock.now() + 5_000 : null;
    },
    onError: () => undefined,
  });
  queue.trigger("a");
  clock.advance(0);
  await turns();
  queue.trigger("a", 20_000);
  clock.advance(4_999);
  await turns();
  assert.equal(runs, 1);
  clock.advance(1);
  await turns();
  assert.equal(runs, 2);
  clock.advance(100_000);
  await turns();
  assert.equal(runs, 2, "the later trigger was for the same run");
  await queue.close();
});

test("after close nothing runs any more, and what runs is waited for", async () => {
  const clock = new FakeClock();
  let end = (): void => undefined;
  let runs = 0;
  const queue = new KeyedQueue({
    clock,
    parallel: 1,
    work: async () => {
      runs += 1;
      await new Promise<void>((resolve) => (end = resolve));
      return clock.now();
    },
    onError: () => undefined,
  });
  queue.trigger("a");
  queue.trigger("b");
  clock.advance(0);
  await turns();
  let isClosed = false;
  const closing = queue.close().then(() => (isClosed = true));
  await turns();
  assert.equal(isClosed, false);
  end();
  await closing;
  queue.trigger("c");
  clock.advance(100_000);
  await turns();
  assert.equal(runs, 1);
});

test("runs that hang hold up their own keys only: after a while others take their places", async () => {
  const clock = new FakeClock();
  const hanging = new Promise<null>(() => undefined);
  const begun: string[] = [];
  const queue = new KeyedQueue({
    ...{ clock, parallel: 2, patienceMs: 5_000 },
    work: (key) => {
      begun.push(key);
      return key.startsWith("hangs") ? hanging : Promise.resolve(null);
    },
    onError: (_, error) => assert.fail(String(error)),
  });
  for (const key of ["hangs-1", "hangs-2", "goes-on"]) queue.trigger(key);
  clock.advance(0);
  await turns();
  assert.deepEqual(begun, ["hangs-1", "hangs-2"]);
  clock.advance(5_000);
  await turns();
  queue.trigger("hangs-1");
  clock.advance(1_000);
  await turns();
  assert.deepEqual(begun, ["hangs-1", "hangs-2", "goes-on"]);
});
