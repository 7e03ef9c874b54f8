/** `slipway restore --data-dir` and `slipway upgrade --run`: done to a server from outside of it. */

import { join } from "node:path";
import { applyPendingRestore } from "../backup/pending-restore.ts";
import { ServerBackups } from "../backup/server-backups.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { Maintenance } from "../domain/maintenance.ts";
import { newId } from "../lib/ids.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { type DatabaseFacts, inspectDatabase, newestSchema } from "../store/inspect-database.ts";
import { DataDirectoryLock } from "../store/lock.ts";
import { runUpgrade } from "../sysinfo/upgrade-run.ts";
import { type Config, readConfig } from "./config.ts";
import { restoreRoom } from "./restore-room.ts";
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
    async runUpgrade(options) {
      const lock = await lockUpgrades(options.dataDir);
      try {
        const hands = upgradeHands(options.dataDir, env);
        return await runUpgrade({ ...options, hands, patienceMs: PATIENCE_MS, now: () => Date.now() });
      } finally {
        await lock.release();
      }
    },
  };
}

/** One run at a time; the kernel frees the lock of one that is killed. @throws AppError `conflict`, `not_found` */
async function lockUpgrades(dataDir: string): Promise<DataDirectoryLock> {
  if (!(await exists(dataDir))) throw new AppError("not_found", `There is no data folder ${dataDir}.`);
  const folder = join(dataDir, "upgrade.lock");
  await makeFolder(folder, 0o700);
  return DataDirectoryLock.acquire(folder).catch((error: unknown) => {
    if (!isAppError(error, "conflict")) throw error;
    throw new AppError("conflict", "An upgrade is being carried out already.", {
      cause: error,
      remedy: "Wait until it is done.",
    });
  });
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
    keepFiles: async () => () => undefined,
    room: restoreRoom,
    inspect: inspectDatabase,
    // It is looked for when a server is started there.
    requireNotServed: async () => undefined,
    hasServices: async () => (facts?.services ?? 0) > 0,
    now: () => Date.now(),
  });
}
