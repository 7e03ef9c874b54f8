/** Reads a project as staging sees it, in one transaction of its caller. */

import { type Deployment, isWaiting } from "../../domain/deployment.ts";
import type { PendingChange } from "../../domain/pending-change.ts";
import type { ProjectState, ServiceState } from "../../domain/project-state.ts";
import type { Service } from "../../domain/service.ts";
import { settingsOfDeployment } from "../../domain/service-settings.ts";
import type { Stores } from "../../domain/stores.ts";

export type ReaderStores = Pick<
  Stores,
  "projects" | "services" | "deployments" | "envVars" | "canvas" | "pendingChanges"
>;

/** @throws AppError `not_found` */
export async function readProjectState(stores: ReaderStores, projectId: string): Promise<ProjectState> {
  const { id, name } = await stores.projects.get(projectId);
  const nodes = await stores.canvas.listNodes(projectId);
  const changes = await stores.pendingChanges.list(projectId);
  const groups = new Map(nodes.map((n) => [n.serviceId ?? n.id, n.parentId]));
  const services: ServiceState[] = [];
  for (const service of await stores.services.list({ projectId })) {
    const groupId = groupBefore(changes, service.id) ?? groups.get(service.id) ?? null;
    services.push(serviceState(service, await findModel(stores, service), groupId === NO_GROUP ? null : groupId));
  }
  const groupIds = nodes.filter((n) => n.type === "group").map((n) => n.id);
  return { id, name, services, variables: await stores.envVars.list({ projectId }), groups, groupIds };
}

/** Newest deployments looked at: only what was built and waits can stand before the one that counts. */
const LOOKED_AT = 8;

/**
 * The deployment that says how the service runs or shall run: the newest that neither failed nor was cancelled. What was
 * built only counts when nothing else is there, or when it waits for its stopped service.
 */
export async function findModel(
  stores: Pick<Stores, "deployments">,
  { id: serviceId, activeDeploymentId }: Service,
): Promise<Deployment | undefined> {
  const statuses = ["building", "built", "pending", "starting", "healthy"] as const;
  const newest = await stores.deployments.list({ serviceId, statuses, limit: LOOKED_AT });
  const counting = newest.find((d) => !isWaiting(d) || d.awaitsStart);
  if (counting !== undefined) return counting;
  if (activeDeploymentId !== null) return stores.deployments.get(activeDeploymentId);
  // Nothing of it ever came up: what was tried last says what its owner wants, and a mended variable tries it again.
  return newest[0] ?? (await stores.deployments.list({ serviceId, limit: LOOKED_AT })).find(hasImage);
}

/** An image that was named or made: a build that failed has no use for other variables. */
function hasImage({ image, wantedImage }: Deployment): boolean {
  return image !== null || wantedImage !== null;
}

export function serviceState(
  { id, name, kind, iconUrl, isPrivate, preset }: Service,
  model: Deployment | undefined,
  groupId: string | null,
): ServiceState {
  const settings = model === undefined ? null : settingsOfDeployment(model);
  return { id, name, kind, iconUrl, isPrivate, preset, groupId, settings, port: model?.listenPorts[0] ?? null };
}

const NO_GROUP = Symbol("no group");

/** Where the service was before somebody dragged it: that counts until the log is applied. */
function groupBefore(changes: readonly PendingChange[], serviceId: string): string | typeof NO_GROUP | undefined {
  for (const change of changes) {
    if (change.op !== "service.update" || change.targetId !== serviceId || change.payload.reparented !== true) continue;
    return change.payload.previousParentId ?? NO_GROUP;
  }
  return undefined;
}
