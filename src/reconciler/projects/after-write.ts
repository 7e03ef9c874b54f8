/** What follows once another state of a project is stored: builds begin, instances change, everybody is told. */

import type { Deployment } from "../../domain/deployment.ts";
import type { ImageDriver } from "../../domain/driver.ts";
import { isAppError } from "../../domain/errors.ts";
import type { EventBus } from "../../domain/events.ts";
import type { Logger } from "../../domain/logger.ts";
import type { Project } from "../../domain/project.ts";
import type { Service } from "../../domain/service.ts";
import type { Database } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import { type BuildRunner, newBuild } from "../build-runner.ts";
import type { SecretDelivery } from "../secret-files.ts";
import type { WrittenDeployment } from "./new-deployments.ts";
import type { WrittenProject } from "./project-writer.ts";

export type AfterWriteOptions = {
  readonly database: Database;
  readonly events: EventBus;
  readonly builds: Pick<BuildRunner, "resume" | "cancelled">;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly secretFiles: Pick<SecretDelivery, "changed">;
  /** A service was taken out of the store: what is left of it goes. */
  readonly onRemoved: (service: Service, project: Project) => Promise<void>;
  readonly publishRoutes: () => Promise<void>;
  readonly trigger: (serviceId: string) => void;
  readonly logger: Logger;
};

export class AfterWrite {
  readonly #options: AfterWriteOptions;

  constructor(options: AfterWriteOptions) {
    this.#options = options;
  }

  /** Never throws: it is done already, and one step's trouble is none of the others'. */
  async follow(written: WrittenProject): Promise<void> {
    const { publishRoutes, trigger, secretFiles, onRemoved } = this.#options;
    const { project, movedSecrets, deletedServices, deployments, updatedServices } = written;
    for (const name of movedSecrets) await this.#attempt("secrets", () => secretFiles.changed(project.id, name));
    this.#announce(written);
    for (const service of deletedServices) await this.#attempt("removal", () => onRemoved(service, project));
    await this.#attempt("routes", publishRoutes);
    for (const one of deployments) await this.#attempt("deployment", () => this.begin(one));
    for (const { id } of updatedServices) trigger(id);
  }

  /** What fails here is mended by the next pass, publication or start of control. */
  async #attempt(step: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.logger.error({ err: error, step }, "a change is stored, and what follows from it failed for now");
    }
  }

  /** Begins a deployment that was just stored. */
  async begin({ deployment, cancelled }: WrittenDeployment): Promise<void> {
    const { builds, events, trigger } = this.#options;
    const { id: deploymentId, serviceId } = deployment;
    builds.cancelled(serviceId, cancelled);
    events.publish({ type: "deployment.created", serviceId, deploymentId });
    const begun = deployment.status === "building" ? deployment : await this.#withImage(deployment);
    if (begun.status === "building") await builds.resume(begun);
    trigger(serviceId);
  }

  /** One whose image is gone from the engine is built or fetched again. While the engine is away nobody can tell. */
  async #withImage(deployment: Deployment): Promise<Deployment> {
    const { database, images, logger } = this.#options;
    const { id, image } = deployment;
    try {
      if (image !== null && (await images.findImage(image)) !== undefined) return deployment;
    } catch (error) {
      if (!isAppError(error, "unavailable")) throw error;
      logger.warn({ err: error, deploymentId: id }, "the engine is away: whether an image is there is seen later");
      return deployment;
    }
    return database.transact(async (tx) => {
      const stored = await tx.deployments.get(id);
      if (stored.status !== "pending" && stored.status !== "built") return stored;
      const buildId = newId();
      const building = await tx.deployments.update(id, { status: "building", buildId });
      await tx.builds.create(newBuild(building, buildId, stored.createdAt));
      return building;
    });
  }

  #announce({ project, isRenamed, createdServices, updatedServices, nodes, edges }: WrittenProject): void {
    const { events } = this.#options;
    const projectId = project.id;
    if (isRenamed) events.publish({ type: "project.updated", projectId });
    for (const { id } of createdServices) events.publish({ type: "service.created", serviceId: id });
    for (const { id } of updatedServices) events.publish({ type: "service.updated", serviceId: id });
    for (const node of nodes) events.publish({ type: "canvas.node.upserted", projectId, node });
    for (const edge of edges.upserted) events.publish({ type: "canvas.edge.upserted", projectId, edge });
    for (const edgeId of edges.deleted) events.publish({ type: "canvas.edge.deleted", projectId, edgeId });
  }
}
