/**
 * What a function is called and made with: flags first, then slipway.yml or funko.yml in the folder or archive, then the
 * name of that. The other fields of those files are read by the server, out of what is uploaded.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../domain/errors.ts";
import { MANIFEST_FILES, type ManifestFile, type ManifestReader, type ReadManifest } from "../domain/manifest.ts";
import type { FunctionManifest } from "./api-views.ts";
import { readArchivedManifest } from "./archive-manifest.ts";
import { requireName } from "./function-name.ts";
import type { SourceUpload } from "./source-upload.ts";

export type ManifestFlags = {
  readonly name?: string;
  /** Null: the folder's own Dockerfile, whatever its manifest says. */
  readonly runtime?: string | null;
  readonly port?: number;
  readonly volume?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly replicas?: number;
};

export type FolderManifest = ReadManifest & { readonly file: ManifestFile };

/** The folder's slipway.yml, else its funko.yml; undefined when it has neither. @throws AppError `invalid` naming each line */
export async function readFolderManifest(folder: string, reader: ManifestReader): Promise<FolderManifest | undefined> {
  for (const file of MANIFEST_FILES) {
    const text = await readIfThere(join(folder, file));
    if (text !== undefined) return { ...(await reader.read(text, file)), file };
  }
  return undefined;
}

/**
 * The `manifest` part of an upload: what is laid over the file in the source.
 * @throws UsageError when no usable name is found, naming the nearest one; AppError `invalid` for a broken file
 */
export async function manifestOf(
  flags: ManifestFlags,
  source: Pick<SourceUpload, "folder" | "archive" | "baseName">,
  reader: ManifestReader,
): Promise<FunctionManifest> {
  const found = await readSourceManifest(source, reader);
  const runtime = flags.runtime === undefined ? found?.manifest.runtime : flags.runtime;
  return {
    name: usable(flags.name ?? found?.manifest.name, source.baseName),
    ...(runtime !== undefined && { runtime }),
    ...(flags.port !== undefined && { port: flags.port }),
    ...(flags.volume !== undefined && { volumes: flags.volume }),
    ...(flags.env !== undefined && { env: flags.env }),
    ...(flags.replicas !== undefined && { replicas: flags.replicas }),
  };
}

/** The manifest that lies in a folder or archive; undefined: none. @throws AppError `invalid` naming each line */
export async function readSourceManifest(
  { folder, archive }: Pick<SourceUpload, "folder" | "archive">,
  reader: ManifestReader,
): Promise<ReadManifest | undefined> {
  if (folder !== undefined) return readFolderManifest(folder, reader);
  const archived = archive === undefined ? undefined : await readArchivedManifest(archive);
  return archived && reader.read(archived.text, archived.file);
}

function usable(given: string | undefined, baseName: string): string {
  const name = given ?? baseName;
  requireName(name, (near) => (given === undefined ? `Give it a name: --name ${near}` : `Use ${near}, for example.`));
  return name;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AppError("invalid", `${path} can't be read.`, { cause: error });
  }
}
