/** The engine's events about this server's instances: one stream, opened again whenever it ends. */

import { setTimeout as wait } from "node:timers/promises";
import type { DriverEvent, EngineDriver } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import type { Logger } from "../domain/logger.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";
import { openStream, readLines } from "./engine-stream.ts";

type Handlers = Parameters<EngineDriver["watch"]>[0];

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** The engine's word → ours. Others (a kill signal sent, an exec begun) are not asked for. */
const KINDS: Readonly<Record<string, DriverEvent["kind"]>> = {
  start: "started",
  die: "died",
  destroy: "removed",
  oom: "oom",
  pause: "other",
  unpause: "other",
};

type RawEvent = {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Record<string, string> };
};

export class DockerEvents {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #logger: Logger;

  constructor(client: DockerClient, names: EngineNames, logger: Logger) {
    this.#client = client;
    this.#names = names;
    this.#logger = logger;
  }

  /** Ends when the signal aborts; never rejects for the engine. */
  async watch(handlers: Handlers, signal: AbortSignal): Promise<void> {
    let delayMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const openedBefore = Date.now();
      const error = await this.#readOnce(handlers, signal);
      if (signal.aborted) return;
      this.#logger.warn({ err: error, retryInMs: delayMs }, "The engine's event stream is lost.");
      handlers.onLost(error);
      // A stream that has lived is no reason to wait longer than the first time.
      if (Date.now() - openedBefore > LONGEST_RETRY_MS) delayMs = FIRST_RETRY_MS;
      await wait(delayMs, undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS);
    }
  }

  /** Reads until the stream ends, and says why it did. */
  async #readOnce(handlers: Handlers, signal: AbortSignal): Promise<Error> {
    const filters = { type: ["container"], event: Object.keys(KINDS), label: this.#names.instanceFilter() };
    try {
      const answer = await this.#client.stream((engine) =>
        // `since`: the engine answers a moment before it listens, and has the last events in store.
        openStream(
          engine,
          "/events",
          { since: (Date.now() / 1000).toFixed(3), filters: JSON.stringify(filters) },
          signal,
        ),
      );
      handlers.onGap();
      for await (const line of readLines(answer)) {
        const event = eventOf(JSON.parse(line));
        if (event) handlers.onEvent(event);
      }
    } catch (error) {
      return this.#client.translate(error);
    }
    return new AppError("unavailable", "The Docker engine ended its event stream.");
  }
}

function eventOf({ Action, Actor }: RawEvent): DriverEvent | undefined {
  const kind = Object.hasOwn(KINDS, Action) ? KINDS[Action] : undefined;
  return kind && { kind, serviceId: Actor.Attributes[LABELS.service] ?? "", runtimeId: Actor.ID };
}
