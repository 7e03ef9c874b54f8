import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RouteTable } from "../../src/domain/route.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { RoutePublisher } from "../../src/reconciler/route-publisher.ts";
import { sampleProject, sampleService } from "../contract/database/sample-records.ts";

/** A gateway whose workers take as many turns as they are told to acknowledge a table. */
async function bench(turnsOf: (n: number) => number) {
  const database = new MemoryDatabase();
  await database.projects.create(sampleProject("p"));
  await database.services.create(sampleService("s", "p"));
  const tables: RouteTable[] = [];
  let acknowledged: RouteTable | undefined;
  const gateway = {
    async publish(table: RouteTable): Promise<void> {
      tables.push(table);
      for (let turn = turnsOf(tables.length); turn > 0; turn -= 1) await undefined;
      acknowledged = table;
    },
  };
  const publisher = new RoutePublisher({ database, gateway, baseDomain: null });
  return { database, publisher, tables, acknowledged: () => acknowledged };
}

test("once a publish resolves, the workers' table holds every change made before it was called", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(20), fc.nat(30)), { minLength: 1, maxLength: 12 }), async (plan) => {
      const { database, publisher, acknowledged } = await bench((n) => plan[n % plan.length]?.[1] ?? 0);
      const published: Promise<void>[] = [];
      for (const [i, [pause]] of plan.entries()) {
        await database.services.update("s", { localPort: 9000 + i });
        published.push(
          publisher.publish().then(() => {
            const port = acknowledged()?.localPorts[0]?.[0] ?? 0;
            assert.ok(port >= 9000 + i, `the table has port ${port}, older than ${9000 + i}`);
          }),
        );
        for (let turn = 0; turn < pause; turn += 1) await undefined;
      }
      await Promise.all(published);
    }),
    { numRuns: 200 },
  );
});

test("publishes that come together share one table", async () => {
  const { publisher, tables } = await bench(() => 50);
  await Promise.all(Array.from({ length: 100 }, () => publisher.publish()));
  assert.equal(tables.length, 2);
});

test("a publish that fails is told to its callers, and the next one works", async () => {
  const database = new MemoryDatabase();
  let failures = 1;
  const gateway = {
    async publish(): Promise<void> {
      failures -= 1;
      if (failures >= 0) throw new Error("no worker");
    },
  };
  const publisher = new RoutePublisher({ database, gateway, baseDomain: null });
  const [first, second] = [publisher.publish(), publisher.publish()];
  await assert.rejects(first, /no worker/);
  await second;
  await publisher.publish();
});
