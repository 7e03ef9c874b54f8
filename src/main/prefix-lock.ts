/**
 * Of two servers that run on one engine under one prefix, the second is told at its start, also while neither has
 * deployed anything yet (src/docker/foreign-names.ts sees the rest). A lock of the kernel's, beside the machine's other
 * run-time files: it is gone when its process is.
 */

import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, isAppError } from "../domain/errors.ts";
import { DataDirectoryLock } from "../store/lock.ts";
import type { Config } from "./config.ts";

const LOOK_EVERY_MS = 50;

export type RunPlaces = { readonly env: Readonly<Record<string, string | undefined>>; readonly isRoot: boolean };

type Engine = Pick<Config, "driver" | "dockerSocket">;
export type RunLock = { release(): Promise<void> };

/** Undefined where there is nothing to lock: no engine, or no place for such files. @throws AppError `conflict` */
export function lockPrefix(config: Engine & Pick<Config, "prefix">, places: RunPlaces): Promise<RunLock | undefined> {
  return lockName(config.prefix, config, places, (pid) => ({
    message: `Another Slipway server ${pid} runs on this Docker engine under the prefix ${config.prefix}.`,
    remedy: "Stop it first, or give this one names and addresses of its own: SLIPWAY_PREFIX and SLIPWAY_NETWORK_POOL.",
  }));
}

/**
 * The same for two servers of one id, which a restored backup or a copied data folder makes: whatever their prefixes,
 * each would take the other's instances for its own. A control that is just ending is waited for.
 */
export async function lockServer(serverId: string, config: Engine, places: RunPlaces, waitMs = 0) {
  for (const end = performance.now() + waitMs; ; ) {
    try {
      return await lockName(`server-${serverId}`, config, places, (pid) => ({
        message: `The server that this is a copy of (${serverId}) runs on this Docker engine ${pid}.`,
        remedy: "Stop that one first: both would manage the same containers.",
      }));
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

/** @throws AppError `conflict` when a server of that id runs on this engine */
export async function requireNotServed(serverId: string, config: Engine, env: RunPlaces["env"]): Promise<void> {
  const lock = await lockServer(serverId, config, { env, isRoot: process.getuid?.() === 0 });
  await lock?.release();
}

async function lockName(
  name: string,
  { driver, dockerSocket }: Engine,
  places: RunPlaces,
  taken: (pid: string) => { readonly message: string; readonly remedy: string },
): Promise<RunLock | undefined> {
  const folder = runFolder(places);
  if (driver !== "docker" || folder === undefined) return undefined;
  const engine = createHash("sha256").update(dockerSocket).digest("hex").slice(0, 8);
  const path = join(folder, `${name}-${engine}`);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const lock = await DataDirectoryLock.acquire(path);
    return {
      async release() {
        // While it is held: afterwards it may be the next one's.
        await rm(path, { recursive: true, force: true });
        await lock.release();
      },
    };
  } catch (error) {
    if (!isAppError(error, "conflict")) return undefined;
    const { message, remedy } = taken(/\(pid \d+\)/.exec(error.message)?.[0] ?? "");
    throw new AppError("conflict", message.replace("  ", " ").replace(" .", "."), { cause: error, remedy });
  }
}

/** Where this user's run-time files are. Nothing is mounted over it: secrets have a folder of their own below. */
function runFolder({ env, isRoot }: RunPlaces): string | undefined {
  if (isRoot) return "/run/slipway";
  return env.XDG_RUNTIME_DIR === undefined ? undefined : join(env.XDG_RUNTIME_DIR, "slipway");
}
