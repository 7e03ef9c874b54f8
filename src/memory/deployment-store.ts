/** Deployments in memory. */

import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import {
  byNewest,
  kept,
  type MemoryAccess,
  mustBeFree,
  mustGet,
  mustHaveOwner,
  patched,
  slice,
} from "./memory-tables.ts";

export class MemoryDeploymentStore implements DeploymentStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  get(id: string): Promise<Deployment> {
    return this.#access(({ deployments }) => kept(mustGet(deployments, "deployment", id)));
  }

  list(filter: Parameters<DeploymentStore["list"]>[0]): Promise<readonly Deployment[]> {
    return this.#access(({ deployments }) => {
      const matching = [...deployments.values()].filter(
        (deployment) =>
          (filter.serviceId === undefined || deployment.serviceId === filter.serviceId) &&
          (filter.statuses === undefined || filter.statuses.includes(deployment.status)),
      );
      return kept(slice(matching.sort(byNewest), filter));
    });
  }

  create(deployment: Deployment): Promise<void> {
    return this.#access(({ services, deployments }) => {
      mustBeFree(deployments.values(), "deployment", "id", deployment.id);
      mustHaveOwner(services, deployment.serviceId);
      deployments.set(deployment.id, kept(deployment));
    });
  }

  update(id: string, patch: Parameters<DeploymentStore["update"]>[1]): Promise<Deployment> {
    return this.#access(({ deployments }) => {
      const updated = patched(mustGet(deployments, "deployment", id), patch);
      deployments.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ services, deployments }) => {
      deployments.delete(id);
      for (const service of services.values()) {
        if (service.activeDeploymentId === id) services.set(service.id, { ...service, activeDeploymentId: null });
      }
    });
  }
}
