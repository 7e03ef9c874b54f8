/** What becomes of the stores' calls when SQLite can't write. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { CamelCasePlugin, Kysely } from "kysely";
import {
  sampleAudit,
  sampleChange,
  sampleEnvVar,
  sampleNode,
  sampleProject,
  sampleUser,
} from "../../test/contract/database/sample-records.ts";
import { rejectsWith } from "../../test/contract/database/test-database.ts";
import type { Stores } from "../domain/stores.ts";
import { Exclusive } from "../lib/exclusive.ts";
import { migrate } from "./migrate.ts";
import type { Schema } from "./schema.ts";
import { createSqlStores } from "./sql-stores.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

async function openStores(path: string): Promise<{ readonly connection: SqliteConnection; readonly stores: Stores }> {
  const connection = SqliteConnection.open(path, 100);
  const dialect = new NodeSqliteDialect(connection, new Exclusive());
  const db = new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] });
  await migrate(db.withoutPlugins() as Kysely<unknown>);
  return { connection, stores: createSqlStores(db) };
}

/** A change of each store, each of it big. */
function writes({ users, audit, envVars, canvas, pendingChanges }: Stores): readonly Promise<unknown>[] {
  const big = "x".repeat(100_000);
  return [
    users.create(sampleUser("v", { name: big })),
    audit.add(sampleAudit("a", { target: big })),
    envVars.create(sampleEnvVar("e", "p", { value: big })),
    canvas.putNode(sampleNode("n", "p", { data: big })),
    pendingChanges.create(sampleChange("c", "p", { body: { op: "project.update", payload: { name: big } } })),
  ];
}

test("on a full disk every store says disk_full, and nothing of the change is kept", async () => {
  const { connection, stores } = await openStores(":memory:");
  await stores.projects.create(sampleProject("p"));
  connection.execute("PRAGMA max_page_count = 1");
  await Promise.all(writes(stores).map((write) => rejectsWith("disk_full", write)));
  assert.equal(await stores.users.count(), 0);
  assert.deepEqual(await stores.canvas.listNodes("p"), []);
  connection.execute("PRAGMA max_page_count = 10000");
  await Promise.all(writes(stores));
  assert.equal(await stores.users.count(), 1);
  connection.close();
});

test("while another program holds the lock every store says unavailable", async () => {
  const directory = await mkdtemp(join(tmpdir(), "slipway-store-"));
  const path = join(directory, "slipway.db");
  const { connection, stores } = await openStores(path);
  await stores.projects.create(sampleProject("p"));
  const holder = new DatabaseSync(path);
  holder.exec("BEGIN IMMEDIATE");
  await Promise.all(writes(stores).map((write) => rejectsWith("unavailable", write)));
  await rejectsWith("unavailable", stores.projects.remove("p"));
  holder.exec("ROLLBACK");
  await Promise.all(writes(stores));
  holder.close();
  connection.close();
  await rm(directory, { recursive: true });
});
