/** Deployments that are built only, until their owner rolls them out; and instances that are out of date. On memory. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { World } from "../../test/reconciler/world.ts";
import { LABELS } from "../domain/labels.ts";
import { waitForOutcome } from "./outcome.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

const held = (world: World, source: string, name = "hello") => world.deployed(name, { source, isHeld: true });
const rollOut = async (world: World) => world.lifecycle.deploy(await world.service("hello"));
const statusOf = async (world: World, id: string) => (await world.database.deployments.get(id)).status;

test("what is built only rests, what serves goes on; rolled out it takes its place without a gap", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  const second = await held(world, "well-builds-2");
  assert.equal(second.status, "built");
  await world.advance(60_000);
  assert.equal((await world.instance("hello")).runtimeId, runtimeId);
  assert.equal((await world.service("hello")).activeDeploymentId, first.id);
  world.gateway.tables.length = 0;
  const { deployment, isUnchanged } = await rollOut(world);
  assert.deepEqual([deployment.id, isUnchanged], [second.id, false]);
  assert.equal((await world.ended(second.id)).status, "healthy");
  assert.equal((await world.instance("hello")).deploymentId, second.id);
  assert.deepEqual([...new Set(world.gateway.tables.map((t) => t.services[0]?.state))], ["ready"]);
  assert.deepEqual(await rollOut(world), {
    deployment: await world.database.deployments.get(second.id),
    isUnchanged: true,
  });
});

test("a function that was never more than built is stopped; deploy, start and scale make it run", async (context) => {
  const world = await open(context);
  for (const [name, act] of [
    ["one", async () => world.lifecycle.deploy(await world.service("one"))],
    ["two", async () => world.lifecycle.start(await world.service("two"))],
    ["three", async () => world.lifecycle.scale(await world.service("three"), 2)],
  ] as const) {
    const { id } = await held(world, "well-builds-1", name);
    const service = await world.service(name);
    assert.deepEqual([service.desired, service.activeDeploymentId], ["stopped", null]);
    assert.equal(world.gateway.route(name)?.state, "stopped");
    await act();
    assert.equal((await world.ended(id)).status, "healthy");
    await world.until(async () => assert.equal((await world.service(name)).status, "running"));
    assert.equal((await world.database.deployments.list({ serviceId: service.id })).length, 1);
    assert.equal((await world.records(name)).length, name === "three" ? 2 : 1);
  }
});

test("only the newest counts: a newer upload of any kind supersedes what waits, and cancels what is being built for that", async (context) => {
  const world = await open(context);
  const first = await held(world, "well-builds-1");
  const second = await held(world, "well-builds-2");
  assert.equal(await statusOf(world, first.id), "superseded");
  const third = await world.deploy("hello", { source: "well-slow-3", isHeld: true });
  assert.equal(await statusOf(world, second.id), "superseded");
  await world.deployed("hello", { source: "well-builds-4" });
  assert.equal(await statusOf(world, third.id), "cancelled");
  assert.equal((await rollOut(world)).isUnchanged, true);
});

test("an upload that is built only leaves alone what comes up, and the other way round", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const coming = await world.deploy("hello", { source: "well-slow-2" });
  await world.advance(0);
  const built = await held(world, "well-builds-3");
  assert.equal(await statusOf(world, coming.id), "building");
  world.builder.finish("hello");
  assert.equal((await world.ended(coming.id)).status, "healthy");
  assert.equal(await statusOf(world, built.id), "built");
  await world.ended((await world.lifecycle.restart(await world.service("hello"))).id);
  assert.equal(await statusOf(world, built.id), "built");
  await rollOut(world);
  assert.equal((await world.ended(built.id)).status, "healthy");
});

test("stop leaves it waiting; deploying a stopped function starts it at its saved scale", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  await world.lifecycle.scale(await world.service("hello"), 2);
  const built = await held(world, "well-builds-2");
  await world.lifecycle.scale(await world.service("hello"), 0);
  await world.until(async () => assert.deepEqual(await world.driver.list(), []));
  assert.equal(await statusOf(world, built.id), "built");
  await rollOut(world);
  assert.equal((await world.ended(built.id)).status, "healthy");
  assert.equal((await world.records("hello")).length, 2);
});

test("it stays held over restarts and deaths of control while it is built", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await world.deploy("hello", { source: "well-slow-2", isHeld: true });
  await world.advance(0);
  await world.restartControl();
  await world.killControl(3);
  await world.advance(1000);
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "built");
  await world.restartControl();
  await world.advance(60_000);
  assert.equal(await statusOf(world, id), "built");
});

test("deploying while it is still being built rolls it out once it is; who waits is told how that ends", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await world.deploy("hello", { source: "well-slow-2", isHeld: true });
  await world.advance(0);
  assert.equal((await rollOut(world)).deployment.id, id);
  const outcome = waitForOutcome(world.database.deployments, world.events, id, AbortSignal.timeout(5000));
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "healthy");
  assert.equal((await outcome).status, "healthy");
});

test("who waits for an upload that is built only is told when it is built", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", { source: "well-slow-1", isHeld: true });
  const outcome = waitForOutcome(world.database.deployments, world.events, id, AbortSignal.timeout(5000));
  await world.advance(0);
  world.builder.finish("hello");
  await world.advance(0);
  assert.equal((await outcome).status, "built");
});

test("asked twice at once it is rolled out once; the same upload again changes nothing", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await held(world, "well-builds-2");
  assert.equal((await world.deploy("hello", { source: "well-builds-2", isHeld: true })).id, id);
  const both = await Promise.all([rollOut(world), rollOut(world)]);
  assert.deepEqual(
    both.map((answer) => answer.deployment.id),
    [id, id],
  );
  assert.equal((await world.ended(id)).status, "healthy");
  await world.advance(60_000);
  assert.equal(await statusOf(world, id), "healthy");
});

test("a built image that is gone is built again when it is rolled out", async (context) => {
  const world = await open(context);
  const built = await held(world, "well-builds-1");
  await world.driver.removeImage(built.image ?? "");
  assert.equal((await rollOut(world)).deployment.status, "building");
  assert.equal((await world.ended(built.id)).status, "healthy");
});

test("what waits and fails when it is rolled out leaves everything as it was", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  const bad = await held(world, "exits-builds-2");
  await rollOut(world);
  assert.equal((await world.ended(bad.id)).status, "failed");
  assert.equal((await world.instance("hello")).deploymentId, first.id);
});

test("instances of an image that was built again under its name are replaced; others are up to date", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  assert.equal((await rollOut(world)).isUnchanged, true);
  const { id } = await world.service("hello");
  world.driver.addImage(first.image ?? "", { labels: { [LABELS.server]: "memory", [LABELS.service]: id } });
  const { deployment, isUnchanged } = await rollOut(world);
  assert.equal(isUnchanged, false);
  assert.equal((await rollOut(world)).deployment.id, deployment.id, "it is under way");
  assert.equal((await world.ended(deployment.id)).status, "healthy");
  await world.until(async () => assert.equal((await rollOut(world)).isUnchanged, true));
});

test("with nothing built there is nothing to deploy", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-broken-1" });
  await assert.rejects(rollOut(world), { code: "conflict", message: /nothing of it was built/ });
});
