/** What somebody asks for when a function is deployed, and what follows from it. Pure. */

import {
  DEFAULT_RESOURCES,
  DEFAULT_START_MS,
  DEFAULT_TIMEOUT_MS,
  type Deployment,
  type HealthCheck,
  type Resources,
  type VolumeMount,
} from "./deployment.ts";

/** Everything of a deployment that its owner decides. */
export type RolloutSettings = {
  /** What the app listens on, when its owner says so. */
  readonly port: number | null;
  readonly env: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly resources: Resources;
  readonly command: readonly string[];
  readonly health: HealthCheck | null;
  readonly startMs: number;
  readonly timeoutMs: number;
  readonly volumes: readonly VolumeMount[];
};

export const DEFAULT_SETTINGS: RolloutSettings = {
  port: null,
  env: {},
  replicas: 1,
  resources: DEFAULT_RESOURCES,
  command: [],
  health: null,
  startMs: DEFAULT_START_MS,
  timeoutMs: DEFAULT_TIMEOUT_MS,
  volumes: [],
};

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

/** Images to keep for rollback: what serves, and the newest `count` distinct ones. */
export function imagesToKeep(
  deployments: readonly Deployment[],
  activeId: string | null,
  count: number,
): readonly string[] {
  const newestFirst = deployments.toSorted((a, b) => b.createdAt - a.createdAt);
  const active = newestFirst.find((d) => d.id === activeId);
  const images = [active?.image, ...newestFirst.map((d) => d.image)].filter(
    (image) => image !== null && image !== undefined,
  );
  return [...new Set(images)].slice(0, count);
}

/** The deployment a rollback without a target goes to: the newest one that served before the active one. */
export function rollbackTarget(deployments: readonly Deployment[], activeId: string | null): Deployment | undefined {
  return deployments
    .filter((d) => d.id !== activeId && d.status === "superseded" && d.healthyAt !== null && d.image !== null)
    .toSorted((a, b) => (b.healthyAt ?? 0) - (a.healthyAt ?? 0))[0];
}
