/** What an owner does with a service that is there: start, stop, restart, roll back, delete. Acts at once. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ImageBuilder } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import type { Deployment } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { ServiceLifecycle } from "../domain/operations.ts";
import { rollbackTarget } from "../domain/rollout.ts";
import type { Service } from "../domain/service.ts";
import type { Database } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import { cancelComing } from "./accept-upload.ts";

export type LifecycleOptions = {
  readonly database: Database;
  readonly builder: Pick<ImageBuilder, "pruneImages">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly volumesDir: string;
  readonly publishRoutes: () => Promise<void>;
  readonly trigger: (serviceId: string) => void;
  /** Aborts what is being built for the service; resolves when it has ended. */
  readonly abortBuildsOf: (serviceId: string) => Promise<void>;
};

/** How long a deletion waits for the service's instances to go: drain, stop and some. */
const TEARDOWN_LIMIT_MS = 60_000;

export class Lifecycle implements ServiceLifecycle {
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  async start(service: Service): Promise<Service> {
    const { database } = this.#options;
    if (service.desired === "running" && (service.status === "running" || service.status === "degraded")) {
      throw new AppError("conflict", "Function already running");
    }
    const [latest] = await database.deployments.list({ serviceId: service.id, limit: 1 });
    const isComing = latest !== undefined && ["building", "pending", "starting"].includes(latest.status);
    if (service.activeDeploymentId === null && !isComing) {
      if (latest?.image == null) {
        throw new AppError("conflict", `${service.name} has no image to start: its last build did not succeed.`, {
          remedy: "Read its build log, mend the source and deploy again.",
        });
      }
      await this.#rollOutAgain(service, latest);
    }
    return this.#setDesired(service, "running");
  }

  async stop(service: Service): Promise<Service> {
    return this.#setDesired(service, "stopped");
  }

  async restart(service: Service): Promise<Deployment> {
    const { database } = this.#options;
    if (service.activeDeploymentId === null)
      throw new AppError("conflict", `${service.name} has nothing that runs yet.`, { remedy: "Deploy it first." });
    const active = await database.deployments.get(service.activeDeploymentId);
    const copy = await this.#rollOutAgain(service, active);
    await this.#setDesired(service, "running");
    return copy;
  }

  async rollback(service: Service, deploymentId: string | undefined): Promise<Deployment> {
    const { database, clock, events } = this.#options;
    const target =
      deploymentId === undefined
        ? await this.#findRollbackTarget(service)
        : await database.deployments.get(deploymentId);
    if (target.serviceId !== service.id)
      throw new AppError("invalid", `Deployment ${target.id} belongs to another service.`);
    if (target.id === service.activeDeploymentId)
      throw new AppError("conflict", "That deployment is the active one already.");
    if (target.image === null || target.healthyAt === null) {
      throw new AppError("conflict", `Deployment ${target.id} never became healthy; there is nothing to go back to.`, {
        remedy: "Choose one that was healthy: slipway deployments NAME.",
      });
    }
    const deployment = await database.transact(async (tx) => {
      await cancelComing(tx, service.id, clock.now());
      await tx.services.update(service.id, { desired: "running", updatedAt: clock.now() });
      return tx.deployments.update(target.id, {
        status: "pending",
        failureReason: null,
        finishedAt: null,
        attemptCount: 0,
      });
    });
    events.publish({ type: "deployment.created", serviceId: service.id, deploymentId: deployment.id });
    await this.#changed(service.id);
    return deployment;
  }

  async remove(service: Service, projectSlug: string, options: { readonly volumes: boolean }): Promise<void> {
    const { database, events, volumesDir } = this.#options;
    await database.services.remove(service.id);
    await this.#options.abortBuildsOf(service.id);
    events.publish({ type: "service.deleted", serviceId: service.id });
    await this.#changed(service.id);
    const teardown = this.#afterTeardown(service.id);
    if (options.volumes) {
      await teardown;
      await rm(join(volumesDir, projectSlug, service.name), { recursive: true, force: true });
    } else {
      teardown.catch((error: unknown) =>
        this.#options.logger.warn(
          { err: error, serviceId: service.id },
          "images of a deleted function stay until the next sweep",
        ),
      );
    }
  }

  async #afterTeardown(serviceId: string): Promise<void> {
    const { database, builder, clock } = this.#options;
    const deadline = clock.now() + TEARDOWN_LIMIT_MS;
    while ((await database.instances.list({ serviceId })).length > 0) {
      if (clock.now() > deadline)
        throw new AppError("timeout", "Its instances did not stop in time; they are removed by and by.");
      await this.#nextInstanceEvent(serviceId);
    }
    await builder.pruneImages(serviceId, []);
  }

  /** Resolves when an instance of the service went, or after a second. */
  #nextInstanceEvent(serviceId: string): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        cancel();
        resolve();
      };
      const cancel = this.#options.clock.schedule(1000, end);
      const stop = this.#options.events.on((event) => {
        if (event.type === "instance.gone" && event.serviceId === serviceId) end();
      });
    });
  }

  async #findRollbackTarget(service: Service): Promise<Deployment> {
    const target = rollbackTarget(
      await this.#options.database.deployments.list({ serviceId: service.id }),
      service.activeDeploymentId,
    );
    if (target === undefined)
      throw new AppError("conflict", `${service.name} has no earlier deployment to go back to.`);
    return target;
  }

  async #rollOutAgain(service: Service, model: Deployment): Promise<Deployment> {
    const { database, clock, events } = this.#options;
    const copy: Deployment = {
      ...model,
      id: newId(),
      status: "pending",
      failureReason: null,
      exitCode: null,
      logTail: null,
      attemptCount: 0,
      startedAt: null,
      healthyAt: null,
      finishedAt: null,
      createdAt: clock.now(),
    };
    await database.transact(async (tx) => {
      await cancelComing(tx, service.id, clock.now());
      await tx.deployments.create(copy);
    });
    events.publish({ type: "deployment.created", serviceId: service.id, deploymentId: copy.id });
    return copy;
  }

  async #setDesired(service: Service, desired: Service["desired"]): Promise<Service> {
    const updated = await this.#options.database.services.update(service.id, {
      desired,
      updatedAt: this.#options.clock.now(),
    });
    this.#options.events.publish({ type: "service.updated", serviceId: service.id });
    await this.#changed(service.id);
    return updated;
  }

  async #changed(serviceId: string): Promise<void> {
    await this.#options.publishRoutes();
    this.#options.trigger(serviceId);
  }
}
