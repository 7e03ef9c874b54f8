/** Services, their containers and routes as the API shows them. */

import type { ContainerView, DeploymentView, RouteView, ServiceView } from "../api/views.ts";
import type { Deployment } from "../domain/deployment.ts";
import { type InstanceRecord, isLeaving } from "../domain/instance.ts";
import type { RouteRecord } from "../domain/route-claim.ts";
import type { Service } from "../domain/service.ts";
import { deploymentView } from "./function-view.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";

export type ServiceViewer = {
  service(service: Service): Promise<ServiceView>;
  deployment(deployment: Deployment, service: Service): Promise<DeploymentView>;
};

export function serviceViewer({ stores, urlOf, routeUrlsOf }: ProjectRoutesOptions): ServiceViewer {
  return {
    async service(service) {
      const { activeDeploymentId: id } = service;
      const active = id === null ? undefined : await stores.deployments.get(id);
      const routes = service.isPrivate ? [] : await stores.routes.list({ serviceId: service.id });
      const urls = service.isPrivate ? [] : [urlOf(service.routeName), ...routeUrlsOf(routes)];
      return serviceView(service, active, urls);
    },
    async deployment(deployment, service) {
      const { buildId } = deployment;
      return deploymentView(deployment, service, buildId === null ? undefined : await stores.builds.get(buildId));
    },
  };
}

function serviceView(service: Service, active: Deployment | undefined, urls: readonly string[]): ServiceView {
  const isWanted = service.desired === "running";
  return {
    id: service.id,
    project_id: service.projectId,
    name: service.name,
    kind: service.kind,
    status: service.status,
    icon_url: service.iconUrl,
    private: service.isPrivate,
    preset: service.preset,
    url: urls[0] ?? null,
    urls: [...urls],
    replicas: isWanted ? (active?.replicas ?? service.replicas ?? 1) : 0,
    active_deployment_id: service.activeDeploymentId,
    active_deployment: active === undefined ? null : activeView(active),
    created_at: time(service.createdAt),
    updated_at: time(service.updatedAt),
  };
}

function activeView(active: Deployment): ServiceView["active_deployment"] {
  const { id, serviceId, wantedImage, image, replicas, createdAt } = active;
  return { id, service_id: serviceId, image: wantedImage ?? image, replicas, created_at: time(createdAt) };
}

/** @param createdAt when its deployment was made: it is never older */
export function containerView(record: InstanceRecord, createdAt: number): ContainerView {
  return {
    id: record.slot,
    service_id: record.serviceId,
    deployment_id: record.deploymentId,
    docker_container_id: record.runtimeId,
    status: containerStatus(record),
    created_at: time(record.startedAt ?? createdAt),
  };
}

function containerStatus(record: InstanceRecord): ContainerView["status"] {
  switch (record.state) {
    case "ready":
      return "running";
    case "starting":
      return "created";
    case "waiting":
      return "failed";
    case "draining":
      return isLeaving(record) ? "stopped" : "failed";
  }
}

export function routeView({ id, serviceId, kind, value, origin, createdAt }: RouteRecord): RouteView {
  const where = kind === "host" ? { host: value } : { path: value };
  return { id, service_id: serviceId, ...where, origin, created_at: time(createdAt) };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
