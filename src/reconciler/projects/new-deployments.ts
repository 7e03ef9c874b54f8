/** Deployments that owners ask for without a source: of an image, or of what a service runs already. */

import { COMING, type Deployment, isStopFirst, isWaiting } from "../../domain/deployment.ts";
import { AppError } from "../../domain/errors.ts";
import { isEqual } from "../../domain/project-diff.ts";
import { DEFAULT_SETTINGS } from "../../domain/rollout.ts";
import type { Service } from "../../domain/service.ts";
import { type ServiceSettings, settingsOfDeployment } from "../../domain/service-settings.ts";
import type { Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import { nextCreatedAt } from "../accept-upload.ts";
import { newBuild } from "../build-runner.ts";
import { cancelComing } from "../deployment-marks.ts";

export type DeploymentWish = {
  readonly service: Service;
  /** What it runs or shall run now; undefined: nothing was deployed yet. */
  readonly model: Deployment | undefined;
  readonly settings: ServiceSettings;
  readonly env: Readonly<Record<string, string>>;
  /** One of a stopped service waits for its start, else it makes the service run. */
  readonly staysStopped: boolean;
  readonly now: number;
};

export type WrittenDeployment = {
  readonly deployment: Deployment;
  /** Ids of those whose place it took. */
  readonly cancelled: readonly string[];
};

/**
 * Stores it with a build that fetches or makes its image, unless that is there already. What was coming up is cancelled.
 * @throws AppError `conflict` (a host port is taken), `invalid` (several copies over one volume)
 */
export async function writeDeployment(tx: Stores, wish: DeploymentWish): Promise<WrittenDeployment> {
  const { service, model, settings, now } = wish;
  requireOneCopy(service, settings);
  await requireHostPortsFree(tx, service, settings);
  const coming = (await tx.deployments.list({ serviceId: service.id, statuses: COMING })).filter((d) => !d.isHeld);
  // What was built only is its owner's to roll out, with other variables, too.
  const isStopped = service.desired === "stopped";
  const waits = isStopped || (model !== undefined && isWaiting(model));
  const isHeld = wish.staysStopped && waits && coming.length === 0;
  const image = model !== undefined && isImageStillGood(model, settings) ? model.image : null;
  const buildId = image === null ? newId() : (model?.buildId ?? null);
  const isFunction = service.kind === "function";
  const base = model ?? emptyDeployment(service);
  const deployment: Deployment = {
    ...base,
    ...deployedSettings(settings),
    configHash: model !== undefined && isAsUploaded(model, settings) ? model.configHash : null,
    id: newId(),
    serviceId: service.id,
    env: wish.env,
    image,
    buildId,
    listenPorts: image === null && !isFunction ? [] : base.listenPorts,
    status: image === null ? "building" : isHeld ? "built" : "pending",
    isHeld,
    awaitsStart: isHeld && isStopped,
    ...(model !== undefined && coming.includes(model) ? {} : { localPort: null, tag: null }),
    ...FRESH,
    createdAt: await nextCreatedAt(tx, service.id, now),
  };
  const replaced = await supersedeAwaiting(tx, service.id, model, now);
  const cancelled = isHeld ? replaced : [...replaced, ...(await cancelComing(tx, service.id, now))];
  await tx.deployments.create(deployment);
  if (image === null && buildId !== null) await tx.builds.create(newBuild(deployment, buildId, now));
  return { deployment, cancelled };
}

const FRESH = {
  failureReason: null,
  exitCode: null,
  logTail: null,
  attemptCount: 0,
  startedAt: null,
  healthyAt: null,
  finishedAt: null,
} as const;

/** The same image is asked for, and with the same ports: what it listens on may have to be read from it anew. */
function isImageStillGood(model: Deployment, settings: ServiceSettings): boolean {
  return model.wantedImage === settings.image && isEqual(model.ports, settings.ports);
}

function deployedSettings({ image, ...settings }: ServiceSettings) {
  return { ...settings, wantedImage: image };
}

/**
 * Nothing but its scale differs from what its upload asked for. One that was set up otherwise since is something else, and
 * the same upload again brings back what that says.
 */
function isAsUploaded(model: Deployment, settings: ServiceSettings): boolean {
  return isEqual({ ...settingsOfDeployment(model), replicas: 0 }, { ...settings, replicas: 0 });
}

function emptyDeployment({ id: serviceId }: Service): Deployment {
  const { port: _port, replicas: _replicas, health: _health, resources: _resources, ...settings } = DEFAULT_SETTINGS;
  return {
    ...settings,
    ...FRESH,
    id: "",
    serviceId,
    status: "building",
    image: null,
    wantedImage: null,
    sourceId: null,
    buildId: null,
    runtime: null,
    givenEnv: {},
    ports: [],
    listenPorts: [],
    replicas: 1,
    declaredReplicas: null,
    isHeld: false,
    awaitsStart: false,
    restart: "always",
    resources: { cpuMillicores: null, memoryBytes: null },
    health: null,
    localPort: null,
    tag: null,
    volumeText: "",
    configHash: null,
    createdAt: 0,
  };
}

/** What waits for the start, and the model itself if it waits. Answers the ids of those that were still being built. */
async function supersedeAwaiting(
  tx: Stores,
  serviceId: string,
  model: Deployment | undefined,
  now: number,
): Promise<readonly string[]> {
  const waiting = (await tx.deployments.list({ serviceId, statuses: ["building", "built"] })).filter(isWaiting);
  const replaced = waiting.filter((d) => d.awaitsStart || d.id === model?.id);
  for (const { id, status } of replaced)
    await tx.deployments.update(id, { status: status === "built" ? "superseded" : "cancelled", finishedAt: now });
  return replaced.filter(({ status }) => status === "building").map(({ id }) => id);
}

function requireOneCopy({ name }: Service, settings: ServiceSettings): void {
  if (settings.replicas <= 1 || !isStopFirst(settings)) return;
  throw new AppError("invalid", `replicas: ${name} has a writable volume or a host port and runs as one instance.`, {
    fields: { replicas: ["must be 1 with a writable volume or a host port"] },
    remedy: "Mount the volume read-only and leave the host port out to run more of them.",
  });
}

/** @throws AppError `conflict` naming who has it */
async function requireHostPortsFree(tx: Stores, service: Service, { ports }: ServiceSettings): Promise<void> {
  const wanted = ports.filter((p) => p.hostPort !== undefined);
  if (wanted.length === 0) return;
  const statuses = ["building", "built", "pending", "starting", "healthy"] as const;
  const others = (await tx.deployments.list({ statuses })).filter((d) => d.serviceId !== service.id);
  for (const { hostPort = 0, protocol } of wanted) {
    const holder = others.find((d) => d.ports.some((p) => p.hostPort === hostPort && p.protocol === protocol));
    const owner =
      holder === undefined ? await tx.services.findByLocalPort(hostPort) : await tx.services.find(holder.serviceId);
    if (owner === undefined || owner.id === service.id) continue;
    throw new AppError("conflict", `ports: the host port ${hostPort} is taken by ${owner.name}.`, {
      fields: { ports: [`${hostPort} is taken by ${owner.name}`] },
      remedy: "Choose another host port, or leave it out: services of a project reach each other without.",
    });
  }
}
