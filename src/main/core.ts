/** What control is made of between the stores and the API, wired together: reconciler, builds, uploads, routes, housekeeping. */

import { join } from "node:path";
import type { Driver } from "../domain/driver.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { PresetUrls } from "../domain/resolve-env.ts";
import type { Database } from "../domain/stores.ts";
import type { GatewayLink } from "../gateway/gateway-link.ts";
import type { Metrics } from "../http/metrics.ts";
import { systemClock } from "../lib/system-clock.ts";
import { BuildRunner, type BuildRunnerOptions } from "../reconciler/build-runner.ts";
import { instanceTester } from "../reconciler/deploy-tests.ts";
import { Deployer } from "../reconciler/deployer.ts";
import { Housekeeping } from "../reconciler/housekeeping.ts";
import { ImageFetcher } from "../reconciler/image-fetch.ts";
import { InstanceLogs } from "../reconciler/instance-logs.ts";
import { Intake } from "../reconciler/intake.ts";
import { Lifecycle } from "../reconciler/lifecycle.ts";
import { lookAt } from "../reconciler/look-at.ts";
import { Environments } from "../reconciler/projects/environments.ts";
import { createProjectParts } from "../reconciler/projects/project-parts.ts";
import { SpecKeeper } from "../reconciler/projects/project-specs.ts";
import { Reconciler } from "../reconciler/reconciler.ts";
import { RoutePublisher } from "../reconciler/route-publisher.ts";
import { createAdoption, insideAddressesOf } from "./adoption.ts";
import type { BuildParts } from "./build-parts.ts";
import type { Config } from "./config.ts";
import { LazyManifestReader } from "./manifests.ts";
import { LazyProjectDocuments } from "./project-documents.ts";
import type { SecretParts } from "./secret-parts.ts";
import { changeRules, uploadRules } from "./upload-rules.ts";

export type CoreParts = {
  readonly config: Config;
  readonly logger: Logger;
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

/** The parts wired, none of them started. */
export function createCore(coreParts: CoreParts) {
  const { config, logger, database, driver, parts, secretParts, gateway, events, metrics, names } = coreParts;
  const { secrets, secretFiles } = secretParts;
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
    baseDomain: config.baseDomain,
    onPass: (durationMs, isOk) => metrics.countPass(durationMs, isOk),
    lookAt,
    testInstance: instanceTester(parts.runtimes),
    onImageMissing: (deployment) => builds.rebuild(deployment),
    secretFiles,
  });
  const trigger = (serviceId: string): void => reconciler.trigger(serviceId);
  const { builder, sources, runtimes } = parts;
  const loadRuntime: BuildRunnerOptions["loadRuntime"] = (name, context) => runtimes.read(name, context);
  const presets: PresetUrls = (id) => parts.presets.find(id);
  const environments = new Environments(presets);
  const shared = { database, builder, secrets, events, clock, logger, environments, publishRoutes, trigger };
  const imageFetch = new ImageFetcher({
    images: driver,
    logins: secretParts.registries,
    logs: parts.buildLogs,
    clock,
    prefix: config.prefix,
    presets: { catalog: parts.presets, images: parts.presetImages },
  });
  const builds = new BuildRunner({ ...shared, imageFetch, loadRuntime });
  const deployer = new Deployer({ ...shared, builds, images: driver, baseDomain: config.baseDomain });
  const lifecycle = new Lifecycle({ ...shared, builds, images: driver, volumesDir });
  const projects = createProjectParts({
    ...shared,
    builds,
    images: driver,
    networks: driver,
    lifecycle,
    secretFiles,
    presets,
    rules: changeRules(config),
    baseDomain: config.baseDomain,
    sweep: () => reconciler.sweep(),
  });
  const specs = new SpecKeeper({
    ...shared,
    writer: projects.writer,
    after: projects.after,
    presetCatalog: parts.presets,
    specRules: { ...uploadRules(config), ...changeRules(config) },
    baseDomain: config.baseDomain,
    sweep: () => reconciler.sweep(),
  });
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
    prefix: config.prefix,
    dataDir: config.dataDir,
    diskWarningBytes: config.diskWarningBytes,
    onDiskFree: (path, bytes) => metrics.diskFree(path, bytes),
  });
  return {
    publisher,
    adoption,
    reconciler,
    builds,
    deployer,
    lifecycle,
    ...projects,
    specs,
    documents: new LazyProjectDocuments(),
    manifests,
    uploads,
    logs,
    housekeeping,
  };
}
