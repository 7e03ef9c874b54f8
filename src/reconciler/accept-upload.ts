/** Writes an accepted upload down: service and deployment, in one transaction, with everything checked before. */

import { createHash } from "node:crypto";
import { COMING, type Deployment, isStopFirst } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import type { Project } from "../domain/project.ts";
import { type RolloutSettings, withRuntimeDefaults } from "../domain/rollout.ts";
import type { RuntimeFiles } from "../domain/runtime.ts";
import type { Service } from "../domain/service.ts";
import type { Source } from "../domain/source.ts";
import type { Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import { newBuild } from "./build-runner.ts";
import { cancelComing, supersedeWaiting } from "./deployment-marks.ts";
import type { Environments } from "./projects/environments.ts";
import { addService } from "./projects/service-records.ts";

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
  /** Build only; what serves stays until its owner rolls it out. */
  readonly isHeld: boolean;
};

export type Accepting = {
  readonly configHash: string;
  readonly environments: Pick<Environments, "of">;
  readonly now: number;
};

export type AcceptedUpload = {
  readonly service: Service;
  readonly deployment: Deployment;
  /** Ids of the deployments whose place it took. */
  readonly cancelled: readonly string[];
  readonly isNew: boolean;
};

/**
 * What the upload asks of the service itself (port, tag, running again) is kept with the deployment and becomes true
 * when that is promoted: an upload that fails leaves everything as it was.
 * @throws AppError `conflict` (name, port or tag is another's), `invalid`
 */
export async function acceptUpload(
  tx: Stores,
  request: DeployRequest,
  { configHash, environments, now }: Accepting,
): Promise<AcceptedUpload> {
  const existing = await tx.services.findByName(request.project.id, request.name);
  await requireFree(tx, request, existing);
  const replicas = replicasOf(existing, await previousOf(tx, existing), request.settings.replicas);
  requireOneCopy(request, replicas);
  const service = existing ?? (await createService(tx, request, now));
  const replaced = await supersedeWaiting(tx, service.id, now);
  // What is only built leaves alone what is coming to serve.
  const cancelled = request.isHeld ? replaced : [...replaced, ...(await cancelComing(tx, service.id, now))];
  const createdAt = await nextCreatedAt(tx, service.id, now);
  const env = await environments.of(tx, service, request.settings.env);
  const deployment = { ...newDeployment(service, replicas, request, configHash, createdAt), env };
  await tx.deployments.create(deployment);
  await tx.builds.create(newBuild(deployment, deployment.buildId ?? deployment.id, now));
  return { service, deployment, cancelled, isNew: existing === undefined };
}

/** Later than every deployment of the service, also within one millisecond: which one is the newest is never in doubt. */
export async function nextCreatedAt(tx: Pick<Stores, "deployments">, serviceId: string, now: number): Promise<number> {
  const [newest] = await tx.deployments.list({ serviceId, limit: 1 });
  return newest === undefined ? now : Math.max(now, newest.createdAt + 1);
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
  const coming = (await tx.deployments.list({ statuses: COMING })).filter((d) => d.serviceId !== existing?.id);
  const reserver = async (isSame: (d: Deployment) => boolean): Promise<Service | undefined> => {
    const other = coming.find(isSame);
    return other && tx.services.get(other.serviceId);
  };
  if (localPort !== null) {
    const owner = (await tx.services.findByLocalPort(localPort)) ?? (await reserver((d) => d.localPort === localPort));
    if (owner !== undefined && owner.id !== existing?.id) throw conflict("port", owner, String(localPort));
  }
  if (tag !== null) {
    const owner = (await tx.services.findByTag(tag)) ?? (await reserver((d) => d.tag === tag));
    if (owner !== undefined && owner.id !== existing?.id) throw conflict("tag", owner, tag);
  }
}

/** @throws AppError `invalid` for more than one copy over a writable volume */
function requireOneCopy({ settings }: DeployRequest, replicas: number): void {
  if (replicas <= 1 || !isStopFirst({ volumes: settings.volumes, ports: [] })) return;
  throw new AppError("invalid", "replicas: a function with a writable volume runs as one instance.", {
    fields: { replicas: ["must be 1 with a writable volume"] },
    remedy: "Mount the volume read-only, or scale the function to 1 first.",
  });
}

/** Whose manifest is the one in force: what serves, else the newest upload. */
async function previousOf(tx: Stores, service: Service | undefined): Promise<Deployment | undefined> {
  if (service === undefined) return undefined;
  if (service.activeDeploymentId !== null) return tx.deployments.get(service.activeDeploymentId);
  return (await tx.deployments.list({ serviceId: service.id, limit: 1 }))[0];
}

async function createService(tx: Stores, request: DeployRequest, now: number): Promise<Service> {
  const { project, name, localPort, tag, volumeText, runtime, isHeld } = request;
  const wish = {
    ...{ name, localPort, tag, volumeText, kind: "function" as const, isPrivate: false, iconUrl: null, preset: null },
    // With nothing but a build it has nothing that could run.
    desired: isHeld ? ("stopped" as const) : ("running" as const),
    runtime: runtime?.runtime.name ?? null,
  };
  return (await addService(tx, project, wish, now)).service;
}

/**
 * What a manifest asks for counts when it asks for something new; else the number its owner scaled the service to stays,
 * however often the same manifest is deployed.
 */
export function replicasOf(
  service: Pick<Service, "replicas"> | undefined,
  previous: Pick<Deployment, "declaredReplicas"> | undefined,
  declared: number | null,
): number {
  const scaled = service?.replicas ?? null;
  const isNews = declared !== null && (scaled === null || previous?.declaredReplicas !== declared);
  return isNews ? declared : (scaled ?? 1);
}

function newDeployment(
  service: Service,
  replicas: number,
  request: DeployRequest,
  configHash: string,
  now: number,
): Deployment {
  const { port, replicas: declaredReplicas, resources, health, ...settings } = request.settings;
  return {
    ...settings,
    id: newId(),
    serviceId: service.id,
    status: "building",
    image: null,
    wantedImage: null,
    sourceId: request.source.id,
    buildId: newId(),
    runtime: request.runtime?.runtime.name ?? null,
    ports: [],
    listenPorts: port === null ? [] : [port],
    replicas,
    declaredReplicas,
    isHeld: request.isHeld,
    awaitsStart: false,
    restart: "always",
    givenEnv: settings.env,
    ...withRuntimeDefaults({ resources, health }, request.runtime?.runtime),
    localPort: request.localPort,
    tag: request.tag,
    volumeText: request.volumeText,
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

/** SHA-256 over everything that was asked for; a secret of its build that was set anew is something else. */
export function hashOf(request: DeployRequest, secretVersions: Readonly<Record<string, string>> = {}): string {
  const { source, settings, localPort, tag, runtime } = request;
  const hash = createHash("sha256").update(
    JSON.stringify([source.id, settings, localPort, tag, runtime?.runtime.name ?? null, runtime?.dockerfile ?? null]),
  );
  for (const [name, version] of Object.entries(secretVersions).sort()) hash.update(`\0${name}\0${version}\0`);
  for (const file of runtime?.files ?? []) hash.update(`\0${file.path}\0${file.mode}\0`).update(file.content);
  return hash.digest("hex");
}
