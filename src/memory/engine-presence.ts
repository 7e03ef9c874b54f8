/** Whether the memory driver's engine answers, and who is told of its turns and of what its instances do. */

import type { Driver, DriverEvent } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";

export type EngineWatcher = Parameters<Driver["watch"]>[0];

/** Everything is told in a microtask, as an engine's events come after its answers. What happens while it is away is lost. */
export class EnginePresence {
  readonly #watchers = new Set<EngineWatcher>();
  #isAway = false;

  get isAway(): boolean {
    return this.#isAway;
  }

  /** @throws AppError `unavailable` */
  require(): void {
    if (this.#isAway) throw awayError();
  }

  goAway(): void {
    if (this.#isAway) return;
    this.#isAway = true;
    for (const watcher of this.#watchers) queueMicrotask(() => watcher.onLost(awayError()));
  }

  /** Answers whether it was away. */
  comeBack(): boolean {
    if (!this.#isAway) return false;
    this.#isAway = false;
    for (const watcher of this.#watchers) queueMicrotask(() => watcher.onGap());
    return true;
  }

  watch(watcher: EngineWatcher, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
    queueMicrotask(() => (this.#isAway ? watcher.onLost(awayError()) : watcher.onGap()));
  }

  announce(event: DriverEvent): void {
    if (this.#isAway) return;
    for (const watcher of this.#watchers) queueMicrotask(() => this.#watchers.has(watcher) && watcher.onEvent(event));
  }
}

export function awayError(): AppError {
  return new AppError("unavailable", "The engine does not answer.", { retryAfterSeconds: 5 });
}
