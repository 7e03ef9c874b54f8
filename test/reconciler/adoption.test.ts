/** What others start by the naming convention, as the table gets it. On the memory driver. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { RouteTable } from "../../src/domain/route.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { MemoryDriver } from "../../src/memory/memory-driver.ts";
import { Adoption } from "../../src/reconciler/adoption.ts";
import { RoutePublisher } from "../../src/reconciler/route-publisher.ts";
import { sampleProject, sampleService } from "../contract/database/sample-records.ts";

async function open(context: TestContext) {
  const [driver, database] = [new MemoryDriver({ clock: systemClock }), new MemoryDatabase()];
  await database.projects.create(sampleProject("p"));
  const tables: RouteTable[] = [];
  const shadowed: string[] = [];
  const publisher: RoutePublisher = new RoutePublisher({
    database,
    gateway: { publish: async (table) => void tables.push(table) },
    baseDomain: null,
    adopted: () => adoption.list(),
    onShadowed: (name) => shadowed.push(name),
  });
  const adoption = new Adoption({
    driver,
    network: "faaso-net",
    reservedNames: ["proxy"],
    publish: () => publisher.publish(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  context.after(() => adoption.close());
  const settled = () => setImmediate();
  const labels = () => tables.at(-1)?.labels.map(([label]) => label) ?? [];
  return { driver, database, publisher, adoption, tables, shadowed, settled, labels };
}

const start = (driver: MemoryDriver, name: string) => driver.outside.start("faaso-net", { name, address: "127.0.9.2" });

test("what runs at the start is known before the first table; what starts and ends later changes it", async (context) => {
  const { driver, adoption, tables, settled, labels } = await open(context);
  start(driver, "faaso-early");
  start(driver, "faaso-proxy-1");
  start(driver, "database");
  await adoption.start();
  assert.deepEqual(labels(), ["early"]);
  const late = start(driver, "faaso-late-1");
  await settled();
  assert.deepEqual(labels(), ["early", "late"]);
  driver.outside.stop(late);
  await settled();
  assert.deepEqual(labels(), ["early"]);
  const published = tables.length;
  start(driver, "faaso-proxy-2");
  await settled();
  assert.equal(tables.length, published);
});

test("while the engine is away what was known serves on; its return brings the rest", async (context) => {
  const { driver, adoption, settled, labels } = await open(context);
  start(driver, "faaso-early");
  await adoption.start();
  driver.goAway();
  start(driver, "faaso-late");
  await settled();
  assert.deepEqual(
    adoption.list().map(({ name }) => name),
    ["early"],
  );
  driver.comeBack();
  await settled();
  assert.deepEqual(labels(), ["early", "late"]);
});

test("a service of that name wins, which is told once until it is over", async (context) => {
  const { driver, database, publisher, adoption, shadowed, labels, tables } = await open(context);
  await database.services.create(sampleService("s", "p", { routeName: "early" }));
  start(driver, "faaso-early");
  await adoption.start();
  await publisher.publish();
  assert.deepEqual(labels(), ["early"]);
  assert.deepEqual(tables.at(-1)?.labels, [["early", "s"]]);
  assert.deepEqual(shadowed, ["early"]);
  await database.services.remove("s");
  await publisher.publish();
  assert.deepEqual(tables.at(-1)?.labels, [["early", "adopted:early"]]);
});
