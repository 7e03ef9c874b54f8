/**
 * Unpacks a backup into a folder of its own and believes nothing: the form, every path, every checksum, and that nothing
 * is missing. What is wrong throws; the folder is then the caller's to remove.
 */

import { createHash } from "node:crypto";
import { chmod, lchown, lutimes, mkdir, open, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import {
  type BackupEntry,
  type BackupHeader,
  HEADER_NAME,
  MANIFEST_NAME,
  refusedPath,
  VOLUMES_NAME,
} from "../domain/backup.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { parseHeader, parseManifest } from "./backup-schema.ts";

export type ReadBackup = { readonly header: BackupHeader; readonly files: number; readonly bytes: number };

const MAX_HEADER_BYTES = 64 * 1024;
const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;
const BLOCK_BYTES = 4096;
const TYPES = { file: "file", directory: "directory", symlink: "link" } as const;

/** How much is unpacked between two looks at the room that is left, in bytes. */
const LOOK_EVERY_BYTES = 16 * 1024 * 1024;

/**
 * @param folder that is not there yet
 * @param room how many bytes may still be unpacked there
 * @throws AppError `invalid`, `disk_full` before there is no room; whatever the file system or the source of `archive` throws
 */
export async function readBackup(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  room: () => Promise<number>,
): Promise<ReadBackup> {
  await mkdir(folder, { mode: 0o700 });
  const tar = extract();
  let sourceError: unknown;
  const source = Readable.from(
    (async function* () {
      try {
        for await (const chunk of archive) yield chunk;
      } catch (error) {
        sourceError = error;
        throw error;
      }
    })(),
    { objectMode: false },
  );
  const reading = pipeline(source, createGunzip(), tar);
  // The loop below ends with the same error, and reports it.
  reading.catch(() => undefined);
  const unpacking = new Unpacking(folder, room);
  try {
    for await (const entry of tar) await unpacking.take(entry.header, entry as AsyncIterable<Uint8Array>);
    await reading;
    return await unpacking.finish();
  } catch (error) {
    tar.destroy();
    if (sourceError !== undefined) throw sourceError;
    if (!isFormError(error)) throw error;
    throw unpacking.hasBegun ? damaged((error as Error).message, error) : foreign();
  }
}

/** What zlib and the tar reader say of bytes that make no sense; the file system's errors have a system call. */
function isFormError(error: unknown): boolean {
  return !isAppError(error) && error instanceof Error && !("syscall" in error);
}

class Unpacking {
  readonly #folder: string;
  readonly #entries = new Map<string, BackupEntry>();
  readonly #folders = new Set<string>();
  /** Set when all is there: a folder may forbid writing. */
  readonly #folderModes: (readonly [path: string, mode: number])[] = [];
  #header: BackupHeader | undefined;
  #manifest: readonly BackupEntry[] | undefined;
  readonly #room: () => Promise<number>;
  #untilLook = 0;

  constructor(folder: string, room: () => Promise<number>) {
    this.#folder = folder;
    this.#room = room;
  }

  /** It is a backup, whole or not. */
  get hasBegun(): boolean {
    return this.#header !== undefined;
  }

  async take(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#header === undefined) {
      if (header.name !== HEADER_NAME) throw foreign();
      this.#header = parseHeader(await readText(content, MAX_HEADER_BYTES));
      if (this.#header === undefined) throw foreign();
      return;
    }
    if (this.#manifest !== undefined) throw damaged("something follows its end");
    if (header.name === MANIFEST_NAME) {
      this.#manifest = parseManifest(await readText(content, MAX_MANIFEST_BYTES));
      if (this.#manifest === undefined) throw damaged("its list of files can't be read");
      return;
    }
    await this.#add(header, content);
  }

  async finish(): Promise<ReadBackup> {
    if (this.#header === undefined) throw foreign();
    if (this.#manifest === undefined) throw damaged("it ends too early");
    const { length } = this.#manifest;
    if (length !== this.#entries.size) throw damaged(`it holds ${this.#entries.size} entries of ${length}`);
    for (const wanted of this.#manifest) {
      const found = this.#entries.get(wanted.path);
      if (found === undefined) throw damaged(`${wanted.path} is missing`);
      const isSame =
        found.type === wanted.type &&
        found.size === wanted.size &&
        found.sha256 === wanted.sha256 &&
        found.target === wanted.target;
      if (!isSame) throw damaged(`${wanted.path} is not what it was`);
    }
    for (const [path, mode] of this.#folderModes.toReversed()) await chmod(path, mode);
    const files = [...this.#entries.values()].filter(({ type }) => type === "file");
    return { header: this.#header, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
  }

  async #add(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = header.name.replace(/\/$/, "");
    const type = Object.hasOwn(TYPES, header.type ?? "") ? TYPES[header.type as keyof typeof TYPES] : undefined;
    if (type === undefined) throw refused(path, "is neither file, folder nor link");
    const reason = refusedPath(path, type, this.#folders);
    if (reason !== undefined) throw refused(path, reason);
    if (this.#entries.has(path)) throw refused(path, "is there twice");
    await this.#requireRoom(header.size ?? 0);
    const target = join(this.#folder, path);
    const entry = { path, type, size: 0, sha256: null, target: null };
    const isVolume = path.split("/")[0] === VOLUMES_NAME;
    const mode = (header.mode ?? 0o600) & (isVolume ? 0o7777 : 0o700);
    if (type === "file") {
      this.#entries.set(path, { ...entry, ...(await writeFile(target, mode, content, !isVolume)) });
    } else {
      for await (const _ of content);
      if (type === "link") await symlink(header.linkname ?? "", target);
      else await mkdir(target, { mode: 0o700 });
      this.#entries.set(path, { ...entry, target: type === "link" ? (header.linkname ?? "") : null });
    }
    // A change of owner takes special bits away, so the mode comes after it.
    if (isVolume && process.getuid?.() === 0) await lchown(target, header.uid ?? 0, header.gid ?? 0);
    if (type === "file") await chmod(target, mode);
    if (type === "directory") {
      this.#folders.add(path);
      this.#folderModes.push([target, isVolume ? mode : 0o700]);
    } else if (header.mtime !== undefined) await lutimes(target, header.mtime, header.mtime);
  }

  /** The rest of the server lives on the same disk: it must not be filled to the last byte. */
  async #requireRoom(bytes: number): Promise<void> {
    // An entry without content takes some room as well.
    this.#untilLook -= Math.max(bytes, BLOCK_BYTES);
    if (this.#untilLook > 0) return;
    if ((await this.#room()) < Math.max(bytes, LOOK_EVERY_BYTES)) {
      throw new AppError("disk_full", "There is not enough room on the disk for what is in the backup.", {
        remedy:
          "Nothing was changed. Make room in the data folder's file system; old restore.previous-… folders may go.",
      });
    }
    this.#untilLook = LOOK_EVERY_BYTES;
  }
}

async function writeFile(
  path: string,
  mode: number,
  content: AsyncIterable<Uint8Array>,
  isFlushed: boolean,
): Promise<Pick<BackupEntry, "size" | "sha256">> {
  const hash = createHash("sha256");
  let size = 0;
  const file = await open(path, "wx", mode & 0o700);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
    if (isFlushed) await file.sync();
  } finally {
    await file.close();
  }
  return { size, sha256: hash.digest("hex") };
}

async function readText(content: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > maxBytes) throw damaged("a part of it is far too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function foreign(): AppError {
  return new AppError("invalid", "This is no backup of a Slipway server.", {
    remedy: "Give a file that `slipway backup` has written.",
  });
}

function refused(path: string, reason: string): AppError {
  return damaged(`${JSON.stringify(path.slice(0, 200))} ${reason}`);
}

function damaged(reason: string, cause?: unknown): AppError {
  return new AppError("invalid", `The backup can't be used: ${reason}.`, {
    cause,
    remedy: "Nothing was changed. Take another copy of it, or an older backup.",
  });
}
