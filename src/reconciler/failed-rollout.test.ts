/** Rollouts that fail: what served before serves on exactly as before. On memory, with a clock that tests move. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { VOLUME, World } from "../../test/reconciler/world.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

for (const [source, reason] of [
  ["exits-builds-2", /exited with code 7/],
  ["deaf-builds-2", /nothing listens on port 8080/],
  ["well-broken-2", /step 2 failed/],
] as const) {
  test(`an update that fails (${source}) leaves everything as it was: instance, port, tag`, async (context) => {
    const world = await open(context);
    const first = await world.deployed("hello", { source: "well-builds-1", localPort: 9002, tag: "hello:1" });
    const before = await world.instance("hello");
    const failed = await world.deployed("hello", { source, localPort: 9003, tag: "hello:2" });
    assert.equal(failed.status, "failed");
    assert.match(failed.failureReason ?? "", reason);
    await world.advance(60_000);
    const service = await world.service("hello");
    assert.deepEqual(
      [service.localPort, service.tag, service.activeDeploymentId, service.status],
      [9002, "hello:1", first.id, "running"],
    );
    assert.deepEqual(world.gateway.localPorts, [9002]);
    assert.equal((await world.instance("hello")).runtimeId, before.runtimeId);
    assert.equal((await world.driver.list()).length, 1);
  });
}

test("port and tag of an update become the function's when it serves, and are reserved from its acceptance on", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1", localPort: 9002, tag: "hello:1" });
  const { id } = await world.deploy("hello", { source: "well-slow-2", localPort: 9003, tag: "hello:2" });
  await world.advance(1000);
  assert.deepEqual(world.gateway.localPorts, [9002]);
  const thief = (what: object) => world.deploy("thief", { source: "well-builds-1", ...what });
  for (const taken of [{ localPort: 9002 }, { localPort: 9003 }, { tag: "hello:1" }, { tag: "hello:2" }])
    await assert.rejects(thief(taken), { code: "conflict" });
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "healthy");
  assert.deepEqual(world.gateway.localPorts, [9003]);
  await thief({ localPort: 9002, tag: "hello:1" });
});

for (const source of ["well-broken-2", "exits-builds-2"]) {
  test(`an update of a stopped function that fails (${source}) leaves it stopped`, async (context) => {
    const world = await open(context);
    await world.deployed("hello", { source: "well-builds-1" });
    await world.lifecycle.stop(await world.service("hello"));
    assert.equal((await world.deployed("hello", { source })).status, "failed");
    await world.advance(60_000);
    assert.equal((await world.service("hello")).desired, "stopped");
    assert.equal((await world.service("hello")).status, "stopped");
    assert.deepEqual(await world.driver.list(), []);
  });
}

test("an update of a stopped function that is well makes it run; the old version is not started for it", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  await world.lifecycle.stop(await world.service("hello"));
  await world.until(async () => assert.deepEqual(await world.driver.list(), []));
  world.announced.length = 0;
  await world.deployed("hello", { source: "well-builds-2" });
  assert.equal((await world.service("hello")).status, "running");
  const slots = world.announced.flatMap((e) => (e.type === "instance.ready" ? [e.slot] : []));
  assert.ok(slots.every((slot) => !slot.startsWith(first.id.slice(0, 8))));
});

test("a service with a writable volume is replaced stop-first, and has its old version back when the new one fails", async (context) => {
  const world = await open(context);
  const settings = { volumes: [VOLUME] };
  const first = await world.deployed("db", { source: "well-builds-1", settings });
  world.gateway.tables.length = 0;
  const failed = await world.deployed("db", { source: "exits-builds-2", settings });
  assert.equal(failed.status, "failed");
  assert.equal((await world.instance("db")).deploymentId, first.id);
  const states = new Set(world.gateway.tables.map((t) => t.services[0]?.state));
  assert.deepEqual([...states].toSorted(), ["parked", "ready"], "requests wait during the swap");
  assert.equal((await world.driver.list()).length, 1);
});

test("an image that is gone is built again from the kept source, and tried ever more seldom until then", async (context) => {
  const world = await open(context);
  const { image } = await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  await world.driver.remove(runtimeId);
  await world.driver.removeImage(image ?? "");
  await world.advance(0);
  assert.equal(world.builder.requests.length, 2);
  const now = await world.instance("hello");
  assert.notEqual(now.runtimeId, runtimeId);
  assert.equal((await world.service("hello")).status, "running");
});

test("an image that is gone and can't be built again does not keep engine and builder busy", async (context) => {
  const world = await open(context);
  const { image, id } = await world.deployed("hello", { source: "well-builds-1" });
  await world.database.deployments.update(id, { sourceId: "well-broken-1" });
  const { runtimeId } = await world.instance("hello");
  await world.driver.remove(runtimeId);
  await world.driver.removeImage(image ?? "");
  await world.advance(300_000);
  assert.equal(world.builder.requests.length, 2);
  const [record] = await world.records("hello");
  assert.match(record?.lastLogTail ?? "", /No such image/);
  assert.ok((record?.restartCount ?? 0) < 20);
  assert.equal((await world.service("hello")).status, "failed");
});

test("a full network fails the deployment that needs an address, clearly, and nothing else", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  for (let n = 0; n < 221; n += 1) await world.database.addresses.claim("p", `filler-${n}`, world.clock.now(), 60_000);
  const failed = await world.deployed("other", { source: "well-builds-1" });
  assert.equal(failed.status, "failed");
  assert.match(failed.failureReason ?? "", /no free address/);
  assert.equal(world.gateway.route("hello")?.state, "ready");
  assert.deepEqual(await world.records("other"), []);
});
