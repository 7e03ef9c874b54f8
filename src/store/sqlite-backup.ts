/** Copies of a SQLite database that is in use, and how much of the disk it takes. */

import { open, rm, stat } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { AppError } from "../domain/errors.ts";
import { cannotOpenError, diskFullError, translateSqliteError } from "./sqlite-errors.ts";

/** Pages (of 4 KiB) copied at a time, off the event loop. */
const PAGES_PER_STEP = 256;

/**
 * Writes what is committed in the database `from` now to the new file `to`, mode 0600. A connection of its own holds a
 * snapshot meanwhile, so that writers neither wait for the copy nor make it begin again.
 * @throws AppError `conflict` when `to` is there, `disk_full`, `unavailable`
 */
export async function backUpSqlite(from: string, to: string): Promise<void> {
  await createNewFile(to);
  try {
    await copySnapshot(from, to);
  } catch (error) {
    await rm(to, { force: true });
    await rm(`${to}-journal`, { force: true });
    throw translateSqliteError(error);
  }
}

/** Bytes of the file `path` and of its write-ahead log. */
export async function sqliteSizeBytes(path: string): Promise<number> {
  const sizes = await Promise.all([path, `${path}-wal`].map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function copySnapshot(from: string, to: string): Promise<void> {
  const reader = new DatabaseSync(from, { readOnly: true });
  try {
    // The snapshot is taken by the first read, not by BEGIN.
    reader.exec("BEGIN; SELECT count(*) FROM sqlite_schema;");
    await backup(reader, to, { rate: PAGES_PER_STEP });
  } finally {
    reader.close();
  }
}

/** Its owner's only from its first byte on. SQLite takes an empty file as an empty database. */
async function createNewFile(path: string): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.close();
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOSPC") throw diskFullError(error);
    if (code !== "EEXIST") throw cannotOpenError(path, error);
    throw new AppError("conflict", `${path} is there already.`, {
      cause: error,
      remedy: "Give the backup a name of its own, or remove that file first.",
    });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
