/** Changes of a folder, as they are told. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../test/engine/eventually.ts";
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

test("folders that were made anew are watched on, the whole one too, and its absence is told once", async () => {
  const parent = await mkdtemp(join(tmpdir(), "slipway-watch-"));
  const folder = join(parent, "app");
  await mkdir(join(folder, "lib"), { recursive: true });
  await writeFile(join(folder, "lib/a.js"), "1");
  const pending = new PendingChange();
  const troubles: string[] = [];
  const watch = await FolderWatch.open({
    folder,
    onChange: (change) => pending.add(change),
    onTrouble: (error) => troubles.push(String(error)),
  });
  const signal = AbortSignal.timeout(20_000);
  const saveAndSee = async (text: string): Promise<void> => {
    await writeFile(join(folder, "lib/a.js"), text);
    const change = await pending.take(signal);
    assert.deepEqual(change, { changed: ["lib/a.js"], deleted: [] });
  };
  try {
    // Quicker than anybody looks.
    await rm(join(folder, "lib"), { recursive: true });
    await mkdir(join(folder, "lib"));
    await saveAndSee("22");
    await saveAndSee("333");
    await rename(folder, join(parent, "away"));
    await eventually(() => assert.equal(troubles.length, 1));
    await mkdir(join(folder, "lib"), { recursive: true });
    await saveAndSee("4444");
    await saveAndSee("55555");
    assert.equal(troubles.length, 1);
    assert.match(troubles[0] ?? "", /app is no folder that can be read/);
  } finally {
    watch.close();
    await rm(parent, { recursive: true, force: true });
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
