/** Pushes a local image to a registry, with the login that `docker login` left in `~/.docker/config.json`. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, invalidField, isAppError } from "../domain/errors.ts";
import { DOCKER_HUB, type RegistryLogin, registryHostOf } from "../domain/registry.ts";
import type { LocalImage, LocalProgress } from "../domain/workshop.ts";
import type { LocalEngine } from "./local-engine.ts";

export type PushRequest = {
  readonly engine: LocalEngine;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly name: string;
  readonly image: LocalImage;
  /** `host/prefix`. */
  readonly registry: string;
};

/** Answers the pushed tags. The tags stay on the engine. @throws AppError as RegistryDriver.pushImage, `invalid` (registry) */
export async function pushImage(
  { engine, home, env, name, image, registry }: PushRequest,
  progress: LocalProgress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const tags = registryTags(registry, name, image.tags);
  const configFolder = env.DOCKER_CONFIG ?? join(home, ".docker");
  const login = await findLogin(join(configFolder, "config.json"), registryHostOf(tags[0] ?? registry));
  for (const tag of tags) {
    await engine.images.tagImage(image.imageId, tag);
    progress.onStep(`pushing ${tag}`);
    await engine.registries
      .pushImage(tag, login, (line) => progress.onLog(`${line}\n`), signal)
      .catch((error: unknown) => {
        throw withLoginHint(error, registryHostOf(tag));
      });
  }
  return tags;
}

/** `<registry>/<name>:…` for each tag of the build. @throws AppError `invalid` */
export function registryTags(registry: string, name: string, tags: readonly string[]): readonly string[] {
  const prefix = registry.replace(/\/+$/, "");
  if (!/^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/.test(prefix)) {
    throw invalidField("registry", `${JSON.stringify(registry)} is no registry`, "Write it as ghcr.io/someone.");
  }
  return tags.map((tag) => `${prefix}/${name}:${tag.slice(tag.lastIndexOf(":") + 1)}`);
}

/** The login for a host in Docker's own file; undefined when it has none there. @throws AppError `invalid` (unreadable, no JSON) */
export async function findLogin(configFile: string, host: string): Promise<RegistryLogin | undefined> {
  let text: string;
  try {
    text = await readFile(configFile, "utf8");
  } catch (error) {
    // Nobody has logged in, and not every registry asks for it.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AppError("invalid", `${configFile} can't be read, which is to hold the login for ${host}.`, {
      cause: error,
      remedy: "Make it readable for you, or name another folder: DOCKER_CONFIG.",
    });
  }
  let config: { readonly auths?: Readonly<Record<string, { readonly auth?: string }>> };
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid", `${configFile} is no JSON.`, { cause, remedy: `Log in again: docker login ${host}` });
  }
  const auths = Object.entries(config.auths ?? {});
  const entry = auths.find(([key]) => hostOf(key) === host)?.[1].auth;
  if (entry === undefined) return undefined;
  const decoded = Buffer.from(entry, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return colon < 0 ? undefined : { host, username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** Docker writes Docker Hub as `https://index.docker.io/v1/`. */
function hostOf(key: string): string {
  const host = key
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "")
    .toLowerCase();
  return host === "index.docker.io" ? DOCKER_HUB : host;
}

function withLoginHint(error: unknown, host: string): unknown {
  if (!isAppError(error, "unauthorized")) return error;
  return new AppError("unauthorized", error.message, {
    cause: error,
    remedy: `Log in first: docker login ${host} (the password is to stand in ~/.docker/config.json, not in a helper).`,
  });
}
