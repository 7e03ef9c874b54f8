/** Environment variables that a project, a canvas group or a service keeps. */

import { invalidField } from "./errors.ts";

export const ENV_SCOPES = ["project", "group", "service"] as const;
export type EnvScope = (typeof ENV_SCOPES)[number];

export type EnvVar = {
  readonly id: string;
  readonly projectId: string;
  readonly scope: EnvScope;
  /** Id of the project, of the group's canvas node, or of the service. */
  readonly scopeId: string;
  readonly key: string;
  readonly value: string;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export interface EnvVarStore {
  find(id: string): Promise<EnvVar | undefined>;
  /** Sorted by key, then id. */
  list(filter: {
    readonly projectId?: string;
    readonly scope?: EnvScope;
    readonly scopeId?: string;
  }): Promise<readonly EnvVar[]>;
  /** @throws AppError `conflict` when the scope has that key (field `key`), `not_found` (project) */
  create(variable: EnvVar): Promise<void>;
  /** @throws AppError `not_found` */
  update(id: string, patch: Pick<EnvVar, "value" | "updatedAt">): Promise<EnvVar>;
  /** Idempotent. All of a project go with it; those of a service or group are removed by who removes that. */
  remove(id: string): Promise<void>;
  removeScope(scope: EnvScope, scopeId: string): Promise<void>;
}

const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Longest value in characters. */
export const MAX_ENV_VALUE = 64 * 1024;

/** @throws AppError `invalid` */
export function requireEnvKey(key: string, field = "key"): void {
  if (key.length <= 256 && KEY.test(key)) return;
  throw invalidField(
    field,
    `${JSON.stringify(key.slice(0, 80))} is no name of a variable (letters, digits and _, not starting with a digit)`,
    "Use a name such as DATABASE_URL.",
  );
}

/** @throws AppError `invalid` */
export function requireEnvValue(value: string, field = "value"): void {
  if (value.includes("\0")) throw invalidField(field, "has a NUL character, which no environment can hold");
  if (value.length > MAX_ENV_VALUE)
    throw invalidField(field, `has ${value.length} characters, at most ${MAX_ENV_VALUE} can be kept`, "Use a secret.");
}
