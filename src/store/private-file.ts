/** Files for SQLite that only their owner may read; it would make them readable by everybody. */

import { open } from "node:fs/promises";
import { cannotOpenError, diskFullError } from "./sqlite-errors.ts";

/**
 * Creates an empty file with mode 0600. One that is there is not even opened: closing it again would end the POSIX
 * locks that this process may hold on it. The files SQLite adds beside it get the same mode.
 * @throws AppError `unavailable`, `disk_full`
 */
export async function createPrivateFile(path: string): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.close();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return;
    throw code === "ENOSPC" ? diskFullError(error) : cannotOpenError(path, error);
  }
}
