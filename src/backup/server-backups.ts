/** Backups of the server that runs here, and restores that it takes up at its next start. */

import { randomUUID } from "node:crypto";
import { lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  BACKUP_FORMAT,
  type Backups,
  DATA_PARTS,
  DATABASE_NAME,
  type StagedRestore,
  VOLUMES_NAME,
} from "../domain/backup.ts";
import { AppError } from "../domain/errors.ts";
import { commitRestore, hasPendingRestore, openStaging, type RestorePlaces } from "./pending-restore.ts";
import { type ReadBackup, readBackup } from "./read-backup.ts";
import { writeBackup } from "./write-backup.ts";

export type DatabaseLook = {
  readonly schema: number;
  readonly newestSchema: number;
  readonly serverId: string | null;
  readonly hasSealed: boolean;
};

export type ServerBackupsOptions = {
  readonly places: RestorePlaces;
  readonly version: string;
  readonly serverId: string;
  /** Of the database that is open. */
  readonly schema: number;
  /** @throws AppError `conflict`, `disk_full`, `unavailable` */
  readonly copyDatabase: (path: string) => Promise<void>;
  /** @throws AppError `invalid` for a file that is no database of Slipway, or damaged */
  readonly inspect: (path: string) => DatabaseLook;
  /** From when it resolves nothing that the database names is cleared away, until the answered function is called. */
  readonly keepFiles: () => Promise<() => void>;
  /** Bytes that a restore may still take on the disk of that folder. */
  readonly room: (folder: string) => Promise<number>;
  /** Whether there is something here that a foreign state would orphan. */
  readonly hasServices: () => Promise<boolean>;
  /** @throws AppError `conflict` when a server of that id runs on the same engine */
  readonly requireNotServed: (serverId: string) => Promise<void>;
  /** ms since the epoch. */
  readonly now: () => number;
};

export class ServerBackups implements Backups {
  readonly #options: ServerBackupsOptions;
  #isStaging = false;

  constructor(options: ServerBackupsOptions) {
    this.#options = options;
  }

  async write({ withVolumes }: { readonly withVolumes: boolean }): Promise<AsyncIterable<Uint8Array>> {
    const { places, version, serverId, schema, copyDatabase, keepFiles, now } = this.#options;
    const folder = join(places.dataDir, `backup.tmp-${randomUUID()}`);
    const databaseCopy = join(folder, DATABASE_NAME);
    await mkdir(folder, { mode: 0o700 });
    const release = await keepFiles();
    const end = (): Promise<void> => rm(folder, { recursive: true, force: true }).finally(release);
    try {
      await copyDatabase(databaseCopy);
    } catch (error) {
      await end();
      throw error;
    }
    const header = {
      format: BACKUP_FORMAT,
      ...{ slipway: version, serverId, createdAt: now(), schema, hasVolumes: withVolumes },
    } as const;
    const { dataDir, passfile } = places;
    const bytes = withEnd(writeBackup({ header, dataDir, databaseCopy, passfile }), end);
    // A generator that was never begun has no end either, when its reader leaves before the first byte.
    await bytes.next();
    return bytes;
  }

  async stage(archive: AsyncIterable<Uint8Array>): Promise<StagedRestore> {
    if (this.#isStaging) throw underWay();
    this.#isStaging = true;
    try {
      if (await hasPendingRestore(this.#options.places.dataDir)) throw underWay();
      return await this.#stage(archive);
    } finally {
      this.#isStaging = false;
    }
  }

  async #stage(archive: AsyncIterable<Uint8Array>): Promise<StagedRestore> {
    const { places, room, now } = this.#options;
    const staging = await openStaging(places.dataDir);
    try {
      const read = await readBackup(archive, staging, () => room(places.dataDir));
      await this.#check(read, staging);
      const scope = { scope: "all", withVolumes: read.header.hasVolumes } as const;
      const previous = await commitRestore(places, staging, scope, now());
      return { ...read, previous };
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw error;
    }
  }

  async #check({ header }: ReadBackup, staging: string): Promise<void> {
    const { places, inspect, serverId, hasServices, requireNotServed } = this.#options;
    const present = async (name: string) => lstat(join(staging, name)).catch(() => undefined);
    if ((await present(DATABASE_NAME)) === undefined) throw unusable("it holds no database");
    const found = inspect(join(staging, DATABASE_NAME));
    if (found.schema > found.newestSchema) {
      throw new AppError("conflict", `The backup was made by a newer Slipway, ${header.slipway}.`, {
        remedy: "Upgrade this server first, then restore.",
      });
    }
    if (found.serverId === null || found.serverId !== header.serverId)
      throw unusable("its database is another server's");
    if (found.hasSealed && (await present("master.key")) === undefined) {
      throw unusable("it has no master.key, without which its secrets can't be opened");
    }
    if (found.serverId !== serverId && (await hasServices())) {
      throw new AppError(
        "conflict",
        "The backup is of another server, and this one has services that would be orphaned.",
        {
          remedy: "Restore it into a fresh server, or delete this one's functions and services first.",
        },
      );
    }
    if (found.serverId !== serverId) await requireNotServed(found.serverId);
    await requireOneFileSystem(places.dataDir, [...DATA_PARTS, ...(header.hasVolumes ? [VOLUMES_NAME] : [])]);
  }
}

/** Parts change places by being renamed, which mounts can't. */
async function requireOneFileSystem(dataDir: string, parts: readonly string[]): Promise<void> {
  const { dev } = await lstat(dataDir);
  for (const part of parts) {
    const found = await lstat(join(dataDir, part)).catch(() => undefined);
    if (found === undefined || found.dev === dev) continue;
    throw new AppError("conflict", `${join(dataDir, part)} is a mount of its own, and can't be replaced as a whole.`, {
      remedy: "Stop the server, unmount it, and restore with --data-dir.",
    });
  }
}

function underWay(): AppError {
  return new AppError("conflict", "Another restore is under way.", { remedy: "Wait until it is done." });
}

function unusable(reason: string): AppError {
  return new AppError("invalid", `The backup can't be used: ${reason}.`, {
    remedy: "Nothing was changed. Take another copy of it, or an older backup.",
  });
}

async function* withEnd(bytes: AsyncIterable<Uint8Array>, end: () => Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    yield new Uint8Array();
    yield* bytes;
  } finally {
    await end();
  }
}
