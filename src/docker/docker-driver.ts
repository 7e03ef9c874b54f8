/**
 * The driver for one Docker engine: puts the parts together and shares what they share (client, names, what is known
 * of containers). Can be opened while the engine is away; calls then throw `unavailable`.
 */

import type { Driver, EngineInfo, InstanceLogLine, InstanceSpec } from "../domain/driver.ts";
import type { Logger } from "../domain/logger.ts";
import type { RegistryLogin } from "../domain/registry.ts";
import type { DockerClient } from "./docker-client.ts";
import { DockerEvents } from "./docker-events.ts";
import { DockerImages } from "./docker-images.ts";
import { DockerInstances } from "./docker-instances.ts";
import { DockerNetworks } from "./docker-networks.ts";
import { describeEngine, readEngineUsage } from "./engine-facts.ts";
import { EngineNames } from "./engine-names.ts";
import { requireNamesFree } from "./foreign-names.ts";
import { DEFAULT_HOST_PORT_ADDRESS } from "./instance-config.ts";
import { execInInstance } from "./instance-exec.ts";
import { readInstanceLogs } from "./instance-logs.ts";
import { OutsideContainers } from "./outside-containers.ts";
import { pruneEngine } from "./prune-engine.ts";
import { RegistryTransfers } from "./registry-transfers.ts";
import { RunFactsCache } from "./run-facts.ts";
import { SharedNetworks } from "./shared-networks.ts";
import { requirePool } from "./subnet.ts";

export type DockerDriverOptions = {
  readonly client: DockerClient;
  /** What its things are labelled with; from the data directory. */
  readonly serverId: string;
  /** What the names of its things start with (SLIPWAY_PREFIX). */
  readonly prefix: string;
  /** IPv4 block that projects' /24s are taken from (SLIPWAY_NETWORK_POOL). */
  readonly networkPool: string;
  /** The network of the naming convention: made when an instance is to join it. null: it is like any other. */
  readonly faasoNetwork?: string | null;
  /** The host's address that host ports are bound to; 127.0.0.1 when left out. */
  readonly hostPortAddress?: string;
  readonly logger: Logger;
};

export class DockerDriver implements Driver {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #facts: RunFactsCache;
  readonly #instances: DockerInstances;
  readonly #networks: DockerNetworks;
  readonly #images: DockerImages;
  readonly #registries: RegistryTransfers;
  readonly #events: DockerEvents;
  readonly #shared: SharedNetworks;
  readonly #outside: OutsideContainers;
  readonly #logger: Logger;

  /** @throws AppError `invalid` for a network pool that is none */
  constructor(options: DockerDriverOptions) {
    const { client, serverId, prefix, networkPool, faasoNetwork = null, logger } = options;
    requirePool(networkPool);
    const names = new EngineNames(prefix, serverId);
    const facts = new RunFactsCache(client, names);
    this.#client = client;
    this.#names = names;
    this.#facts = facts;
    this.#shared = new SharedNetworks(client, faasoNetwork);
    const { hostPortAddress = DEFAULT_HOST_PORT_ADDRESS } = options;
    this.#instances = new DockerInstances({ client, names, networkPool, facts, shared: this.#shared, hostPortAddress });
    this.#networks = new DockerNetworks(client, names, networkPool);
    this.#images = new DockerImages(client, names);
    this.#registries = new RegistryTransfers(client);
    this.#events = new DockerEvents(client, names, logger);
    this.#outside = new OutsideContainers(client, names, logger);
    this.#logger = logger;
  }

  create(spec: InstanceSpec) {
    return this.#instances.create(spec);
  }
  start(runtimeId: string) {
    return this.#instances.start(runtimeId);
  }
  stop(runtimeId: string, graceMs: number) {
    return this.#instances.stop(runtimeId, graceMs);
  }
  remove(runtimeId: string) {
    return this.#instances.remove(runtimeId);
  }
  list(filter?: { readonly serviceId?: string }) {
    return this.#instances.list(filter);
  }
  inspect(runtimeId: string) {
    return this.#instances.inspect(runtimeId);
  }
  async setAlias(...[runtimeId, spec]: Parameters<Driver["setAlias"]>): Promise<void> {
    try {
      await this.#networks.setAlias(runtimeId, spec);
    } finally {
      this.#facts.forget(runtimeId);
    }
  }
  logs(
    runtimeId: string,
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<InstanceLogLine> {
    return readInstanceLogs(this.#client, runtimeId, options, signal);
  }
  exec(runtimeId: string, command: readonly string[], timeoutMs: number) {
    return execInInstance(this.#client, runtimeId, command, timeoutMs);
  }

  ensureNetwork(projectSlug: string, networkIndex: number) {
    return this.#networks.ensureNetwork(projectSlug, networkIndex);
  }
  removeNetwork(projectSlug: string) {
    return this.#networks.removeNetwork(projectSlug);
  }
  listNetworks() {
    return this.#networks.listNetworks();
  }
  addressOf(networkIndex: number, hostNumber: number) {
    return this.#networks.addressOf(networkIndex, hostNumber);
  }

  findImage(reference: string) {
    return this.#images.findImage(reference);
  }
  listImages(filter?: { readonly mine?: boolean; readonly serviceId?: string }) {
    return this.#images.listImages(filter);
  }
  ownerOf(reference: string) {
    return this.#images.ownerOf(reference);
  }
  tagImage(reference: string, tag: string) {
    return this.#images.tagImage(reference, tag);
  }
  removeImage(reference: string) {
    return this.#images.removeImage(reference);
  }

  ensureSharedNetwork(name: string) {
    return this.#shared.ensure(name);
  }
  listOutside(network: string, namePrefix: string) {
    return this.#outside.list(network, namePrefix);
  }
  watchOutside(network: string, namePrefix: string, onChange: () => void, signal: AbortSignal): void {
    this.#outside
      .watch(network, namePrefix, onChange, signal)
      .catch((error) => this.#logger.error({ err: error }, "Watching what others started has ended."));
  }

  pushImage(reference: string, login: RegistryLogin | undefined, onLine: (line: string) => void, signal: AbortSignal) {
    return this.#registries.pushImage(reference, login, onLine, signal);
  }
  pullImage(reference: string, login: RegistryLogin | undefined, onLine: (line: string) => void, signal: AbortSignal) {
    return this.#registries.pullImage(reference, login, onLine, signal);
  }
  hasImage(reference: string, login: RegistryLogin | undefined, signal: AbortSignal) {
    return this.#registries.hasImage(reference, login, signal);
  }
  checkLogin(login: RegistryLogin) {
    return this.#registries.checkLogin(login);
  }

  requireNamesFree(): Promise<void> {
    return requireNamesFree(this.#client, this.#names);
  }
  watch(handlers: Parameters<Driver["watch"]>[0], signal: AbortSignal): void {
    const { onEvent, onGap, onLost } = handlers;
    const watching = this.#events.watch(
      {
        onEvent: (event) => {
          this.#facts.forget(event.runtimeId);
          onEvent(event);
        },
        onGap: () => {
          this.#facts.forgetAll();
          onGap();
        },
        onLost: (error) => onLost(error),
      },
      signal,
    );
    // What gets here was thrown by a handler: a fault of ours, which must not end the process.
    watching.catch((error) => this.#logger.error({ err: error }, "A handler of engine events failed: watching ended."));
  }

  async info(): Promise<EngineInfo> {
    try {
      const { version, apiVersion } = await this.#client.version();
      const { DockerRootDir } = await this.#client.call((engine) => engine.info());
      return { reachable: true, version, apiVersion, rootDir: DockerRootDir, error: null };
    } catch (error) {
      const { message, remedy } = this.#client.translate(error);
      const text = remedy === undefined ? message : `${message} ${remedy}`;
      return { reachable: false, version: null, apiVersion: null, rootDir: null, error: text };
    }
  }

  describe() {
    return describeEngine(this.#client);
  }
  usage() {
    return readEngineUsage(this.#client);
  }

  listEverything(): Promise<readonly unknown[]> {
    return this.#client.call((engine) => engine.listContainers());
  }
  prune(olderThanMs: number): Promise<void> {
    return pruneEngine(this.#client, this.#names, olderThanMs);
  }
}
