/**
 * Runs the builds of deployments beside everything else and writes down how they end: with its image there a deployment
 * becomes `pending`, which is the reconciler's turn, or `built`, which is its owner's. An image service's "build" is having
 * its image fetched. One that serves and whose image is gone gets it back from its kept source, or from where it came.
 */

import type { Build, ImageBuilder } from "../domain/build.ts";
import { KEPT_IMAGES } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import { type Deployment, tailOf } from "../domain/deployment.ts";
import { isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { ImageFetch } from "../domain/image-fetch.ts";
import type { Logger } from "../domain/logger.ts";
import { imagesToKeep } from "../domain/rollout.ts";
import type { RuntimeContext, RuntimeFiles } from "../domain/runtime.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import { type BuildOrder, type Made, makeImage } from "./make-image.ts";
import type { SecretVault } from "./secret-vault.ts";

export type BuildRunnerOptions = {
  readonly database: Database;
  readonly builder: ImageBuilder;
  readonly imageFetch: ImageFetch;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The route of some service may have changed. */
  readonly publishRoutes: () => Promise<void>;
  /** There is something to reconcile. */
  readonly trigger: (serviceId: string) => void;
  readonly secrets: Pick<SecretVault, "forBuild">;
  readonly loadRuntime: (name: string, context: RuntimeContext) => Promise<RuntimeFiles>;
};

type RunningBuild = { readonly serviceId: string; readonly abort: AbortController; readonly done: Promise<void> };

/** A lost image that can't be built again is not tried again before this, in milliseconds. */
const REBUILD_AGAIN_MS = 600_000;

export class BuildRunner {
  readonly #options: BuildRunnerOptions;
  /** By deployment id. */
  readonly #builds = new Map<string, RunningBuild>();
  /** Service ids by deployment id, of those whose image may be there and is not written down yet. */
  readonly #making = new Map<string, string>();
  /** Removal of old images, by service id. */
  readonly #pruning = new Map<string, Promise<void>>();
  /** When the last build of a lost image began, by deployment id. */
  readonly #rebuiltAt = new Map<string, number>();
  #isClosing = false;

  constructor(options: BuildRunnerOptions) {
    this.#options = options;
  }

  /** Begins the build and answers at once. */
  start(order: BuildOrder): void {
    const { deployment, service } = order;
    const abort = new AbortController();
    const done = this.#build(order, abort.signal)
      .catch((error: unknown) => this.#failed(deployment, error))
      .catch((error: unknown) =>
        this.#options.logger.error(
          { err: error, deploymentId: deployment.id },
          "a build's end could not be written down",
        ),
      )
      .finally(() => this.#builds.delete(deployment.id));
    this.#builds.set(deployment.id, { serviceId: service.id, abort, done });
  }

  /** Begins the build of a deployment that is stored as `building`: one interrupted by a restart, or rolled back to. */
  async resume(deployment: Deployment): Promise<void> {
    // One that was cancelled a moment ago ends first.
    await this.#builds.get(deployment.id)?.done;
    try {
      this.start(await this.#orderOf(deployment));
    } catch (error) {
      await this.#failed(deployment, error);
    }
  }

  /**
   * Has the image of a deployment again that serves, from its kept source or its registry, because it is gone from the engine. While
   * that is under way or has failed a short while ago, nothing is done.
   */
  rebuild(deployment: Deployment): void {
    const { clock, logger } = this.#options;
    const lastAt = this.#rebuiltAt.get(deployment.id) ?? Number.NEGATIVE_INFINITY;
    if (this.#isClosing || this.#builds.has(deployment.id) || clock.now() - lastAt < REBUILD_AGAIN_MS) return;
    this.#rebuiltAt.set(deployment.id, clock.now());
    const { id: deploymentId, serviceId, image } = deployment;
    logger.warn({ deploymentId, serviceId, image }, "an image is gone from the engine, it is had again");
    this.#withNewBuild(deployment)
      .then((renewed) => this.#orderOf(renewed))
      .then((order) => this.start(order))
      .catch((error: unknown) => logger.error({ err: error, deploymentId }, "a lost image can't be had again"));
  }

  /** Those deployments of the service were just marked as cancelled: their builds end, and who waits for them is told. */
  cancelled(serviceId: string, deploymentIds: readonly string[]): void {
    for (const deploymentId of deploymentIds) {
      this.#builds.get(deploymentId)?.abort.abort();
      this.#options.events.publish({ type: "deployment.cancelled", serviceId, deploymentId });
    }
  }

  /** Aborts what is being built for the service; resolves when it has ended. */
  async abortAllOf(serviceId: string): Promise<void> {
    const builds = [...this.#builds.values()].filter((b) => b.serviceId === serviceId);
    for (const build of builds) build.abort.abort();
    await Promise.all(builds.map((b) => b.done));
  }

  /** Ends builds under way; they are taken up again by the next start. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const build of this.#builds.values()) build.abort.abort();
    await Promise.all([...this.#builds.values()].map((b) => b.done));
  }

  async #orderOf(deployment: Deployment): Promise<BuildOrder> {
    const { database, loadRuntime } = this.#options;
    const service = await database.services.get(deployment.serviceId);
    const project = await database.projects.get(service.projectId);
    const context = { name: service.name, options: deployment.options };
    const runtime = deployment.runtime === null ? undefined : await loadRuntime(deployment.runtime, context);
    return { deployment, project, service, runtime, noCache: false };
  }

  /** The build gets a row and a log of its own: the first one's stays what it was. */
  #withNewBuild(deployment: Deployment): Promise<Deployment> {
    const { database, clock } = this.#options;
    return database.transact(async (tx) => {
      const build = newBuild(deployment, newId(), clock.now());
      await tx.builds.create(build);
      return tx.deployments.update(deployment.id, { buildId: build.id });
    });
  }

  async #build(order: BuildOrder, signal: AbortSignal): Promise<void> {
    const { database, events, clock, trigger, publishRoutes } = this.#options;
    const { deployment, service } = order;
    const buildId = deployment.buildId ?? deployment.id;
    await database.builds.update(buildId, { status: "running", startedAt: clock.now() });
    events.publish({ type: "build.started", serviceId: service.id, buildId });
    const { status } = await this.#make(order, buildId, signal);
    events.publish({ type: "build.finished", serviceId: service.id, buildId });
    if (status === undefined) return;
    if (status === "built")
      events.publish({ type: "deployment.built", serviceId: service.id, deploymentId: deployment.id });
    this.#rebuiltAt.delete(deployment.id);
    trigger(service.id);
    await publishRoutes();
    await this.#prune(service.id);
  }

  /**
   * Builds and writes down. An image that is made, or taken as it is, must not be pruned as an old one before it is
   * written down.
   */
  async #make(order: BuildOrder, buildId: string, signal: AbortSignal) {
    const { database } = this.#options;
    const { deployment, service } = order;
    this.#making.set(deployment.id, service.id);
    try {
      await this.#pruning.get(service.id);
      const made = await makeImage(order, buildId, this.#options, signal);
      return { status: await database.transact((tx) => this.#writeResult(tx, order, buildId, made)) };
    } finally {
      this.#making.delete(deployment.id);
    }
  }

  /** The deployment's status from now on; undefined when nobody wants it any more. */
  async #writeResult(
    tx: Stores,
    order: BuildOrder,
    buildId: string,
    made: Made,
  ): Promise<"healthy" | "built" | "pending" | undefined> {
    const { image, contentHash, wasCached } = made;
    const { deployment, service } = order;
    if ((await tx.services.find(service.id)) === undefined) return undefined;
    const finishedAt = this.#options.clock.now();
    await tx.builds.update(buildId, { status: "succeeded", image, contentHash, wasCached, finishedAt });
    // Its owner may have said meanwhile that it shall be rolled out.
    const { status, isHeld } = await tx.deployments.get(deployment.id);
    if (status === "healthy") await tx.deployments.update(deployment.id, { image });
    if (status !== "building") return status === "healthy" ? status : undefined;
    // One that ran before, and is built again because its image is gone, has its ports already.
    const isFirst = deployment.image === null;
    const patch = isFirst ? { listenPorts: made.listenPorts } : {};
    const next = isHeld ? "built" : "pending";
    await tx.deployments.update(deployment.id, { image, status: next, ...patch });
    return next;
  }

  async #failed(deployment: Deployment, error: unknown): Promise<void> {
    const { database, events, clock, logger, publishRoutes, trigger } = this.#options;
    if (this.#isClosing) return;
    const { id, serviceId, buildId } = deployment;
    const isCancelled = isAppError(error, "cancelled");
    const reason = isAppError(error) ? error.message : "The build failed inside Slipway; see its log.";
    if (!isAppError(error)) logger.error({ err: error, deploymentId: id }, "build failed");
    const logTail = isAppError(error) && error.logTail !== undefined ? tailOf(error.logTail) : null;
    const finishedAt = clock.now();
    const status = isCancelled ? "cancelled" : "failed";
    const isFailed = await database.transact(async (tx) => {
      if ((await tx.services.find(serviceId)) === undefined) return false;
      if (buildId !== null) await tx.builds.update(buildId, { status, error: reason, finishedAt });
      if ((await tx.deployments.get(id)).status !== "building") return false;
      await tx.deployments.update(id, { status, failureReason: reason, logTail, finishedAt });
      return true;
    });
    if (buildId !== null) events.publish({ type: "build.finished", serviceId, buildId });
    if (!isFailed) return;
    const type = isCancelled ? "deployment.cancelled" : "deployment.failed";
    events.publish({ type, serviceId, deploymentId: id });
    await publishRoutes();
    trigger(serviceId);
  }

  /** While another build of the service is under way nothing is removed: that one prunes when it ends. */
  async #prune(serviceId: string): Promise<void> {
    if ([...this.#making.values()].includes(serviceId)) return;
    const pruning = this.#pruneNow(serviceId).finally(() => this.#pruning.delete(serviceId));
    this.#pruning.set(serviceId, pruning);
    await pruning;
  }

  async #pruneNow(serviceId: string): Promise<void> {
    const { database, builder, logger } = this.#options;
    try {
      const service = await database.services.find(serviceId);
      if (service === undefined) return;
      const deployments = await database.deployments.list({ serviceId });
      await builder.pruneImages(serviceId, imagesToKeep(deployments, service.activeDeploymentId, KEPT_IMAGES));
    } catch (error) {
      logger.warn({ err: error, serviceId }, "old images could not be removed, the next build tries again");
    }
  }
}

/** A build that waits for its turn. */
export function newBuild(deployment: Deployment, id: string, now: number): Build {
  return {
    id,
    serviceId: deployment.serviceId,
    sourceId: deployment.sourceId ?? "",
    runtime: deployment.runtime,
    status: "queued",
    contentHash: null,
    image: null,
    wasCached: false,
    error: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  };
}
