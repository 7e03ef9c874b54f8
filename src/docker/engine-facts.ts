/** What the engine says of itself and of its disk, for the people who run it. */

import type { EngineDescription, EngineUsage } from "../domain/driver.ts";
import type { DockerClient } from "./docker-client.ts";

/** The fields of `GET /info` that are shown; a driver that is not Docker's own may leave any of them out. */
type Info = {
  readonly Containers?: number;
  readonly ContainersRunning?: number;
  readonly ContainersPaused?: number;
  readonly ContainersStopped?: number;
  readonly Images?: number;
  readonly Driver?: string;
  readonly LoggingDriver?: string;
  readonly CgroupDriver?: string;
  readonly DockerRootDir?: string;
  readonly OperatingSystem?: string;
  readonly KernelVersion?: string;
  readonly Architecture?: string;
  readonly Warnings?: readonly string[] | null;
};

/** Never throws: an engine that is away is `reachable: false` with the reason. */
export async function describeEngine(client: DockerClient): Promise<EngineDescription> {
  try {
    const { version, apiVersion } = await client.version();
    const info: Info = await client.call((engine) => engine.info());
    return { ...facts(info), reachable: true, error: null, serverVersion: version, apiVersion };
  } catch (error) {
    const { message, remedy } = client.translate(error);
    const reason = remedy === undefined ? message : `${message} ${remedy}`;
    return { ...facts({}), reachable: false, error: reason, serverVersion: null, apiVersion: null };
  }
}

function facts(info: Info) {
  return {
    os: info.OperatingSystem ?? null,
    kernelVersion: info.KernelVersion ?? null,
    architecture: info.Architecture ?? null,
    storageDriver: info.Driver ?? null,
    loggingDriver: info.LoggingDriver ?? null,
    cgroupDriver: info.CgroupDriver ?? null,
    dockerRootDir: info.DockerRootDir ?? null,
    warnings: info.Warnings ?? [],
    containers: info.Containers ?? 0,
    containersRunning: info.ContainersRunning ?? 0,
    containersStopped: (info.ContainersStopped ?? 0) + (info.ContainersPaused ?? 0),
    images: info.Images ?? 0,
  };
}

type DiskUse = {
  readonly LayersSize?: number;
  readonly Volumes?: readonly { readonly UsageData?: { readonly Size?: number } | null }[] | null;
  readonly BuildCache?: readonly { readonly Size?: number; readonly Shared?: boolean }[] | null;
};

/** @throws AppError `unavailable` */
export async function readEngineUsage(client: DockerClient): Promise<EngineUsage> {
  const use: DiskUse = await client.call((engine) => engine.df());
  const volumes = use.Volumes ?? [];
  // -1 is "not known"; what records of the cache share is counted with the image that has it.
  const sizes = volumes.map(({ UsageData }) => Math.max(0, UsageData?.Size ?? 0));
  const cache = (use.BuildCache ?? []).filter(({ Shared }) => Shared !== true).map(({ Size }) => Size ?? 0);
  return {
    imagesSizeBytes: use.LayersSize ?? 0,
    volumes: volumes.length,
    volumesSizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    buildCacheBytes: cache.reduce((sum, size) => sum + size, 0),
  };
}
