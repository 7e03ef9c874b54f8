/** What a CanvasStore promises. */

import assert from "node:assert/strict";
import { sampleEdge, sampleEnvVar, sampleNode, sampleProject, sampleService } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith, seed } from "./test-database.ts";

export function canvasStoreContract(open: OpenDatabase): void {
  databaseTest(open, "putting a node creates it or replaces it whole", async (database) => {
    const { canvas } = database;
    await seed(database);
    const group = sampleNode("g", "p", { type: "group", width: 300, height: 200.25 });
    const node = sampleNode("n", "p", { type: "service", serviceId: "s", parentId: "g" });
    await canvas.putNode(group);
    await canvas.putNode(node);
    await canvas.putNode(node);
    assert.deepEqual(await canvas.findNode("g"), group);
    assert.deepEqual(await canvas.findNode("n"), node);
    assert.deepEqual(await canvas.findNodeOfService("s"), node);
    const moved = { ...node, positionX: 0.1, parentId: null, label: "new", data: "{}", updatedAt: 2_000 };
    await canvas.putNode(moved);
    assert.deepEqual(await canvas.findNode("n"), moved);
    assert.equal(await canvas.findNode("nope"), undefined);
    assert.equal(await canvas.findNodeOfService("nope"), undefined);
  });

  databaseTest(
    open,
    "a node's project, service and group must be there, and a service has one node",
    async (database) => {
      const { canvas } = database;
      await seed(database);
      await canvas.putNode(sampleNode("n", "p", { serviceId: "s" }));
      await rejectsWith("conflict", canvas.putNode(sampleNode("m", "p", { serviceId: "s" })), "serviceId");
      await rejectsWith("not_found", canvas.putNode(sampleNode("m", "nope")));
      await rejectsWith("not_found", canvas.putNode(sampleNode("m", "p", { serviceId: "nope" })));
      await rejectsWith("not_found", canvas.putNode(sampleNode("m", "p", { parentId: "nope" })));
      await canvas.putNode(sampleNode("m", "p"));
      await rejectsWith("conflict", canvas.putNode(sampleNode("m", "p", { serviceId: "s" })), "serviceId");
      assert.deepEqual(await canvas.findNode("m"), sampleNode("m", "p"));
    },
  );

  databaseTest(open, "nodes are listed parents first, then by creation, then by id", async (database) => {
    const { canvas } = database;
    for (const id of ["p", "q"]) await database.projects.create(sampleProject(id));
    await canvas.putNode(sampleNode("z", "p", { type: "group", createdAt: 9 }));
    await canvas.putNode(sampleNode("b", "p", { createdAt: 1, parentId: "z" }));
    await canvas.putNode(sampleNode("a", "p", { createdAt: 1, parentId: "z" }));
    await canvas.putNode(sampleNode("d", "p", { createdAt: 5 }));
    await canvas.putNode(sampleNode("c", "p", { createdAt: 5 }));
    await canvas.putNode(sampleNode("x", "q"));
    assert.equal((await canvas.listNodes("p")).map((node) => node.id).join(""), "cdzab");
    assert.equal((await canvas.listNodes("q")).map((node) => node.id).join(""), "x");
  });

  databaseTest(
    open,
    "a group that goes leaves its nodes behind and takes edges and variables along",
    async (database) => {
      const { canvas, envVars } = database;
      await database.projects.create(sampleProject("p"));
      await canvas.putNode(sampleNode("g", "p", { type: "group" }));
      for (const id of ["a", "b"]) await canvas.putNode(sampleNode(id, "p", { parentId: "g" }));
      await canvas.putEdge(sampleEdge("1", "p", ["g", "a"]));
      await canvas.putEdge(sampleEdge("2", "p", ["a", "g"]));
      await canvas.putEdge(sampleEdge("3", "p", ["a", "b"]));
      await envVars.create(sampleEnvVar("1", "p", { scope: "group", scopeId: "g" }));
      await envVars.create(sampleEnvVar("2", "p", { scope: "service", scopeId: "g" }));
      await canvas.removeNode("g");
      await canvas.removeNode("g");
      assert.deepEqual(await canvas.listNodes("p"), [sampleNode("a", "p"), sampleNode("b", "p")]);
      assert.deepEqual(await canvas.listEdges("p"), [sampleEdge("3", "p", ["a", "b"])]);
      assert.deepEqual(
        (await envVars.list({})).map((variable) => variable.id),
        ["2"],
      );
    },
  );

  databaseTest(open, "a staged service's node becomes the service's", async (database) => {
    await database.projects.create(sampleProject("p"));
    const node = sampleNode("temp", "p", { type: "service" });
    await database.canvas.putNode(node);
    await database.transact(async (tx) => {
      await tx.services.create(sampleService("s", "p"));
      await tx.canvas.putNode({ ...node, serviceId: "s" });
    });
    assert.equal((await database.canvas.findNodeOfService("s"))?.id, "temp");
  });

  databaseTest(open, "putting an edge creates it or replaces it; both its nodes must be there", async (database) => {
    const { canvas } = database;
    await database.projects.create(sampleProject("p"));
    for (const id of ["a", "b"]) await canvas.putNode(sampleNode(id, "p"));
    await canvas.putEdge(sampleEdge("2", "p", ["a", "b"]));
    const edge = sampleEdge("1", "p", ["b", "a"]);
    await canvas.putEdge(edge);
    const labelled = { ...edge, label: "uses", data: '{"managed":"env-ref","keys":["A"]}' };
    await canvas.putEdge(labelled);
    assert.deepEqual(await canvas.findEdge("1"), labelled);
    assert.deepEqual(await canvas.listEdges("p"), [labelled, sampleEdge("2", "p", ["a", "b"])]);
    assert.deepEqual(await canvas.listEdges("q"), []);
    await rejectsWith("not_found", canvas.putEdge(sampleEdge("3", "p", ["a", "nope"])));
    await rejectsWith("not_found", canvas.putEdge(sampleEdge("3", "p", ["nope", "a"])));
    await rejectsWith("not_found", canvas.putEdge(sampleEdge("3", "nope", ["a", "b"])));
    await canvas.removeEdge("1");
    await canvas.removeEdge("1");
    assert.equal(await canvas.findEdge("1"), undefined);
  });
}
