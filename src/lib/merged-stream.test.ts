/** Several async iterables as one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MergedStream } from "./merged-stream.ts";

async function* of(...items: readonly number[]): AsyncGenerator<number> {
  for (const item of items) yield item;
}

async function collect(stream: AsyncIterable<number>): Promise<readonly number[]> {
  const all: number[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

test("all items of all iterables come, and it ends with the last one", async () => {
  const merged = new MergedStream<number>(new AbortController().signal);
  merged.add(of(1, 2));
  merged.add(of(3));
  assert.deepEqual([...(await collect(merged))].sort(), [1, 2, 3]);
});

test("one that is added later is read too, while something keeps the stream open", async () => {
  const merged = new MergedStream<number>(new AbortController().signal);
  const work = Promise.withResolvers<void>();
  merged.keepOpenFor(work.promise);
  const collected = collect(merged);
  merged.add(of(1));
  merged.add(of(2));
  work.resolve();
  assert.deepEqual([...(await collected)].sort(), [1, 2]);
});

test("an error comes after the items before it", async () => {
  const merged = new MergedStream<number>(new AbortController().signal);
  merged.add(
    (async function* () {
      yield 1;
      throw new Error("broken");
    })(),
  );
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const item of merged) seen.push(item);
  }, /broken/);
  assert.deepEqual(seen, [1]);
});

test("aborting ends it, whatever the iterables do", async () => {
  const abort = new AbortController();
  const merged = new MergedStream<number>(abort.signal);
  merged.keepOpenFor(new Promise(() => undefined));
  const collected = collect(merged);
  abort.abort();
  assert.deepEqual(await collected, []);
});
