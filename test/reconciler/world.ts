/**
 * Control without its doors: the real reconciler, deployer and lifecycle over the memory database and driver, with a
 * clock that tests move. Control can be killed and started again over the same database and engine.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { COMING, type Deployment } from "../../src/domain/deployment.ts";
import { AppError } from "../../src/domain/errors.ts";
import type { DomainEvent, EventBus } from "../../src/domain/events.ts";
import type { InstanceRecord } from "../../src/domain/instance.ts";
import type { Logger } from "../../src/domain/logger.ts";
import type { Preset } from "../../src/domain/preset.ts";
import type { ProjectAdmin, ServiceEdits, StagedChanges } from "../../src/domain/project-operations.ts";
import { type RegistryLogin, registryHostOf } from "../../src/domain/registry.ts";
import { DEFAULT_SETTINGS, type RolloutSettings } from "../../src/domain/rollout.ts";
import type { SecretBox } from "../../src/domain/secret.ts";
import type { Service } from "../../src/domain/service.ts";
import { MemoryEventBus } from "../../src/events/memory-event-bus.ts";
import { newId } from "../../src/lib/ids.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { MemoryDriver } from "../../src/memory/memory-driver.ts";
import { BuildRunner, newBuild } from "../../src/reconciler/build-runner.ts";
import { Deployer } from "../../src/reconciler/deployer.ts";
import { ImageFetcher } from "../../src/reconciler/image-fetch.ts";
import { Lifecycle } from "../../src/reconciler/lifecycle.ts";
import type { ProbeTarget } from "../../src/reconciler/prober.ts";
import { Environments } from "../../src/reconciler/projects/environments.ts";
import { createProjectParts } from "../../src/reconciler/projects/project-parts.ts";
import { Reconciler } from "../../src/reconciler/reconciler.ts";
import { RoutePublisher } from "../../src/reconciler/route-publisher.ts";
import type { TestTarget } from "../../src/reconciler/run-deploy-test.ts";
import { NO_SECRET_FILES } from "../../src/reconciler/secret-files.ts";
import { SecretVault } from "../../src/reconciler/secret-vault.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeBuilder, FakeGateway } from "./fakes.ts";
import { Life, mortal } from "./mortal.ts";
import { deployment as plainDeployment, service as plainService } from "./planned-world.ts";

const PROJECT = { id: "p", name: "default", slug: "default", networkIndex: 0, createdAt: 0, updatedAt: 0 };
export const BASE_DOMAIN = "base.test";
/** Turns of the event loop after which everything that needs no time has happened. */
const TURNS = 4;
const DISK_MS = 2;
/** How long a deployment's test takes; it fails when the source has `wrong` in its name. */
const TEST_MS = 40;
/** More steps than this without an end are a hot loop. */
const MAX_STEPS = 20_000;

export type DeployOptions = {
  /** `<app>-<build kind>-<anything>`, see FakeBuilder. */
  readonly source: string;
  readonly settings?: Partial<RolloutSettings>;
  readonly localPort?: number;
  readonly tag?: string;
  /** Build only. */
  readonly isHeld?: boolean;
};

export type ImageDeployOptions = Partial<Deployment> & { readonly preset?: string };

export const VOLUME = { source: "data", target: "/data", readOnly: false };

/** Seals nothing: what secrets are kept like is no matter here. */
const OPEN_BOX: SecretBox = {
  seal: (value) => Buffer.from(value).toString("base64"),
  open: (sealed) => Buffer.from(sealed, "base64"),
};

/** What one life of control is made of. */
type Control = ReturnType<World["startControl"]>;

export class World {
  readonly clock = new FakeClock();
  readonly database = new MemoryDatabase();
  readonly driver = new MemoryDriver({ clock: this.clock });
  readonly gateway = new FakeGateway();
  readonly builder = new FakeBuilder(this.driver);
  readonly warnings: string[] = [];
  readonly announced: DomainEvent[] = [];
  /** Lines of image fetches. */
  readonly buildLog: string[] = [];
  /** Logins by registry host. */
  readonly logins = new Map<string, RegistryLogin>();
  readonly presets = new Map<string, Preset>();
  /** Makes a preset's image. */
  buildPreset: (id: string) => Promise<string> = () => Promise.reject(new AppError("unprocessable", "no recipe"));
  /** Runtime ids of instances that stopped answering. */
  readonly unwell = new Set<string>();
  /** Addresses of instances that were asked what their deployment's test says, in order. */
  readonly tested: string[] = [];
  readonly #folder: string;
  /** Folders of volumes are made on the real disk, which takes time that the clock does not know. */
  #usesDisk = false;
  #control: Control;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#control = this.startControl();
  }

  static async open(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), "slipway-world-")));
    await world.database.projects.create(PROJECT);
    world.reconciler.start();
    return world;
  }

  get reconciler(): Reconciler {
    return this.#control.reconciler;
  }

  get deployer(): Deployer {
    return this.#control.deployer;
  }

  get lifecycle(): Lifecycle {
    return this.#control.lifecycle;
  }

  get staged(): StagedChanges {
    return this.#control.staged;
  }

  get serviceEdits(): ServiceEdits {
    return this.#control.serviceEdits;
  }

  get projectAdmin(): ProjectAdmin {
    return this.#control.projectAdmin;
  }

  get events(): EventBus {
    return this.#control.events;
  }

  get volumesDir(): string {
    return join(this.#folder, "volumes");
  }

  startControl() {
    const { clock } = this;
    const life = new Life();
    const [database, driver] = [mortal(this.database, life), mortal(this.driver, life)];
    const [gateway, builder] = [mortal(this.gateway, life), mortal(this.builder, life)];
    const note = (_fields: object, message: string): void => void this.warnings.push(message);
    const logger: Logger = { debug: () => {}, info: () => {}, warn: note, error: note };
    const events = new MemoryEventBus();
    events.on((event) => this.announced.push(event));
    const publisher = new RoutePublisher({ database, gateway, baseDomain: BASE_DOMAIN });
    const publishRoutes = (): Promise<void> => publisher.publish();
    const trigger = (serviceId: string): void => reconciler.trigger(serviceId);
    const secrets = new SecretVault({ database, box: OPEN_BOX, files: NO_SECRET_FILES, clock });
    const presets = () => undefined;
    const environments = new Environments(presets);
    const shared = { database, builder, secrets, events, clock, logger, environments, publishRoutes, trigger };
    const loadRuntime = () => Promise.reject(new Error("no runtime is used here"));
    const imageFetch = new ImageFetcher({
      images: driver,
      logins: { findFor: async (reference) => this.logins.get(registryHostOf(reference)) },
      logs: {
        append: (_, text) => void this.buildLog.push(text.trimEnd()),
        end: () => Promise.resolve(),
      },
      clock,
      prefix: "slipway",
      presets: { catalog: { find: (id) => this.presets.get(id) }, images: { build: (id) => this.buildPreset(id) } },
    });
    const builds = new BuildRunner({ ...shared, imageFetch, loadRuntime });
    const reconciler = new Reconciler({
      ...{ database, driver, gateway, publisher, events, clock, logger },
      volumesDir: this.volumesDir,
      drainTimeoutMs: 30_000,
      sweepIntervalMs: 30_000,
      baseDomain: BASE_DOMAIN,
      lookAt: (target) => this.#lookAt(target),
      testInstance: (target, deployment) => this.#test(target, deployment),
      onImageMissing: (deployment) => builds.rebuild(deployment),
      secretFiles: NO_SECRET_FILES,
    });
    const deployer = new Deployer({ ...shared, builds, images: driver, baseDomain: BASE_DOMAIN });
    const lifecycle = new Lifecycle({ ...shared, builds, images: driver, volumesDir: this.volumesDir });
    const projects = createProjectParts({
      ...{ ...shared, builds, images: driver, networks: driver, lifecycle, presets },
      secretFiles: NO_SECRET_FILES,
      baseDomain: BASE_DOMAIN,
      rules: { reservedNames: [], reservedPorts: [], volumeRoots: [] },
      sweep: () => reconciler.sweep(),
    });
    return { life, publisher, reconciler, deployer, lifecycle, builds, events, ...projects };
  }

  /** Control ends in good order, and a new one starts. */
  async restartControl(): Promise<void> {
    await this.#stopControl();
    await this.#nextControl();
  }

  /** Control dies in the middle of a sweep, after so many calls to store, engine and gateway, and a new one starts. */
  async killControl(afterCalls: number): Promise<void> {
    void this.reconciler.sweep();
    this.#control.life.endAfter(afterCalls);
    await this.advance(50);
    this.#control.life.endAfter(0);
    await this.#nextControl();
  }

  async #nextControl(): Promise<void> {
    this.#control = this.startControl();
    await this.#control.publisher.publish();
    this.reconciler.start();
    await this.deployer.resume();
  }

  async #stopControl(): Promise<void> {
    const closed = Promise.all([this.#control.builds.close(), this.#control.reconciler.close()]);
    await this.advance(0);
    await closed;
  }

  async deploy(name: string, { source, settings, localPort, tag, isHeld = false }: DeployOptions): Promise<Deployment> {
    if (settings?.volumes !== undefined && settings.volumes.length > 0) this.#usesDisk = true;
    const answer = await this.deployer.deploy({
      project: PROJECT,
      name,
      runtime: undefined,
      source: { id: source, sizeBytes: 1, entryCount: 1, createdAt: 0 },
      settings: { ...DEFAULT_SETTINGS, startMs: 3000, ...settings },
      localPort: localPort ?? null,
      tag: tag ?? null,
      volumeText: "",
      noCache: false,
      isHeld,
    });
    return answer.deployment;
  }

  /** An image service's deployment, stored and begun the way its owner's request does it. */
  async deployImage(name: string, wantedImage: string, given: ImageDeployOptions = {}): Promise<Deployment> {
    const { preset = null, ...patch } = given;
    if (patch.volumes !== undefined && patch.volumes.length > 0) this.#usesDisk = true;
    const { database } = this;
    const found = await database.services.findByName(PROJECT.id, name);
    const own = { id: newId(), projectId: PROJECT.id, name, routeName: name, volumesName: name, preset };
    const service = found ?? plainService({ ...own, kind: "image" });
    if (found === undefined) await database.services.create(service);
    const now = this.clock.now();
    const deployment = plainDeployment(newId(), {
      ...{ serviceId: service.id, status: "building", image: null, wantedImage, buildId: newId(), createdAt: now },
      ...{ startMs: 3000, listenPorts: [] },
      ...patch,
    });
    for (const { id } of await database.deployments.list({ serviceId: service.id, statuses: COMING }))
      await database.deployments.update(id, { status: "cancelled" });
    await database.builds.create(newBuild(deployment, deployment.buildId ?? "", now));
    await database.deployments.create(deployment);
    await this.#control.builds.resume(deployment);
    return deployment;
  }

  /** Deploys and waits until it serves. */
  async deployed(name: string, options: DeployOptions): Promise<Deployment> {
    const { id } = await this.deploy(name, options);
    return this.ended(id);
  }

  /** Waits until the deployment is no longer coming. */
  async ended(deploymentId: string): Promise<Deployment> {
    return this.until(async () => {
      const deployment = await this.database.deployments.get(deploymentId);
      if (["building", "pending", "starting"].includes(deployment.status))
        throw new Error(`it is ${deployment.status}`);
      return deployment;
    });
  }

  async service(name: string): Promise<Service> {
    const service = await this.database.services.findByName(PROJECT.id, name);
    if (service === undefined) throw new Error(`there is no service ${name}`);
    return service;
  }

  async records(name: string): Promise<readonly InstanceRecord[]> {
    return this.database.instances.list({ serviceId: (await this.service(name)).id });
  }

  /** The one instance of the service that is ready. */
  async instance(name: string): Promise<InstanceRecord & { readonly runtimeId: string }> {
    return this.until(async () => {
      const [record, ...others] = (await this.records(name)).filter((r) => r.state === "ready");
      if (record?.runtimeId == null || others.length > 0) throw new Error(`not one instance of ${name} is ready`);
      return { ...record, runtimeId: record.runtimeId };
    });
  }

  /** Lets happen what needs no time, moving the clock on by `ms` step by step. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (let step = 0; ; step += 1) {
      if (step > MAX_STEPS) throw new Error(`it never comes to rest: ${this.warnings.slice(-3).join("; ")}`);
      for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
      if (this.#usesDisk) await setTimeout(DISK_MS);
      const next = this.clock.nextAt;
      if (next === undefined || next > until) break;
      this.clock.advance(Math.max(0, next - this.clock.now()));
    }
    this.clock.advance(until - this.clock.now());
  }

  /** Moves the clock until `check` no longer throws. @throws its last error after `limitMs` of the clock */
  async until<T>(check: () => T | Promise<T>, limitMs = 300_000): Promise<T> {
    const deadline = this.clock.now() + limitMs;
    for (;;) {
      await this.advance(0);
      try {
        return await check();
      } catch (error) {
        const next = this.clock.nextAt ?? this.clock.now() + 10;
        if (next > deadline) throw error;
        this.clock.advance(Math.max(0, next - this.clock.now()));
      }
    }
  }

  async close(): Promise<void> {
    await this.#stopControl();
    await this.database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #test({ address }: TestTarget, { sourceId }: Deployment): Promise<string | null> {
    this.tested.push(address);
    await new Promise<void>((resolve) => this.clock.schedule(TEST_MS, resolve));
    return sourceId?.includes("wrong") === true ? 'its test GET /ping expected the body "OK", got "KO"' : null;
  }

  async #lookAt({ runtimeId, deployment }: ProbeTarget): Promise<number | undefined> {
    const found = (await this.driver.list().catch(() => [])).find((i) => i.runtimeId === runtimeId);
    const isListening = found?.state === "running" && !this.unwell.has(runtimeId) && !found.image.includes(":deaf-");
    return isListening ? deployment.listenPorts[0] : undefined;
  }
}
