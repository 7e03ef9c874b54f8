/**
 * The local workshop: functions built and run straight on this machine's engine, with no server (`-l`, `export`, `test`,
 * `dev`). The command line sees only this; src/main/local-workshop.ts puts it together. One noun per interface.
 */

import type { DeployTest } from "./deployment.ts";
import type { Manifest } from "./manifest.ts";
import type { ContextFile, RuntimeContext } from "./runtime.ts";

/** A built-in runtime, as `slipway new -r list` shows it. */
export type RuntimeSummary = { readonly name: string; readonly description: string };

/** A function's folder and the runtime folder its manifest names, as one archive that needs no runtime any more. */
export type StagedFolder = {
  /** A tar.gz, made while it is read. */
  open(): AsyncIterable<Uint8Array>;
  /** What the runtime says where the manifest is silent: lay the manifest over it. `runtime` is null. */
  readonly defaults: Manifest;
};

export interface LocalRuntimes {
  /** Built-in runtimes, sorted by name. Needs no engine. */
  list(): Promise<readonly RuntimeSummary[]>;
  /**
   * The rendered files of a runtime's template, sorted by path: what `slipway new` writes. `runtime` is the name of a
   * built-in one or a folder; one that has a `/` or is no built-in is looked for below `context.cwd`.
   * @throws AppError `not_found` naming the known runtimes and the nearest one; `invalid` for a broken runtime folder
   */
  openTemplate(
    runtime: string,
    context: { readonly name: string; readonly cwd: string },
  ): Promise<readonly ContextFile[]>;
  /**
   * Lays a function's folder over a runtime folder, for a server that does not know that runtime.
   * `runtimeFolder`: absolute. @throws AppError `invalid`, `not_found`
   */
  stageFolder(folder: string, runtimeFolder: string, context: RuntimeContext): Promise<StagedFolder>;
}

/** A function read from a folder: everything is decided, nothing is built. */
export type LocalFunction = {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Null: the folder's own Dockerfile. */
  readonly runtime: string | null;
  /** For people: how the runtime was told, what of the manifest is not known, entries that can't be used. */
  readonly notes: readonly string[];
  readonly test: DeployTest | null;
};

export type OpenFolderOptions = {
  /** Instead of the manifest's or the folder's own. */
  readonly name?: string | undefined;
  /** The folder is complete: its own Dockerfile is used whatever the manifest says. */
  readonly isWithoutRuntime?: boolean | undefined;
  /** Laid over the manifest, field by field. */
  readonly over?: Manifest | undefined;
};

/** What is told while something takes its time. */
export type LocalProgress = {
  /** A new step begins, e.g. `building hello`. */
  onStep(text: string): void;
  /** Whole lines of a log, `\n` ended. */
  onLog(text: string): void;
};

export type LocalImage = {
  /** `slipway/<name>:latest`. */
  readonly image: string;
  readonly imageId: string;
  /** All tags of this build, `slipway/<name>:<unix time>` among them; those of a registry, when it was pushed. */
  readonly tags: readonly string[];
};

export type LocalTestResult = {
  readonly hasPassed: boolean;
  /** What was expected and what came; null when it passed. */
  readonly reason: string | null;
  /** False: the manifest has no `test`, and only its health or port was looked at. */
  readonly hasTest: boolean;
};

export interface LocalBuilds {
  /**
   * Reads a function's folder. Needs no engine. `folder`: absolute.
   * @throws AppError `invalid` (manifest, name, files), `not_found` (runtime), `build_failed` (nothing says how to build it)
   */
  open(folder: string, options?: OpenFolderOptions): Promise<LocalFunction>;
  /**
   * Builds `slipway/<name>:latest`. Older images of that name are removed but for the last five.
   * @throws AppError as ImageBuilder.build
   */
  build(
    fn: LocalFunction,
    options: { readonly noCache?: boolean | undefined },
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalImage>;
  /** Tags the image `<registry>/<name>:latest` and `:<unix time>` and pushes both; `registry` is `host/prefix`. @throws AppError `unauthorized`, `unavailable` */
  push(
    fn: LocalFunction,
    image: LocalImage,
    registry: string,
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalImage>;
  /**
   * Writes the merged folder to `destination` (absolute), whole or not at all. Answers notes for people.
   * @throws AppError `conflict` when something is there
   */
  exportTo(fn: LocalFunction, destination: string): Promise<readonly string[]>;
  /** Builds, starts a throw-away copy, runs its test; nothing of it stays, in every outcome. */
  test(fn: LocalFunction, progress: LocalProgress, signal: AbortSignal): Promise<LocalTestResult>;
}

/** One container of a function on this machine. */
export type LocalInstance = {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  readonly isRunning: boolean;
  /** It runs the newest image with the settings of the newest build. */
  readonly isCurrent: boolean;
  /** Null: it does not run. */
  readonly isHealthy: boolean | null;
  /** `http://127.0.0.1:<port>`; null when it publishes none or does not run. */
  readonly url: string | null;
  /** ms since the epoch. */
  readonly startedAt: number | null;
};

export type LocalStatus = {
  readonly name: string;
  readonly status: "running" | "degraded" | "stopped";
  /** Instances that run. */
  readonly scale: number;
  readonly url: string | null;
  /** Oldest first. */
  readonly instances: readonly LocalInstance[];
  /** Newest first. */
  readonly images: readonly { readonly id: string; readonly tags: readonly string[]; readonly createdAt: number }[];
};

export type LocalLogLine = {
  readonly instance: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
  /** ms since the epoch. */
  readonly at: number;
};

export interface LocalFunctions {
  /**
   * Starts the newest image beside what runs and, once it is healthy, lets it take that place and its port.
   * `port`: on 127.0.0.1; undefined: the one it had, else a free one. Answers how it is then.
   * @throws AppError `not_found` (no image), `deploy_failed` with the instance's last words (it is removed, the old one
   *   runs on), `conflict` (port taken)
   */
  up(
    name: string,
    options: { readonly port?: number | undefined },
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalStatus>;
  /** Exactly `count` instances; the oldest are stopped first. @throws as `up` */
  scale(name: string, count: number, progress: LocalProgress, signal: AbortSignal): Promise<LocalStatus>;
  /** Replaces the instances that are out of date, one by one. Answers how many those were. @throws as `up` */
  deploy(
    name: string,
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<{ readonly replaced: number; readonly status: LocalStatus }>;
  /** Of the names, or of all functions, sorted by name. @throws AppError `not_found` naming the nearest */
  status(names: readonly string[]): Promise<readonly LocalStatus[]>;
  /** What all instances wrote, then, when following, what they and new ones write until the signal aborts. @throws AppError `not_found` */
  logs(
    name: string,
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LocalLogLine>;
  /** Removes instances and images; volumes and secrets stay. Answers their folders that are still there. @throws AppError `not_found` */
  purge(name: string): Promise<readonly string[]>;
}

/** Secrets of functions on this machine, as files that their instances see below /secrets. */
export interface LocalSecrets {
  /** Names, sorted. */
  list(functionName: string): Promise<readonly string[]>;
  /** Running instances see it at once. @throws AppError `invalid` (name), `too_large` */
  set(functionName: string, secretName: string, value: Uint8Array): Promise<void>;
  /** @throws AppError `not_found` */
  delete(functionName: string, secretName: string): Promise<void>;
}

/** What `slipway dev` tells while it runs. */
export type DevEvent =
  | {
      readonly kind: "ready";
      readonly url: string;
      readonly elapsedMs: number;
      readonly how: "started" | "reloaded" | "rebuilt";
    }
  | { readonly kind: "changed"; readonly paths: readonly string[] }
  | { readonly kind: "log"; readonly line: LocalLogLine }
  /** What was saved could not be taken; `isServing`: the version before still answers. */
  | { readonly kind: "failed"; readonly error: unknown; readonly isServing: boolean };

export interface LocalDev {
  /** Runs the folder until the signal aborts; then nothing of it is left. @throws AppError for what fails before the first start */
  run(
    folder: string,
    options: { readonly port?: number | undefined },
    progress: LocalProgress & { onEvent(event: DevEvent): void },
    signal: AbortSignal,
  ): Promise<void>;
}

export type Workshop = {
  readonly runtimes: LocalRuntimes;
  readonly builds: LocalBuilds;
  readonly functions: LocalFunctions;
  readonly secrets: LocalSecrets;
  readonly dev: LocalDev;
  /** Removes its temporary files. Idempotent. */
  close(): Promise<void>;
};
