/** The engine's build endpoint, as the builder sees it. Implemented in src/docker/ (BuildKit, classic as fall-back). */

export type EngineBuild = {
  /**
   * Opens the deterministic tar of the context, Dockerfile included; anew with each call. `withSecrets`: whether its
   * RUN steps may mount the secrets (BuildKit) or must do without (classic builder).
   */
  openContext(options: { readonly withSecrets: boolean }): AsyncIterable<Uint8Array>;
  /** All tags the image gets, `repository:tag`. */
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Contents for `RUN --mount=type=secret,id=…`; they leave no trace in layers or history. BuildKit only. */
  readonly secrets: Readonly<Record<string, Uint8Array>>;
  /** Ids of those that the Dockerfile itself mounts; without BuildKit such a build is refused. */
  readonly ownSecrets?: readonly string[];
  readonly noCache: boolean;
  readonly memoryBytes: number;
  readonly cpuMillicores: number;
};

export interface BuildEngine {
  /**
   * Builds an image; `onOutput` gets the log as it comes (whole lines, `\n` ended). Aborting closes the connection,
   * which cancels the build.
   * @throws AppError `build_failed` (message: the failing step and its last words), `cancelled`, `unavailable`, `disk_full`
   */
  build(
    build: EngineBuild,
    onOutput: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly imageId: string }>;
  /** Makes an image from the tar of a root file system; answers its id. */
  importImage(rootfs: AsyncIterable<Uint8Array>, tag: string, changes: readonly string[]): Promise<string>;
}
