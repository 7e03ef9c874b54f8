/** Everything below a folder that a backup can hold, folders before what is in them, in the order of their names. */

import { constants, type Stats } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { BackupEntry } from "../domain/backup.ts";

export type FoundEntry = Pick<BackupEntry, "path" | "type" | "target"> & {
  readonly stats: Stats;
  /** Where it can be opened until the next one is asked for. */
  readonly place: string;
};

/** Longer ones could not be written at a restore. In bytes, below the root. */
const MAX_PATH_BYTES = 3_000;

/**
 * `path`: below `root`. What vanishes meanwhile is left out, and so are sockets, pipes, devices and paths that are too
 * long. Instances may change what is in their volumes at any moment: each folder is entered through a handle, so that
 * no link that was put in a folder's place leads out of it.
 */
export function walkFolder(root: string, path: string): AsyncGenerator<FoundEntry> {
  return walk(join(root, path), path);
}

async function* walk(place: string, path: string): AsyncGenerator<FoundEntry> {
  const stats = await orGone(lstat(place));
  if (stats === undefined || Buffer.byteLength(path) > MAX_PATH_BYTES) return;
  if (stats.isSymbolicLink()) {
    const target = await orGone(readlink(place));
    if (target !== undefined) yield { path, type: "link", target, stats, place };
    return;
  }
  if (stats.isFile()) yield { path, type: "file", target: null, stats, place };
  if (!stats.isDirectory()) return;
  yield { path, type: "directory", target: null, stats, place };
  const folder = await orGone(open(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  if (folder === undefined) return;
  try {
    const inside = `/proc/self/fd/${folder.fd}`;
    for (const name of (await readdir(inside)).sort()) yield* walk(`${inside}/${name}`, `${path}/${name}`);
  } finally {
    await folder.close();
  }
}

/** Undefined for what is gone, or something else by now. */
export async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}
