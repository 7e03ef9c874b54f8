/**
 * Work by key: one at a time for each key, some keys at once, never lost. A trigger during a run makes one more run; a
 * run that throws is tried again after 1 s · 2ⁿ, 30 s at most. A run that hangs holds up its own key only: after a while
 * another one takes its place.
 */

import { backoffMs } from "../domain/backoff.ts";
import type { Clock } from "../domain/clock.ts";
import { Semaphore } from "../lib/semaphore.ts";

export type KeyedQueueOptions = {
  readonly clock: Clock;
  /** Keys worked on at the same time. */
  readonly parallel: number;
  /** A run that takes longer no longer counts as one of those, in milliseconds. Absent: it always counts. */
  readonly patienceMs?: number;
  /** Does the work of one key; answers when to come back even if nothing triggers it (ms since the epoch), or null. */
  readonly work: (key: string) => Promise<number | null>;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
};

type Entry = {
  isRunning: boolean;
  isDirty: boolean;
  failures: number;
  dueAt: number;
  cancelTimer: (() => void) | undefined;
};

export class KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #slots: Semaphore;
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.parallel);
  }

  /** Runs the key's work soon, or again when it is running now. An earlier time beats a later one. */
  trigger(key: string, delayMs = 0): void {
    if (this.#isClosed) return;
    const entry = this.#entry(key);
    if (entry.isRunning) {
      if (delayMs <= 0) entry.isDirty = true;
      else entry.dueAt = Math.min(entry.dueAt, this.#options.clock.now() + delayMs);
      return;
    }
    this.#schedule(key, entry, this.#options.clock.now() + delayMs);
  }

  /** No further runs; resolves when those under way have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const entry of this.#entries.values()) entry.cancelTimer?.();
    await Promise.all(this.#running);
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = {
        isRunning: false,
        isDirty: false,
        failures: 0,
        dueAt: Number.POSITIVE_INFINITY,
        cancelTimer: undefined,
      };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #schedule(key: string, entry: Entry, dueAt: number): void {
    if (entry.cancelTimer !== undefined) {
      if (entry.dueAt <= dueAt) return;
      entry.cancelTimer();
    }
    entry.dueAt = dueAt;
    entry.cancelTimer = this.#options.clock.schedule(Math.max(0, dueAt - this.#options.clock.now()), () => {
      entry.cancelTimer = undefined;
      const run = this.#run(key, entry).finally(() => this.#running.delete(run));
      this.#running.add(run);
    });
  }

  async #run(key: string, entry: Entry): Promise<void> {
    entry.isRunning = true;
    const { clock, patienceMs } = this.#options;
    const release = await this.#slots.acquire();
    const stopWaiting = patienceMs === undefined ? undefined : clock.schedule(patienceMs, release);
    // What was triggered while it waited for its turn is seen by this run.
    entry.isDirty = false;
    entry.dueAt = Number.POSITIVE_INFINITY;
    let comeBackAt: number | null = null;
    try {
      if (!this.#isClosed) comeBackAt = await this.#options.work(key);
      entry.failures = 0;
    } catch (error) {
      entry.failures += 1;
      const retryInMs = backoffMs(entry.failures);
      comeBackAt = this.#options.clock.now() + retryInMs;
      entry.isDirty = false;
      this.#options.onError(key, error, retryInMs);
    } finally {
      stopWaiting?.();
      release();
      entry.isRunning = false;
    }
    if (this.#isClosed) return;
    const dueAt = entry.isDirty
      ? this.#options.clock.now()
      : Math.min(comeBackAt ?? Number.POSITIVE_INFINITY, entry.dueAt);
    if (Number.isFinite(dueAt)) this.#schedule(key, entry, dueAt);
    else this.#entries.delete(key);
  }
}
