import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { sampleAudit, sampleProject, sampleUser } from "../../test/contract/database/sample-records.ts";
import { rejectsWith, seed } from "../../test/contract/database/test-database.ts";
import { backUpSqlite } from "./sqlite-backup.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

type Place = { readonly database: SqliteDatabase; readonly path: string; readonly directory: string };

async function inPlace(body: (place: Place) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-backup-"));
  const path = join(directory, "slipway.db");
  const database = await SqliteDatabase.open(path);
  try {
    await body({ database, path, directory });
  } finally {
    await database.close();
    await rm(directory, { recursive: true });
  }
}

/** The count of audit records in a copy, which must be whole; and the number that was stored with them. */
async function readCopy(path: string): Promise<{ readonly records: number; readonly noted: number }> {
  const file = new DatabaseSync(path);
  assert.deepEqual(file.prepare("pragma integrity_check").all().map(Object.values), [["ok"]]);
  file.close();
  const copy = await SqliteDatabase.open(path);
  const noted = Number(await copy.settings.find("count"));
  const records = await copy.audit.count();
  await copy.close();
  return { records, noted };
}

test("a backup is one file of its owner's only, with everything in it", async () => {
  await inPlace(async ({ database, directory }) => {
    const service = await seed(database);
    await database.users.create(sampleUser("u"));
    const copyPath = join(directory, "copy.db");
    await database.backupTo(copyPath);
    assert.equal((await stat(copyPath)).mode & 0o777, 0o600);
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith("copy")),
      ["copy.db"],
    );
    const copy = await SqliteDatabase.open(copyPath);
    assert.deepEqual(await copy.services.list(), [service]);
    assert.deepEqual(await copy.users.get("u"), sampleUser("u"));
    await copy.close();
  });
});

test("a backup made while others write is the database at one moment, and nobody waits for it", async () => {
  await inPlace(async ({ database, directory }) => {
    let count = 0;
    const write = () =>
      database.transact(async (tx) => {
        count += 1;
        await tx.audit.add(sampleAudit(String(count), { target: "x".repeat(20_000) }));
        await tx.settings.put("count", String(count));
      });
    for (let i = 0; i < 100; i += 1) await write();
    let isDone = false;
    const copyPath = join(directory, "copy.db");
    const copied = database.backupTo(copyPath).then(() => {
      isDone = true;
    });
    const before = count;
    while (!isDone) {
      await write();
      // Writes alone never give the event loop its turn.
      await setImmediate();
    }
    await copied;
    assert.ok(count > before, "something was written meanwhile");
    const { records, noted } = await readCopy(copyPath);
    assert.equal(records, noted);
    assert.ok(noted >= before && noted <= count, `${before} <= ${noted} <= ${count}`);
  });
});

test("a backup has nothing of a transaction that is not committed", async () => {
  await inPlace(async ({ database, directory }) => {
    await database.projects.create(sampleProject("p"));
    const copyPath = join(directory, "copy.db");
    await database.transact(async (tx) => {
      await tx.projects.create(sampleProject("half"));
      await database.backupTo(copyPath);
    });
    const copy = await SqliteDatabase.open(copyPath);
    assert.deepEqual(
      (await copy.projects.list()).map((project) => project.id),
      ["p"],
    );
    await copy.close();
  });
});

test("a backup never writes over a file, and leaves none behind when it fails", async () => {
  await inPlace(async ({ database, path, directory }) => {
    const taken = join(directory, "taken.db");
    await writeFile(taken, "precious");
    await rejectsWith("conflict", database.backupTo(taken));
    assert.equal(await readFile(taken, "utf8"), "precious");
    await rejectsWith("conflict", database.backupTo(path));
    await rejectsWith("unavailable", database.backupTo(join(directory, "no", "copy.db")));
    await rejectsWith("unavailable", backUpSqlite(join(directory, "no.db"), join(directory, "copy.db")));
    await database.settings.put("still", "there");
    const copyPath = join(directory, "copy.db");
    await database.close();
    await rejectsWith("unavailable", database.backupTo(copyPath));
    assert.deepEqual((await readdir(directory)).sort(), ["slipway.db", "taken.db"]);
  });
});

test("its size is that of the file and of what is not yet moved into it", async () => {
  await inPlace(async ({ database, path }) => {
    const before = await database.sizeBytes();
    await database.settings.put("big", "x".repeat(500_000));
    const after = await database.sizeBytes();
    assert.ok(after >= before + 500_000, `${before} + 500000 <= ${after}`);
    assert.equal(after, (await stat(path)).size + (await stat(`${path}-wal`)).size);
    await database.close();
    assert.equal(await database.sizeBytes(), (await stat(path)).size);
  });
});
