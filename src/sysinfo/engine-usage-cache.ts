/** What the engine takes on disk: asked at most every half minute, and never waited for longer than a person would. */

import type { EngineDriver, EngineUsage } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";

/** How long an answer is good for, in milliseconds. */
const FRESH_MS = 30_000;
/** How long a question waits for the engine, in milliseconds; it goes on looking after that. */
const PATIENCE_MS = 2_000;
export class EngineUsageCache {
  readonly #driver: Pick<EngineDriver, "usage">;
  readonly #patienceMs: number;
  #last: { readonly usage: EngineUsage; readonly at: number } | undefined;
  #asking: Promise<void> | undefined;

  constructor(driver: Pick<EngineDriver, "usage">, patienceMs = PATIENCE_MS) {
    this.#driver = driver;
    this.#patienceMs = patienceMs;
  }

  /** The last that is known; undefined: nothing yet. Never throws. */
  async read(): Promise<EngineUsage | undefined> {
    if (this.#last !== undefined && performance.now() - this.#last.at < FRESH_MS) return this.#last.usage;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#patienceMs);
    });
    await Promise.race([this.#asking, late]);
    clearTimeout(timer);
    return this.#last?.usage;
  }

  async #ask(): Promise<void> {
    try {
      const usage = await this.#driver.usage();
      this.#last = { usage, at: performance.now() };
    } catch (error) {
      // It is away, or took too long: what was known stays known.
      if (!isAppError(error)) throw error;
    }
  }
}
