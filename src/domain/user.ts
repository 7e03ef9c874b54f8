/** People who sign in. */

import type { Page } from "./project.ts";

export const ROLES = ["admin", "member"] as const;
export type Role = (typeof ROLES)[number];

export type User = {
  readonly id: string;
  /** Lower case, unique. */
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** Argon2id in PHC string form; never leaves the server. */
  readonly passwordHash: string;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** `name` and `email` match parts, whatever their case. */
export type UserFilter = { readonly name?: string; readonly email?: string };

export interface UserStore {
  /** @throws AppError `not_found` */
  get(id: string): Promise<User>;
  find(id: string): Promise<User | undefined>;
  /** @param email lower case */
  findByEmail(email: string): Promise<User | undefined>;
  /** Newest first; equal times by id. */
  list(filter?: UserFilter & Page): Promise<readonly User[]>;
  count(filter?: UserFilter): Promise<number>;
  /** @throws AppError `conflict` (field `email`) */
  create(user: User): Promise<void>;
  /** @throws AppError `not_found`, `conflict` (field `email`) */
  update(id: string, patch: Partial<Omit<User, "id" | "createdAt">>): Promise<User>;
  /** With sessions and API keys. Staged changes stay, without their author. Idempotent. */
  remove(id: string): Promise<void>;
}

/** Fewest characters of a password. */
export const MIN_PASSWORD_LENGTH = 8;

/** Most characters of a password: hashing must not take for ever. */
export const MAX_PASSWORD_LENGTH = 1000;
export const MAX_EMAIL_LENGTH = 254;
export const MAX_NAME_LENGTH = 100;

/** An e-mail address as it is kept and compared. */
export function normalizeEmail(text: string): string {
  return text.trim().normalize("NFC").toLowerCase();
}

/** What is wrong with a user's data, by field; only what is given is looked at. E-mail and name as they are to be kept. */
export function userProblems(user: {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
}): Readonly<Record<string, readonly string[]>> {
  const problems = {
    email: user.email === undefined ? undefined : emailProblem(user.email),
    name: user.name === undefined ? undefined : nameProblem(user.name),
    password: user.password === undefined ? undefined : passwordProblem(user.password),
  };
  return Object.fromEntries(
    Object.entries(problems).flatMap(([field, problem]) => (problem === undefined ? [] : [[field, [problem]]])),
  );
}

function emailProblem(email: string): string | undefined {
  if (email.length > MAX_EMAIL_LENGTH) return `must be at most ${MAX_EMAIL_LENGTH} characters long.`;
  // Whether mail arrives only sending one would tell; this refuses what can't be an address.
  const isPlausible = /^[^\s@\p{Cc}]{1,64}@[^\s@.\p{Cc}]+(?:\.[^\s@.\p{Cc}]+)*$/u.test(email);
  return isPlausible ? undefined : "must be an e-mail address.";
}

function nameProblem(name: string): string | undefined {
  if (name === "") return "must not be empty.";
  if (name.length > MAX_NAME_LENGTH) return `must be at most ${MAX_NAME_LENGTH} characters long.`;
  return /\p{Cc}/u.test(name) ? "must not hold control characters." : undefined;
}

function passwordProblem(password: string): string | undefined {
  if (password.length < MIN_PASSWORD_LENGTH) return `must be at least ${MIN_PASSWORD_LENGTH} characters long.`;
  if (password.length > MAX_PASSWORD_LENGTH) return `must be at most ${MAX_PASSWORD_LENGTH} characters long.`;
  return undefined;
}
