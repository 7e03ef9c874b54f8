/**
 * Builds images of functions: stage, content hash, engine. An image of the same content hash is used as it is. The log
 * of a build is written while it runs and ended in every outcome.
 */

import type { BuildLimits, BuildLogs, BuildRequest, BuildResult, ImageBuilder } from "../domain/build.ts";
import type { BuildEngine } from "../domain/build-engine.ts";
import type { ImageDriver, ImageInfo } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { pulledOwner } from "../domain/image-fetch.ts";
import { LABELS } from "../domain/labels.ts";
import { normalizeImageTag } from "../domain/names.ts";
import type { SourceFiles } from "../domain/source.ts";
import { newId } from "../lib/ids.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { localBaseOf, withBaseImageHint } from "./base-image-names.ts";
import { argDefault, baseImagesOf } from "./dockerfile.ts";
import { type HostSettings, NO_HOST_SETTINGS } from "./host-settings.ts";
import type { ImageRegistry } from "./image-registry.ts";
import { redactError, redactor } from "./redact.ts";
import { cacheBreaker, contentHashOf, openStage, planStage, type Stage } from "./stage.ts";

/** Label with the content hash, by which an unchanged build finds its image. */
const HASH_LABEL = "slipway.hash";

export type ImageBuilderOptions = {
  readonly engine: BuildEngine;
  readonly images: ImageDriver;
  readonly sources: SourceFiles;
  readonly logs: Pick<BuildLogs, "append" | "end">;
  readonly limits: BuildLimits;
  /** Start of image names, e.g. `slipway`. */
  readonly prefix: string;
  readonly serverId: string;
  /** Settings of the host that builds get; read anew for each build. Absent: none. */
  readonly readHostSettings?: () => Promise<HostSettings>;
  /** Logins, and where images are kept besides. Absent: the engine has to know. */
  readonly registry?: ImageRegistry;
};

/** Everything about one image that is known before it is built. */
type Plan = {
  readonly stage: Stage;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly bases: readonly string[];
  readonly contentHash: string;
  /** Versions of the build's secrets, by name. */
  readonly secretVersions: Readonly<Record<string, string>>;
  readonly image: string;
  /** `image` and the further tag, if one is asked for. */
  readonly tags: readonly string[];
};

export class EngineImageBuilder implements ImageBuilder {
  readonly #options: ImageBuilderOptions;
  readonly #slots: Semaphore;
  /** Builds that have begun or wait for their turn. */
  #running = 0;

  constructor(options: ImageBuilderOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.limits.parallel);
  }

  async build(request: BuildRequest, signal: AbortSignal): Promise<BuildResult> {
    const { logs } = this.#options;
    const redact = redactor(Object.values(request.buildSecrets));
    const log = (text: string): void => logs.append(request.buildId, redact(text));
    log(`${firstLine(request)}\n`);
    try {
      return await this.#buildInTurn(request, log, signal);
    } catch (thrown) {
      const error = redactError(thrown, redact);
      const told = signal.aborted ? new AppError("cancelled", "The build was cancelled.", { cause: error }) : error;
      log(`${isAppError(told) ? told.message : "The build ended with an internal error."}\n`);
      throw told;
    } finally {
      await logs.end(request.buildId);
    }
  }

  async pruneImages(serviceId: string, keep: readonly string[]): Promise<void> {
    const { images } = this.#options;
    for (const image of await images.listImages({ mine: true, serviceId })) {
      if (image.tags.some((tag) => keep.includes(tag))) continue;
      for (const tag of image.tags) {
        // A build may have moved the tag to a newer image meanwhile.
        if ((await images.findImage(tag))?.id === image.id) await images.removeImage(tag);
      }
    }
    // Pulled ones carry no label of ours: their tags say whose they are.
    const pulled = (await images.listImages()).flatMap(({ tags }) => tags);
    for (const tag of pulled)
      if (pulledOwner(this.#options.prefix, tag) === serviceId && !keep.includes(tag)) await images.removeImage(tag);
  }

  async #buildInTurn(request: BuildRequest, log: (text: string) => void, signal: AbortSignal): Promise<BuildResult> {
    const { limits } = this.#options;
    if (this.#running >= limits.parallel) log(`Waiting: ${this.#running} builds are running or waiting.\n`);
    this.#running += 1;
    try {
      const release = await this.#slots.acquire(signal);
      // From here on, so that a long queue costs no build its time.
      const timeout = AbortSignal.timeout(limits.timeoutMs);
      try {
        return await this.#buildNow(request, log, AbortSignal.any([signal, timeout]));
      } catch (error) {
        throw timeout.aborted ? timedOut(error, limits.timeoutMs) : error;
      } finally {
        release();
      }
    } finally {
      this.#running -= 1;
    }
  }

  async #buildNow(request: BuildRequest, log: (text: string) => void, signal: AbortSignal): Promise<BuildResult> {
    const kept = request.noCache ? undefined : await this.#fetchWanted(request, log, signal);
    if (kept !== undefined) return kept;
    const plan = await this.#plan(request, log, signal);
    const isHere = !request.noCache && (await this.#reuse(request, plan, log));
    const isThere = !isHere && !request.noCache && (await this.#fetch(request, plan, log, signal)) !== undefined;
    if (!isHere && !isThere) await this.#buildOnEngine(request, plan, log, signal);
    if (!isThere) await this.#options.registry?.push(plan.image, this.#nameOf(plan.image), log, signal);
    const built = await this.#options.images.findImage(plan.image);
    const { image, contentHash } = plan;
    return { image, contentHash, wasCached: isHere || isThere, exposedPort: built?.exposedPorts[0] };
  }

  /** The very image it had, if that is gone from the engine and kept in a registry. */
  async #fetchWanted(
    request: BuildRequest,
    log: (text: string) => void,
    signal: AbortSignal,
  ): Promise<BuildResult | undefined> {
    const { images, registry } = this.#options;
    const image = request.wantedImage;
    if (image === undefined || registry === undefined || (await images.findImage(image)) !== undefined)
      return undefined;
    const isOurs = (info: ImageInfo): boolean => this.#isOurs(info, request, undefined);
    const found = await registry.fetch(image, this.#nameOf(image), isOurs, log, signal);
    const contentHash = found?.labels[HASH_LABEL];
    if (found === undefined || contentHash === undefined) return undefined;
    return { image, contentHash, wasCached: true, exposedPort: found.exposedPorts[0] };
  }

  async #fetch(request: BuildRequest, plan: Plan, log: (text: string) => void, signal: AbortSignal) {
    const { images, registry } = this.#options;
    const isSame = (info: ImageInfo): boolean => this.#isOurs(info, request, plan.contentHash);
    const found = await registry?.fetch(plan.image, this.#nameOf(plan.image), isSame, log, signal);
    if (found !== undefined) for (const tag of plan.tags.slice(1)) await images.tagImage(plan.image, tag);
    return found;
  }

  /** What an image is called in a registry: its name without our prefix. */
  #nameOf(image: string): string {
    return image.slice(this.#options.prefix.length + 1);
  }

  async #plan(request: BuildRequest, log: (text: string) => void, signal: AbortSignal): Promise<Plan> {
    const { sources, prefix } = this.#options;
    const stage = await planStage(sources, request.sourceId, request.runtime);
    const buildArgs = await this.#withLocalBase(stage.dockerfile, request.buildArgs);
    const bases = baseImagesOf(stage.dockerfile, buildArgs);
    await this.#options.registry?.fetchBases(bases, log, signal);
    const secretVersions = versionsOf(request);
    const contentHash = contentHashOf(stage, buildArgs, await this.#idsOf(bases), secretVersions);
    const image = `${prefix}/${request.projectSlug}/${request.serviceName}:${contentHash.slice(0, 12)}`;
    const tags = request.tag === undefined ? [image] : [image, normalizeImageTag(request.tag)];
    return { stage, buildArgs, bases, secretVersions, contentHash, image, tags };
  }

  /** Takes our own base image where the Dockerfile's default one has a twin on this engine. */
  async #withLocalBase(dockerfile: string, given: Readonly<Record<string, string>>) {
    const fallback = argDefault(dockerfile, "BASE_IMAGE");
    const local = fallback === undefined ? undefined : localBaseOf(fallback);
    if (local === undefined || Object.hasOwn(given, "BASE_IMAGE")) return given;
    return (await this.#options.images.findImage(local)) === undefined ? given : { ...given, BASE_IMAGE: local };
  }

  async #idsOf(references: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const found = await Promise.all(references.map((reference) => this.#options.images.findImage(reference)));
    return Object.fromEntries(references.map((reference, i) => [reference, found[i]?.id ?? ""]));
  }

  /** True when the image is there already; it then has the further tag, too. */
  async #reuse(request: BuildRequest, plan: Plan, log: (text: string) => void): Promise<boolean> {
    const { images } = this.#options;
    const found = await images.findImage(plan.image);
    if (found === undefined || !this.#isOurs(found, request, plan.contentHash)) return false;
    log(`Nothing has changed: image ${plan.image} is there already.\n`);
    for (const tag of plan.tags.slice(1)) if (!found.tags.includes(tag)) await images.tagImage(plan.image, tag);
    return true;
  }

  /** One of a function of that name that was deleted is not: it is about to be removed with all it left. */
  #isOurs({ labels }: ImageInfo, request: BuildRequest, contentHash: string | undefined): boolean {
    const { [HASH_LABEL]: hash, [LABELS.server]: server, [LABELS.service]: service } = labels;
    const isSame = contentHash === undefined || hash === contentHash;
    return isSame && server === this.#options.serverId && service === request.serviceId;
  }

  async #buildOnEngine(
    request: BuildRequest,
    plan: Plan,
    log: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, limits, serverId, readHostSettings } = this.#options;
    const settings = readHostSettings === undefined ? NO_HOST_SETTINGS : await readHostSettings();
    const usesOwnBase = plan.bases.some((base) => base.startsWith("slipway/base-"));
    const { flags, secrets } = settings.forBuild({ dockerfile: plan.stage.dockerfile, usesOwnBase });
    const allFlags = [flags, cacheBreaker(plan.secretVersions)].filter((flag) => flag !== "").join(" ");
    const build = {
      openContext: ({ withSecrets }: { readonly withSecrets: boolean }) =>
        openStage(plan.stage, withSecrets ? allFlags : ""),
      tags: plan.tags,
      labels: {
        [LABELS.managed]: "true",
        [LABELS.server]: serverId,
        [LABELS.project]: request.projectSlug,
        [LABELS.service]: request.serviceId,
        [HASH_LABEL]: plan.contentHash,
      },
      buildArgs: plan.buildArgs,
      secrets: { ...request.buildSecrets, ...secrets },
      ownSecrets: Object.keys(request.buildSecrets),
      noCache: request.noCache,
      memoryBytes: limits.memoryBytes,
      cpuMillicores: limits.cpuMillicores,
    };
    try {
      await engine.build(build, log, signal);
    } catch (error) {
      throw withBaseImageHint(error, plan.bases);
    }
    log(`Built ${plan.image}\n`);
  }
}

function firstLine(request: BuildRequest): string {
  const how = request.runtime === undefined ? "its own Dockerfile" : `runtime ${request.runtime.runtime.name}`;
  return `Building ${request.projectSlug}/${request.serviceName} from source ${request.sourceId.slice(0, 12)} with ${how}`;
}

/** A secret that nobody tells the version of counts as a new one. */
function versionsOf({ buildSecrets, buildSecretVersions = {} }: BuildRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(buildSecrets).map((name) => [name, buildSecretVersions[name] ?? newId()]));
}

function timedOut(error: unknown, timeoutMs: number): AppError {
  return new AppError("timeout", `The build took longer than ${Math.round(timeoutMs / 1000)} s and was ended.`, {
    cause: error,
    remedy: "Make the build smaller, or raise the server's limit for builds.",
    ...(isAppError(error) && error.logTail !== undefined && { logTail: error.logTail }),
  });
}
