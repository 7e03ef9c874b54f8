/** Brings instances up and takes them down: the effects behind the actions `start`, `ready`, `crashed`, `drain`, `remove`. */

import type { Clock } from "../domain/clock.ts";
import { type Deployment, tailOf } from "../domain/deployment.ts";
import type { ImageDriver, InstanceDriver, NetworkDriver } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Gateway } from "../domain/gateway.ts";
import { ADDRESS_REST_MS, type InstanceRecord, slotOf } from "../domain/instance.ts";
import type { Logger } from "../domain/logger.ts";
import type { Project } from "../domain/project.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import type { Prober } from "./prober.ts";
import type { RoutePublisher } from "./route-publisher.ts";
import { ensureFolders, resolveMounts } from "./volume-folders.ts";

export type InstanceRunnerOptions = {
  readonly stores: Stores;
  readonly driver: InstanceDriver & NetworkDriver & ImageDriver;
  readonly gateway: Pick<Gateway, "drained">;
  readonly publisher: RoutePublisher;
  readonly prober: Prober;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absolute path of the folder that holds all volumes. */
  readonly volumesDir: string;
  /** Longest time requests under way may take once their instance is to stop, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Called when a drain that ran beside the queue has ended, or has to be tried again after a while. */
  readonly onDrained: (serviceId: string, retryInMs: number) => void;
};

/** Between SIGTERM and SIGKILL, in milliseconds. */
export const STOP_GRACE_MS = 10_000;
const LOG_TAIL_LINES = 50;
const DRAIN_RETRY_MS = 2_000;

export class InstanceRunner {
  readonly #options: InstanceRunnerOptions;
  readonly #drains = new Map<string, Promise<void>>();

  constructor(options: InstanceRunnerOptions) {
    this.#options = options;
  }

  /**
   * Creates and starts the copy of a slot. An image that can't be started counts as a bad exit of it.
   * @throws AppError `unavailable` when the engine is away: nothing was decided, try again
   */
  async start(service: Service, project: Project, deployment: Deployment, replica: number): Promise<void> {
    const { stores, driver, clock } = this.#options;
    const slot = slotOf(deployment.id, replica);
    await driver.ensureNetwork(project.slug, project.networkIndex);
    const hostNumber = await stores.addresses.claim(project.id, slot, clock.now(), ADDRESS_REST_MS);
    const before = (await stores.instances.list({ serviceId: service.id })).find((r) => r.slot === slot);
    const record: InstanceRecord = {
      slot,
      serviceId: service.id,
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
    await stores.instances.put(record);
    const runtimeId = await this.#create(service, project, deployment, replica, hostNumber);
    await stores.instances.update(slot, { runtimeId });
    await driver.start(runtimeId);
    this.watch({ ...record, runtimeId }, deployment);
  }

  async #create(
    service: Service,
    project: Project,
    deployment: Deployment,
    replica: number,
    hostNumber: number,
  ): Promise<string> {
    const { driver, volumesDir } = this.#options;
    if (deployment.image === null) throw new AppError("internal", `Deployment ${deployment.id} has no image.`);
    const mounts = resolveMounts(volumesDir, project.slug, service.name, deployment.volumes);
    if (mounts.length > 0) await ensureFolders(mounts, await driver.ownerOf(deployment.image));
    const [mainPort] = deployment.listenPorts;
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
      mounts,
    });
  }

  /** Looks at a copy that runs already, after a restart of Slipway. Idempotent. */
  watch(record: InstanceRecord, deployment: Deployment): void {
    if (record.runtimeId === null) return;
    if (record.state === "ready" && deployment.health === null) return;
    this.#options.prober.watch({
      runtimeId: record.runtimeId,
      address: record.address,
      startedAt: record.startedAt ?? this.#options.clock.now(),
      deployment,
    });
  }

  /** The name resolves to it and it may get requests. */
  async becomeReady(service: Service, project: Project, record: InstanceRecord, port: number | null): Promise<void> {
    const { stores, driver, clock, events } = this.#options;
    if (record.runtimeId === null) return;
    await driver.setAlias(record.runtimeId, { projectSlug: project.slug, serviceName: service.name, isOn: true });
    await stores.instances.update(record.slot, { state: "ready", port, readyAt: clock.now() });
    events.publish({ type: "instance.ready", serviceId: service.id, slot: record.slot });
  }

  /** Keeps the last words, takes it out of the route, removes the copy; the slot waits for its next start. */
  async crashed(record: InstanceRecord, exitCode: number | null, nextStartAt: number): Promise<void> {
    const { stores, publisher, clock } = this.#options;
    const lastLogTail = await this.logTail(record);
    const isStable = record.readyAt !== null && clock.now() - record.readyAt >= 10_000;
    const wasReady = record.state === "ready";
    await stores.instances.update(record.slot, {
      state: "waiting",
      runtimeId: null,
      port: null,
      readyAt: null,
      restartCount: (isStable ? 0 : record.restartCount) + 1,
      nextStartAt,
      lastExitCode: exitCode,
      lastLogTail,
    });
    if (wasReady) await publisher.publish();
    await this.#removeCopy(record.runtimeId);
  }

  /** Runs beside the queue: out of the route (acknowledged), requests under way end, then it stops. Idempotent. */
  drain(record: InstanceRecord, names: { readonly projectSlug: string; readonly serviceName: string }): void {
    if (this.#drains.has(record.slot)) return;
    const { logger, onDrained } = this.#options;
    const drain = this.#drain(record, names)
      .then(() => 0)
      .catch((error: unknown) => {
        logger.warn({ err: error, slot: record.slot }, "drain failed, it is tried again");
        return DRAIN_RETRY_MS;
      })
      .then((retryInMs) => {
        this.#drains.delete(record.slot);
        onDrained(record.serviceId, retryInMs);
      });
    this.#drains.set(record.slot, drain);
  }

  async #drain(
    record: InstanceRecord,
    names: { readonly projectSlug: string; readonly serviceName: string },
  ): Promise<void> {
    const { stores, publisher, gateway, driver, drainTimeoutMs } = this.#options;
    if (record.state !== "draining") await stores.instances.update(record.slot, { state: "draining" });
    await publisher.publish();
    if (record.runtimeId !== null) {
      await driver.setAlias(record.runtimeId, { ...names, isOn: false }).catch(ignoreGone);
      await gateway.drained(record.slot, drainTimeoutMs);
      await driver.stop(record.runtimeId, STOP_GRACE_MS);
    }
    await this.remove(record);
  }

  /** Removes the copy and forgets the slot; its address rests. */
  async remove(record: InstanceRecord): Promise<void> {
    const { stores, clock, events } = this.#options;
    await this.#removeCopy(record.runtimeId);
    await stores.addresses.release(record.projectId, record.slot, clock.now());
    await stores.instances.remove(record.slot);
    events.publish({ type: "instance.gone", serviceId: record.serviceId, slot: record.slot });
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

  /** Resolves when all drains under way have ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#drains.values());
  }

  async #removeCopy(runtimeId: string | null): Promise<void> {
    if (runtimeId === null) return;
    this.#options.prober.forget(runtimeId);
    await this.#options.driver.remove(runtimeId);
  }
}

/** An instance that is gone already needs no change. */
function ignoreGone(error: unknown): void {
  if (!isAppError(error, "not_found")) throw error;
}
