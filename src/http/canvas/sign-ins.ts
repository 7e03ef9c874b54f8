/**
 * Who the clients of canvases are, and whether they still may be there. A connection lives as long as the session, the
 * API key or the passkey it came with, longer than the access token that was shown.
 */

import type { Actor } from "../../domain/actor.ts";
import type { Logger } from "../../domain/logger.ts";
import { type Credentials, findActor } from "../authorize.ts";
import { type CanvasClient, CLOSE } from "./client.ts";

export type SignInOptions = {
  readonly credentials: Credentials;
  /** Who a session stands for as long as it can be refreshed; undefined once it has ended. */
  readonly findSession: (sessionId: string) => Promise<Actor | undefined>;
  readonly logger: Logger;
};

/** How often all are looked at, in milliseconds. */
const LOOK_MS = 15_000;
/** How long a look holds for somebody who changes things, in milliseconds. */
const GOOD_FOR_MS = 2_000;

export class SignIns {
  readonly #options: SignInOptions;
  readonly #clients: () => Iterable<CanvasClient>;
  readonly #lookedAt = new WeakMap<CanvasClient, number>();
  readonly #timer: NodeJS.Timeout;
  #look: Promise<void> = Promise.resolve();

  constructor(options: SignInOptions, clients: () => Iterable<CanvasClient>) {
    this.#options = options;
    this.#clients = clients;
    this.#timer = setInterval(() => this.lookAgain(), LOOK_MS);
    this.#timer.unref();
  }

  identify(token: string): Promise<Actor | undefined> {
    return findActor(token, this.#options.credentials);
  }

  /** May it still change things? What can't be told now counts as yes. */
  async isGood(client: CanvasClient): Promise<boolean> {
    const now = performance.now();
    if (now - (this.#lookedAt.get(client) ?? Number.NEGATIVE_INFINITY) < GOOD_FOR_MS) return true;
    this.#lookedAt.set(client, now);
    const { actor, token } = client;
    const { findSession, logger } = this.#options;
    try {
      return (await (actor.kind === "session" ? findSession(actor.sessionId) : this.identify(token))) !== undefined;
    } catch (error) {
      logger.warn({ err: error }, "whether somebody is still signed in could not be told");
      return true;
    }
  }

  /** Cuts off who is signed in no more. @param userId only this user's connections */
  lookAgain(userId?: string): void {
    this.#look = this.#look.then(async () => {
      for (const client of [...this.#clients()]) {
        if (userId !== undefined && client.person.user_id !== userId) continue;
        this.#lookedAt.delete(client);
        if (!(await this.isGood(client))) client.close(CLOSE.unauthenticated);
      }
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
