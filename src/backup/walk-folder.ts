/** Everything below a folder that a backup can hold, folders before what is in them, in the order of their names. */

import type { Stats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { BackupEntry } from "../domain/backup.ts";

export type FoundEntry = Pick<BackupEntry, "path" | "type" | "target"> & { readonly stats: Stats };

/** `path`: below `root`. What vanishes meanwhile is left out, and so are sockets, pipes and devices. */
export async function* walkFolder(root: string, path: string): AsyncGenerator<FoundEntry> {
  const stats = await orGone(lstat(join(root, path)));
  if (stats === undefined) return;
  if (stats.isSymbolicLink()) {
    const target = await orGone(readlink(join(root, path)));
    if (target !== undefined) yield { path, type: "link", target, stats };
    return;
  }
  if (stats.isFile()) yield { path, type: "file", target: null, stats };
  if (!stats.isDirectory()) return;
  yield { path, type: "directory", target: null, stats };
  for (const name of ((await orGone(readdir(join(root, path)))) ?? []).sort())
    yield* walkFolder(root, `${path}/${name}`);
}

export async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
