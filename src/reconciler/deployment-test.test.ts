/** A deployment's test between readiness and promotion. On memory, with a clock that tests move. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { World } from "../../test/reconciler/world.ts";
import type { DeployTest } from "../domain/deployment.ts";
import { DeployTests } from "./deploy-tests.ts";

const PING: DeployTest = { kind: "http", path: "/ping", status: 200, body: "OK" };

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

test("a test that passes is run once, against one instance, before any request goes to the new version", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await world.deploy("hello", { source: "well-builds-2", settings: { test: PING, replicas: 3 } });
  await world.until(async () => assert.equal(world.tested.length, 1));
  assert.equal((await world.service("hello")).activeDeploymentId, first.id);
  assert.equal((await world.ended(id)).status, "healthy");
  await world.advance(60_000);
  assert.equal(world.tested.length, 1);
  assert.equal((await world.records("hello")).length, 3);
});

test("a test that fails fails the deployment with what it expected and got; the old version serves on, nothing is left", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  world.gateway.tables.length = 0;
  const failed = await world.deployed("hello", { source: "well-builds-wrong", settings: { test: PING } });
  assert.equal(failed.status, "failed");
  assert.match(failed.failureReason ?? "", /its test GET \/ping expected the body "OK", got "KO"/);
  await world.until(async () =>
    assert.deepEqual(
      (await world.driver.list()).map((i) => i.runtimeId),
      [runtimeId],
    ),
  );
  assert.equal((await world.instance("hello")).runtimeId, runtimeId);
  for (const table of world.gateway.tables)
    assert.deepEqual(table.services[0]?.targets.length, 1, "no request went to it");
});

test("a first version whose test fails serves nobody", async (context) => {
  const world = await open(context);
  const failed = await world.deployed("hello", { source: "well-builds-wrong", settings: { test: PING } });
  assert.equal(failed.status, "failed");
  await world.until(async () => assert.deepEqual(await world.driver.list(), []));
  assert.equal((await world.service("hello")).status, "failed");
});

test("an instance that dies while it is tested is tested anew; a restart of control tests again", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", { source: "well-builds-1", settings: { test: PING } });
  await world.until(() => assert.equal(world.tested.length, 1));
  const [observed] = await world.driver.list();
  world.driver.crash(observed?.runtimeId ?? "", 137);
  await world.until(() => assert.equal(world.tested.length, 2));
  await world.restartControl();
  assert.equal((await world.ended(id)).status, "healthy");
  assert.equal(world.tested.length, 3);
});

test("what serves is healed while a new version is tested", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  const { id } = await world.deploy("hello", { source: "well-builds-2", settings: { test: PING } });
  await world.until(() => assert.equal(world.tested.length, 1));
  world.driver.crash(runtimeId, 137);
  await world.advance(0);
  assert.equal(world.gateway.route("hello")?.targets.length, 1);
  assert.equal((await world.database.deployments.get(id)).status, "starting");
  assert.equal((await world.ended(id)).status, "healthy");
});

test("a test that can't be run says so, and one of an instance without a port", async () => {
  const seen: string[] = [];
  const tests = new DeployTests({
    testInstance: () => Promise.reject(new Error("no such runtime")),
    onVerdict: (serviceId) => seen.push(serviceId),
  });
  const [world] = [await World.open()];
  const deployment = await world.deploy("hello", { source: "well-slow-1", settings: { test: PING } });
  const record = { ...SLOT, runtimeId: "c1", deploymentId: deployment.id };
  tests.begin({ ...record, port: 80 }, deployment);
  tests.begin({ ...record, port: 80 }, deployment);
  tests.begin({ ...record, runtimeId: "c2", port: null }, deployment);
  tests.begin({ ...record, runtimeId: "c3", port: null }, deployment);
  tests.forget("c3");
  await world.advance(0);
  assert.match(tests.verdicts().get("c1") ?? "", /could not be run: no such runtime/);
  assert.match(tests.verdicts().get("c2") ?? "", /listens on no port/);
  assert.equal(tests.verdicts().has("c3"), false);
  assert.equal(seen.length, 2);
  await world.close();
});

const SLOT = {
  slot: "d-0",
  serviceId: "s",
  projectId: "p",
  replica: 0,
  address: "10.0.0.2",
  state: "ready",
  restartCount: 0,
  nextStartAt: 0,
  startedAt: 0,
  readyAt: 0,
  lastExitCode: null,
  lastLogTail: null,
} as const;
