/** Sessions in the store: opened, refreshed, found by a token. */

import type { AuthTokens } from "../domain/accounts.ts";
import type { Clock } from "../domain/clock.ts";
import { AppError } from "../domain/errors.ts";
import { ACCESS_TTL_MS, REFRESH_TTL_MS, type Session } from "../domain/session.ts";
import type { Database, Stores } from "../domain/stores.ts";
import type { User } from "../domain/user.ts";
import { newId } from "../lib/ids.ts";
import { familyOf, hashOf, isSameHash, newFamily, newRefreshToken, newToken } from "./tokens.ts";

/** How far a clock that is set back may make an access token last longer than it should. */
const CLOCK_SLACK_MS = 60_000;

export class Sessions {
  readonly #database: Pick<Database, "sessions" | "users" | "transact">;
  readonly #clock: Pick<Clock, "now">;

  constructor(database: Pick<Database, "sessions" | "users" | "transact">, clock: Pick<Clock, "now">) {
    this.#database = database;
    this.#clock = clock;
  }

  async open(
    tx: Pick<Stores, "sessions">,
    userId: string,
  ): Promise<{ readonly id: string; readonly tokens: AuthTokens }> {
    const family = newFamily();
    const { tokens, record } = this.#draw(family);
    const id = newId();
    await tx.sessions.create({ id, userId, familyHash: hashOf(family), createdAt: this.#clock.now(), ...record });
    return { id, tokens };
  }

  /** @throws AppError `unauthorized` */
  async refresh(refreshToken: string, onReplay: (user: User) => void): Promise<AuthTokens> {
    const family = familyOf(refreshToken);
    if (family === undefined) throw invalidToken();
    const outcome = await this.#database.transact(async (tx) => {
      const session = await tx.sessions.findByFamilyHash(hashOf(family));
      if (session === undefined) return undefined;
      const isReplay = !isSameHash(session.refreshHash, hashOf(refreshToken));
      if (isReplay || session.refreshExpiresAt <= this.#clock.now()) {
        // Told by the answer, not by a throw: that would undo the removal.
        await tx.sessions.remove(session.id);
        return isReplay ? { replayedBy: await tx.users.find(session.userId) } : undefined;
      }
      const { tokens, record } = this.#draw(family);
      await tx.sessions.update(session.id, record);
      return { tokens };
    });
    if (outcome?.replayedBy !== undefined) onReplay(outcome.replayedBy);
    if (outcome?.tokens === undefined) throw invalidToken();
    return outcome.tokens;
  }

  /** The session of an access token that is good now. */
  async find(accessToken: string): Promise<Session | undefined> {
    const session = await this.#database.sessions.findByAccessHash(hashOf(accessToken));
    if (session === undefined) return undefined;
    const leftMs = session.expiresAt - this.#clock.now();
    return leftMs > 0 && leftMs <= ACCESS_TTL_MS + CLOCK_SLACK_MS ? session : undefined;
  }

  #draw(family: string) {
    const accessToken = newToken();
    const refreshToken = newRefreshToken(family);
    const now = this.#clock.now();
    const expiresAt = now + ACCESS_TTL_MS;
    return {
      tokens: { accessToken, refreshToken, expiresAt },
      record: {
        accessHash: hashOf(accessToken),
        refreshHash: hashOf(refreshToken),
        expiresAt,
        refreshExpiresAt: now + REFRESH_TTL_MS,
      },
    };
  }
}

function invalidToken(): AppError {
  return new AppError("unauthorized", "Invalid or expired token.", { remedy: "Sign in again." });
}
