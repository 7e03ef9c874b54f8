/** What a RuntimeStore and a SettingStore promise. */

import assert from "node:assert/strict";
import { sampleRuntime } from "./sample-records.ts";
import { databaseTest, type OpenDatabase } from "./test-database.ts";

export function serverStoresContract(open: OpenDatabase): void {
  databaseTest(open, "putting a runtime creates it or replaces it whole", async (database) => {
    await database.runtimes.put(sampleRuntime("node"));
    assert.deepEqual(await database.runtimes.find("node"), sampleRuntime("node"));
    const folder = sampleRuntime("node", { shape: "folder", path: "node", protocol: "message", updatedAt: 2_000 });
    await database.runtimes.put(folder);
    assert.deepEqual(await database.runtimes.list(), [folder]);
    assert.equal(await database.runtimes.find("nope"), undefined);
  });

  databaseTest(
    open,
    "runtimes are listed by name in byte order, and removing one may be repeated",
    async (database) => {
      for (const name of ["b", "a.b", "B", "a-b", "a"]) await database.runtimes.put(sampleRuntime(name));
      await database.runtimes.remove("a");
      await database.runtimes.remove("a");
      assert.deepEqual(
        (await database.runtimes.list()).map((runtime) => runtime.name),
        ["B", "a-b", "a.b", "b"],
      );
    },
  );

  databaseTest(open, "a setting is the text last put under its key", async (database) => {
    assert.equal(await database.settings.find("server-id"), undefined);
    await database.settings.put("server-id", "one");
    await database.settings.put("server-id", "");
    await database.settings.put("other", "2");
    assert.equal(await database.settings.find("server-id"), "");
    assert.equal(await database.settings.find("other"), "2");
  });
}
