/** Takes sessions whose refresh token has expired out of the store, at the start and once an hour. */

import type { Clock } from "../domain/clock.ts";
import type { Logger } from "../domain/logger.ts";
import type { SessionStore } from "../domain/session.ts";

const EVERY_MS = 3_600_000;

export class SessionCleaner {
  readonly #sessions: Pick<SessionStore, "removeExpired">;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #cancel: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(sessions: Pick<SessionStore, "removeExpired">, clock: Clock, logger: Logger) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#running = this.#clean().finally(() => {
      if (!this.#isClosed) this.#cancel = this.#clock.schedule(EVERY_MS, () => this.start());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  async #clean(): Promise<void> {
    try {
      const count = await this.#sessions.removeExpired(this.#clock.now());
      if (count > 0) this.#logger.info({ count }, "expired sessions removed");
    } catch (error) {
      this.#logger.warn({ err: error }, "expired sessions could not be removed; in an hour again");
    }
  }
}
