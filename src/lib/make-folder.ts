/**
 * `mkdir -p`. Node's own tries for ever, in a thread nobody can end, where a file system answers ENOENT to a new folder
 * whose parent is there: /proc does (libuv's answer is "make the parent first", which is there already).
 */

import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Idempotent. Parents that are missing are made with the same mode. @throws what mkdir(2) says */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === "EEXIST" && (await isFolder(path))) return;
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await makeLast(path, mode);
  }
}

/** Somebody else may have made it meanwhile. */
async function makeLast(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
