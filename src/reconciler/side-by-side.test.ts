/** Trouble of one service is its own; networks of projects; restart policies; names; host ports. Over memory. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { World } from "../../test/reconciler/world.ts";
import { NEVER } from "../domain/instance.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

test("engine calls that hang for some services, more than are worked on at once, delay no other", async (context) => {
  const world = await open(context);
  const stuck = Array.from({ length: 10 }, (_, n) => `stuck-${n}`);
  for (const name of stuck) {
    const { serviceId } = await world.deploy(name, { source: "well-builds-1" });
    world.driver.stick(serviceId);
  }
  await world.advance(6_000);
  const startedAt = world.clock.now();
  assert.equal((await world.deployed("hello", { source: "well-builds-1" })).status, "healthy");
  assert.ok(world.clock.now() - startedAt < 1_000, "it waited for others");
  world.driver.crash((await world.instance("hello")).runtimeId, 137);
  await world.instance("hello");
  for (const name of stuck) world.driver.unstick((await world.service(name)).id);
  for (const name of stuck) await world.instance(name);
});

test("a sweep makes the networks of projects, and removes those of projects that left once nothing is on them", async (context) => {
  const world = await open(context);
  const { database, driver } = world;
  const project = (id: string) => ({ id, name: id, slug: id, createdAt: 0, updatedAt: 0 });
  const shop = await database.projects.create(project("shop"));
  await world.reconciler.sweep();
  await world.advance(0);
  assert.deepEqual(await driver.listNetworks(), ["default", "shop"]);

  await world.deployed("hello", { source: "well-builds-1" });
  const { serviceId, slot } = await world.instance("hello");
  // An instance of a project that is gone: its service went with it.
  const [record] = await database.instances.list({ serviceId });
  if (record !== undefined)
    await database.instances.put({ ...record, slot: "left-0", projectId: shop.id, serviceId: "gone" });
  await database.projects.remove(shop.id);
  const removed: string[] = [];
  const removal = context.mock.method(driver, "removeNetwork", async (slug: string) => void removed.push(slug));
  await world.reconciler.sweep();
  await world.advance(0);
  removal.mock.restore();
  assert.deepEqual(removed, [], "its instance has not left yet");
  await world.until(async () => assert.equal((await database.instances.list()).length, 1));
  await world.reconciler.sweep();
  await world.advance(0);
  assert.deepEqual(await driver.listNetworks(), ["default"]);
  assert.deepEqual(await database.projects.listLeaving(), []);
  assert.equal((await world.instance("hello")).slot, slot);
});

test("a network that can't be made is told once, and hinders neither other networks nor services", async (context) => {
  const world = await open(context);
  for (const id of ["bad", "good"])
    await world.database.projects.create({ id, name: id, slug: id, createdAt: 0, updatedAt: 0 });
  const ensure = world.driver.ensureNetwork.bind(world.driver);
  context.mock.method(world.driver, "ensureNetwork", (slug: string, index: number) =>
    slug === "bad" ? Promise.reject(new Error("no address is left")) : ensure(slug, index),
  );
  await world.advance(120_000);
  assert.deepEqual(await world.driver.listNetworks(), ["default", "good"]);
  assert.equal(world.warnings.filter((w) => w.includes("network is not as it should be")).length, 1);
  assert.equal((await world.deployed("hello", { source: "well-builds-1" })).status, "healthy");
});

test("one that ends well and shall not be started again rests: stopped, its code kept, nothing scheduled; a start or a redeploy runs it", async (context) => {
  const world = await open(context);
  world.driver.addImage("job:1");
  const given = { restart: "on-failure", ports: [{ containerPort: 80, protocol: "tcp" }] } as const;
  await world.ended((await world.deployImage("job", "job:1", given)).id);
  const { runtimeId } = await world.instance("job");
  await world.advance(20_000);
  world.driver.crash(runtimeId, 0, ["all done"]);
  await world.until(async () => assert.equal((await world.service("job")).status, "stopped"));
  await world.advance(600_000);
  const [record] = await world.records("job");
  assert.deepEqual([record?.state, record?.nextStartAt, record?.lastExitCode], ["waiting", NEVER, 0]);
  assert.match(record?.lastLogTail ?? "", /all done/);
  assert.deepEqual(await world.driver.list(), []);
  assert.equal(world.gateway.route("job")?.state, "stopped");
  await world.lifecycle.start(await world.service("job"));
  world.driver.crash((await world.instance("job")).runtimeId, 0);
  await world.until(async () => assert.equal((await world.service("job")).status, "stopped"));
  await world.ended((await world.deployImage("job", "job:1", given)).id);
  await world.instance("job");
  await world.until(async () => assert.equal((await world.service("job")).status, "running"));
});

test("a renamed service answers to both names, what is deployed later too, and gives the old one to a new service", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await world.service("hello");
  const { runtimeId } = await world.instance("hello");
  await world.database.services.update(id, { name: "greeter", routeName: "greeter", formerNames: ["hello"] });
  world.reconciler.trigger(id);
  await world.until(() => assert.deepEqual(world.driver.namesOf(runtimeId), ["greeter", "hello"]));
  await world.deployed("greeter", { source: "well-builds-2" });
  const second = await world.instance("greeter");
  assert.deepEqual(world.driver.namesOf(second.runtimeId), ["greeter", "hello"]);
  await world.deployed("hello", { source: "well-builds-3" });
  await world.until(() => assert.deepEqual(world.driver.namesOf(second.runtimeId), ["greeter"]));
  assert.deepEqual(world.driver.namesOf((await world.instance("hello")).runtimeId), ["hello"]);
});

test("a host port that something else has fails the deployment and says so; the one before it is started again", async (context) => {
  const world = await open(context);
  for (const tag of ["1", "2"]) world.driver.addImage(`db:${tag}`, { exposedPorts: [5432] });
  const port = (hostPort: number) => ({ ports: [{ containerPort: 5432, hostPort, protocol: "tcp" as const }] });
  const first = await world.ended((await world.deployImage("db", "db:1", port(15_432))).id);
  await world.instance("db");
  world.driver.takenHostPorts.add(15_433);
  const second = await world.ended((await world.deployImage("db", "db:2", port(15_433))).id);
  assert.equal(second.status, "failed");
  assert.match(second.failureReason ?? "", /^container start failed: Host port 127\.0\.0\.1:15433 is in use/);
  assert.equal((await world.instance("db")).deploymentId, first.id);
  const third = await world.ended((await world.deployImage("db", "db:2", port(15_432))).id);
  assert.equal(third.status, "healthy");
});
