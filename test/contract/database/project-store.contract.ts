/** What a ProjectStore promises. */

import assert from "node:assert/strict";
import { sampleBuild, sampleDeployment, sampleInstance, sampleProject } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith, seed } from "./test-database.ts";

export function projectStoreContract(open: OpenDatabase): void {
  databaseTest(open, "a project reads back as it was created, with the lowest free network index", async (database) => {
    const a = await database.projects.create(sampleProject("a", { createdAt: 1_700_000_000_000 }));
    assert.deepEqual(a, { ...sampleProject("a", { createdAt: 1_700_000_000_000 }), networkIndex: 0 });
    assert.deepEqual(await database.projects.get("a"), a);
    assert.deepEqual(await database.projects.findBySlug("a"), a);
    assert.equal((await database.projects.create(sampleProject("b"))).networkIndex, 1);
    assert.equal((await database.projects.create(sampleProject("c"))).networkIndex, 2);
    await database.projects.remove("b");
    assert.equal((await database.projects.create(sampleProject("d"))).networkIndex, 1);
  });

  databaseTest(
    open,
    "an unknown project is not_found for get and update, undefined for findBySlug",
    async (database) => {
      await rejectsWith("not_found", database.projects.get("nope"));
      await rejectsWith("not_found", database.projects.update("nope", { name: "x" }));
      await rejectsWith("not_found", database.projects.update("nope", {}));
      assert.equal(await database.projects.findBySlug("nope"), undefined);
    },
  );

  databaseTest(open, "a slug is unique and a project's name need not be", async (database) => {
    await database.projects.create(sampleProject("a", { name: "same" }));
    await database.projects.create(sampleProject("b", { name: "same" }));
    await rejectsWith("conflict", database.projects.create(sampleProject("c", { slug: "a" })), "slug");
    await rejectsWith("conflict", database.projects.create(sampleProject("a", { slug: "other" })), "id");
  });

  databaseTest(open, "projects are listed newest first, equal times by id, and in slices", async (database) => {
    for (const [id, createdAt] of [
      ["b", 5],
      ["a", 5],
      ["c", 9],
      ["d", 1],
    ] as const) {
      await database.projects.create(sampleProject(id, { createdAt }));
    }
    const ids = async (page?: { offset?: number; limit?: number }) =>
      (await database.projects.list(page)).map((project) => project.id);
    assert.deepEqual(await ids(), ["c", "a", "b", "d"]);
    assert.deepEqual(await ids({ limit: 2 }), ["c", "a"]);
    assert.deepEqual(await ids({ offset: 1, limit: 2 }), ["a", "b"]);
    assert.deepEqual(await ids({ offset: 3 }), ["d"]);
    assert.deepEqual(await ids({ offset: 9, limit: 2 }), []);
    assert.deepEqual(await ids({ limit: 0 }), []);
  });

  databaseTest(open, "an update changes what it names and answers the whole project", async (database) => {
    const created = await database.projects.create(sampleProject("a"));
    const updated = { ...created, name: "New", updatedAt: 2_000 };
    assert.deepEqual(await database.projects.update("a", { name: "New", updatedAt: 2_000 }), updated);
    assert.deepEqual(await database.projects.update("a", {}), updated);
    assert.deepEqual(await database.projects.get("a"), updated);
  });

  databaseTest(
    open,
    "removing a project removes everything in it, nothing else, and may be repeated",
    async (database) => {
      const service = await seed(database);
      await database.deployments.create(sampleDeployment("d", "s"));
      await database.builds.create(sampleBuild("b", "s"));
      await database.instances.put(sampleInstance("d-0", service));
      const first = await database.addresses.claim("p", "d-0", 0, 1_000);
      await database.projects.create(sampleProject("other"));
      await database.projects.remove("p");
      await database.projects.remove("p");
      assert.deepEqual(await database.services.list(), []);
      assert.deepEqual(await database.deployments.list({}), []);
      assert.deepEqual(await database.builds.list({}), []);
      assert.deepEqual(await database.instances.list(), []);
      assert.deepEqual(
        (await database.projects.list()).map((project) => project.id),
        ["other"],
      );
      await database.projects.create(sampleProject("p"));
      assert.equal(await database.addresses.claim("p", "e-0", 1, 1_000), first);
    },
  );
}
