import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { SqliteDatabase } from "../../src/store/sqlite-database.ts";
import { anySteps, play } from "./database/operations.ts";

test("any sequence of operations gives the same answers and the same content in memory and in SQLite", async () => {
  const directory = await mkdtemp(join(tmpdir(), "slipway-store-"));
  let count = 0;
  const property = fc.asyncProperty(anySteps, async (steps) => {
    count += 1;
    const sqlite = await SqliteDatabase.open(join(directory, `${count}.db`));
    try {
      assert.deepEqual(await play(sqlite, steps), await play(new MemoryDatabase(), steps));
    } finally {
      await sqlite.close();
    }
  });
  try {
    await fc.assert(property, { numRuns: 60 });
  } finally {
    await rm(directory, { recursive: true });
  }
});
