/** Tells Slipway's own credentials from an app's, so that they never reach a function (design 2). */

import { hash } from "node:crypto";

export class Credentials {
  #passkeyHash: string | undefined;

  /** @param passkeyHash SHA-256 of the passkey, lower-case hex; null when there is none */
  setPasskeyHash(passkeyHash: string | null): void {
    this.#passkeyHash = passkeyHash ?? undefined;
  }

  /** True for the value of an Authorization header that holds a Slipway token or the passkey, with or without Bearer. */
  isOurs(authorization: string): boolean {
    const token = authorization.replace(/^bearer[\t ]+/i, "").trim();
    if (token.startsWith("slw_")) return true;
    // Hashes are compared, not secrets: how long the comparison takes tells nothing about the passkey.
    return this.#passkeyHash !== undefined && hash("sha256", token, "hex") === this.#passkeyHash;
  }
}
