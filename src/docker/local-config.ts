/**
 * Containers of the local workshop as the engine wants them: hardened exactly as a server's instances are, but on the
 * engine's own networks, with a port on 127.0.0.1. Pure.
 */

import type { ContainerCreateOptions } from "dockerode";
import type { InstanceSpec } from "../domain/driver.ts";
import { instanceConfig } from "./instance-config.ts";

/** Labels of local containers, beside those of their image. No `slipway.deployment`: no server takes them for instances. */
export const LOCAL_LABELS = {
  /** Name of the function. */
  name: "slipway.local",
  /** SHA-256 (hex) over the settings it was started with. */
  settings: "slipway.local.settings",
  /** `<container port>:<host port>`, or empty. */
  port: "slipway.local.port",
  /** `up`, or what it was started for and ends with (`test`, `dev`, `check`). */
  purpose: "slipway.local.purpose",
  /** When it was made, ms since the epoch: the engine's own list has only seconds. */
  madeAt: "slipway.local.made-at",
} as const;

/** What a local container is for: `up` ones are the function; the others go with the command that made them. */
export type LocalPurpose = "up" | "test" | "dev" | "check";

export type LocalContainerSpec = Pick<
  InstanceSpec,
  "image" | "env" | "command" | "resources" | "mounts" | "networks" | "capabilities" | "isolation"
> & {
  readonly functionName: string;
  readonly containerName: string;
  readonly purpose: LocalPurpose;
  readonly settingsHash: string;
  /** ms since the epoch. */
  readonly madeAt: number;
  /** What is published on 127.0.0.1; null: nothing. */
  readonly port: { readonly containerPort: number; readonly hostPort: number } | null;
};

export function localContainerConfig(spec: LocalContainerSpec): ContainerCreateOptions {
  const { functionName, containerName, purpose, settingsHash, madeAt, port, ...rest } = spec;
  const [network = "bridge"] = spec.networks;
  const instance: InstanceSpec = {
    ...rest,
    projectSlug: "local",
    projectNetworkIndex: 0,
    serviceId: `local-${functionName}`,
    serviceName: functionName,
    serviceKind: "function",
    deploymentId: containerName,
    replica: 0,
    hostNumber: 0,
    ports: [],
  };
  const labels = {
    [LOCAL_LABELS.name]: functionName,
    [LOCAL_LABELS.settings]: settingsHash,
    [LOCAL_LABELS.purpose]: purpose,
    [LOCAL_LABELS.madeAt]: String(madeAt),
    [LOCAL_LABELS.port]: port === null ? "" : `${port.containerPort}:${port.hostPort}`,
  };
  const config = instanceConfig(instance, {
    name: containerName,
    network,
    address: "",
    gateway: "host-gateway",
    labels,
  });
  return {
    ...config,
    ...(port !== null && { ExposedPorts: { [`${port.containerPort}/tcp`]: {} } }),
    HostConfig: {
      ...config.HostConfig,
      NetworkMode: network,
      ...(port !== null && {
        PortBindings: { [`${port.containerPort}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: String(port.hostPort) }] },
      }),
    },
    // The engine chooses addresses here.
    NetworkingConfig: { EndpointsConfig: { [network]: {} } },
  };
}
