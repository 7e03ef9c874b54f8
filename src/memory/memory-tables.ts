/** What a MemoryDatabase holds, and the little that its stores share: copies, order, slices, unique fields. */

import type { ApiKey } from "../domain/api-key.ts";
import type { AuditRecord } from "../domain/audit.ts";
import type { Build } from "../domain/build.ts";
import type { CanvasEdge, CanvasNode } from "../domain/canvas.ts";
import type { Deployment } from "../domain/deployment.ts";
import type { EnvScope, EnvVar } from "../domain/env-var.ts";
import type { HostNumberUse } from "../domain/host-number.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { PendingChange } from "../domain/pending-change.ts";
import type { LeavingProject, Page, Project } from "../domain/project.ts";
import type { RegistryRecord } from "../domain/registry.ts";
import type { RouteRecord } from "../domain/route-claim.ts";
import type { Runtime } from "../domain/runtime.ts";
import type { SecretRecord } from "../domain/secret.ts";
import type { Service } from "../domain/service.ts";
import type { Session } from "../domain/session.ts";
import { notFoundError, ownerMissingError, takenError } from "../domain/store-errors.ts";
import type { User } from "../domain/user.ts";

/** Records by their key. A record is never changed, only replaced, so that a copy of the Maps is a copy of all. */
export type MemoryTables = {
  readonly projects: Map<string, Project>;
  /** By slug. */
  readonly leavingProjects: Map<string, LeavingProject>;
  readonly services: Map<string, Service>;
  readonly deployments: Map<string, Deployment>;
  readonly builds: Map<string, Build>;
  readonly instances: Map<string, InstanceRecord>;
  /** By project id. */
  readonly addresses: Map<string, readonly HostNumberUse[]>;
  readonly runtimes: Map<string, Runtime>;
  readonly routes: Map<string, RouteRecord>;
  /** By project, function and name as JSON. */
  readonly secrets: Map<string, SecretRecord>;
  readonly registries: Map<string, RegistryRecord>;
  readonly settings: Map<string, string>;
  readonly users: Map<string, User>;
  readonly sessions: Map<string, Session>;
  readonly apiKeys: Map<string, ApiKey>;
  readonly audit: Map<string, AuditRecord>;
  readonly envVars: Map<string, EnvVar>;
  readonly canvasNodes: Map<string, CanvasNode>;
  readonly canvasEdges: Map<string, CanvasEdge>;
  readonly pendingChanges: Map<string, PendingChange>;
};

/** Runs `work` on the tables when it is its turn. `work` must throw before it changes anything. */
export type MemoryAccess = <T>(work: (tables: MemoryTables) => T) => Promise<T>;

export function emptyTables(): MemoryTables {
  return {
    projects: new Map(),
    leavingProjects: new Map(),
    services: new Map(),
    deployments: new Map(),
    builds: new Map(),
    instances: new Map(),
    addresses: new Map(),
    runtimes: new Map(),
    routes: new Map(),
    secrets: new Map(),
    registries: new Map(),
    settings: new Map(),
    users: new Map(),
    sessions: new Map(),
    apiKeys: new Map(),
    audit: new Map(),
    envVars: new Map(),
    canvasNodes: new Map(),
    canvasEdges: new Map(),
    pendingChanges: new Map(),
  };
}

export function copyTables(tables: MemoryTables): MemoryTables {
  return {
    projects: new Map(tables.projects),
    leavingProjects: new Map(tables.leavingProjects),
    services: new Map(tables.services),
    deployments: new Map(tables.deployments),
    builds: new Map(tables.builds),
    instances: new Map(tables.instances),
    addresses: new Map(tables.addresses),
    runtimes: new Map(tables.runtimes),
    routes: new Map(tables.routes),
    secrets: new Map(tables.secrets),
    registries: new Map(tables.registries),
    settings: new Map(tables.settings),
    users: new Map(tables.users),
    sessions: new Map(tables.sessions),
    apiKeys: new Map(tables.apiKeys),
    audit: new Map(tables.audit),
    envVars: new Map(tables.envVars),
    canvasNodes: new Map(tables.canvasNodes),
    canvasEdges: new Map(tables.canvasEdges),
    pendingChanges: new Map(tables.pendingChanges),
  };
}

/** A copy of its own, so that the caller's object may change later without changing what is kept. */
export function kept<T>(record: T): T {
  return structuredClone(record);
}

/** The record with the patch laid over it. Fields given as undefined stay as they are. */
export function patched<T extends object>(record: T, patch: Partial<NoInfer<T>>): T {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return kept({ ...record, ...Object.fromEntries(given) });
}

/** @throws AppError `not_found` */
export function mustGet<T>(table: ReadonlyMap<string, T>, noun: string, key: string): T {
  const record = table.get(key);
  if (record === undefined) throw notFoundError(noun, key);
  return record;
}

/** @throws AppError `not_found` when the project or service a record shall belong to is not there */
export function mustHaveOwner(table: ReadonlyMap<string, unknown>, key: string): void {
  if (!table.has(key)) throw ownerMissingError();
}

/** @throws AppError `conflict` when another record has the same value; null is equal to nothing */
export function mustBeFree<T>(others: Iterable<T>, noun: string, field: keyof T & string, value: unknown): void {
  if (value === null) return;
  for (const other of others) if (other[field] === value) throw takenError(noun, [field]);
}

/** Newest first; equal times by id. */
export function byNewest(a: { createdAt: number; id: string }, b: { createdAt: number; id: string }): number {
  return b.createdAt - a.createdAt || compareText(a.id, b.id);
}

/** Byte order, as the SQL stores have it. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function slice<T>(records: readonly T[], page: Page): T[] {
  const offset = page.offset ?? 0;
  return records.slice(offset, page.limit === undefined ? undefined : offset + page.limit);
}

/** Whether `text` has `part` in it, whatever the case of both; nothing asked for is in everything. */
export function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase());
}

/** Removes what belongs to a record that goes. */
export function removeWhere<T>(table: Map<string, T>, goes: (record: T) => boolean): void {
  for (const [key, record] of table) if (goes(record)) table.delete(key);
}

/** Removes the node with its edges; what was in it is in none. */
export function removeCanvasNode({ canvasNodes, canvasEdges }: MemoryTables, nodeId: string): void {
  canvasNodes.delete(nodeId);
  removeWhere(canvasEdges, ({ sourceId, targetId }) => sourceId === nodeId || targetId === nodeId);
  for (const node of canvasNodes.values()) {
    if (node.parentId === nodeId) canvasNodes.set(node.id, { ...node, parentId: null });
  }
}

export function removeEnvScope({ envVars }: MemoryTables, scope: EnvScope, scopeId: string): void {
  removeWhere(envVars, (variable) => variable.scope === scope && variable.scopeId === scopeId);
}

/** Removes the service and all that belongs to it, but for its kept variables. */
export function removeService(tables: MemoryTables, serviceId: string): void {
  tables.services.delete(serviceId);
  for (const table of [tables.deployments, tables.builds, tables.routes]) {
    for (const [key, record] of table) if (record.serviceId === serviceId) table.delete(key);
  }
  for (const node of tables.canvasNodes.values()) if (node.serviceId === serviceId) removeCanvasNode(tables, node.id);
}
