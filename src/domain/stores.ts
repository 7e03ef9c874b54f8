/** All stores of one database, and how to change several of them at once. */

import type { BuildStore } from "./build.ts";
import type { DeploymentStore } from "./deployment.ts";
import type { AddressStore, InstanceStore } from "./instance.ts";
import type { ProjectStore } from "./project.ts";
import type { RegistryStore } from "./registry.ts";
import type { RouteStore } from "./route-claim.ts";
import type { RuntimeStore } from "./runtime.ts";
import type { SecretStore } from "./secret.ts";
import type { ServiceStore } from "./service.ts";

/** Small facts about the server itself, by key. */
export interface SettingStore {
  find(key: string): Promise<string | undefined>;
  put(key: string, value: string): Promise<void>;
}

export interface Stores {
  readonly projects: ProjectStore;
  readonly services: ServiceStore;
  readonly deployments: DeploymentStore;
  readonly builds: BuildStore;
  readonly instances: InstanceStore;
  readonly addresses: AddressStore;
  readonly runtimes: RuntimeStore;
  readonly routes: RouteStore;
  readonly secrets: SecretStore;
  readonly registries: RegistryStore;
  readonly settings: SettingStore;
}

export interface Database extends Stores {
  /** All or nothing: what `work` does through `tx` is undone when it throws. Not nested. */
  transact<T>(work: (tx: Stores) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
