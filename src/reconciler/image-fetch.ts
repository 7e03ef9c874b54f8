/** Has images of image services: from the engine, from a registry, or from a preset's recipe where no registry can be reached. */

import { backoffMs } from "../domain/backoff.ts";
import type { BuildLogs } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import type { ImageDriver, ImageInfo } from "../domain/driver.ts";
import { AppError, type ErrorCode, isAppError } from "../domain/errors.ts";
import {
  FETCH_ATTEMPTS,
  type FetchedImage,
  type FetchRequest,
  type ImageFetch,
  movesByItself,
  pulledTag,
} from "../domain/image-fetch.ts";
import { LABELS } from "../domain/labels.ts";
import type { PresetCatalog } from "../domain/preset.ts";
import type { PresetImages } from "../domain/preset-images.ts";
import type { RegistryDriver, RegistryLogins } from "../domain/registry.ts";

export type ImageFetcherOptions = {
  readonly images: Pick<ImageDriver, "findImage" | "tagImage"> & Pick<RegistryDriver, "pullImage">;
  readonly logins: RegistryLogins;
  readonly logs: Pick<BuildLogs, "append" | "end">;
  readonly clock: Clock;
  /** What pinning tags start with. */
  readonly prefix: string;
  /** Recipes of presets. Absent: a registry is the only way. */
  readonly presets?: { readonly catalog: Pick<PresetCatalog, "find">; readonly images: PresetImages } | undefined;
};

type Log = (line: string) => void;
type Found = { readonly info: ImageInfo; readonly wasPresent: boolean };

/** Asking again would bring the same answer. */
const FINAL: readonly ErrorCode[] = ["not_found", "unauthorized", "invalid", "disk_full", "build_failed"];
const LOG_TAIL_LINES = 20;

export class ImageFetcher implements ImageFetch {
  readonly #options: ImageFetcherOptions;

  constructor(options: ImageFetcherOptions) {
    this.#options = options;
  }

  async fetch(...[request, onFailedAttempt, signal]: Parameters<ImageFetch["fetch"]>): Promise<FetchedImage> {
    const { logs } = this.#options;
    const tail: string[] = [];
    const log = (line: string): void => {
      tail.push(line);
      if (tail.length > LOG_TAIL_LINES) tail.shift();
      logs.append(request.buildId, `${line}\n`);
    };
    try {
      return await this.#untilThere(request, log, onFailedAttempt, signal);
    } catch (error) {
      const told = failureOf(error, signal);
      log(isAppError(told) ? told.message : "Fetching the image ended with an internal error.");
      throw isAppError(told, "deploy_failed") ? withTail(told, tail) : told;
    } finally {
      await logs.end(request.buildId);
    }
  }

  async #untilThere(
    request: FetchRequest,
    log: Log,
    onFailedAttempt: (failures: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<FetchedImage> {
    let [failures, timesAway] = [0, 0];
    for (;;) {
      try {
        signal.throwIfAborted();
        return await this.#have(request, log, signal);
      } catch (error) {
        if (signal.aborted || !isAppError(error)) throw error;
        if (error.code === "unavailable") {
          // The engine's absence is nobody's fault: it is waited for, however long that is.
          if (timesAway === 0) log(`${error.message} It is tried again until it answers.`);
          timesAway += 1;
          await this.#pause(backoffMs(timesAway), signal);
          continue;
        }
        timesAway = 0;
        failures += 1;
        await onFailedAttempt(failures);
        if (FINAL.includes(error.code) || failures >= FETCH_ATTEMPTS) throw error;
        const pauseMs = backoffMs(failures);
        log(`${error.message} (try ${failures} of ${FETCH_ATTEMPTS}, the next one in ${pauseMs / 1000} s)`);
        await this.#pause(pauseMs, signal);
      }
    }
  }

  async #have(request: FetchRequest, log: Log, signal: AbortSignal): Promise<FetchedImage> {
    const { images, prefix } = this.#options;
    const { info, wasPresent } = await this.#find(request, log, signal);
    const image = pulledTag(prefix, request.serviceId, info.id);
    await images.tagImage(info.id, image);
    log(`${request.wantedImage} is ${info.id.slice(0, 19)}, kept as ${image}`);
    return { image, imageId: info.id.replace(/^sha256:/, ""), wasPresent, exposedPorts: info.exposedPorts };
  }

  async #find(request: FetchRequest, log: Log, signal: AbortSignal): Promise<Found> {
    const { images } = this.#options;
    const { wantedImage } = request;
    const present = await images.findImage(wantedImage);
    if (present !== undefined && !movesByItself(wantedImage)) {
      log(`${wantedImage} is on the engine already.`);
      return { info: present, wasPresent: true };
    }
    const again = await this.#makeAgain(request, log, signal);
    if (again !== undefined) return { info: again, wasPresent: false };
    try {
      return { info: await this.#pull(wantedImage, log, signal), wasPresent: false };
    } catch (error) {
      if (signal.aborted || !isAppError(error) || error.code === "unavailable") throw error;
      if (present !== undefined) {
        log(`${wantedImage} can't be pulled, so the one on the engine is taken: ${error.message}`);
        return { info: present, wasPresent: true };
      }
      const made = await this.#make(request, error, log, signal);
      if (made === undefined) throw error;
      return { info: made, wasPresent: false };
    }
  }

  async #pull(reference: string, log: Log, signal: AbortSignal): Promise<ImageInfo> {
    const { images, logins } = this.#options;
    const login = await logins.findFor(reference);
    log(`Pulling ${reference}${login === undefined ? "" : ` as ${login.username}`}`);
    await images.pullImage(reference, login, log, signal);
    return this.#require(reference);
  }

  /** From the preset's recipe, when its registry is out of reach. */
  async #make(request: FetchRequest, error: AppError, log: Log, signal: AbortSignal): Promise<ImageInfo | undefined> {
    const recipe = this.#recipeOf(request);
    if (recipe === undefined || error.code !== "bad_gateway") return undefined;
    log(`${error.message.replace(/\.?$/, ".")} It is made from packages of the distribution instead.`);
    return this.#require(await recipe(log, signal));
  }

  /**
   * What was made from packages is made so again, though a registry may be there by now: its data is of that version, and
   * no other opens it.
   */
  async #makeAgain(request: FetchRequest, log: Log, signal: AbortSignal): Promise<ImageInfo | undefined> {
    const { preset, presentImage } = request;
    const recipe = this.#recipeOf(request);
    if (recipe === undefined || presentImage === null) return undefined;
    const present = await this.#options.images.findImage(presentImage);
    if (present?.labels[LABELS.preset] !== preset) return undefined;
    log(`${request.wantedImage} was made from packages of the distribution before, and is again.`);
    return this.#require(await recipe(log, signal));
  }

  /** How the preset's own image is made from packages; undefined when another is wanted, or there is no such way. */
  #recipeOf({ preset, wantedImage }: FetchRequest) {
    const { presets } = this.#options;
    const found = preset === null ? undefined : presets?.catalog.find(preset);
    if (presets === undefined || !found?.hasRecipe || found.image !== wantedImage) return undefined;
    return (log: Log, signal: AbortSignal): Promise<string> => presets.images.build(found.id, log, signal);
  }

  async #require(reference: string): Promise<ImageInfo> {
    const info = await this.#options.images.findImage(reference);
    // Somebody may have removed it at once.
    if (info === undefined) throw new AppError("bad_gateway", `${reference} was fetched and is gone again.`);
    return info;
  }

  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.#options.clock.schedule(delayMs, end);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}

function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return new AppError("cancelled", "Fetching the image was cancelled.", { cause: error });
  if (!isAppError(error) || error.code === "cancelled" || error.code === "disk_full") return error;
  const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
  return new AppError("deploy_failed", `image pull failed: ${error.message}`, { cause: error, ...remedy });
}

function withTail({ message, remedy, cause }: AppError, tail: readonly string[]): AppError {
  const logTail = `${tail.join("\n")}\n`;
  return new AppError("deploy_failed", message, { cause, logTail, ...(remedy === undefined ? {} : { remedy }) });
}
