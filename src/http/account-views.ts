/** People, tokens and keys as the API shows them; a password's hash is in none of them. */

import { z } from "zod";
import type { AuthTokens } from "../domain/accounts.ts";
import type { Actor } from "../domain/actor.ts";
import type { ApiKey } from "../domain/api-key.ts";
import type { AuditRecord } from "../domain/audit.ts";
import {
  MAX_EMAIL_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  ROLES,
  type User,
} from "../domain/user.ts";

/** Fields of bodies. What they must be is checked in src/domain/user.ts, so that all faults are told at once. */
export const emailField = z.string().describe(`At most ${MAX_EMAIL_LENGTH} characters; kept in lower case`);
export const nameField = z.string().describe(`1 to ${MAX_NAME_LENGTH} characters`);
export const passwordField = z.string().describe(`${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`);
export const roleField = z.enum(ROLES);

const time = z.iso.datetime();

export const userSchema = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: roleField,
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "User" });

export const meSchema = z
  .strictObject({
    id: z.string(),
    email: z.string().nullable(),
    name: z.string(),
    role: roleField,
    created_at: time.nullable(),
    updated_at: time.nullable(),
  })
  .describe("A user. For the passkey, which is none: id and name `passkey`, role `admin`, all else null")
  .meta({ id: "Me" });

export const tokensSchema = z
  .strictObject({
    access_token: z.string().describe("Good for 15 minutes: `Authorization: Bearer …`"),
    refresh_token: z.string().describe("Good once, within 7 days; showing it again ends the session"),
    expires_at: time.describe("When the access token ends"),
  })
  .meta({ id: "AuthTokens" });

export const apiKeySchema = z
  .strictObject({
    id: z.string(),
    user_id: z.string(),
    description: z.string(),
    prefix: z.string().describe("First 8 characters of the token"),
    expires_at: time.nullable().describe("null: never"),
    last_used_at: time.nullable().describe("To the minute"),
    created_at: time,
  })
  .meta({ id: "ApiKey" });

export const newApiKeySchema = apiKeySchema
  .extend({ token: z.string().describe("Shown this once") })
  .meta({ id: "NewApiKey" });

export const auditSchema = z
  .strictObject({
    id: z.string(),
    at: time,
    actor_kind: z.enum(["passkey", "session", "api_key", "anonymous"]),
    user_id: z.string().nullable(),
    actor: z.string().describe("E-mail, `passkey`, or whom somebody tried to sign in as"),
    action: z.string().describe("Method and route, or `ws` and the message's type"),
    target: z.string().describe("The path as it was sent"),
    status: z.int(),
    from: z.string().describe("IP address of the client"),
    request_id: z.string(),
  })
  .meta({ id: "AuditRecord" });

export function userView(user: User): z.output<typeof userSchema> {
  const { id, email, name, role, createdAt, updatedAt } = user;
  return { id, email, name, role, created_at: iso(createdAt), updated_at: iso(updatedAt) };
}

export function meView(actor: Actor): z.output<typeof meSchema> {
  if (actor.kind !== "passkey") return userView(actor.user);
  return { id: "passkey", email: null, name: "passkey", role: "admin", created_at: null, updated_at: null };
}

export function tokensView({ accessToken, refreshToken, expiresAt }: AuthTokens): z.output<typeof tokensSchema> {
  return { access_token: accessToken, refresh_token: refreshToken, expires_at: iso(expiresAt) };
}

export function apiKeyView(key: ApiKey): z.output<typeof apiKeySchema> {
  return {
    id: key.id,
    user_id: key.userId,
    description: key.description,
    prefix: key.prefix,
    expires_at: key.expiresAt === null ? null : iso(key.expiresAt),
    last_used_at: key.lastUsedAt === null ? null : iso(key.lastUsedAt),
    created_at: iso(key.createdAt),
  };
}

export function auditView(record: AuditRecord): z.output<typeof auditSchema> {
  return {
    id: record.id,
    at: iso(record.at),
    actor_kind: record.actorKind,
    user_id: record.userId,
    actor: record.actorName,
    action: record.action,
    target: record.target,
    status: record.status,
    from: record.from,
    request_id: record.requestId,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
