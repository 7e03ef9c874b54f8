/** The routing table out of what the store holds. Pure; sorted, so that equal states give equal tables. */

import { type AdoptedFunction, adoptedId, FAASO_PORT } from "./adoption.ts";
import { DEFAULT_TIMEOUT_MS, type Deployment } from "./deployment.ts";
import { BAD_LOOKS_TO_FAIL } from "./failure-count.ts";
import { type InstanceRecord, isAtRest } from "./instance.ts";
import type { Project } from "./project.ts";
import type { RouteState, RouteTable, ServiceRoute } from "./route.ts";
import type { RouteClaim, RouteRecord } from "./route-claim.ts";
import type { Service } from "./service.ts";

export type RouteTableInput = {
  readonly projects: readonly Project[];
  readonly services: readonly Service[];
  /** Active ones, and those that are building, pending or starting; others don't matter. */
  readonly deployments: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
  /** Hosts and paths of services. */
  readonly routes: readonly RouteRecord[];
  /** One that has the route name of a service is left out: the service wins. */
  readonly adopted: readonly AdoptedFunction[];
  readonly baseDomain: string | null;
  readonly pathHost: string | null;
  readonly insideAddresses: readonly string[];
};

/** How long a request waits for a service that will be back at once, in milliseconds (design 12). */
export const PARK_MS = 30_000;

export function buildRouteTable(input: RouteTableInput): RouteTable {
  const slugs = new Map(input.projects.map((p) => [p.id, p.slug]));
  const deployments = new Map(input.deployments.map((d) => [d.id, d]));
  const coming = groupBy(input.deployments.filter(isComing), (d) => d.serviceId);
  const records = groupBy(input.records, (r) => r.serviceId);
  const services = input.services.filter((s) => !s.isPrivate).toSorted((a, b) => compare(a.id, b.id));
  const routeNames = new Set(input.services.map((s) => s.routeName));
  const adopted = input.adopted.filter(({ name }) => !routeNames.has(name)).toSorted((a, b) => compare(a.name, b.name));
  const own = services.map((s) =>
    routeOf(s, {
      projectSlug: slugs.get(s.projectId) ?? "",
      active: s.activeDeploymentId === null ? undefined : deployments.get(s.activeDeploymentId),
      coming: coming.get(s.id) ?? [],
      records: records.get(s.id) ?? [],
    }),
  );
  const routed = new Set(services.map((s) => s.id));
  const labels = [
    ...services.map((s) => [s.routeName, s.id] as const),
    ...adopted.map(({ name }) => [name, adoptedId(name)] as const),
  ];
  return {
    services: [...own, ...adopted.map(adoptedRoute)],
    hosts: claims(input.routes, "host", routed).filter(([host, id]) => !isNameOfOther(input, host, id)),
    labels: labels.toSorted((a, b) => compare(a[0], b[0])),
    paths: claims(input.routes, "path", routed),
    localPorts: services
      .flatMap((s) => (s.localPort === null ? [] : [[s.localPort, s.id] as const]))
      .toSorted((a, b) => a[0] - b[0]),
    baseDomain: input.baseDomain,
    pathHost: input.pathHost,
    insideAddresses: [...new Set(input.insideAddresses)].toSorted(compare),
  };
}

/** Those of services that are reachable, by value. */
function claims(
  routes: readonly RouteRecord[],
  kind: RouteClaim["kind"],
  routed: ReadonlySet<string>,
): (readonly [string, string])[] {
  return routes
    .filter((r) => r.kind === kind && routed.has(r.serviceId))
    .map((r) => [r.value, r.serviceId] as const)
    .toSorted((a, b) => compare(a[0], b[0]));
}

/**
 * Host claims come before names, but never take a name's own host away: one that was claimed before the server had its
 * base domain leads to the service of that name.
 */
function isNameOfOther({ services, baseDomain }: RouteTableInput, host: string, serviceId: string): boolean {
  if (baseDomain === null || !host.endsWith(`.${baseDomain}`)) return false;
  const label = host.slice(0, -baseDomain.length - 1);
  return services.some((s) => s.routeName === label && s.id !== serviceId);
}

/** What others started serves from the moment it runs: nobody looks whether it is ready. */
function adoptedRoute({ name, instances }: AdoptedFunction): ServiceRoute {
  return {
    serviceId: adoptedId(name),
    name,
    projectSlug: "",
    state: "ready",
    targets: instances.map(({ id, address }) => ({ slot: adoptedId(id), address, port: FAASO_PORT })),
    timeoutMs: DEFAULT_TIMEOUT_MS,
    parkMs: 0,
  };
}

type Parts = {
  readonly projectSlug: string;
  readonly active: Deployment | undefined;
  readonly coming: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
};

function routeOf(service: Service, parts: Parts): ServiceRoute {
  const own = parts.records.filter((r) => r.deploymentId === service.activeDeploymentId);
  const targets = own
    .flatMap((r) =>
      r.state === "ready" && r.port !== null ? [{ slot: r.slot, address: r.address, port: r.port }] : [],
    )
    .toSorted((a, b) => compare(a.slot, b.slot));
  return {
    serviceId: service.id,
    name: service.name,
    projectSlug: parts.projectSlug,
    state: service.desired === "running" && targets.length > 0 ? "ready" : stateWithoutTargets(service, parts, own),
    targets: service.desired === "running" ? targets : [],
    timeoutMs: parts.active?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    parkMs: PARK_MS,
  };
}

function stateWithoutTargets(service: Service, parts: Parts, own: readonly InstanceRecord[]): RouteState {
  if (service.desired === "stopped") return "stopped";
  if (parts.active !== undefined) {
    if (own.length > 0 && own.every(isAtRest)) return own.every((r) => r.lastExitCode === 0) ? "stopped" : "failed";
    const isLooping = own.length > 0 && own.every((r) => r.restartCount >= BAD_LOOKS_TO_FAIL);
    // A ready instance without a port is a worker that listens on nothing: waiting for it would be in vain.
    return isLooping || own.some((r) => r.state === "ready") ? "failed" : "parked";
  }
  if (parts.coming.some((d) => d.status !== "building")) return "starting";
  return parts.coming.length > 0 ? "building" : "failed";
}

function isComing(deployment: Deployment): boolean {
  return deployment.status === "building" || deployment.status === "pending" || deployment.status === "starting";
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
