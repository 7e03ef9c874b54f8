/** Builds beside the reconciler: how they end, and what is told and written of it. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { World } from "../../test/reconciler/world.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

const endings = (world: World) => world.announced.filter((e) => e.type === "build.finished").length;

test("the end of a build is told however it ends, and written with its reason", async (context) => {
  const world = await open(context);
  const [build] = await buildsAfter(world, "well-broken-1");
  assert.deepEqual([build?.status, build?.error], ["failed", "step 2 failed"]);
  assert.equal(endings(world), 1);
  assert.equal((await buildsAfter(world, "well-builds-2"))[0]?.status, "succeeded");
  assert.equal(endings(world), 2);
  const { id } = await world.deploy("hello", { source: "well-slow-3" });
  await world.advance(0);
  await world.deployer.cancel(id);
  await world.advance(0);
  assert.equal((await world.database.builds.list({}))[0]?.status, "cancelled");
  assert.equal(endings(world), 3);
});

async function buildsAfter(world: World, source: string) {
  await world.deployed("hello", { source });
  await world.advance(1000);
  return world.database.builds.list({});
}

test("a failed build keeps the last lines of its log with the deployment", async (context) => {
  const world = await open(context);
  const { failureReason, logTail } = await world.deployed("hello", { source: "well-broken-1" });
  assert.deepEqual([failureReason, logTail], ["step 2 failed", "no such file\n"]);
});

test("a build whose deployment was cancelled just before Slipway died does not look as if it ran for ever", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", { source: "well-slow-1" });
  await world.advance(0);
  await world.database.deployments.update(id, { status: "cancelled" });
  await world.killControl(0);
  await world.advance(0);
  assert.deepEqual(
    (await world.database.builds.list({})).map((b) => b.status),
    ["cancelled"],
  );
});

test("an upload of what runs already builds nothing; after a failed or rolled back one it does", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  assert.equal((await world.deploy("hello", { source: "well-builds-1" })).id, first.id);
  await world.advance(1000);
  await world.deployed("hello", { source: "well-broken-2" });
  await world.advance(1000);
  assert.notEqual((await world.deploy("hello", { source: "well-builds-1" })).id, first.id);
});

test("a newer upload takes the place of one that is still being built", async (context) => {
  const world = await open(context);
  const first = await world.deploy("hello", { source: "well-slow-1" });
  await world.advance(0);
  const second = await world.deployed("hello", { source: "well-builds-2" });
  world.builder.finish("hello");
  await world.advance(10_000);
  assert.equal((await world.ended(first.id)).status, "cancelled");
  assert.equal((await world.service("hello")).activeDeploymentId, second.id);
});
