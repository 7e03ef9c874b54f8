/** From an InstanceSpec to the body of the engine's container create: all hardening (design 10) stands here. Pure. */

import type { ContainerCreateOptions, MountSettings } from "dockerode";
import { PIDS_LIMIT, type PortSpec } from "../domain/deployment.ts";
import type { InstanceSpec } from "../domain/driver.ts";

/** What Slipway's own things are called on the network of an instance: the host, where the gateway listens. */
const HOST_NAMES = ["slipway", "faaso-proxy"];

/** Logs of one instance take at most 30 MB of the engine's disk. */
const LOG_LIMITS = { "max-size": "10m", "max-file": "3" };

/** Image services keep Docker's default set (a database changes user and owner as it starts) less these. */
const CAPABILITIES_DROPPED = { function: ["ALL"], image: ["NET_RAW", "MKNOD", "AUDIT_WRITE"] };

/** What gVisor is called among the engine's runtimes. */
export const GVISOR_RUNTIME = "runsc";

/** Where host ports are bound unless the operator says otherwise: nobody outside the machine reaches them. */
export const DEFAULT_HOST_PORT_ADDRESS = "127.0.0.1";

/** What depends on the server rather than on the spec. */
export type Placement = {
  readonly name: string;
  readonly network: string;
  /** The instance's own address, and the host's on its network. */
  readonly address: string;
  readonly gateway: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The host's address that host ports are bound to. */
  readonly hostPortAddress?: string;
};

export function instanceConfig(spec: InstanceSpec, placement: Placement): ContainerCreateOptions {
  return {
    name: placement.name,
    Image: spec.image,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    ...(spec.command.length > 0 && { Cmd: [...spec.command] }),
    Labels: { ...placement.labels },
    ...exposed(spec),
    // Slipway's own checks decide. The image's would be a second judge nobody listens to, and would start a process
    // in the instance every few seconds, also in one that ought to sleep.
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...limits(spec),
      Init: true,
      Privileged: false,
      SecurityOpt: ["no-new-privileges"],
      CapDrop: CAPABILITIES_DROPPED[spec.serviceKind],
      ...(spec.capabilities.length > 0 && { CapAdd: [...spec.capabilities] }),
      ...(spec.isolation === "gvisor" && { Runtime: GVISOR_RUNTIME }),
      // The reconciler alone restarts: the engine's own restart gives other addresses (design 12).
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: LOG_LIMITS },
      NetworkMode: placement.network,
      ...bindings(spec, placement.hostPortAddress ?? DEFAULT_HOST_PORT_ADDRESS),
      ExtraHosts: HOST_NAMES.map((host) => `${host}:${placement.gateway}`),
      // Not `Binds`: they make a missing source instead of an error.
      Mounts: spec.mounts.map(
        (mount): MountSettings => ({
          Type: "bind",
          Source: mount.source,
          Target: mount.target,
          ReadOnly: mount.readOnly,
        }),
      ),
    },
    NetworkingConfig: { EndpointsConfig: { [placement.network]: { IPAMConfig: { IPv4Address: placement.address } } } },
  };
}

function limits(spec: InstanceSpec) {
  const { memoryBytes, cpuMillicores } = spec.resources;
  return {
    PidsLimit: PIDS_LIMIT,
    // MemorySwap counts memory and swap together: equal means no swap.
    ...(memoryBytes !== null && { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(cpuMillicores !== null && { NanoCpus: cpuMillicores * 1_000_000 }),
  };
}

function exposed({ ports }: InstanceSpec) {
  if (ports.length === 0) return {};
  return { ExposedPorts: Object.fromEntries(ports.map((port) => [nameOf(port), {}])) };
}

function bindings({ ports }: InstanceSpec, address: string) {
  const bound = Map.groupBy(
    ports.filter(({ hostPort }) => hostPort !== undefined),
    nameOf,
  );
  if (bound.size === 0) return {};
  const toBinding = ({ hostPort }: PortSpec) => ({ HostIp: address, HostPort: String(hostPort) });
  return { PortBindings: Object.fromEntries([...bound].map(([name, same]) => [name, same.map(toBinding)])) };
}

/** As the engine names a port: `53/udp`. */
function nameOf({ containerPort, protocol }: PortSpec): string {
  return `${containerPort}/${protocol}`;
}
