/** Reads a function's folder for the local workshop: manifest, name, runtime, settings, the files themselves. */

import { basename } from "node:path";
import { detectRuntime, RECOGNISED_FILES } from "../domain/detect.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import {
  MANIFEST_FILES,
  type Manifest,
  type ManifestReader,
  mergeManifests,
  type ReadManifest,
  settingsOf,
} from "../domain/manifest.ts";
import { RESERVED_ROUTE_NAMES, requireServiceName, suggestName } from "../domain/names.ts";
import type { RolloutSettings } from "../domain/rollout.ts";
import type { RuntimeFiles } from "../domain/runtime.ts";
import type { LocalFunction, OpenFolderOptions } from "../domain/workshop.ts";
import type { FolderLocalRuntimes } from "./local-runtimes.ts";
import type { FolderSource, LocalSources } from "./local-sources.ts";

/** A function with all that a build needs of it. */
export type OpenedFolder = LocalFunction & {
  readonly sourceId: string;
  readonly paths: readonly string[];
  readonly runtimeFiles: RuntimeFiles | undefined;
  readonly settings: RolloutSettings;
};

export type FolderReaderOptions = {
  readonly openSources: () => Promise<LocalSources>;
  readonly runtimes: FolderLocalRuntimes;
  readonly manifests: Pick<ManifestReader, "read">;
  /** Folder that a runtime folder may be relative to, after the function's own. */
  readonly cwd: string;
};

export class FolderReader {
  readonly #options: FolderReaderOptions;

  constructor(options: FolderReaderOptions) {
    this.#options = options;
  }

  /** @throws AppError as LocalBuilds.open */
  async open(folder: string, options: OpenFolderOptions = {}): Promise<OpenedFolder> {
    const sources = await this.#options.openSources();
    const source = await sources.importFolder(folder);
    const { manifest: written, warnings } = await this.#readManifest(sources, source);
    const manifest = mergeManifests(written, options.over ?? {});
    const name = nameOf(options.name ?? manifest.name, folder);
    const chosen = await this.#chooseRuntime(sources, source, manifest, options.isWithoutRuntime === true);
    const { runtime: _, ...fields } = manifest;
    const settings = settingsOf({ ...fields, name }, rulesFor(manifest));
    const context = { name, options: settings.options };
    const runtimeFiles =
      chosen.runtime === null
        ? undefined
        : await this.#options.runtimes.read(chosen.runtime, [folder, this.#options.cwd], context);
    const skipped = source.skipped.map((path) => `not used, since it is no file: ${path}`);
    return {
      name,
      folder,
      runtime: chosen.runtime,
      notes: [...warnings, ...(chosen.reason === null ? [] : [chosen.reason]), ...skipped],
      test: settings.test,
      sourceId: source.sourceId,
      paths: source.paths,
      runtimeFiles,
      settings,
    };
  }

  async #readManifest(sources: LocalSources, { sourceId, paths }: FolderSource): Promise<ReadManifest> {
    const file = MANIFEST_FILES.find((name) => paths.includes(name));
    if (file === undefined) return { manifest: {}, warnings: [] };
    const bytes = await sources.files.readFile(sourceId, file);
    return this.#options.manifests.read(new TextDecoder().decode(bytes), file);
  }

  /** The manifest's; else, told from the files. Null: its own Dockerfile. */
  async #chooseRuntime(
    sources: LocalSources,
    { sourceId, paths }: FolderSource,
    manifest: Manifest,
    isWithoutRuntime: boolean,
  ): Promise<{ readonly runtime: string | null; readonly reason: string | null }> {
    if (isWithoutRuntime || manifest.runtime === null) return { runtime: null, reason: null };
    if (manifest.runtime !== undefined) return { runtime: manifest.runtime, reason: null };
    const packageJson = paths.includes("package.json")
      ? await sources.files.readFile(sourceId, "package.json")
      : undefined;
    const text = packageJson === undefined ? undefined : new TextDecoder().decode(packageJson);
    const detected = detectRuntime(paths, text);
    if (detected !== undefined) return detected;
    throw new AppError("invalid", `What this folder is can't be told: at its top it has none of ${RECOGNISED_FILES}.`, {
      remedy: "Name a runtime in slipway.yml (`runtime: node`), or add one of these files.",
    });
  }
}

/** On one's own machine one is the operator: networks and capabilities are as the manifest has them. */
function rulesFor({ networks = [], capabilities = [] }: Manifest) {
  return {
    reservedNames: RESERVED_ROUTE_NAMES,
    volumeRoots: [],
    networks,
    capabilities: capabilities.map((name) => name.toUpperCase().replace(/^CAP_/, "")),
    ownHosts: [],
  };
}

/** @throws AppError `invalid` naming a name that can be used */
function nameOf(given: string | undefined, folder: string): string {
  const name = given ?? basename(folder);
  try {
    requireServiceName(name);
    return name;
  } catch (error) {
    if (given !== undefined || !isAppError(error)) throw error;
    const remedy = `Give it a name: \`name: ${suggestName(name) || "hello"}\` in slipway.yml, or --name.`;
    throw new AppError("invalid", error.message, { cause: error, remedy });
  }
}
