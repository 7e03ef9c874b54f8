/**
 * Sources as files: `<data directory>/sources/<sha-256>.tar`. What is being imported lies below `sources/.importing` and
 * is renamed when it is whole, so a crash leaves no half source; the next start empties that folder.
 */

import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { extract } from "tar-stream";
import type { Clock } from "../domain/clock.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { ArchiveLimits, Source, SourceFiles } from "../domain/source.ts";
import { newId } from "../lib/ids.ts";
import { type ArchiveEntry, ArchiveIndex, tooLarge } from "./archive-index.ts";
import { ArchiveSpool } from "./archive-spool.ts";
import { readTarGz } from "./read-tar-gz.ts";
import { readZip } from "./read-zip.ts";
import { readTarEntry } from "./tar-entry.ts";
import { stripTopFolder } from "./top-folder.ts";
import { writeSourceTar } from "./write-source-tar.ts";

const SOURCE_FILE = /^([0-9a-f]{64})\.tar$/;

export class TarSourceFiles implements SourceFiles {
  readonly #folder: string;
  readonly #importing: string;
  readonly #clock: Pick<Clock, "now">;

  private constructor(folder: string, clock: Pick<Clock, "now">) {
    this.#folder = folder;
    this.#importing = join(folder, ".importing");
    this.#clock = clock;
  }

  /** `folder` is made when it is missing; what an earlier process left half imported is removed. */
  static async open(folder: string, clock: Pick<Clock, "now">): Promise<TarSourceFiles> {
    const files = new TarSourceFiles(folder, clock);
    await rm(files.#importing, { recursive: true, force: true });
    await mkdir(files.#importing, { recursive: true, mode: 0o700 });
    return files;
  }

  async importArchive(archivePath: string, limits: ArchiveLimits): Promise<Source> {
    const packedBytes = (await stat(archivePath)).size;
    if (packedBytes > limits.uploadBytes) throw tooLarge(`the archive is larger than ${limits.uploadBytes} bytes`);
    const format = await tellFormat(archivePath);
    const work = join(this.#importing, newId());
    try {
      const index = new ArchiveIndex(limits, packedBytes);
      const spool = await ArchiveSpool.create(`${work}.spool`);
      try {
        await (format === "zip" ? readZip : readTarGz)(archivePath, index, spool);
        const entries = stripTopFolder(index.finish());
        return await this.#keep(`${work}.tar`, entries, spool);
      } finally {
        await spool.close();
      }
    } catch (error) {
      throw translateImportError(error, format);
    } finally {
      await rm(`${work}.tar`, { force: true });
    }
  }

  async listPaths(id: string): Promise<readonly string[]> {
    const paths: string[] = [];
    for await (const entry of await this.#entries(id)) {
      if (entry.header.type !== "directory") paths.push(entry.header.name);
      entry.resume();
    }
    return paths;
  }

  async readFile(id: string, path: string): Promise<Uint8Array | undefined> {
    for await (const entry of await this.#entries(id)) {
      if (entry.header.name !== path || entry.header.type !== "file") {
        entry.resume();
        continue;
      }
      return await readTarEntry(entry);
    }
    return undefined;
  }

  async tarPath(id: string): Promise<string> {
    const path = this.#pathOf(id);
    const isThere = await stat(path).then(
      (s) => s.isFile(),
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    if (!isThere) throw new AppError("not_found", "This source is not kept any more.");
    return path;
  }

  async remove(id: string): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
  }

  async list(): Promise<readonly string[]> {
    const names = await readdir(this.#folder);
    return names.flatMap((name) => SOURCE_FILE.exec(name)?.[1] ?? []).sort();
  }

  async #keep(work: string, entries: readonly ArchiveEntry[], spool: ArchiveSpool): Promise<Source> {
    const { sha256, sizeBytes } = await writeSourceTar(work, entries, spool);
    await rename(work, this.#pathOf(sha256));
    return { id: sha256, sizeBytes, entryCount: entries.length, createdAt: this.#clock.now() };
  }

  async #entries(id: string) {
    const tar = extract();
    createReadStream(await this.tarPath(id))
      .on("error", (error) => tar.destroy(error))
      .pipe(tar);
    return tar;
  }

  #pathOf(id: string): string {
    if (!/^[0-9a-f]{64}$/.test(id)) throw new AppError("not_found", "There is no source of that id.");
    return join(this.#folder, `${id}.tar`);
  }
}

type ArchiveFormat = "zip" | "tar.gz";

/** @throws AppError `invalid` when it is neither */
async function tellFormat(path: string): Promise<ArchiveFormat> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.subarray(0, bytesRead).toString("latin1");
    if (start === "PK\u0003\u0004" || start === "PK\u0005\u0006") return "zip";
    if (start.startsWith("\u001f\u008b")) return "tar.gz";
  } finally {
    await file.close();
  }
  const message = "this is neither a zip nor a tar.gz";
  throw new AppError("invalid", `file: ${message}`, {
    fields: { file: [message] },
    remedy: "Send a zip (`zip -r app.zip .`) or a tar.gz (`tar czf app.tar.gz .`) of the folder.",
  });
}

/** Whatever yauzl, zlib or tar-stream throw about the bytes means a corrupt archive; system errors are none of that. */
function translateImportError(error: unknown, format: ArchiveFormat): unknown {
  if (isAppError(error)) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new AppError("disk_full", "The disk is full: the archive can't be unpacked.", {
      cause: error,
      remedy: "Free some space in the data directory and upload again.",
    });
  }
  if (error instanceof Error && "syscall" in error) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new AppError("invalid", `file: the ${format} is corrupt: ${words}`, {
    cause: error,
    fields: { file: [`is corrupt: ${words}`] },
    remedy: "Make the archive anew and upload it again.",
  });
}
