/**
 * Two servers on one engine need prefixes of their own, or each would find the other's containers and networks in its
 * way. Told at the start, by the labels of what is there; nothing of another server's is ever touched.
 */

import { AppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";

/** A container or a network, as far as it says whose it is. */
export type NamedThing = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

/** @throws AppError `conflict` when another server has things of this one's names and this one has none; `unavailable` */
export async function requireNamesFree(client: DockerClient, names: EngineNames): Promise<void> {
  const filters = { label: [LABELS.server] };
  const containers = await client.call((engine) => engine.listContainers({ all: true, filters }));
  const networks = await client.call((engine) => engine.listNetworks({ filters }));
  const conflict = nameConflict(
    names,
    containers.map(({ Names, Labels }) => ({ name: (Names[0] ?? "").replace(/^\//, ""), labels: Labels })),
    networks.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} })),
  );
  if (conflict !== undefined) throw conflict;
}

/** Pure. A server that has things there already has been let in before, and is not locked out of them. */
export function nameConflict(
  names: EngineNames,
  containers: readonly NamedThing[],
  networks: readonly NamedThing[],
): AppError | undefined {
  if ([...containers, ...networks].some(({ labels }) => names.isOwn(labels))) return undefined;
  const isInTheWay = ({ name, labels }: NamedThing): boolean => {
    const network = names.network(labels[LABELS.project] ?? "");
    return name === network || name.startsWith(`${network}-`);
  };
  const [inTheWay, networksInTheWay] = [containers.filter(isInTheWay), networks.filter(isInTheWay)];
  const [first] = [...inTheWay, ...networksInTheWay];
  if (first === undefined) return undefined;
  const owner = first.labels[LABELS.server] ?? "";
  const clearing = [
    ...(inTheWay.length > 0 ? [`docker rm -f $(docker ps -aq --filter label=${LABELS.server}=${owner})`] : []),
    ...(networksInTheWay.length > 0
      ? [`docker network rm $(docker network ls -q --filter label=${LABELS.server}=${owner})`]
      : []),
  ];
  return new AppError(
    "conflict",
    `Another Slipway server (${owner}) has ${count(inTheWay, "container")} and ${count(networksInTheWay, "network")} on this Docker engine under the prefix ${names.prefix}, such as ${first.name}.`,
    {
      remedy: `If that server is still in use, give this one names and addresses of its own: SLIPWAY_PREFIX and SLIPWAY_NETWORK_POOL. If you have its data directory, start with that (--data-dir). If it is gone for good, remove what it left: ${clearing.join(" && ")}`,
    },
  );
}

function count(things: readonly NamedThing[], noun: string): string {
  return `${things.length} ${noun}${things.length === 1 ? "" : "s"}`;
}
