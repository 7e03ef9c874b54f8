/**
 * What the command line needs from outside, and nothing else: so src/cli/ knows neither the server nor the process, and
 * a test can run every command in memory. src/main/main.ts hands over the real things.
 */

import type { Readable, Writable } from "node:stream";
import type { Maintenance } from "../domain/maintenance.ts";
import type { ManifestReader } from "../domain/manifest.ts";
import type { ProjectDocuments } from "../domain/project-document.ts";
import type { Workshop } from "../domain/workshop.ts";

/** A stream that may be a terminal, `columns` characters wide. */
export type CliOutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };
export type CliInputStream = Readable & { readonly isTTY?: boolean };

/** A base image that `slipway base build` made or found. */
export type BaseImageView = { readonly image: string; readonly wasBuilt: boolean };

export type CliDeps = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: CliInputStream;
  readonly stdout: CliOutputStream;
  readonly stderr: CliOutputStream;
  /** Version of this program, e.g. `0.1.0`. */
  readonly version: string;
  /** Folder that `~` stands for. */
  readonly homeDir: string;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Reads slipway.yml and funko.yml; its libraries are loaded when it first reads one. */
  readonly manifests: ManifestReader;
  /** Reads and writes whole projects as YAML; as above. */
  readonly documents: ProjectDocuments;
  /** The id a server gives the files of an archive. @throws AppError `invalid` */
  identifySource(archive: AsyncIterable<Uint8Array>): Promise<string>;
  /** Calls `listener` at the first SIGINT or SIGTERM; a second one ends the process. Answers how to stop listening. */
  onInterrupt(listener: () => void): () => void;
  /**
   * Runs the server until it is told to stop. `flags`: what was given, by flag name without dashes (`data-dir`), as
   * text; names are those of SERVER_OPTIONS. It handles signals itself.
   */
  runServer(flags: Readonly<Record<string, string>>): Promise<void>;
  /** Base images that `buildBases` would have to make. */
  missingBases(): Promise<readonly string[]>;
  /** Makes the base images; `onProgress` gets one line at a time. */
  buildBases(onProgress: (line: string) => void): Promise<readonly BaseImageView[]>;
  /** Functions on this machine's own engine, and the built-in runtimes. Loaded when asked for; close it at the end. */
  openWorkshop(): Promise<Workshop>;
  /** What is done to a server from outside of it, on its own machine. Loaded when asked for. */
  openMaintenance(): Promise<Maintenance>;
};
