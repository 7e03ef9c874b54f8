/** What a Database promises about several changes at once, and about being closed. */

import assert from "node:assert/strict";
import { sampleDeployment, sampleProject, sampleService } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith, seed } from "./test-database.ts";

export function transactionContract(open: OpenDatabase): void {
  databaseTest(open, "a transaction keeps all its changes and answers what its work answers", async (database) => {
    const answer = await database.transact(async (tx) => {
      await tx.projects.create(sampleProject("p"));
      await tx.services.create(sampleService("s", "p"));
      await tx.deployments.create(sampleDeployment("d", "s"));
      assert.equal((await tx.services.get("s")).id, "s");
      return 42;
    });
    assert.equal(answer, 42);
    assert.equal((await database.deployments.get("d")).serviceId, "s");
  });

  databaseTest(open, "a transaction that throws undoes everything in every store", async (database) => {
    await seed(database);
    await database.addresses.claim("p", "held", 0, 1_000);
    const attempt = database.transact(async (tx) => {
      await tx.settings.put("key", "value");
      await tx.projects.create(sampleProject("q"));
      await tx.services.update("s", { status: "running" });
      await tx.deployments.create(sampleDeployment("d", "s"));
      await tx.addresses.release("p", "held", 1);
      await tx.addresses.claim("p", "new", 1, 1_000);
      await tx.projects.remove("p");
      throw new Error("on purpose");
    });
    await assert.rejects(attempt, /on purpose/);
    assert.equal(await database.settings.find("key"), undefined);
    assert.deepEqual(
      (await database.projects.list()).map((project) => project.id),
      ["p"],
    );
    assert.equal((await database.services.get("s")).status, "created");
    assert.deepEqual(await database.deployments.list({}), []);
    assert.equal(await database.addresses.claim("p", "other", 2, 1_000), 3);
  });

  databaseTest(open, "an error of a store passes through a transaction as it is", async (database) => {
    await seed(database);
    await rejectsWith(
      "conflict",
      database.transact((tx) => tx.services.create(sampleService("t", "p", { name: "s" }))),
      "name",
    );
    await rejectsWith(
      "not_found",
      database.transact((tx) => tx.services.get("nope")),
    );
  });

  databaseTest(open, "transactions begun together run one after the other", async (database) => {
    await database.settings.put("count", "0");
    const increment = () =>
      database.transact(async (tx) => {
        const count = Number(await tx.settings.find("count"));
        await new Promise((resolve) => setImmediate(resolve));
        await tx.settings.put("count", String(count + 1));
      });
    await Promise.all(Array.from({ length: 10 }, increment));
    assert.equal(await database.settings.find("count"), "10");
  });

  databaseTest(
    open,
    "calls outside a transaction wait until it is over and see all of it or nothing",
    async (database) => {
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const transaction = database.transact(async (tx) => {
        await tx.settings.put("a", "1");
        begun.resolve();
        await goOn.promise;
        await tx.settings.put("b", "2");
      });
      await begun.promise;
      const outside = Promise.all([database.settings.find("a"), database.settings.find("b")]);
      goOn.resolve();
      await transaction;
      assert.deepEqual(await outside, ["1", "2"]);
    },
  );

  databaseTest(
    open,
    "work that calls the database itself instead of its transaction gets an error, not silence",
    async (database) => {
      await assert.rejects(
        database.transact(async (tx) => {
          await tx.settings.put("a", "1");
          await database.settings.find("a");
        }),
        /wait for itself/,
      );
      await assert.rejects(
        database.transact(() => database.transact(async () => undefined)),
        /wait for itself/,
      );
      assert.equal(await database.settings.find("a"), undefined);
    },
  );

  databaseTest(open, "a transaction's stores can't be used when it is over", async (database) => {
    const leaked = await database.transact(async (tx) => tx);
    await assert.rejects(leaked.settings.put("a", "1"));
    assert.equal(await database.settings.find("a"), undefined);
  });

  databaseTest(open, "many calls at once are all answered", async (database) => {
    await database.projects.create(sampleProject("p"));
    const claims = Array.from({ length: 50 }, (_, i) => database.addresses.claim("p", `slot-${i}`, 0, 1_000));
    assert.equal(new Set(await Promise.all(claims)).size, 50);
  });

  databaseTest(
    open,
    "closing waits for what was begun, may be repeated, and makes later calls unavailable",
    async (database) => {
      const begun = database.transact(async (tx) => tx.settings.put("a", "1"));
      const closed = database.close();
      await begun;
      await closed;
      await database.close();
      await rejectsWith("unavailable", database.settings.find("a"));
      await rejectsWith(
        "unavailable",
        database.transact(async () => undefined),
      );
    },
  );
}
