/**
 * How busy the processors are, over the last second or so. Two readings of the kernel's counters are needed for that;
 * they are kept fresh while somebody asks, and nothing runs otherwise.
 */

import { type CpuInfo, cpus } from "node:os";

/** Time between two readings, in milliseconds. */
const EVERY_MS = 1_000;
/** How long it goes on after the last question, in milliseconds. */
const IDLE_AFTER_MS = 15_000;
/** The first question waits so long for its second reading, in milliseconds. */
const FIRST_MS = 150;

type Reading = { readonly busy: number; readonly all: number };

export class CpuSampler {
  readonly #read: () => readonly CpuInfo[];
  #before: Reading | undefined;
  #last: Reading | undefined;
  #timer: NodeJS.Timeout | undefined;
  #askedAt = 0;

  constructor(read: () => readonly CpuInfo[] = cpus) {
    this.#read = read;
  }

  /** Percent of all processors' time that was not idle, 0 to 100. */
  async usagePct(): Promise<number> {
    this.#askedAt = performance.now();
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#tick(), EVERY_MS);
      this.#timer.unref();
      this.#before = readingOf(this.#read());
      this.#last = undefined;
      await new Promise((resolve) => setTimeout(resolve, FIRST_MS));
      this.#last ??= readingOf(this.#read());
    }
    // Asked again before the first question had its second reading.
    this.#last ??= readingOf(this.#read());
    return usageBetween(this.#before, this.#last);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (performance.now() - this.#askedAt > IDLE_AFTER_MS) {
      this.close();
      return;
    }
    const now = readingOf(this.#read());
    this.#before = this.#last ?? this.#before;
    this.#last = now;
  }
}

function readingOf(all: readonly CpuInfo[]): Reading {
  let [busy, sum] = [0, 0];
  for (const { times } of all) {
    const worked = times.user + times.nice + times.sys + times.irq;
    busy += worked;
    sum += worked + times.idle;
  }
  return { busy, all: sum };
}

function usageBetween(before: Reading | undefined, now: Reading): number {
  const all = now.all - (before?.all ?? 0);
  if (all <= 0) return 0;
  const busy = now.busy - (before?.busy ?? 0);
  return Math.round(Math.min(1, Math.max(0, busy / all)) * 1000) / 10;
}
