/** The setup token: printed once at the first start, good for one claim. Only its SHA-256 is kept. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { SetupToken } from "../domain/setup-token.ts";
import type { Database, SettingStore } from "../domain/stores.ts";

const KEY = "setup_token_sha256";
const USED = "used";

/** Makes it the server's token, unless the server has had one. */
export async function storeSetupToken(settings: SettingStore, token: string): Promise<void> {
  if ((await settings.find(KEY)) === undefined) await settings.put(KEY, sha256(token).toString("hex"));
}

export function storedSetupToken(database: Pick<Database, "transact">): SetupToken {
  return {
    // In one transaction, so that of two at the same moment only one gets it.
    redeem: (candidate, within) =>
      within === undefined
        ? database.transact(({ settings }) => redeem(candidate, settings))
        : redeem(candidate, within),
  };
}

async function redeem(candidate: string, settings: SettingStore): Promise<boolean> {
  const kept = await settings.find(KEY);
  if (kept === undefined || kept === USED) return false;
  if (!timingSafeEqual(sha256(candidate), Buffer.from(kept, "hex"))) return false;
  await settings.put(KEY, USED);
  return true;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
