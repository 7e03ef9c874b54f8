/** A build: source + runtime → image, with a streamed, stored log. */

import type { Page } from "./project.ts";
import type { RuntimeFiles } from "./runtime.ts";

export const BUILD_STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type BuildStatus = (typeof BUILD_STATUSES)[number];

export type Build = {
  readonly id: string;
  readonly serviceId: string;
  readonly sourceId: string;
  /** Name of the runtime, or null when the source's own Dockerfile is used. */
  readonly runtime: string | null;
  readonly status: BuildStatus;
  /** SHA-256 (hex) over everything that decides the image; null until staged. */
  readonly contentHash: string | null;
  /** `slipway/<project>/<service>:<first 12 of the content hash>` once succeeded. */
  readonly image: string | null;
  /** True when an image of this content hash was there and nothing had to be built. */
  readonly wasCached: boolean;
  /** Why it failed, for people. */
  readonly error: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
};

export interface BuildStore {
  /** @throws AppError `not_found` */
  get(id: string): Promise<Build>;
  /** Newest first. */
  list(
    filter: { readonly serviceId?: string; readonly statuses?: readonly BuildStatus[] } & Page,
  ): Promise<readonly Build[]>;
  create(build: Build): Promise<void>;
  update(id: string, patch: Partial<Omit<Build, "id" | "serviceId">>): Promise<Build>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
}

/** What a build is made from and how it may be limited. */
export type BuildRequest = {
  readonly buildId: string;
  readonly projectSlug: string;
  readonly serviceName: string;
  readonly serviceId: string;
  readonly sourceId: string;
  /** undefined: the source holds its own Dockerfile. */
  readonly runtime: RuntimeFiles | undefined;
  /** Further tag of the image, as lambdaathome's uploads give one. */
  readonly tag: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** What the Dockerfile may mount (`RUN --mount=type=secret,id=<name>`), by name. Never stored with the build. */
  readonly buildSecrets: Readonly<Record<string, Uint8Array>>;
  /** What tells one content of a secret from another without saying it; one without counts as changed each time. */
  readonly buildSecretVersions?: Readonly<Record<string, string>>;
  /** The image it had: where it is gone, and a registry has it, it is fetched from there instead of being built again. */
  readonly wantedImage?: string | undefined;
  readonly noCache: boolean;
};

export type BuildResult = {
  readonly image: string;
  readonly contentHash: string;
  readonly wasCached: boolean;
  /** First TCP port the image EXPOSEs, if any. */
  readonly exposedPort: number | undefined;
};

export type BuildLimits = {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** Thousandths of a core. */
  readonly cpuMillicores: number;
  /** Builds at the same time. */
  readonly parallel: number;
};

export const DEFAULT_BUILD_LIMITS: BuildLimits = {
  timeoutMs: 600_000,
  memoryBytes: 2 * 1024 * 1024 * 1024,
  cpuMillicores: 2000,
  parallel: 2,
};

export interface ImageBuilder {
  /**
   * Builds (or finds) the image. Waits for its turn when as many builds as allowed are running. Lines of the log go to
   * `BuildLogs` under `buildId` while they come. Staging is removed in every outcome.
   * @throws AppError `build_failed` (message: the step and its last words; `logTail`), `cancelled`, `timeout`,
   *   `unavailable` (engine away), `disk_full`
   */
  build(request: BuildRequest, signal: AbortSignal): Promise<BuildResult>;
  /** Removes images of the service but those in `keep`. Images in use stay. */
  pruneImages(serviceId: string, keep: readonly string[]): Promise<void>;
}

/** Build logs as files, followed while they grow. */
export interface BuildLogs {
  append(buildId: string, text: string): void;
  /** No more lines will come; followers end. */
  end(buildId: string): Promise<void>;
  /** The stored text, from the start. Empty when there is none. */
  read(buildId: string): Promise<string>;
  /** What is stored, then what is appended, until the build's log has ended or the signal aborts. */
  follow(buildId: string, signal: AbortSignal): AsyncIterable<string>;
  /** Idempotent. */
  remove(buildId: string): Promise<void>;
  /** Ids of the builds that have a stored log. */
  list(): Promise<readonly string[]>;
}

/** How many images of a function are kept for rollback. */
export const KEPT_IMAGES = 5;
