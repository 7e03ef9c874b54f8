/** Start, stop, restart, roll back, cancel, delete, each while something else is under way. */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { VOLUME, World } from "../../test/reconciler/world.ts";
import { waitForOutcome } from "./outcome.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

/** Versions 1 to `count`, one after the other; answers their deployments. */
async function versions(world: World, count: number) {
  const made = [];
  for (let n = 1; n <= count; n += 1) {
    made.push(await world.deployed("hello", { source: `well-builds-${n}` }));
    await world.advance(1000);
  }
  return made;
}

const versionOf = async (world: World) =>
  (await world.database.deployments.get((await world.service("hello")).activeDeploymentId ?? "")).sourceId;

test("stop during a build cancels it: it does not come up later", async (context) => {
  const world = await open(context);
  await versions(world, 1);
  const { id } = await world.deploy("hello", { source: "well-slow-2" });
  await world.advance(0);
  await world.lifecycle.stop(await world.service("hello"));
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "cancelled");
  await world.advance(60_000);
  assert.deepEqual(await world.driver.list(), []);
  assert.deepEqual(await world.database.builds.list({ statuses: ["queued", "running"] }), []);
  await world.lifecycle.start(await world.service("hello"));
  assert.equal((await world.instance("hello")).deploymentId, (await world.service("hello")).activeDeploymentId);
});

test("a function that was stopped during its first build is built when it is started", async (context) => {
  const world = await open(context);
  await world.deploy("hello", { source: "well-slow-1" });
  await world.advance(0);
  await world.lifecycle.stop(await world.service("hello"));
  await world.advance(0);
  await world.lifecycle.start(await world.service("hello"));
  await world.advance(0);
  world.builder.finish("hello");
  await world.instance("hello");
});

test("start during the drain of a stop lets requests end and serves at once with a new instance", async (context) => {
  const world = await open(context);
  await versions(world, 1);
  const { runtimeId } = await world.instance("hello");
  let endRequests = (): void => undefined;
  world.gateway.requestsUnderWay = new Promise((resolve) => (endRequests = resolve));
  await world.lifecycle.stop(await world.service("hello"));
  await world.advance(1000);
  await world.lifecycle.start(await world.service("hello"));
  await world.advance(1000);
  assert.equal((await world.driver.inspect(runtimeId)).state, "running");
  assert.equal(world.gateway.route("hello")?.state, "ready");
  assert.notEqual((await world.instance("hello")).runtimeId, runtimeId);
  endRequests();
  await world.until(async () => assert.equal((await world.driver.list()).length, 1));
});

test("with a volume, start during the drain of a stop waits until that has ended", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1", settings: { volumes: [VOLUME] } });
  const { runtimeId } = await world.instance("hello");
  let endRequests = (): void => undefined;
  world.gateway.requestsUnderWay = new Promise((resolve) => (endRequests = resolve));
  await world.lifecycle.stop(await world.service("hello"));
  await world.advance(1000);
  await world.lifecycle.start(await world.service("hello"));
  await world.advance(1000);
  assert.deepEqual(
    (await world.driver.list()).map((i) => i.runtimeId),
    [runtimeId],
  );
  assert.equal(world.gateway.route("hello")?.state, "parked");
  endRequests();
  assert.notEqual((await world.instance("hello")).runtimeId, runtimeId);
});

test("starting what runs is refused, stopping what is stopped is not", async (context) => {
  const world = await open(context);
  await versions(world, 1);
  await assert.rejects(async () => world.lifecycle.start(await world.service("hello")), { code: "conflict" });
  await world.lifecycle.stop(await world.service("hello"));
  await world.lifecycle.stop(await world.service("hello"));
});

test("restart of a stopped function makes it run with new instances only", async (context) => {
  const world = await open(context);
  await versions(world, 1);
  await world.lifecycle.stop(await world.service("hello"));
  await world.until(async () => assert.deepEqual(await world.driver.list(), []));
  const { id } = await world.lifecycle.restart(await world.service("hello"));
  assert.equal((await world.ended(id)).status, "healthy");
  assert.equal((await world.service("hello")).desired, "running");
});

test("restart while a deployment is coming up is refused and leaves that alone", async (context) => {
  const world = await open(context);
  await versions(world, 1);
  const { id } = await world.deploy("hello", { source: "well-slow-2" });
  await assert.rejects(async () => world.lifecycle.restart(await world.service("hello")), { code: "conflict" });
  await world.advance(0);
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "healthy");
});

test("two rollbacks go back two versions; asked twice while under way it goes back one", async (context) => {
  const world = await open(context);
  await versions(world, 3);
  const [first, second] = [await rollback(world), await rollback(world)];
  assert.equal(first.id, second.id);
  await world.until(async () => assert.equal(await versionOf(world), "well-builds-2"));
  await rollback(world);
  await world.until(async () => assert.equal(await versionOf(world), "well-builds-1"));
  await assert.rejects(rollback(world), { code: "conflict" });
});

const rollback = async (world: World, to?: string) => world.lifecycle.rollback(await world.service("hello"), to);

test("a rollback after a restart goes to another version, not to the same once more", async (context) => {
  const world = await open(context);
  await versions(world, 2);
  await world.ended((await world.lifecycle.restart(await world.service("hello"))).id);
  await world.advance(1000);
  await rollback(world);
  await world.until(async () => assert.equal(await versionOf(world), "well-builds-1"));
});

test("a rollback during a rollout gives that up; what serves stays", async (context) => {
  const world = await open(context);
  const [, second] = await versions(world, 2);
  const { id } = await world.deploy("hello", { source: "well-slow-3" });
  await world.advance(0);
  assert.equal((await rollback(world)).id, second?.id);
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "cancelled");
  assert.equal(await versionOf(world), "well-builds-2");
});

test("a rollback keeps the function's present port", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1", localPort: 9002 });
  await world.advance(1000);
  await world.deployed("hello", { source: "well-builds-2", localPort: 9003 });
  await rollback(world, first.id);
  await world.until(async () => assert.equal(await versionOf(world), "well-builds-1"));
  assert.deepEqual(world.gateway.localPorts, [9003]);
});

test("a rollback to a version whose image is gone builds it again", async (context) => {
  const world = await open(context);
  const [first] = await versions(world, 2);
  await world.until(async () => assert.equal((await world.driver.list()).length, 1));
  await world.driver.removeImage(first?.image ?? "");
  await rollback(world);
  await world.until(async () => assert.equal(await versionOf(world), "well-builds-1"));
  assert.equal(world.builder.requests.length, 3);
});

test("a rollback to another service's or to a never healthy deployment is refused", async (context) => {
  const world = await open(context);
  const [only] = await versions(world, 1);
  const other = await world.deployed("other", { source: "well-builds-1" });
  const failed = await world.deployed("hello", { source: "exits-builds-2" });
  for (const [to, code] of [
    [other.id, "invalid"],
    [failed.id, "conflict"],
    [only?.id, "conflict"],
    ["nope", "not_found"],
  ] as const)
    await assert.rejects(rollback(world, to), { code });
});

for (const [source, phase] of [
  ["well-slow-2", "building"],
  ["deaf-builds-2", "starting"],
] as const) {
  test(`a deployment that is ${phase} can be cancelled; what serves stays, who waits is told`, async (context) => {
    const world = await open(context);
    await versions(world, 1);
    const { id } = await world.deploy("hello", { source });
    await world.advance(30);
    assert.equal((await world.database.deployments.get(id)).status, phase);
    await world.deployer.cancel(id);
    assert.ok(world.announced.some((e) => e.type === "deployment.cancelled" && e.deploymentId === id));
    await world.advance(60_000);
    assert.equal((await world.database.deployments.get(id)).status, "cancelled");
    assert.equal((await world.driver.list()).length, 1);
    assert.equal(await versionOf(world), "well-builds-1");
  });
}

test("what is past being cancelled is refused: healthy, superseded, failed, cancelled", async (context) => {
  const world = await open(context);
  const [superseded, healthy] = await versions(world, 2);
  const failed = await world.deployed("hello", { source: "exits-builds-3" });
  const { id } = await world.deploy("hello", { source: "well-slow-4" });
  await world.deployer.cancel(id);
  for (const over of [superseded?.id, healthy?.id, failed.id, id])
    await assert.rejects(world.deployer.cancel(over ?? ""), { code: "conflict" });
  await assert.rejects(world.deployer.cancel("nope"), { code: "not_found" });
});

test("who waits for an upload that a newer one replaces is told that it was cancelled", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", { source: "well-slow-1" });
  const outcome = waitForOutcome(world.database.deployments, world.events, id, AbortSignal.timeout(5_000));
  await world.advance(0);
  await world.deployed("hello", { source: "well-builds-2" });
  assert.equal((await outcome).status, "cancelled");
});

test("who waits and is gone already, or waits for what was deleted, does not wait for ever", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", { source: "well-slow-1" });
  await world.advance(0);
  await assert.rejects(waitForOutcome(world.database.deployments, world.events, id, AbortSignal.abort()));
  const waiting = waitForOutcome(world.database.deployments, world.events, id, AbortSignal.timeout(5_000));
  await world.lifecycle.remove(await world.service("hello"), "default", { volumes: false });
  await assert.rejects(waiting, { code: "not_found" });
});

test("a delete while it is promoted leaves neither instance nor record nor image", async (context) => {
  for (let ticks = 0; ticks < 60; ticks += 3) {
    const world = await open(context);
    await world.deploy("hello", { source: "well-builds-1" });
    await world.until(async () => assert.notEqual((await world.records("hello")).length, 0));
    for (let tick = 0; tick < ticks; tick += 1) await undefined;
    await world.lifecycle.remove(await world.service("hello"), "default", { volumes: false });
    await world.until(async () => {
      assert.deepEqual(await world.driver.list(), []);
      assert.deepEqual(await world.database.instances.list(), []);
      assert.deepEqual(await world.driver.listImages({ mine: true }), []);
    });
    assert.equal(world.gateway.route("hello"), undefined);
  }
});

test("a delete with its data removes its folder, unless a new function of that name has it by then", async (context) => {
  const world = await open(context);
  const settings = { volumes: [VOLUME] };
  const folder = join(world.volumesDir, "default");
  await world.deployed("hello", { source: "well-builds-1", settings });
  const removing = world.lifecycle.remove(await world.service("hello"), "default", { volumes: true });
  await world.until(async () => assert.deepEqual(await readdir(folder), []));
  await removing;
  await world.deployed("hello", { source: "well-builds-2", settings });
  // Until the new one is there, requests under way keep the old one from being gone.
  let endRequests = (): void => undefined;
  world.gateway.requestsUnderWay = new Promise((resolve) => (endRequests = resolve));
  const again = world.lifecycle.remove(await world.service("hello"), "default", { volumes: true });
  await world.until(() => assert.rejects(world.service("hello")));
  await world.deploy("hello", { source: "well-slow-3", settings });
  endRequests();
  await world.advance(60_000);
  await again;
  assert.deepEqual(await readdir(folder), ["hello"]);
});

test("an instance that drains is no longer found by its service's name, also after a restart of control", async (context) => {
  const world = await open(context);
  await versions(world, 1);
  const { runtimeId } = await world.instance("hello");
  world.gateway.requestsUnderWay = new Promise(() => undefined);
  await world.restartControl();
  await world.lifecycle.stop(await world.service("hello"));
  await world.advance(1000);
  assert.equal((await world.driver.inspect(runtimeId)).state, "running");
  assert.deepEqual(world.driver.namesOf(runtimeId), []);
});
