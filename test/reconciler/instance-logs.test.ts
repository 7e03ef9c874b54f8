import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceLogLine } from "../../src/domain/driver.ts";
import { AppError } from "../../src/domain/errors.ts";
import type { ServiceLogItem } from "../../src/domain/operations.ts";
import { MemoryEventBus } from "../../src/events/memory-event-bus.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { InstanceLogs } from "../../src/reconciler/instance-logs.ts";
import { sampleInstance, sampleProject, sampleService } from "../contract/database/sample-records.ts";
import { eventually } from "../engine/eventually.ts";

const SERVICE = sampleService("s", "p");

/** Logs by runtime id, which grow by `print`. */
class Logs {
  readonly lines = new Map<string, InstanceLogLine[]>();
  readonly #exited = new Set<string>();
  #wake: (() => void)[] = [];

  print(runtimeId: string, line: string, at: number): void {
    this.lines.set(runtimeId, [...(this.lines.get(runtimeId) ?? []), { stream: "stdout", line, at }]);
    for (const wake of this.#wake.splice(0)) wake();
  }

  exit(runtimeId: string): void {
    this.#exited.add(runtimeId);
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
      } else if (this.#exited.has(runtimeId)) return;
      else await new Promise<void>((resolve) => this.#wake.push(resolve));
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

function textOf(item: ServiceLogItem): string {
  return item.kind === "line" ? item.line : `${item.record.runtimeId} exited`;
}

async function read(reader: InstanceLogs, tail: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const item of reader.read("s", { tail, follow: false }, new AbortController().signal))
    lines.push(textOf(item));
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
    for await (const item of reader.read("s", { tail: 4, follow: true }, stop.signal)) lines.push(textOf(item));
  })();
  await eventually(() => assert.equal(lines.length, 4));
  driver.print("c1", "at the same time", 6);
  driver.print("c2", "line 7", 7);
  await eventually(() => assert.equal(lines.length, 6));
  driver.print("c3", "a new one", 8);
  await database.instances.put(sampleInstance("d-3", SERVICE, { runtimeId: "c3" }));
  events.publish({ type: "instance.ready", serviceId: "s", slot: "d-3", runtimeId: null, deploymentId: "d" });
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
  for await (const item of reader.read("s", { tail: 0, follow: true }, AbortSignal.abort())) lines.push(textOf(item));
  assert.deepEqual(lines, []);
});

test("a follower hears that an instance has exited, after its last line, and follows the others on", async () => {
  const { reader, driver } = await bench();
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const item of reader.read("s", { tail: 1, follow: true }, stop.signal)) seen.push(textOf(item));
  })();
  await eventually(() => assert.deepEqual(seen.splice(0), ["line 6"]));
  driver.print("c1", "last words", 7);
  driver.exit("c1");
  await eventually(() => assert.deepEqual(seen, ["last words", "c1 exited"]));
  driver.print("c2", "life goes on", 8);
  await eventually(() => assert.equal(seen.at(-1), "life goes on"));
  stop.abort();
  driver.exit("c2");
  await reading;
});

test("past lines that are huge are held only as far as memory allows, the newest kept", async () => {
  const { reader, driver } = await bench();
  for (let n = 0; n < 100; n += 1) driver.print("c1", `${n} ${"x".repeat(500_000)}`, 10 + n);
  const lines = await read(reader, 5000);
  const length = lines.reduce((sum, line) => sum + line.length, 0);
  assert.ok(length > 1_000_000 && length <= 16 * 1024 * 1024, `${length} characters`);
  assert.match(lines.at(-1) ?? "", /^99 /);
});
