/** An image builder of a server of its own on the real engine, and what tests need around it; leaves nothing behind. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { buildBaseImages } from "../../src/builder/base-images.ts";
import { FileBuildLogs } from "../../src/builder/build-logs.ts";
import { hostBaseOptions } from "../../src/builder/host-base-options.ts";
import { hostSettingsOf } from "../../src/builder/host-settings.ts";
import { EngineImageBuilder, type ImageBuilderOptions } from "../../src/builder/image-builder.ts";
import { type HostFacts, readHostFacts } from "../../src/builder/read-host-facts.ts";
import { FolderRuntimeCatalog } from "../../src/builder/runtime-catalog.ts";
import { TarSourceFiles } from "../../src/builder/source-files.ts";
import { DockerBuildEngine } from "../../src/docker/build-engine.ts";
import { DockerClient } from "../../src/docker/docker-client.ts";
import { DockerDriver } from "../../src/docker/docker-driver.ts";
import { type BuildLimits, type BuildRequest, type BuildResult, DEFAULT_BUILD_LIMITS } from "../../src/domain/build.ts";
import type { Logger } from "../../src/domain/logger.ts";
import { DEFAULT_ARCHIVE_LIMITS } from "../../src/domain/source.ts";
import { newId, randomHex } from "../../src/lib/ids.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { zipOf } from "../archives.ts";

const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

type Files = Readonly<Record<string, string>>;

export type BuildBench = {
  readonly builder: EngineImageBuilder;
  readonly engine: DockerBuildEngine;
  readonly docker: Docker;
  readonly logs: FileBuildLogs;
  readonly driver: DockerDriver;
  readonly serverId: string;
  /** What its builder is made of, for one of another kind. */
  readonly builderOptions: Omit<ImageBuilderOptions, "limits">;
  /** The same with other limits, or on a host with other settings. */
  builderWith(limits: Partial<BuildLimits>, facts?: HostFacts): EngineImageBuilder;
  /** What this host says about registries. */
  readonly hostFacts: HostFacts;
  /** Imports the files as a zip; `runtime` absent: with their own Dockerfile. */
  requestFor(files: Files, runtime?: string): Promise<BuildRequest>;
  /** Imports the files and builds them. */
  build(files: Files, runtime?: string, changes?: Partial<BuildRequest>, signal?: AbortSignal): Promise<BuildResult>;
  /** Starts a container of the image; answers the URL of its port (8080 unless told) and the container. It goes with the rest. */
  start(image: string, port?: number): Promise<StartedContainer>;
  /** The same for a container made in another way. */
  startWith(config: Docker.ContainerCreateOptions, port: number): Promise<StartedContainer>;
  close(): Promise<void>;
};

export type StartedContainer = { readonly url: string; readonly container: Docker.Container };

/** Makes the base images first when the engine lacks them (some 40 s). */
export async function openBuildBench(): Promise<BuildBench> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-build-"));
  const docker = new Docker({ socketPath: "/var/run/docker.sock" });
  const client = new DockerClient();
  const [prefix, serverId] = [`swtest${randomHex(4)}`, newId()];
  const driver = new DockerDriver({ client, serverId, prefix, networkPool: "10.250.0.0/18", logger: silentLogger });
  const engine = new DockerBuildEngine(client);
  const hostPlaces = { root: "/", home: homedir(), env: process.env };
  const base = await hostBaseOptions(hostPlaces, tmpdir());
  await buildBaseImages({ engine, images: driver, ...base }, () => undefined, new AbortController().signal);
  const sources = await TarSourceFiles.open(join(folder, "sources"), systemClock);
  const logs = await FileBuildLogs.open(join(folder, "builds"), silentLogger);
  const catalog = await FolderRuntimeCatalog.open({
    store: new MemoryDatabase().runtimes,
    builtInFolder: join(import.meta.dirname, "../../src/runtimes"),
    uploadedFolder: join(folder, "runtimes"),
    clock: systemClock,
  });
  const hostFacts = await readHostFacts(hostPlaces);
  const builderOptions = { engine, images: driver, sources, logs, prefix, serverId };
  const builderWith = (limits: Partial<BuildLimits>, facts = hostFacts): EngineImageBuilder =>
    new EngineImageBuilder({
      ...builderOptions,
      limits: { ...DEFAULT_BUILD_LIMITS, ...limits },
      readHostSettings: async () => hostSettingsOf(facts),
    });
  const builder = builderWith({});
  const requestFor = async (files: Files, runtime?: string): Promise<BuildRequest> => {
    const archive = join(folder, `${newId()}.zip`);
    await writeFile(archive, zipOf(files));
    const source = await sources.importArchive(archive, DEFAULT_ARCHIVE_LIMITS);
    return {
      buildId: newId(),
      projectSlug: "default",
      serviceName: "hello",
      serviceId: "service",
      sourceId: source.id,
      runtime: runtime === undefined ? undefined : await catalog.read(runtime, { name: "hello", options: {} }),
      tag: undefined,
      buildArgs: {},
      buildSecrets: {},
      noCache: false,
    };
  };
  const containers: Docker.Container[] = [];
  const startWith: BuildBench["startWith"] = async (config, port) => {
    const container = await docker.createContainer(config);
    containers.push(container);
    await container.start();
    const { NetworkSettings } = await container.inspect();
    return { url: `http://${NetworkSettings.Networks.bridge?.IPAddress}:${port}`, container };
  };
  return {
    builder,
    engine,
    docker,
    logs,
    driver,
    serverId,
    builderOptions,
    builderWith,
    hostFacts,
    requestFor,
    build: async (files, runtime, changes = {}, signal = new AbortController().signal) =>
      builder.build({ ...(await requestFor(files, runtime)), ...changes }, signal),
    start: async (image, port) => {
      const Env = port === undefined ? [] : [`PORT=${port}`];
      return startWith({ Image: image, Env, HostConfig: { Init: true } }, port ?? 8080);
    },
    startWith,
    close: async () => {
      for (const container of containers) await container.remove({ force: true });
      // Untagged ones, too: a build without cache leaves its predecessor so.
      for (const { Id } of await docker.listImages({ filters: { label: [`slipway.server=${serverId}`] } })) {
        await docker.getImage(Id).remove({ force: true });
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
