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

export type RunPlaces = { readonly env: Readonly<Record<string, string | undefined>>; readonly isRoot: boolean };

/** Undefined where there is nothing to lock: no engine, or no place for such files. @throws AppError `conflict` */
export async function lockPrefix(
  { driver, dockerSocket, prefix }: Pick<Config, "driver" | "dockerSocket" | "prefix">,
  places: RunPlaces,
): Promise<{ release(): Promise<void> } | undefined> {
  const folder = runFolder(places);
  if (driver !== "docker" || folder === undefined) return undefined;
  const engine = createHash("sha256").update(dockerSocket).digest("hex").slice(0, 8);
  const path = join(folder, `${prefix}-${engine}`);
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
    const pid = /\(pid \d+\)/.exec(error.message)?.[0] ?? "";
    throw new AppError(
      "conflict",
      `Another Slipway server ${pid} runs on this Docker engine under the prefix ${prefix}.`.replace("  ", " "),
      {
        cause: error,
        remedy:
          "Stop it first, or give this one names and addresses of its own: SLIPWAY_PREFIX and SLIPWAY_NETWORK_POOL.",
      },
    );
  }
}

/** Where this user's run-time files are. Nothing is mounted over it: secrets have a folder of their own below. */
function runFolder({ env, isRoot }: RunPlaces): string | undefined {
  if (isRoot) return "/run/slipway";
  return env.XDG_RUNTIME_DIR === undefined ? undefined : join(env.XDG_RUNTIME_DIR, "slipway");
}
