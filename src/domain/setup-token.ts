/** The one-time token with which a fresh server is claimed. */

import type { SettingStore } from "./stores.ts";

export interface SetupToken {
  /**
   * Uses the token up. False when it is not the one, or was used.
   * @param within a transaction's settings: it is used up only if that transaction ends well
   */
  redeem(candidate: string, within?: SettingStore): Promise<boolean>;
}
