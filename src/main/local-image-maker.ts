/** Builds a folder's image on the local engine, with the same builder a server has. */

import { EngineImageBuilder } from "../builder/image-builder.ts";
import { type BuildRequest, DEFAULT_BUILD_LIMITS } from "../domain/build.ts";
import { AppError } from "../domain/errors.ts";
import type { LocalImage, LocalProgress } from "../domain/workshop.ts";
import { newId, randomHex } from "../lib/ids.ts";
import { LOCAL_SERVER, type LocalEngine, serviceIdOf } from "./local-engine.ts";
import type { OpenedFolder } from "./local-folder.ts";
import { type LocalSettings, localSettingsOf } from "./local-settings.ts";
import type { LocalSources } from "./local-sources.ts";
import type { LocalStore } from "./local-store.ts";
import { latestTag, tagsToForget, timeTag, timeTagsOf } from "./local-tags.ts";

/** Local functions are in no project. */
const PROJECT = "build";

export type ImageMakerOptions = {
  readonly engine: LocalEngine;
  readonly openSources: () => Promise<LocalSources>;
  readonly secrets: Pick<LocalStore, "readSecret">;
  readonly now: () => number;
};

export type MadeImage = LocalImage & { readonly settings: LocalSettings };

export class LocalImageMaker {
  readonly #options: ImageMakerOptions;

  constructor(options: ImageMakerOptions) {
    this.#options = options;
  }

  /** `slipway/<name>:latest` and `:<unix time>`; what nothing has changed about keeps its time. */
  async make(fn: OpenedFolder, noCache: boolean, progress: LocalProgress, signal: AbortSignal): Promise<MadeImage> {
    const { engine, now } = this.#options;
    const latest = latestTag(fn.name);
    return this.#build(fn, noCache, progress, signal, async (imageId, tagIt) => {
      const before = (await engine.images.findImage(latest))?.id;
      if (before !== imageId) await tagIt(latest);
      const known = timeTagsOf(fn.name, (await engine.images.findImage(imageId))?.tags ?? []);
      const time = (before === imageId ? known[0] : undefined) ?? timeTag(fn.name, now());
      if (!known.includes(time)) await tagIt(time);
      const all = (await engine.imagesOf(fn.name)).flatMap(({ tags }) => tags);
      for (const tag of tagsToForget(fn.name, all)) await engine.untag(tag);
      return [latest, time];
    });
  }

  /** An image for the time of one command; `engine.untag` its only tag when that ends. */
  makeTemporary(fn: OpenedFolder, purpose: string, progress: LocalProgress, signal: AbortSignal): Promise<MadeImage> {
    return this.#build(fn, false, progress, signal, async (_imageId, tagIt) => {
      const tag = `${latestTag(fn.name).replace(/latest$/, purpose)}-${randomHex(4)}`;
      await tagIt(tag);
      return [tag];
    });
  }

  async #build(
    fn: OpenedFolder,
    noCache: boolean,
    progress: LocalProgress,
    signal: AbortSignal,
    giveTags: (imageId: string, tagIt: (tag: string) => Promise<void>) => Promise<readonly string[]>,
  ): Promise<MadeImage> {
    const { engine, openSources } = this.#options;
    // Random, so that two builds of the same at the same time never share the name that goes away below.
    const prefix = `slipway-local-${randomHex(4)}`;
    const builder = new EngineImageBuilder({
      engine: engine.builds,
      images: engine.images,
      sources: (await openSources()).files,
      logs: { append: (_, text) => progress.onLog(withoutPassingNames(text, prefix)), end: async () => undefined },
      limits: DEFAULT_BUILD_LIMITS,
      prefix,
      serverId: LOCAL_SERVER,
      readHostSettings: engine.readHostSettings,
    });
    const building = builder.build(
      {
        buildId: newId(),
        projectSlug: PROJECT,
        serviceName: fn.name,
        serviceId: serviceIdOf(fn.name),
        sourceId: fn.sourceId,
        runtime: fn.runtimeFiles,
        tag: undefined,
        buildArgs: fn.settings.buildInputs.args,
        ...(await this.#buildSecrets(fn)),
        noCache,
      },
      signal,
    );
    const result = await building.catch((error: unknown) => {
      // Who interrupts wants no words of the builder about it.
      signal.throwIfAborted();
      throw error;
    });
    try {
      const built = await engine.images.findImage(result.image);
      if (built === undefined) throw new AppError("internal", `The image of ${fn.name} was built and is not there.`);
      const tags = await giveTags(built.id, (tag) => engine.images.tagImage(result.image, tag));
      const settings = localSettingsOf(fn.settings, fn.runtimeFiles?.runtime, result.exposedPort);
      return { image: tags[0] ?? latestTag(fn.name), imageId: built.id, tags, settings };
    } finally {
      await engine.untag(result.image);
    }
  }

  async #buildSecrets(fn: OpenedFolder): Promise<Pick<BuildRequest, "buildSecrets" | "buildSecretVersions">> {
    const { secrets } = this.#options;
    const found = await Promise.all(
      fn.settings.buildInputs.secrets.map(async (name) => [name, await secrets.readSecret(fn.name, name)] as const),
    );
    return {
      buildSecrets: Object.fromEntries(found.map(([name, { value }]) => [name, value])),
      buildSecretVersions: Object.fromEntries(found.map(([name, { version }]) => [name, version])),
    };
  }
}

/** The name an image has while it is built says nothing to anybody. */
function withoutPassingNames(text: string, prefix: string): string {
  return text.startsWith(`Built ${prefix}/`) ? "" : text.replace(`Building ${PROJECT}/`, "Building ");
}
