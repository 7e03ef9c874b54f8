/** A clock that stands still until a test moves it. */

import type { Clock } from "../../src/domain/clock.ts";

type Task = { readonly at: number; readonly order: number; readonly run: () => void };

export class FakeClock implements Clock {
  #now: number;
  #made = 0;
  readonly #tasks = new Set<Task>();

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, run: () => void): () => void {
    this.#made += 1;
    const task = { at: this.#now + Math.max(0, delayMs), order: this.#made, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  /** When the next task is due, ms since the epoch; undefined when none is scheduled. */
  get nextAt(): number | undefined {
    return this.#next()?.at;
  }

  /** Moves on by `ms` and runs what comes due, in order; what the tasks schedule is run as well if it is due by then. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let task = this.#next(); task !== undefined && task.at <= until; task = this.#next()) {
      this.#now = Math.max(this.#now, task.at);
      this.#tasks.delete(task);
      task.run();
    }
    this.#now = until;
  }

  #next(): Task | undefined {
    let next: Task | undefined;
    for (const task of this.#tasks)
      if (next === undefined || task.at < next.at || (task.at === next.at && task.order < next.order)) next = task;
    return next;
  }
}
