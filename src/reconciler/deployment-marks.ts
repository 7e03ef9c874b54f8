/**
 * Writes down how far a deployment has come. Each mark is one transaction that looks at what is stored now: somebody may
 * have cancelled it, stopped the service or deleted it while its instances were worked on, and then the mark is not set.
 */

import type { Clock } from "../domain/clock.ts";
import { COMING, type Deployment, type DeploymentStatus, isComing, isWaiting } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { takeManifestRoutes } from "./service-routes.ts";

export type DeploymentMarksOptions = {
  readonly database: Database;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Below it services answer by their names; lower case, null: none. */
  readonly baseDomain?: string | null;
};

/** Why a deployment failed. */
export type Failure = {
  /** For people. */
  readonly reason: string;
  readonly exitCode: number | null;
  readonly logTail: string | null;
};

export class DeploymentMarks {
  readonly #options: DeploymentMarksOptions;

  constructor(options: DeploymentMarksOptions) {
    this.#options = options;
  }

  /** pending → starting */
  async begin(deployment: Deployment): Promise<void> {
    const { clock, events } = this.#options;
    const isSet = await this.#mark(deployment, ["pending"], { status: "starting", startedAt: clock.now() });
    if (isSet)
      events.publish({ type: "deployment.starting", serviceId: deployment.serviceId, deploymentId: deployment.id });
  }

  /** pending or starting → cancelled, because a newer one is coming up */
  async cancel(deployment: Deployment): Promise<void> {
    const { clock, events } = this.#options;
    const isSet = await this.#mark(deployment, ["pending", "starting"], {
      status: "cancelled",
      failureReason: REPLACED,
      finishedAt: clock.now(),
    });
    if (isSet)
      events.publish({ type: "deployment.cancelled", serviceId: deployment.serviceId, deploymentId: deployment.id });
  }

  /** One more of its instances went bad before it was ready. */
  async countAttempt(deployment: Deployment): Promise<void> {
    await this.#mark(deployment, ["starting"], { attemptCount: deployment.attemptCount + 1 });
  }

  /**
   * starting → healthy: it serves from now on, with the port, tag and volumes its upload asked for; a stopped service
   * runs again. Answers whether it was still wanted.
   */
  async promote(deployment: Deployment): Promise<boolean> {
    const { database, clock, events, logger, baseDomain = null } = this.#options;
    const before = await database.transact(async (tx) => {
      const service = await tx.services.find(deployment.serviceId);
      if (service === undefined) return undefined;
      const { status, replicas } = await tx.deployments.get(deployment.id);
      if (status !== "starting") return undefined;
      const now = clock.now();
      const healthy = await tx.deployments.list({ serviceId: service.id, statuses: ["healthy"] });
      for (const old of healthy) await tx.deployments.update(old.id, { status: "superseded", finishedAt: now });
      await tx.deployments.update(deployment.id, { status: "healthy", healthyAt: now, failureReason: null });
      await tx.services.update(service.id, {
        activeDeploymentId: deployment.id,
        desired: "running",
        // All its instances are ready: who waited for this must not read that it still comes up.
        status: "running",
        // What a manifest newly asks for is the scale from now on.
        replicas: service.replicas === null ? null : replicas,
        localPort: deployment.localPort ?? service.localPort,
        tag: deployment.tag ?? service.tag,
        runtime: deployment.runtime,
        volumeText: deployment.volumeText,
        updatedAt: now,
      });
      const lost = await takeManifestRoutes(tx, deployment, now, baseDomain);
      if (lost.length > 0) logger.warn({ serviceId: service.id, lost }, "routes belong to another function by now");
      return service.status;
    });
    if (before === undefined) return false;
    const { id: deploymentId, serviceId } = deployment;
    events.publish({ type: "deployment.healthy", serviceId, deploymentId });
    if (before !== "running")
      events.publish({ type: "service.status.changed", serviceId, from: before, to: "running" });
    return true;
  }

  /** pending or starting → failed */
  async fail(deployment: Deployment, { reason, exitCode, logTail }: Failure): Promise<void> {
    const { clock, events, logger } = this.#options;
    const isSet = await this.#mark(deployment, ["pending", "starting"], {
      status: "failed",
      failureReason: reason,
      exitCode,
      logTail,
      attemptCount: deployment.attemptCount + 1,
      finishedAt: clock.now(),
    });
    if (!isSet) return;
    logger.warn({ serviceId: deployment.serviceId, deploymentId: deployment.id, reason }, "deployment failed");
    events.publish({ type: "deployment.failed", serviceId: deployment.serviceId, deploymentId: deployment.id });
  }

  #mark(
    { id, serviceId }: Deployment,
    from: readonly DeploymentStatus[],
    patch: Parameters<Stores["deployments"]["update"]>[1],
  ): Promise<boolean> {
    return this.#options.database.transact(async (tx) => {
      if ((await tx.services.find(serviceId)) === undefined) return false;
      if (!from.includes((await tx.deployments.get(id)).status)) return false;
      await tx.deployments.update(id, patch);
      return true;
    });
  }
}

const REPLACED = "a newer deployment took its place";

/** Everything of the service that is coming to serve is cancelled for that reason; answers the ids. */
export function cancelComing(
  tx: Stores,
  serviceId: string,
  now: number,
  reason = REPLACED,
): Promise<readonly string[]> {
  return cancelAll(tx, serviceId, isComing, { failureReason: reason, finishedAt: now });
}

/**
 * A newer upload takes the place of what was built only: one that waits is superseded, one that is still being built is
 * cancelled. Answers the ids of the latter.
 */
export async function supersedeWaiting(tx: Stores, serviceId: string, now: number): Promise<readonly string[]> {
  for (const { id } of await tx.deployments.list({ serviceId, statuses: ["built"] }))
    await tx.deployments.update(id, { status: "superseded", finishedAt: now });
  return cancelAll(tx, serviceId, isWaiting, { failureReason: REPLACED, finishedAt: now });
}

async function cancelAll(
  tx: Stores,
  serviceId: string,
  which: (deployment: Deployment) => boolean,
  patch: Pick<Deployment, "failureReason" | "finishedAt">,
): Promise<readonly string[]> {
  const cancelled = (await tx.deployments.list({ serviceId, statuses: COMING })).filter(which);
  for (const { id } of cancelled) await tx.deployments.update(id, { status: "cancelled", ...patch });
  return cancelled.map((d) => d.id);
}

/** Cancels one that is coming. @throws AppError `conflict` when it is past that, `not_found` */
export async function cancelOne(tx: Stores, deploymentId: string, now: number): Promise<Deployment> {
  const { status } = await tx.deployments.get(deploymentId);
  if (!COMING.includes(status))
    throw new AppError("conflict", `The deployment is ${status} already; only one that is coming up can be cancelled.`);
  return tx.deployments.update(deploymentId, { status: "cancelled", finishedAt: now });
}
