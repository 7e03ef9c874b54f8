/** The routing table out of what the store holds. Pure; sorted, so that equal states give equal tables. */

import { DEFAULT_TIMEOUT_MS, type Deployment } from "./deployment.ts";
import { BAD_LOOKS_TO_FAIL } from "./failure-count.ts";
import type { InstanceRecord } from "./instance.ts";
import type { Project } from "./project.ts";
import type { RouteState, RouteTable, ServiceRoute } from "./route.ts";
import type { Service } from "./service.ts";

export type RouteTableInput = {
  readonly projects: readonly Project[];
  readonly services: readonly Service[];
  /** Active ones, and those that are building, pending or starting; others don't matter. */
  readonly deployments: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
  readonly baseDomain: string | null;
};

/** How long a request waits for a service that will be back at once, in milliseconds (design 12). */
export const PARK_MS = 30_000;

export function buildRouteTable(input: RouteTableInput): RouteTable {
  const slugs = new Map(input.projects.map((p) => [p.id, p.slug]));
  const deployments = new Map(input.deployments.map((d) => [d.id, d]));
  const coming = groupBy(input.deployments.filter(isComing), (d) => d.serviceId);
  const records = groupBy(input.records, (r) => r.serviceId);
  const services = input.services.filter((s) => !s.isPrivate).toSorted((a, b) => compare(a.id, b.id));
  return {
    services: services.map((s) =>
      routeOf(s, {
        projectSlug: slugs.get(s.projectId) ?? "",
        active: s.activeDeploymentId === null ? undefined : deployments.get(s.activeDeploymentId),
        coming: coming.get(s.id) ?? [],
        records: records.get(s.id) ?? [],
      }),
    ),
    hosts: [],
    labels: services.map((s) => [s.routeName, s.id] as const).toSorted((a, b) => compare(a[0], b[0])),
    paths: [],
    localPorts: services
      .flatMap((s) => (s.localPort === null ? [] : [[s.localPort, s.id] as const]))
      .toSorted((a, b) => a[0] - b[0]),
    baseDomain: input.baseDomain,
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
