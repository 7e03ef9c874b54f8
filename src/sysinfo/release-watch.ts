/** Looks for new releases now and then, and upgrades by itself where that is switched on. */

import type { Clock } from "../domain/clock.ts";
import { isAppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import { compareVersions, type Upgrades } from "../domain/system.ts";

const FIRST_LOOK_MS = 30_000;
const EVERY_MS = 24 * 3_600_000;
/** When an upgrade could not be asked for because something was under way, in milliseconds. */
const AGAIN_MS = 10 * 60_000;

export type ReleaseWatchOptions = {
  readonly upgrades: Upgrades;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
};

export class ReleaseWatch {
  readonly #options: ReleaseWatchOptions;
  #cancel: () => void = () => undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ReleaseWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(FIRST_LOOK_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#looking;
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.clock.schedule(delayMs, () => {
      this.#looking = this.#look().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** Answers when to look again, in milliseconds. Never throws. */
  async #look(): Promise<number> {
    const { upgrades, version, logger } = this.#options;
    try {
      const release = await upgrades.refreshLatestRelease();
      if (compareVersions(release.version, version) <= 0) return EVERY_MS;
      if (!(await upgrades.settings()).autoUpdate) {
        logger.info({ version: release.version }, "a new version of Slipway is there");
        return EVERY_MS;
      }
      // What failed once would fail every day.
      const { state, targetVersion } = await upgrades.status();
      if (state === "failed" && targetVersion === release.version) return EVERY_MS;
      await upgrades.request(release.version);
      logger.info({ version: release.version }, "the upgrade to a new version is asked for");
      return EVERY_MS;
    } catch (error) {
      if (isAppError(error, "conflict")) return AGAIN_MS;
      logger.warn({ err: error }, "new versions can't be looked for, or not be upgraded to");
      return EVERY_MS;
    }
  }
}
