/** Writes an accepted upload down: service and deployment, in one transaction, with everything checked before. */

import { createHash } from "node:crypto";
import { type Deployment, isStopFirst } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import { routeNameOf } from "../domain/names.ts";
import type { Project } from "../domain/project.ts";
import type { RolloutSettings } from "../domain/rollout.ts";
import type { RuntimeFiles } from "../domain/runtime.ts";
import type { Service } from "../domain/service.ts";
import type { Source } from "../domain/source.ts";
import type { Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";

export type DeployRequest = {
  readonly project: Project;
  readonly name: string;
  /** Undefined: the source has its own Dockerfile. */
  readonly runtime: RuntimeFiles | undefined;
  readonly source: Source;
  readonly settings: RolloutSettings;
  readonly localPort: number | null;
  readonly tag: string | null;
  readonly volumeText: string;
  /** Build even if nothing changed, without the engine's cache. */
  readonly noCache: boolean;
};

export type AcceptedUpload = {
  readonly service: Service;
  readonly deployment: Deployment;
  /** Ids of the deployments whose place it took. */
  readonly cancelled: readonly string[];
  readonly isNew: boolean;
};

/** @throws AppError `conflict` (name, port or tag is another's), `invalid` */
export async function acceptUpload(
  tx: Stores,
  request: DeployRequest,
  configHash: string,
  now: number,
): Promise<AcceptedUpload> {
  const existing = await tx.services.findByName(request.project.id, request.name);
  await requireFree(tx, request, existing);
  const service = existing ? await updateService(tx, existing, request, now) : await createService(tx, request, now);
  const cancelled = await cancelComing(tx, service.id, now);
  const deployment = newDeployment(service, request, configHash, now);
  await tx.deployments.create(deployment);
  await tx.builds.create({
    id: deployment.buildId ?? deployment.id,
    serviceId: service.id,
    sourceId: request.source.id,
    runtime: deployment.runtime,
    status: "queued",
    contentHash: null,
    image: null,
    wasCached: false,
    error: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  });
  return { service, deployment, cancelled, isNew: existing === undefined };
}

/** What is coming up of the service gives way; answers the ids. */
export async function cancelComing(tx: Stores, serviceId: string, now: number): Promise<readonly string[]> {
  const coming = await tx.deployments.list({ serviceId, statuses: ["building", "pending", "starting"] });
  for (const old of coming) {
    await tx.deployments.update(old.id, {
      status: "cancelled",
      failureReason: "a newer deployment took its place",
      finishedAt: now,
    });
  }
  return coming.map((d) => d.id);
}

function updateService(tx: Stores, existing: Service, request: DeployRequest, now: number): Promise<Service> {
  return tx.services.update(existing.id, {
    desired: "running",
    localPort: request.localPort ?? existing.localPort,
    tag: request.tag ?? existing.tag,
    runtime: request.runtime?.runtime.name ?? null,
    volumeText: request.volumeText,
    updatedAt: now,
  });
}

async function requireFree(tx: Stores, request: DeployRequest, existing: Service | undefined): Promise<void> {
  const { localPort, tag, name } = request;
  if (existing !== undefined && existing.kind !== "function") {
    throw new AppError("conflict", `${name} is an image service, not a function.`, {
      remedy: "Choose another name, or delete that service first.",
    });
  }
  const conflict = (field: string, owner: Service, what: string): AppError =>
    new AppError("conflict", `${field}: ${what} is taken by ${owner.name}.`, {
      fields: { [field]: [`is taken by ${owner.name}`] },
      remedy: `Choose another ${field}.`,
    });
  const portOwner = localPort === null ? undefined : await tx.services.findByLocalPort(localPort);
  if (portOwner !== undefined && portOwner.id !== existing?.id) throw conflict("port", portOwner, String(localPort));
  const tagOwner = tag === null ? undefined : await tx.services.findByTag(tag);
  if (tagOwner !== undefined && tagOwner.id !== existing?.id) throw conflict("tag", tagOwner, tag ?? "");
  const routeOwner = await tx.services.findByRouteName(routeNameOf(name, request.project.slug));
  if (routeOwner !== undefined && routeOwner.id !== existing?.id) throw conflict("name", routeOwner, name);
  if (request.settings.replicas > 1 && isStopFirst({ volumes: request.settings.volumes, ports: [] })) {
    throw new AppError("invalid", "replicas: a function with a writable volume runs as one instance.", {
      fields: { replicas: ["must be 1 with a writable volume"] },
    });
  }
}

async function createService(tx: Stores, request: DeployRequest, now: number): Promise<Service> {
  const service: Service = {
    id: newId(),
    projectId: request.project.id,
    name: request.name,
    kind: "function",
    status: "created",
    desired: "running",
    isPrivate: false,
    routeName: routeNameOf(request.name, request.project.slug),
    localPort: request.localPort,
    tag: request.tag,
    runtime: request.runtime?.runtime.name ?? null,
    volumeText: request.volumeText,
    iconUrl: null,
    activeDeploymentId: null,
    createdAt: now,
    updatedAt: now,
  };
  await tx.services.create(service);
  return service;
}

function newDeployment(service: Service, request: DeployRequest, configHash: string, now: number): Deployment {
  const { port, env, replicas, resources, command, health, startMs, timeoutMs, volumes } = request.settings;
  return {
    id: newId(),
    serviceId: service.id,
    status: "building",
    image: null,
    sourceId: request.source.id,
    buildId: newId(),
    runtime: request.runtime?.runtime.name ?? null,
    env,
    ports: [],
    listenPorts: port === null ? [] : [port],
    replicas,
    resources,
    command,
    health,
    startMs,
    timeoutMs,
    volumes,
    failureReason: null,
    exitCode: null,
    logTail: null,
    configHash,
    attemptCount: 0,
    startedAt: null,
    healthyAt: null,
    finishedAt: null,
    createdAt: now,
  };
}

/** SHA-256 over everything that was asked for. */
export function hashOf(request: DeployRequest): string {
  const { source, settings, localPort, tag, runtime } = request;
  const hash = createHash("sha256").update(
    JSON.stringify([source.id, settings, localPort, tag, runtime?.runtime.name ?? null, runtime?.dockerfile ?? null]),
  );
  for (const file of runtime?.files ?? []) hash.update(`\0${file.path}\0${file.mode}\0`).update(file.content);
  return hash.digest("hex");
}
