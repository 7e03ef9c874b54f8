/** What a local container is started with: the manifest, what the runtime says where that is silent, the image's ports. Pure. */

import { createHash } from "node:crypto";
import {
  DEFAULT_HEALTH_INTERVAL_MS,
  DEFAULT_HEALTH_TIMEOUT_MS,
  DEFAULT_RESOURCES,
  type Deployment,
} from "../domain/deployment.ts";
import { listenPorts, type RolloutSettings } from "../domain/rollout.ts";
import type { Runtime, RuntimeProtocol } from "../domain/runtime.ts";

export type LocalSettings = Pick<
  Deployment,
  | "env"
  | "listenPorts"
  | "command"
  | "resources"
  | "health"
  | "startMs"
  | "timeoutMs"
  | "volumes"
  | "networks"
  | "capabilities"
  | "isolation"
> & { readonly protocol: RuntimeProtocol };

export function localSettingsOf(
  settings: RolloutSettings,
  runtime: Runtime | undefined,
  exposedPort: number | undefined,
): LocalSettings {
  const { env, command, startMs, timeoutMs, volumes, networks, capabilities, isolation, resources } = settings;
  const memoryBytes =
    resources.memoryBytes === undefined
      ? (runtime?.memoryBytes ?? DEFAULT_RESOURCES.memoryBytes)
      : resources.memoryBytes;
  const runtimeHealth = runtime?.healthPath
    ? {
        path: runtime.healthPath,
        intervalMs: DEFAULT_HEALTH_INTERVAL_MS,
        timeoutMs: DEFAULT_HEALTH_TIMEOUT_MS,
        allowsNotFound: true,
      }
    : null;
  return {
    protocol: runtime?.protocol ?? "http",
    listenPorts: listenPorts({
      port: settings.port,
      exposedPort,
      runtimePort: runtime?.defaultPort,
      localPort: null,
    }),
    env,
    command,
    resources: { cpuMillicores: resources.cpuMillicores, memoryBytes },
    health: settings.health ?? runtimeHealth,
    startMs,
    timeoutMs,
    volumes,
    networks,
    capabilities,
    isolation,
  };
}

/** SHA-256 (hex): containers of another one are out of date. */
export function hashOfSettings(settings: LocalSettings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex");
}
