/** The server itself, its host and its engine, for people who run it. Seed: DeployKit's SystemService. */

import type { EngineDescription } from "./driver.ts";

export type SystemAbout = {
  readonly slipway: { readonly version: string; readonly nodeVersion: string; readonly startedAt: number };
  readonly docker: Omit<EngineDescription, "containers" | "containersRunning" | "containersStopped" | "images">;
  readonly database: { readonly path: string; readonly sizeBytes: number };
  readonly latestRelease: ReleaseInfo | null;
  readonly updateAvailable: boolean;
};

export type Usage = { readonly totalBytes: number; readonly usedBytes: number; readonly usagePct: number };

export type SystemStatus = {
  readonly host: {
    readonly hostname: string;
    /** Seconds. */
    readonly uptime: number;
    readonly cpu: {
      readonly cores: number;
      readonly usagePct: number;
      readonly load1: number;
      readonly load5: number;
      readonly load15: number;
    };
    readonly memory: Usage;
    readonly swap: Usage;
    /** `/` and where the engine keeps its data, once each. */
    readonly disks: readonly (Usage & { readonly mountpoint: string })[];
  };
  readonly docker: {
    readonly reachable: boolean;
    /** Numbers that are not known (yet) are 0, as in DeployKit. */
    readonly containers: number;
    readonly containersRunning: number;
    readonly containersStopped: number;
    readonly images: number;
    readonly imagesSizeBytes: number;
    readonly volumes: number;
    readonly volumesSizeBytes: number;
    readonly buildCacheBytes: number;
  };
};

export type ReleaseInfo = {
  /** Without a leading v. */
  readonly version: string;
  readonly url: string;
  readonly notes: string;
  readonly publishedAt: number;
  readonly fetchedAt: number;
};

/** A release that can be installed: its program as a tar.gz of what `script/release` packs. */
export type OfferedRelease = ReleaseInfo & {
  readonly tarballUrl: string;
  /** Of the tarball, lower-case hex. */
  readonly sha256: string;
};

/** Where releases are announced. */
export interface ReleaseSource {
  /** @throws AppError `not_ready` when there is no such place, `bad_gateway` when it can't be asked or makes no sense */
  latest(): Promise<OfferedRelease>;
  /** That version, without a leading v. @throws as `latest`, `not_found` when it is not offered */
  find(version: string): Promise<OfferedRelease>;
}

/** A version as people write it; what follows the three numbers is a pre-release or a build. */
export const VERSION_PATTERN = /^v?\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][0-9A-Za-z.+-]{1,64})?$/;

/** Below 0: `a` is older than `b`. By the rules of semver.org; builds (`+…`) do not count. Both match VERSION_PATTERN. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let n = 0; n < 3; n += 1) {
    const difference = (left.numbers[n] ?? 0) - (right.numbers[n] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.preRelease.length === 0 || right.preRelease.length === 0) {
    return Number(left.preRelease.length === 0) - Number(right.preRelease.length === 0);
  }
  const longest = Math.max(left.preRelease.length, right.preRelease.length);
  for (let n = 0; n < longest; n += 1) {
    const difference = compareIdentifiers(left.preRelease[n], right.preRelease[n]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string) {
  const plain = version.replace(/^v/, "").split("+")[0] ?? "";
  const dash = plain.indexOf("-");
  const core = dash === -1 ? plain : plain.slice(0, dash);
  return { numbers: core.split(".").map(Number), preRelease: dash === -1 ? [] : plain.slice(dash + 1).split(".") };
}

/** Numbers come before words, fewer identifiers before more. */
function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

export const UPGRADE_STATES = ["idle", "queued", "running", "done", "failed"] as const;
export type UpgradeStatus = {
  readonly state: (typeof UPGRADE_STATES)[number];
  readonly targetVersion: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: string | null;
  /** At most 4096 bytes, the end kept. */
  readonly logTail: string | null;
};

export type SystemSettings = { readonly autoUpdate: boolean };

export interface SystemInspector {
  /** Never throws for an engine that is away. */
  about(): Promise<SystemAbout>;
  status(): Promise<SystemStatus>;
}

export interface Upgrades {
  /** What was fetched last; null: nothing yet. */
  latestRelease(): Promise<ReleaseInfo | null>;
  /** @throws AppError `bad_gateway` when it can't be asked, `not_ready` when nothing says where */
  refreshLatestRelease(): Promise<ReleaseInfo>;
  /**
   * @throws AppError `invalid` (version), `conflict` (same version; a deployment is under way; queued already),
   *   `forbidden` (older), `not_ready` (this server can't be upgraded so), `not_found`, `bad_gateway` (as ReleaseSource)
   */
  request(version: string): Promise<UpgradeStatus>;
  status(): Promise<UpgradeStatus>;
  settings(): Promise<SystemSettings>;
  updateSettings(patch: Partial<SystemSettings>): Promise<SystemSettings>;
}
