/**
 * Makes what runs be what the store says, one service at a time (design 1, desired and observed state). Engine events
 * trigger a pass over a service at once; a sweep looks at all of them now and then, in one look at the engine, and
 * triggers those with something to do. Every decision is planReconcile's. Services are worked on side by side: trouble
 * with one of them is its own.
 */

import type { Deployment } from "../domain/deployment.ts";
import type { EngineDriver, ObservedInstance } from "../domain/driver.ts";
import type { DomainEvent } from "../domain/events.ts";
import { planReconcile } from "../domain/reconcile.ts";
import { DeployTests, type DeployTestsOptions } from "./deploy-tests.ts";
import { DeploymentMarks } from "./deployment-marks.ts";
import { InstanceRunner, type InstanceRunnerOptions } from "./instance-runner.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import { type LookAt, Prober } from "./prober.ts";
import { ProjectNetworks, type ProjectNetworksOptions } from "./project-networks.ts";
import { ServicePass, type ServicePassOptions } from "./service-pass.ts";
import { readAllSnapshots, readNewest } from "./snapshot.ts";

export type ReconcilerOptions = Omit<InstanceRunnerOptions, "prober" | "tests" | "onDrained" | "driver"> & {
  readonly driver: ServicePassOptions["driver"] & ProjectNetworksOptions["driver"] & Pick<EngineDriver, "watch">;
  /** Takes one look at an instance. */
  readonly lookAt: LookAt;
  /** Asks an instance what its deployment's test says. */
  readonly testInstance: DeployTestsOptions["testInstance"];
  /** Below it services answer by their names; lower case, null: none. */
  readonly baseDomain?: string | null;
  /** Between two sweeps over everything, in milliseconds. */
  readonly sweepIntervalMs: number;
  /** Told how long each pass took, for the metrics. */
  readonly onPass?: (durationMs: number, isOk: boolean) => void;
  /** The image of what serves is gone from the engine; its slot is tried again by and by. */
  readonly onImageMissing: (deployment: Deployment) => void;
};

/** Services worked on at the same time; most of a pass is waiting for the engine. */
const PARALLEL_SERVICES = 8;
/** A pass that takes longer waits for something of its own, and lets others begin, in milliseconds. */
const PATIENCE_MS = 5_000;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #queue: KeyedQueue;
  readonly #prober: Prober;
  readonly #tests: DeployTests;
  readonly #pass: ServicePass;
  readonly #networks: ProjectNetworks;
  readonly #stopped = new AbortController();
  #cancelSweep: () => void = () => undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: ReconcilerOptions) {
    const { clock, logger } = options;
    this.#options = options;
    this.#queue = new KeyedQueue({
      clock,
      parallel: PARALLEL_SERVICES,
      patienceMs: PATIENCE_MS,
      work: (serviceId) => this.#timedPass(serviceId),
      onError: (serviceId, error, retryInMs) =>
        logger.warn({ err: error, serviceId, retryInMs }, "reconcile pass failed, it is tried again"),
    });
    this.#prober = new Prober({ clock, lookAt: options.lookAt, onChange: (serviceId) => this.trigger(serviceId) });
    this.#tests = new DeployTests({
      testInstance: options.testInstance,
      onVerdict: (serviceId) => this.trigger(serviceId),
    });
    const looking = { prober: this.#prober, tests: this.#tests };
    const runner = new InstanceRunner({
      ...options,
      ...looking,
      onDrained: (serviceId, retryInMs) => this.#queue.trigger(serviceId, retryInMs),
    });
    this.#pass = new ServicePass({ ...options, ...looking, runner, marks: new DeploymentMarks(options) });
    this.#networks = new ProjectNetworks(options);
  }

  /** Starts watching the engine and sweeping. */
  start(): void {
    const { driver, logger } = this.#options;
    driver.watch(
      {
        onEvent: (event) => {
          if (event.kind !== "started" && event.kind !== "other") this.trigger(event.serviceId);
        },
        onGap: () => void this.sweep(),
        onLost: (error) => logger.warn({ err: error }, "the engine's event stream ended, reconnecting"),
      },
      this.#stopped.signal,
    );
    this.#stopped.signal.addEventListener(
      "abort",
      this.#options.events.on((event) => this.#look(event)),
    );
    this.#scheduleSweep();
  }

  /** Looks at the service now (or right after the pass that is under way). */
  trigger(serviceId: string): void {
    this.#queue.trigger(serviceId);
  }

  /**
   * Looks at every service, and at what is left of services that are gone. Sweeps follow each other. Resolves when it has
   * ended, well or not.
   */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping
      .then(() => this.#sweepNow())
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, "sweep failed, the next one follows"));
    return this.#sweeping;
  }

  /** Ends watching and waits for passes under way; instances keep running. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#cancelSweep();
    await this.#sweeping;
    this.#prober.close();
    await this.#queue.close();
  }

  /** A service that is new or has a new name may want one that another's instances still answer to. */
  #look(event: DomainEvent): void {
    if (event.type !== "service.created" && event.type !== "service.updated") return;
    for (const serviceId of this.#pass.renamed) if (serviceId !== event.serviceId) this.trigger(serviceId);
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.clock.schedule(this.#options.sweepIntervalMs, () => {
      void this.sweep();
      this.#scheduleSweep();
    });
  }

  /**
   * Plans all services from one look at store and engine, and triggers those whose plan is not empty. What changes while
   * it looks triggers by itself.
   */
  async #sweepNow(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const { database, driver, clock } = this.#options;
    const all = await driver.list();
    const observed = Map.groupBy(all, (o) => o.serviceId);
    const snapshots = await readAllSnapshots(database);
    const newest = await readNewest(database, snapshots);
    const seen = { looks: this.#prober.looks(), verdicts: this.#tests.verdicts() };
    for (const [serviceId, snapshot] of snapshots) {
      this.#pass.watchAgain(snapshot);
      const own: readonly ObservedInstance[] = observed.get(serviceId) ?? [];
      const plan = planReconcile({ now: clock.now(), ...snapshot, observed: own, ...seen });
      const isStatusTrue = (await this.#pass.statusOf(snapshot, newest)) === snapshot.service?.status;
      if (plan.actions.length > 0 || !isStatusTrue) this.trigger(serviceId);
      else if (plan.nextLookAt !== null) this.#queue.trigger(serviceId, plan.nextLookAt - clock.now());
    }
    for (const serviceId of observed.keys()) if (!snapshots.has(serviceId)) this.trigger(serviceId);
    await this.#networks.sweep(new Set(all.map((o) => o.projectSlug)));
  }

  async #timedPass(serviceId: string): Promise<number | null> {
    const startedAt = this.#options.clock.now();
    let isOk = false;
    try {
      const comeBackAt = await this.#pass.run(serviceId);
      isOk = true;
      return comeBackAt;
    } finally {
      this.#options.onPass?.(this.#options.clock.now() - startedAt, isOk);
    }
  }
}
