/** What runs instances. Five narrow interfaces; `docker` and `memory` implement them, `swarm` and `process` will. */

import type { Isolation, PortSpec, Resources, VolumeMount } from "./deployment.ts";
import type { RegistryDriver } from "./registry.ts";

/** What an instance is started with. Everything is decided; a driver adds only hardening (design 10). */
export type InstanceSpec = {
  readonly projectSlug: string;
  readonly projectNetworkIndex: number;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceKind: "function" | "image";
  readonly deploymentId: string;
  readonly replica: number;
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Host number in the project's /24. */
  readonly hostNumber: number;
  readonly resources: Resources;
  /** Sources are absolute paths that exist. */
  readonly mounts: readonly VolumeMount[];
  /** Networks to join beside the project's, where it has whatever address the engine gives it. */
  readonly networks: readonly string[];
  /** Linux capabilities kept; all others are dropped from functions. */
  readonly capabilities: readonly string[];
  readonly isolation: Isolation;
  /** Those with a host port are bound to it, on the address that the operator set. */
  readonly ports: readonly PortSpec[];
};

/** What a driver reports of one instance of ours. */
export type ObservedInstance = {
  /** The driver's id (Docker: container id). */
  readonly runtimeId: string;
  readonly name: string;
  readonly serviceId: string;
  readonly deploymentId: string;
  readonly replica: number;
  readonly projectSlug: string;
  readonly image: string;
  /** Id of the image it was made from; that name may stand for another one by now. */
  readonly imageId: string;
  readonly state: "created" | "running" | "paused" | "exited";
  readonly exitCode: number | null;
  /** True when the kernel ended it for want of memory. */
  readonly wasOomKilled: boolean;
  readonly startedAt: number | null;
  /** Null when it is on no network of ours. */
  readonly address: string | null;
  /** What it answers to on its project's network, in the order `setAlias` was given. */
  readonly names: readonly string[];
};

export type InstanceLogLine = {
  readonly stream: "stdout" | "stderr";
  /** Without the newline. */
  readonly line: string;
  /** ms since the epoch. */
  readonly at: number;
};

export interface InstanceDriver {
  /**
   * Makes the instance, not started, connected to all its networks. An older copy of the same slot is removed first.
   * Answers its runtime id.
   * @throws AppError `not_found` (image), `deploy_failed` (a further network or an isolation that the engine does not
   *   have, an image without a command, a limit or mount it can't do), `conflict`, `unavailable`; nothing is left of it
   *   then
   */
  create(spec: InstanceSpec): Promise<string>;
  /**
   * Starts it. Idempotent. Where an init runs the command, one that does not exist shows only afterwards: exit code 127,
   * its name in the log.
   * @throws AppError `not_found`, `deploy_failed` with the engine's words when it can't be started as it is made,
   *   `conflict` when a host port or its address is in use by something else
   */
  start(runtimeId: string): Promise<void>;
  /** SIGTERM, after `graceMs` SIGKILL. Idempotent; also for one that is gone. */
  stop(runtimeId: string, graceMs: number): Promise<void>;
  /** Removes it with its anonymous volumes, also while running. Idempotent. */
  remove(runtimeId: string): Promise<void>;
  /** All instances of this server, sorted by name. */
  list(filter?: { readonly serviceId?: string }): Promise<readonly ObservedInstance[]>;
  /** @throws AppError `not_found` */
  inspect(runtimeId: string): Promise<ObservedInstance>;
  /**
   * Makes exactly these names resolve to it on its project's network, for what is on it, too. Address and open
   * connections stay; for a moment new connections wait, and no name of it resolves. Idempotent. @throws AppError `not_found`
   */
  setAlias(runtimeId: string, spec: { readonly projectSlug: string; readonly names: readonly string[] }): Promise<void>;
  /** Past lines (at most `tail`), then, when following, new ones until the instance ends or the signal aborts. */
  logs(
    runtimeId: string,
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<InstanceLogLine>;
  /** Runs a command inside and collects its output (at most 1 MiB). */
  exec(
    runtimeId: string,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<{ readonly exitCode: number; readonly output: string }>;
}

export interface NetworkDriver {
  /** Idempotent. @throws AppError `conflict` when the address range is used by something else. */
  ensureNetwork(projectSlug: string, networkIndex: number): Promise<void>;
  /** Idempotent; refuses (AppError `conflict`) while instances are connected. */
  removeNetwork(projectSlug: string): Promise<void>;
  /** Slugs of the projects that have a network of this server's, sorted. */
  listNetworks(): Promise<readonly string[]>;
  /** Address of that host number in that /24. */
  addressOf(networkIndex: number, hostNumber: number): string;
}

export type ImageInfo = {
  readonly id: string;
  /** `repository:tag` of every tag, sorted. */
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly sizeBytes: number;
  /** TCP ports the image exposes, ascending. */
  readonly exposedPorts: readonly number[];
};

export interface ImageDriver {
  findImage(reference: string): Promise<ImageInfo | undefined>;
  /** All tagged images on the engine (`mine: true`: this server's only), newest first. */
  listImages(filter?: { readonly mine?: boolean; readonly serviceId?: string }): Promise<readonly ImageInfo[]>;
  /** The numeric user and group its processes run as (0 and 0 when the image names none). @throws AppError `not_found` */
  ownerOf(reference: string): Promise<{ readonly uid: number; readonly gid: number }>;
  tagImage(reference: string, tag: string): Promise<void>;
  /**
   * Idempotent. An image in use stays and answers false, but for a tag that is not its last one and that no instance was
   * made from: that goes.
   */
  removeImage(reference: string): Promise<boolean>;
}

export type DriverEvent = {
  readonly kind: "started" | "died" | "removed" | "oom" | "other";
  readonly serviceId: string;
  readonly runtimeId: string;
};

export type EngineInfo = {
  readonly reachable: boolean;
  readonly version: string | null;
  readonly apiVersion: string | null;
  readonly rootDir: string | null;
  readonly error: string | null;
};

/** The engine as it describes itself; all but `reachable` and `error` is empty while it is away. */
export type EngineDescription = {
  readonly reachable: boolean;
  readonly error: string | null;
  readonly serverVersion: string | null;
  readonly apiVersion: string | null;
  readonly os: string | null;
  readonly kernelVersion: string | null;
  readonly architecture: string | null;
  readonly storageDriver: string | null;
  readonly loggingDriver: string | null;
  readonly cgroupDriver: string | null;
  /** Where it keeps its data, on its own machine. */
  readonly dockerRootDir: string | null;
  readonly warnings: readonly string[];
  readonly containers: number;
  readonly containersRunning: number;
  readonly containersStopped: number;
  readonly images: number;
};

/** What the engine's things take on its disk, everybody's counted. */
export type EngineUsage = {
  readonly imagesSizeBytes: number;
  readonly volumes: number;
  readonly volumesSizeBytes: number;
  readonly buildCacheBytes: number;
};

export interface EngineDriver {
  /**
   * Asked once at the start: another server's things must not have this one's names.
   * @throws AppError `conflict` naming them and the ways out, `unavailable`
   */
  requireNamesFree(): Promise<void>;
  /**
   * What happens to our instances. `onGap` is called whenever events may have been missed (first connection,
   * reconnection): list everything then. Reconnects by itself until the signal aborts.
   */
  watch(
    handlers: { onEvent(event: DriverEvent): void; onGap(): void; onLost(error: Error): void },
    signal: AbortSignal,
  ): void;
  /** Never throws: an engine that is away is `reachable: false`. */
  info(): Promise<EngineInfo>;
  /** Never throws, as `info`. */
  describe(): Promise<EngineDescription>;
  /** May take minutes: the engine looks through its disk. @throws AppError `unavailable` */
  usage(): Promise<EngineUsage>;
  /** Every running container on the engine as it reports them (lambdaathome's /function/listrunning). */
  listEverything(): Promise<readonly unknown[]>;
  /** Removes dangling images and build cache of ours older than that. */
  prune(olderThanMs: number): Promise<void>;
}

/** A running container that is no instance of any server: somebody else started it. */
export type OutsideContainer = {
  /** The engine's id. */
  readonly id: string;
  readonly name: string;
  /** IPv4 address on the network that was asked about. */
  readonly address: string;
  readonly startedAt: number | null;
};

/** Networks that belong to no server, and what others run there. What others run is never changed. */
export interface AdoptionDriver {
  /**
   * Makes the network when it is missing: a plain bridge, which stays. Idempotent. Answers the host's own address on it,
   * null when it has none.
   */
  ensureSharedNetwork(name: string): Promise<string | null>;
  /** Those connected to it whose names start with `namePrefix`, sorted by name. None when there is no such network. */
  listOutside(network: string, namePrefix: string): Promise<readonly OutsideContainer[]>;
  /**
   * Calls `onChange` when `listOutside` may answer something else, and whenever that may have been missed (first
   * connection, reconnection). Reconnects by itself until the signal aborts.
   */
  watchOutside(network: string, namePrefix: string, onChange: () => void, signal: AbortSignal): void;
}

/** All of a driver, as wiring hands it around; users take the one they need. */
export interface Driver
  extends InstanceDriver,
    NetworkDriver,
    ImageDriver,
    RegistryDriver,
    EngineDriver,
    AdoptionDriver {}

export const DRIVER_NAMES = ["docker", "memory"] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];
