/** A deployment: one immutable attempt to roll out a service. What changes is only how far it has come. */

import type { Page } from "./project.ts";
import type { RouteClaim } from "./route-claim.ts";
import type { RuntimeOptions } from "./runtime.ts";

export const DEPLOYMENT_STATUSES = [
  "building",
  "built",
  "pending",
  "starting",
  "healthy",
  "failed",
  "superseded",
  "cancelled",
] as const;
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** Statuses in which the reconciler has something to keep running or to bring up. */
export const IN_FLIGHT: readonly DeploymentStatus[] = ["pending", "starting", "healthy"];

/**
 * Statuses of a deployment that is on its way (see isComing for those that are to be built only): it can still be
 * cancelled, and what it asks for is reserved for it.
 */
export const COMING: readonly DeploymentStatus[] = ["building", "pending", "starting"];

export type PortSpec = {
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly protocol: "tcp" | "udp";
};

export type Resources = {
  /** Thousandths of a core; null: no limit. */
  readonly cpuMillicores: number | null;
  readonly memoryBytes: number | null;
};

/** Longest number of processes in one instance. */
export const PIDS_LIMIT = 512;

export const DEFAULT_RESOURCES: Resources = { cpuMillicores: null, memoryBytes: 512 * 1024 * 1024 };

export type HealthCheck = {
  /** HTTP path that answers 2xx or 3xx when the instance is well. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The path is the runtime's and not the owner's: an app that does not know it (404) answers and is well, too. */
  readonly allowsNotFound: boolean;
};

/** What an instance must do right before its deployment may serve: answer a request, or turn one payload into another. */
export type DeployTest =
  | { readonly kind: "http"; readonly path: string; readonly status: number; readonly body: string | null }
  | { readonly kind: "message"; readonly input: unknown; readonly output: unknown };

export const ISOLATIONS = ["runc", "gvisor"] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** What a Dockerfile is given besides the files. Secrets are names; their contents are mounted while a step runs. */
export type BuildInputs = {
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
};

/** Parts of a manifest that are kept with a deployment for those who read them later. */
export type DeclaredParts = {
  readonly schema?: { readonly in?: unknown; readonly out?: unknown } | undefined;
  readonly services?: readonly string[] | undefined;
  readonly schedule?: readonly { readonly cron: string; readonly input?: unknown }[] | undefined;
  readonly scale?:
    | {
        readonly max?: number | undefined;
        readonly concurrency?: number | undefined;
        readonly freezeAfterMs?: number | undefined;
        readonly stopAfterMs?: number | undefined;
      }
    | undefined;
};

/** How long an instance may take to become ready before it is looked at as bad, in milliseconds. */
export const DEFAULT_START_MS = 60_000;
export const DEFAULT_HEALTH_INTERVAL_MS = 10_000;
export const DEFAULT_HEALTH_TIMEOUT_MS = 2_000;
/** How long a run or a request may take until the first byte of its answer, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Whether an instance that ended on its own is started again: always, unless it ended with code 0, or never. */
export const RESTART_POLICIES = ["always", "on-failure", "no"] as const;
export type RestartPolicy = (typeof RESTART_POLICIES)[number];

export type VolumeMount = {
  /** Relative: below `<data-dir>/volumes/<project>/<service>`. Absolute: only under a root the operator lists. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
};

export type Deployment = {
  readonly id: string;
  readonly serviceId: string;
  readonly status: DeploymentStatus;
  /** What instances are made from. Null until its build has succeeded, or the wanted image was fetched. */
  readonly image: string | null;
  /** Image services: the image as its owner named it, e.g. `postgres:16`. Null for functions. */
  readonly wantedImage: string | null;
  readonly sourceId: string | null;
  readonly buildId: string | null;
  readonly runtime: string | null;
  /** What instances get: kept variables of project, group and service, then the given ones, all references resolved. */
  readonly env: Readonly<Record<string, string>>;
  /** What its manifest or the request gave of it, unresolved. */
  readonly givenEnv: Readonly<Record<string, string>>;
  readonly ports: readonly PortSpec[];
  /** Ports the app may listen on, most likely first; the first that answers wins. Empty: it has none. */
  readonly listenPorts: readonly number[];
  readonly replicas: number;
  /** The number of instances its manifest asks for; null: it leaves that to the service's own scale. */
  readonly declaredReplicas: number | null;
  /** Built only: it waits as `built` until its owner rolls it out. */
  readonly isHeld: boolean;
  /** Held because its service is stopped: starting that rolls it out. */
  readonly awaitsStart: boolean;
  readonly restart: RestartPolicy;
  /** What the runtime's templates were rendered with. */
  readonly options: RuntimeOptions;
  readonly buildInputs: BuildInputs;
  /** Project-wide secrets it is given beside the function's own, by name. */
  readonly secrets: readonly string[];
  /** Networks it joins beside its project's. */
  readonly networks: readonly string[];
  /** Linux capabilities it keeps, e.g. `NET_BIND_SERVICE`. */
  readonly capabilities: readonly string[];
  readonly isolation: Isolation;
  /** Hosts and paths that become its service's when it is promoted; reserved for it while it is coming. */
  readonly routes: readonly RouteClaim[];
  /** Run against a ready instance before it takes traffic. */
  readonly test: DeployTest | null;
  readonly declared: DeclaredParts;
  readonly resources: Resources;
  readonly command: readonly string[];
  readonly health: HealthCheck | null;
  readonly startMs: number;
  readonly timeoutMs: number;
  readonly volumes: readonly VolumeMount[];
  /**
   * Port and tag its upload asks for. Reserved for its service while it is coming, the service's own once it is
   * promoted; null: the service keeps what it has.
   */
  readonly localPort: number | null;
  readonly tag: string | null;
  /** lambdaathome's volume text as it was uploaded. */
  readonly volumeText: string;
  readonly failureReason: string | null;
  readonly exitCode: number | null;
  /** Last lines of the instance or of the build, at most 10 KiB, the end kept. */
  readonly logTail: string | null;
  /** SHA-256 (hex) over all that was asked for: source, runtime and settings. Equal hashes: nothing to roll out. */
  readonly configHash: string | null;
  /** How often an instance of it went bad before it was ready. */
  readonly attemptCount: number;
  readonly startedAt: number | null;
  readonly healthyAt: number | null;
  readonly finishedAt: number | null;
  readonly createdAt: number;
};

export interface DeploymentStore {
  /** @throws AppError `not_found` */
  get(id: string): Promise<Deployment>;
  /** Newest first; equal times by id. */
  list(
    filter: { readonly serviceId?: string; readonly statuses?: readonly DeploymentStatus[] } & Page,
  ): Promise<readonly Deployment[]>;
  count(filter: { readonly serviceId?: string; readonly statuses?: readonly DeploymentStatus[] }): Promise<number>;
  create(deployment: Deployment): Promise<void>;
  /** @throws AppError `not_found` */
  update(id: string, patch: Partial<Omit<Deployment, "id" | "serviceId" | "createdAt">>): Promise<Deployment>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
}

/** On its way to serve; what is only built is not. */
export function isComing({ status, isHeld }: Pick<Deployment, "status" | "isHeld">): boolean {
  return COMING.includes(status) && !isHeld;
}

/** Built only, or being built for that: it waits until its owner rolls it out. */
export function isWaiting({ status, isHeld }: Pick<Deployment, "status" | "isHeld">): boolean {
  return isHeld && (status === "building" || status === "built");
}

/** Old instance first out, then the new one in: two copies must never write one volume or hold one host port. */
export function isStopFirst(deployment: Pick<Deployment, "volumes" | "ports">): boolean {
  return deployment.volumes.some((v) => !v.readOnly) || deployment.ports.some((p) => p.hostPort !== undefined);
}

/** The end of `text`, at most `maxBytes` of UTF-8, cut at a line where there is one. */
export function tailOf(text: string, maxBytes = 10_240): string {
  let start = text.length;
  for (let bytes = 0; start > 0; start -= 1) {
    bytes += utf8Bytes(text.charCodeAt(start - 1));
    if (bytes > maxBytes) break;
  }
  if (start === 0) return text;
  const cut = text.slice(start);
  const newline = cut.indexOf("\n");
  return newline >= 0 && newline < cut.length - 1 ? cut.slice(newline + 1) : cut;
}

/** Of one UTF-16 code unit; the two of a surrogate pair make four bytes together. */
function utf8Bytes(unit: number): number {
  if (unit < 0x80) return 1;
  return unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
}
