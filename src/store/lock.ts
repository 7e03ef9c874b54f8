/**
 * One server per data directory. The lock is SQLite's exclusive one on `slipway.lock`, a POSIX lock: the kernel frees it
 * when its process ends, however it ends. The holder's pid stands beside it in `slipway.pid`, for people only. The
 * process that holds the lock must never open `slipway.lock` otherwise: closing that would free the lock.
 */

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../domain/errors.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import { createPrivateFile } from "./private-file.ts";
import { isLockedError, translateSqliteError } from "./sqlite-errors.ts";

/** Keeps held locks from the garbage collector, which would close them when nobody keeps the object. */
const held = new Set<DatabaseSync>();

export class DataDirectoryLock {
  readonly #database: DatabaseSync;
  readonly #pidPath: string;

  private constructor(database: DatabaseSync, pidPath: string) {
    this.#database = database;
    this.#pidPath = pidPath;
  }

  /**
   * Takes the lock of a directory that exists, at once or not at all.
   * @throws AppError `conflict` naming the pid of the process that has it, `unavailable` when it can't be written there
   */
  static async acquire(dataDir: string): Promise<DataDirectoryLock> {
    const lockPath = join(dataDir, "slipway.lock");
    const pidPath = join(dataDir, "slipway.pid");
    await createPrivateFile(lockPath);
    const database = lockExclusively(lockPath);
    if (database === undefined) throw await heldError(dataDir, pidPath);
    try {
      await writeFileAtomic(pidPath, `${process.pid}\n`, 0o644);
    } catch (error) {
      database.close();
      throw error;
    }
    held.add(database);
    return new DataDirectoryLock(database, pidPath);
  }

  /** Idempotent. The pid goes first: once the lock is free, the file may be the next holder's. */
  async release(): Promise<void> {
    if (!held.delete(this.#database)) return;
    try {
      await rm(this.#pidPath, { force: true });
    } finally {
      this.#database.close();
    }
  }
}

/** The open database that holds the lock, or undefined when somebody else has it. */
function lockExclusively(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if (isLockedError(error)) return undefined;
    throw translateSqliteError(error);
  }
}

async function heldError(dataDir: string, pidPath: string): Promise<AppError> {
  const pid = await livePid(pidPath);
  const holder = pid === undefined ? "Another Slipway server" : `Another Slipway server (pid ${pid})`;
  return new AppError("conflict", `${holder} is using the data directory ${dataDir}.`, {
    remedy: "Stop it first, or give this one another directory with --data-dir.",
  });
}

/** The pid in the file, if a process of that number lives; the file of one that was killed stays behind. */
async function livePid(path: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(path, "utf8")).trim());
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch {
    // No such file or no such process: nobody to name.
    return undefined;
  }
}
