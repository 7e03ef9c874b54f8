/** Instances as containers: made, started, stopped, removed, listed and looked at. Only this server's are ever touched. */

import type { InstanceDriver, InstanceSpec, ObservedInstance } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import type { DockerClient } from "./docker-client.ts";
import { engineStatus, engineWords } from "./engine-error.ts";
import type { EngineNames } from "./engine-names.ts";
import { GVISOR_RUNTIME, instanceConfig } from "./instance-config.ts";
import { fromInspect, fromList } from "./observed-instance.ts";
import type { RunFactsCache } from "./run-facts.ts";
import type { SharedNetworks } from "./shared-networks.ts";
import { addressIn, subnetOf } from "./subnet.ts";

type Wiring = {
  readonly client: DockerClient;
  readonly names: EngineNames;
  readonly networkPool: string;
  readonly facts: RunFactsCache;
  readonly shared: SharedNetworks;
  readonly hostPortAddress: string;
};

export class DockerInstances implements Omit<InstanceDriver, "setAlias" | "logs" | "exec"> {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #pool: string;
  readonly #facts: RunFactsCache;
  readonly #shared: SharedNetworks;
  readonly #hostPortAddress: string;

  constructor({ client, names, networkPool, facts, shared, hostPortAddress }: Wiring) {
    this.#client = client;
    this.#names = names;
    this.#pool = networkPool;
    this.#facts = facts;
    this.#shared = shared;
    this.#hostPortAddress = hostPortAddress;
  }

  async create(spec: InstanceSpec): Promise<string> {
    if (spec.isolation === "gvisor") await this.#requireGvisor();
    const id = await this.#make(spec);
    try {
      for (const network of spec.networks) await this.#shared.join(network, id);
    } catch (error) {
      await this.remove(id);
      throw error;
    }
    return id;
  }

  async #make(spec: InstanceSpec): Promise<string> {
    const name = this.#names.instance(spec);
    const address = addressIn(this.#pool, spec.projectNetworkIndex, spec.hostNumber);
    const config = instanceConfig(spec, {
      name,
      address,
      network: this.#names.network(spec.projectSlug),
      gateway: subnetOf(this.#pool, spec.projectNetworkIndex).gateway,
      labels: this.#names.instanceLabels(spec, address),
      hostPortAddress: this.#hostPortAddress,
    });
    const make = async () => (await this.#client.call((engine) => engine.createContainer(config))).id;
    try {
      return await make();
    } catch (error) {
      if (!isAppError(error, "conflict")) throw createError(error);
      await this.#removeOlderCopy(name, spec);
      return await make();
    }
  }

  async start(runtimeId: string): Promise<void> {
    try {
      await this.#client.call((engine) => engine.getContainer(runtimeId).start());
    } catch (error) {
      if (engineStatus(error) !== NOT_MODIFIED) throw startError(error);
    } finally {
      this.#facts.forget(runtimeId);
    }
  }

  async stop(runtimeId: string, graceMs: number): Promise<void> {
    // As a stream, because the answer comes when the instance has ended: silence is no sign of trouble.
    const stopping = this.#client.stream((engine) =>
      engine.getContainer(runtimeId).stop({ t: Math.ceil(graceMs / 1000) }),
    );
    await stopping.catch((error) => {
      if (engineStatus(error) !== NOT_MODIFIED && !isAppError(error, "not_found")) throw error;
    });
    this.#facts.forget(runtimeId);
  }

  async remove(runtimeId: string): Promise<void> {
    try {
      await this.#client.call((engine) => engine.getContainer(runtimeId).remove({ force: true, v: true }));
    } catch (error) {
      if (isAppError(error, "conflict")) await this.#untilRemoved(runtimeId);
      else if (!isAppError(error, "not_found")) throw error;
    } finally {
      this.#facts.forget(runtimeId);
    }
  }

  async list(filter: { readonly serviceId?: string } = {}): Promise<readonly ObservedInstance[]> {
    const label = this.#names.instanceFilter(filter.serviceId);
    const containers = await this.#client.call((engine) => engine.listContainers({ all: true, filters: { label } }));
    const facts = await this.#facts.of(containers);
    return containers
      .filter((container) => container.State === "created" || facts.has(container.Id))
      .map((container) => fromList(container, this.#names, facts.get(container.Id)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async inspect(runtimeId: string): Promise<ObservedInstance> {
    const info = await this.#client.call((engine) => engine.getContainer(runtimeId).inspect());
    if (!this.#names.isInstance(info.Config.Labels))
      throw new AppError("not_found", `No instance ${runtimeId} of ours.`);
    return fromInspect(info, this.#names);
  }

  async #requireGvisor(): Promise<void> {
    const { Runtimes } = await this.#client.call((engine) => engine.info());
    if (Object.hasOwn(Runtimes ?? {}, GVISOR_RUNTIME)) return;
    // What to do stands in the message, which is what is kept of a deployment that failed.
    const what = "The Docker engine has no gVisor, which `isolation: gvisor` asks for";
    const remedy = `Install ${GVISOR_RUNTIME} on the server, run \`${GVISOR_RUNTIME} install\`, restart Docker and deploy again.`;
    throw new AppError("deploy_failed", `${what}. ${remedy}`, { remedy });
  }

  async #removeOlderCopy(name: string, spec: InstanceSpec): Promise<void> {
    const found = await this.#client
      .call((engine) => engine.getContainer(name).inspect())
      .catch((error) => {
        if (isAppError(error, "not_found")) return undefined;
        throw error;
      });
    if (found === undefined) return;
    const labels = found.Config.Labels;
    const isSameSlot =
      labels[LABELS.deployment] === spec.deploymentId && labels[LABELS.replica] === String(spec.replica);
    if (!this.#names.isOwn(labels) || !isSameSlot) {
      throw new AppError("conflict", `A container called ${name} is there already and is not Slipway's to replace.`, {
        remedy: "Rename or remove it, or give this server another SLIPWAY_PREFIX.",
      });
    }
    await this.remove(found.Id);
  }

  /** Somebody else's removal is under way. */
  async #untilRemoved(runtimeId: string): Promise<void> {
    const waiting = this.#client.stream((engine) => engine.getContainer(runtimeId).wait({ condition: "removed" }));
    await waiting.catch((error) => {
      if (!isAppError(error, "not_found")) throw error;
    });
  }
}

/** The engine's answer to starting what runs and to stopping what does not. */
const NOT_MODIFIED = 304;

/** What the engine calls a bad request (no command, a limit or mount it can't do) stays one, however often it is asked. */
function createError(error: unknown): unknown {
  if (engineStatus(error) !== 400) return error;
  return new AppError("deploy_failed", `The instance can't be made: ${engineWords(error)}`, { cause: error });
}

/** What the engine can't start, it will not start the next time either: the deployment is at fault. */
function startError(error: unknown): unknown {
  const words = engineWords(error);
  const taken = takenPort(words);
  if (taken !== undefined) {
    const what = `Host port ${taken} is in use by something else: ${words}`;
    return new AppError("conflict", what, { cause: error, remedy: "Free it, or take another host port." });
  }
  if (/address already in use/i.test(words)) {
    return new AppError("conflict", `The instance's address is in use by something else: ${words}`, { cause: error });
  }
  const status = engineStatus(error);
  const isRefusal = status === 400 || status === 403 || status === 500;
  if (!isRefusal || isAppError(error, "disk_full")) return error;
  return new AppError("deploy_failed", `The instance can't be started: ${words}`, { cause: error });
}

/**
 * The host port, with its address, that the engine could not bind: another container has it ("Bind for … failed: port is
 * already allocated"), or another process ("listen tcp4 …: bind: address already in use").
 */
function takenPort(words: string): string | undefined {
  const match =
    /Bind for (\S+?:\d+) failed: port is already allocated/i.exec(words) ??
    /listen (?:tcp|udp)\d? (\S+?:\d+): bind: address already in use/i.exec(words) ??
    /failed to bind (?:host )?port (?:for )?(\S+?:\d+)/i.exec(words);
  return match?.[1];
}
