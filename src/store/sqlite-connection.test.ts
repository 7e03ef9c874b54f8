import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { CompiledQuery } from "kysely";
import { rejectsWith } from "../../test/contract/database/test-database.ts";
import { isAppError } from "../domain/errors.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { isLockedError, translateSqliteError } from "./sqlite-errors.ts";

const query = (sql: string, parameters: unknown[] = []) => CompiledQuery.raw(sql, parameters);

test("a full disk is disk_full, nothing of the transaction stays, and it goes on when there is space", async () => {
  const connection = SqliteConnection.open(":memory:");
  connection.execute("CREATE TABLE t (a); PRAGMA max_page_count = 20; BEGIN IMMEDIATE");
  await connection.executeQuery(query("INSERT INTO t VALUES (1)"));
  await rejectsWith("disk_full", connection.executeQuery(query("INSERT INTO t VALUES (zeroblob(1000000))")));
  if (connection.isInTransaction) connection.execute("ROLLBACK");
  assert.deepEqual((await connection.executeQuery(query("SELECT a FROM t"))).rows, []);
  connection.execute("PRAGMA max_page_count = 10000");
  await connection.executeQuery(query("INSERT INTO t VALUES (zeroblob(1000000))"));
  connection.close();
});

test("many different statements are all answered, the forgotten ones too", async () => {
  const connection = SqliteConnection.open(":memory:");
  for (let round = 0; round < 2; round += 1) {
    for (let i = 0; i < 300; i += 1) {
      const { rows } = await connection.executeQuery<{ n: number }>(query(`SELECT ${i} + ? AS n`, [1]));
      assert.equal(rows[0]?.n, i + 1);
    }
  }
  connection.close();
  connection.close();
});

test("a lock that another connection holds is unavailable, with when to try again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "slipway-store-"));
  const path = join(directory, "x.db");
  const holder = new DatabaseSync(path);
  const other = new DatabaseSync(path, { timeout: 0 });
  holder.exec("BEGIN EXCLUSIVE");
  assert.throws(
    () => other.exec("BEGIN EXCLUSIVE"),
    (error) => {
      const translated = translateSqliteError(error);
      return isLockedError(error) && isAppError(translated, "unavailable") && translated.retryAfterSeconds === 1;
    },
  );
  holder.close();
  other.close();
  await rm(directory, { recursive: true });
});

test("waiting for a lock lets everything else go on; those who come later wait no longer than the first", async () => {
  const directory = await mkdtemp(join(tmpdir(), "slipway-store-"));
  const path = join(directory, "x.db");
  const connection = SqliteConnection.open(path, 200);
  connection.execute("CREATE TABLE t (a)");
  const holder = new DatabaseSync(path);
  holder.exec("BEGIN IMMEDIATE");
  const released = new Promise<void>((resolve) =>
    setTimeout(() => {
      holder.exec("COMMIT");
      resolve();
    }, 60),
  );
  // Only a timer that runs meanwhile frees the lock.
  await connection.executeQuery(query("INSERT INTO t VALUES (1)"));
  await released;
  holder.exec("BEGIN IMMEDIATE");
  await rejectsWith("unavailable", connection.executeQuery(query("INSERT INTO t VALUES (2)")));
  const startedAt = performance.now();
  for (let i = 0; i < 5; i += 1) await rejectsWith("unavailable", connection.begin());
  assert.ok(performance.now() - startedAt < 200, "refused at once");
  assert.equal((await connection.executeQuery(query("SELECT a FROM t"))).rows.length, 1);
  holder.exec("COMMIT");
  await connection.begin();
  connection.execute("ROLLBACK");
  holder.close();
  connection.close();
  await rm(directory, { recursive: true });
});

test("an error that no caller could act on stays what it was", () => {
  const error = new Error("anything");
  assert.equal(translateSqliteError(error), error);
  assert.equal(translateSqliteError("text"), "text");
  assert.equal(isLockedError(error), false);
});
