import assert from "node:assert/strict";
import { test } from "node:test";
import { Kysely } from "kysely";
import { Exclusive } from "../lib/exclusive.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";
import type { Migration, MigrationDb } from "./migration.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

type Steps = { steps: { n: number } };

function openMemory(): MigrationDb {
  const connection = SqliteConnection.open(":memory:");
  return new Kysely<unknown>({ dialect: new NodeSqliteDialect(connection, new Exclusive()) });
}

async function rowsOf(db: MigrationDb): Promise<number[]> {
  const rows = await db.withTables<Steps>().selectFrom("steps").selectAll().execute();
  return rows.map((row) => row.n);
}

const first: Migration = {
  version: 1,
  name: "first",
  async up(db) {
    await db.schema.createTable("steps").addColumn("n", "integer").execute();
  },
};

const second: Migration = {
  version: 2,
  name: "second",
  async up(db) {
    await db.withTables<Steps>().insertInto("steps").values({ n: 2 }).execute();
  },
};

test("each step runs once, also when steps are added later", async () => {
  const db = openMemory();
  await migrate(db, [first]);
  await migrate(db, [first, second]);
  await migrate(db, [first, second]);
  assert.deepEqual(await rowsOf(db), [2]);
  await db.destroy();
});

test("a step that fails leaves nothing of itself and runs again the next time", async () => {
  const db = openMemory();
  const failing: Migration = {
    ...second,
    async up(tx) {
      await second.up(tx);
      throw new Error("on purpose");
    },
  };
  await assert.rejects(migrate(db, [first, failing]), /on purpose/);
  assert.deepEqual(await rowsOf(db), []);
  await migrate(db, [first, second]);
  assert.deepEqual(await rowsOf(db), [2]);
  await db.destroy();
});

test("the steps are numbered 1, 2, 3, … without gaps", () => {
  assert.deepEqual(
    MIGRATIONS.map((migration) => migration.version),
    MIGRATIONS.map((_migration, index) => index + 1),
  );
});
