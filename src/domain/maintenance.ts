/** What the command line does to a server on its own machine, past the API: while it does not run, or beside it. */

import type { StagedRestore } from "./backup.ts";
import type { UpgradeStatus } from "./system.ts";

export interface Maintenance {
  /**
   * Restores into a data directory that no server uses, at once.
   * @throws AppError as Backups.stage; `conflict` when a server uses it
   */
  restore(archive: AsyncIterable<Uint8Array>, dataDir: string): Promise<StagedRestore>;
  /**
   * Carries out the upgrade that the server of that data directory has asked for. `readyLimitMs`: how long a version may
   * take to be ready. Answers how it ended; `idle` when nothing was asked for.
   * @throws AppError `conflict` while another one is at it
   */
  runUpgrade(options: {
    readonly dataDir: string;
    readonly readyLimitMs: number;
    readonly onLine: (line: string) => void;
  }): Promise<UpgradeStatus>;
}
