/** What an owner does with a service that is there: start, stop, restart, roll back, delete. Acts at once. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ImageBuilder } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import { COMING, type Deployment } from "../domain/deployment.ts";
import type { ImageDriver } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { ServiceLifecycle } from "../domain/operations.ts";
import { rollbackTarget } from "../domain/rollout.ts";
import type { Service } from "../domain/service.ts";
import type { Database } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import { type BuildRunner, newBuild } from "./build-runner.ts";
import { cancelComing } from "./deployment-marks.ts";

export type LifecycleOptions = {
  readonly database: Database;
  readonly builder: Pick<ImageBuilder, "pruneImages">;
  readonly builds: Pick<BuildRunner, "cancelled" | "abortAllOf" | "resume">;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly volumesDir: string;
  readonly publishRoutes: () => Promise<void>;
  readonly trigger: (serviceId: string) => void;
};

/** How long a deletion waits for the service's instances to go: drain, stop and some. */
const TEARDOWN_LIMIT_MS = 60_000;

export class Lifecycle implements ServiceLifecycle {
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  async start(service: Service): Promise<Service> {
    const { database, events, clock } = this.#options;
    if (service.desired === "running" && (service.status === "running" || service.status === "degraded")) {
      throw new AppError("conflict", "Function already running");
    }
    const [latest] = await database.deployments.list({ serviceId: service.id, limit: 1 });
    const isComing = latest !== undefined && COMING.includes(latest.status);
    if (service.activeDeploymentId === null && !isComing) {
      if (latest === undefined || (latest.image === null && latest.status === "failed")) {
        throw new AppError("conflict", `${service.name} has no image to start: its last build did not succeed.`, {
          remedy: "Read its build log, mend the source and deploy again.",
        });
      }
      await this.#rollOutAgain(latest);
    }
    const updated = await database.services.update(service.id, { desired: "running", updatedAt: clock.now() });
    events.publish({ type: "service.updated", serviceId: service.id });
    await this.#changed(service.id);
    return updated;
  }

  /** What is coming up is cancelled: it would make the service run again. */
  async stop(service: Service): Promise<Service> {
    const { database, events, clock, builds } = this.#options;
    const { updated, cancelled } = await database.transact(async (tx) => ({
      cancelled: await cancelComing(tx, service.id, clock.now(), "the function was stopped"),
      updated: await tx.services.update(service.id, { desired: "stopped", updatedAt: clock.now() }),
    }));
    builds.cancelled(service.id, cancelled);
    events.publish({ type: "service.updated", serviceId: service.id });
    await this.#changed(service.id);
    return updated;
  }

  /** A stopped service runs once the new instances are ready. */
  async restart(service: Service): Promise<Deployment> {
    const { database } = this.#options;
    if (service.activeDeploymentId === null)
      throw new AppError("conflict", `${service.name} has nothing that runs yet.`, { remedy: "Deploy it first." });
    if ((await this.#coming(service)) !== undefined)
      throw new AppError("conflict", `${service.name} has a deployment that is coming up.`, {
        remedy: "Its instances will be new ones anyway; wait for it, or cancel it first.",
      });
    const copy = await this.#rollOutAgain(await database.deployments.get(service.activeDeploymentId));
    await this.#changed(service.id);
    return copy;
  }

  /**
   * Without a target: back from what is coming up, if there is something new, to what serves; else to what served before
   * it. Asking again while that is under way changes nothing.
   */
  async rollback(service: Service, deploymentId: string | undefined): Promise<Deployment> {
    const { database } = this.#options;
    const coming = await this.#coming(service);
    if (deploymentId === undefined) {
      if (coming !== undefined && coming.healthyAt !== null) return coming;
      if (coming !== undefined && service.activeDeploymentId !== null) return this.#stay(service);
      return this.#rollBackTo(service, await this.#findRollbackTarget(service));
    }
    const target = await database.deployments.get(deploymentId);
    if (target.serviceId !== service.id)
      throw new AppError("invalid", `Deployment ${target.id} belongs to another service.`);
    if (target.id === service.activeDeploymentId)
      throw new AppError("conflict", "That deployment is the active one already.");
    if (target.image === null || target.healthyAt === null) {
      throw new AppError("conflict", `Deployment ${target.id} never became healthy; there is nothing to go back to.`, {
        remedy: "Choose one that was healthy: slipway deployments NAME.",
      });
    }
    return target.id === coming?.id ? target : this.#rollBackTo(service, target);
  }

  async remove(service: Service, projectSlug: string, options: { readonly volumes: boolean }): Promise<void> {
    const { database, events, builds, volumesDir, logger } = this.#options;
    await database.services.remove(service.id);
    await builds.abortAllOf(service.id);
    events.publish({ type: "service.deleted", serviceId: service.id });
    await this.#changed(service.id);
    const teardown = this.#afterTeardown(service.id);
    if (!options.volumes) {
      teardown.catch((error: unknown) =>
        logger.warn({ err: error, serviceId: service.id }, "images of a deleted function stay until the next sweep"),
      );
      return;
    }
    await teardown;
    // Somebody may have deployed a new service of that name meanwhile; the folder is that one's now.
    if ((await database.services.findByName(service.projectId, service.name)) === undefined)
      await rm(join(volumesDir, projectSlug, service.name), { recursive: true, force: true });
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

  async #coming(service: Service): Promise<Deployment | undefined> {
    return (await this.#options.database.deployments.list({ serviceId: service.id, statuses: COMING, limit: 1 }))[0];
  }

  /** Cancels what is coming up; what serves stays. */
  async #stay(service: Service): Promise<Deployment> {
    const { database, clock, builds } = this.#options;
    const cancelled = await database.transact((tx) => cancelComing(tx, service.id, clock.now(), "it was rolled back"));
    builds.cancelled(service.id, cancelled);
    await this.#changed(service.id);
    return database.deployments.get(service.activeDeploymentId ?? "");
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

  /** Port and tag stay the service's present ones: they are where it is found, not what it is. */
  #rollBackTo(service: Service, target: Deployment): Promise<Deployment> {
    return this.#rollOut(service.id, { ...target, localPort: null, tag: null }, "it was rolled back");
  }

  /** The same once more, as a deployment of its own. */
  #rollOutAgain(model: Deployment): Promise<Deployment> {
    const { clock } = this.#options;
    const now = clock.now();
    const copy = {
      ...model,
      id: newId(),
      startedAt: null,
      healthyAt: null,
      createdAt: now,
      localPort: null,
      tag: null,
    };
    return this.#rollOut(model.serviceId, copy, undefined);
  }

  /** Rolls out what ran before, or a copy of it; built again from its source when its image is gone. */
  async #rollOut(serviceId: string, wanted: Deployment, reason: string | undefined): Promise<Deployment> {
    const { database, clock, events, builds, images } = this.#options;
    const isThere = wanted.image !== null && (await images.findImage(wanted.image)) !== undefined;
    const { deployment, cancelled } = await database.transact(async (tx) => {
      const now = clock.now();
      const gone = (await cancelComing(tx, serviceId, now, reason)).filter((id) => id !== wanted.id);
      const buildId = isThere ? wanted.buildId : newId();
      const fresh = { failureReason: null, exitCode: null, logTail: null, attemptCount: 0, finishedAt: null, buildId };
      const next: Deployment = { ...wanted, ...fresh, status: isThere ? "pending" : "building" };
      if (!isThere && buildId !== null) await tx.builds.create(newBuild(next, buildId, now));
      const isNew = !(await tx.deployments.list({ serviceId })).some((d) => d.id === next.id);
      if (isNew) await tx.deployments.create(next);
      else await tx.deployments.update(next.id, next);
      return { deployment: next, cancelled: gone };
    });
    builds.cancelled(serviceId, cancelled);
    events.publish({ type: "deployment.created", serviceId, deploymentId: deployment.id });
    if (!isThere) await builds.resume(deployment);
    await this.#changed(serviceId);
    return deployment;
  }

  async #changed(serviceId: string): Promise<void> {
    await this.#options.publishRoutes();
    this.#options.trigger(serviceId);
  }
}
