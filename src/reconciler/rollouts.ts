/** Rolls out what was built before: a kept deployment, a copy of one, or what was built only. */

import type { Clock } from "../domain/clock.ts";
import { COMING, type Deployment, isComing, isStopFirst, isWaiting } from "../domain/deployment.ts";
import type { ImageDriver } from "../domain/driver.ts";
import type { EventBus } from "../domain/events.ts";
import type { Service } from "../domain/service.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import { nextCreatedAt } from "./accept-upload.ts";
import { type BuildRunner, newBuild } from "./build-runner.ts";
import { cancelComing } from "./deployment-marks.ts";
import type { Environments } from "./projects/environments.ts";

export type RolloutsOptions = {
  readonly database: Database;
  readonly builds: Pick<BuildRunner, "cancelled" | "resume">;
  readonly images: Pick<ImageDriver, "findImage" | "tagImage">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly environments: Pick<Environments, "of">;
  readonly publishRoutes: () => Promise<void>;
  readonly trigger: (serviceId: string) => void;
};

export class Rollouts {
  readonly #options: RolloutsOptions;

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  /** The same once more, as a deployment of its own, at the scale its service has now. */
  again(model: Deployment): Promise<Deployment> {
    const fresh = { startedAt: null, healthyAt: null, localPort: null, tag: null };
    return this.of({ ...model, ...fresh, id: newId() }, undefined);
  }

  /** What ran before, at the scale its service has now. What is coming up is cancelled for that reason. */
  of(wanted: Deployment, reason: string | undefined): Promise<Deployment> {
    return this.#rollOut(wanted, reason, (service) => service.replicas ?? wanted.replicas);
  }

  /**
   * What was built only is rolled out; what is still being built for that is once it is built. Undefined: there is none.
   * What is coming up is cancelled. `awaitsStart`: only what waits for the start of its stopped service.
   */
  async ofWaiting(
    service: Service,
    { awaitsStart = false }: { readonly awaitsStart?: boolean } = {},
  ): Promise<Deployment | undefined> {
    const { database, clock, builds, images } = this.#options;
    const { waiting, cancelled } = await database.transact(async (tx) => {
      const found = awaitsStart ? await awaitingStart(tx, service.id) : await waitingOf(tx, service.id);
      if (found?.status !== "building") return { waiting: found, cancelled: [] };
      const gone = await cancelComing(tx, service.id, clock.now());
      return { waiting: await tx.deployments.update(found.id, { isHeld: false, awaitsStart: false }), cancelled: gone };
    });
    builds.cancelled(service.id, cancelled);
    if (waiting?.status !== "built") {
      if (waiting !== undefined) await this.changed(service.id);
      return waiting;
    }
    const deployment = await this.#rollOut(
      { ...waiting, isHeld: false, awaitsStart: false },
      undefined,
      () => waiting.replicas,
    );
    const isThere = deployment.status === "pending" && deployment.image !== null;
    if (isThere && service.tag !== null) await images.tagImage(deployment.image, service.tag);
    return deployment;
  }

  /** Built again from its source when its image is gone. */
  async #rollOut(
    wanted: Deployment,
    reason: string | undefined,
    replicasIn: (service: Service) => number,
  ): Promise<Deployment> {
    const { database, clock, events, builds, images, environments } = this.#options;
    const { serviceId } = wanted;
    const isThere = wanted.image !== null && (await images.findImage(wanted.image)) !== undefined;
    const { deployment, cancelled } = await database.transact(async (tx) => {
      const now = clock.now();
      // Two may ask for it at once, or a newer upload take its place meanwhile.
      const stored = wanted.status === "built" ? await tx.deployments.get(wanted.id) : wanted;
      if (stored.status !== wanted.status) return { deployment: stored, cancelled: [] };
      const gone = (await cancelComing(tx, serviceId, now, reason)).filter((id) => id !== wanted.id);
      const service = await tx.services.get(serviceId);
      const replicas = isStopFirst(wanted) ? 1 : replicasIn(service);
      const buildId = isThere ? wanted.buildId : newId();
      const fresh = { failureReason: null, exitCode: null, logTail: null, attemptCount: 0, finishedAt: null, buildId };
      // Variables may have changed while it waited; what goes back to what ran before gets what that had.
      const env = wanted.status === "built" ? await environments.of(tx, service, wanted.givenEnv) : wanted.env;
      const next: Deployment = { ...wanted, ...fresh, env, status: isThere ? "pending" : "building", replicas };
      if (!isThere && buildId !== null) await tx.builds.create(newBuild(next, buildId, now));
      const isNew = !(await tx.deployments.list({ serviceId })).some((d) => d.id === next.id);
      if (!isNew) return { deployment: await tx.deployments.update(next.id, next), cancelled: gone };
      const created = { ...next, createdAt: await nextCreatedAt(tx, serviceId, now) };
      await tx.deployments.create(created);
      return { deployment: created, cancelled: gone };
    });
    builds.cancelled(serviceId, cancelled);
    events.publish({ type: "deployment.created", serviceId, deploymentId: deployment.id });
    if (deployment.status === "building") await builds.resume(deployment);
    await this.changed(serviceId);
    return deployment;
  }

  /** What is on its way to serve. */
  async coming(serviceId: string): Promise<Deployment | undefined> {
    return (await this.#options.database.deployments.list({ serviceId, statuses: COMING })).find(isComing);
  }

  /** The service's routes and what is wanted of it may have changed. */
  async changed(serviceId: string): Promise<void> {
    await this.#options.publishRoutes();
    this.#options.trigger(serviceId);
  }
}

/** The newest that was built only, or is being built for that; it waits for its owner. */
export async function waitingOf(
  stores: Pick<Stores, "deployments">,
  serviceId: string,
): Promise<Deployment | undefined> {
  return (await stores.deployments.list({ serviceId, statuses: ["building", "built"] })).find(isWaiting);
}

/** What was made while the service was stopped, to be rolled out when it starts. */
export async function awaitingStart(
  stores: Pick<Stores, "deployments">,
  serviceId: string,
): Promise<Deployment | undefined> {
  const waiting = await stores.deployments.list({ serviceId, statuses: ["building", "built"] });
  return waiting.find((d) => isWaiting(d) && d.awaitsStart);
}
