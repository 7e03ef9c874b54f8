import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deployment, NOW, PlannedWorld } from "../../test/reconciler/planned-world.ts";
import { backoffMs } from "./backoff.ts";
import { type Deployment, type DeployTest, RESTART_POLICIES, type RestartPolicy } from "./deployment.ts";
import { isAtRest, NEVER } from "./instance.ts";
import { formerNamesAs, namesOf } from "./instance-names.ts";
import { serviceStatus } from "./service-status.ts";

type Step =
  | {
      readonly do: "deploy";
      readonly replicas: number;
      readonly health: "well" | "exits" | "deaf";
      readonly hasVolume: boolean;
      readonly test: "passes" | "fails" | null;
      readonly restart: RestartPolicy;
    }
  | { readonly do: "end"; readonly index: number; readonly code: number }
  | { readonly do: "rename" | "lose"; readonly name: string }
  | { readonly do: "kill" | "removeOutside"; readonly index: number }
  | { readonly do: "scale"; readonly replicas: number }
  | { readonly do: "unwell"; readonly index: number }
  | { readonly do: "stop" | "start" | "delete" | "settle" | "drainsHang" | "drainsEnd" };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({
      do: fc.constant("deploy" as const),
      replicas: fc.integer({ min: 1, max: 3 }),
      health: fc.constantFrom("well" as const, "exits" as const, "deaf" as const),
      hasVolume: fc.boolean(),
      test: fc.constantFrom(null, null, "passes" as const, "fails" as const),
      restart: fc.constantFrom("always" as const, ...RESTART_POLICIES),
    }),
    fc.record({ do: fc.constant("end" as const), index: fc.nat(5), code: fc.constantFrom(0, 1) }),
    fc.record({ do: fc.constantFrom("rename" as const, "lose" as const), name: fc.constantFrom("hello", "a", "b") }),
    fc.record({ do: fc.constant("scale" as const), replicas: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ do: fc.constantFrom("unwell" as const), index: fc.nat(5) }),
    fc.record({ do: fc.constantFrom("kill" as const, "removeOutside" as const), index: fc.nat(5) }),
    fc.record({
      do: fc.constantFrom(
        ...(["stop", "start", "delete", "settle", "settle", "settle", "drainsHang", "drainsEnd"] as const),
      ),
    }),
  ),
  { maxLength: 12 },
);

function carryOut(world: PlannedWorld, step: Step, count: number): void {
  switch (step.do) {
    case "deploy": {
      const id = `d${String(count).padStart(7, "0")}`;
      if (step.health !== "well") world.sick.set(id, step.health);
      const volumes = step.hasVolume ? [{ source: "data", target: "/data", readOnly: false }] : [];
      if (step.test === "fails") world.wrong.set(id, "its test failed");
      const test: DeployTest = { kind: "http", path: "/ping", status: 200, body: null };
      const replicas = step.hasVolume ? 1 : step.replicas;
      world.deployments.push(
        deployment(id, {
          ...{ replicas, volumes, createdAt: NOW + count, restart: step.restart },
          test: step.test === null ? null : test,
        }),
      );
      break;
    }
    case "scale":
      scale(world, step.replicas);
      break;
    case "unwell": {
      const target = world.observed[step.index];
      if (target) world.unwell.add(target.runtimeId);
      break;
    }
    case "drainsHang":
    case "drainsEnd":
      world.drainsEnd = step.do === "drainsEnd";
      break;
    case "kill": {
      const target = world.observed[step.index];
      if (target) world.end(target.runtimeId, 137);
      break;
    }
    case "end": {
      const target = world.observed[step.index];
      if (target) world.end(target.runtimeId, step.code);
      break;
    }
    case "rename":
      if (world.service)
        world.service = { ...world.service, name: step.name, formerNames: formerNamesAs(step.name, world.service) };
      break;
    case "lose":
      if (world.service) {
        const formerNames = world.service.formerNames.filter((name) => name !== step.name);
        world.service = { ...world.service, formerNames };
      }
      break;
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

/** As the lifecycle does it. */
function scale(world: PlannedWorld, replicas: number): void {
  if (replicas === 0) world.cancelComing();
  if (world.service) world.service = { ...world.service, desired: replicas === 0 ? "stopped" : "running" };
  if (replicas === 0) return;
  const isConcerned = (d: Deployment): boolean =>
    ["pending", "starting", "healthy"].includes(d.status) && (replicas === 1 || d.volumes.length === 0);
  world.deployments = world.deployments.map((d) => (isConcerned(d) ? { ...d, replicas } : d));
}

test("from any state, carrying the plan out comes to rest in the desired state", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const world = new PlannedWorld();
      for (const [i, step] of list.entries()) carryOut(world, step, i);
      world.drainsEnd = true;
      world.settle();
      assert.deepEqual(world.plan().actions, []);
      const active = world.deployments.find((d) => d.id === world.service?.activeDeploymentId);
      const wanted = world.service?.desired === "running" && active?.status === "healthy" ? active.replicas : 0;
      const ready = world.records.filter((r) => r.state === "ready");
      const resting = world.records.filter(isAtRest);
      assert.equal(ready.length + resting.length, wanted);
      for (const { lastExitCode } of resting) {
        assert.notEqual(active?.restart, "always");
        if (active?.restart === "on-failure") assert.equal(lastExitCode, 0);
      }
      for (const { runtimeId } of ready) {
        const names = world.observed.find((o) => o.runtimeId === runtimeId)?.names ?? [];
        assert.deepEqual(names.toSorted(), world.service && namesOf(world.service).toSorted());
      }
      assert.equal(world.plan().nextLookAt, null, "it is looked at again for nothing");
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
      const world = new PlannedWorld();
      for (const [i, step] of list.entries()) carryOut(world, step, i);
      assert.deepEqual(world.plan(), world.plan());
    }),
    { numRuns: 300 },
  );
});

test("a failed deployment leaves the one before it serving", () => {
  for (const sickness of ["exits", "deaf"] as const) {
    const world = new PlannedWorld();
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
  const world = new PlannedWorld();
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
  const world = new PlannedWorld();
  world.deployments.push(deployment("good0000"));
  world.settle();
  for (let n = 0; n < 10; n += 1) {
    world.now += 300;
    if (n % 2 === 0) world.end(world.observed[0]?.runtimeId ?? "", 137);
    else world.observed = [];
    const crashed = world.plan().actions.find((a) => a.kind === "crashed");
    assert.deepEqual([crashed?.failures, crashed?.nextStartAt], [1, world.now]);
    world.settle();
  }
});

test("an instance killed from outside is started again at once, one that crashes in a loop is backed off", () => {
  const starts = (state: "ready" | "starting", exitCode: number, restartCount: number): number | undefined => {
    const world = new PlannedWorld();
    world.deployments.push(deployment("good0000"));
    world.settle();
    world.records = world.records.map((r) => ({
      ...r,
      state,
      restartCount,
      readyAt: state === "ready" ? world.now : null,
    }));
    world.end(world.observed[0]?.runtimeId ?? "", exitCode);
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

test("a clock that is set back keeps nobody waiting longer than the longest backoff", () => {
  const world = new PlannedWorld();
  world.deployments.push(deployment("good0000"));
  world.settle();
  const waiting = { state: "waiting" as const, runtimeId: null };
  world.observed = [];
  const actionsAt = (nextStartAt: number) => {
    world.records = world.records.map((r) => ({ ...r, ...waiting, nextStartAt }));
    return world.plan().actions.map((a) => a.kind);
  };
  assert.deepEqual(actionsAt(world.now + 30_000), []);
  assert.deepEqual(actionsAt(world.now + 3_600_000), ["start"]);
  assert.deepEqual(actionsAt(NEVER), []);
});

test("what ended on its own stays down as its restart policy says, and says how it ended; what was killed does not", () => {
  const afterEnd = (restart: RestartPolicy, code: number, deployed = true): readonly [number | undefined, string] => {
    const world = new PlannedWorld();
    world.deployments.push(deployment("good0000", { restart }));
    if (deployed) world.settle();
    world.end(world.observed[0]?.runtimeId ?? "", code);
    world.settle();
    const [record] = world.records;
    const active = world.deployments[0];
    const status = world.service ? serviceStatus(world.service, active, active, world.records, world.now) : "";
    return [record?.nextStartAt, status];
  };
  for (const restart of RESTART_POLICIES) assert.deepEqual(afterEnd(restart, 137), [0, "running"]);
  for (const code of [0, 1]) assert.deepEqual(afterEnd("always", code), [0, "running"]);
  assert.deepEqual(afterEnd("on-failure", 0), [NEVER, "stopped"]);
  assert.deepEqual(afterEnd("on-failure", 1), [0, "running"]);
  assert.deepEqual(afterEnd("no", 0), [NEVER, "stopped"]);
  assert.deepEqual(afterEnd("no", 3), [NEVER, "failed"]);
});

test("a deployment that is coming up fails as ever when its instances end, whatever its restart policy", () => {
  for (const restart of RESTART_POLICIES) {
    const world = new PlannedWorld();
    world.sick.set("bad00000", "exits");
    world.deployments.push(deployment("bad00000", { restart }));
    world.settle();
    assert.equal(world.deployments[0]?.failureReason, "container exited with code 1");
  }
});

test("backoff doubles from one second up to thirty", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 50].map(backoffMs), [0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});
