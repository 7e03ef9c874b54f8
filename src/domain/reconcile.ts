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

import { backoffMs, MAX_BACKOFF_MS } from "./backoff.ts";
import { type Deployment, isStopFirst } from "./deployment.ts";
import type { ObservedInstance } from "./driver.ts";
import { BAD_LOOKS_TO_FAIL, failuresOf, isLooping, SERVED_MS, STABLE_MS } from "./failure-count.ts";
import { type InstanceRecord, NEVER, slotOf } from "./instance.ts";
import { type BadEnd, endReason, notReadyReason, staysDown, unwellReason } from "./instance-end.ts";
import { namesOf } from "./instance-names.ts";
import type { Action, ReconcileInput, ReconcilePlan } from "./reconcile-plan.ts";
import { chooseReplicas } from "./replica-choice.ts";

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
      const waitMs = record.nextStartAt - this.#input.now;
      // Nothing waits longer than that: the clock was set back.
      if (waitMs <= 0 || (waitMs > MAX_BACKOFF_MS && record.nextStartAt !== NEVER)) this.add(start);
      else if (record.nextStartAt !== NEVER) this.#lookAgainAt(record.nextStartAt);
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
    else {
      this.#look(deployment, record, observed);
      if (record.state === "ready") this.#name(deployment, slot, observed);
    }
  }

  /** What its service is called, and was. */
  get #names(): readonly string[] {
    const { service } = this.#input;
    return service === undefined ? [] : namesOf(service);
  }

  /** Its service may be called otherwise by now, or have lost a former name to another one. */
  #name(deployment: Deployment, slot: string, observed: ObservedInstance): void {
    if (this.#isTouched(slot) || !this.#mayBeNamed(deployment)) return;
    const names = this.#names;
    const isSame = names.length === observed.names.length && names.every((name) => observed.names.includes(name));
    if (!isSame) this.add({ kind: "name", slot, names });
  }

  /** What is to be tested before it takes requests is not found by its service's name until it has passed. */
  #mayBeNamed({ status, test }: Deployment): boolean {
    return status === "healthy" || test === null;
  }

  #isTouched(slot: string): boolean {
    return this.#actions.some((a) => "slot" in a && a.slot === slot);
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
    const reason = endReason(observed, record.restartCount);
    const isKilled = record.state === "ready" && !observed.wasOomKilled && (code === 137 || code === 143);
    // The command is not there or can't be run: the next try would end the same way.
    const isFinal = record.state === "starting" && (code === 126 || code === 127);
    const isAtRest = deployment.status === "healthy" && !isKilled && staysDown(deployment.restart, observed);
    this.#wentBad(deployment, record, { reason, exitCode: code, isKilled, isFinal, staysDown: isAtRest });
  }

  #look(deployment: Deployment, record: InstanceRecord, observed: ObservedInstance): void {
    const look = this.#input.looks.get(observed.runtimeId);
    if (record.state === "starting" && look?.isWell) {
      const names = this.#mayBeNamed(deployment) ? this.#names : [];
      this.add({ kind: "ready", slot: record.slot, port: look.port, names });
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
    const nextStartAt = end.staysDown ? NEVER : this.#input.now + delay;
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
      if (record?.state !== "ready" || this.#isTouched(slot)) return;
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
    else if (verdict !== null) this.add({ kind: "fail", deploymentId, reason: verdict, exitCode: null, slot });
    else if (!this.#nameAll(ready)) this.add({ kind: "promote", deploymentId });
  }

  /** Before they serve: what they are to replace loses the name when they do. False when they all have it. */
  #nameAll(ready: readonly InstanceRecord[]): boolean {
    let isAny = false;
    for (const { slot } of ready) {
      const observed = this.#observed.get(slot);
      if (observed === undefined || observed.names.length > 0) continue;
      this.add({ kind: "name", slot, names: this.#names });
      isAny = true;
    }
    return isAny;
  }

  finish(): ReconcilePlan {
    return { actions: this.#actions, nextLookAt: this.#nextLookAt };
  }

  #lookAgainAt(time: number): void {
    this.#nextLookAt = this.#nextLookAt === null ? time : Math.min(this.#nextLookAt, time);
  }
}
