/** Changes of a folder, as they are told. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { FolderChange } from "./local-dev-plan.ts";
import { FolderWatch, PendingChange } from "./local-folder-watch.ts";

test("saves are told, new folders are watched, ignored ones are not, deletions are told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-watch-"));
  const pending = new PendingChange();
  await writeFile(join(folder, ".slipwayignore"), "out\n");
  await writeFile(join(folder, "a.js"), "1");
  const watch = await FolderWatch.open({
    folder,
    onChange: (change) => pending.add(change),
    onTrouble: (error) => assert.fail(String(error)),
  });
  const signal = AbortSignal.timeout(10_000);
  /** The next changes up to and with the one that `isIt`. */
  const until = async (isIt: (change: FolderChange) => boolean): Promise<FolderChange> => {
    for (;;) {
      const change = await pending.take(signal);
      if (change === undefined) throw new Error("nothing was told");
      if (isIt(change)) return change;
    }
  };
  try {
    await writeFile(join(folder, "a.js"), "22");
    assert.deepEqual(await until(() => true), { changed: ["a.js"], deleted: [] });
    await mkdir(join(folder, "lib"));
    await until(({ changed }) => changed.includes("lib"));
    await writeFile(join(folder, "lib/b.js"), "1");
    await until(({ changed }) => changed.includes("lib/b.js"));
    await mkdir(join(folder, "out"));
    await writeFile(join(folder, "out/c.js"), "1");
    await rm(join(folder, "lib"), { recursive: true });
    const last = await until(({ deleted }) => deleted.includes("lib"));
    assert.ok([...last.changed, ...last.deleted].every((path) => !path.startsWith("out")));
  } finally {
    watch.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("changes that nobody has taken become one, and are news to who still works on the one before", async () => {
  const pending = new PendingChange();
  const { signal } = new AbortController();
  pending.add({ changed: ["a"], deleted: [] });
  const first = await pending.take(signal);
  assert.deepEqual(first?.changed, ["a"]);
  const { news } = pending;
  assert.equal(news.aborted, false);
  pending.add({ changed: ["b"], deleted: [] });
  pending.add({ changed: [], deleted: ["b"] });
  assert.equal(news.aborted, true);
  assert.deepEqual(await pending.take(signal), { changed: [], deleted: ["b"] });
});
