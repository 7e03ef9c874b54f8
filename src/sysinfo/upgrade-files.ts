/**
 * How the server and `slipway upgrade --run` speak with each other: files in the data directory. The server may be
 * replaced in the middle of an upgrade, so nothing of it is kept in a process.
 *
 * `upgrade.requested`    what is asked for; the systemd path unit waits for it
 * `upgrade.running`      the same once it is taken, and how far it has come
 * `upgrade.status.json`  what people see
 */

import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import { UPGRADE_STATES, type UpgradeStatus, VERSION_PATTERN } from "../domain/system.ts";
import { writeFileAtomic } from "../lib/write-file.ts";

const MAX_BYTES = 256 * 1024;

const requestSchema = z.strictObject({
  version: z.string().regex(VERSION_PATTERN),
  tarballUrl: z.url(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  requestedAt: z.int(),
  /** The version that asks. */
  fromVersion: z.string(),
  databasePath: z.string(),
  /** The link that children of the server start from: `<prefix>/current`, to `releases/<name>`. */
  currentLink: z.string(),
  /** Where it led to before it was changed, once that is about to happen. */
  previousTarget: z.string().optional(),
  /** The copy of the database from just before. */
  backupPath: z.string().optional(),
});
export type UpgradeRequest = z.output<typeof requestSchema>;

const statusSchema = z.strictObject({
  state: z.enum(UPGRADE_STATES),
  targetVersion: z.string().nullable(),
  startedAt: z.int().nullable(),
  finishedAt: z.int().nullable(),
  error: z.string().nullable(),
  logTail: z.string().nullable(),
  /** Of the process that works on it. */
  pid: z.int(),
});
export type StoredUpgradeStatus = z.output<typeof statusSchema>;

const IDLE: UpgradeStatus = {
  ...{ state: "idle", targetVersion: null, startedAt: null, finishedAt: null, error: null, logTail: null },
};

export class UpgradeFiles {
  readonly #requested: string;
  readonly #running: string;
  readonly #status: string;

  constructor(dataDir: string) {
    this.#requested = join(dataDir, "upgrade.requested");
    this.#running = join(dataDir, "upgrade.running");
    this.#status = join(dataDir, "upgrade.status.json");
  }

  async request(request: UpgradeRequest): Promise<void> {
    await writeFileAtomic(this.#requested, JSON.stringify(request));
  }

  /** What waits to be taken. @throws AppError `invalid` for a file that is none of ours */
  requested(): Promise<UpgradeRequest | undefined> {
    return readJson(this.#requested, requestSchema);
  }

  running(): Promise<UpgradeRequest | undefined> {
    return readJson(this.#running, requestSchema);
  }

  /** From now on it is this process's to carry out. */
  async take(): Promise<void> {
    await rename(this.#requested, this.#running);
  }

  /** Takes a request away that can't even be read. */
  async dropRequest(): Promise<void> {
    await rm(this.#requested, { force: true });
  }

  async noteRunning(request: UpgradeRequest): Promise<void> {
    await writeFileAtomic(this.#running, JSON.stringify(request));
  }

  async finish(): Promise<void> {
    await rm(this.#running, { force: true });
  }

  async writeStatus(status: StoredUpgradeStatus): Promise<void> {
    await writeFileAtomic(this.#status, JSON.stringify(status));
  }

  /** What is known now; one whose process died is `failed`. */
  async status(isAlive: (pid: number) => boolean): Promise<UpgradeStatus> {
    const requested = await this.requested();
    if (requested !== undefined) return { ...IDLE, state: "queued", targetVersion: requested.version };
    const stored = await readJson(this.#status, statusSchema);
    if (stored === undefined) return IDLE;
    const { pid, ...status } = stored;
    if (status.state !== "running" || isAlive(pid)) return status;
    return {
      ...status,
      state: "failed",
      error: "The upgrade was interrupted. `slipway upgrade --run` on the server, as root, takes it to an end.",
    };
  }
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readOwnFile(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw foreign(path, error);
  }
}

/** What root carries out must be root's word: no link, no pipe, nobody else's file, nothing endless. */
async function readOwnFile(path: string): Promise<string | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    if (error.code === "ELOOP") throw foreign(path, error);
    throw new AppError("internal", `${path} can't be read.`, { cause: error });
  });
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    const isOwn = stats.uid === 0 || stats.uid === process.geteuid?.();
    if (!stats.isFile() || !isOwn || stats.size > MAX_BYTES) throw foreign(path);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function foreign(path: string, cause?: unknown): AppError {
  return new AppError("invalid", `${path} is not what Slipway wrote there.`, {
    cause,
    remedy: `Remove it: rm ${path}`,
  });
}
