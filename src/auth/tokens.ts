/**
 * Tokens: 32 random bytes in base64url behind `slw_`. They mean nothing by themselves; only their SHA-256 is kept, which
 * is enough for secrets that cannot be guessed (a password needs argon2id, see passwords.ts). A refresh token is two
 * parts with a dot between: one that all of its session share, and one that is good once.
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { TOKEN_PREFIX } from "../domain/session.ts";

const BYTES = 32;

/** An access token or API key. */
export function newToken(): string {
  return `${TOKEN_PREFIX}${randomPart()}`;
}

/** What the refresh tokens of one session have in common. */
export function newFamily(): string {
  return randomPart();
}

export function newRefreshToken(family: string): string {
  return `${TOKEN_PREFIX}${family}.${randomPart()}`;
}

/** The family of a refresh token; undefined for what is none. */
export function familyOf(refreshToken: string): string | undefined {
  return /^slw_([\w-]{43})\.[\w-]{43}$/.exec(refreshToken)?.[1];
}

/** Could it be an access token or API key? Spares looking for what is none. */
export function isToken(text: string): boolean {
  return /^slw_[\w-]{43}$/.test(text);
}

/** SHA-256 as hex. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Compares two hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)));
}

function randomPart(): string {
  return randomBytes(BYTES).toString("base64url");
}
