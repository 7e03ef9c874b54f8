/**
 * Commands that change one local function take turns. A lock of the kernel's: it is free when the process of the one
 * that has it ends, however that ends. Its empty file stays, for a lock whose file is removed can be held twice.
 */

import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isAppError } from "../domain/errors.ts";
import { DataDirectoryLock } from "../store/lock.ts";

const LOOK_MS = 50;

/** Waits for its turn; `onWait` is called once if it has to. @throws the signal's reason */
export async function lockLocalFunction(
  folder: string,
  onWait: () => void,
  signal: AbortSignal,
): Promise<{ release(): Promise<void> }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await DataDirectoryLock.acquire(folder);
    } catch (error) {
      if (!isAppError(error, "conflict")) throw error;
      if (attempt === 1) onWait();
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
