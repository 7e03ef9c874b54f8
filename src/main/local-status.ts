/** How a local function is, told from its containers and images, and one look at each that runs. */

import type { LocalContainer } from "../docker/local-containers.ts";
import type { ImageInfo } from "../domain/driver.ts";
import type { LocalInstance, LocalStatus } from "../domain/workshop.ts";
import { lookAt } from "../reconciler/look-at.ts";
import type { LocalRecord } from "./local-store.ts";
import { latestTag, timeTagsOf } from "./local-tags.ts";

export type Observed = {
  readonly containers: readonly LocalContainer[];
  readonly images: readonly ImageInfo[];
  /** What its newest build left; undefined: it was built elsewhere, or forgotten. */
  readonly record: LocalRecord | undefined;
  /** Id of its newest image. */
  readonly latestId: string | undefined;
};

export async function statusOf(name: string, { containers, images, record, latestId }: Observed): Promise<LocalStatus> {
  const own = containers.filter(({ purpose }) => purpose === "up");
  const instances = await Promise.all(own.map((container) => instanceOf(container, record, latestId)));
  const running = instances.filter(({ isRunning }) => isRunning);
  const isWhole = running.every(({ isHealthy }) => isHealthy === true);
  const built = images
    .map(({ id, tags, createdAt }) => ({
      id,
      tags: tags.filter((tag) => tag === latestTag(name) || timeTagsOf(name, [tag]).length > 0),
      createdAt: builtAt(name, tags) ?? createdAt,
    }))
    .filter(({ tags }) => tags.length > 0);
  return {
    name,
    status: running.length === 0 ? "stopped" : isWhole ? "running" : "degraded",
    scale: running.length,
    url: running.find(({ url }) => url !== null)?.url ?? null,
    instances,
    images: built.sort((a, b) => b.createdAt - a.createdAt),
  };
}

/** The engine dates an image by its oldest layer that could be reused; the tag says when it was built, in ms. */
function builtAt(name: string, tags: readonly string[]): number | undefined {
  const [newest] = timeTagsOf(name, tags);
  return newest === undefined ? undefined : Number(newest.slice(newest.lastIndexOf(":") + 1)) * 1000;
}

async function instanceOf(
  container: LocalContainer,
  record: LocalRecord | undefined,
  latestId: string | undefined,
): Promise<LocalInstance> {
  const { id, name, functionName, isRunning, port, settingsHash, imageId, madeAt } = container;
  return {
    id,
    name,
    functionName,
    isRunning,
    isCurrent: imageId === latestId && settingsHash === record?.settingsHash,
    isHealthy: isRunning ? await isWell(container, record) : null,
    url: isRunning && port !== null ? `http://127.0.0.1:${port.hostPort}` : null,
    startedAt: isRunning ? madeAt : null,
  };
}

async function isWell({ id, functionName, port, addresses }: LocalContainer, record: LocalRecord | undefined) {
  const [address] = addresses;
  // Without a port, running is all that can be seen.
  if (port === null || address === undefined) return port === null;
  const deployment = { listenPorts: [port.containerPort], health: record?.settings.health ?? null };
  const target = { runtimeId: id, serviceId: functionName, address, startedAt: 0, isReady: true, deployment };
  return (await lookAt(target)) !== undefined;
}
