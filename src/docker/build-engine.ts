/**
 * Builds through the engine's `POST /build`: BuildKit first (with a session when there are secrets), the classic builder
 * where the engine has no BuildKit. Ending the connection cancels a build, so aborting is all that cancelling takes.
 */

import { Readable } from "node:stream";
import type Docker from "dockerode";
import type { BuildEngine, EngineBuild } from "../domain/build-engine.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { BuildOutput } from "./build-output.ts";
import { limitBuildkit } from "./buildkit-cgroup.ts";
import { openBuildkitSession } from "./buildkit-session.ts";
import type { DockerClient } from "./docker-client.ts";
import { engineStatus, engineWords } from "./engine-error.ts";

type Query = Readonly<Record<string, string | number | boolean | readonly string[]>>;

type OnOutput = (text: string) => void;

/** Microseconds of the scheduler's period that CPU limits are counted in. */
const CPU_PERIOD_US = 100_000;

export class DockerBuildEngine implements BuildEngine {
  readonly #client: DockerClient;
  #hasBuildkit: boolean;

  /** `hasBuildkit: false` leaves the classic builder only; else an engine without BuildKit is found out by itself. */
  constructor(client: DockerClient, options: { readonly hasBuildkit?: boolean } = {}) {
    this.#client = client;
    this.#hasBuildkit = options.hasBuildkit ?? true;
  }

  async build(build: EngineBuild, onOutput: OnOutput, signal: AbortSignal): Promise<{ readonly imageId: string }> {
    try {
      signal.throwIfAborted();
      const imageId = await this.#client.stream((engine) => this.#buildSomehow(engine, build, onOutput, signal));
      return { imageId };
    } catch (error) {
      if (signal.aborted) throw new AppError("cancelled", "The build was cancelled.", { cause: error });
      throw toBuildError(error);
    }
  }

  async importImage(rootfs: AsyncIterable<Uint8Array>, tag: string, changes: readonly string[]): Promise<string> {
    const colon = tag.lastIndexOf(":");
    const query = { fromSrc: "-", repo: tag.slice(0, colon), tag: tag.slice(colon + 1), changes };
    return await this.#client.stream(async (engine) =>
      readImportedId(await post(engine, "/images/create?", Readable.from(rootfs), query)),
    );
  }

  async #buildSomehow(engine: Docker, build: EngineBuild, onOutput: OnOutput, signal: AbortSignal): Promise<string> {
    if (this.#hasBuildkit) {
      try {
        return await buildWithBuildkit(engine, build, onOutput, signal);
      } catch (error) {
        if (!isWithoutBuildkit(error)) throw error;
        this.#hasBuildkit = false;
        onOutput("This engine has no BuildKit: building with the classic builder, without the host's own settings.\n");
      }
    }
    requireNoSecrets(build);
    return await buildClassic(engine, build, onOutput, signal);
  }
}

/** The classic builder could not keep them out of the image's history. */
function requireNoSecrets({ ownSecrets = [] }: EngineBuild): void {
  if (ownSecrets.length === 0) return;
  throw new AppError("build_failed", `This build takes secrets (${ownSecrets.join(", ")}), which needs BuildKit.`, {
    remedy: "Use a Docker engine with BuildKit (20.10 or newer on Linux), or build without secrets.",
  });
}

async function buildWithBuildkit(engine: Docker, build: EngineBuild, onOutput: OnOutput, signal: AbortSignal) {
  const warning = await limitBuildkit(build.memoryBytes, build.cpuMillicores);
  if (warning !== undefined) onOutput(`${warning}\n`);
  const secretIds = Object.keys(build.secrets);
  const session = secretIds.length > 0 ? await openBuildkitSession(engine, build.secrets) : undefined;
  try {
    const query = { ...baseQuery(build), version: "2", ...(session && { session: session.id }) };
    const context = Readable.from(build.openContext({ withSecrets: true }));
    const addedIds = secretIds.filter((id) => !build.ownSecrets?.includes(id));
    return await readBuild(await post(engine, "/build?", context, query, signal), addedIds, onOutput);
  } finally {
    session?.close();
  }
}

async function buildClassic(engine: Docker, build: EngineBuild, onOutput: OnOutput, signal: AbortSignal) {
  const query = {
    ...baseQuery(build),
    memory: build.memoryBytes,
    memswap: build.memoryBytes,
    cpuperiod: CPU_PERIOD_US,
    cpuquota: Math.round((build.cpuMillicores * CPU_PERIOD_US) / 1000),
    forcerm: true,
  };
  const context = Readable.from(build.openContext({ withSecrets: false }));
  return await readBuild(await post(engine, "/build?", context, query, signal), [], onOutput);
}

/** Sends a stream and answers the response as one; dockerode's own calls would open a second session. */
function post(
  engine: Docker,
  path: string,
  body: Readable,
  query: Query,
  signal?: AbortSignal,
): Promise<NodeJS.ReadableStream> {
  const statusCodes = { 200: true, 500: "server error" };
  const call = {
    path,
    method: "POST",
    file: body,
    options: query,
    isStream: true,
    statusCodes,
    ...(signal && { abortSignal: signal }),
  };
  return new Promise((resolve, reject) => {
    engine.modem.dial(call, (error: Error | null, answer: unknown) => {
      if (!error) return resolve(answer as NodeJS.ReadableStream);
      body.destroy();
      reject(error);
    });
  });
}

function baseQuery(build: EngineBuild): Query {
  return {
    t: build.tags,
    labels: JSON.stringify(build.labels),
    buildargs: JSON.stringify(build.buildArgs),
    nocache: build.noCache,
    rm: true,
  };
}

async function readBuild(
  answer: NodeJS.ReadableStream,
  secretIds: readonly string[],
  onOutput: OnOutput,
): Promise<string> {
  const output = new BuildOutput(secretIds, onOutput);
  answer.setEncoding("utf8");
  for await (const chunk of answer) output.write(String(chunk));
  return output.finish();
}

async function readImportedId(answer: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const last = JSON.parse(lines.at(-1) ?? "{}") as { readonly status?: string; readonly error?: string };
  if (last.status?.startsWith("sha256:")) return last.status;
  const words = last.error ?? "it gave no reason";
  if (/no space left on device/i.test(words)) throw new AppError("disk_full", "The disk of the Docker engine is full.");
  throw new AppError("internal", `The engine did not import the image: ${words}`);
}

/** The engine's refusal of `version=2`, or of the session that BuildKit needs. */
function isWithoutBuildkit(error: unknown): boolean {
  const status = engineStatus(error);
  if (status === 404 || status === 501) return true;
  return status !== undefined && /buildkit|invalid version|builder version/i.test(engineWords(error));
}

/** What the engine refuses with a status (a Dockerfile it can't parse, say) is a failed build, too. */
function toBuildError(error: unknown): unknown {
  const isRefusal = isAppError(error, "internal") && engineStatus(error) !== undefined;
  if (!isRefusal) return error;
  const words = engineWords(error);
  return new AppError("build_failed", `The build failed: ${words}`, { cause: error, logTail: words });
}
