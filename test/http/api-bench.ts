/**
 * The API in one process over memory: the real routes, stores, builder and lifecycle, with a driver and a build engine
 * that run nothing, and without a reconciler: what it would write, a test writes itself (`Bench.deployed`).
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { openPasskey } from "../../src/auth/passkey.ts";
import { Passwords } from "../../src/auth/passwords.ts";
import { storedSetupToken, storeSetupToken } from "../../src/auth/setup-token.ts";
import type { Service } from "../../src/domain/service.ts";
import { MemoryEventBus } from "../../src/events/memory-event-bus.ts";
import { type App, routesOf } from "../../src/http/app.ts";
import { Metrics } from "../../src/http/metrics.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { openBuildParts } from "../../src/main/build-parts.ts";
import { readConfig } from "../../src/main/config.ts";
import { createHttp } from "../../src/main/http.ts";
import { LazyManifestReader } from "../../src/main/manifests.ts";
import { createPeople } from "../../src/main/people.ts";
import { LazyProjectDocuments } from "../../src/main/project-documents.ts";
import { openSecretParts } from "../../src/main/secret-parts.ts";
import { openSystemParts } from "../../src/main/system-parts.ts";
import { changeRules, uploadRules } from "../../src/main/upload-rules.ts";
import { MemoryBuildEngine } from "../../src/memory/memory-build-engine.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { MemoryDriver } from "../../src/memory/memory-driver.ts";
import { BuildRunner } from "../../src/reconciler/build-runner.ts";
import { Deployer } from "../../src/reconciler/deployer.ts";
import { ImageFetcher } from "../../src/reconciler/image-fetch.ts";
import { InstanceLogs } from "../../src/reconciler/instance-logs.ts";
import { Intake } from "../../src/reconciler/intake.ts";
import { Lifecycle } from "../../src/reconciler/lifecycle.ts";
import { Environments } from "../../src/reconciler/projects/environments.ts";
import { createProjectParts } from "../../src/reconciler/projects/project-parts.ts";
import { SpecKeeper } from "../../src/reconciler/projects/project-specs.ts";
import { NO_SECRET_FILES } from "../../src/reconciler/secret-files.ts";
import { eventually } from "../engine/eventually.ts";
import { apiKeyOf, signedIn } from "./bench-people.ts";
import { uploadParts } from "./bench-uploads.ts";
import { formOf } from "./form.ts";

export const PASSKEY = "the-passkey-of-this-test";
export const SETUP_TOKEN = "a-setup-token";
const SERVER_ID = "server-of-this-test";
const PROJECT = { id: "project-default", name: "default", slug: "default", createdAt: 0, updatedAt: 0 };

export type Bench = Awaited<ReturnType<typeof openBench>>;

export type BenchOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Puts something into the data directory before the start. */
  readonly prepare?: (dataDir: string) => Promise<void>;
};

export async function openBench(options: BenchOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "slipway-http-"));
  const passfile = join(folder, "passfile");
  await writeFile(passfile, `${PASSKEY}\n`);
  const env = {
    HOME: folder,
    SLIPWAY_DATA_DIR: join(folder, "data"),
    SLIPWAY_PASSFILE: passfile,
    SLIPWAY_DRIVER: "memory",
    ...options.env,
  };
  const config = readConfig({ flags: {}, env, isRoot: false, cores: 2 });
  await mkdir(config.dataDir, { recursive: true });
  await options.prepare?.(config.dataDir);
  const core = await openCore(config);
  await core.database.projects.create(PROJECT);
  await storeSetupToken(core.database.settings, SETUP_TOKEN);
  const logged: string[] = [];
  const app = await createHttp({
    config,
    version: "0.0.0-test",
    logger: pino({ level: "info" }, { write: (line: string) => void logged.push(line) }),
    serverId: SERVER_ID,
    passkey: (await openPasskey(passfile)).passkey,
    setup: storedSetupToken(core.database),
    publicPort: () => 8080,
    reload: () => undefined,
    ...core,
    system: await openSystemParts({
      ...{ config, version: "0.1.0", serverId: SERVER_ID, database: core.database, driver: core.driver },
      ...{ env: options.env ?? {}, clock: systemClock, logger: pino({ level: "silent" }) },
      keepFiles: async () => () => undefined,
    }),
  });
  await app.ready();
  return {
    ...core,
    app,
    folder,
    passfile,
    project: PROJECT,
    /** What the API wrote into its log, as text. */
    logged: () => logged.join(""),
    routes: routesOf(app),
    deployed: (name: string) => deployed(core, app, name),
    /** The access token of a new admin, and with it the end of registration. */
    adminToken: () => signedIn(core.accounts, "admin"),
    /** The access token of a new member: another person at each call. */
    memberToken: () => signedIn(core.accounts, "member"),
    /** The token of a new API key of whoever has that access token. */
    apiKey: (accessToken: string) => apiKeyOf(core.accounts, accessToken),
    async close() {
      await app.close();
      await core.builds.close();
      await core.database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openCore(config: ReturnType<typeof readConfig>) {
  const database = new MemoryDatabase();
  const driver = new MemoryDriver({ clock: systemClock, serverId: SERVER_ID });
  const engine = new MemoryBuildEngine(driver);
  const events = new MemoryEventBus();
  const logger = pino({ level: "silent" });
  const seals = { config, database, driver, events, serverId: SERVER_ID, env: {}, logger };
  const { secrets, registries } = await openSecretParts(seals);
  const parts = await openBuildParts({ ...seals, engine, logins: registries });
  const passwords = new Passwords({ memoryKib: 64, passes: 1, lanes: 1 });
  const people = createPeople({ database, events, clock: systemClock, logger, passwords });
  const publishRoutes = async (): Promise<void> => undefined;
  const trigger = (): void => undefined;
  const wiring = {
    database,
    builder: parts.builder,
    secrets,
    events,
    clock: systemClock,
    logger,
    publishRoutes,
    trigger,
    environments: new Environments((id) => parts.presets.find(id)),
  };
  const { runtimes, sources, archiveLimits } = parts;
  const builds = new BuildRunner({
    ...wiring,
    imageFetch: new ImageFetcher({
      images: driver,
      logins: { findFor: async () => undefined },
      logs: parts.buildLogs,
      clock: systemClock,
      prefix: config.prefix,
    }),
    loadRuntime: (name, context) => runtimes.read(name, context),
  });
  const deployer = new Deployer({ ...wiring, builds, images: driver });
  const lifecycle = new Lifecycle({ ...wiring, builds, images: driver, volumesDir: join(config.dataDir, "volumes") });
  const projects = createProjectParts({
    ...wiring,
    builds,
    images: driver,
    networks: driver,
    lifecycle,
    secretFiles: NO_SECRET_FILES,
    presets: (id) => parts.presets.find(id),
    rules: changeRules(config),
    baseDomain: config.baseDomain,
    sweep: () => undefined,
  });
  const specs = new SpecKeeper({
    ...wiring,
    writer: projects.writer,
    after: projects.after,
    presetCatalog: parts.presets,
    specRules: { ...uploadRules(config), ...changeRules(config) },
    baseDomain: config.baseDomain,
    sweep: () => undefined,
  });
  const manifests = new LazyManifestReader();
  const { deployments, instances } = database;
  const uploads = new Intake({
    sources,
    runtimes,
    deployer,
    limits: archiveLimits,
    manifests,
    rules: uploadRules(config),
    deployments,
    events,
  });
  const logs = new InstanceLogs({ instances, driver, events });
  const gateway = { connectedWorkers: [1], serving: () => 2 };
  return {
    database,
    driver,
    parts,
    secrets,
    registries,
    events,
    builds,
    deployer,
    lifecycle,
    ...projects,
    specs,
    documents: new LazyProjectDocuments(),
    manifests,
    uploads,
    logs,
    gateway,
    metrics: new Metrics(),
    ...people,
  };
}

type Core = Awaited<ReturnType<typeof openCore>>;

/** A function that runs: uploaded through the API, then written down as a reconciler would. Answers it and its container. */
async function deployed(
  { database, driver, events }: Core,
  app: App,
  name: string,
): Promise<{ readonly service: Service; readonly runtimeId: string; readonly deploymentId: string }> {
  const { payload, headers } = formOf(uploadParts({ name }));
  const answer = await app.inject({
    method: "POST",
    url: "/function/upload",
    payload,
    headers: { ...headers, authorization: PASSKEY },
  });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  const service = await database.services.get(String(answer.json().data.id));
  const deployment = await eventually(async () => {
    const [latest] = await database.deployments.list({ serviceId: service.id });
    if (latest?.status !== "pending") throw new Error(`it is ${latest?.status}`);
    return latest;
  });
  await driver.ensureNetwork("default", 0);
  const runtimeId = await driver.create({
    serviceId: service.id,
    serviceName: name,
    serviceKind: "function",
    deploymentId: deployment.id,
    replica: 0,
    projectSlug: "default",
    projectNetworkIndex: 0,
    hostNumber: 2,
    image: deployment.image ?? "",
    env: {},
    command: [],
    resources: deployment.resources,
    mounts: [],
    networks: [],
    capabilities: [],
    isolation: "runc",
    ports: [],
  });
  await driver.start(runtimeId);
  await database.instances.put({
    slot: `${deployment.id.slice(0, 8)}-0`,
    serviceId: service.id,
    projectId: service.projectId,
    deploymentId: deployment.id,
    replica: 0,
    runtimeId,
    address: "127.200.0.2",
    port: 8080,
    state: "ready",
    restartCount: 0,
    nextStartAt: 0,
    startedAt: 1,
    readyAt: 2,
    lastExitCode: null,
    lastLogTail: null,
  });
  await database.deployments.update(deployment.id, { status: "healthy", startedAt: 1, healthyAt: 2 });
  const running = await database.services.update(service.id, {
    status: "running",
    activeDeploymentId: deployment.id,
  });
  events.publish({ type: "deployment.healthy", serviceId: service.id, deploymentId: deployment.id });
  return { service: running, runtimeId, deploymentId: deployment.id };
}
