/** Fresh secrets for presets. */

import { randomBytes, randomInt } from "node:crypto";
import type { Generator } from "../domain/preset.ts";

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const GENERATE: Readonly<Record<Generator, () => string>> = {
  random_hex_32: () => randomBytes(32).toString("hex"),
  random_base64_24: () => randomBytes(24).toString("base64url"),
  // randomInt draws again where a remainder would favour some characters.
  password_24: () => Array.from({ length: 24 }, () => ALPHANUMERIC.charAt(randomInt(ALPHANUMERIC.length))).join(""),
};

export function generateSecret(generator: Generator): string {
  return GENERATE[generator]();
}
