/** Asks the engine whether images can be had, with little patience and a short memory. */

import type { Clock } from "../domain/clock.ts";
import type { ImageDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { ImageAvailability } from "../domain/preset-images.ts";
import type { RegistryDriver, RegistryLogins } from "../domain/registry.ts";

/** How long a registry may take to answer, in milliseconds. */
export const REGISTRY_PATIENCE_MS = 3_000;
/** How long its answer holds, in milliseconds. */
export const REGISTRY_MEMORY_MS = 60_000;

export type EngineAvailabilityOptions = {
  readonly driver: Pick<ImageDriver, "findImage"> & Pick<RegistryDriver, "hasImage">;
  readonly logins: RegistryLogins;
  readonly clock: Pick<Clock, "now">;
};

export class EngineAvailability implements ImageAvailability {
  readonly #options: EngineAvailabilityOptions;
  /** By image; a look under way is shared. */
  readonly #looks = new Map<string, { readonly at: number; readonly isThere: Promise<boolean> }>();

  constructor(options: EngineAvailabilityOptions) {
    this.#options = options;
  }

  async look(reference: string): Promise<"present" | "pullable" | "out_of_reach"> {
    const { driver, clock } = this.#options;
    if ((await driver.findImage(reference)) !== undefined) return "present";
    const now = clock.now();
    let known = this.#looks.get(reference);
    // Either way, so that a clock that was set back makes no answer last.
    if (known === undefined || Math.abs(now - known.at) >= REGISTRY_MEMORY_MS) {
      known = { at: now, isThere: this.#ask(reference) };
      known.isThere.catch(() => this.#looks.delete(reference));
      this.#looks.set(reference, known);
    }
    return (await known.isThere) ? "pullable" : "out_of_reach";
  }

  /** @throws AppError `unavailable` when the engine itself is away */
  async #ask(reference: string): Promise<boolean> {
    const { driver, logins } = this.#options;
    try {
      const login = await logins.findFor(reference);
      return await driver.hasImage(reference, login, AbortSignal.timeout(REGISTRY_PATIENCE_MS));
    } catch (error) {
      if (!isAppError(error) || error.code === "unavailable") throw error;
      return false;
    }
  }
}
