/**
 * The door to the Docker engine: finds its API version, hands out clients that speak it, and turns whatever the engine
 * answers into AppErrors. Opens nothing until the first call, so that it can exist while the engine is away, and asks
 * for the version anew after the engine was away, because it may come back as another one.
 */

import { Agent } from "node:http";
import Docker from "dockerode";
import { AppError } from "../domain/errors.ts";
import { toAppError } from "./engine-error.ts";

/** Oldest API of the engine that has all we use (Docker 20.10). */
export const MIN_API_VERSION = "1.41";
export const DEFAULT_SOCKET_PATH = "/var/run/docker.sock";

/** How long the engine may be silent in a call that is not a stream, in milliseconds. */
const CALL_SILENCE_MS = 120_000;
const VERSION_SILENCE_MS = 5_000;

export type EngineVersion = {
  /** Of the engine, such as `20.10.24`. */
  readonly version: string;
  /** Newest API of the engine, such as `1.41`; every call speaks it. */
  readonly apiVersion: string;
};

type Session = { readonly version: EngineVersion; readonly calls: Docker; readonly streams: Docker };

export class DockerClient {
  readonly socketPath: string;
  // No keep-alive: a new connection on a socket file costs 0.1 ms, and a kept one breaks when the engine restarts.
  readonly #agent = new Agent({ keepAlive: false });
  #session: Promise<Session> | undefined;

  constructor(options: { readonly socketPath?: string | undefined } = {}) {
    this.socketPath = options.socketPath ?? DEFAULT_SOCKET_PATH;
  }

  /** For requests that answer and end. @throws AppError as `toAppError` says, `unavailable` for a too old engine */
  call<T>(work: (engine: Docker) => Promise<T>): Promise<T> {
    return this.#with((session) => work(session.calls));
  }

  /** For answers that stream, which may be silent for any time, and for calls that wait. @throws as `call` */
  stream<T>(work: (engine: Docker) => Promise<T>): Promise<T> {
    return this.#with((session) => work(session.streams));
  }

  /** Version of the engine as it answers now. @throws AppError `unavailable` */
  async version(): Promise<EngineVersion> {
    this.#session = undefined;
    return this.#with(async (session) => session.version);
  }

  /** For errors of streams, which come after `stream` has answered. */
  translate(error: unknown): AppError {
    return toAppError(error, this.socketPath);
  }

  async #with<T>(work: (session: Session) => Promise<T>): Promise<T> {
    try {
      this.#session ??= this.#open().catch((error) => {
        this.#session = undefined;
        throw error;
      });
      return await work(await this.#session);
    } catch (error) {
      const appError = this.translate(error);
      if (appError.code === "unavailable") this.#session = undefined;
      throw appError;
    }
  }

  async #open(): Promise<Session> {
    const answer = await this.#docker({ timeout: VERSION_SILENCE_MS }).version();
    const version = { version: answer.Version, apiVersion: answer.ApiVersion };
    requireApiVersion(version);
    return {
      version,
      calls: this.#docker({ version: `v${version.apiVersion}`, timeout: CALL_SILENCE_MS }),
      streams: this.#docker({ version: `v${version.apiVersion}` }),
    };
  }

  #docker(options: Docker.DockerOptions): Docker {
    // `host: ""` keeps dockerode from reading DOCKER_HOST of the environment: options come from main/ alone.
    const fixed = { host: "", protocol: "http", socketPath: this.socketPath, agent: this.#agent } as const;
    return new Docker({ ...options, ...fixed });
  }
}

/** @throws AppError `unavailable` when the engine is older than we can use */
export function requireApiVersion(engine: EngineVersion): void {
  const [major = 0, minor = 0] = engine.apiVersion.split(".").map(Number);
  const [minMajor = 0, minMinor = 0] = MIN_API_VERSION.split(".").map(Number);
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return;
  throw new AppError(
    "unavailable",
    `The Docker engine is too old: it is ${engine.version} with API ${engine.apiVersion}, and API ${MIN_API_VERSION} is needed.`,
    { remedy: "Upgrade Docker to 20.10 or newer." },
  );
}
