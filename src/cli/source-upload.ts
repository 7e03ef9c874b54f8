/** What `slipway deploy`, `up` or `build` was pointed at, a folder or an archive, as something to upload. */

import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { UsageError } from "./exit-codes.ts";
import { packFolder } from "./pack-folder.ts";
import { type FolderEntry, listFolder } from "./source-folder.ts";

export type SourceUpload = {
  /** Absolute path of the folder, or undefined for an archive. */
  readonly folder: string | undefined;
  /** Absolute path of the archive, or undefined for a folder. */
  readonly archive: string | undefined;
  /** What a function is called after it: the name without folders and archive endings. */
  readonly baseName: string;
  readonly fileName: string;
  /** Undefined for an archive. */
  readonly fileCount: number | undefined;
  /** Bytes that will be read. */
  readonly totalBytes: number;
  /** What lies in it and how many bytes that is, the largest first; folders (ending in `/`) with all that is below. */
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
  /** Entries that can't be uploaded. */
  readonly skipped: readonly string[];
  /** The archive's bytes; `onRead` gets the number of source bytes read, piece by piece. */
  open(onRead: (bytes: number) => void): AsyncIterable<Uint8Array>;
};

const ARCHIVE_ENDING = /\.(zip|tar\.gz|tgz)$/i;

/** @throws UsageError when there is nothing to upload; AppError `invalid` when the folder can't be read whole */
export async function openSource(typed: string, cwd: string): Promise<SourceUpload> {
  const path = resolve(cwd, typed);
  const found = await statSource(path, typed);
  if (found.isDirectory()) return folderSource(path, typed);
  if (!found.isFile()) throw new UsageError(`${typed} is neither a folder nor a file.`, { remedy: WHAT_TO_NAME });
  await requireArchive(path, typed);
  return {
    folder: undefined,
    archive: path,
    baseName: basename(path).replace(ARCHIVE_ENDING, ""),
    fileName: basename(path),
    fileCount: undefined,
    totalBytes: found.size,
    largest: [],
    skipped: [],
    open: (onRead) => createReadStream(path).on("data", (chunk) => onRead(chunk.length)),
  };
}

const WHAT_TO_NAME = "Name a folder, a zip or a tar.gz, for example: slipway deploy examples/hello";

async function folderSource(path: string, typed: string): Promise<SourceUpload> {
  const { entries, skipped } = await listFolder(path);
  const files = entries.filter((entry) => entry.kind === "file");
  if (files.length === 0) throw new UsageError(`${typed} holds no files to upload.`, { remedy: WHAT_TO_NAME });
  return {
    folder: path,
    archive: undefined,
    baseName: basename(path),
    fileName: "source.tar.gz",
    fileCount: files.length,
    totalBytes: files.reduce((sum, file) => sum + file.size, 0),
    largest: largestOf(files),
    skipped,
    open: (onRead) => packFolder(path, entries, onRead),
  };
}

/** Sums by the first part of the path. */
function largestOf(files: readonly FolderEntry[]): SourceUpload["largest"] {
  const sums = new Map<string, number>();
  for (const { path, size } of files) {
    const slash = path.indexOf("/");
    const top = slash < 0 ? path : path.slice(0, slash + 1);
    sums.set(top, (sums.get(top) ?? 0) + size);
  }
  return [...sums].map(([path, bytes]) => ({ path, bytes })).sort((a, b) => b.bytes - a.bytes);
}

async function statSource(path: string, typed: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw new UsageError(`There is no folder or archive ${typed} that can be read.`, { cause, remedy: WHAT_TO_NAME });
  }
}

async function requireArchive(path: string, typed: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const isZip = buffer.readUInt16BE(0) === 0x504b;
    const isGzip = buffer.readUInt16BE(0) === 0x1f8b;
    if (!isZip && !isGzip) throw new UsageError(`${typed} is no zip or tar.gz.`, { remedy: WHAT_TO_NAME });
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${typed} can't be read.`, { cause, remedy: WHAT_TO_NAME });
  } finally {
    await file?.close();
  }
}
