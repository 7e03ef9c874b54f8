/**
 * The user of the gateway workers (option gateway-user): who that is, and what it may reach of the data directory, which
 * is its two sockets and nothing else.
 */

import type { Stats } from "node:fs";
import { chmod, chown, lstat, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../domain/errors.ts";
import type { WorkerUser } from "../gateway/worker-user.ts";
import { run } from "../lib/run.ts";

/** New files of a server with such a user can't be read by others. */
export const PRIVATE_UMASK = 0o027;

const LIMIT_MS = 10_000;

/** @throws AppError `invalid` when there is no such user, or this process may not become another one */
export async function findGatewayUser(name: string | null, isRoot: boolean): Promise<WorkerUser | undefined> {
  if (name === null) return undefined;
  if (!isRoot) throw refused(name, "only a server that root has started can run its workers as another user");
  const [uid, gid] = [await idOf(name, "-u"), await idOf(name, "-g")];
  if (uid === undefined || gid === undefined) throw refused(name, `there is no user ${name}`);
  return { name, uid, gid };
}

/**
 * Lets the user pass through the folder, and takes from everybody else what lies in it already.
 * @throws AppError `invalid` when a folder above it is closed to the user
 */
export async function openDataDir(dataDir: string, user: WorkerUser): Promise<void> {
  for (let folder = dirname(dataDir); folder !== dirname(folder); folder = dirname(folder)) {
    if (!mayPass(await stat(folder), user))
      throw refused(user.name, `${folder}, above the data folder, is closed to it`);
  }
  for (const entry of await readdir(dataDir)) {
    const path = join(dataDir, entry);
    const info = await lstat(path);
    if (info.isFile() || info.isDirectory()) await chmod(path, info.mode & 0o770);
  }
  await chown(dataDir, (await stat(dataDir)).uid, user.gid);
  await chmod(dataDir, 0o710);
}

/** Lets the user connect to a socket of ours. */
export async function shareSocket(path: string, user: WorkerUser | undefined): Promise<void> {
  if (user === undefined) return;
  await chown(path, (await stat(path)).uid, user.gid);
  await chmod(path, 0o660);
}

function mayPass({ mode, uid, gid }: Stats, user: WorkerUser): boolean {
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}

async function idOf(name: string, option: "-u" | "-g"): Promise<number | undefined> {
  const { exitCode, stdout } = await run("id", [option, "--", name], { timeoutMs: LIMIT_MS });
  return exitCode === 0 ? Number(stdout) : undefined;
}

function refused(name: string, reason: string): AppError {
  return new AppError("invalid", `The gateway's workers can't run as ${name}: ${reason}.`, {
    fields: { "gateway-user": [reason] },
    remedy: "Choose another user with --gateway-user (SLIPWAY_GATEWAY_USER), or leave it out.",
  });
}
