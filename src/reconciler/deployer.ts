/**
 * From an upload to a deployment the reconciler can roll out: service and deployment are written at once, the image is
 * built beside, and only when it is there the deployment becomes `pending`. A newer upload takes an older one's place.
 */

import type { Deployment } from "../domain/deployment.ts";
import type { ImageDriver } from "../domain/driver.ts";
import { routeNameOf } from "../domain/names.ts";
import type { DeployAnswer } from "../domain/operations.ts";
import { isEqual } from "../domain/project-diff.ts";
import type { Database } from "../domain/stores.ts";
import { acceptUpload, type DeployRequest, hashOf } from "./accept-upload.ts";
import type { BuildRunner, BuildRunnerOptions } from "./build-runner.ts";
import { cancelOne } from "./deployment-marks.ts";
import type { Environments } from "./projects/environments.ts";
import type { SecretVault } from "./secret-vault.ts";
import { requireRoutesFree } from "./service-routes.ts";

export type AcceptedDeploy = Omit<DeployAnswer, "detected" | "warnings">;

export type DeployerOptions = Pick<BuildRunnerOptions, "events" | "clock" | "publishRoutes" | "trigger"> & {
  readonly database: Database;
  readonly builds: BuildRunner;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly secrets: Pick<SecretVault, "requireFor">;
  readonly environments: Pick<Environments, "of">;
  /** Below it functions answer by their names; lower case, null: none. */
  readonly baseDomain?: string | null;
};

export class Deployer {
  readonly #options: DeployerOptions;

  constructor(options: DeployerOptions) {
    this.#options = options;
  }

  /**
   * Takes the upload in and answers at once; the build goes on by itself.
   * @throws AppError `conflict` (name, port or tag is another's), `invalid`
   */
  async deploy(request: DeployRequest): Promise<AcceptedDeploy> {
    const { database, clock, events, builds, secrets, publishRoutes, environments, baseDomain = null } = this.#options;
    const versions = await secrets.requireFor(request.project, request.name, request.settings);
    const configHash = hashOf(request, versions);
    const unchanged = request.noCache ? undefined : await this.#findUnchanged(request, configHash);
    if (unchanged !== undefined) return unchanged;
    const { service, deployment, cancelled, isNew } = await database.transact(async (tx) => {
      const routeName = routeNameOf(request.name, request.project.slug);
      await requireRoutesFree(tx, { routeName, routes: request.settings.routes, baseDomain });
      return acceptUpload(tx, request, { configHash, environments, now: clock.now() });
    });
    builds.cancelled(service.id, cancelled);
    events.publish({ type: isNew ? "service.created" : "service.updated", serviceId: service.id });
    events.publish({ type: "deployment.created", serviceId: service.id, deploymentId: deployment.id });
    const { project, runtime, noCache } = request;
    builds.start({ deployment, project, service, runtime, noCache });
    await publishRoutes();
    return { service, deployment, isUnchanged: false };
  }

  /** Takes up builds that a restart interrupted: an accepted upload is never lost. */
  async resume(): Promise<void> {
    const { database, builds, clock } = this.#options;
    const building = await database.deployments.list({ statuses: ["building"] });
    const wanted = new Set(building.map((d) => d.buildId));
    const error = "Slipway ended while it was built";
    for (const { id } of await database.builds.list({ statuses: ["queued", "running"] })) {
      // Nobody waits for it any more: its deployment was cancelled just before, or serves and will ask again.
      if (!wanted.has(id)) await database.builds.update(id, { status: "cancelled", error, finishedAt: clock.now() });
    }
    for (const deployment of building) await builds.resume(deployment);
  }

  /** @throws AppError `conflict` when it is past being cancelled, `not_found` */
  async cancel(deploymentId: string): Promise<Deployment> {
    const { database, clock, builds, publishRoutes, trigger } = this.#options;
    const cancelled = await database.transact((tx) => cancelOne(tx, deploymentId, clock.now()));
    builds.cancelled(cancelled.serviceId, [deploymentId]);
    await publishRoutes();
    trigger(cancelled.serviceId);
    return cancelled;
  }

  /** The same serves already, or, when it is to be built only, waits already. */
  async #findUnchanged(request: DeployRequest, configHash: string): Promise<AcceptedDeploy | undefined> {
    const { database, images, environments } = this.#options;
    const service = await database.services.findByName(request.project.id, request.name);
    if (service === undefined) return undefined;
    const [latest] = await database.deployments.list({ serviceId: service.id, limit: 1 });
    if (latest === undefined || latest.configHash !== configHash || latest.image === null) return undefined;
    const isServing = latest.id === service.activeDeploymentId && latest.status === "healthy";
    const isSame = (isServing && service.desired === "running") || (request.isHeld && latest.status === "built");
    if (!isSame || (await images.findImage(latest.image)) === undefined) return undefined;
    // Variables that project, group or service keep are no part of the upload.
    const env = await database.transact((tx) => environments.of(tx, service, request.settings.env));
    if (!isEqual(env, latest.env)) return undefined;
    return { service, deployment: latest, isUnchanged: true };
  }
}
