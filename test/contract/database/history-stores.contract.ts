/** What a DeploymentStore and a BuildStore promise. */

import assert from "node:assert/strict";
import { sampleBuild, sampleDeployment, sampleService } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith, seed } from "./test-database.ts";

const ORDERED = [
  ["b", 5],
  ["a", 5],
  ["c", 9],
  ["d", 1],
] as const;

export function historyStoresContract(open: OpenDatabase): void {
  databaseTest(open, "a deployment reads back as it was created, lists and objects included", async (database) => {
    await seed(database);
    const full = sampleDeployment("d", "s");
    const bare = sampleDeployment("e", "s", {
      image: null,
      env: {},
      ports: [],
      listenPorts: [],
      command: [],
      health: null,
      volumes: [],
      localPort: null,
      tag: null,
      volumeText: "",
      resources: { cpuMillicores: null, memoryBytes: null },
    });
    await database.deployments.create(full);
    await database.deployments.create(bare);
    assert.deepEqual(await database.deployments.get("d"), full);
    assert.deepEqual(await database.deployments.get("e"), bare);
  });

  databaseTest(open, "what a caller does to its record later does not change what is kept", async (database) => {
    await seed(database);
    const env: Record<string, string> = { A: "1" };
    await database.deployments.create(sampleDeployment("d", "s", { env }));
    env.A = "2";
    const read = await database.deployments.get("d");
    assert.deepEqual(read.env, { A: "1" });
    Object.assign(read.env, { A: "3" });
    assert.deepEqual((await database.deployments.get("d")).env, { A: "1" });
  });

  databaseTest(
    open,
    "deployments are listed newest first, equal times by id, filtered and in slices",
    async (database) => {
      await seed(database);
      await database.services.create(sampleService("t", "p"));
      for (const [id, createdAt] of ORDERED) {
        const serviceId = id === "d" ? "t" : "s";
        const status = id === "a" ? "healthy" : "pending";
        await database.deployments.create(sampleDeployment(id, serviceId, { createdAt, status }));
      }
      const ids = async (filter: Parameters<typeof database.deployments.list>[0]) =>
        (await database.deployments.list(filter)).map((deployment) => deployment.id).join("");
      assert.equal(await ids({}), "cabd");
      assert.equal(await ids({ serviceId: "s" }), "cab");
      assert.equal(await ids({ statuses: ["pending"] }), "cbd");
      assert.equal(await ids({ serviceId: "s", statuses: ["pending", "healthy"], offset: 1, limit: 5 }), "ab");
      assert.equal(await ids({ statuses: [] }), "");
      assert.equal(await ids({ offset: 3 }), "d");
      assert.equal(await database.deployments.count({}), 4);
      assert.equal(await database.deployments.count({ serviceId: "s" }), 3);
      assert.equal(await database.deployments.count({ serviceId: "s", statuses: ["pending"] }), 2);
      assert.equal(await database.deployments.count({ statuses: [] }), 0);
    },
  );

  databaseTest(open, "a deployment's update changes what it names, in lists and objects too", async (database) => {
    await seed(database);
    const created = sampleDeployment("d", "s");
    await database.deployments.create(created);
    const patch = {
      status: "failed",
      env: { ONLY: "this" },
      health: null,
      listenPorts: [1],
      failureReason: "exited",
      exitCode: 3,
      logTail: "last words\n",
      attemptCount: 3,
      finishedAt: 1_700_000_000_500,
    } as const;
    assert.deepEqual(await database.deployments.update("d", patch), { ...created, ...patch });
    assert.deepEqual(await database.deployments.update("d", {}), { ...created, ...patch });
    assert.deepEqual(await database.deployments.get("d"), { ...created, ...patch });
  });

  databaseTest(
    open,
    "removing a deployment may be repeated and leaves no service naming it as active",
    async (database) => {
      await seed(database);
      await database.deployments.create(sampleDeployment("d", "s"));
      await database.deployments.create(sampleDeployment("e", "s"));
      await database.services.update("s", { activeDeploymentId: "d" });
      await database.deployments.remove("e");
      assert.equal((await database.services.get("s")).activeDeploymentId, "d");
      await database.deployments.remove("d");
      await database.deployments.remove("d");
      assert.equal((await database.services.get("s")).activeDeploymentId, null);
      assert.deepEqual(await database.deployments.list({}), []);
    },
  );

  databaseTest(open, "deployments and builds: unknown is not_found, a known id is a conflict", async (database) => {
    await seed(database);
    await rejectsWith("not_found", database.deployments.get("nope"));
    await rejectsWith("not_found", database.deployments.update("nope", { status: "failed" }));
    await rejectsWith("not_found", database.deployments.create(sampleDeployment("d", "nope")));
    await rejectsWith("not_found", database.builds.get("nope"));
    await rejectsWith("not_found", database.builds.update("nope", { status: "failed" }));
    await rejectsWith("not_found", database.builds.create(sampleBuild("b", "nope")));
    await database.deployments.create(sampleDeployment("d", "s"));
    await rejectsWith("conflict", database.deployments.create(sampleDeployment("d", "s")), "id");
    await database.builds.create(sampleBuild("b", "s"));
    await rejectsWith("conflict", database.builds.create(sampleBuild("b", "s")), "id");
  });

  databaseTest(open, "a build reads back as it was created and updated", async (database) => {
    await seed(database);
    const created = sampleBuild("b", "s", { runtime: "node" });
    await database.builds.create(created);
    assert.deepEqual(await database.builds.get("b"), created);
    const patch = { status: "succeeded", wasCached: true, image: "i:1", contentHash: "f".repeat(64) } as const;
    assert.deepEqual(await database.builds.update("b", patch), { ...created, ...patch });
    assert.deepEqual(await database.builds.update("b", {}), { ...created, ...patch });
    assert.deepEqual(await database.builds.get("b"), { ...created, ...patch });
    await database.builds.remove("b");
    await database.builds.remove("b");
    await rejectsWith("not_found", database.builds.get("b"));
  });

  databaseTest(open, "builds are listed newest first, equal times by id, filtered and in slices", async (database) => {
    await seed(database);
    await database.services.create(sampleService("t", "p"));
    for (const [id, createdAt] of ORDERED) {
      const status = id === "a" ? "running" : "queued";
      await database.builds.create(sampleBuild(id, id === "d" ? "t" : "s", { createdAt, status }));
    }
    const ids = async (filter: Parameters<typeof database.builds.list>[0]) =>
      (await database.builds.list(filter)).map((build) => build.id).join("");
    assert.equal(await ids({}), "cabd");
    assert.equal(await ids({ serviceId: "s", statuses: ["queued"] }), "cb");
    assert.equal(await ids({ statuses: ["queued", "running"], offset: 1, limit: 2 }), "ab");
    assert.equal(await ids({ statuses: [] }), "");
  });
}
