/** Deployments in memory. */

import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import type { MemoryAccess } from "./memory-tables.ts";
import { MemoryServiceRecords } from "./service-records.ts";

export class MemoryDeploymentStore extends MemoryServiceRecords<Deployment> implements DeploymentStore {
  constructor(access: MemoryAccess) {
    super(access, "deployment", ({ deployments }) => deployments);
  }

  override remove(id: string): Promise<void> {
    return this.access(({ services, deployments }) => {
      deployments.delete(id);
      for (const service of services.values()) {
        if (service.activeDeploymentId === id) services.set(service.id, { ...service, activeDeploymentId: null });
      }
    });
  }
}
