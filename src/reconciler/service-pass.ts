/** One pass over one service: reads what is wanted and what is there, plans, and carries the plan out until none is left. */

import { backoffMs } from "../domain/backoff.ts";
import type { Clock } from "../domain/clock.ts";
import type { Deployment } from "../domain/deployment.ts";
import type { ImageDriver } from "../domain/driver.ts";
import { type AppError, isAppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Logger } from "../domain/logger.ts";
import { candidateOf, planReconcile } from "../domain/reconcile.ts";
import type { Action } from "../domain/reconcile-plan.ts";
import { serviceStatus } from "../domain/service-status.ts";
import type { Database } from "../domain/stores.ts";
import type { DeployTests } from "./deploy-tests.ts";
import type { DeploymentMarks } from "./deployment-marks.ts";
import type { InstanceRunner, InstanceRunnerOptions } from "./instance-runner.ts";
import type { Prober } from "./prober.ts";
import type { RoutePublisher } from "./route-publisher.ts";
import { activeOf, readSnapshot, type Snapshot } from "./snapshot.ts";

export type ServicePassOptions = {
  readonly database: Database;
  readonly driver: InstanceRunnerOptions["driver"] & Pick<ImageDriver, "findImage">;
  readonly marks: DeploymentMarks;
  readonly runner: InstanceRunner;
  readonly prober: Pick<Prober, "looks">;
  readonly tests: Pick<DeployTests, "begin" | "verdicts">;
  readonly publisher: Pick<RoutePublisher, "publish">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The image of what serves is gone from the engine; its slot is tried again by and by. */
  readonly onImageMissing: (deployment: Deployment) => void;
};

/** Rounds of plan and actions within one pass; what is left then comes in the next pass. */
const MAX_ROUNDS = 12;
const NEXT_PASS_MS = 200;

export class ServicePass {
  readonly #options: ServicePassOptions;
  /** Project slugs by service id, for what is left of services after they were deleted. */
  readonly #slugs = new Map<string, string>();
  /** Services with instances that answer to names which are not their service's, too. */
  readonly #renamed = new Set<string>();

  constructor(options: ServicePassOptions) {
    this.#options = options;
  }

  /** Answers when to look again even if nothing happens (ms since the epoch), or null. @throws AppError `unavailable` */
  async run(serviceId: string): Promise<number | null> {
    const { clock, database, driver, prober, tests } = this.#options;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const snapshot = await readSnapshot(database, serviceId);
      await this.#learnSlug(snapshot);
      const observed = await driver.list({ serviceId });
      const seen = { looks: prober.looks(), verdicts: tests.verdicts() };
      const plan = planReconcile({ now: clock.now(), ...snapshot, observed, ...seen });
      this.watchAgain(snapshot);
      let isWaiting = true;
      for (const action of plan.actions) if (await this.#carryOut(action, snapshot)) isWaiting = false;
      await this.#updateStatus(serviceId);
      if (isWaiting) return plan.nextLookAt;
    }
    return clock.now() + NEXT_PASS_MS;
  }

  async #learnSlug({ service }: Snapshot): Promise<void> {
    if (service === undefined || this.#slugs.has(service.id)) return;
    this.#slugs.set(service.id, (await this.#options.database.projects.get(service.projectId)).slug);
  }

  /** Services whose instances have a name that a new or renamed service may want. */
  get renamed(): Iterable<string> {
    return this.#renamed;
  }

  /** Looks at instances that run since before a restart of Slipway. */
  watchAgain({ service, deployments, records }: Snapshot): void {
    if (service !== undefined && service.formerNames.length > 0) this.#renamed.add(service.id);
    else if (service !== undefined) this.#renamed.delete(service.id);
    for (const record of records) {
      const deployment = deployments.find((d) => d.id === record.deploymentId);
      if (deployment !== undefined) this.#options.runner.watch(record, deployment);
    }
  }

  /** Does it; true when something changed that makes a new plan worth while. */
  async #carryOut(action: Action, snapshot: Snapshot): Promise<boolean> {
    const { marks, publisher } = this.#options;
    switch (action.kind) {
      case "start":
        return this.#start(snapshot, action.deploymentId, action.replica);
      case "ready":
        return this.#ready(snapshot, action);
      case "name":
        return this.#name(snapshot, action);
      case "crashed":
        return this.#crashed(snapshot, action);
      case "drain":
        return this.#drain(snapshot, action.slot);
      case "remove":
        return this.#remove(snapshot, action);
      case "test":
        return this.#test(snapshot, action.slot);
      default: {
        const deployment = snapshot.deployments.find((d) => d.id === action.deploymentId);
        if (deployment === undefined) return true;
        if (action.kind === "begin") await marks.begin(deployment);
        if (action.kind === "cancel") await marks.cancel(deployment);
        if (action.kind === "promote" && (await marks.promote(deployment))) await publisher.publish();
        if (action.kind === "fail") await this.#fail(snapshot, deployment, action);
        return true;
      }
    }
  }

  async #start(snapshot: Snapshot, deploymentId: string, replica: number): Promise<boolean> {
    const { database, runner } = this.#options;
    const { service } = snapshot;
    const deployment = snapshot.deployments.find((d) => d.id === deploymentId);
    if (service === undefined || deployment === undefined) return true;
    const project = await database.projects.get(service.projectId);
    try {
      await runner.start(service, project, deployment, replica);
    } catch (error) {
      if (!isAppError(error) || error.code === "unavailable" || error.code === "internal") throw error;
      await this.#refused(deployment, replica, error);
    }
    return true;
  }

  /**
   * The engine will not start it: no such image or command, no address. The next try would end the same way, so what is
   * coming up fails at once; what serves is tried again, ever more seldom, with the engine's words as its last ones.
   */
  async #refused(deployment: Deployment, replica: number, error: AppError): Promise<void> {
    const { database, marks, publisher, runner, clock, driver, onImageMissing } = this.#options;
    const words = error.message;
    if (deployment.status !== "healthy") {
      await marks.fail(deployment, {
        reason: `container start failed: ${words}`,
        exitCode: null,
        logTail: `${words}\n`,
      });
      await publisher.publish();
      return;
    }
    const records = await database.instances.list({ serviceId: deployment.serviceId });
    const record = records.find((r) => r.deploymentId === deployment.id && r.replica === replica);
    if (record === undefined) throw error;
    const failures = record.restartCount + 1;
    const nextStartAt = clock.now() + backoffMs(failures);
    await runner.crashed(record, { exitCode: null, failures, nextStartAt, words });
    if (deployment.image !== null && (await driver.findImage(deployment.image)) === undefined)
      onImageMissing(deployment);
  }

  async #ready(snapshot: Snapshot, { slot, port, names }: Action & { kind: "ready" }): Promise<boolean> {
    const { database, runner, publisher } = this.#options;
    const { service } = snapshot;
    const record = snapshot.records.find((r) => r.slot === slot);
    if (service === undefined || record === undefined) return true;
    await runner.becomeReady(await database.projects.get(service.projectId), record, port, names);
    if (record.deploymentId === service.activeDeploymentId) await publisher.publish();
    return true;
  }

  /** One that ended a moment ago needs no name; the next plan says so. */
  async #name(snapshot: Snapshot, { slot, names }: Action & { kind: "name" }): Promise<boolean> {
    const { database, runner } = this.#options;
    const record = snapshot.records.find((r) => r.slot === slot);
    if (record === undefined) return true;
    await runner.rename(await database.projects.get(record.projectId), record, names).catch((error: unknown) => {
      if (!isAppError(error, "not_found")) throw error;
    });
    return true;
  }

  async #crashed(snapshot: Snapshot, action: Action & { kind: "crashed" }): Promise<boolean> {
    const { runner, marks, logger } = this.#options;
    const record = snapshot.records.find((r) => r.slot === action.slot);
    const deployment = snapshot.deployments.find((d) => d.id === record?.deploymentId);
    if (record === undefined || deployment === undefined) return true;
    const { slot, serviceId } = record;
    const { reason, exitCode } = action;
    logger.warn({ serviceId, slot, reason, exitCode }, "instance went bad");
    if (action.isServing) runner.retire(record, action, this.#slugs.get(serviceId));
    else await runner.crashed(record, action);
    if (deployment.status !== "healthy") await marks.countAttempt(deployment);
    return true;
  }

  async #fail(snapshot: Snapshot, deployment: Deployment, action: Action & { kind: "fail" }): Promise<void> {
    const { runner, marks, publisher } = this.#options;
    const { slot, reason, exitCode } = action;
    const record = snapshot.records.find((r) => r.slot === slot);
    const logTail = record === undefined ? null : await runner.logTail(record);
    await marks.fail(deployment, { reason, exitCode, logTail });
    await publisher.publish();
  }

  #drain(snapshot: Snapshot, slot: string): false {
    const record = snapshot.records.find((r) => r.slot === slot);
    if (record !== undefined) this.#options.runner.drain(record, this.#slugs.get(record.serviceId));
    return false;
  }

  #test(snapshot: Snapshot, slot: string): false {
    const record = snapshot.records.find((r) => r.slot === slot);
    const deployment = snapshot.deployments.find((d) => d.id === record?.deploymentId);
    if (record !== undefined && deployment !== undefined) this.#options.tests.begin(record, deployment);
    return false;
  }

  async #remove(snapshot: Snapshot, action: Action & { kind: "remove" }): Promise<true> {
    const { runner } = this.#options;
    const record: InstanceRecord | undefined = snapshot.records.find((r) => r.slot === action.slot);
    if (record !== undefined) await runner.remove(record);
    else if (action.runtimeId !== null) await runner.removeUnknown(action.runtimeId);
    return true;
  }

  async #updateStatus(serviceId: string): Promise<void> {
    const { database, events, clock } = this.#options;
    const snapshot = await readSnapshot(database, serviceId);
    const { service } = snapshot;
    if (service === undefined) {
      if (snapshot.records.length === 0) this.#slugs.delete(serviceId);
      this.#renamed.delete(serviceId);
      return;
    }
    const status = await this.statusOf(snapshot);
    if (status === undefined || status === service.status) return;
    await database.services.update(serviceId, { status, updatedAt: clock.now() });
    events.publish({ type: "service.status.changed", serviceId, from: service.status, to: status });
  }

  /**
   * What its status should be now; undefined for one that was deleted.
   * @param newest the newest deployments of those services that have none in flight; asked for when it is left out
   */
  async statusOf(snapshot: Snapshot, newest?: ReadonlyMap<string, Deployment>) {
    const { service, deployments, records } = snapshot;
    if (service === undefined) return undefined;
    const active = activeOf(snapshot);
    const known = candidateOf(deployments) ?? active ?? newest?.get(service.id);
    const latest = known ?? (newest === undefined ? await this.#newestOf(service.id) : undefined);
    return serviceStatus(service, latest, active, records, this.#options.clock.now());
  }

  async #newestOf(serviceId: string): Promise<Deployment | undefined> {
    return (await this.#options.database.deployments.list({ serviceId, limit: 1 }))[0];
  }
}
