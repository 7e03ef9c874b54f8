/** Images between the engine and registries. The engine does the work; a login goes with each call and is kept nowhere. */

import type Docker from "dockerode";
import { AppError, isAppError } from "../domain/errors.ts";
import { DOCKER_HUB, type RegistryDriver, type RegistryLogin, registryHostOf } from "../domain/registry.ts";
import type { DockerClient } from "./docker-client.ts";
import { engineStatus, engineWords } from "./engine-error.ts";
import { readLines } from "./engine-stream.ts";
import { PullProgress, type PullStep } from "./pull-progress.ts";

/** What engines call Docker Hub where a login is meant. */
const HUB_ADDRESS = "https://index.docker.io/v1/";
/** Where images are pulled. */
const PULL = "/images/create?";
/** Longest time a registry may take to say whether it knows a login, in milliseconds. */
const CHECK_LIMIT_MS = 30_000;

export class RegistryTransfers implements RegistryDriver {
  readonly #client: DockerClient;

  constructor(client: DockerClient) {
    this.#client = client;
  }

  async pushImage(
    reference: string,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { repository, tag } = split(reference);
    const path = `/images/${repository}/push?`;
    await this.#transfer(reference, { path, options: { tag } }, login, onLine, signal);
  }

  async pullImage(
    reference: string,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { repository, tag } = split(reference);
    const options = { fromImage: repository, tag };
    await this.#transfer(reference, { path: PULL, options }, login, onLine, signal);
  }

  async hasImage(reference: string, login: RegistryLogin | undefined, signal: AbortSignal): Promise<boolean> {
    const host = registryHostOf(reference);
    try {
      signal.throwIfAborted();
      await this.#client.call((engine) => inspectRemote(engine, reference, login, signal));
      return true;
    } catch (error) {
      if (signal.aborted) throw new AppError("cancelled", "Cancelled.", { cause: error });
      if (isEngineAway(error)) throw error;
      const told = registryError(host, engineWords(error), error);
      if (told.code === "not_found") return false;
      throw told;
    }
  }

  async checkLogin(login: RegistryLogin): Promise<void> {
    const signal = AbortSignal.timeout(CHECK_LIMIT_MS);
    try {
      await this.#client.call((engine) => engine.checkAuth({ ...authOf(login), abortSignal: signal }));
    } catch (error) {
      if (signal.aborted) throw awayError(login.host, "it did not answer in time", error);
      throw isEngineAway(error) ? error : registryError(login.host, engineWords(error), error);
    }
  }

  async #transfer(
    reference: string,
    call: Call,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const host = registryHostOf(reference);
    try {
      signal.throwIfAborted();
      const answer = await this.#client.stream((engine) => post(engine, call, login, signal));
      const failure = await (call.path.startsWith(PULL) ? readPull(answer, onLine) : readProgress(answer, onLine));
      if (failure !== undefined) throw registryError(host, failure, undefined);
    } catch (error) {
      if (signal.aborted) throw new AppError("cancelled", "Cancelled.", { cause: error });
      if (isAppError(error) && error.cause === undefined) throw error;
      // Also when the engine goes away in the middle of its answer.
      const told = this.#client.translate(error);
      throw isEngineAway(told) || told.code === "disk_full" ? told : registryError(host, engineWords(error), error);
    }
  }
}

type Call = { readonly path: string; readonly options: Readonly<Record<string, string>> };

function post(
  engine: Docker,
  call: Call,
  login: RegistryLogin | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const statusCodes = { 200: true, 404: "not found", 500: "server error" };
  // A push needs the header even when there is nothing to say.
  const authconfig = login === undefined ? { base64: "e30=" } : authOf(login);
  const request = { ...call, method: "POST", isStream: true, statusCodes, authconfig, abortSignal: signal };
  return new Promise((resolve, reject) => {
    engine.modem.dial(request, (error: Error | null, answer: unknown) => {
      if (error) reject(error);
      else resolve(answer as AsyncIterable<Buffer>);
    });
  });
}

/** dockerode's own call can't be aborted. */
function inspectRemote(engine: Docker, reference: string, login: RegistryLogin | undefined, signal: AbortSignal) {
  const statusCodes = { 200: true, 401: "no access", 403: "no access", 404: "not found", 500: "server error" };
  const authconfig = login === undefined ? { base64: "e30=" } : authOf(login);
  const path = `/distribution/${reference}/json`;
  const request = { path, method: "GET", statusCodes, authconfig, abortSignal: signal };
  return new Promise<void>((resolve, reject) => {
    engine.modem.dial(request, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

function authOf({ host, username, password }: RegistryLogin) {
  return { username, password, serveraddress: host === DOCKER_HUB ? HUB_ADDRESS : host };
}

type ProgressLine = PullStep & { readonly error?: string };

/** What the registry and the engine say, and now and then how far the layers are. */
async function readPull(answer: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<string | undefined> {
  const progress = new PullProgress(() => performance.now());
  let failure: string | undefined;
  for await (const text of readLines(answer)) {
    if (text.trim() === "") continue;
    const step = JSON.parse(text) as ProgressLine;
    failure ??= step.error;
    const line = progress.take(step);
    if (line !== undefined) onLine(line);
  }
  return failure;
}

/** Each layer's steps once, without the bars in between. Answers the engine's words when it failed. */
async function readProgress(
  answer: AsyncIterable<Buffer>,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  const said = new Set<string>();
  let failure: string | undefined;
  for await (const text of readLines(answer)) {
    if (text.trim() === "") continue;
    const { id, status, progressDetail, error } = JSON.parse(text) as ProgressLine;
    failure ??= error;
    const line = id === undefined ? status : `${id}: ${status}`;
    if (status === undefined || line === undefined || progressDetail?.current !== undefined || said.has(line)) continue;
    if (/^(Preparing|Waiting|Pulling fs layer|Verifying Checksum|Download complete)$/.test(status)) continue;
    said.add(line);
    onLine(line);
  }
  return failure;
}

/** What a registry, or the way to it, says through the engine. */
function registryError(host: string, words: string, cause: unknown): AppError {
  const said = words.replace(/^Error response from daemon: /, "");
  if (
    /unauthorized|authentication required|incorrect username or password|access.*denied|no basic auth|denied:/i.test(
      said,
    )
  ) {
    return new AppError("unauthorized", `The registry ${host} refuses: ${said}`, {
      cause,
      remedy: `Log in to it: slipway registry login ${host}`,
    });
  }
  if (/invalid reference format|invalid repository name|invalid tag format/i.test(said))
    return new AppError("invalid", `That is no image's name: ${said}`, { cause });
  if (/not found|manifest unknown|does not exist|no such image|name unknown/i.test(said))
    return new AppError("not_found", `The registry ${host} has no such image: ${said}`, { cause });
  return awayError(host, said, cause);
}

function awayError(host: string, words: string, cause: unknown): AppError {
  return new AppError("bad_gateway", `The registry ${host} can't be used: ${words}`, {
    cause,
    remedy: "Check its address, and that the Docker engine reaches it.",
  });
}

function isEngineAway(error: unknown): boolean {
  return isAppError(error, "unavailable") && engineStatus(error) === undefined;
}

function split(reference: string): { readonly repository: string; readonly tag: string } {
  if (reference.includes("@")) return { repository: reference, tag: "" };
  const colon = reference.lastIndexOf(":");
  const hasTag = colon > reference.lastIndexOf("/");
  return hasTag
    ? { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { repository: reference, tag: "latest" };
}
