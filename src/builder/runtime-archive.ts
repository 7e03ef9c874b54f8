/** Runtime folders as archives: out of a zip or tar.gz with the checks of all archives, and packed as a tar.gz. */

import { createReadStream } from "node:fs";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { extract } from "tar-stream";
import type { ContextFile } from "../domain/runtime.ts";
import type { ArchiveLimits } from "../domain/source.ts";
import { systemClock } from "../lib/system-clock.ts";
import { refusedEntry } from "./archive-path.ts";
import { TarSourceFiles } from "./source-files.ts";
import { streamTar } from "./stream-tar.ts";
import { addToTar, PINNED_HEADER, readTarEntry, type TarEntry } from "./tar-entry.ts";

/** A runtime is a handful of small files; its builds read all of them at once. */
export const RUNTIME_LIMITS: ArchiveLimits = {
  uploadBytes: 16 * 1024 * 1024,
  entries: 2000,
  unpackedBytes: 32 * 1024 * 1024,
  ratio: 100,
};

/** True for a zip or a tar.gz by its first bytes. */
export async function isArchive(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return ["PK", "\u001f\u008b"].includes(buffer.subarray(0, bytesRead).toString("latin1"));
  } finally {
    await file.close();
  }
}

/**
 * Puts the archive's files into the new folder `target`; `work` is a folder for what is under way. Nothing is left of
 * either when it throws.
 * @throws AppError as `SourceFiles.importArchive`, and `invalid` for a link
 */
export async function unpackRuntime(archivePath: string, target: string, work: string): Promise<void> {
  const sources = await TarSourceFiles.open(work, systemClock);
  try {
    const { id } = await sources.importArchive(archivePath, RUNTIME_LIMITS);
    await mkdir(target, { recursive: true, mode: 0o700 });
    const tar = extract();
    createReadStream(await sources.tarPath(id))
      .on("error", (error) => tar.destroy(error))
      .pipe(tar);
    for await (const entry of tar) await unpackEntry(entry, target);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpackEntry(entry: TarEntry, target: string): Promise<void> {
  const { name, type, mode = 0 } = entry.header;
  if (type === "symlink") throw refusedEntry(name, "is a link; a runtime holds files only");
  if (type !== "file") {
    entry.resume();
    return;
  }
  const content = await readTarEntry(entry);
  await mkdir(dirname(join(target, name)), { recursive: true, mode: 0o700 });
  await writeFile(join(target, name), content, { mode: (mode & 0o100) === 0 ? 0o600 : 0o700, flag: "wx", flush: true });
}

/** A tar.gz of the files, the same bytes for the same files. */
export function packFiles(files: readonly ContextFile[]): AsyncIterable<Uint8Array> {
  const gzip = createGzip();
  const tar = streamTar(async (pack) => {
    for (const { path, mode, content } of files) {
      const header = { ...PINNED_HEADER, name: path, type: "file" as const, mode, size: content.length };
      await addToTar(pack, header, once(content));
    }
    pack.finalize();
  });
  // What goes wrong reaches whoever reads the gzip stream.
  pipeline(tar, gzip, () => undefined);
  return gzip;
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
