/** Random identifiers. */

import { randomBytes, randomUUID } from "node:crypto";

/** A random UUID (v4). */
export function newId(): string {
  return randomUUID();
}

/** `bytes` random bytes as lower-case hex. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
