/** Who asks: the server's owner with the passkey, or a user with a session or an API key. */

import type { Role, User } from "./user.ts";

export type Actor =
  | { readonly kind: "passkey"; readonly role: "admin" }
  | { readonly kind: "session"; readonly role: Role; readonly user: User; readonly sessionId: string }
  | { readonly kind: "api_key"; readonly role: Role; readonly user: User };

export const PASSKEY_ACTOR: Actor = { kind: "passkey", role: "admin" };

export function userIdOf(actor: Actor | undefined): string | null {
  return actor === undefined || actor.kind === "passkey" ? null : actor.user.id;
}

/** Short name for logs and lists: the user's e-mail, or `passkey`. */
export function actorName(actor: Actor): string {
  return actor.kind === "passkey" ? "passkey" : actor.user.email;
}
