/** Functions and deployments as the API shows them. */

import type { BuildView, DeploymentView } from "../api/views.ts";
import type { Build } from "../domain/build.ts";
import { type Deployment, isComing } from "../domain/deployment.ts";
import type { ImageInfo } from "../domain/driver.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Project } from "../domain/project.ts";
import type { RouteRecord } from "../domain/route-claim.ts";
import type { Service } from "../domain/service.ts";
import { latestUpload, uploadError, uploadStatus } from "../domain/status-words.ts";
import type { Stores } from "../domain/stores.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { FunctionView, ImageView, InstanceView, LambdaView } from "./view-schemas.ts";
import { healthView, portView, resourcesView, volumeView } from "./wire-settings.ts";

/** Everything of one function that its views are made from. */
export type FunctionState = {
  readonly service: Service;
  readonly project: Project;
  readonly latest: Deployment | undefined;
  readonly latestBuild: Build | undefined;
  readonly active: Deployment | undefined;
  /** Its instances are coming up. */
  readonly candidate: Deployment | undefined;
  /** Built only; it waits to be rolled out. */
  readonly built: Deployment | undefined;
  readonly records: readonly InstanceRecord[];
  /** Hosts and paths beside its name. */
  readonly routes: readonly RouteRecord[];
};

export async function readFunctionState(stores: Stores, service: Service): Promise<FunctionState> {
  const [latest] = await stores.deployments.list({ serviceId: service.id, limit: 1 });
  const isActiveLatest = latest !== undefined && latest.id === service.activeDeploymentId;
  const active =
    isActiveLatest || service.activeDeploymentId === null
      ? undefined
      : await stores.deployments.get(service.activeDeploymentId);
  const statuses = ["built", "pending", "starting"] as const;
  const beside = await stores.deployments.list({ serviceId: service.id, statuses });
  return {
    service,
    project: await stores.projects.get(service.projectId),
    latest,
    latestBuild: latest?.buildId == null ? undefined : await stores.builds.get(latest.buildId),
    active: isActiveLatest ? latest : active,
    candidate: beside.find(isComing),
    built: beside.find((d) => d.status === "built"),
    records: await stores.instances.list({ serviceId: service.id }),
    routes: await stores.routes.list({ serviceId: service.id }),
  };
}

export type UrlOf = (routeName: string) => string;

export function functionView(
  state: FunctionState,
  facts: ImageFacts,
  urlOf: UrlOf,
  containerName: (record: InstanceRecord) => string,
): FunctionView {
  const { service, project, latest, active, records } = state;
  const urls = [
    urlOf(service.routeName),
    ...(service.localPort === null ? [] : [`http://127.0.0.1:${service.localPort}/`]),
  ];
  const isWanted = service.desired === "running";
  const isBuilding = latest?.status === "building" && active === undefined && (isWanted || latest.isHeld);
  const savedScale = service.replicas ?? (active ?? latest)?.replicas ?? 1;
  const scale = isWanted ? ((active ?? latest)?.replicas ?? savedScale) : 0;
  return {
    id: service.id,
    name: service.name,
    project: project.slug,
    kind: service.kind,
    status: isBuilding ? ("building" as const) : service.status,
    url: urls[0] ?? "",
    urls,
    runtime: service.runtime,
    tag: service.tag,
    port: service.localPort,
    private: service.isPrivate,
    replicas: scale,
    scale,
    saved_scale: savedScale,
    active_deployment_id: service.activeDeploymentId,
    latest_deployment: latest === undefined ? null : deploymentView(latest, service, state.latestBuild),
    error: uploadError(service, latest, active),
    created_at: time(service.createdAt),
    updated_at: time(service.updatedAt),
    instances: records.map((r) => instanceView(r, isCurrent(r, state, facts), containerName)),
  };
}

/**
 * Of the newest that is built: what waits to be rolled out, else what comes up, else what serves; and made from the image
 * that its name stands for now.
 */
function isCurrent(record: InstanceRecord, { built, candidate, active }: FunctionState, facts: ImageFacts): boolean {
  const newest = built ?? candidate ?? active;
  if (newest === undefined || record.deploymentId !== newest.id) return false;
  const made = record.runtimeId === null ? undefined : facts.made.get(record.runtimeId);
  const named = newest.image === null ? undefined : facts.named.get(newest.image);
  return made === undefined || named === undefined || made === named;
}

function instanceView(
  record: InstanceRecord,
  current: boolean,
  containerName: (record: InstanceRecord) => string,
): InstanceView {
  return {
    id: record.slot,
    name: containerName(record),
    deployment_id: record.deploymentId,
    current,
    healthy: record.state === "ready",
    state: record.state,
    started_at: timeOrNull(record.startedAt),
    restart_count: record.restartCount,
    last_exit_code: record.lastExitCode,
    last_log_tail: record.lastLogTail,
  };
}

export function imageView(image: ImageInfo): ImageView {
  return { id: image.id, tags: [...image.tags], created_at: time(image.createdAt) };
}

export function deploymentView(deployment: Deployment, service: Service, build: Build | undefined): DeploymentView {
  const isFunction = service.kind === "function";
  const listened = deployment.listenPorts.map((port) => ({ container_port: port, protocol: "tcp" as const }));
  return {
    id: deployment.id,
    service_id: deployment.serviceId,
    service: service.name,
    function: isFunction ? service.name : null,
    status: isFunction || deployment.status !== "building" ? deployment.status : "pending",
    active: deployment.id === service.activeDeploymentId,
    image: deployment.wantedImage ?? deployment.image,
    runtime: deployment.runtime,
    source_id: deployment.sourceId,
    env_vars: { ...deployment.env },
    replicas: deployment.replicas,
    resources: resourcesView(deployment.resources),
    command: [...deployment.command],
    health: healthView(deployment.health, deployment.startMs),
    volumes: deployment.volumes.map(volumeView),
    ports: deployment.ports.length > 0 ? deployment.ports.map(portView) : listened,
    restart: deployment.restart,
    failure_reason: deployment.failureReason,
    exit_code: deployment.exitCode,
    log_tail: deployment.logTail,
    attempt_count: deployment.attemptCount,
    build: build === undefined ? null : buildView(build),
    created_at: time(deployment.createdAt),
    started_at: timeOrNull(deployment.startedAt),
    healthy_at: timeOrNull(deployment.healthyAt),
  };
}

function buildView(build: Build): BuildView {
  return {
    id: build.id,
    status: build.status,
    was_cached: build.wasCached,
    error: build.error,
    started_at: timeOrNull(build.startedAt),
    finished_at: timeOrNull(build.finishedAt),
  };
}

/** lambdaathome's LambdaFun: all strings, with status, error and the log's address added. */
export function lambdaView(state: FunctionState): LambdaView {
  const { service, latest, active } = state;
  const { localPort, tag, runtime, volumeText } = latestUpload(service, latest);
  return {
    name: service.name,
    tag: tag ?? "",
    runtime: runtime ?? "",
    port: localPort === null ? "" : String(localPort),
    volume: volumeText,
    source: "",
    id: service.id,
    status: uploadStatus(service, latest, active),
    error: uploadError(service, latest, active),
    buildLog: `/function/logs/${service.routeName}?build=1`,
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}
