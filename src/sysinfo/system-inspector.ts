/** The server, its host and its engine in one look. An engine that is away makes the picture smaller, never an error. */

import { availableParallelism, hostname, loadavg, uptime } from "node:os";
import type { EngineDescription, EngineDriver } from "../domain/driver.ts";
import type { Database } from "../domain/stores.ts";
import {
  compareVersions,
  type SystemAbout,
  type SystemInspector,
  type SystemStatus,
  type Upgrades,
} from "../domain/system.ts";
import { CpuSampler } from "./cpu-sampler.ts";
import { EngineUsageCache } from "./engine-usage-cache.ts";
import { readDisks, readMemory } from "./host-facts.ts";

export type HostInspectorOptions = {
  readonly version: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly databasePath: string;
  readonly database: Pick<Database, "sizeBytes">;
  readonly driver: Pick<EngineDriver, "describe" | "usage">;
  readonly upgrades: Pick<Upgrades, "latestRelease">;
};

export class HostInspector implements SystemInspector {
  readonly #options: HostInspectorOptions;
  readonly #cpu = new CpuSampler();
  readonly #usage: EngineUsageCache;

  constructor(options: HostInspectorOptions) {
    this.#options = options;
    this.#usage = new EngineUsageCache(options.driver);
  }

  async about(): Promise<SystemAbout> {
    const { version, startedAt, databasePath, database, driver, upgrades } = this.#options;
    const [engine, sizeBytes, latestRelease] = await Promise.all([
      driver.describe(),
      database.sizeBytes(),
      upgrades.latestRelease(),
    ]);
    const { containers, containersRunning, containersStopped, images, ...docker } = engine;
    return {
      slipway: { version, nodeVersion: process.versions.node, startedAt },
      docker,
      database: { path: databasePath, sizeBytes },
      latestRelease,
      updateAvailable: latestRelease !== null && compareVersions(latestRelease.version, version) > 0,
    };
  }

  async status(): Promise<SystemStatus> {
    const engine = this.#options.driver.describe();
    const [host, docker] = await Promise.all([this.#host(engine), this.#docker(engine)]);
    return { host, docker };
  }

  async #host(asked: Promise<EngineDescription>): Promise<SystemStatus["host"]> {
    const [usagePct, { memory, swap }, { dockerRootDir }] = await Promise.all([
      this.#cpu.usagePct(),
      readMemory(),
      asked,
    ]);
    const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
    return {
      hostname: hostname(),
      uptime: Math.floor(uptime()),
      cpu: { cores: availableParallelism(), usagePct, load1, load5, load15 },
      memory,
      swap,
      disks: await readDisks(["/", ...(dockerRootDir === null ? [] : [dockerRootDir])]),
    };
  }

  async #docker(asked: Promise<EngineDescription>): Promise<SystemStatus["docker"]> {
    const { reachable, containers, containersRunning, containersStopped, images } = await asked;
    const usage = reachable ? await this.#usage.read() : undefined;
    return {
      ...{ reachable, containers, containersRunning, containersStopped, images },
      imagesSizeBytes: usage?.imagesSizeBytes ?? 0,
      volumes: usage?.volumes ?? 0,
      volumesSizeBytes: usage?.volumesSizeBytes ?? 0,
      buildCacheBytes: usage?.buildCacheBytes ?? 0,
    };
  }

  close(): void {
    this.#cpu.close();
  }
}
