/** Folders built, pushed, exported and tested on this machine. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAppError } from "../domain/errors.ts";
import type {
  LocalBuilds,
  LocalFunction,
  LocalImage,
  LocalProgress,
  LocalTestResult,
  OpenFolderOptions,
} from "../domain/workshop.ts";
import { runDeployTest } from "../reconciler/run-deploy-test.ts";
import type { LocalEngine } from "./local-engine.ts";
import { exportFolder } from "./local-export.ts";
import type { FolderReader, OpenedFolder } from "./local-folder.ts";
import type { EngineLocalFunctions } from "./local-functions.ts";
import type { LocalImageMaker, MadeImage } from "./local-image-maker.ts";
import { pushImage } from "./local-push.ts";
import { hashOfSettings } from "./local-settings.ts";
import type { LocalSources } from "./local-sources.ts";
import type { LocalStarter } from "./local-starter.ts";

export type EngineLocalBuildsOptions = {
  readonly engine: LocalEngine;
  readonly reader: FolderReader;
  readonly maker: LocalImageMaker;
  readonly starter: LocalStarter;
  readonly functions: Pick<EngineLocalFunctions, "remember">;
  readonly openSources: () => Promise<LocalSources>;
  /** The user's home, for Docker's own credentials. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export class EngineLocalBuilds implements LocalBuilds {
  readonly #options: EngineLocalBuildsOptions;
  /** What `open` has found, for the calls after it. */
  readonly #opened = new WeakMap<LocalFunction, OpenedFolder>();

  constructor(options: EngineLocalBuildsOptions) {
    this.#options = options;
  }

  async open(folder: string, options: OpenFolderOptions = {}): Promise<LocalFunction> {
    const opened = await this.#options.reader.open(folder, options);
    const { name, runtime, notes, test } = opened;
    const fn = { name, folder, runtime, notes, test };
    this.#opened.set(fn, opened);
    return fn;
  }

  async build(
    fn: LocalFunction,
    { noCache = false }: { readonly noCache?: boolean | undefined },
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalImage> {
    const { maker, functions } = this.#options;
    progress.onStep(`building ${fn.name}`);
    const { settings, ...image } = await maker.make(this.#requireOpened(fn), noCache, progress, signal);
    await functions.remember(fn.name, settings);
    return image;
  }

  async push(
    fn: LocalFunction,
    image: LocalImage,
    registry: string,
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalImage> {
    const { engine, home, env } = this.#options;
    const pushed = await pushImage({ engine, home, env, name: fn.name, image, registry }, progress, signal);
    return { ...image, tags: [...image.tags, ...pushed] };
  }

  async exportTo(fn: LocalFunction, destination: string): Promise<readonly string[]> {
    const { files } = await this.#options.openSources();
    return exportFolder(this.#requireOpened(fn), destination, {
      sources: files,
      findImage: async (reference) => {
        try {
          return await this.#options.engine.images.findImage(reference);
        } catch (error) {
          // Without an engine here, the folder is for another one.
          if (isAppError(error, "unavailable")) return undefined;
          throw error;
        }
      },
    });
  }

  async test(fn: LocalFunction, progress: LocalProgress, signal: AbortSignal): Promise<LocalTestResult> {
    const { engine, maker } = this.#options;
    const opened = this.#requireOpened(fn);
    progress.onStep(`building ${fn.name}`);
    const image = await maker.makeTemporary(opened, "test", progress, signal);
    const volumesFolder = await mkdtemp(join(tmpdir(), "slipway-test-"));
    try {
      return await this.#testImage(opened, image, volumesFolder, progress, signal);
    } finally {
      await engine.untag(image.image);
      await rm(volumesFolder, { recursive: true, force: true });
    }
  }

  async #testImage(
    { name, test }: OpenedFolder,
    { image, settings }: MadeImage,
    volumesFolder: string,
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalTestResult> {
    const { engine, starter } = this.#options;
    progress.onStep(`starting ${name}`);
    const { id, port, address } = await starter.start({
      name,
      image,
      settings,
      settingsHash: hashOfSettings(settings),
      purpose: "test",
      hostPort: null,
      volumesFolder,
      signal,
    });
    try {
      if (test === null || port === null) return { hasPassed: true, reason: null, hasTest: false };
      progress.onStep(`testing ${name}`);
      const testing = runDeployTest({ address, port }, test, settings.protocol, settings.timeoutMs);
      const reason = await endedBy(testing, signal);
      return { hasPassed: reason === null, reason, hasTest: true };
    } finally {
      await engine.containers.remove(id);
    }
  }

  #requireOpened(fn: LocalFunction): OpenedFolder {
    const opened = this.#opened.get(fn);
    if (opened === undefined) throw new TypeError("this function was not opened here");
    return opened;
  }
}

/** What `work` answers, unless the signal aborts first. @throws the signal's reason */
async function endedBy<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
