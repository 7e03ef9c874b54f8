/** The reconciler over memory: what runs is kept running, on a clock that tests move. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { World } from "../../test/reconciler/world.ts";
import { AppError } from "../domain/errors.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

test("a first deployment is built, started, found ready and routed", async (context) => {
  const world = await open(context);
  const deployment = await world.deployed("hello", { source: "well-builds-1" });
  assert.equal(deployment.status, "healthy");
  assert.equal((await world.service("hello")).status, "running");
  const { address, runtimeId } = await world.instance("hello");
  assert.deepEqual(world.gateway.route("hello")?.targets, [
    { slot: `${deployment.id.slice(0, 8)}-0`, address, port: 8080 },
  ]);
  assert.deepEqual(world.driver.namesOf(runtimeId), ["hello"]);
});

test("a redeploy starts the new one, switches, drains the old one and frees its address", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const old = await world.instance("hello");
  const next = await world.deployed("hello", { source: "well-builds-2" });
  await world.until(async () => assert.equal((await world.driver.list()).length, 1));
  assert.deepEqual(world.gateway.drainedSlots, [old.slot]);
  const now = await world.instance("hello");
  assert.equal(now.deploymentId, next.id);
  assert.notEqual(now.address, old.address);
  assert.ok(
    world.gateway.tables.every((t) => t.services[0]?.state !== "failed"),
    "the route was never without its function",
  );
});

test("an old instance stops only after the requests it has under way", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const old = await world.instance("hello");
  let endRequests = (): void => undefined;
  world.gateway.requestsUnderWay = new Promise((resolve) => (endRequests = resolve));
  await world.deployed("hello", { source: "well-builds-2" });
  await world.advance(5_000);
  assert.equal((await world.driver.inspect(old.runtimeId)).state, "running");
  endRequests();
  await world.until(() => assert.rejects(world.driver.inspect(old.runtimeId)));
});

test("a killed instance is started again at once, at its address, as the only one", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const before = await world.instance("hello");
  const killedAt = world.clock.now();
  world.driver.crash(before.runtimeId, 137);
  const now = await world.instance("hello");
  assert.ok(world.clock.now() - killedAt < 1500);
  assert.equal(now.address, before.address);
  assert.equal((await world.driver.list()).length, 1);
});

test("an app that listens and then ends, over and over, is backed off, says so, and recovers by itself", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const startedAt: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    const { runtimeId, startedAt: at } = await world.instance("hello");
    startedAt.push(at ?? 0);
    await world.advance(300);
    world.driver.crash(runtimeId, 1, ["the database is away"]);
    await world.advance(0);
    assert.ok((await world.driver.list()).length <= 1);
  }
  const pauses = startedAt.slice(1).map((at, i) => Math.round((at - (startedAt[i] ?? 0) - 300) / 1000));
  assert.deepEqual(pauses, [0, 1, 2, 4, 8, 16]);
  assert.equal((await world.service("hello")).status, "failed");
  assert.equal(world.gateway.route("hello")?.state, "failed");
  const [record] = await world.records("hello");
  assert.match(record?.lastLogTail ?? "", /the database is away/);
  await world.instance("hello");
  await world.advance(0);
  assert.equal((await world.service("hello")).status, "degraded");
  await world.until(async () => assert.equal((await world.service("hello")).status, "running"));
});

test("an unwell instance is replaced after its requests ended, while the others serve", async (context) => {
  const world = await open(context);
  const health = { path: "/", intervalMs: 1000, timeoutMs: 500, allowsNotFound: false };
  await world.deployed("hello", { source: "well-builds-1", settings: { replicas: 2, health } });
  const [sick, well] = await world.records("hello");
  world.unwell.add(sick?.runtimeId ?? "");
  let endRequests = (): void => undefined;
  world.gateway.requestsUnderWay = new Promise((resolve) => (endRequests = resolve));
  await world.until(() => assert.equal(world.gateway.route("hello")?.targets.length, 1));
  assert.equal(world.gateway.route("hello")?.targets[0]?.slot, well?.slot);
  assert.equal((await world.driver.inspect(sick?.runtimeId ?? "")).state, "running", "its requests may end first");
  endRequests();
  await world.until(() => assert.equal(world.gateway.route("hello")?.targets.length, 2));
  const [renewed] = await world.records("hello");
  assert.notEqual(renewed?.runtimeId, sick?.runtimeId);
  assert.equal(renewed?.restartCount, 1);
});

test("a look that is bad now and then does not replace an instance", async (context) => {
  const world = await open(context);
  const health = { path: "/", intervalMs: 1000, timeoutMs: 500, allowsNotFound: false };
  await world.deployed("hello", { source: "well-builds-1", settings: { health } });
  const { runtimeId } = await world.instance("hello");
  for (let n = 0; n < 10; n += 1) {
    world.unwell.add(runtimeId);
    await world.advance(1500);
    world.unwell.clear();
    await world.advance(1500);
  }
  assert.equal((await world.instance("hello")).runtimeId, runtimeId);
});

test("a port that is closed while the process lives on is noticed without a health check", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  world.unwell.add(runtimeId);
  await world.until(async () => assert.notEqual((await world.instance("hello")).runtimeId, runtimeId), 60_000);
});

test("while the engine is away nothing is decided: no attempt counts, no deployment fails", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", { source: "well-builds-1" });
  world.driver.failNextStart(new AppError("unavailable", "The engine does not answer."));
  await world.until(() => assert.ok(world.warnings.some((w) => w.includes("reconcile pass failed"))));
  world.driver.goAway();
  await world.advance(120_000);
  assert.equal((await world.database.deployments.get(id)).attemptCount, 0);
  world.driver.comeBack();
  const deployment = await world.ended(id);
  assert.deepEqual([deployment.status, deployment.attemptCount], ["healthy", 0]);
  assert.equal((await world.instance("hello")).restartCount, 0);
});

test("a service without a port is ready after ten seconds, has no target, and stays up", async (context) => {
  const world = await open(context);
  const model = await world.deployed("worker", { source: "well-builds-1" });
  const before = world.clock.now();
  const id = "portless";
  await world.database.deployments.create({ ...model, id, status: "pending", listenPorts: [], createdAt: before });
  world.reconciler.trigger(model.serviceId);
  assert.equal((await world.ended(id)).status, "healthy");
  assert.ok(world.clock.now() - before >= 10_000);
  const { runtimeId } = await world.instance("worker");
  await world.advance(120_000);
  assert.equal((await world.instance("worker")).runtimeId, runtimeId);
  assert.equal(world.gateway.route("worker")?.state, "failed");
});

test("a restart of control leaves what is well alone and takes an interrupted build up again", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  const { id } = await world.deploy("slow", { source: "well-slow-1" });
  await world.advance(0);
  await world.restartControl();
  await world.advance(0);
  assert.equal(world.builder.requests.length, 3);
  world.builder.finish("slow");
  assert.equal((await world.ended(id)).status, "healthy");
  assert.equal((await world.instance("hello")).runtimeId, runtimeId);
});

test("a restart of control over many services that are well asks the engine once, and changes nothing on it", async (context) => {
  const world = await open(context);
  const names = Array.from({ length: 60 }, (_, n) => `fn-${n}`);
  for (const name of names) await world.deploy(name, { source: "well-builds-1" });
  for (const name of names) await world.instance(name);
  await world.advance(1000);
  const list = context.mock.method(world.driver, "list");
  const changes = (["create", "start", "stop", "remove", "setAlias"] as const).map((name) =>
    context.mock.method(world.driver, name),
  );
  world.announced.length = 0;
  await world.restartControl();
  void world.reconciler.sweep();
  await world.advance(0);
  assert.equal(list.mock.callCount(), 2, "one for each sweep, none for each service");
  assert.ok(changes.every((change) => change.mock.callCount() === 0));
  assert.deepEqual(world.announced, []);
});

test("a sweep finds what events did not tell: a lost instance, a copy nobody knows, a status that is not true", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  await world.deployed("other", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  world.driver.goAway();
  world.driver.crash(runtimeId, 1);
  await world.driver.comeBack();
  await world.database.services.update((await world.service("other")).id, { status: "failed" });
  await world.advance(0);
  assert.notEqual((await world.instance("hello")).runtimeId, runtimeId);
  await world.until(async () => assert.equal((await world.service("other")).status, "running"));
});
