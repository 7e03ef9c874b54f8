/** Scaling up, down and to nothing, and the scale's life over restarts, deploys and rollbacks. On memory. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { VOLUME, World } from "../../test/reconciler/world.ts";

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

const scale = async (world: World, replicas: number, name = "hello") =>
  world.lifecycle.scale(await world.service(name), replicas);

/** Waits until so many instances run, all of them ready. */
const running = (world: World, count: number, name = "hello") =>
  world.until(async () => {
    const records = await world.records(name);
    assert.deepEqual(
      records.map((r) => r.state),
      Array.from({ length: count }, () => "ready"),
    );
    assert.equal(world.gateway.route(name)?.targets.length, count);
    assert.equal((await world.driver.list({ serviceId: (await world.service(name)).id })).length, count);
    return records;
  });

test("scaled up, it starts as many more and touches what runs not at all", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { runtimeId } = await world.instance("hello");
  assert.deepEqual(await scale(world, 3), { isUnchanged: false });
  const three = await running(world, 3);
  assert.ok(three.some((r) => r.runtimeId === runtimeId));
  assert.deepEqual(await scale(world, 3), { isUnchanged: true });
});

test("scaled down, the oldest leave by draining; the newest stay", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  await world.advance(1000);
  const [oldest] = await running(world, 1);
  await scale(world, 3);
  await running(world, 3);
  await world.advance(1000);
  await scale(world, 1);
  const [kept] = await running(world, 1);
  assert.notEqual(kept?.slot, oldest?.slot);
  assert.equal(world.gateway.drainedSlots[0], oldest?.slot);
  assert.equal(world.gateway.drainedSlots.length, 2);
});

test("while more of them come up it says running, and degraded only once one has gone bad", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  await world.advance(20_000);
  const seen = (): string[] =>
    world.announced.flatMap((event) => (event.type === "service.status.changed" ? event.to : []));
  const before = seen().length;
  await scale(world, 5);
  const [one] = await running(world, 5);
  assert.deepEqual(seen().slice(before), []);
  world.driver.crash(one?.runtimeId ?? "", 1);
  await world.until(() => assert.deepEqual(seen().slice(before), ["degraded", "running"]));
});

test("deploying one that is stopped makes it run again, though nothing is newer", async (context) => {
  const world = await open(context);
  const { id } = await world.deployed("hello", { source: "well-builds-1" });
  await scale(world, 2);
  await running(world, 2);
  await scale(world, 0);
  await running(world, 0);
  const { deployment, isUnchanged } = await world.lifecycle.deploy(await world.service("hello"));
  assert.equal(isUnchanged, false);
  assert.notEqual(deployment.id, id);
  assert.equal((await world.ended(deployment.id)).status, "healthy");
  await running(world, 2);
  assert.equal((await world.lifecycle.deploy(await world.service("hello"))).isUnchanged, true);
});

test("a sick one goes first, though it is the newest", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1", settings: { health: QUICK } });
  await world.advance(5000);
  await scale(world, 2);
  const [first, second] = (await running(world, 2)).toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  await world.advance(10_000);
  world.unwell.add(second?.runtimeId ?? "");
  await world.advance(QUICK.intervalMs);
  await scale(world, 1);
  assert.equal((await running(world, 1))[0]?.runtimeId, first?.runtimeId);
});

const QUICK = { path: "/ping", intervalMs: 1000, timeoutMs: 500, allowsNotFound: false };

test("scaled to nothing it is stopped and keeps its scale: start brings that back, and so does another number", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  await scale(world, 2);
  await running(world, 2);
  await scale(world, 0);
  await running(world, 0);
  assert.equal(world.gateway.route("hello")?.state, "stopped");
  assert.deepEqual(await scale(world, 0), { isUnchanged: true });
  await world.lifecycle.start(await world.service("hello"));
  await running(world, 2);
  await scale(world, 0);
  await scale(world, 3);
  await running(world, 3);
});

test("the scale survives deploys, restarts, rollbacks and control's death; another number in the manifest is news", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", { source: "well-builds-1" });
  await scale(world, 3);
  const before = await running(world, 3);
  await world.restartControl();
  await world.advance(60_000);
  assert.deepEqual(
    (await running(world, 3)).map((r) => r.runtimeId),
    before.map((r) => r.runtimeId),
  );
  await world.deployed("hello", { source: "well-builds-2" });
  await running(world, 3);
  await world.ended((await world.lifecycle.restart(await world.service("hello"))).id);
  await running(world, 3);
  await world.lifecycle.rollback(await world.service("hello"), first.id);
  await world.until(async () => assert.equal((await world.service("hello")).activeDeploymentId, first.id));
  await running(world, 3);
  await world.deployed("hello", { source: "well-builds-3", settings: { replicas: 2 } });
  await running(world, 2);
  assert.equal((await world.service("hello")).replicas, 2);
  await scale(world, 1);
  await world.deployed("hello", { source: "well-builds-4", settings: { replicas: 2 } });
  await running(world, 1);
});

test("a number in a manifest that fails is asked for again by the next one", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  await scale(world, 1);
  await world.deployed("hello", { source: "exits-builds-2", settings: { replicas: 2 } });
  assert.equal((await world.service("hello")).replicas, 1);
  await world.deployed("hello", { source: "well-builds-3", settings: { replicas: 2 } });
  await running(world, 2);
});

test("a deployment that is coming up comes up at the new scale", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await world.deploy("hello", { source: "well-slow-2" });
  await world.advance(0);
  await scale(world, 2);
  await running(world, 2);
  world.builder.finish("hello");
  assert.equal((await world.ended(id)).status, "healthy");
  assert.ok((await running(world, 2)).every((r) => r.deploymentId === id));
});

test("more than one over a writable volume is refused, and changes nothing", async (context) => {
  const world = await open(context);
  const settings = { volumes: [VOLUME] };
  await world.deployed("hello", { source: "well-builds-1", settings });
  await assert.rejects(scale(world, 2), { code: "invalid", message: /writable volume/ });
  assert.equal((await world.service("hello")).replicas, null);
  await world.deployed("other", { source: "well-builds-1" });
  await scale(world, 2, "other");
  await running(world, 2, "other");
  await assert.rejects(world.deploy("other", { source: "well-builds-2", settings }), { code: "invalid" });
  await running(world, 2, "other");
  await scale(world, 0);
  await scale(world, 1);
  await running(world, 1);
});

test("what was never built is refused, and stays unscaled", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-broken-1" });
  await assert.rejects(scale(world, 2), { code: "conflict" });
  assert.equal((await world.service("hello")).replicas, null);
});

test("waiting for a scale ends when all are ready, or when one can't come up, with its last words", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1" });
  const { id } = await world.service("hello");
  const signal = new AbortController().signal;
  const outcome = (): { ended: string } => {
    const seen = { ended: "" };
    world.lifecycle.waitForScale(id, signal).then(
      () => (seen.ended = "there"),
      (error: unknown) => (seen.ended = String(error)),
    );
    return seen;
  };
  await scale(world, 2);
  const up = outcome();
  assert.equal(up.ended, "");
  await running(world, 2);
  await world.until(() => assert.equal(up.ended, "there"));
  await scale(world, 0);
  const down = outcome();
  await world.until(() => assert.equal(down.ended, "there"));
  assert.deepEqual(await world.driver.list(), []);
  const [image] = await world.driver.listImages({ mine: true });
  world.driver.addImage(image?.tags[0] ?? "", {
    labels: image?.labels ?? {},
    behaviour: () => ({ stderr: ["no database"], exitCode: 7 }),
  });
  await world.lifecycle.start(await world.service("hello"));
  const failing = outcome();
  await world.until(() => assert.match(failing.ended, /does not stay up/));
  const refused = await world.lifecycle.waitForScale(id, signal).catch((error: unknown) => error);
  assert.match(String((refused as { logTail?: string }).logTail), /no database/);
});

test("an instance that is taken out because it went bad keeps its place and its delay over a restart of control", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1", settings: { health: QUICK, replicas: 2 } });
  await world.advance(60_000);
  const [{ slot, runtimeId } = { slot: "", runtimeId: null }] = await world.records("hello");
  await world.database.instances.update(slot, { restartCount: 2, readyAt: world.clock.now() });
  let endRequests = (): void => undefined;
  world.gateway.requestsUnderWay = new Promise((resolve) => (endRequests = resolve));
  world.unwell.add(runtimeId ?? "");
  await world.until(async () => assert.equal((await world.records("hello"))[0]?.state, "draining"));
  const [draining] = await world.records("hello");
  assert.ok((draining?.nextStartAt ?? 0) > world.clock.now());
  world.gateway.requestsUnderWay = new Promise(() => undefined);
  await world.restartControl();
  endRequests();
  world.gateway.requestsUnderWay = Promise.resolve();
  await world.restartControl();
  await world.until(async () => assert.equal((await world.records("hello"))[0]?.state, "waiting"));
  const [waiting] = await world.records("hello");
  assert.deepEqual(
    [waiting?.slot, waiting?.restartCount, waiting?.nextStartAt],
    [slot, draining?.restartCount, draining?.nextStartAt],
  );
  assert.ok((await running(world, 2)).some((r) => r.slot === slot));
});

test("the only one, whose health check fails again and again though it answers, is replaced seldom and never said to have failed", async (context) => {
  const world = await open(context);
  await world.deployed("hello", { source: "well-builds-1", settings: { health: QUICK } });
  await world.advance(20_000);
  const before = world.gateway.tables.length;
  const seen = new Set<string>();
  for (let second = 0; second < 120; second += 1) {
    for (const { runtimeId, state } of await world.records("hello"))
      if (runtimeId !== null && state === "ready") world.unwell.add(runtimeId);
    for (const id of world.unwell) seen.add(id);
    await world.advance(1000);
  }
  const { id } = await world.service("hello");
  const states = world.gateway.tables
    .slice(before)
    .map(({ services }) => services.find((s) => s.serviceId === id)?.state);
  assert.ok(!states.includes("failed"), states.join());
  assert.ok(seen.size >= 5 && seen.size <= 14, `${seen.size} instances in two minutes`);
});
