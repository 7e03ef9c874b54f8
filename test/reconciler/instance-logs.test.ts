import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceLogLine } from "../../src/domain/driver.ts";
import { AppError } from "../../src/domain/errors.ts";
import { MemoryEventBus } from "../../src/events/memory-event-bus.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { InstanceLogs } from "../../src/reconciler/instance-logs.ts";
import { sampleInstance, sampleProject, sampleService } from "../contract/database/sample-records.ts";
import { eventually } from "../engine/eventually.ts";

const SERVICE = sampleService("s", "p");

/** Logs by runtime id, which grow by `print`. */
class Logs {
  readonly lines = new Map<string, InstanceLogLine[]>();
  #wake: (() => void)[] = [];

  print(runtimeId: string, line: string, at: number): void {
    this.lines.set(runtimeId, [...(this.lines.get(runtimeId) ?? []), { stream: "stdout", line, at }]);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async *logs(
    runtimeId: string,
    { tail, follow }: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<InstanceLogLine> {
    if (!this.lines.has(runtimeId)) throw new AppError("not_found", "No such instance.");
    const past = this.lines.get(runtimeId) ?? [];
    yield* past.slice(past.length - Math.min(tail, past.length));
    for (let next = past.length; follow && !signal.aborted; ) {
      const line = this.lines.get(runtimeId)?.[next];
      if (line !== undefined) {
        next += 1;
        yield line;
      } else await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

async function bench() {
  const database = new MemoryDatabase();
  await database.projects.create(sampleProject("p"));
  const driver = new Logs();
  const events = new MemoryEventBus();
  const reader = new InstanceLogs({ instances: database.instances, driver, events });
  for (const n of [1, 2]) await database.instances.put(sampleInstance(`d-${n}`, SERVICE, { runtimeId: `c${n}` }));
  for (let n = 1; n <= 6; n += 1) driver.print(`c${(n % 2) + 1}`, `line ${n}`, n);
  return { database, driver, events, reader };
}

async function read(reader: InstanceLogs, tail: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { line } of reader.read("s", { tail, follow: false }, new AbortController().signal))
    lines.push(line);
  return lines;
}

test("past lines of all instances come by time, no more than were asked for", async () => {
  const { reader } = await bench();
  assert.deepEqual(await read(reader, 3), ["line 4", "line 5", "line 6"]);
  assert.deepEqual(await read(reader, 0), []);
});

test("an instance that waits for its next start shows the last words of the copy before; one that is gone, nothing", async () => {
  const { reader, database } = await bench();
  await database.instances.update("d-1", { runtimeId: null, lastLogTail: "no database\ngiving up\n", startedAt: 100 });
  await database.instances.update("d-2", { runtimeId: "gone" });
  assert.deepEqual(await read(reader, 10), ["no database", "giving up"]);
});

test("a follower gets past lines once and by time, then new ones, also of instances that come up later", async () => {
  const { reader, database, driver, events } = await bench();
  const stop = new AbortController();
  const lines: string[] = [];
  const reading = (async () => {
    for await (const { line } of reader.read("s", { tail: 4, follow: true }, stop.signal)) lines.push(line);
  })();
  await eventually(() => assert.equal(lines.length, 4));
  driver.print("c1", "at the same time", 6);
  driver.print("c2", "line 7", 7);
  await eventually(() => assert.equal(lines.length, 6));
  driver.print("c3", "a new one", 8);
  await database.instances.put(sampleInstance("d-3", SERVICE, { runtimeId: "c3" }));
  events.publish({ type: "instance.ready", serviceId: "s", slot: "d-3" });
  await eventually(() => assert.equal(lines.length, 7));
  stop.abort();
  driver.print("c1", "too late", 9);
  await reading;
  assert.deepEqual(lines.slice(0, 4), ["line 3", "line 4", "line 5", "line 6"]);
  assert.deepEqual(lines.slice(4).toSorted(), ["a new one", "at the same time", "line 7"]);
});

test("a follower that left before it began gets nothing and ends", async () => {
  const { reader } = await bench();
  const lines: string[] = [];
  for await (const { line } of reader.read("s", { tail: 0, follow: true }, AbortSignal.abort())) lines.push(line);
  assert.deepEqual(lines, []);
});
