/**
 * How many instances a service has, and that they are of the newest build: scaling, rolling out what was built only, and
 * waiting until what is wanted is there.
 */

import type { Clock } from "../domain/clock.ts";
import { type Deployment, isComing, isStopFirst, isWaiting } from "../domain/deployment.ts";
import type { ImageDriver, InstanceDriver } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import { isLooping } from "../domain/failure-count.ts";
import type { RolloutAnswer } from "../domain/operations.ts";
import type { Service } from "../domain/service.ts";
import { serviceStatus } from "../domain/service-status.ts";
import type { Database } from "../domain/stores.ts";
import { nextChangeOf } from "./outcome.ts";
import type { Rollouts } from "./rollouts.ts";

export type ScalingOptions = {
  readonly database: Database;
  readonly images: Pick<ImageDriver, "findImage"> & Pick<InstanceDriver, "list">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly rollouts: Rollouts;
};

/** How long instances may take beyond their own start time until they are there and others are gone, in milliseconds. */
const SETTLE_MS = 30_000;
/** Crashes are not announced: looked at again after this, in milliseconds. */
const LOOK_AGAIN_MS = 250;

export class Scaling {
  readonly #options: ScalingOptions;

  constructor(options: ScalingOptions) {
    this.#options = options;
  }

  /** One that is stopped runs again once its instances are ready. @throws AppError `conflict` when nothing was built yet */
  async deploy(service: Service): Promise<RolloutAnswer> {
    const { database, rollouts } = this.#options;
    const waiting = await rollouts.ofWaiting(service);
    if (waiting !== undefined) return { deployment: waiting, isUnchanged: false };
    const coming = await rollouts.coming(service.id);
    if (coming !== undefined) return { deployment: coming, isUnchanged: false };
    if (service.activeDeploymentId === null) {
      throw new AppError("conflict", `${service.name} has nothing to roll out: nothing of it was built yet.`, {
        remedy: "Deploy its source first.",
      });
    }
    const active = await database.deployments.get(service.activeDeploymentId);
    const isRunning = service.desired === "running";
    if (isRunning && (await this.#areCurrent(active))) return { deployment: active, isUnchanged: true };
    return { deployment: await rollouts.again(active), isUnchanged: false };
  }

  /**
   * Writes it to the service, and to what serves, comes up or waits; one that is stopped is wanted to run. Answers how it
   * stood before; with nothing there to run nothing is written.
   * @throws AppError `invalid`
   */
  async write(serviceId: string, replicas: number): Promise<"same" | "changed" | "nothing to run"> {
    const { database, events, clock, rollouts } = this.#options;
    const outcome = await database.transact(async (tx) => {
      const service = await tx.services.get(serviceId);
      const all = await tx.deployments.list({
        serviceId,
        statuses: ["building", "built", "pending", "starting", "healthy"],
      });
      const active = all.find((d) => d.id === service.activeDeploymentId);
      const concerned = all.filter((d) => d === active || isComing(d) || isWaiting(d));
      if (replicas > 1 && concerned.some(isStopFirst)) throw oneCopyOnly(service);
      const isRunnable = active !== undefined || concerned.some(isComing);
      if (!isRunnable) return "nothing to run";
      const isSame = service.desired === "running" && concerned.every((d) => d.replicas === replicas);
      for (const { id } of concerned) await tx.deployments.update(id, { replicas });
      await tx.services.update(serviceId, { replicas, desired: "running", updatedAt: clock.now() });
      return isSame ? "same" : "changed";
    });
    if (outcome === "nothing to run") return outcome;
    events.publish({ type: "service.updated", serviceId });
    await rollouts.changed(serviceId);
    return outcome;
  }

  async waitUntilThere(serviceId: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let since = clock.now();
    for (;;) {
      signal.throwIfAborted();
      const change = nextChangeOf(serviceId, this.#options, LOOK_AGAIN_MS, signal);
      const { isThere, isBuilding, limitMs } = await this.#look(serviceId);
      if (isThere) return;
      if (isBuilding) since = clock.now();
      if (clock.now() - since > limitMs)
        throw new AppError("timeout", `Its instances are not all there after ${Math.round(limitMs / 1000)} s.`, {
          remedy: "Look at them: slipway status, slipway logs.",
        });
      await change;
    }
  }

  /** @throws AppError `not_found`, `deploy_failed` when waiting would be in vain */
  async #look(serviceId: string): Promise<{ isThere: boolean; isBuilding: boolean; limitMs: number }> {
    const { database, clock } = this.#options;
    const service = await database.services.get(serviceId);
    const deployments = await database.deployments.list({ serviceId });
    const records = await database.instances.list({ serviceId });
    const active = deployments.find((d) => d.id === service.activeDeploymentId);
    const coming = deployments.find(isComing);
    const limitMs = (coming ?? active)?.startMs ?? 0;
    const rest = { isBuilding: coming?.status === "building", limitMs: limitMs + SETTLE_MS };
    if (coming !== undefined) return { isThere: false, ...rest };
    const isWanted = service.desired === "running";
    if (isWanted && active === undefined) throw neverCame(service, deployments[0]);
    const own = records.filter((r) => r.deploymentId === active?.id);
    const bad = isWanted ? own.find((r) => r.state !== "ready" && isLooping(r, clock.now())) : undefined;
    if (bad !== undefined)
      throw new AppError("deploy_failed", `Instance ${bad.slot} does not stay up.`, {
        ...(bad.lastLogTail !== null && { logTail: bad.lastLogTail }),
      });
    const ready = records.filter((r) => r.state === "ready");
    const wanted = isWanted ? (active?.replicas ?? 0) : 0;
    const isSettled = serviceStatus(service, active ?? deployments[0], active, records, clock.now()) === service.status;
    const isThere = isSettled && ready.length === wanted && ready.every((r) => r.deploymentId === active?.id);
    return { isThere, ...rest };
  }

  /** Its instances were made from what their image's name stands for now. */
  async #areCurrent(active: Deployment): Promise<boolean> {
    const { images } = this.#options;
    const image = active.image === null ? undefined : await images.findImage(active.image);
    if (image === undefined) return true;
    const observed = await images.list({ serviceId: active.serviceId });
    return observed.every((o) => o.deploymentId !== active.id || o.imageId === image.id);
  }
}

function oneCopyOnly({ name }: Service): AppError {
  return new AppError("invalid", `replicas: ${name} has a writable volume and runs as one instance.`, {
    fields: { replicas: ["must be 0 or 1 with a writable volume"] },
    remedy: "Mount the volume read-only to run more of them.",
  });
}

function neverCame({ name }: Service, latest: Deployment | undefined): AppError {
  const logTail = latest?.logTail ?? null;
  return new AppError("deploy_failed", latest?.failureReason ?? `${name} has nothing that could run.`, {
    ...(logTail !== null && { logTail }),
  });
}
