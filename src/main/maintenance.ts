/** `slipway restore --data-dir` and `slipway upgrade --run`: done to a server from outside of it. */

import { applyPendingRestore } from "../backup/pending-restore.ts";
import { ServerBackups } from "../backup/server-backups.ts";
import { AppError } from "../domain/errors.ts";
import type { Maintenance } from "../domain/maintenance.ts";
import { newId } from "../lib/ids.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { type DatabaseFacts, inspectDatabase, newestSchema } from "../store/inspect-database.ts";
import { DataDirectoryLock } from "../store/lock.ts";
import { runUpgrade } from "../sysinfo/upgrade-run.ts";
import { type Config, readConfig } from "./config.ts";
import { configInput, exists } from "./server.ts";
import { upgradeHands } from "./upgrade-hands.ts";
import { VERSION } from "./version.ts";

/** How long an upgrade waits for deployments that are under way, in milliseconds. */
const PATIENCE_MS = 10 * 60_000;

export function openMaintenance(env: NodeJS.ProcessEnv): Maintenance {
  return {
    async restore(archive, dataDir) {
      const config = readConfig(configInput({ "data-dir": dataDir }, env));
      await makeFolder(config.dataDir, 0o700);
      const lock = await DataDirectoryLock.acquire(config.dataDir);
      try {
        await applyPendingRestore(config);
        const staged = await (await backupsOf(config)).stage(archive);
        await applyPendingRestore(config);
        return staged;
      } finally {
        await lock.release();
      }
    },
    runUpgrade(options) {
      return runUpgrade({
        ...options,
        hands: upgradeHands(options.dataDir, env),
        patienceMs: PATIENCE_MS,
        now: () => Date.now(),
      });
    },
  };
}

/** Of a server that does not run: it takes restores, and makes no backups. */
async function backupsOf(config: Config): Promise<ServerBackups> {
  const { databasePath } = config;
  const facts: DatabaseFacts | undefined = (await exists(databasePath)) ? inspectDatabase(databasePath) : undefined;
  return new ServerBackups({
    places: config,
    version: VERSION,
    serverId: facts?.serverId ?? newId(),
    schema: newestSchema(),
    copyDatabase: () => Promise.reject(new AppError("unavailable", `No server runs on ${config.dataDir}.`)),
    inspect: inspectDatabase,
    hasServices: async () => (facts?.services ?? 0) > 0,
    now: () => Date.now(),
  });
}
