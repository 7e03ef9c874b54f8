/**
 * The tables as Kysely sees them. Columns are `snake_case` in the database and `camelCase` here (CamelCasePlugin), so
 * that a row is the domain's record but for fields kept as JSON text or as 0 and 1. A migration must keep up with this.
 */

import type { Kysely } from "kysely";
import type { Build } from "../domain/build.ts";
import type { Deployment } from "../domain/deployment.ts";
import type { HostNumberUse } from "../domain/host-number.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Project } from "../domain/project.ts";
import type { Runtime } from "../domain/runtime.ts";
import type { Service } from "../domain/service.ts";
import type { StoredRecord } from "./record-codec.ts";

export const DEPLOYMENT_JSON = ["env", "ports", "listenPorts", "resources", "command", "health", "volumes"] as const;
export const SERVICE_FLAGS = ["isPrivate"] as const;
export const BUILD_FLAGS = ["wasCached"] as const;

export type Schema = {
  projects: Project;
  services: StoredRecord<Service, never, (typeof SERVICE_FLAGS)[number]>;
  deployments: StoredRecord<Deployment, (typeof DEPLOYMENT_JSON)[number], never>;
  builds: StoredRecord<Build, never, (typeof BUILD_FLAGS)[number]>;
  instances: InstanceRecord;
  addresses: HostNumberUse & { readonly projectId: string };
  runtimes: Runtime;
  settings: { readonly key: string; readonly value: string };
};

/** The database, or a transaction of it. */
export type SchemaDb = Kysely<Schema>;

/** Runs `work` in the transaction `db` is, or in one of its own. */
export function inTransaction<T>(db: SchemaDb, work: (tx: SchemaDb) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
