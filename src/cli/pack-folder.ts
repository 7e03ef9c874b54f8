/**
 * A folder as tar.gz, packed while it is read. Deterministic: sorted entries, no times and no owners, so the same files
 * give the same bytes.
 */

import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { AppError } from "../domain/errors.ts";
import type { FolderEntry } from "./source-folder.ts";

const EPOCH = new Date(0);

/** `onRead` gets the number of bytes read from files, piece by piece. Throws AppError `invalid` while it is consumed. */
export function packFolder(
  root: string,
  entries: readonly FolderEntry[],
  onRead: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  const archive = pack();
  const gzip = createGzip();
  // Errors reach whoever reads the gzip stream, so the callback has nothing to add.
  pipeline(archive, gzip, () => undefined);
  fill(archive, root, entries, onRead).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return gzip;
}

async function fill(
  archive: Pack,
  root: string,
  entries: readonly FolderEntry[],
  onRead: (bytes: number) => void,
): Promise<void> {
  for (const entry of entries) {
    if (entry.kind === "file") await addFile(archive, root, entry, onRead);
    else archive.entry({ ...headerOf(entry), size: 0 });
  }
}

async function addFile(archive: Pack, root: string, entry: FolderEntry, onRead: (n: number) => void): Promise<void> {
  const file = await openFile(root, entry.path);
  try {
    // The size of now, not of when the folder was listed; what is added after this moment is left out.
    const { size } = await file.stat();
    await new Promise<void>((resolve, reject) => {
      const sink = archive.entry({ ...headerOf(entry), size }, (error) => (error ? reject(error) : resolve()));
      const source =
        size === 0 ? Readable.from([]) : file.createReadStream({ autoClose: false, start: 0, end: size - 1 });
      source.on("data", (chunk: Buffer) => onRead(chunk.length));
      pipeline(source, sink, (error) => {
        if (error) reject(error);
      });
    });
  } catch (cause) {
    throw new AppError("invalid", `${entry.path} changed or became unreadable while it was packed.`, {
      cause,
      remedy: "Deploy again when nothing writes into the folder.",
    });
  } finally {
    await file.close();
  }
}

async function openFile(root: string, path: string): Promise<FileHandle> {
  try {
    return await open(join(root, path));
  } catch (cause) {
    throw new AppError("invalid", `${path} can't be read.`, {
      cause,
      remedy: "Make it readable, or list it in .slipwayignore.",
    });
  }
}

function headerOf(entry: FolderEntry) {
  return {
    name: entry.kind === "directory" ? `${entry.path}/` : entry.path,
    mode: entry.mode,
    mtime: EPOCH,
    uid: 0,
    gid: 0,
    type: entry.kind === "link" ? ("symlink" as const) : entry.kind,
    ...(entry.target !== undefined && { linkname: entry.target }),
  };
}
