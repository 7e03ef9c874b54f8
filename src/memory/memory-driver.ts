/**
 * A driver without an engine: keeps the promises of the interfaces in memory, and can be made to crash, fail and go
 * away. It is the fake of the tests and the driver of `SLIPWAY_DRIVER=memory`. Addresses are on the loopback network,
 * so that a test can listen on an instance's own.
 */

import type { Clock } from "../domain/clock.ts";
import type { Driver, DriverEvent, InstanceLogLine, InstanceSpec, ObservedInstance } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";
import { type MemoryDriverOptions, MemoryEngine } from "./memory-engine.ts";
import { type MemoryBehaviour, type MemoryImageOptions, withVersion } from "./memory-images.ts";
import { MemoryInstance, requireInstance } from "./memory-instance.ts";

export class MemoryDriver extends MemoryEngine implements Driver {
  readonly #clock: Pick<Clock, "now">;
  readonly #instances = new Map<string, MemoryInstance>();
  /** Index by slug. */
  readonly #networks = new Map<string, number>();
  /** Host ports that something else on the host has; tests change it. */
  readonly takenHostPorts = new Set<number>();
  /** By service id, see `stick`. */
  readonly #stuck = new Map<string, PromiseWithResolvers<void>>();
  #startErrors: AppError[] = [];

  constructor(options: MemoryDriverOptions) {
    super(options);
    this.#clock = options.clock;
  }

  // What tests make happen.

  /** Adds an image, or puts another one in the place of that tag. Answers its id. */
  addImage(reference: string, options?: MemoryImageOptions): string {
    return this.images.add(reference, options);
  }

  /** The instance ends by itself, after these last lines on standard error. @throws AppError `not_found` */
  crash(runtimeId: string, exitCode: number, lastLines: readonly string[] = []): void {
    const instance = requireInstance(this.#instances.get(runtimeId), runtimeId);
    instance.print(lastLines, "stderr", this.#clock.now());
    this.#end(instance, exitCode);
  }

  /** The next start throws this instead of starting. Several are taken in the order they were given. */
  failNextStart(error: AppError): void {
    this.#startErrors.push(error);
  }

  /** The engine stops answering; instances run on. Every call but `info` and `watch` throws `unavailable`. */
  goAway(): void {
    this.presence.goAway();
  }

  /** It answers again; watchers are told that they may have missed events, and they have. */
  comeBack(): void {
    if (this.presence.comeBack()) this.outside.announce();
  }

  /** Calls about instances of that service do not end until `unstick`. */
  stick(serviceId: string): void {
    if (!this.#stuck.has(serviceId)) this.#stuck.set(serviceId, Promise.withResolvers());
  }

  unstick(serviceId: string): void {
    this.#stuck.get(serviceId)?.resolve();
    this.#stuck.delete(serviceId);
  }

  /** Network names that resolve to it. @throws AppError `not_found` */
  namesOf(runtimeId: string): readonly string[] {
    return requireInstance(this.#instances.get(runtimeId), runtimeId).names;
  }

  // Instances.

  async create(spec: InstanceSpec): Promise<string> {
    await this.#stuck.get(spec.serviceId)?.promise;
    this.presence.require();
    const imageId = this.images.require(spec.image).info.id;
    this.outside.requireJoinable(spec);
    const { projectSlug, serviceName, deploymentId, replica } = spec;
    const name = `slipway-${projectSlug}-${serviceName}-${replica}-${deploymentId.slice(0, 8)}`;
    for (const older of this.#instances.values()) if (older.name === name) await this.remove(older.runtimeId);
    const address = this.addressOf(spec.projectNetworkIndex, spec.hostNumber);
    const instance = new MemoryInstance({ runtimeId: newId(), name, spec, imageId, address });
    this.#instances.set(instance.runtimeId, instance);
    return instance.runtimeId;
  }

  async start(runtimeId: string): Promise<void> {
    const instance = this.#require(runtimeId);
    await this.#stuck.get(instance.spec.serviceId)?.promise;
    if (instance.isRunning) return;
    const { projectSlug } = instance.spec;
    this.#requirePortsFree(instance);
    if (!this.#networks.has(projectSlug)) throw new AppError("not_found", `Network slipway-${projectSlug} not found.`);
    const planned = this.#startErrors.shift();
    if (planned) throw planned;
    this.#run(instance, this.images.require(instance.imageId).options.behaviour?.(instance.spec) ?? {});
  }

  async stop(runtimeId: string, _graceMs: number): Promise<void> {
    this.presence.require();
    const instance = this.#instances.get(runtimeId);
    await this.#stuck.get(instance?.spec.serviceId ?? "")?.promise;
    if (instance?.isRunning) this.#end(instance, EXIT_CODE_OF_SIGTERM);
  }

  async remove(runtimeId: string): Promise<void> {
    this.presence.require();
    const instance = this.#instances.get(runtimeId);
    if (!instance) return;
    if (instance.isRunning) this.#end(instance, EXIT_CODE_OF_SIGKILL);
    this.#instances.delete(runtimeId);
    this.presence.announce(eventOf("removed", instance));
  }

  async list(filter: { readonly serviceId?: string } = {}): Promise<readonly ObservedInstance[]> {
    this.presence.require();
    return [...this.#instances.values()]
      .filter(({ spec }) => filter.serviceId === undefined || spec.serviceId === filter.serviceId)
      .map((instance) => instance.observe())
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async inspect(runtimeId: string): Promise<ObservedInstance> {
    return this.#require(runtimeId).observe();
  }

  async setAlias(runtimeId: string, { names }: Parameters<Driver["setAlias"]>[1]): Promise<void> {
    this.#require(runtimeId).names = [...names];
  }

  async *logs(...[runtimeId, ...how]: Parameters<Driver["logs"]>): AsyncGenerator<InstanceLogLine> {
    yield* this.#require(runtimeId).logs(...how);
  }

  async exec(runtimeId: string, command: readonly string[], _timeoutMs: number): ReturnType<Driver["exec"]> {
    const instance = this.#require(runtimeId);
    if (!instance.isRunning) throw new AppError("conflict", `Instance ${instance.name} is not running.`);
    const behaviour = this.images.require(instance.imageId).options.behaviour?.(instance.spec);
    return behaviour?.exec?.(command) ?? { exitCode: 0, output: "" };
  }

  // Networks.

  async ensureNetwork(projectSlug: string, networkIndex: number): Promise<void> {
    this.presence.require();
    const taken = [...this.#networks].find(([slug, index]) => index === networkIndex && slug !== projectSlug);
    if (taken) throw new AppError("conflict", `Network ${networkIndex} is that of ${taken[0]}.`);
    this.#networks.set(projectSlug, networkIndex);
  }

  async removeNetwork(projectSlug: string): Promise<void> {
    this.presence.require();
    const isUsed = [...this.#instances.values()].some((i) => i.isRunning && i.spec.projectSlug === projectSlug);
    if (isUsed) throw new AppError("conflict", `The network slipway-${projectSlug} is in use.`);
    this.#networks.delete(projectSlug);
  }

  async listNetworks(): Promise<readonly string[]> {
    this.presence.require();
    return [...this.#networks.keys()].sort();
  }

  addressOf(networkIndex: number, hostNumber: number): string {
    return `127.${200 + Math.floor(networkIndex / 256)}.${networkIndex % 256}.${hostNumber}`;
  }

  async listEverything(): Promise<readonly unknown[]> {
    this.presence.require();
    return (await this.list()).filter(({ state }) => state === "running");
  }

  #run(instance: MemoryInstance, behaviour: MemoryBehaviour): void {
    if (behaviour.startError !== undefined)
      throw new AppError("deploy_failed", `The instance can't be started: ${behaviour.startError}`);
    const now = this.#clock.now();
    instance.start(now);
    this.presence.announce(eventOf("started", instance));
    instance.print(behaviour.stdout ?? [], "stdout", now);
    instance.print(behaviour.stderr ?? [], "stderr", now);
    if (behaviour.wasOomKilled) this.presence.announce(eventOf("oom", instance));
    if (behaviour.exitCode !== undefined) this.#end(instance, behaviour.exitCode, behaviour.wasOomKilled);
  }

  #end(instance: MemoryInstance, exitCode: number, wasOomKilled?: boolean): void {
    instance.end(exitCode, wasOomKilled);
    this.presence.announce(eventOf("died", instance));
  }

  /** Ports of the host are bound when an instance starts. */
  #requirePortsFree({ runtimeId, spec }: MemoryInstance): void {
    const others = [...this.#instances.values()].filter((i) => i.isRunning && i.runtimeId !== runtimeId);
    for (const { hostPort, protocol } of spec.ports) {
      if (hostPort === undefined) continue;
      const isTaken = others.some((i) => i.spec.ports.some((p) => p.hostPort === hostPort && p.protocol === protocol));
      if (!isTaken && !this.takenHostPorts.has(hostPort)) continue;
      throw new AppError("conflict", `Host port 127.0.0.1:${hostPort} is in use by something else.`);
    }
  }

  protected override countInstances() {
    const running = [...this.#instances.values()].filter(({ isRunning }) => isRunning).length;
    return { containers: this.#instances.size, running };
  }

  protected override usesImage(imageId: string, tag: string | undefined): boolean {
    const own = [...this.#instances.values()].filter((instance) => instance.imageId === imageId);
    return own.some(({ spec }) => tag === undefined || withVersion(spec.image) === tag);
  }

  #require(runtimeId: string): MemoryInstance {
    this.presence.require();
    return requireInstance(this.#instances.get(runtimeId), runtimeId);
  }
}

const EXIT_CODE_OF_SIGTERM = 143;
const EXIT_CODE_OF_SIGKILL = 137;

function eventOf(kind: DriverEvent["kind"], { spec, runtimeId }: MemoryInstance): DriverEvent {
  return { kind, serviceId: spec.serviceId, runtimeId };
}
