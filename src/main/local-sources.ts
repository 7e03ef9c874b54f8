/** Folders of this machine as sources, for the time one command runs: the same files and checks as an upload has. */

import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { TarSourceFiles } from "../builder/source-files.ts";
import { packFolder } from "../cli/pack-folder.ts";
import { type FolderEntry, listFolder } from "../cli/source-folder.ts";
import { AppError } from "../domain/errors.ts";
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from "../domain/source.ts";
import { newId } from "../lib/ids.ts";
import { systemClock } from "../lib/system-clock.ts";

/** A server's, but for the ratio: what lies on one's own disk is no bomb. */
const LIMITS: ArchiveLimits = { ...DEFAULT_ARCHIVE_LIMITS, ratio: Number.POSITIVE_INFINITY };

const WHAT_TO_NAME = "Name the folder of a function, or start one: slipway new -r node FOLDER";

export type FolderSource = {
  readonly sourceId: string;
  /** Paths of its files, sorted. */
  readonly paths: readonly string[];
  /** Entries that are no files, folders or links. */
  readonly skipped: readonly string[];
};

export class LocalSources {
  readonly #folder: string;
  readonly files: TarSourceFiles;

  private constructor(folder: string, files: TarSourceFiles) {
    this.#folder = folder;
    this.files = files;
  }

  /** In a temporary folder of its own, so that commands side by side never meet. */
  static async open(): Promise<LocalSources> {
    const folder = await mkdtemp(join(tmpdir(), "slipway-local-"));
    return new LocalSources(folder, await TarSourceFiles.open(join(folder, "sources"), systemClock));
  }

  /** @throws AppError `invalid` (not a folder, empty, unreadable, a link out of it), `too_large` */
  async importFolder(folder: string): Promise<FolderSource> {
    await requireFolder(folder);
    const { entries, skipped } = await listFolder(folder);
    if (!entries.some(({ kind }) => kind === "file")) throw emptyFolder(folder);
    requireFitting(folder, entries);
    const archive = join(this.#folder, `${newId()}.tar.gz`);
    try {
      await pipeline(
        packFolder(folder, entries, () => undefined),
        createWriteStream(archive, { mode: 0o600 }),
      );
      const { id } = await this.files.importArchive(archive, LIMITS);
      return { sourceId: id, paths: await this.files.listPaths(id), skipped };
    } finally {
      await rm(archive, { force: true });
    }
  }

  /** Removes all of it. Idempotent. */
  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  throw new AppError("invalid", `${path} is no folder that can be read.`, { remedy: WHAT_TO_NAME });
}

/** Before a byte of it is read. @throws AppError `too_large` naming the largest file */
function requireFitting(folder: string, entries: readonly FolderEntry[]): void {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= LIMITS.unpackedBytes) return;
  const [largest] = entries.toSorted((a, b) => b.size - a.size);
  const words = `${folder} is ${inGib(bytes)}, and a function may have ${inGib(LIMITS.unpackedBytes)}.`;
  throw new AppError("too_large", `${words} The largest file in it: ${largest?.path} (${inGib(largest?.size ?? 0)}).`, {
    remedy: "List what the function does not need in .slipwayignore, or keep data in a volume.",
  });
}

function inGib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function emptyFolder(folder: string): AppError {
  return new AppError("invalid", `${folder} holds no files.`, { remedy: WHAT_TO_NAME });
}
