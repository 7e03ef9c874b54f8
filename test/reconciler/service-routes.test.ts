/** Hosts and paths that manifests ask for, from acceptance to promotion. On memory, with a clock that tests move. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AppError } from "../../src/domain/errors.ts";
import type { RouteClaim } from "../../src/domain/route-claim.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { requireRoutesFree } from "../../src/reconciler/service-routes.ts";
import { sampleProject, sampleService } from "../contract/database/sample-records.ts";
import { BASE_DOMAIN, World } from "./world.ts";

const SHOP: RouteClaim = { kind: "host", value: "shop.test" };
const SUM: RouteClaim = { kind: "path", value: "/sum" };
const DEEP: RouteClaim = { kind: "path", value: "/sum/deep" };

async function open(context: TestContext): Promise<World> {
  const world = await World.open();
  context.after(() => world.close());
  return world;
}

const asking = (source: string, ...routes: RouteClaim[]) => ({ source, settings: { routes } });
const valuesOf = async (world: World, name: string) =>
  (await world.database.routes.list({ serviceId: (await world.service(name)).id })).map(({ value }) => value);

test("routes are the service's from the moment its deployment serves, and go with a later one that does not name them", async (context) => {
  const world = await open(context);
  const { id } = await world.deploy("hello", asking("well-slow-1", SHOP, SUM));
  await world.advance(1_000);
  assert.deepEqual(await valuesOf(world, "hello"), []);
  world.builder.finish("hello");
  await world.ended(id);
  assert.deepEqual(await valuesOf(world, "hello"), ["shop.test", "/sum"]);
  const service = await world.service("hello");
  assert.deepEqual(world.gateway.tables.at(-1)?.hosts, [["shop.test", service.id]]);
  assert.deepEqual(world.gateway.tables.at(-1)?.paths, [["/sum", service.id]]);

  await world.database.routes.create({
    ...{ id: "by-hand", serviceId: service.id, origin: "owner", createdAt: 0 },
    ...{ kind: "host", value: "hand.test" },
  });
  await world.deployed("hello", asking("well-builds-2", SUM, DEEP));
  assert.deepEqual(await valuesOf(world, "hello"), ["hand.test", "/sum", "/sum/deep"]);
});

test("a deployment that fails asks for nothing", async (context) => {
  const world = await open(context);
  await world.deployed("hello", asking("well-builds-1", SUM));
  assert.equal((await world.deployed("hello", asking("exits-builds-2", SHOP))).status, "failed");
  assert.deepEqual(await valuesOf(world, "hello"), ["/sum"]);
});

test("what another one has, or will have once it serves, is refused and its owner named", async (context) => {
  const world = await open(context);
  await world.deployed("hello", asking("well-builds-1", SUM));
  await world.deploy("slow", asking("well-slow-1", SHOP));
  for (const [claim, owner] of [
    [SUM, "hello"],
    [SHOP, "slow"],
  ] as const)
    await assert.rejects(world.deploy("thief", asking("well-builds-1", claim)), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, "conflict");
      assert.match(error.message, new RegExp(`${claim.value} is taken by ${owner}`));
      return true;
    });
  await assert.rejects(world.service("thief"));
  await world.deployed("thief", asking("well-builds-1", DEEP));
  await world.lifecycle.stop(await world.service("slow"));
  await world.deployed("thief", asking("well-builds-2", SHOP));
});

test("routes go with their service", async (context) => {
  const world = await open(context);
  await world.deployed("hello", asking("well-builds-1", SUM));
  const removed = world.lifecycle.remove(await world.service("hello"), "default", { volumes: false });
  await world.until(async () => assert.deepEqual(await world.database.routes.list(), []));
  await world.advance(60_000);
  await removed;
  await world.deployed("other", asking("well-builds-1", SUM));
});

test("a deployment that is gone back to does not get what has become another's, and serves all the same", async (context) => {
  const world = await open(context);
  const first = await world.deployed("hello", asking("well-builds-1", SHOP, SUM));
  await world.deployed("hello", asking("well-builds-2", SHOP));
  await world.deployed("other", asking("well-builds-1", SUM));
  const back = await world.lifecycle.rollback(await world.service("hello"), first.id);
  assert.equal((await world.ended(back.id)).status, "healthy");
  assert.deepEqual(await valuesOf(world, "hello"), ["shop.test"]);
  assert.deepEqual(await valuesOf(world, "other"), ["/sum"]);
  assert.ok(world.warnings.some((text) => text.includes("another function")));
});

test("a name that came later keeps its host, whatever is gone back to or waited to be deployed", async (context) => {
  const world = await open(context);
  const host: RouteClaim = { kind: "host", value: `victim.${BASE_DOMAIN}` };
  const first = await world.deployed("hello", asking("well-builds-1", host));
  assert.deepEqual(await valuesOf(world, "hello"), [host.value]);
  await world.deployed("hello", asking("well-builds-2"));
  await world.deploy("waits", { ...asking("well-builds-1", host), isHeld: true });
  await world.advance(1_000);
  const victim = await world.deployed("victim", asking("well-builds-1"));
  const back = await world.lifecycle.rollback(await world.service("hello"), first.id);
  assert.equal((await world.ended(back.id)).status, "healthy");
  const { deployment } = await world.lifecycle.deploy(await world.service("waits"));
  assert.equal((await world.ended(deployment.id)).status, "healthy");
  assert.deepEqual(await world.database.routes.list(), []);
  assert.deepEqual(world.gateway.tables.at(-1)?.hosts, []);
  await world.deployed("victim", asking("well-builds-2"));
  assert.equal(victim.status, "healthy");
});

test("a service that has its name may be deployed, though its host was claimed before the server had its base domain", async () => {
  const database = new MemoryDatabase();
  await database.projects.create(sampleProject("p"));
  for (const name of ["hello", "thief"])
    await database.services.create(sampleService(name, "p", { name, routeName: name }));
  const claim = { kind: "host", value: "hello.example.com", origin: "manifest", createdAt: 0 } as const;
  await database.routes.create({ id: "r", serviceId: "thief", ...claim });
  await requireRoutesFree(database, { routeName: "hello", routes: [], baseDomain: "example.com" });
});

test("a host below the base domain is that of the function whose name it starts with", async () => {
  const database = new MemoryDatabase();
  await database.projects.create(sampleProject("p"));
  await database.services.create(sampleService("s", "p", { name: "hello", routeName: "hello" }));
  const ask = (routeName: string, ...hosts: string[]) => {
    const routes = hosts.map((value): RouteClaim => ({ kind: "host", value }));
    return requireRoutesFree(database, { routeName, routes, baseDomain: "example.com" });
  };
  await assert.rejects(ask("thief", "hello.example.com"), { code: "conflict", message: /taken by hello/ });
  await ask("hello", "hello.example.com");
  await ask("thief", "hello.other.com", "free.example.com", "a.hello.example.com");

  const claim = { kind: "host", value: "sum.example.com", origin: "manifest", createdAt: 0 } as const;
  await database.routes.create({ id: "r", serviceId: "s", ...claim });
  await assert.rejects(ask("sum"), { code: "conflict", message: /sum\.example\.com is taken by hello/ });
});
