/** Property: whatever happens to services, engine and control, in the end what runs is what is wanted, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { World } from "../../test/reconciler/world.ts";
import type { DeployTest } from "../domain/deployment.ts";
import { isAppError } from "../domain/errors.ts";
import { ADDRESS_REST_MS, FIRST_HOST_NUMBER, LAST_HOST_NUMBER } from "../domain/instance.ts";

const NAMES = ["a", "b"] as const;
const name = fc.constantFrom(...NAMES);

const MANAGING = ["stop", "start", "restart", "rollback", "deployBuilt", "delete", "cancel"] as const;
type Managing = (typeof MANAGING)[number];

type Step =
  | {
      readonly do: "deploy";
      readonly name: string;
      readonly app: string;
      readonly build: string;
      readonly replicas: number | null;
      readonly isHeld: boolean;
      readonly isTested: boolean;
    }
  | { readonly do: Managing | "finish"; readonly name: string }
  | { readonly do: "scale"; readonly name: string; readonly replicas: number }
  | { readonly do: "crash" | "remove" | "unwell"; readonly index: number }
  | { readonly do: "away" | "back" | "reload" }
  | { readonly do: "die"; readonly calls: number }
  | { readonly do: "wait"; readonly ms: number };

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({
    do: fc.constant("deploy" as const),
    name,
    app: fc.constantFrom("well", "well", "exits", "deaf"),
    build: fc.constantFrom("builds", "builds", "broken", "slow"),
    replicas: fc.constantFrom(null, null, 1, 2),
    isHeld: fc.constantFrom(false, false, true),
    isTested: fc.constantFrom(false, false, true),
  }),
  fc.record({
    do: fc.constantFrom(...MANAGING, "finish" as const),
    name,
  }),
  fc.record({ do: fc.constant("scale" as const), name, replicas: fc.constantFrom(0, 1, 2, 3) }),
  fc.record({ do: fc.constantFrom(...(["crash", "remove", "unwell"] as const)), index: fc.nat(4) }),
  fc.record({ do: fc.constantFrom(...(["away", "back", "reload"] as const)) }),
  fc.record({ do: fc.constant("die" as const), calls: fc.nat(40) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 0, 30, 1_000, 15_000, 70_000) }),
);

const PING: DeployTest = { kind: "http", path: "/ping", status: 200, body: null };

/** Refusals are right answers, too. */
async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isAppError(error)) throw error;
  });
}

async function carryOut(world: World, action: Step, count: number): Promise<void> {
  switch (action.do) {
    case "deploy": {
      const { app, build, replicas, isHeld, isTested } = action;
      const source = `${app}-${build}-${isTested && count % 3 === 0 ? "wrong" : ""}${count}`;
      const settings = { replicas, test: isTested ? PING : null };
      const ports = isHeld ? {} : { localPort: 9100 + (count % 3) };
      await unlessRefused(world.deploy(action.name, { source, settings, isHeld, ...ports }));
      return;
    }
    case "scale": {
      const service = await world.database.services.findByName("p", action.name);
      if (service !== undefined) await unlessRefused(world.lifecycle.scale(service, action.replicas));
      return;
    }
    case "crash":
    case "remove":
    case "unwell":
      return harm(world, action.do, action.index);
    case "away":
      return world.driver.goAway();
    case "back":
      return world.driver.comeBack();
    case "reload":
      return world.restartControl();
    case "die":
      return world.killControl(action.calls);
    case "wait":
      return world.advance(action.ms);
    case "finish":
      return world.builder.finish(action.name);
    default:
      return manage(world, action.do, action.name);
  }
}

async function harm(world: World, how: "crash" | "remove" | "unwell", index: number): Promise<void> {
  const observed = (await world.driver.list().catch(() => []))[index];
  if (observed === undefined) return;
  if (how === "crash" && observed.state === "running")
    world.driver.crash(observed.runtimeId, index % 2 === 0 ? 137 : 1);
  if (how === "remove") await world.driver.remove(observed.runtimeId);
  if (how === "unwell") world.unwell.add(observed.runtimeId);
}

async function manage(world: World, what: Managing, of: string): Promise<void> {
  const service = await world.database.services.findByName("p", of);
  if (service === undefined) return;
  const { lifecycle, deployer, database } = world;
  if (what === "cancel") {
    const [latest] = await database.deployments.list({ serviceId: service.id, limit: 1 });
    return unlessRefused(deployer.cancel(latest?.id ?? ""));
  }
  if (what === "deployBuilt") return unlessRefused(lifecycle.deploy(service));
  if (what === "rollback") return unlessRefused(lifecycle.rollback(service, undefined));
  if (what === "delete") return unlessRefused(lifecycle.remove(service, "default", { volumes: false }));
  return unlessRefused(lifecycle[what](service));
}

/** Nothing hangs, what is wanted runs, nothing else does, and routes say so. */
async function checkRest(world: World): Promise<void> {
  const { database, driver, gateway } = world;
  let wanted = 0;
  for (const service of await database.services.list()) {
    const deployments = await database.deployments.list({ serviceId: service.id });
    assert.deepEqual(
      deployments.filter((d) => ["building", "pending", "starting"].includes(d.status)).map((d) => d.status),
      [],
      "a deployment hangs",
    );
    const healthy = deployments.filter((d) => d.status === "healthy");
    assert.ok(healthy.length <= 1 && healthy.every((d) => d.id === service.activeDeploymentId));
    const replicas = service.desired === "running" ? (healthy[0]?.replicas ?? 0) : 0;
    if (healthy[0] !== undefined && service.replicas !== null) assert.equal(healthy[0].replicas, service.replicas);
    assert.ok(!(healthy[0]?.sourceId?.includes("wrong") ?? false), "its test fails");
    const [built, ...others] = deployments.filter((d) => d.status === "built");
    assert.deepEqual(others, [], "only the newest that is built counts");
    assert.ok(built === undefined || (await driver.findImage(built.image ?? "")) !== undefined, "its image is kept");
    wanted += replicas;
    assert.equal(gateway.route(service.name)?.targets.length, replicas);
    if (replicas > 0) assert.equal(service.status, "running");
    const builds = await database.builds.list({ serviceId: service.id, statuses: ["queued", "running"] });
    assert.deepEqual(builds, [], "a build hangs");
  }
  const records = await database.instances.list();
  const observed = await driver.list();
  assert.deepEqual(
    observed.map((o) => [o.runtimeId, o.state]).toSorted(),
    records.map((r) => [r.runtimeId, "running"]).toSorted(),
  );
  assert.equal(records.length, wanted);
  assert.equal(new Set(records.map((r) => r.address)).size, records.length);
}

/** Once freed ones have rested, all addresses but those of records can be had. */
async function checkAddresses(world: World): Promise<void> {
  const { database, clock } = world;
  const held = (await database.instances.list()).length;
  const later = clock.now() + ADDRESS_REST_MS;
  const free = LAST_HOST_NUMBER - FIRST_HOST_NUMBER + 1 - held;
  for (let n = 0; n < free; n += 1) await database.addresses.claim("p", `probe-${n}`, later, ADDRESS_REST_MS);
  await assert.rejects(database.addresses.claim("p", "one-more", later, ADDRESS_REST_MS));
}

/**
 * Begins the step and goes on after so many turns of the microtask queue, so that what is asked meets a pass at any of its
 * steps. What goes wrong is told later.
 */
async function begin(world: World, action: Step, count: number, ticks: number, wrong: unknown[]): Promise<void> {
  const work = carryOut(world, action, count).catch((error: unknown) => wrong.push(error));
  if (action.do === "die" || action.do === "reload" || action.do === "wait") await work;
  else for (let tick = 0; tick < ticks; tick += 1) await undefined;
}

test("from any history it comes to rest in the desired state, with nothing left over", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(80)), { maxLength: 14 }), async (steps) => {
      const world = await World.open();
      const wrong: unknown[] = [];
      try {
        for (const [i, [action, ticks]] of steps.entries()) await begin(world, action, i, ticks, wrong);
        world.driver.comeBack();
        for (const of of NAMES) world.builder.finish(of);
        await world.advance(100);
        for (const of of NAMES) world.builder.finish(of);
        await world.until(() => checkRest(world), 400_000);
        await checkAddresses(world);
        assert.deepEqual(wrong, []);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 150 },
  );
});
