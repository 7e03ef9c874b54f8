/**
 * A function whose runtime is a folder on this machine, which no server knows: both are laid together here, and what
 * goes up needs no runtime any more.
 */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Manifest, mergeManifests } from "../domain/manifest.ts";
import type { ApiClient } from "./api-client.ts";
import type { FunctionManifest } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import { type ManifestFlags, readFolderManifest } from "./function-manifest.ts";
import { folderByForm } from "./runtime-choice.ts";
import type { SourceUpload } from "./source-upload.ts";

/** What goes up: the source's own archive, or one laid together. */
export type ReadySource = {
  readonly manifest: FunctionManifest;
  /** `onRead` gets the number of bytes read, piece by piece, of what is read from the folder. */
  open(onRead: (bytes: number) => void): AsyncIterable<Uint8Array>;
  /** Removes what was made on the way. */
  close(): Promise<void>;
};

/** @throws AppError `not_found`, `invalid` for a runtime folder that can't be used */
export async function readySource(
  source: SourceUpload,
  flags: ManifestFlags,
  manifest: FunctionManifest,
  client: ApiClient,
  context: CliContext,
): Promise<ReadySource> {
  const runtimeFolder = await findRuntimeFolder(source, flags, manifest, client, context);
  if (runtimeFolder === undefined || source.folder === undefined) {
    return { manifest, open: (onRead) => source.open(onRead), close: async () => undefined };
  }
  const file = (await readFolderManifest(source.folder, context.deps.manifests))?.manifest ?? {};
  const workshop = await context.deps.openWorkshop();
  try {
    const about = { name: manifest.name, options: file.options ?? {} };
    const staged = await workshop.runtimes.stageFolder(source.folder, runtimeFolder, about);
    return {
      manifest: layOver(staged.defaults, file, manifest),
      open: () => staged.open(),
      close: () => workshop.close(),
    };
  } catch (error) {
    await workshop.close();
    throw error;
  }
}

/** What is sent wins over the file in the archive, so that the runtime's defaults are sent only where the file is silent. */
function layOver(defaults: Manifest, file: Manifest, sent: FunctionManifest): FunctionManifest {
  const silent = Object.entries(defaults).filter(([key]) => file[key as keyof Manifest] === undefined);
  return { ...mergeManifests(Object.fromEntries(silent), sent), name: sent.name, runtime: null } as FunctionManifest;
}

/** Absolute; a flag's folder is looked for from here, a manifest's from where that lies, then from here. */
async function findRuntimeFolder(
  { folder }: SourceUpload,
  flags: ManifestFlags,
  { runtime }: FunctionManifest,
  client: ApiClient,
  { deps }: CliContext,
): Promise<string | undefined> {
  if (folder === undefined || typeof runtime !== "string") return undefined;
  const from = flags.runtime === undefined ? [folder, deps.cwd] : [deps.cwd];
  const byForm = from.map((cwd) => folderByForm(runtime, { cwd, homeDir: deps.homeDir }));
  const wanted = byForm.map((path, i) => path ?? resolve(from[i] ?? deps.cwd, runtime));
  const found = await firstFolder(wanted);
  // A path that leads nowhere is the workshop's to refuse, with its name.
  if (byForm[0] !== undefined) return found ?? byForm[0];
  if (found === undefined) return undefined;
  const isKnown = (await client.listRuntimes()).some(({ name }) => name === runtime);
  return isKnown ? undefined : found;
}

async function firstFolder(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) return path;
  }
  return undefined;
}
