/** Image services over memory: how their images are had, pinned, and had again. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { World } from "../../test/reconciler/world.ts";
import type { Deployment } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import { movesByItself, pulledOwner, pulledTag } from "../domain/image-fetch.ts";
import type { Preset } from "../domain/preset.ts";

const HOST = "registry.test";
const DB = `${HOST}/db:16`;

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

/** The registry has that image, the engine has not. */
async function publish(world: World, reference: string, exposedPorts: readonly number[] = [5432]): Promise<void> {
  world.driver.registries.add(reference, { exposedPorts });
}

async function deployed(world: World, name: string, image: string, given?: Parameters<World["deployImage"]>[2]) {
  return world.ended((await world.deployImage(name, image, given)).id);
}

test("an image service pulls its image with its registry's login, pins it, finds the port and serves under its name", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  world.driver.registries.passwords.set(HOST, "secret");
  world.logins.set(HOST, { host: HOST, username: "ann", password: "secret" });
  const db = await deployed(world, "db", DB);
  const info = await world.driver.findImage(DB);
  assert.deepEqual([db.status, db.listenPorts, db.attemptCount], ["healthy", [5432], 0]);
  assert.equal(db.image, pulledTag("slipway", db.serviceId, info?.id ?? ""));
  const { runtimeId, port } = await world.instance("db");
  assert.deepEqual([world.driver.namesOf(runtimeId), port], [["db"], 5432]);
  assert.deepEqual(world.buildLog.slice(0, 2), [`Pulling ${DB} as ann`, `pulled ${DB}`]);
  const [build] = await world.database.builds.list({ serviceId: db.serviceId });
  assert.deepEqual([build?.status, build?.wasCached, build?.image], ["succeeded", false, db.image]);
});

test("what is on the engine is taken as it is; only a tag that moves by itself is asked for again", async (context) => {
  const world = await open(context);
  for (const tag of ["1", "latest"]) world.driver.addImage(`${HOST}/app:${tag}`, { exposedPorts: [80] });
  world.driver.registries.away.add(HOST);
  const [fixed, moving] = [await deployed(world, "a", `${HOST}/app:1`), await deployed(world, "b", `${HOST}/app`)];
  assert.deepEqual([fixed.status, moving.status, moving.attemptCount], ["healthy", "healthy", 0]);
  assert.match(world.buildLog.join("\n"), /app:1 is on the engine already/);
  assert.match(world.buildLog.join("\n"), /app can't be pulled, so the one on the engine is taken: .*does not answer/);
  world.driver.registries.away.clear();
  await publish(world, `${HOST}/app`, [81]);
  assert.deepEqual((await deployed(world, "b", `${HOST}/app`)).listenPorts, [81]);
});

test("a tag that moves changes nothing that runs, and a rollback gets the image it had", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  const first = await deployed(world, "db", DB);
  const before = (await world.driver.findImage(DB))?.id;
  world.driver.addImage(DB, { exposedPorts: [5433] });
  const second = await deployed(world, "db", DB);
  assert.notEqual(second.image, first.image);
  await world.lifecycle.rollback(await world.service("db"), first.id);
  await world.until(async () => assert.equal((await world.instance("db")).deploymentId, first.id));
  const { runtimeId } = await world.instance("db");
  assert.equal((await world.driver.inspect(runtimeId)).imageId, before);
});

test("a registry that does not answer is asked three times, ever more seldom; then the deployment has failed", async (context) => {
  const world = await open(context);
  world.driver.registries.away.add(HOST);
  const startedAt = world.clock.now();
  const db = await deployed(world, "db", DB);
  assert.deepEqual([db.status, db.attemptCount], ["failed", 3]);
  assert.equal(db.failureReason, `image pull failed: The registry ${HOST} does not answer.`);
  assert.match(db.logTail ?? "", /try 2 of 3, the next one in 2 s/);
  assert.equal(world.clock.now() - startedAt, 3000);
  assert.equal((await world.service("db")).status, "failed");
});

test("a registry that answers again in between is enough", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  world.driver.registries.away.add(HOST);
  const { id } = await world.deployImage("db", DB);
  await world.advance(500);
  world.driver.registries.away.clear();
  const db = await world.ended(id);
  assert.deepEqual([db.status, db.attemptCount], ["healthy", 1]);
});

test("a name that the registry does not know, or does not give out, fails at once", async (context) => {
  const world = await open(context);
  const startedAt = world.clock.now();
  const unknown = await deployed(world, "unknown", `${HOST}/nothing:1`);
  world.driver.registries.passwords.set(HOST, "secret");
  const locked = await deployed(world, "locked", DB);
  assert.match(unknown.failureReason ?? "", /^image pull failed: .*no image/);
  assert.match(locked.failureReason ?? "", /^image pull failed: .*refuses/);
  assert.deepEqual([unknown.attemptCount, locked.attemptCount, world.clock.now() - startedAt], [1, 1, 0]);
});

test("while the engine is away the image is waited for, and nothing has failed", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  world.driver.goAway();
  const { id } = await world.deployImage("db", DB);
  await world.advance(120_000);
  assert.equal((await world.database.deployments.get(id)).status, "building");
  world.driver.comeBack();
  const db = await world.ended(id);
  assert.deepEqual([db.status, db.attemptCount], ["healthy", 0]);
  assert.equal(world.buildLog.filter((line) => line.includes("until it answers")).length, 1);
});

test("a pull that is cancelled ends, also between two tries", async (context) => {
  const world = await open(context);
  world.driver.registries.away.add(HOST);
  const { id } = await world.deployImage("db", DB);
  await world.advance(500);
  await world.deployer.cancel(id);
  await world.advance(60_000);
  const { status, attemptCount } = await world.database.deployments.get(id);
  assert.deepEqual([status, attemptCount], ["cancelled", 1]);
  assert.equal((await world.database.builds.list({}))[0]?.status, "cancelled");
  assert.equal(world.clock.nextAt !== undefined && world.buildLog.at(-1), "Fetching the image was cancelled.");
});

test("a restart of control in the middle takes the pull up again", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  world.driver.registries.away.add(HOST);
  const { id } = await world.deployImage("db", DB);
  await world.advance(500);
  await world.restartControl();
  world.driver.registries.away.clear();
  assert.equal((await world.ended(id)).status, "healthy");
});

test("ports that its owner names are the ones; with none at all it is ready once it has run for ten seconds", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  await publish(world, `${HOST}/worker:1`, []);
  const ports = [{ containerPort: 9000, protocol: "tcp" } as const, { containerPort: 53, protocol: "udp" } as const];
  assert.deepEqual((await deployed(world, "named", DB, { ports })).listenPorts, [9000]);
  const startedAt = world.clock.now();
  const worker = await deployed(world, "worker", `${HOST}/worker:1`);
  assert.deepEqual([worker.status, worker.listenPorts], ["healthy", []]);
  assert.ok(world.clock.now() - startedAt >= 10_000);
});

test("the image of one that serves, gone from the engine, is fetched again", async (context) => {
  const world = await open(context);
  await publish(world, DB);
  const db = await deployed(world, "db", DB);
  const { runtimeId } = await world.instance("db");
  await world.driver.remove(runtimeId);
  for (const tag of [DB, db.image ?? ""]) await world.driver.removeImage(tag);
  await world.until(async () => assert.notEqual((await world.instance("db")).runtimeId, runtimeId));
  assert.equal((await world.database.builds.list({ serviceId: db.serviceId })).length, 2);
});

const PRESET: Preset = {
  ...{ id: "db", name: "DB", image: DB, iconUrl: "", ports: [], envVars: [], command: [], volumes: [], url: "" },
  hasRecipe: true,
};

test("a preset whose registry is out of reach is made from its recipe; one with another image is not", async (context) => {
  const world = await open(context);
  world.presets.set("db", PRESET);
  world.driver.registries.away.add(HOST);
  world.buildPreset = async (id) => {
    world.driver.addImage(`slipway/preset-${id}:1`, { exposedPorts: [5432] });
    return `slipway/preset-${id}:1`;
  };
  const db = await deployed(world, "db", DB, { preset: "db" });
  assert.deepEqual([db.status, db.attemptCount, db.listenPorts], ["healthy", 0, [5432]]);
  assert.match(db.image ?? "", /^slipway\/pulled\//);
  assert.equal((await deployed(world, "other", `${HOST}/db:17`, { preset: "db" })).status, "failed");
  world.buildPreset = () => Promise.reject(new AppError("build_failed", "no packages"));
  const broken = await deployed(world, "broken", DB, { preset: "db" });
  assert.equal(broken.failureReason, "image pull failed: no packages");
});

test("what was made from a recipe is made so again, though its registry is there by now", async (context) => {
  const world = await open(context);
  world.presets.set("db", PRESET);
  world.driver.registries.away.add(HOST);
  world.buildPreset = async (id) => {
    const made = await world.driver.findImage(`slipway/preset-${id}:1`);
    if (made === undefined)
      world.driver.addImage(`slipway/preset-${id}:1`, { exposedPorts: [5432], labels: { "slipway.preset": id } });
    return `slipway/preset-${id}:1`;
  };
  const first = await deployed(world, "db", DB, { preset: "db" });
  world.driver.registries.away.delete(HOST);
  await publish(world, DB);
  const again = await world.serviceEdits.deploy(await world.service("db"), {
    ports: [{ containerPort: 5432, protocol: "tcp" }],
  });
  const second = await world.ended(again.id);
  assert.deepEqual([second.status, second.image], ["healthy", first.image]);
  await publish(world, `${HOST}/db:17`);
  const other = await world.serviceEdits.deploy(await world.service("db"), { image: `${HOST}/db:17` });
  assert.notEqual((await world.ended(other.id)).image, first.image, "another version is its owner's wish");
});

test("six versions: five images are kept", async (context) => {
  const world = await open(context);
  const images: Deployment[] = [];
  for (let n = 0; n < 6; n += 1) {
    await publish(world, `${HOST}/db:${n}`);
    images.push(await deployed(world, "db", `${HOST}/db:${n}`));
    await world.until(async () => assert.equal((await world.driver.list()).length, 1));
  }
  await publish(world, `${HOST}/db:7`);
  await deployed(world, "db", `${HOST}/db:7`);
  const tags = (await world.driver.listImages())
    .flatMap((image) => image.tags)
    .filter((tag) => pulledOwner("slipway", tag));
  assert.ok(!tags.includes(images[0]?.image ?? ""));
  assert.equal(tags.length, 5);
});

test("names: which tags move by themselves, and whose a pinning tag is", () => {
  for (const name of ["app", "app:latest", "host:5000/app"]) assert.ok(movesByItself(name), name);
  for (const name of ["app:1", "host:5000/app:1", "app@sha256:12", "app:latest@sha256:12"])
    assert.ok(!movesByItself(name), name);
  assert.equal(pulledTag("slipway", "id-1", `sha256:${"ab".repeat(32)}`), "slipway/pulled/id-1:abababababab");
  assert.equal(pulledOwner("slipway", "slipway/pulled/id-1:abababababab"), "id-1");
  assert.equal(pulledOwner("slipway", "other/pulled/id-1:abababababab"), undefined);
});
