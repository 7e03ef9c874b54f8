/** Makes a service with its canvas node, the one way for every door it may come in by. */

import type { CanvasNode } from "../../domain/canvas.ts";
import { nextFreePosition } from "../../domain/canvas-layout.ts";
import { AppError, invalidField } from "../../domain/errors.ts";
import { lostNames } from "../../domain/instance-names.ts";
import { routeNameOf } from "../../domain/names.ts";
import type { Project } from "../../domain/project.ts";
import type { Service } from "../../domain/service.ts";
import type { Stores } from "../../domain/stores.ts";
import { newId, randomHex } from "../../lib/ids.ts";

export type NewService = Pick<Service, "name" | "kind" | "isPrivate" | "iconUrl" | "preset"> &
  Partial<Pick<Service, "id" | "desired" | "localPort" | "tag" | "runtime" | "volumeText" | "replicas">>;

/**
 * @param nodeId the node of a staged service, which becomes this one's; else it gets one of its own
 * @param image what the node says of it
 * @throws AppError `conflict` (name, route name), `invalid`
 */
export async function addService(
  tx: Stores,
  project: Project,
  wish: NewService,
  now: number,
  staged: { readonly nodeId?: string; readonly image?: string | null } = {},
): Promise<{ readonly service: Service; readonly node: CanvasNode }> {
  const routeName = await freeRouteName(tx, project, wish.name, undefined);
  const service: Service = {
    id: newId(),
    projectId: project.id,
    status: "created",
    desired: "running",
    replicas: null,
    routeName,
    localPort: null,
    tag: null,
    runtime: null,
    volumeText: "",
    volumesName: await freeVolumesName(tx, project.id, wish.name),
    formerNames: [],
    activeDeploymentId: null,
    createdAt: now,
    updatedAt: now,
    ...wish,
  };
  await tx.services.create(service);
  await giveUpNames(tx, project.id);
  const node = await nodeFor(tx, service, now, staged);
  await tx.canvas.putNode(node);
  return { service, node };
}

/** Names were given: who answered to one of them from before does so no more. */
export async function giveUpNames({ services }: Pick<Stores, "services">, projectId: string): Promise<void> {
  for (const { id, formerNames } of lostNames(await services.list({ projectId })))
    await services.update(id, { formerNames });
}

/**
 * What it answers to on the gateway.
 * @throws AppError `conflict` naming who has it, `invalid` when it would be too long for a host name
 */
export async function freeRouteName(
  tx: Pick<Stores, "services">,
  project: Project,
  name: string,
  ownId: string | undefined,
): Promise<string> {
  const routeName = routeNameOf(name, project.slug);
  if (routeName.length > MAX_LABEL)
    throw invalidField(
      "name",
      `${name} is too long: its host would start with ${routeName}, and a label has at most ${MAX_LABEL} characters`,
      `Use a name of at most ${Math.max(1, MAX_LABEL - project.slug.length - 1)} characters.`,
    );
  const owner = await tx.services.findByRouteName(routeName);
  if (owner === undefined || owner.id === ownId) return routeName;
  throw new AppError("conflict", `name: ${routeName} is taken by ${owner.name}.`, {
    fields: { name: [`is taken by ${owner.name}`] },
    remedy: "Choose another name.",
  });
}

const MAX_LABEL = 63;

/** Its name, unless a renamed service keeps its data there. */
async function freeVolumesName(tx: Pick<Stores, "services">, projectId: string, name: string): Promise<string> {
  const isTaken = (await tx.services.list({ projectId })).some((s) => s.volumesName === name);
  return isTaken ? `${name}-${randomHex(3)}` : name;
}

async function nodeFor(
  tx: Pick<Stores, "canvas">,
  { id: serviceId, projectId, name }: Service,
  now: number,
  { nodeId, image }: { readonly nodeId?: string; readonly image?: string | null },
): Promise<CanvasNode> {
  const staged = nodeId === undefined ? undefined : await tx.canvas.findNode(nodeId);
  const data = JSON.stringify(image == null ? {} : { image });
  if (staged !== undefined && staged.projectId === projectId)
    return { ...staged, serviceId, label: name, data, updatedAt: now };
  const position = nextFreePosition(await tx.canvas.listNodes(projectId));
  return serviceNode({ projectId, serviceId, name, data }, position, now);
}

/** A new node for a service; with `serviceId` null for one that is only staged, whose temporary id its id is then. */
export function serviceNode(
  { name, ...rest }: Pick<CanvasNode, "projectId" | "serviceId" | "data"> & { readonly name: string },
  { x, y }: { readonly x: number; readonly y: number },
  now: number,
): CanvasNode {
  return {
    ...rest,
    id: newId(),
    type: "service",
    label: name,
    positionX: x,
    positionY: y,
    width: null,
    height: null,
    parentId: null,
    createdAt: now,
    updatedAt: now,
  };
}
