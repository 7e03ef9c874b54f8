/** Writes a backup as a stream. Files may grow or go meanwhile: each is taken as long as it was when its turn came. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { type Header, type Pack, pack } from "tar-stream";
import {
  type BackupEntry,
  type BackupHeader,
  DATA_PARTS,
  DATABASE_NAME,
  HEADER_NAME,
  MANIFEST_NAME,
  PASSFILE_NAME,
  VOLUMES_NAME,
} from "../domain/backup.ts";
import { headerJson, manifestJson } from "./backup-schema.ts";
import { type FoundEntry, orGone, walkFolder } from "./walk-folder.ts";

export type BackupSource = {
  readonly header: BackupHeader;
  readonly dataDir: string;
  /** A copy that nobody writes to. */
  readonly databaseCopy: string;
  readonly passfile: string;
};

const CHUNK_BYTES = 256 * 1024;
/** Sources are small and mostly text: a higher level costs time and saves little. */
const GZIP_LEVEL = 3;

/** The archive's bytes. A reader that stops early ends it. */
export async function* writeBackup(source: BackupSource): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const gzip = createGzip({ level: GZIP_LEVEL });
  pipeline(tar, gzip, () => undefined);
  const end = new AbortController();
  const filling = fill(tar, source, end.signal).catch((error: unknown) => {
    gzip.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of gzip) yield chunk as Uint8Array;
    await filling;
  } finally {
    end.abort();
    tar.destroy();
    gzip.destroy();
    // Its files are closed then.
    await filling;
  }
}

async function fill(
  tar: Pack,
  { header, dataDir, databaseCopy, passfile }: BackupSource,
  signal: AbortSignal,
): Promise<void> {
  const entries: BackupEntry[] = [];
  await addText(tar, HEADER_NAME, headerJson(header));
  const singles = [
    [DATABASE_NAME, databaseCopy],
    [PASSFILE_NAME, passfile],
  ] as const;
  for (const [name, path] of singles) {
    const added = await addFile(tar, name, path, { mode: 0o600 }, signal);
    if (added !== undefined) entries.push(added);
  }
  const parts = header.hasVolumes ? [...DATA_PARTS, VOLUMES_NAME] : DATA_PARTS;
  for (const part of parts) {
    for await (const found of walkFolder(dataDir, part)) {
      const added = await addFound(tar, found, signal);
      if (added !== undefined) entries.push(added);
    }
  }
  await addText(tar, MANIFEST_NAME, manifestJson(entries));
  tar.finalize();
}

async function addFound(
  tar: Pack,
  { stats, place, ...found }: FoundEntry,
  signal: AbortSignal,
): Promise<BackupEntry | undefined> {
  const { uid, gid } = stats;
  const common = { mode: stats.mode & 0o7777, mtime: stats.mtime, uid, gid };
  if (found.type === "file") return addFile(tar, found.path, place, common, signal);
  const type = found.type === "link" ? "symlink" : "directory";
  tar.entry({ name: found.path, type, ...common, ...(found.target !== null && { linkname: found.target }) });
  return { ...found, size: 0, sha256: null };
}

/** Undefined when it is gone, or no file any more. */
async function addFile(
  tar: Pack,
  name: string,
  path: string,
  header: Partial<Header>,
  signal: AbortSignal,
): Promise<BackupEntry | undefined> {
  // Without waiting: a pipe that was put in its place would be waited for without end.
  const file = await orGone(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    const { size } = stats;
    const hash = createHash("sha256");
    const entry = { name, ...header, type: "file", size } as const;
    if (size === 0) tar.entry(entry, "");
    else await copyInto({ sink: tar.entry(entry), file, size, onChunk: (chunk) => hash.update(chunk), signal });
    return { path: name, type: "file", size, sha256: hash.digest("hex"), target: null };
  } finally {
    await file.close();
  }
}

type Copying = {
  readonly sink: ReturnType<Pack["entry"]>;
  readonly file: FileHandle;
  readonly size: number;
  readonly onChunk: (chunk: Buffer) => void;
  readonly signal: AbortSignal;
};

/** Exactly `size` bytes; one that was cut meanwhile ends in zeros. */
async function copyInto({ sink, file, size, onChunk, signal }: Copying): Promise<void> {
  for (let position = 0; position < size; ) {
    const length = Math.min(CHUNK_BYTES, size - position);
    const chunk = Buffer.alloc(length);
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await file.read(chunk, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    position += length;
    onChunk(chunk);
    signal.throwIfAborted();
    if (!sink.write(chunk)) await once(sink, "drain", { signal });
  }
  const taken = once(sink, "finish", { signal });
  sink.end(undefined);
  await taken;
}

async function addText(tar: Pack, name: string, text: string): Promise<void> {
  tar.entry({ name, mode: 0o600, mtime: new Date() }, text);
}
