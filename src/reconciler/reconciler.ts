/**
 * Makes what runs be what the store says, one service at a time (design 1, desired and observed state). Engine events
 * trigger it at once, a sweep now and then; every decision is planReconcile's, this class only carries it out.
 */

import type { Deployment } from "../domain/deployment.ts";
import { IN_FLIGHT } from "../domain/deployment.ts";
import type { EngineDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Project } from "../domain/project.ts";
import { type Action, candidateOf, planReconcile, serviceStatus } from "../domain/reconcile.ts";
import type { Service } from "../domain/service.ts";
import { InstanceRunner, type InstanceRunnerOptions } from "./instance-runner.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import { Prober } from "./prober.ts";

export type ReconcilerOptions = Omit<InstanceRunnerOptions, "prober" | "onDrained" | "driver"> & {
  readonly driver: InstanceRunnerOptions["driver"] & EngineDriver;
  /** Between two sweeps over everything, in milliseconds. */
  readonly sweepIntervalMs: number;
  /** Told how long each pass took, for the metrics. */
  readonly onPass?: (durationMs: number, isOk: boolean) => void;
};

/** Services worked on at the same time; most of a pass is waiting for the engine. */
const PARALLEL_SERVICES = 8;
/** Rounds of plan and actions within one pass; what is left then comes in the next pass. */
const MAX_ROUNDS = 12;

type Snapshot = {
  readonly service: Service | undefined;
  readonly project: Project | undefined;
  readonly deployments: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
};

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #queue: KeyedQueue;
  readonly #prober: Prober;
  readonly #runner: InstanceRunner;
  readonly #stopped = new AbortController();
  /** Last known names of services, for what is left of them after they were deleted. */
  readonly #names = new Map<string, { projectSlug: string; serviceName: string }>();
  readonly #serviceOfRuntime = new Map<string, string>();
  #cancelSweep: () => void = () => undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#queue = new KeyedQueue({
      clock: options.clock,
      parallel: PARALLEL_SERVICES,
      work: (serviceId) => this.#timedPass(serviceId),
      onError: (serviceId, error, retryInMs) =>
        options.logger.warn({ err: error, serviceId, retryInMs }, "reconcile pass failed, it is tried again"),
    });
    this.#prober = new Prober({
      clock: options.clock,
      onChange: (runtimeId) => {
        const serviceId = this.#serviceOfRuntime.get(runtimeId);
        if (serviceId !== undefined) this.trigger(serviceId);
      },
    });
    this.#runner = new InstanceRunner({
      ...options,
      prober: this.#prober,
      onDrained: (serviceId, retryInMs) => this.#queue.trigger(serviceId, retryInMs),
    });
  }

  /** Starts watching the engine and sweeping. */
  start(): void {
    const { driver, logger } = this.#options;
    driver.watch(
      {
        onEvent: (event) => {
          if (event.kind !== "started" && event.kind !== "other") this.trigger(event.serviceId);
        },
        onGap: () => this.sweep(),
        onLost: (error) => logger.warn({ err: error }, "the engine's event stream ended, reconnecting"),
      },
      this.#stopped.signal,
    );
    this.#scheduleSweep();
  }

  /** Looks at the service now (or right after the pass that is under way). */
  trigger(serviceId: string): void {
    this.#queue.trigger(serviceId);
  }

  /** Looks at every service, and at what is left of services that are gone. */
  sweep(): void {
    this.#sweepNow().catch((error: unknown) =>
      this.#options.logger.warn({ err: error }, "sweep failed, the next one follows"),
    );
  }

  /** Ends watching and waits for passes under way; instances keep running. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#cancelSweep();
    this.#prober.close();
    await this.#queue.close();
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.clock.schedule(this.#options.sweepIntervalMs, () => {
      this.sweep();
      this.#scheduleSweep();
    });
  }

  async #sweepNow(): Promise<void> {
    const { stores, driver } = this.#options;
    const ids = new Set((await stores.services.list()).map((s) => s.id));
    for (const record of await stores.instances.list()) ids.add(record.serviceId);
    for (const observed of await driver.list()) ids.add(observed.serviceId);
    for (const id of ids) this.trigger(id);
  }

  async #timedPass(serviceId: string): Promise<number | null> {
    const startedAt = this.#options.clock.now();
    let isOk = false;
    try {
      const comeBackAt = await this.#pass(serviceId);
      isOk = true;
      return comeBackAt;
    } finally {
      this.#options.onPass?.(this.#options.clock.now() - startedAt, isOk);
    }
  }

  async #pass(serviceId: string): Promise<number | null> {
    const { clock, driver } = this.#options;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const snapshot = await this.#read(serviceId);
      const plan = planReconcile({
        now: clock.now(),
        ...snapshot,
        observed: await driver.list({ serviceId }),
        looks: this.#prober.looks(),
      });
      for (const record of snapshot.records) this.#watchAgain(snapshot, record);
      let isWaiting = true;
      for (const action of plan.actions) if (await this.#carryOut(action, snapshot)) isWaiting = false;
      await this.#updateStatus(serviceId);
      if (isWaiting) return plan.nextLookAt;
    }
    return clock.now();
  }

  async #read(serviceId: string): Promise<Snapshot> {
    const { stores } = this.#options;
    const service = await stores.services.find(serviceId);
    const project = service && (await stores.projects.get(service.projectId));
    if (service && project) this.#names.set(service.id, { projectSlug: project.slug, serviceName: service.name });
    return {
      service,
      project,
      deployments: await stores.deployments.list({ serviceId, statuses: IN_FLIGHT }),
      records: await stores.instances.list({ serviceId }),
    };
  }

  #watchAgain(snapshot: Snapshot, record: InstanceRecord): void {
    const deployment = snapshot.deployments.find((d) => d.id === record.deploymentId);
    if (record.runtimeId === null || deployment === undefined || record.state === "draining") return;
    this.#serviceOfRuntime.set(record.runtimeId, record.serviceId);
    this.#runner.watch(record, deployment);
  }

  /** Does it; true when something changed that makes a new plan worth while. */
  async #carryOut(action: Action, snapshot: Snapshot): Promise<boolean> {
    const { stores, publisher, events } = this.#options;
    const { service, project } = snapshot;
    switch (action.kind) {
      case "begin":
        await stores.deployments.update(action.deploymentId, {
          status: "starting",
          startedAt: this.#options.clock.now(),
        });
        if (service)
          events.publish({ type: "deployment.starting", serviceId: service.id, deploymentId: action.deploymentId });
        return true;
      case "cancel":
        await stores.deployments.update(action.deploymentId, {
          status: "cancelled",
          finishedAt: this.#options.clock.now(),
        });
        return true;
      case "start":
        return this.#start(snapshot, action.deploymentId, action.replica);
      case "ready": {
        const record = snapshot.records.find((r) => r.slot === action.slot);
        if (!service || !project || !record) return true;
        await this.#runner.becomeReady(service, project, record, action.port);
        if (record.deploymentId === service.activeDeploymentId) await publisher.publish();
        return true;
      }
      case "crashed":
        return this.#crashed(snapshot, action);
      case "promote":
        await this.#promote(snapshot, action.deploymentId);
        return true;
      case "fail":
        await this.#fail(snapshot, action);
        return true;
      case "drain":
        this.#drain(snapshot, action.slot);
        return false;
      case "remove":
        return this.#remove(snapshot, action);
    }
  }

  async #start(snapshot: Snapshot, deploymentId: string, replica: number): Promise<boolean> {
    const { service, project } = snapshot;
    const deployment = snapshot.deployments.find((d) => d.id === deploymentId);
    if (!service || !project || !deployment) return true;
    try {
      await this.#runner.start(service, project, deployment, replica);
    } catch (error) {
      if (!isAppError(error) || error.code === "unavailable" || error.code === "internal") throw error;
      await this.#cannotStart(deployment, replica, error.message);
    }
    return true;
  }

  /** The engine refuses to start it (no such image or command): it counts like an exit, with the engine's words as its log. */
  async #cannotStart(deployment: Deployment, replica: number, words: string): Promise<void> {
    const record = (await this.#options.stores.instances.list({ serviceId: deployment.serviceId })).find(
      (r) => r.deploymentId === deployment.id && r.replica === replica,
    );
    if (record === undefined) return;
    if (deployment.status === "healthy") {
      const nextStartAt = this.#options.clock.now() + Math.min(30_000, 1000 * 2 ** record.restartCount);
      await this.#runner.crashed({ ...record, lastLogTail: words }, null, nextStartAt);
      return;
    }
    await this.#failDeployment(deployment, `container start failed: ${words}`, null, `${words}\n`);
  }

  async #crashed(snapshot: Snapshot, action: Action & { kind: "crashed" }): Promise<boolean> {
    const { stores, logger } = this.#options;
    const record = snapshot.records.find((r) => r.slot === action.slot);
    const deployment = snapshot.deployments.find((d) => d.id === record?.deploymentId);
    if (!record || !deployment) return true;
    logger.warn(
      { serviceId: record.serviceId, slot: record.slot, reason: action.reason, exitCode: action.exitCode },
      "instance went bad",
    );
    await this.#runner.crashed(record, action.exitCode, action.nextStartAt);
    if (deployment.status !== "healthy")
      await stores.deployments.update(deployment.id, { attemptCount: deployment.attemptCount + 1 });
    return true;
  }

  async #promote(snapshot: Snapshot, deploymentId: string): Promise<void> {
    const { stores, publisher, events, clock } = this.#options;
    const { service } = snapshot;
    if (!service) return;
    await stores.deployments.update(deploymentId, { status: "healthy", healthyAt: clock.now(), failureReason: null });
    const previous = snapshot.deployments.filter((d) => d.id !== deploymentId && d.status === "healthy");
    await stores.services.update(service.id, { activeDeploymentId: deploymentId, updatedAt: clock.now() });
    for (const old of previous)
      await stores.deployments.update(old.id, { status: "superseded", finishedAt: clock.now() });
    await publisher.publish();
    events.publish({ type: "deployment.healthy", serviceId: service.id, deploymentId });
  }

  async #fail(snapshot: Snapshot, action: Action & { kind: "fail" }): Promise<void> {
    const record = snapshot.records.find((r) => r.slot === action.slot);
    const deployment = snapshot.deployments.find((d) => d.id === action.deploymentId);
    if (!deployment) return;
    await this.#failDeployment(
      deployment,
      action.reason,
      action.exitCode,
      record ? await this.#runner.logTail(record) : null,
    );
  }

  async #failDeployment(
    deployment: Deployment,
    reason: string,
    exitCode: number | null,
    logTail: string | null,
  ): Promise<void> {
    const { stores, events, clock, publisher, logger } = this.#options;
    await stores.deployments.update(deployment.id, {
      status: "failed",
      failureReason: reason,
      exitCode,
      logTail,
      attemptCount: deployment.attemptCount + 1,
      finishedAt: clock.now(),
    });
    await publisher.publish();
    logger.warn({ serviceId: deployment.serviceId, deploymentId: deployment.id, reason }, "deployment failed");
    events.publish({ type: "deployment.failed", serviceId: deployment.serviceId, deploymentId: deployment.id });
  }

  #drain(snapshot: Snapshot, slot: string): void {
    const record = snapshot.records.find((r) => r.slot === slot);
    const names = this.#names.get(record?.serviceId ?? "") ?? { projectSlug: "", serviceName: "" };
    if (record !== undefined) this.#runner.drain(record, names);
  }

  async #remove(snapshot: Snapshot, action: Action & { kind: "remove" }): Promise<boolean> {
    const record = snapshot.records.find((r) => r.slot === action.slot);
    if (record !== undefined) await this.#runner.remove(record);
    else if (action.runtimeId !== null) await this.#runner.removeUnknown(action.runtimeId);
    return true;
  }

  async #updateStatus(serviceId: string): Promise<void> {
    const { stores, events, clock } = this.#options;
    const service = await stores.services.find(serviceId);
    if (service === undefined) return;
    const [latest] = await stores.deployments.list({ serviceId, limit: 1 });
    const deployments = await stores.deployments.list({ serviceId, statuses: IN_FLIGHT });
    const active = deployments.find((d) => d.id === service.activeDeploymentId && d.status === "healthy");
    const records = await stores.instances.list({ serviceId });
    const status = serviceStatus(service, candidateOf(deployments) ?? latest, active, records);
    if (status === service.status) return;
    await stores.services.update(serviceId, { status, updatedAt: clock.now() });
    events.publish({ type: "service.status.changed", serviceId, from: service.status, to: status });
  }
}
