/** What a ProjectStore promises. */

import assert from "node:assert/strict";
import type { Database } from "../../../src/domain/stores.ts";
import {
  sampleBuild,
  sampleChange,
  sampleDeployment,
  sampleEdge,
  sampleEnvVar,
  sampleInstance,
  sampleNode,
  sampleProject,
  sampleRoute,
  sampleSecret,
  sampleService,
} from "./sample-records.ts";
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
    await database.projects.forgetLeaving("b");
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

  databaseTest(open, "projects are found by a part of their name, whatever its case, and counted", async (database) => {
    const names = { a: "Shop", b: "my SHOPPING list", c: "100%", d: "Übung", e: "a_b\\c" };
    for (const [id, name] of Object.entries(names)) await database.projects.create(sampleProject(id, { name }));
    const found = async (name: string) => {
      const ids = (await database.projects.list({ name })).map((project) => project.id).join("");
      assert.equal(await database.projects.count({ name }), ids.length);
      return ids;
    };
    assert.equal(await found("shop"), "ab");
    assert.equal(await found(""), "abcde");
    assert.equal(await found("%"), "c");
    assert.equal(await found("_"), "e");
    assert.equal(await found("B\\C"), "e");
    assert.equal(await found("übung"), "d");
    assert.equal(await found("nothing"), "");
    assert.equal(await database.projects.count(), 5);
    assert.deepEqual(
      (await database.projects.list({ name: "shop", offset: 1, limit: 5 })).map((project) => project.id),
      ["b"],
    );
  });

  databaseTest(
    open,
    "removing a project removes all in it but instance records and addresses, nothing else, and may be repeated",
    async (database) => {
      const service = await seed(database);
      await fill(database, "p", "s");
      await database.instances.put(sampleInstance("d-0", service));
      await database.projects.create(sampleProject("other"));
      await database.services.create(sampleService("stays", "other"));
      await fill(database, "other", "stays");
      await database.projects.remove("p");
      await database.projects.remove("p");
      await database.projects.remove("nope");
      assert.deepEqual(
        (await database.projects.list()).map((project) => project.id),
        ["other"],
      );
      const left = [
        ...(await database.services.list()).map((record) => record.id),
        ...(await database.deployments.list({})).map((record) => record.serviceId),
        ...(await database.builds.list({})).map((record) => record.serviceId),
        ...(await database.routes.list()).map((record) => record.serviceId),
      ];
      assert.deepEqual(left, ["stays", "stays", "stays", "stays"]);
      assert.deepEqual(
        (await database.secrets.list()).map((record) => record.projectId),
        ["other"],
      );
      assert.deepEqual(
        (await database.envVars.list({})).map((record) => record.id),
        ["other-p", "other-s"],
      );
      for (const project of ["p", "other"]) {
        const expected = project === "p" ? [0, 0, 0] : [2, 1, 1];
        const { canvas, pendingChanges } = database;
        const nodes = await canvas.listNodes(project);
        const edges = await canvas.listEdges(project);
        const changes = await pendingChanges.list(project);
        assert.deepEqual([nodes.length, edges.length, changes.length], expected);
      }
      assert.deepEqual(await database.instances.list(), [sampleInstance("d-0", service)]);
      assert.equal((await database.instances.update("d-0", { state: "draining" })).state, "draining");
    },
  );

  databaseTest(
    open,
    "a removed project is leaving: its index is given to no other until forgotten",
    async (database) => {
      for (const id of ["c", "a", "b"]) await database.projects.create(sampleProject(id, { slug: `slug-${id}` }));
      await database.projects.remove("c");
      await database.projects.remove("b");
      assert.deepEqual(await database.projects.listLeaving(), [
        { id: "b", slug: "slug-b", networkIndex: 2 },
        { id: "c", slug: "slug-c", networkIndex: 0 },
      ]);
      assert.equal((await database.projects.create(sampleProject("d"))).networkIndex, 3);
      await rejectsWith("conflict", database.projects.create(sampleProject("c", { slug: "another" })), "id");
      await database.projects.forgetLeaving("slug-c");
      await database.projects.forgetLeaving("slug-c");
      await database.projects.forgetLeaving("nope");
      assert.deepEqual(
        (await database.projects.listLeaving()).map((leaving) => leaving.id),
        ["b"],
      );
      assert.equal((await database.projects.create(sampleProject("c", { slug: "another" }))).networkIndex, 0);
    },
  );

  databaseTest(open, "a project whose slug is leaving gets that one's id, index and addresses", async (database) => {
    await database.projects.create(sampleProject("other"));
    await database.projects.create(sampleProject("old", { slug: "shop" }));
    const held = await database.addresses.claim("old", "d-0", 0, 1_000);
    await database.projects.remove("old");
    await rejectsWith("not_found", database.projects.get("old"));
    await rejectsWith("not_found", database.addresses.claim("old", "e-0", 0, 1_000));
    const created = await database.projects.create(sampleProject("new", { slug: "shop", name: "Shop" }));
    assert.deepEqual(created, { ...sampleProject("old", { slug: "shop", name: "Shop" }), networkIndex: 1 });
    assert.deepEqual(await database.projects.get("old"), created);
    assert.deepEqual(await database.projects.listLeaving(), []);
    await database.projects.forgetLeaving("shop");
    assert.notEqual(await database.addresses.claim("old", "e-0", 0, 1_000), held);
    assert.equal(await database.addresses.claim("old", "d-0", 0, 1_000), held);
    await rejectsWith("conflict", database.projects.create(sampleProject("third", { slug: "shop" })), "slug");
  });

  databaseTest(open, "a project that is forgotten leaves no address behind", async (database) => {
    await database.projects.create(sampleProject("p"));
    const first = await database.addresses.claim("p", "d-0", 0, 1_000);
    await database.projects.remove("p");
    await database.projects.forgetLeaving("p");
    await database.projects.create(sampleProject("p"));
    assert.equal(await database.addresses.claim("p", "e-0", 1, 1_000), first);
  });

  databaseTest(open, "a transaction that fails lets no project leave", async (database) => {
    const { networkIndex, ...project } = await database.projects.create(sampleProject("p"));
    const attempt = database.transact(async (tx) => {
      await tx.projects.remove("p");
      await tx.projects.create({ ...project, id: "q", slug: "q" });
      throw new Error("on purpose");
    });
    await assert.rejects(attempt, /on purpose/);
    assert.deepEqual(await database.projects.list(), [{ ...project, networkIndex }]);
    assert.deepEqual(await database.projects.listLeaving(), []);
  });
}

/** One record of every store that keeps something in a project. */
async function fill(database: Database, project: string, service: string): Promise<void> {
  await database.deployments.create(sampleDeployment(`${project}-d`, service));
  await database.builds.create(sampleBuild(`${project}-b`, service));
  await database.routes.create(sampleRoute(`${project}-r`, service));
  await database.secrets.put(sampleSecret(`${project}-s`, project));
  await database.envVars.create(sampleEnvVar(`${project}-p`, project));
  await database.envVars.create(sampleEnvVar(`${project}-s`, project, { scope: "service", scopeId: service }));
  const nodes = [`${project}-1`, `${project}-2`] as const;
  await database.canvas.putNode(sampleNode(nodes[0], project, { type: "service", serviceId: service }));
  await database.canvas.putNode(sampleNode(nodes[1], project));
  await database.canvas.putEdge(sampleEdge(`${project}-e`, project, nodes));
  await database.pendingChanges.create(sampleChange(`${project}-c`, project));
}
