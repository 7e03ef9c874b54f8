/** Everything for the people who run the server itself: what it and its host are, new versions, backups. */

import { ServerBackups } from "../backup/server-backups.ts";
import type { Clock } from "../domain/clock.ts";
import type { EngineDriver } from "../domain/driver.ts";
import type { Logger } from "../domain/logger.ts";
import type { Database } from "../domain/stores.ts";
import { inspectDatabase, newestSchema } from "../store/inspect-database.ts";
import { ReleaseFeed } from "../sysinfo/release-feed.ts";
import { findCurrentLink } from "../sysinfo/release-folders.ts";
import { ReleaseWatch } from "../sysinfo/release-watch.ts";
import { StagedUpgrades } from "../sysinfo/staged-upgrades.ts";
import { HostInspector } from "../sysinfo/system-inspector.ts";
import type { Config } from "./config.ts";
import { requireNotServed } from "./prefix-lock.ts";
import { restoreRoom } from "./restore-room.ts";

export type SystemPartsOptions = {
  readonly config: Config;
  readonly version: string;
  readonly serverId: string;
  readonly database: Database;
  readonly driver: Pick<EngineDriver, "describe" | "usage">;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Holds what clears files away; see ServerBackupsOptions. */
  readonly keepFiles: () => Promise<() => void>;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type SystemParts = Awaited<ReturnType<typeof openSystemParts>>;

/** The parts, none of them started. */
export async function openSystemParts(options: SystemPartsOptions) {
  const { config, version, serverId, database, driver, env, keepFiles, clock, logger } = options;
  const { dataDir, databasePath, passfile } = config;
  const now = (): number => clock.now();
  const upgrades = new StagedUpgrades({
    ...{ version, dataDir, databasePath, now },
    currentLink: await findCurrentLink(env.SLIPWAY_CODE_DIR),
    settings: database.settings,
    deployments: database.deployments,
    releases: new ReleaseFeed({ url: config.releaseUrl, now }),
  });
  const inspector = new HostInspector({ version, startedAt: now(), databasePath, database, driver, upgrades });
  const backups = new ServerBackups({
    places: { dataDir, databasePath, passfile },
    ...{ version, serverId, keepFiles, room: restoreRoom, now },
    schema: newestSchema(),
    copyDatabase: (path) => database.backupTo(path),
    inspect: inspectDatabase,
    requireNotServed: (id) => requireNotServed(id, config, env),
    hasServices: async () => (await database.services.list()).length > 0,
  });
  const watch = new ReleaseWatch({ upgrades, version, clock, logger });
  return {
    inspector,
    upgrades,
    backups,
    start(): void {
      if (config.releaseUrl !== null) watch.start();
    },
    async close(): Promise<void> {
      await watch.close();
      inspector.close();
    },
  };
}
