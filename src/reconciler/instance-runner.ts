/** Brings instances up and takes them down: the effects behind the actions `start`, `ready`, `crashed`, `drain`, `remove`. */

import type { Clock } from "../domain/clock.ts";
import { type Deployment, tailOf } from "../domain/deployment.ts";
import type { ImageDriver, InstanceDriver, NetworkDriver } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import { ADDRESS_REST_MS, type InstanceRecord, isLeaving, slotOf } from "../domain/instance.ts";
import type { Project } from "../domain/project.ts";
import type { Service } from "../domain/service.ts";
import type { Database } from "../domain/stores.ts";
import type { DeployTests } from "./deploy-tests.ts";
import { Drains, type DrainsOptions } from "./drains.ts";
import type { Prober } from "./prober.ts";
import type { SecretDelivery } from "./secret-files.ts";
import { ensureFolders, resolveMounts } from "./volume-folders.ts";

export type InstanceRunnerOptions = Omit<DrainsOptions, "stores" | "driver"> & {
  readonly database: Database;
  readonly driver: InstanceDriver & NetworkDriver & Pick<ImageDriver, "ownerOf">;
  readonly prober: Pick<Prober, "watch" | "forget">;
  readonly tests: Pick<DeployTests, "forget">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly secretFiles: Pick<SecretDelivery, "mountsFor">;
  /** Absolute path of the folder that holds all volumes. */
  readonly volumesDir: string;
};

/** How an instance ended. */
export type Crash = {
  readonly exitCode: number | null;
  /** How often it has gone bad in a row, this time included. */
  readonly failures: number;
  /** When the slot may be started again, ms since the epoch. */
  readonly nextStartAt: number;
  /** What to keep as its last words when it has no log. */
  readonly words?: string;
};

type Names = readonly string[];

const LOG_TAIL_LINES = 50;

export class InstanceRunner {
  readonly #options: InstanceRunnerOptions;
  readonly #drains: Drains;

  constructor(options: InstanceRunnerOptions) {
    this.#options = options;
    this.#drains = new Drains({ ...options, stores: options.database });
  }

  /**
   * Creates and starts the copy of a slot. Killed between any two steps it is simply done again: the slot keeps its
   * address, and a copy that was made and not written down is replaced.
   * @throws AppError `unavailable` when the engine is away: nothing was decided, try again; any other code: the engine
   *   refuses it, or the network has no address left
   */
  async start(service: Service, project: Project, deployment: Deployment, replica: number): Promise<void> {
    const { database, driver } = this.#options;
    await driver.ensureNetwork(project.slug, project.networkIndex);
    const { record, hostNumber } = await this.#takeSlot(project, deployment, replica);
    const runtimeId = await this.#create(service, project, deployment, replica, hostNumber);
    await database.instances.update(record.slot, { runtimeId });
    this.#announce("instance.created", { ...record, runtimeId });
    await driver.start(runtimeId);
    this.watch({ ...record, runtimeId }, deployment);
  }

  /** Address and record in one transaction, so that no address is held by nobody. */
  #takeSlot(project: Project, deployment: Deployment, replica: number) {
    const { database, driver, clock } = this.#options;
    const slot = slotOf(deployment.id, replica);
    return database.transact(async (tx) => {
      const hostNumber = await tx.addresses
        .claim(project.id, slot, clock.now(), ADDRESS_REST_MS)
        .catch((error: unknown) => {
          throw isAppError(error, "unavailable") ? new AppError("conflict", error.message, { cause: error }) : error;
        });
      const before = (await tx.instances.list({ serviceId: deployment.serviceId })).find((r) => r.slot === slot);
      const record: InstanceRecord = {
        slot,
        serviceId: deployment.serviceId,
        projectId: project.id,
        deploymentId: deployment.id,
        replica,
        runtimeId: null,
        address: driver.addressOf(project.networkIndex, hostNumber),
        port: null,
        state: "starting",
        restartCount: before?.restartCount ?? 0,
        nextStartAt: 0,
        startedAt: clock.now(),
        readyAt: null,
        lastExitCode: before?.lastExitCode ?? null,
        lastLogTail: before?.lastLogTail ?? null,
      };
      await tx.instances.put(record);
      return { record, hostNumber };
    });
  }

  async #create(
    service: Service,
    project: Project,
    deployment: Deployment,
    replica: number,
    hostNumber: number,
  ): Promise<string> {
    const { driver, volumesDir, secretFiles } = this.#options;
    if (deployment.image === null) throw new AppError("internal", `Deployment ${deployment.id} has no image.`);
    const mounts = resolveMounts(volumesDir, project.slug, service.volumesName, deployment.volumes);
    if (mounts.length > 0) await ensureFolders(mounts, await driver.ownerOf(deployment.image));
    const secrets = await secretFiles.mountsFor(service, project);
    // A volume of its owner's at that place is what its owner wants there.
    const isTaken = (target: string): boolean => mounts.some((mount) => mount.target.replace(/\/+$/, "") === target);
    // Where an image listens is its own affair: PORT is what functions are told.
    const [mainPort] = service.kind === "function" ? deployment.listenPorts : [];
    return driver.create({
      projectSlug: project.slug,
      projectNetworkIndex: project.networkIndex,
      serviceId: service.id,
      serviceName: service.name,
      serviceKind: service.kind,
      deploymentId: deployment.id,
      replica,
      image: deployment.image,
      env: { ...(mainPort === undefined ? {} : { PORT: String(mainPort) }), ...deployment.env },
      command: deployment.command,
      hostNumber,
      resources: deployment.resources,
      mounts: [...mounts, ...secrets.filter(({ target }) => !isTaken(target))],
      networks: deployment.networks,
      capabilities: deployment.capabilities,
      isolation: deployment.isolation,
      ports: deployment.ports,
    });
  }

  /** Looks at a copy from now on, also at one that runs since before a restart of Slipway. Idempotent. */
  watch(record: InstanceRecord, deployment: Deployment): void {
    if (record.runtimeId === null || record.state === "draining") return;
    this.#options.prober.watch({
      runtimeId: record.runtimeId,
      serviceId: record.serviceId,
      address: record.address,
      startedAt: record.startedAt ?? this.#options.clock.now(),
      isReady: record.state === "ready",
      deployment,
    });
  }

  /** It is found by these names and may get requests. */
  async becomeReady(project: Project, record: InstanceRecord, port: number | null, names: Names): Promise<void> {
    const { database, clock } = this.#options;
    if (record.runtimeId === null) return;
    await this.rename(project, record, names);
    await database.instances.update(record.slot, { state: "ready", port, readyAt: clock.now() });
    this.#announce("instance.ready", record);
  }

  /** It is found by exactly these names from now on. */
  async rename({ slug: projectSlug }: Project, { runtimeId }: InstanceRecord, names: Names): Promise<void> {
    if (runtimeId !== null) await this.#options.driver.setAlias(runtimeId, { projectSlug, names });
  }

  /** Keeps the last words, takes it out of the route, removes the copy; the slot waits for its next start. */
  async crashed(record: InstanceRecord, crash: Crash): Promise<void> {
    await this.#waitForStart(record, crash);
    if (record.state === "ready") await this.#options.publisher.publish();
    await this.#removeCopy(record.runtimeId);
    this.#announce("instance.gone", record);
  }

  /**
   * The same for one that runs and serves, if badly: its requests may end first. Runs beside the queue. What becomes of
   * the slot is written down at once, so that a restart of Slipway meanwhile changes nothing.
   */
  retire(record: InstanceRecord, crash: Crash, projectSlug: string | undefined): void {
    const { exitCode, failures, nextStartAt } = crash;
    const then = { restartCount: failures, nextStartAt, lastExitCode: exitCode };
    this.#drains.begin(record, projectSlug, then, () => this.#endRetire({ ...record, ...then }));
  }

  async #endRetire(record: InstanceRecord): Promise<void> {
    const { lastExitCode, restartCount, nextStartAt } = record;
    await this.#waitForStart(record, { exitCode: lastExitCode, failures: restartCount, nextStartAt });
    await this.#removeCopy(record.runtimeId);
    this.#announce("instance.gone", record);
  }

  async #waitForStart(record: InstanceRecord, crash: Crash): Promise<void> {
    const { exitCode, failures, nextStartAt, words } = crash;
    await this.#options.database.instances.update(record.slot, {
      state: "waiting",
      runtimeId: null,
      port: null,
      readyAt: null,
      restartCount: failures,
      nextStartAt,
      lastExitCode: exitCode,
      lastLogTail: words ?? (await this.logTail(record)),
    });
  }

  /**
   * Runs beside the queue: out of the route (acknowledged), requests under way end, then it stops. One that went bad, and
   * was draining for that before a restart of Slipway, keeps its slot. Idempotent.
   */
  drain(record: InstanceRecord, projectSlug: string | undefined): void {
    const isRetiring = record.state === "draining" && !isLeaving(record);
    const finish = isRetiring ? () => this.#endRetire(record) : () => this.remove(record);
    this.#drains.begin(record, projectSlug, {}, finish);
  }

  /** Removes the copy and forgets the slot; its address rests. */
  async remove(record: InstanceRecord): Promise<void> {
    const { database, clock } = this.#options;
    const { slot, projectId, runtimeId } = record;
    await this.#removeCopy(runtimeId);
    await database.transact(async (tx) => {
      await tx.addresses.release(projectId, slot, clock.now());
      await tx.instances.remove(slot);
    });
    this.#announce("instance.gone", record);
  }

  #announce(type: "instance.created" | "instance.ready" | "instance.gone", record: InstanceRecord): void {
    const { serviceId, slot, runtimeId, deploymentId } = record;
    this.#options.events.publish({ type, serviceId, slot, runtimeId, deploymentId });
  }

  /** Removes a copy nobody has a record of. */
  async removeUnknown(runtimeId: string): Promise<void> {
    await this.#removeCopy(runtimeId);
  }

  /** The last lines of the slot's copy, or what was kept of the one before. */
  async logTail(record: InstanceRecord): Promise<string | null> {
    if (record.runtimeId === null) return record.lastLogTail;
    const lines: string[] = [];
    try {
      const logs = this.#options.driver.logs(
        record.runtimeId,
        { tail: LOG_TAIL_LINES, follow: false },
        new AbortController().signal,
      );
      for await (const line of logs) lines.push(line.line);
    } catch (error) {
      if (!isAppError(error, "not_found")) throw error;
      return record.lastLogTail;
    }
    return lines.length === 0 ? record.lastLogTail : tailOf(`${lines.join("\n")}\n`);
  }

  async #removeCopy(runtimeId: string | null): Promise<void> {
    if (runtimeId === null) return;
    this.#options.prober.forget(runtimeId);
    this.#options.tests.forget(runtimeId);
    await this.#options.driver.remove(runtimeId);
  }
}
