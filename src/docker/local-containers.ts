/** Containers of the local workshop: made, started, listed, restarted, given files, removed. Only local ones are touched. */

import { Readable } from "node:stream";
import type { ContainerInfo } from "dockerode";
import { AppError, isAppError } from "../domain/errors.ts";
import type { DockerClient } from "./docker-client.ts";
import { engineStatus, engineWords } from "./engine-error.ts";
import { openStream, readLines } from "./engine-stream.ts";
import { execInInstance } from "./instance-exec.ts";
import { readInstanceLogs } from "./instance-logs.ts";
import { LOCAL_LABELS, type LocalContainerSpec, type LocalPurpose, localContainerConfig } from "./local-config.ts";

/** The one network that is made when it is missing; any other must be there. */
const MADE_NETWORK = "faaso-net";
const NOT_MODIFIED = 304;

export type LocalContainer = {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  readonly purpose: LocalPurpose;
  readonly settingsHash: string;
  readonly imageId: string;
  readonly isRunning: boolean;
  readonly port: { readonly containerPort: number; readonly hostPort: number } | null;
  /** IPv4 addresses on its networks; none when it does not run. */
  readonly addresses: readonly string[];
  /** ms since the epoch. */
  readonly madeAt: number;
};

/** How a container is at this moment. */
export type LocalState = {
  readonly isRunning: boolean;
  readonly exitCode: number;
  readonly wasOomKilled: boolean;
  readonly addresses: readonly string[];
  /** ms since the epoch. */
  readonly startedAt: number;
};

export class DockerLocalContainers {
  readonly #client: DockerClient;

  constructor(client: DockerClient) {
    this.#client = client;
  }

  /**
   * Makes and starts one; answers its id. Nothing is left of one that can't be started.
   * @throws AppError `not_found` (image, network), `conflict` (port), `deploy_failed` with the engine's words
   */
  async run(spec: LocalContainerSpec): Promise<string> {
    for (const network of spec.networks) await this.#requireNetwork(network);
    const { id } = await this.#client.call((engine) => engine.createContainer(localContainerConfig(spec)));
    try {
      for (const network of spec.networks.slice(1)) {
        await this.#client.call((engine) => engine.getNetwork(network).connect({ Container: id }));
      }
      await this.start(id);
      return id;
    } catch (error) {
      await this.remove(id);
      throw error;
    }
  }

  /** Idempotent. @throws as `run` */
  async start(id: string): Promise<void> {
    try {
      await this.#client.call((engine) => engine.getContainer(id).start());
    } catch (error) {
      if (engineStatus(error) !== NOT_MODIFIED) throw startError(error);
    }
  }

  /** SIGTERM, and SIGKILL after `graceSeconds`; the container stays. Idempotent. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    try {
      await this.#client.stream((engine) => engine.getContainer(id).stop({ t: graceSeconds }));
    } catch (error) {
      if (engineStatus(error) !== NOT_MODIFIED && !isAppError(error, "not_found")) throw error;
    }
  }

  /** Ends it at once and starts it again, with the same port. @throws as `run` */
  async restart(id: string): Promise<void> {
    try {
      await this.#client.call((engine) => engine.getContainer(id).restart({ t: 0 }));
    } catch (error) {
      throw startError(error);
    }
  }

  /** With its anonymous volumes, also while it runs. Idempotent. */
  async remove(id: string): Promise<void> {
    try {
      await this.#client.call((engine) => engine.getContainer(id).remove({ force: true, v: true }));
    } catch (error) {
      // A conflict is somebody else's removal under way.
      if (!isAppError(error, "not_found") && !isAppError(error, "conflict")) throw error;
    }
  }

  /** Of one function or of all, oldest first. */
  async list(functionName?: string): Promise<readonly LocalContainer[]> {
    const label = functionName === undefined ? LOCAL_LABELS.name : `${LOCAL_LABELS.name}=${functionName}`;
    const found = await this.#client.call((engine) =>
      engine.listContainers({ all: true, filters: { label: [label] } }),
    );
    return found.map(fromList).sort((a, b) => a.madeAt - b.madeAt || (a.name < b.name ? -1 : 1));
  }

  /** @throws AppError `not_found` */
  async state(id: string): Promise<LocalState> {
    const { State, NetworkSettings } = await this.#client.call((engine) => engine.getContainer(id).inspect());
    return {
      isRunning: State.Running,
      exitCode: State.ExitCode,
      wasOomKilled: State.OOMKilled,
      addresses: addressesOf(NetworkSettings.Networks),
      startedAt: Date.parse(State.StartedAt),
    };
  }

  logs(id: string, options: { readonly tail: number; readonly follow: boolean }, signal: AbortSignal) {
    return readInstanceLogs(this.#client, id, options, signal);
  }

  exec(id: string, command: readonly string[], timeoutMs: number) {
    return execInInstance(this.#client, id, command, timeoutMs);
  }

  /** Unpacks a tar below `folder` in the container, which may run. @throws AppError `not_found` (no such folder) */
  async putFiles(id: string, folder: string, tar: AsyncIterable<Uint8Array>): Promise<void> {
    const body = Readable.from(tar);
    await this.#client.stream((engine) => engine.getContainer(id).putArchive(body, { path: folder }));
  }

  /** Yields whenever a container of that function starts or ends, from `sinceMs` (ms since the epoch) until the signal aborts. */
  async *watch(functionName: string, sinceMs: number, signal: AbortSignal): AsyncGenerator<"start" | "die"> {
    const filters = { type: ["container"], event: ["start", "die"], label: [`${LOCAL_LABELS.name}=${functionName}`] };
    try {
      const chunks = await this.#client.stream((engine) =>
        openStream(engine, "/events", { filters: JSON.stringify(filters), since: Math.floor(sinceMs / 1000) }, signal),
      );
      for await (const line of readLines(chunks)) {
        const { Action } = JSON.parse(line) as { readonly Action: string };
        if (Action === "start" || Action === "die") yield Action;
      }
    } catch (error) {
      if (!signal.aborted) throw this.#client.translate(error);
    }
  }

  async #requireNetwork(name: string): Promise<void> {
    if (name === "bridge" || name === "host" || name === "none") return;
    if (await this.#hasNetwork(name)) return;
    if (name !== MADE_NETWORK) {
      throw new AppError("not_found", `There is no network ${name} on this engine.`, {
        remedy: `Make it (docker network create ${name}), or leave it out of networks.`,
      });
    }
    try {
      await this.#client.call((engine) => engine.createNetwork({ Name: name, CheckDuplicate: true, Driver: "bridge" }));
    } catch (error) {
      if (!isAppError(error, "conflict") && !(await this.#hasNetwork(name))) throw error;
    }
  }

  async #hasNetwork(name: string): Promise<boolean> {
    const found = await this.#client.call((engine) => engine.listNetworks({ filters: { name: [name] } }));
    return found.some((network) => network.Name === name);
  }
}

function fromList(info: ContainerInfo): LocalContainer {
  const port = /^(\d+):(\d+)$/.exec(info.Labels[LOCAL_LABELS.port] ?? "");
  return {
    id: info.Id,
    name: (info.Names[0] ?? "").replace(/^\//, ""),
    functionName: info.Labels[LOCAL_LABELS.name] ?? "",
    purpose: (info.Labels[LOCAL_LABELS.purpose] ?? "up") as LocalPurpose,
    settingsHash: info.Labels[LOCAL_LABELS.settings] ?? "",
    imageId: info.ImageID,
    isRunning: info.State === "running",
    port: port === null ? null : { containerPort: Number(port[1]), hostPort: Number(port[2]) },
    addresses: addressesOf(info.NetworkSettings.Networks),
    madeAt: Number(info.Labels[LOCAL_LABELS.madeAt] ?? info.Created * 1000),
  };
}

function addressesOf(networks: Readonly<Record<string, { readonly IPAddress?: string }>>): readonly string[] {
  return Object.values(networks).flatMap(({ IPAddress }) => (IPAddress ? [IPAddress] : []));
}

function startError(error: unknown): unknown {
  const words = engineWords(error);
  if (/port is already allocated|address already in use/i.test(words)) {
    // `… listen tcp4 127.0.0.1:3000: bind: address already in use`, `Bind for 127.0.0.1:3000 failed: port is already …`
    const port = /127\.0\.0\.1:(\d+)/.exec(words)?.[1];
    return new AppError("conflict", `${port === undefined ? "The port" : `Port ${port}`} is taken on this machine.`, {
      cause: error,
      remedy: "Choose another with --port.",
    });
  }
  const status = engineStatus(error);
  if ((status !== 400 && status !== 403 && status !== 500) || isAppError(error, "disk_full")) return error;
  return new AppError("deploy_failed", `The container can't be started: ${words}`, { cause: error });
}
