/** What an owner does with a service that is there: start, stop, scale, restart, deploy, roll back, delete. Acts at once. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ImageBuilder } from "../domain/build.ts";
import { type Deployment, isWaiting } from "../domain/deployment.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import { isAtRest } from "../domain/instance.ts";
import type { Logger } from "../domain/logger.ts";
import type { RolloutAnswer, ServiceLifecycle } from "../domain/operations.ts";
import { rollbackTarget } from "../domain/rollout.ts";
import type { Service } from "../domain/service.ts";
import { MAX_REPLICAS } from "../domain/service-settings-rules.ts";
import type { BuildRunner } from "./build-runner.ts";
import { cancelComing } from "./deployment-marks.ts";
import { nextChangeOf } from "./outcome.ts";
import { awaitingStart, Rollouts, type RolloutsOptions } from "./rollouts.ts";
import { Scaling, type ScalingOptions } from "./scaling.ts";
import type { SecretVault } from "./secret-vault.ts";

export type LifecycleOptions = Omit<RolloutsOptions, "builds" | "images"> & {
  readonly builder: Pick<ImageBuilder, "pruneImages">;
  readonly builds: RolloutsOptions["builds"] & Pick<BuildRunner, "abortAllOf">;
  readonly images: RolloutsOptions["images"] & ScalingOptions["images"];
  readonly secrets: Pick<SecretVault, "removeAllOf">;
  readonly logger: Logger;
  readonly volumesDir: string;
};

/** How long a deletion waits for the service's instances to go: drain, stop and some. */
const TEARDOWN_LIMIT_MS = 60_000;

export class Lifecycle implements ServiceLifecycle {
  readonly #options: LifecycleOptions;
  readonly #rollouts: Rollouts;
  readonly #scaling: Scaling;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#rollouts = new Rollouts(options);
    this.#scaling = new Scaling({ ...options, rollouts: this.#rollouts });
  }

  async start(service: Service): Promise<Service> {
    const { database, events, clock } = this.#options;
    if (service.desired === "running" && (service.status === "running" || service.status === "degraded")) {
      throw new AppError("conflict", "Function already running");
    }
    if ((await awaitingStart(database, service.id)) !== undefined)
      await this.#rollouts.ofWaiting(service, { awaitsStart: true });
    else if (service.activeDeploymentId === null) await this.#startFirst(service);
    await this.#wake(service.id);
    const updated = await database.services.update(service.id, { desired: "running", updatedAt: clock.now() });
    events.publish({ type: "service.updated", serviceId: service.id });
    await this.#rollouts.changed(service.id);
    return updated;
  }

  /** What has ended and rests, as its restart policy says, runs once more. */
  async #wake(serviceId: string): Promise<void> {
    const { database, clock } = this.#options;
    for (const record of await database.instances.list({ serviceId }))
      if (isAtRest(record)) await database.instances.update(record.slot, { nextStartAt: clock.now() });
  }

  /** Nothing of it ran yet: what is coming does so by itself, else the newest that was built is rolled out. */
  async #startFirst(service: Service): Promise<void> {
    if ((await this.#rollouts.coming(service.id)) !== undefined) return;
    const [latest] = await this.#options.database.deployments.list({ serviceId: service.id, limit: 1 });
    if (latest !== undefined && isWaiting(latest)) await this.#rollouts.ofWaiting(service);
    else if (latest !== undefined && (latest.image !== null || latest.status !== "failed"))
      await this.#rollouts.again({ ...latest, isHeld: false });
    else
      throw new AppError("conflict", `${service.name} has no image to start: its last build did not succeed.`, {
        remedy: "Read its build log, mend the source and deploy again.",
      });
  }

  deploy(service: Service): Promise<RolloutAnswer> {
    return this.#scaling.deploy(service);
  }

  async scale(service: Service, replicas: number): Promise<{ readonly isUnchanged: boolean }> {
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > MAX_REPLICAS)
      throw invalidField("replicas", `must be a whole number from 0 to ${MAX_REPLICAS}`);
    if (replicas === 0) {
      const isStopped = service.desired === "stopped" && (await this.#rollouts.coming(service.id)) === undefined;
      if (!isStopped) await this.stop(service);
      return { isUnchanged: isStopped };
    }
    const before = await this.#scaling.write(service.id, replicas);
    if (before !== "nothing to run") return { isUnchanged: before === "same" };
    await this.start(service);
    await this.#scaling.write(service.id, replicas);
    return { isUnchanged: false };
  }

  waitForScale(serviceId: string, signal: AbortSignal): Promise<void> {
    return this.#scaling.waitUntilThere(serviceId, signal);
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
    await this.#rollouts.changed(service.id);
    return updated;
  }

  /** A stopped service runs once the new instances are ready. */
  async restart(service: Service): Promise<Deployment> {
    const { database } = this.#options;
    if (service.activeDeploymentId === null)
      throw new AppError("conflict", `${service.name} has nothing that runs yet.`, { remedy: "Deploy it first." });
    if ((await this.#rollouts.coming(service.id)) !== undefined)
      throw new AppError("conflict", `${service.name} has a deployment that is coming up.`, {
        remedy: "Its instances will be new ones anyway; wait for it, or cancel it first.",
      });
    return this.#rollouts.again(await database.deployments.get(service.activeDeploymentId));
  }

  /**
   * Without a target: back from what is coming up, if there is something new, to what serves; else to what served before
   * it. Asking again while that is under way changes nothing.
   */
  async rollback(service: Service, deploymentId: string | undefined): Promise<Deployment> {
    const { database } = this.#options;
    const coming = await this.#rollouts.coming(service.id);
    if (deploymentId === undefined) {
      if (coming !== undefined && coming.healthyAt !== null) return coming;
      if (coming !== undefined && service.activeDeploymentId !== null) return this.#stay(service);
      return this.#rollBackTo(await this.#findRollbackTarget(service));
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
    return target.id === coming?.id ? target : this.#rollBackTo(target);
  }

  async remove(
    service: Service,
    projectSlug: string,
    options: { readonly volumes: boolean; readonly secrets?: boolean },
  ): Promise<void> {
    const { database, secrets } = this.#options;
    await database.services.remove(service.id);
    if (options.secrets) await secrets.removeAllOf(service.projectId, service.name);
    await this.wasRemoved(service, projectSlug, options);
  }

  /**
   * What follows once a service is out of the store: its builds end, its instances and images go. With `volumes` its data
   * is gone, too, when this resolves.
   */
  async wasRemoved(service: Service, projectSlug: string, options: { readonly volumes: boolean }): Promise<void> {
    const { database, events, builds, volumesDir, logger } = this.#options;
    await builds.abortAllOf(service.id);
    events.publish({ type: "service.deleted", serviceId: service.id, projectId: service.projectId });
    await this.#rollouts.changed(service.id);
    const teardown = this.#afterTeardown(service.id);
    if (!options.volumes) {
      teardown.catch((error: unknown) =>
        logger.warn({ err: error, serviceId: service.id }, "images of a deleted function stay until the next sweep"),
      );
      return;
    }
    await teardown;
    // Somebody may have made a new service of that name meanwhile; the folder is that one's now.
    const others = await database.services.list({ projectId: service.projectId });
    if (!others.some((other) => other.volumesName === service.volumesName))
      await rm(join(volumesDir, projectSlug, service.volumesName), { recursive: true, force: true });
  }

  async #afterTeardown(serviceId: string): Promise<void> {
    const { database, builder, clock } = this.#options;
    const deadline = clock.now() + TEARDOWN_LIMIT_MS;
    while ((await database.instances.list({ serviceId })).length > 0) {
      if (clock.now() > deadline)
        throw new AppError("timeout", "Its instances did not stop in time; they are removed by and by.");
      await nextChangeOf(serviceId, this.#options, 1000);
    }
    await builder.pruneImages(serviceId, []);
  }

  /** Cancels what is coming up; what serves stays. */
  async #stay(service: Service): Promise<Deployment> {
    const { database, clock, builds } = this.#options;
    const cancelled = await database.transact((tx) => cancelComing(tx, service.id, clock.now(), "it was rolled back"));
    builds.cancelled(service.id, cancelled);
    await this.#rollouts.changed(service.id);
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
  #rollBackTo(target: Deployment): Promise<Deployment> {
    return this.#rollouts.of({ ...target, localPort: null, tag: null }, "it was rolled back");
  }
}
