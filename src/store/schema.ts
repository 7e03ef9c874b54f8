/**
 * The tables as Kysely sees them. Columns are `snake_case` in the database and `camelCase` here (CamelCasePlugin), so
 * that a row is the domain's record but for fields kept as JSON text or as 0 and 1. A migration must keep up with this.
 */

import type { Kysely } from "kysely";
import type { ApiKey } from "../domain/api-key.ts";
import type { AuditRecord } from "../domain/audit.ts";
import type { Build } from "../domain/build.ts";
import type { CanvasEdge, CanvasNode } from "../domain/canvas.ts";
import type { Deployment } from "../domain/deployment.ts";
import type { EnvVar } from "../domain/env-var.ts";
import type { HostNumberUse } from "../domain/host-number.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { ChangeOp } from "../domain/pending-change.ts";
import type { LeavingProject, Project } from "../domain/project.ts";
import type { RegistryRecord } from "../domain/registry.ts";
import type { RouteRecord } from "../domain/route-claim.ts";
import type { Runtime } from "../domain/runtime.ts";
import type { SecretRecord } from "../domain/secret.ts";
import type { Service } from "../domain/service.ts";
import type { Session } from "../domain/session.ts";
import type { User } from "../domain/user.ts";
import type { StoredRecord } from "./record-codec.ts";

export const DEPLOYMENT_JSON = [
  "env",
  "givenEnv",
  "ports",
  "listenPorts",
  "resources",
  "command",
  "health",
  "volumes",
  "options",
  "buildInputs",
  "secrets",
  "networks",
  "capabilities",
  "routes",
  "test",
  "declared",
] as const;
export const DEPLOYMENT_FLAGS = ["isHeld", "awaitsStart"] as const;
export const RUNTIME_JSON = ["options", "reload"] as const;
export const SERVICE_JSON = ["formerNames"] as const;
export const SERVICE_FLAGS = ["isPrivate"] as const;
export const BUILD_FLAGS = ["wasCached"] as const;

/** A staged change; `payload` is JSON text, and an op leaves those of the ids null that it does not have. */
export type PendingChangeRow = {
  readonly id: string;
  readonly projectId: string;
  readonly seq: number;
  readonly userId: string | null;
  readonly op: ChangeOp;
  readonly targetId: string | null;
  readonly targetTempId: string | null;
  readonly parentTempId: string | null;
  readonly payload: string;
  readonly createdAt: number;
};

export type Schema = {
  projects: Project;
  leavingProjects: LeavingProject;
  services: StoredRecord<Service, (typeof SERVICE_JSON)[number], (typeof SERVICE_FLAGS)[number]>;
  deployments: StoredRecord<Deployment, (typeof DEPLOYMENT_JSON)[number], (typeof DEPLOYMENT_FLAGS)[number]>;
  builds: StoredRecord<Build, never, (typeof BUILD_FLAGS)[number]>;
  instances: InstanceRecord;
  addresses: HostNumberUse & { readonly projectId: string };
  runtimes: StoredRecord<Runtime, (typeof RUNTIME_JSON)[number], never>;
  routes: RouteRecord;
  /** `functionName` is "" where the record's is null: NULLs are never equal to each other in a unique key. */
  secrets: Omit<SecretRecord, "functionName"> & { readonly functionName: string };
  registries: RegistryRecord;
  settings: { readonly key: string; readonly value: string };
  users: User;
  sessions: Session;
  apiKeys: ApiKey;
  audit: AuditRecord;
  envVars: EnvVar;
  canvasNodes: CanvasNode;
  canvasEdges: CanvasEdge;
  pendingChanges: PendingChangeRow;
};

/** The database, or a transaction of it. */
export type SchemaDb = Kysely<Schema>;

/** Runs `work` in the transaction `db` is, or in one of its own. */
export function inTransaction<T>(db: SchemaDb, work: (tx: SchemaDb) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
