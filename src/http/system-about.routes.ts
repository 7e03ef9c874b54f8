/** `/api/system/about` and `/status`: the server itself, its host and its engine (DeployKit's SystemService). */

import { z } from "zod";
import type { ReleaseInfo, SystemAbout, SystemInspector, SystemStatus, Usage } from "../domain/system.ts";
import { type App, addRoute } from "./app.ts";

const tags = ["system"];
const time = z.iso.datetime();

export const releaseSchema = z
  .strictObject({
    version: z.string().describe("Without a leading v"),
    url: z.string(),
    notes: z.string(),
    published_at: time,
    fetched_at: time,
  })
  .meta({ id: "ReleaseInfo" });

const text = z.string().nullable();
const aboutSchema = z
  .strictObject({
    slipway: z.strictObject({ version: z.string(), node_version: z.string(), started_at: time }),
    docker: z.strictObject({
      reachable: z.boolean(),
      error: text,
      server_version: text,
      api_version: text,
      os: text,
      kernel_version: text,
      architecture: text,
      storage_driver: text,
      logging_driver: text,
      cgroup_driver: text,
      docker_root_dir: text,
      warnings: z.array(z.string()),
    }),
    database: z.strictObject({ path: z.string(), size_bytes: z.int() }),
    latest_release: releaseSchema.nullable().describe("null: none was looked for yet"),
    update_available: z.boolean(),
  })
  .meta({ id: "SystemAbout" });

const usageFields = { total_bytes: z.int(), used_bytes: z.int(), usage_pct: z.number().describe("0 to 100") };
const statusSchema = z
  .strictObject({
    host: z.strictObject({
      hostname: z.string(),
      uptime: z.int().describe("Seconds"),
      cpu: z.strictObject({
        cores: z.int(),
        usage_pct: z.number().describe("0 to 100, over about a second"),
        load1: z.number(),
        load5: z.number(),
        load15: z.number(),
      }),
      memory: z.strictObject(usageFields),
      swap: z.strictObject(usageFields),
      disks: z.array(z.strictObject({ mountpoint: z.string(), ...usageFields })),
    }),
    docker: z
      .strictObject({
        reachable: z.boolean(),
        containers: z.int(),
        containers_running: z.int(),
        containers_stopped: z.int(),
        images: z.int(),
        images_size_bytes: z.int(),
        volumes: z.int(),
        volumes_size_bytes: z.int(),
        build_cache_bytes: z.int(),
      })
      .describe("What is not known (yet) is 0"),
  })
  .meta({ id: "SystemStatus" });

export function systemAboutRoutes(app: App, { inspector }: { readonly inspector: SystemInspector }): void {
  addRoute(app, {
    method: "GET",
    url: "/api/system/about",
    permission: "admin",
    schema: { tags, summary: "Versions of server and engine, size of the database", answers: { 200: aboutSchema } },
    handler: async () => aboutView(await inspector.about()),
  });
  addRoute(app, {
    method: "GET",
    url: "/api/system/status",
    permission: "admin",
    schema: { tags, summary: "How busy and how full the host and its engine are", answers: { 200: statusSchema } },
    handler: async () => statusView(await inspector.status()),
  });
}

export function releaseView(release: ReleaseInfo): z.output<typeof releaseSchema> {
  const { version, url, notes, publishedAt, fetchedAt } = release;
  return { version, url, notes, published_at: timeOf(publishedAt), fetched_at: timeOf(fetchedAt) };
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function aboutView({ slipway, docker, database, ...rest }: SystemAbout): z.output<typeof aboutSchema> {
  return {
    slipway: {
      version: slipway.version,
      node_version: slipway.nodeVersion,
      started_at: timeOf(slipway.startedAt),
    },
    docker: {
      reachable: docker.reachable,
      error: docker.error,
      server_version: docker.serverVersion,
      api_version: docker.apiVersion,
      os: docker.os,
      kernel_version: docker.kernelVersion,
      architecture: docker.architecture,
      storage_driver: docker.storageDriver,
      logging_driver: docker.loggingDriver,
      cgroup_driver: docker.cgroupDriver,
      docker_root_dir: docker.dockerRootDir,
      warnings: [...docker.warnings],
    },
    database: { path: database.path, size_bytes: database.sizeBytes },
    latest_release: rest.latestRelease === null ? null : releaseView(rest.latestRelease),
    update_available: rest.updateAvailable,
  };
}

function statusView({ host, docker }: SystemStatus): z.output<typeof statusSchema> {
  const { cores, usagePct, load1, load5, load15 } = host.cpu;
  return {
    host: {
      hostname: host.hostname,
      uptime: host.uptime,
      cpu: { cores, usage_pct: usagePct, load1, load5, load15 },
      memory: usageView(host.memory),
      swap: usageView(host.swap),
      disks: host.disks.map((disk) => ({ mountpoint: disk.mountpoint, ...usageView(disk) })),
    },
    docker: {
      reachable: docker.reachable,
      containers: docker.containers,
      containers_running: docker.containersRunning,
      containers_stopped: docker.containersStopped,
      images: docker.images,
      images_size_bytes: docker.imagesSizeBytes,
      volumes: docker.volumes,
      volumes_size_bytes: docker.volumesSizeBytes,
      build_cache_bytes: docker.buildCacheBytes,
    },
  };
}

function usageView({ totalBytes, usedBytes, usagePct }: Usage) {
  return { total_bytes: totalBytes, used_bytes: usedBytes, usage_pct: usagePct };
}
