/** What a local container is started with: the manifest, what the runtime says where that is silent, the image's ports. Pure. */

import { createHash } from "node:crypto";
import type { Deployment } from "../domain/deployment.ts";
import { listenPorts, type RolloutSettings, withRuntimeDefaults } from "../domain/rollout.ts";
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
  const { env, command, startMs, timeoutMs, volumes, networks, capabilities, isolation } = settings;
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
    ...withRuntimeDefaults(settings, runtime),
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
