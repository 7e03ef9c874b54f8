/** How much a restore may unpack: the rest of the server writes to the same disk. */

import { statfs } from "node:fs/promises";

/** Left for the database, logs and builds, in bytes. */
const RESERVE_BYTES = 256 * 1024 * 1024;

export async function restoreRoom(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize - RESERVE_BYTES;
}
