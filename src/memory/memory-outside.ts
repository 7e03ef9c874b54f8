/** Networks that belong to no server and what others run there, in memory. */

import type { Clock } from "../domain/clock.ts";
import type { InstanceSpec, OutsideContainer } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";

export type MemoryOutsideOptions = {
  readonly clock: Pick<Clock, "now">;
  /** The one that is made when an instance is to join it. */
  readonly faasoNetwork: string | null;
  /** The engine does not answer: changes are not announced. */
  readonly isAway: () => boolean;
};

type Watcher = { readonly network: string; readonly namePrefix: string; readonly onChange: () => void };

export class MemoryOutside {
  readonly #options: MemoryOutsideOptions;
  readonly #networks = new Map<string, Map<string, OutsideContainer>>();
  readonly #watchers = new Set<Watcher>();

  constructor(options: MemoryOutsideOptions) {
    this.#options = options;
  }

  // What tests make happen.

  /** Makes a network that instances can join beside their project's. Idempotent. */
  addNetwork(name: string): void {
    this.#containersOf(name);
  }

  /** Somebody starts a container on that network, which is made when it is missing. Answers its id. */
  start(network: string, container: Pick<OutsideContainer, "name" | "address">): string {
    const id = newId();
    this.#containersOf(network).set(id, { ...container, id, startedAt: this.#options.clock.now() });
    this.announce();
    return id;
  }

  /** It is stopped or removed. Idempotent. */
  stop(id: string): void {
    for (const containers of this.#networks.values()) containers.delete(id);
    this.announce();
  }

  // What the driver is asked.

  /** @throws AppError `deploy_failed` as InstanceDriver.create says */
  requireJoinable({ networks, isolation }: Pick<InstanceSpec, "networks" | "isolation">): void {
    if (isolation === "gvisor")
      throw new AppError("deploy_failed", "The memory driver has no gVisor.", {
        remedy: "Install gVisor (the program runsc) on a real engine, or leave `isolation` out.",
      });
    for (const network of networks) {
      if (network === this.#options.faasoNetwork) this.addNetwork(network);
      if (!this.#networks.has(network))
        throw new AppError("deploy_failed", `There is no network ${network}, which the function asks for.`, {
          remedy: "Make it and deploy again, or leave it out of `networks`.",
        });
    }
  }

  list(network: string, namePrefix: string): readonly OutsideContainer[] {
    return [...(this.#networks.get(network)?.values() ?? [])]
      .filter(({ name }) => name.startsWith(namePrefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  watch(watcher: Watcher, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
    this.#tell(watcher);
  }

  /** Something may have changed for everybody. */
  announce(): void {
    if (!this.#options.isAway()) for (const watcher of this.#watchers) this.#tell(watcher);
  }

  #containersOf(network: string): Map<string, OutsideContainer> {
    const containers = this.#networks.get(network) ?? new Map<string, OutsideContainer>();
    this.#networks.set(network, containers);
    return containers;
  }

  #tell(watcher: Watcher): void {
    queueMicrotask(() => this.#watchers.has(watcher) && watcher.onChange());
  }
}
