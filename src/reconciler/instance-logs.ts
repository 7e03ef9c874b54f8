/**
 * The log lines of all instances of a service, merged; instances that come up while following are picked up. A reader
 * that is slow slows the reading of the engine's own log down, which keeps what was not read: memory stays bounded.
 */

import type { InstanceDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { InstanceRecord, InstanceStore } from "../domain/instance.ts";
import type { ServiceLogItem, ServiceLogLine, ServiceLogs } from "../domain/operations.ts";
import { BoundedQueue } from "../lib/bounded-queue.ts";

export type InstanceLogsOptions = {
  readonly instances: Pick<InstanceStore, "list">;
  readonly driver: Pick<InstanceDriver, "logs">;
  readonly events: EventBus;
};

/** Lines, and characters, that wait for a reader that is slow; then the engine is not read on. */
const MAX_WAITING = 1000;
const MAX_WAITING_LENGTH = 1024 * 1024;
/** Characters of past lines that are held at once, over all instances, the newest kept. */
const MAX_PAST_LENGTH = 16 * 1024 * 1024;

export class InstanceLogs implements ServiceLogs {
  readonly #options: InstanceLogsOptions;

  constructor(options: InstanceLogsOptions) {
    this.#options = options;
  }

  async *read(
    serviceId: string,
    what: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ServiceLogItem> {
    const options = this.#options;
    if (what.follow) {
      yield* followAll(options, serviceId, what.tail, signal);
      return;
    }
    yield* lastOf(await readPasts(options, await options.instances.list({ serviceId }), what.tail, signal), what.tail);
  }
}

/** The newest `tail` lines of all instances, oldest first. */
function lastOf(all: readonly (readonly ServiceLogLine[])[], tail: number): readonly ServiceLogLine[] {
  const byTime = all.flat().toSorted((a, b) => a.at - b.at);
  return byTime.slice(Math.max(0, byTime.length - tail));
}

/** Of each record its newest lines, in the order of the records. */
function readPasts(
  options: InstanceLogsOptions,
  records: readonly InstanceRecord[],
  tail: number,
  signal: AbortSignal,
): Promise<readonly (readonly ServiceLogLine[])[]> {
  const maxLength = MAX_PAST_LENGTH / Math.max(1, records.length);
  return Promise.all(records.map((record) => readPast(options, record, { tail, maxLength }, signal)));
}

async function readPast(
  options: InstanceLogsOptions,
  record: InstanceRecord,
  { tail, maxLength }: { readonly tail: number; readonly maxLength: number },
  signal: AbortSignal,
): Promise<readonly ServiceLogLine[]> {
  if (record.runtimeId === null) return keptLines(record);
  const lines: ServiceLogLine[] = [];
  let length = 0;
  for await (const line of readLines(options, record, { tail, follow: false }, signal)) {
    lines.push(line);
    length += line.line.length;
    while (length > maxLength && lines.length > 1) length -= lines.shift()?.line.length ?? 0;
  }
  return lines;
}

/** What was kept of the copy before, for a slot that waits for its next start. */
function keptLines(record: InstanceRecord): readonly ServiceLogLine[] {
  const lines = (record.lastLogTail ?? "").split("\n").filter((line) => line !== "");
  return lines.map((line) => ({ kind: "line", stream: "stderr", line, at: record.startedAt ?? 0, record }));
}

type Merged = BoundedQueue<ServiceLogItem>;

async function* followAll(
  options: InstanceLogsOptions,
  serviceId: string,
  tail: number,
  signal: AbortSignal,
): AsyncIterable<ServiceLogItem> {
  const merged: Merged = new BoundedQueue({
    maxItems: MAX_WAITING,
    maxSize: MAX_WAITING_LENGTH,
    sizeOf: (item) => (item.kind === "line" ? item.line.length : 0),
  });
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
    if (event.type === "service.deleted" && event.serviceId === serviceId) merged.end();
    if (!isFollowing || event.type !== "instance.ready" || event.serviceId !== serviceId) return;
    followNew().catch((error: unknown) => merged.fail(error));
  });
  const end = (): void => merged.end();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    const records = await options.instances.list({ serviceId });
    const all = await readPasts(options, records, tail, signal);
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

/** Lines of one instance as they come, without those that were seen already; at last, that it has ended. */
async function pump(
  options: InstanceLogsOptions,
  record: InstanceRecord,
  { seen, from }: { readonly seen: readonly ServiceLogLine[]; readonly from: number },
  into: Merged,
  signal: AbortSignal,
): Promise<void> {
  const lastAt = seen.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  let seenAtLast = seen.filter((line) => line.at === lastAt).length;
  for await (const line of readLines(options, record, { tail: from, follow: true }, signal)) {
    if (line.at < lastAt) continue;
    if (line.at === lastAt && seenAtLast > 0) seenAtLast -= 1;
    else await into.push(line);
  }
  await into.push({ kind: "exited", record });
}

async function* readLines(
  { driver }: InstanceLogsOptions,
  record: InstanceRecord,
  what: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncIterable<ServiceLogLine> {
  if (record.runtimeId === null) return;
  try {
    for await (const line of driver.logs(record.runtimeId, what, signal)) yield { kind: "line", ...line, record };
  } catch (error) {
    if (!isAppError(error, "not_found")) throw error;
  }
}
