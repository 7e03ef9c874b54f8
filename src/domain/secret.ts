/** Secrets: named bytes that a project's functions, or one function, get as files. Only sealed values are stored. */

import { AppError, invalidField } from "./errors.ts";

/** Longest value in bytes. */
export const MAX_SECRET_BYTES = 512 * 1024;
/** Longest value that a build step can mount, in bytes (BuildKit's own limit). */
export const MAX_BUILD_SECRET_BYTES = 500 * 1024;
/** Where instances find theirs. */
export const SECRETS_TARGET = "/secrets";

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

/** Changes secrets; every change is in the files of running instances when it resolves. Values never come back. */
export interface SecretAdmin {
  /** Of all projects, or of one; of one function, when named. Sorted as in the store. */
  list(filter: { readonly projectId?: string; readonly functionName?: string }): Promise<readonly SecretRecord[]>;
  /** @throws AppError `conflict` when it is there, `invalid` (name), `too_large` */
  create(key: SecretKey, value: Uint8Array): Promise<SecretRecord>;
  /** Creates or replaces. @throws AppError `invalid` (name), `too_large` */
  put(key: SecretKey, value: Uint8Array): Promise<SecretRecord>;
  /** @throws AppError `not_found` */
  remove(key: SecretKey): Promise<void>;
}

const SECRET_NAME = /^[A-Za-z0-9._-]{1,253}$/;

/** It is a file's name, and one that starts with two dots is the platform's own. @throws AppError `invalid` */
export function requireSecretName(name: string, field = "name"): void {
  if (SECRET_NAME.test(name) && name !== "." && !name.startsWith("..")) return;
  throw invalidField(
    field,
    `${JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)} is no name of a secret (letters, digits, . _ -, 1 to 253 characters, no two dots at the start)`,
    "Choose a name such as api-key.",
  );
}

/** @throws AppError `too_large` */
export function requireSecretSize(value: Uint8Array): void {
  if (value.length <= MAX_SECRET_BYTES) return;
  throw new AppError("too_large", `value: has ${value.length} bytes, a secret has at most ${MAX_SECRET_BYTES}`, {
    fields: { value: [`has more than ${MAX_SECRET_BYTES} bytes`] },
    remedy: "Keep large files on a volume, and only the key to them in a secret.",
  });
}

/** What its value is sealed for. */
export function secretPurpose({ projectId, functionName, name }: SecretKey): string {
  return `secret:${projectId}:${functionName ?? ""}:${name}`;
}

/**
 * The secrets a function sees, by name: all of its own, and of the project-wide ones those it asks for; its own one wins.
 * `all`: those of one project.
 */
export function visibleSecrets(
  all: readonly SecretRecord[],
  functionName: string,
  projectWide: readonly string[],
): ReadonlyMap<string, SecretRecord> {
  const shared = all.filter((s) => s.functionName === null && projectWide.includes(s.name));
  const own = all.filter((s) => s.functionName === functionName);
  return new Map([...shared, ...own].map((s) => [s.name, s]));
}

/** Those of `names` that are set, by name: the function's own, else the project-wide one. */
export function namedSecrets(
  all: readonly SecretRecord[],
  functionName: string,
  names: readonly string[],
): ReadonlyMap<string, SecretRecord> {
  const visible = visibleSecrets(all, functionName, names);
  return new Map(
    names.flatMap((name) => [[name, visible.get(name)] as const]).flatMap(([n, s]) => (s ? [[n, s]] : [])),
  );
}
