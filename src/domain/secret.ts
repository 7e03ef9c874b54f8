/** Secrets: named bytes that a project's functions, or one function, get as files. Only sealed values are stored. */

/** Longest value in bytes. */
export const MAX_SECRET_BYTES = 512 * 1024;

/** What a secret is called and whose it is. */
export type SecretKey = {
  readonly projectId: string;
  /** Name of the one function that gets it, which need not exist yet; null: every function of the project that asks for it. */
  readonly functionName: string | null;
  /** `[A-Za-z0-9._-]+`, not starting with two dots. */
  readonly name: string;
};

export type SecretRecord = SecretKey & {
  readonly id: string;
  /** Base64 of what SecretBox.seal made. */
  readonly sealed: string;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export interface SecretStore {
  find(key: SecretKey): Promise<SecretRecord | undefined>;
  /** Sorted by function name (project-wide ones first), then name. `functionName: null`: the project-wide ones only. */
  list(filter?: {
    readonly projectId?: string;
    readonly functionName?: string | null;
  }): Promise<readonly SecretRecord[]>;
  /** Creates it, or replaces the one of the same key (its id and createdAt stay). @throws AppError `not_found` (project) */
  put(record: SecretRecord): Promise<void>;
  /** Idempotent. */
  remove(key: SecretKey): Promise<void>;
}

/** Seals bytes under the server's master key, bound to what they are for. Implemented in src/auth/. */
export interface SecretBox {
  /** @param purpose e.g. `secret:<project id>:<function>:<name>`; opening needs the same. Answers base64 */
  seal(value: Uint8Array, purpose: string): string;
  /** @throws AppError `internal` when it was sealed under another key, for another purpose, or was changed */
  open(sealed: string, purpose: string): Uint8Array;
}
