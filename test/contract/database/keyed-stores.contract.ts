/** What a RouteStore, a SecretStore and a RegistryStore promise. */

import assert from "node:assert/strict";
import { isAppError } from "../../../src/domain/errors.ts";
import { sampleProject, sampleRegistry, sampleRoute, sampleSecret, sampleService } from "./sample-records.ts";
import { databaseTest, type OpenDatabase } from "./test-database.ts";

export function keyedStoresContract(open: OpenDatabase): void {
  databaseTest(open, "a host or path belongs to one service, and goes with it", async (database) => {
    await database.projects.create(sampleProject("p"));
    for (const id of ["a", "b"]) await database.services.create(sampleService(id, "p"));
    await database.routes.create(sampleRoute("1", "a", { value: "/sum" }));
    await database.routes.create(sampleRoute("2", "a", { kind: "host", value: "/sum" }));
    await assert.rejects(database.routes.create(sampleRoute("3", "b", { value: "/sum" })), (error) =>
      isAppError(error, "conflict"),
    );
    await assert.rejects(database.routes.create(sampleRoute("3", "nobody")), (error) => isAppError(error, "not_found"));
    await database.routes.create(sampleRoute("3", "b", { value: "/mul" }));
    assert.deepEqual(
      (await database.routes.list()).map((r) => [r.kind, r.value, r.serviceId]),
      [
        ["host", "/sum", "a"],
        ["path", "/mul", "b"],
        ["path", "/sum", "a"],
      ],
    );
    assert.deepEqual(
      await database.routes.find({ kind: "path", value: "/sum" }),
      sampleRoute("1", "a", { value: "/sum" }),
    );
    await database.services.remove("a");
    assert.deepEqual(
      (await database.routes.list()).map((r) => r.id),
      ["3"],
    );
    assert.deepEqual(await database.routes.list({ serviceId: "a" }), []);
    await database.routes.remove("3");
    await database.routes.remove("3");
    assert.equal(await database.routes.find({ kind: "path", value: "/mul" }), undefined);
  });

  databaseTest(
    open,
    "a secret is a project's or one function's, and putting it again keeps its id",
    async (database) => {
      for (const id of ["p", "q"]) await database.projects.create(sampleProject(id));
      await database.secrets.put(sampleSecret("1", "p", { name: "key" }));
      await database.secrets.put(sampleSecret("2", "p", { name: "key", functionName: "hello" }));
      await database.secrets.put(sampleSecret("3", "q", { name: "key" }));
      await database.secrets.put(sampleSecret("4", "p", { name: "key", sealed: "bmV3", createdAt: 5, updatedAt: 5 }));
      const own = { projectId: "p", functionName: null, name: "key" };
      assert.deepEqual(
        await database.secrets.find(own),
        sampleSecret("1", "p", { name: "key", sealed: "bmV3", updatedAt: 5 }),
      );
      const ids = async (filter?: Parameters<typeof database.secrets.list>[0]) =>
        (await database.secrets.list(filter)).map((s) => s.id);
      assert.deepEqual(await ids({ projectId: "p" }), ["1", "2"]);
      assert.deepEqual(await ids({ projectId: "p", functionName: null }), ["1"]);
      assert.deepEqual(await ids({ projectId: "p", functionName: "hello" }), ["2"]);
      await database.secrets.remove(own);
      await database.secrets.remove(own);
      assert.deepEqual(await ids(), ["3", "2"]);
      await database.projects.remove("q");
      assert.deepEqual(await ids(), ["2"]);
      await assert.rejects(database.secrets.put(sampleSecret("5", "nowhere")), (error) =>
        isAppError(error, "not_found"),
      );
    },
  );

  databaseTest(open, "a registry's login is kept by its host", async (database) => {
    await database.registries.put(sampleRegistry("b.example.com"));
    await database.registries.put(sampleRegistry("a.example.com:5000"));
    await database.registries.put(sampleRegistry("b.example.com", { username: "you", updatedAt: 2 }));
    assert.deepEqual(
      (await database.registries.list()).map((r) => [r.host, r.username]),
      [
        ["a.example.com:5000", "me"],
        ["b.example.com", "you"],
      ],
    );
    await database.registries.remove("b.example.com");
    await database.registries.remove("b.example.com");
    assert.equal(await database.registries.find("b.example.com"), undefined);
  });
}
