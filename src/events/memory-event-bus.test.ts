import assert from "node:assert/strict";
import { test } from "node:test";
import type { DomainEvent } from "../domain/events.ts";
import { MemoryEventBus } from "./memory-event-bus.ts";

const event = (serviceId: string): DomainEvent => ({ type: "service.created", serviceId });
const idOf = (e: DomainEvent | undefined): string => (e !== undefined && "serviceId" in e ? e.serviceId : "");

test("a subscriber gets events in order and ends when aborted", async () => {
  const bus = new MemoryEventBus();
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const e of bus.subscribe(stop.signal)) {
      seen.push(idOf(e));
      if (seen.length === 3) stop.abort();
    }
  })();
  await Promise.resolve();
  for (const id of ["a", "b", "c"]) bus.publish(event(id));
  await reading;
  assert.deepEqual(seen, ["a", "b", "c"]);
});

test("a subscriber that lags loses the oldest events and never blocks the publisher", async () => {
  const bus = new MemoryEventBus();
  const stop = new AbortController();
  const iterator = bus.subscribe(stop.signal)[Symbol.asyncIterator]();
  const first = iterator.next();
  for (let i = 0; i < 1000; i += 1) bus.publish(event(String(i)));
  const firstSeen = idOf((await first).value);
  assert.equal(Number(firstSeen) >= 1000 - 257, true);
  stop.abort();
});

test("a listener that was removed hears nothing more, also when the same function listens twice", () => {
  const bus = new MemoryEventBus();
  const seen: string[] = [];
  const listener = (e: DomainEvent): void => {
    seen.push(idOf(e));
  };
  const stopFirst = bus.on(listener);
  const stopSecond = bus.on(listener);
  stopFirst();
  bus.publish(event("x"));
  stopSecond();
  bus.publish(event("y"));
  assert.deepEqual(seen, ["x"]);
});

test("a listener that throws hinders neither the publisher nor the others, and is heard of", () => {
  const failures: unknown[] = [];
  const bus = new MemoryEventBus((error, { type }) => failures.push([type, (error as Error).message]));
  const seen: string[] = [];
  bus.on(() => {
    throw new Error("a bug");
  });
  bus.on((e) => seen.push(idOf(e)));
  bus.publish(event("x"));
  assert.deepEqual(seen, ["x"]);
  assert.deepEqual(failures, [["service.created", "a bug"]]);
});
