/** Has the image of a deployment: a function's is built from its source, an image service's is fetched. */

import type { BuildRequest, ImageBuilder } from "../domain/build.ts";
import type { Deployment } from "../domain/deployment.ts";
import type { ImageFetch } from "../domain/image-fetch.ts";
import type { Project } from "../domain/project.ts";
import { listenPorts } from "../domain/rollout.ts";
import type { RuntimeFiles } from "../domain/runtime.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import type { BuildSecrets, SecretVault } from "./secret-vault.ts";

/** Everything a build is made of. */
export type BuildOrder = {
  readonly deployment: Deployment;
  readonly project: Project;
  readonly service: Service;
  /** Undefined: the source has its own Dockerfile. */
  readonly runtime: RuntimeFiles | undefined;
  readonly noCache: boolean;
};

/** What images are made by. */
export type ImageMakers = {
  readonly database: Pick<Stores, "services" | "deployments">;
  readonly builder: Pick<ImageBuilder, "build">;
  readonly imageFetch: ImageFetch;
  readonly secrets: Pick<SecretVault, "forBuild">;
};

/** An image that is there, and what follows from it. */
export type Made = {
  readonly image: string;
  readonly contentHash: string;
  readonly wasCached: boolean;
  readonly listenPorts: readonly number[];
};

/** @throws AppError as `ImageBuilder.build` and `ImageFetch.fetch` */
export function makeImage(order: BuildOrder, buildId: string, makers: ImageMakers, signal: AbortSignal): Promise<Made> {
  const { wantedImage } = order.deployment;
  return wantedImage === null
    ? buildImage(order, makers, signal)
    : fetchImage(order, { buildId, wantedImage }, makers, signal);
}

async function buildImage(order: BuildOrder, { builder, secrets }: ImageMakers, signal: AbortSignal): Promise<Made> {
  const { deployment, service, runtime } = order;
  const given = await secrets.forBuild(service.projectId, service.name, deployment.buildInputs.secrets);
  const { image, contentHash, wasCached, exposedPort } = await builder.build(requestOf(order, given), signal);
  const ports = listenPorts({
    port: deployment.listenPorts[0] ?? null,
    exposedPort,
    runtimePort: runtime?.runtime.defaultPort,
    localPort: deployment.localPort ?? service.localPort,
  });
  return { image, contentHash, wasCached, listenPorts: ports };
}

/** Its owner's ports are those it listens on, else the image's; with neither it is looked at for running only. */
async function fetchImage(
  { deployment, service }: BuildOrder,
  { buildId, wantedImage }: { readonly buildId: string; readonly wantedImage: string },
  { database, imageFetch }: ImageMakers,
  signal: AbortSignal,
): Promise<Made> {
  const before = deployment.attemptCount;
  const { activeDeploymentId } = (await database.services.find(service.id)) ?? service;
  const active = activeDeploymentId === null ? undefined : await database.deployments.get(activeDeploymentId);
  const presentImage = active?.wantedImage === wantedImage ? active.image : null;
  const { image, imageId, wasPresent, exposedPorts } = await imageFetch.fetch(
    { buildId, serviceId: service.id, wantedImage, preset: service.preset, presentImage },
    async (failures) => {
      if ((await database.services.find(service.id)) === undefined) return;
      await database.deployments.update(deployment.id, { attemptCount: before + failures });
    },
    signal,
  );
  const own = deployment.ports.filter(({ protocol }) => protocol === "tcp").map((port) => port.containerPort);
  const ports = own.length > 0 ? [...new Set(own)] : exposedPorts;
  return { image, contentHash: imageId, wasCached: wasPresent, listenPorts: ports };
}

function requestOf(
  { deployment, project, service, runtime, noCache }: BuildOrder,
  secrets: BuildSecrets,
): BuildRequest {
  return {
    buildId: deployment.buildId ?? deployment.id,
    projectSlug: project.slug,
    serviceName: service.name,
    serviceId: service.id,
    sourceId: deployment.sourceId ?? "",
    runtime,
    // The tag stays with what serves until that is rolled out.
    tag: deployment.tag ?? (deployment.isHeld ? null : service.tag) ?? undefined,
    buildArgs: deployment.buildInputs.args,
    buildSecrets: secrets.values,
    buildSecretVersions: secrets.versions,
    wantedImage: deployment.image ?? undefined,
    noCache,
  };
}
