/**
 * A database that forgets everything when it is closed: for tests, and to say in few words what a database promises.
 * The same contract suite runs on it and on the SQL one.
 */

import { AppError } from "../domain/errors.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { Exclusive } from "../lib/exclusive.ts";
import { MemoryAddressStore } from "./address-store.ts";
import { MemoryBuildStore } from "./build-store.ts";
import { MemoryDeploymentStore } from "./deployment-store.ts";
import { MemoryInstanceStore } from "./instance-store.ts";
import { copyTables, emptyTables, type MemoryAccess, type MemoryTables } from "./memory-tables.ts";
import { MemoryProjectStore } from "./project-store.ts";
import { MemoryRegistryStore } from "./registry-store.ts";
import { MemoryRouteStore } from "./route-store.ts";
import { MemoryRuntimeStore } from "./runtime-store.ts";
import { MemorySecretStore } from "./secret-store.ts";
import { MemoryServiceStore } from "./service-store.ts";
import { MemorySettingStore } from "./setting-store.ts";

export class MemoryDatabase implements Database {
  readonly #turns = new Exclusive();
  #tables: MemoryTables = emptyTables();
  #isClosed = false;
  readonly #stores = createStores((work) => this.#inTurn(async () => work(this.#tables)));
  readonly projects = this.#stores.projects;
  readonly services = this.#stores.services;
  readonly deployments = this.#stores.deployments;
  readonly builds = this.#stores.builds;
  readonly instances = this.#stores.instances;
  readonly addresses = this.#stores.addresses;
  readonly runtimes = this.#stores.runtimes;
  readonly routes = this.#stores.routes;
  readonly secrets = this.#stores.secrets;
  readonly registries = this.#stores.registries;
  readonly settings = this.#stores.settings;

  /** Works on a copy that takes the place of the tables at the end, so that nothing has to be undone. */
  transact<T>(work: (tx: Stores) => Promise<T>): Promise<T> {
    return this.#turns.guard(() =>
      this.#inTurn(async () => {
        const draft = copyTables(this.#tables);
        let isOpen = true;
        const tx = createStores(async (step) => {
          if (!isOpen) throw new Error("The transaction is over.");
          return step(draft);
        });
        try {
          const result = await work(tx);
          this.#tables = draft;
          return result;
        } finally {
          isOpen = false;
        }
      }),
    );
  }

  /** Waits for what was begun. Idempotent; later calls of stores throw AppError `unavailable`. */
  async close(): Promise<void> {
    const endTurn = await this.#turns.acquire();
    this.#isClosed = true;
    endTurn();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const endTurn = await this.#turns.acquire();
    try {
      if (this.#isClosed) throw new AppError("unavailable", "The database is closed.");
      return await work();
    } finally {
      endTurn();
    }
  }
}

function createStores(access: MemoryAccess): Stores {
  return {
    projects: new MemoryProjectStore(access),
    services: new MemoryServiceStore(access),
    deployments: new MemoryDeploymentStore(access),
    builds: new MemoryBuildStore(access),
    instances: new MemoryInstanceStore(access),
    addresses: new MemoryAddressStore(access),
    runtimes: new MemoryRuntimeStore(access),
    routes: new MemoryRouteStore(access),
    secrets: new MemorySecretStore(access),
    registries: new MemoryRegistryStore(access),
    settings: new MemorySettingStore(access),
  };
}
