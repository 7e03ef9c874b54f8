/** What an InstanceStore and an AddressStore promise. */

import assert from "node:assert/strict";
import { FIRST_HOST_NUMBER, LAST_HOST_NUMBER } from "../../../src/domain/instance.ts";
import { sampleInstance, sampleProject, sampleService } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith, seed } from "./test-database.ts";

const REST_MS = 1_000;

export function instanceStoresContract(open: OpenDatabase): void {
  databaseTest(open, "putting a slot creates its record or replaces it whole", async (database) => {
    const service = await seed(database);
    const ready = sampleInstance("d-0", service, { state: "ready", port: 3000, runtimeId: "r", lastLogTail: "x" });
    await database.instances.put(ready);
    assert.deepEqual(await database.instances.list(), [ready]);
    const replaced = sampleInstance("d-0", service, { deploymentId: "d-2", replica: 1 });
    await database.instances.put(replaced);
    assert.deepEqual(await database.instances.list(), [replaced]);
  });

  databaseTest(open, "instances are listed by slot, for one service when asked", async (database) => {
    const service = await seed(database);
    const other = sampleService("t", "p");
    await database.services.create(other);
    for (const slot of ["c-0", "a-10", "a-2"]) await database.instances.put(sampleInstance(slot, service));
    await database.instances.put(sampleInstance("b-0", other));
    const slots = async (filter?: { serviceId?: string }) =>
      (await database.instances.list(filter)).map((record) => record.slot);
    assert.deepEqual(await slots(), ["a-10", "a-2", "b-0", "c-0"]);
    assert.deepEqual(await slots({ serviceId: "t" }), ["b-0"]);
  });

  databaseTest(
    open,
    "an instance's update changes what it names; an unknown slot or project is not_found",
    async (database) => {
      const service = await seed(database);
      const created = sampleInstance("d-0", service);
      await database.instances.put(created);
      const patch = {
        state: "waiting",
        restartCount: 2,
        nextStartAt: 5_000,
        lastExitCode: 1,
        runtimeId: null,
      } as const;
      assert.deepEqual(await database.instances.update("d-0", patch), { ...created, ...patch });
      assert.deepEqual(await database.instances.update("d-0", {}), { ...created, ...patch });
      assert.deepEqual(await database.instances.list(), [{ ...created, ...patch }]);
      await rejectsWith("not_found", database.instances.update("nope", patch));
      await rejectsWith("not_found", database.instances.update("nope", {}));
      await rejectsWith("not_found", database.instances.put({ ...created, projectId: "nope" }));
    },
  );

  databaseTest(open, "removing a slot's record may be repeated", async (database) => {
    await database.instances.put(sampleInstance("d-0", await seed(database)));
    await database.instances.remove("d-0");
    await database.instances.remove("d-0");
    assert.deepEqual(await database.instances.list(), []);
  });

  databaseTest(open, "a slot keeps its address, and each project counts from the first", async (database) => {
    await database.projects.create(sampleProject("p"));
    await database.projects.create(sampleProject("q"));
    const claim = (projectId: string, slot: string) => database.addresses.claim(projectId, slot, 0, REST_MS);
    assert.equal(await claim("p", "a"), FIRST_HOST_NUMBER);
    assert.equal(await claim("p", "b"), FIRST_HOST_NUMBER + 1);
    assert.equal(await claim("p", "a"), FIRST_HOST_NUMBER);
    assert.equal(await claim("q", "b"), FIRST_HOST_NUMBER);
    await rejectsWith("not_found", claim("nope", "a"));
  });

  databaseTest(
    open,
    "a freed address rests before another slot gets it, and its own slot has it at once",
    async (database) => {
      await database.projects.create(sampleProject("p"));
      const { addresses } = database;
      await addresses.claim("p", "a", 0, REST_MS);
      await addresses.release("p", "a", 100);
      assert.equal(await addresses.claim("p", "b", 1_099, REST_MS), FIRST_HOST_NUMBER + 1);
      assert.equal(await addresses.claim("p", "a", 1_099, REST_MS), FIRST_HOST_NUMBER);
      await addresses.release("p", "a", 1_200);
      await addresses.release("p", "a", 9_000);
      await addresses.release("p", "never claimed", 9_000);
      assert.equal(await addresses.claim("p", "c", 2_200, REST_MS), FIRST_HOST_NUMBER);
      assert.equal(await addresses.claim("p", "a", 2_200, REST_MS), FIRST_HOST_NUMBER + 2);
    },
  );

  databaseTest(open, "when all 222 addresses are held or resting the next claim is unavailable", async (database) => {
    await database.projects.create(sampleProject("p"));
    const given = new Set<number>();
    await database.transact(async ({ addresses }) => {
      for (let i = FIRST_HOST_NUMBER; i <= LAST_HOST_NUMBER; i += 1) {
        given.add(await addresses.claim("p", `slot-${i}`, 0, REST_MS));
      }
    });
    assert.equal(given.size, 222);
    await rejectsWith("unavailable", database.addresses.claim("p", "one more", 0, REST_MS));
    await database.addresses.release("p", "slot-100", 10);
    await rejectsWith("unavailable", database.addresses.claim("p", "one more", 1_009, REST_MS));
    assert.equal(await database.addresses.claim("p", "one more", 1_010, REST_MS), 100);
  });
}
