/** The in-process event bus: publishing never waits, a reader that lags loses the oldest events, not the newest. */

import type { DomainEvent, EventBus } from "../domain/events.ts";

/** Events kept for one reader that is behind. */
const BUFFER_SIZE = 256;

type Listener = (event: DomainEvent) => void;

export class MemoryEventBus implements EventBus {
  readonly #listeners = new Set<Listener>();

  publish(event: DomainEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  on(listener: Listener): () => void {
    const own: Listener = (event) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async *subscribe(signal: AbortSignal): AsyncIterable<DomainEvent> {
    const buffer: DomainEvent[] = [];
    let wake: () => void = () => undefined;
    const onAbort = (): void => wake();
    const stop = this.on((event) => {
      buffer.push(event);
      if (buffer.length > BUFFER_SIZE) buffer.shift();
      wake();
    });
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const event = buffer.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
      signal.removeEventListener("abort", onAbort);
    }
  }
}
