/**
 * From an upload to a deployment the reconciler can roll out: service and deployment are written at once, the image is
 * built beside, and only when it is there the deployment becomes `pending`. A newer upload takes an older one's place.
 */

import type { BuildRequest, BuildResult, ImageBuilder } from "../domain/build.ts";
import { KEPT_IMAGES } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import { type Deployment, tailOf } from "../domain/deployment.ts";
import type { ImageDriver } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { DeployAnswer } from "../domain/operations.ts";
import type { Project } from "../domain/project.ts";
import { imagesToKeep, listenPorts } from "../domain/rollout.ts";
import type { RuntimeFiles } from "../domain/runtime.ts";
import type { Service } from "../domain/service.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { acceptUpload, type DeployRequest, hashOf } from "./accept-upload.ts";

export type AcceptedDeploy = Omit<DeployAnswer, "detected">;

export type DeployerOptions = {
  readonly database: Database;
  readonly builder: ImageBuilder;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The route of some service may have changed. */
  readonly publishRoutes: () => Promise<void>;
  /** There is something to reconcile. */
  readonly trigger: (serviceId: string) => void;
  readonly loadRuntime: (name: string, serviceName: string) => Promise<RuntimeFiles>;
};

type RunningBuild = { readonly serviceId: string; readonly abort: AbortController; readonly done: Promise<void> };

export class Deployer {
  readonly #options: DeployerOptions;
  /** By deployment id. */
  readonly #builds = new Map<string, RunningBuild>();
  #isClosing = false;

  constructor(options: DeployerOptions) {
    this.#options = options;
  }

  /**
   * Takes the upload in and answers at once; the build goes on by itself.
   * @throws AppError `conflict` (name, port or tag is another's), `invalid`
   */
  async deploy(request: DeployRequest): Promise<AcceptedDeploy> {
    const { database, clock, events } = this.#options;
    const configHash = hashOf(request);
    const unchanged = request.noCache ? undefined : await this.#findUnchanged(request, configHash);
    if (unchanged !== undefined) return unchanged;
    const { service, deployment, cancelled, isNew } = await database.transact((tx) =>
      acceptUpload(tx, request, configHash, clock.now()),
    );
    for (const id of cancelled) this.#abortBuild(id);
    events.publish({ type: isNew ? "service.created" : "service.updated", serviceId: service.id });
    events.publish({ type: "deployment.created", serviceId: service.id, deploymentId: deployment.id });
    this.#startBuild(deployment, request.project, service, request.runtime, request.noCache);
    await this.#options.publishRoutes();
    return { service, deployment, isUnchanged: false };
  }

  /** Takes up builds that a restart interrupted: an accepted upload is never lost. */
  async resume(): Promise<void> {
    const { database, loadRuntime } = this.#options;
    for (const deployment of await database.deployments.list({ statuses: ["building"] })) {
      const service = await database.services.get(deployment.serviceId);
      const project = await database.projects.get(service.projectId);
      try {
        const runtime = deployment.runtime === null ? undefined : await loadRuntime(deployment.runtime, service.name);
        this.#startBuild(deployment, project, service, runtime, false);
      } catch (error) {
        await this.#buildFailed(deployment, error);
      }
    }
  }

  /** @throws AppError `conflict` when it is past being cancelled, `not_found` */
  async cancel(deploymentId: string): Promise<Deployment> {
    const { database, events, clock } = this.#options;
    const deployment = await database.deployments.get(deploymentId);
    if (!["building", "pending", "starting"].includes(deployment.status)) {
      throw new AppError(
        "conflict",
        `The deployment is ${deployment.status} already; only one that is coming up can be cancelled.`,
      );
    }
    const cancelled = await database.deployments.update(deploymentId, { status: "cancelled", finishedAt: clock.now() });
    this.#abortBuild(deploymentId);
    events.publish({ type: "deployment.cancelled", serviceId: deployment.serviceId, deploymentId });
    await this.#options.publishRoutes();
    this.#options.trigger(deployment.serviceId);
    return cancelled;
  }

  /** Aborts what is being built for the service; resolves when it has ended. */
  async abortBuildsOf(serviceId: string): Promise<void> {
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

  async #findUnchanged(request: DeployRequest, configHash: string): Promise<AcceptedDeploy | undefined> {
    const { database, images } = this.#options;
    const service = await database.services.findByName(request.project.id, request.name);
    if (service?.activeDeploymentId == null || service.desired === "stopped") return undefined;
    const [latest] = await database.deployments.list({ serviceId: service.id, limit: 1 });
    const isSame =
      latest?.id === service.activeDeploymentId && latest.configHash === configHash && latest.status === "healthy";
    if (!isSame || latest.image === null || (await images.findImage(latest.image)) === undefined) return undefined;
    return { service, deployment: latest, isUnchanged: true };
  }

  #startBuild(
    deployment: Deployment,
    project: Project,
    service: Service,
    runtime: RuntimeFiles | undefined,
    noCache: boolean,
  ): void {
    const abort = new AbortController();
    const request: BuildRequest = {
      buildId: deployment.buildId ?? deployment.id,
      projectSlug: project.slug,
      serviceName: service.name,
      serviceId: service.id,
      sourceId: deployment.sourceId ?? "",
      runtime,
      tag: service.tag ?? undefined,
      buildArgs: {},
      noCache,
    };
    const done = this.#build(deployment, service, runtime, request, abort.signal)
      .catch((error: unknown) => this.#buildFailed(deployment, error))
      .catch((error: unknown) =>
        this.#options.logger.error(
          { err: error, deploymentId: deployment.id },
          "a build's end could not be written down",
        ),
      )
      .finally(() => this.#builds.delete(deployment.id));
    this.#builds.set(deployment.id, { serviceId: service.id, abort, done });
  }

  async #build(
    deployment: Deployment,
    service: Service,
    runtime: RuntimeFiles | undefined,
    request: BuildRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, builder, events, clock, trigger, publishRoutes } = this.#options;
    await database.builds.update(request.buildId, { status: "running", startedAt: clock.now() });
    events.publish({ type: "build.started", serviceId: service.id, buildId: request.buildId });
    const result = await builder.build(request, signal);
    const isStillWanted = await database.transact((tx) =>
      this.#writeResult(tx, deployment, service, runtime, request, result),
    );
    events.publish({ type: "build.finished", serviceId: service.id, buildId: request.buildId });
    if (!isStillWanted) return;
    trigger(service.id);
    await publishRoutes();
    await this.#prune(service.id);
  }

  async #writeResult(
    tx: Stores,
    deployment: Deployment,
    service: Service,
    runtime: RuntimeFiles | undefined,
    request: BuildRequest,
    result: BuildResult,
  ): Promise<boolean> {
    const { image, contentHash, wasCached, exposedPort } = result;
    if ((await tx.services.find(service.id)) === undefined) return false;
    await tx.builds.update(request.buildId, {
      status: "succeeded",
      image,
      contentHash,
      wasCached,
      finishedAt: this.#options.clock.now(),
    });
    const current = await tx.deployments.get(deployment.id);
    if (current.status !== "building") return false;
    const [ownPort] = deployment.listenPorts;
    await tx.deployments.update(deployment.id, {
      image,
      status: "pending",
      listenPorts: listenPorts({
        port: ownPort ?? null,
        exposedPort,
        runtimePort: runtime?.runtime.defaultPort,
        localPort: service.localPort,
      }),
    });
    return true;
  }

  async #buildFailed(deployment: Deployment, error: unknown): Promise<void> {
    const { database, events, clock, logger, publishRoutes, trigger } = this.#options;
    if (this.#isClosing) return;
    const isCancelled = isAppError(error, "cancelled");
    const reason = isAppError(error) ? error.message : "The build failed inside Slipway; see its log.";
    if (!isAppError(error)) logger.error({ err: error, deploymentId: deployment.id }, "build failed");
    const logTail = isAppError(error) && error.logTail !== undefined ? tailOf(error.logTail) : null;
    const finishedAt = clock.now();
    const isFailed = await database.transact(async (tx) => {
      if ((await tx.services.find(deployment.serviceId)) === undefined) return false;
      const status = isCancelled ? "cancelled" : "failed";
      if (deployment.buildId !== null)
        await tx.builds.update(deployment.buildId, { status, error: reason, finishedAt });
      if ((await tx.deployments.get(deployment.id)).status !== "building") return false;
      await tx.deployments.update(deployment.id, { status, failureReason: reason, logTail, finishedAt });
      return true;
    });
    if (!isFailed) return;
    events.publish({
      type: isCancelled ? "deployment.cancelled" : "deployment.failed",
      serviceId: deployment.serviceId,
      deploymentId: deployment.id,
    });
    await publishRoutes();
    trigger(deployment.serviceId);
  }

  async #prune(serviceId: string): Promise<void> {
    const { database, builder, logger } = this.#options;
    const service = await database.services.find(serviceId);
    if (service === undefined) return;
    const deployments = await database.deployments.list({ serviceId });
    try {
      await builder.pruneImages(serviceId, imagesToKeep(deployments, service.activeDeploymentId, KEPT_IMAGES));
    } catch (error) {
      logger.warn({ err: error, serviceId }, "old images could not be removed, the next build tries again");
    }
  }

  #abortBuild(deploymentId: string): void {
    this.#builds.get(deploymentId)?.abort.abort();
  }
}
