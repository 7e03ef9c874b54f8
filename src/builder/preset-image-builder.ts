/**
 * Builds images of presets from the distribution's packages, over our own Debian image, with the host's own ways to its
 * mirrors. An image of the same recipe on the same base is used as it is.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { BuildLimits } from "../domain/build.ts";
import type { BuildEngine } from "../domain/build-engine.ts";
import type { ImageDriver } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import type { Preset } from "../domain/preset.ts";
import type { PresetImages } from "../domain/preset-images.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { type DebianBaseOptions, ensureDebianBase } from "./base-images.ts";
import { contextTar } from "./context-tar.ts";
import { addRunFlags } from "./dockerfile.ts";
import { outOfReach } from "./preset-catalog.ts";
import { type PresetRecipe, readPresetRecipe } from "./preset-recipe.ts";

/** Beside the preset's id: the hash of all that the image was made of. */
const HASH_LABEL = "slipway.hash";

export type PresetImageBuilderOptions = {
  readonly engine: BuildEngine;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly presets: readonly Preset[];
  /** Absolute; a folder per preset that has a recipe, called like its id. */
  readonly recipesFolder: string;
  readonly limits: Pick<BuildLimits, "timeoutMs" | "memoryBytes" | "cpuMillicores">;
  /** What is known of the host; asked anew for each build. */
  readonly readHost: () => Promise<Omit<DebianBaseOptions, "engine" | "images">>;
};

type Log = (line: string) => void;

export class PresetImageBuilder implements PresetImages {
  readonly #options: PresetImageBuilderOptions;
  /** One at a time: the next who wants the same image finds it. */
  readonly #turns = new Semaphore(1);

  constructor(options: PresetImageBuilderOptions) {
    this.#options = options;
  }

  async build(presetId: string, onLine: Log, signal: AbortSignal): Promise<string> {
    const preset = this.#require(presetId);
    try {
      return await this.#buildInTurn(preset, onLine, signal);
    } catch (error) {
      throw signal.aborted ? new AppError("cancelled", "The build was cancelled.", { cause: error }) : error;
    }
  }

  async #buildInTurn(preset: Preset, onLine: Log, signal: AbortSignal): Promise<string> {
    const { timeoutMs } = this.#options.limits;
    const release = await this.#turns.acquire(signal);
    // From here on, so that a long queue costs no build its time.
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await this.#buildNow(preset, onLine, AbortSignal.any([signal, timeout]));
    } catch (error) {
      throw timeout.aborted ? timedOut(preset, timeoutMs, error) : error;
    } finally {
      release();
    }
  }

  #require(presetId: string): Preset {
    const preset = this.#options.presets.find(({ id }) => id === presetId);
    if (preset === undefined) throw new AppError("not_found", `There is no preset ${JSON.stringify(presetId)}.`);
    if (!preset.hasRecipe) throw outOfReach(preset);
    return preset;
  }

  async #buildNow(preset: Preset, onLine: Log, signal: AbortSignal): Promise<string> {
    const { engine, images, recipesFolder, readHost } = this.#options;
    const recipe = await readPresetRecipe(join(recipesFolder, preset.id));
    const host = await readHost();
    const base = await ensureDebianBase({ engine, images, ...host }, linesInto(onLine), signal);
    const baseId = (await images.findImage(base))?.id ?? "";
    const hash = createHash("sha256").update(`${recipe.hash} ${baseId}`).digest("hex");
    const image = `slipway/preset-${preset.id}:${hash.slice(0, 12)}`;
    if ((await images.findImage(image))?.labels[HASH_LABEL] === hash) return image;
    onLine(`Building ${image} for ${preset.name} from this machine's Debian packages`);
    await this.#buildOnEngine({ preset, recipe, base, hash, image, host }, onLine, signal);
    onLine(`Built ${image}`);
    return image;
  }

  async #buildOnEngine(plan: Plan, onLine: Log, signal: AbortSignal): Promise<void> {
    const { preset, recipe, base, hash, image, host } = plan;
    const { engine, limits } = this.#options;
    const { flags, secrets } = host.hostSettings.forBuild({ dockerfile: recipe.dockerfile, usesOwnBase: true });
    const build = {
      openContext: ({ withSecrets }: { readonly withSecrets: boolean }) =>
        contextTar(addRunFlags(recipe.dockerfile, withSecrets ? flags : ""), recipe.parts),
      tags: [image],
      labels: { [LABELS.managed]: "true", [LABELS.preset]: preset.id, [HASH_LABEL]: hash },
      buildArgs: { BASE_IMAGE: base },
      secrets,
      noCache: false,
      memoryBytes: limits.memoryBytes,
      cpuMillicores: limits.cpuMillicores,
    };
    try {
      await engine.build(build, linesInto(onLine), signal);
    } catch (error) {
      throw withPresetHint(preset, error);
    }
  }
}

type Plan = {
  readonly preset: Preset;
  readonly recipe: PresetRecipe;
  readonly base: string;
  readonly hash: string;
  readonly image: string;
  readonly host: Omit<DebianBaseOptions, "engine" | "images">;
};

/** Whole texts of one or more lines as lines. */
function linesInto(onLine: Log): (text: string) => void {
  return (text) => {
    for (const line of text.replace(/\n$/, "").split("\n")) onLine(line);
  };
}

/** Says what was tried before: nobody asked for a build from packages. */
function withPresetHint({ name, image }: Preset, error: unknown): unknown {
  if (!isAppError(error, "build_failed")) return error;
  return new AppError(
    "build_failed",
    `No registry that the engine reaches has ${image}, and ${name} can't be built from packages: ${error.message}`,
    {
      cause: error,
      remedy: `Let the engine reach a registry or a Debian mirror, or load ${image} with \`docker load\`.`,
      ...(error.logTail !== undefined && { logTail: error.logTail }),
    },
  );
}

function timedOut({ name }: Preset, timeoutMs: number, cause: unknown): AppError {
  return new AppError("timeout", `Building ${name} took longer than ${Math.round(timeoutMs / 1000)} s and was ended.`, {
    cause,
    remedy: "Check how quickly the Debian mirror answers, or raise the server's limit for builds.",
  });
}
