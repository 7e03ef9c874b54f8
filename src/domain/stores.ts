/** All stores of one database, and how to change several of them at once. */

import type { ApiKeyStore } from "./api-key.ts";
import type { AuditStore } from "./audit.ts";
import type { BuildStore } from "./build.ts";
import type { CanvasStore } from "./canvas.ts";
import type { DeploymentStore } from "./deployment.ts";
import type { EnvVarStore } from "./env-var.ts";
import type { AddressStore, InstanceStore } from "./instance.ts";
import type { PendingChangeStore } from "./pending-change.ts";
import type { ProjectStore } from "./project.ts";
import type { RegistryStore } from "./registry.ts";
import type { RouteStore } from "./route-claim.ts";
import type { RuntimeStore } from "./runtime.ts";
import type { SecretStore } from "./secret.ts";
import type { ServiceStore } from "./service.ts";
import type { SessionStore } from "./session.ts";
import type { UserStore } from "./user.ts";

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
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly apiKeys: ApiKeyStore;
  readonly audit: AuditStore;
  readonly envVars: EnvVarStore;
  readonly canvas: CanvasStore;
  readonly pendingChanges: PendingChangeStore;
}

export interface Database extends Stores {
  /** All or nothing: what `work` does through `tx` is undone when it throws. Not nested. */
  transact<T>(work: (tx: Stores) => Promise<T>): Promise<T>;
  /**
   * Writes a consistent copy of everything, as it is now, to a new file; the database goes on meanwhile.
   * @throws AppError `disk_full`, `conflict` (the file is there), `unavailable` for a database that has no file
   */
  backupTo(path: string): Promise<void>;
  /** Bytes it takes on disk; 0 for one in memory. */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
