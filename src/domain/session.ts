/** Sessions: what signing in gives. Only SHA-256 hashes of tokens are kept. */

/** How long tokens are good for, in milliseconds. */
export const ACCESS_TTL_MS = 15 * 60_000;
export const REFRESH_TTL_MS = 7 * 24 * 3_600_000;

/** All of Slipway's tokens start so; the gateway keeps such a credential from functions. */
export const TOKEN_PREFIX = "slw_";

export type Session = {
  readonly id: string;
  readonly userId: string;
  /** SHA-256 (hex) of the present access token; unique. */
  readonly accessHash: string;
  /** SHA-256 (hex) of the part that all refresh tokens of the session share; unique. Who shows it with a used-up rest replays. */
  readonly familyHash: string;
  /** SHA-256 (hex) of the present refresh token. */
  readonly refreshHash: string;
  readonly expiresAt: number;
  readonly refreshExpiresAt: number;
  readonly createdAt: number;
};

export interface SessionStore {
  find(id: string): Promise<Session | undefined>;
  findByAccessHash(hash: string): Promise<Session | undefined>;
  findByFamilyHash(hash: string): Promise<Session | undefined>;
  /** @throws AppError `not_found` (user) */
  create(session: Session): Promise<void>;
  /** @throws AppError `not_found` */
  update(
    id: string,
    patch: Pick<Session, "accessHash" | "refreshHash" | "expiresAt" | "refreshExpiresAt">,
  ): Promise<Session>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
  /** All sessions of the user but the one of that id, where one is given. Idempotent. */
  removeAllOf(userId: string, exceptId?: string): Promise<void>;
  /** Those whose refresh token expired before `now`. Answers how many. */
  removeExpired(now: number): Promise<number>;
}
