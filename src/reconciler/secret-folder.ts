/** Finds the folder that secrets lie in for running instances: in memory, never on a disk, and for nobody else to enter. */

import { chmod, lstat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import { makeFolder } from "../lib/make-folder.ts";

export type SecretFolderOptions = {
  /** The folder the operator names, or the default. */
  readonly wanted: string;
  /** Taken, the first that is in memory, when `wanted` can't be used. */
  readonly fallbacks: readonly string[];
  /** Mounts a tmpfs on a folder; undefined: this process may not. */
  readonly mount: ((folder: string) => Promise<void>) | undefined;
  /** Below it lies what this server's instances see. */
  readonly serverId: string;
  readonly logger: Pick<Logger, "info" | "warn">;
};

/** File systems that live in memory: tmpfs and ramfs, as statfs(2) calls them. */
const IN_MEMORY = [0x01021994, 0x858458f6];

/**
 * Makes `<folder>/<server id>` (0700) and answers its path.
 * @throws AppError `unavailable` when no folder in memory can be had
 */
export async function openSecretFolder(options: SecretFolderOptions): Promise<string> {
  const { wanted, fallbacks, serverId, logger } = options;
  const reasons: string[] = [];
  for (const folder of [wanted, ...fallbacks]) {
    try {
      await requireMemory(folder, folder === wanted ? options.mount : undefined);
      const own = join(folder, serverId);
      await makePrivate(own);
      if (folder !== wanted) logger.info({ folder, reason: reasons.join("; ") }, "secrets of instances lie elsewhere");
      return own;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new AppError("unavailable", `Secrets can be kept nowhere for running functions: ${reasons.join("; ")}.`, {
    remedy: "Name a folder on a tmpfs that the server may write to: --secrets-dir (SLIPWAY_SECRETS_DIR).",
  });
}

async function requireMemory(folder: string, mount: SecretFolderOptions["mount"]): Promise<void> {
  await makeFolder(folder, 0o700);
  if (await isInMemory(folder)) return;
  if (mount !== undefined) await mount(folder);
  if (!(await isInMemory(folder))) throw new Error(`${folder} is on a disk`);
}

async function isInMemory(folder: string): Promise<boolean> {
  return IN_MEMORY.includes((await statfs(folder)).type);
}

/** In a folder that others may write to, they may have been there first. */
async function makePrivate(folder: string): Promise<void> {
  await makeFolder(folder, 0o700);
  const { uid } = await lstat(folder).then((found) => (found.isDirectory() ? found : { uid: -1 }));
  if (uid !== process.getuid?.()) throw new Error(`${folder} belongs to somebody else`);
  await chmod(folder, 0o700);
}
