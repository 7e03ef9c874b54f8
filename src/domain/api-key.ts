/** API keys: long-lived tokens of a user for programs. Shown once; only the SHA-256 is kept. */

export type ApiKey = {
  readonly id: string;
  readonly userId: string;
  readonly description: string;
  /** First 8 characters of the token, to tell keys apart. */
  readonly prefix: string;
  /** SHA-256 (hex) of the token; unique. */
  readonly tokenHash: string;
  /** Null: never. */
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly createdAt: number;
};

export interface ApiKeyStore {
  findByHash(hash: string): Promise<ApiKey | undefined>;
  find(id: string): Promise<ApiKey | undefined>;
  /** Newest first; equal times by id. */
  list(userId: string): Promise<readonly ApiKey[]>;
  /** @throws AppError `not_found` (user) */
  create(key: ApiKey): Promise<void>;
  /** Idempotent; also for one that is gone. */
  touch(id: string, lastUsedAt: number): Promise<void>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
}
