/** The log lines of all instances of a service, merged; instances that come up while following are picked up. */

import type { InstanceDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { InstanceRecord, InstanceStore } from "../domain/instance.ts";
import type { ServiceLogLine, ServiceLogs } from "../domain/operations.ts";

export type InstanceLogsOptions = {
  readonly instances: Pick<InstanceStore, "list">;
  readonly driver: Pick<InstanceDriver, "logs">;
  readonly events: EventBus;
};

/** Lines waiting for a reader that is slow; then the engine is not read on. */
const MAX_WAITING = 1000;

export class InstanceLogs implements ServiceLogs {
  readonly #options: InstanceLogsOptions;

  constructor(options: InstanceLogsOptions) {
    this.#options = options;
  }

  async *read(
    serviceId: string,
    what: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ServiceLogLine> {
    const options = this.#options;
    if (what.follow) {
      yield* followAll(options, serviceId, what.tail, signal);
      return;
    }
    const records = await options.instances.list({ serviceId });
    const all = await Promise.all(records.map((record) => readPast(options, record, what.tail, signal)));
    yield* lastOf(all, what.tail);
  }
}

/** The newest `tail` lines of all instances, oldest first. */
function lastOf(all: readonly (readonly ServiceLogLine[])[], tail: number): readonly ServiceLogLine[] {
  const byTime = all.flat().toSorted((a, b) => a.at - b.at);
  return byTime.slice(Math.max(0, byTime.length - tail));
}

async function readPast(
  options: InstanceLogsOptions,
  record: InstanceRecord,
  tail: number,
  signal: AbortSignal,
): Promise<readonly ServiceLogLine[]> {
  if (record.runtimeId === null) return keptLines(record);
  const lines: ServiceLogLine[] = [];
  for await (const line of readLines(options, record, { tail, follow: false }, signal)) lines.push(line);
  return lines;
}

/** What was kept of the copy before, for a slot that waits for its next start. */
function keptLines(record: InstanceRecord): readonly ServiceLogLine[] {
  const lines = (record.lastLogTail ?? "").split("\n").filter((line) => line !== "");
  return lines.map((line) => ({ stream: "stderr", line, at: record.startedAt ?? 0, record }));
}

async function* followAll(
  options: InstanceLogsOptions,
  serviceId: string,
  tail: number,
  signal: AbortSignal,
): AsyncIterable<ServiceLogLine> {
  const merged = new LineQueue();
  const followed = new Set<string>();
  const past = new Map<string, readonly ServiceLogLine[]>();
  const followNew = async (): Promise<void> => {
    for (const record of await options.instances.list({ serviceId })) {
      if (record.runtimeId === null || followed.has(record.runtimeId)) continue;
      followed.add(record.runtimeId);
      const seen = past.get(record.runtimeId) ?? [];
      const from = tail === 0 && past.has(record.runtimeId) ? 0 : Math.max(tail, MAX_WAITING);
      pump(options, record, { seen, from }, merged, signal).catch((error: unknown) => merged.fail(error));
    }
  };
  let isFollowing = false;
  const stop = options.events.on((event) => {
    if (event.serviceId === serviceId && event.type === "service.deleted") merged.end();
    if (!isFollowing || event.serviceId !== serviceId || event.type !== "instance.ready") return;
    followNew().catch((error: unknown) => merged.fail(error));
  });
  const end = (): void => merged.end();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    const records = await options.instances.list({ serviceId });
    const all = await Promise.all(records.map((record) => readPast(options, record, tail, signal)));
    for (const [i, { runtimeId }] of records.entries()) if (runtimeId !== null) past.set(runtimeId, all[i] ?? []);
    yield* lastOf(all, tail);
    isFollowing = true;
    await followNew();
    yield* merged;
  } finally {
    stop();
    signal.removeEventListener("abort", end);
    merged.end();
  }
}

/** Lines of one instance as they come, without those that were seen already. */
async function pump(
  options: InstanceLogsOptions,
  record: InstanceRecord,
  { seen, from }: { readonly seen: readonly ServiceLogLine[]; readonly from: number },
  into: LineQueue,
  signal: AbortSignal,
): Promise<void> {
  const lastAt = seen.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  let seenAtLast = seen.filter((line) => line.at === lastAt).length;
  for await (const line of readLines(options, record, { tail: from, follow: true }, signal)) {
    if (line.at < lastAt) continue;
    if (line.at === lastAt && seenAtLast > 0) seenAtLast -= 1;
    else await into.push(line);
  }
}

async function* readLines(
  { driver }: InstanceLogsOptions,
  record: InstanceRecord,
  what: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncIterable<ServiceLogLine> {
  if (record.runtimeId === null) return;
  try {
    for await (const line of driver.logs(record.runtimeId, what, signal)) yield { ...line, record };
  } catch (error) {
    if (!isAppError(error, "not_found")) throw error;
  }
}

/** Many writers, one reader, bounded: a writer waits while the reader is behind. */
class LineQueue implements AsyncIterable<ServiceLogLine> {
  readonly #lines: ServiceLogLine[] = [];
  #wakeReader: () => void = () => undefined;
  #wakeWriters: (() => void)[] = [];
  #isEnded = false;
  #error: unknown;

  async push(line: ServiceLogLine): Promise<void> {
    while (this.#lines.length >= MAX_WAITING && !this.#isEnded)
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    this.#lines.push(line);
    this.#wakeReader();
  }

  end(): void {
    this.#isEnded = true;
    this.#wakeReader();
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  fail(error: unknown): void {
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ServiceLogLine> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        for (const wake of this.#wakeWriters.splice(0)) wake();
        yield line;
      } else if (this.#isEnded) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    }
  }
}
