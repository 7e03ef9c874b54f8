/**
 * Start time, exit code, the out-of-memory mark and the network names of containers, which the engine's list leaves out. Asked for one by
 * one and remembered until the container's state changes, so that listing 1,000 instances stays one request.
 */

import type { ContainerInfo } from "dockerode";
import { isAppError } from "../domain/errors.ts";
import { Semaphore } from "../lib/semaphore.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";
import { factsOf, type RunFacts } from "./observed-instance.ts";

/** Requests at the same time, for the first listing after a start. */
const PARALLEL_LOOKS = 8;

export class RunFactsCache {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #known = new Map<string, { readonly state: string; readonly facts: RunFacts }>();
  readonly #turns = new Semaphore(PARALLEL_LOOKS);

  constructor(client: DockerClient, names: EngineNames) {
    this.#client = client;
    this.#names = names;
  }

  /** Facts by container id for those in the list that have run; one that is gone by now is left out. */
  async of(containers: readonly ContainerInfo[]): Promise<ReadonlyMap<string, RunFacts>> {
    const ran = containers.filter((container) => container.State !== "created");
    const found = await Promise.all(ran.map(async (c) => [c.Id, await this.#look(c.Id, c.State)] as const));
    return new Map(found.flatMap(([id, facts]) => (facts ? [[id, facts] as const] : [])));
  }

  /** To be called when something happened to the container. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Forgets all, after events may have been missed. */
  forgetAll(): void {
    this.#known.clear();
  }

  async #look(id: string, state: string): Promise<RunFacts | undefined> {
    const known = this.#known.get(id);
    if (known?.state === state) return known.facts;
    const giveBack = await this.#turns.acquire();
    try {
      const info = await this.#client.call((engine) => engine.getContainer(id).inspect());
      const facts = factsOf(info, this.#names);
      this.#known.set(id, { state: info.State.Status, facts });
      return facts;
    } catch (error) {
      if (isAppError(error, "not_found")) return undefined;
      throw error;
    } finally {
      giveBack();
    }
  }
}
