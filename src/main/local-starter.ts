/** Starts one local container and waits until it is well; one that never is goes, and its last words are told. */

import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalPurpose } from "../docker/local-config.ts";
import type { LocalState } from "../docker/local-containers.ts";
import { tailOf, type VolumeMount } from "../domain/deployment.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { findFreePort } from "../lib/free-port.ts";
import { randomHex } from "../lib/ids.ts";
import { lookAt } from "../reconciler/look-at.ts";
import { ensureFolders, resolveMounts } from "../reconciler/volume-folders.ts";
import type { LocalEngine } from "./local-engine.ts";
import type { LocalSettings } from "./local-settings.ts";
import type { LocalStore } from "./local-store.ts";

/** How often a starting container is looked at, in milliseconds. */
const LOOK_MS = 20;
/** How long one without a port must run to be taken for well, in milliseconds. */
const PORTLESS_READY_MS = 3_000;
const PORT_TRIES = 3;
const TAIL_LINES = 50;
/** Time an old container has to end by itself, in seconds. */
export const STOP_GRACE_SECONDS = 10;

export type StartRequest = {
  readonly name: string;
  /** Tag or id. */
  readonly image: string;
  readonly settings: LocalSettings;
  /** Of the settings as they were built, whatever port was found since. */
  readonly settingsHash: string;
  readonly purpose: LocalPurpose;
  /** On 127.0.0.1; undefined: a free one; null: it is published nowhere. */
  readonly hostPort: number | undefined | null;
  /** Where relative volumes lie; undefined: in the function's own folder. */
  readonly volumesFolder?: string | undefined;
  readonly signal: AbortSignal;
};

/** A container that was started; whether it is well is not known yet. */
export type Launched = {
  readonly id: string;
  readonly containerName: string;
  /** Null: it is published nowhere. */
  readonly hostPort: number | null;
};

export type Started = Launched & {
  /** Where it listens inside; null: it has no port. */
  readonly port: number | null;
  readonly address: string;
};

export class LocalStarter {
  readonly #engine: LocalEngine;
  readonly #store: LocalStore;

  constructor(engine: LocalEngine, store: LocalStore) {
    this.#engine = engine;
    this.#store = store;
  }

  /**
   * Answers once it is well. Nothing of it is left when this throws.
   * @throws AppError `deploy_failed` with its last words, `conflict` (port), `not_found` (image, network); the signal's reason
   */
  async start(request: StartRequest): Promise<Started> {
    const { listenPorts } = request.settings;
    const started = await this.#startOnce(request);
    const isPublished = started.hostPort !== null;
    if (!isPublished || started.port === null || started.port === listenPorts[0]) return started;
    // It listens where it was not looked for first, so another port of it must be published.
    await this.#engine.containers.remove(started.id);
    return this.#startOnce({ ...request, settings: { ...request.settings, listenPorts: [started.port] } });
  }

  /** Waits until a container that was just (re)started is well. Answers its port and address. @throws as `start`; it stays */
  async untilWell(
    id: string,
    name: string,
    settings: LocalSettings,
    signal: AbortSignal,
  ): Promise<{ readonly port: number | null; readonly address: string }> {
    const { containers } = this.#engine;
    const { listenPorts, health, startMs } = settings;
    const beganAt = performance.now();
    for (;;) {
      const state = await containers.state(id);
      if (!state.isRunning) throw await this.#ended(id, name, state);
      const ageMs = performance.now() - beganAt;
      if (listenPorts.length === 0 && ageMs >= PORTLESS_READY_MS)
        return { port: null, address: state.addresses[0] ?? "" };
      for (const address of listenPorts.length === 0 ? [] : state.addresses) {
        const deployment = { listenPorts, health };
        const target = {
          runtimeId: id,
          serviceId: name,
          address,
          startedAt: state.startedAt,
          isReady: false,
          deployment,
        };
        const port = await lookAt(target);
        if (port !== undefined) return { port, address };
      }
      if (ageMs > startMs) throw await this.#neverWell(id, name, settings);
      await pause(LOOK_MS, signal);
    }
  }

  /** The last lines of its log. */
  async lastWords(id: string): Promise<string> {
    const lines: string[] = [];
    const past = { tail: TAIL_LINES, follow: false };
    for await (const { line } of this.#engine.containers.logs(id, past, new AbortController().signal)) lines.push(line);
    return tailOf(lines.join("\n"));
  }

  async #startOnce(request: StartRequest): Promise<Started> {
    const { name, settings, signal } = request;
    signal.throwIfAborted();
    const { id, containerName, hostPort } = await this.launch(request);
    try {
      const { port, address } = await this.untilWell(id, name, settings, signal);
      return { id, containerName, port, hostPort, address };
    } catch (error) {
      await this.#engine.containers.remove(id);
      throw error;
    }
  }

  /**
   * Starts it and does not wait. A free port may be taken by somebody else between its finding and the start: then
   * another is tried. @throws as `start`, but for what shows later
   */
  async launch(request: Omit<StartRequest, "signal">): Promise<Launched> {
    const { name, image, settings, settingsHash, purpose } = request;
    const mounts = await this.#mounts(request);
    const [containerPort] = settings.listenPorts;
    for (let attempt = 1; ; attempt += 1) {
      const hostPort = containerPort === undefined ? null : await portFor(request.hostPort);
      const containerName = `slipway-local-${name}-${randomHex(3)}`;
      try {
        const id = await this.#engine.containers.run({
          functionName: name,
          containerName,
          purpose,
          settingsHash,
          madeAt: Date.now(),
          image,
          env: { ...(containerPort !== undefined && { PORT: String(containerPort) }), ...settings.env },
          command: settings.command,
          resources: settings.resources,
          mounts,
          networks: settings.networks,
          capabilities: settings.capabilities,
          isolation: settings.isolation,
          port: containerPort === undefined || hostPort === null ? null : { containerPort, hostPort },
        });
        return { id, containerName, hostPort };
      } catch (error) {
        const canRetry = isAppError(error, "conflict") && request.hostPort === undefined && attempt < PORT_TRIES;
        if (!canRetry) throw error;
      }
    }
  }

  async #mounts({ name, image, settings, volumesFolder }: Omit<StartRequest, "signal">) {
    const volumes = resolveMounts(volumesFolder ?? this.#store.volumesFolder(name), "", "", settings.volumes);
    if (volumes.length > 0) await this.#ensureFolders(volumes, image);
    const secrets = { source: await this.#store.secretsFolder(name), target: "/secrets", readOnly: true };
    return [...volumes, secrets];
  }

  /** Only root can give a folder away; anybody else opens it, below a parent that only he can pass. */
  async #ensureFolders(volumes: readonly VolumeMount[], image: string): Promise<void> {
    const missing = volumes.filter(({ source }) => !existsSync(source));
    try {
      await ensureFolders(volumes, await this.#engine.images.ownerOf(image));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
      await ensureFolders(volumes, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
      for (const { source } of missing) await chmod(source, 0o777);
    }
  }

  async #ended(id: string, name: string, state: LocalState): Promise<AppError> {
    const why = state.wasOomKilled ? "it needed more memory than it may have" : `exit code ${state.exitCode}`;
    return this.#failed(id, `${name} ended before it answered: ${why}.`);
  }

  async #neverWell(id: string, name: string, { listenPorts, health, startMs }: LocalSettings): Promise<AppError> {
    const where = listenPorts.map(String).join(", ");
    const what =
      health === null ? `nothing listens on ${where}` : `its health check ${health.path} (port ${where}) fails`;
    return this.#failed(id, `${name} is not well after ${Math.round(startMs / 1000)} s: ${what}.`);
  }

  async #failed(id: string, message: string): Promise<AppError> {
    const logTail = await this.lastWords(id);
    return new AppError("deploy_failed", message, {
      ...(logTail !== "" && { logTail }),
      remedy: "Mend the cause and try again. What ran before runs on.",
    });
  }
}

async function portFor(wanted: number | undefined | null): Promise<number | null> {
  return wanted === undefined ? findFreePort() : wanted;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
