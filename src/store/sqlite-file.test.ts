import assert from "node:assert/strict";
import { cp, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { sampleDeployment, sampleProject } from "../../test/contract/database/sample-records.ts";
import { rejectsWith, seed } from "../../test/contract/database/test-database.ts";
import { holdProcess } from "../../test/support/held-process.ts";
import { isAppError } from "../domain/errors.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

async function inDirectory(body: (directory: string, path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-store-"));
  try {
    await body(directory, join(directory, "slipway.db"));
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("everything is there again when the database is opened once more", async () => {
  await inDirectory(async (_directory, path) => {
    const first = await SqliteDatabase.open(path);
    const service = await seed(first);
    await first.deployments.create(sampleDeployment("d", "s"));
    await first.addresses.claim("p", "d-0", 0, 1_000);
    await first.close();
    const second = await SqliteDatabase.open(path);
    assert.deepEqual(await second.services.list(), [service]);
    assert.deepEqual(await second.deployments.get("d"), sampleDeployment("d", "s"));
    assert.equal(await second.addresses.claim("p", "other", 0, 1_000), 3);
    await second.close();
  });
});

test("a copy of the file alone is a full backup once the database is closed", async () => {
  await inDirectory(async (directory, path) => {
    const original = await SqliteDatabase.open(path);
    await seed(original);
    await original.close();
    await cp(path, join(directory, "copy.db"));
    const copy = await SqliteDatabase.open(join(directory, "copy.db"));
    assert.equal((await copy.services.get("s")).projectId, "p");
    await copy.close();
  });
});

test("only its owner may read the database and the files beside it", async () => {
  await inDirectory(async (_directory, path) => {
    const database = await SqliteDatabase.open(path);
    await database.settings.put("a", "b");
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal((await stat(file)).mode & 0o777, 0o600);
    await database.close();
  });
});

test("a process killed in the middle of a transaction leaves what it had committed and nothing half-written", async () => {
  await inDirectory(async (_directory, path) => {
    const writer = await holdProcess(`
      import { SqliteDatabase } from ${JSON.stringify(new URL("sqlite-database.ts", import.meta.url).href)};
      const project = ${JSON.stringify(sampleProject("committed"))};
      const database = await SqliteDatabase.open(${JSON.stringify(path)});
      await database.projects.create(project);
      await database.transact(async (tx) => {
        for (let i = 0; i < 500; i += 1) await tx.projects.create({ ...project, id: "half-" + i, slug: "half-" + i });
        console.log(process.pid);
        await new Promise((resolve) => setInterval(resolve, 60_000));
      });
    `);
    await writer.kill();
    const database = await SqliteDatabase.open(path);
    assert.deepEqual(
      (await database.projects.list()).map((project) => project.id),
      ["committed"],
    );
    await database.close();
  });
});

test("a database written by a newer program is refused untouched, with what to do", async () => {
  await inDirectory(async (_directory, path) => {
    await (await SqliteDatabase.open(path)).close();
    const newer = new DatabaseSync(path);
    newer.exec("INSERT INTO _migrations VALUES (99, 'of the future', 0)");
    newer.close();
    const isRefusal = (error: unknown) =>
      isAppError(error, "conflict") && error.message.includes("schema 99") && error.remedy !== undefined;
    await assert.rejects(SqliteDatabase.open(path), isRefusal);
    await assert.rejects(SqliteDatabase.open(path), isRefusal);
  });
});

test("what is no database, or can't be opened, is said as an AppError", async () => {
  await inDirectory(async (directory, path) => {
    await writeFile(path, "this is certainly not a database".repeat(100));
    await rejectsWith("internal", SqliteDatabase.open(path));
    await rejectsWith("unavailable", SqliteDatabase.open(join(directory, "no", "slipway.db")));
    await rejectsWith("unavailable", SqliteDatabase.open(directory));
  });
});
