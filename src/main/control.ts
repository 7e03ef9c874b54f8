/**
 * Control: the process with the store, the reconciler, the builder and the API. The only place where all parts meet;
 * it makes them, starts them in order and closes them in the reverse order.
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger as PinoLogger } from "pino";
import { openPasskey, type Passkey } from "../auth/passkey.ts";
import { storedSetupToken, storeSetupToken } from "../auth/setup-token.ts";
import { applyPendingRestore } from "../backup/pending-restore.ts";
import { isAppError } from "../domain/errors.ts";
import { DEFAULT_PROJECT_SLUG } from "../domain/project.ts";
import type { Database } from "../domain/stores.ts";
import { MemoryEventBus } from "../events/memory-event-bus.ts";
import { GatewayLink, type GatewayProblem } from "../gateway/gateway-link.ts";
import type { App } from "../http/app.ts";
import { Metrics } from "../http/metrics.ts";
import { newId } from "../lib/ids.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { systemClock } from "../lib/system-clock.ts";
import { SqliteDatabase } from "../store/sqlite-database.ts";
import { openBuildParts } from "./build-parts.ts";
import type { Config } from "./config.ts";
import { createCore } from "./core.ts";
import { createDriver } from "./drivers.ts";
import { findGatewayUser, shareSocket } from "./gateway-user.ts";
import { createHttp } from "./http.ts";
import { countBuilds } from "./measure.ts";
import { createPeople } from "./people.ts";
import { lockServer } from "./prefix-lock.ts";
import { restartAfterRestore } from "./restore-volumes.ts";
import { openSecretParts } from "./secret-parts.ts";
import { openSystemParts } from "./system-parts.ts";

/** How long a control before this one, whose holder was killed, may take to end, in milliseconds. */
const PREDECESSOR_MS = 10_000;

export type ControlOptions = {
  readonly config: Config;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: PinoLogger;
  readonly holderId: string;
  /** Pids of the gateway workers that are alive. */
  readonly workers: () => readonly number[];
  /** The port the gateway really listens on. */
  readonly publicPort: () => number;
  readonly onProblem: (problem: GatewayProblem) => void;
  readonly reload: () => void;
  /** The token to claim a fresh server with, made by whoever prints it. */
  readonly setupToken: string | undefined;
};

export type Control = {
  /** Ends everything in order; instances keep running. */
  close(): Promise<void>;
};

export async function startControl(options: ControlOptions): Promise<Control> {
  const { config, logger } = options;
  const workerUser = await findGatewayUser(config.gatewayUser, process.getuid?.() === 0);
  await makeFolder(config.dataDir, 0o700);
  const previous = await applyPendingRestore(config);
  if (previous !== undefined) logger.info({ previous }, "a backup was restored");
  const database = await SqliteDatabase.open(config.databasePath);
  const serverId = await prepareDatabase(database, options.setupToken);
  const places = { env: options.env, isRoot: process.getuid?.() === 0 };
  const serverLock = await lockServer(serverId, config, places, PREDECESSOR_MS);
  const { passkey } = await openPasskey(config.passfile);
  const events = new MemoryEventBus((error, { type }) =>
    logger.error({ err: error, event: type }, "somebody who was told of an event failed"),
  );
  const metrics = new Metrics();
  const { driver, engine } = createDriver(config, serverId, logger);
  await driver.requireNamesFree().catch((error: unknown) => {
    // An engine that is away is waited for; its answer to the first deploy will tell.
    if (!isAppError(error, "unavailable")) throw error;
  });
  const secretParts = await openSecretParts({ config, database, driver, events, serverId, env: options.env, logger });
  const { registries: logins } = secretParts;
  const parts = await openBuildParts({ config, database, driver, engine, logins, serverId, env: options.env, logger });
  const names = new Map<string, string>();
  const gateway = await GatewayLink.open({
    socketPath: join(config.dataDir, "gateway.sock"),
    holderId: options.holderId,
    workersExpected: options.workers,
    onCounts: (counts) => metrics.addGatewayCounts(counts, (id) => names.get(id) ?? id),
    onProblem: options.onProblem,
    logger,
  });
  const people = createPeople({ database, events, clock: systemClock, logger });
  const keepFiles = (): Promise<() => void> => core.housekeeping.hold();
  const system = await openSystemParts({ ...options, database, driver, serverId, keepFiles, clock: systemClock });
  const core = createCore({ config, logger, database, driver, parts, secretParts, gateway, events, metrics, names });
  const http = await createHttp({
    ...options,
    ...core,
    database,
    driver,
    parts,
    ...secretParts,
    ...people,
    system,
    gateway,
    metrics,
    events,
    passkey,
    serverId,
    setup: storedSetupToken(database),
  });
  await rm(join(config.dataDir, "control.sock"), { force: true });
  await listenQuietly(http, join(config.dataDir, "control.sock"));
  for (const socket of ["gateway.sock", "control.sock"]) await shareSocket(join(config.dataDir, socket), workerUser);
  const stopPasskey = await keepPasskey(gateway, passkey);
  await core.adoption?.start();
  await core.publisher.publish();
  core.reconciler.start();
  core.housekeeping.start();
  system.start();
  people.sessionCleaner.start();
  await core.deployer.resume();
  await restartAfterRestore({ ...core, dataDir: config.dataDir, stores: database, logger });
  countBuilds(events, database, metrics);
  return {
    async close() {
      stopPasskey();
      await http.close();
      await core.board.close();
      await system.close();
      await core.housekeeping.close();
      await people.sessionCleaner.close();
      await core.builds.close();
      await core.adoption?.close();
      await core.reconciler.close();
      await secretParts.close();
      await gateway.close();
      await database.close();
      await serverLock?.release();
    },
  };
}

/** The server's id and the project `default` exist from the first start. Answers the id. */
async function prepareDatabase(database: Database, setupToken: string | undefined): Promise<string> {
  return database.transact(async (tx) => {
    const now = systemClock.now();
    if ((await tx.projects.findBySlug(DEFAULT_PROJECT_SLUG)) === undefined) {
      await tx.projects.create({
        id: newId(),
        name: "default",
        slug: DEFAULT_PROJECT_SLUG,
        createdAt: now,
        updatedAt: now,
      });
    }
    if (setupToken !== undefined) await storeSetupToken(tx.settings, setupToken);
    const known = await tx.settings.find("server_id");
    if (known !== undefined) return known;
    const id = newId();
    await tx.settings.put("server_id", id);
    return id;
  });
}

const PASSKEY_LOOK_MS = 2_000;

/** Workers keep the passkey from functions by its hash; a changed file counts for them within seconds. */
async function keepPasskey(gateway: GatewayLink, passkey: Passkey): Promise<() => void> {
  const look = async (): Promise<void> => gateway.setPasskeyHash(await passkey.hash().catch(() => null));
  await look();
  const timer = setInterval(() => void look(), PASSKEY_LOOK_MS);
  return () => clearInterval(timer);
}

/** Without the line about an address that is only the gateway's to know. */
async function listenQuietly(http: App, path: string): Promise<void> {
  const { level } = http.log;
  http.log.level = "warn";
  await http.listen({ path });
  http.log.level = level;
}
