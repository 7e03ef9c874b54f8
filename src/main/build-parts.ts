/** Everything that has to do with sources, runtimes and builds. */

import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FileBuildLogs } from "../builder/build-logs.ts";
import { hostSettingsOf } from "../builder/host-settings.ts";
import { EngineImageBuilder } from "../builder/image-builder.ts";
import { ImageRegistry } from "../builder/image-registry.ts";
import { readHostFacts } from "../builder/read-host-facts.ts";
import { FolderRuntimeCatalog } from "../builder/runtime-catalog.ts";
import { TarSourceFiles } from "../builder/source-files.ts";
import { DEFAULT_BUILD_LIMITS } from "../domain/build.ts";
import type { BuildEngine } from "../domain/build-engine.ts";
import type { Driver } from "../domain/driver.ts";
import type { Logger } from "../domain/logger.ts";
import type { RegistryLogins } from "../domain/registry.ts";
import type { ArchiveLimits } from "../domain/source.ts";
import type { Database } from "../domain/stores.ts";
import { systemClock } from "../lib/system-clock.ts";
import type { Config } from "./config.ts";
import { createPresetParts } from "./preset-parts.ts";

export type BuildPartsOptions = {
  readonly config: Config;
  readonly database: Database;
  readonly driver: Driver;
  readonly engine: BuildEngine;
  readonly logins: RegistryLogins;
  readonly serverId: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
};

export type BuildParts = Awaited<ReturnType<typeof openBuildParts>>;

export async function openBuildParts(options: BuildPartsOptions) {
  const { config, database, driver, engine, logins, serverId, env, logger } = options;
  const inData = (folder: string): string => join(config.dataDir, folder);
  const sources = await TarSourceFiles.open(inData("sources"), systemClock);
  const buildLogs = await FileBuildLogs.open(inData("builds"), logger);
  const runtimes = await FolderRuntimeCatalog.open({
    store: database.runtimes,
    builtInFolder: join(import.meta.dirname, "../runtimes"),
    uploadedFolder: inData("runtimes"),
    clock: systemClock,
  });
  const builder = new EngineImageBuilder({
    engine,
    images: driver,
    sources,
    logs: buildLogs,
    limits: {
      ...DEFAULT_BUILD_LIMITS,
      timeoutMs: config.buildTimeoutMs,
      memoryBytes: config.buildMemoryBytes,
      parallel: config.buildParallel,
    },
    prefix: config.prefix,
    serverId,
    registry: new ImageRegistry({ images: driver, logins, target: config.registry }),
    readHostSettings: async () => hostSettingsOf(await readHostFacts({ root: "/", home: env.HOME ?? "/root", env })),
  });
  const archiveLimits: ArchiveLimits = {
    uploadBytes: config.uploadLimitBytes,
    entries: config.uploadEntries,
    unpackedBytes: config.unpackedLimitBytes,
    ratio: config.unpackRatio,
  };
  const uploadsDir = inData("uploads");
  await makeEmpty(uploadsDir);
  return { sources, buildLogs, runtimes, builder, archiveLimits, uploadsDir, ...createPresetParts(options) };
}

/** What a process that was killed had taken in and not imported is of no use to anybody. */
async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
