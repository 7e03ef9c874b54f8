/**
 * A small world for planReconcile that carries plans out the way the real one does, with an engine that can lose
 * instances and apps that may or may not become well. It checks after each action what must never happen.
 */

import assert from "node:assert/strict";
import type { Deployment } from "../../src/domain/deployment.ts";
import type { ObservedInstance } from "../../src/domain/driver.ts";
import { type InstanceRecord, isLeaving, type Look, slotOf } from "../../src/domain/instance.ts";
import { planReconcile } from "../../src/domain/reconcile.ts";
import type { Action } from "../../src/domain/reconcile-plan.ts";
import type { Service } from "../../src/domain/service.ts";

export const NOW = 1_000_000;

/** One that is pending, with a port and nothing special. */
export function deployment(id: string, patch: Partial<Deployment> = {}): Deployment {
  return {
    id,
    serviceId: "s",
    status: "pending",
    image: "image:1",
    wantedImage: null,
    sourceId: null,
    buildId: null,
    runtime: null,
    env: {},
    givenEnv: {},
    ports: [],
    listenPorts: [8080],
    replicas: 1,
    declaredReplicas: null,
    isHeld: false,
    awaitsStart: false,
    restart: "always",
    options: {},
    buildInputs: { args: {}, secrets: [] },
    secrets: [],
    networks: [],
    capabilities: [],
    isolation: "runc",
    routes: [],
    test: null,
    declared: {},
    resources: { cpuMillicores: null, memoryBytes: null },
    command: [],
    health: null,
    startMs: 60_000,
    timeoutMs: 30_000,
    volumes: [],
    localPort: null,
    tag: null,
    volumeText: "",
    failureReason: null,
    exitCode: null,
    logTail: null,
    configHash: null,
    attemptCount: 0,
    startedAt: null,
    healthyAt: null,
    finishedAt: null,
    createdAt: NOW,
    ...patch,
  };
}

/** One that is wanted and has nothing yet. */
export function service(patch: Partial<Service> = {}): Service {
  return {
    id: "s",
    projectId: "p",
    name: "hello",
    kind: "function",
    status: "created",
    desired: "running",
    replicas: null,
    isPrivate: false,
    routeName: "hello",
    localPort: null,
    tag: null,
    runtime: null,
    volumeText: "",
    iconUrl: null,
    preset: null,
    volumesName: "hello",
    formerNames: [],
    activeDeploymentId: null,
    createdAt: 0,
    updatedAt: 0,
    ...patch,
  };
}

export class PlannedWorld {
  now = NOW;
  service: Service | undefined = service();
  deployments: Deployment[] = [];
  records: InstanceRecord[] = [];
  observed: ObservedInstance[] = [];
  looks = new Map<string, Look>();
  verdicts = new Map<string, string | null>();
  /** Deployments whose app never becomes well, and how it ends. */
  readonly sick = new Map<string, "exits" | "deaf">();
  /** Deployments whose test fails, and why. */
  readonly wrong = new Map<string, string>();
  /** Runtime ids of ready instances that stopped being well. */
  readonly unwell = new Set<string>();
  /** Off: what drains goes on draining, as requests under way take their time. */
  drainsEnd = true;
  #copies = 0;

  plan() {
    const inFlight = this.deployments.filter((d) => ["pending", "starting", "healthy"].includes(d.status));
    return planReconcile({
      now: this.now,
      service: this.service,
      deployments: inFlight.toReversed(),
      records: this.records,
      observed: this.observed,
      looks: this.looks,
      verdicts: this.verdicts,
    });
  }

  /** Plans and carries out until nothing is left to do, time passing where only time helps. */
  settle(): void {
    for (let round = 0; round < 400; round += 1) {
      const { actions, nextLookAt } = this.plan();
      this.#checkDrains(actions);
      for (const action of actions) {
        this.#carryOut(action);
        this.checkNames();
      }
      this.#liveOn();
      if (actions.some((a) => a.kind !== "drain" || this.drainsEnd)) continue;
      // The prober looks on at those that are not well.
      if (this.records.some((r) => r.state !== "draining" && this.unwell.has(r.runtimeId ?? ""))) continue;
      if (nextLookAt === null) return;
      this.now = Math.max(this.now + 1, nextLookAt);
      for (const [id, look] of this.looks)
        if (!look.isWell) this.looks.set(id, { ...look, badInRow: look.badInRow + 1 });
    }
    assert.fail("the plan never comes to rest");
  }

  cancelComing(): void {
    for (const { id, status } of this.deployments)
      if (status === "pending" || status === "starting") this.#update(id, { status: "cancelled" });
  }

  /** By itself or from outside, as the code says. What has ended answers to nothing. */
  end(runtimeId: string, exitCode: number): void {
    this.observed = this.observed.map((o) =>
      o.runtimeId === runtimeId ? { ...o, state: "exited", exitCode, names: [] } : o,
    );
  }

  /** Apps start listening, or end, as they are. */
  #liveOn(): void {
    for (const o of this.observed.filter((x) => x.state === "running")) {
      const sickness = this.sick.get(o.deploymentId);
      if (sickness === "exits") this.end(o.runtimeId, 1);
      else {
        const isWell = sickness === undefined && !this.unwell.has(o.runtimeId);
        const badInRow = isWell ? 0 : (this.looks.get(o.runtimeId)?.badInRow ?? 0) + 1;
        this.looks.set(o.runtimeId, { isWell, port: 8080, badInRow });
      }
    }
  }

  #carryOut(action: Action): void {
    const byId = (id: string): Deployment =>
      this.deployments.find((d) => d.id === id) ?? assert.fail(`no deployment ${id}`);
    switch (action.kind) {
      case "begin":
        this.#update(action.deploymentId, { status: "starting" });
        break;
      case "cancel":
        this.#update(action.deploymentId, { status: "cancelled" });
        break;
      case "start":
        this.#start(byId(action.deploymentId), action.replica);
        break;
      case "ready":
        this.#patch(action.slot, { state: "ready", port: action.port, readyAt: this.now });
        this.#name(action.slot, action.names);
        break;
      case "name":
        this.#name(action.slot, action.names);
        break;
      case "crashed": {
        const { failures: restartCount, nextStartAt } = action;
        this.#patch(action.slot, { restartCount, nextStartAt });
        this.#patch(action.slot, { lastExitCode: action.exitCode });
        if (action.isServing) {
          this.#name(action.slot, []);
          this.#patch(action.slot, { state: "draining" });
        } else this.#wait(action.slot);
        break;
      }
      case "test": {
        const record = this.records.find((r) => r.slot === action.slot) ?? assert.fail("a test of nothing");
        assert.equal(record.state, "ready");
        assert.ok(byId(action.deploymentId).test);
        this.verdicts.set(record.runtimeId ?? "", this.wrong.get(action.deploymentId) ?? null);
        break;
      }
      case "promote":
        this.#checkPromotion(byId(action.deploymentId));
        for (const old of this.deployments.filter((d) => d.status === "healthy"))
          this.#update(old.id, { status: "superseded" });
        this.#update(action.deploymentId, { status: "healthy" });
        if (this.service)
          this.service = { ...this.service, activeDeploymentId: action.deploymentId, desired: "running" };
        break;
      case "fail":
        this.#update(action.deploymentId, { status: "failed", failureReason: action.reason });
        break;
      case "drain": {
        const record = this.records.find((r) => r.slot === action.slot) ?? assert.fail("a drain of nothing");
        const isRetiring = record.state === "draining" && !isLeaving(record);
        this.#name(action.slot, []);
        this.#patch(action.slot, { state: "draining" });
        if (!this.drainsEnd) break;
        if (isRetiring) this.#wait(action.slot);
        else this.#removeSlot(action.slot, record.runtimeId);
        break;
      }
      case "remove":
        this.#removeSlot(action.slot, action.runtimeId);
        break;
    }
  }

  #name(slot: string, names: readonly string[]): void {
    const record = this.records.find((r) => r.slot === slot);
    this.observed = this.observed.map((o) => (o.runtimeId === record?.runtimeId ? { ...o, names } : o));
  }

  /** Its copy is gone, its place is kept. */
  #wait(slot: string): void {
    const record = this.records.find((r) => r.slot === slot);
    this.observed = this.observed.filter((o) => o.runtimeId !== record?.runtimeId);
    this.#patch(slot, { state: "waiting", runtimeId: null, readyAt: null });
  }

  #checkPromotion(d: Deployment): void {
    const ready = this.records.filter((r) => r.deploymentId === d.id && r.state === "ready");
    assert.ok(ready.length >= d.replicas, "promoted before all are ready");
    for (const { runtimeId } of ready)
      assert.ok(this.#namesOf(runtimeId).includes(this.service?.name ?? ""), "promoted without its name");
    if (d.test) assert.ok(!this.wrong.has(d.id), "promoted with a failed test");
    if (d.test)
      assert.ok(
        ready.some((r) => this.verdicts.has(r.runtimeId ?? "")),
        "promoted untested",
      );
  }

  #namesOf(runtimeId: string | null): readonly string[] {
    return this.observed.find((o) => o.runtimeId === runtimeId)?.names ?? [];
  }

  /** Only what is ready has names; what failed its test never had one. */
  checkNames(): void {
    for (const { runtimeId, deploymentId } of this.observed.filter((o) => o.names.length > 0)) {
      const record = this.records.find((r) => r.runtimeId === runtimeId);
      assert.equal(record?.state, "ready", "one that is not ready has a name");
      assert.ok(!this.wrong.has(deploymentId), "what failed its test had a name");
    }
  }

  /**
   * What serves of a start-first rollout is never taken away before its successor serves; when it is scaled down, as many
   * as are wanted stay, and those that are sick, then the oldest went.
   */
  #checkDrains(actions: readonly Action[]): void {
    if (!this.service || this.service.desired === "stopped") return;
    const candidate = this.deployments.findLast((d) => d.status === "pending" || d.status === "starting");
    if (candidate?.volumes.some((v) => !v.readOnly)) return;
    const active = this.deployments.find((d) => d.id === this.service?.activeDeploymentId);
    const isUp = (r: InstanceRecord): boolean =>
      this.observed.some((o) => o.runtimeId === r.runtimeId && o.state === "running");
    const ready = this.records.filter((r) => r.deploymentId === active?.id && r.state === "ready" && isUp(r));
    const isDrained = (r: InstanceRecord): boolean => actions.some((a) => a.kind === "drain" && a.slot === r.slot);
    const [gone, kept] = [ready.filter(isDrained), ready.filter((r) => !isDrained(r))];
    if (gone.length === 0) return;
    assert.equal(kept.length, active?.replicas, "as many as are wanted stay ready");
    for (const one of gone.filter((r) => !this.#isSick(r))) {
      for (const other of kept) {
        assert.ok(!this.#isSick(other), "one that is well went before a sick one");
        assert.ok((other.startedAt ?? 0) >= (one.startedAt ?? 0), "not the oldest went");
      }
    }
  }

  #isSick({ runtimeId, restartCount }: InstanceRecord): boolean {
    return this.looks.get(runtimeId ?? "")?.isWell === false || restartCount >= 3;
  }

  #start(d: Deployment, replica: number): void {
    const slot = slotOf(d.id, replica);
    this.#copies += 1;
    const runtimeId = `c${this.#copies}`;
    const others = this.observed.filter((o) => slotOf(o.deploymentId, o.replica) !== slot && o.state === "running");
    if (d.volumes.some((v) => !v.readOnly)) assert.equal(others.length, 0, "two copies could write one volume");
    this.observed = this.observed.filter((o) => slotOf(o.deploymentId, o.replica) !== slot);
    this.observed.push({
      runtimeId,
      name: slot,
      serviceId: "s",
      deploymentId: d.id,
      replica,
      projectSlug: "default",
      image: "image:1",
      imageId: "sha256:1",
      state: "running",
      exitCode: null,
      wasOomKilled: false,
      startedAt: this.now,
      address: "10.0.0.2",
      names: [],
    });
    const before = this.records.find((r) => r.slot === slot);
    this.records = this.records.filter((r) => r.slot !== slot);
    this.records.push({
      slot,
      serviceId: "s",
      projectId: "p",
      deploymentId: d.id,
      replica,
      runtimeId,
      address: "10.0.0.2",
      port: null,
      state: "starting",
      restartCount: before?.restartCount ?? 0,
      nextStartAt: 0,
      startedAt: this.now,
      readyAt: null,
      lastExitCode: null,
      lastLogTail: null,
    });
  }

  #update(id: string, patch: Partial<Deployment>): void {
    this.deployments = this.deployments.map((d) => (d.id === id ? { ...d, ...patch } : d));
  }

  #patch(slot: string, patch: Partial<InstanceRecord>): void {
    this.records = this.records.map((r) => (r.slot === slot ? { ...r, ...patch } : r));
  }

  #removeSlot(slot: string | null, runtimeId: string | null): void {
    this.records = this.records.filter((r) => r.slot !== slot);
    this.observed = this.observed.filter((o) => o.runtimeId !== runtimeId);
  }
}
