/** What a build has to do with registries: private base images, and the images it makes, which are kept in one. */

import type { ImageDriver, ImageInfo } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { RegistryDriver, RegistryLogins } from "../domain/registry.ts";

export type ImageRegistryOptions = {
  readonly images: Pick<ImageDriver, "findImage" | "tagImage" | "removeImage"> & RegistryDriver;
  readonly logins: RegistryLogins;
  /** `host/prefix` that images are pushed below; null: they stay on the engine. */
  readonly target: string | null;
};

type Log = (text: string) => void;

/** Lines of the engine's progress that are kept for an error. */
const TAIL_LINES = 20;

export class ImageRegistry {
  readonly #options: ImageRegistryOptions;

  constructor(options: ImageRegistryOptions) {
    this.#options = options;
  }

  /**
   * Fetches those images that the engine does not have and whose registry has a login; the engine itself fetches others.
   * @throws AppError `build_failed`, `cancelled`
   */
  async fetchBases(references: readonly string[], log: Log, signal: AbortSignal): Promise<void> {
    const { images, logins } = this.#options;
    for (const reference of references) {
      if ((await images.findImage(reference)) !== undefined) continue;
      const login = await logins.findFor(reference);
      if (login === undefined) continue;
      log(`Fetching base image ${reference} as ${login.username}\n`);
      await explained(`Base image ${reference} can't be fetched`, log, (onLine) =>
        images.pullImage(reference, login, onLine, signal),
      );
    }
  }

  /**
   * Sends `image` to the registry as `<target>/<project>/<service>:<tag>`. Without a target nothing is done.
   * @throws AppError `build_failed` with the registry's words, `cancelled`
   */
  async push(image: string, name: string, log: Log, signal: AbortSignal): Promise<void> {
    const { images, logins } = this.#options;
    const remote = this.#remoteOf(name);
    if (remote === undefined) return;
    log(`Pushing ${remote}\n`);
    await images.tagImage(image, remote);
    try {
      const login = await logins.findFor(remote);
      await explained(`The image was built, but ${remote} can't be pushed`, log, (onLine) =>
        images.pushImage(remote, login, onLine, signal),
      );
    } finally {
      await images.removeImage(remote);
    }
  }

  /**
   * Fetches what was pushed as that name and gives it the tag `image`, if the registry has it and `isWanted` says so.
   * A registry that can't be asked is no reason to fail: the image can be built.
   */
  async fetch(
    image: string,
    name: string,
    isWanted: (info: ImageInfo) => boolean,
    log: Log,
    signal: AbortSignal,
  ): Promise<ImageInfo | undefined> {
    const { images, logins } = this.#options;
    const remote = this.#remoteOf(name);
    if (remote === undefined) return undefined;
    try {
      await images.pullImage(remote, await logins.findFor(remote), () => undefined, signal);
    } catch (error) {
      if (!isAppError(error) || error.code === "cancelled") throw error;
      if (error.code !== "not_found") log(`${remote} can't be fetched: ${error.message}\n`);
      return undefined;
    }
    try {
      const found = await images.findImage(remote);
      if (found === undefined || !isWanted(found)) return undefined;
      log(`Fetched ${remote}\n`);
      await images.tagImage(remote, image);
      return found;
    } finally {
      await images.removeImage(remote);
    }
  }

  #remoteOf(name: string): string | undefined {
    const { target } = this.#options;
    return target === null ? undefined : `${target}/${name}`;
  }
}

/** Writes the engine's progress into the log and puts its end into the error. */
async function explained(
  what: string,
  log: Log,
  work: (onLine: (line: string) => void) => Promise<void>,
): Promise<void> {
  const tail: string[] = [];
  try {
    await work((line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      log(`${line}\n`);
    });
  } catch (error) {
    if (!isAppError(error) || error.code === "cancelled" || error.code === "unavailable") throw error;
    throw new AppError("build_failed", `${what}: ${error.message}`, {
      cause: error,
      logTail: [...tail, error.message].join("\n"),
      ...(error.remedy !== undefined && { remedy: error.remedy }),
    });
  }
}
