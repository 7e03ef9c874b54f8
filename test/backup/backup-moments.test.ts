/** Backups and restores at bad moments: readers that leave, volumes that change meanwhile, two at once. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { applyPendingRestore } from "../../src/backup/pending-restore.ts";
import { walkFolder } from "../../src/backup/walk-folder.ts";
import { eventually } from "../engine/eventually.ts";
import { bytesOf, entriesOf, inPieces, openWorld, pictureOf, settingIn, type World } from "./backup-bench.ts";

let old: World;
let archive: Buffer;
before(async () => {
  old = await openWorld("server-1", " old");
  archive = await bytesOf(await old.backups.write({ withVolumes: true }));
});
after(() => old.close());

test("a reader that leaves, before the first byte or in the middle, leaves neither copy, hold nor open file", async () => {
  let holds = 0;
  const keepFiles = async () => {
    holds += 1;
    return () => {
      holds -= 1;
    };
  };
  const world = await openWorld("server-8", "", { keepFiles });
  const before = await pictureOf(world.folder);
  const openFiles = async () =>
    (
      await Promise.all((await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")))
    ).filter((path) => path.startsWith(join(world.places.dataDir, "volumes")) || path.includes("backup.tmp"));
  try {
    await writeFile(join(world.places.dataDir, "volumes/default/db/noise"), randomBytes(3_000_000));
    for (const chunks of [0, 2]) {
      const bytes = Readable.from(await world.backups.write({ withVolumes: true }), { objectMode: false });
      assert.equal(holds, 1);
      for (let taken = 0; taken < chunks; taken += 1) await once(bytes, "readable").then(() => bytes.read(1));
      bytes.destroy();
      await eventually(async () => assert.deepEqual([holds, await openFiles()], [0, []], `${chunks} chunks`));
    }
    await rm(join(world.places.dataDir, "volumes/default/db/noise"));
    assert.deepEqual(await pictureOf(world.folder), before);
  } finally {
    await world.close();
  }
});

test("a link put into the place of a volume's folder leads nowhere, and a name may have a backslash", async () => {
  const world = await openWorld("server-9");
  const volume = join(world.places.dataDir, "volumes/default/db");
  await mkdir(join(volume, "sub"));
  await writeFile(join(volume, "sub/own"), "");
  const outside = join(world.folder, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "secret"), "not an instance's to read");
  try {
    const seen: string[] = [];
    for await (const { path } of walkFolder(world.places.dataDir, "volumes")) {
      seen.push(path);
      if (path !== "volumes/default/db/sub") continue;
      await rm(join(volume, "sub"), { recursive: true });
      await symlink(outside, join(volume, "sub"));
    }
    assert.ok(!seen.some((path) => path.endsWith("secret")), seen.join());
    await writeFile(join(volume, "back\\slash"), "a name like any other");
    const bytes = await bytesOf(await world.backups.write({ withVolumes: true }));
    const names = (await entriesOf(bytes)).map(({ header }) => header.name);
    assert.ok(names.includes("volumes/default/db/back\\slash"), names.join());
    await world.backups.stage(inPieces(bytes));
  } finally {
    await world.close();
  }
});

test("of two restores at once one is taken, and two in the same second keep what was before apart", async () => {
  const fresh = await openWorld("server-1", " a", { now: () => 0 });
  try {
    const both = await Promise.allSettled([1, 2].map(() => fresh.backups.stage(inPieces(archive))));
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    await fresh.database.close();
    const first = await applyPendingRestore(fresh.places);
    const second = await fresh.backups.stage(inPieces(archive));
    assert.notEqual(second.previous, first);
    assert.equal(await applyPendingRestore(fresh.places), second.previous);
    assert.equal(await settingIn(join(fresh.places.dataDir, first ?? "", "slipway.db"), "text"), " a");
  } finally {
    await fresh.close();
  }
});
