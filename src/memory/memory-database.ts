/**
 * A database that forgets everything when it is closed: for tests, and to say in few words what a database promises.
 * The same contract suite runs on it and on the SQL one.
 */

import { AppError } from "../domain/errors.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { Exclusive } from "../lib/exclusive.ts";
import { MemoryAddressStore } from "./address-store.ts";
import { MemoryApiKeyStore } from "./api-key-store.ts";
import { MemoryAuditStore } from "./audit-store.ts";
import { MemoryBuildStore } from "./build-store.ts";
import { MemoryCanvasStore } from "./canvas-store.ts";
import { MemoryDeploymentStore } from "./deployment-store.ts";
import { MemoryEnvVarStore } from "./env-var-store.ts";
import { MemoryInstanceStore } from "./instance-store.ts";
import { copyTables, emptyTables, type MemoryAccess, type MemoryTables } from "./memory-tables.ts";
import { MemoryPendingChangeStore } from "./pending-change-store.ts";
import { MemoryProjectStore } from "./project-store.ts";
import { MemoryRegistryStore } from "./registry-store.ts";
import { MemoryRouteStore } from "./route-store.ts";
import { MemoryRuntimeStore } from "./runtime-store.ts";
import { MemorySecretStore } from "./secret-store.ts";
import { MemoryServiceStore } from "./service-store.ts";
import { MemorySessionStore } from "./session-store.ts";
import { MemorySettingStore } from "./setting-store.ts";
import { MemoryUserStore } from "./user-store.ts";

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
  readonly users = this.#stores.users;
  readonly sessions = this.#stores.sessions;
  readonly apiKeys = this.#stores.apiKeys;
  readonly audit = this.#stores.audit;
  readonly envVars = this.#stores.envVars;
  readonly canvas = this.#stores.canvas;
  readonly pendingChanges = this.#stores.pendingChanges;

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

  async backupTo(): Promise<void> {
    throw new AppError("unavailable", "A database in memory has no file that could be copied.");
  }

  async sizeBytes(): Promise<number> {
    return 0;
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
    users: new MemoryUserStore(access),
    sessions: new MemorySessionStore(access),
    apiKeys: new MemoryApiKeyStore(access),
    audit: new MemoryAuditStore(access),
    envVars: new MemoryEnvVarStore(access),
    canvas: new MemoryCanvasStore(access),
    pendingChanges: new MemoryPendingChangeStore(access),
  };
}
