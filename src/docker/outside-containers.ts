/** What others run on a shared network, and the engine's events that say it may have changed. Nothing here changes anything. */

import type { OutsideContainer } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";
import { followEvents } from "./follow-events.ts";

/** The engine's words for what starts, ends, names, connects and disconnects a container. */
const EVENTS = ["start", "die", "pause", "unpause", "rename", "connect", "disconnect"];

export class OutsideContainers {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #logger: Logger;

  constructor(client: DockerClient, names: EngineNames, logger: Logger) {
    this.#client = client;
    this.#names = names;
    this.#logger = logger;
  }

  async list(network: string, namePrefix: string): Promise<readonly OutsideContainer[]> {
    const filters = { network: [network], status: ["running"], name: [namePrefix] };
    const found = await this.#client.call((engine) => engine.listContainers({ filters }));
    const outside = found.filter(
      ({ Labels, NetworkSettings }) => !this.#names.isServers(Labels) && network in NetworkSettings.Networks,
    );
    const looks = await Promise.all(outside.map(({ Id }) => this.#look(Id, network)));
    return looks
      .flatMap((container) => container ?? [])
      .filter(({ name }) => name.startsWith(namePrefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Ends when the signal aborts; never rejects for the engine. */
  async watch(network: string, namePrefix: string, onChange: () => void, signal: AbortSignal): Promise<void> {
    await followEvents(
      this.#client,
      {
        filters: { type: ["container", "network"], event: EVENTS },
        onOpen: onChange,
        onEvent: ({ Type, Actor: { Attributes } }) => {
          // A renamed one may have lost the name that counts; the old one comes with a slash.
          const names = [Attributes.name, Attributes.oldName?.replace(/^\//, "")];
          const isConcerned =
            Type === "network" ? Attributes.name === network : names.some((name) => name?.startsWith(namePrefix));
          if (isConcerned) onChange();
        },
        onLost: (error) => this.#logger.debug({ err: error }, "The stream of events about other containers is lost."),
      },
      signal,
    );
  }

  /** Undefined when it has just ended or left the network. */
  async #look(id: string, network: string): Promise<OutsideContainer | undefined> {
    try {
      const { Name, State, NetworkSettings } = await this.#client.call((engine) => engine.getContainer(id).inspect());
      const address = NetworkSettings.Networks[network]?.IPAddress ?? "";
      if (!State.Running || address === "") return undefined;
      const startedAt = Date.parse(State.StartedAt);
      return { id, name: Name.replace(/^\//, ""), address, startedAt: startedAt > 0 ? startedAt : null };
    } catch (error) {
      if (isAppError(error, "not_found")) return undefined;
      throw error;
    }
  }
}
