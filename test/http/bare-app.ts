/** What an app without any of Slipway's parts is made with, to try routes of a test's own. */

import pino from "pino";
import { PASSKEY_ACTOR } from "../../src/domain/actor.ts";
import type { AppOptions } from "../../src/http/app.ts";

/** Every credential is an admin's, nothing is written down. */
export function bareAppOptions(): AppOptions {
  return {
    logger: pino({ level: "silent" }),
    version: "0",
    bodyLimitBytes: 1000,
    uploadLimitBytes: 1000,
    corsOrigin: "*",
    credentials: { admits: async () => true, identify: async () => PASSKEY_ACTOR, findSession: async () => undefined },
    audit: { record: async () => undefined },
  };
}
