/** Waiting for what must come true, without knowing when. */

import { setTimeout as wait } from "node:timers/promises";

const BETWEEN_TRIES_MS = 20;

/** Tries until `check` no longer throws; its last error after the limit. */
export async function eventually<T>(check: () => T | Promise<T>, limitMs = 15_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await wait(BETWEEN_TRIES_MS);
    }
  }
}
