/**
 * What must happen so that what runs of one service becomes what its owner wants. Pure: no clock, no I/O; the same input
 * gives the same actions in the same order, and carrying them out leads to an empty plan.
 *
 * A service has at most two deployments to care for: the active one (it serves) and the candidate (the newest that is
 * pending or starting). Start-first: both run until the candidate is ready everywhere, then the route switches and the
 * active one drains. Stop-first (volumes, fixed host ports): the active one drains before the candidate starts, and is
 * wanted again by itself when the candidate fails. A candidate of a stopped service runs, too: being promoted is what
 * makes the service run again, and while it is not, the active one stays down.
 */

import { backoffMs } from "./backoff.ts";
import { type Deployment, isStopFirst } from "./deployment.ts";
import type { ObservedInstance } from "./driver.ts";
import { BAD_LOOKS_TO_FAIL, failuresOf, isLooping, SERVED_MS, STABLE_MS } from "./failure-count.ts";
import { type InstanceRecord, type Look, slotOf } from "./instance.ts";
import { type BadEnd, notReadyReason, unwellReason } from "./instance-end.ts";
import { chooseReplicas } from "./replica-choice.ts";
import type { Service } from "./service.ts";

export type ReconcileInput = {
  readonly now: number;
  /** Undefined once it was deleted: then everything of it goes. */
  readonly service: Service | undefined;
  /** Those of the service that are pending, starting or healthy, newest first. */
  readonly deployments: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
  readonly observed: readonly ObservedInstance[];
  /** By runtime id; none before the first look. */
  readonly looks: ReadonlyMap<string, Look>;
  /** How instances did in their deployment's test, by runtime id: null passed, else why not. None while it runs. */
  readonly verdicts: ReadonlyMap<string, string | null>;
};

export type Action =
  /** The candidate's turn begins: pending → starting. */
  | { readonly kind: "begin"; readonly deploymentId: string }
  /** A newer candidate took its place. */
  | { readonly kind: "cancel"; readonly deploymentId: string }
  /** Create and start the copy of that slot. */
  | { readonly kind: "start"; readonly deploymentId: string; readonly replica: number }
  /** It answers: requests may go to it. */
  | { readonly kind: "ready"; readonly slot: string; readonly port: number | null }
  /** It went bad: keep its last words, remove the copy, start it again at `nextStartAt`. */
  | {
      readonly kind: "crashed";
      readonly slot: string;
      readonly reason: string;
      readonly exitCode: number | null;
      /** How often it has gone bad in a row, this time included. */
      readonly failures: number;
      readonly nextStartAt: number;
      /** It still runs in the route: requests under way may end first. */
      readonly isServing: boolean;
    }
  /** All replicas are ready: that one is asked what the deployment's test says. */
  | { readonly kind: "test"; readonly deploymentId: string; readonly slot: string }
  /** All replicas are ready, and one has passed the test if there is one: this deployment serves from now on. */
  | { readonly kind: "promote"; readonly deploymentId: string }
  | {
      readonly kind: "fail";
      readonly deploymentId: string;
      readonly reason: string;
      readonly exitCode: number | null;
      readonly slot: string;
    }
  /** Take it out of the route, let its requests end, stop it, remove it. */
  | { readonly kind: "drain"; readonly slot: string }
  /** Not in any route: remove at once. */
  | { readonly kind: "remove"; readonly slot: string | null; readonly runtimeId: string | null };

export type ReconcilePlan = {
  readonly actions: readonly Action[];
  /** Look again at this time even if nothing happens; ms since the epoch. */
  readonly nextLookAt: number | null;
};

/** Times a healthy instance may be killed from outside in quick succession before its restart is delayed. */
const FREE_RESTARTS_AFTER_KILL = 5;

export function planReconcile(input: ReconcileInput): ReconcilePlan {
  const wanted = wantedDeployments(input);
  const plan = new PlanBuilder(input);
  for (const deploymentId of wanted.cancelled) plan.add({ kind: "cancel", deploymentId });
  for (const deployment of wanted.deployments) {
    if (deployment.status === "pending") plan.add({ kind: "begin", deploymentId: deployment.id });
    plan.planReplicas(deployment);
  }
  plan.removeOthers();
  if (wanted.candidate !== undefined) plan.promoteWhenReady(wanted.candidate);
  return plan.finish();
}

/** The deployment that is coming up, if any: the newest that is pending or starting. */
export function candidateOf(deployments: readonly Deployment[]): Deployment | undefined {
  return deployments.find((d) => d.status === "pending" || d.status === "starting");
}

type Wanted = {
  readonly deployments: readonly Deployment[];
  readonly candidate: Deployment | undefined;
  readonly cancelled: readonly string[];
};

function wantedDeployments({ service, deployments }: ReconcileInput): Wanted {
  if (service === undefined) return { deployments: [], candidate: undefined, cancelled: [] };
  const coming = deployments.filter((d) => d.status === "pending" || d.status === "starting");
  const candidate = candidateOf(deployments);
  const healthy = deployments.find((d) => d.id === service.activeDeploymentId && d.status === "healthy");
  const active = service.desired === "running" ? healthy : undefined;
  const cancelled = coming.filter((d) => d !== candidate).map((d) => d.id);
  if (candidate === undefined) return { deployments: active ? [active] : [], candidate, cancelled };
  const isAlone = active === undefined || isStopFirst(candidate);
  return { deployments: isAlone ? [candidate] : [active, candidate], candidate, cancelled };
}

class PlanBuilder {
  readonly #input: ReconcileInput;
  readonly #records: ReadonlyMap<string, InstanceRecord>;
  readonly #observed: ReadonlyMap<string, ObservedInstance>;
  readonly #actions: Action[] = [];
  readonly #failed = new Set<string>();
  /** Deployment ids by slot. */
  readonly #wantedSlots = new Map<string, string>();
  #nextLookAt: number | null = null;

  constructor(input: ReconcileInput) {
    this.#input = input;
    this.#records = new Map(input.records.map((r) => [r.slot, r]));
    this.#observed = new Map(input.observed.map((o) => [slotOf(o.deploymentId, o.replica), o]));
  }

  add(action: Action): void {
    this.#actions.push(action);
  }

  planReplicas(deployment: Deployment): void {
    const replicas = chooseReplicas(deployment, this.#input);
    for (const replica of replicas) this.#wantedSlots.set(slotOf(deployment.id, replica), deployment.id);
    for (const replica of replicas) this.#planSlot(deployment, replica);
  }

  #planSlot(deployment: Deployment, replica: number): void {
    const slot = slotOf(deployment.id, replica);
    const record = this.#records.get(slot);
    const observed = this.#observed.get(slot);
    const start: Action = { kind: "start", deploymentId: deployment.id, replica };
    if (observed === undefined && this.#mustWait(deployment)) return;
    if (record === undefined) {
      this.add(start);
      return;
    }
    if (record.state === "draining") {
      this.add({ kind: "drain", slot });
      return;
    }
    if (record.state === "waiting") {
      if (record.nextStartAt <= this.#input.now) this.add(start);
      else this.#lookAgainAt(record.nextStartAt);
      return;
    }
    // Slipway ended between writing the record and creating the copy, or before it wrote down the copy's id.
    const isUnknown = observed !== undefined && observed.runtimeId !== record.runtimeId;
    if (record.runtimeId === null || isUnknown || observed?.state === "created") {
      this.add(start);
      return;
    }
    if (observed === undefined) {
      const isKilled = record.state === "ready";
      this.#wentBad(deployment, record, { reason: "its instance was removed from outside", isKilled });
    } else if (observed.state === "exited") this.#exited(deployment, record, observed);
    else this.#look(deployment, record, record.runtimeId);
  }

  /**
   * Two copies must never write one volume: what another deployment has left goes first, and so does a copy of its own
   * that drains; their going brings a new plan.
   */
  #mustWait(deployment: Deployment): boolean {
    if (!isStopFirst(deployment)) return false;
    const isOther = ({ deploymentId, replica }: { readonly deploymentId: string; readonly replica: number }): boolean =>
      deploymentId !== deployment.id || !this.#wantedSlots.has(slotOf(deploymentId, replica));
    return this.#input.records.some(isOther) || this.#input.observed.some(isOther);
  }

  #exited(deployment: Deployment, record: InstanceRecord, observed: ObservedInstance): void {
    const code = observed.exitCode;
    const reason = observed.wasOomKilled ? "ran out of memory" : `container exited with code ${code ?? "unknown"}`;
    const isKilled = record.state === "ready" && !observed.wasOomKilled && (code === 137 || code === 143);
    // The command is not there or can't be run: the next try would end the same way.
    const isFinal = record.state === "starting" && (code === 126 || code === 127);
    this.#wentBad(deployment, record, { reason, exitCode: code, isKilled, isFinal });
  }

  #look(deployment: Deployment, record: InstanceRecord, runtimeId: string): void {
    const look = this.#input.looks.get(runtimeId);
    if (record.state === "starting" && look?.isWell) {
      this.add({ kind: "ready", slot: record.slot, port: look.port });
      return;
    }
    if (record.state === "ready") {
      const isBad = look !== undefined && look.badInRow >= BAD_LOOKS_TO_FAIL;
      if (isBad && !this.#isSpared(deployment, record)) {
        this.#wentBad(deployment, record, { reason: unwellReason(deployment), isServing: true });
      } else if (isBad || isLooping(record, this.#input.now)) {
        this.#lookAgainAt((record.readyAt ?? this.#input.now) + STABLE_MS);
      }
      return;
    }
    // Without a port there is nothing to look at: running for a while is all that can be asked of it.
    if (deployment.listenPorts.length === 0) return;
    const deadline = (record.startedAt ?? this.#input.now) + deployment.startMs;
    if (this.#input.now < deadline) {
      this.#lookAgainAt(deadline);
      return;
    }
    if (look !== undefined && look.badInRow >= BAD_LOOKS_TO_FAIL) {
      this.#wentBad(deployment, record, { reason: notReadyReason(deployment), isFinal: true });
    } else {
      this.#lookAgainAt(this.#input.now + 1000);
    }
  }

  /**
   * No better one serves, and its replacement went bad a moment ago, too: what fails its health check may answer all the same.
   */
  #isSpared(deployment: Deployment, record: InstanceRecord): boolean {
    const { now, looks, records } = this.#input;
    if (deployment.status !== "healthy" || deployment.health === null) return false;
    if (failuresOf(record, now, STABLE_MS) === 1) return false;
    const own = records.filter((r) => r.deploymentId === deployment.id && r.state === "ready");
    return own.every(({ runtimeId }) => (looks.get(runtimeId ?? "")?.badInRow ?? 0) >= BAD_LOOKS_TO_FAIL);
  }

  #wentBad(deployment: Deployment, record: InstanceRecord, end: BadEnd): void {
    const { reason, exitCode = null, isKilled = false, isFinal = false, isServing = false } = end;
    const failures = failuresOf(record, this.#input.now, isKilled ? SERVED_MS : STABLE_MS);
    if (deployment.status !== "healthy" && (isFinal || failures >= BAD_LOOKS_TO_FAIL)) {
      if (this.#failed.has(deployment.id)) return;
      this.#failed.add(deployment.id);
      this.add({ kind: "fail", deploymentId: deployment.id, reason, exitCode, slot: record.slot });
      return;
    }
    const delay = isKilled && failures <= FREE_RESTARTS_AFTER_KILL ? 0 : backoffMs(failures - 1);
    const nextStartAt = this.#input.now + delay;
    this.add({ kind: "crashed", slot: record.slot, reason, exitCode, failures, nextStartAt, isServing });
  }

  removeOthers(): void {
    for (const record of this.#input.records) {
      if (this.#wantedSlots.has(record.slot)) continue;
      const isRouted = record.state === "ready" || record.state === "draining";
      this.add(
        isRouted
          ? { kind: "drain", slot: record.slot }
          : { kind: "remove", slot: record.slot, runtimeId: record.runtimeId },
      );
    }
    for (const observed of this.#input.observed) {
      const slot = slotOf(observed.deploymentId, observed.replica);
      const isKnown = this.#records.has(slot) || this.#wantedSlots.has(slot);
      if (!isKnown) this.add({ kind: "remove", slot: null, runtimeId: observed.runtimeId });
    }
  }

  promoteWhenReady(candidate: Deployment): void {
    if (candidate.status !== "starting" || this.#failed.has(candidate.id)) return;
    const ready: InstanceRecord[] = [];
    for (const [slot, deploymentId] of this.#wantedSlots) {
      if (deploymentId !== candidate.id) continue;
      const record = this.#records.get(slot);
      const isTouched = this.#actions.some((a) => "slot" in a && a.slot === slot);
      if (record?.state !== "ready" || isTouched) return;
      ready.push(record);
    }
    if (candidate.test === null) this.add({ kind: "promote", deploymentId: candidate.id });
    else this.#judge(candidate, ready);
  }

  /** By the verdict on one of its instances; without one the first is tested, and its verdict brings a new plan. */
  #judge(candidate: Deployment, ready: readonly InstanceRecord[]): void {
    const { verdicts } = this.#input;
    const deploymentId = candidate.id;
    const tested = ready.find((r) => r.runtimeId !== null && verdicts.has(r.runtimeId));
    const { slot } = tested ?? ready[0] ?? { slot: "" };
    const verdict = tested?.runtimeId == null ? undefined : verdicts.get(tested.runtimeId);
    if (verdict === undefined) this.add({ kind: "test", deploymentId, slot });
    else if (verdict === null) this.add({ kind: "promote", deploymentId });
    else this.add({ kind: "fail", deploymentId, reason: verdict, exitCode: null, slot });
  }

  finish(): ReconcilePlan {
    return { actions: this.#actions, nextLookAt: this.#nextLookAt };
  }

  #lookAgainAt(time: number): void {
    this.#nextLookAt = this.#nextLookAt === null ? time : Math.min(this.#nextLookAt, time);
  }
}
