/** The engine's events about this server's instances. */

import type { DriverEvent, EngineDriver } from "../domain/driver.ts";
import { LABELS } from "../domain/labels.ts";
import type { Logger } from "../domain/logger.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";
import { type EngineEvent, followEvents } from "./follow-events.ts";

type Handlers = Parameters<EngineDriver["watch"]>[0];

/** The engine's word → ours. Others (a kill signal sent, an exec begun) are not asked for. */
const KINDS: Readonly<Record<string, DriverEvent["kind"]>> = {
  start: "started",
  die: "died",
  destroy: "removed",
  oom: "oom",
  pause: "other",
  unpause: "other",
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
  watch(handlers: Handlers, signal: AbortSignal): Promise<void> {
    const filters = { type: ["container"], event: Object.keys(KINDS), label: this.#names.instanceFilter() };
    return followEvents(
      this.#client,
      {
        filters,
        onOpen: () => handlers.onGap(),
        onEvent: (raw) => {
          const event = eventOf(raw);
          if (event) handlers.onEvent(event);
        },
        onLost: (error, retryInMs) => {
          this.#logger.warn({ err: error, retryInMs }, "The engine's event stream is lost.");
          handlers.onLost(error);
        },
      },
      signal,
    );
  }
}

function eventOf({ Action, Actor }: EngineEvent): DriverEvent | undefined {
  const kind = Object.hasOwn(KINDS, Action) ? KINDS[Action] : undefined;
  return kind && { kind, serviceId: Actor.Attributes[LABELS.service] ?? "", runtimeId: Actor.ID };
}
