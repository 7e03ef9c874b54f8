/** What the store says of services, as planning needs it: of one, or of all at once in a few queries. */

import { type Deployment, IN_FLIGHT } from "../domain/deployment.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";

export type Snapshot = {
  /** Undefined once it was deleted: records of its instances may still be there. */
  readonly service: Service | undefined;
  /** Pending, starting and healthy ones, newest first. */
  readonly deployments: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
};

export type SnapshotStores = Pick<Stores, "services" | "deployments" | "instances">;

export async function readSnapshot(stores: SnapshotStores, serviceId: string): Promise<Snapshot> {
  return {
    service: await stores.services.find(serviceId),
    deployments: await stores.deployments.list({ serviceId, statuses: IN_FLIGHT }),
    records: await stores.instances.list({ serviceId }),
  };
}

/** By service id; services that are gone are among them while they have records. */
export async function readAllSnapshots(stores: SnapshotStores): Promise<ReadonlyMap<string, Snapshot>> {
  const services = new Map((await stores.services.list()).map((s) => [s.id, s]));
  const deployments = Map.groupBy(await stores.deployments.list({ statuses: IN_FLIGHT }), (d) => d.serviceId);
  const records = Map.groupBy(await stores.instances.list(), (r) => r.serviceId);
  const ids = new Set([...services.keys(), ...records.keys()]);
  return new Map(
    [...ids].map((id) => [
      id,
      { service: services.get(id), deployments: deployments.get(id) ?? [], records: records.get(id) ?? [] },
    ]),
  );
}

/** The newest deployments of services that have none in flight, by service id: what has failed, was only built, is being built. */
export async function readNewest(
  stores: Pick<Stores, "deployments">,
  snapshots: ReadonlyMap<string, Snapshot>,
): Promise<ReadonlyMap<string, Deployment>> {
  const newest = new Map<string, Deployment>();
  for (const [id, { service, deployments }] of snapshots) {
    if (service === undefined || deployments.length > 0) continue;
    const [found] = await stores.deployments.list({ serviceId: id, limit: 1 });
    if (found !== undefined) newest.set(id, found);
  }
  return newest;
}

/** The deployment that serves. */
export function activeOf({ service, deployments }: Snapshot): Deployment | undefined {
  return deployments.find((d) => d.id === service?.activeDeploymentId && d.status === "healthy");
}
