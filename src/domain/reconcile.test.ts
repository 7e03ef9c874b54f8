import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";
import type { Deployment } from "./deployment.ts";
import type { ObservedInstance } from "./driver.ts";
import { type InstanceRecord, slotOf } from "./instance.ts";
import { type Action, type Look, planReconcile } from "./reconcile.ts";
import type { Service } from "./service.ts";
import { serviceStatus } from "./service-status.ts";

const NOW = 1_000_000;

function deployment(id: string, patch: Partial<Deployment> = {}): Deployment {
  return {
    id,
    serviceId: "s",
    status: "pending",
    image: "image:1",
    sourceId: null,
    buildId: null,
    runtime: null,
    env: {},
    ports: [],
    listenPorts: [8080],
    replicas: 1,
    declaredReplicas: null,
    isHeld: false,
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

function service(patch: Partial<Service> = {}): Service {
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
    activeDeploymentId: null,
    createdAt: 0,
    updatedAt: 0,
    ...patch,
  };
}

/**
 * A small world that carries plans out the way the real one does, with an engine that can lose instances and apps that
 * may or may not become well. It checks after each action what must never happen.
 */
class World {
  now = NOW;
  service: Service | undefined = service();
  deployments: Deployment[] = [];
  records: InstanceRecord[] = [];
  observed: ObservedInstance[] = [];
  looks = new Map<string, Look>();
  /** Deployments whose app never becomes well, and how it ends. */
  readonly sick = new Map<string, "exits" | "deaf">();
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
    });
  }

  /** Plans and carries out until nothing is left to do, time passing where only time helps. */
  settle(): void {
    for (let round = 0; round < 400; round += 1) {
      const { actions, nextLookAt } = this.plan();
      for (const action of actions) this.#carryOut(action);
      this.#liveOn();
      if (actions.length > 0) continue;
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

  kill(runtimeId: string, exitCode: number): void {
    this.observed = this.observed.map((o) => (o.runtimeId === runtimeId ? { ...o, state: "exited", exitCode } : o));
  }

  /** Apps start listening, or end, as they are. */
  #liveOn(): void {
    for (const o of this.observed.filter((x) => x.state === "running")) {
      const sickness = this.sick.get(o.deploymentId);
      if (sickness === "exits") this.kill(o.runtimeId, 1);
      else
        this.looks.set(o.runtimeId, {
          isWell: sickness === undefined,
          port: 8080,
          badInRow: sickness === undefined ? 0 : (this.looks.get(o.runtimeId)?.badInRow ?? 0) + 1,
        });
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
        break;
      case "crashed": {
        const record = this.records.find((r) => r.slot === action.slot);
        this.observed = this.observed.filter((o) => o.runtimeId !== record?.runtimeId);
        this.#patch(action.slot, {
          state: "waiting",
          runtimeId: null,
          restartCount: action.failures,
          nextStartAt: action.nextStartAt,
        });
        break;
      }
      case "promote":
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
        const record = this.records.find((r) => r.slot === action.slot);
        this.#checkDrain(record);
        this.#removeSlot(action.slot, record?.runtimeId ?? null);
        break;
      }
      case "remove":
        this.#removeSlot(action.slot, action.runtimeId);
        break;
    }
  }

  /** What serves of a start-first rollout is never taken away before its successor serves. */
  #checkDrain(record: InstanceRecord | undefined): void {
    if (!record || !this.service || this.service.desired === "stopped") return;
    const candidate = this.deployments.find((d) => d.status === "pending" || d.status === "starting");
    const isStopFirst = candidate?.volumes.some((v) => !v.readOnly) ?? false;
    assert.ok(
      isStopFirst || record.deploymentId !== this.service.activeDeploymentId,
      "the serving deployment was drained",
    );
  }

  #start(d: Deployment, replica: number): void {
    const slot = slotOf(d.id, replica);
    this.#copies += 1;
    const runtimeId = `c${this.#copies}`;
    const others = this.observed.filter((o) => o.deploymentId !== d.id && o.state === "running");
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
      state: "running",
      exitCode: null,
      wasOomKilled: false,
      startedAt: this.now,
      address: "10.0.0.2",
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

type Step =
  | {
      readonly do: "deploy";
      readonly replicas: number;
      readonly health: "well" | "exits" | "deaf";
      readonly hasVolume: boolean;
    }
  | { readonly do: "kill" | "removeOutside"; readonly index: number }
  | { readonly do: "stop" | "start" | "delete" | "settle" };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({
      do: fc.constant("deploy" as const),
      replicas: fc.integer({ min: 1, max: 3 }),
      health: fc.constantFrom("well" as const, "exits" as const, "deaf" as const),
      hasVolume: fc.boolean(),
    }),
    fc.record({ do: fc.constantFrom("kill" as const, "removeOutside" as const), index: fc.nat(5) }),
    fc.record({
      do: fc.constantFrom("stop" as const, "start" as const, "delete" as const, "settle" as const, "settle" as const),
    }),
  ),
  { maxLength: 12 },
);

function carryOut(world: World, step: Step, count: number): void {
  switch (step.do) {
    case "deploy": {
      const id = `d${String(count).padStart(7, "0")}`;
      if (step.health !== "well") world.sick.set(id, step.health);
      const volumes = step.hasVolume ? [{ source: "data", target: "/data", readOnly: false }] : [];
      world.deployments.push(
        deployment(id, { replicas: step.hasVolume ? 1 : step.replicas, volumes, createdAt: NOW + count }),
      );
      break;
    }
    case "kill": {
      const target = world.observed[step.index];
      if (target) world.kill(target.runtimeId, 137);
      break;
    }
    case "removeOutside":
      world.observed.splice(step.index, 1);
      break;
    case "stop":
    case "start":
      if (step.do === "stop") world.cancelComing();
      if (world.service) world.service = { ...world.service, desired: step.do === "stop" ? "stopped" : "running" };
      break;
    case "delete":
      world.service = undefined;
      world.deployments = [];
      break;
    case "settle":
      world.settle();
      break;
  }
}

test("from any state, carrying the plan out comes to rest in the desired state", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const world = new World();
      for (const [i, step] of list.entries()) carryOut(world, step, i);
      world.settle();
      assert.deepEqual(world.plan().actions, []);
      const active = world.deployments.find((d) => d.id === world.service?.activeDeploymentId);
      const wanted = world.service?.desired === "running" && active?.status === "healthy" ? active.replicas : 0;
      const ready = world.records.filter((r) => r.state === "ready");
      assert.equal(ready.length, wanted);
      assert.equal(world.observed.length, world.records.filter((r) => r.runtimeId !== null).length);
      for (const r of world.records) assert.equal(r.deploymentId, active?.id, "a leftover of another deployment");
      if (world.service?.desired === "running") {
        assert.ok(
          !world.deployments.some((d) => d.status === "pending" || d.status === "starting"),
          "a deployment hangs",
        );
      }
    }),
    { numRuns: 3000 },
  );
});

test("the same input gives the same plan", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const world = new World();
      for (const [i, step] of list.entries()) carryOut(world, step, i);
      assert.deepEqual(world.plan(), world.plan());
    }),
    { numRuns: 300 },
  );
});

test("a failed deployment leaves the one before it serving", () => {
  for (const sickness of ["exits", "deaf"] as const) {
    const world = new World();
    world.deployments.push(deployment("good0000"));
    world.settle();
    world.sick.set("bad00000", sickness);
    world.deployments.push(deployment("bad00000", { createdAt: NOW + 1 }));
    world.settle();
    assert.equal(world.service?.activeDeploymentId, "good0000");
    assert.equal(world.deployments.find((d) => d.id === "bad00000")?.status, "failed");
    assert.deepEqual(
      world.records.map((r) => [r.deploymentId, r.state]),
      [["good0000", "ready"]],
    );
  }
});

test("a volume's deployment that fails gives the old one back", () => {
  const volumes = [{ source: "data", target: "/data", readOnly: false }];
  const world = new World();
  world.deployments.push(deployment("good0000", { volumes }));
  world.settle();
  world.sick.set("bad00000", "exits");
  world.deployments.push(deployment("bad00000", { volumes, createdAt: NOW + 1 }));
  world.settle();
  assert.deepEqual(
    world.records.map((r) => [r.deploymentId, r.state]),
    [["good0000", "ready"]],
  );
});

test("killed or removed from outside again and again, a service that serves in between is never taken for a crash loop", () => {
  const world = new World();
  world.deployments.push(deployment("good0000"));
  world.settle();
  for (let n = 0; n < 10; n += 1) {
    world.now += 300;
    if (n % 2 === 0) world.kill(world.observed[0]?.runtimeId ?? "", 137);
    else world.observed = [];
    const crashed = world.plan().actions.find((a) => a.kind === "crashed");
    assert.deepEqual([crashed?.failures, crashed?.nextStartAt], [1, world.now]);
    world.settle();
  }
});

test("an instance killed from outside is started again at once, one that crashes in a loop is backed off", () => {
  const starts = (state: "ready" | "starting", exitCode: number, restartCount: number): number | undefined => {
    const world = new World();
    world.deployments.push(deployment("good0000"));
    world.settle();
    world.records = world.records.map((r) => ({
      ...r,
      state,
      restartCount,
      readyAt: state === "ready" ? world.now : null,
    }));
    world.kill(world.observed[0]?.runtimeId ?? "", exitCode);
    const crashed = world.plan().actions.find((a) => a.kind === "crashed");
    return crashed?.kind === "crashed" ? crashed.nextStartAt - world.now : undefined;
  };
  assert.equal(starts("ready", 137, 0), 0);
  assert.equal(starts("ready", 137, 3), 0);
  assert.equal(starts("ready", 1, 0), 0);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 9].map((n) => starts("ready", 1, n)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
});

test("backoff doubles from one second up to thirty", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 50].map(backoffMs), [0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("the service's status says what is true of its instances", () => {
  const active = deployment("good0000", { status: "healthy", replicas: 2 });
  const owner = service({ activeDeploymentId: "good0000" });
  const record = (replica: number, patch: Partial<InstanceRecord>): InstanceRecord => ({
    slot: slotOf("good0000", replica),
    serviceId: "s",
    projectId: "p",
    deploymentId: "good0000",
    replica,
    runtimeId: "c",
    address: "",
    port: 1,
    state: "ready",
    restartCount: 0,
    nextStartAt: 0,
    startedAt: 0,
    readyAt: NOW - 5_000,
    lastExitCode: null,
    lastLogTail: null,
    ...patch,
  });
  const status = (records: InstanceRecord[]): string => serviceStatus(owner, active, active, records, NOW);
  assert.equal(status([record(0, {}), record(1, {})]), "running");
  assert.equal(status([record(0, {}), record(1, { state: "waiting" })]), "degraded");
  assert.equal(status([record(0, { state: "waiting" }), record(1, { state: "starting" })]), "deploying");
  assert.equal(status([record(0, { state: "waiting", restartCount: 3, readyAt: null })]), "failed");
  assert.equal(status([record(0, {}), record(1, { restartCount: 3, readyAt: NOW - 300 })]), "degraded");
  assert.equal(status([record(0, {}), record(1, { restartCount: 3, readyAt: NOW - 10_000 })]), "running");
  const stopped = { ...owner, desired: "stopped" } as const;
  assert.equal(serviceStatus(stopped, active, active, [], NOW), "stopped");
  assert.equal(serviceStatus(stopped, deployment("x", { status: "starting" }), active, [], NOW), "deploying");
  assert.equal(serviceStatus(service(), undefined, undefined, [], NOW), "created");
  assert.equal(serviceStatus(service(), deployment("x", { status: "failed" }), undefined, [], NOW), "failed");
});
