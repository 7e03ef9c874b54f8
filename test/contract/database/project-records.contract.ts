/** What the stores of kept variables and of staged changes promise. */

import assert from "node:assert/strict";
import type { ChangeBody } from "../../../src/domain/pending-change.ts";
import { sampleChange, sampleEnvVar, sampleProject, sampleUser } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith } from "./test-database.ts";

const EDIT = { scope: "service", scopeId: "s", key: "A", oldValue: "1" } as const;

/** One of each op, with all fields that its type has. */
const BODIES: readonly ChangeBody[] = [
  { op: "project.update", payload: { name: "Shop ✓" } },
  {
    op: "service.create",
    targetTempId: "temp",
    payload: {
      name: "db",
      kind: "image",
      iconUrl: null,
      isPrivate: true,
      preset: "postgres",
      settings: { image: "postgres:16", replicas: 1, ports: [{ containerPort: 5432, protocol: "tcp" }] },
      envVars: [{ key: "PASSWORD", value: "secret" }],
    },
  },
  { op: "service.update", targetId: "s", payload: { name: "web", settings: { command: [] }, previousParentId: null } },
  { op: "service.delete", targetId: "s", payload: {} },
  {
    op: "env_var.create",
    targetId: null,
    parentTempId: "temp",
    payload: { scope: "service", key: "A", value: "1" },
  },
  { op: "env_var.create", targetId: "s", parentTempId: null, payload: { scope: "service", key: "A", value: "1" } },
  { op: "env_var.update", targetId: "v", payload: { ...EDIT, value: "2" } },
  { op: "env_var.delete", targetId: "v", payload: EDIT },
];

export function projectRecordsContract(open: OpenDatabase): void {
  envVarsContract(open);
  pendingChangesContract(open);
}

function envVarsContract(open: OpenDatabase): void {
  databaseTest(open, "a variable reads back as created and updated", async (database) => {
    const { envVars } = database;
    await database.projects.create(sampleProject("p"));
    const variable = sampleEnvVar("v", "p", { key: "GREETING", value: "hi {{ db.URL }}\n" });
    await envVars.create(variable);
    assert.deepEqual(await envVars.find("v"), variable);
    const patch = { value: "", updatedAt: 2_000 };
    assert.deepEqual(await envVars.update("v", patch), { ...variable, ...patch });
    assert.deepEqual(await envVars.find("v"), { ...variable, ...patch });
    await rejectsWith("not_found", envVars.update("nope", patch));
    await envVars.remove("v");
    await envVars.remove("v");
    assert.equal(await envVars.find("v"), undefined);
  });

  databaseTest(open, "a key is there once in a scope, and needs its project", async (database) => {
    const { envVars } = database;
    await database.projects.create(sampleProject("p"));
    const inService = { scope: "service", scopeId: "s", key: "A" } as const;
    await envVars.create(sampleEnvVar("1", "p", inService));
    await rejectsWith("conflict", envVars.create(sampleEnvVar("2", "p", inService)), "key");
    await rejectsWith("conflict", envVars.create(sampleEnvVar("1", "p", { key: "B" })), "id");
    await envVars.create(sampleEnvVar("2", "p", { ...inService, key: "a" }));
    await envVars.create(sampleEnvVar("3", "p", { ...inService, scopeId: "t" }));
    await envVars.create(sampleEnvVar("4", "p", { ...inService, scope: "group" }));
    await rejectsWith("not_found", envVars.create(sampleEnvVar("5", "nope")));
  });

  databaseTest(
    open,
    "variables are listed by key, then id, of a project or a scope, which can go whole",
    async (database) => {
      const { envVars } = database;
      for (const id of ["p", "q"]) await database.projects.create(sampleProject(id));
      await envVars.create(sampleEnvVar("3", "p", { key: "A", scope: "service", scopeId: "s" }));
      await envVars.create(sampleEnvVar("2", "p", { key: "A" }));
      await envVars.create(sampleEnvVar("1", "p", { key: "B" }));
      await envVars.create(sampleEnvVar("4", "q", { key: "_", scope: "group", scopeId: "s" }));
      const ids = async (filter: Parameters<typeof envVars.list>[0]) =>
        (await envVars.list(filter)).map((variable) => variable.id).join("");
      assert.equal(await ids({}), "2314");
      assert.equal(await ids({ projectId: "p" }), "231");
      assert.equal(await ids({ projectId: "p", scope: "project" }), "21");
      assert.equal(await ids({ scope: "service", scopeId: "s" }), "3");
      assert.equal(await ids({ scopeId: "s" }), "34");
      await envVars.removeScope("service", "s");
      await envVars.removeScope("service", "s");
      assert.equal(await ids({}), "214");
      await database.projects.remove("p");
      assert.equal(await ids({}), "4");
    },
  );
}

function pendingChangesContract(open: OpenDatabase): void {
  databaseTest(open, "a staged change of each kind reads back as it was created, in order", async (database) => {
    const { pendingChanges } = database;
    await database.projects.create(sampleProject("p"));
    await database.users.create(sampleUser("u"));
    const changes = BODIES.map((body, i) =>
      sampleChange(`c${i}`, "p", { body, seq: i + 9, userId: i === 0 ? null : "u" }),
    );
    for (const change of changes.toReversed()) await pendingChanges.create(change);
    assert.deepEqual(await pendingChanges.list("p"), changes);
    for (const change of changes) assert.deepEqual(await pendingChanges.find(change.id), change);
    assert.equal(await pendingChanges.find("nope"), undefined);
  });

  databaseTest(open, "a staged change's payload can be replaced, its place stays", async (database) => {
    const { pendingChanges } = database;
    await database.projects.create(sampleProject("p"));
    const first = sampleChange("1", "p");
    await pendingChanges.create(first);
    await pendingChanges.create(sampleChange("2", "p", { seq: 2 }));
    const updated = { ...first, payload: { name: "Other" } };
    assert.deepEqual(await pendingChanges.update("1", { name: "Other" }), updated);
    assert.deepEqual((await pendingChanges.list("p"))[0], updated);
    await rejectsWith("not_found", pendingChanges.update("nope", { name: "Other" }));
  });

  databaseTest(open, "a staged change needs a place, a project and a user that are there", async (database) => {
    const { pendingChanges } = database;
    for (const id of ["p", "q"]) await database.projects.create(sampleProject(id));
    await pendingChanges.create(sampleChange("1", "p"));
    await rejectsWith("conflict", pendingChanges.create(sampleChange("2", "p")), "seq");
    await rejectsWith("conflict", pendingChanges.create(sampleChange("1", "p", { seq: 2 })), "id");
    await rejectsWith("not_found", pendingChanges.create(sampleChange("2", "nope")));
    await rejectsWith("not_found", pendingChanges.create(sampleChange("2", "p", { seq: 2, userId: "nobody" })));
    await pendingChanges.create(sampleChange("2", "q"));
  });

  databaseTest(open, "staged changes go one by one or a project's together", async (database) => {
    const { pendingChanges } = database;
    for (const id of ["p", "q"]) await database.projects.create(sampleProject(id));
    for (const [id, project, seq] of [
      ["1", "p", 1],
      ["2", "p", 2],
      ["3", "q", 1],
    ] as const) {
      await pendingChanges.create(sampleChange(id, project, { seq }));
    }
    await pendingChanges.remove("1");
    await pendingChanges.remove("1");
    assert.deepEqual(
      (await pendingChanges.list("p")).map((change) => change.id),
      ["2"],
    );
    await pendingChanges.clear("p");
    await pendingChanges.clear("p");
    assert.deepEqual(await pendingChanges.list("p"), []);
    assert.equal((await pendingChanges.list("q")).length, 1);
  });
}
