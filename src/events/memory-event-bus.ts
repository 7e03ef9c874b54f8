/**
 * The in-process event bus: publishing never waits, a reader that lags loses the oldest events, not the newest, and a
 * listener that throws hinders nobody.
 *
 * Whatever the API changes is announced, after it is stored, by whoever stored it:
 * - projects: `project.created`, `.updated`, `.deleted` (ProjectKeeper, AfterWrite)
 * - services: `service.created`, `.updated`, `.deleted`, `.status.changed` (ServiceEditor, AfterWrite, Deployer, Lifecycle)
 * - deployments and builds: `deployment.…`, `build.…` (Deployer, AfterWrite, BuildRunner, deployment marks)
 * - instances: `instance.created`, `.ready`, `.gone` (InstanceRunner)
 * - users: `user.created`, `.updated`, `.deleted` (Users)
 * - staged changes, variables among them: `changes.added`, `.removed`, `.cleared`, `.applied` (StagedLog, StoredCanvasBoard)
 * - canvas: `canvas.…` (StoredCanvasBoard, AfterWrite, StagedLog)
 */

import type { DomainEvent, EventBus } from "../domain/events.ts";

/** Events kept for one reader that is behind. */
const BUFFER_SIZE = 256;

type Listener = (event: DomainEvent) => void;

export class MemoryEventBus implements EventBus {
  readonly #listeners = new Set<Listener>();
  readonly #onError: (error: unknown, event: DomainEvent) => void;

  /** @param onError hears what a listener threw */
  constructor(onError: (error: unknown, event: DomainEvent) => void = () => undefined) {
    this.#onError = onError;
  }

  publish(event: DomainEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#onError(error, event);
      }
    }
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
