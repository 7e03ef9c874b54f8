/** API keys of users: made, listed, removed, and who one stands for. */

import type { ApiKey } from "../domain/api-key.ts";
import type { Clock } from "../domain/clock.ts";
import { AppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import type { Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import { hashOf, newToken } from "./tokens.ts";

const PREFIX_LENGTH = 8;
const MAX_DESCRIPTION_LENGTH = 200;
/** When a key was last used is written down this often at most. */
const TOUCH_EVERY_MS = 60_000;

export class ApiKeys {
  readonly #store: Stores["apiKeys"];
  readonly #clock: Pick<Clock, "now">;
  readonly #logger: Logger;

  constructor(store: Stores["apiKeys"], clock: Pick<Clock, "now">, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @throws AppError `unprocessable` by field, `not_found` (the user went away) */
  async create(
    userId: string,
    { description, expiresAt }: { readonly description: string; readonly expiresAt: number | null },
  ): Promise<{ readonly key: ApiKey; readonly token: string }> {
    const now = this.#clock.now();
    const told = description.trim();
    const isToldWell = told !== "" && told.length <= MAX_DESCRIPTION_LENGTH;
    const fields = {
      ...(!isToldWell && { description: [`must be 1 to ${MAX_DESCRIPTION_LENGTH} characters long.`] }),
      ...(expiresAt !== null && expiresAt <= now && { expires_at: ["must be in the future."] }),
    };
    if (Object.keys(fields).length > 0) throw new AppError("unprocessable", "Validation failed.", { fields });
    const token = newToken();
    const key = {
      id: newId(),
      userId,
      description: told,
      prefix: token.slice(0, PREFIX_LENGTH),
      tokenHash: hashOf(token),
      expiresAt,
      lastUsedAt: null,
      createdAt: now,
    };
    await this.#store.create(key);
    return { key, token };
  }

  list(userId: string): Promise<readonly ApiKey[]> {
    return this.#store.list(userId);
  }

  /** @throws AppError `not_found`, with one message for what is not there and what is another's */
  async remove(userId: string, id: string): Promise<void> {
    const key = await this.#store.find(id);
    if (key?.userId !== userId) throw new AppError("not_found", "There is no such API key.");
    await this.#store.remove(id);
  }

  /** The key that a token is, if it is good now. Notes that it was used. */
  async find(token: string): Promise<ApiKey | undefined> {
    const key = await this.#store.findByHash(hashOf(token));
    const now = this.#clock.now();
    if (key === undefined || (key.expiresAt !== null && key.expiresAt <= now)) return undefined;
    // A clock that was set back must not stop the noting.
    if (key.lastUsedAt === null || Math.abs(now - key.lastUsedAt) >= TOUCH_EVERY_MS) await this.#touch(key, now);
    return key;
  }

  /** A full disk must not keep programs from reading. */
  async #touch({ id }: ApiKey, now: number): Promise<void> {
    try {
      await this.#store.touch(id, now);
    } catch (error) {
      this.#logger.warn({ err: error, apiKeyId: id }, "when an API key was used last could not be stored");
    }
  }
}
