/**
 * Control: the process with the store, the reconciler, the builder and the API. The only place where all parts meet;
 * it makes them, starts them in order and closes them in the reverse order.
 */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger as PinoLogger } from "pino";
import { openPasskey, type Passkey } from "../auth/passkey.ts";
import { storedSetupToken, storeSetupToken } from "../auth/setup-token.ts";
import type { Driver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import { DEFAULT_PROJECT_SLUG } from "../domain/project.ts";
import type { Database } from "../domain/stores.ts";
import { MemoryEventBus } from "../events/memory-event-bus.ts";
import { GatewayLink, type GatewayProblem } from "../gateway/gateway-link.ts";
import type { App } from "../http/app.ts";
import { Metrics } from "../http/metrics.ts";
import { newId } from "../lib/ids.ts";
import { systemClock } from "../lib/system-clock.ts";
import { BuildRunner, type BuildRunnerOptions } from "../reconciler/build-runner.ts";
import { instanceTester } from "../reconciler/deploy-tests.ts";
import { Deployer } from "../reconciler/deployer.ts";
import { Housekeeping } from "../reconciler/housekeeping.ts";
import { InstanceLogs } from "../reconciler/instance-logs.ts";
import { Intake } from "../reconciler/intake.ts";
import { Lifecycle } from "../reconciler/lifecycle.ts";
import { lookAt } from "../reconciler/look-at.ts";
import { Reconciler } from "../reconciler/reconciler.ts";
import { RoutePublisher } from "../reconciler/route-publisher.ts";
import { SqliteDatabase } from "../store/sqlite-database.ts";
import { createAdoption, insideAddressesOf } from "./adoption.ts";
import { type BuildParts, openBuildParts } from "./build-parts.ts";
import type { Config } from "./config.ts";
import { createDriver } from "./drivers.ts";
import { findGatewayUser, shareSocket } from "./gateway-user.ts";
import { createHttp } from "./http.ts";
import { LazyManifestReader } from "./manifests.ts";
import { countBuilds } from "./measure.ts";
import { openSecretParts, type SecretParts } from "./secret-parts.ts";
import { uploadRules } from "./upload-rules.ts";

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
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const database = await SqliteDatabase.open(config.databasePath);
  const serverId = await prepareDatabase(database, options.setupToken);
  const { passkey } = await openPasskey(config.passfile);
  const events = new MemoryEventBus();
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
  const core = createCore({ options, database, driver, parts, secretParts, gateway, events, metrics, names });
  const http = await createHttp({
    ...options,
    ...core,
    database,
    driver,
    parts,
    ...secretParts,
    gateway,
    metrics,
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
  await core.deployer.resume();
  countBuilds(events, database, metrics);
  return {
    async close() {
      stopPasskey();
      await http.close();
      await core.housekeeping.close();
      await core.builds.close();
      await core.adoption?.close();
      await core.reconciler.close();
      await secretParts.close();
      await gateway.close();
      await database.close();
    },
  };
}

type CoreParts = {
  readonly options: ControlOptions;
  readonly database: Database;
  readonly driver: Driver;
  readonly parts: BuildParts;
  readonly secretParts: SecretParts;
  readonly gateway: GatewayLink;
  readonly events: EventBus;
  readonly metrics: Metrics;
  /** Service names by id, for the metrics; filled whenever a table is published. */
  readonly names: Map<string, string>;
};

function createCore(coreParts: CoreParts) {
  const { options, database, driver, parts, secretParts, gateway, events, metrics, names } = coreParts;
  const { secrets, secretFiles } = secretParts;
  const { config, logger } = options;
  const volumesDir = join(config.dataDir, "volumes");
  const clock = systemClock;
  const manifests = new LazyManifestReader();
  const publishRoutes = (): Promise<void> => publisher.publish();
  const adoption = createAdoption(config, { driver, logger, publish: publishRoutes });
  const publisher = new RoutePublisher({
    database,
    gateway: {
      publish: (table) => {
        for (const service of table.services) names.set(service.serviceId, service.name);
        return gateway.publish(table);
      },
    },
    baseDomain: config.baseDomain,
    pathHost: config.pathHost,
    adopted: () => adoption?.list() ?? [],
    onShadowed: (name) =>
      logger.warn({ name }, "a function has the name of one started outside, which gets no requests"),
    insideAddresses: insideAddressesOf(config, driver, adoption),
  });
  const reconciler = new Reconciler({
    database,
    driver,
    gateway,
    publisher,
    events,
    clock,
    logger,
    volumesDir,
    drainTimeoutMs: config.drainTimeoutMs,
    sweepIntervalMs: config.reconcileIntervalMs,
    onPass: (durationMs, isOk) => metrics.countPass(durationMs, isOk),
    lookAt,
    testInstance: instanceTester(parts.runtimes),
    onImageMissing: (deployment) => builds.rebuild(deployment),
    secretFiles,
  });
  const trigger = (serviceId: string): void => reconciler.trigger(serviceId);
  const { builder, sources, runtimes } = parts;
  const loadRuntime: BuildRunnerOptions["loadRuntime"] = (name, context) => runtimes.read(name, context);
  const shared = { database, builder, secrets, events, clock, logger, publishRoutes, trigger };
  const builds = new BuildRunner({ ...shared, loadRuntime });
  const deployer = new Deployer({ ...shared, builds, images: driver, baseDomain: config.baseDomain });
  const lifecycle = new Lifecycle({ ...shared, builds, images: driver, volumesDir });
  const uploads = new Intake({
    sources,
    runtimes,
    deployer,
    limits: parts.archiveLimits,
    manifests,
    rules: uploadRules(config),
    deployments: database.deployments,
    events,
  });
  const logs = new InstanceLogs({ instances: database.instances, driver, events });
  const housekeeping = new Housekeeping({
    database,
    sources,
    buildLogs: parts.buildLogs,
    builder,
    driver,
    removeUnreferencedRuntimeFiles: () => runtimes.removeUnreferencedFiles(),
    clock,
    logger,
    intervalMs: config.cleanupIntervalMs,
    dataDir: config.dataDir,
    diskWarningBytes: config.diskWarningBytes,
    onDiskFree: (path, bytes) => metrics.diskFree(path, bytes),
  });
  return { publisher, adoption, reconciler, builds, deployer, lifecycle, manifests, uploads, logs, housekeeping };
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
