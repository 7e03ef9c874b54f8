/** What a ServiceStore promises. */

import assert from "node:assert/strict";
import type { ServiceStore } from "../../../src/domain/service.ts";
import {
  sampleBuild,
  sampleDeployment,
  sampleEdge,
  sampleEnvVar,
  sampleInstance,
  sampleNode,
  sampleProject,
  sampleService,
} from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith, seed } from "./test-database.ts";

export function serviceStoreContract(open: OpenDatabase): void {
  databaseTest(open, "a service reads back as it was created, by each of its unique fields", async (database) => {
    await database.projects.create(sampleProject("p"));
    const service = sampleService("s", "p", {
      name: "api",
      kind: "image",
      isPrivate: true,
      routeName: "api-p",
      localPort: 9002,
      tag: "api:latest",
      iconUrl: "https://example.com/i.png",
    });
    await database.services.create(service);
    await database.services.create(sampleService("t", "p"));
    assert.deepEqual(await database.services.get("s"), service);
    assert.deepEqual(await database.services.find("s"), service);
    assert.deepEqual(await database.services.findByName("p", "api"), service);
    assert.deepEqual(await database.services.findByRouteName("api-p"), service);
    assert.deepEqual(await database.services.findByLocalPort(9002), service);
    assert.deepEqual(await database.services.findByTag("api:latest"), service);
  });

  databaseTest(
    open,
    "an unknown service is not_found for get and update, undefined for every find",
    async (database) => {
      const { services } = database;
      await rejectsWith("not_found", services.get("nope"));
      await rejectsWith("not_found", services.update("nope", { status: "running" }));
      assert.equal(await services.find("nope"), undefined);
      assert.equal(await services.findByName("p", "nope"), undefined);
      assert.equal(await services.findByRouteName("nope"), undefined);
      assert.equal(await services.findByLocalPort(1), undefined);
      assert.equal(await services.findByTag("nope"), undefined);
    },
  );

  databaseTest(
    open,
    "create and update refuse a taken name, route name, port or tag and name the field",
    async (database) => {
      await database.projects.create(sampleProject("p"));
      const { services } = database;
      await services.create(sampleService("a", "p", { localPort: 9000, tag: "a:latest" }));
      const other = sampleService("b", "p", { localPort: 9001, tag: "b:latest" });
      await services.create(other);
      const taken = { name: "a", routeName: "a", localPort: 9000, tag: "a:latest" } as const;
      for (const field of ["name", "routeName", "localPort", "tag"] as const) {
        const clash = { [field]: taken[field] };
        await rejectsWith("conflict", services.create(sampleService("c", "p", clash)), field);
        await rejectsWith("conflict", services.update("b", clash), field);
      }
      await rejectsWith("conflict", services.create(sampleService("a", "p", { name: "n", routeName: "n" })), "id");
      assert.deepEqual(await services.get("b"), other);
      assert.equal((await services.list()).length, 2);
    },
  );

  databaseTest(
    open,
    "a name is unique in its project only, and no port and no tag clash with none",
    async (database) => {
      await database.projects.create(sampleProject("p"));
      await database.projects.create(sampleProject("q"));
      await database.services.create(sampleService("a", "p", { name: "api" }));
      await database.services.create(sampleService("b", "q", { name: "api" }));
      assert.equal((await database.services.findByName("q", "api"))?.id, "b");
    },
  );

  databaseTest(open, "a service of a project that is not there is not_found", async (database) => {
    await rejectsWith("not_found", database.services.create(sampleService("s", "nope")));
  });

  databaseTest(
    open,
    "services are listed by name then id, filtered by project and kind, and in slices",
    async (database) => {
      await database.projects.create(sampleProject("p"));
      await database.projects.create(sampleProject("q"));
      await database.services.create(sampleService("3", "p", { name: "b", kind: "image" }));
      await database.services.create(sampleService("2", "q", { name: "a" }));
      await database.services.create(sampleService("1", "p", { name: "a" }));
      await database.services.create(sampleService("4", "p", { name: "a-b" }));
      const ids = async (filter?: Parameters<ServiceStore["list"]>[0]) =>
        (await database.services.list(filter)).map((service) => service.id).join("");
      assert.equal(await ids(), "1243");
      assert.equal(await ids({ projectId: "p" }), "143");
      assert.equal(await ids({ kind: "image" }), "3");
      assert.equal(await ids({ projectId: "q", kind: "image" }), "");
      assert.equal(await ids({ projectId: "p", offset: 1, limit: 1 }), "4");
    },
  );

  databaseTest(open, "services are listed newest first when asked, found by name, and counted", async (database) => {
    await database.projects.create(sampleProject("p"));
    await database.projects.create(sampleProject("q"));
    await database.services.create(sampleService("1", "p", { name: "web", createdAt: 5 }));
    await database.services.create(sampleService("2", "q", { name: "web-shop", createdAt: 9, kind: "image" }));
    await database.services.create(sampleService("3", "p", { name: "db", createdAt: 5 }));
    const newest = { order: "newest" } as const;
    const ids = async (filter?: Parameters<ServiceStore["list"]>[0]) =>
      (await database.services.list(filter)).map((service) => service.id).join("");
    assert.equal(await ids(newest), "213");
    assert.equal(await ids({ ...newest, offset: 1, limit: 1 }), "1");
    assert.equal(await ids({ order: "name" }), "312");
    assert.equal(await ids({ name: "WEB" }), "12");
    assert.equal(await ids({ name: "%" }), "");
    assert.equal(await ids({ ...newest, name: "eb", projectId: "q" }), "2");
    assert.equal(await database.services.count(), 3);
    assert.equal(await database.services.count({ name: "web" }), 2);
    assert.equal(await database.services.count({ name: "web", projectId: "p", kind: "function" }), 1);
    assert.equal(await database.services.count({ kind: "image", projectId: "p" }), 0);
  });

  databaseTest(
    open,
    "a service goes with its kept variables and canvas node, its neighbours stay",
    async (database) => {
      await seed(database);
      await database.services.create(sampleService("stays", "p"));
      for (const scopeId of ["s", "stays"]) {
        await database.envVars.create(sampleEnvVar(scopeId, "p", { scope: "service", scopeId }));
        await database.canvas.putNode(sampleNode(scopeId, "p", { type: "service", serviceId: scopeId }));
      }
      // The same id, but another scope's.
      await database.envVars.create(sampleEnvVar("group", "p", { scope: "group", scopeId: "s" }));
      await database.canvas.putNode(sampleNode("in-it", "p", { parentId: "s" }));
      await database.canvas.putEdge(sampleEdge("e", "p", ["s", "stays"]));
      await database.services.remove("s");
      assert.deepEqual(
        (await database.envVars.list({})).map((variable) => variable.id),
        ["group", "stays"],
      );
      assert.deepEqual(
        (await database.canvas.listNodes("p")).map((node) => [node.id, node.parentId]),
        [
          ["in-it", null],
          ["stays", null],
        ],
      );
      assert.deepEqual(await database.canvas.listEdges("p"), []);
    },
  );

  databaseTest(open, "an update changes what it names and answers the whole service", async (database) => {
    const service = await seed(database);
    const patch = { status: "running", isPrivate: true, localPort: 9000, activeDeploymentId: "d" } as const;
    assert.deepEqual(await database.services.update("s", patch), { ...service, ...patch });
    assert.deepEqual(await database.services.update("s", {}), { ...service, ...patch });
    const back = { isPrivate: false, localPort: null, activeDeploymentId: null };
    assert.deepEqual(await database.services.update("s", back), { ...service, ...patch, ...back });
    assert.deepEqual(await database.services.get("s"), { ...service, ...patch, ...back });
  });

  databaseTest(
    open,
    "removing a service removes its deployments and builds only, keeps its instance records, and may be repeated",
    async (database) => {
      const service = await seed(database);
      const stays = sampleService("stays", "p");
      await database.services.create(stays);
      for (const [id, owner] of [
        ["1", service],
        ["2", stays],
      ] as const) {
        await database.deployments.create(sampleDeployment(id, owner.id));
        await database.builds.create(sampleBuild(id, owner.id));
        await database.instances.put(sampleInstance(id, owner));
      }
      await database.services.remove("s");
      await database.services.remove("s");
      assert.deepEqual(
        (await database.services.list()).map((s) => s.id),
        ["stays"],
      );
      assert.deepEqual(
        (await database.deployments.list({})).map((d) => d.id),
        ["2"],
      );
      assert.deepEqual(
        (await database.builds.list({})).map((b) => b.id),
        ["2"],
      );
      assert.deepEqual(
        (await database.instances.list()).map((i) => i.slot),
        ["1", "2"],
      );
    },
  );
}
