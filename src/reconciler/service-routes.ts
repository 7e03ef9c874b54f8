/** Hosts and paths that a manifest asks for: refused when they are another's, and the service's once what asked serves. */

import { COMING, type Deployment } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import type { RouteClaim, RouteRecord } from "../domain/route-claim.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";

export type RouteWish = {
  /** What the service is or will be called on the gateway. */
  readonly routeName: string;
  readonly routes: readonly RouteClaim[];
  /** Lower case; null: none. */
  readonly baseDomain: string | null;
};

/**
 * To be asked before an upload is taken.
 * @throws AppError `conflict` naming the owner: the host or path is another service's, will be it once its deployment
 *   serves, or is where another service answers by its name
 */
export async function requireRoutesFree(tx: Stores, wish: RouteWish): Promise<void> {
  const own = (await tx.services.findByRouteName(wish.routeName))?.id;
  const coming = (await tx.deployments.list({ statuses: COMING })).filter((d) => d.serviceId !== own);
  for (const claim of wish.routes) {
    const owner = await ownerOf(tx, claim, coming, wish.baseDomain);
    if (owner !== undefined && owner.id !== own) throw taken("routes", claim.value, owner);
  }
  // A name that is its service's already stays that, whatever base domain the server has by now.
  if (wish.baseDomain === null || own !== undefined) return;
  const ownHost: RouteClaim = { kind: "host", value: `${wish.routeName}.${wish.baseDomain}` };
  const owner = await claimerOf(tx, ownHost, coming);
  if (owner !== undefined) throw taken("name", ownHost.value, owner);
}

/**
 * The routes of what serves from now on become its service's; those an earlier manifest asked for go. Answers the ones
 * it does not get: one that waited to be deployed, or is gone back to, may have lost them to another service's claim or
 * name.
 */
export async function takeManifestRoutes(
  tx: Stores,
  { serviceId, routes }: Pick<Deployment, "serviceId" | "routes">,
  now: number,
  baseDomain: string | null,
): Promise<readonly RouteClaim[]> {
  for (const old of await tx.routes.list({ serviceId }))
    if (old.origin === "manifest" && !routes.some((claim) => isSame(claim, old))) await tx.routes.remove(old.id);
  const lost: RouteClaim[] = [];
  for (const { kind, value } of routes) {
    const found = await tx.routes.find({ kind, value });
    const ownerId = found?.serviceId ?? (await ownerOf(tx, { kind, value }, [], baseDomain))?.id ?? serviceId;
    if (ownerId !== serviceId) lost.push({ kind, value });
    else if (found === undefined)
      await tx.routes.create({ id: newId(), serviceId, kind, value, origin: "manifest", createdAt: now });
  }
  return lost;
}

/** A host or path that its owner gives a service by hand. @throws AppError `conflict` naming who has it */
export async function addOwnersRoute(
  tx: Stores,
  service: Service,
  { kind, value }: RouteClaim,
  now: number,
  baseDomain: string | null,
): Promise<RouteRecord> {
  const found = await tx.routes.find({ kind, value });
  if (found?.serviceId === service.id) return found;
  await requireRoutesFree(tx, { routeName: service.routeName, routes: [{ kind, value }], baseDomain });
  const route: RouteRecord = { id: newId(), serviceId: service.id, kind, value, origin: "owner", createdAt: now };
  await tx.routes.create(route);
  return route;
}

async function ownerOf(
  tx: Stores,
  claim: RouteClaim,
  coming: readonly Deployment[],
  baseDomain: string | null,
): Promise<Service | undefined> {
  const claimer = await claimerOf(tx, claim, coming);
  if (claimer !== undefined || claim.kind === "path") return claimer;
  const [label = "", ...rest] = claim.value.split(".");
  const domain = rest.join(".");
  if (domain !== baseDomain && domain !== "localhost") return undefined;
  return tx.services.findByRouteName(label);
}

async function claimerOf(tx: Stores, claim: RouteClaim, coming: readonly Deployment[]): Promise<Service | undefined> {
  const found = await tx.routes.find(claim);
  const serviceId = found?.serviceId ?? coming.find((d) => d.routes.some((r) => isSame(r, claim)))?.serviceId;
  return serviceId === undefined ? undefined : tx.services.find(serviceId);
}

function isSame(a: RouteClaim, b: RouteClaim): boolean {
  return a.kind === b.kind && a.value === b.value;
}

function taken(field: string, value: string, owner: Service): AppError {
  return new AppError("conflict", `${field}: ${value} is taken by ${owner.name}.`, {
    fields: { [field]: [`${value} is taken by ${owner.name}`] },
    remedy: field === "name" ? "Choose another name." : "Choose another host or path, or take it from that one first.",
  });
}
