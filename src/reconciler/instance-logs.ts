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
    const records = await this.#options.instances.list({ serviceId });
    if (what.follow) {
      yield* followAll(this.#options, serviceId, records, what.tail, signal);
      return;
    }
    const all = await Promise.all(records.map((record) => collect(this.#options, record, what.tail, signal)));
    yield* all
      .flat()
      .toSorted((a, b) => a.at - b.at)
      .slice(-what.tail);
  }
}

async function collect(
  options: InstanceLogsOptions,
  record: InstanceRecord,
  tail: number,
  signal: AbortSignal,
): Promise<ServiceLogLine[]> {
  const lines: ServiceLogLine[] = [];
  for await (const line of readLines(options, record, { tail, follow: false }, signal)) lines.push(line);
  return lines;
}

async function* followAll(
  options: InstanceLogsOptions,
  serviceId: string,
  records: readonly InstanceRecord[],
  tail: number,
  signal: AbortSignal,
): AsyncIterable<ServiceLogLine> {
  const merged = new LineQueue();
  const followed = new Set<string>();
  const follow = (record: InstanceRecord, past: number): void => {
    if (record.runtimeId === null || followed.has(record.runtimeId)) return;
    followed.add(record.runtimeId);
    pump(options, record, past, merged, signal).catch((error: unknown) => merged.fail(error));
  };
  const stop = options.events.on((event) => {
    if (event.serviceId !== serviceId || event.type !== "instance.ready") return;
    options.instances
      .list({ serviceId })
      .then((now) => {
        for (const record of now) follow(record, MAX_WAITING);
      })
      .catch((error: unknown) => merged.fail(error));
  });
  const end = (): void => merged.end();
  signal.addEventListener("abort", end, { once: true });
  try {
    for (const record of records) follow(record, tail);
    yield* merged;
  } finally {
    stop();
    signal.removeEventListener("abort", end);
  }
}

async function pump(
  options: InstanceLogsOptions,
  record: InstanceRecord,
  tail: number,
  into: LineQueue,
  signal: AbortSignal,
): Promise<void> {
  for await (const line of readLines(options, record, { tail, follow: true }, signal)) await into.push(line);
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
