/** What somebody asks for when a function is deployed, and what follows from it. Pure. */

import {
  COMING,
  DEFAULT_HEALTH_INTERVAL_MS,
  DEFAULT_HEALTH_TIMEOUT_MS,
  DEFAULT_RESOURCES,
  DEFAULT_START_MS,
  DEFAULT_TIMEOUT_MS,
  type Deployment,
  type HealthCheck,
  type Resources,
} from "./deployment.ts";
import { isEqual } from "./project-diff.ts";
import type { Runtime } from "./runtime.ts";
import { settingsOfDeployment } from "./service-settings.ts";

/** Everything of a deployment that its owner decides. */
export type RolloutSettings = Pick<
  Deployment,
  | "env"
  | "command"
  | "options"
  | "buildInputs"
  | "secrets"
  | "networks"
  | "capabilities"
  | "isolation"
  | "routes"
  | "test"
  | "declared"
  | "startMs"
  | "timeoutMs"
  | "volumes"
> & {
  /** What the app listens on, when its owner says so. */
  readonly port: number | null;
  /** Null: as many as the service was scaled to, 1 for a new one. */
  readonly replicas: number | null;
  /** `memoryBytes: undefined`: the runtime's, else the server's default. */
  readonly resources: Omit<Resources, "memoryBytes"> & { readonly memoryBytes: number | null | undefined };
  /** Null: the runtime's, else an open port. */
  readonly health: HealthCheck | null;
};

export const DEFAULT_SETTINGS: RolloutSettings = {
  port: null,
  env: {},
  replicas: null,
  resources: { cpuMillicores: DEFAULT_RESOURCES.cpuMillicores, memoryBytes: undefined },
  command: [],
  health: null,
  options: {},
  buildInputs: { args: {}, secrets: [] },
  secrets: [],
  networks: [],
  capabilities: [],
  isolation: "runc",
  routes: [],
  test: null,
  declared: {},
  startMs: DEFAULT_START_MS,
  timeoutMs: DEFAULT_TIMEOUT_MS,
  volumes: [],
};

/** Memory and health check as its owner wants them, else as its runtime does, else the server's defaults. */
export function withRuntimeDefaults(
  { resources: { cpuMillicores, memoryBytes }, health }: Pick<RolloutSettings, "resources" | "health">,
  runtime: Pick<Runtime, "memoryBytes" | "healthPath"> | undefined,
): Pick<Deployment, "resources" | "health"> {
  const runtimesMemory = runtime?.memoryBytes ?? DEFAULT_RESOURCES.memoryBytes;
  const runtimesHealth: HealthCheck | null = runtime?.healthPath
    ? {
        path: runtime.healthPath,
        intervalMs: DEFAULT_HEALTH_INTERVAL_MS,
        timeoutMs: DEFAULT_HEALTH_TIMEOUT_MS,
        allowsNotFound: true,
      }
    : null;
  return {
    resources: { cpuMillicores, memoryBytes: memoryBytes === undefined ? runtimesMemory : memoryBytes },
    health: health ?? runtimesHealth,
  };
}

/** What a function listens on when neither its owner nor its image says anything (lambdaathome's contract). */
export const FALLBACK_PORT = 8080;

/**
 * Ports to look at, the one told to the app as PORT first. A port its owner names is the only one; else the image's
 * EXPOSE, the runtime's default, 8080 and the upload's own `port` are tried (design 6).
 */
export function listenPorts(known: {
  readonly port: number | null;
  readonly exposedPort: number | undefined;
  readonly runtimePort: number | undefined;
  readonly localPort: number | null;
}): readonly number[] {
  if (known.port !== null) return [known.port];
  const candidates = [known.exposedPort, known.runtimePort, FALLBACK_PORT, known.localPort ?? undefined];
  return [...new Set(candidates.filter((port) => port !== undefined))];
}

/**
 * The `count` images to keep: what serves, what is coming, what is built and waits, the newest deployment's, then the
 * newest of those that once served, for rollback. What never served takes no place from them.
 */
export function imagesToKeep(
  deployments: readonly Deployment[],
  activeId: string | null,
  count: number,
): readonly string[] {
  const newestFirst = deployments.toSorted((a, b) => b.createdAt - a.createdAt);
  const kept = [
    ...newestFirst.filter((d) => d.id === activeId),
    ...newestFirst.filter((d) => COMING.includes(d.status)),
    ...newestFirst.filter((d) => d.status === "built").slice(0, 1),
    ...newestFirst.slice(0, 1),
    ...newestFirst.filter((d) => d.healthyAt !== null),
  ];
  return [...new Set(kept.map((d) => d.image).filter((image) => image !== null))].slice(0, count);
}

/**
 * Deployments nobody needs any more: beyond the newest `count`, not serving, not coming, not built and waiting, and with
 * an image that is not kept for rollback.
 */
export function deploymentsToForget(
  deployments: readonly Deployment[],
  activeId: string | null,
  keptImages: readonly string[],
  count: number,
): readonly Deployment[] {
  return deployments
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(count)
    .filter((d) => d.id !== activeId && d.status !== "healthy" && d.status !== "built" && !COMING.includes(d.status))
    .filter((d) => d.healthyAt === null || d.image === null || !keptImages.includes(d.image));
}

/** The number of instances aside: a scale outlives rollbacks. Of builds the hash stands for the image. */
function asksForTheSame(a: Deployment, b: Deployment): boolean {
  const isBuilt = a.configHash !== null;
  const asked = (d: Deployment) => ({
    ...settingsOfDeployment(d),
    replicas: 0,
    image: isBuilt ? null : d.image,
    env: d.env,
  });
  return a.configHash === b.configHash && isEqual(asked(a), asked(b));
}

/** How many deployments of a service are remembered. */
export const KEPT_DEPLOYMENTS = 50;

/**
 * The deployment a rollback without a target goes to: the newest that once served and is older than the active one. One
 * that asked for the same (a restart's model or copy) is no way back and is passed over.
 */
export function rollbackTarget(deployments: readonly Deployment[], activeId: string | null): Deployment | undefined {
  const active = deployments.find((d) => d.id === activeId);
  const isSame = (d: Deployment): boolean => active !== undefined && asksForTheSame(d, active);
  return deployments
    .filter((d) => d.status === "superseded" && d.healthyAt !== null && d.image !== null)
    .filter((d) => active === undefined || (d.createdAt < active.createdAt && !isSame(d)))
    .toSorted((a, b) => b.createdAt - a.createdAt)[0];
}
