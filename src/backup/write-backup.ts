/** Writes a backup as a stream. Files may grow or go meanwhile: each is taken as long as it was when its turn came. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
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
  const filling = fill(tar, source).catch((error: unknown) => {
    gzip.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of gzip) yield chunk as Uint8Array;
    await filling;
  } finally {
    tar.destroy();
    gzip.destroy();
  }
}

async function fill(tar: Pack, { header, dataDir, databaseCopy, passfile }: BackupSource): Promise<void> {
  const entries: BackupEntry[] = [];
  await addText(tar, HEADER_NAME, headerJson(header));
  const singles = [
    [DATABASE_NAME, databaseCopy],
    [PASSFILE_NAME, passfile],
  ] as const;
  for (const [name, path] of singles) {
    const added = await addFile(tar, name, path, { mode: 0o600 });
    if (added !== undefined) entries.push(added);
  }
  const parts = header.hasVolumes ? [...DATA_PARTS, VOLUMES_NAME] : DATA_PARTS;
  for (const part of parts) {
    for await (const found of walkFolder(dataDir, part)) {
      const added = await addFound(tar, join(dataDir, found.path), found);
      if (added !== undefined) entries.push(added);
    }
  }
  await addText(tar, MANIFEST_NAME, manifestJson(entries));
  tar.finalize();
}

async function addFound(tar: Pack, path: string, { stats, ...found }: FoundEntry): Promise<BackupEntry | undefined> {
  const { uid, gid } = stats;
  const common = { mode: stats.mode & 0o7777, mtime: stats.mtime, uid, gid };
  if (found.type === "file") return addFile(tar, found.path, path, common);
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
): Promise<BackupEntry | undefined> {
  const file = await orGone(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    const { size } = stats;
    const hash = createHash("sha256");
    if (size === 0) tar.entry({ name, ...header, type: "file", size }, "");
    else await copyInto(tar.entry({ name, ...header, type: "file", size }), file, size, (chunk) => hash.update(chunk));
    return { path: name, type: "file", size, sha256: hash.digest("hex"), target: null };
  } finally {
    await file.close();
  }
}

/** Exactly `size` bytes; one that was cut meanwhile ends in zeros. */
async function copyInto(
  sink: ReturnType<Pack["entry"]>,
  file: FileHandle,
  size: number,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  const taken = once(sink, "finish");
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
    if (!sink.write(chunk)) await once(sink, "drain");
  }
  sink.end(undefined);
  await taken;
}

async function addText(tar: Pack, name: string, text: string): Promise<void> {
  tar.entry({ name, mode: 0o600, mtime: new Date() }, text);
}
